"""The worker: every request comes to its one end, whatever happens to workers, bundles, judges and places."""

import json
import threading
import time
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from moviellm.eval.judging.rubric import open_rubric
from moviellm.eval.leaderboard.judged import BudgetError, Judges
from moviellm.eval.submissions.cell import CellError
from moviellm.generation.protocols import StoppedError
from tests.eval.leaderboard.worker_kit import (
    PARAMS,
    SECRET,
    START,
    Clock,
    Dying,
    KilledError,
    MemoryPlace,
    Scorer,
    folder_with,
    gate_of,
    numbers,
    queue,
    request,
    status,
    worker,
)
from tests.eval.submissions.conftest import called_here


@pytest.fixture(autouse=True)
def _no_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moviellm.eval.leaderboard.worker.in_a_cell", called_here)


@pytest.fixture
def places() -> tuple[MemoryPlace, MemoryPlace]:
    """Three requests, and no results."""
    made = [request(f"Model {number}", f"person {number}", START.replace(minute=number)) for number in range(3)]
    return MemoryPlace(queue(*made)), MemoryPlace()


SHAS = [request(f"Model {number}", f"person {number}")[0] for number in range(3)]


def states(place: Any) -> list[str]:
    return [status(place, sha256)["state"] for sha256 in SHAS]


def entry(place: Any, sha256: str) -> dict[str, Any]:
    found = place.look().json(f"results/{sha256}/entry.json")
    assert found is not None
    return found


def test_what_waits_is_scored_and_told(places: Any, tmp_path: Path) -> None:
    requests, results = places
    assert worker(requests, results, tmp_path).pass_over() == 3
    assert states(requests) == ["scored"] * 3
    told = status(requests, SHAS[0])
    assert told["scores"]["qa_mc"]["metrics"] == numbers()["qa_mc"]["metrics"]
    assert told["result_path"] == f"results/{SHAS[0]}" and told["scored_at"] == entry(results, SHAS[0])["scored_at"]


def test_who_waits_longer_than_was_told_is_told_again(tmp_path: Path) -> None:
    sent = [request(f"Model {number}", at=START.replace(minute=number)) for number in range(3)]
    requests, clock = MemoryPlace(queue(*sent)), Clock()
    mine = worker(requests, MemoryPlace(), tmp_path, clock=clock, per_day=1)
    mine.pass_over()
    last = sent[2][0]
    assert "waits until 2026-11-21T12:00" in status(requests, last)["problems"][0]["message"]
    clock.wait(24 * 3600 + 1)
    mine.pass_over()
    assert "waits until 2026-11-22T12:00" in status(requests, last)["problems"][0]["message"]


def test_requests_are_scored_in_the_order_of_time_whatever_the_zone(tmp_path: Path) -> None:
    zone = timezone(timedelta(hours=5))
    sent = [request("Later", at=START), request("First", at=START.replace(tzinfo=zone, hour=13))]
    scored: list[str] = []
    worker(MemoryPlace(queue(*sent)), MemoryPlace(), tmp_path, score=Scorer(scored.append)).pass_over()
    assert scored == ["First", "Later"]


def test_a_row_says_who_sent_what_was_declared_and_what_it_is_worth(places: Any, tmp_path: Path) -> None:
    requests, results = places
    worker(requests, results, tmp_path).pass_over()
    row = entry(results, SHAS[1])
    assert (row["submitter"], row["display_name"], row["track"]) == ("person 1", "Model 1", "open-weights")
    assert row["model"] == {"id": "org/model", "revision": "1" * 40, "parameters_b": 7.5, "base_model": "org/base"}
    assert row["tasks"] == numbers() and row["inputs"]["frames"] == 64 and row["seen_test_inputs"] is False


def test_items_are_listed_with_their_scores(places: Any, tmp_path: Path) -> None:
    requests, results = places
    worker(requests, results, tmp_path).pass_over()
    lines = results.content[f"results/{SHAS[0]}/items.jsonl"].decode().splitlines()
    assert len(lines) == 7
    row = {"item_id": "g1", "task": "grounding", "movie_id": "m1", "family": "m1", "score": 0.5}
    assert row in [json.loads(line) for line in lines]


def test_nothing_of_what_is_right_is_written_and_nothing_is_left_in_the_work_folder(
    places: Any, tmp_path: Path
) -> None:
    requests, results = places
    worker(requests, results, tmp_path).pass_over()
    assert not [path for path, data in {**requests.content, **results.content}.items() if SECRET.encode() in data]
    assert [path.name for path in tmp_path.iterdir() if path.name != ".locks"] == ["INDEX.json"]
    assert all(path.stat().st_size == 0 for path in (tmp_path / ".locks").iterdir())


