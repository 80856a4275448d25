"""FROZEN.json: what every item of a benchmark was when it was built, as hashes, and which one is another now.

    changed(Path("BENCH/public"))                   # ["m00012-q011: its question or options are others"]
    changed(Path("BENCH/public"), Path("BENCH/private"))

An item's hash covers the question as everybody sees it and the pictures, words and length of its movie; of dev also
the answer. Answers of test are covered by a second hash with a key that lies with the answers (HMAC): without the key
nobody can try options until one fits, and once it is told, everybody can see that no answer was changed.
"""

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from moviellm.eval.bench.withholding import SHOWN, TYPES_SHOWN
from moviellm.generation.dataset.checks.parquet import read_rows
from moviellm.generation.dataset.features import Row
from moviellm.generation.dataset.folder import read_manifest
from moviellm.generation.schema import Sha256, canonical_json

FROZEN_FILE: Final = "FROZEN.json"
FROZEN_VERSION: Final = "1.0"
LABELS: Final = ("answer", "answer_index", "evidence", "question_type", "group_id")
"""What of a question is right, and what it counts with."""


class MovieHashes(BaseModel):
    """What a movie shows and says, as hashes."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    facts: Sha256
    """Title, length, language."""
    pictures: Sha256
    """Pictures with their times."""
    said: Sha256
    """Lines with their times."""
    film: Sha256 | None = None
    """The film with its subtitles; None where there is none."""


class Frozen(BaseModel):
    """The contents of FROZEN.json."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    frozen_version: str = FROZEN_VERSION
    name: str
    version: str
    canary: str
    items: dict[str, Sha256]
    """By item of dev and test: the hash of what is asked and of its movie."""
    answers: dict[str, Sha256]
    """By item of test: the keyed hash of what is right."""
    movies: dict[str, MovieHashes]
    key: str | None = None
    """Of `answers`, in hex; only beside the answers."""

    def text(self) -> str:
        """As the file holds it."""
        return canonical_json(self.model_dump(mode="json", exclude_none=True)) + "\n"


def read_frozen(folder: Path) -> Frozen:
    """The FROZEN.json of a folder.

    Raises:
        ValueError: there is none, or it cannot be read.
    """
    path = folder / FROZEN_FILE
    try:
        return Frozen.model_validate_json(path.read_bytes())
    except OSError:
        raise ValueError(f"{folder} has no {FROZEN_FILE}; is it a benchmark made by: moviellm bench build?") from None
    except ValidationError as error:
        raise ValueError(f"{path} is damaged ({error.error_count()} errors); build the benchmark again") from None


def _hash(value: object) -> str:
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def movie_hashes(rows: Mapping[str, Iterable[Row]]) -> MovieHashes:
    """Hashes of a movie from its public rows."""
    (movie,) = rows["movies"]
    film = next(iter(rows.get("films", ())), None)
    return MovieHashes(
        facts=_hash([movie["title"], movie["duration_s"], movie["language"], movie["split"]]),
        pictures=_hash([[frame["index"], frame["span"], _picture(frame)] for frame in rows["keyframes"]]),
        said=_hash([[line["speaker"], line["text"], line["span"]] for line in rows["dialogue"]]),
        film=None
        if film is None
        else _hash([hashlib.sha256(film["video"]["bytes"]).hexdigest(), film["subtitles_srt"], film["subtitles_vtt"]]),
    )


def _picture(frame: Row) -> str | None:
    image = frame["image"]
    return None if image is None else image.get("sha256") or hashlib.sha256(image["bytes"]).hexdigest()


def item_hash(row: Row, movie: MovieHashes, *, labelled: bool) -> str:
    """The hash of an item from its public row."""
    asked = {name: row[name] for name in sorted(SHOWN["qa"])}
    if asked["question_type"] not in TYPES_SHOWN:
        asked["question_type"] = None
    right = {name: row[name] for name in LABELS} if labelled else None
    return _hash([asked, right, movie.model_dump(mode="json")])


def answer_hash(row: Row, key: bytes) -> str:
    """The keyed hash of what is right of an item."""
    right = canonical_json([row["question_id"], {name: row[name] for name in LABELS}])
    return hmac.new(key, right.encode(), hashlib.sha256).hexdigest()


def rows_of(folder: Path, config: str, split: str) -> Iterator[Row]:
    """Rows of a config and split of a dataset folder."""
    for file in read_manifest(folder).shards(config, split):
        yield from read_rows(folder / file.path)


def movies_now(folder: Path, split: str) -> dict[str, MovieHashes]:
    """Hashes of the movies of a split as they are now."""
    configs = ("movies", "keyframes", "dialogue", "films")
    found: dict[str, dict[str, list[Row]]] = {}
    for row in rows_of(folder, "movies", split):
        found[row["movie_id"]] = {"movies": [row], "keyframes": [], "dialogue": []}
    for config in configs[1:]:
        for row in rows_of(folder, config, split):
            mine = found.get(row["movie_id"])
            if mine is not None:
                if config == "keyframes" and row["image"] is not None:
                    row["image"] = {"bytes": b"", "sha256": hashlib.sha256(row["image"]["bytes"]).hexdigest()}
                mine.setdefault(config, []).append(row)
    return {movie_id: movie_hashes(rows) for movie_id, rows in found.items()}


def changed(folder: Path, private: Path | None = None) -> list[str]:
    """What of a benchmark is not what it was when it was built; nothing where all is.

    Args:
        folder: The public folder.
        private: The one with the answers; None checks none.
    """
    frozen = read_frozen(folder)
    said: list[str] = []
    seen: set[str] = set()
    for split in read_manifest(folder).splits:
        now = movies_now(folder, split)
        said += _movies_changed(frozen, now)
        for row in rows_of(folder, "qa", split):
            item, movie = row["question_id"], now.get(row["movie_id"])
            seen.add(item)
            if item not in frozen.items:
                said.append(f"{item}: it was not there when the benchmark was built")
            elif movie is None:
                said.append(f"{item}: its movie {row['movie_id']} is gone")
            else:
                as_built = frozen.movies.get(row["movie_id"], movie)
                if item_hash(row, as_built, labelled=split != "test") != frozen.items[item]:
                    said.append(
                        f"{item}: its question or options are others" + (", or its answer" * (split != "test"))
                    )
    said += [f"{item}: it is gone" for item in frozen.items if item not in seen]
    return said + ([] if private is None else answers_changed(frozen, private))


def _movies_changed(frozen: Frozen, now: Mapping[str, MovieHashes]) -> Iterator[str]:
    for movie_id, hashes in now.items():
        before = frozen.movies.get(movie_id)
        if before is not None and before != hashes:
            parts = [name for name in MovieHashes.model_fields if getattr(before, name) != getattr(hashes, name)]
            yield f"{movie_id}: its {', '.join(parts)} changed, and so did all of its items"


def answers_changed(frozen: Frozen, private: Path) -> list[str]:
    """Answers that are not those that were built."""
    theirs = read_frozen(private)
    said: list[str] = []
    if theirs.key is None:
        raise ValueError(f"{private / FROZEN_FILE} holds no key; take the folder that was built with the benchmark")
    if theirs.model_copy(update={"key": None}) != frozen:
        said.append(f"{private / FROZEN_FILE}: it is of another benchmark, or another version")
    seen: set[str] = set()
    for row in rows_of(private, "qa", "test"):
        seen.add(row["question_id"])
        if answer_hash(row, bytes.fromhex(theirs.key)) != frozen.answers.get(row["question_id"]):
            said.append(f"{row['question_id']}: its answer is another")
    return said + [f"{item}: its answer is gone" for item in frozen.answers if item not in seen]
