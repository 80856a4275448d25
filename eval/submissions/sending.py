"""What `moviellm submit send` does: an accepted bundle becomes a request that a leaderboard's worker finds.

    moviellm submit send mine.zip --to ORG/requests --index INDEX.json
    moviellm submit send mine.zip --to queue --submitter ada          # a folder on this machine

A request is one folder of the requests (a dataset on the Hub, or a folder), called by the hash of what was predicted:

    requests/SHA256/request.json            who sent what, and when; where its status will be
    requests/SHA256/bundle/...              the bundle in its one form (canonical.py), and no byte of the file sent
    status/SHA256.json                      written by the worker, never here

The same predictions and declaration are the same request, sent by whomever, and are sent once.
"""

import getpass
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from moviellm.cards.hub.local import LocalFile, from_bytes
from moviellm.cards.hub.names import check_repo_id, page
from moviellm.cards.hub.plan import PlannedCommit
from moviellm.cards.hub.pushing import push
from moviellm.cards.hub.repository import Repository
from moviellm.cards.publishing import hub_in_words
from moviellm.eval.submissions.canonical import sha256_of
from moviellm.eval.submissions.cell import CellError, in_a_cell
from moviellm.eval.submissions.check_verb import IMPORTS, bounds_of, text_of, unread
from moviellm.eval.submissions.index import INDEX_FILE, Index, read_index
from moviellm.eval.submissions.names import display_name_fault
from moviellm.eval.submissions.where import dataset_of, folder_of
from moviellm.generation.files import write_whole
from moviellm.generation.output import emit, note

REQUEST_VERSION: Final = "1.0"
REQUESTS: Final = "requests"
STATUS: Final = "status"
REQUEST_FILE: Final = "request.json"
BUNDLE: Final = "bundle"
CANONICAL: Final = "moviellm.eval.submissions.in_cell:canonical"
State = Literal["sent", "already there"]


@dataclass(frozen=True)
class Sent:
    """What became of a bundle."""

    state: State
    request: Mapping[str, Any]
    """request.json as it is there: of an earlier sender, where it was already."""
    place: str
    """Folder of the request, or its page."""


def request_path(sha256: str) -> str:
    """Folder of a request."""
    return f"{REQUESTS}/{sha256}"


def status_path(sha256: str) -> str:
    """File in which the worker writes what became of a request."""
    return f"{STATUS}/{sha256}.json"


def send(bundle: Path, *, to: str, index: Path | None, submitter: str | None, as_json: bool) -> None:
    """`moviellm submit send`."""
    with tempfile.TemporaryDirectory(prefix="moviellm-send-") as made:
        folder = folder_of(to, "--to")
        index = index or _index_there(to, folder, Path(made))
        facts, files = one_form(bundle, read_index(index), index)
        if not facts["accepted"]:
            emit(facts, text_of(facts), as_json)
            note("nothing was sent")
            raise SystemExit(1)
        if folder is not None:
            sent = send_to_folder(folder, facts, files, submitter or getpass.getuser())
        else:
            with hub_in_words():
                sent = send_to_hub(to, facts, files, submitter)
    told = {"state": sent.state, "place": sent.place, "request": dict(sent.request), "problems": facts["problems"]}
    warnings = [text_of(facts)] if facts["problems"] else []
    emit(told, "\n".join([*warnings, in_words(sent)]), as_json)


def in_words(sent: Sent) -> str:
    """The outcome for people."""
    request = sent.request
    if sent.state == "already there":
        first = f"already there, sent by {request['submitter']} at {request['sent_at']}; nothing was sent"
    else:
        first = f"sent as {request['display_name']} ({request['model_id']})"
    return f"{first}\n  {sent.place}\n  its status will be in {request['status_path']}"


