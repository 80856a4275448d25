"""What `moviellm dataset export` does: a published dataset in the format of another trainer.

    export("vtimellm", "org/name", Path("out"), revision="v1.2.0")

A kind is a module in `KINDS` whose `export_movie` adds a movie to the folder. Movies are read one at a time; the
folder is built beside its place and renamed into it, whole or not at all, and its manifest.json lists every file with
its hash. The same dataset, options and seed give the same bytes.
"""

from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from moviellm.generation.dataset.folder import (
    MANIFEST,
    README,
    DatasetManifest,
    building_folder,
    check_target,
    install,
    resolve_target,
    same_files,
)
from moviellm.generation.files import disk_errors, write_whole
from moviellm.generation.output import emit
from moviellm.generation.progress import progress
from moviellm.generation.schema import SCHEMA_VERSION
from moviellm.training.rows.export_folder import ExportFolder, ExportOptions
from moviellm.training.rows.source import Source, open_source, read_movies

KINDS = {"llama-vid": "llama_vid", "vtimellm": "vtimellm", "llava": "llava", "sharegpt": "sharegpt"}
"""Module of every kind."""
WITH_FILMS = ("llama-vid", "vtimellm")
"""Kinds whose trainers read films."""
WITH_FRAMES = ("llava", "sharegpt")
"""Kinds whose records list their pictures."""


def export(
    kind: str,
    dataset: str,
    out: Path,
    *,
    revision: str | None = None,
    options: ExportOptions | None = None,
    as_json: bool = False,
) -> DatasetManifest:
    """Write a dataset in another format and say what is there.

    Args:
        kind: One of `KINDS`.
        dataset: Dataset folder, or id on the Hub.
        out: Folder to write; an older export there is replaced.
        revision: Tag or commit on the Hub.
        options: What it is asked for.
        as_json: Print one JSON object.

    Raises:
        ValueError: an option, the dataset or the target is wrong, or no movie has pictures.
    """
    options = options or ExportOptions()
    if kind not in KINDS:
        raise ValueError(f"no format {kind!r}; there are {', '.join(KINDS)}")
    if options.films and kind not in WITH_FILMS:
        raise ValueError(f"--films is for {' and '.join(WITH_FILMS)}; {kind} reads pictures")
    if options.frames is not None and (kind not in WITH_FRAMES or options.frames < 1):
        raise ValueError(f"--frames is for {' and '.join(WITH_FRAMES)}, and at least 1; got {options.frames}")
    out = resolve_target(out)
    _check(out, check_target(out))
    source = open_source(dataset, revision)
    with disk_errors(out), building_folder(out) as building:
        old = check_target(out)
        manifest = _write(kind, source, building, options)
        kept = old == manifest and same_files(out, manifest)
        if not kept:
            install(building, out)
    lists = {file.path: file.rows for file in manifest.files if file.rows is not None}
    facts = {"export": str(out), "kind": kind, "dataset": source.dataset, "kept": kept, "records": lists}
    lines = [f"{out}: {manifest.name} {'is unchanged' if kept else 'is written'}, from {source.dataset}"]
    lines += [f"  {path:<32} {rows:>9,} records" for path, rows in lists.items()]
    emit(facts, "\n".join([*lines, f"  how to train on it: {out / README}"]), as_json)
    return manifest.model_copy(update={"kept": kept})


def _check(out: Path, old: DatasetManifest | None) -> None:
    if old is not None and old.configs:
        raise ValueError(f"{out} holds the dataset {old.name}, not an export; choose another folder for --out")


def _write(kind: str, source: Source, building: Path, options: ExportOptions) -> DatasetManifest:
    module: Any = import_module(f"moviellm.training.rows.{KINDS[kind]}")
    folder = ExportFolder(building)
    try:
        with progress("exporting", source.movies, "movies") as advance:
            for movie, pictures in read_movies(source, pictures=True):
                module.export_movie(folder, movie, pictures, options)
                advance(1)
        if not folder.lists:
            raise ValueError(f"{source.place} gives no record: no movie has pictures with questions or events")
        if hasattr(module, "finish"):
            module.finish(folder)
        records = {path: one.records for path, one in folder.lists.items()}
        folder.write(README, lambda: _readme(kind, source, options, records).encode())
        found = folder.close()
    finally:
        folder.abort()
    manifest = DatasetManifest(
        name=f"{source.manifest.name}-{kind}",
        version=source.manifest.version,
        schema_version=SCHEMA_VERSION,
        configs={},
        splits=(),
        files=tuple(sorted(found, key=lambda file: file.path)),
    )
    write_whole(building / MANIFEST, manifest.text().encode())
    return manifest


def _readme(kind: str, source: Source, options: ExportOptions, records: dict[str, int]) -> str:
    text = (files("moviellm.training.rows") / "export_readme.md.j2").read_text(encoding="utf-8")
    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    return environment.from_string(text).render(kind=kind, source=source, options=options, records=records)
