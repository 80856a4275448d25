"""Dialects: servers that hold answers to a schema, refuse it or ignore it; models that refuse a parameter."""

import asyncio
from pathlib import Path

import pytest

from moviellm.generation.llm.ladder import answer
from moviellm.generation.protocols import StoppedError
from tests.generation.llm.kit import Note, ask, ask_all, request, rows
from tests.servers.openai_double import openai_double


@pytest.mark.parametrize("native", ["holds", "refuses", "ignores"])
def test_an_answer_comes_whatever_the_server_does_with_a_schema(tmp_path: Path, native: str) -> None:
    with openai_double(native=native) as double:
        note = ask_all(double, tmp_path, lambda service: answer(service, request(), Note))
    assert isinstance(note, Note)


@pytest.mark.parametrize("native", ["refuses", "ignores"])
def test_whether_a_server_holds_schemas_is_asked_once_and_remembered_in_the_run(tmp_path: Path, native: str) -> None:
    async def job(service):
        await asyncio.gather(*(answer(service, request(number), Note) for number in range(6)))

    with openai_double(native=native) as double:
        ask_all(double, tmp_path, job)
        asked = sum("response_format" in item["body"] for item in double.requests)
        ask_all(double, tmp_path, lambda service: answer(service, request(99), Note))
        assert sum("response_format" in item["body"] for item in double.requests) == asked == 1


def test_the_prompt_says_the_schema_where_the_server_does_not_take_it(tmp_path: Path) -> None:
    with openai_double() as double:
        ask_all(double, tmp_path, lambda service: service.exchange(ask(structured="prompt")))
        body = double.requests[-1]["body"]
    assert "response_format" not in body
    assert body["messages"][0]["role"] == "system"
    assert '"pages"' in body["messages"][0]["content"]


def test_a_model_that_takes_no_max_tokens_is_asked_in_its_own_way(tmp_path: Path) -> None:
    with openai_double(refuses=("max_tokens",)) as double:
        ask_all(double, tmp_path, lambda service: asyncio.gather(*(service.exchange(ask(n)) for n in range(3))))
        assert double.requests[-1]["body"]["max_completion_tokens"] == 100


def test_a_seed_that_is_refused_is_left_out(tmp_path: Path) -> None:
    with openai_double(refuses=("seed",)) as double:
        ask_all(double, tmp_path, lambda service: service.exchange(ask()))
        assert "seed" not in double.requests[-1]["body"]


def test_a_temperature_that_is_refused_stops_the_run_and_says_what_to_set(tmp_path: Path) -> None:
    with (
        openai_double(refuses=("temperature",)) as double,
        pytest.raises(StoppedError, match=r"set llm.temperature=1"),
    ):
        ask_all(double, tmp_path, lambda service: service.exchange(ask(temperature=0.5)))


def test_a_temperature_of_one_is_not_sent(tmp_path: Path) -> None:
    with openai_double(refuses=("temperature", "top_p")) as double:
        ask_all(double, tmp_path, lambda service: service.exchange(ask(temperature=1.0, top_p=1.0)))


def test_the_first_tokens_probabilities_come_where_they_are_asked_for(tmp_path: Path) -> None:
    with openai_double() as double:
        reply = ask_all(
            double, tmp_path, lambda service: service.exchange(ask(schema=None, schema_name=None, top_logprobs=5))
        )
    assert reply.logprobs == {"Yes": -0.1, "No": -2.4}


def test_what_was_learned_of_a_server_does_not_name_it(tmp_path: Path) -> None:
    with openai_double() as double:
        ask_all(double, tmp_path, lambda service: service.exchange(ask()))
    assert len(rows(tmp_path, "server")) == 1
    assert "127.0.0.1" not in (tmp_path / "exchanges.jsonl").read_text(encoding="utf-8")
