"""What does importing a film cost, and are its shots found? A two-hour film, a 1080p film, and films with known cuts.

    python benchmarks/film_import.py      # about 15 minutes on 2 cores; writes results/film_import.*
    python benchmarks/film_import.py --long-s 60 --hd-s 8 --movies 1      # a try-out; prints, writes nothing

Films are made on the spot: noise that moves, cut every few seconds, cheaply encoded; and films of the offline studio,
still and with a moving camera, whose cuts and scenes are known. Measured: seconds of film a second, processor time and
the most memory that all processes of an import hold at once (resident, from /proc, ten times a second); precision and
recall of cuts and scenes. The studio's films have hard cuts and one place a scene: numbers on cinema films will be
lower, and nobody has measured them here.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyarrow.parquet as pq
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from moviellm.generation.files import write_whole
from moviellm.generation.film.mp4 import write_film
from moviellm.generation.imports.films.spool import FilmSettings, tools
from moviellm.generation.progress import progress
from moviellm.generation.runs.tables import RunReader
from moviellm.generation.schema import Movie

RESULTS = Path(__file__).parent / "results"
LONG_S, HD_S, MOVIES = 7200, 60, 6
RATE = 24
SHOT_S = (2.0, 6.0)
"""Lengths of the shots of the long films, in turn from the shorter to the longer and back."""
NEAR_S = 0.1
"""A cut is found when one is told this near to it."""
LIMIT_MB = 500
THEMES = [
    "a key in the snow", "a wedding at sea", "the lost lamp", "a letter from the mountain",
    "a theft in the museum", "the old ferry", "the last lighthouse", "a dog in the library",
]  # fmt: skip


# ------------------------------------------------------------------------------------------------ films to import


def shot_lengths(film_s: float) -> Iterator[float]:
    """Lengths of shots that fill a film."""
    left_s, number = film_s, 0
    while left_s > 1e-9:
        length_s = min(left_s, SHOT_S[0] + (SHOT_S[1] - SHOT_S[0]) * abs(number % 8 - 4) / 4)
        yield length_s
        left_s -= length_s
        number += 1


def write_noise_film(path: Path, film_s: float, size: tuple[int, int]) -> list[float]:
    """A film of blurred noise that the camera moves over; returns where its cuts are, seconds."""
    dice = np.random.default_rng(7)
    width, height = size
    coarse = dice.integers(16, 236, (24, height // 8 + 16, width // 8 + 16), dtype=np.uint8)
    cuts, at_s = [], 0.0
    with av.open(str(path), "w") as film:
        video = film.add_stream("libx264", rate=RATE, width=width, height=height, pix_fmt="yuv420p")
        assert isinstance(video, VideoStream)
        video.options = {"preset": "ultrafast", "tune": "fastdecode", "crf": "30"}
        video.thread_type = "AUTO"
        sound = film.add_stream("aac", rate=16_000, layout="mono")
        with progress(f"making {path.name}", round(film_s), "s of film") as advance:
            for number, length_s in enumerate(shot_lengths(film_s)):
                if number:
                    cuts.append(at_s)
                for picture in noise_shot(coarse[number % len(coarse)], size, number, round(length_s * RATE)):
                    film.mux(video.encode(picture))
                film.mux(list(silence(sound, at_s, length_s)))
                at_s += length_s
                advance(round(at_s) - round(at_s - length_s))
        film.mux(video.encode(None))
        film.mux(sound.encode(None))
    return cuts


def noise_shot(coarse: Any, size: tuple[int, int], number: int, frames: int) -> Iterator[VideoFrame]:
    """Frames of one shot: a window that moves a pixel a frame over a large picture."""
    width, height = size
    large = np.kron(coarse, np.ones((8, 8), np.uint8))
    chroma = np.empty((height // 2, width), np.uint8)
    chroma[:, : width // 2], chroma[:, width // 2 :] = 90 + number * 37 % 80, 90 + number * 53 % 80
    for frame in range(frames):
        x = y = abs(frame % 192 - 96)  # to and fro: it never jumps
        luma = large[y : y + height, x : x + width]
        planes = np.concatenate([luma.ravel(), chroma[:, : width // 2].ravel(), chroma[:, width // 2 :].ravel()])
        yield VideoFrame.from_ndarray(planes.reshape(height * 3 // 2, width), format="yuv420p")


def silence(sound: Any, at_s: float, length_s: float) -> Iterator[Any]:
    """Sound without sound, a thousand samples at a time."""
    from av.audio.frame import AudioFrame

    start, end = round(at_s * 16_000), round((at_s + length_s) * 16_000)
    for at in range(start, end, 1024):
        piece = AudioFrame.from_ndarray(np.zeros((1, min(1024, end - at)), np.float32), format="fltp", layout="mono")
        piece.sample_rate, piece.pts, piece.time_base = 16_000, at, Fraction(1, 16_000)
        yield from sound.encode(piece)


def write_studio_films(folder: Path, movies: int) -> tuple[RunReader, dict[str, list[Path]]]:
    """Movies of the offline studio as films: pictures that stand still, and a camera that moves."""
    run = folder / "run"
    size = ["story.chapters=2", "story.scenes=3", "story.keyframes=5", f"movies={movies}"]
    make = [sys.executable, "-P", "-m", "moviellm.generation.cli", "make", *THEMES[:movies], "--out", str(run)]
    subprocess.run([*make, "--set", *size], check=True, stdout=subprocess.DEVNULL)
    reader = RunReader(run)
    films: dict[str, list[Path]] = {"still": [], "moving": []}
    for movie in reader.movies():
        for kind, fps in (("still", None), ("moving", RATE)):
            files = write_film(movie, reader.images(movie), folder / kind, fps=fps)
            films[kind].append(files.mp4)
    return reader, films


# ------------------------------------------------------------------------------------------------ what it costs


@dataclass
class Cost:
    """What one import took."""

    wall_s: float = 0.0
    processor_s: float = 0.0
    peak_mb: float = 0.0
    """Most memory of all its processes at one time."""


def run_import(paths: Sequence[Path], out: Path, options: Sequence[str]) -> Cost:
    """`moviellm dataset import video`, watched."""
    command = [sys.executable, "-P", "-m", "moviellm.generation.cli", "dataset", "import", "video"]
    cost, started, before = Cost(), time.monotonic(), os.times()
    process = subprocess.Popen([*command, *map(str, paths), "--out", str(out), *options], stdout=subprocess.DEVNULL)
    while process.poll() is None:
        cost.peak_mb = max(cost.peak_mb, sum(map(resident_mb, tree(process.pid))))
        time.sleep(0.1)
    if process.returncode:
        raise SystemExit(f"the import of {paths[0]} ended with {process.returncode}")
    after = os.times()
    cost.wall_s = time.monotonic() - started
    cost.processor_s = after.children_user - before.children_user + after.children_system - before.children_system
    return cost


def tree(pid: int) -> list[int]:
    """A process and those it started."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return []
    return [pid, *(found for child in children for found in tree(int(child)))]


