"""The held-out movies of a proof with the proof's own questions, as a dataset folder: what `moviellm eval run` asks.

    leave_questions(out / "dataset", out / "questions", settings)

    moviellm eval run --model out/seed0/checkpoints/movies --data out/questions --tasks all --out results

`validation` are the movies whose people and places train shows, `test` those with held-out ones. The questions are
those of the proof's answers, in its words; people are called by their colour, and events are told as questions name
them (questions.py). No question asks for all events at once: the proof teaches none.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from moviellm.generation.dataset.features import keyframe_rows, text_rows
from moviellm.generation.dataset.folder import (
    FEATURES_FILE,
    MANIFEST,
    README,
    SCRIPT,
    DatasetManifest,
    building_folder,
    check_target,
    describe_file,
    install,
)
from moviellm.generation.dataset.parquet_files import Shard
from moviellm.generation.dataset.stating import content_version, features_json, front_matter, loading_script
from moviellm.generation.dataset.writing import shard_writers
from moviellm.generation.files import write_whole
from moviellm.generation.progress import progress
from moviellm.generation.schema import SCHEMA_VERSION, Movie, Split, check_movie
from moviellm.training.proof.footage import held_out_lines
from moviellm.training.proof.questions import in_words
from moviellm.training.proof.settings import ProofSettings
from moviellm.training.rows.source import Pictures, Source, open_source, read_movies

SPLITS: tuple[Split, ...] = ("validation", "test")
ABOUT = """Held-out movies of the offline studio with the questions of `moviellm prove`: three words each, for models
that were trained on such questions. `validation`: people and places that train shows; `test`: held-out ones.
"""


def leave_questions(dataset: Path, out: Path, settings: ProofSettings) -> None:
    """Write the folder; one that is there is replaced."""
    source = open_source(str(dataset))
    tested = {line.movie_id for line in held_out_lines(source, settings)}
    check_target(out)
    with building_folder(out) as building:
        shards = _write(source, tested, building, settings.asked)
        _finish(building, source, shards)
        install(building, out)


def frames_of(dataset: Path) -> int:
    """Frames of a movie, the same in all.

    Raises:
        ValueError: movies have different numbers of them.
    """
    counts = {len(list(movie.keyframes())) for movie, _ in read_movies(open_source(str(dataset)), pictures=False)}
    if len(counts) != 1:
        numbers = ", ".join(map(str, sorted(counts)))
        raise ValueError(f"movies of {dataset} have {numbers} frames: a proof has one number")
    return counts.pop()


def _write(source: Source, tested: set[str], building: Path, asked: int) -> dict[tuple[str, Split], list[Shard]]:
    writers = shard_writers(building, SPLITS, films=False)
    try:
        with progress("questions of the proof", len(tested), "movies") as advance:
            for movie, pictures in read_movies(source, pictures=True):
                if movie.movie_id not in tested or movie.split is None:
                    continue
                made = in_words(movie, asked)
                check_movie(made)
                for config, rows in text_rows(made).items():
                    for row in rows:
                        writers[config, movie.split].add(row)
                for row in keyframe_rows(made, _pictures(made, pictures)):
                    writers["keyframes", movie.split].add(row)
                advance(1)
        return {key: writer.close() for key, writer in writers.items()}
    finally:
        for writer in writers.values():
            writer.abort()


def _pictures(movie: Movie, pictures: Pictures) -> Iterator[Any]:
    return ((keyframe, pictures[keyframe.keyframe_id]) for keyframe in movie.keyframes())


def _finish(building: Path, source: Source, shards: Mapping[tuple[str, Split], list[Shard]]) -> None:
    """Card, columns, script and manifest beside the shards."""
    files = [describe_file(building, building / one.path, one.rows) for some in shards.values() for one in some]
    sizes = {file.path: file.bytes for file in files}
    rows: dict[str, dict[Split, int]] = {}
    weights: dict[str, dict[Split, int]] = {}
    for (config, split), some in shards.items():
        if some:
            rows.setdefault(config, {})[split] = sum(one.rows for one in some)
            weights.setdefault(config, {})[split] = sum(sizes[one.path] for one in some)
    version, name = content_version(files), f"{source.manifest.name}-questions"
    licence = source.front_matter.get("license", "other")
    stated = {"license": licence, **front_matter(version, dict(shards), weights)}
    front = yaml.safe_dump(stated, sort_keys=False, allow_unicode=True, width=10_000)
    ours = {
        README: f"---\n{front}---\n# {name}\n\n{ABOUT}".encode(),
        FEATURES_FILE: features_json(),
        SCRIPT: loading_script().read_bytes(),
    }
    for path, data in ours.items():
        write_whole(building / path, data)
    files += [describe_file(building, building / path) for path in ours]
    manifest = DatasetManifest(
        name=name,
        version=version,
        schema_version=SCHEMA_VERSION,
        configs=rows,
        splits=SPLITS,
        files=tuple(sorted(files, key=lambda file: file.path)),
    )
    write_whole(building / MANIFEST, manifest.text().encode())
