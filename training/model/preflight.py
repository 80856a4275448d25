"""What a batch holds, sample by sample, before anything is computed: frames, tokens, pixels, labelled tokens.

    for sample in preflight(batch, processor, ids=["m00042-q17", ...]):
        print(sample.name, sample.frames, sample.visual_tokens, sample.text_tokens, sample.pixels, sample.labelled)

Placeholders that do not match the frames are a ValueError with the sample's name. It counts and changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from moviellm.training.model.placing import MISMATCH


class Settings(Protocol):
    """A processor or a model's config."""

    @property
    def tokens_per_frame(self) -> int: ...
    @property
    def frame_token_id(self) -> Any: ...


@dataclass(frozen=True)
class Sample:
    """One row of a batch."""

    name: str
    frames: int
    visual_tokens: int
    text_tokens: int
    """Those that are neither visual nor padding."""
    pixels: int
    """Pixels of its frames as the tower sees them; 0 where features are fed."""
    labelled: int
    """Tokens that are learned; 0 where the batch has no labels."""

    @property
    def tokens(self) -> int:
        """Length of the row without padding."""
        return self.visual_tokens + self.text_tokens


def preflight(batch: Mapping[str, Any], settings: Settings, ids: Sequence[str] | None = None) -> list[Sample]:
    """The samples of a batch; `ids` are the names of its rows, where they have some."""
    rows = batch["input_ids"]
    names = list(ids) if ids is not None else [f"row {number}" for number in range(len(rows))]
    frames = _frames_per_row(batch, len(rows))
    side = _pixels_per_frame(batch)
    labels = batch.get("labels")
    masks = batch.get("attention_mask")
    samples = []
    for number, (name, count) in enumerate(zip(names, frames, strict=True)):
        visual = _count(rows[number], settings.frame_token_id)
        length = len(rows[number]) if masks is None or _is_block(masks) else _count(masks[number], 1)
        learned = 0 if labels is None else len(labels[number]) - _count(labels[number], -100)
        if visual != count * settings.tokens_per_frame:
            raise ValueError(
                f"{MISMATCH} in {name}: {visual} placeholders for {count} frames of {settings.tokens_per_frame}."
            )
        samples.append(Sample(name, count, visual, length - visual, count * side, learned))
    return samples


def _frames_per_row(batch: Mapping[str, Any], rows: int) -> list[int]:
    counts = batch.get("frames_per_row")
    if counts is not None:
        return [int(count) for count in counts]
    frames = batch.get("pixel_values")
    frames = batch.get("frame_features") if frames is None else frames
    if frames is not None and rows > 1:
        raise ValueError("The batch has frames and no `frames_per_row`, which says whose they are.")
    return [0 if frames is None else len(frames)] * rows


def _pixels_per_frame(batch: Mapping[str, Any]) -> int:
    pixels = batch.get("pixel_values")
    return 0 if pixels is None else int(pixels.shape[-1] * pixels.shape[-2])


def _count(row: Any, value: int) -> int:
    return int((row == value).sum()) if hasattr(row, "shape") else list(row).count(value)


def _is_block(masks: Any) -> bool:
    """Whether a mask is one of blocks, as rows that share a movie have, and so says nothing of padding."""
    return getattr(masks, "ndim", 2) > 2
