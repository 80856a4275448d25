"""Style images: pictures of everyday things painted from a style's phrases, of which the most alike teach the style.

    contents = style_contents(10, seed=7)          # "an elderly person reading in a kitchen by day", ...
    pictures = paint_style(pipeline, contents, "loose watercolour, wet edges", seed=7, folder=folder)
    kept = most_alike([picture.image for picture in pictures], share=0.8)

People, places and light vary and are said in words, so that a token learned from the pictures need not hold them. The
rule that drops pictures is plain: each is described by the mean and spread of its colours and by its texture at three
sizes, each number in units of its own spread over the set; those farthest from the set's median go. It asks no model
and judges no beauty.
"""

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from moviellm.generation.files import whole_file
from moviellm.generation.protocols import derive_seed
from moviellm.generation.schema import canonical_json

SUBJECTS: Final = (
    "a person standing", "two people talking", "an elderly person reading", "a child running", "a person walking",
    "a person sitting", "two people standing", "a person with a letter", "a person waving", "a group of people",
    "a child sitting", "nobody",
)  # fmt: skip
"""Who is in a picture; none of them says what a picture is made with."""
PLACES: Final = (
    "in a kitchen", "in a forest", "on a street", "in a library", "on a beach", "in a garden", "on a train",
    "at a market", "in a study", "in a workshop", "on a bridge", "at a station", "at a harbour", "in a field",
)  # fmt: skip
LIGHTS: Final = ("by day", "at dusk", "at night")
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class StylePicture:
    """A picture of the style, and what is in it, in words without the style."""

    content: str
    image: Image.Image


def style_contents(count: int, seed: int) -> list[str]:
    """What to paint: subjects, places and lights, none repeated before all have been."""
    r = random.Random(derive_seed(seed, "style contents"))
    decks: list[list[str]] = []
    for words in (SUBJECTS, PLACES, LIGHTS):
        deck: list[str] = []
        while len(deck) < count:
            deck += r.sample(words, len(words))
        decks.append(deck)
    return [
        f"{subject} {place} {light}" for subject, place, light in zip(*(deck[:count] for deck in decks), strict=True)
    ]


def paint_style(
    pipeline: Any,
    contents: Sequence[str],
    phrases: str,
    *,
    seed: int,
    folder: Path,
    options: Mapping[str, Any] | None = None,
    base_model: str = "",
    note: Callable[[str], None] = lambda text: None,
) -> list[StylePicture]:
    """Paint each content in the style of the phrases; what lies in `folder` already is read back.

    One at a time: what is painted beside a picture changes its last bits, and with them the token that is learned. A
    large model paints hardly faster in batches. `options` are further arguments of the pipeline's call: steps,
    guidance, size, negative prompt; `base_model` names the model and its revision.
    """
    import torch

    call = dict(options or {})
    paths = [
        folder / _file_name(base_model, at, f"{content}, {phrases}", seed, call) for at, content in enumerate(contents)
    ]
    for at, path in enumerate(paths):
        if path.is_file():
            continue
        note(f"style image {at + 1} of {len(contents)}")
        noise = torch.Generator().manual_seed(derive_seed(seed, "style image", at))
        (image,) = pipeline(prompt=[f"{contents[at]}, {phrases}"], generator=[noise], **call).images
        with whole_file(path) as temporary:
            image.convert("RGB").save(temporary, format="PNG", compress_level=1)
    return [StylePicture(content=content, image=_read(path)) for content, path in zip(contents, paths, strict=True)]


def _file_name(base_model: str, at: int, prompt: str, seed: int, call: Mapping[str, Any]) -> str:
    """Named by what decides it, so that the picture of another prompt is never taken for it."""
    decides = [base_model, at, prompt, seed, {key: str(call[key]) for key in call}]
    return f"style-{at:03d}-{hashlib.sha256(canonical_json(decides).encode()).hexdigest()[:12]}.png"


def _read(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def statistics(image: Image.Image) -> Numbers:
    """What a picture looks like apart from what it shows: colours and texture."""
    rgb = np.asarray(image.convert("RGB").resize((128, 128), Image.Resampling.BOX), np.float64) / 255
    light = rgb @ (0.299, 0.587, 0.114)
    planes = np.stack([light, rgb[..., 0] - light, rgb[..., 2] - light])
    colours = [*planes.mean((1, 2)), *planes.std((1, 2)), *np.quantile(light, (0.05, 0.5, 0.95))]
    texture = []
    for step in (1, 2, 4):
        small = light.reshape(128 // step, step, 128 // step, step).mean((1, 3))
        texture += [np.log(1e-3 + np.abs(np.diff(small, axis=axis)).mean()) for axis in (0, 1)]
    return np.array([*colours, *texture])


def most_alike(images: Sequence[Image.Image], share: float) -> list[int]:
    """The positions, in order, of that share of the pictures which lie nearest to the set's median; at least one."""
    described = np.array([statistics(image) for image in images])
    spread = described.std(0)
    distance = np.linalg.norm((described - np.median(described, 0)) / np.where(spread > 1e-9, spread, 1.0), axis=1)
    count = max(1, round(share * len(images)))
    return sorted(int(at) for at in np.argsort(distance, kind="stable")[:count])
