"""METEOR 1.5 by its own Java program, or no METEOR: another program's number under the name is not METEOR.

    meteor({"v1": "a man rides"}, {"v1": ["a man rides a horse"]})     # {"score", "per_item", "reason"}

Denkowski and Lavie 2014, as pycocoevalcap 1.2 starts it (`-stdio -l en -norm`). The jar is the one named by
MOVIELLM_METEOR_JAR, else that of an installed pycocoevalcap (extra `meteor`), with its data beside it. Without Java or
the jar, or when the program fails or takes too long, every score is None and `reason` says why. One program a call,
with all its items; a watchdog ends it, so that nothing waits for ever. The program takes 7 s to start and 1.1 GB.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from moviellm.eval.core.captions import Candidates, Pair, References, tokenised
from moviellm.eval.core.inputs import number_of

JAR: Final = "MOVIELLM_METEOR_JAR"
TIME_LIMIT_S: Final = 300.0


class NoMeteorError(Exception):
    """Why there is no METEOR."""


def meteor(cands: Candidates, refs: References, *, time_limit_s: float = TIME_LIMIT_S) -> dict[str, Any]:
    """METEOR from 0 to 1, of all items together and of each.

    Args:
        cands: One raw text an item.
        refs: Its raw references.
        time_limit_s: After this many seconds the program is ended and there is no score.

    Returns:
        `score` and `per_item`, None where there is no METEOR, and `reason`, None where there is.

    Raises:
        ValueError: other ids on one side, an item without reference, what is no text, or no time.
    """
    if number_of(time_limit_s, "time_limit_s") <= 0:
        raise ValueError(f"time_limit_s is {time_limit_s}; METEOR needs some seconds")
    pairs = tokenised(cands, refs)
    if not pairs:
        return {"score": None, "per_item": {}, "reason": "no items"}
    try:
        with Meteor(time_limit_s) as program:
            scores, total = program.evaluate(program.statistics(list(pairs.values())))
    except NoMeteorError as error:
        return {"score": None, "per_item": dict.fromkeys(pairs), "reason": str(error)}
    return {"score": total, "per_item": dict(zip(pairs, scores, strict=True)), "reason": None}


def command() -> list[str]:
    """How METEOR is started.

    Raises:
        NoMeteorError: Java or the jar is absent.
    """
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java") or (shutil.which("java", path=f"{home}/bin") if home else None)
    if java is None:
        raise NoMeteorError("java is absent; METEOR 1.5 is a Java program")
    jar = _jar()
    if not jar.is_file():
        raise NoMeteorError(f"{jar.name} is absent: set {JAR} to its path, or pip install 'moviellm[meteor]'")
    options = ["-Xmx2G", "-Dfile.encoding=UTF-8", "-Dstdout.encoding=UTF-8"]
    return [java, *options, "-jar", str(jar.resolve()), "-", "-", "-stdio", "-l", "en", "-norm"]


def _jar() -> Path:
    named = os.environ.get(JAR)
    if named:
        return Path(named)
    found = importlib.util.find_spec("pycocoevalcap")
    for folder in (found.submodule_search_locations or []) if found else []:
        if (Path(folder) / "meteor/meteor-1.5.jar").is_file():
            return Path(folder) / "meteor/meteor-1.5.jar"
    return Path("meteor-1.5.jar")


class Meteor:
    """A running METEOR; use it with `with`."""

    def __init__(self, time_limit_s: float = TIME_LIMIT_S) -> None:
        self.time_limit_s = time_limit_s
        self.late = threading.Event()

    def __enter__(self) -> Self:
        try:
            self.process = subprocess.Popen(
                command(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
                start_new_session=True,
            )
        except OSError as error:
            raise NoMeteorError(f"java cannot be started: {error.strerror or error}") from error
        self.watchdog = threading.Timer(self.time_limit_s, self._end)
        self.watchdog.daemon = True
        self.watchdog.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.watchdog.cancel()
        self._kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                pipe and pipe.close()
            except OSError:
                continue  # what was still to be written has no reader any more

    def _end(self) -> None:
        self.late.set()
        self._kill()

    def _kill(self) -> None:
        """End the program and what it started."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def statistics(self, pairs: Sequence[Pair]) -> list[str]:
        """What METEOR counts of each tokenised item.

        Raises:
            NoMeteorError: it failed or was too late.
        """
        lines = [" ||| ".join(["SCORE", *map(_line, refs), _line(cand)]) for cand, refs in pairs]
        return self._ask(lines, len(lines))

    def evaluate(self, statistics: Sequence[str]) -> tuple[list[float], float]:
        """The scores of items by their statistics, and the score of all of them together.

        Raises:
            NoMeteorError: it failed or was too late.
        """
        answers = self._ask([" ||| ".join(["EVAL", *statistics])], len(statistics) + 1)
        try:
            scores = [number_of(float(answer), "a score of METEOR") for answer in answers]
        except ValueError as error:
            raise NoMeteorError(f"METEOR answered what is no score: {error}") from error
        return scores[:-1], scores[-1]

    def _ask(self, lines: list[str], answers: int) -> list[str]:
        """Write lines and read as many as come back; writing and reading at once, so that no pipe fills up."""
        writer = threading.Thread(target=self._write, args=(lines,), daemon=True)
        writer.start()
        assert self.process.stdout is not None
        found: list[str] = []
        for _ in range(answers):
            line = self.process.stdout.readline()
            if not line:
                self._failed(len(found), answers)
            found.append(line.strip())
        writer.join()
        return found

    def _write(self, lines: list[str]) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write("".join(line + "\n" for line in lines))
            self.process.stdin.flush()
        except (OSError, ValueError):
            return  # it ended; the reader says so

    def _failed(self, found: int, answers: int) -> None:
        if self.late.is_set():
            raise NoMeteorError(f"METEOR was ended after {self.time_limit_s:g} s")
        code = self.process.wait()
        raise NoMeteorError(f"METEOR ended with code {code} after {found} of {answers} answers")


def _line(text: str) -> str:
    return " ".join(text.replace("|||", " ").split())


def similarity_by_meteor(pairs: Sequence[tuple[str, str]], tokens: Mapping[str, str]) -> list[float]:
    """METEOR of (prediction, truth) pairs of captions, the prediction standing as the reference, as SODA has it.

    Raises:
        NoMeteorError: there is no METEOR.
    """
    if not pairs:
        return []
    with Meteor() as program:
        return program.evaluate(program.statistics([(tokens[gold], [tokens[pred]]) for pred, gold in pairs]))[0]
