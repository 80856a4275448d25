"""Ratings, win rates, both orders, length control: brute force, independent fits, laws, refusals."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.eval.core import bradley_terry, combine_orders, length_controlled_win_rate, win_rates

VERDICTS = st.sampled_from(["a", "b", "tie"])
PAIRS = st.sampled_from(list(itertools.permutations("xyz", 2)))
GAMES = st.lists(st.builds(lambda pair, verdict: (*pair, verdict), PAIRS, VERDICTS), max_size=25)
LINKED = [(one, other, "tie") for one, other in itertools.combinations("xyz", 2)]
ELO = 400 / math.log(10)


def test_two_models_differ_by_the_log_odds_of_their_wins() -> None:
    games = [("ours", "base", "a")] * 3 + [("base", "ours", "a")]
    found = bradley_terry(games, "base")
    assert found["ratings"] == pytest.approx({"base": 1000.0, "ours": 1000 + ELO * math.log(3)}, abs=1e-9)
    assert (found["estimable"], found["reason"]) == (True, None)


def test_a_tie_is_half_a_win() -> None:
    games = [("ours", "base", "a"), ("ours", "base", "tie")]
    assert bradley_terry(games, "base")["ratings"]["ours"] == pytest.approx(1000 + ELO * math.log(3), abs=1e-9)


@given(GAMES)
@settings(max_examples=40, deadline=None)
def test_ratings_give_every_model_as_many_wins_as_it_has(games: list[Any]) -> None:
    """The equations that the greatest likelihood solves, and no other point."""
    games = games + LINKED
    ratings = bradley_terry(games, "x")["ratings"]
    for model in "xyz":
        won = expected = 0.0
        for one, other, verdict in games:
            if model in (one, other):
                chance = 1 / (1 + math.exp((ratings[other] - ratings[one]) / ELO))
                won += (
                    {"a": 1.0, "b": 0.0, "tie": 0.5}[verdict]
                    if model == one
                    else {"a": 0.0, "b": 1.0, "tie": 0.5}[verdict]
                )
                expected += chance if model == one else 1 - chance
        assert won == pytest.approx(expected, abs=1e-8)


@given(GAMES, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_order_of_games_and_of_names_within_them_changes_no_rating(games: list[Any], lot: Any) -> None:
    games = games + LINKED
    turned = [(two, one, {"a": "b", "b": "a", "tie": "tie"}[verdict]) for one, two, verdict in games]
    lot.shuffle(turned)
    assert bradley_terry(games, "x")["ratings"] == pytest.approx(bradley_terry(turned, "x")["ratings"], abs=1e-7)


@given(GAMES)
@settings(max_examples=40, deadline=None)
def test_one_more_win_lowers_no_rating(games: list[Any]) -> None:
    before = bradley_terry(games + LINKED, "x")["ratings"]["y"]
    assert bradley_terry([*games, *LINKED, ("y", "x", "a")], "x")["ratings"]["y"] > before


@given(GAMES)
@settings(max_examples=40, deadline=None)
def test_another_anchor_only_shifts_the_ratings(games: list[Any]) -> None:
    one, other = (bradley_terry(games + LINKED, anchor)["ratings"] for anchor in "xy")
    for model in "xyz":
        assert one[model] - one["y"] == pytest.approx(other[model] - 1000.0, abs=1e-7)


def test_ratings_survive_a_thousand_to_one() -> None:
    games = [("x", "y", "a")] * 1000 + [("x", "y", "b")]
    assert bradley_terry(games, "y")["ratings"]["x"] == pytest.approx(1000 + ELO * math.log(1000), abs=1e-6)


@pytest.mark.parametrize(
    "games",
    [
        [],
        [("x", "y", "a")],
        [("x", "y", "a")] * 100,
        [("x", "y", "tie"), ("z", "x", "a"), ("z", "y", "a")],
        [("x", "y", "tie"), ("z", "w", "tie")],
    ],
    ids=["none", "one", "all-won", "unbeaten", "apart"],
)
def test_ratings_that_the_games_do_not_bound_are_not_estimable(games: list[Any]) -> None:
    found = bradley_terry(games, "x")
    assert not found["estimable"]
    assert found["reason"]
    assert set(found["ratings"].values()) == {None}


@given(GAMES)
@settings(max_examples=60, deadline=None)
def test_estimable_means_that_wins_lead_from_every_model_to_every_other(games: list[Any]) -> None:
    models = {model for game in games for model in game[:2]}
    beats = {(one, other) for one, other, verdict in games if verdict != "b"}
    beats |= {(other, one) for one, other, verdict in games if verdict != "a"}
    for middle, one, other in itertools.product("xyz", repeat=3):
        if (one, middle) in beats and (middle, other) in beats:
            beats.add((one, other))
    for middle, one, other in itertools.product("xyz", repeat=3):
        if (one, middle) in beats and (middle, other) in beats:
            beats.add((one, other))
    linked = bool(games) and all((one, other) in beats for one, other in itertools.permutations(models, 2))
    anchor = min(models, default="x")
    assert bradley_terry(games, anchor)["estimable"] == linked


@pytest.mark.parametrize(
    ("games", "what"),
    [
        ([("x", "y", "first")], "game 0 is"),
        ([("x", "y", None)], "game 0 is"),
        ([("x", "y")], "game 0 is"),
        (["xya"], "game 0 is"),
        ([("x", "x", "a")], "against itself"),
        ([("p", "q", "a")], "the anchor 'x' did not play"),
    ],
)
def test_games_that_are_none_are_refused(games: Any, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        bradley_terry(games, "x")


def test_win_rates_count_a_tie_as_half() -> None:
    found = win_rates([("x", "y", "a"), ("y", "x", "tie"), ("x", "z", "b")])
    assert found["x"] == {"wins": 1, "losses": 1, "ties": 1, "win_rate": 0.5}
    assert found["z"]["win_rate"] == 1.0
    assert win_rates([]) == {}


@given(GAMES)
def test_every_game_is_won_once(games: list[Any]) -> None:
    found = win_rates(games)
    assert sum(row["wins"] + row["ties"] / 2 for row in found.values()) == len(games)


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        ("a", "a", "a"),
        ("b", "b", "b"),
        ("a", "b", "tie"),
        ("a", "tie", "tie"),
        ("tie", "tie", "tie"),
        (None, "a", None),
    ],
)
def test_only_a_win_in_both_orders_is_a_win(first: str | None, second: str | None, verdict: str | None) -> None:
    assert combine_orders(first, second) == verdict
    assert combine_orders(second, first) == verdict


def test_a_verdict_that_was_not_offered_is_refused() -> None:
    with pytest.raises(ValueError, match="allowed are"):
        combine_orders("a", "first one")


def test_length_control_finds_the_win_rate_at_equal_length() -> None:
    lot = np.random.default_rng(0)
    longer = lot.normal(50, 100, 4000)
    chance = 1 / (1 + np.exp(-(-0.4 + 1.5 * np.tanh(longer / longer.std(ddof=1)))))
    found = length_controlled_win_rate(chance.tolist(), longer.tolist(), [0.0] * 4000)
    assert found["win_rate"] == pytest.approx(chance.mean())
    assert found["length_controlled"] == pytest.approx(1 / (1 + math.exp(0.4)), abs=1e-9)


@pytest.mark.slow
def test_length_control_is_the_fit_of_statsmodels() -> None:
    sm = pytest.importorskip("statsmodels.api")
    lot = np.random.default_rng(5)
    wins, longer = lot.integers(0, 3, 60) / 2, lot.normal(10, 40, 60)
    design = sm.add_constant(np.tanh(longer / longer.std(ddof=1)))
    fit = sm.GLM(wins, design, family=sm.families.Binomial()).fit(tol=1e-14)
    found = length_controlled_win_rate(wins.tolist(), longer.tolist(), [0.0] * 60)
    assert found["length_controlled"] == pytest.approx(1 / (1 + math.exp(-fit.params[0])), abs=1e-9)


@pytest.mark.parametrize(
    ("wins", "model", "value"),
    [
        ([1.0, 0.0, 0.5], [10, 10, 10], 0.5),
        ([1.0, 1.0], [12, 15], 1.0),
        ([1.0, 0.0], [20, 5], None),
        ([1.0, 0.0], [20, 20], None),
        ([], [], None),
    ],
    ids=["equal-lengths", "all-won", "parted-by-length", "one-difference", "none"],
)
def test_length_control_where_there_is_little_to_fit(
    wins: list[float], model: list[float], value: float | None
) -> None:
    assert length_controlled_win_rate(wins, model, [10.0] * len(wins))["length_controlled"] == value


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.integers(-20, 20)), max_size=12))
@settings(deadline=None)
def test_turning_the_sides_turns_the_controlled_rate(rows: list[tuple[float, int]]) -> None:
    wins, longer = [win for win, _ in rows], [float(more) for _, more in rows]
    one = length_controlled_win_rate(wins, longer, [0.0] * len(rows))["length_controlled"]
    other = length_controlled_win_rate([1 - win for win in wins], [0.0] * len(rows), longer)["length_controlled"]
    assert (one is None) == (other is None)
    assert one is None or other is None or one == pytest.approx(1 - other, abs=1e-7)


@pytest.mark.parametrize(
    ("args", "what"),
    [
        (([1.2], [1], [1]), "between 0 and 1"),
        (([1.0], [1], []), "0 len_baseline"),
        (([1.0], [math.nan], [1]), "finite"),
    ],
)
def test_preferences_that_are_none_are_refused(args: Any, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        length_controlled_win_rate(*args)
