"""What predictions are worth: scores of every item, and the numbers of a task with intervals by movie.

    scores = item_scores(question, reading.prediction)          # {"iou": 0.5, "r1@0.3": 1.0, ..., "right": 1.0}
    task_numbers(task, [(question, scores), ...])               # metrics, by_type, by_level: value, low, high, n

A number is the mean of the items' scores, with the BCa interval of resampled movies; a movie and its twin are
resampled together. `right` is what groups count: the right option, an exact match, a span that meets the right one by
half. The arithmetic is that of `moviellm.eval.core`. It reads no texts: see reading.py.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from moviellm.eval.core import temporal_iou
from moviellm.eval.core.grounding import reaches
from moviellm.eval.core.resampling import RESAMPLES
from moviellm.eval.tasks.answers import exact_match, token_f1
from moviellm.eval.tasks.dense import DENSE_METRICS, dense_scores, means_of_dense
from moviellm.eval.tasks.items import Question, group_kinds
from moviellm.eval.tasks.means import Number, mean_of
from moviellm.eval.tasks.table import Task, letter_of

THRESHOLDS: Final = (0.3, 0.5, 0.7)
IOU_RIGHT: Final = 0.5
"""Overlap from which a span counts as right in a group."""
RESAMPLES_OF_PARTS: Final = 2000
"""Draws of the intervals by type and level, of which there are many."""
UNKNOWN: Final = "unknown"
"""Type of a question where nobody said it."""
METRICS: Final[Mapping[str, tuple[str, ...]]] = {
    "open_ended": ("exact_match", "token_f1"),
    "multiple_choice": ("accuracy",),
    "temporal_grounding": ("miou", *(f"r1@{t}" for t in THRESHOLDS)),
    "dense_captioning": DENSE_METRICS,
}
"""Numbers of a task whose questions are all of one format."""
GROUP_METRICS: Final = {"movie": "group_accuracy", "twins": "twin_accuracy"}
Scores = Mapping[str, float]
Scored = tuple[Question, Scores]


def item_scores(question: Question, prediction: Mapping[str, Any]) -> dict[str, float]:
    """The scores of one prediction, each 0 to 1 (CIDEr 0 to 10); what holds nothing scores 0."""
    return _SCORERS[question.answer_format](question, prediction)


def _open(question: Question, prediction: Mapping[str, Any]) -> dict[str, float]:
    said = str(prediction["answer"])
    match = exact_match(question, said)
    return {"exact_match": match, "token_f1": max(match, token_f1(question.answer, said)), "right": match}


def _choice(question: Question, prediction: Mapping[str, Any]) -> dict[str, float]:
    assert question.answer_index is not None
    right = float(prediction["choice"] == letter_of(question.answer_index))
    return {"accuracy": right, "right": right}


def _grounding(question: Question, prediction: Mapping[str, Any]) -> dict[str, float]:
    """Where several spans are right, the one that fits best counts."""
    span = prediction["span"]
    iou = 0.0 if span is None else max((temporal_iou(span, gold) for gold in question.spans), default=0.0)
    hits = {f"r1@{threshold}": float(reaches(iou, threshold)) for threshold in THRESHOLDS}
    return {"miou": iou, **hits, "right": float(reaches(iou, IOU_RIGHT))}


def _dense(question: Question, prediction: Mapping[str, Any]) -> dict[str, float]:
    golds = [[event.row() for event in told] for told in (question.events, *question.others)]
    return dense_scores(prediction["events"], golds)


_SCORERS: Final[Mapping[str, Callable[[Question, Mapping[str, Any]], dict[str, float]]]] = {
    "open_ended": _open,
    "multiple_choice": _choice,
    "temporal_grounding": _grounding,
    "dense_captioning": _dense,
}


def metrics_of(task: Task) -> tuple[str, ...]:
    """Names of a task's numbers, groups aside."""
    if task.groups is not None:
        return ()
    return METRICS[task.formats[0]] if len(task.formats) == 1 else ("right",)


def task_numbers(task: Task, scored: Sequence[Scored], sizes: Mapping[str | None, int]) -> dict[str, Any]:
    """The numbers of a task, over all its questions, by question type, and by level.

    `sizes`: how many questions each group has in the dataset; one of which some are not here is not counted.
    """
    numbers: dict[str, Any] = {"headline": task.headline, "metrics": _numbers(task, scored, sizes, RESAMPLES)}
    numbers["by_type"] = _parts(task, scored, sizes, lambda question: question.question_type or UNKNOWN)
    numbers["by_level"] = _parts(task, scored, sizes, lambda question: question.level)
    if task.formats == ("multiple_choice",) and scored:
        chances = [1.0 / len(question.options) for question, _ in scored]
        numbers["chance"] = {"accuracy": round(sum(chances) / len(chances), 6)}
    return numbers


def _parts(
    task: Task, scored: Sequence[Scored], sizes: Mapping[str | None, int], part: Callable[[Question], str]
) -> dict[str, dict[str, Number]]:
    parts: dict[str, list[Scored]] = {}
    for pair in scored:
        parts.setdefault(part(pair[0]), []).append(pair)
    return {name: _numbers(task, parts[name], sizes, RESAMPLES_OF_PARTS) for name in sorted(parts)}


def _numbers(
    task: Task, scored: Sequence[Scored], sizes: Mapping[str | None, int], resamples: int
) -> dict[str, Number]:
    families = [question.family for question, _ in scored]
    if task.groups is not None:
        return {"all_right": _groups(scored, task.groups, sizes, resamples)}
    if task.formats == ("dense_captioning",):
        return means_of_dense([scores for _, scores in scored], families, resamples)
    found = {name: mean_of([scores[name] for _, scores in scored], families, resamples) for name in metrics_of(task)}
    for kind, name in GROUP_METRICS.items():
        number = _groups(scored, kind, sizes, resamples)
        found |= {name: number} if number["n"] else {}
    return found


def _groups(scored: Iterable[Scored], kind: str, sizes: Mapping[str | None, int], resamples: int) -> Number:
    """The share of whole groups of a kind of which all is right."""
    found = _of_groups(scored, kind, sizes).values()
    return mean_of([value for value, _ in found], [family for _, family in found], resamples)


def _of_groups(scored: Iterable[Scored], kind: str, sizes: Mapping[str | None, int]) -> dict[str, tuple[float, str]]:
    """Whole groups of a kind: 1.0 where all is right, and its family; of chances, their product."""
    pairs = list(scored)
    kinds = group_kinds(question for question, _ in pairs)
    here = Counter(question.group for question, _ in pairs)
    whole = {name for name, found in kinds.items() if found == kind and here[name] == sizes[name]}
    found: dict[str, tuple[float, str]] = {}
    for question, scores in pairs:
        if question.group in whole:
            before = found.get(question.group, (1.0, ""))[0]
            found[question.group] = (before * scores["right"], question.family)
    return found


def headline_values(
    task: Task, scored: Sequence[Scored], sizes: Mapping[str | None, int]
) -> dict[str, tuple[float, str]]:
    """What a task's first number is the mean of: the value of each question or group, and its family."""
    if task.groups is not None:
        return _of_groups(scored, task.groups, sizes)
    return {question.item_id: (scores[task.headline], question.family) for question, scores in scored}
