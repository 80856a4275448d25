"""`moviellm run --dry-run`: the steps of every part as they would be typed, how far each is, what the makes cost.

    show_line(line, parts, on=None)

It starts only the dry runs of `make`, which know cells and dollars; it writes nothing and asks no Hub.
"""

import shlex
from collections.abc import Sequence
from typing import Final

from moviellm.generation.line.doing import Standing, standing, with_cluster
from moviellm.generation.line.parts import Line, Part
from moviellm.generation.output import emit
from moviellm.generation.own_process import said_by

SAID: Final[dict[Standing, str]] = {
    "new": "to do",
    "begun": "goes on with what is there",
    "changed": "anew: what it was made from is not the same any more",
    "done": "done before, from the same",
}
SECRET: Final = "--seed=SECRET"
"""In place of a seed from which anybody could make the answers again."""


def show_line(line: Line, parts: Sequence[Part], *, on: str | None) -> None:
    """Print the line.

    Raises:
        SystemExit: with its code, where a make would be refused; the reason was printed.
    """
    lines = [f"{line.base}: {len(parts)} parts; nothing is written, each step is a verb that anybody may type"]
    if line.hub:
        names = ", ".join(name for name, _, _ in line.hub.repositories())
        lines.append(f"pushed under {line.hub.tag}, where your token may write: {names}")
    before_stands = True
    for part in parts:
        stands = standing(line.base, part)
        unsure = stands == "done" and not before_stands
        lines += [
            "",
            f"{part.name}: {SAID[stands]}" + (", unless a part before it comes out otherwise" if unsure else ""),
        ]
        before_stands = before_stands and stands == "done"
        for step in part.steps:
            shown = [
                SECRET if line.bench_seed is not None and word == f"--seed={line.bench_seed}" else word
                for word in step
            ]
            lines.append(f"  $ moviellm {shlex.join(with_cluster(shown, on))}")
            if step[0] == "make":
                lines += [f"  {told}" for told in _planned(step)]
    emit({}, "\n".join(lines), as_json=False)


def _planned(step: Sequence[str]) -> list[str]:
    """What a make says that it would do."""
    code, told = said_by([*step, "--dry-run"])
    if code:
        raise SystemExit(code)
    return told.splitlines()[1:]  # the first names the run
