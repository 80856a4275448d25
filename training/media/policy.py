"""Which frames of a film are taken, by number or by rate, from where to where, how large; hashed into records.

    FramePolicy(n=64)                       # 64 frames, evenly spread
    FramePolicy(fps=1.0, cap=512)           # one a second; of a longer film 512 of these, evenly spread
    FramePolicy(start_s=60.0, end_s=120.0)  # a stretch; its times count from 0
    FramePolicy(n=64, pixels=100_352)       # larger frames are made smaller, their shape kept

Without `n` and `fps`, all pictures of a dataset's movie, a folder or a list are taken, and one a second of a film
file. The choice never looks at pictures or questions. It decodes nothing.
"""

import hashlib
import json
import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass

VERSION = 1
"""Bumped when the same policy would choose other frames."""
FILE_FPS = 1.0
"""Frames a second of a film file where the policy names neither number nor rate."""


@dataclass(frozen=True)
class FramePolicy:
    """Which frames of a film are taken."""

    n: int | None = None
    """How many, evenly spread; fewer where the film has fewer."""
    fps: float | None = None
    """How many a second."""
    cap: int | None = None
    """Most frames; of more, so many are taken, evenly spread."""
    start_s: float = 0.0
    """Where the stretch begins; its times count from here."""
    end_s: float | None = None
    """Where it ends; None: with the film."""
    pixels: int | None = None
    """Most pixels of a frame, its width times its height; larger ones are made smaller in the same shape."""

    def __post_init__(self) -> None:
        if self.n is not None and self.fps is not None:
            raise ValueError(f"frames are chosen by number ({self.n}) or by rate ({self.fps} a second): give one")
        for name, least in (("n", self.n), ("cap", self.cap)):
            if least is not None and least < 1:
                raise ValueError(f"`{name}` is {least}: a film shows at least 1 frame")
        if self.pixels is not None and self.pixels < 1:
            raise ValueError(f"`pixels` is {self.pixels}: a frame has at least 1 pixel")
        if self.fps is not None and not (math.isfinite(self.fps) and 0 < self.fps <= 1000):
            raise ValueError(f"`fps` is {self.fps}: allowed is more than 0, up to 1000 frames a second")
        if not (math.isfinite(self.start_s) and self.start_s >= 0):
            raise ValueError(f"`start_s` is {self.start_s}: films begin at 0 s")
        if self.end_s is not None and not self.end_s > self.start_s:
            raise ValueError(
                f"the stretch from {self.start_s} s to {self.end_s} s is empty: it must end after it begins"
            )

    @property
    def key(self) -> str:
        """Hash of what is chosen and how; two policies of one key choose the same frames."""
        chosen = asdict(self)
        if self.pixels is None:
            del chosen["pixels"]  # hashes from before there was a bound stay what they are
        text = json.dumps({"version": VERSION, **chosen}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def asked(self) -> dict[str, float]:
        """What was asked for, without what was left as it is."""
        return {name: value for name, value in asdict(self).items() if value}

    def end_of(self, duration_s: float, name: str = "the film") -> float:
        """Where the stretch ends in a film of this length.

        Raises:
            ValueError: the film is over before the stretch begins.
        """
        if self.start_s and self.start_s >= duration_s:
            raise ValueError(f"{name} is {duration_s:.1f} s long and ends before the stretch begins: {self.start_s} s")
        return duration_s if self.end_s is None else min(self.end_s, duration_s)


def moments(
    policy: FramePolicy, duration_s: float, pictures: int | None = None, name: str = "the film"
) -> list[float]:
    """Moments at which a film is looked at, seconds from its own start; `pictures`: how many it has, if known."""
    end_s = policy.end_of(duration_s, name)
    length_s = end_s - policy.start_s
    if policy.n is not None:
        count = policy.n if pictures is None else max(1, min(policy.n, pictures))
        count = count if policy.cap is None else min(count, policy.cap)
        return [policy.start_s + (number + 0.5) * length_s / count for number in range(count)]
    fps = policy.fps or FILE_FPS
    count = max(1, math.ceil(length_s * fps - 1e-9))
    return [policy.start_s + number / fps for number in spread(range(count), policy.cap)]


def choose(policy: FramePolicy, times_s: Sequence[float], duration_s: float, name: str = "the film") -> list[int]:
    """Numbers of the pictures that are taken of a list, each shown from its time to the next one's."""
    end_s = policy.end_of(duration_s, name)
    first = max(bisect_right(times_s, policy.start_s) - 1, 0)
    inside = [number for number in range(first, len(times_s)) if times_s[number] < end_s or number == first]
    if policy.n is not None:
        inside = spread(inside, policy.n)
    elif policy.fps is not None:
        looked = moments(FramePolicy(fps=policy.fps, start_s=policy.start_s, end_s=policy.end_s), duration_s)
        inside = sorted({max(bisect_right(times_s, moment) - 1, first) for moment in looked})
    return spread(inside, policy.cap)


def spread(numbers: Sequence[int], most: int | None) -> list[int]:
    """At most so many of them, evenly spread, the first and the last among them."""
    count = len(numbers)
    if most is None or count <= most:
        return list(numbers)
    if most == 1:
        return [numbers[count // 2]]
    return [numbers[round(number * (count - 1) / (most - 1))] for number in range(most)]


def relative(policy: FramePolicy, times_s: Sequence[float]) -> list[float]:
    """Times as the stretch counts them: from where it begins."""
    return [round(max(0.0, time_s - policy.start_s), 6) for time_s in times_s]
