"""Questions that count together: twins, and the groups of four of Video-MME-v2.

    twin_score([1, 1, 1, 0], ["a", "a", "b", "b"])                       # {"score": 0.5, "per_group": {...}}
    group_score([{"structure": [1, [2, 3], 4], "correct": [1, 0, 1, 0]}])

A twin question is asked of two films that differ in the one thing asked: only both answers right shows that the film
was looked at. The values of the groups of four are those of Video-MME-v2 (arXiv 2604.05015, its released scorer) over
100. Groups are known by name or by being given as groups, never by row number: one missing row moves all later groups
of the published scorer.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Final

from moviellm.eval.core.inputs import marks_of, same_length

SQUARES: Final = (0.0, 1 / 16, 4 / 16, 9 / 16, 1.0)
CHAINS: Final[dict[tuple[tuple[int, ...], ...], tuple[float, ...]]] = {
    ((1,), (2,), (3,), (4,)): SQUARES,
    ((1,), (2, 3), (4,)): (0.0, 1 / 12, 4 / 12, 7 / 12, 1.0),
    ((1, 2), (3,), (4,)): (0.0, 1 / 10, 2 / 10, 5 / 10, 1.0),
}
"""The steps of each structure, and its value for every length of the chain of right answers."""


def twin_score(correct: Sequence[int], group_ids: Sequence[Hashable]) -> dict[str, Any]:
    """The share of groups of which every item is right: twins, or any all-or-nothing groups.

    Returns:
        `score` (None without groups) and `per_group`, 1.0 or 0.0 of each, in order of first appearance.

    Raises:
        ValueError: unequal lengths, or a mark that is not 0 or 1.
    """
    same_length(marks=correct, group_ids=group_ids)
    per_group: dict[Hashable, float] = {}
    for mark, group in zip(marks_of(correct, "mark"), group_ids, strict=True):
        per_group[group] = min(per_group.get(group, 1.0), float(mark))
    return {"score": _mean(list(per_group.values())), "per_group": per_group}


def group_score(groups: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The mean value of groups of four questions.

    A group of `relevance` is worth the square of its share of right answers. In the others, questions build on each
    other: the chain counts as far as it is unbroken, and where two questions stand side by side either of them alone
    is a step of it.

    Args:
        groups: `structure`: "relevance", [1, 2, 3, 4], [1, [2, 3], 4] or [[1, 2], 3, 4]; `correct`: four marks 0/1.

    Returns:
        `score` (None without groups) and `per_group`, a list in the order given.

    Raises:
        ValueError: another structure, or not four marks.
    """
    per_group = [_value(group, f"group {at}") for at, group in enumerate(groups)]
    return {"score": _mean(per_group), "per_group": per_group}


def _value(group: Mapping[str, Any], name: str) -> float:
    if "structure" not in group or "correct" not in group:
        raise ValueError(f"{name} has the keys {sorted(map(str, group))}; it needs `structure` and `correct`")
    marks = marks_of(group["correct"], f"the mark of {name} at")
    if len(marks) != 4:
        raise ValueError(f"{name} has {len(marks)} marks; a group is four questions")
    if isinstance(group["structure"], str) and group["structure"] == "relevance":
        return SQUARES[sum(marks)]
    steps = _steps(group["structure"])
    if steps not in CHAINS:
        raise ValueError(
            f"{name} has the structure {group['structure']!r:.60}; "
            'allowed are "relevance", [1, 2, 3, 4], [1, [2, 3], 4] and [[1, 2], 3, 4]'
        )
    return CHAINS[steps][_chain(steps, marks)]


def _steps(structure: Any) -> tuple[tuple[int, ...], ...]:
    if not isinstance(structure, list | tuple):
        return ()
    return tuple(tuple(step) if isinstance(step, list | tuple) else (step,) for step in structure)


def _chain(steps: tuple[tuple[int, ...], ...], marks: list[int]) -> int:
    """How many right answers stand before the chain breaks."""
    length = 0
    for step in steps:
        right = sum(marks[number - 1] for number in step)
        length += right
        if right < len(step):
            break
    return length


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None
