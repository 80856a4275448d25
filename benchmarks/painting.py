"""How fast and in how much memory the offline line makes movies on this machine, through the real command line.

    python benchmarks/painting.py              # about 5 minutes on 2 idle cores; writes results/painting.json and .md
    python benchmarks/painting.py --scale 0.1  # a try-out; prints, writes nothing

Measured: one movie of 11 x 11 x 11 keyframes (the paper's 1,331) at 512x288, its film and storyboard page, and the
memory of runs with more and more movies. Memory is that of the command and all its processes. It measures no model and
no download; nothing else should be running, and the load before the start is written down.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from importlib.metadata import version
from pathlib import Path

from moviellm.generation.files import write_whole

RESULTS = Path(__file__).parent / "results"
THEME = "a lighthouse keeper finds a map"
SAMPLE_EVERY_S = 0.1
SHARD_MOVIES = 16
"""Movies a shard in the memory runs: small, so that many shards are seen in a minute."""
PACKAGES = ("moviellm", "thorvg-python", "pillow", "numpy", "pyarrow", "av")


# ------------------------------------------------------------------------------------------------ measuring


def process_tree(root: int) -> list[int]:
    """The process and its descendants that are alive now."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                after_name = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # ended since
                continue
            children.setdefault(int(after_name[1]), []).append(int(entry.name))
    found = [root]
    for process in found:
        found += children.get(process, [])
    return found


def memory_kib(process: int, field: str) -> int:
    """A field of /proc/PID/status in KiB: VmRSS now, VmHWM at its highest; 0 for a process that has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{field}:")), 0)


class MemoryWatch(threading.Thread):
    """Samples the memory of a process tree until the process ends."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.root = root
        self.tree_kib = 0
        """Highest sum of resident memory over the tree; pages that processes share count once for each."""
        self.main_kib = 0
        """Highest resident memory of the command itself."""
        self.processes = 0
        """Most processes alive at once."""
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(SAMPLE_EVERY_S):
            tree = process_tree(self.root)
            self.tree_kib = max(self.tree_kib, sum(memory_kib(process, "VmRSS") for process in tree))
            self.main_kib = max(self.main_kib, memory_kib(self.root, "VmHWM"))
            self.processes = max(self.processes, len(tree))


def measure(command: list[str]) -> dict[str, float]:
    """Run a command to its end: wall and CPU seconds, and peak memory in MiB.

    Raises:
        RuntimeError: the command failed; the message ends with what it wrote to standard error.
    """
    print("$", " ".join(command), flush=True)
    started_s = time.perf_counter()
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        watch = MemoryWatch(process.pid)
        watch.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - started_s
        process.returncode = os.waitstatus_to_exitcode(status)
        watch.over.set()
        watch.join()
        if process.returncode:
            errors.seek(0)
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {errors.read()[-2000:]}")
    return {
        "wall_s": round(wall_s, 2),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_tree_mib": round(watch.tree_kib / 1024, 1),
        "peak_main_mib": round(watch.main_kib / 1024, 1),
        "processes": watch.processes,
    }


# ------------------------------------------------------------------------------------------------ what is measured


def moviellm(*arguments: str) -> list[str]:
    """The installed command line of this Python."""
    command = Path(sys.executable).with_name("moviellm")
    if not command.exists():
        raise SystemExit(f"no {command}; install the project first: pip install -e .")
    return [str(command), *arguments]


