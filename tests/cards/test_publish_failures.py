"""A push while the Hub fails: busy, broken, cut off, or changed by somebody else."""

import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from moviellm.cards.hub import answers, plan, pushing
from moviellm.cards.publish import How, publish_dataset
from moviellm.generation.dataset.folder import README
from tests.cards.hub_folders import assert_holds, make_folder
from tests.servers.hub_double import Hub

REPO = "moviellm/films"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "PAUSE_S", 0.0001)
    monkeypatch.setattr(plan, "COMMIT_FILES", 2)
    # huggingface_hub waits whole seconds before it repeats a request
    monkeypatch.setattr("huggingface_hub.utils._http.time", SimpleNamespace(sleep=lambda seconds: None))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "films", shards=3)


def _requests(hub: Hub, folder: Path) -> int:
    publish_dataset(folder, REPO, version="1.2.0")
    return len(hub.log)


def _survives(hub: Hub, folder: Path, fault: int | str, at: str, every: int) -> None:
    """Pushes with one failure at the first request, at the one `every` later, and so on to the last."""
    total = _requests(hub, folder)
    assert total > 20
    for number in range(1, total + 1, every):
        hub.store.repos.clear()
        hub.store.objects.clear()
        hub.heal()
        hub.fail(".", with_=fault, nth=number, at=at)  # type: ignore[arg-type]
        publish_dataset(folder, REPO, version="1.2.0")
        assert_holds(hub, REPO, folder, "v1.2.0", "1.2.0")


def test_a_push_survives_an_answer_that_never_came(hub_here: Hub, folder: Path) -> None:
    _survives(hub_here, folder, "drop", "end", every=6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "at"), [(500, "start"), (429, "start"), ("drop", "start"), ("close", "middle"), ("drop", "end")]
)
def test_a_push_survives_one_failure_at_any_of_its_requests(
    hub_here: Hub, folder: Path, fault: int | str, at: str
) -> None:
    _survives(hub_here, folder, fault, at, every=1)


def test_a_hub_that_stays_down_is_an_error_that_says_what_to_do(hub_here: Hub, folder: Path) -> None:
    hub_here.fail("POST .*/commit/", with_=503, times=1000)
    with pytest.raises(ConnectionError, match="answers 503; what was sent is kept: run the same command again"):
        publish_dataset(folder, REPO, version="1.2.0")
    hub_here.heal()
    publish_dataset(folder, REPO, version="1.2.0")
    assert_holds(hub_here, REPO, folder, "v1.2.0", "1.2.0")
    assert set(hub_here.sent.values()) == {1}


@pytest.mark.parametrize("route", ["GET /api/whoami", "GET .*/refs", "POST .*/repos/create", "POST .*/preupload/"])
def test_no_question_is_put_for_ever(hub_here: Hub, folder: Path, route: str) -> None:
    hub_here.fail(route, with_=500, times=1000)
    with pytest.raises(ConnectionError, match="answers 500"):
        publish_dataset(folder, REPO, version="1.2.0")


def test_a_hub_that_is_not_there_is_one_line(folder: Path, hub_here: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ConnectionError, match=r"http://127\.0\.0\.1:9 cannot be reached"):
        publish_dataset(folder, REPO, version="1.2.0")


def test_offline_mode_is_named(folder: Path, hub_here: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ValueError, match="HF_HUB_OFFLINE is set"):
        publish_dataset(folder, REPO, version="1.2.0")


@pytest.mark.parametrize("status", [412, 409])
def test_a_stale_parent_is_looked_at_again(hub_here: Hub, folder: Path, status: int) -> None:
    notes: list[str] = []
    hub_here.fail("POST .*/commit/", with_=status, nth=2)
    publish_dataset(folder, REPO, version="1.2.0", how=How(note=notes.append))
    assert notes == ["somebody else committed to moviellm/films meanwhile; looking again"]
    assert_holds(hub_here, REPO, folder, "v1.2.0", "1.2.0")
    assert set(hub_here.sent.values()) == {1}


def test_races_that_are_never_won_end(hub_here: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushing, "RACES_MAX", 3)
    hub_here.fail("POST .*/commit/", with_=412, times=1000)
    with pytest.raises(ValueError, match="3 times; run the same command again"):
        publish_dataset(folder, REPO, version="1.2.0")


