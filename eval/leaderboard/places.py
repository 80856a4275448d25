"""Where requests and results lie: a dataset on the Hub, or a folder. Both change by compare-and-swap.

    place = open_place("ORG/requests")                  # or a folder that is there
    look = place.look()
    look.read("status/SHA.json")                        # None where it is not
    place.change(lambda look: {"status/SHA.json": data} if free(look) else {}, "Claim SHA")

`change` calls the function with what is there, writes the files that it wants, and calls it again where somebody else
was first, or where nobody knows whether they were written. The function answers with nothing once all is as it wants.
On the Hub a change is one commit on top of the one that was looked at. In a folder it is made under a lock that the
kernel gives back when a process ends, however it ends; files are written one by one, each whole, in their order.
"""

import fcntl
import json
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from moviellm.cards.hub.local import from_bytes
from moviellm.cards.hub.names import page
from moviellm.cards.hub.plan import PlannedCommit, RemoteFile, same
from moviellm.cards.hub.pushing import push
from moviellm.cards.hub.repository import Repository
from moviellm.eval.submissions.where import dataset_of, folder_of, is_hub_name
from moviellm.generation.files import write_whole
from moviellm.generation.output import note

LOCK: Final = ".leaderboard.lock"
JSON_BYTES_MAX: Final = 4_000_000
"""Of a file that is read as JSON here: a larger one is not ours."""
KEPT_BYTES: Final = 2**28
"""Of files of the Hub that stay in memory; whoever watches a queue for weeks reads bundles that nobody needs again."""


@dataclass(frozen=True)
class Look:
    """What a place holds at one moment."""

    files: Mapping[str, int]
    """Bytes by path."""
    bytes_of: Callable[[str], bytes]
    """Reads a file that is there."""

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; None where there is none."""
        return self.bytes_of(path) if path in self.files else None

    def json(self, path: str) -> dict[str, Any] | None:
        """A JSON object; None where there is none, or the file is something else."""
        if not 0 < self.files.get(path, 0) <= JSON_BYTES_MAX:
            return None
        try:
            found = json.loads(self.bytes_of(path))
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None


Wanted = Callable[[Look], Mapping[str, bytes]]


class Place(Protocol):
    """A place for requests or results."""

    name: str

    def look(self) -> Look:
        """What is there now."""

    def change(self, wanted: Wanted, title: str) -> Look:
        """Write what is wanted, and nothing that somebody else was faster with; what is there then."""

    def address(self, folder: str) -> str | None:
        """The page of a folder of it; None where it has none."""


class FolderPlace:
    """A folder of this machine, or of a disk that several share and that keeps locks."""

    def __init__(self, folder: Path) -> None:
        self.name = str(folder)
        self._folder = folder

    def look(self) -> Look:
        return Look(dict(self._listed()), lambda path: (self._folder / path).read_bytes())

    def change(self, wanted: Wanted, title: str) -> Look:
        with self._locked():
            for path, data in wanted(self.look()).items():
                write_whole(self._folder / path, data)
            return self.look()

    def address(self, folder: str) -> str | None:
        return None

    def _listed(self) -> Iterator[tuple[str, int]]:
        """Files, without links and what begins with a dot."""
        for place, names, files in os.walk(self._folder):
            names[:] = sorted(name for name in names if not name.startswith("."))
            for name in sorted(files):
                path = Path(place) / name
                if not name.startswith(".") and path.is_file() and not path.is_symlink():
                    yield path.relative_to(self._folder).as_posix(), path.stat().st_size

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with open(self._folder / LOCK, "ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


class HubPlace:
    """A dataset on the Hub."""

    def __init__(self, repository: Repository) -> None:
        self.name = repository.repo_id
        self._repository = repository
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        """Bytes by git's name of them, the one asked for last at the end: what did not change is read once."""
        self._keeping = threading.Lock()

    def look(self) -> Look:
        return self._at(self._repository.head("main"))[0]

    def change(self, wanted: Wanted, title: str) -> Look:
        def plan(head: str) -> list[PlannedCommit]:
            look, tree = self._at(head)
            files = [from_bytes(path, data) for path, data in wanted(look).items()]
            missing = tuple(file for file in files if not same(file, tree.get(file.path)))
            return [PlannedCommit(missing, last=True)] if missing else []

        head = push(self._repository, plan, line=lambda: "main", title=title, progress=lambda count: None, note=note)
        return self._at(head)[0]

    @property
    def public(self) -> bool:
        """Whether anybody may read it, as the Hub says now."""
        settings = self._repository.settings()
        return settings is not None and not settings.private

    def address(self, folder: str) -> str | None:
        return page(self._repository.endpoint, self.name, "dataset", f"/tree/main/{folder}")

    def _at(self, commit: str) -> tuple[Look, dict[str, RemoteFile]]:
        tree = self._repository.tree(commit)

        def read(path: str) -> bytes:
            blob = tree[path].blob
            data = self._kept.get(blob)
            if data is None:
                data = self._repository.read(path, commit)
            self._keep(blob, data)
            return data

        return Look({path: file.bytes for path, file in tree.items()}, read), tree

    def _keep(self, blob: str, data: bytes) -> None:
        with self._keeping:  # a thread says that the worker is alive while another reads
            self._kept[blob] = data
            self._kept.move_to_end(blob)
            while len(self._kept) > 1 and sum(map(len, self._kept.values())) > KEPT_BYTES:
                self._kept.popitem(last=False)


def is_public(place: Place) -> bool:
    """Whether anybody may read a place of the Hub; who may read a folder is not known here."""
    return isinstance(place, HubPlace) and place.public


def open_place(text: str, option: str, *, make: bool = False) -> Place:
    """A folder that is there, or a dataset on the Hub.

    Args:
        option: Names it in a message.
        make: A folder is made where there is none.

    Raises:
        ValueError: there is neither, or the token may not write there.
    """
    wanted = Path(text).expanduser()
    if make and not is_hub_name(text) and not wanted.exists():
        wanted.mkdir(parents=True)
    folder = folder_of(text, option)
    if folder is not None:
        return FolderPlace(folder)
    repository = dataset_of(text, option)
    repository.check_token(proposes=False)
    return HubPlace(repository)


def reading_place(text: str, option: str) -> Place:
    """A folder, or a dataset on the Hub that may be read.

    Raises:
        ValueError: there is neither.
    """
    folder = folder_of(text, option)
    return HubPlace(dataset_of(text, option)) if folder is None else FolderPlace(folder.resolve())
