"""What the studio knows of each picture, as classes: the lessons of the tower.

    pictures, truths = lessons(movies)           # bytes (K, 3, 64, 64), and for each head K numbers
    truths.heads                                 # {"place": ["inn", ...], "action": ["none", "hugs", ...], ...}

A picture is asked only for what it can show: no place of an object from near, nobody's cap in a wide picture, an
action only where it is seen being done. It learns nothing: see tower.py.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import torch
from PIL import Image

from moviellm.generation.schema import Event, Keyframe, Movie, Scene
from moviellm.training.remix.timeline import action_words, bare, looks_of
from moviellm.training.rows.source import Pictures

UNTOLD = -100
"""The class of what a picture does not tell."""
NEAR = ("close", "medium", "two_shot")
"""Shots that show what somebody wears."""
PLACED = ("wide", "medium", "two_shot")
"""Shots that show where it is."""


@dataclass
class Truths:
    """Classes of pictures under each head."""

    heads: dict[str, list[str]] = field(default_factory=dict)
    """Names of the classes, in the order of their numbers."""
    rows: list[dict[str, int]] = field(default_factory=list)

    def add(self, told: dict[str, str | None]) -> None:
        """One more picture; None: it does not tell."""
        row = {}
        for head, name in told.items():
            names = self.heads.setdefault(head, [])
            if name is not None and name not in names:
                names.append(name)
            row[head] = UNTOLD if name is None else names.index(name)
        self.rows.append(row)

    def tensor(self) -> torch.Tensor:
        """(K, heads)."""
        return torch.tensor([[row[head] for head in self.heads] for row in self.rows])


@dataclass(frozen=True)
class Album:
    """Pictures of movies with what is known of them."""

    ids: list[str]
    """Keyframe ids."""
    pictures: torch.Tensor
    """(K, 3, h, w), bytes."""
    truths: Truths


def album_of(movies: Iterable[tuple[Movie, Pictures]]) -> Album:
    """All keyframes of movies, decoded.

    Raises ValueError for a keyframe without a picture.
    """
    ids: list[str] = []
    decoded: list[np.ndarray] = []
    truths = Truths()
    for movie, pictures in movies:
        looks, events = looks_of(movie), {event.event_id: event for event in movie.events}
        for chapter in movie.chapters:
            for scene in chapter.scenes:
                for keyframe in scene.keyframes:
                    if keyframe.keyframe_id not in pictures:
                        raise ValueError(f"{keyframe.keyframe_id} has no picture: take a dataset that was painted")
                    picture = Image.open(io.BytesIO(pictures[keyframe.keyframe_id])).convert("RGB")
                    decoded.append(np.asarray(picture).transpose(2, 0, 1))
                    ids.append(keyframe.keyframe_id)
                    truths.add(told(keyframe, scene, events.get(keyframe.event_id or ""), looks))
    return Album(ids, torch.from_numpy(np.stack(decoded)), truths)


def told(
    keyframe: Keyframe, scene: Scene, event: Event | None, looks: dict[str, tuple[str, str]]
) -> dict[str, str | None]:
    """What one picture tells, by head; None where it does not."""
    first, second = (*keyframe.figures, None, None)[:2]
    one = event is not None or second is None
    """Whether it is clear who is meant: whoever acts, or whoever is alone."""
    done = event is not None and keyframe.caption == event.caption
    whole = keyframe.shot != "insert"
    return {
        "place": bare(scene.location or "none") if keyframe.shot in PLACED else None,
        "light": scene.time_of_day if whole else None,
        "shot": keyframe.shot,
        "action": action_words().get(event.action or "", event.action) if event is not None and done else "none",
        "actor": (looks[first.character_id][0] if first else "none") if one else None,
        "other": (looks[second.character_id][0] if second else "none") if keyframe.shot != "wide" else None,
        "wears": looks[first.character_id][1] if first and one and keyframe.shot in NEAR else None,
        "pose": (first.pose if first else "none") if one else None,
        "feels": (first.emotion if first else "none") if whole and event is not None else None,
        "holds": ((first.holding or "nothing").split()[-1] if first else "none") if one else None,
    }
