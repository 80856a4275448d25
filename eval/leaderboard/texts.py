"""Texts of anybody as the leaderboard's page shows them, and the few links that it makes.

    shown("a\\u202eb", 64)                      # 'a⟨U+202E⟩b', one line
    model_link("org/model")                     # "https://huggingface.co/org/model"; None for what is no model id

Markup is escaped by the templates, which escape everything; plots escape for themselves. Links are made of names that
were held against their pattern, and lead to the Hub only.
"""

import math
from typing import Any, Final

from moviellm.eval.reporting.showing_text import one_line, visible
from moviellm.eval.submissions.names import model_id_fault

HUB: Final = "https://huggingface.co"
NAME_MAX: Final = 64
DASH: Final = "–"


def shown(text: object, most: int = NAME_MAX) -> str:
    """A text as one line, without what steers the reader's program."""
    return one_line("" if text is None else text, most)


def whole(text: object, most: int = 20_000) -> str:
    """A text with its lines."""
    found = visible("" if text is None else text)
    return found if len(found) <= most else f"{found[:most]}…"


def model_link(model_id: object) -> str | None:
    """The page of a model."""
    return f"{HUB}/{model_id}" if isinstance(model_id, str) and model_id_fault(model_id) is None else None


def number(value: object, places: int = 3, sign: bool = False) -> str:
    """A number in digits, or a dash."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return DASH
    return f"{value:+.{places}f}".replace("-", "−") if sign else f"{value:.{places}f}".replace("-", "−")


def interval(low: Any, high: Any, places: int = 3, sign: bool = False) -> str:
    """`[0.412, 0.533]`, or nothing."""
    ends = (number(low, places, sign), number(high, places, sign))
    return "" if DASH in ends else f"[{ends[0]}, {ends[1]}]"


def ranks(low: int, high: int) -> str:
    """`2–4`, or `3`."""
    return f"{low}" if low == high else f"{low}–{high}"


def percent(value: float, low: float = 0.0, high: float = 1.0) -> str:
    """Where a value stands on an axis, for a style sheet."""
    return f"{100 * max(0.0, min(1.0, (value - low) / (high - low))):.2f}%"
