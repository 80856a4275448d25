"""On a cluster: nodes killed at random moments, four nodes against one, and what Ray adds to a shard or a movie.

    python benchmarks/cluster.py kills --runs 20      # results/cluster_kills.json; minutes
    python benchmarks/cluster.py llm                  # results/cluster_llm.json
    python benchmarks/cluster.py limits               # results/cluster_limits.json
    python benchmarks/cluster.py eval                 # results/cluster_eval.json

The cluster is `ray.cluster_utils.Cluster`: four nodes with one CPU each, on loopback, around one folder. In `kills`
one to three nodes of each run are killed with SIGKILL when the run holds a random number of cells; in every fourth run
the head is one of them, and the run then goes on at once on a new cluster, or on one machine without any. Each run is
held to the byte against one that a single machine made, and so is the dataset built from it. Half the nodes die with
all their processes, as a machine does; of the others Ray's own process dies, and makers live on beside who follows.
In `llm` texts and pictures come from the test double (50 ms a call, a process of its own), one call at a time a node,
so that the machine's cores are not what is measured. In `limits` the server notes when each call comes, and the desk
that keeps the limits is killed twice. In `eval` the same server is asked the questions of movies, by one machine, by
one node and by four, one call at a time a node. `efficiency` counts from the first call to the last, and with it how
long four processes take to start on this machine's cores, `efficiency_at_work` the time in which all of them ask.
`stolen` is the part of the cores' time that the host of this machine gave to others. A shared machine: look at ratios
and counts, not at seconds.
"""

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from cluster_page import page
from painting import RESULTS

from moviellm.generation.files import write_whole
from moviellm.generation.llm.exchanges import logs_of, read_rows
from moviellm.generation.own_process import run_verb
from moviellm.generation.runs.check import verify
from moviellm.generation.runs.status import run_status

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.eval.running.movies import make_dataset, movie  # noqa: E402
from tests.generation.cluster import kit  # noqa: E402
from tests.servers.openai_double import openai_double  # noqa: E402
from tests.servers.story_answers import answers as story_answers  # noqa: E402

NODES = 4
MOVIES = 12


# ---------------------------------------------------------------- nodes killed


