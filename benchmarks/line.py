"""What the offline line costs beside the drawing itself: movies through the real command, and their frames alone.

    python benchmarks/line.py              # about 15 minutes on 2 idle cores; writes results/line.json and line.md
    python benchmarks/line.py --movies 10  # a try-out; prints, writes nothing

Measured, on one core and on two: `moviellm make --themes themes.txt --movies 200 --seed 7` with 40 keyframes a movie,
and then, with as many processes on the same cores, the very same frames drawn and encoded without anything around it.
Line over drawing + encoding is what writing, cells, tables and hashes cost; the aim is 1.3. The program's start is in
the line's time. Memory, and the films, are measured in painting.py; nothing else should be running.
"""

import argparse
import asyncio
import itertools
import json
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from painting import RESULTS, machine, measure, moviellm
from PIL import Image

from moviellm.generation.config.recipe import ImageConfig, load_recipe
from moviellm.generation.files import write_whole
from moviellm.generation.make import plan_run
from moviellm.generation.protocols import PainterTask, Request
from moviellm.generation.runs.record import read_run
from moviellm.generation.schema import Record
from moviellm.generation.studio.painter import OfflinePainter, paint_request
from moviellm.generation.studios import open_studio

MOVIES = 200
SEED = 7
SIZE = {"chapters": 2, "scenes": 4, "keyframes": 5}
KEYFRAMES = 40
"""In a movie of that size."""
AIM = 1.3

Body = dict[str, Any]


@contextmanager
def on_cores(count: int) -> Iterator[None]:
    """Keep this thread, and the processes it starts, on so many cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


# ------------------------------------------------------------------------------------------------ the line


def make_movies(run: Path, themes: Path, movies: int, cores: int) -> dict[str, float]:
    """The line through the command; movies without films."""
    command = ["make", "--themes", str(themes), "--movies", str(movies), "--seed", str(SEED), "--out", str(run)]
    size = [f"story.{key}={value}" for key, value in SIZE.items()]
    with on_cores(cores):
        return measure(moviellm(*command, "--no-films", "--set", *size, f"engine.workers={cores}"))


class NotingPainter(OfflinePainter):
    """Notes what would be painted."""

    def __init__(self, image: ImageConfig) -> None:
        super().__init__(image)
        self.bodies: list[Body] = []

    def request(self, task: PainterTask, brief: Record, seed: int) -> Request:
        """The request, noted."""
        made = super().request(task, brief, seed)
        if task == "keyframe":
            self.bodies.append(made.body())
        return made


def frames_of(run: Path) -> list[list[Body]]:
    """What the painter was asked for in a finished run, a list a scene: the run is planned again, nothing is made."""
    record = read_run(run)
    writer = open_studio(record.recipe, run).writer
    painter = NotingPainter(record.recipe.image)
    plan = asyncio.run(plan_run(run, record, writer, painter))
    assert not plan.to_make, "the run is not finished"
    scenes = itertools.groupby(painter.bodies, key=lambda body: body["inputs"]["scene_key"])
    return [list(bodies) for _, bodies in scenes]


# ------------------------------------------------------------------------------------------------ the frames alone


@dataclass(frozen=True)
class FrameTime:
    """What one frame took."""

    style: str
    draw_s: float
    """Everything but the encoding."""
    encode_s: float
    cpu_s: float
    """Processor time of both."""


class _Clock:
    """Times the encoding inside the drawing of a frame."""

    def __init__(self) -> None:
        self.encode_s = 0.0
        self._save = Image.Image.save

    def install(self) -> None:
        def timed(image: Image.Image, *args: Any, **options: Any) -> None:
            start = time.perf_counter()
            self._save(image, *args, **options)
            self.encode_s += time.perf_counter() - start

        Image.Image.save = timed  # type: ignore[method-assign]


_clock: _Clock | None = None


def _start_drawing() -> None:
    global _clock
    _clock = _Clock()
    _clock.install()


def _draw_scene(bodies: list[Body]) -> list[FrameTime]:
    assert _clock is not None
    times = []
    for body in bodies:
        before_s, start, start_cpu = _clock.encode_s, time.perf_counter(), time.process_time()
        paint_request(body)
        cpu_s = time.process_time() - start_cpu
        whole_s, encode_s = time.perf_counter() - start, _clock.encode_s - before_s
        times.append(FrameTime(body["inputs"]["style"], whole_s - encode_s, encode_s, cpu_s))
    return times


def draw_frames(scenes: list[list[Body]], cores: int) -> list[FrameTime]:
    """Every frame drawn and encoded, by as many processes as cores, a scene at a time."""
    with on_cores(cores), multiprocessing.get_context("spawn").Pool(cores, _start_drawing) as pool:
        return list(itertools.chain.from_iterable(pool.imap_unordered(_draw_scene, scenes)))


def ms(values: Iterable[float]) -> float:
    """Median in milliseconds."""
    return round(statistics.median(values) * 1000, 2)


def styles_of(frames: list[FrameTime]) -> dict[str, dict[str, float]]:
    """Median times by style, the slowest first."""
    names = sorted({frame.style for frame in frames})
    found = {name: [frame for frame in frames if frame.style == name] for name in names}
    table = {
        name: {"frames": len(own), "draw_ms": ms(f.draw_s for f in own), "encode_ms": ms(f.encode_s for f in own)}
        for name, own in found.items()
    }
    return dict(sorted(table.items(), key=lambda item: -item[1]["draw_ms"]))


def case(folder: Path, themes: Path, movies: int, cores: int) -> dict[str, Any]:
    """The line and its frames alone, on so many cores."""
    run = folder / f"run-{cores}"
    line = make_movies(run, themes, movies, cores)
    scenes = frames_of(run)
    frames = draw_frames(scenes, cores)
    count = movies * KEYFRAMES
    assert len(frames) == count, f"{len(frames)} frames were drawn, {count} are in the run"
    draw_s, encode_s = (sum(getattr(frame, name) for frame in frames) / cores for name in ("draw_s", "encode_s"))
    return {
        "cores": cores,
        "movies": movies,
        "keyframes": count,
        "line_s": line["wall_s"],
        "line_cpu_s": line["cpu_s"],
        "draw_s": round(draw_s, 2),
        "encode_s": round(encode_s, 2),
        "ratio": round(line["wall_s"] / (draw_s + encode_s), 3),
        "cpu_ratio": round(line["cpu_s"] / sum(frame.cpu_s for frame in frames), 3),
        "keyframes_per_s_and_core": round(count / line["wall_s"] / cores, 1),
        "draw_median_ms": ms(frame.draw_s for frame in frames),
        "encode_median_ms": ms(frame.encode_s for frame in frames),
        "styles": styles_of(frames),
    }


def measure_all(folder: Path, movies: int) -> dict[str, Any]:
    """One core, then two where there are two."""
    facts = machine()
    themes = folder / "themes.txt"
    themes.write_text("\n".join(load_recipe("tiny").themes) + "\n", encoding="utf-8")
    counts = [cores for cores in (1, 2) if cores <= len(os.sched_getaffinity(0))]
    return {"machine": facts, "cases": [case(folder, themes, movies, cores) for cores in counts]}


# ------------------------------------------------------------------------------------------------ writing it down


def markdown(results: dict[str, Any]) -> str:
    """The results as a page."""
    facts, cases = results["machine"], results["cases"]
    packages = ", ".join(f"{name} {number}" for name, number in facts["packages"].items())
    rows = "\n".join(
        f"| {c['cores']} | {c['keyframes']:,} | {c['line_s']} | {c['draw_s']} | {c['encode_s']} | {c['ratio']} "
        f"| {c['cpu_ratio']} | {c['keyframes_per_s_and_core']} |"
        for c in cases
    )
    styles = "\n".join(
        f"| {name} | {row['frames']} | {row['draw_ms']} | {row['encode_ms']} |"
        for name, row in cases[0]["styles"].items()
    )
    scaling = round(cases[0]["line_s"] / cases[-1]["line_s"], 2)
    size = " x ".join(str(value) for value in SIZE.values())
    return f"""# The line: what movies cost beside their drawing

