"""A tiny tower on the disk, a dataset of tiny movies, and a count of what the tower sees."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from moviellm.training.features.making import Made, make_cache
from moviellm.training.features.towers import FeatureTower, open_tower
from moviellm.training.media import FramePolicy
from moviellm.training.media.reading import open_movies
from moviellm.training.model.towers import Tower
from tests.training.model.tiny import vision_config

torch.set_num_threads(1)
ALL = FramePolicy()


def save_tower(folder: Path, kind: str = "clip", seed: int = 0) -> str:
    """A tower as transformers saves it."""
    from transformers import AutoModel

    torch.manual_seed(seed)
    AutoModel.from_config(vision_config(kind)).save_pretrained(folder)
    return str(folder)


def make(tower: FeatureTower, dataset: Path | str, out: Path, policy: FramePolicy = ALL, batch: int = 3) -> Made:
    """The features of a dataset."""
    movies = open_movies(str(dataset))
    films = [(s, movies.film(name, policy)) for s in movies.source.manifest.splits for name in movies.ids(s)]
    return make_cache(tower, films, out, source=movies.source, batch=batch)


@contextmanager
def counted() -> Iterator[list[int]]:
    """Frames of every call of a tower."""
    calls: list[int] = []
    forward = Tower.forward

    def spied(self: Tower, pixel_values: Any) -> Any:
        calls.append(len(pixel_values))
        return forward(self, pixel_values)

    Tower.forward = spied  # type: ignore[method-assign]
    try:
        yield calls
    finally:
        Tower.forward = forward  # type: ignore[method-assign]


__all__ = ["ALL", "counted", "make", "open_tower", "save_tower"]
