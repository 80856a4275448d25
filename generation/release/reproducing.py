"""`moviellm dataset reproduce` and `dataset lock`: a release is made again and held against its lock, or locked.

    moviellm dataset reproduce release-1.0                  # all of it: run, dataset, every hash
    moviellm dataset reproduce release-1.0 --shards 1       # its first part: in under a minute
    moviellm dataset lock RECIPE                            # make it and write RECIPE.lock.json

Both make the run and build the dataset by the verbs that everybody uses, each in a process of its own, so both go on
where a kill left them. What is hashed and compared is in release/checks.py. Imported by cli/dataset.py when the verb
runs.
"""

import time
from dataclasses import dataclass
from pathlib import Path

from moviellm.generation.config.recipe import Recipe, load_recipe
from moviellm.generation.cores import usable_cores
from moviellm.generation.dataset.folder import check_target, read_manifest, resolve_target
from moviellm.generation.files import write_whole
from moviellm.generation.output import emit, note
from moviellm.generation.own_process import run_verb
from moviellm.generation.progress import progress
from moviellm.generation.release.checks import (
    DatasetCheck,
    PartCheck,
    check_dataset_files,
    check_part,
    parts_of,
    rows_of,
)
from moviellm.generation.release.lock import (
    FILES_FOLLOW,
    LOCK_SUFFIX,
    PIXELS_FOLLOW,
    DatasetLock,
    ReleaseLock,
    lock_text,
    read_lock,
    versions_here,
)
from moviellm.generation.runs.address import refuse_bucket
from moviellm.generation.runs.lock import lock_run
from moviellm.generation.runs.record import RECORD_NAME, RunRecord, read_run, write_record
from moviellm.generation.runs.tables import RunReader

