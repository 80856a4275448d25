"""`moviellm run --dry-run`: steps that can be typed, how far each part is, nothing written and no secret told."""

import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest

from moviellm.generation.line import planning
from moviellm.generation.line.doing import do
from moviellm.generation.line.parts import Part
from moviellm.generation.line.running import run_line


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Dry runs of `make` that were asked for, in place of starting them."""
    asked: list[list[str]] = []

    def said_by(arguments: Sequence[str]) -> tuple[int, str]:
        asked.append(list(arguments))
        return 0, "demo/run: 12 movies\n  3 cells to make\n"

    monkeypatch.setattr(planning, "said_by", said_by)
    return asked


def shown(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_it_writes_nothing_and_asks_what_every_make_would_make(
    plans: list[list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_line("tiny", tmp_path / "demo", overrides=[], dry_run=True)
    assert list(tmp_path.iterdir()) == []
    assert [(step[0], step[-1]) for step in plans] == [("make", "--dry-run")] * 2
    assert shown(capsys).count("    3 cells to make") == 2


def test_its_steps_are_those_of_the_line_in_words_that_a_shell_takes(
    plans: list[list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_line("tiny", tmp_path / "my demo", overrides=["seed=3"], until="model", on="ray", dry_run=True)
    steps = [shlex.split(line.removeprefix("  $ ")) for line in shown(capsys) if line.startswith("  $ ")]
    assert steps[0][-5:] == ["--out", f"{tmp_path}/my demo/run", "--set=seed=3", "--on", "ray"]
    assert steps[-1][:3] == ["moviellm", "train", "tiny"]


def test_the_seed_that_tells_the_answers_is_not_told(
    plans: list[list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_line("tiny", tmp_path / "demo", overrides=[], to="org", dry_run=True)
    lines = shown(capsys)
    assert any("--seed=SECRET" in line for line in lines) and not any("--seed=1" in line for line in lines)
    assert "org/MovieLLM-tiny-Bench-labels" in lines[1] and list(tmp_path.iterdir()) == []


def test_how_far_a_part_is_stands_beside_its_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("moviellm.generation.line.doing.run_verb", lambda _: 0)
    made = tmp_path / "MovieLLM-tiny/manifest.json", tmp_path / "model"
    made[1].mkdir(parents=True)
    made[0].parent.mkdir()
    made[0].write_text("{}")
    model = Part("model", [["train", "tiny"]], (made[0],), (made[1],))
    do(tmp_path, model)

    def heads(part: Part) -> list[str]:
        planning.show_line(_line(tmp_path), [part], on=None)
        return [line for line in shown(capsys) if line.startswith("model")]

    assert heads(model) == ["model: done before, from the same"]
    made[0].write_text("{ }")
    assert heads(model) == ["model: anew: what it was made from is not the same any more"]
    made[0].write_text("{}")
    made[1].rmdir()
    assert heads(model) == ["model: goes on with what is there"]


def _line(base: Path) -> planning.Line:
    from moviellm.generation.config.recipe import load_recipe

    return planning.Line("tiny", load_recipe("tiny", []), None, base, [])


def test_a_make_that_would_be_refused_ends_it_with_its_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(planning, "said_by", lambda _: (2, ""))
    with pytest.raises(SystemExit) as stop:
        run_line("tiny", tmp_path / "demo", overrides=[], dry_run=True)
    assert stop.value.code == 2
