"""`moviellm leaderboard score` and `moviellm submit status` as people type them, over folders."""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from moviellm.eval.leaderboard.score_verb import open_labels
from moviellm.eval.submissions.index import INDEX_FILE, index_of
from moviellm.eval.tasks import scoring
from moviellm.generation.cli.app import call
from tests.eval.leaderboard.real_requests import real_requests, rows_for
from tests.eval.submissions.conftest import called_here
from tests.eval.submissions.kit import REVISION, lines, write_folder
from tests.hub import hub, hub_here  # noqa: F401 fixtures
from tests.servers.hub_double import Hub


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells are called in this process, and intervals have few draws."""
    for module in ("leaderboard.worker", "submissions.check_verb", "submissions.scoring"):
        monkeypatch.setattr(f"moviellm.eval.{module}.in_a_cell", called_here)
    monkeypatch.setattr(scoring, "RESAMPLES", 300)
    monkeypatch.setattr(scoring, "RESAMPLES_OF_PARTS", 50)


@pytest.fixture
def sent(films: Path, tmp_path: Path) -> str:
    """A folder of requests with one; its hash."""
    index = index_of(films, benchmark="example-org/moviellm-bench", revision=REVISION)
    found = real_requests(films, index, 1)
    [(sha256, content)] = found.items()
    write_folder(tmp_path / "queue", {INDEX_FILE: index.text().encode(), **content})
    return sha256


def score(films: Path, place: Path, *more: str) -> int:
    places = ["--requests", str(place / "queue"), "--results", str(place / "results"), "--labels", str(films)]
    return call(["leaderboard", "score", *places, "--work", str(place / "work"), *more])


def test_a_row_has_the_numbers_of_eval_run_to_the_last_digit(
    sent: str, films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["submit", "status", sent[:8], "--to", str(tmp_path / "queue")]) == 0
    assert capsys.readouterr().out == f"{sent}: queued\n"
    assert score(films, tmp_path, "--judge", "lexical", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["requests"] == {"scored": 1, "rejected": 0, "failed": 0, "queued": 0, "scoring": 0}
    folder = tmp_path / "results" / "results" / sent
    row = json.loads((folder / "entry.json").read_bytes())

    (tmp_path / "predictions.jsonl").write_bytes(lines(rows_for(films, 0).values()))
    run = ["eval", "run", "--model", f"replay:{tmp_path / 'predictions.jsonl'}", "--data", str(films)]
    assert call([*run, "--tasks", ",".join(row["tasks"]), "--out", str(tmp_path / "run")]) == 0
    results: dict[str, Any] = json.loads((tmp_path / "run" / "results.json").read_bytes())
    for task, numbers in row["tasks"].items():
        assert numbers["metrics"] == results["tasks"][task]["metrics"]

    assert len(row["judged"]) == 1 and all(told["valid"] for told in row["judgements"].values())
    assert "reference" not in (folder / "transcripts.jsonl").read_text("utf-8")
    capsys.readouterr()
    assert call(["submit", "status", sent, "--to", str(tmp_path / "queue")]) == 0
    said = capsys.readouterr().out
    assert f"{sent}: scored" in said and f"results/{sent}" in said and "qa_mc  accuracy" in said


def test_what_does_not_fit_is_refused_before_anything_is_claimed(
    sent: str, films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert score(films, tmp_path, "--max-usd", "1") == 2
    assert score(films, tmp_path, "--judge", "nobody") == 2
    assert score(films, tmp_path, "--attempts", "0") == 2
    assert score(films, tmp_path, "--split", "train") == 2
    assert score(tmp_path / "nowhere", tmp_path) == 2
    assert not (tmp_path / "queue" / "status").exists()
    capsys.readouterr()
    assert call(["submit", "status", "12345678", "--to", str(tmp_path / "queue")]) == 2
    assert "no request begins so" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"qa": {"answer": None}}, "it is the public side of the benchmark"),
        ({"qa": {"duration_s": 7.0}}, "has another movie or other options"),
        ({"qa": {"options": ["yes", "no"]}}, "has another movie or other options"),
    ],
)
def test_labels_that_are_not_those_of_the_index_are_refused(
    change: dict[str, Any], told: str, sent: str, films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = changed(films, tmp_path / "labels", change)
    assert score(labels, tmp_path) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "queue" / "status").exists()


def changed(films: Path, folder: Path, change: dict[str, dict[str, Any]]) -> Path:
    """The dataset with another value in columns of every row."""
    shutil.copytree(films, folder)
    for config, columns in change.items():
        for path in (folder / config).glob("*.parquet"):
            rows = pq.read_table(path)
            for name, value in columns.items():
                column = pa.array([value] * len(rows), rows.schema.field(name).type)
                rows = rows.set_column(rows.schema.get_field_index(name), rows.schema.field(name), column)
            pq.write_table(rows, path)
    return folder


def test_labels_on_the_hub_are_taken_at_a_revision(
    hub_here: Hub,  # noqa: F811
    tmp_path: Path,
) -> None:
    old = hub_here.write("moviellm/labels", {"manifest.json": b"old"})
    hub_here.write("moviellm/labels", {"manifest.json": b"new"})
    assert (open_labels(f"moviellm/labels@{old}", tmp_path) / "manifest.json").read_bytes() == b"old"
    assert (open_labels("moviellm/labels", tmp_path) / "manifest.json").read_bytes() == b"new"


def test_a_rejected_request_has_its_codes_and_an_exit_code(
    sent: str, films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "queue" / "requests" / sent / "request.json"
    path.write_text(path.read_text().replace(REVISION, "f" * 40))
    assert score(films, tmp_path) == 0
    assert call(["submit", "status", sent, "--to", str(tmp_path / "queue")]) == 1
    assert "R003 request.json" in capsys.readouterr().out


def test_controls_of_a_run_without_answers_are_scored_where_the_labels_are(
    sent: str, films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run on the public side holds predictions of its controls, and no number."""
    (tmp_path / "predictions.jsonl").write_bytes(lines(rows_for(films, 0).values()))
    run, asked = tmp_path / "run", ["--data", str(films), "--tasks", "all", "--controls", "none"]
    for out in (run, run / "controls" / "question-only"):
        assert (
            call(["eval", "run", "--model", f"replay:{tmp_path / 'predictions.jsonl'}", *asked, "--out", str(out)])
            == 0
        )
    numbers = json.loads((run / "results.json").read_bytes())["tasks"]
    told = json.loads((run / "results.json").read_bytes())
    (run / "results.json").write_text(json.dumps(told | {"data": told["data"] | {"withheld": True}}))
    put = ["leaderboard", "baselines", str(run), "--results", str(tmp_path / "rows"), "--index"]
    capsys.readouterr()
    assert call([*put, str(tmp_path / "queue" / INDEX_FILE)]) == 2
    assert "score it with --labels" in capsys.readouterr().err
    assert call([*put, str(tmp_path / "queue" / INDEX_FILE), "--labels", str(films)]) == 0
    rows = {path.stem: json.loads(path.read_bytes()) for path in (tmp_path / "rows" / "baselines").iterdir()}
    assert set(rows) == {"random", "majority", "oracle", "question-only"}
    for task, row in rows["question-only"]["tasks"].items():
        assert row["metrics"] == numbers[task]["metrics"]
    assert rows["oracle"]["tasks"]["qa_mc"]["metrics"]["accuracy"]["value"] == 1.0
