"""How fast a language model's movie is written, against a model server that answers in a known time.

    python benchmarks/llm_line.py              # about 4 minutes on 2 idle cores; writes results/llm_line.json and .md
    python benchmarks/llm_line.py --scale 0.1  # a try-out; prints, writes nothing

The server is the test double in a process of its own (tests/servers/openai_double.py): it answers every call after
50 ms (200 ms, 1 s) with the offline studio's own story, every picture after 20 ms. Measured, at the paper's 11 x 11 x
11 keyframes and 64 calls at a time, each several times after one run that warms the server up:

- the text (outline, chapters, scenes, dialogue, questions), and the text with pictures by the endpoint painter;
- `moviellm make --writer llm --recipe paper` with pictures, as a command, and again: it must make no call;
- what is asked again after edits of the dialogue prompt.

Beside each stand two bounds. The critical path is arithmetic: the calls of each level of the chain, in rounds of 64,
times the latency. The floor is measured: a bare aiohttp client sends the same bodies, level by level, 64 at a time,
reads the answers and does nothing else. It holds what the server can admit, which is one process too. What is above
the floor is ours. It says nothing about any real model.
"""

import argparse
import asyncio
import gc
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bare_client import floor_s, recorded
from painting import RESULTS, THEME, machine, measure, moviellm

from moviellm.generation.cells import Shard
from moviellm.generation.config.recipe import Recipe, load_recipe
from moviellm.generation.dialogue import write_dialogue
from moviellm.generation.files import write_whole
from moviellm.generation.llm import rendering
from moviellm.generation.make import make_run, shard_size
from moviellm.generation.orders import order_of
from moviellm.generation.plot import write_plot
from moviellm.generation.qa import ask_questions
from moviellm.generation.runs.record import RunRecord, next_record, write_record
from moviellm.generation.studios import open_studio
from moviellm.generation.workbench import Workbench

ROOT = Path(__file__).resolve().parent.parent
LATENCY_S, PICTURE_S = 0.05, 0.02
LATENCIES = {LATENCY_S: 5, 0.2: 3, 1.0: 2}
"""Seconds a call -> times it is measured."""
CONCURRENCY = 64
PICTURE_REPEATS = 2
AIM = 1.3


@dataclass
class Server:
    """The double, in a process of its own."""

    process: subprocess.Popen[str]
    base_url: str

    def cpu_s(self) -> float:
        """Its processor time so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def calls(self) -> Counter[str]:
        """Requests so far, by task."""
        with urllib.request.urlopen(self.base_url.removesuffix("/v1") + "/stats") as answer:
            return Counter(json.load(answer)["calls"])


@contextmanager
def server(answers: str = "story", latency_s: float = LATENCY_S) -> Iterator[Server]:
    """Start the double; the environment names it."""
    command = [sys.executable, "-m", "tests.servers.openai_double", "--answers", answers]
    command += ["--latency-ms", str(latency_s * 1000), "--image-latency-ms", str(PICTURE_S * 1000)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        os.environ |= {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "none"}
        try:
            yield Server(process, url)
        finally:
            process.terminate()


def recipe_of(part: int, **keys: Any) -> Recipe:
    """The recipe `paper`, smaller for a try-out."""
    questions = load_recipe("paper").questions.per_movie * part**3 // 1331
    overrides = [f"story.{name}={part}" for name in ("chapters", "scenes", "keyframes")]
    overrides += ["llm.model=story", f"engine.concurrency={CONCURRENCY}", f"questions.per_movie={max(5, questions)}"]
    return load_recipe("paper", [*overrides, *(f"{name}={value}" for name, value in keys.items())])


def record_of(run: Path, recipe: Recipe) -> RunRecord:
    """The run's record, written."""
    run.mkdir(parents=True, exist_ok=True)
    record = next_record(run, recipe, movies_per_shard=shard_size(recipe), replace=True)
    write_record(run, record)
    return record


