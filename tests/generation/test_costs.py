"""Estimates: they grow with what is asked, and know what they do not know."""

import pytest

from moviellm.generation.config.recipe import recipe_from
from moviellm.generation.costs import estimate
from moviellm.generation.llm.money import load_prices
from moviellm.generation.make import cells_of_run
from moviellm.generation.schema import Stage
from tests.generation.llm.kit import PRICES

THEME = {"themes": ["a key"]}


def costs(missing: dict[Stage, int] | None = None, **data: object):  # type: ignore[no-untyped-def]
    recipe = recipe_from(THEME | data)
    return estimate(recipe, cells_of_run(recipe) if missing is None else missing, PRICES)


def test_an_offline_run_costs_nothing() -> None:
    assert costs().text() == "no paid call"
    assert costs().usd == 0.0


def test_what_is_there_costs_nothing() -> None:
    assert costs({"plot": 0, "dialogue": 0, "qa": 0}, writer="llm", llm={"model": "m"}).calls == 0


def test_a_longer_story_costs_more() -> None:
    short, long = (costs(writer="llm", llm={"model": "m"}, story={"scenes": scenes}) for scenes in (2, 6))
    assert long.usd > 2 * short.usd


def test_a_batch_costs_half() -> None:
    once, batch = (costs(writer="llm", llm={"model": "m"}, engine={"batch": on}) for on in (False, True))
    assert batch.usd == pytest.approx(once.usd / 2, rel=1e-4)


def test_pictures_of_a_server_are_counted_with_their_price() -> None:
    found = costs(painter="endpoint", painting={"model": "painter"})
    assert (found.images, found.usd) == (16, pytest.approx(0.16))


def test_a_model_without_a_price_gives_tokens_and_no_dollars() -> None:
    found = costs(writer="llm", llm={"model": "unknown"})
    assert (found.usd, found.tokens_in > 0) == (None, True)
    assert "no price known" in found.text()


def test_gates_cost_calls_of_every_model() -> None:
    none, some = (costs(gates={"models": models}) for models in ([], ["m", "m2"]))
    assert (none.calls, some.calls > 16) == (0, True)


def test_a_world_that_rewrites_costs_more() -> None:
    plain, rewritten = (costs(writer="world", llm={"model": "m", "rewrite": on}) for on in (False, True))
    assert rewritten.calls > plain.calls


def test_the_paper_costs_about_what_its_calls_say() -> None:
    recipe = recipe_from(
        {
            **THEME,
            "writer": "llm",
            "llm": {"model": "gpt-5-mini"},
            "story": {"chapters": 11, "scenes": 11, "keyframes": 11},
            "questions": {"per_movie": 144},
        }
    )
    found = estimate(recipe, cells_of_run(recipe), load_prices())
    assert 268 <= found.calls <= 1.25 * 268


@pytest.mark.parametrize(("questions", "parts"), [(0, 1), (16, 3), (144, 14)])
def test_the_questions_of_a_language_model_are_counted_in_their_parts(questions: int, parts: int) -> None:
    made = recipe_from(
        {
            **THEME,
            "writer": "llm",
            "llm": {"model": "m"},
            "story": {"chapters": 11, "scenes": 11, "keyframes": 11},
            "questions": {"per_movie": questions},
        }
    )
    assert cells_of_run(made)["qa"] == parts
