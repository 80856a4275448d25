"""The predictions of one task, row by row: ids, fields, spans, letters, texts.

    reader = TaskReader("grounding", index.tasks["grounding"], index.limits, problems, "predictions/grounding.jsonl")
    row = reader.row({"id": "g1", "span": [1.0, 2.0]}, 1)       # as it counts, or None
    reader.close()                                              # the ids that are missing

A row counts as it was sent, but for the end of a span that passes its movie by 1 % at most, which is the movie's end,
and the separator of old captioning programs in texts. What is kept of it (canonical.py) must not be longer than a line
and a file may be, or it could not be read again. It reads no file: see lines.py and parquet_rows.py.
"""

import hashlib
import math
from collections.abc import Mapping
from typing import Any, Final

from moviellm.eval.submissions.index import Item, Limits, TaskName
from moviellm.eval.submissions.problems import Problems, shown
from moviellm.eval.submissions.texts import is_blank, neutral, text_faults
from moviellm.generation.schema import canonical_json

FIELDS: Final[Mapping[TaskName, str]] = {
    "grounding": "span",
    "dense_captioning": "events",
    "qa_mc": "choice",
    "qa_open": "answer",
    "movie_answers": "answer",
}
"""The field of a prediction, beside its id."""
OVER: Final = 0.01
"""Part of the duration by which the end of a span may pass it."""
SLACK_S: Final = 1e-9
IDS_SHOWN: Final = 20
Said = dict[tuple[str, str], tuple[TaskName, bytes]]
"""By field and id: the task in which it was predicted first, and the hash of what."""


