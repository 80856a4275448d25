"""What a report shows of a dataset's movies: titles, what is said, keyframes with their times, and pictures on demand.

    album = open_album("demo/MovieLLM-tiny", results["data"])       # a folder, or the Hub id that results name
    album.movies["m00042"].lines
    album.pictures(["m00042-c00-s00-k01"])      # encoded bytes by keyframe; only what is asked for is read

It shrinks and shows nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pyarrow.parquet as pq

from moviellm.eval.tasks.parquet_rows import Rows, open_rows
from moviellm.generation.dataset.results import rows_sha256

Span = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Line:
    """A spoken line."""

    line_id: str
    span: Span
    speaker: str
    """Empty: the narrator."""
    text: str


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A keyframe without its picture."""

    keyframe_id: str
    span: Span
    caption: str


@dataclass(kw_only=True)
class Film:
    """A movie."""

    title: str
    duration_s: float
    lines: list[Line] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Album:
    """A split of a dataset."""

    movies: Mapping[str, Film]
    shown: Mapping[str, tuple[str, ...]]
    """Keyframes that show a question's answer, by question."""
    read: Callable[[Set[str]], dict[str, bytes]]
    """Reads encoded pictures by their names."""

    def pictures(self, wanted: Iterable[str]) -> dict[str, bytes]:
        """Encoded pictures of keyframes."""
        names = set(wanted)
        return self.read(names) if names else {}


def _pictures(rows: Rows, split: str, names: Set[str]) -> dict[str, bytes]:
    """Pictures of a dataset's keyframes; row groups without any of them are not read."""
    found: dict[str, bytes] = {}
    for shard in rows.manifest.shards("keyframes", split):
        with rows.open_file(shard.path) as file, pq.ParquetFile(file) as parquet:
            for group in range(parquet.num_row_groups):
                held = parquet.read_row_group(group, columns=["keyframe_id"])["keyframe_id"].to_pylist()
                places = [place for place, name in enumerate(held) if name in names]
                if places:
                    images = parquet.read_row_group(group, columns=["image"])["image"].take(places).to_pylist()
                    pairs = zip(places, images, strict=True)
                    found |= {held[place]: image["bytes"] for place, image in pairs if image and image["bytes"]}
    return found


def place_of(data: Mapping[str, Any]) -> str | None:
    """Where the dataset of a run lies, by its facts: on the Hub. A folder is not named in results."""
    return str(data["dataset"]) if data.get("commit") else None


def open_album(place: str, data: Mapping[str, Any]) -> Album:
    """Open the dataset that a run was of.

    Raises:
        ValueError: there is none, or its rows are others than those the run was of.
    """
    folder_or_hub = open_rows(place, data.get("commit") if place == place_of(data) else None)
    check_rows(place, rows_sha256(folder_or_hub.manifest.files), data)
    split = str(data["split"])
    movies: dict[str, Film] = {}
    for row in folder_or_hub.rows("movies", split, ("movie_id", "title", "duration_s")):
        movies[row["movie_id"]] = Film(title=row["title"] or "", duration_s=float(row["duration_s"] or 0.0))
    for row in folder_or_hub.rows("dialogue", split, ("movie_id", "line_id", "span", "speaker", "text")):
        line = Line(line_id=row["line_id"], span=_span(row), speaker=row["speaker"] or "", text=row["text"])
        movies[row["movie_id"]].lines.append(line)
    for row in folder_or_hub.rows("keyframes", split, ("movie_id", "keyframe_id", "span", "caption")):
        frame = Frame(keyframe_id=row["keyframe_id"], span=_span(row), caption=row["caption"] or "")
        movies[row["movie_id"]].frames.append(frame)
    asked = folder_or_hub.rows("qa", split, ("question_id", "keyframe_ids"))
    shown = {row["question_id"]: tuple(row["keyframe_ids"] or ()) for row in asked}
    return Album(movies=movies, shown=shown, read=partial(_pictures, folder_or_hub, split))


def check_rows(place: str, rows: str, data: Mapping[str, Any]) -> None:
    """Refuse data that a run was not of.

    Raises:
        ValueError: its rows have another hash.
    """
    wanted = data.get("rows_sha256")
    if wanted is not None and rows != wanted:
        raise ValueError(
            f"{place} is not the dataset that was asked about: its rows are {rows[:12]}, those of the run are "
            f"{wanted[:12]} ({data.get('dataset')}, version {data.get('version')}); give that one to --data"
        )


def _span(row: Mapping[str, Any]) -> Span:
    return (float(row["span"]["start_s"]), float(row["span"]["end_s"]))
