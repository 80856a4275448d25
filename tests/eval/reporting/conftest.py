"""Two runs on six small movies, one with controls and a judge; intervals of few draws."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from moviellm.eval.reporting import where_plots
from moviellm.eval.reporting.reporting import report
from moviellm.eval.running.evaluating import Wish, run
from moviellm.eval.tasks import scoring
from moviellm.eval.tasks.items import open_data
from tests.eval.running.movies import gold_texts, make_dataset

JUDGE = "judged_accuracy@a-judge-2026-03/rubric-3"
HOSTILE = "</script><img src=x onerror=alert(1)>\u202eevil\x00 [a](http://a.example) ![b](http://b.example/c.png) `x`"


@pytest.fixture(autouse=True, scope="session")
def _few_draws() -> None:
    scoring.RESAMPLES = 300  # type: ignore[misc]
    scoring.RESAMPLES_OF_PARTS = 50  # type: ignore[misc]
    where_plots.RESAMPLES = 50  # type: ignore[misc]


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_dataset(tmp_path_factory.mktemp("report-data") / "data")


def answer(dataset: Path, out: Path, answers: Mapping[str, str]) -> Path:
    """A run of given answers."""
    said = out.with_suffix(".json")
    said.parent.mkdir(parents=True, exist_ok=True)
    said.write_text(json.dumps(answers), encoding="utf-8")
    run(Wish(model=f"replay:{said}", data=str(dataset), out=out, tasks="all", controls="none"), as_json=True)
    return out


def judge(folder: Path, verdicts: Mapping[str, float | None], *, valid: bool = True, reason: str = "It fits.") -> None:
    """What a judge leaves in a run."""
    place = folder / "judged" / "a-judge"
    place.mkdir(parents=True, exist_ok=True)
    rows = [{"item_id": name, "score": score, "reason": None} for name, score in verdicts.items()]
    said = [{"item_id": name, "parsed": {"reason": reason}} for name in verdicts]
    for name, lines in (("verdicts.jsonl", rows), ("transcripts.jsonl", said)):
        (place / name).write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    number = {"value": 0.5, "low": 0.3, "high": 0.7, "n": len(rows)}
    facts = {
        "metric": JUDGE,
        "kind": "pointwise",
        "valid": valid,
        "unscored": {"n": 1, "share": 0.02, "reasons": {"refused": 1}},
        "tasks": {"qa_open": {"metrics": {JUDGE: number}}},
        "agreement": {"alpha": 0.91},
        "cost_usd": 0.25,
        "calls": 12,
    }
    (place / "judgement.json").write_text(json.dumps(facts), encoding="utf-8")


def with_controls(folder: Path, controls: Mapping[str, Path]) -> None:
    """Put other runs into a run as its controls."""
    results: dict[str, Any] = json.loads((folder / "results.json").read_bytes())
    results["controls"] = {}
    for name, source in controls.items():
        shutil.copytree(source, folder / "controls" / name)
        theirs = json.loads((source / "results.json").read_bytes())["tasks"]
        results["controls"][name] = {"tasks": {task: {"metrics": told["metrics"]} for task, told in theirs.items()}}
    for task in results["tasks"].values():
        gain = {
            "metric": task["headline"],
            "best_blind": "question-only",
            "value": 0.4,
            "low": 0.1,
            "high": 0.7,
            "n": 6,
        }
        task["visual_gain"] = gain
    (folder / "results.json").write_text(json.dumps(results), encoding="utf-8")


@pytest.fixture(scope="session")
def runs(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A good run with controls and a judge, and one that is wrong everywhere, in words with hostile ones."""
    place = tmp_path_factory.mktemp("report-runs")
    gold = gold_texts(dataset)
    questions = open_data(str(dataset), split="test").questions
    good = {name: text for name, text in gold.items() if name not in ("m00000-q002", "m00001-q001")}
    good |= {"m00000-q002": "Bob", "m00001-q001": "From 8.0 to 12.0 seconds."}
    bad = {
        name: "From 9.0 to 12.0 seconds." if one.answer_format == "temporal_grounding" else "No idea."
        for name, one in questions.items()
    }
    bad |= {name: HOSTILE for name, one in questions.items() if one.answer_format == "open_ended"}
    first, second = answer(dataset, place / "sees", good), answer(dataset, place / "guesses", bad)
    with_controls(first, {"question-only": second, "oracle": answer(dataset, place / "oracle", gold)})
    judge(first, {"m00000-q002": 1.0, "m00000-q003": None})
    return first, second


def made(out: Path, folders: tuple[Path, ...], data: Path | None, **options: Any) -> Path:
    """A report."""
    wanted: dict[str, Any] = {"each": 2, "seed": 0, "page_mb": 8.0, "as_json": True, **options}
    report(list(folders), out=out, data=None if data is None else str(data), **wanted)
    return out


@pytest.fixture(scope="session")
def page(runs: tuple[Path, Path], dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of both runs."""
    return made(tmp_path_factory.mktemp("report") / "report", runs, dataset)
