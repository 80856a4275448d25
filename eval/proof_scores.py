"""The scores of the proof: exact match and overlap of answers that a model wrote, with intervals by movie.

    python -m moviellm.eval.proof_scores predictions.jsonl --out scores.json

A line of predictions.jsonl is one answer: `run` (which model), `set` (which movies), `view` (what of them it saw),
`movie_id`, `kind` (of question), `prediction`, `answer`, and for grounding `span` and `predicted_span` in seconds, the
latter null where the answer names none. The score of a set is the mean over kinds of the share of exact answers; its
interval resamples movies. It runs no model; `moviellm prove` calls it as a program.
"""

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from moviellm.eval.core import cluster_bootstrap, temporal_iou
from moviellm.eval.core.grounding import THRESHOLDS
from moviellm.eval.core.resampling import Floats, bootstrap
from moviellm.generation.files import write_whole

Row = Mapping[str, Any]
Groups = dict[tuple[str, str, str], list[Row]]
"""Rows by run, set and view."""


def scores(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """One record for each run, set and view: `score`, `kinds`, `miou`, `r1`, `movies`, `questions`.

    Raises:
        ValueError: there are no rows.
    """
    groups: Groups = {}
    for row in rows:
        groups.setdefault((row["run"], row["set"], row["view"]), []).append(row)
    if not groups:
        raise ValueError("there are no predictions to score: let a model answer first")
    return [{"run": run, "set": name, "view": view, **_scored(here)} for (run, name, view), here in groups.items()]


def _scored(rows: Sequence[Row]) -> dict[str, Any]:
    kinds = list(dict.fromkeys(str(row["kind"]) for row in rows))
    by_kind = {kind: [row for row in rows if row["kind"] == kind] for kind in kinds}
    found = {kind: _interval([_exact(row) for row in own], own) for kind, own in by_kind.items()}
    spans = [row for row in rows if row.get("span") is not None]
    ious = [_iou(row) for row in spans]
    return {
        "score": _mean_of_kinds(rows, kinds),
        "kinds": found,
        "miou": _interval(ious, spans),
        "r1": {str(least): _interval([float(iou >= least) for iou in ious], spans) for least in THRESHOLDS},
        "movies": len({row["movie_id"] for row in rows}),
        "questions": len(rows),
    }


def _exact(row: Row) -> float:
    return float(row["prediction"] == row["answer"])


def _iou(row: Row) -> float:
    predicted = row.get("predicted_span")
    return 0.0 if predicted is None else temporal_iou(predicted, row["span"])


def _interval(values: Sequence[float], rows: Sequence[Row]) -> dict[str, float | None]:
    return _rounded(cluster_bootstrap(values, [row["movie_id"] for row in rows]))


def _mean_of_kinds(rows: Sequence[Row], kinds: Sequence[str]) -> dict[str, float | None]:
    """The mean over kinds of their exact matches; movies are resampled, with all their questions."""
    movies = list(dict.fromkeys(row["movie_id"] for row in rows))
    right, asked = np.zeros((2, len(movies), len(kinds)))
    for row in rows:
        place = movies.index(row["movie_id"]), kinds.index(row["kind"])
        right[place] += _exact(row)
        asked[place] += 1

    def mean(counts: Floats) -> Floats:
        with np.errstate(invalid="ignore"):
            value: Floats = ((counts @ right) / (counts @ asked)).mean(axis=1)
        return value

    return _rounded(bootstrap(mean, len(movies))._asdict())


def _rounded(interval: Mapping[str, float | None]) -> dict[str, float | None]:
    return {name: None if value is None else round(value, 4) for name, value in interval.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    """Read predictions, write scores."""
    parser = argparse.ArgumentParser(description="Scores of the proof, with intervals by movie.")
    parser.add_argument("predictions", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    lines = options.predictions.read_text(encoding="utf-8").splitlines()
    found = scores(json.loads(line) for line in lines)
    write_whole(options.out, (json.dumps(found, indent=1) + "\n").encode())


if __name__ == "__main__":
    main()
