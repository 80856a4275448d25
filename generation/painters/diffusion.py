"""The diffusion painter: styles, portraits and keyframes by any text-to-image pipeline of diffusers.

    painter = DiffusionPainter(recipe, Path("runs/one"))
    request = painter.request("keyframe", brief, seed)             # loads nothing
    painting, image = await painter.paint(request, blobs)

A request holds the phrases of the prompt, the hashes of the pictures that go in, the parameters, and which model at
which commit. The model is loaded by the first picture and kept warm. Pictures are asked for side by side by many
movies, painted in batches in one thread (batching.py, brush.py), and encoded in another while the device goes on.
docs/painters.md shows the recipes. Not in a key: the device, the library's version and the size of batches, which
decide no more than the last bits of a picture.
"""

import asyncio
import hashlib
import io
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final

from PIL import Image

from moviellm.generation.config.recipe import Recipe
from moviellm.generation.output import note
from moviellm.generation.painters.asking import Asking, listed
from moviellm.generation.painters.batching import Batching
from moviellm.generation.painters.brush import Brush, Pixels, Stroke, free_memory, out_of_memory
from moviellm.generation.painters.inversion import learning
from moviellm.generation.painters.inversion.tokens import STYLE_TOKEN
from moviellm.generation.painters.pipelines import PipelineSource, load_pipeline, without_adapter
from moviellm.generation.painters.prompts import (
    style_phrase,
)
from moviellm.generation.paintings import Painting
from moviellm.generation.protocols import NO_BLOBS, Blobs, Output, PainterTask, Request, StoppedError
from moviellm.generation.revisions import LookUp, revision_of
from moviellm.generation.schema import Record, Style, canonical_json

STYLES: Final = "styles"
"""Folder of a run or dataset that learned styles are named in."""
Job = tuple[Request, Blobs]
Ready = tuple[Stroke, list[str]]


