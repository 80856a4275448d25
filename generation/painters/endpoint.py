"""The endpoint painter: keyframes by an image server that speaks `/v1/images/generations` (vllm-omni, OpenAI, ...).

    painter = EndpointPainter(recipe, service)
    request = painter.request("keyframe", brief, seed)
    painting, image = await painter.paint(request)

The prompt is the diffusion painter's (prompts.py): phrases, the most important first. Steps, guidance and the negative
prompt are sent where the server takes them; it is asked once (llm/bodies.py). The answer is cropped to the shape asked
for, scaled, and encoded as the recipe says, in a thread. Where the server is, is no part of a request.

Styles are locked in words only, and people are told by their phrases: a server takes no learned token. What can be
seen in a picture nobody measured. Retries, limits, money and the log of paid pictures are the service's.
"""

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Protocol

from PIL import Image, ImageOps
from pydantic import JsonValue

from moviellm.generation.config.recipe import Recipe
from moviellm.generation.llm.asks import ImageAsk, ImageReply
from moviellm.generation.painters.prompts import PROMPT_ID, keyframe_phrases, prompts_sha256, style_phrase
from moviellm.generation.paintings import KeyframeBrief, Painting, StyleBrief
from moviellm.generation.protocols import NO_BLOBS, Blobs, Output, PainterTask, Request
from moviellm.generation.schema import Record, Style

ENCODERS: Final = 2
"""Threads that decode and encode while the server paints."""
PIXELS_MAX: Final = 64_000_000
"""Largest picture that is decoded."""


PLAIN_INFO: Final = {
    "jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi", "progressive", "progression", "loop", "background",
    "timestamp", "duration",
}  # fmt: skip
"""What a file says of its own encoding: all that a picture may carry that is kept as it came."""
BYTES_A_PIXEL_MAX: Final = 0.5
"""Largest picture that is kept as it came: about twice what ours take at quality 88."""


class Images(Protocol):
    """What the painter needs of a service."""

    async def image(self, ask: ImageAsk) -> ImageReply:
        """One paid picture, or its kept one."""
        ...


class EndpointPainter:
    """Paints through an image server."""

    makes_portraits = False

    def __init__(self, recipe: Recipe, service: Images) -> None:
        """
        Raises:
            ValueError: no model is named, or the recipe asks for what a server cannot do.
        """
        _refuse(recipe)
        self._painting = recipe.painting
        self._image = recipe.image
        self._service = service
        self._prompts_sha256 = prompts_sha256()
        self._encoders = ThreadPoolExecutor(max_workers=ENCODERS, thread_name_prefix="encoding")

    def request(self, task: PainterTask, brief: Record, seed: int) -> Request:
        """Render a task: only what decides the answer."""
        if task == "style":
            assert isinstance(brief, StyleBrief)
            description = ", ".join(filter(None, [brief.style, brief.description]))
            return self._request(task, {}, {"keyword": brief.keyword, "description": description}, seed)
        assert isinstance(brief, KeyframeBrief), "an endpoint makes no portraits"
        style = style_phrase(brief.style.keyword, brief.style.description)
        prompt = ", ".join(phrase for phrase in keyframe_phrases(brief, style, {}) if phrase)
        params: dict[str, JsonValue] = {
            "width_px": brief.width_px,
            "height_px": brief.height_px,
            "format": self._image.format,
            "quality": self._image.quality,
            "asked": self._painting.size or f"{brief.width_px}x{brief.height_px}",
            "steps": self._painting.steps,
            "guidance": self._painting.guidance,
        }
        inputs: dict[str, JsonValue] = {"prompt": prompt}
        if self._painting.negative is not None:
            inputs["negative"] = self._painting.negative
        return self._request(task, params, inputs, seed)

    def _request(self, task: str, params: dict[str, JsonValue], inputs: dict[str, JsonValue], seed: int) -> Request:
        return Request(
            task=task,
            model_id=self._painting.model or "",
            model_revision=self._painting.revision or "",
            prompt_id=PROMPT_ID,
            prompt_sha256=self._prompts_sha256,
            params=params,
            inputs=inputs,
            seed=seed,
        )

    async def lock_style(self, request: Request) -> tuple[Output, None]:
        """Lock a style in words."""
        inputs: Any = request.inputs
        style = Style(
            style_id=inputs["keyword"].lower() or "plain",
            keyword=inputs["keyword"],
            description=inputs["description"],
            placeholder_token=None,
            base_model_id=request.model_id,
            base_model_revision=request.model_revision,
            embedding_path=None,
            embedding_sha256=None,
        )
        return style.model_dump(mode="json"), None

    async def paint(self, request: Request, blobs: Blobs = NO_BLOBS) -> tuple[Output, bytes]:
        """Paint a keyframe: the JSON of a `Painting`, and the encoded image.

        Raises:
            ValueError: the server will not paint it, or what came is no picture.
            StoppedError: nothing can be asked now.
        """
        params: Any = request.params
        reply = await self._service.image(_ask_of(request))
        work = asyncio.get_running_loop().run_in_executor(
            self._encoders,
            fitted,
            reply.image,
            params["width_px"],
            params["height_px"],
            params["format"],
            params["quality"],
        )
        image = await work
        painting = Painting(
            width_px=params["width_px"],
            height_px=params["height_px"],
            media_type=f"image/{params['format']}",
            visible=None,
        )
        return painting.model_dump(mode="json"), image

    async def close(self) -> None:
        """End the threads. The service is closed by who opened it."""
        self._encoders.shutdown(wait=True, cancel_futures=True)


