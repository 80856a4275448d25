"""`kill -9` of `bench push`: nothing public ever holds a label; the next push completes it and sends nothing twice."""

from pathlib import Path

import pytest

from moviellm.eval.bench.leaks import label_leaks
from moviellm.eval.submissions.index import read_index
from tests.hub import CLI, hub, run_cli, start_python  # noqa: F401 fixture
from tests.servers.hub_double import Hub
from tests.servers.hub_store import Repo

BENCH, LABELS = "moviellm/bench", "moviellm/bench-labels"
MOMENTS = [
    ("POST /api/repos/create", 1, "start"),
    ("POST /api/repos/create", 1, "end"),  # the labels' repository is there and empty
    ("PUT /_objects/", 1, "middle"),
    (f"POST .*{LABELS}/commit/", 1, "start"),
    (f"POST .*{LABELS}/commit/", 1, "end"),  # the labels are there, and it does not know
    (f"POST .*{LABELS}/tag/", 1, "end"),
    ("POST /api/repos/create", 2, "end"),
    (f"POST .*{BENCH}/commit/", 1, "start"),
    (f"POST .*{BENCH}/commit/", 1, "end"),
    (f"POST .*{BENCH}/tag/", 1, "start"),
    (f"POST .*{BENCH}/commit/", 2, "start"),  # the rows have their tag, the index is missing
    (f"POST .*{BENCH}/commit/", 2, "end"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("route", "nth", "at"), MOMENTS)
def test_a_push_that_is_killed_tells_nothing_and_the_next_one_completes_it(
    hub: Hub,  # noqa: F811
    built: Path,
    tmp_path: Path,
    route: str,
    nth: int,
    at: str,
) -> None:
    home = tmp_path / "home"
    push = ["bench", "push", str(built), "--repo", BENCH, "--labels", LABELS]
    held = hub.hold(route, nth, at)  # type: ignore[arg-type]
    process = start_python(hub, home, CLI, *push)
    try:
        assert held.reached.wait(200)
    finally:
        process.kill()
        process.communicate()
    hub.heal()
    check_nothing_is_told(hub, built, tmp_path / "killed")
    run_cli(hub, home, *push)
    check_nothing_is_told(hub, built, tmp_path / "whole")
    check_whole(hub, built)
    before = len(hub.log)
    run_cli(hub, home, *push)
    assert not [one.line for one in hub.log[before:] if "/commit/" in one.line or one.method == "PUT"]


def check_nothing_is_told(hub: Hub, built: Path, place: Path) -> None:  # noqa: F811
    """No commit that is public, whatever names it, holds a label; the labels are private from the first."""
    for (_, name), repo in [*hub.store.repos.items()]:  # the killed push's last request may still be answered
        if name == LABELS:
            assert repo.private
            continue
        for oid, commit in [*repo.commits.items()]:
            for path, entry in commit.tree.items():
                (place / oid / path).parent.mkdir(parents=True, exist_ok=True)
                (place / oid / path).write_bytes(entry.data)
            assert list(label_leaks(place / oid, built / "private")) == []


def check_whole(hub: Hub, built: Path) -> None:  # noqa: F811
    """Each repository has its files once: one commit of rows, one of the index, every object sent whole once."""
    bench, labels = repo(hub, BENCH), repo(hub, LABELS)
    assert bench.tags.keys() == labels.tags.keys() == {"v1.0.0"}
    assert not bench.private and labels.private
    assert len(labels.history("main")) == 2 and len(bench.history("main")) == 3  # the first is the Hub's own
    assert read_index(built / "public" / "INDEX.json").revision == bench.tags["v1.0.0"]
    assert bench.tree("main")["INDEX.json"].data == (built / "public" / "INDEX.json").read_bytes()
    assert set(hub.sent.values()) == {1}


def repo(hub: Hub, name: str) -> Repo:  # noqa: F811
    return hub.store.repos["dataset", name]