class DiffusionPainter:
    """Paints with one pipeline on one device."""

    def __init__(
        self,
        recipe: Recipe,
        run: Path,
        load: Callable[[PipelineSource], Any] = load_pipeline,
        look_up: LookUp = revision_of,
    ) -> None:
        """
        Args:
            run: the run folder: a style in the making is kept there, so that a killed training goes on.
            load: gives the pipeline, in the painting thread, at the first picture.
            look_up: says which commit a name means.

        Raises:
            ValueError: no model is named or found, or the recipe asks for what cannot be combined.
        """
        _refuse_contradictions(recipe)
        self.makes_portraits = recipe.identity.method != "prompt"
        self._recipe = recipe
        self._run = run
        self._load_pipeline = load
        self._source = PipelineSource.of(recipe, look_up)
        self._asking = Asking(recipe, self._source)
        self._brush: Brush | None = None
        self._refused: str | None = None
        """Why the pipeline could not be loaded: it is tried once a run."""
        self._batching: Batching[Job, Ready, tuple[Pixels, list[str]]] = Batching(
            self._prepare, self._paint_batch, self._width
        )
        self._encoders = ThreadPoolExecutor(max_workers=2, thread_name_prefix="encoding")

    def request(self, task: PainterTask, brief: Record, seed: int) -> Request:
        """Render a task: only what decides the answer."""
        return self._asking.request(task, brief, seed)

    # ------------------------------------------------------------ answers

    async def lock_style(self, request: Request) -> tuple[Output, bytes | None]:
        """Lock a style: in words, by a token that is learned, or by one picture.

        Raises:
            ValueError: this model cannot learn a token, or the learning failed.
            StoppedError: the pipeline cannot be loaded, or the device's memory does not hold one picture.
        """
        inputs: Any = request.inputs
        method = request.params["method"]
        learned: bytes | None = None
        token: str | None = None
        path: str | None = None
        if method == "textual_inversion":
            learned, token = await self._learn(request)
            path = f"{STYLES}/{hashlib.sha256(learned).hexdigest()}.safetensors"
        elif method == "reference":
            learned = await self._style_picture_of(request)
            path = f"{STYLES}/{hashlib.sha256(learned).hexdigest()}.png"
        style = Style(
            style_id=inputs["keyword"].lower() or "plain",
            keyword=inputs["keyword"],
            description=inputs["description"],
            placeholder_token=token,
            base_model_id=request.model_id,
            base_model_revision=request.model_revision,
            embedding_path=path,
            embedding_sha256=None if learned is None else hashlib.sha256(learned).hexdigest(),
        )
        return style.model_dump(mode="json"), learned

    async def _learn(self, request: Request) -> tuple[bytes, str]:
        inputs: Any = request.inputs
        params: Any = request.params
        key = hashlib.sha256(canonical_json(request.body()).encode()).hexdigest()
        await self._load()

        def learn(brush: Brush) -> bytes:
            width, height = brush.sides(params["width_px"], params["height_px"])
            data, facts = learning.learn_style(
                brush.pipeline,
                self._recipe.style.inversion,
                phrases=style_phrase(inputs["keyword"], inputs["description"]),
                keyword=inputs["keyword"],
                seed=request.seed,
                folder=self._run / "inversion" / key[:16],
                note=note,
                options={
                    "num_inference_steps": params["steps"],
                    "guidance_scale": params["guidance"],
                    "width": width,
                    "height": height,
                },
                base_model=f"{request.model_id}@{request.model_revision}",
            )
            gain = f"best after {facts['best_step']} steps" if facts["best_step"] else "no step gained anything"
            note(f"style {inputs['keyword']}: {gain}, stopped {facts['stopped']}")
            return data

        def alone() -> bytes:
            brush = self._warm()
            with without_adapter(brush.pipeline, self._source.adapter):
                return _learned(partial(learn, brush))

        return await self._batching.alone(alone), STYLE_TOKEN

    async def _style_picture_of(self, request: Request) -> bytes:
        await self._load()
        pixels, _ = await self._batching.ask((request, NO_BLOBS))
        return await self._encoded(pixels, "png", 100)

    async def paint(self, request: Request, blobs: Blobs = NO_BLOBS) -> tuple[Output, bytes]:
        """Paint a portrait or a keyframe: the JSON of a `Painting`, and the encoded image.

        Raises:
            ValueError: the pipeline cannot paint what the request asks for.
            StoppedError: the pipeline cannot be loaded, or the device's memory does not hold one picture.
        """
        await self._load()
        params: Any = request.params
        pixels, not_drawn = await self._batching.ask((request, blobs))
        image = await self._encoded(pixels, params["format"], params["quality"])
        painting = Painting.model_validate(
            {
                "width_px": params["width_px"],
                "height_px": params["height_px"],
                "media_type": f"image/{params['format']}",
                "visible": None,
                "not_drawn": [*not_drawn, *listed(request.inputs.get("not_shown"))],
            }
        )
        return painting.model_dump(mode="json"), image

    async def _encoded(self, pixels: Pixels, form: str, quality: int) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(self._encoders, encoded, pixels, form, quality)

    # ------------------------------------------------------------ the device

    async def _load(self) -> None:
        """Load the pipeline in the painting thread, once."""
        if self._brush is None:
            await self._batching.alone(self._warm)

    def _width(self) -> int:
        return self._recipe.engine.images_at_a_time if self._brush is None else self._brush.width

    def _warm(self) -> Brush:
        if self._brush is None:
            pipeline = self._loaded()
            width, guidance = self._recipe.engine.images_at_a_time, self._recipe.painting.guidance
            if self._recipe.engine.concurrency < 2 * width > 2:
                note(f"engine.concurrency {self._recipe.engine.concurrency} leaves batches of {width} half empty")
            self._brush = Brush(pipeline, self._source, width, guidance)
        return self._brush

    def _loaded(self) -> Any:
        """The pipeline. Without one nothing can be painted now: that ends the run and is no fault of a cell."""
        if self._refused is None:
            try:
                return self._load_pipeline(self._source)
            except ValueError as error:
                self._refused = str(error)
            except RuntimeError as error:
                if not out_of_memory(error):
                    raise
                held = f"the memory does not hold {self._source.model}"
                self._refused = f"{held}; set painting.dtype to bfloat16, or take a smaller model"
        raise StoppedError(self._refused)

    def _prepare(self, job: Job) -> tuple[Hashable, Ready]:
        request, blobs = job
        stroke, not_drawn = self._warm().prepare(request.params, request.inputs, blobs, request.seed)
        return stroke.kind, (stroke, not_drawn)

    def _paint_batch(self, batch: Sequence[Ready]) -> Sequence[tuple[Pixels, list[str]] | Exception]:
        painted = self._warm().paint([stroke for stroke, _ in batch])
        return [
            item if isinstance(item, Exception) else (item, not_drawn)
            for item, (_, not_drawn) in zip(painted, batch, strict=True)
        ]

    async def close(self) -> None:
        """End the threads and give back the device's memory; what they have not painted is cancelled."""
        await self._batching.close()
        self._encoders.shutdown(wait=True, cancel_futures=True)
        if self._brush is not None:
            self._brush.close()
            self._brush = None


def encoded(pixels: Pixels, form: str, quality: int) -> bytes:
    """An encoded picture; `form` is jpeg, webp or png."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, form.upper(), **({} if form == "png" else {"quality": quality}))
    return out.getvalue()


def _learned(learn: Callable[[], bytes]) -> bytes:
    """Learn a style.

    Raises:
        StoppedError: the memory does not hold it; what is painted and learned so far is kept.
    """
    try:
        return learn()
    except RuntimeError as error:
        if not out_of_memory(error):
            raise
    free_memory()  # outside of the handler, which would keep the memory of what failed
    raise StoppedError(
        "the memory does not hold the learning of a style; set style.inversion.batch, image.width_px and "
        "height_px lower, or style.method to prompt"
    )


def _refuse_contradictions(recipe: Recipe) -> None:
    """What no pipeline could do, said before anything is loaded."""
    painting = recipe.painting
    if painting.scorer is None:
        asked = {
            "candidates": painting.candidates > 1,
            "style_min": painting.style_min,
            "identity_min": painting.identity_min,
        }
        wanting = [name for name, value in asked.items() if value is not None and value is not False]
        if wanting:
            raise ValueError(
                f"painting.{wanting[0]} needs painting.scorer, the CLIP-type model that scores pictures, e.g. "
                f"openai/clip-vit-base-patch32; it must not be the model that measures the dataset"
            )
    if painting.identity_min is not None and recipe.identity.method == "prompt":
        raise ValueError(
            "painting.identity_min compares people with their portraits, and identity.method prompt makes none; "
            "set identity.method to ip_adapter or reference, or leave identity_min out"
        )
