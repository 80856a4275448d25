"""Questions in one file and answers in another: ActivityNet-QA, and the zero-shot files of Video-ChatGPT's followers.

    read_activitynet("activitynet-qa/dataset")          # test_q.json and test_a.json of the folder
    read_zero_shot("MSVD_Zero_Shot_QA/test_q.json")     # the answers beside it are found

A question is {"video_name", "question_id", "question"}, an answer {"question_id", "answer", "type"}. They are paired
by id, wherever they stand. ActivityNet-QA (Yu et al. 2019, AAAI) leaves `v_` off the names of videos, and numbers nine
types; where there is no type, the first word of a question is.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from moviellm.eval.published.annotations import (
    NO_ANSWER,
    Annotations,
    asked,
    files_of,
    first_word,
    rows_of,
    some_text,
    text_of,
)

TYPES: Final = (
    "motion", "spatial relation", "temporal relation", "yes/no", "colour", "object", "location", "number", "other",
)  # fmt: skip
"""Types of ActivityNet-QA by their numbers."""
USUAL: Final = ("test_q.json", "test_a.json")
PREFIX: Final = "v_"


def read_activitynet(place: str) -> Annotations:
    """The questions of ActivityNet-QA.

    Raises:
        ValueError: a file is not what it should be, or questions and answers do not fit.
    """
    found = _read(place, "activitynet-qa", prefix=PREFIX)
    found.names = {movie: (movie, movie.removeprefix(PREFIX)) for movie in found.names}
    return found


def read_zero_shot(place: str) -> Annotations:
    """Questions and answers of any dataset in the same two files.

    Raises:
        ValueError: a file is not what it should be, or questions and answers do not fit.
    """
    return _read(place, "zero-shot-qa", prefix="")


def _read(place: str, kind: str, prefix: str) -> Annotations:
    asked_in, told_in = _two(place, kind)
    answers: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for number, row in enumerate(rows_of(told_in, f"the answers of {kind}", ("question_id", "answer"))):
        where = f"{told_in}, row {number}"
        item_id = some_text(row, "question_id", where)
        if item_id in answers:
            raise ValueError(f"{where}: the answer to {item_id!r} comes twice; which one counts cannot be told")
        answers[item_id] = (where, row)
    found = Annotations([asked_in, told_in])
    keys = ("question_id", "question", "video_name")
    for number, row in enumerate(rows_of(asked_in, f"the questions of {kind}", keys)):
        where = f"{asked_in}, row {number}"
        item_id = some_text(row, "question_id", where)
        if item_id not in answers:
            raise ValueError(f"{where}: question {item_id!r} has no answer in {told_in}; are the two of one split?")
        movie = prefix + some_text(row, "video_name", where).removeprefix(prefix)
        found.names.setdefault(movie, (movie,))
        answer = text_of(answers[item_id][1], "answer", answers[item_id][0])
        if not answer:
            found.leave_out(item_id, NO_ANSWER, where)
            continue
        question = some_text(row, "question", where)
        found.add(asked(item_id, movie, question, answer, question_type=_type(answers[item_id], question)), where)
    missing = [name for name in answers if name not in found.questions and name not in found.left_out]
    if missing:
        raise ValueError(f"{told_in}: {len(missing)} answers have no question in {asked_in}, the first {missing[0]!r}")
    return found


def _type(answer: tuple[str, Mapping[str, Any]], question: str) -> str:
    where, row = answer
    if row.get("type") is None:
        return first_word(question)
    number = text_of(row, "type", where)
    if not (number.isascii() and number.isdecimal() and int(number) < len(TYPES)):
        raise ValueError(f"{where}: type is {number!r:.40}; it is a number from 0 to {len(TYPES) - 1}")
    return TYPES[int(number)]


def _two(place: str, kind: str) -> tuple[Path, Path]:
    """The file of questions and that of answers; of one that is named, the other lies beside it."""
    files = files_of(place, kind, USUAL)
    if len(files) == 1:
        name = files[0].name
        swapped = {"_q.": "_a.", "_a.": "_q."}
        other = next((name.replace(one, two) for one, two in swapped.items() if one in name), None)
        if other is None or not (files[0].parent / other).is_file():
            wanted = other or "the file of answers"
            raise ValueError(f"{files[0]}: {wanted} is not beside it; write {kind}:QUESTIONS.json,ANSWERS.json")
        files.append(files[0].parent / other)
    if len(files) != 2:
        raise ValueError(f"{kind}: takes a file of questions and one of answers, got {len(files)} files")
    first = rows_of(files[0], f"the questions of {kind}", ("question_id",))
    return (files[1], files[0]) if "answer" in first[0] and "question" not in first[0] else (files[0], files[1])