def test_a_refusal_in_the_middle_is_one_line(hub_here: Hub, folder: Path) -> None:
    hub_here.fail("POST .*/commit/", with_=403, nth=2)
    with pytest.raises(ValueError, match="this token may not do that to moviellm/films"):
        publish_dataset(folder, REPO, version="1.2.0")
    hub_here.fail("POST .*/commit/", with_=413)
    with pytest.raises(ValueError, match="the Hub refuses it with 413"):
        publish_dataset(folder, REPO, version="1.2.0")


def test_a_file_that_the_hub_ignores_is_noticed(hub_here: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.servers import hub_routes

    changed = hub_routes._changed
    monkeypatch.setattr(
        hub_routes,
        "_changed",
        lambda store, tree, lines: changed(store, tree, [line for line in lines if "00001" not in str(line)]),
    )
    with pytest.raises(ValueError, match=r"still lacks qa/train-00001-of-00003\.parquet; .*gitignore"):
        publish_dataset(folder, REPO, version="1.2.0")
    assert hub_here.store.repos["dataset", REPO].tags == {}


def test_a_file_that_changes_meanwhile_is_not_published(hub_here: Hub, folder: Path) -> None:
    shard = folder / "qa/train-00002-of-00003.parquet"
    hub_here.when("POST .*/commit/", lambda: shard.write_bytes(b"PAR1\0" + b"\1" * 2000) and None)
    with pytest.raises(ValueError, match="changed while it was pushed"):
        publish_dataset(folder, REPO, version="1.2.0")
    assert README not in hub_here.tree(REPO) and hub_here.store.repos["dataset", REPO].tags == {}


def test_what_somebody_else_adds_meanwhile_is_not_deleted(hub_here: Hub, folder: Path) -> None:
    hub_here.when("POST .*/commit/", lambda: hub_here.write(REPO, {"notes.md": b"theirs"}) and None, nth=2)
    with pytest.raises(ValueError, match=r"would be deleted: notes\.md; "):
        publish_dataset(folder, REPO, version="1.2.0")
    assert hub_here.read(REPO, "notes.md") == b"theirs" and hub_here.store.repos["dataset", REPO].tags == {}
    publish_dataset(folder, REPO, version="1.2.0", how=How(replace=True))
    assert_holds(hub_here, REPO, folder, "v1.2.0", "1.2.0")
    history = hub_here.store.repos["dataset", REPO].history("main")
    assert any("notes.md" in commit.tree for commit in history)


def _threads(folders: dict[str, Path]) -> Iterator[threading.Thread]:
    for version, folder in folders.items():
        yield threading.Thread(target=publish_dataset, args=(folder, REPO), kwargs={"version": version})


def test_three_writers_at_once_lose_nothing(hub_here: Hub, tmp_path: Path) -> None:
    # The same paths with other bytes, in several commits each: every commit of one undoes the others' work.
    folders = {f"1.{number}.0": make_folder(tmp_path / str(number), shards=5, seed=number) for number in (1, 2, 3)}
    threads = [*_threads(folders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(hub_here.store.repos["dataset", REPO].tags) == ["v1.1.0", "v1.2.0", "v1.3.0"]
    for version, folder in folders.items():
        assert_holds(hub_here, REPO, folder, f"v{version}", version)
    assert set(hub_here.sent.values()) == {1}


def test_a_writer_that_a_newer_version_overtakes_leaves_main_to_it(hub_here: Hub, tmp_path: Path) -> None:
    old, new = make_folder(tmp_path / "old", seed=1), make_folder(tmp_path / "new", seed=2)
    held = hub_here.hold("POST .*/commit/", nth=3)
    slow = threading.Thread(target=publish_dataset, args=(old, REPO), kwargs={"version": "1.0.0"})
    slow.start()
    assert held.reached.wait(10)
    publish_dataset(new, REPO, version="2.0.0")
    held.release()
    slow.join(30)
    assert_holds(hub_here, REPO, old, "v1.0.0", "1.0.0")
    assert_holds(hub_here, REPO, new, "v2.0.0", "2.0.0")
    assert_holds(hub_here, REPO, new, "main", "2.0.0")
