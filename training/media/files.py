"""A film file becomes a film: decoded in a process of its own, which is killed when it takes too long.

    film = read_file(Path("film.mkv"), FramePolicy(n=64), time_limit_s=600, quarantine=Path("quarantine.json"))

A film that hangs, or brings its decoder down, is named in an error and put on a list that the next try consults. Its
pictures lie in a temporary file without a name, encoded, and are decoded once more when they are touched: memory stays
flat for any length. Subtitles are those given, those beside the film, or those in it.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from moviellm.generation.imports.films.quarantine import CRASHED, TOO_LONG, Quarantine, Refused
from moviellm.training.media.film import Film, Line
from moviellm.training.media.pictures import SpooledPictures, bounded
from moviellm.training.media.policy import FramePolicy, relative
from moviellm.training.media.said import lines_beside, lines_of

COMMAND = [sys.executable, "-P", "-m", "moviellm.training.media.decoding"]
TIME_LIMIT_S = 600.0
QUARANTINE_FILE = "quarantine.json"


def default_quarantine() -> Path:
    """Where the list of films that hang or crash lies, unless one is given."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "moviellm" / QUARANTINE_FILE


def read_file(
    path: Path,
    policy: FramePolicy,
    *,
    subtitles: Path | None = None,
    time_limit_s: float = TIME_LIMIT_S,
    quarantine: Path | None = None,
    skip: int = 0,
) -> Film:
    """Read a film file.

    Raises:
        ValueError: it is no film, cannot be decoded in time, or is on the list.
    """
    if not time_limit_s > 0:
        raise ValueError(f"the time limit is {time_limit_s} s: allowed are seconds above 0")
    known = Quarantine(quarantine or default_quarantine())
    refused = known.reason(path)
    if refused is not None:
        raise ValueError(f"{refused.reason}; to try it again, delete {known.path}")
    said = lines_beside(path, subtitles)  # refuse before the work
    file = tempfile.TemporaryFile()  # noqa: SIM115 the film reads from it
    try:
        told = _run(path, policy, skip, file, time_limit_s)
    except _NoAnswerError as error:
        raise ValueError(known.add(Refused(path, error.kind, str(error))).reason) from None
    if "refused" in told:
        raise ValueError(told["refused"])
    frames = told["frames"]
    said = lines_of(told["cues"]) if said is None else said
    return Film(
        movie_id=path.stem,
        frames=bounded(
            SpooledPictures(file, [(offset, length) for _, offset, length in frames], path.name), policy.pixels
        ),
        times_s=relative(policy, [time_s for time_s, _, _ in frames]),
        duration_s=policy.end_of(told["duration_s"]) - policy.start_s,
        dialogue=within(said, policy, told["duration_s"]),
        content=told["sha256"],
        skipped=tuple(told["skipped"]),
    )


def within(lines: Sequence[Line], policy: FramePolicy, duration_s: float) -> tuple[Line, ...]:
    """Lines that begin in the stretch that a policy shows, with times as it counts them."""
    end_s = policy.end_of(duration_s)
    kept = [line for line in lines if policy.start_s <= line.start_s < end_s]
    return tuple(Line(relative(policy, [line.start_s])[0], line.text, line.speaker) for line in kept)


class _NoAnswerError(Exception):
    """A worker that gave no answer."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


def _run(path: Path, policy: FramePolicy, skip: int, file: IO[bytes], time_limit_s: float) -> dict[str, Any]:
    """What the worker answers; it never outlives this call."""
    request = json.dumps({"path": str(path), "policy": asdict(policy), "skip": skip}).encode()
    command = [*COMMAND, str(file.fileno())]
    pipe = subprocess.PIPE
    worker = subprocess.Popen(command, stdin=pipe, stdout=pipe, pass_fds=[file.fileno()])
    try:
        said, _ = worker.communicate(request, timeout=time_limit_s)
    except subprocess.TimeoutExpired:
        raise _NoAnswerError(
            TOO_LONG, f"{path} took longer than {time_limit_s:g} s to decode; allow more with `time_limit_s`"
        ) from None
    finally:
        worker.kill()
        worker.wait()
    code = worker.returncode
    if code or not said:
        ended = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        raise _NoAnswerError(CRASHED, f"{path} brought its decoder down ({ended}); convert it with another program")
    told: dict[str, Any] = json.loads(said)
    return told