# ------------------------------------------------------------------------------------------------ the text


async def write_text(run: Path, recipe: Recipe) -> int:
    """The text of one movie, stage by stage; returns the number of its question parts."""
    record, studio = record_of(run, recipe), open_studio(recipe, run)
    shard = Shard.open(run, 0)
    bench = Workbench(
        recipe=recipe,
        writer=studio.writer,
        painter=studio.painter,
        shard=shard,
        limit=asyncio.Semaphore(CONCURRENCY),
        record=record,
    )
    try:
        plot = await write_plot(bench, order_of(recipe, 0))
        movie = await write_dialogue(bench, plot.movie, plot.story, plot.outline, plot.heads, plot.drafts)
        movie = await ask_questions(bench, movie)
        return sum(cell.stage == "qa" for cell in bench.cells)
    finally:
        await shard.close()
        await studio.close()


def critical_path_s(part: int, question_calls: int, latency_s: float, pictures: int = 0) -> float:
    """Calls of each level of the chain in rounds of `CONCURRENCY`, times the latency.

    With pictures: they and the dialogue are made side by side after the scenes, on the same slots.
    """

    def rounds(calls: int) -> int:
        return math.ceil(calls / CONCURRENCY)

    before = rounds(1) + rounds(part) + rounds(part * part)
    side_by_side_s = rounds(part * part) * latency_s
    if pictures:
        work_s = part * part * latency_s + pictures * PICTURE_S
        side_by_side_s = max(side_by_side_s, work_s / CONCURRENCY)
    return (before + rounds(question_calls)) * latency_s + side_by_side_s


def warm_up(recipe: Recipe, run: Path) -> None:
    """Let the server simulate its story, which it does at the first call."""
    asyncio.run(write_text(run, recipe))
    shutil.rmtree(run)


async def make_pictured(run: Path, recipe: Recipe) -> int:
    """The text and the pictures of one movie, to the committed tables; returns the number of its question parts."""
    record, studio = record_of(run, recipe), open_studio(recipe, run)
    try:
        report = await make_run(run, record, studio.writer, studio.painter)
        assert not report.failed, report.failed
        return report.made["qa"]
    finally:
        await studio.close()


def timed(double: Server, folder: Path, part: int, latency_s: float, repeats: int, pictures: bool) -> dict[str, Any]:
    """A movie, several times into new run folders, after one that warms up and is recorded."""
    keys = {"painter": "endpoint", "painting.model": "pictures"} if pictures else {}
    recipe, rows, question_calls = recipe_of(part, **keys), [], 0
    job = make_pictured if pictures else write_text
    with recorded() as bodies:
        asyncio.run(job(folder / "first", recipe))
    shutil.rmtree(folder / "first")
    gc.collect()
    gc.freeze()
    for i in range(repeats):
        run, cpu_s, served_s, start_s = folder / f"run-{i}", time.process_time(), double.cpu_s(), time.perf_counter()
        question_calls = asyncio.run(job(run, recipe))
        wall_s = time.perf_counter() - start_s
        rows.append((wall_s, time.process_time() - cpu_s, double.cpu_s() - served_s))
        shutil.rmtree(run)
    walls, client, served = zip(*rows, strict=True)
    path_s = critical_path_s(part, question_calls, latency_s, part**3 * pictures)
    least_s = floor_s(double.base_url, bodies, CONCURRENCY)
    wall_s, calls = statistics.median(walls), len(bodies)
    return {
        "latency_s": latency_s,
        "pictures": part**3 * pictures,
        "calls": calls,
        "repeats": repeats,
        "critical_path_s": round(path_s, 3),
        "floor_s": round(least_s, 3),
        "wall_s": round(wall_s, 3),
        "wall_least_s": round(min(walls), 3),
        "ratio": round(wall_s / path_s, 2),
        "floor_ratio": round(wall_s / least_s, 2),
        "client_cpu_s": round(statistics.median(client), 3),
        "client_cpu_ms_a_call": round(1000 * statistics.median(client) / calls, 2),
        "server_cpu_s": round(statistics.median(served), 3),
        "load": round(os.getloadavg()[0], 2),
    }


