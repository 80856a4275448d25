"""What a Hub keeps: people and their tokens, repositories, commits, tags, proposals (pull requests), large objects.

    store = Store()
    repo = store.create("dataset", "moviellm/films", store.person("hf_writer"))
    repo.commit("main", {**repo.tree("main"), "README.md": Entry(b"# Films")}, "a card")

Everything is in memory; the bytes of a large object are kept once, however many commits name them. It speaks no HTTP:
see hub_routes.py. What the Hub refuses is a `RefusedError` with the status and code that the real one answers with.
"""

import hashlib
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Literal

from tests.servers.hub_xet import XetFolder

Kind = Literal["model", "dataset", "space"]
Want = Literal["see", "read", "propose", "write"]
"""See that it is there; read its files (gated ones need a grant); open a pull request; change it."""

LARGE_FILES = """7z arrow avro bin bz2 flac gz h5 jpeg jpg mkv mp3 mp4 npy npz ogg onnx parquet pickle pkl png pt
safetensors tar tgz wav webp xz zip zst"""
GIT_ATTRIBUTES = "".join(
    f"*.{suffix} filter=lfs diff=lfs merge=lfs -text\n" for suffix in LARGE_FILES.split()
).encode()
ENTRIES_A_FOLDER = 10_000
"""More entries in one folder are refused, as the Hub's limits say."""


class RefusedError(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, code: str = "", message: str = "", headers: Mapping[str, str] | None = None):
        super().__init__(status, code, message)
        self.status, self.code, self.message = status, code, message or code
        self.headers = dict(headers or {})


@dataclass(frozen=True)
class Person:
    """Who holds a token."""

    name: str
    orgs: Mapping[str, str] = field(default_factory=dict)
    """Role by organisation: read, contributor, write or admin."""
    token_role: Literal["read", "write"] = "write"
    """What the token allows at most."""

    def may_write(self, namespace: str) -> bool:
        allowed = namespace == self.name or self.orgs.get(namespace) in {"write", "admin"}
        return allowed and self.token_role == "write"


@dataclass(frozen=True)
class Entry:
    """A file of a commit."""

    data: bytes
    large: bool = False
    """Kept as a large object (LFS); git then holds a pointer."""
    kept_by_xet: tuple[str, str, int] | None = None
    """Of a large object whose bytes are not here: Xet hash, sha256, size."""

    @cached_property
    def sha256(self) -> str:
        return self.kept_by_xet[1] if self.kept_by_xet else hashlib.sha256(self.data).hexdigest()

    @property
    def size(self) -> int:
        return self.kept_by_xet[2] if self.kept_by_xet else len(self.data)

    @cached_property
    def pointer(self) -> bytes:
        text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {self.size}\n"
        return text.encode()

    @cached_property
    def blob(self) -> str:
        """Git's name of it."""
        return git_blob(self.pointer if self.large else self.data)

    @property
    def etag(self) -> str:
        return self.sha256 if self.large else self.blob


def git_blob(data: bytes) -> str:
    digest = hashlib.sha1(b"blob %d\0" % len(data))
    digest.update(data)
    return digest.hexdigest()


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Commit:
    """A state of the files."""

    oid: str
    parent: str | None
    tree: Mapping[str, Entry]
    title: str
    message: str
    author: str
    date: str = field(default_factory=now)


@dataclass
class Proposal:
    """A discussion, or a pull request when it has changes of its own at refs/pr/N."""

    number: int
    title: str
    author: str
    base: str | None
    """The commit of main that a pull request starts from; None for a discussion."""
    status: str = "open"
    merged_as: str | None = None
    comments: list[str] = field(default_factory=list)
    date: str = field(default_factory=now)


