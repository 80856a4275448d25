"""What is judged of a run: its answers to open questions, with what is right and what happens in the movie.

    material = read_material(Path("results/sees"), tasks=None, captions=captions)
    material.items[0].question, material.items[0].reference, material.items[0].answers
    paired(material, read_material(Path("results/blind"), tasks=None))     # items with the answers of both

Files alone are read: results.json and answers.jsonl of the run; for what happens, the events of its dataset. A
question that the model did not answer has None for an answer: it is wrong, and no judge is asked. It asks nobody.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from moviellm.eval.judging.facts import Captions, cited
from moviellm.eval.tasks.items import Question
from moviellm.eval.tasks.parquet_rows import open_rows
from moviellm.eval.tasks.table import Task, task_table, tasks_of
from moviellm.generation.dataset.results import rows_sha256

OPEN: Final = "open_ended"
"""The answer format that judges read."""
FACTS_MAX: Final = 200
"""Events that a judge is told of at most."""
PUBLISHED: Final = "published"
"""Version of the data of published annotations: they have no events."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """What is judged together: one answer, those of two runs, or those to two wordings of a question."""

    item_id: str
    tasks: tuple[str, ...]
    """Tasks of the run that count it."""
    family: str
    question: str
    reference: str
    answers: tuple[str | None, ...]
    """None: the model said nothing."""
    facts: tuple[str, ...]
    about: Question
    """The question as tasks have it; of a group, its first."""


@dataclass(frozen=True, kw_only=True)
class Material:
    """The open questions of a run."""

    folder: Path
    results: Mapping[str, Any]
    items: tuple[Item, ...]
    tasks: tuple[str, ...]
    """Tasks that are judged, in the order of the run."""
    answers_sha256: str
    told: bool
    """Whether the events of the dataset are known."""

    @property
    def who(self) -> dict[str, Any]:
        """The run, as judgements name it."""
        model = self.results["model"]
        return {
            "model": {name: model.get(name) for name in ("id", "kind", "revision")},
            "data": {name: self.results["data"].get(name) for name in ("dataset", "revision", "split", "rows_sha256")},
            "control": (self.results.get("frames") or {}).get("control", "none"),
            "answers_sha256": self.answers_sha256,
        }


def read_material(run: Path, *, tasks: str | None, captions: Captions | None = None) -> Material:
    """The open questions of a run.

    Args:
        tasks: Names with commas; None judges every task of the run that has open questions.
        captions: Events of the dataset by movie; None where they are not known.

    Raises:
        ValueError: the folder holds no run, or the run has no open question.
    """
    results = read_results(run)
    rows, sha256 = _answers(run)
    wanted = _tasks(run, results, tasks)
    items = []
    for row in rows:
        question = _question(row)
        mine = tuple(task.name for task in wanted if task.takes(OPEN, question.question_type, question.level))
        if row["format"] == OPEN and mine:
            items.append(_item(row, question, mine, captions))
    if not items:
        raise ValueError(
            f"{run} has no open question of {', '.join(task.name for task in wanted)}; judges read answers in words"
        )
    held = {name for item in items for name in item.tasks}
    return Material(
        folder=run,
        results=results,
        items=tuple(items),
        tasks=tuple(task.name for task in wanted if task.name in held),
        answers_sha256=sha256,
        told=captions is not None,
    )


def read_results(run: Path) -> Mapping[str, Any]:
    """results.json of a run.

    Raises:
        ValueError: there is none, or it is none.
    """
    path = run / "results.json"
    if not path.is_file():
        raise ValueError(f"{run} holds no run (no results.json); give the --out of a moviellm eval run")
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON ({error}); run the evaluation again, it keeps its answers") from None
    if not isinstance(found, dict) or not {"tasks", "model", "data"} <= set(found):
        raise ValueError(f"{path} is not of a moviellm eval run: it lacks tasks, model or data")
    return found


def _answers(run: Path) -> tuple[list[dict[str, Any]], str]:
    path = run / "answers.jsonl"
    if not path.is_file():
        raise ValueError(f"{run} holds no run (no answers.jsonl); give the --out of a moviellm eval run")
    data = path.read_bytes()
    rows = []
    for number, line in enumerate(data.decode("utf-8", errors="replace").split("\n"), 1):
        if line:
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise ValueError(f"{path}, line {number} is not JSON ({error})") from None
            if not isinstance(row, dict) or not {"id", "answer", "gold", "format", "question"} <= set(row):
                raise ValueError(f"{path}, line {number} is no answer of a moviellm eval run")
            rows.append(row)
    return rows, hashlib.sha256(data).hexdigest()


def _tasks(run: Path, results: Mapping[str, Any], text: str | None) -> list[Task]:
    """Tasks of a run that have questions in words."""
    table = task_table()
    there = [table[name] for name in results["tasks"] if name in table]
    able = [task for task in there if OPEN in task.formats and task.groups is None]
    if text is None:
        found = able
    else:
        found = [task for task in tasks_of(text) if text != "all" or task in able]
        wrong = [task.name for task in found if task not in able]
        if wrong:
            raise ValueError(
                f"--tasks {wrong[0]}: {run} has no such task with answers in words; "
                f"it has {', '.join(task.name for task in able) or 'none'}"
            )
    if not found:
        raise ValueError(
            f"{run} has no task with answers in words, only {', '.join(results['tasks'])}; judges read words"
        )
    return found


def _question(row: Mapping[str, Any]) -> Question:
    """The question of an answer's line, as far as judging needs it."""
    return Question(
        item_id=row["id"],
        movie_id=row.get("movie") or row["id"],
        family=row.get("family") or row.get("movie") or row["id"],
        answer_format=row["format"],
        question_type=row.get("type"),
        level=row.get("level") or "movie",
        group=row.get("group"),
        turn_of=None,
        text=row["question"],
        options=(),
        duration_s=float(row.get("duration_s") or 0.0),
        answer=row["gold"].get("answer") or "",
        answer_index=None,
        spans=tuple((float(start), float(end)) for start, end in row.get("evidence") or ()),
    )


