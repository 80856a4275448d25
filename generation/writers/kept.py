"""What is computed once for many calls of a movie: results kept by the identity of what they are computed from.

    @kept
    def roster(outline): ...

The scenes of a movie are asked side by side and share its outline: the same object, which nobody changes. Comparing
two outlines would cost as much as computing anew; asking whether they are the same object costs nothing. Results are
shared too, so nobody may change them. It keeps the last few, and what they were computed from.
"""

from collections.abc import Callable
from functools import update_wrapper
from typing import Generic, ParamSpec, TypeVar

KEPT_MAX = 256
"""Results kept of each function: about two for each scene of a chapter, for the chapters that are in work."""
P = ParamSpec("P")
T = TypeVar("T")


class _Kept(Generic[P, T]):
    """A function that remembers."""

    def __init__(self, function: Callable[P, T]) -> None:
        self._function = function
        self._results: dict[tuple[object, ...], tuple[object, T]] = {}
        update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        key = tuple(item if isinstance(item, (int, str)) else id(item) for item in args)
        found = self._results.get(key)
        if found is None:
            while len(self._results) >= KEPT_MAX:
                self._results.pop(next(iter(self._results)))
            found = self._results[key] = (args, self._function(*args, **kwargs))  # the arguments live as long
        return found[1]


def kept(function: Callable[P, T]) -> Callable[P, T]:
    """A function of records and numbers, by position, that computes the same thing once."""
    return _Kept(function)
