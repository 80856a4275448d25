"""Requests, a place in memory, and a scorer that costs nothing: what tests of the worker are made of."""

import json
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from moviellm.eval.judging.asking import MAX_TOKENS
from moviellm.eval.judging.gate import GATE_VERSION
from moviellm.eval.judging.rubric import open_rubric
from moviellm.eval.leaderboard.claims import Terms
from moviellm.eval.leaderboard.entries import lines_of
from moviellm.eval.leaderboard.places import FolderPlace, Look, Place, Wanted
from moviellm.eval.leaderboard.worker import Truth, Worker
from moviellm.eval.submissions.canonical import canonical_files, sha256_of
from moviellm.eval.submissions.checking import check_bundle
from moviellm.eval.submissions.index import INDEX_FILE
from moviellm.eval.submissions.sending import BUNDLE, REQUEST_FILE, request_of, request_path
from moviellm.eval.tasks.table import task_named
from tests.eval.submissions.kit import INDEX, declared, files, write_folder

SECRET = "what is right"
PARAMS = {"max_tokens": MAX_TOKENS, "temperature": None}
"""With which a worker asks judges."""
START = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time

    def wait(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class MemoryPlace:
    """A place that is a dictionary."""

    name = "memory"

    def __init__(self, content: Mapping[str, bytes] | None = None) -> None:
        self.content = dict(content or {})
        self.changes = 0
        self._lock = threading.RLock()

    def look(self) -> Look:
        held = dict(self.content)
        return Look({path: len(data) for path, data in held.items()}, lambda path: held[path])

    def change(self, wanted: Wanted, title: str) -> Look:
        with self._lock:
            found = wanted(self.look())
            self.content |= found
            self.changes += bool(found)
            return self.look()

    def address(self, folder: str) -> str | None:
        return None


class KilledError(BaseException):
    """The process is gone: nothing of ours runs any more."""


class Dying:
    """A place at whose n-th change (counted over all that share `left`) the process is killed, before it or after."""

    def __init__(self, place: Place, left: list[int], after: bool) -> None:
        self.name, self._place, self._left, self._after = place.name, place, left, after

    def look(self) -> Look:
        return self._place.look()

    def change(self, wanted: Wanted, title: str) -> Look:
        self._left[0] -= 1
        if self._left[0] == 0 and not self._after:
            raise KilledError
        look = self._place.change(wanted, title)
        if self._left[0] == 0:
            raise KilledError
        return look

    def address(self, folder: str) -> str | None:
        return None


def request(name: str = "Model", submitter: str = "ada", at: datetime = START) -> tuple[str, dict[str, bytes]]:
    """The hash of a request, and its files by path."""
    with tempfile.TemporaryDirectory() as place:
        path = write_folder(Path(place), files(declared=declared("MovieLLM 7B (64 frames)", name)))
        found = check_bundle(path, INDEX, keep=True)
    assert found.problems.accepted, found.problems.listed()
    content = canonical_files(found.submission)
    sha256 = sha256_of(content)
    told = request_of({"declared": found.submission.declared, "sha256": sha256}, submitter)
    told["sent_at"] = at.isoformat()
    folder = request_path(sha256)
    made = {f"{folder}/{BUNDLE}/{path}": data for path, data in content.items()}
    return sha256, {**made, f"{folder}/{REQUEST_FILE}": json.dumps(told).encode()}


def queue(*requests: tuple[str, dict[str, bytes]]) -> dict[str, bytes]:
    """A place of requests with its index."""
    content = {INDEX_FILE: INDEX.text().encode()}
    for _, one in requests:
        content |= one
    return content


class Scorer:
    """Leaves a run with the numbers that it was told, and counts; `trouble` may raise."""

    def __init__(self, trouble: Callable[[str], None] = lambda name: None) -> None:
        self.calls: Counter[str] = Counter()
        self._trouble = trouble

    def __call__(self, bundle: Path, run: Path) -> Mapping[str, Any]:
        found = check_bundle(bundle, INDEX, keep=True).submission
        assert found.declared is not None
        self.calls[str(found.declared["display_name"])] += 1
        self._trouble(str(found.declared["display_name"]))
        run.mkdir(parents=True, exist_ok=True)
        (run / "answers.jsonl").write_bytes(lines_of(answers()))
        results = {"tasks": numbers(), "submission": found.declared, "data": {"split": "test"}}
        return {"accepted": True, "problems": [], "results": results}


def numbers() -> dict[str, Any]:
    found = {}
    for task, items in INDEX.tasks.items():
        headline = task_named(task).headline
        number = {"value": 0.123456, "low": 0.1, "high": None, "n": len(items)} | {"high": 0.2}
        found[task] = {"headline": headline, "metrics": {headline: number}, "by_type": {}, "by_level": {}}
    return found


def answers() -> list[dict[str, Any]]:
    rows = {}
    for task, items in INDEX.tasks.items():
        for item in items:
            scores = {task_named(task).headline: 0.5}
            rows[item] = {"id": item, "movie": "m1", "family": "m1", "scores": scores, "gold": {"answer": SECRET}}
    return [*rows.values()]


def worker(
    requests: Place, results: Place, work: Path, *, score: Any = None, clock: Clock | None = None, **terms: Any
) -> Worker:
    """A worker whose bundles are read in this process."""
    work.mkdir(parents=True, exist_ok=True)
    (work / INDEX_FILE).write_text(INDEX.text(), encoding="utf-8")
    truth = Truth(work / "labels", work / INDEX_FILE)
    made = Worker(requests, results, truth, work, Terms(**terms), score=score or Scorer())
    if clock is not None:
        made.clock = clock
        made.__post_init__()
    return made


def folder_with(folder: Path, content: Mapping[str, bytes]) -> FolderPlace:
    folder.mkdir()
    return FolderPlace(write_folder(folder, content))


def gate_of(folder: Path, judge: str = "openai:j", version: str = "j", **told: Any) -> Path:
    """A folder with the gate of a judge, admitted unless it is told otherwise."""
    rubric = open_rubric("correctness")
    gate = {
        "gate_version": GATE_VERSION,
        "admitted": True,
        "refused_for": [],
        "judge": {"asked": judge, "name": version, "version": version, "pinned": True, "params": PARAMS},
        "rubrics": {"answers": {"id": rubric.id, "text_sha256": rubric.text_sha256}},
        "times": {"decided_at": "2026-11-01T00:00:00+00:00"},
        **told,
    }
    return write_folder(folder, {"gate.json": json.dumps(gate).encode()})


def status(place: Place, sha256: str) -> dict[str, Any]:
    found = place.look().json(f"status/{sha256}.json")
    assert found is not None, f"no status of {sha256}"
    return found
