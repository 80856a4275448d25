"""The `evaluate` module `mc_group`: multiple choice, where questions count alone and together.

    evaluate.load("eval/metrics/mc_group").compute(predictions=[0, 2], references=[0, 1], groups=["twins", "twins"])

A thin shell around `moviellm.eval.core`. It reads no films and asks no model.
"""

from typing import Any

import datasets
import evaluate

from moviellm.eval.core.choices import extract_choice
from moviellm.eval.core.groups import group_score, twin_score

DESCRIPTION = """
Multiple choice in groups. `accuracy` counts every question; `group_accuracy` counts a group only if every answer in it
is right: the questions of a movie, or a pair of twins, the same question asked of two films that differ in the one
thing asked. Groups of four with a structure have the values of Video-MME-v2. Groups are known by their names, never by
the order of rows.
"""
CITATION = """
@misc{videommev2,
  title  = {{Video-MME-v2}},
  year   = {2026},
  eprint = {2604.05015},
  archivePrefix = {arXiv}
}
"""
INPUTS = """
Args:
    predictions: One a question: the place of the chosen option, from 0; -1 where none was chosen. Or all of them
        texts, the answers of a model as they are; then `options` says what it could choose from.
    references: The place of the right option of each question, from 0.
    groups: The name of each question's group, a text.
    options: The texts of each question's options, in order; only for predictions that are texts.
    structures: For groups of four: from a group's name to "relevance", [1, 2, 3, 4], [1, [2, 3], 4] or [[1, 2], 3, 4];
        the four in the order in which they are given.

Returns:
    `accuracy` and `group_accuracy` from 0 to 1, `structured` with `structures`, the numbers of questions `n` and of
    groups `n_groups`, and `without_choice`, how many predictions choose nothing; those are wrong.

Examples:
    >>> import evaluate
    >>> metric = evaluate.load("eval/metrics/mc_group")
    >>> scores = metric.compute(predictions=[0, 2, 1, 1], references=[0, 1, 1, 1], groups=["a", "a", "b", "b"])
    >>> scores["accuracy"], scores["group_accuracy"]
    (0.75, 0.5)
    >>> said = ["The answer is (B).", "Failed to obtain answer via API."]
    >>> options = [["a red car", "a blue car"]] * 2
    >>> metric.compute(predictions=said, references=[1, 0], groups=["a", "b"], options=options)["accuracy"]
    0.5
"""
INDEX, TEXT = datasets.Value("int64"), datasets.Value("string")


class McGroup(evaluate.Metric):
    """Choices against choices."""

    def _info(self) -> Any:
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation=CITATION,
            inputs_description=INPUTS,
            # Texts first: the text "1" would pass as a number.
            features=[
                datasets.Features({"predictions": TEXT, "references": INDEX, "groups": TEXT}),
                datasets.Features({"predictions": INDEX, "references": INDEX, "groups": TEXT}),
            ],
            reference_urls=["https://arxiv.org/abs/2604.05015"],
        )

    def _compute(
        self,
        predictions: list[Any],
        references: list[Any],
        groups: list[Any],
        options: list[list[str]] | None = None,
        structures: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        chosen = _choices(predictions, options)
        if None in references or None in groups:
            raise ValueError("a reference or a group is missing; every question has a right option and a group")
        right = [int(choice == gold) for choice, gold in zip(chosen, references, strict=True)]
        scores = {
            "accuracy": sum(right) / len(right) if right else None,
            "group_accuracy": twin_score(right, groups)["score"],
            "n": len(right),
            "n_groups": len(set(groups)),
            "without_choice": chosen.count(None),
        }
        return scores if structures is None else scores | {"structured": _structured(right, groups, structures)}


def _choices(predictions: list[Any], options: list[list[str]] | None) -> list[int | None]:
    """The place of each chosen option; None where none was."""
    if not any(isinstance(said, str) for said in predictions):
        return [None if choice is None or choice < 0 else int(choice) for choice in predictions]
    if options is None or len(options) != len(predictions):
        count = "none" if options is None else len(options)
        raise ValueError(f"got {len(predictions)} texts and {count} lists of options; every text needs its options")
    return [extract_choice(said or "", texts) for said, texts in zip(predictions, options, strict=True)]


def _structured(right: list[int], groups: list[str], structures: dict[str, Any]) -> float | None:
    """The mean value of groups of four."""
    marks: dict[str, list[int]] = {}
    for mark, group in zip(right, groups, strict=True):
        marks.setdefault(group, []).append(mark)
    unknown = sorted(set(marks) ^ set(structures))
    if unknown:
        raise ValueError(f"`structures` and `groups` name other groups, first {unknown[:3]}; every group has one")
    given = [{"structure": structures[group], "correct": found} for group, found in marks.items()]
    score: float | None = group_score(given)["score"]
    return score
