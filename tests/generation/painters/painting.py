"""Tiny pipelines ready to paint, and requests for them."""

import asyncio
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from moviellm.generation.config.recipe import Recipe
from moviellm.generation.painters.brush import Brush, Pixels, Stroke
from moviellm.generation.painters.diffusion import DiffusionPainter
from moviellm.generation.painters.pipelines import Adapter, PipelineSource
from moviellm.generation.protocols import NO_BLOBS, Blobs, Output, Request
from tests.generation.studio.painted import brief, figures
from tests.tiny_models import save_ip_adapter, save_tiny, tiny_klein, tiny_sdxl, tiny_z_image

PARAMS = {"width_px": 64, "height_px": 64, "steps": 2, "guidance": 5.0}
SIZE = {"width_px": 64, "height_px": 64}


@functools.cache
def one_thread() -> None:
    """Tests run beside each other: threads of torch that wait for a core only get in each other's way."""
    import torch

    torch.set_num_threads(1)


@functools.cache
def pipeline(kind: str) -> Any:
    """One pipeline a process: nothing in it changes but what a test puts back."""
    one_thread()
    return {"sdxl": tiny_sdxl, "klein": tiny_klein, "z_image": tiny_z_image}[kind]()


def source(**changes: Any) -> PipelineSource:
    values: dict[str, Any] = {
        "model": "tests/tiny", "revision": "1", "dtype": "float32", "scheduler": None, "lora": None,
        "lora_revision": None, "adapter": None, "references": False, "pictures": 4,
    }  # fmt: skip
    return PipelineSource(**{**values, **changes})


def brush(kind: str = "sdxl", width: int = 4, guidance: float = 5.0) -> Brush:
    return Brush(pipeline(kind), source(), width, guidance)


def stroke(of: Brush, text: str, seed: int = 1, blobs: Blobs = NO_BLOBS, **changes: Any) -> Stroke:
    params = {**PARAMS, **{name: changes.pop(name) for name in [*changes] if name in PARAMS}}
    return of.prepare(params, {"phrases": [text], **changes}, blobs, seed)[0]


def paint(of: Brush, strokes: Sequence[Stroke]) -> list[Pixels]:
    painted = of.paint(strokes)
    for item in painted:
        if isinstance(item, Exception):
            raise item
    return [item for item in painted if not isinstance(item, Exception)]


def adapter(folder: Path) -> Adapter:
    save_ip_adapter(folder)
    return Adapter(
        repository=str(folder), revision="1", subfolder="sdxl", weight="ip-adapter_tiny.safetensors", strength=0.6
    )


def recipe(folder: Path, kind: str = "sdxl", **sections: Any) -> Recipe:
    """A recipe for a tiny pipeline that lies in `folder / kind`."""
    one_thread()
    model = folder / kind
    if not model.exists():
        save_tiny(kind, model)
    values: dict[str, Any] = {
        "themes": ["a key"],
        "painter": "diffusers",
        "story": {"chapters": 1, "scenes": 1, "keyframes": 3},
        "image": SIZE,
        "painting": {"model": str(model), "dtype": "float32", "steps": 2},
        "engine": {"images_at_a_time": 2},
        "questions": {"per_movie": 1},
    }
    for name, section in sections.items():
        values[name] = {**values.get(name, {}), **section} if isinstance(section, dict) else section
    return Recipe.model_validate(values)


def keyframe(painter: DiffusionPainter, prompt: str = "a pier", seed: int = 5, **changes: Any) -> Request:
    values = {"figures": figures("stand"), "props": (), **SIZE, **changes}
    return painter.request("keyframe", brief(prompt=prompt, **values), seed)


def paint_all(
    painter: DiffusionPainter, requests: Sequence[Request], blobs: Blobs = NO_BLOBS
) -> list[tuple[Output, bytes]]:
    """What a painter answers when it is asked for all at once; it is closed afterwards."""

    async def ask() -> list[tuple[Output, bytes]]:
        try:
            return await asyncio.gather(*(painter.paint(request, blobs) for request in requests))
        finally:
            await painter.close()

    return asyncio.run(ask())