# ------------------------------------------------------------------------------------------------ the command


def through_the_command(double: Server, folder: Path, part: int) -> dict[str, Any]:
    """`moviellm make --recipe paper` with pictures by the endpoint, then again without a call."""
    run = folder / "made"
    recipe = recipe_of(part)
    warm_up(recipe, folder / "warm")
    command = ["make", THEME, "--recipe", "paper", "--model", "story", "--out", str(run), "--no-films", "--set"]
    command += [f"story.{name}={part}" for name in ("chapters", "scenes", "keyframes")]
    command += [f"questions.per_movie={recipe.questions.per_movie}", f"engine.concurrency={CONCURRENCY}"]
    command += ["painter=endpoint", "painting.model=pictures"]
    before = double.calls()
    made = measure(moviellm(*command))
    calls = double.calls() - before
    before = double.calls()
    again = measure(moviellm(*command))
    again_calls = (double.calls() - before).total()
    path_s = critical_path_s(part, calls["questions"], LATENCY_S, part**3)
    return {
        "calls": dict(calls),
        "critical_path_s": round(path_s, 3),
        "wall_s": made["wall_s"],
        "cpu_s": made["cpu_s"],
        "ratio": round(made["wall_s"] / path_s, 2),
        "again_calls": again_calls,
        "again_wall_s": again["wall_s"],
    }


# ------------------------------------------------------------------------------------------------ an edit


def edited(folder: Path, part: int) -> dict[str, Any]:
    """What is asked again after an edit of the dialogue prompt, by a model that says the same and by another."""
    run, prompts = folder / "edited", folder / "prompts"
    recipe = recipe_of(part, **{"painter": "endpoint", "painting.model": "pictures"})

    def calls_after(words: str, double: Server) -> dict[str, int]:
        path = prompts / "dialogue.md"
        path.write_text(path.read_text(encoding="utf-8") + words, encoding="utf-8")
        before = double.calls()
        asyncio.run(make_pictured(run, recipe))
        return dict(double.calls() - before)

    packaged = rendering.PROMPTS
    shutil.copytree(packaged, prompts)
    rendering.PROMPTS = prompts
    try:
        with server() as double:
            asyncio.run(make_pictured(run, recipe))
            same = calls_after("Be brief.\n", double)
        with server("loud") as double:
            return {"same_lines": same, "other_lines": calls_after("Shout.\n", double)}
    finally:
        rendering.PROMPTS = packaged


def measure_all(folder: Path, scale: float) -> dict[str, Any]:
    """Every case; `scale` below 1 makes the movie smaller for a try-out."""
    part = max(2, round(11 * scale ** (1 / 3)))
    facts = machine()
    lines = []
    for latency_s, repeats in LATENCIES.items():
        with server(latency_s=latency_s) as double:
            lines.append(timed(double, folder, part, latency_s, repeats, pictures=False))
    with server() as double:
        lines.append(timed(double, folder, part, LATENCY_S, PICTURE_REPEATS, pictures=True))
        command = through_the_command(double, folder, part)
    return {"machine": facts, "part": part, "lines": lines, "command": command, "edit": edited(folder, part)}


