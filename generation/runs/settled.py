"""Shards that need no look: finished by these very makers, and not touched since.

    settled = Settled.open(run, record)                  # None where the recipe does not say all that decides a key
    kept = settled.shard(12)                             # what was reported of it; None: it has to be looked at
    settled.add(12, ShardReport(movies=167, keyframes=6680, reused=cells))

`moviellm make` over a finished run renders every request again and hashes every byte, to find what an edit or damage
has changed. Where neither code, prompts nor record have changed, and size and time of change of each file are those of
the commit, nothing can be found: the shard is left alone, as git leaves a file. One line a shard, in `settled.jsonl`.
The file may be deleted: everything is then looked at once. Bytes that change by themselves are for `moviellm check`.
"""

import functools
import hashlib
import json
import os
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from moviellm.generation.config.recipe import Recipe
from moviellm.generation.files import disk_errors, write_whole
from moviellm.generation.runs.journal import journal_files, write_all
from moviellm.generation.runs.lock import LEASES
from moviellm.generation.runs.manifest import manifest_path, read_manifest
from moviellm.generation.runs.record import RunRecord
from moviellm.generation.schema import canonical_json

NAME = "settled.jsonl"
SURPLUS_MAX = 1000
"""Lines that later ones replace; with more of them the file is written anew."""


@dataclass(frozen=True, kw_only=True)
class ShardReport:
    """What a run says of a finished shard."""

    movies: int = 0
    keyframes: int = 0
    reused: Counter[str] = field(default_factory=Counter)
    """Cells asked for, by stage."""
    failed: dict[str, str] = field(default_factory=dict)
    """Movie id -> why it is not there."""
    not_drawn: Counter[str] = field(default_factory=Counter)
    """Pictures by what they do not show."""


class Settled:
    """The settled shards of one run. Its process holds the run (`lock_run`)."""

    def __init__(self, run: Path, makers: str) -> None:
        """`makers`: hash of everything that decides a key."""
        self._run, self._makers = run, makers
        self._lines = _read(run / NAME)
        self._busy = {path.name.split(".")[0] for path in journal_files(run)}
        with suppress(OSError):
            self._busy |= {path.name for path in (run / LEASES).iterdir()}

    @classmethod
    def open(cls, run: Path, record: RunRecord) -> "Settled | None":
        """What is settled of a run; None where models or folders outside the recipe decide keys too."""
        return cls(run, makers_of(record)) if says_all(record.recipe) else None

    def shard(self, index: int) -> ShardReport | None:
        """What was reported of a shard that these makers finished and nobody touched; None where it must be opened."""
        line = self._lines.get(index)
        if line is None or line["makers"] != self._makers or f"{index:06d}" in self._busy:
            return None
        if any(_stamp(self._run / name) != stamp for name, stamp in line["files"].items()):
            return None
        return report_of(line["report"])

    def add(self, index: int, report: ShardReport) -> None:
        """Keep what is reported of a shard that has just been committed whole.

        Raises:
            DiskError: the disk is full or cannot be written.
        """
        manifest = read_manifest(manifest_path(self._run, index))
        names = [f"manifest/{index:06d}.json", *(table.file for table in manifest.tables.values())]
        line = {
            "shard": index,
            "makers": self._makers,
            "files": {name: _stamp(self._run / name) for name in names},
            "report": vars(report),
        }
        with disk_errors(self._run / NAME):
            descriptor = os.open(self._run / NAME, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                write_all(descriptor, b"\n" + canonical_json(line).encode() + b"\n")  # away from a torn line
            finally:
                os.close(descriptor)
        self._busy.discard(f"{index:06d}")
        self._lines[index] = line


def report_of(told: Mapping[str, Any]) -> ShardReport:
    """A report from its JSON, `vars(report)`."""
    counters = {name: Counter(told[name]) for name in ("reused", "not_drawn")}
    return ShardReport(movies=told["movies"], keyframes=told["keyframes"], failed=told["failed"], **counters)


def says_all(recipe: Recipe) -> bool:
    """Whether recipe and code decide every key. Models that are files or commits elsewhere are looked at each time."""
    return (
        recipe.painter != "diffusers"
        and recipe.painting.scorer is None
        and recipe.studio.grammar is None
        and recipe.gates == type(recipe.gates)()
    )


def makers_of(record: RunRecord) -> str:
    """Hash of everything that decides a key."""
    text = canonical_json({"record": record.model_dump(mode="json"), "code": _code()})
    return hashlib.sha256(text.encode()).hexdigest()


@functools.cache
def _code() -> str:
    """Hash of everything that is packaged with the line: code, prompts, grammar, art."""
    digest = hashlib.sha256()
    folder = Path(str(files("moviellm.generation")))
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        data = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()} {len(data)}\n".encode() + data)
    return digest.hexdigest()


def _stamp(path: Path) -> list[int] | None:
    """Size and time of change; None where there is no such file."""
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return [stat.st_size, stat.st_mtime_ns]


# Lines are dicts of the shape that Settled.add writes once they have these keys.
def _read(path: Path) -> dict[int, dict]:  # type: ignore[type-arg]
    """The last line of each shard; a torn or foreign one is left out."""
    lines = {}
    count = 0
    with suppress(OSError), open(path, "rb") as file:
        for text in file:
            with suppress(ValueError, KeyError, TypeError):
                line = json.loads(text)
                if {"movies", "keyframes", "reused", "failed", "not_drawn"} == {*line["report"]}:
                    lines[int(line["shard"])] = {"makers": line["makers"], "files": line["files"], **line}
                count += 1
    if count > len(lines) + SURPLUS_MAX:
        write_whole(path, b"".join(canonical_json(line).encode() + b"\n" for line in lines.values()))
    return lines