def make_case(
    run: Path, movies: int, chapters: int, scenes: int, keyframes: int, shard_movies: int | None = None
) -> dict[str, object]:
    """Make movies of one size in a fresh run folder, without films; `shard_movies` a shard, or as the recipe says."""
    size = [f"story.chapters={chapters}", f"story.scenes={scenes}", f"story.keyframes={keyframes}"]
    picture = ["image.width_px=512", "image.height_px=288"]
    # The engine sizes shards by an estimate of 512 * 288 / 5 bytes a picture.
    bytes_a_movie = chapters * scenes * keyframes * (512 * 288 // 5)
    shards = [] if shard_movies is None else [f"engine.shard_bytes={shard_movies * bytes_a_movie}"]
    command = ["make", THEME, "--out", str(run), "--movies", str(movies), "--no-films"]
    command += ["--set", *size, *picture, *shards]
    measured = measure(moviellm(*command))
    count = movies * chapters * scenes * keyframes
    return {
        "movies": movies,
        "size": f"{chapters} x {scenes} x {keyframes}",
        "keyframes": count,
        "shard_movies": shard_movies,
        **measured,
        "keyframes_per_s": round(count / measured["wall_s"], 1),
        "run_bytes": folder_bytes(run),
    }


def folder_bytes(folder: Path) -> int:
    """Bytes of the files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def film_case(run: Path, keyframes: int) -> dict[str, object]:
    """Write the film and the storyboard page of a run that was made."""
    measured = measure(moviellm("view", str(run)))
    return {
        "keyframes": keyframes,
        **measured,
        "ms_per_keyframe": round(measured["wall_s"] / keyframes * 1000, 2),
        "film_bytes": folder_bytes(run / "films"),
    }


def measure_all(folder: Path, scale: float) -> dict[str, object]:
    """Every case; `scale` below 1 shortens them for a try-out."""
    facts = machine()
    part = max(2, round(11 * scale ** (1 / 3)))
    few = max(1, round(SHARD_MOVIES * scale))
    one = make_case(folder / "one", 1, part, part, part)
    film = film_case(folder / "one", part**3)
    shutil.rmtree(folder / "one")
    memory = []
    for shards, shard_movies in ((1, few), (4, few), (16, few), (16, None)):
        run = folder / f"{shards}-{shard_movies}"
        memory.append(make_case(run, shards * few, 2, 2, 4, shard_movies))
        shutil.rmtree(run)
    return {"machine": facts, "one_movie": one, "film": film, "memory": memory}


def machine() -> dict[str, object]:
    """What the numbers depend on."""
    models = [line.partition(":")[2].strip() for line in cpu_lines() if line.startswith("model name")]
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "cpu": models[0] if models else platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "load_before": round(os.getloadavg()[0], 2),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def cpu_lines() -> list[str]:
    """Lines of /proc/cpuinfo."""
    return Path("/proc/cpuinfo").read_text().splitlines()


# ------------------------------------------------------------------------------------------------ writing it down


def markdown(results: dict[str, object]) -> str:
    """The results as a page."""
    facts, one, film, memory = (results[key] for key in ("machine", "one_movie", "film", "memory"))
    assert isinstance(facts, dict) and isinstance(one, dict) and isinstance(film, dict) and isinstance(memory, list)
    packages = ", ".join(f"{name} {number}" for name, number in facts["packages"].items())
    rows = "\n".join(
        f"| {case['movies']} | {case['shard_movies'] or 'recipe'} | {case['size']} | {case['keyframes']:,} "
        f"| {case['wall_s']} | {case['keyframes_per_s']} "
        f"| {case['peak_tree_mib']} | {case['peak_main_mib']} | {case['run_bytes'] / 1e6:.1f} |"
        for case in [one, *memory]
    )
    return f"""# Painting: how fast, in how much memory

Written by `python benchmarks/painting.py` on {facts["date"]}; the numbers are in `painting.json`.

Machine: {facts["cpu"]}, {facts["cores"]} cores, {facts["memory_gib"]} GiB, \
load {facts["load_before"]} before the start; {facts["system"]}; Python {facts["python"]}; {packages}.

Offline writer and painter, keyframes of 512x288 px, start of the program included, films not;
size is chapters x scenes x keyframes of a movie:

| movies | a shard | size | keyframes | wall s | keyframes/s | peak MiB | main process | run MB |
|---:|---:|---|---:|---:|---:|---:|---:|---:|
{rows}

What a run holds in memory is the text of the shard in work: with more shards it stays where it was, with larger ones
it grows (the last row makes all its movies in one). The recipe's shards end at 512 MiB of pictures or 500 movies.

Peak memory is the highest sum of the resident sizes of all processes, sampled every {SAMPLE_EVERY_S} s; pages they
share count once for each.

Film and storyboard page of the first row: {film["wall_s"]} s ({film["ms_per_keyframe"]} ms a keyframe), \
{film["peak_tree_mib"]} MiB at most, {film["film_bytes"] / 1e6:.1f} MB of film.
"""


def main() -> None:
    """Measure, print, and write the results down when nothing was shortened."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="share of the work; below 1 writes nothing")
    scale = parser.parse_args().scale
    if not 0 < scale <= 1:
        raise SystemExit(f"--scale is a share above 0 and up to 1, got {scale}")
    with tempfile.TemporaryDirectory(prefix="moviellm-painting-") as folder:
        results = measure_all(Path(folder), scale)
    print(markdown(results))
    if scale == 1:
        text = json.dumps(results, indent=2, ensure_ascii=False) + "\n"
        write_whole(RESULTS / "painting.json", text.encode())
        write_whole(RESULTS / "painting.md", markdown(results).encode())


if __name__ == "__main__":
    main()
