"""Answers in a file: kept as they are found, whole at the end, and found again when the same is asked again.

    with Answers(Path("answers.jsonl")) as answers:
        answers.known(key)                      # a record of an earlier run, or None
        answers.add(record)                     # beside the file, on disk at once
        answers.finish(records)                 # the file, whole, in the order of the questions

A record's `key` is the hash of all that decides its answer. It asks nothing.
"""

import hashlib
import json
from pathlib import Path
from types import TracebackType
from typing import Any

from moviellm.generation.files import disk_errors, write_whole

Record = dict[str, Any]


def key_of(**decides: Any) -> str:
    """Hash of what decides an answer."""
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:32]


class Answers:
    """The file of a run, and beside it what the run has found so far."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._partial = path.with_name(f".{path.name}.partial")
        self._known = {record["key"]: record for place in (path, self._partial) for record in _records(place)}

    def __enter__(self) -> "Answers":
        with disk_errors(self._partial):
            self._partial.parent.mkdir(parents=True, exist_ok=True)
            self._file = open(self._partial, "ab")
            if self._partial.stat().st_size and not self._partial.read_bytes().endswith(b"\n"):
                self._file.write(b"\n")  # a run was killed while it wrote
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._file.close()

    def known(self, key: str) -> Record | None:
        """What an earlier run answered to exactly this."""
        return self._known.get(key)

    def add(self, record: Record) -> None:
        """Keep an answer."""
        with disk_errors(self._partial):
            self._file.write(_line(record))
            self._file.flush()
        self._known[record["key"]] = record

    def finish(self, records: list[Record]) -> None:
        """Write the file, and let go what lay beside it."""
        write_whole(self.path, b"".join(map(_line, records)))
        self._partial.unlink(missing_ok=True)


def _line(record: Record) -> bytes:
    return (json.dumps(record, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def _records(path: Path) -> list[Record]:
    """Records of a file; lines that are none, such as the last one of a killed run, are passed over."""
    found = []
    for line in path.read_bytes().split(b"\n") if path.is_file() else ():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and isinstance(record.get("key"), str) and isinstance(record.get("answer"), str):
            found.append(record)
    return found
