"""Painting with a loaded pipeline: requests become strokes, strokes of one kind are painted together.

    brush = Brush(pipeline, source, width=8)
    stroke = brush.prepare(params, inputs, blobs, seed)       # reads the text, looks at the portrait
    pixels = brush.paint([stroke, other])                     # [uint8 (height, width, 3), ...]

A picture is the same whatever it is painted beside. Its noise is drawn on the CPU by a generator of its own, its text
is encoded alone, and the device always works on `width` pictures: a batch that is not full is filled up with copies,
because libraries choose another kernel, with other last bits, for another shape. When the memory does not hold them,
the width is halved for good; a single picture that does not fit is decoded in tiles. Only then can last bits differ.

It knows no movies and no files. Used by one thread.
"""

import gc
import inspect
import io
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from moviellm.generation.output import note
from moviellm.generation.painters.inversion.learning import use_style
from moviellm.generation.painters.pipelines import PipelineSource
from moviellm.generation.painters.texts import Reader, Text
from moviellm.generation.protocols import Blobs, StoppedError

Pixels = npt.NDArray[np.uint8]
"""A picture: (height, width, 3)."""
FACES_KEPT: Final = 256
"""Looks of portraits kept; one takes up to 1.3 MB."""

NO_NUMBERS: Final = (
    "the model painted no numbers (NaN), as float16 does when it overflows; set painting.dtype to bfloat16 or float32"
)


@dataclass(frozen=True, kw_only=True)
class Stroke:
    """One picture to paint."""

    seed: int
    width_px: int
    height_px: int
    steps: int
    guidance: float
    text: Text
    embeds: Mapping[str, Any] | None = field(compare=False)
    """The text for the pipeline's call, batch of one; None where it wants the words."""
    references: tuple[str, ...] = ()
    """Hashes of the reference images, in order."""
    images: tuple[Image.Image, ...] = field(default=(), compare=False)
    """Those images."""
    face: Sequence[Any] | None = field(default=None, compare=False)
    """What the IP-Adapter sees: for each adapter a tensor (2, images, ...) of nobody and of the person."""

    @property
    def kind(self) -> tuple[object, ...]:
        """Strokes of one kind can be painted together."""
        shapes = len(self.text.windows) if self.embeds is not None else 0
        return (self.width_px, self.height_px, self.steps, self.guidance, shapes, self.references)


