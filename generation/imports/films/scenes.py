"""Scenes and chapters of a film that says little of itself: by colour, and by its own chapter marks.

    scenes = Scenes()
    opens = scenes.opens(stretch)                      # whether a scene begins with it
    chapters = chapter_starts(marks, starts_s)         # [(index of the first stretch, title), ...]

A scene begins where a picture is unlike everything seen in the seconds before it: shots of one scene come back to the
same colours, as when two people talk and the camera goes to and fro. This is a rule of thumb. On films of the offline
studio it finds about eight scenes of ten, and about eight of ten found are scenes (benchmarks/results/film_import.md);
nobody has measured it on films of cinemas. `--scenes whole` makes one scene of every chapter instead.
"""

import re
from collections import deque
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from moviellm.generation.imports.films.pictures import Rgb
from moviellm.generation.imports.films.shots import Stretch

SCENE_S_MIN = 8.0
"""Shortest scene."""
LOOK_BACK_S = 12.0
"""How long a picture is remembered: about three shots."""
ALIKE = 0.6
"""Share of the colours that two pictures of one scene have in common, at least."""
LEVELS = (8, 4, 4)
"""Hue, saturation and brightness are told apart in so many steps."""
SEEN_PX = (64, 36)
_PLAIN_TITLE = re.compile(r"(?:chapter|kapitel|chapitre|cap[ií]tulo|part|teil)?\W*\d*\W*", re.IGNORECASE)

Colours = npt.NDArray[np.float64]


def colours(rgb: Rgb) -> Colours:
    """Shares of the picture in each class of colour; they add up to 1."""
    seen = np.asarray(Image.fromarray(rgb).resize(SEEN_PX, Image.Resampling.BOX).convert("HSV"), dtype=np.int64)
    classes = np.zeros(seen.shape[:2], dtype=np.int64)
    for channel, levels in enumerate(LEVELS):
        classes = classes * levels + seen[..., channel] * levels // 256
    return np.bincount(classes.ravel(), minlength=int(np.prod(LEVELS))) / classes.size


def alike(one: Colours, other: Colours) -> float:
    """Share of the colours that two pictures have in common, 0 to 1."""
    return float(np.minimum(one, other).sum())


class Scenes:
    """Where scenes begin, told stretch by stretch."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, Colours]] = deque()
        self._picture: Rgb | None = None
        self._colours: Colours | None = None
        self._start_s = 0.0

    def opens(self, stretch: Stretch) -> bool:
        """Whether a scene begins with this stretch, the next of the film."""
        first = self._picture is None
        if self._colours is None or stretch.picture is not self._picture:
            self._picture, self._colours = stretch.picture, colours(stretch.picture)
        while self._seen and self._seen[0][0] <= stretch.start_s - LOOK_BACK_S:
            self._seen.popleft()
        new = first or (
            stretch.start_s - self._start_s >= SCENE_S_MIN
            and all(alike(self._colours, before) < ALIKE for _, before in self._seen)
        )
        self._seen.append((stretch.end_s, self._colours))
        if new:
            self._start_s = stretch.start_s
        return new


def chapter_starts(marks: Sequence[tuple[float, str]], starts_s: Sequence[float]) -> list[tuple[int, str]]:
    """Chapters as the index of their first stretch and their title; the first begins with the film.

    Args:
        marks: Start and title of the chapters that the film lists, in order.
        starts_s: Starts of its stretches. A chapter begins with the stretch whose start is nearest to its mark.
    """
    found: dict[int, str] = {}
    for start_s, title in marks:
        after = int(np.searchsorted(starts_s, start_s))
        near = [index for index in (after - 1, after) if 0 <= index < len(starts_s)]
        index = min(near, key=lambda one: abs(starts_s[one] - start_s))
        if start_s <= starts_s[-1] + LOOK_BACK_S or index not in found:
            found.setdefault(index, "" if _PLAIN_TITLE.fullmatch(title) else title)
    found.setdefault(0, "")
    return sorted(found.items())
