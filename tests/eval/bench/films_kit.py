"""Two small films with subtitles, as a stranger would give them, and a benchmark of them through a model double.

folder = films(tmp_path / "films")                   # key.mp4, key.srt, storm.mp4, storm.srt
code = build(folder, tmp_path / "bench", double)     # moviellm bench build --films; exit code
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from moviellm.eval.bench.films.building import Built, build_films
from moviellm.eval.bench.films.wishes import FilmWish
from moviellm.generation.cli.app import call
from moviellm.generation.schema import Movie
from tests.generation.imports.films.filmkit import make_film
from tests.servers.openai_double import Double

SHOTS = [("red", 2.0), ("blue", 2.0), ("grey", 2.0), ("yellow", 2.0), ("teal", 2.0), ("green", 2.0)]
LINES = ("Who has the key?", "It lies under the bridge.", "Then we must hurry there.", "The storm is near.",
         "Hold on to the rope!", "We are home at last.")  # fmt: skip


def film(place: Path, *, said: bool = True, shift: int = 0, title: str = "") -> Path:
    """A film of six shots, with a line of subtitles in each."""
    place.parent.mkdir(parents=True, exist_ok=True)
    make_film(place, SHOTS[shift:] + SHOTS[:shift], title=title)
    if said:
        place.with_suffix(".srt").write_text("".join(srt(shift)), encoding="utf-8")
    return place


def srt(shift: int) -> Iterator[str]:
    """A line a shot."""
    for number in range(len(SHOTS)):
        start_s = 2 * number
        line = f"{LINES[(number + shift) % len(LINES)]} Number {shift * 10 + number}."
        yield f"{number + 1}\n00:00:{start_s:02d},200 --> 00:00:{start_s + 1:02d},800\n{line}\n\n"


def films(folder: Path) -> Path:
    """Two films."""
    film(folder / "key.mp4")
    film(folder / "The_Storm.mp4", shift=2)
    return folder


def build(folder: Path, out: Path, *options: str) -> int:
    """`moviellm bench build --films`, small: five questions a film, one model that tests, nobody who sees but it."""
    small = ["--set", "questions.per_movie=5", "gates.models=[one]", "gates.frames=4"]
    command = ["bench", "build", "--films", str(folder), "--writer", "llm", "--model", "writer", "--out", str(out)]
    return call([*command, "--fps", "0.5", "--fewest", "1", "--dev", "0.5", *small, *options])


def dataset(folder: Path, out: Path, **options: Any) -> Built | None:
    """The films' dataset alone, without the benchmark of it."""
    small = ("questions.per_movie=5", "gates.models=[one]", "gates.frames=4", *options.pop("overrides", ()))
    return build_films(FilmWish(films=(folder,), out=out, model="writer", fps=0.5, overrides=small, **options))


def asked(out: Path) -> list[Movie]:
    """The films with all their questions, flagged ones too, as the run folder has them."""
    folder = out.parent / f"{out.name}.making" / "run" / "movies"
    rows = [row for file in sorted(folder.glob("*.parquet")) for row in pq.read_table(file).to_pylist()]
    return [Movie.model_validate_json(row["movie"]) for row in rows]


def films_json(out: Path) -> dict[str, Any]:
    """What is known of the films."""
    return json.loads((out.parent / f"{out.name}.making" / "dataset" / "films.json").read_text(encoding="utf-8"))


def said_to(double: Double, name: str) -> list[str]:
    """The bodies of the requests of a task, as text."""
    bodies = [json.dumps(one["body"]) for one in double.requests if "messages" in one["body"]]
    return [body for body in bodies if f'"name": "{name}"' in body]
