"""METEOR in a run: one program for it and its controls; without one, no number and the reason."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from moviellm.generation.cli.app import call
from tests.eval.core.test_java_meteor import DOUBLE
from tests.eval.running.movies import gold_texts


@pytest.fixture
def java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `java` that speaks METEOR's protocol; the file in which each start of it is a line."""
    (tmp_path / "java").write_text(DOUBLE.replace("{python}", sys.executable), encoding="utf-8")
    (tmp_path / "java").chmod(0o755)
    (tmp_path / "meteor.jar").touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("MOVIELLM_METEOR_JAR", str(tmp_path / "meteor.jar"))
    monkeypatch.setenv("METEOR_LOG", str(tmp_path / "started"))
    return tmp_path / "started"


def run(films: Path, out: Path, *options: str) -> dict[str, Any]:
    texts = {**gold_texts(films), "m00000-q004": "0-4 s: Ada sleeps."}
    out.mkdir(parents=True, exist_ok=True)
    (out.parent / "said.json").write_text(json.dumps(texts), encoding="utf-8")
    arguments = ["--model", f"replay:{out.parent / 'said.json'}", "--data", str(films), "--tasks", "dense_captioning"]
    assert call(["eval", "run", *arguments, "--out", str(out), *options]) == 0
    found: dict[str, Any] = json.loads((out / "results.json").read_bytes())
    return found


def test_meteor_stands_in_a_run_and_its_controls_and_one_program_was_asked(
    java: Path, films: Path, tmp_path: Path
) -> None:
    found = run(films, tmp_path / "out", "--meteor")
    number = found["tasks"]["dense_captioning"]["metrics"]["meteor"]
    assert 0.5 < number["value"] < 1.0 and number["low"] < number["value"] < number["high"] and number["n"] == 6
    assert found["controls"]["oracle"]["tasks"]["dense_captioning"]["metrics"]["meteor"]["value"] == 1.0
    assert len(java.read_text(encoding="utf-8").splitlines()) == 1


def test_two_runs_are_compared_by_it(java: Path, films: Path, tmp_path: Path, capsys: Any) -> None:
    run(films, tmp_path / "out", "--meteor")
    capsys.readouterr()
    oracle = tmp_path / "out" / "controls" / "oracle"
    assert call(["eval", "compare", str(tmp_path / "out"), str(oracle), "--json"]) == 0
    rows = {row["metric"]: row for row in json.loads(capsys.readouterr().out)["differences"]}
    assert rows["meteor"]["difference"] > 0 and rows["meteor"]["p"] is None


@pytest.mark.parametrize("fault", ["", "die"])
def test_without_it_there_is_no_number_and_the_reason(
    java: Path, films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setenv("METEOR_FAULT", "start" if fault else "")
    monkeypatch.setenv("MOVIELLM_METEOR_JAR", str(tmp_path / ("meteor.jar" if fault else "nowhere.jar")))
    task = run(films, tmp_path / "out", "--meteor")["tasks"]["dense_captioning"]
    assert task["metrics"]["meteor"] == {"value": None, "low": None, "high": None, "n": 6}
    assert task["metrics"]["soda_c"]["value"] > 0.5
    reason = "METEOR ended with code 3" if fault else "nowhere.jar is absent"
    assert reason in task["meteor_reason"] and reason in (tmp_path / "out" / "results.md").read_text(encoding="utf-8")


def test_who_does_not_ask_for_it_starts_no_program(java: Path, films: Path, tmp_path: Path) -> None:
    assert "meteor" not in run(films, tmp_path / "out")["tasks"]["dense_captioning"]["metrics"]
    assert not java.exists()
