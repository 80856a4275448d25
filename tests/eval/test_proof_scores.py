"""The proof's scores from lines of predictions."""

import json
from pathlib import Path
from typing import Any

import pytest

from moviellm.eval.proof_scores import main, scores


def _row(movie: str, kind: str, right: bool, **more: Any) -> dict[str, Any]:
    row = {"run": "movies", "set": "known", "view": "full", "movie_id": movie, "kind": kind}
    return {**row, "answer": "red", "prediction": "red" if right else "blue", **more}


def test_the_score_is_the_mean_over_kinds() -> None:
    rows = [_row("m1", "plot", True), _row("m1", "plot", True), _row("m2", "plot", True), _row("m2", "order", False)]
    found = scores(rows)[0]
    assert found["score"]["estimate"] == 0.5
    assert found["kinds"]["plot"]["estimate"] == 1.0
    assert (found["movies"], found["questions"]) == (2, 4)


def test_an_answer_without_a_span_overlaps_nothing() -> None:
    rows = [
        _row("m1", "grounding", False, span=[0, 4], predicted_span=[0, 2]),
        _row("m2", "grounding", False, span=[0, 4], predicted_span=None),
        _row("m3", "grounding", False, span=[0, 4], predicted_span=[3, 1]),
    ]
    found = scores(rows)[0]
    assert found["miou"]["estimate"] == pytest.approx(0.5 / 3, abs=1e-4)
    assert found["r1"]["0.5"]["estimate"] == pytest.approx(1 / 3, abs=1e-4)


def test_intervals_are_of_movies() -> None:
    rows = [_row(f"m{movie}", "plot", movie % 2 == 0) for movie in range(20) for _ in range(50)]
    found = scores(rows)[0]["score"]
    assert found["low"] < 0.35
    assert found["high"] > 0.65


def test_the_program_writes_a_record_for_each_model_and_set(tmp_path: Path) -> None:
    rows = [_row("m1", "plot", True), {**_row("m1", "plot", False), "run": "control"}]
    predictions = tmp_path / "predictions.jsonl"
    predictions.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    main([str(predictions), "--out", str(tmp_path / "scores.json")])
    found = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
    assert [(one["run"], one["score"]["estimate"]) for one in found] == [("movies", 1.0), ("control", 0.0)]


def test_no_predictions_are_an_error() -> None:
    with pytest.raises(ValueError, match="no predictions"):
        scores([])