def test_a_bundle_that_cannot_be_scored_is_tried_again_then_told_as_failed_and_the_queue_goes_on(
    places: Any, tmp_path: Path
) -> None:
    def trouble(name: str) -> None:
        if name == "Model 0":
            raise CellError("crash", f"its reader said {SECRET}")

    requests, results = places
    scorer = Scorer(trouble)
    assert worker(requests, results, tmp_path, score=scorer, attempts=2).pass_over() == 3
    assert states(requests) == ["failed", "scored", "scored"]
    assert scorer.calls == {"Model 0": 2, "Model 1": 1, "Model 2": 1}
    told = status(requests, SHAS[0])
    assert told["problems"][0]["code"] == "R006" and told["attempts"] == 2
    assert not [data for data in requests.content.values() if SECRET.encode() in data]


def test_a_bundle_that_fails_once_is_scored_the_second_time(places: Any, tmp_path: Path) -> None:
    fails = ["Model 1"]

    def trouble(name: str) -> None:
        if name in fails:
            fails.remove(name)
            raise RuntimeError

    requests, results = places
    worker(requests, results, tmp_path, score=Scorer(trouble)).pass_over()
    assert states(requests) == ["scored"] * 3 and status(requests, SHAS[1])["attempts"] == 2


def test_what_failed_is_begun_once_more_by_a_worker_that_is_told_so(places: Any, tmp_path: Path) -> None:
    def trouble(name: str) -> None:
        raise RuntimeError

    requests, results = places
    scorer = Scorer(trouble)
    worker(requests, results, tmp_path, score=scorer, attempts=1).pass_over()
    worker(requests, results, tmp_path, score=scorer, attempts=1, retry_failed=True).pass_over()
    assert set(scorer.calls.values()) == {2} and states(requests) == ["failed"] * 3


def test_a_bundle_with_errors_is_rejected_with_its_codes(places: Any, tmp_path: Path) -> None:
    requests, results = places
    requests.content[f"requests/{SHAS[0]}/bundle/predictions/qa_mc.jsonl"] = b'{"id": "m1", "choice": "Z"}\n'
    worker(requests, results, tmp_path).pass_over()
    told = status(requests, SHAS[0])
    assert told["state"] == "rejected" and {one["code"] for one in told["problems"]} == {"E027", "E007"}
    assert states(requests)[1:] == ["scored"] * 2


CHANGES = [(1, False), (1, True), (2, False), (2, True), (3, False), (3, True), (5, True)]
WHERE = [("memory", *one) for one in CHANGES] + [("folder", 1, True), ("folder", 2, True)]


@pytest.mark.parametrize(("where", "change", "after"), WHERE)
def test_a_worker_may_be_killed_at_any_change(
    places: Any, tmp_path: Path, where: str, change: int, after: bool
) -> None:
    requests, results = places
    if where == "folder":
        requests, results = folder_with(tmp_path / "q", requests.content), folder_with(tmp_path / "r", {})
    clock, scorer, left = Clock(), Scorer(), [change]
    mortal = Dying(requests, left, after), Dying(results, left, after)
    dying = worker(*mortal, tmp_path / "w", score=scorer, clock=clock, lease_s=60)
    with pytest.raises(KilledError):
        dying.pass_over()
    written = dict(results.look().files)
    kept = {path: results.look().read(path) for path in written}
    clock.wait(60)
    worker(requests, results, tmp_path / "w", score=scorer, clock=clock, lease_s=60).pass_over()
    assert states(requests) == ["scored"] * 3
    assert {path: results.look().read(path) for path in written} == kept  # what was written is not written anew
    assert sum(scorer.calls.values()) <= 4  # only what was under way may be counted again


def test_results_that_another_has_written_stay_as_they_are(places: Any, tmp_path: Path) -> None:
    requests, results = places
    worker(requests, results, tmp_path).pass_over()
    first = dict(results.content)
    for sha256 in SHAS:
        del requests.content[f"status/{sha256}.json"]  # as if the last change was lost
    scorer = Scorer()
    worker(requests, results, tmp_path, score=scorer).pass_over()
    assert results.content == first and not scorer.calls and states(requests) == ["scored"] * 3


