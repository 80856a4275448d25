"""What tasks, numbers and controls are called where people read them.

    task_title("qa_mc")                         # 'Multiple choice'
    metric_title("r1@0.5")                      # 'R@1, IoU 0.5'

What is not known here is called by its own name. It decides nothing.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

_TASKS: Final = {
    "qa_open": "Open questions",
    "qa_mc": "Multiple choice",
    "grounding": "Moment grounding",
    "dense_captioning": "Dense captioning",
    "movie_qa": "Overview, plot, order",
    "movie_answers": "Whole movie",
    "dialogue": "Dialogue",
    "groups": "Groups",
    "twins": "Twins",
}
_METRICS: Final = {
    "exact_match": "exact match",
    "token_f1": "token F1",
    "accuracy": "accuracy",
    "group_accuracy": "groups all right",
    "twin_accuracy": "twins both right",
    "all_right": "all right",
    "right": "right",
    "miou": "mIoU",
    "soda_c": "SODA_c",
    "cider": "CIDEr",
    "meteor": "METEOR",
}
_AT: Final = {"r1": "R@1, IoU", "precision": "precision, tIoU", "recall": "recall, tIoU", "f1": "F1, tIoU"}


def task_title(name: str) -> str:
    """A task."""
    return _TASKS.get(name, name)


def metric_title(name: str) -> str:
    """A number."""
    head, _, at = name.partition("@")
    return f"{_AT[head]} {at}" if at and head in _AT else _METRICS.get(name, name.replace("_", " "))


def digits(number: Mapping[str, Any] | None, places: int = 3) -> str:
    """The value, or a dash."""
    return "–" if number is None or number.get("value") is None else f"{number['value']:.{places}f}"


def counted(numbers: Iterable[Mapping[str, Any] | None]) -> str:
    """How many items the numbers are of: `297`, or `20, 297` where runs have not the same."""
    found = dict.fromkeys(number["n"] for number in numbers if number is not None and number.get("value") is not None)
    return ", ".join(f"{n:,}" for n in found) or "0"


def interval(number: Mapping[str, Any] | None, places: int = 3, sign: str = "") -> str:
    """`[0.412, 0.533]`, or nothing."""
    if number is None or number.get("low") is None or number.get("high") is None:
        return ""
    return f"[{number['low']:{sign}.{places}f}, {number['high']:{sign}.{places}f}]"
