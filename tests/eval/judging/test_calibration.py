"""Judges' scores held against people's."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.eval.judging.calibration import agreement, calibrated, lang_reiczigel, read_labels


def _families(scores: dict[str, Any]) -> dict[str, str]:
    return {name: name[:2] for name in scores}


def _write(path: Path, *rows: Any) -> Path:
    path.write_text("".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_labels_are_read_from_marks_preferences_and_scores(tmp_path: Path) -> None:
    rows = [{"id": "a", "correct": True}, {"id": "b", "preferred": "tie"}, {"id": "c", "score": 0.25, "note": "x"}]
    assert read_labels(_write(tmp_path / "labels.jsonl", *rows)) == {"a": 1.0, "b": 0.5, "c": 0.25}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (['{"id": "a", "correct": "yes"}\n'], "line 1: no label"),
        (['{"id": "a", "score": 4}\n'], "line 1: no label"),
        (['{"correct": true}\n'], "line 1: no label"),
        ([{"id": "a", "correct": True}, {"id": "a", "correct": True}], "line 2: a comes twice"),
        (["[1]\n"], "no JSON object"),
        (["{\n"], "no JSON"),
        (["\n"], "holds no labels"),
    ],
)
def test_what_is_no_label_is_refused(tmp_path: Path, rows: list[Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_labels(_write(tmp_path / "labels.jsonl", *rows))


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no file"):
        read_labels(tmp_path / "none.jsonl")


def test_a_lenient_judge_is_corrected_downwards() -> None:
    scores = {f"m{n % 7}-{n}": float(n % 5 > 0) for n in range(100)}
    truths = {name: score * float(at % 10 > 3) for at, (name, score) in enumerate(scores.items())}
    found = calibrated(scores, {name: truths[name] for name in list(scores)[:50]}, _families(scores))
    assert found["naive"]["value"] == 0.8
    assert found["rogan_gladen"]["value"] == pytest.approx(sum(truths.values()) / 100)
    assert found["prediction_powered"]["value"] == pytest.approx(sum(truths.values()) / 100, abs=0.02)


def test_unscored_answers_are_in_no_estimate() -> None:
    scores = {"m1-a": 1.0, "m1-b": None, "m2-a": 0.0, "m2-b": 1.0}
    found = calibrated(scores, {"m1-a": 1.0, "m1-b": 0.0, "m2-a": 0.0}, _families(scores))
    assert (found["n"], found["labelled"]) == (3, 2)


def test_labels_of_other_answers_are_refused() -> None:
    with pytest.raises(ValueError, match="none of the 1 labels"):
        calibrated({"a": 1.0}, {"b": 1.0}, {"a": "m"})


def test_where_there_are_scores_between_rogan_gladen_says_why_it_is_none() -> None:
    scores = {"m1-a": 0.4, "m2-a": 1.0, "m3-a": 0.2}
    found = calibrated(scores, {"m1-a": 0.5, "m2-a": 1.0}, _families(scores))["rogan_gladen"]
    assert found["value"] is None
    assert "between" in found["reason"]


def test_agreement_counts_what_both_scored() -> None:
    found = agreement({"a": 1.0, "b": 0.0, "c": None, "d": 1.0}, {"a": 1.0, "b": 0.0, "c": 1.0, "e": 1.0})
    assert found == {"n": 2, "same": 1.0, "kappa": 1.0, "ac1": 1.0}


MARKS = st.lists(st.sampled_from([0.0, 1.0]), min_size=2, max_size=30)


@given(MARKS)
def test_a_judge_that_says_what_people_say_is_not_corrected(marks: list[float]) -> None:
    scores = {f"m{at}": mark for at, mark in enumerate([*marks, *marks])}
    labels = {f"m{at}": mark for at, mark in enumerate(marks)}
    found = calibrated(scores, labels, {name: name for name in scores})
    mean = sum(marks) / len(marks)
    assert found["naive"]["value"] == pytest.approx(mean, abs=1e-6)
    assert found["prediction_powered"]["value"] == pytest.approx(mean, abs=1e-6)
    if found["rogan_gladen"]["value"] is not None:
        assert found["rogan_gladen"]["value"] == pytest.approx(mean, abs=1e-6)


@given(MARKS, MARKS, MARKS)
def test_intervals_lie_between_nought_and_one(people: list[float], judge: list[float], rest: list[float]) -> None:
    size = min(len(people), len(judge))
    low, high = lang_reiczigel(*([int(mark) for mark in part] for part in (people[:size], judge[:size], rest)))
    assert (low is None and high is None) or 0.0 <= low <= high <= 1.0  # type: ignore[operator]


def test_the_interval_holds_the_truth_about_nineteen_times_in_twenty() -> None:
    draw, truth, held, trials = np.random.default_rng(0), 0.7, 0, 400
    for _ in range(trials):
        people, others = draw.random(150) < truth, draw.random(600) < truth
        judge, rest = (np.where(part, draw.random(part.size) < 0.95, draw.random(part.size) < 0.2)
                       for part in (people, others))  # fmt: skip
        low, high = lang_reiczigel(*(part.astype(int).tolist() for part in (people, judge, rest)))
        held += low is not None and high is not None and low <= truth <= high
    assert 0.92 <= held / trials <= 0.99
