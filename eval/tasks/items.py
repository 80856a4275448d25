"""The questions of a dataset as items of tasks: what is asked, what is right, what counts together.

    data = open_data("demo/MovieLLM-tiny", split="test")
    data.questions["m00011-q003"].gold                  # every question of the split
    chosen = choose(data, task_named("qa_mc"), limit=100, seed=0)

Rows of the configs `qa`, `movies` and `events` are read, pictures never. A subset is drawn by the hash of
its seed and of each question, so that a larger one holds the smaller; questions that count together stay together.
Questions that somebody found to be wrong or not shown are left out, and counted. It asks nobody: see eval/running/.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from moviellm.eval.tasks.events import Event, read_events
from moviellm.eval.tasks.parquet_rows import open_rows
from moviellm.eval.tasks.table import Task, form_of, letter_of
from moviellm.generation.dataset.results import rows_sha256

SPOILT: Final = frozenset({"wrong_or_unanswerable", "not_shown", "repeated"})
"""Flags of questions that would measure something else."""
COLUMNS: Final = (
    "movie_id", "duration_s", "question_id", "level", "question_type", "answer_format", "group_id", "turn_of",
    "question", "answer", "options", "answer_index", "evidence", "flags",
)  # fmt: skip
UNREAD_GOLD: Final = "dense captioning without events of its own"


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question with its answer."""

    item_id: str
    movie_id: str
    family: str
    """The movie, or the one it is a twin of: what intervals resample."""
    answer_format: str
    question_type: str | None
    level: str
    group: str | None
    """Questions of one group are right together or not at all."""
    turn_of: str | None
    text: str
    options: tuple[str, ...]
    duration_s: float
    answer: str
    """The right answer in words."""
    answer_index: int | None
    spans: tuple[tuple[float, float], ...]
    """Where the answer lies; for moments, the right spans."""
    events: tuple[Event, ...] = ()
    """The right events of a dense captioning question."""
    others: tuple[tuple[Event, ...], ...] = ()
    """What further people told of the same movie, each a whole list of right events."""
    withheld: bool = False
    """Whether the dataset keeps back what is right."""

    @property
    def gold(self) -> dict[str, Any]:
        """What is right, in the form of a prediction."""
        says = form_of(self.answer_format).says
        if says == "choice":
            return {"choice": None if self.answer_index is None else letter_of(self.answer_index)}
        if says == "span":
            return {"spans": [list(span) for span in self.spans]}
        if says == "events":
            others = {"others": [[event.row() for event in told] for told in self.others]} if self.others else {}
            return {"events": [event.row() for event in self.events], **others}
        return {"answer": self.answer}


