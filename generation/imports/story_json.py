"""Story files of MovieLLM and DreamFrame, read although they are broken in known ways.

    story = read_story(data)                # Story(people={"Darius": "a man ..."}, shots=[Shot(text, [lines])], ...)

The shape: `character` {name: looks}, `img_diag` [["frame" | "dialogue", text], ...], `QA` [{"Question", "Answer"}],
`overview`. Known faults, each mended and counted: commas missing between values (the prompt's own example misses
them), commas too many before a bracket, line breaks inside strings, misspelt labels (`dialgue`), labels as keys
(`{"frame": text}`). Any other fault is an error that names the line. It guesses no text.
"""

import difflib
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

COMMAS_MISSING = "story files: commas that were missing"
COMMAS_TOO_MANY = "story files: commas that were too many"
MISSPELT = "story files: labels that were misspelt"
AS_KEYS = "story files: labels that were keys"
NO_PAIR = "entries of `img_diag` that are no pair of label and text"
NO_QA = "entries of `QA` without question and answer"
EMPTY = "frames and lines without text"
LABELS = ("frame", "dialogue")
_ALIKE = 0.75
"""Similarity from which a label counts as misspelt: `dialgue` and `dialogue` have 0.93."""
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]|[^\s"\[\]{}:,]+|\s+|.', re.DOTALL)


@dataclass
class Shot:
    """A frame and the lines that follow it."""

    text: str
    lines: list[str] = field(default_factory=list)


@dataclass
class Story:
    """What a story file says."""

    people: dict[str, str]
    """Looks by name."""
    shots: list[Shot]
    questions: list[tuple[str, str]]
    """Question and answer."""
    overview: str | None
    mended: Counter[str]
    left_out: Counter[str]


def read_story(data: bytes) -> Story:
    """Read a story file.

    Raises:
        ValueError: it is no JSON although the known faults were mended, or no story.
    """
    mended: Counter[str] = Counter()
    found = parse_broken(data, mended)
    if not looks_like_story(found):
        raise ValueError("it is no story file: that has the keys `character`, `img_diag`, `QA` and `overview`")
    left_out: Counter[str] = Counter()
    people = found.get("character")
    overview = found.get("overview")
    return Story(
        people={str(name): str(looks) for name, looks in people.items()} if isinstance(people, dict) else {},
        shots=_shots(_value(found, "img_diag"), mended, left_out),
        questions=_questions(found.get("QA"), left_out),
        overview=overview if isinstance(overview, str) and overview.strip() else None,
        mended=mended,
        left_out=left_out,
    )


def looks_like_story(found: object) -> bool:
    """Whether JSON has the shape of a story."""
    return isinstance(found, dict) and isinstance(_value(found, "img_diag"), list)


def _value(found: dict[str, Any], key: str) -> Any:
    near = difflib.get_close_matches(key, [name for name in found if isinstance(name, str)], n=1, cutoff=_ALIKE)
    return found.get(near[0]) if near else None


def parse_broken(data: bytes, mended: Counter[str]) -> Any:
    """JSON whose commas are missing or too many between values, and whose strings may hold line breaks.

    Raises:
        ValueError: it is no JSON otherwise either; the message has line and column.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 text (byte {error.start})") from None
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        first = error
    repaired = _with_commas(text, mended)
    try:
        return json.loads(repaired, strict=False)
    except (ValueError, RecursionError):
        mended.clear()
        raise ValueError(f"it is no JSON, and not broken in a way that is known: {first}") from None


def _with_commas(text: str, mended: Counter[str]) -> str:
    """The text with a comma between every two values that follow each other, and none before a closing bracket."""
    out: list[str] = []
    last = -1  # place in `out` of the last token that is not white space
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token.isspace():
            out.append(token)
            continue
        before = out[last] if last >= 0 else "["
        if before not in ("[", "{", ":", ",") and token not in ("]", "}", ":", ","):
            out.insert(last + 1, ",")
            mended[COMMAS_MISSING] += 1
        elif before == "," and token in ("]", "}", ","):
            del out[last]
            mended[COMMAS_TOO_MANY] += 1
        out.append(token)
        last = len(out) - 1
    return "".join(out)


def _shots(pairs: list[Any], mended: Counter[str], left_out: Counter[str]) -> list[Shot]:
    shots: list[Shot] = []
    early: list[str] = []
    for pair in pairs:
        labelled = _labelled(pair, mended)
        if labelled is None:
            left_out[NO_PAIR] += 1
            continue
        label, text = labelled
        if not text.strip():
            left_out[EMPTY] += 1
            if label == "frame":  # it keeps its number: pictures are called by it
                shots.append(Shot(""))
        elif label == "frame":
            shots.append(Shot(text))
        else:
            (shots[-1].lines if shots else early).append(text)
    if shots:
        shots[0].lines[:0] = early
    return shots


def _labelled(pair: object, mended: Counter[str]) -> tuple[str, str] | None:
    if isinstance(pair, dict) and len(pair) == 1:
        mended[AS_KEYS] += 1
        pair = list(*pair.items())
    if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(part, str) for part in pair):
        return None
    label = pair[0].strip().casefold()
    near = difflib.get_close_matches(label, LABELS, n=1, cutoff=_ALIKE)
    if not near:
        return None
    mended[MISSPELT] += label != near[0]
    return near[0], pair[1]


def _questions(entries: object, left_out: Counter[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for entry in entries if isinstance(entries, list) else []:
        given = {str(key).strip().casefold(): value for key, value in entry.items()} if isinstance(entry, dict) else {}
        question, answer = given.get("question"), given.get("answer")
        if isinstance(question, str) and isinstance(answer, str) and question.strip() and answer.strip():
            found.append((question.strip(), answer.strip()))
        else:
            left_out[NO_QA] += 1
    return found
