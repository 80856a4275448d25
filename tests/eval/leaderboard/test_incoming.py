"""Requests that were tampered with: each is rejected with its code, and the one beside it is scored."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.eval.leaderboard.worker_kit import MemoryPlace, folder_with, queue, request, status, worker
from tests.eval.submissions.conftest import called_here

SHA = request("Model")[0]
OTHER = request("Other")[0]
Content = dict[str, bytes]


@pytest.fixture(autouse=True)
def _no_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moviellm.eval.leaderboard.worker.in_a_cell", called_here)


def told(**fields: Any) -> Callable[[Content], None]:
    """request.json with other fields; None takes one out."""

    def change(content: Content) -> None:
        path = f"requests/{SHA}/request.json"
        found = {**json.loads(content[path]), **fields}
        content[path] = json.dumps({name: value for name, value in found.items() if value is not None}).encode()

    return change


def file(path: str, data: bytes | None) -> Callable[[Content], None]:
    """A file of the request that is another, or (None) is not there."""

    def change(content: Content) -> None:
        if data is None:
            del content[f"requests/{SHA}/{path}"]
        else:
            content[f"requests/{SHA}/{path}"] = data

    return change


def swapped(content: Content) -> None:
    """The bundle of another request, which is in order."""
    for path in list(content):
        if path.startswith(f"requests/{OTHER}/bundle/"):
            content[path.replace(OTHER, SHA)] = content[path]


CHANGED = {
    "no request.json": (file("request.json", None), "R001"),
    "no JSON": (file("request.json", b"{"), "R001"),
    "a list": (file("request.json", b"[]"), "R001"),
    "nested without end": (file("request.json", b'{"a":' + b"[" * 100_000), "R001"),
    "a huge request.json": (file("request.json", b" " * 5_000_000), "R001"),
    "another version": (told(request_version="9.0"), "R001"),
    "no submitter": (told(submitter=None), "R001"),
    "a submitter that is no text": (told(submitter=["ada"]), "R001"),
    "a submitter with markup": (told(submitter="<script>"), "R001"),
    "a time that is none": (told(sent_at="<script>"), "R001"),
    "a time without end": (told(sent_at="x" * 3_999_000), "R001"),
    "a time that no file can hold": (told(sent_at="\ud800"), "R001"),
    "another hash": (told(sha256=OTHER), "R002"),
    "another revision": (told(benchmark_revision="f" * 40), "R003"),
    "another benchmark": (told(benchmark="org/other"), "R003"),
    "one more file": (file("bundle/extra.txt", b"x"), "R002"),
    "a file beside the bundle": (file("notes.md", b"x"), "R002"),
    "a file less": (file("bundle/predictions/qa_mc.jsonl", None), "R002"),
    "a huge file": (file("bundle/predictions/qa_mc.jsonl", b" " * 1_000_001), "R002"),
    "an empty file": (file("bundle/predictions/qa_mc.jsonl", b""), "E029"),
    "another answer": (file("bundle/predictions/qa_open.jsonl", b'{"answer":"a lamp","id":"q1"}\n'), "R002"),
    "the bundle of another": (swapped, "R002"),
}


@pytest.mark.parametrize("change", CHANGED)
def test_a_request_that_is_not_what_it_says_is_rejected(change: str, tmp_path: Path) -> None:
    content = queue(request("Model"), request("Other"))
    spoil, code = CHANGED[change]
    spoil(content)
    requests, results = MemoryPlace(content), MemoryPlace()
    worker(requests, results, tmp_path).pass_over()
    found = status(requests, SHA)
    assert (found["state"], found["problems"][0]["code"]) == ("rejected", code)
    assert status(requests, OTHER)["state"] == "scored"
    assert not any(SHA in path for path in results.content)


def test_folders_that_are_called_otherwise_are_no_requests(tmp_path: Path) -> None:
    content = queue(request("Model"))
    content |= {f"requests/{name}/request.json": b"{}" for name in ("README", "A" * 64, "f" * 63, "..%2f")}
    requests = MemoryPlace(content)
    worker(requests, MemoryPlace(), tmp_path).pass_over()
    assert [path for path in requests.content if path.startswith("status/")] == [f"status/{SHA}.json"]


def test_a_link_in_a_folder_of_requests_is_not_followed(tmp_path: Path) -> None:
    requests = folder_with(tmp_path / "queue", queue(request("Model")))
    path = tmp_path / "queue" / "requests" / SHA / "bundle" / "predictions" / "qa_open.jsonl"
    path.rename(tmp_path / "outside.jsonl")
    path.symlink_to(tmp_path / "outside.jsonl")
    worker(requests, MemoryPlace(), tmp_path / "work").pass_over()
    assert status(requests, SHA)["problems"][0]["code"] == "R002"


def test_a_status_that_says_scored_without_results_is_a_lie_that_costs_its_teller_only(tmp_path: Path) -> None:
    content = queue(request("Model"), request("Other"))
    content[f"status/{SHA}.json"] = b'{"state": "scored"}'
    requests, results = MemoryPlace(content), MemoryPlace()
    assert worker(requests, results, tmp_path).pass_over() == 1
    assert not any(SHA in path for path in results.content)
