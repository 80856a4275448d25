"""What was sent, as the worker finds it: a request is believed in nothing that can be looked at.

    requests = waiting(look)                            # hashes of folders below requests/
    request = read_request(look, sha256, index)         # RequestError where it is not what it says
    write_bundle(look, request, index, folder)          # its files, and no other, by names of ours

A request is what its name says: the hash of its bundle in the one form (eval/submissions/canonical.py). Whoever may
write to the requests may have changed anything in them, so the hash is computed again, and the revision is held
against the index that the worker goes by.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from moviellm.eval.leaderboard.places import Look
from moviellm.eval.submissions.bundles import DECLARATION, FOLDER
from moviellm.eval.submissions.declaration import BYTES_MAX
from moviellm.eval.submissions.index import Index
from moviellm.eval.submissions.names import display_name_fault
from moviellm.eval.submissions.problems import Problem, plain, shown
from moviellm.eval.submissions.sending import BUNDLE, REQUEST_FILE, REQUEST_VERSION, REQUESTS, request_path

HEX: Final = frozenset("0123456789abcdef")
TEXTS: Final = ("submitter", "sent_at", "benchmark", "benchmark_revision")
NAME_SHOWN: Final = 100
TIME_CHARS_MAX: Final = 40


class RequestError(Exception):
    """A request that is not what it says."""

    def __init__(self, code: str, where: str, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(code, where, message).row()


@dataclass(frozen=True)
class Request:
    """A request whose words are in order; its bundle is not read yet."""

    sha256: str
    submitter: str
    sent_at: str
    display_name: str
    """For messages only: what a row shows is what the bundle declares."""


def is_sha256(text: str) -> bool:
    """Whether a text is a hash as requests are called by."""
    return len(text) == 64 and set(text) <= HEX


def hashes(look: Look) -> list[str]:
    """Every request, whatever became of it."""
    found = {path.split("/")[1] for path in look.files if path.startswith(f"{REQUESTS}/") and path.count("/") > 1}
    return sorted(name for name in found if is_sha256(name))


def read_request(look: Look, sha256: str, index: Index) -> Request:
    """A request, as far as it can be read without its bundle.

    Raises:
        RequestError: it is not what it says, or is of another benchmark.
    """
    folder = request_path(sha256)
    told = look.json(f"{folder}/{REQUEST_FILE}")
    if told is None:
        raise RequestError("R001", REQUEST_FILE, "it is no JSON object; send the bundle with moviellm submit send")
    missing = [name for name in TEXTS if not isinstance(told.get(name), str)]
    if missing or told.get("request_version") != REQUEST_VERSION:
        lacks = f"it has no {missing[0]}" if missing else f"it is not of version {REQUEST_VERSION}"
        raise RequestError("R001", REQUEST_FILE, f"{lacks}; send the bundle with moviellm submit send")
    if told.get("sha256") != sha256:
        raise RequestError("R002", REQUEST_FILE, f"it names {shown(told.get('sha256'))}, and lies under {sha256}")
    if fault := display_name_fault(told["submitter"]):
        raise RequestError("R001", f"{REQUEST_FILE}: submitter", fault)
    if not _is_time(told["sent_at"]):
        raise RequestError("R001", f"{REQUEST_FILE}: sent_at", f"{shown(told['sent_at'])} is no time in ISO 8601")
    if (told["benchmark"], told["benchmark_revision"]) != (index.benchmark, index.revision):
        raise RequestError(
            "R003",
            REQUEST_FILE,
            f"it is for {shown(told['benchmark'])} at {shown(told['benchmark_revision'])}; this leaderboard is of "
            f"{index.benchmark} at {index.revision}",
        )
    name = plain(str(told.get("display_name", "")))[:NAME_SHOWN]
    return Request(sha256, told["submitter"], told["sent_at"], name)


def _is_time(text: str) -> bool:
    """Whether a text says when something was sent; requests are taken in this order."""
    try:
        return len(text) <= TIME_CHARS_MAX and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def bundle_files(look: Look, request: Request, index: Index) -> list[str]:
    """The files of a bundle in its one form, held against what is there before a byte of it is fetched.

    Raises:
        RequestError: it holds others, lacks one, or one is too large.
    """
    inside = f"{request_path(request.sha256)}/"
    allowed = {f"{BUNDLE}/{DECLARATION}": BYTES_MAX}
    allowed |= {f"{BUNDLE}/{FOLDER}/{task}.jsonl": index.limits.max_file_bytes for task in index.tasks}
    found = {path.removeprefix(inside): size for path, size in look.files.items() if path.startswith(inside)}
    others = sorted(set(found) - set(allowed) - {REQUEST_FILE})
    if others:
        raise RequestError("R002", plain(others[0]), "a request holds no such file; it was changed after it was sent")
    for name, most in allowed.items():
        if name not in found:
            raise RequestError("R002", name, "it is missing; the request was changed after it was sent")
        if found[name] > most:
            raise RequestError("R002", name, f"it has {found[name]} bytes; at most {most} are allowed")
    return [*allowed]


def write_bundle(look: Look, request: Request, index: Index, folder: Path) -> None:
    """Put the files of a bundle into a folder.

    Raises:
        RequestError: as `bundle_files`.
    """
    for name in bundle_files(look, request, index):
        path = folder / name.removeprefix(f"{BUNDLE}/")
        path.parent.mkdir(parents=True, exist_ok=True)
        data = look.read(f"{request_path(request.sha256)}/{name}")
        assert data is not None, "it was listed"
        path.write_bytes(data)


def check_form(facts: Mapping[str, Any], request: Request) -> None:
    """Hold what was found of a bundle against the request.

    Raises:
        RequestError: it is another bundle.
    """
    if facts["sha256"] != request.sha256:
        raise RequestError(
            "R002",
            BUNDLE,
            f"its hash is {facts['sha256']}, not the one it lies under; it was changed after it was sent",
        )
