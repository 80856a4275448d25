"""Pictures for pages and cards: made smaller, cropped to a face, put in a row, turned into data URIs.

    data_uri(shrink(jpeg, width_px=384))

What is small enough keeps its bytes; nothing is enlarged. It paints nothing: the
keyframes come from the run or the dataset.
"""

import base64
import io
from collections.abc import Iterable, Sequence

from PIL import Image

from moviellm.generation.schema import Keyframe, Visible

JPEG_QUALITY = 84


def media_type(data: bytes) -> str:
    """Media type of an encoded picture, read from its first bytes.

    Raises:
        ValueError: neither JPEG, WebP nor PNG.
    """
    if data.startswith(b"\xff\xd8"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data.startswith(b"\x89PNG"):
        return "image/png"
    raise ValueError(f"a picture starts with {data[:4]!r}; a page takes JPEG, WebP and PNG")


def data_uri(data: bytes) -> str:
    """The picture as text that a page holds in itself."""
    return f"data:{media_type(data)};base64,{base64.b64encode(data).decode('ascii')}"


def shrink(data: bytes, width_px: int) -> bytes:
    """The same bytes when the picture is no wider than `width_px`, else a JPEG of that width."""
    with Image.open(io.BytesIO(data)) as image:
        if image.width <= width_px:
            return data
        height_px = max(1, round(image.height * width_px / image.width))
        return _jpeg(image.convert("RGB").resize((width_px, height_px), Image.Resampling.LANCZOS))


def face(data: bytes, box: Visible, size_px: int) -> bytes:
    """A square JPEG, at most `size_px` wide, of the head end of a person's box."""
    with Image.open(io.BytesIO(data)) as image:
        left, top, side = _face_square(box, image.width, image.height)
        square = image.convert("RGB").crop((left, top, left + side, top + side))
        side_px = min(size_px, side)
        return _jpeg(square.resize((side_px, side_px), Image.Resampling.LANCZOS))


def _face_square(box: Visible, width_px: int, height_px: int) -> tuple[int, int, int]:
    """Left, top and side in pixels. A standing body is about three times as tall as its head and shoulders."""
    wide, tall = box.width * width_px, box.height * height_px
    side = max(8, round(min(max(wide, 0.36 * tall), wide * 1.5, width_px, height_px)))
    left = round((box.x + box.width / 2) * width_px - side / 2)
    top = round(box.y * height_px - 0.06 * side)
    return min(max(left, 0), max(width_px - side, 0)), min(max(top, 0), max(height_px - side, 0)), side


def best_portrait(keyframes: Iterable[Keyframe], character_id: str) -> tuple[str, Visible] | None:
    """The keyframe that shows a person largest and least hidden, with their box; None where nobody measured one.

    Over-the-shoulder shots come last: the largest person in them is seen from behind.
    """
    found = [
        (
            keyframe.shot != "over_shoulder",
            round(box.width * box.height * (1 - box.occluded), 6),
            -keyframe.index,
            keyframe,
            box,
        )
        for keyframe in keyframes
        for box in keyframe.visible or ()
        if box.entity_id == character_id and box.width > 0 and box.height > 0
    ]
    if not found:
        return None
    *_, keyframe, box = max(found, key=lambda item: item[:3])
    return keyframe.keyframe_id, box


def best_poster(keyframes: Sequence[Keyframe]) -> str | None:
    """The keyframe that stands for a movie: people near the camera, close to the middle; None without any."""
    if not keyframes:
        return None
    framing = {"two_shot": 3, "medium": 2, "close": 2, "wide": 2, "over_shoulder": 1, "insert": 0}
    middle = len(keyframes) / 2
    best = max(
        keyframes,
        key=lambda k: (framing[k.shot or "wide"] + min(len(k.character_ids), 2), -abs(k.index - middle), -k.index),
    )
    return best.keyframe_id


def strip(pictures: Sequence[bytes], columns: int, width_px: int, gap_px: int = 8) -> bytes:
    """A JPEG `width_px` wide with the pictures in rows of `columns`, on white, all at the first one's proportions.

    Raises:
        ValueError: there is no picture.
    """
    if not pictures:
        raise ValueError("a strip needs at least one picture")
    columns = min(columns, len(pictures))
    cell_px = (width_px - gap_px * (columns - 1)) // columns
    with Image.open(io.BytesIO(pictures[0])) as first:
        tall_px = max(1, round(first.height * cell_px / first.width))
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (width_px, rows * tall_px + (rows - 1) * gap_px), "white")
    for i, data in enumerate(pictures):
        with Image.open(io.BytesIO(data)) as image:
            cell = image.convert("RGB").resize((cell_px, tall_px), Image.Resampling.LANCZOS)
        sheet.paste(cell, (i % columns * (cell_px + gap_px), i // columns * (tall_px + gap_px)))
    return _jpeg(sheet)


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return out.getvalue()
