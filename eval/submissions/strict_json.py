"""One line of JSON, read without trust: nothing of it is repaired, guessed or allowed to grow.

    line = read_object('{"id": "g1", "span": [1, 2]}', depth_max=6)
    line.value, line.faults                     # ({...}, []); None with the codes where it cannot be read

Depth and the length of numbers are looked at before Python's parser sees the text; duplicate keys and numbers that are
not finite, also by overflow, are found while it reads. It knows no tasks.
"""

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any, Final

from moviellm.eval.submissions.problems import shown
from moviellm.eval.submissions.texts import Fault

DIGITS_MAX: Final = 18
"""Significant digits of a number; a double has 17."""
NUMBER_CHARS_MAX: Final = 32
_TOKENS: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[{]|[\]}]|[-+]?[0-9][0-9.eE+-]*+', re.DOTALL)
_RAW_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x0c\x0e-\x1f]")
_KINDS: Final = {list: "list", str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


@dataclass
class Line:
    """What was read."""

    value: dict[str, Any] | None = None
    """None where it cannot be read."""
    faults: list[Fault] = field(default_factory=list)


def read_object(text: str, *, depth_max: int) -> Line:
    """The object that a text is."""
    line = Line(faults=_faults_before(text, depth_max))
    if line.faults:
        return line
    if raw := _RAW_CONTROL.search(text):
        line.faults.append(("E014", f"U+{ord(raw[0]):04X} at character {raw.start() + 1} is a control character"))
    try:
        value = json.loads(
            text,
            parse_constant=lambda name: _not_finite(line, name),
            parse_float=lambda number: _float(line, number),
            object_pairs_hook=lambda pairs: _once(line, pairs),
        )
    except RecursionError:
        line.faults.append(("E025", "nested too deep to be read"))
        return line
    except ValueError as error:
        reason = getattr(error, "msg", str(error))
        line.faults.append(("E002", f"no JSON: {reason} at character {getattr(error, 'pos', 0) + 1}"))
        return line
    if not isinstance(value, dict):
        line.faults.append(("E002", f"a JSON {_KINDS.get(type(value), 'value')}, not an object"))
    elif not line.faults:
        line.value = value
    return line


def _faults_before(text: str, depth_max: int) -> list[Fault]:
    """What must not reach the parser."""
    depth = deepest = 0
    faults: list[Fault] = []
    for found in _TOKENS.finditer(text):
        token = found[0]
        if token in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif token in "]}":
            depth -= 1
        elif token[0] != '"' and not faults and is_long(token):
            faults.append(("E026", f"the number {shown(token)} has more than {DIGITS_MAX} digits"))
    if deepest > depth_max:
        faults.append(("E025", f"nested {deepest} deep; at most {depth_max} are allowed"))
    return faults


def is_long(number: str) -> bool:
    """Whether a number is written with more digits than a double holds."""
    mantissa = re.split("[eE]", number, maxsplit=1)[0]
    digits = re.sub(r"\D", "", mantissa).lstrip("0")
    return len(digits) > DIGITS_MAX or len(number) > NUMBER_CHARS_MAX


def _not_finite(line: Line, name: str) -> None:
    line.faults.append(("E003", f"{name} is no finite number"))


def _float(line: Line, number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        line.faults.append(("E003", f"{shown(number)} is too large to be a finite number"))
    return value


def _once(line: Line, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                line.faults.append(("E004", f"the key {shown(name)} comes twice"))
                break
            seen.add(name)
    return value
