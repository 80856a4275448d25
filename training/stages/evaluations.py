"""What is measured while a stage trains, kept line by line in `evaluations.jsonl`.

    {"step": 30, "kind": "loss", "losses": {"movies": 3.1, "clips": 2.2}, "forgotten": {"clips": 0.1}}
    {"step": 30, "kind": "tasks", "results": "evaluations/checkpoint-30/results.json", "metrics": {...}}

`forgotten` is how much the loss of what is replayed rose since before the first step. Tasks are evaluated on the saved
checkpoint by `moviellm eval run` in a process of its own; when that fails, the training goes on and the line says why.
What a recipe has wrong about them is found before the first step (asking_first.py).
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from moviellm.generation.output import note
from moviellm.training.stages.blocks import EvaluateBlock

EVALUATIONS = "evaluations.jsonl"


def lines_of(run: Path) -> list[dict[str, Any]]:
    """What was measured so far; a line that a kill cut short is left out."""
    path = run / EVALUATIONS
    found = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def add_line(run: Path, line: Mapping[str, Any]) -> None:
    """Append a line, in the place of one of the same step and kind that a resumed training measures again."""
    kept = [one for one in lines_of(run) if (one["step"], one["kind"]) != (line["step"], line["kind"])]
    text = "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in [*kept, line])
    temporary = run / f".{EVALUATIONS}.tmp"
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, run / EVALUATIONS)


class Evaluations(TrainerCallback):
    """Keeps losses of held-out samples, and has tasks evaluated."""

    def __init__(self, run: Path, replayed: set[str], tasks: EvaluateBlock | None, data: str | None) -> None:
        self.run, self.replayed, self.tasks, self.data = run, replayed, tasks, data
        self._losses: dict[str, float] = {}
        self._step = -1
        self._saved = 0

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Losses come one set at a time; they make one line when all are there."""
        if not state.is_world_process_zero or not logs:
            return
        found = {
            key.removeprefix("eval_").removesuffix("_loss"): float(value)
            for key, value in logs.items()
            if key.startswith("eval_") and key.endswith("_loss")
        }
        if not found:
            return
        self._losses = (self._losses if self._step == state.global_step else {}) | found
        self._step = state.global_step
        line = {"step": state.global_step, "kind": "loss", "losses": self._losses}
        forgotten = self._forgotten(state.global_step)
        add_line(self.run, line | ({"forgotten": forgotten} if forgotten else {}))
        for name in set(found) & set(forgotten):
            rise = forgotten[name]
            note(f"step {state.global_step}/{state.max_steps}  {name}: loss {rise:+.4f} since before training")

    def _forgotten(self, step: int) -> dict[str, float]:
        first = next((one for one in lines_of(self.run) if one["kind"] == "loss" and one["step"] == 0), None)
        if first is None or step == 0:
            return {}
        before = first["losses"]
        return {
            name: round(value - before[name], 6)
            for name, value in self._losses.items()
            if name in self.replayed and name in before
        }

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._saved += 1
        if self.tasks is None or not state.is_world_process_zero or self._saved % self.tasks.every:
            return
        checkpoint = self.run / f"checkpoint-{state.global_step}"
        add_line(self.run, {"step": state.global_step, "kind": "tasks"} | self.ask(checkpoint))

    def ask(self, checkpoint: Path) -> dict[str, Any]:
        """Evaluate a checkpoint's answers; what is returned says why where that failed."""
        assert self.tasks is not None
        out = Path("evaluations") / checkpoint.name
        command = command_of(self.tasks, self.data, checkpoint, self.run / out)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        results = self.run / out / "results.json"
        if done.returncode or not results.is_file():
            said = (done.stderr.strip().splitlines() or ["it wrote no results.json"])[-1]
            note(f"the evaluation of {checkpoint.name} failed: {said}")
            return {"failed": said}
        found = json.loads(results.read_text(encoding="utf-8"))
        metrics = {name: task.get("metrics", {}) for name, task in found.get("tasks", {}).items()}
        for name, values in metrics.items():
            said = ", ".join(
                f"{key} {one['value']:.3f}" for key, one in values.items() if one.get("value") is not None
            )
            note(f"{checkpoint.name}  {name}: {said}")
        return {"results": str(out / "results.json"), "metrics": metrics}


def command_of(tasks: EvaluateBlock, data: str | None, checkpoint: Path, out: Path) -> list[str]:
    """The command that evaluates a checkpoint."""
    place, revision = tasks.data or data, tasks.revision
    if place is None:
        raise ValueError("`evaluate` has no `data`, and the recipe no `dataset`: say what is asked about")
    command = [sys.executable, "-m", "moviellm.generation.cli", "eval", "run", "--model", str(checkpoint)]
    command += ["--tasks", ",".join(tasks.tasks), "--data", place, "--split", tasks.split, "--out", str(out)]
    command += ["--revision", revision] if revision else []
    for key, value in tasks.options.items():
        if value is None or value is False:
            continue
        said = ",".join(map(str, value)) if isinstance(value, list) else str(value)
        command += [f"--{key.replace('_', '-')}"] + ([] if value is True else [said])
    return command
