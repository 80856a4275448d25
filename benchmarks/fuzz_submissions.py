"""The validator of submissions fed with what nobody should send: no crash, no hang, no write outside, little memory.

    python benchmarks/fuzz_submissions.py --minutes 10          # writes results/fuzz_submissions.json and .md
    python benchmarks/fuzz_submissions.py --minutes 0.1 --seed 7    # a try-out; prints, writes nothing

Bundles that would be accepted are spoilt: bytes and lines are changed, cut, repeated, strewn with what breaks readers;
packed as folders, zips, tars, Parquet or single files, and the packing is spoilt too. The same seed makes the same
bundles. Each is checked in a forked process under the guard of a cell. A case fails where the checker raises anything
but a ValueError of one line, ends by a signal, takes more than 5 s of processor time, would write or reach out, holds
more memory than it may, says something that is no JSON, or rejects without a reason. Every 400th goes through
`moviellm submit check`'s own cell. Last, files of 4 and 16 MB are checked for their memory.
"""

import argparse
import json
import os
import platform
import random
import select
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from fuzz_submissions_bundles import INDEX, make

from moviellm.eval.submissions.cell_worker import guard
from moviellm.eval.submissions.check_verb import IMPORTS, checked_in_a_cell
from moviellm.eval.submissions.checking import check_bundle
from moviellm.eval.submissions.index import Index
from moviellm.eval.submissions.problems import CODES
from moviellm.generation.files import write_whole

RESULTS = Path(__file__).resolve().parent / "results"
LIMIT_S = 5.0
BATCH = 200
"""Cases of one forked process."""
THROUGH_A_CELL = 400
"""Every so many cases."""
MEMORY_KB, MEMORY_TIMES = 12_000, 6
"""What a case may hold beside Python: so much, and so many times the size of its files."""


class TooSlowError(BaseException):
    """A check took too long."""


def ring(*_: Any) -> None:
    raise TooSlowError(f"more than {LIMIT_S} s of processor time")


def size_kb(path: Path) -> float:
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file() and not one.is_symlink()]
    return sum(one.stat().st_size for one in files) / 1e3


def peak_kb(reset: bool = False) -> int:
    """Memory held at most since it was reset."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


def fault(path: Path, task: str | None, tally: dict[str, Any]) -> str | None:
    """What is wrong with how a bundle was checked; None where all is well."""
    before, begin = peak_kb(reset=True), time.process_time()
    signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT_S)
    try:
        found = check_bundle(path, INDEX, task=task, keep=True).problems
    except ValueError as error:
        tally["usage"] += 1
        return None if 0 < len(str(error)) < 500 else f"an unclear refusal: {error!r}"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    took, grown = time.process_time() - begin, peak_kb() - before
    tally["slowest_s"] = max(tally["slowest_s"], took)
    tally["memory_kb"] = max(tally["memory_kb"], grown)
    tally["accepted"] += found.accepted
    tally["codes"].update(found.codes)
    facts = found.facts()
    json.dumps(facts, allow_nan=False).encode()
    if not found.accepted and not facts["problems"]:
        return "rejected without a reason"
    if any(not one["message"].isprintable() or not one["where"].isprintable() for one in facts["problems"]):
        return f"a message that a terminal would obey: {facts['problems']}"
    if grown > MEMORY_KB + MEMORY_TIMES * size_kb(path):
        return f"{grown} kB held for a bundle of {size_kb(path):.0f} kB"
    return None


NOWHERE = guard("/nowhere")


def guarded(event: str, arguments: tuple[Any, ...]) -> None:
    """The guard of a cell that may write nowhere, but for our look at the memory."""
    if not (event == "open" and arguments[0] == "/proc/self/clear_refs"):
        NOWHERE(event, arguments)


def batch(seed: int, first: int, until: float, at: Any) -> dict[str, Any]:
    """Cases one after another in this process; `at`: told the number of each before it begins."""
    tally: dict[str, Any] = {"cases": 0, "usage": 0, "accepted": 0, "slowest_s": 0.0, "memory_kb": 0}
    tally |= {"codes": Counter(), "failures": []}
    signal.signal(signal.SIGVTALRM, ring)
    now: dict[str, Any] = {"hook": None}
    sys.addaudithook(lambda event, arguments: now["hook"] and now["hook"](event, arguments))
    for number in range(first, first + BATCH):
        if time.monotonic() > until:
            break
        at(number)
        with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
            path, task = make(Path(place), random.Random(f"{seed} {number}"))
            now["hook"] = guarded
            said = fault(path, task, tally)
            now["hook"] = None
        tally["cases"] += 1
        tally["failures"] += [f"case {number}: {said}"] if said else []
    return tally


def forked(seed: int, first: int, until: float) -> dict[str, Any]:
    """A batch in a process of its own, whose end by a signal is a failure and not ours."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        with open(write, "w") as out:
            tally = batch(seed, first, until, lambda number: (out.write(f"{number}\n"), out.flush()))
            out.write(json.dumps(tally))
            out.flush()
        os._exit(0)
    os.close(write)
    text, last = b"", time.monotonic()
    while select.select([read], [], [], 60.0)[0] and (piece := os.read(read, 1 << 16)):
        text, last = text + piece, time.monotonic()
    hung = time.monotonic() - last > 59
    if hung:
        os.kill(child, signal.SIGKILL)
    os.close(read)
    _, status = os.waitpid(child, 0)
    *numbers, told = text.decode().split("\n")
    if status or hung:
        lost = {"cases": len(numbers), "usage": 0, "accepted": 0, "slowest_s": 0.0, "memory_kb": 0, "codes": {}}
        return {**lost, "failures": [f"case {(numbers or ['?'])[-1]}: {'hung' if hung else f'ended with {status}'}"]}
    found: dict[str, Any] = json.loads(told)
    return found


