"""What faults and kills cost a run that asks a model server: nothing paid for is lost, nothing cut off is used.

    python benchmarks/llm_faults.py              # about 6 minutes on 2 cores; writes results/llm_faults.json and .md
    python benchmarks/llm_faults.py --movies 2 --kills 2      # a try-out; prints, writes nothing

The double (tests/servers/openai_double.py) answers from the offline studio's stories at 50 ms, pictures at 20 ms, in a
process of its own. Three runs of the same recipe through the real command: without faults; with 20 % of the requests
meeting one of twelve faults in equal parts; and the same killed (`kill -9`) ten times and resumed each time. What the
double sent whole (its bill) is compared with the log of paid exchanges of the run, reply by reply. Same question, same
answer: so the movies that come out must be those of the clean run, word for word, or a faulty answer was used.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from painting import RESULTS, machine

from moviellm.generation.files import write_whole
from moviellm.generation.llm.exchanges import LOG_NAME, read_rows
from moviellm.generation.runs.check import verify
from moviellm.generation.runs.tables import RunReader

ROOT = Path(__file__).resolve().parents[1]
MOVIES, KILLS = 12, 10
FAULTS = 0.2
CONCURRENCY = 16
CALLS_AIM = 1.4
PRICES = """id: double
date: "2026-01-31"
models: {double: {in: 1.0, out: 4.0}}
images: {double: 0.01}
"""
SETTINGS = (
    "story.chapters=2", "story.scenes=2", "story.keyframes=3", "image.width_px=128", "image.height_px=72",
    "questions.per_movie=6", "llm.model=double", "painting.model=double", f"engine.concurrency={CONCURRENCY}",
    "engine.timeout_s=3.0",
)  # fmt: skip


@contextmanager
def double(faults: float) -> Iterator[str]:
    """The double in a process of its own; its address."""
    command = [sys.executable, "-m", "tests.servers.openai_double", "--latency-ms", "50", "--image-latency-ms", "20"]
    command += ["--answers", "story", "--faults", str(faults)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


def stats(address: str) -> dict[str, Any]:
    """What the double has counted."""
    with urllib.request.urlopen(address.removesuffix("/v1") + "/stats") as answer:
        return dict(json.loads(answer.read()))


def start(run: Path, address: str, movies: int, prices: Path) -> subprocess.Popen[str]:
    """`moviellm make` in a process of its own."""
    command = [sys.executable, "-m", "moviellm.generation.cli", "make", "--out", str(run), "--no-films", "--json"]
    command += ["--recipe", "tiny", "--writer", "llm", "--painter", "endpoint", "--movies", str(movies)]
    command += [f"--set={setting}" for setting in SETTINGS]
    environment = os.environ | {"OPENAI_BASE_URL": address, "MOVIELLM_PRICES": str(prices)}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The report of a run that is left alone."""
    output, _ = process.communicate()
    return dict(json.loads(output.splitlines()[-1]))


def logged(run: Path) -> list[dict[str, Any]]:
    """Paid exchanges in the log of a run."""
    path = run / LOG_NAME
    rows = [row for _, _, row in read_rows(path)] if path.exists() else []
    return [dict(row) for row in rows if row is not None and row["kind"] in {"reply", "image"}]


def kill_at(process: subprocess.Popen[str], run: Path, exchanges: int) -> bool:
    """Kill a run when its log has so many exchanges more. False: it had come to its end."""
    before = len(logged(run))
    while process.poll() is None:
        if len(logged(run)) >= before + exchanges:
            process.send_signal(signal.SIGKILL)
            process.wait()
            return True
        time.sleep(0.02)
    return False


def facts(run: Path, report: dict[str, Any], address: str) -> dict[str, Any]:
    """What became of a run, and what it asked for."""
    seen, rows = stats(address), logged(run)
    replies = {row["id"] for row in rows if row["kind"] == "reply"}
    pictures = sum(row["kind"] == "image" for row in rows)
    billed = Counter(name.partition("-")[0] for name in seen["billed"])
    billed_replies = {name for name in seen["billed"] if name.startswith("reply")}
    return {
        "movies": report["movies"],
        "failed": report["failed"],
        "stopped": report["stopped"],
        "calls": sum(seen["calls"].values()),
        "faults": dict(sorted(seen["injected"].items())),
        "billed_replies": billed["reply"],
        "billed_pictures": billed["picture"],
        "lost_replies": len(billed_replies - replies),
        "lost_pictures": billed["picture"] - pictures,
        "errors_of_check": [item.what for item in verify(run) if item.severity == "error"],
    }


