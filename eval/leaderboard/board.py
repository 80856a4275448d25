"""The results of a leaderboard, read for its page: rows, baselines, and what is only told.

    board = read_board(place.look())            # results/SHA256/entry.json and items.jsonl, baselines/NAME.json
    board.rows["3f..."].number("qa_mc")         # the task's first number, or None
    board.items["3f..."]                        # {task: {item id: (family, score)}}, for ranks and pairs

A file that cannot be read costs its own row and nothing else; `board.unread` says which and why. Names and texts are
as somebody wrote them: whoever shows them escapes them. It ranks nothing.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from moviellm.eval.leaderboard.places import Look
from moviellm.eval.tasks.table import task_table

# As entries.py writes them; it is the worker's, and brings along what asks judges.
RESULTS: Final = "results"
BASELINES: Final = "baselines"
ENTRY: Final = "entry.json"
ITEMS: Final = "items.jsonl"
TRANSCRIPTS: Final = "transcripts.jsonl"
FILE_BYTES_MAX: Final = 64_000_000
"""Of one file of results; a larger one is not read."""
READERS: Final = 8
"""Files that are read at a time."""
_ENTRY: Final = re.compile(rf"{RESULTS}/[0-9a-f]{{8,64}}/{re.escape(ENTRY)}")
_BASELINE: Final = re.compile(rf"{BASELINES}/[A-Za-z0-9_.-]+\.json")
Items = dict[str, dict[str, tuple[str, float]]]
"""Task -> item -> (movie, a twin's that of its original, score)."""
Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True, protected_namespaces=())


class Number(_Model):
    """A number with its interval."""

    value: Finite | None = None
    low: Finite | None = None
    high: Finite | None = None
    n: int = 0


class TaskNumbers(_Model):
    """The numbers of a task."""

    metrics: dict[str, Number] = {}


class ModelFacts(_Model):
    """What was declared of a model."""

    id: str = ""
    revision: str | None = None
    parameters_b: Finite | None = None
    base_model: str | None = None


class Inputs(_Model):
    """What the model saw of a movie."""

    frames: Finite | None = None
    fps: Finite | None = None
    max_pixels: Finite | None = None
    subtitles: str | None = None
    audio: bool | None = None


def _model(value: Any) -> Any:
    return {"id": value} if isinstance(value, str) else value or {}


def _judged(value: Any) -> Any:
    """Tasks of each judgement, wherever they stand."""
    if not isinstance(value, Mapping):
        return {}
    return {name: told.get("tasks", told) if isinstance(told, Mapping) else {} for name, told in value.items()}


class Judgement(_Model):
    """How far a judge's numbers can be relied on."""

    valid: bool = True


class Entry(_Model):
    """A row: a submission, or a baseline."""

    sha256: str = ""
    """Of a submission; the name of a baseline."""
    submitter: str | None = None
    display_name: str = ""
    model: Annotated[ModelFacts, BeforeValidator(_model)] = ModelFacts()
    track: str | None = None
    inputs: Annotated[Inputs, BeforeValidator(lambda value: value or {})] = Inputs()
    training_data: list[str | float] | None = None
    benchmark: str | None = None
    benchmark_revision: str | None = None
    scored_at: str | None = None
    seen_test_inputs: bool | None = None
    tasks: dict[str, TaskNumbers] = {}
    judged: Annotated[dict[str, dict[str, TaskNumbers]], BeforeValidator(_judged)] = {}
    judgements: dict[str, Judgement] = {}
    """By the judges' names in `judged`."""
    judges_left_out: str | None = None
    """Why models did not judge."""
    is_baseline: bool = False

    @property
    def name(self) -> str:
        """What the row is called."""
        return self.display_name or self.model.id or self.sha256

    def number(self, task: str) -> Number | None:
        """The task's first number; None where it has none."""
        told = self.tasks.get(task)
        found = told.metrics.get(headline(task, told.metrics)) if told else None
        return found if found is not None and found.value is not None else None


