"""The movies of a run become Parquet shards: every row of every config, and what is measured on the way.

    written = write_movies(run, building, splits, gates, strict, shelf, advance)
    written.shards["qa", "train"][0].path               # qa/train-00000-of-00001.parquet

One movie at a time, so that memory does not grow with their number. Portraits and learned styles lie below folders
named by the first letters of their hashes, so that no folder reaches the Hub's limit of entries. It assigns no splits
and writes no card: see export.py.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from moviellm.generation.dataset.asked_gates import Strict
from moviellm.generation.dataset.facts import SAMPLE_IMAGES, SAMPLE_QUESTIONS, Measures, Sample
from moviellm.generation.dataset.features import (
    CONFIGS,
    FEATURES,
    arrow_schema,
    film_row,
    has_video,
    keyframe_rows,
    text_rows,
)
from moviellm.generation.dataset.films import FilmShelf
from moviellm.generation.dataset.folder import ManifestFile, describe_file
from moviellm.generation.dataset.parquet_files import (
    FILM_ROWS_PER_GROUP,
    IMAGE_ROWS_PER_GROUP,
    TEXT_ROWS_PER_GROUP,
    Shard,
    ShardWriter,
)
from moviellm.generation.files import write_whole
from moviellm.generation.gating.measured import Gates
from moviellm.generation.protocols import MovieReader
from moviellm.generation.schema import SPLITS, Keyframe, Movie, QAPair, Split

SHELF_LETTERS = 2
"""Letters of a file's name that name its folder below `portraits/` and `styles/`: 256 folders for names by hash."""


@dataclass
class Written:
    """What the second reading of the run collects."""

    measures: Measures = field(default_factory=Measures)
    shards: dict[tuple[str, Split], list[Shard]] = field(default_factory=dict)
    images: list[tuple[str, str, bytes]] = field(default_factory=list)
    movie: Movie | None = None
    """The movie that is shown on the card."""
    named: set[str] = field(default_factory=set)
    """Paths of the portraits and learned styles written."""

    def describe(self, folder: Path) -> list[ManifestFile]:
        """Size, hash and rows of every shard."""
        return [
            describe_file(folder, folder / shard.path, shard.rows)
            for shards in self.shards.values()
            for shard in shards
        ]

    def sample(self) -> Sample:
        """The movie that is shown on the card."""
        movie = self.movie
        assert movie is not None and movie.split is not None
        return Sample(
            movie_id=movie.movie_id,
            split=movie.split,
            title=movie.title,
            theme=movie.theme or "",
            genre=movie.genre or "",
            logline=movie.logline or "",
            questions=_telling(movie.qa_pairs or ())[:SAMPLE_QUESTIONS],
            images=tuple(self.images),
        )


def write_movies(
    run: MovieReader,
    folder: Path,
    splits: Mapping[str, Split],
    gates: Gates,
    strict: Strict,
    shelf: FilmShelf | None,
    progress: Callable[[int], None],
) -> Written:
    """Write every row of every config.

    Args:
        run: The movies.
        folder: The dataset folder that is being built.
        splits: The split of every movie, by its id.
        gates: Scores questions; has learned.
        strict: Says which questions the test split leaves out.
        shelf: Where films are; None for a dataset without films.
        progress: Called with 1 for every movie.

    Raises:
        ValueError: a picture is not the one that was made, or a film cannot be made.
    """
    shown = next((movie_id for movie_id, split in splits.items() if split == "test"), next(iter(splits)))
    written = Written()
    writers = shard_writers(folder, [split for split in SPLITS if split in splits.values()], films=shelf is not None)
    try:
        for stored in run.movies():
            split = splits[stored.movie_id]
            movie = gates.scored(
                strict.kept(stored.model_copy(update={"split": split}), written.measures.asked.left_out)
            )
            wanted = _sample_frames(movie) if movie.movie_id == shown else frozenset()
            if movie.movie_id == shown:
                written.movie = movie
            written.measures.add(movie)
            for config, rows in text_rows(_shelved(movie)).items():
                for row in rows:
                    writers[config, split].add(row)
            for row in keyframe_rows(movie, _checked(run.images(movie), written, wanted)):
                writers["keyframes", split].add(row)
            if shelf is not None:
                _add_film(shelf, run, movie, writers["films", split], written.measures)
            _write_files(run, stored, folder, written.named)
            progress(1)
        written.shards = {key: writer.close() for key, writer in writers.items()}
    finally:
        for writer in writers.values():
            writer.abort()
    return written


