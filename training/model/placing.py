"""Which frames belong to which row, and that there are as many placeholders as visual tokens."""

from typing import Any

import torch

FRAME_INPUTS = (
    "pixel_values",
    "frame_features",
    "frame_time_ids",
    "frames_per_row",
    "question_ids",
    "question_mask",
)
"""What a batch says about frames; a generation step after the first has none of it."""
PER_FRAME = ("pixel_values", "frame_features", "frame_time_ids")
MISMATCH = "Image features and image tokens do not match"
"""How the error begins; TRL looks for these words."""


def rows_of_frames(frames_per_row: torch.Tensor | None, frames: int, input_ids: torch.Tensor) -> torch.Tensor | None:
    """(F,): the row of each frame; None where it is not known."""
    if frames_per_row is None:
        return input_ids.new_zeros(frames) if len(input_ids) == 1 else None
    rows = torch.arange(len(frames_per_row), device=input_ids.device)
    return rows.repeat_interleave(frames_per_row.to(input_ids.device))


def check_counts(
    input_ids: torch.Tensor,
    config: Any,
    frames: torch.Tensor | None,
    frames_per_row: torch.Tensor | None,
    past_key_values: Any,
) -> None:
    """Raise where placeholders and frames do not match; ids that follow a cached prefix have no frames to match."""
    if torch.compiler.is_compiling():
        return
    if frames is None:
        if config.frame_token_id is None or _has_read(past_key_values):
            return
    elif config.frame_token_id is None:
        raise ValueError("`frame_token_id` is not set in the config: it says which id stands for a visual token.")
    found = (input_ids == config.frame_token_id).sum(1).tolist()
    total = 0 if frames is None else len(frames)
    if frames_per_row is not None:
        counts = frames_per_row.tolist()
        if len(counts) != len(found) or sum(counts) != total:
            raise ValueError(
                f"{MISMATCH}: `frames_per_row` tells of {len(counts)} rows with {sum(counts)} frames, the batch has "
                f"{len(found)} rows and {total} frames."
            )
        for row, (tokens, count) in enumerate(zip(found, counts, strict=True)):
            if tokens != count * config.tokens_per_frame:
                raise ValueError(
                    f"{MISMATCH}: row {row} has {tokens} placeholders for {count} frames of {config.tokens_per_frame} "
                    f"tokens, which is {count * config.tokens_per_frame}. Something cut or added tokens after the "
                    "processor."
                )
    elif sum(found) != total * config.tokens_per_frame:
        raise ValueError(
            f"{MISMATCH}: {sum(found)} placeholders in {len(found)} rows ({_few(found)}) for {total} frames of "
            f"{config.tokens_per_frame} tokens, which is {total * config.tokens_per_frame}."
            + (" No frames came with the batch: a column was dropped on the way." if total == 0 else "")
        )


def _has_read(past_key_values: Any) -> bool:
    """Whether a cache has tokens in it; one that cannot tell, as of a decoder without attention, is taken to have."""
    if past_key_values is None:
        return False
    try:
        return bool(past_key_values.get_seq_length() > 0)
    except ValueError:
        return True


def _few(counts: list[int]) -> str:
    return ", ".join(map(str, counts[:8])) + (", ..." if len(counts) > 8 else "")


def expand_rows(inputs: dict[str, Any], times: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Inputs of frames with every row's frames repeated behind each other, and the other inputs as they were."""
    frames = {name: inputs[name] for name in FRAME_INPUTS if inputs.get(name) is not None}
    rest = {name: value for name, value in inputs.items() if name not in frames}
    if times == 1 or not frames:
        return frames, rest
    counts = frames.get("frames_per_row")
    expanded = {}
    for name, value in frames.items():
        if name not in PER_FRAME:
            expanded[name] = value.repeat_interleave(times, dim=0)
        elif counts is None:
            expanded[name] = torch.cat([value] * times)  # one row: all frames are its own
        else:
            parts = value.split(counts.tolist())
            expanded[name] = torch.cat([part for part in parts for _ in range(times)])
    return expanded, rest