@dataclass(kw_only=True)
class Board:
    """Everything that a page shows of results."""

    rows: dict[str, Entry] = field(default_factory=dict)
    """Submissions by hash."""
    baselines: dict[str, Entry] = field(default_factory=dict)
    items: dict[str, Items] = field(default_factory=dict)
    """Scores of items, by hash."""
    unread: list[str] = field(default_factory=list)
    """What could not be read, and why."""
    look: Look | None = None
    """What it was read from."""
    sha256: str = ""
    """Of all that was read: the same for the same results."""

    @property
    def tasks(self) -> list[str]:
        """Tasks that some row has a number of, in the order of the benchmark."""
        known = list(task_table())
        entries = [*self.rows.values(), *self.baselines.values()]
        found = {task for entry in entries for task in entry.tasks if entry.number(task)}
        return sorted(found, key=lambda name: (known.index(name) if name in known else len(known), name))

    def entry(self, key: str) -> Entry | None:
        """A row or a baseline."""
        return self.rows.get(key) or self.baselines.get(key)

    def transcripts(self, item: str) -> Iterator[tuple[Entry, dict[str, Any]]]:
        """What judges were asked and said about an item, row by row; a file that cannot be read says nothing."""
        for sha256, entry in self.rows.items():
            data = None if self.look is None else _read(self.look, f"{RESULTS}/{sha256}/{TRANSCRIPTS}")
            try:
                found = [line for line in _lines(data or b"", item) if line.get("item_id") == item]
            except (ValueError, RecursionError):
                continue
            yield from ((entry, line) for line in found)


def headline(task: str, metrics: Mapping[str, Any]) -> str:
    """The metric that is shown first."""
    known = task_table().get(task)
    return known.headline if known is not None and known.headline in metrics else next(iter(metrics), "")


def read_board(look: Look) -> Board:
    """Read what a place of results holds; one that holds nothing yet is an empty board."""
    board = Board(look=look)
    known = [path for path in sorted(look.files) if _ENTRY.fullmatch(path) or _BASELINE.fullmatch(path)]
    items = [path.replace(ENTRY, ITEMS) for path in known if path.endswith(f"/{ENTRY}")]
    with ThreadPoolExecutor(READERS) as readers:
        files = dict(zip([*known, *items], readers.map(lambda path: _read(look, path), [*known, *items]), strict=True))
    told = hashlib.sha256()
    for path, data in files.items():
        told.update(f"{path}\0{len(data or b'')}\0".encode() + (data or b""))
    board.sha256 = told.hexdigest()
    for path in known:
        entry = _entry(path, files[path], board)
        if entry is None:
            continue
        if path.startswith(f"{BASELINES}/"):
            name = Path(path).stem
            told_name = {"sha256": name, "display_name": entry.display_name or name, "is_baseline": True}
            board.baselines[name] = entry.model_copy(update=told_name)
        elif any(entry.number(task) for task in entry.tasks):
            sha256 = path.split("/")[1]
            board.rows[sha256] = entry.model_copy(update={"sha256": sha256})
            board.items[sha256] = _items(path.replace(ENTRY, ITEMS), files[path.replace(ENTRY, ITEMS)], board)
    return board


def _read(look: Look, path: str) -> bytes | None:
    return None if look.files.get(path, 0) > FILE_BYTES_MAX else look.read(path)


def _entry(path: str, data: bytes | None, board: Board) -> Entry | None:
    try:
        if data is None:
            raise ValueError("too large")
        return Entry.model_validate(json.loads(data))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        board.unread.append(f"{path}: {place}: {first['msg']}")
    except (ValueError, RecursionError) as error:
        board.unread.append(f"{path}: {type(error).__name__}")
    return None


def _items(path: str, data: bytes | None, board: Board) -> Items:
    """Scores of a row's items; none where the file is not whole."""
    found: Items = {}
    try:
        for line in _lines(data or b""):
            score = float(line["score"])
            if not math.isfinite(score):
                raise ValueError("a score is not finite")
            family = str(line.get("family") or line["movie_id"])
            found.setdefault(str(line["task"]), {})[str(line["item_id"])] = (family, score)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        board.unread.append(f"{path}: {type(error).__name__}")
        return {}
    return found


def _lines(data: bytes, holding: str = "") -> Iterator[dict[str, Any]]:
    """Objects of JSON lines; with `holding` only of lines in which the text stands."""
    for text in data.decode(errors="replace").split("\n"):
        if text.strip() and (not holding or holding in text or json.dumps(holding)[1:-1] in text):
            line = json.loads(text)
            if isinstance(line, dict):
                yield line
