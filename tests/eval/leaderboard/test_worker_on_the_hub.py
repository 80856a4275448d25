"""Workers on the Hub: several at once, with faults, and killed; every submission is scored exactly once."""

import json
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from moviellm.cards.hub.repository import Repository
from moviellm.eval.leaderboard.places import HubPlace
from moviellm.eval.submissions.index import INDEX_FILE, index_of
from tests.eval.leaderboard.worker_kit import START, Scorer, queue, request, status, worker
from tests.eval.submissions.conftest import called_here
from tests.eval.submissions.kit import REVISION
from tests.hub import hub, hub_here, start_python  # noqa: F401 fixtures
from tests.servers.hub_double import Hub
from tests.servers.hub_store import Repo

REQUESTS, RESULTS = "moviellm/requests", "moviellm/results"
SENT = [request(f"Model {number}", f"person {number}", START.replace(minute=number)) for number in range(3)]
SHAS = [sha256 for sha256, _ in SENT]
NAMES = Counter({f"Model {number}": 1 for number in range(3)})


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moviellm.cards.hub.answers.PAUSE_S", 0.001)
    monkeypatch.setattr("moviellm.eval.leaderboard.worker.in_a_cell", called_here)


@pytest.fixture
def busy(hub_here: Hub) -> Hub:  # noqa: F811
    """A Hub with three requests."""
    hub_here.write(REQUESTS, queue(*SENT))
    hub_here.write(RESULTS, {"README.md": b"---\n---\n"})
    return hub_here


def place(name: str) -> HubPlace:
    return HubPlace(Repository.open(name, "dataset"))


def at_once(workers: list[Any]) -> None:
    threads = [threading.Thread(target=one.pass_over) for one in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def check_once(hub: Hub, scorer: Scorer) -> None:  # noqa: F811
    assert scorer.calls == NAMES
    assert [status(place(REQUESTS), sha256)["state"] for sha256 in SHAS] == ["scored"] * 3
    written = [
        path
        for commit in hub.store.repos["dataset", RESULTS].history("main")
        for path in commit.tree
        if path.endswith("/entry.json")
    ]
    assert set(written) == {f"results/{sha256}/entry.json" for sha256 in SHAS}
    for sha256 in SHAS:
        path = f"results/{sha256}/entry.json"
        trees = [commit.tree for commit in hub.store.repos["dataset", RESULTS].history("main")]
        assert len({tree[path].sha256 for tree in trees if path in tree}) == 1  # it was never written anew


def test_two_workers_share_three_submissions_on_a_hub_with_faults(busy: Hub, tmp_path: Path) -> None:
    for nth, (effect, at) in enumerate([(429, "start"), ("drop", "end"), (500, "start"), ("drop", "start")], 1):
        busy.fail(r"POST .*/commit/", 1, effect, nth * 2, at)  # type: ignore[arg-type]
    busy.fail(r"GET .*/tree/", 1, 500, 3)
    busy.fail(r"GET .*/resolve/", 1, "drop", 4)
    scorer = Scorer(lambda name: time.sleep(0.05))
    at_once([worker(place(REQUESTS), place(RESULTS), tmp_path / f"w{number}", score=scorer) for number in range(2)])
    check_once(busy, scorer)


def test_a_claim_whose_answer_was_lost_is_known_again(busy: Hub, tmp_path: Path) -> None:
    busy.fail(r"POST .*/commit/", 1, "drop", 1, "end")
    scorer = Scorer()
    worker(place(REQUESTS), place(RESULTS), tmp_path, score=scorer).pass_over()
    check_once(busy, scorer)
    assert status(place(REQUESTS), SHAS[0])["attempts"] == 1


def test_a_hub_out_of_reach_ends_the_worker_and_the_next_one_goes_on(busy: Hub, tmp_path: Path) -> None:
    busy.fail(rf"POST .*{RESULTS}/commit/", 50, 500)
    with pytest.raises(ConnectionError):
        worker(place(REQUESTS), place(RESULTS), tmp_path).pass_over()
    assert status(place(REQUESTS), SHAS[0])["state"] == "queued"
    busy.heal()
    worker(place(REQUESTS), place(RESULTS), tmp_path).pass_over()
    assert status(place(REQUESTS), SHAS[0])["state"] == "scored"


def test_results_are_proposed_to_the_models_page_once_and_nothing_fails_where_there_is_none(
    busy: Hub, tmp_path: Path
) -> None:
    mine = worker(place(REQUESTS), place(RESULTS), tmp_path)
    mine.open_prs = True
    mine.pass_over()
    assert "pull_request" not in status(place(REQUESTS), SHAS[0])  # there is no org/model
    busy.store.repos["model", "org/model"] = Repo("model", "org/model", "somebody")
    commit = busy.write(REQUESTS, {f"status/{sha256}.json": b"{}" for sha256 in SHAS})  # as if no status was written
    assert commit and mine.pass_over() == 3
    proposals = busy.store.repos["model", "org/model"].proposals
    assert len(proposals) == 3 and status(place(REQUESTS), SHAS[0])["pull_request"].endswith("/discussions/1")
    path = f".eval_results/moviellm-bench-{SHAS[0][:12]}.yaml"
    assert b"task_id: grounding_miou" in busy.read("org/model", path, "model", "refs/pr/1")


WORK = """
import sys
from moviellm.generation.cli.app import main
sys.argv = ["moviellm", "leaderboard", "score", *sys.argv[1:]]
main()
"""


KILLS = [
    (REQUESTS, 1, "start"),  # before it has a claim
    (REQUESTS, 1, "end"),  # with a claim of which it does not know
    (RESULTS, 1, "start"),
    (RESULTS, 1, "end"),  # results are there, and no status
    (REQUESTS, 2, "start"),
    (REQUESTS, 2, "end"),  # all is done, and it does not know
]


@pytest.mark.slow
def test_workers_killed_at_every_commit_lose_nothing_and_score_nothing_twice(
    hub: Hub,  # noqa: F811
    films: Path,
    tmp_path: Path,
) -> None:
    """Processes of their own, `kill -9` before and after every commit, and two of them at once at the end."""
    from tests.eval.leaderboard.real_requests import real_requests

    index = index_of(films, benchmark="example-org/moviellm-bench", revision=REVISION)
    sent = real_requests(films, index, 2)
    hub.write(
        REQUESTS,
        {INDEX_FILE: index.text().encode(), **{path: data for one in sent.values() for path, data in one.items()}},
    )
    hub.write(RESULTS, {"README.md": b"---\n---\n"})
    options = ["--requests", REQUESTS, "--results", RESULTS, "--labels", str(films)]
    options += ["--attempts", "50", "--work", str(tmp_path / "work"), "--worker"]
    for place_of, nth, at in KILLS:
        held = hub.hold(rf"POST .*{place_of}/commit/main", nth, at)  # type: ignore[arg-type]
        process = start_python(hub, tmp_path / "home", WORK, *options, "one")
        assert held.reached.wait(400)
        process.kill()
        process.communicate()
        hub.heal()
    both = [start_python(hub, tmp_path / "home", WORK, *options, name) for name in ("one", "two")]
    for process in both:
        _, said = process.communicate(timeout=500)
        assert process.returncode == 0, said[-2000:]
    trees = [commit.tree for commit in hub.store.repos["dataset", RESULTS].history("main")]
    for sha256 in sent:
        path = f"results/{sha256}/entry.json"
        assert len({tree[path].sha256 for tree in trees if path in tree}) == 1
        assert json.loads(hub.read(REQUESTS, f"status/{sha256}.json"))["state"] == "scored"