class Kills:
    """Twenty runs, a hand that kills."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.random = folder, random.Random(seed)
        self.one = folder / "one"
        kit.begin_run(self.one, f"movies={MOVIES}", *kit.SMALL)
        done = kit.start_make(self.one, None)
        assert done.wait() == 0, done.communicate()
        self.total = sum(run_status(self.one).cells.values())
        self.dataset = self._dataset(self.one)
        self.rows: list[dict[str, Any]] = []

    def _dataset(self, run: Path) -> dict[str, bytes]:
        out = self.folder / f"{run.name}-dataset"
        assert run_verb(["dataset", "build", str(run), "--out", str(out)], quiet=True) == 0
        return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}

    def go(self, runs: int) -> None:
        """All runs; a cluster is used until its head is killed."""
        number = 0
        while number < runs:
            with kit.nodes(NODES) as cluster:
                alive = True
                while alive and number < runs:
                    alive = self._run(number, cluster)
                    number += 1

    def _run(self, number: int, cluster: Any) -> bool:
        """One run with kills. False: the head is gone, and the run was ended elsewhere."""
        run, began = self.folder / f"run-{number:02d}", time.monotonic()
        kit.same_run(self.one, run)
        moments = sorted(self.random.sample(range(1, self.total), self.random.randint(1, 3)))
        head_at = self.random.randrange(len(moments)) if number % 4 == 3 else None
        driver, killed, head = kit.start_make(run, cluster.address), 0, False
        for at, moment in enumerate(moments):
            if not kit.wait_for(run, moment, driver):
                break
            head = at == head_at
            if head:
                self._kill(cluster, cluster.head_node)
                killed += 1
                break
            workers = [node for node in cluster.list_all_nodes() if node is not cluster.head_node]
            self._kill(cluster, self.random.choice(workers))
            killed += 1
            cluster.add_node(**kit.NODE, wait=False)
        code, after = self._given_up(driver) if head else driver.wait(), ""
        if code != 0:
            said = (driver.stderr.read() if driver.stderr else "").strip().splitlines()[-1:]
            assert head, said
            after = self._end_elsewhere(number, run)
        self._judge(run, number, killed, head, code, after, time.monotonic() - began)
        return not head

    def _kill(self, cluster: Any, node: Any) -> None:
        if self.random.random() < 0.5:
            kit.end(kit.children(node.all_processes["raylet"][0].process.pid))
        cluster.remove_node(node, allow_graceful=False)

    def _given_up(self, driver: subprocess.Popen[str]) -> int:
        """A driver whose head is gone ends on its own, or is killed with its machine."""
        try:
            return driver.wait(timeout=5)
        except subprocess.TimeoutExpired:
            driver.kill()
            return driver.wait()

    def _end_elsewhere(self, number: int, run: Path) -> str:
        """Go on at once, beside what is left of the old cluster: on a new one, or on none."""
        if number % 8 == 7:
            done = kit.start_make(run, None)
            assert done.wait() == 0, done.communicate()
            return "one machine"
        with kit.nodes(NODES) as cluster:
            done = kit.start_make(run, cluster.address)
            assert done.wait() == 0, done.communicate()
        return "a new cluster"

    def _judge(self, run: Path, number: int, killed: int, head: bool, code: int, after: str, seconds: float) -> None:
        made, there = kit.kept(self.one), kit.kept(run)
        lines = [json.loads(line) for path in run.glob("calls*/*.jsonl") for line in path.read_bytes().splitlines()]
        lines += [json.loads(line) for path in run.glob("calls.jsonl") for line in path.read_bytes().splitlines()]
        again = sum(count - 1 for count in Counter(line["key"] for line in lines).values())
        row = {
            "run": number,
            "killed": killed,
            "head": head,
            "driver_exit": code,
            "went_on": after,
            "lost": len(set(made) - set(there)),
            "more": len(set(there) - set(made)),
            "other_bytes": sum(made[name] != there.get(name) for name in made),
            "errors": sum(finding.severity == "error" for finding in verify(run)),
            "dataset_same": self._dataset(run) == self.dataset,
            "made_again": again,
            "seconds": round(seconds, 1),
        }
        self.rows.append(row)
        print(row, flush=True)


def kills(runs: int, seed: int) -> dict[str, Any]:
    """Runs with nodes killed."""
    with tempfile.TemporaryDirectory(prefix="cluster-") as folder:
        bench = Kills(Path(folder), seed)
        bench.go(runs)
        rows = bench.rows
    same = all(not (row["lost"] or row["more"] or row["other_bytes"] or row["errors"]) for row in rows)
    return {
        "movies": MOVIES,
        "nodes": NODES,
        "cells": bench.total,
        "seed": seed,
        "runs": len(rows),
        "kills": sum(row["killed"] for row in rows),
        "heads": sum(row["head"] for row in rows),
        "all_the_same": same and all(row["dataset_same"] for row in rows),
        "cells_made_again_a_kill": round(
            sum(row["made_again"] for row in rows) / max(1, sum(r["killed"] for r in rows)), 2
        ),
        "rows": rows,
    }


# ---------------------------------------------------------------- a model that writes

LATENCY_MS = 50
SHARDS = 84
"""Enough that what a node takes to start, once, is little beside them."""
SERVED_PICTURES = ["painter=endpoint", "painting.model=pictures"]
"""Drawn here, they took half of a node's processor time, and four nodes share two cores."""


