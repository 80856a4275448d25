"""What is measured while a stage trains: losses by source, forgetting, tasks in a process of their own."""

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from moviellm.training.stages.blocks import EvaluateBlock
from moviellm.training.stages.evaluations import Evaluations, add_line, command_of, lines_of

RESULTS = {"tasks": {"qa_open": {"metrics": {"exact": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 10}}}}}


def state(step: int) -> Any:
    return SimpleNamespace(global_step=step, max_steps=9, is_world_process_zero=True)


def logged(watching: Evaluations, step: int, **losses: float) -> None:
    for name, loss in losses.items():
        watching.on_log(None, state(step), None, logs={f"eval_{name}_loss": loss})


def test_losses_of_a_step_make_one_line_and_forgetting_is_against_the_start(tmp_path: Path) -> None:
    watching = Evaluations(tmp_path, {"clips"}, None, None)
    logged(watching, 0, movies=3.0, clips=1.0)
    logged(watching, 5, movies=2.0, clips=1.25)
    assert [(line["step"], line["losses"]) for line in lines_of(tmp_path)] == [
        (0, {"movies": 3.0, "clips": 1.0}),
        (5, {"movies": 2.0, "clips": 1.25}),
    ]
    assert lines_of(tmp_path)[1]["forgotten"] == {"clips": 0.25}


def test_a_resumed_training_measures_against_the_same_start(tmp_path: Path) -> None:
    logged(Evaluations(tmp_path, {"clips"}, None, None), 0, clips=1.0)
    logged(Evaluations(tmp_path, {"clips"}, None, None), 7, clips=0.5)
    assert lines_of(tmp_path)[-1]["forgotten"] == {"clips": -0.5}


def test_what_is_measured_again_replaces_what_was_measured_before(tmp_path: Path) -> None:
    for value in (1, 2):
        add_line(tmp_path, {"step": 3, "kind": "tasks", "value": value})
    assert [line["value"] for line in lines_of(tmp_path)] == [2]


def test_a_line_that_a_kill_cut_short_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "evaluations.jsonl").write_text('{"step": 1, "kind": "loss"}\n{"step": 2, "ki', encoding="utf-8")
    assert [line["step"] for line in lines_of(tmp_path)] == [1]


def test_the_command_asks_the_checkpoint_about_the_held_out_split() -> None:
    block = EvaluateBlock(tasks=["qa_open", "grounding"], options={"frames": 32, "max_tokens": 8})
    command = command_of(block, "films", Path("run/checkpoint-4"), Path("run/evaluations/checkpoint-4"))
    told = " ".join(command[1:])
    assert "eval run --model run/checkpoint-4 --tasks qa_open,grounding --data films --split validation" in told
    assert told.endswith("--frames 32 --max-tokens 8")


def test_lists_are_written_with_commas_and_what_is_false_is_left_out() -> None:
    block = EvaluateBlock(options={"controls": ["random", "oracle"], "report": True, "meteor": False, "limit": None})
    command = command_of(block, "films", Path("c"), Path("o"))
    assert command[-3:] == ["--controls", "random,oracle", "--report"]


def test_an_evaluation_without_data_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="`evaluate` has no `data`, and the recipe no `dataset`"):
        command_of(EvaluateBlock(), None, Path("c"), Path("o"))


@pytest.mark.parametrize("fails", [False, True])
def test_scores_are_kept_and_a_failure_is_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    def run(command: list[str], **_: Any) -> Any:
        out = Path(command[command.index("--out") + 1])
        out.mkdir(parents=True)
        if not fails:
            (out / "results.json").write_text(json.dumps(RESULTS), encoding="utf-8")
        return SimpleNamespace(returncode=int(fails), stderr="error: no such task\n")

    monkeypatch.setattr(subprocess, "run", run)
    Evaluations(tmp_path, set(), EvaluateBlock(), "films").on_save(None, state(4), None)
    line = lines_of(tmp_path)[0]
    if fails:
        assert line["failed"] == "error: no such task"
    else:
        assert line["metrics"]["qa_open"]["exact"]["value"] == 0.5
        assert line["results"] == "evaluations/checkpoint-4/results.json"
