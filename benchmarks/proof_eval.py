"""The model of a proof asked like any other: every task, every control and a report, by one command.

    python benchmarks/proof_eval.py proof --out proof-eval        # results/proof_eval.json and .md; half an hour
    python benchmarks/proof_eval.py proof --out proof-eval --split test --seed 1

`proof` is the folder of a finished `moviellm prove`. The command is in the page; stopped, it goes on. Beside each task
stand the score, the best control that sees nothing, and the visual gain with its interval: what the model owes to what
it sees, question by question.
"""

import argparse
import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from painting import RESULTS

from moviellm.generation.files import write_whole
from moviellm.generation.own_process import run_verb

SHOWN = ("single-frame", "shuffled", "reversed", "oracle")
"""Controls of the table that see something; those that see nothing stand behind the best of them."""


def number(told: Mapping[str, Any], digits: int = 3) -> str:
    """A value with its interval."""
    if told["value"] is None:
        return ""
    ends = "" if told.get("low") is None else f" [{told['low']:.{digits}f}, {told['high']:.{digits}f}]"
    return f"{told['value']:.{digits}f}{ends}"


def found_in(results: Mapping[str, Any], command: str) -> dict[str, Any]:
    """What the page tells of results.json."""
    tasks = {}
    for name, task in results["tasks"].items():
        if not task["counts"]["items"]:
            continue
        metric = task["headline"]
        controls = {which: told["tasks"][name]["metrics"][metric] for which, told in results["controls"].items()}
        tasks[name] = {
            "questions": task["counts"]["items"],
            "metric": metric,
            "score": task["metrics"][metric],
            "controls": {which: told["value"] for which, told in controls.items()},
            "visual_gain": task["visual_gain"],
            "unparsed": task["counts"]["unparsed"],
        }
    return {
        "command": command,
        "model": results["model"]["revision"],
        "data": {name: results["data"][name] for name in ("dataset", "revision", "split", "rows_sha256")},
        "movies": max(task["counts"]["movies"] for task in results["tasks"].values()),
        "asked_nothing": [name for name, task in results["tasks"].items() if not task["counts"]["items"]],
        "tasks": tasks,
        "guessed_from": results["guessed_from"],
        "versions": results["versions"],
    }


def page_of(found: Mapping[str, Any]) -> str:
    """The page."""
    data = found["data"]
    lines = [
        "# The proof's model, asked like any other",
        "",
        "Written by `benchmarks/proof_eval.py`; what the proof is: [docs/proof.md](../../docs/proof.md).",
        "",
        f"```bash\n{found['command']}\n```",
        "",
        f"{found['movies']} movies of `{data['dataset']}`, split `{data['split']}`. Weights `{found['model'][:12]}`, "
        f"rows `{data['rows_sha256'][:12]}`. Intervals: 95 %, BCa, over movies.",
        "",
        "| task | questions | number | the model | best blind control | visual gain | detectable |",
        "|---|---:|---|---:|---|---:|---:|",
    ]
    for name, task in found["tasks"].items():
        gain = task["visual_gain"]
        blind = f"{task['controls'][gain['best_blind']]:.3f} {gain['best_blind']}"
        least = "" if gain["detectable"] is None else f"{gain['detectable']:.3f}"
        ends = "" if gain["low"] is None else f" [{gain['low']:+.3f}, {gain['high']:+.3f}]"
        lines.append(
            f"| `{name}` | {task['questions']} | {task['metric']} | {number(task['score'])} | {blind} | "
            f"{gain['value']:+.3f}{ends} | {least} |"
        )
    blind = [name for name in next(iter(found["tasks"].values()))["controls"] if name not in SHOWN]
    heads = [*blind, *SHOWN]
    lines += [
        "",
        "All controls:",
        "",
        f"| task | the model | {' | '.join(heads)} |",
        "|---|" + "---:|" * (len(heads) + 1),
    ]
    for name, task in found["tasks"].items():
        cells = ["" if task["controls"][head] is None else f"{task['controls'][head]:.3f}" for head in heads]
        lines.append(f"| `{name}` | {task['score']['value']:.3f} | {' | '.join(cells)} |")
    lines += [
        "",
        "- Visual gain: the model less the best control that sees nothing, question by question. Detectable: the "
        "least gain that so many questions would show four times in five.",
        f"- `random` and `majority` are guessed from the answers of {found['guessed_from']}.",
        "- A question counts in every task that takes it: `movie_qa`, `movie_answers` and `groups` are of the others.",
        f"- The proof asks nothing of {', '.join(f'`{name}`' for name in found['asked_nothing'])}.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("proof", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder of the run; it goes on where it was")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--split", default="validation", help="validation: held-out movies; test: held-out people too")
    parser.add_argument("--no-write", action="store_true")
    options = parser.parse_args()

    def asked(proof: Path, out: Path) -> list[str]:
        model = proof / f"seed{options.seed}" / "checkpoints" / "movies"
        asks = ["eval", "run", "--model", str(model), "--data", str(proof / "questions"), "--split", options.split]
        return [*asks, "--tasks", "all", "--controls", "all", "--report", "--out", str(out)]

    code = run_verb(asked(options.proof, options.out))
    if code:
        raise SystemExit(code)
    results = json.loads((options.out / "results.json").read_bytes())
    found = found_in(results, f"moviellm {' '.join(asked(Path('proof'), Path('proof-eval')))}")
    found["machine"] = {"python": platform.python_version(), "machine": platform.machine()}
    page = page_of(found)
    print(page)
    if not options.no_write:
        write_whole(RESULTS / "proof_eval.json", json.dumps(found, indent=1).encode() + b"\n")
        write_whole(RESULTS / "proof_eval.md", page.encode())


if __name__ == "__main__":
    main()
