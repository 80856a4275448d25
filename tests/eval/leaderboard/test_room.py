"""What a browser may ask for: whatever it asks, it is answered with HTML in which texts are texts."""

import json
from pathlib import Path

import pytest

from moviellm.eval.leaderboard.bench import PAGE, Bench
from moviellm.eval.leaderboard.places import FolderPlace, Look
from moviellm.eval.leaderboard.room import Room, Settings
from tests.eval.leaderboard.kit import HOSTILE, add_row, sha_of

ASKED = ("plots", "compare", "questions", "question")


@pytest.fixture(scope="module")
def room(films: Path, tmp_path_factory: pytest.TempPathFactory) -> Room:
    folder = tmp_path_factory.mktemp("results")
    for number in (1, 2):
        add_row(folder, number, 0.5)
    line = {
        "item_id": "m00000-q002",
        "metric": HOSTILE,
        "open": True,
        "judge": {"version": HOSTILE},
        "rubric": {"id": HOSTILE},
        "order": 1,
        "parsed": {"correct": True, "score": 4, "reason": HOSTILE},
        "tries": [{"text": HOSTILE}],
    }
    broken = {"item_id": "m00000-q002", "judge": 3, "parsed": [], "tries": {}, "settled": "x"}
    lines = [json.dumps(one) for one in (line, broken, {"item_id": "another"})]
    (folder / "results" / sha_of(1) / "transcripts.jsonl").write_text("\n".join(lines))
    return Room(FolderPlace(folder), bench=Bench(str(films)), desk=None, settings=Settings())


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize(
    "wish",
    ["", "{", "null", "[]", "{}", "3", '"x"', "[[[]]]", '{"a": 1, "b": {}}', '{"page": "x"}', '{"page": -5}',
     '{"page": 1e99}', '{"page": 1e999}',
     "[" * 3000, "x" * 10_000, None, 5,
     json.dumps([HOSTILE] * 9), json.dumps(HOSTILE),
     json.dumps({"a": HOSTILE, "b": HOSTILE, "text": HOSTILE, "task": HOSTILE})],
)  # fmt: skip
def test_whatever_is_asked_is_answered_in_html(room: Room, name: str, wish: object) -> None:
    told = room.answer(name, wish)
    assert told.strip().startswith("<")
    assert "<img src=x" not in told and "<script" not in told


def test_a_question_shows_its_options_frames_and_lines(room: Room) -> None:
    told = room.answer("question", json.dumps("m00000-q000"))
    assert "What does Ada hold?" in told
    assert told.count("data:image/jpeg;base64,") == 4
    assert "a brass key" in told and "spoken line" in told


def test_a_question_does_not_show_what_is_right(room: Room, films: Path) -> None:
    for item in ("m00000-q001", "m00000-q002", "m00000-q004"):
        told = room.answer("question", json.dumps(item))
        assert "From 4.0 to 8.0" not in told and "0.0-4.0 s: Ada waits" not in told and "tell the answer" in told


def test_judgements_of_a_question_are_shown_as_text(room: Room) -> None:
    told = room.answer("question", json.dumps("m00000-q002"))
    assert told.count("&lt;img src=x") >= 4 and "answers swapped" in told
    assert "<img src=x" not in told and "<script" not in told and "\u202e" not in told


def test_a_damaged_file_of_judgements_costs_those_of_its_own_row(films: Path, tmp_path: Path) -> None:
    for number, text in enumerate(('{"item_id": "m00000-q002", ', '{"item_id": "m00000-q002", "metric": "m"}'), 1):
        sha256 = add_row(tmp_path, number, 0.5)
        (tmp_path / "results" / sha256 / "transcripts.jsonl").write_text(text)
    room = Room(FolderPlace(tmp_path), bench=Bench(str(films)), desk=None, settings=Settings())
    told = room.answer("question", json.dumps("m00000-q002"))
    assert "<b><bdi>Model 2</bdi></b>" in told and "Model 1" not in told


def test_questions_are_found_by_words_and_task_page_by_page(room: Room) -> None:
    every = room.answer("questions", "{}")
    assert every.count("data-item=") == PAGE and "1 of 2" in every
    assert room.answer("questions", json.dumps({"text": "KEEPS key"})).count("data-item=") == 6
    assert room.answer("questions", json.dumps({"task": "grounding", "page": "0"})).count("data-item=") == 6
    assert "0 questions" in room.answer("questions", json.dumps({"text": "zeppelin"}))


def test_new_results_are_seen_and_a_hub_out_of_reach_keeps_the_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_row(tmp_path, 1, 0.5)
    place = FolderPlace(tmp_path)
    room = Room(place, bench=None, desk=None, settings=Settings(title="T"))
    assert "<b>1</b> submission" in room.board_html()
    add_row(tmp_path, 2, 0.5)
    assert "<b>1</b> submission" in room.board_html()
    room.forget()
    assert "<b>2</b> submissions" in room.board_html()

    def down() -> Look:
        raise ConnectionError("no route")

    monkeypatch.setattr(place, "look", down)
    room.forget()
    told = room.board_html()
    assert "<b>2</b> submissions" in told and "cannot be read now (no route)" in told


def test_without_a_benchmark_the_page_says_so(tmp_path: Path) -> None:
    room = Room(FolderPlace(tmp_path), bench=None, desk=None, settings=Settings())
    assert "--bench" in room.items_html()
    assert "cannot be asked" in room.answer("question", '"m1"')
    assert "only shows" in room.submit_html()
