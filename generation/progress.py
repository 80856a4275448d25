"""Progress of long work on standard error: a bar on a terminal, plain lines elsewhere.

    with progress("making", total=240, unit="cells") as advance:
        advance(1)

Both say rate and time left. Nothing is printed for work that ends within two seconds. It measures nothing for reports.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

QUIET_S = 2.0
"""Work that is over by then prints nothing."""
LINE_EVERY_S = 5.0
"""Plain lines come this far apart."""


@contextmanager
def progress(
    label: str, total: int, unit: str, spent: Callable[[], str] = lambda: ""
) -> Iterator[Callable[[int], None]]:
    """Yield a function that takes the number of units just finished.

    Args:
        spent: says what it has cost so far; empty where nothing costs.
    """
    if sys.stderr.isatty():
        with _bar(label, total, unit, spent) as advance:
            yield advance
    else:
        yield _lines(label, total, unit, spent)


def _lines(label: str, total: int, unit: str, spent: Callable[[], str]) -> Callable[[int], None]:
    start = time.monotonic()
    done, next_line = 0, start + QUIET_S

    def advance(count: int) -> None:
        nonlocal done, next_line
        done += count
        now = time.monotonic()
        if now >= next_line and done < total:
            rate = done / (now - start)
            left = f"{(total - done) / rate:.0f} s left" if rate else "no estimate yet"
            said = ", ".join(filter(None, (f"{label}: {done}/{total} {unit}, {rate:.1f}/s, {left}", spent())))
            print(said, file=sys.stderr, flush=True)  # noqa: T201
            next_line = now + LINE_EVERY_S

    return advance


@contextmanager
def _bar(label: str, total: int, unit: str, spent: Callable[[], str]) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[spent]}"),
    )
    start = time.monotonic()
    done = 0
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total, rate="", spent="")

        def advance(count: int) -> None:
            nonlocal done
            done += count
            rate = done / max(time.monotonic() - start, 1e-9)
            bar.update(task, advance=count, rate=f"{rate:.1f}/s", spent=spent())

        yield advance


class WholeSteps:
    """For work that comes in fractions: hands whole units on, and keeps the rest for the next time."""

    def __init__(self, advance: Callable[[int], None]) -> None:
        self._advance, self._rest = advance, 0.0

    def __call__(self, units: float) -> None:
        """Take what was just done."""
        whole = int(self._rest + units)
        self._rest += units - whole
        if whole:
            self._advance(whole)
