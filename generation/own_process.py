"""A verb in a process of its own, so that each meets the next only in files.

    code = run_verb(["make", "--recipe", "tiny", "--out", "demo/run"])
    code, told = said_by(["make", "--recipe", "tiny", "--dry-run"])

It prints what the verb prints, and hands Ctrl-C on once: whoever started the verb then says that it stopped, and how
to go on. Results are files; only what a dry run says is read.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence

from moviellm.generation.output import note

OF_ANOTHER = "MOVIELLM_VERB_OF_ANOTHER"
"""Set in the environment of a verb that another one started."""


def run_verb(arguments: Sequence[str], *, quiet: bool = False) -> int:
    """Run `moviellm ARGUMENTS` and return its exit code; `quiet` keeps its standard output to itself."""
    command = _command(arguments)
    # A group of its own: Ctrl-C, from a terminal or from a scheduler, reaches the line, which hands it on once.
    stdout = subprocess.DEVNULL if quiet else None
    process = subprocess.Popen(command, process_group=0, stdout=stdout, env=os.environ | {OF_ANOTHER: "1"})
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        process.wait()
        raise


def said_by(arguments: Sequence[str]) -> tuple[int, str]:
    """Run a short `moviellm ARGUMENTS`; returns its exit code and what it said on standard output."""
    done = subprocess.run(_command(arguments), stdout=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stdout


def _command(arguments: Sequence[str]) -> list[str]:
    # -P: a moviellm_dataset.py in the working directory (every dataset folder has one) must not replace ours.
    return [sys.executable, "-P", "-m", "moviellm.generation.cli", *arguments]


def say_stopped(text: str) -> None:
    """Say that Ctrl-C stopped this verb, unless another one started it, which says so for both."""
    if OF_ANOTHER not in os.environ:
        note(text)
