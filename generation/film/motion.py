"""Camera moves: what a keyframe's picture looks like while the camera pushes in, pulls out or pans over it.

    move = camera_move(keyframe, seed)
    for picture in moving(image, move, frames=96):
        ...

Shot and seed choose the move, the length of the keyframe how far it goes. The window slides by fractions of a pixel
and is resampled for every frame, so that nothing jitters; it eases in and out. A push begins with the whole picture
and a pull ends with it; a pan reaches all four edges: whatever a keyframe shows is in the film at some moment.

What is not done: figures stand still (there are no walk cycles), nothing moves by its depth, and scenes are cut hard,
since a dissolve would show one scene in the span of another.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from moviellm.generation.protocols import derive_seed
from moviellm.generation.schema import Keyframe, Shot

MOTION_VERSION = 1
"""Bumped when the same keyframe would be moved over otherwise."""

FRAME_RATES = (12, 24)
"""Frames a second that a film with motion can have."""

MOVES: dict[Shot, tuple[str, ...]] = {
    "wide": ("pan", "pan", "pull", "push"),
    "medium": ("push", "push", "pull", "pan"),
    "close": ("push", "push", "pull"),
    "two_shot": ("push", "pan"),
    "over_shoulder": ("push", "push", "pull"),
    "insert": ("push", "pull"),
}
"""What a camera does in a shot; what stands twice is twice as likely."""

SPEED_PER_S = 0.016
"""How much of the picture a move leaves out at most, for every second that it has."""
REACH_MAX = 0.07
"""How much of the picture any move leaves out at most: further in, the pixels show."""


@dataclass(frozen=True)
class Window:
    """The part of a picture that fills the frame, in fractions of its width and height."""

    left: float
    top: float
    size: float
    """Of the width and of the height; 1 is the whole picture."""


@dataclass(frozen=True)
class Move:
    """A camera move, from the first frame of a keyframe to its last."""

    start: Window
    end: Window

    def at(self, progress: float) -> Window:
        """The window at a moment from 0 to 1; it sets out and arrives softly."""
        eased = progress * progress * (3 - 2 * progress)
        left, top, size = (
            getattr(self.start, name) * (1 - eased) + getattr(self.end, name) * eased
            for name in ("left", "top", "size")
        )
        return Window(left, top, size)


def camera_move(keyframe: Keyframe, movie_seed: int) -> Move:
    """The move over a keyframe. Twins, which have one seed, are filmed alike as long as they are painted alike."""
    rng = random.Random(derive_seed(movie_seed, "camera", keyframe.index))
    kind = rng.choice(MOVES[keyframe.shot or "wide"])
    reach = min(REACH_MAX, SPEED_PER_S * (keyframe.span.end_s - keyframe.span.start_s))
    whole, near = Window(0.0, 0.0, 1.0), 1 - reach
    if kind == "pan":
        corners = Window(0.0, 0.0, near), Window(reach, reach, near)
        if rng.random() < 0.5:
            corners = Window(0.0, reach, near), Window(reach, 0.0, near)
        return Move(*(corners if rng.random() < 0.5 else corners[::-1]))
    x, y = _point_of_interest(keyframe, rng)
    close = Window(x * reach, y * reach, near)
    return Move(whole, close) if kind == "push" else Move(close, whole)


def _point_of_interest(keyframe: Keyframe, rng: random.Random) -> tuple[float, float]:
    """The point that a push leaves where it is: on the one who acts, or on what lies in their place."""
    acting = [figure.character_id for figure in keyframe.figures[:1]]
    seen = [item for item in keyframe.visible or () if not acting or item.entity_id in acting]
    if not seen:
        return rng.uniform(0.35, 0.65), rng.uniform(0.35, 0.65)
    return seen[0].x + seen[0].width / 2, seen[0].y + seen[0].height / 2


def moving(image: Image.Image, move: Move, frames: int) -> Iterator[Image.Image]:
    """The picture as the camera sees it in each of its frames, at the size it has."""
    width, height = image.size
    for i in range(frames):
        window = move.at(i / (frames - 1) if frames > 1 else 0.5)
        left, top = window.left * width, window.top * height
        # Rounding must not push the box over the edge of the picture.
        box = (left, top, min(width, left + window.size * width), min(height, top + window.size * height))
        yield image.resize(image.size, Image.Resampling.BICUBIC, box=box)
