"""What people would say of a run, from a judge's scores of all its answers and people's of some.

    labels = read_labels(Path("labels.jsonl"))              # {"m00001-q003": 1.0, ...}
    calibrated(scores, labels, families)                    # naive, people, prediction_powered, rogan_gladen
    agreement(scores, labels)                               # kappa, AC1, share of the same

A line of the file is `{"id": ..., "correct": true}`; for a share of wins `{"id": ..., "preferred": "a"}`, or a number,
`{"id": ..., "score": 0.5}`. The labelled answers must be a random part of all, or the estimates are of other answers.
Naive is the judge's mean as it stands. Prediction-powered inference and Rogan-Gladen are those of eval.core; the
interval of the latter is Lang and Reiczigel's of 2014, which counts how uncertain sensitivity and specificity are.
These two take answers as independent of each other; the naive interval resamples movies. It asks nobody.
"""

import json
from collections.abc import Mapping, Sequence
from math import sqrt
from pathlib import Path
from statistics import NormalDist
from typing import Any, Final

from moviellm.eval.core import cohen_kappa, gwet_ac1, ppi_mean, rogan_gladen, wilson
from moviellm.eval.tasks.means import Number, mean_of

Z: Final = NormalDist().inv_cdf(0.975)
SIDES: Final = {"a": 1.0, "tie": 0.5, "b": 0.0}
"""What a preference is worth for the first run."""


def read_labels(path: Path) -> dict[str, float]:
    """People's scores by id.

    Raises:
        ValueError: there is no such file, or a line is no label, or an id comes twice.
    """
    labels: dict[str, float] = {}
    for place, row in rows_of(path):
        label = label_of(row)
        if label is None or not isinstance(row.get("id"), str):
            raise ValueError(
                f'{place}: no label; a line is {{"id": "...", "correct": true}}, or with "preferred": "a", "b" or "tie", '  # noqa: E501
                'or with "score": 0 to 1'
            )
        if row["id"] in labels:
            raise ValueError(f"{place}: {row['id']} comes twice; one line an answer")
        labels[row["id"]] = label
    if not labels:
        raise ValueError(f"{path} holds no labels")
    return labels


def rows_of(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """The lines of a file of JSON objects, each with its place in words.

    Raises:
        ValueError: there is no such file, or a line is no JSON object.
    """
    if not path.is_file():
        raise ValueError(f"{path} is no file; it takes JSON lines")
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), 1):
        if not line.strip():
            continue
        place = f"{path}, line {number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{place}: no JSON ({error})") from None
        if not isinstance(row, dict):
            raise ValueError(f"{place}: no JSON object")
        found.append((place, row))
    return found


def label_of(row: Mapping[str, Any]) -> float | None:
    """What a person says in a line; None where it is no label."""
    if isinstance(row.get("correct"), bool):
        return float(row["correct"])
    if isinstance(row.get("preferred"), str):
        return SIDES.get(row["preferred"])
    score = row.get("score")
    return float(score) if isinstance(score, int | float) and not isinstance(score, bool) and 0 <= score <= 1 else None


def agreement(scores: Mapping[str, float | None], labels: Mapping[str, float]) -> dict[str, Any]:
    """How far a judge agrees with people on the answers that both have scored, beyond chance."""
    common = [name for name in labels if scores.get(name) is not None]
    people, judge = [labels[name] for name in common], [scores[name] for name in common]
    same = sum(one == other for one, other in zip(people, judge, strict=True))
    return {
        "n": len(common),
        "same": _rounded(same / len(common)) if common else None,
        "kappa": _rounded(cohen_kappa(people, judge)) if common else None,
        "ac1": _rounded(gwet_ac1([people, judge])) if common else None,
    }


