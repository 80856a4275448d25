"""What people say of answers: the labels that a judge is held against before it may judge.

    labels = read_labels(["labels.jsonl", "built-in"])      # a file of JSON lines; the set that is shipped
    labels.answers, labels.pairs                            # labelled right or wrong; labelled which is better

A line holds all that a judge gets, and what a person says of it:

    {"id": "a1", "question": "...", "reference": "...", "facts": ["..."], "answer": "...", "correct": true}
    {"id": "p1", "question": "...", "reference": "...", "answers": ["...", "..."], "preferred": "b"}

The built-in set is written by hand and labelled by who wrote it: clear cases about small made-up movies. A judge that
fails there is unfit; one that passes was not yet held against people. It asks nobody: see gate.py.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from moviellm.eval.judging.calibration import rows_of
from moviellm.generation.config.recipe import read_yaml
from moviellm.generation.schema import canonical_json

BUILT_IN: Final = "built-in"
"""Names the labels that are shipped, where a file can be named."""
BUILT_IN_VERSION: Final = 1
"""Bump when a line of gate_labels.yaml changes; gates of two versions asked different things."""
_SIDES: Final = {">": "a", "<": "b", "=": "tie"}
Text = Annotated[str, Field(min_length=1, max_length=20_000)]


class Label(BaseModel):
    """One answer, or a pair of them, with what people say of it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)

    id: Annotated[str, Field(min_length=1, max_length=200)]
    question: Text
    reference: Text
    """The answer that is known to be right."""
    facts: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """What happens in the movie, as far as it bears on the question."""
    answer: Annotated[str, Field(max_length=20_000)] | None = None
    answers: Annotated[tuple[str, str], Field(strict=False)] | None = None
    """Two answers, in place of one."""
    correct: bool | None = None
    """Of one answer: whether it is right."""
    preferred: Literal["a", "b", "tie"] | None = None
    """Of two answers: whether the first is better, the second, or neither."""
    movie: str | None = None
    """What intervals resample together; answers to one question where there is none."""
    kind: str | None = None
    """How the answer is right or wrong, in a word."""
    note: str | None = None
    """For people; nobody is asked with it."""

    @model_validator(mode="after")
    def _one_or_two(self) -> "Label":
        one = self.answer is not None and self.correct is not None
        two = self.answers is not None and self.preferred is not None
        given = sum(value is not None for value in (self.answer, self.answers, self.correct, self.preferred))
        if given != 2 or one == two:
            raise ValueError('it takes "answer" with "correct" (true or false), or "answers" with "preferred"')
        return self

    @property
    def is_pair(self) -> bool:
        """Whether it holds two answers."""
        return self.answers is not None

    @property
    def shown(self) -> tuple[str, ...]:
        """The answers that a judge gets."""
        return self.answers or (self.answer or "",)

    @property
    def family(self) -> str:
        """What intervals resample with it."""
        return self.question if self.movie is None else f"movie {self.movie}"


@dataclass(frozen=True)
class Labels:
    """All labels of a gate."""

    sources: tuple[str, ...]
    """Names of the files, without folders, or `built-in`."""
    answers: tuple[Label, ...]
    pairs: tuple[Label, ...]

    @property
    def sha256(self) -> str:
        """Hash of what the judge gets and what people say."""
        rows = [label.model_dump(exclude={"note"}) for label in (*self.answers, *self.pairs)]
        return hashlib.sha256(canonical_json(rows).encode()).hexdigest()

    @property
    def only_built_in(self) -> bool:
        """Whether nobody but the authors of this package has labelled them."""
        return self.sources == (BUILT_IN,)


def read_labels(sources: Sequence[str]) -> Labels:
    """The labels of files and of the built-in set, together.

    Raises:
        ValueError: there is no such file, a line is no label, an id comes twice, or two lines contradict each other.
    """
    found: dict[str, Label] = {}
    said: dict[str, tuple[str, Any]] = {}
    for source in sources:
        for place, label in built_in() if source == BUILT_IN else _of_file(Path(source)):
            if label.id in found:
                raise ValueError(f"{place}: {label.id} comes twice; an id is of one line")
            asked = canonical_json([label.question, label.reference, list(label.facts), list(label.shown)])
            before, verdict = said.setdefault(asked, (label.id, (label.correct, label.preferred)))
            if verdict != (label.correct, label.preferred):
                raise ValueError(f"{place}: {label.id} contradicts {before}, which is the very same; settle it")
            found[label.id] = label
    names = tuple(source if source == BUILT_IN else Path(source).name for source in sources)
    rows = tuple(found.values())
    return Labels(names, tuple(row for row in rows if not row.is_pair), tuple(row for row in rows if row.is_pair))


def _of_file(path: Path) -> Iterator[tuple[str, Label]]:
    empty = True
    for place, row in rows_of(path):
        empty = False
        try:
            yield place, Label.model_validate(row)
        except ValidationError as error:
            raise ValueError(f"{place}: {_fault(error, row)}; see docs/judge_gate.md") from None
    if empty:
        raise ValueError(f"{path} holds no labels")


def _fault(error: ValidationError, row: dict[str, Any]) -> str:
    fault = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "missing" and "question" not in row:
        return "it has no question: a label holds all that the judge gets, ids alone are not enough"
    if fault["type"] == "extra_forbidden":
        return f"there is no key {where!r:.60}; keys are {', '.join(Label.model_fields)}"
    message = str(fault["msg"]).removeprefix("Value error, ")
    return f"{where}: {message}" if where else message


@cache
def built_in() -> tuple[tuple[str, Label], ...]:
    """The labels that are shipped, each with its place in words."""
    text = (files("moviellm.eval.judging") / "gate_labels.yaml").read_text(encoding="utf-8")
    made = []
    for movie in read_yaml(text, "gate_labels.yaml"):
        for number, row in enumerate(movie["questions"], 1):
            made += _of_question(movie, row, f"{movie['movie']}-{number}")
    return tuple((f"{BUILT_IN}, {label.id}", label) for label in made)


def _of_question(movie: dict[str, Any], row: dict[str, Any], name: str) -> list[Label]:
    """The labels of one question of the built-in set: its answers, then its pairs."""
    shared = {"question": row["question"], "reference": row["reference"], "facts": movie["facts"]}
    texts = {kind: text.strip() for side in ("right", "wrong") for kind, text in row[side].items()}
    made = [
        Label.model_validate(
            {**shared, "id": f"{name}-{kind}", "answer": text, "correct": kind in row["right"], "kind": kind}
        )
        for kind, text in texts.items()
    ]
    for pair in row["pairs"]:
        first, sign, second = pair.split()
        answers = (texts[first], texts[second])
        fields = {"id": f"{name}-{first}-{second}", "answers": answers, "preferred": _SIDES[sign], "kind": pair}
        made.append(Label.model_validate({**shared, **fields}))
    return made
