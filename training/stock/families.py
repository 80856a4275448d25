"""The seven families: what each sees of a film, and how it is told which frame stands when.

    family = FAMILIES[config.model_type]
    look = family.see(frames, times_s, rules, names)    # the tensors, and a Unit of placeholders a frame or frame pair
    family.told(film, look.units, names, clean)         # the film as text, its dialogue between the frames

| family | a unit | its time | between units |
|---|---|---|---|
| Qwen3-VL | two frames | `<1.5 seconds>`, their mean | nothing |
| VideoLLaMA3 | a frame | `Time 1.5s:` | a comma |
| SmolVLM2 | a frame | `Frame from 00:01:` | a line end |
| Qwen2.5-VL | two frames, a video of their own | `[1.5 s] ` | a line end |
| InternVL, LLaVA-NeXT-Video, LLaVA-OneVision | a frame | `[1.5 s] `, as in our rows | a line end |

The first three are the words of the models' own processors, with the film's times; the others' have no times.
Qwen2.5-VL tells times by positions, which transformers 5.23 counts one way in training and another when it generates;
a unit that is a video of its own has no such positions, and its stamp tells the time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil
from typing import Any

import torch

from moviellm.training.model.layout import FilmLike
from moviellm.training.stock.pixels import moving, patched
from moviellm.training.stock.settings import FrameRules


@dataclass(frozen=True)
class Names:
    """Tokens of a checkpoint as text, and numbers of its config that say how many placeholders a frame has."""

    placeholder: str
    """One visual token."""
    marker: str
    """What the chat template writes for a film."""
    opening: str = ""
    closing: str = ""
    """What stands around the placeholders of a unit."""
    tokens_a_frame: int = 0
    """Where every frame has the same; 0: it depends on the size."""
    frame_px: tuple[int, int] | None = None
    """Height and width that a frame must have; None: any."""


@dataclass(frozen=True)
class Unit:
    """What is told at once: a frame, or two."""

    first: int
    """Number of its first frame."""
    time_s: float
    """What its stamp says."""
    text: str
    """Its placeholders with what stands around them."""


@dataclass(frozen=True)
class Look:
    """A film as a model sees it."""

    units: list[Unit]
    tensors: dict[str, torch.Tensor]
    """What the model's forward takes; joined along the first axis they are those of several films."""


See = Callable[[torch.Tensor, Sequence[float], FrameRules, Names], Look]
Stamp = Callable[[Unit], str]


@dataclass(frozen=True)
class Family:
    """One architecture of transformers."""

    title: str
    see: See
    stamp: Stamp
    between: str
    """What stands between two units without dialogue between them."""
    line: str = "[{time_s:.1f} s] "
    """What stands before a line of dialogue."""
    spatial: bool = False
    """Whether positions count in time, height and width."""
    intro: Callable[[FilmLike], str] = field(default=lambda film: "")
    outro: str = ""

    def told(self, film: FilmLike, units: Sequence[Unit], clean: Callable[[str], str]) -> str:
        """The film as text: every line of dialogue after the last unit that begins before it, on a line of its own."""
        moments = [(float(film.times_s[unit.first]), 0, number) for number, unit in enumerate(units)]
        moments += [(float(line.start_s), 1, number) for number, line in enumerate(film.dialogue)]
        text, after = self.intro(film), ""
        for _, spoken, number in sorted(moments):
            if spoken:
                line = film.dialogue[number]
                speaker = f"{clean(line.speaker)}: " if line.speaker else ""
                started = "\n" if after == "unit" or (text and not text.endswith("\n")) else ""
                text += f"{started}{self.line.format(time_s=float(line.start_s))}{speaker}{clean(line.text)}\n"
                after = "line"
            else:
                stamp = self.stamp(units[number])
                joined = self.between if after == "unit" else ""
                text += joined + (stamp.removeprefix("\n") if after == "line" else stamp) + units[number].text
                after = "unit"
        return text + self.outro


def _pairs(grid: tuple[int, int, int], times_s: Sequence[float], rules: FrameRules) -> list[tuple[int, float]]:
    """First frame of each unit, and the mean of its first and last frame's times."""
    step, last = rules.frames_a_patch, len(times_s) - 1
    firsts = [number * step for number in range(grid[0])]
    return [(first, (times_s[first] + times_s[min(first + step - 1, last)]) / 2) for first in firsts]


