"""Controls of a run: which there are, which of them a model can be asked for, and what seeing is worth beside them.

    names, left_out = controls_for("all", asked=True, titles=True)      # ("random", ..., "oracle"), {}
    gain = visual_gain(task, mine, rows, {"random": ..., "question-only": ...}, sizes)
    gain["value"], gain["best_blind"], gain["detectable"]

Of `BLIND` nothing is seen: the visual gain of a task is its first number less that of the best of them, question by
question. It asks nobody: see asking.py for what a model is asked, guesses.py for the others.
"""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from moviellm.eval.core import clustered_se
from moviellm.eval.running.films import Control
from moviellm.eval.running.results import Row
from moviellm.eval.tasks.items import Question
from moviellm.eval.tasks.means import POWER_Z, difference_of, rounded
from moviellm.eval.tasks.scoring import headline_values
from moviellm.eval.tasks.table import Task

SHOWN: Final[tuple[Control, ...]] = (
    "question-only", "title-only", "dialogue-only", "single-frame", "shuffled", "reversed",
)  # fmt: skip
"""A model is asked again, and shown less or something else."""
GUESSED: Final = ("random", "majority", "oracle")
"""No model is asked: these are made of every run unless it is told otherwise."""
CONTROLS: Final = ("random", "majority", *SHOWN, "oracle")
"""All, in the order of tables."""
BLIND: Final = ("random", "majority", "question-only", "title-only", "dialogue-only")
"""Nothing is seen."""
FROM_FILE: Final = "the answers of a file are given already; ask a model for it"
NO_TITLES: Final = "nobody says what these movies are called"


def controls_for(text: str | None, *, asked: bool, titles: bool) -> tuple[tuple[str, ...], dict[str, str]]:
    """The controls of `--controls`, in the order of tables, and why others of them cannot be had.

    Args:
        text: Names with commas, `all`, `none`; None: those that ask no model.
        asked: Whether there is a model to ask.
        titles: Whether anybody says what movies are called.

    Raises:
        ValueError: one is unknown, or one that was named cannot be had.
    """
    wanted = _named(text)
    reasons: dict[str, str] = {name: FROM_FILE for name in SHOWN if not asked}
    if not titles:
        reasons.setdefault("title-only", NO_TITLES)
    left_out = {name: reasons[name] for name in CONTROLS if name in wanted and name in reasons}
    if left_out and text != "all":
        name, reason = next(iter(left_out.items()))
        raise ValueError(f"--controls {name}: {reason}")
    return tuple(name for name in CONTROLS if name in wanted and name not in left_out), left_out


def _named(text: str | None) -> set[str]:
    if text is None:
        return set(GUESSED)
    if text in ("all", "none"):
        return set(CONTROLS) if text == "all" else set()
    names = {name.strip() for name in text.split(",") if name.strip()}
    for name in sorted(names - set(CONTROLS)):
        near = difflib.get_close_matches(name, CONTROLS, n=1, cutoff=0.5)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"no control {name!r}{meant} There are {', '.join(CONTROLS)}, all and none")
    if not names:
        raise ValueError(f"--controls names none; write none, all, or some of {', '.join(CONTROLS)}")
    return names


def visual_gain(
    task: Task,
    questions: Sequence[Question],
    rows: Mapping[str, Row],
    controls: Mapping[str, Mapping[str, Row]],
    sizes: Mapping[str | None, int],
) -> dict[str, Any] | None:
    """What a model's first number of a task is above that of the best blind control; None without one.

    Args:
        task: The task.
        questions: Its questions.
        rows: What the model said, by question.
        controls: The same of each control.
        sizes: How many questions each group has in the dataset.
    """

    def values(of: Mapping[str, Row]) -> dict[str, tuple[float, str]]:
        pairs = [(of[one.item_id].question, of[one.item_id].scores) for one in questions]
        return headline_values(task, pairs, sizes)

    mine = values(rows)
    blind = {name: values(controls[name]) for name in BLIND if name in controls}
    if not mine or not blind:
        return None
    best = max(blind, key=lambda name: sum(value for value, _ in blind[name].values()))
    gaps = [value - blind[best][name][0] for name, (value, _) in mine.items()]
    families = [family for _, family in mine.values()]
    error = clustered_se(gaps, families)
    return {
        "metric": task.headline,
        "best_blind": best,
        **difference_of(gaps, families),
        "detectable": rounded(POWER_Z * error) if error else None,
    }
