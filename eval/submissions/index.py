"""The test set without its answers: which ids each task has, how long their movies are, and what a bundle may hold.

    index = read_index(Path("INDEX.json"))
    index.tasks["grounding"]["g1"].duration
    write_whole(path, index_of("bench/public", benchmark="org/bench", revision=commit).text().encode())

It is public, and is made from the rows of a dataset without reading what is right.
"""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from moviellm.eval.submissions.names import HEX_40, model_id_fault

TaskName = Literal["grounding", "dense_captioning", "qa_mc", "qa_open", "movie_answers"]
TASKS: Final[tuple[TaskName, ...]] = ("grounding", "dense_captioning", "qa_mc", "qa_open", "movie_answers")
"""Tasks that a bundle may hold, in the order in which they are checked."""
INDEX_FILE: Final = "INDEX.json"
INDEX_BYTES_MAX: Final = 200_000_000
NEEDED: Final = {"grounding": "duration", "dense_captioning": "duration", "qa_mc": "n_options"}
"""What an item of a task must say."""


class Item(BaseModel):
    """What is said of one question."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    duration: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """Length of its movie in seconds; of grounding and dense captioning."""
    n_options: Annotated[int, Field(ge=1, le=26)] | None = None
    """Options of a multiple choice question."""


class Limits(BaseModel):
    """What a bundle may hold."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    max_file_bytes: Annotated[int, Field(gt=0)] = 1_000_000
    """Of one file, unpacked."""
    max_line_bytes: Annotated[int, Field(gt=0)] = 65_536
    max_events: Annotated[int, Field(gt=0)] = 100
    """Events of one prediction."""
    max_caption_chars: Annotated[int, Field(gt=0)] = 1_000
    max_answer_chars: Annotated[int, Field(gt=0)] = 4_000
    max_json_depth: Annotated[int, Field(gt=0, le=100)] = 6
    max_archive_ratio: Annotated[float, Field(gt=0)] = 100
    """Unpacked bytes for each packed one."""
    max_archive_members: Annotated[int, Field(gt=0)] = 64


class Index(BaseModel):
    """The contents of INDEX.json."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    benchmark: str
    """`namespace/name` of the benchmark's dataset."""
    revision: Annotated[str, Field(pattern=HEX_40)]
    """Commit of it."""
    tasks: Annotated[dict[TaskName, dict[str, Item]], Field(min_length=1)]
    """Items by task and id."""
    limits: Limits = Limits()

    @model_validator(mode="after")
    def _complete(self) -> "Index":
        if model_id_fault(self.benchmark):
            raise ValueError(f"benchmark is {self.benchmark!r}; it is namespace/name")
        for name, items in self.tasks.items():
            needed = NEEDED.get(name)
            lacking = [key for key, item in items.items() if needed and getattr(item, needed) is None]
            if lacking:
                raise ValueError(f"tasks.{name}.{lacking[0]} has no {needed}")
        return self

    def text(self) -> str:
        """As the file holds it: the same bytes for the same index."""
        facts = self.model_dump(mode="json", exclude_none=True)
        return json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def read_index(path: Path) -> Index:
    """Read an index file.

    Raises:
        ValueError: there is none, or it is none.
    """
    try:
        if path.stat().st_size > INDEX_BYTES_MAX:
            raise ValueError(f"{path} has more than {INDEX_BYTES_MAX} bytes; it is no index")
        return Index.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ValueError(f"no index {path} ({error.strerror}); give the {INDEX_FILE} of the benchmark") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise ValueError(f"{path} is no index: {place}: {first['msg']}") from None


def index_of(
    place: str | Path,
    *,
    benchmark: str,
    revision: str,
    split: str = "test",
    tasks: Collection[TaskName] = TASKS,
    leave_out: Collection[str] = (),
    limits: Limits | None = None,
) -> Index:
    """The index of a dataset's split. Answers are not read, so that a folder without any will do.

    Args:
        place: Dataset folder, or id on the Hub.
        benchmark: `namespace/name` under which it is published.
        revision: Commit of it, 40 hex digits.
        split: Split that is asked.
        tasks: Those that the benchmark has; one without questions is left out.
        leave_out: Ids of questions that are not asked.
        limits: What a bundle may hold; None for the usual.

    Raises:
        ValueError: there is no such split, or it has no question of the tasks.
    """
    from moviellm.eval.tasks.items import SPOILT
    from moviellm.eval.tasks.parquet_rows import open_rows
    from moviellm.eval.tasks.table import task_named

    source = open_rows(str(place))
    source.check_split("qa", split)
    columns = ("question_id", "duration_s", "answer_format", "question_type", "level", "options", "flags")
    rows = [
        row
        for row in source.rows("qa", split, columns)
        if row["question_id"] not in leave_out and not SPOILT & set(row["flags"] or ())
    ]
    found: dict[TaskName, dict[str, Item]] = {}
    for name in (name for name in TASKS if name in tasks):
        task = task_named(name)
        mine = [row for row in rows if task.takes(row["answer_format"], row["question_type"], row["level"])]
        if mine:
            found[name] = {row["question_id"]: _item(name, row) for row in mine}
    if not found:
        raise ValueError(f"{place}, split {split}, has no question of {', '.join(tasks)}")
    return Index(benchmark=benchmark, revision=revision, tasks=found, limits=limits or Limits())


def _item(task: TaskName, row: dict[str, Any]) -> Item:
    if task in ("grounding", "dense_captioning"):
        return Item(duration=row["duration_s"])
    return Item(n_options=len(row["options"])) if task == "qa_mc" else Item()
