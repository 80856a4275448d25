"""How long the whole line takes: themes to a row of a leaderboard, part by part.

    python benchmarks/whole_line.py                 # benchmarks/results/whole_line.json and .md

It runs `moviellm run tiny` in an empty folder and reads the seconds that the line notes. The machine should be idle.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results"
WHAT = {
    "dataset": "12 movies, their films, the dataset, checked and loaded",
    "model": "40 steps of training from random weights",
    "benchmark": "16 other movies, those that train does not know, answers of test apart",
    "scores": "dev with nine controls and a report; predictions of test, and of four controls on it",
    "leaderboard": "places opened; bundle made, checked, sent, scored; seven baselines scored",
}


def main() -> None:
    """Run, read, write."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-P", "-m", "moviellm.generation.cli", "run", "tiny", "--out", "demo"]
        before = os.times()
        subprocess.run(command, cwd=folder, check=True)
        after = os.times()
        parts = {
            name: part["seconds"] for name, part in json.loads((Path(folder) / "demo/line.json").read_text()).items()
        }
    processor_s = after.children_user + after.children_system - before.children_user - before.children_system
    facts = {"cores": os.cpu_count(), "seconds": parts, "processor_s": round(processor_s, 1)}
    (RESULTS / "whole_line.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    rows = [f"| {name} | {WHAT[name]} | {seconds:.0f} |" for name, seconds in parts.items()]
    total = f"| all | {facts['cores']} cores; {processor_s:.0f} s of a processor | {sum(parts.values()):.0f} |"
    head = ["# The whole line", "", "`python benchmarks/whole_line.py`: `moviellm run tiny` in an empty folder.", ""]
    lines = [*head, "| part | what | seconds |", "|---|---|---|", *rows, total]
    (RESULTS / "whole_line.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
