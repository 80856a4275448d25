"""A file of predictions as JSON objects, line by line, never more than a line of it in memory.

    read_lines(pieces, reader, limits, problems, "predictions/grounding.jsonl", keep)

A byte order mark, CRLF and a blank last line are tolerated; the rest is told line by line, and the next is read.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from moviellm.eval.submissions.index import Limits
from moviellm.eval.submissions.problems import Problems, Refused
from moviellm.eval.submissions.rows import TaskReader
from moviellm.eval.submissions.strict_json import read_object

BOM: Final = b"\xef\xbb\xbf"
Keep = Callable[[dict[str, Any]], None]
"""Takes a row as it counts."""


def read_lines(
    pieces: Iterable[bytes], reader: TaskReader, limits: Limits, problems: Problems, where: str, keep: Keep
) -> None:
    """Read a file to its end, or to where it must not be read on."""
    number, blank_at = 0, 0
    try:
        for number, line in enumerate(lines_of(pieces, limits.max_line_bytes), 1):
            if number == 1 and line is not None and line.startswith(BOM):
                problems.add("W103", where, "a byte order mark at the beginning")
                line = line[len(BOM) :]
            if blank_at:
                reader.note("E002", blank_at, "a blank line")
                blank_at = 0
            if line is not None and not line.strip():
                blank_at = number
                continue
            _read(line, number, reader, limits, keep)
    except Refused as refused:
        problems.add(refused.code, where, refused.message)
        return
    if number == 0 or (number == 1 and blank_at):
        problems.add("E029", where, "the file is empty")


def _read(line: bytes | None, number: int, reader: TaskReader, limits: Limits, keep: Keep) -> None:
    if line is None:
        reader.note("E015", number, f"a line of more than {limits.max_line_bytes} bytes")
        return
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        reader.note("E001", number, f"byte {line[error.start]:#04x} at {error.start + 1} is not valid UTF-8")
        return
    found = read_object(text, depth_max=limits.max_json_depth)
    for code, message in found.faults:
        reader.note(code, number, message)
    if found.value is not None and (row := reader.row(found.value, number)) is not None:
        keep(row)


def lines_of(pieces: Iterable[bytes], most: int) -> Iterator[bytes | None]:
    """Lines without their ends; None for one of more than `most` bytes, whose bytes are let go."""
    held = bytearray()
    long = False
    for piece in pieces:
        *whole, rest = piece.split(b"\n")
        for part in whole:
            held += part if not long else b""
            ended = bytes(held[:-1] if held.endswith(b"\r") else held)
            yield None if long or len(ended) > most else ended
            held.clear()
            long = False
        long = long or len(held) + len(rest) > most + 1
        held += rest if not long else b""
        if long:
            held.clear()
    if held or long:
        yield None if long or len(held) > most else bytes(held)
