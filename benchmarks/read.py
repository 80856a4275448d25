"""How fast a dataset is read: frames a second and spans at random, against the decoding of the same JPEGs alone.

    pip install webdataset                      # once; without it one row of the table is missing
    python benchmarks/read.py                   # under 3 minutes on 2 idle cores; writes results/read.json and .md
    python benchmarks/read.py --rounds 1        # a try-out; prints, writes nothing
    python benchmarks/read.py --data out/MovieLLM-films     # another dataset folder than the one it makes once

Measured, in one process and the same rounds, over the same 512x288 JPEGs: the limit (bytes in memory, decoded by PIL,
on one thread and on every core), this dataset as plain `datasets` reads it and as `pictures` and `MovieFrames` do, a
WebDataset tar, and loose files. A way's ratio is that to its limit in its own round, the median over rounds, so that a
machine which is slower for a while changes little. Everything lies in the page cache; no network is measured.
"""

import argparse
import io
import itertools
import json
import os
import random
import statistics
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from painting import RESULTS, machine, measure, moviellm
from PIL import Image

from moviellm.generation.dataset.frames import BATCH_ROWS, MovieFrames, decoded, pictures
from moviellm.generation.files import write_whole
from moviellm_dataset import load

MOVIES = 150
KEYFRAMES = 40
"""In a movie of the dataset that is made."""
FRAMES = 1024
"""Read by each way in each round, after the first ones."""
FIRST = 128
"""Read before the clock starts: what opens a stream is told apart (`opening`), and reading ahead has its pace."""
ROUNDS = 5
SPAN = 16
"""Keyframes in a span at random."""
SPANS = 40
"""Spans by each way in each round."""
AIM = 0.9
AIM_MS = 10.0
COLUMNS = ["keyframe_id", "image"]
ONE, ALL = "one thread", "every core"
WORK = Path(tempfile.gettempdir()) / "moviellm-read"

Way = Callable[[int], Iterable[Any]]
"""Decoded pictures, as many as are taken; the argument is the round, for other shuffles."""


@dataclass
class Measured:
    """One way to read."""

    group: str
    name: str
    limit: str
    """`one thread` or `every core`: what it is compared with."""
    rates: list[tuple[float, float]] = field(default_factory=list)
    """Frames a second by round, by the clock and by processor time."""


# ------------------------------------------------------------------------------------------------ what is read


def prepared(work: Path) -> Path:
    """The dataset folder: made once, kept for the next time."""
    folder = work / "MovieLLM"
    if not (folder / "manifest.json").exists():
        size = [f"movies={MOVIES}", "story.clips=0", "questions.per_movie=4", "engine.shard_bytes=512000000"]
        measure(moviellm("make", "--recipe", "release-1.0", "--out", str(work / "run"), "--no-films", "--set", *size))
        measure(moviellm("dataset", "build", str(work / "run"), "--out", str(folder)))
    return folder


@dataclass
class Copies:
    """The same pictures in other shapes."""

    names: list[str]
    encoded: list[bytes]
    """In memory."""
    files: list[Path]
    tar: Path
    offsets: list[tuple[int, int]]
    """Where each lies in the tar, and how long it is: no tar has that of itself."""