def one_form(bundle: Path, index: Index, index_path: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Problems of a bundle, and its one form where it is accepted; made in a cell."""
    with tempfile.TemporaryDirectory(prefix="moviellm-form-") as made:
        place = Path(made).resolve()
        arguments = {"bundle": str(bundle.absolute()), "index": str(index_path.absolute()), "out": str(place)}
        try:
            done = in_a_cell(CANONICAL, arguments, bounds_of(index, keep=True), work=place, imports=IMPORTS)
        except CellError as error:
            return unread(bundle, error), {}
        facts: dict[str, Any] = done.value
        files = {name: (place / name).read_bytes() for name in facts.get("files", ())}
    assert not files or sha256_of(files) == facts["sha256"]
    return facts, files


def request_of(facts: Mapping[str, Any], submitter: str) -> dict[str, Any]:
    """request.json."""
    declared, sha256 = facts["declared"], facts["sha256"]
    return {
        "request_version": REQUEST_VERSION,
        "sha256": sha256,
        "submitter": submitter,
        "sent_at": datetime.now(UTC).isoformat(timespec="microseconds"),
        "display_name": declared["display_name"],
        "model_id": declared["model"]["id"],
        "benchmark": declared["benchmark"],
        "benchmark_revision": declared["benchmark_revision"],
        "track": declared["track"],
        "status_path": status_path(sha256),
    }


def _request_files(request: Mapping[str, Any], files: Mapping[str, bytes]) -> dict[str, bytes]:
    text = json.dumps(request, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    return {**{f"{BUNDLE}/{name}": data for name, data in files.items()}, REQUEST_FILE: text.encode()}


def send_to_folder(folder: Path, facts: Mapping[str, Any], files: Mapping[str, bytes], submitter: str) -> Sent:
    """Put a request into a folder: all of it or nothing, and once."""
    if fault := display_name_fault(submitter):
        raise ValueError(f"--submitter {submitter!r}: {fault}")
    request = request_of(facts, submitter)
    target = folder / request_path(facts["sha256"])
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".sending-", dir=folder) as made:
        building = Path(made) / "request"
        for name, data in _request_files(request, files).items():
            write_whole(building / name, data)
        try:
            os.rename(building, target)  # takes no folder that holds something
        except OSError:
            if not (target / REQUEST_FILE).is_file():
                raise
            return Sent("already there", _there((target / REQUEST_FILE).read_bytes()), str(target))
    return Sent("sent", request, str(target))


def send_to_hub(
    repo_id: str,
    facts: Mapping[str, Any],
    files: Mapping[str, bytes],
    submitter: str | None,
    *,
    vouched: bool = False,
) -> Sent:
    """Commit a request to a dataset on the Hub, on top of what others have sent meanwhile, once.

    Args:
        vouched: The submitter logged in to the leaderboard's own page, which sends with its own token.
    """
    check_repo_id(repo_id, "dataset")
    repository = Repository.open(repo_id, "dataset")
    sender = repository.check_token(proposes=False)
    if submitter not in (None, sender) and not vouched:
        raise ValueError(f"--submitter {submitter}: on the Hub it is who the token belongs to, {sender}; leave it out")
    if repository.settings() is None:
        raise ValueError(f"there is no dataset {repo_id}, or this token may not see it; ask who keeps the leaderboard")
    if vouched and submitter is not None:
        if fault := display_name_fault(submitter):
            raise ValueError(f"submitter {submitter!r}: {fault}")
        sender = submitter
    request = request_of(facts, sender)
    folder = request_path(facts["sha256"])
    planned = _planned(folder, _request_files(request, files))

    def missing(head: str) -> list[PlannedCommit]:
        return [] if f"{folder}/{REQUEST_FILE}" in repository.tree(head) else [planned]

    commit = push(
        repository,
        missing,
        line=lambda: "main",
        title=f"Request {facts['sha256'][:12]}",
        progress=lambda count: None,
        note=note,
    )
    found = _there(repository.read(f"{folder}/{REQUEST_FILE}", commit))
    state: State = "sent" if found == request else "already there"
    return Sent(state, found, page(repository.endpoint, repo_id, "dataset", f"/tree/main/{folder}"))


def _there(data: bytes) -> dict[str, Any]:
    """The request.json of whoever was first.

    Raises:
        ValueError: it is none.
    """
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(found.get(name), str) for name in ("submitter", "sent_at")):
        raise ValueError(
            f"these predictions were sent before, by a {REQUEST_FILE} that cannot be read; "
            f"ask who keeps the leaderboard"
        )
    return found


def _planned(folder: str, files: Mapping[str, bytes]) -> PlannedCommit:
    local: list[LocalFile] = [from_bytes(f"{folder}/{name}", data) for name, data in files.items()]
    return PlannedCommit(tuple(local), last=True)


def _index_there(to: str, folder: Path | None, place: Path) -> Path:
    """The index that lies with the requests."""
    if folder is not None:
        if not (folder / INDEX_FILE).is_file():
            raise ValueError(f"{to} holds no {INDEX_FILE}; give the benchmark's with --index")
        return folder / INDEX_FILE
    with hub_in_words():
        repository = dataset_of(to, "--to")
        head = repository.head("main")
        if INDEX_FILE not in repository.tree(head):
            raise ValueError(f"{to} holds no {INDEX_FILE}; give the benchmark's with --index")
        write_whole(place / INDEX_FILE, repository.read(INDEX_FILE, head))
    return place / INDEX_FILE
