"""What `moviellm eval compare A B` does: runs on the same questions, paired.

    moviellm eval compare results/before results/after
    moviellm eval compare results/a results/b results/c             # each with each
    moviellm eval compare results/sees/controls/shuffled results/sees --json

For every number of a task that both runs have: the mean difference B - A with its 95 % interval, resampling movies;
for numbers of right and wrong also the exact McNemar test, Holm-adjusted over all that is shown, of all pairs of runs.
More than four runs are each compared with the first. A difference is only called one where the interval excludes 0
and, where there is a test, its p is below 0.05. The least difference that so many questions would show with 80 % power
stands beside it. It asks nobody: it reads answers.jsonl.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, Final

from moviellm.eval.core import clustered_se, holm, mcnemar_exact
from moviellm.eval.tasks.dense import METEOR
from moviellm.eval.tasks.means import POWER_Z, difference_of, rounded
from moviellm.eval.tasks.scoring import metrics_of
from moviellm.eval.tasks.table import Task, task_table
from moviellm.generation.files import write_whole
from moviellm.generation.output import emit

ALPHA: Final = 0.05
BINARY: Final = ("accuracy", "exact_match", "right")
"""Numbers of right and wrong, beside `r1@t`."""
SAME: Final = "not distinguishable"
EACH_WITH_EACH: Final = 4
"""So many runs are compared each with each."""
Answers = dict[str, Mapping[str, Any]]


def compare(runs: Sequence[Path], *, out: Path | None, as_json: bool) -> None:
    """`moviellm eval compare`.

    Raises:
        ValueError: fewer than two runs, or as `compared`.
    """
    if len(runs) < 2:
        raise ValueError(f"{runs[0]}: a run is compared with another one; name two or more")
    pairs = [compared(runs[one], runs[other]) for one, other in pairs_of(len(runs))]
    adjust([row for pair in pairs for row in pair["differences"]])
    facts = pairs[0] if len(runs) == 2 else {"runs": [str(folder) for folder in runs], "pairs": pairs}
    if out is not None:
        write_whole(out, (json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode())
    emit(facts, "\n\n".join(map(_text, pairs)), as_json)


def pairs_of(count: int) -> list[tuple[int, int]]:
    """Places of runs that are compared: each with each, or each with the first where they are many."""
    return (
        list(combinations(range(count), 2)) if count <= EACH_WITH_EACH else [(0, place) for place in range(1, count)]
    )


def compared(a: Path, b: Path) -> dict[str, Any]:
    """Both runs, what they have in common, and `differences`: B - A for every number, tested and not adjusted yet.

    Raises:
        ValueError: a folder holds no run, or the runs have no question in common or judge them differently.
    """
    ones, others = _answers(a), _answers(b)
    common = [name for name in ones if name in others]
    if not common:
        raise ValueError(f"{a} and {b} have no question in common: {len(ones)} and {len(others)} questions")
    differing = [name for name in common if ones[name]["gold"] != others[name]["gold"]]
    if differing:
        raise ValueError(
            f"{len(differing)} of {len(common)} questions have other right answers in {b}, the first {differing[0]}: "
            "the runs are of two versions of the dataset; run one of them again"
        )
    who = _who(a), _who(b)
    tasks = [task for name, task in task_table().items() if all(name in one["tasks"] for one in who)]
    rows = [row for task in tasks for row in _task(task, ones, others, common)]
    return {
        "a": who[0],
        "b": who[1],
        "common": len(common),
        "only_a": len(ones) - len(common),
        "only_b": len(others) - len(common),
        "differences": rows,
    }


def _answers(folder: Path) -> Answers:
    path = folder / "answers.jsonl"
    if not path.is_file():
        raise ValueError(f"{folder} holds no run (no answers.jsonl); give the --out of a moviellm eval run")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    return {row["id"]: row for row in rows}


def _who(folder: Path) -> dict[str, Any]:
    told = json.loads((folder / "results.json").read_bytes())
    control = "none" if told["frames"] is None else told["frames"]["control"]
    return {"folder": str(folder), "model": told["model"], "control": control, "tasks": sorted(told["tasks"])}


def _task(task: Task, ones: Answers, others: Answers, common: Sequence[str]) -> list[dict[str, Any]]:
    """Differences of a task's numbers; those of groups need all of a group in both runs and are left to results."""
    mine = [name for name in common if task.takes(ones[name]["format"], ones[name]["type"], ones[name]["level"])]
    if task.groups is not None or not mine:
        return []
    families = [ones[name]["family"] for name in mine]
    rows = []
    for metric in (*metrics_of(task), METEOR):
        pairs = [(ones[name]["scores"].get(metric), others[name]["scores"].get(metric)) for name in mine]
        known = [(one, two) for one, two in pairs if one is not None and two is not None]
        if len(known) == len(mine):
            tested = (metric in BINARY or metric.startswith("r1@")) and {v for pair in known for v in pair} <= {
                0.0,
                1.0,
            }
            rows.append({"task": task.name, "metric": metric, **_difference(known, families, tested)})
    return rows


