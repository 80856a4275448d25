"""What all scores ask of their input: finite numbers, spans of two times, marks of 0 and 1, equal lengths.

    span_of([3, 7.5], "the prediction of q1")        # (3.0, 7.5)

What is wrong is a ValueError that says what came and what is allowed; nothing is mended or guessed.
"""

import importlib
import math
from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any


def number_of(value: Any, what: str) -> float:
    """A finite number; booleans and texts are none.

    Raises:
        ValueError: it is none.
    """
    kind = type(value)
    if kind is not float and kind is not int and (not isinstance(value, Real) or kind.__name__.startswith("bool")):
        raise ValueError(f"{what} is {value!r:.60}, not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{what} is {number}; only finite numbers count")
    return number


def numbers_of(values: Iterable[Any], what: str) -> list[float]:
    """Finite numbers, in order."""
    return [number_of(value, f"{what} {at}") for at, value in enumerate(values)]


def span_of(span: Any, what: str) -> tuple[float, float]:
    """Start and end of a span in seconds; it may be empty or reversed.

    Raises:
        ValueError: not two finite numbers.
    """
    if isinstance(span, str | bytes | dict) or not hasattr(span, "__len__") or len(span) != 2:
        raise ValueError(f"{what} is {span!r:.60}; a span is two times in seconds, (start_s, end_s)")
    return number_of(span[0], f"the start of {what}"), number_of(span[1], f"the end of {what}")


def marks_of(values: Iterable[Any], what: str) -> list[int]:
    """Marks of 0 and 1; True and False are allowed here.

    Raises:
        ValueError: another value.
    """
    marks = list(values)
    for at, mark in enumerate(marks):
        if isinstance(mark, str | bytes) or mark is None or mark not in (0, 1):
            raise ValueError(f"{what} {at} is {mark!r:.60}; a mark is 0 or 1")
    return [int(mark) for mark in marks]


def same_length(**lists: Sequence[Any]) -> int:
    """The length that all have.

    Raises:
        ValueError: they differ.
    """
    lengths = {name: len(values) for name, values in lists.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{length} {name}" for name, length in lengths.items())
        raise ValueError(f"got {told}; they belong together one by one")
    return next(iter(lengths.values()))


def library(name: str) -> Any:
    """A library of the extra `eval`, imported when it is needed.

    Raises:
        ValueError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ValueError(f"{name.split('.')[0]} is needed and absent: pip install 'moviellm[eval]'") from error