@dataclass(frozen=True, kw_only=True)
class Data:
    """A split of a dataset."""

    place: str
    """As it was given: a folder or a Hub id."""
    facts: Mapping[str, Any]
    """Name, version, commit, split and hash, as results name them."""
    commit: str | None
    """Commit on the Hub; None for a folder."""
    split: str
    questions: Mapping[str, Question]
    """Every question that can be scored, by id, in the order of the dataset."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Why the others are not, by id."""
    videos: Mapping[str, Path] | None = None
    """Film files by movie, as far as they are there; None where the dataset holds its movies itself."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """What movies are called, as far as anybody says."""

    @property
    def withheld(self) -> bool:
        """Whether what is right is kept back: then answers are predictions and nothing is scored."""
        return any(question.withheld for question in self.questions.values())


def open_data(place: str, *, split: str, revision: str | None = None) -> Data:
    """Read the questions of a split.

    Raises:
        ValueError: there is no such dataset, revision or split, or it has no questions.
    """
    source = open_rows(place, revision)
    source.check_split("qa", split)
    rows = list(source.rows("qa", split, COLUMNS))
    movies = list(source.rows("movies", split, ("movie_id", "twin_of", "title")))
    families = {row["movie_id"]: row["twin_of"] or row["movie_id"] for row in movies}
    captions: dict[str, dict[tuple[float, float], str]] = {}
    if any(row["answer_format"] == "dense_captioning" for row in rows):
        for row in source.rows("events", split, ("movie_id", "span", "caption")):
            captions.setdefault(row["movie_id"], {})[_span(row["span"])] = row["caption"]
    found: dict[str, Question] = {}
    left_out: dict[str, str] = {}
    for row in rows:
        spoilt = next((flag for flag in row.get("flags") or () if flag in SPOILT), None)
        question = _question(row, families, captions.get(row["movie_id"], {}))
        if spoilt is not None or question is None:
            left_out[row["question_id"]] = f"flag {spoilt}" if spoilt else UNREAD_GOLD
        else:
            found[question.item_id] = question
    known = source.manifest
    facts = {
        "dataset": known.name if source.commit is None else place,
        "version": known.version,
        "revision": revision or source.commit or known.version,
        "commit": source.commit,
        "split": split,
        "rows_sha256": rows_sha256(known.files),
    }
    return Data(
        place=place,
        facts=facts,
        commit=source.commit,
        split=split,
        questions=found,
        left_out=left_out,
        titles={row["movie_id"]: row["title"] for row in movies if row["title"]},
    )


def _question(
    row: Mapping[str, Any], families: Mapping[str, str], captions: Mapping[tuple[float, float], str]
) -> Question | None:
    spans = tuple(_span(span) for span in row["evidence"] or ())
    events: tuple[Event, ...] = ()
    withheld = row["answer"] is None
    if row["answer_format"] == "dense_captioning" and not withheld:
        events = _events(row["answer"], spans, captions)
        if not events:
            return None
    return Question(
        item_id=row["question_id"],
        movie_id=row["movie_id"],
        family=families.get(row["movie_id"], row["movie_id"]),
        answer_format=row["answer_format"],
        question_type=row["question_type"],
        level=row["level"],
        group=row["group_id"],
        turn_of=row["turn_of"],
        text=row["question"],
        options=tuple(row["options"] or ()),
        duration_s=row["duration_s"],
        answer=row["answer"] or "",
        answer_index=row["answer_index"],
        spans=spans,
        events=events,
        withheld=withheld,
    )


def _events(
    answer: str, spans: tuple[tuple[float, float], ...], captions: Mapping[tuple[float, float], str]
) -> tuple[Event, ...]:
    """The events that a dense captioning answer tells, held against its evidence; else those of the events' rows."""
    told = read_events(answer).events
    spans = tuple(sorted(spans))
    if len(told) == len(spans) and all(_same(event.span, span) for event, span in zip(told, spans, strict=True)):
        return tuple(Event(*span, event.caption) for event, span in zip(told, spans, strict=True))
    if spans and all(span in captions for span in spans):
        return tuple(Event(*span, captions[span]) for span in spans)
    return ()


def _same(said: tuple[float, float], known: tuple[float, float]) -> bool:
    """Whether a span in words, with one decimal, is this one."""
    return all(abs(one - other) <= 0.051 for one, other in zip(said, known, strict=True))


def _span(row: Mapping[str, float]) -> tuple[float, float]:
    return (float(row["start_s"]), float(row["end_s"]))


def choose(data: Data, task: Task, *, limit: int | None = None, seed: int = 0) -> list[Question]:
    """The questions of a task, or a subset of `limit` at most, in the order of the dataset.

    Groups stay whole, so that a subset may have fewer.
    """
    mine = [q for q in data.questions.values() if task.takes(q.answer_format, q.question_type, q.level)]
    if task.groups is not None:
        kinds = group_kinds(data.questions.values())
        whole = {name for name, kind in kinds.items() if kind == task.groups}
        sizes = Counter(q.group for q in mine)
        full = Counter(q.group for q in data.questions.values())
        mine = [q for q in mine if q.group in whole and sizes[q.group] == full[q.group]]
    if limit is None:
        return mine
    units: dict[str, list[Question]] = {}
    for question in mine:
        units.setdefault(question.group or question.item_id, []).append(question)
    taken: set[str] = set()
    for name in sorted(units, key=lambda name: hashlib.sha256(f"{seed} {name}".encode()).digest()):
        if len(taken) + len(units[name]) <= limit:
            taken |= {question.item_id for question in units[name]}
    return [question for question in mine if question.item_id in taken]


def group_kinds(questions: Iterable[Question]) -> dict[str, str]:
    """Groups of two questions or more by id: `movie` where they are of one movie, `twins` where of several."""
    movies: dict[str, list[str]] = {}
    for question in questions:
        if question.group is not None:
            movies.setdefault(question.group, []).append(question.movie_id)
    return {name: "movie" if len(set(found)) == 1 else "twins" for name, found in movies.items() if len(found) > 1}
