"""The arithmetic of published scripts on hand-made cases, faults included."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.eval.core import moviellm_legacy, vcgbench_legacy, vtimellm_compat


def movie(verdict: str = "first one", ours: float = 5, other: float = 0) -> dict[str, Any]:
    judged = {"better one": verdict, "score": {"first one": ours, "second one": other}}
    return {"movie_title": "x", "QA_res": {"overview_qa": [judged], "plot_qa": [judged] * 2, "temporal_qa": [judged]}}


@pytest.mark.parametrize(
    ("answer", "gold", "iou"),
    [
        ("From 12 to 30.", (0.1, 0.3), 0.9),
        ("between 12 and 30", (0.1, 0.3), 0.9),
        ("From 00 to 20", (0.0, 0.0591), 0.3),
        ("From 112 to 305", (0.12, 0.3), 1.0),
        ("From 5 to 30", (0.1, 0.3), 0.0),
        ("12-30", (0.1, 0.3), 0.0),
        ("From 30 to 12", (0.1, 0.3), 0.0),
        ("12  to 30", (0.1, 0.3), 0.0),
        ("20 to 20", (0.2, 0.2), 0.0),
        ("", (0.1, 0.3), 0.0),
        ("10 to 20, no, 50 to 60", (0.5, 0.6), 0.0),
    ],
)
def test_vtimellm_reads_two_digits_and_rounds(answer: str, gold: tuple[float, float], iou: float) -> None:
    assert vtimellm_compat(answer, gold) == iou


def test_vtimellm_rounding_lifts_an_iou_of_0_2955_over_the_threshold() -> None:
    assert vtimellm_compat("From 00 to 20", (0.0, 0.0591)) >= 0.3 > 0.0591 / 0.2


@given(st.text(max_size=30), st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_vtimellm_gives_every_text_a_score_of_two_decimals(answer: str, gold: tuple[float, float]) -> None:
    found = vtimellm_compat(answer, gold)
    assert found == round(found, 2)


def test_moviellm_divides_by_100_200_100_however_many_movies_there_are() -> None:
    found = moviellm_legacy([movie()] * 50)
    assert found == {kind: {"ratio": 0.5, "ours": 2.5, "other": 0.0} for kind in ("overview", "plot", "temporal")}


def test_moviellm_counts_a_win_wherever_the_verdict_says_first() -> None:
    found = moviellm_legacy([movie("The First is not better"), movie("tie"), movie("second one", 1, 4)])
    assert found["overview"]["ratio"] == pytest.approx(1 / 100)
    assert found["plot"]["other"] == pytest.approx(8 / 200)


def test_moviellm_without_movies_is_all_0() -> None:
    assert moviellm_legacy([])["plot"] == {"ratio": 0.0, "ours": 0.0, "other": 0.0}


def test_moviellm_reads_the_first_two_plot_questions_only() -> None:
    long = movie()
    long["QA_res"]["plot_qa"] = [*long["QA_res"]["plot_qa"], {}]
    assert moviellm_legacy([long]) == moviellm_legacy([movie()])


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        ({}, "movie 0, overview_qa 0 lacks 'QA_res'"),
        ({"QA_res": {"overview_qa": []}}, "movie 0, overview_qa 0 lacks"),
        (movie(ours=float("nan")), "only finite numbers"),
        (movie(verdict=1), "it is text"),  # type: ignore[arg-type]
    ],
)
def test_moviellm_names_the_movie_that_is_none(broken: Any, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        moviellm_legacy([broken])


def test_vcgbench_counts_unknown_as_no_and_cuts_scores() -> None:
    items = [{"pred": "Yes", "score": 4.8}, {"pred": "unknown", "score": 2}, {"pred": "maybe", "score": "3"}]
    assert vcgbench_legacy(items) == {"yes": 1, "no": 1, "accuracy": 0.5, "average_score": 3.0}


def test_vcgbench_of_the_aspects_has_scores_only() -> None:
    assert vcgbench_legacy([{"score": 4}, {"score": 1}]) == {"yes": 0, "no": 0, "accuracy": None, "average_score": 2.5}


def test_vcgbench_without_items_is_undefined() -> None:
    assert vcgbench_legacy([]) == {"yes": 0, "no": 0, "accuracy": None, "average_score": None}


@pytest.mark.parametrize(
    ("item", "what"),
    [
        ({"pred": "yes", "score": "4.8"}, "'4.8'"),
        ({"pred": "yes"}, "not a number"),
        ({"pred": 1, "score": 1}, "it is text"),
        ({"pred": "no", "score": float("inf")}, "finite"),
    ],
)
def test_vcgbench_refuses_what_the_scripts_stumble_over(item: Any, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        vcgbench_legacy([item])
