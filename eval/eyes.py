"""Models that look at the pictures of a dataset, each loaded once, with what they saw kept on disk.

    eyes = Eyes(open_model("openai/clip-vit-large-patch14", None), cache)
    eyes.pictures(movie.pictures)                   # features of whole pictures, one a row, of length 1
    eyes.crops([(picture, box)])                    # of people in them
    eyes.texts(["a sailor at the rail"])            # where the model reads

It measures nothing: see keyframes.py.
"""

import hashlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from moviellm.eval.alike import Floats
from moviellm.eval.feature_store import FeatureStore
from moviellm.eval.perceptual import Judge
from moviellm.eval.pictures import Box, Picture
from moviellm.eval.style_descriptor import open_csd
from moviellm.generation.pictures.scorers import Scorer, decoded, open_scorer


class Seer(Protocol):
    """Makes features of pictures."""

    model_id: str
    revision: str

    def see(self, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float32]:
        """Features, one a row, of length 1."""
        ...


def open_model(model: str, revision: str | None, *, device: str | None = None) -> Seer:
    """A vision model from the Hub or a folder, or a `.safetensors` file of CSD.

    Raises:
        ValueError: there is none, or it cannot be loaded.
    """
    if not model.endswith(".safetensors"):
        return open_scorer(model, revision, device=device)
    if not Path(model).is_file():
        raise ValueError(f"no file {model}; give a checkpoint of CSD, or the id of a vision model")
    return open_csd(Path(model), device=device)


class Eyes(AbstractContextManager["Eyes"]):
    """A model with its store; see the module."""

    def __init__(self, seer: Seer, cache: Path) -> None:
        self.seer = seer
        self.model_id = seer.model_id
        self.revision = seer.revision
        self._store = FeatureStore(cache, f"{seer.model_id}@{seer.revision}")

    def __exit__(self, *_: object) -> None:
        self._store.__exit__()

    def pictures(self, pictures: Sequence[Picture]) -> Floats:
        """Features of whole pictures."""
        items = {f"image {one.sha256}": lambda one=one: decoded(one.image) for one in pictures}
        found = self._store.features(items, self.seer.see)
        return np.array([found[f"image {one.sha256}"] for one in pictures], np.float64)

    def crops(self, crops: Sequence[tuple[Picture, Box]]) -> Floats:
        """Features of people in pictures."""
        keys = [f"crop {one.sha256} {box.x} {box.y} {box.width} {box.height}" for one, box in crops]
        items = {
            key: lambda one=one, box=box: _cropped(decoded(one.image), box)
            for key, (one, box) in zip(keys, crops, strict=True)
        }
        found = self._store.features(items, self.seer.see)
        return np.array([found[key] for key in keys], np.float64)

    def texts(self, texts: Sequence[str]) -> Floats:
        """Features of texts.

        Raises:
            ValueError: the model does not read.
        """
        keys = ["text " + hashlib.sha256(text.encode()).hexdigest() for text in texts]
        items = {key: lambda text=text: text for key, text in zip(keys, texts, strict=True)}
        found = self._store.features(items, self.reader.read)
        return np.array([found[key] for key in keys], np.float64)

    @property
    def reader(self) -> Scorer:
        """The model, where it reads."""
        if not isinstance(self.seer, Scorer):
            raise ValueError(f"{self.model_id} sees and does not read; name a model of the CLIP or SigLIP kind")
        return self.seer


class Neighbours(AbstractContextManager["Neighbours"]):
    """A judge of neighbouring pictures with its store."""

    def __init__(self, judge: Judge, cache: Path) -> None:
        self.judge = judge
        self._store = FeatureStore(cache, f"{judge.measure} {judge.model_id}@{judge.revision}")

    def __exit__(self, *_: object) -> None:
        self._store.__exit__()

    def distances(self, pictures: Sequence[Picture]) -> Floats:
        """The distance of each picture to the next one."""
        pairs = list(zip(pictures, pictures[1:], strict=False))
        keys = [f"pair {one.sha256} {other.sha256}" for one, other in pairs]
        items = {key: lambda pair=pair: pair for key, pair in zip(keys, pairs, strict=True)}
        found = self._store.features(items, self._judge)
        return np.array([found[key][0] for key in keys], np.float64)

    def _judge(self, pairs: Sequence[tuple[Picture, Picture]]) -> npt.NDArray[np.float32]:
        """Distances of pairs; what follows each other is looked at once."""
        runs: list[list[Picture]] = []
        for one, other in pairs:
            if runs and runs[-1][-1] is one:
                runs[-1].append(other)
            else:
                runs.append([one, other])
        found = [self.judge.neighbours([decoded(one.image) for one in run]) for run in runs]
        return np.concatenate(found)[:, None]


def _cropped(picture: Image.Image, box: Box) -> Image.Image:
    left, top = round(box.x * picture.width), round(box.y * picture.height)
    right = max(left + 1, round((box.x + box.width) * picture.width))
    bottom = max(top + 1, round((box.y + box.height) * picture.height))
    return picture.crop((left, top, right, bottom))