def _item(row: Mapping[str, Any], question: Question, tasks: tuple[str, ...], captions: Captions | None) -> Item:
    said = row["answer"]
    spoken = isinstance(said, str) and said.strip() and "unanswered" not in row
    return Item(
        item_id=question.item_id,
        tasks=tasks,
        family=question.family,
        question=question.text,
        reference=question.answer,
        answers=(said if spoken else None,),
        facts=tuple(_facts(question, captions or {})[:FACTS_MAX]),
        about=question,
    )


def _facts(question: Question, captions: Captions) -> list[str]:
    """Events that bear on a question: those that it cites; where it is about the whole movie and cites none, all."""
    found = cited(question, captions)
    if not found and not question.spans and question.level == "movie" and question.question_type != "unanswerable":
        found = [caption for _, caption in captions.get(question.movie_id, ())]
    return list(dict.fromkeys(found))


def captions_of(place: str, results: Mapping[str, Any], revision: str | None = None) -> Captions:
    """What happens in the movies of the dataset that a run was of.

    Raises:
        ValueError: there is no such dataset, or its rows are others than those that the run was asked about.
    """
    data = results["data"]
    source = open_rows(place, revision)
    rows, wanted = rows_sha256(source.manifest.files), data.get("rows_sha256")
    if wanted is not None and rows != wanted:
        raise ValueError(
            f"--data {place} is not the dataset that was asked about: its rows are {rows[:12]}, those of the run are "
            f"{wanted[:12]} ({data.get('dataset')}, version {data.get('version')})"
        )
    found: dict[str, list[tuple[tuple[float, float], str]]] = {}
    for row in source.rows("events", str(data["split"]), ("movie_id", "span", "caption")):
        span = (float(row["span"]["start_s"]), float(row["span"]["end_s"]))
        found.setdefault(row["movie_id"], []).append((span, row["caption"]))
    return {movie: sorted(events) for movie, events in found.items()}


def paired(one: Material, other: Material) -> Material:
    """The questions that two runs have in common, with the answers of both.

    Raises:
        ValueError: there is none, or what is right has changed between them.
    """
    theirs = {item.item_id: item for item in other.items}
    common = [item for item in one.items if item.item_id in theirs]
    if not common:
        raise ValueError(f"{one.folder} and {other.folder} have no open question in common")
    changed = [item.item_id for item in common if item.reference != theirs[item.item_id].reference]
    if changed:
        raise ValueError(
            f"{len(changed)} of {len(common)} questions have other right answers in {other.folder}, the first "
            f"{changed[0]}: the runs are of two versions of the dataset; run one of them again"
        )
    items = tuple(replace(item, answers=item.answers + theirs[item.item_id].answers) for item in common)
    held = {name for item in items for name in item.tasks}
    return replace(one, items=items, tasks=tuple(name for name in one.tasks if name in held))


def wordings(items: Sequence[Item]) -> list[Item]:
    """Groups of two wordings of a question, as items with both answers; what is in no such group is left out."""
    groups: dict[str, list[Item]] = {}
    for item in items:
        if item.about.group is not None:
            groups.setdefault(item.about.group, []).append(item)
    return [
        replace(
            first,
            item_id=name,
            question=f"1. {first.question}\n2. {second.question}",
            answers=first.answers + second.answers,
        )
        for name, (first, second) in ((name, group) for name, group in groups.items() if len(group) == 2)
    ]