FOLDER = Path("releases")
"""Where releases are made unless somebody says."""
RUN = "run"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a comparison found, and what of it counts."""

    lock: ReleaseLock
    parts: list[PartCheck]
    dataset: DatasetCheck | None
    """None where only some parts were made."""

    @property
    def pixels_count(self) -> bool:
        """Whether other pixels are a fault: not where other versions draw them."""
        return not self.lock.other_versions(PIXELS_FOLLOW)

    def faults(self) -> list[str]:
        """Every difference that should not be, the first of each kind named."""
        found = []
        texts = [part for part in self.parts if not part.text_same]
        pixels = [part for part in self.parts if not part.pixels_same]
        if texts:
            found.append(f"the text of {len(texts)} parts differs, first in {first_difference(texts, True)}")
        if pixels and self.pixels_count:
            found.append(f"the pictures of {len(pixels)} parts differ, first in {first_difference(pixels, False)}")
        if self.dataset is not None:
            found += [f"manifest.json: {what}" for what in self.dataset.manifest]
            if self.dataset.other:
                first = f", first in {self.dataset.first_movie}" if self.dataset.first_movie else ""
                found.append(f"other rows in {', '.join(self.dataset.other)}{first}")
        return found


def first_difference(parts: list[PartCheck], text: bool) -> str:
    """The first movie of differing parts and what of it differs."""
    for part in parts:
        for movie_id, groups in part.differing.items():
            named = [group for group in groups if (group != "pixels") == text]
            if named:
                return f"{movie_id}: {', '.join(named)}"
    return f"part {parts[0].number + 1}, in a movie that its fingerprints do not tell"


def reproduce(
    name_or_path: str, *, shards: int | None, out: Path | None, as_json: bool, on: str | None = None
) -> None:
    """`moviellm dataset reproduce`; `on`: make it on that cluster.

    Raises:
        ValueError: there is no such lock, not so many parts, or the folder holds something else.
        SystemExit: 1 when something differs, or what `make` ended with.
    """
    lock = read_lock(name_or_path)
    parts = len(lock.parts) if shards is None else shards
    if not 1 <= parts <= len(lock.parts):
        raise ValueError(f"--shards {shards}: {lock.name} has {len(lock.parts)} parts; take 1 to {len(lock.parts)}")
    folder = out or FOLDER / lock.name
    refuse_bucket(folder, "a release is made again in a folder; moviellm make makes a run in a bucket")
    dataset = folder / lock.dataset.manifest.name
    movies = min(parts * lock.movies_per_part, lock.movie_count)
    whole = parts == len(lock.parts)
    if whole:
        check_target(resolve_target(dataset))  # refuse the place before the work, not after it
    _say_what_comes(lock, parts, folder)
    started = time.monotonic()
    _prepare_run(lock, folder / RUN, movies)
    _verb("make", "--out", _path(folder / RUN), "--no-films", *(["--on", on] if on else []))
    with progress("verifying", movies, "movies") as advance:
        here = parts_of(RunReader(folder / RUN), movies, lock.movies_per_part, advance)
        checks = [check_part(lock, number, part) for number, part in enumerate(here)]
    found = None
    if whole:
        _verb("dataset", "build", _path(folder / RUN), "--out", _path(dataset))
        found = check_dataset_files(lock, dataset)
    outcome = Outcome(lock=lock, parts=checks, dataset=found)
    _report(outcome, folder, time.monotonic() - started, as_json)


def _say_what_comes(lock: ReleaseLock, parts: int, folder: Path) -> None:
    keyframes = sum(part.keyframes for part in lock.parts[:parts])
    took = f"; all of it took {_hours(lock.seconds)} on {lock.cores} cores" if lock.seconds else ""
    note(f"{lock.name}: parts 1 to {parts} of {len(lock.parts)}, {keyframes:,} keyframes, in {folder}{took}")
    other = lock.other_versions(FILES_FOLLOW)
    if other:
        note(f"here is {', '.join(other)}: texts are held against the lock, other pixels and files are only counted")


def _prepare_run(lock: ReleaseLock, run: Path, movies: int) -> None:
    """Write the record of the run that was locked, its start time and code version included, or find it there."""
    if (run / RECORD_NAME).exists():
        old = read_run(run)
        there = len(old.recipe.movie_themes())
        if old != _record(lock, there, old):
            raise ValueError(f"{run} holds another run than that of {lock.name}; choose another --out")
        if there >= movies:
            return
    elif run.is_dir() and any(path.name != "lock" for path in run.iterdir()):
        raise ValueError(f"{run} holds other files and is not a run folder; choose another --out")
    with lock_run(run):
        write_record(run, _record(lock, movies))


def _record(lock: ReleaseLock, movies: int, old: RunRecord | None = None) -> RunRecord:
    recipe = lock.recipe_of(movies)
    if old is not None:  # how the work is done changes nothing
        recipe = recipe.model_copy(update={"engine": old.recipe.engine})
    return RunRecord(
        recipe=recipe,
        created_at=lock.created_at,
        code_version=lock.code_version,
        code_revision=lock.code_revision,
        schema_version=lock.schema_version,
        movies_per_shard=lock.movies_per_part,
    )


def _verb(*arguments: str) -> None:
    """A verb of the line; what it prints on standard output is not said, the report of this verb is."""
    code = run_verb(list(arguments), quiet=True)
    if code:
        raise SystemExit(code if code > 0 else 1)  # below 0 it was killed


def _path(path: Path) -> str:
    return f"./{path}" if str(path).startswith("-") else str(path)  # never to be taken for an option


def _report(outcome: Outcome, folder: Path, seconds: float, as_json: bool) -> None:
    lock, parts, dataset, faults = outcome.lock, outcome.parts, outcome.dataset, outcome.faults()
    texts = sum(part.text_same for part in parts)
    pixels = sum(part.pixels_same for part in parts)
    movies = sum(len(lock.parts[part.number].movies) for part in parts)
    other_pixels = sum("pixels" in groups for part in parts for groups in part.differing.values())
    facts: dict[str, object] = {
        "release": lock.name,
        "folder": str(folder),
        "movies": movies,
        "keyframes": sum(lock.parts[part.number].keyframes for part in parts),
        "parts": len(parts),
        "same_text_parts": texts,
        "same_pixel_parts": pixels,
        "movies_with_other_pixels": other_pixels,
        "other_versions": lock.other_versions(FILES_FOLLOW),
        "dataset": None if dataset is None else dataset.__dict__,
        "differences": faults,
        "seconds": round(seconds, 1),
    }
    drawn = f"{pixels} of {len(parts)} parts the same to the byte"
    if other_pixels and not outcome.pixels_count:
        drawn += f"; other in {other_pixels} of {movies} movies, which other versions of the rasteriser explain"
    lines = [f"{lock.name}: {movies} movies in {folder}, {_hours(seconds)}"]
    lines.append(f"  texts     {texts} of {len(parts)} parts the same")
    lines.append(f"  pictures  {drawn}")
    if dataset is not None:
        lines.append(f"  dataset   {_said(dataset)}")
    lines += [f"  differs   {fault}" for fault in faults]
    if faults:
        lines.append(f"  made by   moviellm {lock.code_version} {lock.code_revision}: try it with that code")
    emit(facts, "\n".join(lines), as_json)
    if faults:
        raise SystemExit(1)


def _said(dataset: DatasetCheck) -> str:
    said = [f"{len(dataset.same)} data files the same to the byte"]
    if dataset.same_rows:
        said.append(f"{len(dataset.same_rows)} with the same rows in other bytes")
    if dataset.other:
        said.append(f"{len(dataset.other)} with other rows")
    if dataset.pages:
        said.append(f"{len(dataset.pages)} pages about them written by other code ({', '.join(dataset.pages[:3])})")
    return ", ".join(said)


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.2f} hours" if seconds >= 360 else f"{seconds:.0f} s"


# ---------------------------------------------------------------- the lock


def lock_release(recipe_name: str, *, out: Path | None, overrides: list[str], as_json: bool) -> None:
    """`moviellm dataset lock`.

    Raises:
        ValueError: the recipe is not made offline, or the folder holds something else.
        SystemExit: what a verb ended with.
    """
    recipe = load_recipe(recipe_name, overrides)
    if (recipe.writer, recipe.painter) != ("offline", "offline"):
        raise ValueError(
            f"recipe {recipe.name} has writer {recipe.writer} and painter {recipe.painter}; only what the offline "
            f"studio makes comes out the same everywhere: take offline for both"
        )
    folder = out or FOLDER / f"{recipe.name}-lock"  # `reproduce` makes it elsewhere, or it would find what is made
    run, dataset, resumed = folder / RUN, folder / recipe.dataset.name, (folder / RUN / RECORD_NAME).exists()
    check_target(resolve_target(dataset))
    started = time.monotonic()
    settings = [f"--set={override}" for override in overrides]
    _verb("make", "--recipe", recipe_name, "--out", _path(run), "--no-films", *settings)
    _verb("dataset", "build", _path(run), "--out", _path(dataset))
    seconds = None if resumed else round(time.monotonic() - started, 1)
    lock = _locked(recipe, run, dataset, seconds)
    path = folder / f"{recipe.name}{LOCK_SUFFIX}"
    write_whole(path, lock_text(lock).encode())
    keyframes = sum(part.keyframes for part in lock.parts)
    size = sum(file.bytes for file in lock.dataset.manifest.files)
    facts = {"lock": str(path), "movies": lock.movie_count, "keyframes": keyframes, "bytes": size, "seconds": seconds}
    took = "in several goes" if seconds is None else f"in {_hours(seconds)} on {lock.cores} cores"
    lines = [f"{path}: {lock.movie_count} movies, {keyframes:,} keyframes, {size / 1e9:.2f} GB, made {took}"]
    lines.append(f"  make it again   moviellm dataset reproduce {path}")
    emit(facts, "\n".join(lines), as_json)


def _locked(recipe: Recipe, run: Path, dataset: Path, seconds: float | None) -> ReleaseLock:
    record, manifest = read_run(run), read_manifest(dataset)
    if record.code_revision.endswith("+"):
        note(
            f"made from a checkout with changes to {record.code_revision[:-1]}: no commit names the code of this lock"
        )
    movies = len(recipe.movie_themes())
    with progress("hashing", movies, "movies") as advance:
        parts = tuple(parts_of(RunReader(run), movies, record.movies_per_shard, advance))
    by_file, prints = rows_of(dataset, manifest, movies)
    return ReleaseLock(
        name=recipe.name,
        recipe=recipe.model_dump(mode="json", exclude={"engine"}),
        created_at=record.created_at,
        code_version=record.code_version,
        code_revision=record.code_revision,
        schema_version=record.schema_version,
        versions=versions_here(),
        seconds=seconds,
        cores=usable_cores(),
        movies_per_part=record.movies_per_shard,
        parts=parts,
        dataset=DatasetLock(manifest=manifest, rows_sha256=by_file, movies=prints),
    )