def resident_mb(pid: int) -> float:
    """Memory that a process holds, of 1,000,000 bytes."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure(name: str, film: Path, film_s: float, cuts: list[float], folder: Path, options: Sequence[str]) -> Any:
    """One row of the table of costs."""
    out = folder / f"{name}-{'-'.join(options).strip('-') or 'grid'}"
    cost = run_import([film], out, options)
    (found,) = imported(out)
    row = {
        "film": name,
        "film_s": film_s,
        "film_mb": round(film.stat().st_size / 1e6),
        "options": " ".join(options) or "--fps 1.0",
        "keyframes": len(found),
        "wall_s": round(cost.wall_s, 1),
        "processor_s": round(cost.processor_s, 1),
        "film_s_a_processor_s": round(film_s / cost.processor_s, 1),
        "peak_mb": round(cost.peak_mb),
    }
    return row | ({"cuts": found_of(cuts, [start for start, _ in found][1:])} if "--shots" in options else {})


# ------------------------------------------------------------------------------------------------ what is found


def imported(out: Path) -> list[list[tuple[float, str]]]:
    """Start and scene of every keyframe of every movie of a dataset, in order of the movies."""
    found: dict[str, list[tuple[float, str]]] = {}
    for path in sorted(out.glob("keyframes/*.parquet")):
        for row in pq.read_table(path, columns=["movie_id", "scene_id", "span"]).to_pylist():
            found.setdefault(row["movie_id"], []).append((row["span"]["start_s"], row["scene_id"]))
    return [found[movie_id] for movie_id in sorted(found)]


def found_of(true_s: Sequence[float], told_s: Sequence[float]) -> dict[str, int]:
    """How many are there, told, and told rightly."""
    right = sum(any(abs(one - told) <= NEAR_S for told in told_s) for one in true_s)
    return {"there": len(true_s), "told": len(told_s), "right": right}


def scene_starts(keyframes: list[tuple[float, str]]) -> list[float]:
    """Where scenes begin, the first left out."""
    return [here[0] for before, here in zip(keyframes, keyframes[1:], strict=False) if before[1] != here[1]]


def found_in_studio_films(folder: Path, movies: int) -> list[dict[str, Any]]:
    """Cuts and scenes of the studio's films, still and moving, by shots and by the grid."""
    reader, films = write_studio_films(folder, movies)
    truth = list(reader.movies())
    rows = []
    for kind, paths in films.items():
        for options in (["--shots"], ["--fps", "1.0"]):
            out = folder / f"{kind}{options[0]}"
            run_import(paths, out, options)
            got = imported(out)
            row: dict[str, Any] = {"films": f"{movies} {kind}", "options": " ".join(options)}
            if options == ["--shots"]:
                row["cuts"] = total(
                    found_of(cut_starts(movie), [s for s, _ in one][1:]) for movie, one in zip(truth, got, strict=True)
                )
            row["scenes"] = total(
                found_of(true_scenes(movie), scene_starts(one)) for movie, one in zip(truth, got, strict=True)
            )
            rows.append(row)
    return rows


