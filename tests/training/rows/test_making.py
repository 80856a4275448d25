"""The verbs `moviellm train rows` and `moviellm dataset export`."""

import json
from pathlib import Path

import pytest

from moviellm.generation.cli.app import call
from tests.training.rows.movies import SAMPLE


def test_rows_are_made_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["train", "rows", str(SAMPLE), "--out", str(tmp_path / "rows"), "--views", "align,sft", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["dataset"] == "MovieLLM-sample" and facts["configs"]["sft"] == {"train": 12, "test": 12}
    assert list(facts["configs"]) == ["sft", "align"]


def test_what_to_do_next_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "rows"
    assert (
        call(["train", "rows", str(SAMPLE), "--out", str(out), "--frames", "2", "--no-stamps", "--times", "index"])
        == 0
    )
    said = capsys.readouterr().out
    assert f'load_dataset("{out}", "sft", split="train")' in said
    assert f"moviellm dataset push {out} ORG/MovieLLM-sample-sft --version 1.0.0" in said


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--views", "sft,dpo"], "no view 'dpo'; there are sft, align, boundary, instruct"),
        (["--frames", "0"], "--frames 0: a row shows at least 1 picture"),
        (["--times", "minutes"], "--times 'minutes': allowed are seconds and index"),
        (["--revision", "v1"], "is a folder and has no revision"),
    ],
)
def test_wrong_options_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert call(["train", "rows", str(SAMPLE), "--out", str(tmp_path / "rows"), *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_an_export_is_made_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["dataset", "export", "vtimellm", str(SAMPLE), "--out", str(tmp_path / "out"), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["kind"] == "vtimellm" and facts["records"]["stage2.json"] == 5
