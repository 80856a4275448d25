"""asking.py: a judge behind a real server gives a verdict, or none with a reason; nothing is paid twice."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from moviellm.eval.judging.asking import Record, open_judge, side_of
from moviellm.eval.judging.request import JudgeRequest
from moviellm.eval.judging.rubric import open_rubric
from moviellm.eval.judging.verdicts import PairVerdict, PointVerdict, Unscored
from tests.servers.openai_answers import Spoken
from tests.servers.openai_double import Double, openai_double

RIGHT = {"reason": "The same key.", "correct": True, "score": 5}
FIRST = {"reason": "A says it.", "facts_missed_A": 0, "facts_missed_B": 1, "verdict": "A", "strength": 2}


def request(rubric: str = "correctness", **changed: Any) -> JudgeRequest:
    answers = ("A brass key.",) if rubric == "correctness" else ("A brass key.", "A lamp.")
    said = {"item_id": "q1", "question": "What is found?", "reference": "a brass key", "answers": answers}
    return JudgeRequest(rubric=open_rubric(rubric), **{**said, **changed})


def asked(folder: Path, *requests: JudgeRequest, judge: str = "openai:judge-2026-03", **options: Any) -> list[Record]:
    async def all_of_them() -> list[Record]:
        opened = open_judge(judge, folder, **options)
        try:
            return [await opened.ask(one) for one in requests]
        finally:
            await opened.close()

    return asyncio.run(all_of_them())


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Double]:
    with openai_double(answers=lambda name, *_: FIRST if name == "verdict_pairwise" else RIGHT) as double:
        monkeypatch.setenv("OPENAI_BASE_URL", double.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
        yield double


def test_a_verdict_is_what_the_judge_says(server: Double, tmp_path: Path) -> None:
    (record,) = asked(tmp_path, request())
    assert isinstance(record.verdict, PointVerdict)
    assert (record.verdict.correct, record.verdict.score) == (True, 5)


def test_the_second_answer_wins_where_it_is_shown_as_a(server: Double, tmp_path: Path) -> None:
    records = asked(tmp_path, request("better"), request("better", order=1))
    verdicts = [record.verdict for record in records]
    assert [side_of(one, at) for at, one in enumerate(verdicts) if isinstance(one, PairVerdict)] == ["a", "b"]


def test_the_same_question_is_paid_once(server: Double, tmp_path: Path) -> None:
    first, second = asked(tmp_path, request()), asked(tmp_path, request())
    assert sum(server.calls.values()) == 1
    assert first[0].outcome == second[0].outcome


def test_no_temperature_is_sent_unless_it_is_asked_for(server: Double, tmp_path: Path) -> None:
    asked(tmp_path, request())
    assert "temperature" not in server.requests[-1]["body"]


@pytest.mark.parametrize("fault", ["429", "500", "reset", "empty"])
def test_a_call_that_fails_is_made_again(server: Double, tmp_path: Path, fault: str) -> None:
    server.plan(fault)
    (record,) = asked(tmp_path, request())
    assert record.verdict is not None


def test_a_refusal_is_no_verdict_and_not_asked_again(server: Double, tmp_path: Path) -> None:
    server.plan("refusal")
    (record,) = asked(tmp_path, request())
    assert isinstance(record.outcome, Unscored) and record.outcome.kind == "refused"
    assert sum(server.calls.values()) == 1


def test_a_verdict_that_was_not_offered_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said = Spoken(json.dumps({**FIRST, "verdict": "C"}))
    with openai_double(answers=lambda *_: said) as double:
        monkeypatch.setenv("LOCAL_BASE_URL", double.base_url)
        (record,) = asked(tmp_path, request("better"), judge="local:judge")
    assert isinstance(record.outcome, Unscored) and record.outcome.kind == "unreadable"
    assert len(record.tries) == 3


def test_a_judge_without_a_name_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no judge; write openai:NAME"):
        open_judge("openai:", tmp_path)
