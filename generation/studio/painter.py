"""The offline painter: keyframes drawn as SVG on the CPU, everything in them known. No weights, no network.

    painter = OfflinePainter(ImageConfig())
    request = painter.request("keyframe", brief, seed)
    painting, image_bytes = await painter.paint(request)

`paint_request` is the work itself: a pure function of the request's body, so every process gives the same bytes. The
painter runs it in processes of its own. The picture is composed in scene.py; a change of the drawing bumps VERSION.
"""

import asyncio
import io
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from typing import Any, Final

from PIL import Image
from pydantic import JsonValue

from moviellm.generation.config import ImageConfig
from moviellm.generation.protocols import KeyframeBrief, PainterTask, Painting, Request, StyleBrief, derive_seed
from moviellm.generation.schema import Figure, Record, Style
from moviellm.generation.studio.drawing.artfiles import art_sha256
from moviellm.generation.studio.drawing.finish import finish, soften
from moviellm.generation.studio.drawing.places import place_kind
from moviellm.generation.studio.drawing.props import Thing, read_object
from moviellm.generation.studio.drawing.raster import Pixels, rasterise, rasteriser_version
from moviellm.generation.studio.drawing.scene import Shot, compose, view_of
from moviellm.generation.studio.drawing.staging import Role
from moviellm.generation.studio.drawing.styles import choose_style, style_rules
from moviellm.generation.studio.looks import parse

MODEL_ID: Final = "moviellm/offline-painter"
VERSION: Final = "1"
"""Version of the drawing; another version paints other pictures."""
PROMPT_ID: Final = "studio/art"


class OfflinePainter:
    """Draws in worker processes, one a core unless told otherwise."""

    def __init__(self, image: ImageConfig, workers: int | None = None) -> None:
        self._image = image
        self._workers = workers or os.cpu_count() or 1
        self._pool: ProcessPoolExecutor | None = None
        self._revision = f"{VERSION}+{rasteriser_version()}"
        self._art_sha256 = art_sha256()

    def request(self, task: PainterTask, brief: Record, seed: int) -> Request:
        """Render a task: only what decides the answer."""
        if task == "style":
            assert isinstance(brief, StyleBrief)
            inputs = brief.model_dump(mode="json", include={"movie_id", "keyword", "description", "style"})
            return self._request(task, {}, inputs, seed)
        assert isinstance(brief, KeyframeBrief)
        params: dict[str, JsonValue] = {
            "width_px": brief.width_px,
            "height_px": brief.height_px,
            "format": self._image.format,
            "quality": self._image.quality,
        }
        return self._request(task, params, _keyframe_inputs(brief), seed)

    def _request(self, task: str, params: dict[str, JsonValue], inputs: dict[str, JsonValue], seed: int) -> Request:
        return Request(
            task=task,
            model_id=MODEL_ID,
            model_revision=self._revision,
            prompt_id=PROMPT_ID,
            prompt_sha256=self._art_sha256,
            params=params,
            inputs=inputs,
            seed=seed,
        )

    async def lock_style(self, request: Request) -> dict[str, JsonValue]:
        """Lock one of the twelve styles.

        Raises:
            ValueError: a style was asked for that does not exist.
        """
        inputs: Any = request.inputs
        rules = choose_style(inputs["style"], inputs["keyword"], inputs["description"], request.seed)
        style = Style(
            style_id=rules.style_id,
            keyword=inputs["keyword"],
            description=rules.description,
            placeholder_token=None,
            base_model_id=request.model_id,
            base_model_revision=request.model_revision,
            embedding_path=None,
            embedding_sha256=None,
        )
        return style.model_dump(mode="json")

    async def paint(self, request: Request) -> tuple[dict[str, JsonValue], bytes]:
        """Paint a keyframe in a worker process: the JSON of a `Painting`, and the encoded image.

        Raises:
            OSError: a worker process died.
        """
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._workers, mp_context=multiprocessing.get_context("spawn"), initializer=_start_worker
            )
        # The first task starts the workers, and they inherit what is blocked: Ctrl-C is the parent's from the start.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            painted = asyncio.get_running_loop().run_in_executor(self._pool, paint_request, request.body())
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        try:
            return await painted
        except BrokenProcessPool:
            raise OSError(
                "a drawing process died, perhaps for want of memory; run the same command again, "
                "with --set engine.workers=1 if it dies again"
            ) from None

    async def close(self) -> None:
        """End the worker processes."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


def _keyframe_inputs(brief: KeyframeBrief) -> dict[str, JsonValue]:
    return brief.model_dump(
        mode="json",
        include={
            "shot": True,
            "location": True,
            "location_description": True,
            "indoor": True,
            "time_of_day": True,
            "weather": True,
            "figures": {"__all__": {"figure": True, "appearance": True}},
            "props": True,
            "object": True,
            "scene_key": True,
            "style": {"style_id"},
        },
    )


def _start_worker() -> None:
    """Leave Ctrl-C to the parent, and end when the parent is gone, however it went."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


