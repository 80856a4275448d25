"""Which of two answers is better, many times: win rates and ratings.

    bradley_terry([("ours", "base", "a"), ("ours", "base", "tie"), ("base", "ours", "a")], anchor="base")
    win_rates(games)
    combine_orders("a", "tie")                                   # "tie"
    length_controlled_win_rate([1.0, 0.5, 0.0], [90, 40, 50], [50, 60, 50])

A game is (model_a, model_b, verdict "a", "b" or "tie"). Ratings are Bradley and Terry 1952, unregularised, a tie as
half a win; they exist only where every model is linked with every other by wins both ways (Ford 1957), else they are
not estimable: published tools print numbers with tiny intervals after a single game. Length control is the least model
of AlpacaEval 2 (Dubois et al. 2024, arXiv 2404.04475): only the length term, no item difficulties, no regularisation.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from moviellm.eval.core.inputs import numbers_of, same_length

Game = tuple[str, str, str]
Verdict = Literal["a", "b", "tie"]
VERDICTS: Final = ("a", "b", "tie")
ELO: Final = 400 / math.log(10)
ANCHOR: Final = 1000.0
POINTS: Final = {"a": 1.0, "tie": 0.5, "b": 0.0}
"""Of model_a."""
STEPS: Final = 200
Floats = npt.NDArray[np.float64]


def bradley_terry(games: Iterable[Game], anchor: str) -> dict[str, Any]:
    """Ratings on the Elo scale, the anchor at 1000.

    Returns:
        `ratings` of every model, all None when not estimable; `estimable`; `reason`, None when estimable.

    Raises:
        ValueError: a game that is none, or an anchor that did not play.
    """
    played = _games(games)
    models = sorted({model for game in played for model in game[:2]})
    if played and anchor not in models:
        raise ValueError(f"the anchor {anchor!r:.60} did not play; {models[:5]} did")
    reason = _not_estimable(played, models)
    if reason:
        return {"ratings": dict.fromkeys(models or [anchor]), "estimable": False, "reason": reason}
    free = [model for model in models if model != anchor]
    place = {model: at for at, model in enumerate(free)}
    tally: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for one, other, verdict in played:
        pair, points = ((one, other), POINTS[verdict]) if one < other else ((other, one), 1 - POINTS[verdict])
        tally[pair][0] += points
        tally[pair][1] += 1
    design = np.zeros((len(tally), len(free)))
    for row, (one, other) in zip(design, tally, strict=True):
        for model, sign in ((one, 1.0), (other, -1.0)):
            if model != anchor:
                row[place[model]] = sign
    wins, counts = (np.array([values[side] for values in tally.values()]) for side in (0, 1))
    strengths = logistic_fit(design, wins / counts, counts)
    rated = {model: ANCHOR + ELO * float(strengths[place[model]]) for model in free} | {anchor: ANCHOR}
    return {"ratings": {model: rated[model] for model in models}, "estimable": True, "reason": None}


def win_rates(games: Iterable[Game]) -> dict[str, dict[str, float]]:
    """`wins`, `losses`, `ties` and `win_rate` of each model, a tie as half a win.

    Raises:
        ValueError: a game that is none.
    """
    found: dict[str, dict[str, float]] = {}
    for one, other, verdict in _games(games):
        for model, won in ((one, "a"), (other, "b")):
            row = found.setdefault(model, {"wins": 0, "losses": 0, "ties": 0})
            row["ties" if verdict == "tie" else "wins" if verdict == won else "losses"] += 1
    for row in found.values():
        row["win_rate"] = (row["wins"] + row["ties"] / 2) / (row["wins"] + row["losses"] + row["ties"])
    return found


def combine_orders(first: str | None, second: str | None) -> str | None:
    """One verdict of two, given with the answers in either order; the second with the order swapped back.

    Only a win in both orders is a win (Zheng et al. 2023, arXiv 2306.05685). An order that was not judged leaves the
    pair unjudged.

    Raises:
        ValueError: another verdict.
    """
    for verdict in (first, second):
        if verdict is not None and verdict not in VERDICTS:
            raise ValueError(f"a verdict is {verdict!r:.60}; allowed are 'a', 'b', 'tie' and None")
    if first is None or second is None:
        return None
    return first if first == second else "tie"


def length_controlled_win_rate(
    preferences: Sequence[float], len_model: Sequence[float], len_baseline: Sequence[float]
) -> dict[str, float | None]:
    """The win rate as it would be, were the answers as long as the baseline's.

    logit of the preference = a + b tanh(d / sd(d)), d the difference of lengths, not centred, sd with n - 1 below; the
    value at d = 0.

    Returns:
        `win_rate`, the mean, and `length_controlled`: None where there is no fit, because wins and losses are parted
        by length, or all differences are the same and not 0.

    Raises:
        ValueError: unequal lengths of lists, or a preference outside 0 to 1.
    """
    n = same_length(preferences=preferences, len_model=len_model, len_baseline=len_baseline)
    wins = np.array(numbers_of(preferences, "preference"))
    if n and not ((wins >= 0) & (wins <= 1)).all():
        raise ValueError(f"preferences lie between 0 and 1, got {wins.min()} to {wins.max()}")
    longer = np.array(numbers_of(len_model, "len_model")) - np.array(numbers_of(len_baseline, "len_baseline"))
    if not n:
        return {"win_rate": None, "length_controlled": None}
    return {"win_rate": float(wins.mean()), "length_controlled": _at_equal_length(wins, longer)}


def _at_equal_length(wins: Floats, longer: Floats) -> float | None:
    if not longer.any() or wins.min() == wins.max():
        # Nothing to control for: no difference of length, or none of verdicts.
        return float(wins.mean())
    if np.ptp(longer) == 0.0:
        return None
    term = np.tanh(longer / longer.std(ddof=1))
    won, lost = term[wins > 0], term[wins < 1]
    if won.size and lost.size and (won.min() >= lost.max() or lost.min() >= won.max()):
        return None
    a = logistic_fit(np.stack([np.ones_like(term), term], axis=1), wins, np.ones_like(term))[0]
    return float(1 / (1 + np.exp(-a)))


def logistic_fit(design: Floats, share: Floats, weight: Floats) -> Floats:
    """The coefficients of a logistic regression on shares from 0 to 1, by Newton's method; they must exist."""
    found = np.zeros(design.shape[1])
    value = _deviance(design @ found, share, weight)
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-(design @ found)))
        slope = design.T @ (weight * (share - chance))
        bend = (design.T * (weight * chance * (1 - chance))) @ design
        step = np.linalg.lstsq(bend, slope, rcond=None)[0]
        while True:
            tried = _deviance(design @ (found + step), share, weight)
            if tried <= value + 1e-12 * abs(value) or np.abs(step).max(initial=0.0) < 1e-14:
                break
            step = step / 2
        found, value = found + step, tried
        if np.abs(step).max(initial=0.0) < 1e-13:
            break
    return found