def through_a_cell(seed: int, number: int) -> str | None:
    """One case as `moviellm submit check` sees it."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
        path, task = make(Path(place), random.Random(f"{seed} {number}"))
        (Path(place) / "INDEX.json").write_text(INDEX.text())
        try:
            facts = checked_in_a_cell(path, INDEX, Path(place) / "INDEX.json", task)
            here = check_bundle(path, INDEX, task=task).problems.facts()
        except ValueError:
            return None
    return None if facts == here else f"case {number}: another answer in a cell: {facts} and {here}"


def fuzz(minutes: float, seed: int) -> dict[str, Any]:
    until = time.monotonic() + 60 * minutes
    total: dict[str, Any] = {"cases": 0, "usage": 0, "accepted": 0, "slowest_s": 0.0, "memory_kb": 0, "cells": 0}
    total |= {"codes": Counter(), "failures": []}
    first = 0
    while time.monotonic() < until:
        found = forked(seed, first, until)
        for name in ("cases", "usage", "accepted"):
            total[name] += found[name]
        for name in ("slowest_s", "memory_kb"):
            total[name] = max(total[name], found[name])
        total["codes"].update(found["codes"])
        total["failures"] += found["failures"]
        if first % THROUGH_A_CELL == 0:
            said = through_a_cell(seed, first)
            total["cells"] += 1
            total["failures"] += [said] if said else []
        first += BATCH
    return total


def large(megabytes: int) -> dict[str, Any]:
    """Memory for one file of this size: what a cell holds beside what it holds for a small one."""
    found = {}
    from moviellm.eval.submissions.cell import in_a_cell
    from moviellm.eval.submissions.check_verb import CHECKER, bounds_of

    for size in (0.01, float(megabytes)):
        count = int(size * 1e6 / 100)
        tasks = {"qa_open": {f"q{number:07d}": {} for number in range(100)}}
        index = Index.model_validate({**INDEX.model_dump(), "tasks": tasks, "limits": {"max_file_bytes": 10**9}})
        with tempfile.TemporaryDirectory(prefix="fuzz-") as made:
            place = Path(made)
            (place / "INDEX.json").write_text(index.text())
            with open(place / "file.jsonl", "w") as file:
                for number in range(count):
                    file.write(json.dumps({"id": f"q{number:07d}", "answer": "a" * 66}) + "\n")
            arguments = {"bundle": str(place / "file.jsonl"), "index": str(place / "INDEX.json"), "task": "qa_open"}
            found[size] = in_a_cell(CHECKER, arguments, bounds_of(index), imports=IMPORTS).peak_mb
    return {"file_mb": megabytes, "memory_mb": round(found[float(megabytes)] - found[0.01], 1)}


# ------------------------------------------------------------------------------------------------ results


def markdown(facts: dict[str, Any]) -> str:
    found = facts["found"]
    lines = [
        "# The validator of submissions, fuzzed",
        "",
        f"`python benchmarks/fuzz_submissions.py --minutes {facts['minutes']:g} --seed {facts['seed']}`; "
        f"{facts['machine']}, Python {facts['python']}. Failures are exceptions, signals, more than {LIMIT_S:g} s, "
        "writes outside, memory over its bound, messages that a terminal would obey.",
        "",
        "| | |",
        "|---|---:|",
        f"| bundles | {found['cases']:,} |",
        f"| failures | {len(found['failures'])} |",
        f"| accepted | {found['accepted']:,} |",
        f"| through a cell of its own, with the same answer | {found['cells']} |",
        f"| codes met, of {len(CODES)} | {len(found['codes'])} |",
        f"| slowest, processor time | {found['slowest_s']:.2f} s |",
        f"| most memory beside Python | {found['memory_kb'] / 1e3:.1f} MB |",
        *(
            f"| more memory for a file of {one['file_mb']} MB than for a small one | {one['memory_mb']} MB |"
            for one in facts["large"]
        ),
    ]
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    found = fuzz(options.minutes, options.seed)
    facts: dict[str, Any] = {"minutes": options.minutes, "seed": options.seed, "python": platform.python_version()}
    facts |= {"machine": f"{os.cpu_count()} cores", "found": found, "large": [large(4), large(16)]}
    print(markdown(facts))
    print(json.dumps(found["codes"]))
    print("\n".join(found["failures"][:50]), file=sys.stderr)
    if options.minutes >= 10 and not found["failures"]:
        found["codes"] = dict(sorted(found["codes"].items()))
        write_whole(RESULTS / "fuzz_submissions.json", (json.dumps(facts, indent=1) + "\n").encode())
        write_whole(RESULTS / "fuzz_submissions.md", markdown(facts).encode())
    sys.exit(1 if found["failures"] else 0)


if __name__ == "__main__":
    main()
