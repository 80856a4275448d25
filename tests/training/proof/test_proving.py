"""A whole proof, tiny: every stage, resumed, the same again."""

import json
from pathlib import Path

import pytest

RECIPE = """
movies: proof
overrides: [movies=20, splits.validation=3, splits.test=3]
held_out_places: [[garden, night], [library, night], [kitchen, dusk], [market, dawn], [inn, night]]
tower: {steps: 3, batch: 8}
decoder: {hidden: 16, layers: 2, heads: 2, inner: 32, kernel: 3}
align: 2
baseline: {steps: 2, movies: 2, tokens: 64, scenes: [1, 2]}
longer:
  - {steps: 1, movies: 2, tokens: 96, scenes: [5, 5], clips: 0.25}
  - {steps: 2, movies: 2, tokens: 96, scenes: [5, 5], clips: 0.25}
asked: 1
"""


@pytest.mark.slow
def test_a_proof_runs_and_goes_on_with_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import shutil

    from moviellm.training.proof.proving import prove

    recipe, out = tmp_path / "tiny.yaml", tmp_path / "proof"
    recipe.write_text(RECIPE, encoding="utf-8")
    prove(out, recipe=str(recipe))
    assert "held-out people and places" in capsys.readouterr().out
    first = json.loads((out / "results.json").read_text(encoding="utf-8"))
    predictions = (out / "seed0" / "predictions.jsonl").read_bytes()
    for stage in ("movies", "answers_movies"):
        shutil.rmtree(out / "seed0" / stage)
    prove(out, recipe=str(recipe))
    assert (out / "seed0" / "predictions.jsonl").read_bytes() == predictions
    again = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert again["pooled"] == first["pooled"]
    assert again["seeds"]["0"]["facts"] == first["seeds"]["0"]["facts"]
    assert first["seeds"]["0"]["facts"]["movies"]["steps"] == 3
    assert (out / "figure.svg").is_file()
    assert by_eval_run(out, tmp_path / "results") == [
        (one["movie_id"], one["question"], one["prediction"])
        for one in map(json.loads, predictions.decode().splitlines())
        if (one["run"], one["set"], one["view"]) == ("movies", "known", "full") and one["kind"] != "grounding"
    ]


def by_eval_run(out: Path, results: Path) -> list[tuple[str, str, str]]:
    """What the checkpoint says to the same questions when `moviellm eval run` asks them; spans are heard otherwise."""
    from moviellm.eval.running.controls import CONTROLS
    from moviellm.eval.running.evaluating import Wish, run

    model = out / "seed0" / "checkpoints" / "movies"
    data = str(out / "questions")
    run(Wish(model=str(model), data=data, out=results, split="validation", tasks="all", controls="all"), as_json=True)
    assert set(json.loads((results / "results.json").read_bytes())["controls"]) == set(CONTROLS)
    rows = [json.loads(line) for line in (results / "answers.jsonl").read_text(encoding="utf-8").splitlines()]
    return [(one["movie"], one["question"], one["answer"]) for one in rows if one["format"] != "temporal_grounding"]


def test_no_seeds_are_an_error(tmp_path: Path) -> None:
    from moviellm.training.proof.proving import prove

    with pytest.raises(ValueError, match="at least 1"):
        prove(tmp_path, seeds=0)
