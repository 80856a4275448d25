"""A benchmark is a dataset: it loads; dev is scored at home, test is predicted at home and scored with the labels."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from moviellm.eval.running.evaluating import Wish, run
from moviellm.eval.submissions.index import read_index
from moviellm.eval.submissions.making import Wish as Bundle
from moviellm.eval.submissions.making import make
from moviellm.eval.submissions.scoring import score_bundle
from tests.eval.submissions.conftest import called_here, no_cells  # noqa: F401 a fixture

TASKS = "qa_mc,qa_open,grounding,dense_captioning,movie_answers"
COMMIT = "1" * 40


def guesses(built: Path, out: Path) -> Path:
    """Right answers to half of the questions of test, as somebody who sees would give them."""
    (path,) = (built / "private" / "qa").glob("test-*.parquet")
    lines = []
    for number, row in enumerate(pq.read_table(path).to_pylist()):
        right = row["answer"] if number % 2 else "nothing"
        lines.append(json.dumps({"id": row["question_id"], "answer": right}))
    out.write_text("\n".join(lines))
    return out


def asked(data: Path, split: str, answers: Path, out: Path) -> dict[str, Any]:
    run(Wish(model=f"replay:{answers}", data=str(data), split=split, tasks=TASKS, out=out), as_json=False)
    found: dict[str, Any] = json.loads((out / "results.json").read_text())
    return found


@pytest.fixture(scope="session")
def predicted(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("asked")
    asked(built / "public", "test", guesses(built, out / "said.jsonl"), out / "run")
    return out


def test_plain_datasets_loads_both_splits(built: Path, tmp_path: Path) -> None:
    import datasets

    for config in ("movies", "keyframes", "dialogue", "qa"):
        loaded = datasets.load_dataset(str(built / "public"), config, cache_dir=str(tmp_path))
        assert set(loaded) == {"dev", "test"} and "canary" in loaded["test"].column_names
    assert loaded["test"][0]["answer"] is None and loaded["dev"][0]["answer"]


def test_a_run_on_test_leaves_predictions_and_no_number(predicted: Path, built: Path) -> None:
    results = json.loads((predicted / "run" / "results.json").read_text())
    assert all(task["metrics"] == {} for task in results["tasks"].values())
    index = read_index(built / "public" / "INDEX.json")
    lines = (predicted / "run" / "predictions.jsonl").read_text().splitlines()
    assert {json.loads(line)["id"] for line in lines} == {item for items in index.tasks.values() for item in items}
    assert "withheld" in (predicted / "run" / "results.md").read_text()


def test_a_run_on_test_tells_no_gold(predicted: Path) -> None:
    for line in (predicted / "run" / "answers.jsonl").read_text().splitlines():
        told = json.loads(line)
        assert told["gold"] is None and told["scores"] == {} and told["evidence"] == []


def test_a_bundle_of_it_is_scored_with_the_labels_as_eval_run_would(
    predicted: Path,
    built: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    no_cells: None,  # noqa: F811
) -> None:
    index = built / "public" / "INDEX.json"
    wish = Bundle(
        run=predicted / "run", index=index, out=tmp_path / "mine.zip", model_id="org/model", model_revision=COMMIT,
        track="system", subtitles="none", no_training_data=True, seen_test_inputs=False,
    )  # fmt: skip
    make(wish, as_json=False)
    monkeypatch.setattr("moviellm.eval.submissions.scoring.in_a_cell", called_here)
    scored = score_bundle(tmp_path / "mine.zip", built / "private", index)
    known = asked(built / "private", "test", predicted / "said.jsonl", tmp_path / "known")
    assert scored["accepted"]
    for task, numbers in scored["results"]["tasks"].items():
        assert numbers["metrics"] == known["tasks"][task]["metrics"]
    assert 0 < known["tasks"]["qa_mc"]["metrics"]["accuracy"]["value"] < 1


def test_dev_is_scored_at_home(built: Path, tmp_path: Path) -> None:
    (path,) = (built / "public" / "qa").glob("dev-*.parquet")
    rows = pq.read_table(path).to_pylist()
    said = tmp_path / "said.jsonl"
    said.write_text("\n".join(json.dumps({"id": row["question_id"], "answer": row["answer"]}) for row in rows))
    assert (
        asked(built / "public", "dev", said, tmp_path / "run")["tasks"]["qa_mc"]["metrics"]["accuracy"]["value"] == 1
    )


def test_controls_that_need_answers_are_refused_on_test(built: Path, predicted: Path, tmp_path: Path) -> None:
    wish = Wish(
        model=f"replay:{predicted / 'said.jsonl'}", data=str(built / "public"), out=tmp_path, controls="majority"
    )
    with pytest.raises(ValueError, match="majority: the answers of this split are withheld"):
        run(wish, as_json=False)
