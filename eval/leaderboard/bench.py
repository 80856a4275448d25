"""The benchmark's public side for the page: its questions, the movies' frames and dialogue. No answer is ever read.

    bench = Bench("bench/public")               # a dataset folder, or an id on the Hub
    bench.found("grounding", "key", page=0)     # questions of a task that hold a word
    bench.frames("m00042")                      # [(time, JPEG as a data URI), ...]

Columns that hold what is right are not among those that are asked for. It is opened when it is first needed.
"""

import base64
import io
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from moviellm.eval.tasks.parquet_rows import Rows, open_rows
from moviellm.eval.tasks.table import task_table

COLUMNS: Final = ("question_id", "movie_id", "question", "options", "answer_format", "question_type", "level")
PAGE: Final = 20
"""Questions of a list."""
FRAMES: Final = 12
"""Of a movie, evenly taken."""
WIDTH_PX: Final = 320
KEPT: Final = 64
"""Movies whose frames are kept."""
LINES_MAX: Final = 400
Frames = Sequence[tuple[float, str]]


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question as it is asked."""

    item_id: str
    movie_id: str
    text: str
    options: Sequence[str]
    kind: str
    level: str
    tasks: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Movie:
    """A movie without its pictures."""

    movie_id: str
    title: str
    duration_s: float
    keyframes: Sequence[tuple[str, float]]
    """(id, start)."""
    lines: Sequence[tuple[float, str, str]]
    """(start, speaker, text)."""


class Bench:
    """See the module."""

    def __init__(self, place: str, revision: str | None = None, split: str = "test") -> None:
        self.place, self.revision, self.split = place, revision, split
        self._lock = threading.RLock()
        self._rows: Rows | None = None
        self._questions: dict[str, Question] = {}
        self._movies: dict[str, Movie] = {}
        self._frames: OrderedDict[str, Frames] = OrderedDict()

    def questions(self) -> Mapping[str, Question]:
        """All questions by id.

        Raises:
            ValueError: there is no such dataset, or it lacks the split.
            OSError: it cannot be reached.
        """
        with self._lock:
            if not self._questions:
                self._read()
            return self._questions

    def movies(self) -> Mapping[str, Movie]:
        """All movies by id; raises as `questions`."""
        self.questions()
        return self._movies

    def found(self, task: str, text: str, page: int) -> tuple[list[Question], int]:
        """A page of questions of a task (empty: all) that hold a text, and how many there are."""
        words = text.casefold().split()
        mine = [
            one
            for one in self.questions().values()
            if (not task or task in one.tasks)
            and all(
                word in f"{one.item_id} {one.text} {self._movies[one.movie_id].title}".casefold() for word in words
            )
        ]
        return mine[page * PAGE : (page + 1) * PAGE], len(mine)

    def frames(self, movie_id: str) -> Frames:
        """Some frames of a movie, with their times; raises as `questions`."""
        movie = self.movies().get(movie_id)
        with self._lock:
            if movie is None or self._rows is None:
                return ()
            if movie_id not in self._frames:
                shown = _evenly(movie.keyframes, FRAMES)
                pictures = _pictures(self._rows, self.split, movie_id, {name for name, _ in shown})
                self._frames[movie_id] = [(start, pictures[name]) for name, start in shown if name in pictures]
                while len(self._frames) > KEPT:
                    self._frames.popitem(last=False)
            self._frames.move_to_end(movie_id)
            return self._frames[movie_id]

    def _read(self) -> None:
        rows = open_rows(self.place, self.revision)
        rows.check_split("qa", self.split)
        keyframes: dict[str, list[tuple[str, float]]] = {}
        for row in rows.rows("keyframes", self.split, ("movie_id", "keyframe_id", "span")):
            keyframes.setdefault(row["movie_id"], []).append((row["keyframe_id"], _start(row)))
        lines: dict[str, list[tuple[float, str, str]]] = {}
        for row in rows.rows("dialogue", self.split, ("movie_id", "span", "speaker", "text")):
            lines.setdefault(row["movie_id"], []).append((_start(row), row["speaker"] or "", row["text"] or ""))
        for row in rows.rows("movies", self.split, ("movie_id", "title", "duration_s")):
            name = row["movie_id"]
            self._movies[name] = Movie(
                movie_id=name,
                title=row["title"] or name,
                duration_s=float(row["duration_s"] or 0.0),
                keyframes=keyframes.get(name, []),
                lines=lines.get(name, [])[:LINES_MAX],
            )
        known = [task for task in task_table().values() if task.groups is None]
        for row in rows.rows("qa", self.split, COLUMNS):
            if row["movie_id"] in self._movies:
                tasks = [
                    task.name for task in known if task.takes(row["answer_format"], row["question_type"], row["level"])
                ]
                self._questions[row["question_id"]] = Question(
                    item_id=row["question_id"],
                    movie_id=row["movie_id"],
                    text=row["question"] or "",
                    options=row["options"] or (),
                    kind=row["question_type"] or "",
                    level=row["level"] or "",
                    tasks=tasks,
                )
        self._rows = rows


def _start(row: Mapping[str, Any]) -> float:
    return float((row["span"] or {}).get("start_s") or 0.0)


def _evenly(items: Sequence[tuple[str, float]], most: int) -> list[tuple[str, float]]:
    if len(items) <= most:
        return [*items]
    return [items[int((place + 0.5) * len(items) / most)] for place in range(most)]


def _pictures(rows: Rows, split: str, movie_id: str, wanted: set[str]) -> dict[str, str]:
    """Small pictures of keyframes; row groups of other movies are not decoded."""
    import pyarrow.parquet as pq

    found: dict[str, str] = {}
    for shard in rows.manifest.shards("keyframes", split):
        with rows.open_file(shard.path) as file, pq.ParquetFile(file) as parquet:
            for group in range(parquet.num_row_groups):
                names = parquet.read_row_group(group, columns=["movie_id", "keyframe_id"]).to_pylist()
                places = [
                    place
                    for place, row in enumerate(names)
                    if row["movie_id"] == movie_id and row["keyframe_id"] in wanted
                ]
                if places:
                    images = parquet.read_row_group(group, columns=["image"])["image"].take(places).to_pylist()
                    for place, image in zip(places, images, strict=True):
                        if image and image["bytes"]:
                            found[names[place]["keyframe_id"]] = _small(image["bytes"])
    return found


def _small(data: bytes) -> str:
    from PIL import Image

    with Image.open(io.BytesIO(data)) as picture:
        small = picture.convert("RGB")
        small.thumbnail((WIDTH_PX, WIDTH_PX))
        out = io.BytesIO()
        small.save(out, "JPEG", quality=74)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()
