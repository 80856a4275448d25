"""A conversation grows, stops when it is left, and says what went wrong."""

import time
from pathlib import Path
from typing import Any

import pytest

from moviellm.training.ask.chat.visits import Chat, Visit
from moviellm.training.ask.spans import find_spans
from tests.training.ask.kit import film


class Says:
    """Answers as it is told, word by word."""

    place, longest_row = "org/says", 4096

    def __init__(self, answer: str | BaseException, pause_s: float = 0.0) -> None:
        self.answer, self.pause_s = answer, pause_s
        self.heard: list[list[str]] = []
        self.written = 0

    def reply(self, about: Any, turns: list[str], question: str, most: int, wrote: Any) -> str:
        self.heard.append([*turns, question])
        if isinstance(self.answer, BaseException):
            raise self.answer
        words = self.answer.split(" ")
        for number in range(len(words)):
            time.sleep(self.pause_s)
            wrote(" ".join(words[: number + 1]))
            self.written += 1
        return self.answer

    def spans(self, text: str, about: Any) -> Any:
        return find_spans(text, about.duration_s)


def chat(says: Says, folder: Path) -> Chat:
    return Chat(says, folder)  # type: ignore[arg-type]


def test_a_follow_up_sees_earlier_turns_but_not_those_that_failed(tmp_path: Path) -> None:
    says, visit = Says("Ada, from 1.0 to 3.0 s."), Visit(film())
    talk = chat(says, tmp_path)
    for question in ("Who?", "When?"):
        *_, last = talk.ask(visit, question)
    assert says.heard == [["Who?"], ["Who?", "Ada, from 1.0 to 3.0 s.", "When?"]]
    assert [(one.start_s, one.end_s) for one in last[1].found] == [(1.0, 3.0)]
    says.answer = ValueError("too long: 5 frames would fit")
    list(talk.ask(visit, "Why?"))
    assert visit.turns[-1].error == "too long: 5 frames would fit"
    says.answer = "Yes."
    list(talk.ask(visit, "So?"))
    assert says.heard[-1][-3:] == ["When?", "Ada, from 1.0 to 3.0 s.", "So?"]


def test_a_fault_of_the_program_is_told_without_its_inside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    visit = Visit(film())
    list(chat(Says(RuntimeError("secret place /root/x")), tmp_path).ask(visit, "Who?"))
    assert visit.turns[0].error == "The model failed (RuntimeError); the server's log says more."
    assert "secret place" in caplog.text


def test_an_answer_that_nobody_waits_for_stops(tmp_path: Path) -> None:
    says, visit = Says(" ".join(map(str, range(500))), pause_s=0.01), Visit(film())
    growing = chat(says, tmp_path).ask(visit, "Who?")
    while not next(growing)[0].answer:
        pass
    growing.close()
    assert (visit.turns[0].note, visit.turns[0].is_done) == ("stopped", True)
    time.sleep(0.2)
    written = says.written
    time.sleep(0.2)
    assert says.written == written < 400


def test_an_answer_that_goes_round_in_circles_is_stopped_and_says_so(tmp_path: Path) -> None:
    says, visit = Says("Ada. " + "She waits. " * 300), Visit(film())
    list(chat(says, tmp_path).ask(visit, "Who?"))
    turn = visit.turns[0]
    assert (turn.answer, turn.error, turn.is_done) == ("Ada. She waits. She waits. She waits", "", True)
    assert turn.note.endswith("the model repeats itself") and says.written < 20


def test_without_a_film_there_is_nothing_to_ask_about(tmp_path: Path) -> None:
    visit = Visit()
    list(chat(Says("x"), tmp_path).ask(visit, "Who?"))
    assert "Open a film first" in visit.turns[0].error


def test_no_words_are_no_question(tmp_path: Path) -> None:
    visit = Visit(film())
    assert list(chat(Says("x"), tmp_path).ask(visit, "  ")) == [[]]


def test_what_a_visit_made_is_removed_when_it_ends(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"x")
    visit = Visit(made=[tmp_path / "film.mp4", tmp_path / "gone.mp4"])
    visit.leave()
    assert list(tmp_path.iterdir()) == []
