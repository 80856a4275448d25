"""Films that hung or crashed, kept in a file so that another try does not open them again.

    known = Quarantine(folder / "refused.json")
    known.reason(path)                          # None, or why the film is not opened
    known.add(Refused(path, TOO_LONG, "film.mkv took longer than 600 s"))

A film is known by its place, size and time of change: a changed one may be tried again. Delete the file to try all.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from moviellm.generation.files import write_whole
from moviellm.generation.schema import canonical_json

TOO_LONG = "films that took longer than the time limit"
CRASHED = "films that brought their decoder down"


@dataclass(frozen=True)
class Refused:
    """A film that was not read."""

    path: Path
    kind: str
    """What happened, the same words for all such films."""
    reason: str
    """What happened to this one."""


class Quarantine:
    """The films of one file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._known: dict[str, list[str]] = json.loads(path.read_bytes())
        except (OSError, ValueError):
            self._known = {}

    def reason(self, path: Path) -> Refused | None:
        """Why this film is not opened; None when it may be."""
        known = self._known.get(_identity(path))
        return None if known is None else Refused(path, known[0], f"{known[1]} (known from the last try)")

    def add(self, refused: Refused) -> Refused:
        """Keep a film out from now on."""
        self._known[_identity(refused.path)] = [refused.kind, refused.reason]
        write_whole(self.path, canonical_json(self._known).encode())
        return refused


def _identity(path: Path) -> str:
    state = path.stat()
    return canonical_json([str(path.resolve()), state.st_size, state.st_mtime_ns])
