"""The inside of a cell: `python -m moviellm.eval.submissions.cell_worker` reads a request as JSON from standard input.

It takes the network away, loads what it was told to load, bounds memory and time, puts up the guard, calls the
function, and writes its answer to standard output, to which nothing else is written. See cell.py.
"""

import ctypes
import json
import os
import resource
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

CLONE_NEWUSER: Final = 0x10000000
CLONE_NEWNET: Final = 0x40000000
MB: Final = 1 << 20
FILES_MAX: Final = 64
NEVER: Final = (
    "socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "os.startfile", "pty.",
    "ftplib.", "http.", "imaplib.", "poplib.", "smtplib.", "telnetlib.", "urllib.", "webbrowser.", "pickle.",
    "ctypes.dlopen", "os.putenv", "syslog.", "os.chown", "os.setxattr", "os.mknod",
)  # fmt: skip
"""Events of Python that nothing of ours needs: how their names begin."""
CHANGES: Final = (
    "os.remove", "os.rename", "os.link", "os.symlink", "os.mkdir", "os.rmdir", "os.truncate", "os.chmod", "os.utime",
    "shutil.",
)  # fmt: skip
WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class CellGuardError(BaseException):
    """Something that no reader of a bundle does; nobody catches it by accident."""


def main() -> None:
    """One request."""
    network = "namespace" if leave_network() else "guard"
    answer_to = os.dup(1)
    os.dup2(2, 1)
    request = json.loads(sys.stdin.buffer.read())
    module, name = request["function"].split(":")
    for needed in (*request["imports"], module):
        import_module(needed)
    function: Callable[..., Any] = getattr(import_module(module), name)
    bound(request["bounds"])
    sys.addaudithook(guard(request["work"]))
    try:
        answer: dict[str, Any] = {"value": function(**request["arguments"]), "network": network}
    except ValueError as error:
        answer = {"error": str(error)}
    answer["peak_mb"] = round(peak_kib() / 1024, 1)
    data = json.dumps(answer, allow_nan=False).encode()
    if len(data) > request["bounds"]["answer_mb"] * MB:
        raise SystemExit("the answer is too long")
    with open(answer_to, "wb") as out:
        out.write(data)


def peak_kib() -> int:
    """The largest size of this process; `ru_maxrss` begins at that of the process that started it."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration):  # not Linux
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def leave_network() -> bool:
    """Go where there is no network; False where the kernel does not let us."""
    try:
        unshare = ctypes.CDLL(None, use_errno=True).unshare
    except (AttributeError, OSError):
        return False
    # The first keeps the rights of root on files; the second is for everybody else.
    return any(unshare(flags) == 0 for flags in (CLONE_NEWNET, CLONE_NEWUSER | CLONE_NEWNET))


def bound(bounds: dict[str, Any]) -> None:
    """Bound memory, time and files, from here on."""
    memory = _address_space() + bounds["memory_mb"] * MB
    used_s = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = int(used_s.ru_utime + used_s.ru_stime) + bounds["cpu_s"]
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_CPU, cpu_s, cpu_s + 5)  # told first, killed if that is not enough
    _limit(resource.RLIMIT_FSIZE, bounds["written_mb"] * MB)
    _limit(resource.RLIMIT_NOFILE, FILES_MAX)
    _limit(resource.RLIMIT_CORE, 0)


def _limit(what: int, value: int, last: int | None = None) -> None:
    _, hard = resource.getrlimit(what)
    most = value if last is None else last
    if hard != resource.RLIM_INFINITY:
        value, most = min(value, hard), min(most, hard)
    try:
        resource.setrlimit(what, (value, most))
    except (ValueError, OSError) as error:  # a system that has no such bound
        sys.stderr.write(f"no bound {what}: {error}\n")


def _address_space() -> int:
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 4096 * MB


def guard(work: str) -> Callable[[str, tuple[Any, ...]], None]:
    """A hook that ends what no reader of a bundle does."""
    inside = os.path.realpath(work) + os.sep

    def may_write(place: Any) -> bool:
        if isinstance(place, int):
            return True  # opened before
        return (os.path.realpath(os.fsdecode(place)) + os.sep).startswith(inside)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            writes = flags & WRITES if isinstance(flags, int) else set(mode or "r") & set("wax+")
            if writes and path is not None and not may_write(path):
                raise CellGuardError(f"it would write to {os.fsdecode(path)}")
        elif event.startswith(NEVER):
            raise CellGuardError(f"it would do {event}")
        elif event.startswith(CHANGES):
            places = [place for place in arguments if isinstance(place, (str, bytes, os.PathLike))]
            if not all(may_write(place) for place in places):
                raise CellGuardError(f"it would do {event} with {places[0]!r}")

    return hook


if __name__ == "__main__":
    main()
