"""An accepted bundle against the right answers: results of the form, and to the digit, of `moviellm eval run`.

    facts = score_bundle(bundle, Path("labels"), Path("INDEX.json"))     # checked and scored in a cell
    facts["accepted"], facts["results"]["tasks"]["grounding"]["metrics"]["miou"]

The labels are a dataset folder of ours whose rows have answers. Reading, scores, means and intervals are those of
eval/tasks; nothing is computed here. Results hold no item: `out` is the folder of a whole run (its answers.jsonl holds
what is right), which whoever keeps the labels may want and nobody else may see.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from moviellm.eval.submissions.cell import Bounds, in_a_cell
from moviellm.eval.submissions.check_verb import checked_in_a_cell
from moviellm.eval.submissions.checking import Submission
from moviellm.eval.submissions.index import Index, TaskName, read_index

SCORER: Final = "moviellm.eval.submissions.in_cell:score"
IMPORTS: Final = (
    "pyarrow.parquet",
    "yaml",
    "moviellm.eval.judging.injections",
    "moviellm_dataset",
    "moviellm.eval.running.results",
    "moviellm.eval.submissions.scoring",
)
BOUNDS: Final = Bounds(memory_mb=2_048, cpu_s=1_800, wall_s=3_600.0)


def score_bundle(
    bundle: Path,
    labels: Path,
    index: Path,
    *,
    split: str = "test",
    out: Path | None = None,
    bounds: Bounds = BOUNDS,
) -> dict[str, Any]:
    """Check and score a bundle in a cell.

    Args:
        bundle: Folder or zip.
        labels: Dataset folder whose rows have answers.
        index: INDEX.json of the benchmark.
        split: Split of the labels.
        out: Folder for a whole run, with what is right of every item; None writes nothing.
        bounds: What the cell may use.

    Returns:
        `accepted`, `problems`, and where it is accepted `results`, `network` and `peak_mb`.

    Raises:
        ValueError: the labels do not fit the index, or there is no bundle.
        CellError: scoring itself came to no end, which is no fault of the bundle; it may be tried again.
    """
    facts = checked_in_a_cell(bundle, read_index(index), index)
    if not facts["accepted"]:
        return facts
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    arguments = {
        "bundle": str(bundle.absolute()),
        "index": str(index.absolute()),
        "labels": str(labels.absolute()),
        "split": split,
        "out": None if out is None else str(out.absolute()),
    }
    done = in_a_cell(SCORER, arguments, bounds, work=out, imports=IMPORTS)
    return {**done.value, "network": done.network, "peak_mb": done.peak_mb}


def scored(submission: Submission, labels: Path, split: str, index: Index, out: Path | None) -> dict[str, Any]:
    """The results of a bundle that was accepted; called in the cell."""
    from moviellm.eval.running.protocol import Said
    from moviellm.eval.running.results import RESULTS_VERSION, Row, numbers_of, score_all, write_run
    from moviellm.eval.tasks.items import open_data
    from moviellm.eval.tasks.table import task_named

    assert submission.declared is not None
    declared = submission.declared
    data = open_data(str(labels), split=split)
    chosen = {name: [data.questions[item] for item in _items(name, index, data.questions)] for name in index.tasks}
    tasks: dict[str, Any] = {}
    answers: dict[str, Row] = {}
    for name, questions in chosen.items():
        rows = submission.rows[name]
        said = {item: Said(text=row.get("answer"), row=row) for item, row in rows.items()}
        found = score_all(questions, said, "seconds")
        tasks[name] = numbers_of(task_named(name), questions, found, data)
        answers |= found
    results = {
        "results_version": RESULTS_VERSION,
        "tasks": tasks,
        "model": {"id": declared["model"]["id"], "kind": "submission", "revision": declared["model"]["revision"]},
        "parameters": {},
        "submission": declared,
        "data": {**data.facts, "dataset": index.benchmark, "commit": index.revision, "revision": index.revision},
        "frames": None,
    }
    if out is not None:
        write_run(out, {str(name): mine for name, mine in chosen.items()}, answers, results)
    return results


def _items(task: TaskName, index: Index, known: Mapping[str, Any]) -> list[str]:
    lacking = [item for item in index.tasks[task] if item not in known]
    if lacking:
        raise ValueError(
            f"the labels lack {len(lacking)} of the {len(index.tasks[task])} items of {task}, the first "
            f"{lacking[0]}; take the labels of revision {index.revision}"
        )
    return list(index.tasks[task])
