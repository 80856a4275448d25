"""Films decoded in processes of their own, several at once: one that hangs, crashes or lies takes nothing with it.

    records = read_films(paths, FilmSettings(), folder, time_limit_s=14_400, progress=advance)

A film that takes longer than its limit, or that brings its decoder down, is refused with the reason, and the others go
on; so is one that is no film. What is refused once is refused again at the next try without being opened, for as long
as `refused.json` lies in the folder: delete it to try again. Finished films are kept (spool.py).

The worker itself is this module: `python -m moviellm.generation.imports.films.workers` reads one request as JSON from
standard input and answers in lines of JSON.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moviellm.generation.cores import usable_cores
from moviellm.generation.files import DiskError
from moviellm.generation.imports.films.quarantine import CRASHED, TOO_LONG, Quarantine, Refused
from moviellm.generation.imports.films.spool import FilmRecord, FilmSettings, spool_film
from moviellm.generation.imports.films.stream import open_film

COMMAND = [sys.executable, "-P", "-m", "moviellm.generation.imports.films.workers"]
PROBE_S = 10.0
"""Time that asking films for their lengths may take, beside a second for each."""
REFUSED_FILE = "refused.json"
THREADS_MAX = 4
"""Threads that decode one film; more hold more frames in memory and gain little."""

NOT_READ = "files that are no films that can be read"


@dataclass
class _Work:
    """A film in a process of its own."""

    path: Path
    process: "subprocess.Popen[bytes]"
    started: float
    rest: bytes = b""
    answer: FilmRecord | Refused | None = field(default=None)


def read_films(
    paths: Sequence[Path],
    settings: FilmSettings,
    folder: Path,
    *,
    time_limit_s: float,
    advance: Callable[[float], None] = lambda film_s: None,
    workers: int | None = None,
) -> list[FilmRecord | Refused]:
    """Decode films into `folder`, in the order given; of each its record's head.

    Args:
        paths: The films.
        settings: Which pictures are taken.
        folder: Where they are kept, see spool.py.
        time_limit_s: Time a film may take, seconds of a clock on the wall.
        advance: Called with the seconds of film just done, of any film.
        workers: Films at once; None takes one a processor.

    Raises:
        ValueError: the disk would not take it.
    """
    cores = usable_cores()
    at_once = min(len(paths), workers or cores)
    threads = max(1, min(THREADS_MAX, cores // max(1, at_once)))
    refused = Quarantine(folder / REFUSED_FILE)
    answers: dict[int, FilmRecord | Refused] = {}
    waiting = deque(enumerate(paths))
    running: dict[int, _Work] = {}
    with selectors.DefaultSelector() as selector:
        try:
            while waiting or running:
                while waiting and len(running) < at_once:
                    number, path = waiting.popleft()
                    known = refused.reason(path)
                    if known is not None:
                        answers[number] = known
                        continue
                    running[number] = _start(path, settings, folder, threads)
                    selector.register(_output(running[number]), selectors.EVENT_READ, number)
                for key, _ in selector.select(timeout=0.2):
                    work = running[key.data]
                    if not _listen(work, advance):
                        selector.unregister(key.fileobj)
                        answers[key.data] = _ended(running.pop(key.data), refused)
                for number, work in list(running.items()):
                    if time.monotonic() - work.started > time_limit_s:
                        selector.unregister(_output(work))
                        _stop(running.pop(number))
                        reason = f"{work.path} took longer than {time_limit_s:.0f} s; raise --time-limit"
                        answers[number] = refused.add(Refused(work.path, TOO_LONG, reason))
        finally:
            for work in running.values():
                _stop(work)
    return [answers[number] for number in range(len(paths))]


def _request(path: Path, settings: FilmSettings, folder: Path, threads: int) -> bytes:
    request = {
        "path": str(path),
        "settings": settings.model_dump(mode="json"),
        "folder": str(folder),
        "threads": threads,
    }
    return json.dumps(request).encode()


def _start(path: Path, settings: FilmSettings, folder: Path, threads: int) -> _Work:
    process = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    with suppress(BrokenPipeError):  # it has ended already; its exit code tells why
        process.stdin.write(_request(path, settings, folder, threads))
        process.stdin.close()
    return _Work(path, process, time.monotonic())


def stated_lengths(paths: Sequence[Path]) -> list[float]:
    """Lengths that films state, seconds; 0 where one states none or cannot be opened. For progress only."""
    request = json.dumps({"lengths_of": [str(path) for path in paths]}).encode()
    try:
        done = subprocess.run(COMMAND, input=request, stdout=subprocess.PIPE, timeout=PROBE_S + len(paths))
        said = [float(line) for line in done.stdout.split()]
    except subprocess.TimeoutExpired as error:
        said = [float(line) for line in (error.stdout or b"").split()]
    return (said + [0.0] * len(paths))[: len(paths)]


def _output(work: _Work) -> Any:
    return work.process.stdout


def _listen(work: _Work, advance: Callable[[float], None]) -> bool:
    """Take in what a worker says; false when it has nothing more to say."""
    data = os.read(_output(work).fileno(), 65536)
    *lines, work.rest = (work.rest + data).split(b"\n")
    for line in lines:
        said = json.loads(line)
        if "film_s" in said:
            advance(said["film_s"])
        elif "record" in said:
            work.answer = FilmRecord.model_validate(said["record"])
        elif "stopped" in said:
            raise ValueError(said["stopped"])
        else:
            work.answer = Refused(work.path, NOT_READ, said["refused"])
    return bool(data)


def _ended(work: _Work, refused: Quarantine) -> FilmRecord | Refused:
    """What became of a film whose worker has ended."""
    code = work.process.wait()
    _output(work).close()
    if work.answer is not None:
        return work.answer
    ended = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    reason = f"{work.path} brought its decoder down ({ended}); convert it with another program or leave it out"
    return refused.add(Refused(work.path, CRASHED, reason))


def _stop(work: _Work) -> None:
    work.process.kill()
    work.process.wait()
    _output(work).close()


def _say_lengths(paths: Sequence[str]) -> None:
    for path in paths:
        try:
            with open_film(Path(path)) as film:
                length_s = film.facts.stated_s or 0.0
        except ValueError:
            length_s = 0.0
        print(length_s, flush=True)  # noqa: T201


def _serve() -> None:
    """The worker: one film, or the lengths of several."""
    request = json.loads(sys.stdin.buffer.read())
    if "lengths_of" in request:
        _say_lengths(request["lengths_of"])
        return

    def say(message: dict[str, object]) -> None:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()

    try:
        record = spool_film(
            Path(request["path"]),
            FilmSettings.model_validate(request["settings"]),
            Path(request["folder"]),
            lambda film_s: say({"film_s": film_s}),
            request["threads"],
        )
    except ValueError as error:
        # A full disk is no fault of the film: the import ends, and goes on when there is room.
        say({"stopped" if isinstance(error, DiskError) else "refused": str(error)})
    else:
        say({"record": record.head().model_dump(mode="json")})


if __name__ == "__main__":
    _serve()
