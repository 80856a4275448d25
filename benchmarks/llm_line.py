"""How fast a language model's movie is written, against a model server that answers in a known time.

    python benchmarks/llm_line.py              # about 3 minutes on 2 idle cores; writes results/llm_line.json and .md
    python benchmarks/llm_line.py --scale 0.1  # a try-out; prints, writes nothing

The server is the test double in a process of its own (tests/servers/openai_double.py): it answers every call after
50 ms with the offline studio's own story, every picture after 20 ms. Measured, at the paper's 11 x 11 x 11 keyframes
and 64 calls at a time, each several times after one run that warms the server up:

- the text: outline, chapters, scenes, dialogue, questions, without pictures, in this process;
- `moviellm make --writer llm --recipe paper`, with pictures by the endpoint painter, through the command;
- the same again: it must make no call; and after edits of the dialogue prompt.

The critical path is what no client can go below: the calls of each level of the chain, in rounds of 64, times the
latency. What is above it is processor time, the client's and the server's, which is measured beside it. It says
nothing about any real model.
"""

import argparse
import asyncio
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

from painting import RESULTS, THEME, machine, measure, moviellm

from moviellm.generation.cells import Shard
from moviellm.generation.config import Recipe, load_recipe
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
LATENCY_S, SLOW_S, PICTURE_S = 0.05, 1.0, 0.02
CONCURRENCY = 64
REPEATS, SLOW_REPEATS = 5, 2
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


def timed_text(folder: Path, part: int, latency_s: float, repeats: int) -> dict[str, Any]:
    """The text, several times into new run folders."""
    with server(latency_s=latency_s) as double:
        return _timed_text(double, folder, part, latency_s, repeats)


