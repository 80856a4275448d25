"""What `moviellm eval legacy` does: old result files read by the old arithmetic, and the right one beside it.

    moviellm eval legacy vtimellm log.txt val_2.json
    moviellm eval legacy vcgbench results/correctness
    moviellm eval legacy moviellm judged
    moviellm eval legacy moviellm res --runs results/paper      # answers become runs, to be judged anew

The legacy column is for reading old tables and stands in no results.json. What is read and how: old_results.py.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from moviellm.eval.published.old_results import Old, read_moviellm, read_vcgbench, read_vtimellm
from moviellm.eval.published.rejudging import runs_of, words_of
from moviellm.generation.files import write_whole
from moviellm.generation.output import emit

KINDS: Final = ("vtimellm", "vcgbench", "moviellm")


def legacy(kind: str, files: Sequence[Path], *, out: Path | None, as_json: bool, runs: Path | None = None) -> None:
    """`moviellm eval legacy`.

    Args:
        runs: Folder in which answers of `moviellm res` become runs, to be judged anew.

    Raises:
        ValueError: there is no such kind, or a file is not what it should be.
    """
    made = [] if runs is None else _runs(kind, files, runs)
    old = read_old(kind, files)
    facts = {
        "kind": kind,
        "files": list(map(str, files)),
        "legacy": old.legacy,
        "right": old.right,
        "notes": old.notes,
        **({"runs": list(map(str, made))} if made else {}),
    }
    if out is not None:
        write_whole(out, (json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode())
    emit(facts, "\n".join([text_of(old), *([words_of(made)] if made else [])]), as_json)


def _runs(kind: str, files: Sequence[Path], out: Path) -> list[Path]:
    if kind != "moviellm" or len(files) != 1:
        raise ValueError(f"--runs takes one folder of answers, moviellm res; {kind} keeps no texts to judge anew")
    return runs_of(files[0], out)


def read_old(kind: str, files: Sequence[Path]) -> Old:
    """Old results of a kind.

    Raises:
        ValueError: as `legacy`.
    """
    if kind not in KINDS:
        raise ValueError(f"no old results are called {kind!r}; there are {', '.join(KINDS)}")
    for path in files:
        if not path.exists():
            raise ValueError(f"no file {path}")
    if kind == "vtimellm":
        if len(files) != 2 or not all(path.is_file() for path in files):
            raise ValueError("vtimellm takes two files: the log, and the annotations that it was made with")
        return read_vtimellm(files[0], files[1])
    return read_vcgbench(files) if kind == "vcgbench" else read_moviellm(files)


def text_of(old: Old) -> str:
    """Both columns for a terminal."""
    names = dict.fromkeys([*old.right, *old.legacy])
    width = max(map(len, names))
    lines = [f"{'':{width}}  legacy   right"]
    lines += [f"{name:{width}}  {_shown(old.legacy.get(name))}  {_number(old.right.get(name))}" for name in names]
    return "\n".join(line.rstrip() for line in [*lines, *old.notes])


def _shown(value: float | int | None) -> str:
    return "     -" if value is None else f"{value:6.3f}"


def _number(number: Any) -> str:
    if number is None:
        return _shown(None)
    ends = "" if number["low"] is None else f"  [{number['low']:.3f}, {number['high']:.3f}]"
    return f"{_shown(number['value'])}{ends}  n {number['n']}"
