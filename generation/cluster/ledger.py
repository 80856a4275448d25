"""The ledger of the limits: which calls began in the last minute, and for which money is held back.

    ledger = Ledger(run)                          # compacted: only what still counts
    ledger.rows                                   # of a desk that died
    ledger.append({"kind": "began", "name": "a1", "at": 1764000000.0, "tokens": 900})

One desk writes it, before it lets a call begin; a new desk on any machine reads it and knows what may be under way. It
holds no prices and no answers: what was paid is in the logs of exchanges. A torn line is left out.
"""

import json
import os
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Any

from moviellm.generation.files import disk_errors, write_whole
from moviellm.generation.llm.admission import MINUTE_S
from moviellm.generation.runs.journal import GROUP_FSYNC_S, write_all

NAME = "limits.jsonl"
LINES_MAX = 100_000
"""It is written anew, with what still counts, when it has so many lines."""

Row = Mapping[str, Any]


class Ledger:
    """The lines of one run. One desk uses it."""

    def __init__(self, run: Path) -> None:
        self.path = run / NAME
        self.rows: list[Row] = _living(_read(self.path), time.time())
        """What counted when it was opened."""
        self._file: FileIO | None = None
        self._lines = 0
        self._dirty = threading.Event()
        self._rewrite(self.rows)
        threading.Thread(target=self._keep_syncing, daemon=True).start()

    def append(self, row: Row) -> None:
        """Hand a line to the OS; a thread makes it durable soon.

        Raises:
            DiskError: the disk is full or cannot be written.
        """
        if self._lines >= LINES_MAX:
            self._rewrite(_living(_read(self.path), time.time()))
        with disk_errors(self.path):
            if self._file is None:
                self._file = open(self.path, "ab", buffering=0)  # noqa: SIM115
            write_all(self._file.fileno(), json.dumps(row).encode() + b"\n")
        self._lines += 1
        self._dirty.set()

    def _rewrite(self, rows: list[Row]) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()
        if rows or self.path.exists():
            write_whole(self.path, b"".join(json.dumps(row).encode() + b"\n" for row in rows))
        self._lines = len(rows)

    def _keep_syncing(self) -> None:
        while self._dirty.wait():
            time.sleep(GROUP_FSYNC_S)
            self._dirty.clear()
            with suppress(OSError, ValueError, AttributeError):  # said by the next append; or just written anew
                os.fsync(self._file.fileno())  # type: ignore[union-attr]


def _read(path: Path) -> list[Row]:
    rows = []
    for line in path.read_bytes().splitlines() if path.is_file() else []:
        with suppress(ValueError):
            rows.append(json.loads(line))
    return [row for row in rows if isinstance(row, dict) and "name" in row]


def _living(rows: list[Row], now: float) -> list[Row]:
    """What still counts: calls that began within a minute, with what they took; money that nobody gave back; costs."""
    began: dict[str, Row] = {}
    held: dict[str, Row] = {}
    told: dict[str, Row] = {}
    for row in rows:
        kind, name = row.get("kind"), row["name"]
        if kind == "began" and row["at"] > now - MINUTE_S:
            began[name] = row
        elif kind == "counted" and name in began:
            began[name] = {**began[name], "tokens": row["tokens"]}
        elif kind == "held":
            held[name] = row
        elif kind == "free":
            held.pop(name, None)
        elif kind == "told":
            told[name] = row
    return [*began.values(), *held.values(), *told.values()]
