"""How a part of `moviellm run` is done: once, step by step, and again only where it is made from something else.

    do(Path("demo"), part)                      # demo/line.json says what is done, from what, in how many seconds
    do(Path("demo"), part, on="ray")            # movies made and questions asked on a cluster: the same part
    secret_seed(Path("demo"))                   # drawn once, and kept there

Each step is a verb in a process of its own. It knows no part: see line_parts.py.
"""

import hashlib
import json
import secrets
import shutil
import time
from pathlib import Path
from typing import Any, Final

from moviellm.generation.files import write_whole
from moviellm.generation.line_parts import Part, sha256_of
from moviellm.generation.output import note
from moviellm.generation.own_process import run_verb

RECORD: Final = "line.json"
ON_CLUSTER: Final = (["make"], ["eval", "run"])
"""Verbs that a cluster can do."""
INTERRUPTED: Final = 130
"""Exit code of a verb that Ctrl-C stopped; it leaves the saying to the line."""
SEED: Final = "benchmark_seed"


def do(base: Path, part: Part, on: str | None = None) -> None:
    """Do a part, unless it is done; what an older line left of it goes. Where it is done changes nothing of it."""
    known = _known(base)
    key = _key(part)
    mine = known.get(part.name, {})
    if part.makes and mine.get("key") == key and mine.get("done") and all(folder.is_dir() for folder in part.makes):
        note(f"{part.name}: done before, from the same")
        return
    if mine and mine["key"] != key:
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


def secret_seed(base: Path) -> int:
    """The seed of a benchmark that nobody can guess; drawn once."""
    known = _known(base)
    if SEED not in known:
        known[SEED] = secrets.randbelow(2**31)
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
        if on is not None and any(step[: len(verb)] == verb for verb in ON_CLUSTER):
            step = [*step, "--on", on]
        note(f"$ moviellm {' '.join(step)}")
        code = run_verb(step)
        if code == INTERRUPTED:
            raise KeyboardInterrupt
        if code:
            raise SystemExit(code)


def _key(part: Part) -> str:
    told = json.dumps([part.steps, [sha256_of(path) for path in part.made_from]])
    return hashlib.sha256(told.encode()).hexdigest()
