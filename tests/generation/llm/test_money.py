"""Prices and the budget: known or unknown, never exceeded, in turn."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.generation.llm.estimates import tokens_in_bound
from moviellm.generation.llm.money import Budget, TokenPrice, load_prices, refuse_unpriced
from moviellm.generation.protocols import StoppedError
from tests.generation.llm.kit import PRICES, ask, ask_all, image_ask, rows
from tests.servers.openai_double import openai_double


def test_the_packaged_table_has_a_date() -> None:
    assert load_prices().date[:2] == "20"


def test_cached_tokens_and_batches_cost_what_the_table_says() -> None:
    assert PRICES.usd("m", tokens_in=1_000_000, tokens_out=0, tokens_cached=400_000) == pytest.approx(0.6 + 0.2)
    assert PRICES.usd("m", tokens_in=0, tokens_out=1_000_000, batch=True) == pytest.approx(5.0)


def test_a_dated_model_costs_what_its_name_does_unless_it_stands_there_itself() -> None:
    known = PRICES.models["m"]
    table = PRICES.model_copy(
        update={"models": {"m": known, "m-2026-01-31": TokenPrice.model_validate({"in": 9.0, "out": 9.0})}}
    )
    found = [table.usd(f"m{date}", tokens_in=1_000_000, tokens_out=0) for date in ("-2026-03", "-2026-01-31", "-2026")]
    assert found == [known.tokens_in, 9.0, None]


def test_pictures_are_priced_by_the_picture_or_by_size() -> None:
    by_size = PRICES.model_copy(update={"images": {"p": {"64x36": 0.02}}})
    assert PRICES.image_usd("painter", 512, 288) == 0.01
    assert (by_size.image_usd("p", 64, 36), by_size.image_usd("p", 64, 64)) == (0.02, None)


def test_a_table_of_ones_own_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "prices.yaml"
    table.write_text('id: mine\ndate: "2026-01-31"\nmodels: {m: {in: 0, out: 0}}\n', encoding="utf-8")
    monkeypatch.setenv("MOVIELLM_PRICES", str(table))
    assert load_prices().usd("m", tokens_in=5, tokens_out=5) == 0.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id: mine", "date: Field required"),
        ('id: m\ndate: "2026-01-31"\nmodels: {m: {in: -1, out: 0}}', "models.m.in: Input should be greater"),
        ("- a list", "is no price table"),
    ],
)
def test_a_damaged_table_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str) -> None:
    (tmp_path / "p.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("MOVIELLM_PRICES", str(tmp_path / "p.yaml"))
    with pytest.raises(ValueError, match=said):
        load_prices()


def test_a_limit_without_a_price_is_refused_and_says_how_to_give_one() -> None:
    with pytest.raises(ValueError, match=r"no price for other; .* models: \{other: .*name it in MOVIELLM_PRICES"):
        refuse_unpriced(PRICES, ["m", "other"], [])
    with pytest.raises(ValueError, match="no price for 64x36 pictures of p"):
        refuse_unpriced(PRICES, [], [("p", 64, 36)])


def test_the_recorded_cost_never_exceeds_the_limit_at_any_concurrency(tmp_path: Path) -> None:
    async def job(service):
        done = await asyncio.gather(*(service.exchange(ask(number)) for number in range(200)), return_exceptions=True)
        return service.spent.usd, done

    limit = 0.008
    with openai_double(latency_s=0.005) as double:
        spent, done = ask_all(double, tmp_path, job, concurrency=64, max_usd=limit)
    stopped = [item for item in done if isinstance(item, StoppedError)]
    assert 0.5 * limit < spent <= limit
    assert stopped
    assert "the budget is spent" in str(stopped[0])
    assert len(rows(tmp_path)) + len(stopped) == 200


def test_what_was_spent_by_an_earlier_process_counts(tmp_path: Path) -> None:
    with openai_double() as double:
        ask_all(double, tmp_path, lambda service: service.exchange(ask(0)))
        with pytest.raises(StoppedError, match="the budget is spent"):
            ask_all(double, tmp_path, lambda service: service.exchange(ask(1)), max_usd=0.001)
        assert double.calls["note"] == 1


def test_pictures_count_against_the_limit(tmp_path: Path) -> None:
    async def job(service):
        for number in range(5):
            await service.image(image_ask(number))

    with openai_double() as double, pytest.raises(StoppedError, match="the budget is spent"):
        ask_all(double, tmp_path, job, max_usd=0.035)
    assert len(rows(tmp_path, "image")) == 3


def test_without_a_price_tokens_are_counted_and_no_cost_is_made_up(tmp_path: Path) -> None:
    with openai_double() as double:
        reply = ask_all(double, tmp_path, lambda service: service.exchange(ask(model="unknown")))
    assert reply.usd is None
    assert rows(tmp_path)[0]["usd"] is None


@given(st.text(max_size=60))
def test_the_bound_of_a_question_is_at_least_its_bytes(text: str) -> None:
    asked = ask(messages=({"role": "user", "content": text},))
    assert tokens_in_bound(asked) >= len(text.encode(errors="surrogatepass"))


@given(st.lists(st.floats(min_value=0.001, max_value=1.0), min_size=1, max_size=30), st.floats(0.1, 3.0))
def test_reservations_never_exceed_the_limit_and_all_come_to_an_end(bounds: list[float], limit: float) -> None:
    spent = 0.0

    async def call(budget: Budget, bound: float) -> bool:
        nonlocal spent
        try:
            async with budget.reserved(bound):
                await asyncio.sleep(0)
                spent += bound * 0.9
                assert spent <= limit
        except StoppedError:
            return False
        return True

    async def all_calls() -> list[bool]:
        budget = Budget(limit, lambda: spent)
        return await asyncio.wait_for(asyncio.gather(*(call(budget, bound) for bound in bounds)), timeout=5)

    made = asyncio.run(all_calls())
    assert all(made) or any(spent + bound > limit for bound in bounds)
