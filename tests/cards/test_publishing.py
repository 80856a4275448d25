"""publishing.py: `moviellm dataset push` as a person sees it."""

import json
import logging
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from moviellm.cards.hub import answers, plan
from moviellm.cards.publishing import bytes_progress, hub_in_words
from moviellm.generation.cli.app import call
from tests.cards.hub_folders import content, make_folder
from tests.servers.hub_double import Hub

REPO = "moviellm/films"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "PAUSE_S", 0.001)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "films")


def test_a_push_says_where_it_is_and_how_to_load_it(
    hub_here: Hub, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["dataset", "push", str(folder), REPO, "--version", "1.2.0"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        f"{REPO} v1.2.0 is on the Hub: 10 files, {sum(_sizes(hub_here)) / 1000:.1f} kB; all of them new",
        f"  {hub_here.url}/datasets/{REPO}/tree/v1.2.0",
        f'  load_dataset("{REPO}", "qa", revision="v1.2.0")',
    ]
    assert err == ""  # no bar of huggingface_hub either


def _sizes(hub_here: Hub) -> list[int]:
    return [len(hub_here.read(REPO, path)) for path in hub_here.tree(REPO)]


def test_the_same_push_again_says_so(hub_here: Hub, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert call(["dataset", "push", str(folder), REPO, "--version", "1.2.0"]) == 0
    assert "v1.2.0 is already there, with these very files" in capsys.readouterr().out


def test_a_dry_run_lists_files_bytes_and_commits(
    hub_here: Hub, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "COMMIT_FILES", 3)
    assert call(["dataset", "push", str(folder), REPO, "--version", "1.2.0", "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "would be pushed: 10 files" in lines[0] and "nothing was sent" in lines[0]
    assert lines[1:5] == [
        "  commit 1: 3 files, 6.0 kB",
        "        2.0 kB  qa/train-00000-of-00005.parquet",
        "        2.0 kB  qa/train-00001-of-00005.parquet",
        "        2.0 kB  qa/train-00002-of-00005.parquet",
    ]
    assert hub_here.store.repos == {}


def test_json_is_one_object_with_every_file(hub_here: Hub, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["dataset", "push", str(folder), REPO, "--version", "1.2.0", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["state"], said["repository"], said["tag"], said["files"]) == ("pushed", REPO, "v1.2.0", 10)
    assert {file["path"] for commit in said["commits"] for file in commit["files"]} == content(folder).keys()
    assert said["commit"] == hub_here.store.repos["dataset", REPO].tags["v1.2.0"]


def test_what_is_deleted_is_listed(
    hub_here: Hub, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call(["dataset", "push", str(folder), REPO, "--version", "1.2.0"])
    smaller = make_folder(tmp_path / "next", shards=4)
    call(["dataset", "push", str(smaller), REPO, "--version", "1.3.0", "--dry-run"])
    assert "       deleted  qa/train-00000-of-00005.parquet" in capsys.readouterr().out.splitlines()


def test_a_hot_fix_says_that_main_stays(
    hub_here: Hub, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call(["dataset", "push", str(folder), REPO, "--version", "2.0.0"])
    old = make_folder(tmp_path / "old", seed=1)
    call(["dataset", "push", str(old), REPO, "--version", "1.2.1", "--dry-run"])
    assert "on a branch of its own, release-1.2.1" in capsys.readouterr().out
    call(["dataset", "push", str(old), REPO, "--version", "1.2.1"])
    assert "main goes on showing the newer version" in capsys.readouterr().out


def test_a_pull_request_says_what_comes_after_it(
    hub_here: Hub, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call(["dataset", "push", str(folder), REPO, "--version", "1.2.0"])
    new = make_folder(tmp_path / "new", seed=1)
    call(["dataset", "push", str(new), REPO, "--version", "1.3.0", "--create-pr"])
    out = capsys.readouterr().out
    assert f"{hub_here.url}/datasets/{REPO}/discussions/1" in out and "without --create-pr makes the tag" in out
    HfApi().merge_pull_request(REPO, 1, repo_type="dataset")
    call(["dataset", "push", str(new), REPO, "--version", "1.3.0", "--create-pr"])
    assert "it has no tag yet: the same command without --create-pr makes it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--version", "1.2"], 2, "takes three numbers"),
        ([], 2, "say one: --version 1.0.0"),
        (["--version", "1.2.0", "--gated", "maybe"], 2, "it takes auto or manual"),
        (["--version", "1.2.0", "--license", "mit"], 2, "says cc-by-4.0, not mit"),
    ],
)
def test_a_mistake_is_one_line(
    hub_here: Hub, folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    assert call(["dataset", "push", str(folder), REPO, *arguments]) == code
    err = capsys.readouterr().err
    assert err.startswith("error: ") and said in err and err.count("\n") == 1


def test_a_hub_that_is_down_is_one_line_and_another_exit_code(
    hub_here: Hub, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub_here.fail("GET /api/whoami", with_=503, times=99)
    assert call(["dataset", "push", str(folder), REPO, "--version", "1.2.0"]) == 1
    assert "answers 503; run the same command again" in capsys.readouterr().err


def test_a_dry_run_without_the_hub_speaks_of_nothing_sent(
    hub_here: Hub, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub_here.fail("GET /api/", with_=503, times=99)
    assert call(["dataset", "push", str(folder), REPO, "--version", "1.2.0", "--dry-run"]) == 1
    err = capsys.readouterr().err
    assert "answers 503; run the same command again" in err and "sent" not in err


def test_a_folder_that_is_none_is_named(hub_here: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["dataset", "push", str(tmp_path), REPO, "--version", "1.2.0"]) == 2
    assert "is no dataset folder" in capsys.readouterr().err


def test_only_waits_of_huggingface_hub_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("huggingface_hub.utils._http")
    before = logging.getLogger("huggingface_hub").handlers
    with hub_in_words():
        logger.warning("HTTP Error 500 thrown while requesting PUT https://bucket/x?X-Amz-Signature=secret")
        logger.warning("Retrying in 2s [Retry 2/5].")
    assert capsys.readouterr().err == "the Hub did not take it: retrying in 2s [Retry 2/5].\n"
    assert logging.getLogger("huggingface_hub").handlers is before


def test_progress_counts_megabytes_and_ends_full(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []

    class Shown:
        def __init__(self, label: str, total: int, unit: str) -> None:
            counted.append(-total)

        def __enter__(self) -> object:
            return counted.append

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr("moviellm.cards.publishing.progress", Shown)
    with bytes_progress("pushing", 2_500_000) as advance:
        for count in (400_000, 600_000, 1_400_000, 100_000):
            advance(count)
    assert counted == [-3, 1, 0, 2, 0]