def _timed_text(double: Server, folder: Path, part: int, latency_s: float, repeats: int) -> dict[str, Any]:
    recipe, rows, question_calls = recipe_of(part), [], 0
    for i in range(repeats + 1):
        run, cpu_s, served_s, start_s = folder / f"text-{i}", time.process_time(), double.cpu_s(), time.perf_counter()
        before = double.calls()
        question_calls = asyncio.run(write_text(run, recipe))
        wall_s = time.perf_counter() - start_s
        calls = (double.calls() - before).total()
        rows.append((wall_s, time.process_time() - cpu_s, double.cpu_s() - served_s, calls))
        shutil.rmtree(run)
    walls, client, served, calls = zip(*rows[1:], strict=True)
    path_s = critical_path_s(part, question_calls, latency_s)
    return {
        "latency_s": latency_s,
        "calls": calls[0],
        "critical_path_s": round(path_s, 3),
        "wall_s": round(statistics.median(walls), 3),
        "wall_least_s": round(min(walls), 3),
        "client_cpu_s": round(statistics.median(client), 3),
        "server_cpu_s": round(statistics.median(served), 3),
        "ratio": round(statistics.median(walls) / path_s, 2),
        "client_cpu_ms_a_call": round(1000 * statistics.median(client) / calls[0], 2),
        "bound_s": round(path_s + statistics.median(client), 3),
        "bound_ratio": round(statistics.median(walls) / (path_s + statistics.median(client)), 2),
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

    async def job() -> None:
        record, studio = record_of(run, recipe), open_studio(recipe, run)
        try:
            report = await make_run(run, record, studio.writer, studio.painter)
            assert not report.failed, report.failed
        finally:
            await studio.close()

    def calls_after(words: str, double: Server) -> dict[str, int]:
        path = prompts / "dialogue.md"
        path.write_text(path.read_text(encoding="utf-8") + words, encoding="utf-8")
        before = double.calls()
        asyncio.run(job())
        return dict(double.calls() - before)

    packaged = rendering.PROMPTS
    shutil.copytree(packaged, prompts)
    rendering.PROMPTS = prompts
    try:
        with server() as double:
            asyncio.run(job())
            same = calls_after("Be brief.\n", double)
        with server("loud") as double:
            return {"same_lines": same, "other_lines": calls_after("Shout.\n", double)}
    finally:
        rendering.PROMPTS = packaged


def measure_all(folder: Path, scale: float) -> dict[str, Any]:
    """Every case; `scale` below 1 makes the movie smaller for a try-out."""
    part = max(2, round(11 * scale ** (1 / 3)))
    facts = machine()
    text = timed_text(folder, part, LATENCY_S, REPEATS)
    slow = timed_text(folder, part, SLOW_S, SLOW_REPEATS)
    with server() as double:
        command = through_the_command(double, folder, part)
    edit = edited(folder, part)
    return {"machine": facts, "part": part, "text": text, "slow": slow, "command": command, "edit": edit}


def markdown(results: dict[str, Any]) -> str:
    """The results as a page."""
    facts, text, slow, command = (results[name] for name in ("machine", "text", "slow", "command"))
    part, packages = results["part"], ", ".join(f"{name} {number}" for name, number in facts["packages"].items())
    asked = {
        name: ", ".join(f"{count} {task}" for task, count in calls.items()) for name, calls in results["edit"].items()
    }
    lines = [
        "# A language model's movie: how fast it is written",
        f"Written by `python benchmarks/llm_line.py` on {facts['date']}; the numbers are in `llm_line.json`.",
        f"Machine: {facts['cpu']}, {facts['cores']} cores, {facts['memory_gib']} GiB, load {facts['load_before']} "
        f"before the start; {facts['system']}; Python {facts['python']}; {packages}.",
        f"One movie of {part} x {part} x {part} keyframes, recipe `paper`, {CONCURRENCY} calls at a time, against a "
        "model server (the test double, in a process of its own on the same cores) of known latency. The critical "
        f"path is the sum, over the chain outline, chapters, scenes, dialogue, questions, of ceil(calls / "
        f"{CONCURRENCY}) x latency; with pictures ({PICTURE_S * 1000:.0f} ms each) they and the dialogue share the "
        "slots side by side.",
        _table(text, slow, command),
        f"The aim was {AIM}. The fastest text at {LATENCY_S * 1000:.0f} ms took {text['wall_least_s']} s. A call "
        f"costs this client {text['client_cpu_ms_a_call']} ms of processor time (prompt, HTTP, checks, the log of "
        "paid calls, cells, the movie), one call after the other in one thread: at "
        f"{LATENCY_S * 1000:.0f} ms and {CONCURRENCY} calls at a time a server answers faster than that. Against the "
        f"path plus the client's processor time ({text['bound_s']} s) the ratio is {text['bound_ratio']}. The "
        f"command's time holds the start of the program and the tables with {part**3:,} pictures.",
        f"The same command again: {command['again_calls']} calls, {command['again_wall_s']} s.",
        f"Asked after an edit of the dialogue prompt: {asked['same_lines']}, where the model says the same lines as "
        f"before; {asked['other_lines']}, where it says others: the dialogue and the parts of the questions that read "
        "it. The parts about the whole movie read no line.",
    ]
    return "\n\n".join(lines) + "\n"


def _table(text: dict[str, Any], slow: dict[str, Any], command: dict[str, Any]) -> str:
    rows = ["| | calls | critical path s | measured s | ratio | client CPU s | server CPU s |"]
    rows.append("|---|---:|---:|---:|---:|---:|---:|")
    for item, repeats in ((text, REPEATS), (slow, SLOW_REPEATS)):
        rows.append(
            f"| the text, {item['latency_s'] * 1000:.0f} ms a call (median of {repeats}) | {item['calls']} | "
            f"{item['critical_path_s']} | {item['wall_s']} | {item['ratio']} | {item['client_cpu_s']} | "
            f"{item['server_cpu_s']} |"
        )
    rows.append(
        f"| `moviellm make`, {LATENCY_S * 1000:.0f} ms a call, with pictures by the endpoint | "
        f"{sum(command['calls'].values())} | {command['critical_path_s']} | {command['wall_s']} | {command['ratio']} "
        f"| {command['cpu_s']} | |"
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
