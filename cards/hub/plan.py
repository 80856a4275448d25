"""Which commits make a repository hold exactly the files of a folder. A pure function of both: that is the resume.

    plan_commits(files, tree)                  # [] when the tree already holds exactly them

Files go in commits of about a hundred; what a reader sees first (card, scripts, manifests) goes last, together with
the deletion of files that are no longer listed. What misses little goes in one commit, so that nobody who reads `main`
meanwhile meets new shards under an old card. It sends nothing: see pushing.py.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from moviellm.cards.hub.local import LocalFile
from moviellm.generation.dataset.folder import MANIFEST
from moviellm.generation.dataset.limits import COMMIT_FILES

COMMIT_BYTES = 20_000_000_000
"""Bytes of a commit: what a killed push may have to look at again."""
FRONT_BYTES_MAX = 10_000_000
"""A larger file is never of the front, wherever it lies."""
FRONT_FOLDERS = frozenset({"", "card"})
"""Folders whose small files are what a reader sees first: README.md, manifest.json, the loading script, pictures."""
KEPT = (".gitattributes", ".eval_results/", "INDEX.json")
"""Never deleted: the Hub's own, results that others reported, a benchmark's index, a commit behind the rest."""
LEFT_BY_A_PUSH = re.compile(
    r"[\w-]+/(train|validation|dev|test)-\d{5}-of-\d{5}\.parquet|features/\d{5}/m\d+\.safetensors"
)
"""What a push that did not come to its end leaves without a manifest that lists it."""


@dataclass(frozen=True)
class RemoteFile:
    """A file as a repository holds it."""

    bytes: int
    blob: str
    """Git's name of it; of a large object, that of its pointer."""
    sha256: str | None
    """Of a large object; None for a file that git holds itself."""


@dataclass(frozen=True)
class PlannedCommit:
    """One commit to make."""

    files: tuple[LocalFile, ...]
    deletes: tuple[str, ...] = ()
    last: bool = False
    """Whether the repository then holds exactly the files."""

    @property
    def bytes(self) -> int:
        """Bytes of its files."""
        return sum(file.bytes for file in self.files)


def same(file: LocalFile, remote: RemoteFile | None) -> bool:
    """Whether the repository holds this very content under this path."""
    if remote is None or remote.bytes != file.bytes:
        return False
    return remote.sha256 == file.sha256 if remote.sha256 is not None else remote.blob == file.blob()


def surplus(files: Iterable[LocalFile], tree: Mapping[str, RemoteFile]) -> list[str]:
    """Files of the repository that are not of the folder and would be deleted."""
    listed = {file.path for file in files}
    return sorted(path for path in tree if path not in listed and not path.startswith(KEPT))


def foreign(found: Sequence[str], name: str, manifest: bytes | None) -> list[str]:
    """Those of some files of a repository that no push of this dataset has put there.

    Args:
        name: Of the dataset.
        manifest: What the repository has for one; it may be anything.
    """
    try:
        told = json.loads(manifest or b"{}")
        listed = {MANIFEST, *(str(file["path"]) for file in told["files"])} if told.get("name") == name else set()
    except (ValueError, KeyError, TypeError, AttributeError):
        listed = set()
    if manifest is not None and not listed:
        return [*found]
    return [path for path in found if path not in listed and not LEFT_BY_A_PUSH.fullmatch(path)]


def differences(files: Sequence[LocalFile], tree: Mapping[str, RemoteFile]) -> list[str]:
    """What a repository holds otherwise than the folder, in words; empty when it holds exactly its files."""
    said = []
    for file in files:
        if file.path not in tree:
            said.append(f"{file.path} is not there")
        elif not same(file, tree[file.path]):
            said.append(f"{file.path} has other bytes")
    return said + [f"{path} is there and not here" for path in surplus(files, tree)]


def plan_commits(
    files: Sequence[LocalFile],
    tree: Mapping[str, RemoteFile],
    *,
    exact: bool = True,
) -> list[PlannedCommit]:
    """The commits that are still to be made, in order.

    Args:
        files: What the repository shall hold.
        tree: What it holds.
        exact: It shall hold nothing else.
    """
    missing = [file for file in files if not same(file, tree.get(file.path))]
    deletes = tuple(surplus(files, tree)) if exact else ()
    if not missing and not deletes:
        return []
    front = tuple(file for file in missing if is_front(file))
    batches = _batches([file for file in missing if not is_front(file)])
    if len(batches) == 1:
        return [PlannedCommit((*batches[0], *front), deletes, last=True)]
    if not front and not deletes:
        return [*map(PlannedCommit, batches[:-1]), PlannedCommit(batches[-1], last=True)]
    return [*map(PlannedCommit, batches), PlannedCommit(front, deletes, last=True)]


def is_front(file: LocalFile) -> bool:
    """Whether a file is of those that go last."""
    return file.path.rpartition("/")[0] in FRONT_FOLDERS and file.bytes <= FRONT_BYTES_MAX


def _batches(files: Sequence[LocalFile]) -> list[tuple[LocalFile, ...]]:
    batches: list[list[LocalFile]] = []
    room = 0
    for file in files:
        if not batches or len(batches[-1]) >= COMMIT_FILES or file.bytes > room:
            batches.append([])
            room = COMMIT_BYTES
        batches[-1].append(file)
        room -= file.bytes
    return [tuple(batch) for batch in batches]
