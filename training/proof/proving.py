"""`moviellm prove`: the movies, each seed's stages, the scores, a table and a figure.

    moviellm prove --out proof                  # one seed; a killed run goes on where it was
    moviellm prove --out proof --seeds 3
    moviellm eval run --model proof/seed0/checkpoints/movies --data proof/questions --tasks all --out results

The stages run in processes of their own (worker.py), the movies and the control beside each other; the scores are
eval's, by a program too. It trains nothing itself and imports no torch.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from moviellm.generation.files import write_whole
from moviellm.training.proof.figure import figure
from moviellm.training.proof.filming import make_footage
from moviellm.training.proof.following import started
from moviellm.training.proof.settings import ProofSettings, load_settings
from moviellm.training.proof.telling import RUNS, results_of, table

QUIET = {"OMP_WAIT_POLICY": "active", "TRANSFORMERS_VERBOSITY": "error", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
SEEING_THREADS = 2
"""Threads of the tower, whose pictures are worth it; every other stage gets one, and two run beside each other."""


def prove(out: Path, seeds: int = 1, first_seed: int = 0, recipe: str = "proof", as_json: bool = False) -> None:
    """Run what is missing of a proof, and write results.json, table.md and figure.svg.

    Raises ValueError: no such recipe, a folder of another one, or a stage that failed.
    """
    if seeds < 1:
        raise ValueError(f"{seeds} seeds: at least 1 is trained")
    settings = load_settings(recipe)
    out.mkdir(parents=True, exist_ok=True)
    _timed(out, "footage", lambda: make_footage(settings, out))
    numbers = range(first_seed, first_seed + seeds)
    results: dict[str, Any] = {}
    for done, seed in enumerate(numbers, start=1):
        _one(out, seed, recipe)
        results = _scored(out, settings, numbers[:done])
        write_whole(out / "results.json", (json.dumps(results, indent=1) + "\n").encode())
        write_whole(out / "table.md", table(results).encode())
        write_whole(out / "figure.svg", figure(results).encode())
    _leave(out, recipe, numbers)
    print(json.dumps(results["pooled"]) if as_json else table(results))  # noqa: T201


def _one(out: Path, seed: int, recipe: str) -> None:
    """All stages of a seed that are not there."""
    if all((out / f"seed{seed}" / f"answers_{run}").is_dir() for run in RUNS):
        return

    def stages() -> None:
        _workers(out, seed, recipe, [["see"]], SEEING_THREADS)
        _workers(out, seed, recipe, [["baseline"]])
        _workers(out, seed, recipe, [["movies", "answers:movies"], ["control", "answers:control", "answers:baseline"]])

    _timed(out, f"seed{seed}", stages)


def _workers(out: Path, seed: int, recipe: str, jobs: Sequence[Sequence[str]], each: int = 1) -> None:
    """Worker processes beside each other, of so many threads each; one that fails is an error when all have ended."""
    command = [sys.executable, "-m", "moviellm.training.proof.worker", recipe, str(out), str(seed), "--follow"]
    threads = str(each)
    told = {**os.environ, **QUIET, "OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}
    running = [started([*command, *job, "--threads", threads], told, aloud=len(jobs) == 1) for job in jobs]
    try:
        codes = [worker.wait() for worker in running]
    finally:
        for worker in running:
            if worker.poll() is None:
                worker.terminate()
                worker.wait()
    for job, code in zip(jobs, codes, strict=True):
        if code:
            raise ValueError(
                f"the stages {', '.join(job)} of seed {seed} ended with code {code}: see above, and start again"
            )


def _leave(out: Path, recipe: str, seeds: Sequence[int]) -> None:
    """The questions as a dataset and the models whole, for `moviellm eval run`; by a program, for it needs torch."""
    command = [sys.executable, "-m", "moviellm.training.proof.leaving", recipe, str(out), *map(str, seeds)]
    done = subprocess.run(command, env={**os.environ, **QUIET})
    if done.returncode:
        raise ValueError(f"leaving questions and models in {out} ended with code {done.returncode}: see above")


def _timed(out: Path, name: str, work: Any) -> None:
    """Do work and note its minutes beside those of earlier starts; times are told, never used.

    Minutes of a processor are those of all processes together: unlike the clock's, other work hardly changes them.
    """
    path, started, used = out / "minutes.json", time.monotonic(), _processor_s()
    work()
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    minutes = (time.monotonic() - started) / 60
    if minutes > 0.05:
        of_a_processor = f"{name}, of a processor"
        known[name] = round(known.get(name, 0.0) + minutes, 1)
        known[of_a_processor] = round(known.get(of_a_processor, 0.0) + (_processor_s() - used) / 60, 1)
        write_whole(path, (json.dumps(known, indent=1) + "\n").encode())


def _processor_s() -> float:
    """Seconds of a processor that this process and those it waited for have used."""
    return sum(os.times()[:4])


def _scored(out: Path, settings: ProofSettings, seeds: Sequence[int]) -> dict[str, Any]:
    """The scores of each seed and of all together."""
    texts = {seed: _predictions(out / f"seed{seed}") for seed in seeds}
    found = {seed: _scores(out / f"seed{seed}", text) for seed, text in texts.items()}
    pooled = _scores(out, "".join(texts.values()))
    facts = {seed: _facts(out / f"seed{seed}") for seed in seeds}
    path = out / "minutes.json"
    minutes = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return results_of(settings.model_dump(mode="json"), found, pooled, facts, minutes)


def _predictions(folder: Path) -> str:
    return "".join((folder / f"answers_{run}" / "predictions.jsonl").read_text(encoding="utf-8") for run in RUNS)


def _scores(folder: Path, predictions: str) -> list[dict[str, Any]]:
    """Scores by eval's program; predictions and scores lie in the folder."""
    write_whole(folder / "predictions.jsonl", predictions.encode())
    command = [sys.executable, "-m", "moviellm.eval.proof_scores", str(folder / "predictions.jsonl")]
    done = subprocess.run([*command, "--out", str(folder / "scores.json")])
    if done.returncode:
        raise ValueError(f"scoring {folder} ended with code {done.returncode}: see above")
    scores: list[dict[str, Any]] = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    return scores


def _facts(folder: Path) -> dict[str, Any]:
    """Parameters, tokens and the tower's accuracies of a seed."""
    facts = {"tower": json.loads((folder / "tower" / "tower.json").read_text(encoding="utf-8"))}
    for run in RUNS:
        told = json.loads((folder / run / "losses.json").read_text(encoding="utf-8"))
        facts[run] = {key: value for key, value in told.items() if key != "losses"}
    return facts
