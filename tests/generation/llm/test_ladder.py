"""The ladder: parse, check, one repair turn, another seed, a reason; nothing truncated or refused is accepted."""

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.generation.llm.asks import Ask, Reply
from moviellm.generation.llm.ladder import answer, parse_json
from tests.generation.llm.kit import Note, ask_all, request, rows
from tests.servers.openai_double import openai_double

GOOD = '{"title": "A note", "pages": 3}'


class Scripted:
    """A service that gives what it is told to, in order."""

    def __init__(self, *replies: str | Reply) -> None:
        self.replies = [Reply(text=item, finish_reason="stop") if isinstance(item, str) else item for item in replies]
        self.asked: list[Ask] = []
        self.voided: list[str] = []

    async def exchange(self, ask: Ask) -> Reply:
        self.asked.append(ask)
        return self.replies[len(self.asked) - 1]

    def void(self, keys: list[str]) -> None:
        self.voided += keys


def climb(service: Scripted, check: Any = None, **llm: Any) -> Note:
    return asyncio.run(answer(service, request(**llm), Note, check))


def refuse_short(note: Note) -> None:
    if note.pages < 5:
        raise ValueError(f"{note.pages} pages are too few, write 5")


CUT = Reply(text=GOOD, finish_reason="length", tokens_out=100)
REFUSED = Reply(text="", finish_reason="stop", refusal="I cannot help with that.")


def test_a_good_answer_is_asked_for_once() -> None:
    service = Scripted(GOOD)
    assert climb(service) == Note(title="A note", pages=3)
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("no braces here", "the answer is no JSON"),
        ('{"title": "A note"}', "pages: Field required"),
        ('{"title": "A note", "pages": "many"}', "pages: Input should be a valid integer"),
        ('{"title": "A note", "pages": NaN}', "NaN is no JSON"),
        (GOOD, "3 pages are too few, write 5"),
    ],
)
def test_a_bad_answer_gets_one_repair_turn_that_shows_the_error(bad: str, said: str) -> None:
    service = Scripted(bad, '{"title": "A note", "pages": 7}')
    assert climb(service, refuse_short).pages == 7
    assert len(service.asked) == 2
    told = service.asked[1].messages
    assert told[-2] == {"role": "assistant", "content": bad}
    assert said in str(told[-1]["content"])


def test_a_bad_answer_that_stays_bad_is_asked_for_with_another_seed() -> None:
    service = Scripted("x", "y", GOOD)
    climb(service)
    first, repair, second = service.asked
    assert first.seed == repair.seed != second.seed
    assert second.messages == first.messages


@pytest.mark.parametrize(("reply", "reason"), [(CUT, "cut off after 100 tokens"), (REFUSED, "refused: I cannot")])
def test_what_is_cut_off_or_refused_is_neither_accepted_nor_repaired(reply: Reply, reason: str) -> None:
    service = Scripted(reply, reply)
    with pytest.raises(ValueError, match=reason):
        climb(service)
    assert [len(ask.messages) for ask in service.asked] == [1, 1]
    assert service.asked[0].seed != service.asked[1].seed


def test_a_repair_that_is_cut_off_leads_to_another_seed() -> None:
    service = Scripted("x", CUT, GOOD)
    assert climb(service).pages == 3


def test_a_filtered_answer_is_not_accepted() -> None:
    with pytest.raises(ValueError, match="ended by content_filter"):
        climb(Scripted(Reply(text=GOOD, finish_reason="content_filter")), seeds=1)


def test_the_reason_names_every_try() -> None:
    service = Scripted("x", "y", CUT)
    with pytest.raises(ValueError, match=r"no usable answer from m: .*no JSON.*; after a repair turn: .*; cut off"):
        climb(service)


def test_exchanges_that_led_nowhere_are_voided_and_good_ones_are_not() -> None:
    failed, passed = Scripted("x", "y", CUT), Scripted("x", GOOD)
    with pytest.raises(ValueError, match="no usable"):
        climb(failed)
    climb(passed)
    assert failed.voided == [ask.key for ask in failed.asked]
    assert passed.voided == []


def test_free_text_first_asks_for_prose_and_then_for_its_form() -> None:
    service = Scripted("A note of three pages.", GOOD)
    asked = request()
    asked = replace(asked, params={**asked.params, "free_text_first": True})
    assert asyncio.run(answer(service, asked, Note)).pages == 3
    prose, form = service.asked
    assert prose.schema is None
    assert form.schema is not None
    assert form.messages[1] == {"role": "assistant", "content": "A note of three pages."}


@pytest.mark.parametrize("kind", ["truncated", "wrong_schema", "refusal"])
def test_faulty_answers_of_a_server_are_climbed_over(tmp_path: Path, kind: str) -> None:
    with openai_double() as double:
        double.plan(None, kind)
        ask_all(double, tmp_path, lambda service: answer(service, request(1), Note))
        ask_all(double, tmp_path, lambda service: answer(service, request(2), Note))
        assert double.calls["note"] == 3


def test_an_answer_in_the_wrong_language_is_for_the_caller_to_see(tmp_path: Path) -> None:
    def check(note: Note) -> None:
        if not note.title.isascii():
            raise ValueError("write English")

    with openai_double() as double:
        double.plan("language")
        note = ask_all(double, tmp_path, lambda service: answer(service, request(), Note, check))
        assert double.calls["note"] == 2
    assert note.title.isascii()


def test_a_cell_killed_between_its_turns_does_not_pay_for_the_first_again(tmp_path: Path) -> None:
    async def killed(service):
        service.exchange_once, given = service.exchange, []

        async def once(ask):
            if given:
                raise KeyboardInterrupt
            given.append(ask)
            return await service.exchange_once(ask)

        service.exchange = once
        with pytest.raises(KeyboardInterrupt):
            await answer(service, request(), Note)

    with openai_double() as double:
        double.plan("wrong_schema")
        with suppress(KeyboardInterrupt):
            ask_all(double, tmp_path, killed)
        ask_all(double, tmp_path, lambda service: answer(service, request(), Note))
        assert double.calls["note"] == 2
    assert len(rows(tmp_path)) == 2


@pytest.mark.parametrize(
    "text",
    [
        '<think>An {object}?\nYes.</think>\n{"a": 1}',
        'Here it is:\n```json\n{"a": 1}\n```\nAnything else?',
        '```json\n{"a": 1}```',
        '\ufeff{"a": 1}',
    ],
)
def test_what_models_say_around_their_json_is_left_out(text: str) -> None:
    assert parse_json(text) == {"a": 1}


def test_a_fence_inside_of_json_is_part_of_it() -> None:
    assert parse_json('{"a": "```json\\n{}\\n```"}') == {"a": "```json\n{}\n```"}


def test_of_two_fences_none_is_chosen() -> None:
    with pytest.raises(ValueError, match="no JSON"):
        parse_json("```\n{}\n```\n```\n{}\n```")


def test_json_in_a_fence_is_read() -> None:
    assert parse_json('```json\n{"a": 1}\n```') == {"a": 1}


@given(st.text())
def test_half_an_object_is_never_read(text: str) -> None:
    whole = json.dumps({"text": text, "more": [1, 2]})
    for end in range(1, len(whole)):
        with pytest.raises(ValueError, match="no JSON"):
            parse_json(whole[:end])
