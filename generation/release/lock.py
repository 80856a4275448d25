"""The lock of a release: what it is to the byte.

    lock = read_lock("release-1.0")                 # a packaged lock, or the path of NAME.lock.json
    text = lock_text(lock)

A release is made in *parts*: so many movies, a table of the run each. The lock holds two hashes of every part, of its
texts and of its pictures, and a short fingerprint of every movie, which names what differs. Texts are the same
everywhere. The bytes of a picture follow from the rasteriser, the encoder and NumPy, the bytes of a Parquet file from
pyarrow: the lock says which versions made them, and where another one is installed a difference proves nothing.

It hashes and compares nothing (checks.py), and makes nothing (reproducing.py).
"""

from collections.abc import Iterable
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from moviellm.generation.config.recipe import Recipe, packaged_recipes, recipe_from
from moviellm.generation.dataset.folder import DatasetManifest
from moviellm.generation.schema import Sha256, Text, canonical_json

LOCK_SUFFIX: Final = ".lock.json"
PIXELS_FOLLOW: Final = ("thorvg-python", "pillow", "numpy")
"""Packages whose version may change the bytes of a picture."""
FILES_FOLLOW: Final = (*PIXELS_FOLLOW, "pyarrow")
"""Packages whose version may change the bytes of a Parquet file."""


class Part(BaseModel):
    """So many movies of a release, in the order of their numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    text_sha256: Sha256
    """Hash of everything that is text."""
    pixels_sha256: Sha256
    """Hash of the pictures' hashes."""
    keyframes: int
    """Pictures in it."""
    movies: tuple[str, ...]
    """Fingerprints of each movie, one group after the other; empty where a movie failed and is not there."""


class DatasetLock(BaseModel):
    """The dataset folder of a release."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    manifest: DatasetManifest
    """Its manifest: name, version, rows by config and split, and every file with its hash."""
    rows_sha256: dict[Text, Sha256]
    """Parquet file -> hash of its rows without pictures, whatever wrote the file."""
    movies: tuple[str, ...]
    """Fingerprint of each movie's rows in all configs: split and gates are in them, which follow from all movies."""


class ReleaseLock(BaseModel):
    """The contents of NAME.lock.json."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: Text
    """Name of the recipe."""
    recipe: dict[str, Any]
    """The whole recipe but for how the work is done: every default as it was."""
    created_at: Text
    """Start of the run that was locked; it stands in the provenance of every movie."""
    code_version: Text
    """Version of moviellm that made it."""
    code_revision: Text
    """Commit of it; with `+` when files differed from it, empty outside a checkout."""
    schema_version: Text
    """Version of the data model."""
    versions: dict[Text, Text]
    """Packages that bytes follow from, with their versions."""
    seconds: float | None = None
    """Time that making and building took; None when it was not done in one go."""
    cores: int = 1
    """Processor cores it was done on."""
    movies_per_part: int = Field(ge=1)
    """Movies of a part."""
    parts: tuple[Part, ...]
    """All parts, in order."""
    dataset: DatasetLock
    """What the dataset is."""

    @property
    def movie_count(self) -> int:
        """Movies ordered."""
        return sum(len(part.movies) for part in self.parts)

    def recipe_of(self, movies: int) -> Recipe:
        """The recipe of its first movies."""
        return recipe_from(self.recipe | {"movies": movies}, source=f"lock of {self.name}")

    def other_versions(self, packages: Iterable[str]) -> list[str]:
        """Which of these packages are here in another version, each said in words."""
        here = versions_here()
        return [
            f"{name} {here[name]} instead of {self.versions[name]}"
            for name in packages
            if here[name] != self.versions[name]
        ]


def versions_here() -> dict[str, str]:
    """The installed versions of what bytes follow from."""
    return {name: version(name) for name in FILES_FOLLOW}


def read_lock(name_or_path: str) -> ReleaseLock:
    """A lock by the name of its packaged recipe, or by its path.

    Raises:
        ValueError: there is none, or it is damaged.
    """
    packaged = files("moviellm.generation.recipes") / f"{name_or_path}{LOCK_SUFFIX}"
    path = Path(name_or_path)
    if name_or_path.endswith(".json"):
        if not path.is_file():
            raise ValueError(f"no lock {name_or_path}; it is a file that `moviellm dataset lock` writes")
        data = path.read_bytes()
    elif packaged.is_file():
        data = packaged.read_bytes()
    else:
        raise ValueError(_no_lock(name_or_path))
    try:
        return ReleaseLock.model_validate_json(data)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise ValueError(f"{name_or_path} is no lock of this version: {place}: {fault['msg']}") from None


def _no_lock(name: str) -> str:
    known = [
        one for one in packaged_recipes() if (files("moviellm.generation.recipes") / (one + LOCK_SUFFIX)).is_file()
    ]
    there = f"there is a lock of {', '.join(known)}" if known else "this installation has no lock"
    if name in packaged_recipes():
        return f"recipe {name} is no release, it has no lock; {there}; to make one: moviellm dataset lock {name}"
    return f"no release {name!r}; {there}; a lock of your own is a path that ends in {LOCK_SUFFIX}"


def lock_text(lock: ReleaseLock) -> str:
    """What is written: sorted keys, a line for every part."""
    data = lock.model_dump(mode="json")
    parts = ",\n".join(canonical_json(part) for part in data.pop("parts"))
    return canonical_json(data).removesuffix("}") + f',"parts":[\n{parts}\n]}}\n'
