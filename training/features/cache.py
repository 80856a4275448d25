"""Features are read from disk: a movie's rows of a shard, mapped into memory; no shard is loaded, opening is instant.

    cache = FeatureCache("features")                        # or FeatureCache("org/name-features", revision="v1.0.0")
    cache.check(model, processor, FramePolicy(n=64))        # refuses a cache of another tower, level or policy
    film = cache.film("m00042")                             # or cache.film(film), read anew for its dialogue

Of a cache on the Hub only the shards of movies that are asked for are downloaded. It makes nothing: see making.py.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pydantic import ValidationError

from moviellm.generation.dataset.folder import MANIFEST, DatasetManifest, read_manifest
from moviellm.generation.on_hub import commit_of_dataset
from moviellm.generation.schema import Record, Text, canonical_json
from moviellm.training.features.settings import FeatureSettings
from moviellm.training.media.film import Film, Line
from moviellm.training.media.policy import FramePolicy

SETTINGS_FILE = "cache.json"
SHARDS = "shards"
CONFIG = "features"
"""Config of the index: one row a movie."""


class CacheRecord(Record):
    """What a cache is of."""

    settings: FeatureSettings
    dataset: Text
    """Dataset that the films are of."""
    revision: Text
    """Its tag, commit or version."""


def film_key(film: Film, settings: FeatureSettings) -> str:
    """What features of a film are kept under: its pictures, which of them are taken, and all that sees them.

    Raises:
        ValueError: nothing tells what its pictures are.
    """
    if film.content_key is None:
        raise ValueError(f"film {film.movie_id} has no content key: read it with moviellm.training.media")
    made_of = canonical_json([film.content_key, list(film.times_s), list(film.skipped), settings.key])
    return hashlib.sha256(made_of.encode()).hexdigest()[:40]


class FeatureCache:
    """The features of a dataset's films."""

    def __init__(self, place: str | Path, revision: str | None = None) -> None:
        """A folder, or an id on the Hub at a tag or commit.

        Raises:
            ValueError: there is none, it has no such revision, or it is no cache of features.
        """
        self.place = str(place)
        self._file = _opener(self.place, revision)
        self.manifest: DatasetManifest = _manifest(self._file(MANIFEST))
        if SETTINGS_FILE not in {file.path for file in self.manifest.files}:
            raise ValueError(
                f"{place} is no cache of features (no {SETTINGS_FILE}); make one with: moviellm train features"
            )
        try:
            self.record = CacheRecord.model_validate_json(self._file(SETTINGS_FILE).read_bytes())
        except ValidationError as error:
            raise ValueError(
                f"{place} was made by another version of moviellm ({error.error_count()} settings are not known): "
                "make it again"
            ) from None
        self._shards: dict[tuple[int, str], Any] = {}

    def __getstate__(self) -> dict[str, Any]:
        """What goes to another process: no open shard."""
        return {**vars(self), "_shards": {}}

    @property
    def settings(self) -> FeatureSettings:
        """What its features depend on."""
        return self.record.settings

    def ids(self, split: str | None = None) -> list[str]:
        """Ids of its movies, all or those of a split."""
        return [movie_id for movie_id, row in self._rows.items() if split in (None, row["split"])]

    def film(self, movie: str | Film) -> Film:
        """A movie with features in place of pictures: by its id, or a film that was read, with that film's dialogue.

        Raises:
            ValueError: it is not in the cache, or has other pictures now.
        """
        movie_id = movie if isinstance(movie, str) else movie.movie_id
        row = self._row(movie_id)
        if isinstance(movie, Film):
            if film_key(movie, self.settings) != row["key"]:
                raise ValueError(
                    f"{self.place} has features of other pictures of {movie_id}, or of other moments: make it "
                    "again for this revision of the dataset and these frames"
                )
            return movie.with_features(self.features(row))
        lines = tuple(Line(line["start_s"], line["text"], line["speaker"]) for line in row["dialogue"])
        return Film(
            movie_id=movie_id,
            features=self.features(row),
            times_s=row["times_s"],
            duration_s=row["duration_s"],
            dialogue=lines,
            content=row["content_key"],
            skipped=tuple(row["skipped"]),
        )

    def films(self, split: str | None = None) -> Iterator[Film]:
        """Every movie, or those of a split; features are read one movie at a time."""
        return (self.film(movie_id) for movie_id in self.ids(split))

    def features(self, row: dict[str, Any]) -> Any:
        """The features of a row of the index (F, P, D): only their pages of the shard are read."""
        key = (os.getpid(), row["shard"])
        if key not in self._shards:
            from safetensors import safe_open

            self._shards[key] = safe_open(self._file(row["shard"]), framework="numpy")
        return self._shards[key].get_tensor(row["key"])

    def check(self, model: Any, processor: Any, policy: FramePolicy | None = None) -> None:
        """Refuse to feed a model with features that it would not make itself.

        Args:
            model: A model of ours.
            processor: Its processor.
            policy: Which frames it is shown; None: those of the cache.

        Raises:
            ValueError: tower, level, preparation or frames differ; the message says in what.
        """
        from moviellm.training.features.fitting import misfits

        found = misfits(self.settings, model, processor, policy)
        if found:
            raise ValueError(
                f"the features of {self.place} are not those that this model takes: {'; '.join(found)}. Make others "
                "with: moviellm train features"
            )

    @cached_property
    def _rows(self) -> dict[str, dict[str, Any]]:
        found = {}
        for split in self.manifest.splits:
            for shard in self.manifest.shards(CONFIG, split):
                for row in pq.read_table(self._file(shard.path)).to_pylist():
                    found[row["movie_id"]] = {**row, "split": split}
        return found

    def _row(self, movie_id: str) -> dict[str, Any]:
        if movie_id not in self._rows:
            near = get_close_matches(movie_id, self._rows, 3) or list(self._rows)[:3]
            raise ValueError(
                f"{self.place} has no features of {movie_id!r}, but of {len(self._rows):,} others, near it "
                f"{', '.join(near)}"
            )
        return self._rows[movie_id]


def _opener(place: str, revision: str | None) -> Callable[[str], Path]:
    """What gives the local path of a file of the cache."""
    folder = Path(place).expanduser()
    if folder.is_dir():
        if revision is not None:
            raise ValueError(f"{place} is a folder and has no revision {revision!r}; revisions are for the Hub")
        read_manifest(folder)  # says what is wrong with it
        return partial(_local, folder)
    import moviellm_dataset

    moviellm_dataset.manifest_of(place, revision)  # says what is wrong with the place
    return partial(_downloaded, place, commit_of_dataset(place, revision))


def _local(folder: Path, path: str) -> Path:
    return folder / path


def _downloaded(place: str, commit: str, path: str) -> Path:
    from huggingface_hub import hf_hub_download

    return Path(hf_hub_download(place, path, repo_type="dataset", revision=commit))


def _manifest(path: Path) -> DatasetManifest:
    return DatasetManifest.model_validate_json(path.read_bytes())
