"""The Markdown of a report: the same tables, the plots as files beside it, a few failures with their timelines.

    text = markdown_of(view, failures, lead="...", pictured={0, 1})

What models said stands as code, so that no reader's program makes a link or a picture of it.
"""

from collections.abc import Collection, Sequence
from itertools import zip_longest
from typing import Final

from moviellm.cards.escaping import markdown
from moviellm.eval.reporting.failures import Failure
from moviellm.eval.reporting.names import task_title
from moviellm.eval.reporting.showing_text import clock, code, one_line
from moviellm.eval.reporting.view import View

SHOWN: Final = 12
"""Failures in the Markdown; all are on the page."""
TEXT_MAX: Final = 400
"""Characters of an answer."""


def shown_in_markdown(failures: Sequence[Failure]) -> list[Failure]:
    """The first failures of types, in turn from every task, so many as there is room for."""
    by_task: dict[str, list[Failure]] = {}
    for one in failures:
        if one.rank == 0:
            by_task.setdefault(next(iter(one.tasks), ""), []).append(one)
    turns = [one for turn in zip_longest(*by_task.values()) for one in turn if one is not None]
    chosen = turns[:SHOWN]
    return [one for one in failures if one in chosen]


def markdown_of(view: View, failures: Sequence[Failure], *, lead: str, pictured: Collection[int]) -> str:
    """The text. `pictured`: numbers of the failures whose frames lie in pictures/."""
    lines = [f"# {_said(view.title)}", "", _said(view.about) + ".", ""]
    lines += [f"- **{_said(run.label)}**: {_said(run.model)}; {_said(run.shown)}" for run in view.runs]
    lines += ["", *(f"- {_said(note)}" for note in view.notes), ""]
    for section in view.sections:
        lines += [f"## {section.title}", "", section.lead, ""]
        for plot in section.plots:
            lines += [f"![{_said(plot.title)}](plots/{plot.name}.svg)", ""]
        for table in section.tables:
            lines += [f"**{_said(table.title)}.** {table.note}".rstrip(), "", table.markdown()]
    chosen = shown_in_markdown(failures)
    if failures:
        lines += ["## Failures", "", f"{_said(lead)} All {len(failures):,} shown, with pictures: report.html.", ""]
    for number, one in enumerate(chosen):
        lines += _failure(one, number, [run.label for run in view.runs], number in pictured)
    text = "\n".join(lines).rstrip() + "\n"
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text


def _said(text: object) -> str:
    return markdown(one_line(text, 2000))


def _failure(one: Failure, number: int, labels: Sequence[str], pictured: bool) -> list[str]:
    kinds = ", ".join([*(task_title(task) for task in one.tasks), one.question_type, f"{one.level} level"])
    lines = [
        f"### {_said(one_line(one.question or one.item_id, 200))}",
        "",
        f"{_said(one.item_id)}: {_said(kinds)}",
        "",
    ]
    lines += [f"- right: {code(one.gold, TEXT_MAX)}"]
    for said in one.tries:
        score = f", {said.score}" if said.score else ""
        lines.append(f"- {_said(labels[said.run])} ({_said(said.verdict)}{score}): {code(said.said, TEXT_MAX)}")
        for verdict in said.judged:
            score = "unscored" if verdict.score is None else f"{verdict.score:g}"
            reason = f": {code(verdict.reason, TEXT_MAX)}" if verdict.reason else ""
            lines.append(f"  - {_said(verdict.metric)} {score}{reason}")
    if pictured:
        told = ", ".join(f"{clock(frame.start_s)} {frame.role}".strip() for frame in one.frames)
        lines += ["", f"![Frames](pictures/failure_{number}.jpg)", "", f"Frames: {told}."]
    return [*lines, "", f"![Timeline](plots/failure_{number}.svg)", ""]
