"""The table and the figure of a proof."""

from typing import Any
from xml.etree import ElementTree

from moviellm.training.proof.figure import figure
from moviellm.training.proof.telling import RUNS, SETS, VIEWS, aims, results_of, table


def _record(run: str, name: str, view: str, score: float) -> dict[str, Any]:
    interval = {"estimate": score, "low": score - 0.1, "high": score + 0.1}
    kinds = dict.fromkeys(("order", "temporal"), interval)
    thresholds = {"0.5": interval}
    found: dict[str, Any] = {"run": run, "set": name, "view": view, "score": interval, "kinds": kinds}
    return found | {"miou": interval, "r1": thresholds, "movies": 5, "questions": 50}


def _results() -> dict[str, Any]:
    scores = [
        _record(run, name, view, {"baseline": 0.3, "movies": 0.8, "control": 0.35}[run])
        for run in RUNS
        for name in SETS
        for view in (VIEWS if name == "known" else ("full",))
    ]
    facts = {run: {"parameters": 900_000, "tokens": 10_000, "steps": 10} for run in RUNS}
    return results_of({}, {0: scores}, scores, {0: {**facts, "tower": {"parameters": 100_000}}}, {"seed0": 12.5})


def test_the_table_says_what_was_reached_and_what_was_not() -> None:
    text = table(_results())
    assert "0.800 (0.70-0.90)" in text
    assert "| + movies on held-out movies | >= 0.75 | 0.800 | yes |" in text
    assert "| order questions, shuffled minus control | <= 0.05 | 0.450 | no |" in text
    assert "1,000,000 parameters" in text


def test_forgetting_is_what_the_baseline_knew_of_clips_and_is_gone() -> None:
    found = {one["what"]: one["found"] for one in aims(_results()["pooled"])}
    assert found["forgetting on clips"] == -0.5


def test_the_figure_is_svg_with_a_bar_for_every_score() -> None:
    root = ElementTree.fromstring(figure(_results()))
    bars = [one for one in root.iter("{http://www.w3.org/2000/svg}rect") if float(one.get("height", "0")) < 160]
    assert len(bars) >= 3 * (4 + 2 + 5)
