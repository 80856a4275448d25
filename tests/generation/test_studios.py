"""Studios: who makes a run, whom it asks, and what is refused at once."""

from pathlib import Path

import pytest

from moviellm.generation.cli.app import call
from moviellm.generation.config.recipe import recipe_from
from moviellm.generation.studios import asks_server, models_asked, open_studio


@pytest.fixture(autouse=True)
def _server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def test_an_offline_studio_asks_no_server(tmp_path: Path) -> None:
    recipe = recipe_from({})
    assert not asks_server(recipe)
    assert open_studio(recipe, tmp_path).service is None


def test_the_models_that_are_asked_are_named_once() -> None:
    data = {"writer": "llm", "llm": {"model": "a"}, "gates": {"models": ["b", "a"], "vision": "c"}}
    assert models_asked(recipe_from(data)) == ["a", "b", "c"]


def test_a_server_is_needed_for_pictures_of_an_endpoint() -> None:
    assert asks_server(recipe_from({"painter": "endpoint", "painting": {"model": "p"}}))


def test_opening_a_studio_writes_nothing_and_asks_nobody(tmp_path: Path) -> None:
    studio = open_studio(recipe_from({"writer": "llm", "llm": {"model": "a"}}), tmp_path / "r")
    assert studio.service is not None
    assert list(tmp_path.iterdir()) == []


def test_a_limit_in_dollars_needs_the_price_of_every_model(tmp_path: Path) -> None:
    data = {"writer": "llm", "llm": {"model": "gpt-5-mini"}, "gates": {"models": ["mine"]}, "engine": {"max_usd": 1}}
    with pytest.raises(ValueError, match="no price for mine"):
        open_studio(recipe_from(data), tmp_path)


def test_a_limit_in_dollars_needs_the_price_of_pictures(tmp_path: Path) -> None:
    data = {"painter": "endpoint", "painting": {"model": "p"}, "engine": {"max_usd": 1}}
    with pytest.raises(ValueError, match="no price for 512x288 pictures of p"):
        open_studio(recipe_from(data), tmp_path)


def test_a_scorer_that_is_not_there_is_said_before_anything_is_paid(tmp_path: Path) -> None:
    data = {"painter": "endpoint", "painting": {"model": "p", "scorer": "no/such/scorer", "candidates": 2}}
    with pytest.raises(ValueError, match="no model no/such/scorer"):
        open_studio(recipe_from(data), tmp_path)


def test_a_client_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from moviellm.generation.llm import service

    monkeypatch.setattr(service, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"pip install 'moviellm\[llm\]'"):
        open_studio(recipe_from({"writer": "llm", "llm": {"model": "a"}}), tmp_path)


KEY = "sk-0123456789abcdef"


@pytest.mark.parametrize("data", [{"themes": [f"say {KEY}"]}, {"llm": {"model": KEY}}])
def test_a_recipe_that_holds_the_key_is_refused_without_saying_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: dict[str, object]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(ValueError, match="holds OPENAI_API_KEY") as raised:
        open_studio(recipe_from({"writer": "llm", "llm": {"model": "a"}, **data}), tmp_path)
    assert KEY not in str(raised.value)


def test_a_placeholder_for_a_key_may_be_a_word_of_the_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "ollama")
    assert open_studio(recipe_from({"writer": "llm", "llm": {"model": "ollama/a"}}), tmp_path).service is not None


def test_a_dry_run_needs_no_key_no_client_and_no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from moviellm.generation.llm import service

    monkeypatch.setattr(service, "find_spec", lambda name: None)
    monkeypatch.delenv("OPENAI_BASE_URL")
    run = str(tmp_path / "r")
    asked = ["make", "a key", "--writer", "llm", "--model", "gpt-5-mini", "--movies", "1", "--out", run]
    assert call([*asked, "--dry-run"]) == 0
    assert call(asked) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_without_the_hub_plans_for_a_revision_that_it_does_not_know(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["make", "a key", "--recipe", "sdxl", "--out", str(tmp_path / "r")]
    assert call([*asked, "--dry-run"]) == 0
    said = capsys.readouterr()
    assert "not looked up: the Hub cannot be reached" in said.err and "cells to make" in said.out
    assert call(asked) == 2
    assert "the Hub cannot be asked for stabilityai/" in capsys.readouterr().err


def test_a_dry_run_still_refuses_a_model_that_was_mistyped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models" / "mine").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert call(["make", "a key", "--recipe", "sdxl", "--set", "painting.model=models/mnie", "--dry-run"]) == 2
