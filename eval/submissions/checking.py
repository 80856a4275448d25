"""A bundle held against an index: every problem with its code. Called in a cell (cell.py) by whoever has a bundle.

    found = check_bundle(Path("mine.zip"), index)
    found.problems.accepted, found.problems.listed()
    found = check_bundle(path, index, task="grounding")             # one file of predictions
    found = check_bundle(path, index, keep=True)                    # found.submission: what was read, if accepted

Checking holds a line at a time; `keep` holds what counts of every row. It never raises for what a bundle holds; only
for what is no bundle at all.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from moviellm.eval.submissions.bundles import DECLARATION, FOLDER, Members, Pieces, file_pieces, open_bundle
from moviellm.eval.submissions.declaration import read_declaration
from moviellm.eval.submissions.index import TASKS, Index, TaskName
from moviellm.eval.submissions.lines import Keep, read_lines
from moviellm.eval.submissions.parquet_rows import read_parquet
from moviellm.eval.submissions.problems import Problems
from moviellm.eval.submissions.rows import Said, TaskReader

PARQUET: Final = ".parquet"
Rows = dict[str, dict[str, Any]]
"""Predictions by id."""


@dataclass
class Submission:
    """What was read of a bundle."""

    declared: dict[str, Any] | None = None
    """The fields of submission.yaml; None of a single file."""
    rows: dict[TaskName, Rows] = field(default_factory=dict)
    """Predictions by task, as they count."""


@dataclass
class Checked:
    """A bundle that was looked at."""

    problems: Problems
    submission: Submission
    """Empty where it was not asked for."""


def check_bundle(path: Path, index: Index, *, task: str | None = None, keep: bool = False) -> Checked:
    """Look at all of a bundle.

    Raises:
        ValueError: there is none, or it is not said of which task a file is.
    """
    found = Checked(Problems(), Submission())
    if not path.exists():
        raise ValueError(f"no bundle {path}; give a folder, a zip, or a file of predictions with --task")
    if task is not None:
        _check_file(path, _task_named(task, path, index), index, found, keep)
        return found
    with open_bundle(path, index.tasks, index.limits, found.problems) as members:
        if members is not None:
            _check_members(members, index, found, keep)
    return found


def _task_named(task: str, path: Path, index: Index) -> TaskName:
    if path.is_dir():
        raise ValueError(f"{path} is a folder, which covers every task; --task is for one file of predictions")
    name = next((known for known in index.tasks if known == task), None)
    if name is None:
        raise ValueError(f"the index has no task {task!r}; it has {', '.join(index.tasks)}")
    return name


def _check_file(path: Path, task: TaskName, index: Index, found: Checked, keep: bool) -> None:
    def pieces() -> Any:
        return file_pieces(path, index.limits.max_file_bytes, links=True)

    parquet = path.suffix.lower() == PARQUET
    _read(task, path.name, pieces, index, found, {}, parquet=parquet, keep=keep)


def _check_members(members: Members, index: Index, found: Checked, keep: bool) -> None:
    problems = found.problems
    if DECLARATION in members:
        declared = read_declaration(members[DECLARATION](), index, problems)
        found.submission.declared = declared if keep else None
    else:
        problems.add("E008", DECLARATION, "it is missing")
    said: Said = {}
    for task in (name for name in TASKS if name in index.tasks):
        names = [name for name in (f"{FOLDER}/{task}.jsonl", f"{FOLDER}/{task}{PARQUET}") if name in members]
        if len(names) > 1:
            problems.add("E006", names[1], f"a second file of {task}")
        for name in names[:1]:
            _read(task, name, members[name], index, found, said, parquet=name.endswith(PARQUET), keep=keep)
        if not names:
            TaskReader(task, index.tasks[task], index.limits, problems, f"{FOLDER}/{task}.jsonl").close()


def _read(
    task: TaskName, name: str, pieces: Pieces, index: Index, found: Checked, said: Said, *, parquet: bool, keep: bool
) -> None:
    items, limits, problems = index.tasks[task], index.limits, found.problems
    reader = TaskReader(task, items, limits, problems, name, said)
    rows: Rows = {}
    kept: Keep = (lambda row: rows.update({row["id"]: row})) if keep else (lambda row: None)
    if parquet:
        read_parquet(pieces(), reader, limits, problems, name, kept, rows_max=2 * len(items))
    else:
        read_lines(pieces(), reader, limits, problems, name, kept)
    reader.close()
    if keep:
        found.submission.rows[task] = {item: rows[item] for item in items if item in rows}
