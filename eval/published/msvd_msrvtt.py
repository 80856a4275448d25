"""MSVD-QA and MSRVTT-QA (Xu et al. 2017, ACM Multimedia): one JSON list of questions, each with one short answer.

    read_msvd("MSVD-QA/test_qa.json")               # a row: {"id": 39, "video_id": 1451, "question", "answer"}
    read_msrvtt("MSRVTT-QA/test_qa.json")           # the same with category_id

Videos of MSRVTT are called `video7010`. Those of MSVD are called after YouTube; `youtube_mapping.txt` (lines
`NAME vid1451`) beside the annotations, or named behind a comma, tells which is which; without it they are sought as
`vid1451`. The type of a question is its first word, as in the paper.
"""

from pathlib import Path
from typing import Any, Final

from moviellm.eval.published.annotations import (
    NO_ANSWER,
    Annotations,
    asked,
    files_of,
    first_word,
    named,
    read_text,
    rows_of,
    some_text,
    text_of,
)

MAPPING: Final = "youtube_mapping.txt"
KEYS: Final = ("id", "question", "answer", "video_id")


def read_msvd(place: str) -> Annotations:
    """The questions of MSVD-QA.

    Raises:
        ValueError: a file is not what it should be.
    """
    files = files_of(place, "msvd-qa", ("test_qa.json",))
    tables = [path for path in files if path.suffix == ".txt"]
    files = [path for path in files if path.suffix != ".txt"]
    if not files:
        raise ValueError(
            f"msvd-qa:{place} names no file of questions; name test_qa.json, and {MAPPING} behind a comma"
        )
    tables = tables or [path for path in {file.parent / MAPPING: None for file in files} if path.is_file()]
    found = _read(files, "MSVD-QA", "vid")
    known = {movie: name for table in tables for movie, name in _mapping(table).items()}
    if known:
        unknown = [movie for movie in found.names if movie not in known]
        if unknown:
            raise ValueError(
                f"{tables[0]} does not name {unknown[0]} and {len(unknown) - 1} more; is it that of MSVD?"
            )
        found.names = {movie: (known[movie], movie) for movie in found.names}
    found.tables = tables
    return found


def read_msrvtt(place: str) -> Annotations:
    """The questions of MSRVTT-QA.

    Raises:
        ValueError: a file is not what it should be.
    """
    return _read(files_of(place, "msrvtt-qa", ("test_qa.json",)), "MSRVTT-QA", "video")


def _read(files: list[Path], dataset: str, prefix: str) -> Annotations:
    found = Annotations(list(files))
    for path in files:
        for number, row in enumerate(rows_of(path, f"the questions of {dataset}", KEYS)):
            where = f"{path}, row {number}"
            item_id, answer = some_text(row, "id", where), text_of(row, "answer", where)
            movie = f"{prefix}{_number(row['video_id'], prefix, where)}"
            found.names.setdefault(movie, (movie,))
            if not answer:
                found.leave_out(item_id, NO_ANSWER, where)
                continue
            question = some_text(row, "question", where)
            found.add(asked(item_id, movie, question, answer, question_type=first_word(question)), where)
    return found


def _number(value: Any, prefix: str, where: str) -> int:
    """The number of a video: `7010`, `"7010"` or `"video7010"`."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    digits = value.removeprefix(prefix) if isinstance(value, str) else ""
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 9):
        told = repr(value)[:40] if isinstance(value, (str, int, float)) else named(value)
        raise ValueError(f"{where}: video_id is {told}; it is the number of a video")
    return int(digits)


def _mapping(path: Path) -> dict[str, str]:
    """Names of films by `vidN`."""
    found: dict[str, str] = {}
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if not line.strip():
            continue
        parts = line.split()
        if len(parts) != 2:
            raise ValueError(f"{path}, line {number}: {line.strip()!r:.60}; a line is NAME vidN")
        name, movie = parts
        if found.setdefault(movie, name) != name:
            raise ValueError(f"{path}, line {number}: {movie} is {found[movie]} already")
    return found
