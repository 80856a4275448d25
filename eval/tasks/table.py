"""The table of tasks (tasks.yaml): which questions each takes, how a question is put, what an answer must hold.

    task = task_named("qa_mc")                      # an unknown name is an error with the nearest that exists
    task.takes("multiple_choice", "plot", "scene")
    prompt = prompt_of("temporal_grounding", None, question="When does Ada leave?", options=(), times="seconds")

It reads no dataset and scores nothing: see items.py and scoring.py.
"""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

import yaml

Times = Literal["seconds", "index"]
"""How a model says times: seconds, or hundredths of the movie."""
FOUR: Final = ("qa_open", "qa_mc", "grounding", "dense_captioning")
"""The tasks of the benchmark, in its order."""
_CLOCK = re.compile(r"(?<![\d:.])(\d{1,3}):([0-5]\d)(?![\d:])")


@dataclass(frozen=True, kw_only=True)
class Task:
    """Some questions of a dataset, and the number that is shown first."""

    name: str
    formats: tuple[str, ...]
    """Answer formats that it takes."""
    headline: str
    types: tuple[str, ...] | None = None
    """Question types that it takes; None takes all."""
    levels: tuple[str, ...] | None = None
    """Levels that it takes; None takes all."""
    groups: Literal["movie", "twins"] | None = None
    """Takes only questions that count together: those of one movie, or those of a movie and its twin."""

    def takes(self, answer_format: str, question_type: str | None, level: str) -> bool:
        """Whether a question is one of this task's, groups aside."""
        return (
            answer_format in self.formats
            and (self.types is None or question_type in self.types)
            and (self.levels is None or level in self.levels)
        )


@dataclass(frozen=True, kw_only=True)
class Form:
    """What goes with an answer format."""

    says: Literal["answer", "choice", "span", "events"]
    """The field of a prediction."""
    max_tokens: int
    """Longest answer."""


@cache
def _data() -> dict[str, Any]:
    text = (files("moviellm.eval.tasks") / "tasks.yaml").read_text(encoding="utf-8")
    data = yaml.safe_load(text)
    assert isinstance(data, dict)
    return data


@cache
def task_table() -> dict[str, Task]:
    """Every task by name."""
    table = {}
    for name, row in _data()["tasks"].items():
        lists: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
        table[name] = Task(name=name, **lists)
    return table


def task_named(name: str) -> Task:
    """A task by name.

    Raises:
        ValueError: there is none; the message names the nearest.
    """
    table = task_table()
    if name not in table:
        near = difflib.get_close_matches(name, table, n=1, cutoff=0.5)
        meant = f"; did you mean {near[0]}? There are " if near else "; there are "
        raise ValueError(f"no task {name!r}{meant}{', '.join(table)}")
    return table[name]


def tasks_of(text: str | None) -> list[Task]:
    """Tasks from a list with commas; None: the four of the benchmark; `all`: every one.

    Raises:
        ValueError: one is unknown, or there is none.
    """
    names = [name.strip() for name in (text or "").split(",") if name.strip()]
    if text is None:
        names = list(FOUR)
    elif names == ["all"]:
        names = list(task_table())
    if not names:
        raise ValueError(f"--tasks names no task; there are {', '.join(task_table())}")
    return [task_named(name) for name in dict.fromkeys(names)]


def form_of(answer_format: str) -> Form:
    """What goes with an answer format.

    Raises:
        ValueError: it is none of ours.
    """
    forms = _data()["forms"]
    if answer_format not in forms:
        raise ValueError(f"an answer format is one of {', '.join(forms)}, got {answer_format!r}")
    return Form(says=forms[answer_format]["says"], max_tokens=int(forms[answer_format]["max_tokens"]))


def prompt_of(
    answer_format: str,
    question_type: str | None,
    *,
    question: str,
    options: Sequence[str],
    times: Times = "seconds",
    duration_s: float = 0.0,
) -> str:
    """A question as it is put to a model.

    With times as hundredths (`index`), those that the question names (`1:02`) are said so too.
    """
    form = _data()["forms"][answer_format]
    template = form.get("prompt_by_type", {}).get(question_type, form["prompt"])
    if times == "index" and duration_s > 0:
        question = _CLOCK.sub(lambda found: _hundredth(found, duration_s), question)
    listed = "\n".join(f"{letter_of(number)}. {option}" for number, option in enumerate(options))
    return str(template).format(question=question, options=listed, in_unit=_data()["in_unit"][times])


def _hundredth(found: re.Match[str], duration_s: float) -> str:
    time_s = 60.0 * int(found[1]) + int(found[2])
    return found[0] if time_s > duration_s else f"{min(round(100 * time_s / duration_s), 99):02d}"


def letter_of(number: int) -> str:
    """`A` for 0; after Z come AA, AB and so on."""
    last = chr(ord("A") + number % 26)
    return last if number < 26 else letter_of(number // 26 - 1) + last


def abstentions() -> Iterable[str]:
    """Phrases that say that a movie does not tell."""
    return tuple(_data()["abstains"])