def _difference(pairs: Sequence[tuple[float, float]], families: Sequence[str], tested: bool) -> dict[str, Any]:
    gaps = [two - one for one, two in pairs]
    found = difference_of(gaps, families)
    error = clustered_se(gaps, families)
    row: dict[str, Any] = {
        "n": len(pairs),
        "movies": len(set(families)),
        "a": _mean([one for one, _ in pairs]),
        "b": _mean([two for _, two in pairs]),
        "difference": found["value"],
        "low": found["low"],
        "high": found["high"],
        "detectable": rounded(POWER_Z * error) if error else None,
        "p": None,
        "p_holm": None,
    }
    if tested:
        row["p"] = mcnemar_exact(
            sum(one > two for one, two in pairs),
            sum(two > one for one, two in pairs),
        )
    return row


def adjust(rows: Sequence[dict[str, Any]]) -> None:
    """Adjust the p-values of all rows that are shown together for their number, and say what follows."""
    tested = [row for row in rows if row["p"] is not None]
    for row, adjusted in zip(tested, holm([row["p"] for row in tested]), strict=True):
        row["p"], row["p_holm"] = rounded(row["p"]), rounded(adjusted)
    for row in rows:
        apart = row["low"] is not None and (row["low"] > 0 or row["high"] < 0)
        sure = row["p_holm"] is None or row["p_holm"] < ALPHA
        row["verdict"] = ("b is better" if row["difference"] > 0 else "a is better") if apart and sure else SAME
        row["why"] = None if apart and sure else _why(row, apart)


def _why(row: Mapping[str, Any], apart: bool) -> str:
    if row["low"] is None:
        return "one movie gives no interval"
    if not apart:
        return "the interval holds 0"
    return "too few questions differ"


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 6)


def _text(facts: Mapping[str, Any]) -> str:
    """Two runs for a terminal."""
    lines = [
        f"{side}  {facts[side]['model']['id']} ({facts[side]['folder']})"
        + ("" if facts[side]["control"] == "none" else f", control {facts[side]['control']}")
        for side in ("a", "b")
    ]
    left = f"{facts['only_a']} only in a, {facts['only_b']} only in b"
    lines.append(f"{facts['common']} questions in common, {left}")
    rows = [
        (
            row["task"],
            row["metric"],
            f"{row['a']:.3f}",
            f"{row['b']:.3f}",
            f"{row['difference']:+.3f}",
            "" if row["low"] is None else f"[{row['low']:+.3f}, {row['high']:+.3f}]",
            "" if row["p_holm"] is None else f"p {row['p_holm']:.3f}",
            f"n {row['n']}",
            row["verdict"] + ("" if row["why"] is None else f": {row['why']}")
            + ("" if row["detectable"] is None else f" (detectable {row['detectable']:.3f})"),
        )
        for row in facts["differences"]
    ]  # fmt: skip
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(9)]
    lines += ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines)
