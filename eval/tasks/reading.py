"""What a model said becomes a prediction: an option's letter, a span, events, or words; or a reason why there is none.

    reading = read_text(question, "It is B, the map.")          # Reading({"choice": "B"}, None)
    reading = read_text(question, "I cannot say.")              # Reading({"choice": None}, "no option, or several")
    reading = read_row(question, {"id": "m0-q3", "choice": "B"})    # a line of a predictions file

Predictions have the form of a submission: no span ends before it starts or lies outside its movie, no text holds a
control character. A prediction that holds nothing is scored 0 and counted with its reason. It scores nothing itself.
"""

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from moviellm.eval.core import extract_choice, extract_span
from moviellm.eval.core.answers import answer_part
from moviellm.eval.tasks.events import EVENTS_MAX, Event, read_events
from moviellm.eval.tasks.items import Question
from moviellm.eval.tasks.table import Times, form_of, letter_of

ANSWER_MAX: Final = 4000
"""Characters of an answer in words."""
NO_CHOICE: Final = "no option, or several"
NO_SPAN: Final = "no span"
REVERSED: Final = "span ends before it starts"
OUTSIDE: Final = "span outside the movie"
NO_EVENTS: Final = "no events"
NO_WORDS: Final = "no words"
_SEPARATORS: Final = re.compile(r"[\s\x1c-\x1f\x85\u2028\u2029]+")


@dataclass(frozen=True)
class Reading:
    """What was made of an answer."""

    prediction: dict[str, Any]
    """One field: `answer`, `choice`, `span` or `events`."""
    reason: str | None
    """Why it holds nothing; None where it does."""


def nothing(question: Question, reason: str) -> Reading:
    """The prediction of a question that was not answered."""
    says = form_of(question.answer_format).says
    empty: dict[str, Any] = {"answer": "", "events": []}
    return Reading({says: empty.get(says)}, reason)


def read_text(question: Question, text: str, times: Times = "seconds") -> Reading:
    """What a model's free text predicts."""
    says = form_of(question.answer_format).says
    scale = question.duration_s / 100.0 if times == "index" else 1.0
    if says == "choice":
        place = extract_choice(text, list(question.options))
        return nothing(question, NO_CHOICE) if place is None else Reading({"choice": letter_of(place)}, None)
    if says == "span":
        found = extract_span(text)
        if found is None:
            return nothing(question, NO_SPAN)
        return _span(question, found[0] * scale, found[1] * scale)
    if says == "events":
        told = [Event(one.start_s * scale, one.end_s * scale, one.caption) for one in read_events(text).events]
        return _events(question, told)
    words = clean(answer_part(text))[:ANSWER_MAX]
    return Reading({"answer": words}, None) if words else nothing(question, NO_WORDS)


def read_row(question: Question, row: Mapping[str, Any]) -> Reading:
    """What a line of a predictions file says; a text in `answer` is read as a model's.

    Raises:
        ValueError: it holds something else than the question's answer format wants.
    """
    says = form_of(question.answer_format).says
    if isinstance(row.get("answer"), str):
        return read_text(question, row["answer"])
    if says not in row:
        raise ValueError(f"{question.item_id}: a prediction of {question.answer_format} has {says!r}, or `answer`")
    value = row[says]
    if value is None:
        return nothing(question, "null")
    if says == "choice":
        letters = [letter_of(place) for place in range(len(question.options))]
        if value not in letters:
            raise ValueError(f"{question.item_id}: choice is one of {', '.join(letters)} or null, got {value!r}")
        return Reading({"choice": value}, None)
    if says == "span":
        return _span(question, *_times(question, value))
    if says == "events" and isinstance(value, list):
        return _events(question, [_event(question, one) for one in value])
    raise ValueError(f"{question.item_id}: {says} cannot be {type(value).__name__}")


def _event(question: Question, row: Any) -> Event:
    if not isinstance(row, Mapping) or not isinstance(row.get("caption"), str):
        raise ValueError(f"{question.item_id}: an event is {{span: [start_s, end_s], caption: text}}, got {row!r:.80}")
    return Event(*_times(question, row.get("span")), row["caption"])


def _times(question: Question, value: Any) -> tuple[float, float]:
    numbers = value if isinstance(value, list) else []
    known = [float(n) for n in numbers if isinstance(n, (int, float)) and not isinstance(n, bool)]
    if len(numbers) != 2 or len(known) != 2 or not all(math.isfinite(n) for n in known):
        raise ValueError(f"{question.item_id}: a span is [start_s, end_s] in seconds or null, got {value!r:.80}")
    return known[0], known[1]


def _span(question: Question, start_s: float, end_s: float) -> Reading:
    if end_s <= start_s:
        return nothing(question, REVERSED)
    if start_s < 0 or start_s >= question.duration_s:
        return nothing(question, OUTSIDE)
    return Reading({"span": [start_s, min(end_s, question.duration_s)]}, None)


def _events(question: Question, told: list[Event]) -> Reading:
    """Events inside the movie, by start."""
    inside = [
        Event(one.start_s, min(one.end_s, question.duration_s), clean(one.caption))
        for one in sorted(told)
        if 0 <= one.start_s < min(one.end_s, question.duration_s) and clean(one.caption)
    ]
    if not inside:
        return nothing(question, NO_EVENTS)
    return Reading({"events": [event.row() for event in inside[:EVENTS_MAX]]}, None)


def clean(text: str) -> str:
    """Words on one line, without control and direction characters."""
    kept = _SEPARATORS.sub(" ", text)
    return "".join(char for char in kept if unicodedata.category(char) not in {"Cc", "Cf", "Cs"}).strip()
