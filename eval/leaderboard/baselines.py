"""What `moviellm leaderboard baselines` does: controls of a run become rows of the table, to be held against.

    moviellm leaderboard baselines results/sees --results ORG/results --index INDEX.json
    moviellm leaderboard baselines results/test --results ORG/results --index INDEX.json --labels ORG/labels

Of every run its controls are taken (RUN/controls/NAME), or the run itself where it is one. A row is called by its
control (`random`, `question-only`, ...), or by --name, and takes the place of an older one: `baselines/NAME.json` in
the form of an entry. A run that was asked other items than the index is refused. A run on a split whose answers are
withheld is scored with --labels, and what is guessed there is guessed from them.

Scores of single items are not written: everybody knows how a control guesses, so they would tell the answers.
"""

import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from moviellm.cards.publishing import hub_in_words
from moviellm.eval.leaderboard.claims import now
from moviellm.eval.leaderboard.entries import (
    BASELINES,
    ENTRY_VERSION,
    json_of,
    read_lines,
    with_judgements,
)
from moviellm.eval.leaderboard.places import Look, open_place
from moviellm.eval.leaderboard.score_verb import open_labels
from moviellm.eval.running.controls import GUESSED
from moviellm.eval.submissions.index import Index, read_index
from moviellm.eval.submissions.making import results_of
from moviellm.generation.output import emit

TRACK: Final = "baseline"
NEEDED: Final = ("tasks", "model", "data")
"""What the results of a run must tell."""
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
SEES: Final = "none"
"""The control of a run that is shown all."""


def baselines(
    runs: Sequence[Path],
    *,
    results: str,
    index: Path,
    name: str | None,
    labels: str | None = None,
    split: str = "test",
    as_json: bool,
) -> None:
    """`moviellm leaderboard baselines`.

    Raises:
        ValueError: a folder is no run with controls, or one was asked other items than the index has.
    """
    known = read_index(index)
    with tempfile.TemporaryDirectory(prefix="moviellm-baselines-") as made, hub_in_words():
        found = [control for run in runs for control in _scored(run, labels, split, known, Path(made))]
        if name is not None and len(found) != 1:
            raise ValueError(f"--name names one row, and there are {len(found)} controls; leave it out")
        rows: dict[str, dict[str, Any]] = {}
        for called, folder in ((name or control, folder) for control, folder in found):
            if not NAME.fullmatch(called):
                raise ValueError(f"--name {called!r:.80} names no row; letters, digits, - and _ only")
            if called in rows:
                raise ValueError(f"two controls are called {called}; give their runs one by one, with --name")
            rows[called] = baseline_of(folder, called, known)
        place = open_place(results, "--results", make=True)

        def wanted(look: Look) -> Mapping[str, bytes]:
            files = {f"{BASELINES}/{called}.json": row for called, row in rows.items()}
            return {path: json_of(row) for path, row in files.items() if not _same(look.json(path), row)}

        place.change(wanted, f"Baselines: {', '.join(rows)}"[:200])
    emit({"baselines": [*rows], "results": place.name}, "\n".join(rows), as_json)


def _same(there: Mapping[str, Any] | None, row: Mapping[str, Any]) -> bool:
    """Whether a row is there already, whenever it was scored."""
    return there is not None and json_of({**there, "scored_at": row["scored_at"]}) == json_of(row)


def _scored(run: Path, labels: str | None, split: str, index: Index, work: Path) -> list[tuple[str, Path]]:
    """The controls of a run, scored with the labels where it was not given what is right.

    Raises:
        ValueError: there are no labels, or they are of other items.
    """
    from moviellm.eval.running.evaluating import evaluate
    from moviellm.eval.running.wishes import Wish

    if not results_of(run, *NEEDED)["data"].get("withheld"):
        return controls_of(run)
    if labels is None:
        raise ValueError(f"{run} was not given what is right; score it with --labels, the benchmark's private side")
    predicted = {name: folder / "predictions.jsonl" for name, folder in controls_of(run)}
    data = str(open_labels(labels, work))
    tasks = ",".join(index.tasks)
    found = []
    place = work / f"{len([*work.iterdir()])}"

    def score(predictions: Path, out: Path, controls: str | None) -> Path:
        told = Wish(model=f"replay:{predictions}", data=data, out=out, tasks=tasks, split=split, controls=controls)
        evaluate(told)
        return out

    guessed = score(run / "predictions.jsonl", place / "guessed", None)
    found = [(name, guessed / "controls" / name) for name in GUESSED]
    found += [(name, score(path, place / name, "none")) for name, path in predicted.items()]
    return found


def controls_of(run: Path) -> list[tuple[str, Path]]:
    """The controls of a run with their folders; of a run that is a control, itself."""
    control = (results_of(run, *NEEDED).get("frames") or {}).get("control", SEES)
    if control != SEES:
        return [(str(control), run)]
    found = [(path.name, path) for path in sorted((run / "controls").glob("*")) if (path / "results.json").is_file()]
    if not found:
        raise ValueError(f"{run} holds no controls and is none; run it with moviellm eval run --controls all")
    return found


def baseline_of(run: Path, name: str, index: Index) -> dict[str, Any]:
    """The row of a control.

    Raises:
        ValueError: it was asked other items than the index has.
    """
    results = results_of(run, *NEEDED)
    check_items(run, results, index)
    model = results["model"]
    entry = {
        "entry_version": ENTRY_VERSION,
        "sha256": "",
        "submitter": None,
        "display_name": name,
        "model": {"id": str(model["id"]), "revision": model.get("revision"), "parameters_b": None, "base_model": None},
        "track": TRACK,
        "inputs": {},
        "training_data": [],
        "seen_test_inputs": False,
        "benchmark": index.benchmark,
        "benchmark_revision": index.revision,
        "split": results["data"]["split"],
        "scored_at": now().isoformat(timespec="seconds"),
        "tasks": {task: results["tasks"][task] for task in index.tasks},
    }
    return with_judgements(entry, run)


def check_items(run: Path, results: Mapping[str, Any], index: Index) -> None:
    """Refuse a run whose numbers are of other items than those of the submissions.

    Raises:
        ValueError: they are.
    """
    asked = {row["id"] for row in read_lines(run / "answers.jsonl")}
    for task, items in index.tasks.items():
        lacking = [item for item in items if item not in asked]
        if task not in results["tasks"] or lacking:
            raise ValueError(
                f"{run} was not asked {len(lacking) or len(items)} items of {task} that {index.benchmark} has; run it "
                f"on the benchmark's own labels, with --tasks {','.join(index.tasks)}"
            )
        counted = results["tasks"][task]["counts"]["items"]
        if counted != len(items):
            raise ValueError(f"{run} counts {counted} items of {task}, and {index.benchmark} has {len(items)}")
