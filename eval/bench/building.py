"""`moviellm bench build`: a dataset becomes a benchmark that train knows nothing of.

    moviellm bench build DATASET|RUN --train TRAIN --out BENCH [--repo ORG/NAME] [--version 1.0.0]

    BENCH/public/       a dataset folder: dev with answers, test without; README.md, eval.yaml, INDEX.json, FROZEN.json
    BENCH/private/      the answers of test, as a dataset folder, and the key of FROZEN.json
    BENCH/LEFT_OUT.json movies that are not in it, and why

The source is read twice, one movie at a time, train once. The same source, train and options give the same bytes. It
asks no model and sends nothing: see pushing.py.
"""

import json
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from moviellm.eval.bench.absent import Known
from moviellm.eval.bench.choosing import Chosen, choose
from moviellm.eval.bench.film_file import cleaned
from moviellm.eval.bench.folders import PRIVATE, PUBLIC, Writers
from moviellm.eval.bench.frozen import FROZEN_FILE, Frozen, answer_hash, item_hash, movie_hashes
from moviellm.eval.bench.leaks import label_leaks
from moviellm.eval.bench.movies import Asked, Material, read_movies
from moviellm.eval.bench.picture_file import bared
from moviellm.eval.bench.renaming import Names, secret_of
from moviellm.eval.bench.spool import Spool
from moviellm.eval.bench.stating import Facts, gate_scores, write_private, write_public
from moviellm.eval.bench.withholding import private_rows, public_rows, whole_rows
from moviellm.generation.dataset.check import sound_manifest
from moviellm.generation.dataset.facts import Measures
from moviellm.generation.dataset.folder import DatasetManifest, building_folder, install, resolve_target
from moviellm.generation.dataset.hub_copy import local_copy
from moviellm.generation.dataset.results import rows_sha256
from moviellm.generation.files import disk_errors, write_whole
from moviellm.generation.output import counted, emit, note
from moviellm.generation.own_process import run_verb
from moviellm.generation.progress import progress
from moviellm.generation.schema import Split, check_movie

LEFT_OUT: Final = "LEFT_OUT.json"
RUN_FILE: Final = "run.yaml"
SEEN: Final = ("train", "validation", "dev")
"""Splits of --train that a model may have seen."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What was asked for on the command line."""

    source: str
    train: tuple[str, ...]
    out: Path
    name: str = "MovieLLM-Bench"
    version: str | None = None
    repo: str | None = None
    dev: float = 0.1
    fewest: int = 2
    shared_places: float = 0.0
    baselines: tuple[Path, ...] = ()
    strangers: bool = False
    """Films of others: nobody need say what models are trained on."""
    notes: tuple[str, ...] = ()
    """Lines of Markdown for the public card."""


@dataclass(frozen=True)
class _Source:
    """A dataset that is read."""

    folder: Path
    said: str
    manifest: DatasetManifest
    splits: tuple[Split, ...]


@dataclass
class _Reading:
    """What the first reading finds."""

    known: Known = field(default_factory=Known)
    asked: Asked = field(default_factory=Asked)
    families: dict[str, str] = field(default_factory=dict)
    unfit: dict[str, list[str]] = field(default_factory=dict)


def build(wish: Wish, *, as_json: bool) -> None:
    """`moviellm bench build`."""
    out = check(wish)
    with _dataset_of(wish.source) as given:
        trained = [_source(place, SEEN) for place in wish.train]
        source = _candidates(given, wish, trained)
        reading = _read(source, trained)
        hashed = rows_sha256(source.manifest.files)
        chosen = _chosen(reading, wish, secret_of(hashed))
        with disk_errors(out), building_folder(out) as building:
            _check_target(out)
            facts = _write(source, reading, chosen, wish, hashed, building)
            for leak in label_leaks(building / PUBLIC, building / PRIVATE):
                raise ValueError(f"the public folder would tell a label of test ({leak}); nothing was written")
            install(building, out)
    emit({"out": str(out), **facts}, _words(out, facts), as_json)


def check(wish: Wish) -> Path:
    """Refuse a wish that cannot be, before the work; the folder that is written.

    Raises:
        ValueError: an option is none, or the folder holds something else.
    """
    if not wish.train and not wish.strangers:
        raise ValueError("--train says what models are trained on: a dataset folder, or org/name@revision")
    if not 0 < wish.dev < 1:
        raise ValueError(f"--dev is {wish.dev}; it is a share between 0 and 1, such as 0.1")
    if not 0 <= wish.shared_places <= 1:
        raise ValueError(f"--shared-places is {wish.shared_places}; it is a share from 0 to 1")
    if wish.fewest < 1:
        raise ValueError(f"--fewest is {wish.fewest}; it is 1 at least")
    out = resolve_target(wish.out)
    _check_target(out)
    return out


