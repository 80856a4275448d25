"""What is written of a row for others: the Hub's eval_results, every_eval_ever, baselines; and what they refuse."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field

from moviellm.eval.leaderboard import baselines, hub_results
from moviellm.eval.leaderboard.entries import entry_of, json_of, lines_of
from moviellm.eval.leaderboard.interchange import file_name, interchange
from moviellm.eval.submissions.index import INDEX_FILE
from moviellm.generation.cli.app import call
from tests.eval.leaderboard.worker_kit import START, answers, numbers
from tests.eval.submissions.kit import INDEX, REVISION

SUBMISSION = {
    "display_name": "Model",
    "track": "open-weights",
    "inputs": {"frames": 64, "fps": None, "max_pixels": None, "subtitles": "provided", "audio": False},
    "generation": {},
    "training_data": [],
    "seen_test_inputs": False,
    "model": {"id": "org/model", "revision": "1" * 40, "parameters_b": 7.5, "base_model": None},
}
SOURCE = "https://huggingface.co/datasets/org/results/tree/main/results/aa"


@pytest.fixture
def entry() -> dict[str, Any]:
    results = {"tasks": numbers(), "submission": SUBMISSION, "data": {"split": "test"}}
    made = entry_of(results, INDEX, sha256="a" * 64, submitter="ada", sent_at="", scored_at=START)
    judged = {"qa_open": {"metrics": {"judged_accuracy": {"value": 0.5, "low": None, "high": None, "n": 1}}}}
    return {**made, "judged": {"judged_accuracy@j/rubric-1": judged}}


def test_the_hub_is_told_one_number_a_task_in_percent(entry: dict[str, Any]) -> None:
    rows = yaml.safe_load(hub_results.yaml_of(hub_results.hub_entries(entry, SOURCE), "bench"))
    ids = [row["dataset"]["task_id"] for row in rows]
    assert len(set(ids)) == len(ids) == 5 and "grounding_miou" in ids
    assert {row["value"] for row in rows} == {12.3456}
    assert rows[0]["dataset"] == {"id": INDEX.benchmark, "task_id": ids[0], "revision": REVISION}
    assert rows[0]["source"] == {"url": SOURCE, "name": "Leaderboard"}
    assert rows[0]["notes"] == "64 frames, with subtitles, percent"


def test_a_date_is_a_quoted_text(entry: dict[str, Any]) -> None:
    text = hub_results.yaml_of(hub_results.hub_entries(entry, None), "bench").decode()
    assert "date: '2026-11-20'" in text and "source" not in text
    assert yaml.safe_load(text)[0]["date"] == "2026-11-20"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_number_that_is_not_finite_is_refused(entry: dict[str, Any], value: float) -> None:
    entry["tasks"]["grounding"]["metrics"]["miou"]["value"] = value
    with pytest.raises(ValueError, match="no finite number"):
        hub_results.yaml_of(hub_results.hub_entries(entry, None), "bench")


def test_a_task_without_a_number_is_left_out(entry: dict[str, Any]) -> None:
    entry["tasks"]["grounding"]["metrics"]["miou"]["value"] = None
    assert "grounding_miou" not in hub_results.yaml_of(hub_results.hub_entries(entry, None), "bench").decode()


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, protected_namespaces=())


Texts = dict[str, str]


class SourceMetadata(_Strict):
    source_name: str
    source_type: Literal["documentation", "evaluation_run"]
    source_organization_name: str
    source_organization_url: str | None = None
    evaluator_relationship: Literal["first_party", "third_party", "collaborative", "other"]
    additional_details: Texts


class Availability(BaseModel):
    model_config = ConfigDict(extra="allow", protected_namespaces=())
    __pydantic_extra__: dict[str, str]
    deployment_type: Literal["self_deployed", "externally_managed", "unknown"]
    model_availability: Literal["open_weights", "closed_weights", "unknown"]


class ModelInfo(_Strict):
    name: str
    id: str
    developer: str
    additional_details: Availability


class SourceData(_Strict):
    dataset_name: str
    source_type: Literal["hf_dataset"]
    hf_repo: str
    hf_split: str
    samples_number: int


class MetricConfig(_Strict):
    metric_id: str
    metric_name: str
    metric_kind: str
    lower_is_better: bool
    score_type: Literal["continuous"]
    min_score: float | Literal["-Infinity"]
    max_score: float | Literal["Infinity"]
    additional_details: Texts


class Interval(_Strict):
    lower: float
    upper: float
    confidence_level: Annotated[float, Field(ge=0, le=1)]
    method: str


class Uncertainty(_Strict):
    num_samples: int
    confidence_interval: Interval | None = None


class Details(_Strict):
    score: float
    uncertainty: Uncertainty


class Result(_Strict):
    evaluation_result_id: str
    evaluation_name: str
    source_data: SourceData
    metric_config: MetricConfig
    score_details: Details


class Library(_Strict):
    name: str
    version: str


class Record(_Strict):
    """What every_eval_ever 0.3.0 asks of the fields that are used here."""

    schema_version: Literal["0.3.0"]
    evaluation_id: str
    evaluation_timestamp: Annotated[str, Field(pattern=r"^\d+$")]
    retrieved_timestamp: Annotated[str, Field(pattern=r"^\d+$")]
    source_metadata: SourceMetadata
    eval_library: Library
    model_info: ModelInfo
    evaluation_results: list[Result]


def record_of(entry: Mapping[str, Any], address: str | None) -> Record:
    return Record.model_validate_json(json_of(interchange(entry, address)))


def test_a_row_is_a_record_of_every_eval_ever(entry: dict[str, Any]) -> None:
    record = record_of(entry, SOURCE)
    assert record.evaluation_results[-1].metric_config.additional_details["judgement"] == "judged_accuracy@j/rubric-1"
    found = {result.evaluation_result_id for result in record.evaluation_results}
    assert len(found) == len(record.evaluation_results) == 6
    assert {result.score_details.score for result in record.evaluation_results} == {0.123456, 0.5}


def test_every_score_lies_between_its_ends(entry: dict[str, Any]) -> None:
    judged = {"cider": 7.5, "judged_score@j/rubric-3": 4.25, "bradley_terry@j/pair-1": 1012.5}
    numbers = {name: {"value": value, "low": None, "high": None, "n": 3} for name, value in judged.items()}
    entry["judged"]["x"] = {"qa_open": {"metrics": numbers}}
    for result in record_of(entry, None).evaluation_results:
        ends = result.metric_config
        assert float(ends.min_score) <= result.score_details.score <= float(ends.max_score)


def test_the_same_row_is_the_same_record_under_the_same_name(entry: dict[str, Any]) -> None:
    assert interchange(entry, None) == interchange(entry, None)
    assert file_name(entry) == file_name(entry) != file_name({**entry, "sha256": "b" * 64})
    assert file_name(entry).startswith("data/moviellm-bench/org/model/")


def control(folder: Path, name: str) -> None:
    tasks = numbers()
    for told in tasks.values():
        told["counts"] = {"items": told["metrics"][told["headline"]]["n"]}
    results = {
        "tasks": tasks,
        "model": {"id": name, "kind": "control", "revision": "1"},
        "frames": {"control": name},
        "data": {"split": "test"},
    }
    folder.mkdir(parents=True)
    (folder / "results.json").write_bytes(json_of(results))
    (folder / "answers.jsonl").write_bytes(lines_of(answers()))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run with two controls."""
    folder = tmp_path / "run"
    for name in ("random", "question-only"):
        control(folder / "controls" / name, name)
    (folder / "results.json").write_bytes(json_of({"tasks": {}, "model": {"id": "m"}, "data": {}, "frames": None}))
    (tmp_path / INDEX_FILE).write_text(INDEX.text())
    return folder