def _refuse(recipe: Recipe) -> None:
    """What no server could do, said before anything is asked."""
    if recipe.painting.model is None:
        raise ValueError(
            "painter endpoint needs painting.model, the name under which the image server knows its model"
        )
    allowed = (
        ("style.method", recipe.style.method, "prompt"),
        ("identity.method", recipe.identity.method, "prompt"),
        ("painting.candidates", recipe.painting.candidates, 1),
        ("painting.lora", recipe.painting.lora, None),
        ("painting.scheduler", recipe.painting.scheduler, None),
        ("painting.style_min", recipe.painting.style_min, None),
        ("painting.identity_min", recipe.painting.identity_min, None),
    )
    for key, value, only in allowed:
        if value != only:
            raise ValueError(
                f"{key} is {value}, which the painter endpoint cannot do: a server paints from words alone; "
                f"set it to {'null' if only is None else only}, or paint with painter diffusers"
            )


def _ask_of(request: Request) -> ImageAsk:
    params: Any = request.params
    inputs: Any = request.inputs
    width, _, height = params["asked"].partition("x")
    extra: dict[str, JsonValue] = {"num_inference_steps": params["steps"], "guidance_scale": params["guidance"]}
    if "negative" in inputs:
        extra["negative_prompt"] = inputs["negative"]
    return ImageAsk(
        model=request.model_id,
        prompt=inputs["prompt"],
        width_px=int(width),
        height_px=int(height),
        seed=request.seed,
        extra=extra,
    )


def fitted(data: bytes, width_px: int, height_px: int, form: str, quality: int) -> bytes:
    """A server's picture as it is kept: of the size asked for, cropped evenly where its shape is another.

    One that is already of that size and format is kept as it came, once it is known to decode to its end: encoding it
    again could only lose. Unless it is large for its size, or carries more than a picture (a prompt, a place, a date).

    Raises:
        ValueError: the bytes are no picture.
    """
    try:
        with Image.open(io.BytesIO(data)) as picture:
            if picture.width * picture.height > PIXELS_MAX:
                raise ValueError(
                    f"the server's picture has {picture.width}x{picture.height} pixels, which is too large"
                )
            picture.load()
            as_asked = (picture.format, picture.mode, picture.size) == (form.upper(), "RGB", (width_px, height_px))
            plain = as_asked and set(picture.info) <= PLAIN_INFO and not picture.getexif()
            if plain and len(data) <= BYTES_A_PIXEL_MAX * width_px * height_px:
                return data
            pixels = picture.convert("RGB")
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"the server's picture cannot be decoded ({error})") from None
    if pixels.size != (width_px, height_px):
        pixels = ImageOps.fit(pixels, (width_px, height_px), Image.Resampling.LANCZOS)
    pixels.info = {}  # a comment would be written again
    out = io.BytesIO()
    pixels.save(out, form.upper(), quality=quality)
    return out.getvalue()