def copies_of(rows: Any, folder: Path) -> Copies:
    """Write the pictures as loose files and as a tar."""
    folder.mkdir(parents=True, exist_ok=True)
    table = rows.select_columns(COLUMNS).with_format("arrow")[:]
    names = table["keyframe_id"].to_pylist()
    encoded = [one["bytes"].as_py() for one in table["image"]]
    files = [folder / f"{name}.jpg" for name in names]
    offsets = []
    tar = folder / "frames.tar"
    with tarfile.open(tar, "w") as archive:
        for path, data in zip(files, encoded, strict=True):
            path.write_bytes(data)
            entry = tarfile.TarInfo(path.name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
            offsets.append((archive.offset - -(-len(data) // 512) * 512, len(data)))
    return Copies(names, encoded, files, tar, offsets)


# ------------------------------------------------------------------------------------------------ ways to read


def decode(data: Any) -> Image.Image:
    """One picture on this thread."""
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def opened(path: Path) -> Image.Image:
    """One picture from a file."""
    with Image.open(path) as picture:
        picture.load()
        return picture


def image_of(row: dict[str, Any], key: str = "image") -> Image.Image:
    """The picture of a row, surely decoded."""
    row[key].load()
    picture: Image.Image = row[key]
    return picture


def in_batches(encoded: list[bytes]) -> Iterator[Image.Image]:
    """The limit of every core: two batches ahead, as `pictures` has them."""
    batches = [encoded[at : at + BATCH_ROWS] for at in range(0, len(encoded), BATCH_ROWS)]
    ahead = decoded(batches[0])
    for batch in batches[1:]:
        now, ahead = ahead, decoded(batch)
        yield from now
    yield from ahead


def ways(source: Path, cache: Path, copies: Copies) -> dict[tuple[str, str, str], Way]:
    """Every way to read pictures one after the other, by group, name and limit."""
    import datasets

    full = load(source, "keyframes", "train", cache_dir=cache)
    rows = full.select_columns(COLUMNS)
    stream, narrow = (load(source, "keyframes", "train", streaming=True, columns=names) for names in (None, COLUMNS))
    tar = datasets.load_dataset("webdataset", data_files=str(copies.tar), split="train", streaming=True)

    def shuffled(number: int) -> Any:
        return rows.shuffle(seed=number)

    def some(number: int) -> list[Path]:
        return random.Random(number).sample(copies.files, FIRST + FRAMES)

    found: dict[tuple[str, str, str], Way] = {
        ("limit", "JPEGs in memory, PIL", ONE): lambda number: map(decode, copies.encoded),
        ("limit", "JPEGs in memory, a thread a core", ALL): lambda number: in_batches(copies.encoded),
        ("sequential", "`load_dataset`, all columns", ONE): lambda number: map(image_of, full),
        ("sequential", "`load_dataset`, id and image", ONE): lambda number: map(image_of, rows),
        ("sequential", "`pictures`", ALL): lambda number: pictures(rows),
        ("sequential", "loose files", ONE): lambda number: map(opened, copies.files),
        ("shuffled", "`load_dataset`, id and image", ONE): lambda number: map(image_of, shuffled(number)),
        ("shuffled", "`pictures`", ALL): lambda number: pictures(shuffled(number)),
        ("shuffled", "loose files", ONE): lambda number: map(opened, some(number)),
        ("streaming", "`load_dataset`, all columns", ONE): lambda number: map(image_of, stream),
        ("streaming", "`load_dataset`, `columns=` id and image", ONE): lambda number: map(image_of, narrow),
        ("streaming", "`pictures`", ALL): lambda number: pictures(narrow),
        ("streaming", "tar, `datasets` webdataset", ONE): lambda number: (image_of(row, "jpg") for row in tar),
    }
    try:
        import webdataset
    except ImportError:
        print("webdataset is not installed, so its row is left out: pip install webdataset")
        return found

    def web(number: int) -> Iterator[Image.Image]:
        read = webdataset.WebDataset(str(copies.tar), shardshuffle=False).decode("pil")
        return (image_of(row, "jpg") for row in read)

    return found | {("streaming", "tar, webdataset", ONE): web}


def span_ways(source: Path, cache: Path, copies: Copies) -> dict[str, Callable[[int], Any]]:
    """Every way to read `SPAN` pictures that follow each other, by the row of the first."""
    rows = load(source, "keyframes", "train", cache_dir=cache)
    frames = MovieFrames(rows)
    ids = rows.select_columns(["movie_id", "span"]).with_format("arrow")[:]
    movies, spans = ids["movie_id"].to_pylist(), ids["span"].to_pylist()
    tar = open(copies.tar, "rb")  # noqa: SIM115 open as long as the program runs

    def span(at: int, **how: Any) -> Any:
        found = frames.span(movies[at], spans[at]["start_s"], spans[at + SPAN - 1]["end_s"], **how)
        assert len(found) == SPAN, (at, len(found))
        return found

    def from_tar(at: int) -> Any:
        def read(offset: int, size: int) -> Image.Image:
            tar.seek(offset)
            return decode(tar.read(size))

        return list(itertools.starmap(read, copies.offsets[at : at + SPAN]))

    return {
        "limit: JPEGs in memory, one thread": lambda at: list(map(decode, copies.encoded[at : at + SPAN])),
        "limit: JPEGs in memory, a thread a core": lambda at: list(decoded(copies.encoded[at : at + SPAN])),
        "`MovieFrames.span`": span,
        "`MovieFrames.span`, half size": lambda at: span(at, least_px=(256, 144)),
        "`MovieFrames.span`, not decoded": lambda at: span(at, decode=False),
        "`load_dataset`, rows[a:b], all columns": lambda at: [one.load() for one in rows[at : at + SPAN]["image"]],
        "loose files": lambda at: list(map(opened, copies.files[at : at + SPAN])),
        "tar with an index of offsets": from_tar,
    }


# ------------------------------------------------------------------------------------------------ measuring


def rate(pictures_: Iterable[Any]) -> tuple[float, float]:
    """Frames a second over `FRAMES` after the first, by the clock and by processor time; `opening` has the rest."""
    running = iter(pictures_)
    assert sum(1 for _ in itertools.islice(running, FIRST)) == FIRST
    started_s, worked_s = time.perf_counter(), time.process_time()
    count = sum(1 for _ in itertools.islice(running, FRAMES))
    assert count == FRAMES, count
    return count / (time.perf_counter() - started_s), count / (time.process_time() - worked_s)


def measured_ways(found: dict[tuple[str, str, str], Way], rounds: int) -> list[Measured]:
    """Every way once a round, in another order each round."""
    rows = {key: Measured(*key) for key in found}
    for number in range(rounds):
        order = list(found)
        random.Random(number).shuffle(order)
        for key in order:
            rows[key].rates.append(rate(found[key](number)))
        print(f"round {number + 1} of {rounds}", flush=True)
    return list(rows.values())


def measured_spans(found: dict[str, Callable[[int], Any]], rounds: int, starts: list[int]) -> dict[str, list[float]]:
    """Milliseconds of every span, by way; the same spans for all."""
    times: dict[str, list[float]] = {name: [] for name in found}
    dice = random.Random(7)
    for _ in range(rounds):
        for at in dice.sample(starts, SPANS):
            for name, read in found.items():
                started_s = time.perf_counter()
                read(at)
                times[name].append((time.perf_counter() - started_s) * 1000)
    return times


def opening(source: Path, work: Path) -> dict[str, float]:
    """What comes before the first picture, in ms, in a process that has imported everything."""

    def timed(job: Callable[[], Any]) -> tuple[float, Any]:
        started_s = time.perf_counter()
        made = job()
        return round((time.perf_counter() - started_s) * 1000, 1), made

    def first_picture() -> Any:
        return next(pictures(load(source, "keyframes", "train", streaming=True, columns=COLUMNS)))

    first_picture()  # `datasets` imports torch, where it is installed, when the first stream is opened
    with tempfile.TemporaryDirectory(dir=work) as cache:
        first, _ = timed(lambda: load(source, "keyframes", "train", cache_dir=cache))
        again, rows = timed(lambda: load(source, "keyframes", "train", cache_dir=cache))
        index, _ = timed(lambda: MovieFrames(rows))
        stream, _ = timed(first_picture)
    return {"load_first_ms": first, "load_again_ms": again, "index_ms": index, "stream_first_picture_ms": stream}


def starts_of(rows: Any) -> list[int]:
    """Rows from which `SPAN` rows of the same movie follow."""
    movies = rows["movie_id"][:]
    return [at for at in range(len(movies) - SPAN + 1) if movies[at] == movies[at + SPAN - 1]]


def facts_of(source: Path, work: Path, rounds: int) -> dict[str, Any]:
    """The whole benchmark."""
    facts: dict[str, Any] = {
        "machine": machine(),
        "versions": {name: _version(name) for name in ("datasets", "webdataset")},
    }
    cache = work / "cache"
    rows = load(source, "keyframes", "train", cache_dir=cache)
    copies = copies_of(rows, work / "copies")
    facts |= {"frames": len(copies.encoded), "mean_bytes": round(statistics.mean(map(len, copies.encoded)))}
    facts["opening"] = opening(source, work)
    found = measured_ways(ways(source, cache, copies), rounds)
    limits = {row.limit: row.rates for row in found if row.group == "limit"}

    def ratio(row: Measured, limit: str, by: int) -> float:
        pairs = zip(row.rates, limits[limit], strict=True)
        return round(statistics.median(mine[by] / most[by] for mine, most in pairs), 3)

    facts["ways"] = [
        {
            "group": row.group,
            "way": row.name,
            "limit": row.limit,
            "frames_per_s": round(statistics.median(one for one, _ in row.rates)),
            "of_limit": ratio(row, row.limit, 0),
            "of_limit_cpu": ratio(row, row.limit, 1),
            "of_one_thread": ratio(row, ONE, 0),
        }
        for row in found
    ]
    times = measured_spans(span_ways(source, cache, copies), rounds, starts_of(rows))
    facts["spans"] = [
        {
            "way": name,
            "median_ms": round(statistics.median(one), 2),
            "p95_ms": round(statistics.quantiles(one, n=20)[-1], 2),
        }
        for name, one in times.items()
    ]
    return facts


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def page(facts: dict[str, Any]) -> str:
    """results/read.md."""
    opened_ms, here, packages = facts["opening"], facts["machine"], facts["machine"]["packages"]
    named = ", ".join(f"{name} {number}" for name, number in (packages | facts["versions"]).items())
    lines = [
        "# Reading: against the decoding of the same pictures",
        "",
        f"Written by `python benchmarks/read.py` on {here['date']}; the numbers are in `read.json`.",
        "",
        f"Machine: {here['cpu']}, {here['cores']} cores, {here['memory_gib']} GiB, load {here['load_before']} before "
        f"the start; {here['system']}; Python {here['python']}; {named}.",
        "",
        f"{facts['frames']:,} JPEGs of 512x288, {facts['mean_bytes'] / 1000:.1f} kB each, in the page cache; every "
        f"way reads {FRAMES} of them a round after its first {FIRST} and decodes them whole. "
        "`of its limit` compares a way on one thread with "
        "PIL on one thread, and one that decodes on every core with PIL on every core; the aim is "
        f"{AIM:.2f} for sequential and streaming. `by processor time` is the same from the time that all threads of "
        "the process worked, on which other programs have less effect. `of one thread` compares all with PIL on one.",
        "",
        "| | way | decodes on | frames/s | of its limit | by processor time | of one thread |",
        "|---|---|---|---:|---:|---:|---:|",
        *(
            f"| {way['group']} | {way['way']} | {way['limit']} | {way['frames_per_s']:,} | {way['of_limit']:.2f} | "
            f"{way['of_limit_cpu']:.2f} | {way['of_one_thread']:.2f} |"
            for way in facts["ways"]
        ),
        "",
        f"A span of {SPAN} pictures of one movie at random, by movie and time; the aim is {AIM_MS:.0f} ms:",
        "",
        "| way | median ms | 95 % within ms |",
        "|---|---:|---:|",
        *(f"| {span['way']} | {span['median_ms']:.2f} | {span['p95_ms']:.2f} |" for span in facts["spans"]),
        "",
        f"Before the first picture: `load` {opened_ms['load_first_ms']:.0f} ms the first time (Parquet becomes a "
        f"cache of Arrow files), {opened_ms['load_again_ms']:.0f} ms later; the index of `MovieFrames` "
        f"{opened_ms['index_ms']:.0f} ms; a stream's first picture {opened_ms['stream_first_picture_ms']:.0f} ms. A "
        "WebDataset tar has no index: what is called one here was noted while the tar was written.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="dataset folder; None makes one")
    parser.add_argument("--work", type=Path, default=WORK, help=f"folder for data that is kept [{WORK}]")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"results are written for {ROUNDS} or more")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    source = options.data or prepared(options.work)
    print(f"load {os.getloadavg()[0]:.2f} before the start", flush=True)
    facts = facts_of(source, options.work, options.rounds)
    text = page(facts)
    print(text)
    if options.rounds >= ROUNDS:
        write_whole(RESULTS / "read.json", (json.dumps(facts, indent=1) + "\n").encode())
        write_whole(RESULTS / "read.md", text.encode())


if __name__ == "__main__":
    main()