def calibrated(
    scores: Mapping[str, float | None], labels: Mapping[str, float], families: Mapping[str, str]
) -> dict[str, Any]:
    """The mean of a judge's scores, and what it says of people's, with 95 % intervals.

    Args:
        scores: the judge's by id, 0 to 1; None where there is none.
        labels: people's by id, for some of them.
        families: what intervals of the naive mean resample, by id.

    Raises:
        ValueError: no answer has both.
    """
    known = {name: score for name, score in scores.items() if score is not None}
    both = [name for name in known if name in labels]
    if not both:
        raise ValueError(
            f"none of the {len(labels)} labels is of an answer that the judge scored; are the ids the run's?"
        )
    people, judge = [labels[name] for name in both], [known[name] for name in both]
    rest = [known[name] for name in known if name not in labels]
    powered = ppi_mean(people, judge, rest)
    return {
        "n": len(known),
        "labelled": len(both),
        "agreement": agreement(known, {name: labels[name] for name in both}),
        "naive": mean_of(list(known.values()), [families[name] for name in known]),
        "people": _people(people),
        "prediction_powered": {
            "value": _rounded(powered["estimate"]),
            "low": _rounded(_bounded(powered["low"])),
            "high": _rounded(_bounded(powered["high"])),
            "n": len(known),
            "weight_of_the_judge": _rounded(powered["lambda"]),
        },
        "rogan_gladen": _rogan_gladen(people, judge, rest),
    }


def _people(labels: Sequence[float]) -> Number:
    """The people's mean alone, which the others must beat."""
    found = ppi_mean(labels, labels, [])
    low, high = found["low"], found["high"]
    if set(labels) <= {0.0, 1.0}:
        low, high = wilson(int(sum(labels)), len(labels))
    return {
        "value": _rounded(found["estimate"]),
        "low": _rounded(_bounded(low)),
        "high": _rounded(_bounded(high)),
        "n": len(labels),
    }


def _rogan_gladen(people: Sequence[float], judge: Sequence[float], rest: Sequence[float]) -> dict[str, Any]:
    """Rogan and Gladen's estimate; None with a reason where it does not exist."""
    nothing: dict[str, Any] = {"value": None, "low": None, "high": None, "n": len(rest)}
    if not {*people, *judge, *rest} <= {0.0, 1.0}:
        return {**nothing, "reason": "it takes right and wrong, and there are scores between"}
    marks = [[int(mark) for mark in part] for part in (people, judge, rest)]
    found = rogan_gladen(*marks)
    rates = {name: _rounded(found[name]) for name in ("sensitivity", "specificity")}
    if found["estimate"] is None:
        reason = "no answer without a label" if not rest else "people call all labelled answers right, or all wrong"
        if found["sensitivity"] is not None and found["specificity"] is not None and rest:
            reason = "on the labelled answers the judge guesses"
        return {**nothing, **rates, "reason": reason}
    low, high = lang_reiczigel(*marks)
    return {**nothing, "value": _rounded(found["estimate"]), "low": _rounded(low), "high": _rounded(high), **rates}


def lang_reiczigel(
    people: Sequence[int], judge: Sequence[int], rest: Sequence[int]
) -> tuple[float | None, float | None]:
    """The 95 % interval of a share corrected for sensitivity and specificity that were counted, not known.

    Lang and Reiczigel 2014 (Preventive Veterinary Medicine 113, 13-22): the delta method about shares that are moved
    towards a half, with a shift. None where the moved judge guesses.
    """
    right = [mark for person, mark in zip(people, judge, strict=True) if person]
    wrong = [1 - mark for person, mark in zip(people, judge, strict=True) if not person]
    size = len(rest) + Z**2
    share = (sum(rest) + Z**2 / 2) / size
    n_right, n_wrong = len(right) + 2, len(wrong) + 2
    sensitivity, specificity = (sum(right) + 1) / n_right, (sum(wrong) + 1) / n_wrong
    apart = sensitivity + specificity - 1
    if apart <= 0:
        return None, None
    estimate = _bounded((share + specificity - 1) / apart)
    on_right = sensitivity * (1 - sensitivity) / n_right
    on_wrong = specificity * (1 - specificity) / n_wrong
    shift = 2 * Z**2 * (estimate * on_right - (1 - estimate) * on_wrong)
    spread = sqrt(share * (1 - share) / size + (1 - estimate) ** 2 * on_wrong + estimate**2 * on_right) / apart
    return _bounded(estimate + shift - Z * spread), _bounded(estimate + shift + Z * spread)


def _bounded(value: float | None) -> Any:
    return None if value is None else min(1.0, max(0.0, value))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