def told(run: Path) -> dict[str, object]:
    """The movies of a run without what says when and how they were made."""
    movies = {movie.movie_id: movie.model_dump(exclude={"provenance"}) for movie in RunReader(run).movies()}
    for movie in movies.values():
        for question in movie["qa_pairs"] or ():
            question.pop("provenance")
    return dict(movies)


def run_once(folder: Path, faults: float, movies: int, kills: int) -> dict[str, Any]:
    """One run, killed so many times, then left to finish."""
    run, prices = folder / f"run-{faults}-{kills}", folder / "prices.yaml"
    prices.write_text(PRICES, encoding="utf-8")
    rng = random.Random(7)
    with double(faults) as address:
        began = time.monotonic()
        killed = 0
        for _ in range(kills):
            killed += kill_at(start(run, address, movies, prices), run, rng.randint(5, 20 * movies // max(1, kills)))
        report = finish(start(run, address, movies, prices))
        seconds = round(time.monotonic() - began, 1)
        again = finish(start(run, address, movies, prices))
        found = facts(run, report, address)
    return {"kills": killed, "seconds": seconds, "made_again": again["made"], "told": told(run)} | found


def markdown(found: dict[str, Any]) -> str:
    """The results for people."""
    clean = found["runs"]["clean"]
    lines = [
        "# Faults and kills: what they cost a run that asks a model server",
        "",
        f"Written by `python benchmarks/llm_faults.py` on {found['date']}; the numbers are in `llm_faults.json`.",
        "",
        f"Machine: {found['machine']['cpu']}, {found['machine']['cores']} cores, load "
        f"{found['machine']['load_before']} before the start; Python {found['machine']['python']}.",
        "",
        f"{found['movies']} movies of 12 keyframes, writer llm and painter endpoint against the double (50 ms a text, "
        f"20 ms a picture), {CONCURRENCY} calls at a time:",
        "",
        "| run | movies | left out with a reason | calls | of the clean run | faults met | kills "
        "| paid, not in the log | movies unlike the clean run's |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, run in found["runs"].items():
        lost, share = run["lost_replies"] + run["lost_pictures"], run["calls"] / clean["calls"]
        lines.append(
            f"| {name} | {run['movies']} | {len(run['failed'])} | {run['calls']:,} | {share:.2f} "
            f"| {sum(run['faults'].values())} | {run['kills']} | {lost} | {run['unlike']} |"
        )
    most = found["runs"]["killed"]["kills"] * CONCURRENCY
    lines += [
        "",
        f"The aim is {CALLS_AIM} times the calls at most. What is paid and not in the log after the kills was on the "
        f"wire when they came: {CONCURRENCY} a kill at most, {most} together. Running each again makes nothing.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write the results down when nothing was shortened."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--movies", type=int, default=MOVIES)
    parser.add_argument("--kills", type=int, default=KILLS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="moviellm-faults-") as place:
        folder = Path(place)
        runs = {
            "clean": run_once(folder, 0.0, options.movies, 0),
            "faulty": run_once(folder, FAULTS, options.movies, 0),
            "killed": run_once(folder, FAULTS, options.movies, options.kills),
        }
    clean = runs["clean"]["told"]
    for run in runs.values():
        run["unlike"] = sum(movie != clean.get(name, movie) for name, movie in run.pop("told").items())
    found = {"date": time.strftime("%Y-%m-%d"), "machine": machine(), "movies": options.movies, "runs": runs}
    print(markdown(found))
    print(json.dumps(runs, indent=1)[:6000])
    assert runs["faulty"]["calls"] <= CALLS_AIM * runs["clean"]["calls"], "more calls than the aim"
    for run in runs.values():
        assert run["movies"] + len(run["failed"]) == options.movies, "a movie is neither complete nor left out"
        assert not run["stopped"], "a run has stopped"
        assert not run["unlike"], "a faulty answer was used"
        lost = run["lost_replies"] + run["lost_pictures"]
        assert lost <= run["kills"] * CONCURRENCY, "more was lost than was on the wire"
        assert not run["errors_of_check"], "the run folder is not sound"
        assert not run["made_again"], "running again made something"
    if (options.movies, options.kills) == (MOVIES, KILLS):
        write_whole(RESULTS / "llm_faults.json", (json.dumps(found, indent=2) + "\n").encode())
        write_whole(RESULTS / "llm_faults.md", markdown(found).encode())


if __name__ == "__main__":
    main()