def _deviance(logit: Floats, share: Floats, weight: Floats) -> float:
    return float((weight * (np.logaddexp(0, logit) - share * logit)).sum())


def _games(games: Iterable[Game]) -> list[Game]:
    """Games, checked.

    Raises:
        ValueError: a game that is none.
    """
    played = []
    for at, game in enumerate(games):
        if isinstance(game, str) or len(game) != 3 or game[2] not in VERDICTS:
            raise ValueError(f"game {at} is {game!r:.80}; it is (model_a, model_b, 'a' or 'b' or 'tie')")
        if game[0] == game[1]:
            raise ValueError(f"game {at} is {game[0]!r:.60} against itself; two models play")
        played.append((game[0], game[1], game[2]))
    return played


def _not_estimable(played: list[Game], models: list[str]) -> str | None:
    """Why there are no ratings: not every model is reached from every other by wins (a tie counts both ways)."""
    if not played:
        return "no games"
    beats: dict[str, set[str]] = {model: set() for model in models}
    beaten_by: dict[str, set[str]] = {model: set() for model in models}
    for one, other, verdict in played:
        for winner, loser in ((one, other),) * (verdict != "b") + ((other, one),) * (verdict != "a"):
            beats[winner].add(loser)
            beaten_by[loser].add(winner)
    for links, what in ((beats, "wins"), (beaten_by, "losses")):
        reached, waiting = {models[0]}, [models[0]]
        while waiting:
            for model in links[waiting.pop()] - reached:
                reached.add(model)
                waiting.append(model)
        left = sorted(set(models) - reached)
        if left:
            return f"no chain of {what} leads from {models[0]!r} to {left[0]!r}: the games do not bound their distance"
    return None
