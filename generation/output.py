"""What a verb prints: one JSON object or lines for people on standard output, notes on standard error.

    emit({"movies": 12}, "12 movies", as_json=True)      # {"movies": 12}
    note("stopped")
    counted(1, "movie")                                  # "1 movie"

Progress is in progress.py, errors are in cli/app.py.
"""

import json
import sys
from collections.abc import Mapping


def emit(facts: Mapping[str, object], text: str, as_json: bool) -> None:
    """Print the facts as one line of JSON, or the text."""
    print(json.dumps(facts, ensure_ascii=False) if as_json else text, flush=True)  # noqa: T201


def note(text: str) -> None:
    """Print a line beside the output, where a script does not read it."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def counted(number: int, noun: str) -> str:
    """`1 movie`, `2,000 movies`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