def _qwen(split: bool) -> See:
    """Qwen2.5-VL and Qwen3-VL; `split`: every unit is a video of its own."""

    def see(frames: torch.Tensor, times_s: Sequence[float], rules: FrameRules, names: Names) -> Look:
        patches, grid = patched(frames, rules)
        tokens = (grid[1] // rules.merge) * (grid[2] // rules.merge)
        text = f"{names.opening}{names.placeholder * tokens}{names.closing}"
        grids = [[1, *grid[1:]]] * grid[0] if split else [list(grid)]
        tensors = {"pixel_values_videos": patches, "video_grid_thw": torch.tensor(grids)}
        return Look([Unit(first, time_s, text) for first, time_s in _pairs(grid, times_s, rules)], tensors)

    return see


def _video_llama(frames: torch.Tensor, times_s: Sequence[float], rules: FrameRules, names: Names) -> Look:
    patches, grid = patched(frames, rules)
    kept = moving(patches, grid, rules.merge)
    if not rules.drops_still_patches:
        kept = torch.ones_like(kept)
    counts = kept.sum(dim=1).tolist()
    units = [
        Unit(first, time_s, names.placeholder * count)
        for (first, time_s), count in zip(_pairs(grid, times_s, rules), counts, strict=True)
    ]
    return Look(
        units,
        {
            "pixel_values_videos": patches,
            "video_grid_thw": torch.tensor([list(grid)]),
            "video_merge_sizes": torch.tensor([rules.merge]),
            "video_compression_mask": kept.flatten(),
        },
    )


def _frame_units(count: int, times_s: Sequence[float], text: str) -> list[Unit]:
    return [Unit(number, float(times_s[number]), text) for number in range(count)]


def _smolvlm(frames: torch.Tensor, times_s: Sequence[float], rules: FrameRules, names: Names) -> Look:
    text = f"{names.opening}{names.placeholder * names.tokens_a_frame}{names.closing}"
    return Look(_frame_units(len(frames), times_s, text), {"pixel_values": frames[:, None]})


def _internvl(frames: torch.Tensor, times_s: Sequence[float], rules: FrameRules, names: Names) -> Look:
    text = f"{names.opening}{names.placeholder * names.tokens_a_frame}{names.closing}"
    return Look(_frame_units(len(frames), times_s, text), {"pixel_values": frames})


def _llava_next(frames: torch.Tensor, times_s: Sequence[float], rules: FrameRules, names: Names) -> Look:
    units = _frame_units(len(frames), times_s, names.placeholder * names.tokens_a_frame)
    return Look(units, {"pixel_values_videos": frames[:, None]})


def _onevision(frames: torch.Tensor, times_s: Sequence[float], rules: FrameRules, names: Names) -> Look:
    units = _frame_units(len(frames), times_s, names.placeholder * names.tokens_a_frame)
    last = units[-1]
    units[-1] = Unit(last.first, last.time_s, last.text + names.placeholder)  # the film's line end, one a film
    return Look(units, {"pixel_values_videos": frames[:, None], "frames_per_film": torch.tensor([len(frames)])})


def _seconds(form: str) -> Stamp:
    return lambda unit: form.format(time_s=unit.time_s)


def _minutes(unit: Unit) -> str:
    return f"\nFrame from {int(unit.time_s // 60):02d}:{int(unit.time_s % 60):02d}:"


def _smolvlm_intro(film: FilmLike) -> str:
    from num2words import num2words

    count, length_s = len(film.times_s), film.duration_s or film.times_s[-1]
    length = timedelta(seconds=int(length_s))
    return f"You are provided the following series of {num2words(count)} frames from a {length} [H:MM:SS] video.\n"


OURS = "[{time_s:.1f} s] "
FAMILIES: dict[str, Family] = {
    "qwen3_vl": Family(
        "Qwen3-VL", _qwen(split=False), _seconds("<{time_s:.1f} seconds>"), "", "<{time_s:.1f} seconds>", spatial=True
    ),
    "qwen2_5_vl": Family("Qwen2.5-VL", _qwen(split=True), _seconds(OURS), "\n", spatial=True),
    "video_llama_3": Family("VideoLLaMA3", _video_llama, _seconds("Time {time_s:.1f}s:"), ",", "Time {time_s:.1f}s:"),
    "internvl": Family("InternVL", _internvl, lambda unit: f"[{unit.time_s:.1f} s] Frame{unit.first + 1}: ", "\n"),
    "smolvlm": Family("SmolVLM2", _smolvlm, _minutes, "", intro=_smolvlm_intro, outro="\n\n"),
    "llava_next_video": Family("LLaVA-NeXT-Video", _llava_next, _seconds(OURS), "\n"),
    "llava_onevision": Family("LLaVA-OneVision", _onevision, _seconds(OURS), "\n"),
}
"""By `model_type`."""


def names_of(config: Any, tokenizer: Any) -> Names:
    """Tokens and counts of a checkpoint. The counts are the model's: as many placeholders as it makes tokens."""
    kind = config.model_type
    pictured = kind in {"smolvlm", "internvl"}
    placeholder = tokenizer.convert_ids_to_tokens(config.image_token_id if pictured else config.video_token_id)
    marker = getattr(tokenizer, "video_token", "<video>") if pictured else placeholder
    opening, closing = _around(config, tokenizer)
    if kind == "qwen2_5_vl":
        marker = opening + placeholder + closing  # each unit has its own ends
    if kind in {"qwen3_vl", "qwen2_5_vl", "video_llama_3"}:
        return Names(placeholder, marker, opening, closing)
    sides, patches = _pair(config.vision_config.image_size), _pair(config.vision_config.patch_size)
    high, wide = (side // patch for side, patch in zip(sides, patches, strict=True))
    counts: dict[str, Callable[[], int]] = {
        "smolvlm": lambda: int(high * wide / config.scale_factor**2),
        "internvl": lambda: int(high * wide * config.downsample_ratio**2),
        "llava_onevision": lambda: ceil(high / 2) * ceil(wide / 2),
        "llava_next_video": lambda: (high // config.spatial_pool_stride) * (wide // config.spatial_pool_stride),
    }
    return Names(placeholder, marker, opening, closing, counts[kind](), sides)


def _around(config: Any, tokenizer: Any) -> tuple[str, str]:
    """What stands before and behind the placeholders of a unit."""
    kind = config.model_type
    if kind in {"qwen3_vl", "qwen2_5_vl"}:
        ends = [config.vision_start_token_id, config.vision_end_token_id]
        opening, closing = map(str, tokenizer.convert_ids_to_tokens(ends))
        return opening, closing
    if kind == "smolvlm":
        around = getattr(tokenizer, "fake_image_token", "<fake_token_around_image>")
        return around + getattr(tokenizer, "global_image_token", "<global-img>"), around
    if kind == "internvl":
        return getattr(tokenizer, "start_image_token", "<img>"), getattr(tokenizer, "end_image_token", "</img>")
    return "", ""


def _pair(value: Any) -> tuple[int, int]:
    high, wide = (value, value) if isinstance(value, int) else value
    return int(high), int(wide)
