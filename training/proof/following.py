"""Worker processes of a proof: what they say is passed on line by line, and none outlives who started it.

    worker = started([sys.executable, "-m", "...", "--follow"], environment, aloud=False)
    end_with_parent()                            # in the worker: it ends when the starter is gone

A killed proof that left its workers running would have two of each when it is started again. Bars of two processes on
one terminal overwrite each other: workers that run beside others write plain lines. It starts nothing by itself.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import IO


def started(command: Sequence[str], environment: Mapping[str, str], aloud: bool) -> "subprocess.Popen[str]":
    """A process that is told by its standard input that we are there; `aloud`: the terminal is its own."""
    errors = None if aloud else subprocess.PIPE
    worker = subprocess.Popen(command, env=dict(environment), stdin=subprocess.PIPE, stderr=errors, text=True)
    if worker.stderr is not None:
        threading.Thread(target=_pass_on, args=(worker.stderr,), daemon=True).start()
    return worker


def _pass_on(lines: IO[str]) -> None:
    for line in lines:
        sys.stderr.write(line)
        sys.stderr.flush()


def end_with_parent() -> None:
    """End this process, at once, when its standard input is closed: whoever started it has ended."""

    def wait() -> None:
        sys.stdin.read()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