class Brush:
    """A warm pipeline."""

    def __init__(self, pipeline: Any, source: PipelineSource, width: int, guidance: float) -> None:
        self.pipeline = pipeline
        self.width = width
        """Pictures the device works on at a time."""
        self.painted = 0
        """Pictures painted."""
        self.filled = 0
        """Copies that filled up batches."""
        self._source = source
        self._takes = frozenset(inspect.signature(type(pipeline).__call__).parameters)
        self._reader = Reader(pipeline, guidance)
        self._faces: OrderedDict[str | None, list[Any]] = OrderedDict()
        self._see = getattr(pipeline, "prepare_ip_adapter_image_embeds", None)
        if source.adapter is not None:
            # The pipeline repeats one face over the batch; here every picture brings its own, laid out already.
            pipeline.prepare_ip_adapter_image_embeds = lambda *args, **kwargs: (
                args[1] or kwargs.get("ip_adapter_image_embeds")
            )

    # ------------------------------------------------------------ before painting

    def prepare(
        self, params: Mapping[str, Any], inputs: Mapping[str, Any], blobs: Blobs, seed: int
    ) -> tuple[Stroke, list[str]]:
        """A stroke for a request's parameters and inputs, and what cannot be drawn.

        Raises:
            ValueError: the prompt, a reference or a learned style is not what this pipeline takes.
        """
        learned = inputs.get("learned_style_sha256")
        token: Any = nullcontext
        if learned is not None:
            if not self._reader.embeds:
                raise ValueError(f"a {type(self.pipeline).__name__} cannot be given a learned style")
            token = partial(self._style, blobs[learned])
        text = self._reader.fit(inputs["phrases"], inputs.get("negative"), learned, token)
        references = tuple(inputs.get("references", ()))
        stroke = Stroke(
            seed=seed,
            width_px=params["width_px"],
            height_px=params["height_px"],
            steps=params["steps"],
            guidance=params["guidance"],
            text=text,
            embeds=self._reader.encode(text, token),
            references=references,
            images=tuple(_opened(blobs[sha256]) for sha256 in references),
            face=self._face(inputs.get("portrait_sha256"), blobs, params["guidance"]),
        )
        return stroke, [f"prompt: {phrase} (longer than the model reads)" for phrase in text.left_out]

    def _style(self, learned: bytes) -> AbstractContextManager[None]:
        return use_style(self.pipeline, learned)

    def _face(self, sha256: str | None, blobs: Blobs, guidance: float) -> list[Any] | None:
        """The IP-Adapter's view of a portrait, or of nobody; each is looked at once."""
        if self._source.adapter is None:
            return None
        if sha256 not in self._faces:
            import torch

            assert self._see is not None
            portrait = _opened(blobs[sha256]) if sha256 is not None else Image.new("RGB", (64, 64))
            with torch.no_grad():
                views = self._see([portrait], None, self.pipeline._execution_device, 1, True)
            if sha256 is None:  # nobody: what the adapter was trained to see where there is no picture
                views = [torch.cat([view[:1], view[:1]]) for view in views]
            self._faces[sha256] = views
            while len(self._faces) > FACES_KEPT:
                self._faces.popitem(last=False)
        self._faces.move_to_end(sha256)
        views = self._faces[sha256]
        return views if guidance > 1.0 else [view[1:] for view in views]

    def close(self) -> None:
        """Forget the pipeline and give back its memory."""
        self.__dict__.pop("pipeline", None)
        self._faces.clear()
        self.__dict__.pop("_reader", None)
        free_memory()

    # ------------------------------------------------------------ painting

    def paint(self, strokes: Sequence[Stroke]) -> list[Pixels | ValueError]:
        """Paint strokes of one kind, at most `width` at a time; why one of them is no picture is its own answer.

        Raises:
            StoppedError: not even one picture fits into the memory.
            ValueError: the pipeline refuses the size, the steps or the like.
        """
        done: list[Pixels | ValueError] = []
        while len(done) < len(strokes):
            batch = strokes[len(done) : len(done) + self.width]
            try:
                done += self._paint(batch)
            except RuntimeError as error:
                if not out_of_memory(error):
                    raise
                full = True
            else:
                full = False
            if full:  # outside of the handler, which would keep the memory of the failed batch
                self._shrink(strokes[0])
        return done

    def _shrink(self, stroke: Stroke) -> None:
        free_memory()
        vae: Any = getattr(self.pipeline, "vae", None)
        if self.width > 1:
            self.width //= 2
            note(f"the memory does not hold {2 * self.width} pictures at a time; going on with {self.width}")
        elif hasattr(vae, "enable_tiling") and not getattr(vae, "use_tiling", False):
            vae.enable_tiling()
            note("the memory does not hold one picture at a time; it is decoded in tiles")
        else:
            raise StoppedError(
                f"the memory does not hold one picture of {stroke.width_px}x{stroke.height_px}; set image.width_px "
                f"and height_px lower, painting.dtype to bfloat16, or take a smaller model"
            )

    def _paint(self, strokes: Sequence[Stroke]) -> list[Pixels | ValueError]:
        import torch

        batch = [*strokes, *[strokes[-1]] * (self.width - len(strokes))]
        first = batch[0]
        width, height = self.sides(first.width_px, first.height_px)
        call: dict[str, Any] = {
            "height": height,
            "width": width,
            "num_inference_steps": first.steps,
            "generator": [torch.Generator("cpu").manual_seed(stroke.seed) for stroke in batch],
            "output_type": "pt",
            **self._said(batch),
        }
        call["true_cfg_scale" if self._words_guided() else "guidance_scale"] = first.guidance
        if first.images:
            call["image"] = list(first.images)
        if first.face is not None:
            call["ip_adapter_image_embeds"] = _faces_of(batch)
        with torch.no_grad():
            images = self._call(call)
            finite = images.isfinite().flatten(1).all(1).tolist()
            pixels = (images.float().clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1)
            pixels = pixels[: len(strokes)].contiguous().cpu().numpy()
        self.painted += len(strokes)
        self.filled += len(batch) - len(strokes)
        top, left = (height - first.height_px) // 2, (width - first.width_px) // 2
        return [
            page[top : top + first.height_px, left : left + first.width_px] if whole else ValueError(NO_NUMBERS)
            for page, whole in zip(pixels, finite, strict=False)
        ]

    def _call(self, arguments: dict[str, Any]) -> Any:
        """The pipeline's pictures: (batch, 3, height, width), 0 to 1."""
        return self.pipeline(**arguments).images

    def _said(self, batch: Sequence[Stroke]) -> dict[str, Any]:
        """The text arguments of a batch."""
        import torch

        if batch[0].embeds is not None:
            return {name: torch.cat([(stroke.embeds or {})[name] for stroke in batch]) for name in batch[0].embeds}
        said: dict[str, Any] = {"prompt": [stroke.text.windows[0] for stroke in batch]}
        negatives = [stroke.text.negative for stroke in batch]
        if "negative_prompt" in self._takes and negatives[0] is not None:
            said["negative_prompt"] = negatives
        return said

    def _words_guided(self) -> bool:
        """Whether guidance against a negative prompt goes by another name (Qwen-Image)."""
        return "true_cfg_scale" in self._takes and type(self.pipeline).__name__.startswith("QwenImage")

    def sides(self, width_px: int, height_px: int) -> tuple[int, int]:
        """Width and height that the pipeline can paint, no smaller: multiples of what its VAE shrinks by."""
        processor = getattr(self.pipeline, "image_processor", None)
        step = int(processor.config.vae_scale_factor) if processor is not None else 16
        return -(-width_px // step) * step, -(-height_px // step) * step


def _faces_of(batch: Sequence[Stroke]) -> list[Any]:
    """For each adapter one tensor: nobody for every picture (with guidance), then everybody's own."""
    import torch

    faces = [stroke.face for stroke in batch if stroke.face is not None]
    return [
        torch.cat([view for row in zip(*(one[at].chunk(len(one[at])) for one in faces), strict=True) for view in row])
        for at in range(len(faces[0]))
    ]


def out_of_memory(error: RuntimeError) -> bool:
    """Whether an error says that the device's memory is full."""
    import torch

    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in str(error).lower()


def free_memory() -> None:
    """Give back what nothing holds any more."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _opened(image: bytes) -> Image.Image:
    with Image.open(io.BytesIO(image)) as picture:
        return picture.convert("RGB")
