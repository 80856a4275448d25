"""Pictures of a benchmark say nothing of themselves, and show what they showed."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from moviellm.eval.bench.picture_file import bare
from tests.eval.bench.kit import picture

TOLD = "prompt: Ada hides the key"


def exif() -> Image.Exif:
    made = Image.Exif()
    made[0x010E] = TOLD
    return made


def saved(form: str, mode: str = "RGB", **more: Any) -> bytes:
    out = io.BytesIO()
    dice = np.random.default_rng(0).integers(0, 255, (37, 53, 4), dtype=np.uint8)
    Image.fromarray(dice).convert(mode).save(out, form, **more)
    return out.getvalue()


def texts() -> PngInfo:
    made = PngInfo()
    made.add_text("parameters", TOLD)
    made.add_itxt("prompt", TOLD, zip=True)
    return made


XMP = f"<x:xmpmeta>{TOLD}</x:xmpmeta>".encode()
SAYING = {
    "png": saved("PNG", "RGBA", pnginfo=texts(), exif=exif()),
    "png with a palette": saved("PNG", "P", pnginfo=texts(), transparency=3),
    "jpeg": saved("JPEG", comment=TOLD.encode(), exif=exif(), quality=90),
    "progressive jpeg": saved("JPEG", comment=TOLD.encode(), xmp=XMP, progressive=True, restart_marker_blocks=2),
    "jpeg in four colours": saved("JPEG", "CMYK", comment=TOLD.encode()),
    "webp": saved("WEBP", exif=exif(), xmp=XMP),
    "webp without loss": saved("WEBP", "RGBA", exif=exif(), lossless=True),
}


@pytest.mark.parametrize("name", SAYING)
def test_what_a_picture_says_is_gone_and_what_it_shows_is_the_same(name: str) -> None:
    said = SAYING[name] + TOLD.encode()
    made = bare(said)
    with Image.open(io.BytesIO(said)) as before, Image.open(io.BytesIO(made)) as after:
        assert np.array_equal(np.asarray(before.convert("RGBA")), np.asarray(after.convert("RGBA")))
        assert not {"comment", "exif", "xmp", "parameters", "prompt"} & set(after.info) and not after.getexif()
    assert TOLD.encode() not in made and bare(made) == made


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_picture_that_says_nothing_stays_as_it_is(form: str) -> None:
    assert bare(saved(form)) == saved(form)


@pytest.mark.parametrize("data", [b"", b"no picture", picture("a")[:40], SAYING["png"][:60], SAYING["webp"][:60]])
def test_what_is_no_whole_picture_is_returned_as_it_is(data: bytes) -> None:
    assert bare(data) == data
