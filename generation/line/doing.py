"""How a part of `moviellm run` is done: once, step by step, and again only where it is made from something else.

    do(Path("demo"), part)                      # demo/line.json says what is done, from what, in how many seconds
    do(Path("demo"), part, on="ray")            # movies made and questions asked on a cluster: the same part
    standing(Path("demo"), part)                # done, begun, changed or new
    secret_seed(Path("demo"))                   # drawn once, and kept there

Each step is a verb in a process of its own. It knows no part: see line/parts.py.
"""

import hashlib
import json
import secrets
import shutil
import time
from pathlib import Path
from typing import Any, Final, Literal

from moviellm.generation.files import write_whole
from moviellm.generation.line.parts import Part, sha256_of
from moviellm.generation.output import note
from moviellm.generation.own_process import run_verb

RECORD: Final = "line.json"
ON_CLUSTER: Final = (["make"], ["eval", "run"])
"""Verbs that a cluster can do."""
INTERRUPTED: Final = 130
"""Exit code of a verb that Ctrl-C stopped; it leaves the saying to the line."""
SEED: Final = "benchmark_seed"
Standing = Literal["done", "begun", "changed", "new"]


def do(base: Path, part: Part, on: str | None = None) -> None:
    """Do a part, unless it is done; what an older line left of it goes. Where it is done changes nothing of it."""
    stands = standing(base, part)
    if stands == "done":
        note(f"{part.name}: done before, from the same")
        return
    known, key = _known(base), _key(part)
    mine = known.get(part.name, {})
    if stands == "changed":
        for folder in part.makes:
            shutil.rmtree(folder, ignore_errors=True)
        mine = {}
    started = time.monotonic()
    for done in (False, True):
        seconds = round(mine.get("seconds", 0.0) + time.monotonic() - started, 1)
        known[part.name] = {"key": key, "done": done, "seconds": seconds}
        _write(base, known)
        if not done:
            _steps(part, on)


def standing(base: Path, part: Part) -> Standing:
    """How far a part is; what it was made from has changed where one of those files is not there."""
    mine = _known(base).get(part.name)
    if mine is None:
        return "new"
    if not all(path.is_file() for path in part.made_from) or mine["key"] != _key(part):
        return "changed"
    return "done" if part.makes and mine["done"] and all(folder.is_dir() for folder in part.makes) else "begun"


def with_cluster(step: list[str], on: str | None) -> list[str]:
    """A step as it is typed: told of the cluster, where it can use one."""
    told = on is not None and any(step[: len(verb)] == verb for verb in ON_CLUSTER)
    return [*step, "--on", str(on)] if told else step


def secret_seed(base: Path, *, keep: bool = True) -> int:
    """The seed of a benchmark that nobody can guess; drawn once, unless it is not kept."""
    known = _known(base)
    if SEED not in known:
        known[SEED] = secrets.randbelow(2**31)
        if keep:
            _write(base, known)
    return int(known[SEED])


def _known(base: Path) -> dict[str, Any]:
    path = base / RECORD
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def _write(base: Path, known: dict[str, Any]) -> None:
    base.mkdir(parents=True, exist_ok=True)
    write_whole(base / RECORD, (json.dumps(known, indent=1) + "\n").encode())


def _steps(part: Part, on: str | None) -> None:
    for step in part.steps:
        step = with_cluster(step, on)
        note(f"$ moviellm {' '.join(step)}")
        code = run_verb(step)
        if code == INTERRUPTED:
            raise KeyboardInterrupt
        if code:
            raise SystemExit(code)


def _key(part: Part) -> str:
    told = json.dumps([part.steps, [sha256_of(path) for path in part.made_from]])
    return hashlib.sha256(told.encode()).hexdigest()
