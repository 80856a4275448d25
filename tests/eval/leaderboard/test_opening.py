"""`leaderboard open`: the places of a leaderboard, private where they are on the Hub."""

from pathlib import Path

import pytest

from moviellm.eval.submissions.index import INDEX_FILE
from moviellm.generation.cli.app import call
from tests.eval.submissions.kit import INDEX
from tests.hub import hub, hub_here  # noqa: F401 fixtures
from tests.servers.hub_double import Hub

REQUESTS, RESULTS = "moviellm/requests", "moviellm/results"


@pytest.fixture
def index(tmp_path: Path) -> Path:
    path = tmp_path / INDEX_FILE
    path.write_text(INDEX.text(), encoding="utf-8")
    return path


def opened(index: Path, requests: str, results: str, *more: str) -> int:
    return call(["leaderboard", "open", "--requests", requests, "--results", results, "--index", str(index), *more])


def test_both_places_are_private_and_the_index_lies_with_the_requests(hub_here: Hub, index: Path) -> None:  # noqa: F811
    assert opened(index, REQUESTS, RESULTS) == 0
    repos = {name: repo for (_, name), repo in hub_here.store.repos.items()}
    assert all(repo.private for repo in repos.values()) and repos.keys() == {REQUESTS, RESULTS}
    assert hub_here.read(REQUESTS, INDEX_FILE) == INDEX.text().encode()
    assert INDEX_FILE not in hub_here.tree(RESULTS) and b"viewer: false" in hub_here.read(RESULTS, "README.md")


def test_again_it_brings_another_index_and_leaves_everything_else(hub_here: Hub, index: Path) -> None:  # noqa: F811
    assert opened(index, REQUESTS, RESULTS) == 0
    commits = hub_here.count("/commit/")
    assert opened(index, REQUESTS, RESULTS) == 0
    assert hub_here.count("/commit/") == commits
    hub_here.write(REQUESTS, {"README.md": b"ours", "requests/a/request.json": b"{}"})
    index.write_text(INDEX.text().replace(INDEX.revision, "e" * 40), encoding="utf-8")
    assert opened(index, REQUESTS, RESULTS) == 0
    assert b"e" * 40 in hub_here.read(REQUESTS, INDEX_FILE) and hub_here.read(REQUESTS, "README.md") == b"ours"
    assert "requests/a/request.json" in hub_here.tree(REQUESTS)


def test_results_may_be_public_where_it_is_said_and_requests_may_not(
    hub_here: Hub,  # noqa: F811
    index: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert opened(index, REQUESTS, RESULTS, "--public-results") == 0
    assert not hub_here.store.repos["dataset", RESULTS].private and hub_here.store.repos["dataset", REQUESTS].private
    assert opened(index, REQUESTS, RESULTS) == 2
    assert f"{RESULTS} is public, and must not be" in capsys.readouterr().err
    hub_here.store.repos["dataset", REQUESTS].private = False
    assert opened(index, REQUESTS, RESULTS, "--public-results") == 2
    assert f"{REQUESTS} is public, and must not be" in capsys.readouterr().err


def test_folders_are_made(index: Path, tmp_path: Path) -> None:
    places = str(tmp_path / "queue"), str(tmp_path / "results")
    assert opened(index, *places) == 0 and opened(index, *places) == 0
    assert (tmp_path / "queue" / INDEX_FILE).read_text() == INDEX.text()
    assert [*(tmp_path / "results").iterdir()] == []


@pytest.mark.parametrize(
    ("requests", "results", "said"),
    [
        ("moviellm/one", "moviellm/One", "they are two places"),
        ("moviellm/one", "strangers/two", "is not a member of strangers"),
        ("moviellm/--one", "moviellm/two", "is no name on the Hub"),
    ],
)
def test_what_cannot_be_opened_is_refused_with_nothing_made(
    hub_here: Hub,  # noqa: F811
    index: Path,
    requests: str,
    results: str,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert opened(index, requests, results) == 2
    assert said in capsys.readouterr().err and not hub_here.store.repos


def test_a_worker_says_which_place_is_public(
    hub_here: Hub,  # noqa: F811
    index: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert opened(index, REQUESTS, RESULTS, "--public-results") == 0
    labels = tmp_path / "labels"
    score = ["leaderboard", "score", "--requests", REQUESTS, "--results", RESULTS, "--labels", f"{labels}"]
    capsys.readouterr()
    assert call([*score, "--work", str(tmp_path / "work")]) == 2
    said = capsys.readouterr().err
    assert f"{RESULTS} is public: predictions with scores by question tell the answers" in said
    assert f"{REQUESTS} is public" not in said
    assert call([*score, "--work", str(tmp_path / "work"), "--reasons"]) == 2
    assert "is public" not in capsys.readouterr().err
