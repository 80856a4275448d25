"""What models said, kept as they say it: an append-only journal of answers by the hash of what was asked.

    journal = Journal(out / "kept")
    journal.get(key)                                # the answer of an earlier process, or None
    journal.keep(key, item_id, said)                # on disk when this returns
    journal.refresh()                               # what other processes have kept meanwhile
    key = key_of(model, shown, [prompt], 128)

The key holds everything that decides an answer: the weights, the frames and what is said, the prompts of the turn and
of those before it, the parameters. So the same folder serves as journal and as cache, also of several runs: every
process writes a file of its own and reads all. A line carries a checksum; one that a kill left half-written is not
read. It asks nobody.
"""

import hashlib
import json
import os
import zlib
from collections.abc import Mapping, Sequence
from io import FileIO
from pathlib import Path
from typing import Any

from moviellm.eval.running.protocol import Model, Said
from moviellm.generation.files import disk_errors, sync_folder
from moviellm.generation.runs.journal import write_all
from moviellm.generation.schema import canonical_json

VERSION = 1
"""Bumped when the same key would mean another question."""
_PREFIX = '{"crc32":"%08x","row":'
_PREFIX_LENGTH = len(_PREFIX % 0)


class Journal:
    """Answers in a folder. Makes nothing before the first one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._rows: dict[str, Mapping[str, Any]] = {}
        self._file: FileIO | None = None
        self._read: dict[Path, int] = {}
        """Bytes that were read of each file."""
        self.refresh()

    def refresh(self) -> None:
        """Read what was kept since the last time, by this process or another."""
        for path in sorted(self.folder.glob("*.jsonl"), key=_number):
            begin = self._read.get(path, 0)
            if path.stat().st_size <= begin:
                continue
            with open(path, "rb") as file:
                file.seek(begin)
                data = file.read()
            whole = data[: data.rfind(b"\n") + 1]  # another process may be writing the last line
            self._read[path] = begin + len(whole)
            for line in whole.splitlines(keepends=True):
                row = _parse(line)
                if row is not None:
                    self._rows[row["key"]] = row

    def get(self, key: str) -> Said | None:
        """An answer that was kept."""
        row = self._rows.get(key)
        return None if row is None else Said(text=row["text"], reason=row["reason"], facts=row["facts"])

    def keep(self, key: str, item_id: str, said: Said) -> None:
        """Make an answer durable.

        Raises:
            DiskError: the disk is full or cannot be written.
        """
        row = {"key": key, "id": item_id, "text": said.text, "reason": said.reason, "facts": dict(said.facts)}
        body = canonical_json(row).encode(errors="backslashreplace")
        data = (_PREFIX % zlib.crc32(body)).encode() + body + b"}\n"
        self._rows[key] = row
        with disk_errors(self.folder):
            file = self._open()
            write_all(file.fileno(), data)
            os.fsync(file.fileno())

    def _open(self) -> FileIO:
        if self._file is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            number = 1 + max(map(_number, self.folder.glob("*.jsonl")), default=-1)
            while self._file is None:
                try:
                    self._file = open(self.folder / f"{number:06d}.jsonl", "xb", buffering=0)  # noqa: SIM115
                except FileExistsError:  # another process began one meanwhile
                    number += 1
            sync_folder(self.folder)
        return self._file

    def close(self) -> None:
        """Close the file of this process."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _number(path: Path) -> int:
    return int(path.stem) if path.stem.isdecimal() else -1


def _parse(line: bytes) -> Mapping[str, Any] | None:
    body = line[_PREFIX_LENGTH:-2]
    if line != (_PREFIX % zlib.crc32(body)).encode() + body + b"}\n":
        return None
    row = json.loads(body)
    return row if isinstance(row, dict) and "key" in row else None


def key_of(model: Model, shown: Mapping[str, Any], prompts: Sequence[str], max_tokens: int) -> str:
    """Hash of everything that decides an answer.

    Args:
        shown: What is seen and heard of the film: its hash, the frame policy, the control.
        prompts: Of the turns that it follows up, the first one first, and its own.
        max_tokens: Longest answer.
    """
    asked = {
        "version": VERSION,
        "kind": model.kind,
        "revision": model.revision,
        "parameters": dict(model.parameters),
        "shown": dict(shown),
        "prompts": list(prompts),
        "max_tokens": max_tokens,
    }
    return hashlib.sha256(canonical_json(asked).encode()).hexdigest()