@contextmanager
def server() -> Iterator[dict[str, str]]:
    """The double in a process of its own, as environment."""
    command = [sys.executable, "-m", "tests.servers.openai_double", "--latency-ms", str(LATENCY_MS)]
    command += ["--image-latency-ms", str(LATENCY_MS)]
    with subprocess.Popen([*command, "--answers", "story"], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield {"OPENAI_BASE_URL": process.stdout.readline().strip(), "OPENAI_API_KEY": "none"}
        finally:
            process.terminate()


def cpu_ticks() -> tuple[int, int]:
    """Time of all cores since the machine began, and how much of it was given to others."""
    ticks = [int(word) for word in Path("/proc/stat").read_text(encoding="ascii").split("\n")[0].split()[1:9]]
    return sum(ticks), ticks[7]


def stolen(before: tuple[int, int]) -> float:
    """The part of the cores' time that was given to others since then."""
    total, given = cpu_ticks()
    return round((given - before[1]) / (total - before[0]), 3)


def calls_of_making(run: Path) -> list[tuple[float, float]]:
    """Begin and end of every call of a run."""
    calls = [json.loads(line) for path in run.glob("calls*/*.jsonl") for line in path.read_bytes().splitlines()]
    calls += [json.loads(line) for path in run.glob("calls.jsonl") for line in path.read_bytes().splitlines()]
    begins = [datetime.fromisoformat(call["started_at"]).timestamp() for call in calls]
    return [(begin, begin + call["seconds"]) for begin, call in zip(begins, calls, strict=True)]


def span_s(run: Path) -> tuple[float, int]:
    """From the first call's begin to the last one's end, and how many there were."""
    calls = calls_of_making(run)
    return asked_s(calls), len(calls)


def llm() -> dict[str, Any]:
    """The same run on one machine, on one node and on four."""
    found: dict[str, Any] = {"shards": SHARDS, "latency_ms": LATENCY_MS, "calls_at_a_time_a_node": 1}
    with tempfile.TemporaryDirectory(prefix="cluster-") as folder, server() as environment:
        first = Path(folder) / "first"
        kit.begin_run(first, *kit.WRITTEN, *SERVED_PICTURES, f"movies={SHARDS}", "engine.concurrency=1")
        spans = {}
        warm, alone = Path(folder) / "warm", Path(folder) / "alone"  # once to let the server tell its stories
        for run in (warm, alone):
            kit.same_run(first, run)
            done = kit.start_make(run, None, environment=environment)
            assert done.wait() == 0, done.communicate()
        spans["alone"], found["calls"] = span_s(alone)
        rates, found["stolen"] = {}, {}
        for count in (1, NODES):
            with kit.nodes(count) as cluster:
                run = Path(folder) / f"on-{count}"
                kit.same_run(first, run)
                before = cpu_ticks()
                done = kit.start_make(run, cluster.address, environment=environment)
                assert done.wait() == 0, done.communicate()
                found["stolen"][f"nodes_{count}"] = stolen(before)
                spans[f"nodes_{count}"], _ = span_s(run)
                rates[count] = at_work(calls_of_making(run), count)
                assert kit.kept(run) == kit.kept(alone)
        found["seconds"] = {name: round(value, 2) for name, value in spans.items()}
    found["efficiency"] = round(spans["nodes_1"] / spans[f"nodes_{NODES}"] / NODES, 3)
    found["efficiency_at_work"] = round(rates[NODES] / rates[1] / NODES, 3)
    found["ray_overhead_s_a_shard"] = round((spans["nodes_1"] - spans["alone"]) / SHARDS, 4)
    return found


def limits() -> dict[str, Any]:
    """Calls and tokens that arrive in any minute, from four nodes, with the desk killed twice."""
    per_minute, tokens, movies = 300, 400_000, 40
    with openai_double(kit.Timed, latency_s=LATENCY_MS / 1000, answers=story_answers) as double:
        environment = {"OPENAI_BASE_URL": double.base_url, "OPENAI_API_KEY": "none"}
        with tempfile.TemporaryDirectory(prefix="cluster-") as folder, kit.nodes(NODES) as cluster:
            run = Path(folder) / "run"
            paces = [f"engine.requests_per_minute={per_minute}", f"engine.tokens_per_minute={tokens}"]
            kit.begin_run(run, *kit.WRITTEN, f"movies={movies}", *paces)
            driver, killed = kit.start_make(run, cluster.address, environment=environment), 0
            for after in (per_minute // 3, per_minute):
                while len(double.arrivals) < after and driver.poll() is None:
                    time.sleep(0.1)
                desks = kit.named("ray::Desk")
                kit.end(desks)
                killed += len(desks)
            assert driver.wait() == 0, driver.communicate()
            calls = [(at, 1.0) for at in double.arrivals]
            minutes = (double.arrivals[-1] - double.arrivals[0]) / 60.0
            return {
                "nodes": NODES,
                "calls": len(calls),
                "desks_killed": killed,
                "minutes": round(minutes, 2),
                "requests_per_minute": {"limit": per_minute, "most": int(kit.most_in_a_minute(calls))},
                "tokens_per_minute": {"limit": tokens, "most": int(kit.most_in_a_minute(double.tokens))},
                "finished": run_status(run).finished,
            }


# ---------------------------------------------------------------- a model that is asked

ASKED = 96
"""Movies whose questions are asked."""


def ask(data: Path, out: Path, environment: dict[str, str], address: str | None) -> dict[str, Any]:
    """`moviellm eval run` of a served model; what it leaves."""
    command = [sys.executable, "-P", "-m", "moviellm.generation.cli", "eval", "run", "--model", "openai:eyes"]
    command += ["--data", str(data), "--tasks", "all", "--concurrency", "1", "--out", str(out), "--json"]
    command += ["--on", "ray"] if address else []
    settings = {**os.environ, **kit.LIGHT, **environment, **({"RAY_ADDRESS": address} if address else {})}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=settings)
    results: dict[str, Any] = json.loads((out / "results.json").read_bytes())
    return {**results, "times": None}


def calls_of(out: Path) -> list[tuple[float, float]]:
    """Begin and end of every call."""
    rows = [row for path in logs_of(out / "kept") for _, _, row in read_rows(path) if row is not None]
    return [(row["at"] - row["latency_s"], row["at"]) for row in rows if row["kind"] == "reply"]


def asked_s(calls: Sequence[tuple[float, float]]) -> float:
    """From the first call's begin to the last one's end."""
    return max(end for _, end in calls) - min(begin for begin, _ in calls)


def at_work(calls: Sequence[tuple[float, float]], nodes: int) -> float:
    """Calls a second, from when so many were first under way together to when they last were."""
    moments = sorted([(begin, 1) for begin, _ in calls] + [(end, -1) for _, end in calls])
    under_way, full = 0, []
    for at, change in moments:
        under_way += change
        if under_way >= nodes:
            full.append(at)
    done = [end for _, end in calls if full[0] < end <= full[-1]]
    return len(done) / (full[-1] - full[0])


def evaluation() -> dict[str, Any]:
    """The same questions asked by one machine, on one node and on four."""
    found: dict[str, Any] = {"movies": ASKED, "latency_ms": LATENCY_MS, "calls_at_a_time_a_node": 1}
    with tempfile.TemporaryDirectory(prefix="cluster-") as folder, server() as environment:
        data = make_dataset(Path(folder) / "data", [movie(number) for number in range(ASKED)])
        alone = ask(data, Path(folder) / "alone", environment, None)
        spans, rates = {}, {}
        found["stolen"] = {}
        calls = calls_of(Path(folder) / "alone")
        spans["alone"], found["calls"] = asked_s(calls), len(calls)
        for count in (1, NODES):
            with kit.nodes(count) as cluster:
                out, before = Path(folder) / f"on-{count}", cpu_ticks()
                assert ask(data, out, environment, cluster.address) == alone
                found["stolen"][f"nodes_{count}"] = stolen(before)
                calls = calls_of(out)
                assert len(calls) == found["calls"]
                spans[f"nodes_{count}"], rates[count] = asked_s(calls), at_work(calls, count)
        found["seconds"] = {name: round(value, 2) for name, value in spans.items()}
    found["results_same"] = True
    found["efficiency"] = round(spans["nodes_1"] / spans[f"nodes_{NODES}"] / NODES, 3)
    found["efficiency_at_work"] = round(rates[NODES] / rates[1] / NODES, 3)
    found["ray_overhead_s_a_movie"] = round((spans["nodes_1"] - spans["alone"]) / ASKED, 4)
    return found


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["kills", "llm", "limits", "eval"])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-write", action="store_true")
    options = parser.parse_args()
    found = (
        kills(options.runs, options.seed)
        if options.what == "kills"
        else {"llm": llm, "limits": limits, "eval": evaluation}[options.what]()
    )
    import ray

    found |= {"ray": ray.__version__, "python": platform.python_version()}
    found["load_average_a_core"] = round(os.getloadavg()[1] / (os.cpu_count() or 1), 1)
    text = json.dumps(found, indent=1)
    print(text)
    if not options.no_write:
        write_whole(RESULTS / f"cluster_{options.what}.json", text.encode() + b"\n")
        write_whole(RESULTS / "cluster.md", page(RESULTS).encode())


if __name__ == "__main__":
    main()
