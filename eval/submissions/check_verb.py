"""What `moviellm submit check` does: a bundle is looked at in a cell, and what is wrong with it is printed.

    facts = checked_in_a_cell(Path("mine.zip"), Path("INDEX.json"), task=None)
    facts["accepted"], facts["problems"]

A bundle that brings its reader down, or has it take too much time or memory, is rejected like any other.
"""

from pathlib import Path
from typing import Any, Final

from moviellm.eval.submissions.cell import Bounds, CellError, in_a_cell
from moviellm.eval.submissions.index import Index, read_index
from moviellm.eval.submissions.problems import Problem, plain
from moviellm.generation.output import counted, emit

CHECKER: Final = "moviellm.eval.submissions.in_cell:check"
IMPORTS: Final = ("pyarrow.parquet", "yaml", "moviellm.eval.judging.injections", "moviellm.eval.submissions.archives")
MEMORY_MB: Final = 96
"""For a bundle of no size; a few times its files come on top."""
TIMES: Final = 6
"""Memory for each byte of a bundle's largest file."""


def check(bundle: Path, *, index: Path, task: str | None, as_json: bool) -> None:
    """`moviellm submit check`."""
    facts = checked_in_a_cell(bundle, read_index(index), index, task)
    emit(facts, text_of(facts), as_json)
    if not facts["accepted"]:
        raise SystemExit(1)


def checked_in_a_cell(bundle: Path, index: Index, index_path: Path, task: str | None = None) -> dict[str, Any]:
    """A bundle's problems, as `--json` prints them.

    Raises:
        ValueError: there is no bundle, or it is not said of which task a file is.
    """
    arguments = {"bundle": str(bundle.absolute()), "index": str(index_path.absolute()), "task": task}
    try:
        facts: dict[str, Any] = in_a_cell(CHECKER, arguments, bounds_of(index), imports=IMPORTS).value
    except CellError as error:
        return unread(bundle, error, task)
    return facts


def unread(bundle: Path, error: CellError, task: str | None = None) -> dict[str, Any]:
    """What is said of a bundle that brought its reader down."""
    code = "E018" if bundle.is_file() and task is None else "E015"
    problem = Problem(code, bundle.name, f"it cannot be read within bounds: {error}")
    return {"accepted": False, "problems": [problem.row()]}


def bounds_of(index: Index, *, keep: bool = False) -> Bounds:
    """What checking may use: a few times the largest file that a bundle may hold; of all, where rows are kept."""
    file_mb = index.limits.max_file_bytes / 1e6
    files = len(index.tasks) + 1
    return Bounds(
        memory_mb=MEMORY_MB + int(TIMES * file_mb * (files if keep else 1)),
        cpu_s=30 + int(10 * file_mb * files),
        wall_s=60 + 20 * file_mb * files,
    )


def text_of(facts: dict[str, Any]) -> str:
    """Problems a line each, and whether the bundle is accepted."""
    lines = [f"{one['code']} {plain(one['where'])}: {plain(one['message'])}" for one in facts["problems"]]
    errors = sum(one["code"].startswith("E") for one in facts["problems"])
    warnings = len(lines) - errors
    said = "accepted" if facts["accepted"] else "rejected"
    found = f"{counted(errors, 'error')}, {counted(warnings, 'warning')}"
    return "\n".join([*lines, f"{said}: {found}"])
