"""Functions that a cell is asked to call in tests: each does what no reader of a bundle does."""

import os
import socket
import subprocess
from pathlib import Path
from typing import Any


def environment() -> dict[str, str]:
    return dict(os.environ)


def hold(megabytes: int) -> int:
    return len(bytearray(megabytes << 20))


def hang() -> None:
    while True:
        pass


def crash() -> None:
    os.kill(os.getpid(), 11)


def write(path: str) -> str:
    Path(path).write_text("a")
    return path


def connect(port: int) -> None:
    socket.create_connection(("127.0.0.1", port))


def run() -> None:
    subprocess.run(["true"], check=True)


def refuse(text: str) -> Any:
    raise ValueError(text)
