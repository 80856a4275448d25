"""A function of ours in a process of its own: memory and time bounded, no network, no secrets, one folder to write in.

    done = in_a_cell("moviellm.eval.submissions.in_cell:check", {"bundle": "mine.zip", ...}, Bounds())
    done.value, done.network                        # what it returned, as JSON; "namespace" or "guard"

What a bundle may do to its reader, it does to that process, which is ended: `CellError` says how. Its environment
holds a path and a language. The network is off by a name space of its own where the kernel lets us make one. A guard
stands before it, and alone where it does not: it refuses sockets, programs, and writes outside the work folder, before
Python opens them. It is no jail for foreign code: it runs ours. The other side is cell_worker.py.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

COMMAND: Final = (sys.executable, "-P", "-m", "moviellm.eval.submissions.cell_worker")
KEPT_NAMES: Final = ("PATH", "SYSTEMROOT")
"""What a cell sees of our environment."""
SAID_BYTES_MAX: Final = 4_000
"""Of its standard error, kept for a message."""
Reason = Literal["time", "memory", "crash", "refused"]


@dataclass(frozen=True)
class Bounds:
    """What a cell may use."""

    memory_mb: int = 512
    """Beside what Python and our modules take before the work begins."""
    cpu_s: int = 60
    wall_s: float = 120.0
    written_mb: int = 64
    """Largest file that it may write."""
    answer_mb: int = 64
    """Longest answer."""


@dataclass(frozen=True)
class Done:
    """What a cell gave back."""

    value: Any
    network: str
    """How the network was kept off: `namespace` or `guard`."""
    peak_mb: float
    """Memory that it held at most, Python and all."""


class CellError(Exception):
    """A cell that did not come to its end."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def in_a_cell(
    function: str,
    arguments: Mapping[str, Any],
    bounds: Bounds | None = None,
    *,
    work: Path | None = None,
    imports: tuple[str, ...] = (),
) -> Done:
    """Call a function of ours in a process of its own.

    Args:
        function: `module:name`, which takes the arguments by name and returns what JSON holds.
        arguments: As JSON; places are absolute.
        bounds: What it may use.
        work: The only folder in which it may write; None for one that is made and removed.
        imports: Modules that are loaded before memory is bounded.

    Raises:
        ValueError: the function raised it.
        CellError: it was ended, or ended itself.
    """
    bounds = bounds or Bounds()
    with tempfile.TemporaryDirectory(prefix="moviellm-cell-") as made:
        place = (work or Path(made)).resolve()
        request = {
            "function": function,
            "arguments": dict(arguments),
            "bounds": asdict(bounds),
            "work": str(place),
            "imports": list(imports),
        }
        answer = _answer(json.dumps(request).encode(), place, bounds)
    if "error" in answer:
        raise ValueError(answer["error"])
    return Done(answer["value"], answer["network"], answer["peak_mb"])


def _answer(request: bytes, place: Path, bounds: Bounds) -> dict[str, Any]:
    process = subprocess.Popen(
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=place,
        env=_environment(place),
        start_new_session=True,
        close_fds=True,
    )
    try:
        out, said = process.communicate(request, timeout=bounds.wall_s)
    except subprocess.TimeoutExpired:
        raise CellError("time", f"it took longer than {bounds.wall_s:g} s") from None
    finally:
        _end(process)
    if process.returncode == 0:
        found = json.loads(out)
        assert isinstance(found, dict)
        return found
    raise _error(process.returncode, said[-SAID_BYTES_MAX:].decode(errors="replace"), bounds)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a cell and whatever it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _environment(place: Path) -> dict[str, str]:
    """Nothing that is secret, and nothing that leads anywhere."""
    kept = {name: os.environ[name] for name in KEPT_NAMES if name in os.environ}
    paths = [str(Path(path).resolve()) for path in sys.path if path and Path(path).is_dir()]
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        "LANG": "C.UTF-8",
        "HOME": str(place),
        "TMPDIR": str(place),
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
    }


def _error(code: int, said: str, bounds: Bounds) -> CellError:
    if code == -signal.SIGXCPU:
        return CellError("time", f"it took more than {bounds.cpu_s} s of processor time")
    if "MemoryError" in said or "bad_alloc" in said or code == -signal.SIGKILL:
        return CellError("memory", f"it took more than {bounds.memory_mb} MB")
    last = said.strip().rsplit("\n", 1)[-1]
    if "CellGuardError" in last:
        return CellError("refused", last)
    return CellError("crash", f"its reader ended with {code}: {last}")