def _check_target(out: Path) -> None:
    """Refuse a place that holds something else than a benchmark."""
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file; --out takes a folder")
    if out.is_dir() and any(out.iterdir()) and not (out / PUBLIC / FROZEN_FILE).is_file():
        raise ValueError(f"{out} holds other files and is no benchmark; choose an empty or new folder")


@contextmanager
def _dataset_of(source: str) -> Iterator[_Source]:
    """The dataset that movies come from; of a run folder, one that is built for as long as it is read."""
    if not (Path(source) / RUN_FILE).is_file():
        yield _source(source, None)
        return
    with tempfile.TemporaryDirectory(prefix="moviellm-bench-") as place:
        made = str(Path(place) / "dataset")
        if run_verb(["dataset", "build", source, "--out", made], quiet=True):
            raise ValueError(f"no dataset could be made of the run {source}; see: moviellm dataset build {source}")
        yield _source(made, None)


def _source(place: str, splits: tuple[str, ...] | None) -> _Source:
    name, _, revision = place.partition("@") if not Path(place).exists() else (place, "", "")
    copy = local_copy(name, revision or None)
    manifest = sound_manifest(copy.folder)
    if "movies" not in manifest.configs:
        raise ValueError(f"{place} holds training rows and no movies; give the dataset they were made of")
    found = tuple(split for split in manifest.splits if splits is None or split in splits)
    return _Source(copy.folder, copy.said, manifest, found)


def _candidates(source: _Source, wish: Wish, trained: list[_Source]) -> _Source:
    """Of a dataset that is also trained on, only test."""
    mine = rows_sha256(source.manifest.files)
    if all(rows_sha256(one.manifest.files) != mine for one in trained):
        return source
    if "test" not in source.manifest.splits:
        raise ValueError(f"{wish.source} is what is trained on, and has no split test")
    note(f"{wish.source} is also what is trained on: where it is public, so are the answers of this benchmark")
    return _Source(source.folder, source.said, source.manifest, ("test",))


def _movies(source: _Source, *, pictures: bool) -> Iterator[Material]:
    for split in source.splits:
        yield from read_movies(source.folder, source.manifest, split, pictures=pictures)


def _count(source: _Source) -> int:
    return sum(source.manifest.configs["movies"].get(split, 0) for split in source.splits)


def _read(source: _Source, trained: list[_Source]) -> _Reading:
    """First reading: every movie of ours, then every movie of train held against them."""
    found = _Reading()
    with progress("reading", _count(source), "movies") as advance:
        for one in _movies(source, pictures=True):
            movie = one.movie
            check_movie(movie)
            found.families[movie.movie_id] = movie.twin_of or movie.movie_id
            found.known.ours(movie, one.images)
            found.asked.add(movie)
            if len(one.images) < sum(1 for _ in movie.keyframes()):
                found.unfit[movie.movie_id] = ["pictures: some are missing"]
            advance(1)
    with progress("comparing with train", sum(map(_count, trained)), "movies") as advance:
        for place in trained:
            for one in _movies(place, pictures=True):
                found.known.train(one.movie, one.images, f"{one.movie.movie_id} of {place.said}")
                advance(1)
    for one in _movies(source, pictures=False):
        if not found.asked.kept(one.movie).qa_pairs:
            found.unfit.setdefault(one.movie.movie_id, []).append("questions: none is left without a flag")
    found.asked.left_out.clear()
    return found


def _chosen(reading: _Reading, wish: Wish, secret: bytes) -> Chosen:
    reasons: dict[str, list[str]] = {name: [*said] for name, said in reading.unfit.items()}
    for movie_id, said in reading.known.leaks(wish.shared_places).items():
        reasons.setdefault(movie_id, []).extend(said)
    by_place = sum(any(one.startswith("place:") for one in some) for some in reasons.values())
    hint = ", or allow train to have a share of the places with --shared-places 0.5" if by_place else ""
    return choose(
        reading.families,
        reasons,
        reading.known.close,
        dev=wish.dev,
        fewest=wish.fewest,
        secret=secret,
        hint=hint,
    )