class Repo:
    """One repository."""

    def __init__(self, kind: Kind, name: str, author: str, private: bool = False, sdk: str | None = None):
        self.kind, self.name, self.private, self.sdk = kind, name, private, sdk
        self.gated: str | bool = False
        self.granted: set[str] = set()
        """People who may read a gated repository, besides its writers."""
        self.created = now()
        self.commits: dict[str, Commit] = {}
        self.branches: dict[str, str] = {}
        """Branch, or refs/pr/N -> commit."""
        self.tags: dict[str, str] = {}
        self.proposals: dict[int, Proposal] = {}
        self.commit("main", {".gitattributes": Entry(GIT_ATTRIBUTES)}, "initial commit", author=author)

    @property
    def namespace(self) -> str:
        return self.name.split("/")[0]

    def resolve(self, revision: str) -> str:
        """The commit of a branch, tag, pull request or commit."""
        name = revision.removeprefix("refs/heads/").removeprefix("refs/tags/")
        oid = self.branches.get(name) or self.tags.get(name) or (name if name in self.commits else None)
        if oid is None:
            raise RefusedError(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return oid

    def tree(self, revision: str = "main") -> Mapping[str, Entry]:
        return self.commits[self.resolve(revision)].tree

    def history(self, revision: str) -> list[Commit]:
        """Newest first."""
        found, oid = [], self.resolve(revision)
        while oid is not None:
            found.append(self.commits[oid])
            oid = found[-1].parent  # type: ignore[assignment]
        return found

    def commit(self, branch: str, tree: Mapping[str, Entry], title: str, message: str = "", author: str = "?") -> str:
        parent = self.branches.get(branch)
        crowded = [name for name, count in _entries(tree).items() if count > ENTRIES_A_FOLDER]
        if crowded:
            raise RefusedError(400, "BadRequest", f"Folder {crowded[0]!r} has more than {ENTRIES_A_FOLDER} entries")
        digest = hashlib.sha1(f"{self.kind} {self.name} {parent} {title} {len(self.commits)}".encode())
        for path in sorted(tree):
            digest.update(f"\n{path} {tree[path].blob}".encode())
        oid = digest.hexdigest()
        self.commits[oid] = Commit(oid, parent, dict(tree), title, message, author)
        self.branches[branch] = oid
        return oid

    def tag(self, name: str, revision: str) -> None:
        if name in self.tags:
            raise RefusedError(409, "Conflict", f"Tag reference exists already: {name}")
        self.tags[name] = self.resolve(revision)

    def propose(self, title: str, author: str, pull_request: bool = True) -> Proposal:
        number = len(self.proposals) + 1
        base = self.resolve("main") if pull_request else None
        self.proposals[number] = Proposal(number, title, author, base)
        if base is not None:
            self.branches[f"refs/pr/{number}"] = base
        return self.proposals[number]

    def proposal(self, number: int) -> Proposal:
        if number not in self.proposals:
            raise RefusedError(404, "DiscussionNotFound", f"Discussion {number} not found")
        return self.proposals[number]

    def conflicts(self, proposal: Proposal) -> list[str]:
        """Files that main has changed in another way since the pull request began."""
        assert proposal.base is not None
        base, ours = self.commits[proposal.base].tree, self.tree("main")
        theirs = self.tree(f"refs/pr/{proposal.number}")
        changed = {path for path in base.keys() | theirs.keys() if base.get(path) != theirs.get(path)}
        return sorted(path for path in changed if ours.get(path) not in (base.get(path), theirs.get(path)))

    def merge(self, proposal: Proposal) -> None:
        if proposal.base is None or proposal.status != "open":
            raise RefusedError(400, "BadRequest", "This pull request cannot be merged")
        if self.conflicts(proposal):
            raise RefusedError(409, "Conflict", "This pull request has conflicts")
        base, theirs = self.commits[proposal.base].tree, self.tree(f"refs/pr/{proposal.number}")
        tree = {path: entry for path, entry in self.tree("main").items() if path in theirs or path not in base}
        tree |= {path: entry for path, entry in theirs.items() if base.get(path) != entry}
        proposal.merged_as = self.commit(
            "main", tree, f"{proposal.title} (#{proposal.number})", author=proposal.author
        )
        proposal.status = "merged"


def _entries(tree: Mapping[str, Entry]) -> Counter[str]:
    """Entries by folder."""
    children: set[tuple[str, str]] = set()
    for path in tree:
        while path:
            parent = path.rpartition("/")[0]
            children.add((parent, path))
            path = parent
    return Counter(parent for parent, _ in children)


class Store:
    """A whole Hub. hf_writer is tester, who writes in moviellm; hf_reader reads there; hf_other is a stranger."""

    def __init__(self) -> None:
        self.people = {
            "hf_writer": Person("tester", {"moviellm": "write"}),
            "hf_reader": Person("reader", {"moviellm": "read"}, token_role="read"),
            "hf_other": Person("stranger"),
        }
        self.repos: dict[tuple[Kind, str], Repo] = {}
        self.objects: dict[str, bytes] = {}
        """Large objects by sha256."""
        self.sent: Counter[str] = Counter()
        """How often the bytes of a large object came in whole."""
        self.xet: XetFolder | None = None
        """Where large objects go by Xet; None: by LFS."""
        self.lock = threading.RLock()

    def person(self, token: str | None) -> Person | None:
        if token is None:
            return None
        if token not in self.people:
            raise RefusedError(401, "", "Invalid credentials in Authorization header")
        return self.people[token]

    def create(
        self, kind: Kind, name: str, person: Person | None, private: bool = False, sdk: str | None = None
    ) -> Repo:
        if person is None:
            raise RefusedError(401, "", "Invalid username or password.")
        namespace = name.split("/")[0]
        if not person.may_write(namespace):
            said = f'You don\'t have the rights to create a {kind} under the namespace "{namespace}"'
            raise RefusedError(403, "", said)
        if (kind, name) in self.repos:
            raise RefusedError(409, "", f"You already created this {kind} repo: {name}")
        self.repos[kind, name] = Repo(kind, name, person.name, private, sdk)
        return self.repos[kind, name]

    def repo(self, kind: Kind, name: str, person: Person | None, want: Want = "see") -> Repo:
        repo = self.repos.get((kind, name))
        insider = person is not None and (person.name == name.split("/")[0] or name.split("/")[0] in person.orgs)
        if repo is None or (repo.private and not insider):
            raise RefusedError(401 if person is None else 404, "RepoNotFound", "Repository not found")
        if want == "write" and (person is None or not person.may_write(repo.namespace)):
            if person is None:
                raise RefusedError(401, "", "Invalid username or password.")
            raise RefusedError(403, "", f"You don't have write access to {name}")
        if want == "propose" and (person is None or person.token_role != "write"):
            raise RefusedError(401 if person is None else 403, "", "Pull requests need a token that may write")
        if want == "read" and repo.gated and not (person and (insider or person.name in repo.granted)):
            said = f"Access to {kind} {name} is restricted. You must have access to it and be authenticated."
            raise RefusedError(401 if person is None else 403, "GatedRepo", said)
        return repo

    def keep(self, oid: str, data: bytes) -> None:
        """Keep a large object that has come in."""
        if hashlib.sha256(data).hexdigest() != oid:
            raise RefusedError(422, "BadOid", "The bytes do not have this hash")
        with self.lock:
            self.sent[oid] += 1
            self.objects.setdefault(oid, data)
