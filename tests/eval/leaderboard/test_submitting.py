"""Bundles handed in: checked with their codes, counted against the quota, sent once; and their statuses."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from moviellm.eval.leaderboard.places import FolderPlace
from moviellm.eval.leaderboard.quotas import room_for, sent_by
from moviellm.eval.leaderboard.submitting import Desk
from moviellm.eval.submissions.index import INDEX_FILE
from tests.eval.leaderboard.kit import HOSTILE, write
from tests.eval.submissions.conftest import no_cells  # noqa: F401 a fixture
from tests.eval.submissions.kit import INDEX, declared, files, write_folder, write_zip

pytestmark = pytest.mark.usefixtures("no_cells")
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture
def queue(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "queue", {INDEX_FILE: INDEX.text().encode()})


@pytest.fixture
def desk(queue: Path) -> Desk:
    return Desk(FolderPlace(queue), per_day=2)


def bundle(tmp_path: Path, name: str = "MovieLLM 7B", **spoilt: bytes) -> Path:
    content = files(declared=declared("MovieLLM 7B", name), **spoilt)
    return write_zip(tmp_path / "bundle.zip", content.items())


def requests(queue: Path) -> list[Path]:
    return sorted((queue / "requests").glob("*/request.json"))


def test_an_accepted_bundle_is_a_request_of_its_sender(desk: Desk, queue: Path, tmp_path: Path) -> None:
    assert "Sent. It is scored under MovieLLM 7B (64 frames)" in desk.hand_in(bundle(tmp_path), "ada")
    (path,) = requests(queue)
    assert json.loads(path.read_bytes())["submitter"] == "ada"


def test_a_bundle_with_errors_is_told_its_codes_and_not_sent(desk: Desk, queue: Path, tmp_path: Path) -> None:
    told = desk.hand_in(bundle(tmp_path, qa_mc=b""), "ada")
    assert "Rejected" in told and "E029" in told and "predictions/qa_mc.jsonl" in told
    assert requests(queue) == []


def test_only_checking_sends_nothing(desk: Desk, queue: Path, tmp_path: Path) -> None:
    assert "would be accepted. Nothing was sent." in desk.check(bundle(tmp_path))
    assert requests(queue) == []


def test_a_third_bundle_of_a_day_waits_and_another_submitter_does_not(desk: Desk, queue: Path, tmp_path: Path) -> None:
    for name in ("One", "Two"):
        assert "Sent." in desk.hand_in(bundle(tmp_path, name), "ada")
    assert "2 submissions a day are taken; there is room again at" in desk.hand_in(bundle(tmp_path, "Three"), "ada")
    assert len(requests(queue)) == 2
    assert "Sent." in desk.hand_in(bundle(tmp_path, "Three"), "ben")


def test_the_same_predictions_take_no_second_place(desk: Desk, tmp_path: Path) -> None:
    desk.hand_in(bundle(tmp_path), "ada")
    assert "were sent before, by you" in desk.hand_in(bundle(tmp_path), "ada")
    assert "were sent before, by ada" in desk.hand_in(bundle(tmp_path), "ben")
    assert "1 of 2 a day is left" in desk.mine("ada")


@pytest.mark.parametrize("name", ["", " ", HOSTILE, "=SUM(1)", "аda", "a\u202eb", "a" * 65])
def test_a_name_that_cannot_be_shown_sends_nothing(desk: Desk, queue: Path, tmp_path: Path, name: str) -> None:
    told = desk.hand_in(bundle(tmp_path), name)
    assert 'role="alert"' in told and "<img" not in told
    assert requests(queue) == []


def test_a_status_is_shown_with_its_problems_as_text(desk: Desk, queue: Path, tmp_path: Path) -> None:
    desk.hand_in(bundle(tmp_path), "ada")
    assert "waiting" in desk.mine("ada")
    sha256 = requests(queue)[0].parent.name
    problems = [{"code": HOSTILE, "where": HOSTILE, "message": HOSTILE}]
    write(queue / f"status/{sha256}.json", {"state": "rejected", "problems": problems})
    told = desk.mine("ada")
    assert "lb-state-rejected" in told and "&lt;img" in told
    assert "<img" not in told and "<script" not in told and "\u202e" not in told


def test_what_failed_for_no_fault_of_its_own_takes_no_room(desk: Desk, queue: Path, tmp_path: Path) -> None:
    desk.hand_in(bundle(tmp_path), "ada")
    mine = sent_by(FolderPlace(queue).look(), "ada")
    assert room_for(mine, 2, datetime.now(UTC)).left == 1
    write(queue / f"status/{mine[0].sha256}.json", {"state": "failed", "problems": []})
    assert room_for(sent_by(FolderPlace(queue).look(), "ada"), 2, datetime.now(UTC)).left == 2


def test_room_comes_back_a_day_after_the_first_that_counts(desk: Desk, queue: Path, tmp_path: Path) -> None:
    desk.hand_in(bundle(tmp_path), "ada")
    mine = sent_by(FolderPlace(queue).look(), "ada")
    sent_at = mine[0].sent_at
    assert room_for(mine, 1, sent_at + timedelta(hours=23)).again_at == sent_at + timedelta(days=1)
    assert room_for(mine, 1, sent_at + timedelta(hours=25)).left == 1


def test_requests_of_others_with_broken_files_do_not_stop_anybody(desk: Desk, queue: Path, tmp_path: Path) -> None:
    (queue / "requests" / ("a" * 64)).mkdir(parents=True)
    (queue / "requests" / ("a" * 64) / "request.json").write_text("{")
    write(queue / "status" / f"{'b' * 64}.json", [])
    assert "Sent." in desk.hand_in(bundle(tmp_path), "ada")


def test_without_an_index_nothing_can_be_checked_and_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    told = Desk(FolderPlace(tmp_path / "empty")).hand_in(bundle(tmp_path), "ada")
    assert "holds no INDEX.json" in told


def test_a_message_does_not_say_where_uploads_lie(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "upload.zip"
    path.write_bytes(b"no zip")
    assert str(tmp_path) not in desk.check(path)