def _write(
    source: _Source, reading: _Reading, chosen: Chosen, wish: Wish, hashed: str, building: Path
) -> dict[str, Any]:
    """Second reading: everything is renamed and written, in the new order."""
    secret = secret_of(hashed)
    canary = str(uuid.UUID(bytes=Names(secret, ()).place("canary")[:16], version=4))
    key = Names(secret, ()).place("key")
    with Spool() as spool:
        measures, questions, gates = Measures(), Counter[str](), list[tuple[str, float]]()
        kept = _kept(source, reading, chosen)
        names = Names(secret, (one.movie for one in kept(False)))
        with progress("renaming", len(chosen.splits), "movies") as advance:
            for one in kept(True):
                old = one.movie.movie_id
                told, pictures = bared(one.movie, one.images)
                movie = names.renamed(told.model_copy(update={"split": chosen.splits[old]}))
                check_movie(movie)
                spool.put(movie, pictures, _film(one, names))
                measures.add(movie)
                if movie.split == "test":
                    questions[movie.twin_of or movie.movie_id] += len(movie.qa_pairs or ())
                    gates += gate_scores(movie)
                advance(1)
        frozen = Frozen(name=wish.name, version="", canary=canary, items={}, answers={}, movies={}, key=key.hex())
        writers = Writers(building, canary)
        try:
            with progress("writing", len(chosen.splits), "movies") as advance:
                for one in spool.movies():
                    _add(one, writers, frozen, key)
                    advance(1)
            shards = {part: writers.close(part) for part in (PUBLIC, PRIVATE)}
        finally:
            writers.abort()
    write_whole(building / LEFT_OUT, _json(chosen.left_out))
    facts = Facts(
        wish=wish,
        canary=canary,
        frozen=frozen,
        measures=measures,
        questions=dict(questions),
        gate_scores=gates,
        left_out=chosen.left_out,
        flagged=dict(reading.asked.left_out),
        groups=chosen.groups,
        shares=reading.known.shares(),
        trained=len(reading.known.trained),
        source=source.folder,
    )
    version = write_public(building / PUBLIC, shards[PUBLIC], facts)
    write_private(building / PRIVATE, shards[PRIVATE], facts, version)
    return facts.as_json(version)


def _kept(source: _Source, reading: _Reading, chosen: Chosen) -> Any:
    """The movies that stay, with the questions that are asked; with their pictures on request."""

    def movies(pictures: bool) -> Iterator[Material]:
        if pictures:
            reading.asked.left_out.clear()
        for one in _movies(source, pictures=pictures):
            if one.movie.movie_id in chosen.splits:
                yield Material(reading.asked.kept(one.movie), one.images, one.film)

    return movies


def _film(one: Material, names: Names) -> dict[str, Any] | None:
    if one.film is None:
        return None
    film = {name: names.text(value) if isinstance(value, str) else value for name, value in one.film.items()}
    path = names.text(str(one.film["video"]["path"]))
    return film | {"video": {"bytes": cleaned(one.film["video"]["bytes"], one.movie.title), "path": path}}


def _add(one: Material, writers: Writers, frozen: Frozen, key: bytes) -> None:
    """Write a movie to both folders and freeze its items."""
    movie, split = one.movie, one.movie.split
    assert split is not None
    shown = public_rows(movie, one.images, one.film) if split == "test" else whole_rows(movie, one.images, one.film)
    writers.add(PUBLIC, split, shown)
    hashes = movie_hashes(shown)
    frozen.movies[movie.movie_id] = hashes
    for row in shown["qa"]:
        frozen.items[row["question_id"]] = item_hash(row, hashes, labelled=split != "test")
    if split == "test":
        hidden = private_rows(movie)
        writers.add(PRIVATE, split, hidden)
        frozen.answers.update((row["question_id"], answer_hash(row, key)) for row in hidden["qa"])


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _words(out: Path, facts: dict[str, Any]) -> str:
    lines = [
        f"{out}: {facts['name']} {facts['version']}, {counted(facts['movies']['dev'], 'movie')} of dev and "
        f"{facts['movies']['test']:,} of test, {counted(facts['items']['test'], 'item')} of test",
        f"  95 % interval of a score: +-{100 * facts['half_width']:.1f} points",
    ]
    if facts["left_out"]:
        were = "was" if facts["left_out"] == 1 else "were"
        note(f"{counted(facts['left_out'], 'movie')} {were} left out; why is in {out / LEFT_OUT}")
    lines.append(f"  next        moviellm bench verify {out}")
    return "\n".join(lines)