def test_a_worker_that_lost_its_claim_and_lives_does_not_disturb_the_one_that_took_it(
    places: Any, tmp_path: Path
) -> None:
    requests, results = places
    for sha256 in SHAS[1:]:
        requests.content[f"status/{sha256}.json"] = b'{"state": "rejected"}'
    clock, begun, go_on = Clock(), threading.Event(), threading.Event()

    def slow(name: str) -> None:
        begun.set()
        assert go_on.wait(30)

    scorer = Scorer(slow)
    first, second = (
        worker(requests, results, tmp_path, score=scorer, clock=clock, lease_s=60, worker=name) for name in ("a", "b")
    )
    threads = [threading.Thread(target=one.pass_over) for one in (first, second)]
    threads[0].start()
    assert begun.wait(30)
    clock.wait(60)  # as if the first had slept
    threads[1].start()
    while status(requests, SHAS[0])["claim"]["worker"] == "a":
        time.sleep(0.001)
    go_on.set()
    for thread in threads:
        thread.join(30)
    told = status(requests, SHAS[0])
    assert (told["state"], told["attempts"]) == ("scored", 2) and scorer.calls == {"Model 0": 1}


OWN_FAULTS = [BudgetError("spent"), StoppedError("gone"), ConnectionError("x"), KeyboardInterrupt()]


@pytest.mark.parametrize("error", OWN_FAULTS, ids=lambda error: type(error).__name__)
def test_what_is_no_requests_fault_gives_it_back_and_ends_the_worker(
    places: Any, tmp_path: Path, error: BaseException
) -> None:
    def trouble(name: str) -> None:
        raise error

    requests, results = places
    with pytest.raises(type(error)):
        worker(requests, results, tmp_path, score=Scorer(trouble)).pass_over()
    told = status(requests, SHAS[0])
    assert (told["state"], told["attempts"]) == ("queued", 0) and "claim" not in told
    assert told["problems"][0]["code"] == ("R007" if isinstance(error, BudgetError) else "R008")
    worker(requests, results, tmp_path).pass_over()
    assert states(requests) == ["scored"] * 3


def test_judges_are_paid_up_to_the_cap_and_what_is_left_waits(
    places: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []

    def judge_run(run: Path, *, max_usd: float, **_: Any) -> None:
        asked.append(max_usd)
        if max_usd < 0.4:
            raise StoppedError("the budget is spent: so it says")
        folder = run / "judged" / "judged_accuracy"
        folder.mkdir(parents=True)
        tasks = {"qa_open": {"metrics": {"judged_accuracy": {"value": 0.5, "low": 0.25, "high": 0.75, "n": 1}}}}
        told = {"metric": "judged_accuracy@j/r", "kind": "pointwise", "valid": True, "tasks": tasks, "cost_usd": 0.4}
        rubric = open_rubric("correctness")
        by = {"asked_as": "openai:j", "version": "j", "pinned": True, "params": PARAMS}
        told |= {"judges": [by], "rubric": {"id": rubric.id, "text_sha256": rubric.text_sha256}}
        (folder / "judgement.json").write_text(json.dumps(told))
        (folder / "transcripts.jsonl").write_text(json.dumps(TRANSCRIPT) + "\n")

    monkeypatch.setattr("moviellm.eval.judging.judge.judge_run", judge_run)
    requests, results = places
    mine = worker(requests, results, tmp_path)
    mine.judges = Judges(names=("openai:j",), max_usd=1.0, gates=(gate_of(tmp_path / "gate"),))
    mine.judges.check()
    with pytest.raises(BudgetError):
        mine.pass_over()
    assert asked == [1.0, 0.6, pytest.approx(0.2)] and mine.judges.spent_usd == pytest.approx(0.8)
    assert states(requests) == ["scored", "scored", "queued"]
    row = entry(results, SHAS[0])
    assert row["judged"]["judged_accuracy@j/r"]["qa_open"]["metrics"]["judged_accuracy"]["value"] == 0.5
    assert row["judgements"]["judged_accuracy@j/r"] == {"kind": "pointwise", "valid": True, "cost_usd": 0.4}
    line = json.loads(results.content[f"results/{SHAS[0]}/transcripts.jsonl"])
    assert (line["item_id"], line["metric"], line["parsed"]) == ("q1", "judged_accuracy@j/r", {"correct": True})
    assert SECRET.encode() not in results.content[f"results/{SHAS[0]}/transcripts.jsonl"]


TRANSCRIPT = {
    "item_id": "q1",
    "tasks": ["qa_open"],
    "family": "m1",
    "lengths": [3],
    "rubric": {"id": "r", "form": "pointwise", "text_sha256": "0"},
    "member": 0,
    "judge": {"name": "j", "version": "j", "params": {}},
    "key": "k",
    "order": 0,
    "sample": 0,
    "request": [{"role": "user", "content": SECRET}],
    "tries": [{"text": f"it is {SECRET}", "tokens_in": 5, "tokens_out": 5, "tokens_cached": 0, "usd": 0.4}],
    "given_up": None,
    "parsed": {"correct": True, "reason": f"it is {SECRET}"},
    "unscored": None,
    "settled": None,
}
