"""Pictures come to rows as they are read: the references in `images` become pictures of the source dataset.

    from datasets import load_dataset
    from moviellm_dataset import load
    from moviellm.training.rows.joining import with_images

    rows = load_dataset("org/name-sft", "sft", split="train")
    rows = with_images(rows, load("org/name", "keyframes", split="train", revision="v1.2.0"))
    rows[0]["images"][0]                            # a PIL.Image.Image

What comes out is what TRL's trainer takes: `images` as a list of pictures, as many as image placeholders, and message
parts without empty keys. A picture that is not the one a row names is an error. Nothing is copied: keyframes are read
where they lie, and only those of the rows that are asked for are decoded.
"""

import hashlib
import io
from typing import Any

from moviellm.generation.dataset.features import Row

MESSAGES = ("prompt", "completion", "messages")


def with_images(rows: Any, keyframes: Any, *, decode: bool = True) -> Any:
    """The rows with pictures for references.

    Args:
        rows: A view of a folder of training rows, one split, not streaming.
        keyframes: The config `keyframes` of the dataset that the rows name, the same split.
        decode: Give `PIL.Image.Image`; otherwise the encoded bytes.

    Returns:
        The same dataset, which puts in pictures as rows are read.

    Raises:
        ValueError: what was given is no dataset of that kind. Reading a row raises it when its picture is not there.
    """
    import datasets

    for given, name, column in ((rows, "rows", "images"), (keyframes, "keyframes", "image_sha256")):
        if not isinstance(given, datasets.Dataset) or column not in given.column_names:
            raise ValueError(
                f"{name} is a {type(given).__name__} and no split with a column {column!r}; give one split, not "
                f'streaming: load(..., split="train")'
            )
    return rows.with_transform(Join(keyframes, decode))


class Join:
    """A transform of batches: see `with_images`."""

    def __init__(self, keyframes: Any, decode: bool) -> None:
        import datasets

        columns = keyframes.select_columns(["image", "image_sha256"])
        self._rows = columns.cast_column("image", datasets.Image(decode=False))
        self._places = {name: place for place, name in enumerate(keyframes["keyframe_id"][:])}
        self._decode = decode

    def __call__(self, batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
        """A batch of rows, column by column."""
        joined = dict(batch)
        if "images" in joined:
            joined["images"] = [[self.picture(one) for one in images] for images in joined["images"]]
        for column in MESSAGES:
            if column in joined:
                joined[column] = [[_filled(message) for message in messages] for messages in joined[column]]
        return joined

    def picture(self, reference: Row) -> Any:
        """The picture that a reference names.

        Raises:
            ValueError: it is not among the keyframes, or has other bytes.
        """
        name = reference["keyframe_id"]
        if name not in self._places:
            raise ValueError(
                f"no keyframe {name} among these {len(self._places)}; load the split that the rows are of"
            )
        data = (self._rows[self._places[name]]["image"] or {}).get("bytes") or b""
        if hashlib.sha256(data).hexdigest() != reference["image_sha256"]:
            raise ValueError(
                f"the picture of {name} is not the one that the rows were made with; load the dataset at the revision "
                f"that the rows name in their column `revision`"
            )
        if not self._decode:
            return data
        import PIL.Image

        return PIL.Image.open(io.BytesIO(data)).convert("RGB")


def _filled(message: Row) -> Row:
    """A message whose parts have no empty keys: chat templates take a key for a part of that kind."""
    parts = [{key: value for key, value in part.items() if value is not None} for part in message["content"]]
    return {**message, "content": parts}
