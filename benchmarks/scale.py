"""A million movies: every step of the metadata path walked over a run without pictures, and what the rest would cost.

    python benchmarks/scale.py                              # a million movies
    python benchmarks/scale.py --movies 10000 --full        # fewer, with the cells of all keyframes
    python benchmarks/scale.py --steps lay resume again     # some steps; `lay` stands for `commit`
    python benchmarks/scale.py --collect                    # results/scale.json, .md and docs/scale.md from both
    python benchmarks/scale.py --render                     # only the pages, from results/scale.json

Each step is a process of its own: its seconds, its largest memory (ru_maxrss), and the files of the run folder after
it. The code is the product's: `plan_run`, `lock_shard`, `Store.commit`, `make_run`, `run_status`, `RunReader`,
`assign_splits`, `check_files`, `plan_commits`. Only what is inside the tables is missing: no picture, and of the cells
of a shard one a stage; a second, smaller walk has the cells of all keyframes, to say what those add. What pictures,
devices and model servers would take is computed in scale_costs.py, from rates measured in results/. Synopses that
are compared are words at random, one in a hundred an earlier one with words exchanged: see scale_steps.py.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from painting import RESULTS, machine
from scale_page import page
from scale_steps import STEPS, Walk

from moviellm.generation.files import write_whole

MILLION = 1_000_000
DOCS = Path(__file__).resolve().parent.parent / "docs" / "scale.md"
WORK = Path(tempfile.gettempdir()) / "moviellm-scale"


def run_step(name: str, walk: Walk) -> dict[str, Any]:
    """One step in a process of its own; what it says, with its seconds and memory."""
    command = [sys.executable, __file__, "--step", name, "--movies", str(walk.movies), "--work", str(walk.folder)]
    command += ["--full"] if walk.full else []
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"step {name} ended with {done.returncode}")
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"{walk.movies:>9,} movies  {json.dumps(measured)}", flush=True)
    return measured


def inside(name: str, walk: Walk) -> None:
    """The step itself, in this process."""
    start = time.perf_counter()
    cpu = time.process_time()
    said = STEPS[name](walk)
    seconds, cpu_s = time.perf_counter() - start, time.process_time() - cpu
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    files = sum(path.is_file() for path in walk.run.rglob("*")) if walk.run.is_dir() else 0
    row = {"step": name, "s": round(seconds, 2), "cpu_s": round(cpu_s, 2), "peak_mib": round(peak_mib)}
    print(json.dumps(row | {"files": files} | said))


def walked(walk: Walk, rows: Path, steps: list[str]) -> None:
    """Some of the steps, in their order; each leaves what it measured in a file of its own."""
    if steps[0] == next(iter(STEPS)):
        shutil.rmtree(walk.folder, ignore_errors=True)
    for name in steps:
        row = {"movies": walk.movies, "full": walk.full, "shards": walk.shards, "movies_a_shard": walk.size}
        write_whole(rows / f"{walk.folder.name}-{name}.json", json.dumps(row | run_step(name, walk)).encode())


def collected(rows: Path) -> list[dict[str, Any]]:
    """What all steps have measured: the largest walk first, steps in their order."""
    found = [json.loads(path.read_text()) for path in rows.glob("*.json")]
    return sorted(found, key=lambda row: (row["full"], -row["movies"], [*STEPS].index(row["step"])))


def main() -> None:
    """Walk, compute, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--movies", type=int, default=MILLION)
    parser.add_argument("--full", action="store_true", help="cells of all keyframes")
    parser.add_argument("--step", choices=[*STEPS])
    parser.add_argument("--work", type=Path, default=WORK)
    usual = [name for name in STEPS if name != "lay"]
    parser.add_argument("--steps", nargs="+", choices=[*STEPS], default=usual, help="only these")
    parser.add_argument("--collect", action="store_true", help="results and pages from what was measured")
    parser.add_argument("--render", action="store_true", help="the pages from the results")
    asked = parser.parse_args()
    if asked.step:
        inside(asked.step, Walk(asked.work, asked.movies, asked.full))
        return
    if not asked.collect and not asked.render:
        folder = asked.work / f"{asked.movies}{'-full' if asked.full else ''}"
        walked(Walk(folder, asked.movies, asked.full), asked.work / "rows", asked.steps)
        return
    path = RESULTS / "scale.json"
    if asked.collect:
        results = {"machine": machine(), "steps": collected(asked.work / "rows")}
        write_whole(path, (json.dumps(results, indent=1) + "\n").encode())
    results = json.loads(path.read_text())
    write_whole(RESULTS / "scale.md", page(results, RESULTS, long=False).encode())
    write_whole(DOCS, page(results, RESULTS, long=True).encode())


if __name__ == "__main__":
    main()
