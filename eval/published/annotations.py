"""What every reader of a published format makes and uses: annotations, and files read strictly.

    rows = rows_of(path, "the questions of MSVD-QA", ("id", "question", "answer", "video_id"))
    said = text_of(rows[3], "question", "row 3 of test_qa.json")

What is wrong in a file is a ValueError of one line with the file and the row. Two keys of one name, NaN and texts that
are no UTF-8 are refused. It knows no format: see the modules beside.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NoReturn

from moviellm.eval.core.inputs import number_of
from moviellm.eval.tasks.items import Question

BYTES_MAX: Final = 1 << 30
"""Largest annotation file that is read."""
LEVEL: Final = "video"
"""Level of every published question: the whole video."""
EMPTY_SPAN: Final = "its span ends before it starts"
NO_ANSWER: Final = "no answer"
WH: Final = ("what", "who", "how", "when", "where")
"""First words by which the papers of MSVD-QA and MSRVTT-QA tell questions apart."""


@dataclass
class Annotations:
    """The questions of some files, as far as they can be scored."""

    files: list[Path]
    """What the questions stand in."""
    tables: list[Path] = field(default_factory=list)
    """What else was read: names and lengths of films."""
    questions: dict[str, Question] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    """Why the others cannot be scored, by id."""
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What the file of a video may be called, without extension, by video."""

    def add(self, question: Question, where: str) -> None:
        """Take a question.

        Raises:
            ValueError: there is one of that id.
        """
        self.check(question.item_id, where)
        self.questions[question.item_id] = question

    def leave_out(self, item_id: str, reason: str, where: str) -> None:
        """Count a question that cannot be scored.

        Raises:
            ValueError: there is one of that id.
        """
        self.check(item_id, where)
        self.left_out[item_id] = reason

    def check(self, item_id: str, where: str) -> None:
        """Refuse an id that was there already."""
        if item_id in self.questions or item_id in self.left_out:
            raise ValueError(f"{where}: question {item_id!r} comes twice; which one counts cannot be told")


def asked(
    item_id: str,
    movie_id: str,
    text: str,
    answer: str,
    *,
    answer_format: str = "open_ended",
    question_type: str | None = None,
    group: str | None = None,
    duration_s: float = 0.0,
    **fields: Any,
) -> Question:
    """A question about a whole video; `duration_s` is 0 where it is not known yet, or nobody needs it."""
    return Question(
        item_id=item_id,
        movie_id=movie_id,
        family=movie_id,
        answer_format=answer_format,
        question_type=question_type,
        level=LEVEL,
        group=group,
        turn_of=None,
        text=text,
        options=(),
        duration_s=duration_s,
        answer=answer,
        answer_index=None,
        spans=fields.pop("spans", ()),
        **fields,
    )


def first_word(question: str) -> str:
    """The kind of a question by its first word, as the papers count them."""
    word = question.split(maxsplit=1)[0].casefold() if question.strip() else ""
    return word if word in WH else "other"


def moment(item_id: str, movie_id: str, sentence: str, span: tuple[float, float], duration_s: float) -> Question:
    """When something happens."""
    said = " ".join(sentence.split()).rstrip(". ")
    return asked(
        item_id,
        movie_id,
        f"When does this happen: {said}?",
        f"From {span[0]:g} to {span[1]:g} seconds.",
        answer_format="temporal_grounding",
        question_type="moment",
        duration_s=duration_s,
        spans=(span,),
    )


def files_of(text: str, kind: str, names: Sequence[str]) -> list[Path]:
    """The files that a place names: one, several with commas, or those of a folder that are called as usual.

    Args:
        text: What was written behind `KIND:`.
        kind: For errors.
        names: What the files of a folder are called; those that are there are taken.

    Raises:
        ValueError: a file is not there, or a folder has none of them.
    """
    usual = " or ".join(names)
    if not text.strip():
        raise ValueError(f"{kind}: names no file; write {kind}:FILE, such as {kind}:{names[0]}")
    whole = Path(text).expanduser()
    paths = [whole] if whole.exists() else [Path(one.strip()).expanduser() for one in text.split(",") if one.strip()]
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [path / name for name in names if (path / name).is_file()]
            if not inside:
                raise ValueError(f"the folder {path} holds no {usual}; name the annotation file of {kind}")
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise ValueError(f"no file {path}; {kind}: takes an annotation file ({usual}) or their folder")
    twice = next((path for at, path in enumerate(found) if path in found[:at]), None)
    if twice is not None:
        raise ValueError(f"{twice} is given twice; name each file once")
    return found


def read_text(path: Path) -> str:
    """A text file.

    Raises:
        ValueError: it is too large, or no text in UTF-8.
    """
    size = path.stat().st_size
    if size > BYTES_MAX:
        raise ValueError(f"{path} has {size:,} bytes; annotations have {BYTES_MAX:,} at most")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no text in UTF-8 (byte {error.start}); is it an annotation file?") from None


def read_json(path: Path) -> Any:
    """A JSON file.

    Raises:
        ValueError: it is none, or holds a number that is none, or a key twice.
    """
    text = read_text(path)
    try:
        return json.loads(text, parse_constant=_refuse, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError(f"{path} is nested too deep for an annotation file") from None
    except ValueError as error:
        raise ValueError(f"{path} is not JSON ({error})") from None


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)!r:.60} comes twice")
    return found


def rows_of(path: Path, what: str, keys: Iterable[str]) -> list[Mapping[str, Any]]:
    """The rows of a JSON list of objects.

    Raises:
        ValueError: it holds something else, no row, or a row without one of the keys.
    """
    rows, wanted = read_json(path), tuple(keys)
    if not isinstance(rows, list):
        raise ValueError(f"{path} holds {named(rows)}; {what} are a list of objects with {', '.join(wanted)}")
    for number, row in enumerate(rows):
        missing = [key for key in wanted if key not in row] if isinstance(row, dict) else list(wanted)
        if missing:
            raise ValueError(f"{path}, row {number}: no {', '.join(missing)}; {what} have {', '.join(wanted)}")
    if not rows:
        raise ValueError(f"{path} holds no rows; {what} are a list of objects")
    return rows


def named(value: Any) -> str:
    """What kind of JSON a value is, in words."""
    kinds = {dict: "an object", list: "a list", str: "a text", type(None): "null"}
    return kinds.get(type(value), f"{value!r:.40}")


def text_of(row: Mapping[str, Any], key: str, where: str) -> str:
    """A text of a row, on one line; a number is its digits.

    Raises:
        ValueError: it is something else.
    """
    value = row[key]
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"{where}: {key} is {named(value)}; it is a text")
    return " ".join(str(value).split())


def some_text(row: Mapping[str, Any], key: str, where: str) -> str:
    """A text of a row that is not empty.

    Raises:
        ValueError: it is.
    """
    text = text_of(row, key, where)
    if not text:
        raise ValueError(f"{where}: {key} is empty")
    return text


def seconds_of(value: Any, what: str) -> float:
    """A time: a finite number, 0 or later.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise ValueError(f"{what} is {value!r:.40}, not a number") from None
    number = number_of(value, what)
    if number < 0 or not math.isfinite(number):
        raise ValueError(f"{what} is {number:g}; times are seconds from 0 on")
    return number