def shard_writers(folder: Path, splits: Iterable[Split], *, films: bool) -> dict[tuple[str, Split], ShardWriter]:
    """A writer for every config and split of a dataset folder."""
    configs = [config for config in FEATURES if films or config in CONFIGS]
    return {
        (config, split): ShardWriter(folder, config, split, arrow_schema(FEATURES[config]), _rows_per_group(config))
        for split in splits
        for config in configs
    }


def _rows_per_group(config: str) -> int:
    if has_video(FEATURES[config]):
        return FILM_ROWS_PER_GROUP
    return IMAGE_ROWS_PER_GROUP if "image" in FEATURES[config].values() else TEXT_ROWS_PER_GROUP


def _add_film(shelf: FilmShelf, run: MovieReader, movie: Movie, writer: ShardWriter, measures: Measures) -> None:
    film = shelf.row(movie, lambda: run.images(movie))
    if film is None:
        measures.without_film += 1
        return
    measures.films[(film["moving"], film["voiced"])] += 1
    writer.add(film_row(movie, film))


def _write_files(run: MovieReader, movie: Movie, folder: Path, named: set[str]) -> None:
    """Portraits and learned styles, once each."""
    for path, data in run.files(movie):
        place = shelved_path(path)
        if place not in named:
            write_whole(folder / place, data)
            named.add(place)


def shelved_path(path: str) -> str:
    """Where a file of a run lies in a dataset: `portraits/<hash>.jpg` below a folder named by its first letters."""
    parts = PurePosixPath(path).parts
    return path if len(parts) != 2 else f"{parts[0]}/{parts[1][:SHELF_LETTERS]}/{parts[1]}"


def _shelved(movie: Movie) -> Movie:
    """The movie as its dataset has it: portraits and style by their paths there."""
    people = tuple(
        person if person.portrait is None else person.model_copy(update={"portrait": shelved_path(person.portrait)})
        for person in movie.characters
    )
    style = movie.style
    if style is not None and style.embedding_path is not None:
        style = style.model_copy(update={"embedding_path": shelved_path(style.embedding_path)})
    return movie.model_copy(update={"characters": people, "style": style})


def _sample_frames(movie: Movie) -> frozenset[str]:
    """Keyframes for the card, spread over the movie."""
    painted = [keyframe.keyframe_id for keyframe in movie.keyframes() if keyframe.image is not None]
    return frozenset(painted[number * len(painted) // SAMPLE_IMAGES] for number in range(SAMPLE_IMAGES) if painted)


def _checked(
    images: Iterable[tuple[Keyframe, bytes]], written: Written, wanted: frozenset[str]
) -> Iterator[tuple[Keyframe, bytes]]:
    """Hold every picture against its hash, and count it."""
    for keyframe, data in images:
        if hashlib.sha256(data).hexdigest() != keyframe.image_sha256:
            raise ValueError(
                f"the picture of {keyframe.keyframe_id} is not the one that was made; run: moviellm check"
            )
        written.measures.image_bytes += len(data)
        if keyframe.keyframe_id in wanted:
            written.images.append((keyframe.image or "", keyframe.caption, data))
        yield keyframe, data


def _telling(questions: Sequence[QAPair]) -> tuple[QAPair, ...]:
    """Questions in the order in which they show what the dataset is for: seeing and causes before summaries."""
    order = ["visual", "cause", "state", "moment", "character", "order", "dialogue", "count", "plot"]
    return tuple(sorted(questions, key=lambda q: order.index(q.question_type) if q.question_type in order else 99))
