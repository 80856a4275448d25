"""Frames as a stock model's own video processor gives them, without torchvision: resized, cropped, normalised, cut.

    frames = prepared(pictures, 3, rules, "qwen3_vl")   # (F, 3, height, width) float32
    patches, grid = patched(frames, rules)              # (F' x h x w, numbers a patch), (F', h, w)

Bit for bit what transformers 5.23 with torchvision 0.28 gives on a CPU (tests/training/stock/test_native.py). A film
is resized frame by frame, so its pictures at full size are never all in memory.
"""

import math
from collections.abc import Iterable

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from moviellm.training.stock.settings import BICUBIC, BILINEAR, LANCZOS, FrameRules

MODES = {LANCZOS: "lanczos", BILINEAR: "bilinear", BICUBIC: "bicubic"}
STILL = 0.1
"""Mean difference of a patch, in 255ths, below which VideoLLaMA3 leaves it out."""
LONGEST_PX = 4096
"""SmolVLM makes no frame longer than this."""


def bytes_of(picture: Image.Image) -> torch.Tensor:
    """An RGB picture as (3, height, width) bytes."""
    return torch.from_numpy(np.asarray(picture, dtype=np.uint8).copy()).permute(2, 0, 1).contiguous()


def prepared(pictures: Iterable[Image.Image], count: int, rules: FrameRules, family: str) -> torch.Tensor:
    """All frames of a film, `count` of them, in the size that its first one asks for."""
    made: torch.Tensor | None = None
    target: tuple[int, int] | None = None
    for number, picture in enumerate(pictures):
        frame = bytes_of(picture)
        if target is None:
            target = target_of(family, (frame.shape[1], frame.shape[2]), count, rules)
        frame = _normalised(_cropped(_resized(frame, target, rules), rules), rules)
        if made is None:
            made = torch.empty((count, *frame.shape))
        if frame.shape != made.shape[1:]:
            raise ValueError(
                f"frame {number} is {frame.shape[2]} x {frame.shape[1]} px and those before it "
                f"{made.shape[3]} x {made.shape[2]}: this processor resizes nothing, so all must be of one size"
            )
        made[number] = frame
    assert made is not None
    return made


def target_of(family: str, shape: tuple[int, int], count: int, rules: FrameRules) -> tuple[int, int]:
    """Height and width that frames of a shape are resized to."""
    height, width = shape
    size = rules.size
    if family in {"qwen2_5_vl", "qwen3_vl", "video_llama_3"}:
        return _by_pixels(family, height, width, count, rules)
    if "height" in size:
        return size["height"], size["width"]
    if family == "smolvlm":
        return _by_longest(height, width, size["longest_edge"])
    edge = size["shortest_edge"]
    long = int(edge * max(height, width) / min(height, width))
    return (edge, long) if height <= width else (long, edge)