def put(run: Path, *more: str) -> int:
    """`run` is the folder of the run, or one of its controls."""
    top = next(path for path in run.parents if (path / INDEX_FILE).is_file())
    options = ["--results", str(top / "results"), "--index", str(top / INDEX_FILE)]
    return call(["leaderboard", "baselines", str(run), *options, *more])


def test_controls_of_a_run_become_rows(run: Path) -> None:
    assert put(run) == 0 and put(run) == 0
    place = run.parent / "results" / "baselines"
    names = [path.name for path in sorted(place.iterdir())]
    assert names == ["question-only.json", "random.json"]  # scores of items would tell what is right
    row = json.loads((place / "random.json").read_bytes())
    assert (row["display_name"], row["track"], row["benchmark_revision"]) == ("random", "baseline", REVISION)
    assert row["tasks"]["grounding"]["metrics"] == numbers()["grounding"]["metrics"]


def test_a_control_may_have_a_name_of_its_own(run: Path) -> None:
    assert put(run / "controls" / "random", "--name", "guessing") == 0
    assert (run.parent / "results" / "baselines" / "guessing.json").is_file()
    assert put(run, "--name", "guessing") == 2 and put(run / "controls" / "random", "--name", "../x") == 2


def test_a_run_of_other_items_is_no_baseline(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "controls" / "random" / "answers.jsonl").write_bytes(lines_of(answers()[1:]))
    assert put(run) == 2
    assert "was not asked 1 items" in capsys.readouterr().err


def test_a_row_that_is_there_already_is_left_as_it_is(run: Path) -> None:
    assert put(run) == 0
    path = run.parent / "results" / "baselines" / "random.json"
    path.write_bytes(json_of({**json.loads(path.read_bytes()), "scored_at": "2026-01-01T00:00:00+00:00"}))
    assert put(run) == 0
    assert json.loads(path.read_bytes())["scored_at"].startswith("2026-01-01")


def test_a_run_without_controls_is_told(run: Path) -> None:
    (run / "controls").rename(run / "others")
    with pytest.raises(ValueError, match="holds no controls"):
        baselines.controls_of(run)