Written by `python benchmarks/line.py` on {facts["date"]}; the numbers are in `line.json`.

Machine: {facts["cpu"]}, {facts["cores"]} cores, {facts["memory_gib"]} GiB, \
load {facts["load_before"]} before the start; {facts["system"]}; Python {facts["python"]}; {packages}.

`moviellm make --themes themes.txt --movies {cases[0]["movies"]} --seed {SEED}`, {size} keyframes of 512x288 px a \
movie, films not; draw and encode are the same frames alone, with as many processes on the same cores:

| cores | keyframes | line s | draw s | encode s | line / (draw + encode) | of processor time | keyframes/s a core |
|---:|---:|---:|---:|---:|---:|---:|---:|
{rows}

The aim is {AIM} at most. {cases[-1]["cores"]} cores are {scaling} times as fast as one.

Median over all frames on one core: {cases[0]["draw_median_ms"]} ms to draw (scene text, raster, finish), \
{cases[0]["encode_median_ms"]} ms to encode. By style:

| style | frames | draw ms | encode ms |
|---|---:|---:|---:|
{styles}
"""


def main() -> None:
    """Measure, print, and write the results down when nothing was shortened."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--movies", type=int, default=MOVIES, help=f"movies to make; fewer than {MOVIES} write nothing"
    )
    movies = parser.parse_args().movies
    if movies < 1:
        raise SystemExit(f"--movies is a number above 0, got {movies}")
    with tempfile.TemporaryDirectory(prefix="moviellm-line-") as folder:
        results = measure_all(Path(folder), movies)
    print(markdown(results))
    if movies >= MOVIES:
        text = json.dumps(results, indent=2, ensure_ascii=False) + "\n"
        write_whole(RESULTS / "line.json", text.encode())
        write_whole(RESULTS / "line.md", markdown(results).encode())


if __name__ == "__main__":
    main()