class TaskReader:
    """The rows of one task."""

    def __init__(
        self,
        task: TaskName,
        items: Mapping[str, Item],
        limits: Limits,
        problems: Problems,
        where: str,
        said: Said | None = None,
    ) -> None:
        """`said` is shared by the tasks of a bundle: a question of two tasks has one prediction."""
        self.task = task
        self._said: Said = {} if said is None else said
        self._bytes = 0
        self._items, self._limits, self._problems, self._file = items, limits, problems, where
        self._seen: set[str] = set()
        self._where = where
        self._good = True

    def row(self, row: Mapping[str, Any], number: int) -> dict[str, Any] | None:
        """A row as it counts; None where it has errors."""
        self._where, self._good = f"{self._file}:{number}", True
        name = self._id(row)
        field = FIELDS[self.task]
        for key in [key for key in row if key not in ("id", field)]:
            self._bad("E009", f"{shown(key)} is no field of {self.task}; it has id and {field}")
        if field not in row:
            self._bad("E008", f"no field {field}")
            return None
        item = self._items.get(name or "", Item())
        found = {"id": name, field: _READERS[self.task](self, row[field], item)}
        if self._good:
            self._keep(field, found)
        return found if self._good else None

    def note(self, code: str, number: int, message: str) -> None:
        """A row that could not be read."""
        self._problems.add(code, f"{self._file}:{number}", message, file=self._file)

    def _keep(self, field: str, row: dict[str, Any]) -> None:
        """Hold what is kept of a row against the limits, and against what another task says of its question."""
        kept = canonical_json(row).encode()
        self._bytes += len(kept) + 1
        if len(kept) > self._limits.max_line_bytes:
            self._bad("E015", f"a line of {len(kept)} bytes as it is kept; at most {self._limits.max_line_bytes}")
        task, before = self._said.setdefault((field, row["id"]), (self.task, hashlib.sha256(kept).digest()))
        if before != hashlib.sha256(kept).digest():
            self._bad("E006", f"{shown(row['id'])} has another {field} in {task}; one question has one {field}")

    def close(self) -> None:
        """Say which ids are missing, and whether all of it is too long to be kept."""
        if self._bytes > self._limits.max_file_bytes:
            most = self._limits.max_file_bytes
            self._problems.add("E015", self._file, f"{self._bytes} bytes as it is kept; at most {most} are allowed")
        missing = [name for name in self._items if name not in self._seen]
        if missing:
            some = ", ".join(map(shown, missing[:IDS_SHOWN])) + (", ..." if len(missing) > IDS_SHOWN else "")
            self._problems.add("E007", self._file, f"{len(missing)} of {len(self._items)} ids are missing: {some}")

    def _bad(self, code: str, message: str) -> None:
        self._good = self._good and code.startswith("W")
        self._problems.add(code, self._where, message, file=self._file)

    def _id(self, row: Mapping[str, Any]) -> str | None:
        name = row.get("id")
        if not isinstance(name, str):
            self._bad("E008", "no field id" if "id" not in row else f"id is {_kind(name)}; it is a text")
            return None
        if name not in self._items:
            self._bad("E005", f"{shown(name)} is no id of {self.task}")
            return None
        if name in self._seen:
            self._bad("E006", f"{shown(name)} comes a second time")
        self._seen.add(name)
        return name

    def _span(self, value: Any, item: Item) -> list[float] | None:
        if value is None:
            self._bad("W102", "no span")
            return None
        return self._times(value, item)

    def _times(self, value: Any, item: Item) -> list[float] | None:
        numbers = value if isinstance(value, list) else []
        if len(numbers) != 2 or not all(_is_number(number) for number in numbers):
            self._bad("E008", f"a span is [start_s, end_s], two numbers; got {shown(_short(value))}")
            return None
        start, end = (float(number) for number in numbers)
        if not (math.isfinite(start) and math.isfinite(end)):
            self._bad("E003", f"the span [{start}, {end}] is not finite")
            return None
        if end < start:
            self._bad("E010", f"the span ends before it starts: [{start:g}, {end:g}]")
        elif end == start:
            self._bad("W102", f"the span [{start:g}, {end:g}] is empty")
        return self._inside(start, end, item.duration)

    def _inside(self, start: float, end: float, duration: float | None) -> list[float]:
        if start < 0 or (duration is not None and (start > duration or end > duration * (1 + OVER) + SLACK_S)):
            bound = "" if duration is None else f"; the movie has {duration:g} s"
            self._bad("E011", f"the span [{start:g}, {end:g}] is out of range{bound}")
        elif duration is not None and end > duration:
            self._bad("W101", f"the end {end:g} s is read as {duration:g} s")
            return [start, duration]
        return [start, end]

    def _events(self, value: Any, item: Item) -> list[dict[str, Any]]:
        if not isinstance(value, list):
            self._bad("E008", f"events is {_kind(value)}; it is a list")
            return []
        if not value:
            self._bad("W102", "no events")
        if len(value) > self._limits.max_events:
            self._bad("E012", f"{len(value)} events; at most {self._limits.max_events} are allowed")
            value = value[: self._limits.max_events]
        return [self._event(event, item) for event in value]

    def _event(self, value: Any, item: Item) -> dict[str, Any]:
        if not isinstance(value, dict):
            self._bad("E008", f"an event is {_kind(value)}; it is an object with span and caption")
            return {}
        for key in [key for key in value if key not in ("span", "caption")]:
            self._bad("E009", f"{shown(key)} is no field of an event; it has span and caption")
        span = caption = None
        if "span" in value:
            span = self._times(value["span"], item)
        else:
            self._bad("E008", "an event has no span")
        if isinstance(value.get("caption"), str):
            caption = self._text(value["caption"], self._limits.max_caption_chars, required=True)
        else:
            self._bad("E008", f"the caption of an event is {_kind(value.get('caption'))}; it is a text")
        return {"span": span, "caption": caption}

    def _choice(self, value: Any, item: Item) -> str | None:
        if value is None:
            self._bad("W102", "no choice")
            return None
        if not isinstance(value, str):
            self._bad("E008", f"choice is {_kind(value)}; it is a letter or null")
            return None
        letters = [chr(ord("A") + place) for place in range(item.n_options or 26)]
        if value not in letters:
            self._bad("E027", f"choice is {shown(value)}; the options are {letters[0]} to {letters[-1]}")
        return value

    def _answer(self, value: Any, item: Item) -> str | None:
        if not isinstance(value, str):
            self._bad("E008", f"answer is {_kind(value)}; it is a text, empty where there is none")
            return None
        if is_blank(value):
            self._bad("W102", "no answer")
        return self._text(value, self._limits.max_answer_chars, required=False)

    def _text(self, text: str, most: int, *, required: bool) -> str:
        for code, message in text_faults(text, most=most, required=required):
            self._bad(code, message)
        return neutral(text)


_READERS: Final[Mapping[TaskName, Any]] = {
    "grounding": TaskReader._span,
    "dense_captioning": TaskReader._events,
    "qa_mc": TaskReader._choice,
    "qa_open": TaskReader._answer,
    "movie_answers": TaskReader._answer,
}


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _kind(value: Any) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a text", list: "a list", dict: "an object"}
    return "null" if value is None else names.get(type(value), type(value).__name__)


def _short(value: Any) -> str:
    """Some of a value, without writing all of it."""
    return repr(value[:4] if isinstance(value, (list, str)) else value)
