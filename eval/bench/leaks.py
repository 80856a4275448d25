"""Whether a public folder holds a label of test: columns that must be empty, and answers in every text of every file.

    for leak in label_leaks(Path("BENCH/public"), Path("BENCH/private")): ...    # nothing, or the build is refused

First by place: a withheld column of a row of test has no value, and a picture no texts or tags. Then by content:
sentences and spans of the answers are looked for in every text of the folder, JSON, YAML and SVG included. An answer
is allowed where a question needs it: among options, in questions, in what is said, in a title. So it finds what was
copied, not what can be inferred.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from moviellm.eval.bench.picture_file import bare
from moviellm.eval.bench.withholding import SHOWN, TYPES_SHOWN
from moviellm.generation.dataset.checks.parquet import read_rows
from moviellm.generation.dataset.features import FEATURES

CANARY_COLUMN: Final = "canary"
SHORT: Final = 25
"""Characters below which an answer is a word or a name, which films and options are full of."""
INPUTS: Final = frozenset({"question", "options", "text", "title", "subtitles_srt", "subtitles_vtt"})
"""Columns in which answers may be said: what a model is given."""
_GOLD_KEY: Final = re.compile(r'"(answer|answer_index|evidence|gold|form)"\s*:')


def label_leaks(public: Path, private: Path) -> Iterator[str]:
    """What is wrong, as it is found."""
    answers: dict[str, str] = {}
    for path in sorted((private / "qa").glob("test-*.parquet")):
        for row in read_rows(path, ["question_id", "answer"]):
            if row["answer"] and len(row["answer"]) >= SHORT:
                answers.setdefault(_plain(row["answer"]), row["question_id"])
    for path in sorted((private / "events").glob("test-*.parquet")):
        for row in read_rows(path, ["event_id", "caption"]):
            if len(row["caption"]) >= SHORT:
                answers.setdefault(_plain(row["caption"]), row["event_id"])
    for path in sorted(public.rglob("*")):
        if not path.is_file():
            continue
        where = path.relative_to(public).as_posix()
        if path.suffix == ".parquet":
            config, _, name = where.partition("/")
            if name.startswith("test-"):
                yield from _rows(path, where, config, answers)
        else:
            yield from _file(path, where, answers)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).strip(" .")


def _rows(path: Path, where: str, config: str, answers: dict[str, str]) -> Iterator[str]:
    shown = SHOWN.get(config, frozenset())
    columns = pq.read_schema(path).names
    hidden = [name for name in columns if name not in shown and name != CANARY_COLUMN]
    yield from (f"{where}: column {name} is not of the schema" for name in hidden if name not in FEATURES[config])
    for row in read_rows(path):
        name = next(str(row[key]) for key in ("question_id", "keyframe_id", "line_id", "movie_id") if row.get(key))
        yield from (f"{where}: {name} has a value in {column}" for column in hidden if row[column] is not None)
        if config == "qa" and row["question_type"] not in {None, *TYPES_SHOWN}:
            yield f"{where}: {name} says its type, {row['question_type']}"
        image = row.get("image")
        if image is not None and bare(image["bytes"]) != image["bytes"]:
            yield f"{where}: the picture of {name} holds texts or tags beside what it shows"
        for column in shown - INPUTS:
            for text in _texts(row[column]):
                yield from _said(text, f"{where}: {name}, {column}", answers)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _file(path: Path, where: str, answers: dict[str, str]) -> Iterator[str]:
    text = path.read_bytes().decode("utf-8", errors="ignore")
    yield from _said(text, where, answers)
    if path.suffix == ".json" and path.name not in {"features.json"} and (found := _GOLD_KEY.search(text)):
        yield f"{where}: it has a key {found[1]!r}"


def _said(text: str, where: str, answers: dict[str, str]) -> Iterator[str]:
    plain = _plain(text)
    for answer, item in answers.items():
        if len(answer) <= len(plain) and answer in plain:
            yield f"{where}: it says what {item} is about: {answer[:60]!r}"
            return
