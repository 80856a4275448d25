"""Secrets: neither the key nor credentials in the address reach a file, a message or a traceback."""

import asyncio
import traceback
from pathlib import Path

import pytest

from moviellm.generation.llm.endpoint import endpoint_from
from moviellm.generation.llm.service import Service
from moviellm.generation.protocols import StoppedError
from tests.generation.llm.kit import KEY, PRICES, ask, ask_all, recipe
from tests.servers.openai_answers import Spoken
from tests.servers.openai_double import openai_double

PASSWORD = "swordfish-9000"


def everything_in(folder: Path) -> str:
    return "\n".join(path.read_bytes().decode(errors="replace") for path in folder.rglob("*") if path.is_file())


def test_an_error_that_echoes_the_key_is_said_without_it(tmp_path: Path) -> None:
    with openai_double(key="another") as double, pytest.raises(StoppedError) as caught:
        ask_all(double, tmp_path, lambda service: service.exchange(ask()))
    said = "".join(traceback.format_exception(caught.value))
    assert "Incorrect API key provided: ***" in str(caught.value)
    assert KEY not in said


def test_an_answer_that_echoes_the_key_is_kept_without_it(tmp_path: Path) -> None:
    answers = lambda name, data, schema, seed: Spoken(f'{{"title": "{KEY}", "pages": 1}}')  # noqa: E731
    with openai_double(answers=answers) as double:
        reply = ask_all(double, tmp_path, lambda service: service.exchange(ask()))
    assert KEY not in reply.text
    assert KEY not in everything_in(tmp_path)


def test_the_key_is_in_no_file_of_the_run(tmp_path: Path) -> None:
    with openai_double() as double:
        double.plan("500", "429")
        ask_all(double, tmp_path, lambda service: service.exchange(ask()))
        sent = double.requests[-1]["headers"]["Authorization"]
    assert sent == f"Bearer {KEY}"
    assert KEY not in everything_in(tmp_path)


def test_credentials_of_the_address_are_sent_and_never_shown(tmp_path: Path) -> None:
    with openai_double(models=("other",)) as double:
        address = double.base_url.replace("http://", f"http://me:{PASSWORD}@") + f"?token={PASSWORD}"
        endpoint = endpoint_from({"OPENAI_BASE_URL": address})
        service = Service(recipe(), tmp_path, endpoint, PRICES)

        async def job() -> None:
            try:
                await service.exchange(ask())
            finally:
                await service.close()

        with pytest.raises(StoppedError) as caught:
            asyncio.run(job())
        assert double.requests[0]["headers"]["Authorization"].startswith("Basic ")
    said = "".join(traceback.format_exception(caught.value)) + repr(endpoint)
    assert PASSWORD not in said
    assert "no such model" in said


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        (f"bad key {KEY}!", "bad key ***!"),
        ("Incorrect API key provided: sk-proj-abc***********def", "Incorrect API key provided: ***"),
        ("Authorization: Bearer abcdefgh12345", "Authorization: ***"),
        ("model gpt-5-mini is busy", "model gpt-5-mini is busy"),
    ],
)
def test_what_looks_like_a_key_is_hidden_in_errors(text: str, redacted: str) -> None:
    assert endpoint_from({"OPENAI_API_KEY": KEY}).redact(text) == redacted


def test_a_placeholder_key_spoils_no_words() -> None:
    endpoint = endpoint_from({"OPENAI_BASE_URL": "http://127.0.0.1:1/v1", "OPENAI_API_KEY": "none"})
    assert endpoint.hide("there is none") == "there is none"


def test_a_key_that_is_a_word_is_left_in_answers() -> None:
    endpoint = endpoint_from({"OPENAI_BASE_URL": "http://127.0.0.1:8000/v1", "OPENAI_API_KEY": "secret"})
    assert endpoint.hide("Ada keeps a secret letter") == "Ada keeps a secret letter"


def test_a_version_in_the_address_is_no_secret() -> None:
    endpoint = endpoint_from({"OPENAI_BASE_URL": "http://127.0.0.1:8000/v1?api-version=preview"})
    assert endpoint.redact("a preview of it") == "a preview of it"


def test_a_server_of_ones_own_needs_no_key() -> None:
    assert endpoint_from({"OPENAI_BASE_URL": "http://127.0.0.1:8000/v1"}).shown == "http://127.0.0.1:8000/v1"


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "set OPENAI_API_KEY, or OPENAI_BASE_URL"),
        ({"OPENAI_BASE_URL": "ftp://x"}, "no http address"),
        ({"OPENAI_BASE_URL": "http://x:port/v1"}, "no address"),
        ({"OPENAI_API_KEY": "two words"}, "OPENAI_API_KEY holds a space"),
    ],
)
def test_an_environment_that_names_no_server_is_refused(environment: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        endpoint_from(environment)