def _by_pixels(family: str, height: int, width: int, count: int, rules: FrameRules) -> tuple[int, int]:
    """Multiples of a patch with about the frame's shape, and a number of pixels between two bounds.

    Qwen3-VL counts the pixels of all frames, the others those of one; VideoLLaMA3 has its upper bound for all.
    """
    factor = rules.patch * rules.merge
    least, most = rules.size["shortest_edge"], rules.size["longest_edge"]
    frames = 1
    if family == "qwen3_vl":
        count = max(count, rules.frames_a_patch)
        if rules.capped:
            share = min(rules.most_tokens * factor * factor, most // count)
            most = max(share, int(least * 1.05)) * count
        if height < factor or width < factor:
            scale = max(factor / height, factor / width)
            height, width = int(height * scale), int(width * scale)
        frames = count
    elif family == "video_llama_3":
        most = max(most // count, 1)
    elif rules.capped:
        total = int(rules.most_tokens * factor * factor * 0.9)
        most = max(min(most, total * rules.frames_a_patch // count), int(least * 1.05))
    if max(height, width) / min(height, width) > 200:
        raise ValueError(f"a frame of {width} x {height} px: one side may be 200 times as long as the other at most")
    high, wide = round(height / factor) * factor, round(width / factor) * factor
    counted = round(frames / rules.frames_a_patch) * rules.frames_a_patch if frames > 1 else 1
    if counted * high * wide > most:
        shrink = math.sqrt((frames * height * width) / most)
        high = max(factor, math.floor(height / shrink / factor) * factor)
        wide = max(factor, math.floor(width / shrink / factor) * factor)
    elif counted * high * wide < least:
        grow = math.sqrt(least / (frames * height * width))
        high, wide = math.ceil(height * grow / factor) * factor, math.ceil(width * grow / factor) * factor
    return high, wide


def _by_longest(height: int, width: int, longest: int) -> tuple[int, int]:
    longest = min(longest, LONGEST_PX)
    ratio = width / height
    if width >= height:
        short = int(longest / ratio)
        return max(short + short % 2, 1), longest
    short = int(longest * ratio)
    return longest, max(short + short % 2, 1)


def _resized(frame: torch.Tensor, target: tuple[int, int], rules: FrameRules) -> torch.Tensor:
    if not rules.resized:
        return frame
    steps = [target] if rules.square_px is None else [target, (rules.square_px, rules.square_px)]
    for size in steps:
        if tuple(frame.shape[1:]) != size:
            mode = MODES[rules.resample]
            frame = functional.interpolate(frame[None], size=size, mode=mode, align_corners=False, antialias=True)[0]
    return frame


def _cropped(frame: torch.Tensor, rules: FrameRules) -> torch.Tensor:
    """The middle; a frame that is smaller gets black borders."""
    if rules.crop is None:
        return frame
    (high, wide), (height, width) = rules.crop, frame.shape[1:]
    left, top = max(wide - width, 0), max(high - height, 0)
    if left or top:
        frame = functional.pad(frame, (left // 2, (left + 1) // 2, top // 2, (top + 1) // 2))
        height, width = frame.shape[1:]
        if (height, width) == (high, wide):
            return frame
    top, left = int((height - high) / 2.0), int((width - wide) / 2.0)
    return frame[:, top : top + high, left : left + wide]


def _normalised(frame: torch.Tensor, rules: FrameRules) -> torch.Tensor:
    values = frame.to(torch.float32)
    if rules.mean is None or rules.std is None:
        return values if rules.scale is None else frame * rules.scale
    mean, std = torch.tensor(rules.mean), torch.tensor(rules.std)
    if rules.scale is not None:
        mean, std = mean * (1.0 / rules.scale), std * (1.0 / rules.scale)
    return (values - mean[:, None, None]) / std[:, None, None]


def patched(frames: torch.Tensor, rules: FrameRules) -> tuple[torch.Tensor, tuple[int, int, int]]:
    """Frames cut into flat patches, neighbours that are merged later side by side; and the grid of patches.

    The last frame is repeated until the number of frames fits.
    """
    missing = -len(frames) % rules.frames_a_patch
    if missing:
        frames = torch.cat([frames, frames[-1:].expand(missing, -1, -1, -1)])
    channels, height, width = frames.shape[1:]
    step, patch, merge = rules.frames_a_patch, rules.patch, rules.merge
    times, high, wide = len(frames) // step, height // patch, width // patch
    cut = frames.view(times, step, channels, high // merge, merge, patch, wide // merge, merge, patch)
    cut = cut.permute(0, 3, 6, 4, 7, 2, 1, 5, 8)
    return cut.reshape(times * high * wide, channels * step * patch * patch), (times, high, wide)


def moving(patches: torch.Tensor, grid: tuple[int, int, int], merge: int) -> torch.Tensor:
    """Which merged patches are kept, (F, tokens a frame): those that differ from the frame before, one at least."""
    times, high, wide = grid
    tokens = (high // merge) * (wide // merge)
    kept = torch.ones((times, tokens), dtype=torch.bool)
    if times > 1:
        by_frame = patches.view(times, tokens, -1)
        changed = torch.abs(by_frame[1:] - by_frame[:-1]).mean(dim=-1) * 255
        kept[1:] = changed > STILL
        kept[~kept.any(dim=1), 0] = True
    return kept