# ---------------------------------------------------------------- the work


def paint_request(body: dict[str, Any]) -> tuple[dict[str, JsonValue], bytes]:
    """Paint the body of a keyframe request. Pure: no clock, no network, no state that changes a byte."""
    params, inputs = body["params"], body["inputs"]
    width_px, height_px = params["width_px"], params["height_px"]
    style_id = inputs["style"]["style_id"]
    if style_id not in style_rules():
        raise ValueError(f"no style {style_id!r}; the offline painter's styles are {', '.join(style_rules())}")
    view = view_of(width_px, height_px)
    frame = compose(shot_from(inputs, body["seed"]), style_id, view)
    picture = draw_frame(frame.backdrop.svg, frame.backdrop.blur, frame.front.svg(view), style_id, width_px, height_px)
    out = io.BytesIO()
    picture.save(out, params["format"].upper(), quality=params["quality"])
    painting = Painting(
        width_px=width_px,
        height_px=height_px,
        media_type=f"image/{params['format']}",
        visible=tuple(frame.visible()),
    )
    return painting.model_dump(mode="json"), out.getvalue()


def shot_from(inputs: dict[str, Any], seed: int) -> Shot:
    """Read the inputs of a keyframe request."""
    scene_seed = derive_seed(0, "scene", inputs["scene_key"])
    roles = []
    for item in inputs["figures"]:
        figure = Figure.model_validate(item["figure"])
        thing = read_object(figure.holding) if figure.holding else None
        roles.append(Role(figure, parse(item["appearance"]), thing, derive_seed(scene_seed, figure.character_id)))
    subject: Thing | None = read_object(inputs["object"]) if inputs["object"] else None
    return Shot(
        framing=inputs["shot"],
        place=place_kind(inputs["location"], inputs["location_description"], inputs["indoor"]),
        time_of_day=inputs["time_of_day"],
        weather=inputs["weather"],
        roles=tuple(roles),
        props=tuple(read_object(name) for name in dict.fromkeys(inputs["props"])),
        subject=subject,
        scene_seed=scene_seed,
        seed=seed,
    )


def draw_frame(back: str, blur: float, front: str, style_id: str, width_px: int, height_px: int) -> Image.Image:
    """The finished RGB picture of a backdrop and what stands before it."""
    step = style_rules()[style_id].pixel
    width, height = -(-width_px // step), -(-height_px // step)
    pixels = rasterise(front, width, height, over=_backdrop(back, blur, width, height))
    finished = finish(pixels, style_id)
    if step > 1:
        finished = finished.resize((width * step, height * step), Image.Resampling.NEAREST)
        finished = finished.crop((0, 0, width_px, height_px))
    return finished


@lru_cache(maxsize=12)
def _backdrop(svg: str, blur: float, width: int, height: int) -> Pixels:
    pixels = rasterise(svg, width, height)
    return soften(pixels, blur) if blur else pixels