def cut_starts(movie: Movie) -> list[float]:
    """Where pictures change, the first left out."""
    return [keyframe.span.start_s for keyframe in movie.keyframes()][1:]


def true_scenes(movie: Movie) -> list[float]:
    """Where scenes begin, the first left out."""
    return [scene.span.start_s for scene in movie.scenes()][1:]


def total(counts: Any) -> dict[str, int]:
    """The sum of many counts."""
    summed = {"there": 0, "told": 0, "right": 0}
    for one in counts:
        summed = {key: summed[key] + one[key] for key in summed}
    return summed


# ------------------------------------------------------------------------------------------------ the report


def shares(counts: dict[str, int]) -> str:
    """Precision, recall and the counts they are from."""
    precision = counts["right"] / counts["told"] if counts["told"] else 0.0
    recall = counts["right"] / counts["there"] if counts["there"] else 0.0
    return f"{precision:.2f} | {recall:.2f} | {counts['right']} of {counts['told']} told, {counts['there']} there"


def cost_line(row: dict[str, Any]) -> str:
    """A line of the table of costs."""
    film = f"{row['film']}, {row['film_s'] / 60:.0f} min"
    made = f"{row['film_mb']} MB | `{row['options']}` | {row['keyframes']:,}"
    took = f"{row['wall_s']:.0f} s | {row['processor_s']:.0f} s | {row['film_s_a_processor_s']:.0f}"
    return f"| {film} | {made} | {took} | {row['peak_mb']} MB |"


def text(results: dict[str, Any]) -> str:
    """The page."""
    used = ", ".join(f"{name} {version}" for name, version in results["tools"].items())
    lines = [
        "# Importing films",
        "",
        "Made by `python benchmarks/film_import.py`; what is measured, and what is not, is in its first lines.",
        f"On {results['cores']} cores, beside other work; {used}.",
        "",
        "| film | size | options | keyframes | wall | processor | film seconds a processor second | most memory |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [cost_line(row) for row in results["costs"]]
    lines += ["", f"Most memory is that of all processes together; the aim is under {LIMIT_MB} MB.", ""]
    lines += ["| films | options | what | precision | recall | counts |", "|---|---|---|---|---|---|"]
    for row in results["costs"]:
        if "cuts" in row:
            lines.append(f"| {row['film']} | `{row['options']}` | cuts | {shares(row['cuts'])} |")
    for row in results["studio"]:
        for what in ("cuts", "scenes"):
            if what in row:
                lines.append(f"| {row['films']}, of the studio | `{row['options']}` | {what} | {shares(row[what])} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print, and write the results when everything was measured in full."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--long-s", type=int, default=LONG_S, help="seconds of the long film")
    parser.add_argument("--hd-s", type=int, default=HD_S, help="seconds of the 1080p film")
    parser.add_argument("--movies", type=int, default=MOVIES, help=f"films of the studio, at most {len(THEMES)}")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="moviellm-films-") as scratch:
        folder = Path(scratch)
        studio = found_in_studio_films(folder, given.movies)
        costs = []
        for name, film_s, size in (("320x180", given.long_s, (320, 180)), ("1920x1080", given.hd_s, (1920, 1080))):
            film = folder / f"{name}.mp4"
            cuts = write_noise_film(film, film_s, size)
            costs += [measure(name, film, film_s, cuts, folder, options) for options in ([], ["--shots"])]
            film.unlink()
    results = {
        "cores": os.cpu_count(),
        "tools": tools(FilmSettings(fps=None)),
        "costs": costs,
        "studio": studio,
    }
    print(text(results))
    if (given.long_s, given.hd_s, given.movies) == (LONG_S, HD_S, MOVIES):
        write_whole(RESULTS / "film_import.json", (json.dumps(results, indent=1) + "\n").encode())
        write_whole(RESULTS / "film_import.md", text(results).encode())


if __name__ == "__main__":
    main()