def markdown(results: dict[str, Any]) -> str:
    """The results as a page."""
    facts, lines, command = (results[name] for name in ("machine", "lines", "command"))
    part, packages = results["part"], ", ".join(f"{name} {number}" for name, number in facts["packages"].items())
    asked = {
        name: ", ".join(f"{count} {task}" for task, count in calls.items()) for name, calls in results["edit"].items()
    }
    holds = [line for line in lines if line["ratio"] <= AIM]
    said = ", ".join(f"{1000 * line['latency_s']:.0f} ms a call ({line['ratio']})" for line in holds) or "no latency"
    first = lines[0]
    machine_said = (
        f"Machine: {facts['cpu']}, {facts['cores']} cores, {facts['memory_gib']} GiB, load {facts['load_before']} "
        f"before the start; {facts['system']}; Python {facts['python']}; {packages}."
    )
    size = (
        f"One movie of {part} x {part} x {part} keyframes, recipe `paper`, {CONCURRENCY} calls at a time, against a "
        "model server (the test double, in a process of its own on the same cores) of known latency."
    )
    bounds = (
        "- Critical path: the sum, over the chain outline, chapters, scenes, dialogue, questions, of ceil(calls / "
        f"{CONCURRENCY}) x latency; pictures ({PICTURE_S * 1000:.0f} ms each) and the dialogue share the slots.\n"
        "- Floor: the time of a bare aiohttp client that sends the same bodies, level by level and as many at a "
        "time, and only reads the answers: the path, and what the server admits."
    )
    aim = (
        f"The aim was {AIM} times the critical path. It holds at {said}. At {1000 * first['latency_s']:.0f} ms the "
        f"text took {first['ratio']} times its path and {first['floor_ratio']} times the floor: a call costs this "
        f"client {first['client_cpu_ms_a_call']} ms of processor time (prompt, HTTP, checks, the log of paid calls, "
        f"cells, the movie) in one thread, and {first['calls']} calls within {AIM} x {first['critical_path_s']} s "
        f"leave it {1000 * first['critical_path_s'] * AIM / first['calls']:.1f}. The bare client took "
        f"{first['floor_s'] / first['critical_path_s']:.1f} times the path. The command's time holds the start of "
        "the program and the storyboard."
    )
    edits = (
        f"Asked after an edit of the dialogue prompt: {asked['same_lines']}, where the model says the same lines as "
        f"before; {asked['other_lines']}, where it says others: the dialogue and the parts of the questions that read "
        "it. The parts about the whole movie read no line."
    )
    parts = [
        "# A language model's movie: how fast it is written",
        f"Written by `python benchmarks/llm_line.py` on {facts['date']}; the numbers are in `llm_line.json`.",
        machine_said,
        size,
        bounds,
        _table(lines, command),
        aim,
        f"The same command again: {command['again_calls']} calls, {command['again_wall_s']} s.",
        edits,
    ]
    return "\n\n".join(parts) + "\n"


def _table(lines: list[dict[str, Any]], command: dict[str, Any]) -> str:
    rows = [
        "| | calls | critical path s | floor s | measured s | to the path | to the floor | client CPU s "
        "| server CPU s | load |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for line in lines:
        what = f"text and {line['pictures']:,} pictures, to the tables" if line["pictures"] else "the text"
        rows.append(
            f"| {what}, {line['latency_s'] * 1000:.0f} ms a call (median of {line['repeats']}) | {line['calls']} | "
            f"{line['critical_path_s']} | {line['floor_s']} | {line['wall_s']} | {line['ratio']} | "
            f"{line['floor_ratio']} | {line['client_cpu_s']} | {line['server_cpu_s']} | {line['load']} |"
        )
    rows.append(
        f"| `moviellm make`, {LATENCY_S * 1000:.0f} ms a call, with pictures by the endpoint | "
        f"{sum(command['calls'].values())} | {command['critical_path_s']} | | {command['wall_s']} | "
        f"{command['ratio']} | | {command['cpu_s']} | | |"
    )
    return "\n".join(rows)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--scale", type=float, default=1.0, help="below 1: a try-out that writes nothing")
    scale = parser.parse_args().scale
    with tempfile.TemporaryDirectory() as folder:
        results = measure_all(Path(folder), scale)
    print(json.dumps(results, indent=1))
    if scale == 1.0:
        write_whole(RESULTS / "llm_line.json", (json.dumps(results, indent=1) + "\n").encode())
        write_whole(RESULTS / "llm_line.md", markdown(results).encode())


if __name__ == "__main__":
    main()
