"""The Markdown of a report: the same tables, the plots as files beside it, a few failures with their timelines.

    text = markdown_of(view, failures, labels, lead="...")

What models said stands as code, so that no reader's program makes a link or a picture of it.
"""

from collections.abc import Sequence
from typing import Final

from moviellm.cards.escaping import markdown
from moviellm.eval.reporting.failures import Failure
from moviellm.eval.reporting.names import task_title
from moviellm.eval.reporting.showing_text import code, one_line
from moviellm.eval.reporting.view import View

SHOWN: Final = 12
"""Failures in the Markdown; all are on the page."""
TEXT_MAX: Final = 400
"""Characters of an answer."""


def shown_in_markdown(failures: Sequence[Failure]) -> list[Failure]:
    """The first failure of every task and type, so many as there is room for."""
    return [one for one in failures if one.rank == 0 and (one.evidence or any(t.spans for t in one.tries))][:SHOWN]


def markdown_of(view: View, failures: Sequence[Failure], *, lead: str) -> str:
    """The text."""
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
        lines += _failure(one, number, [run.label for run in view.runs])
    text = "\n".join(lines).rstrip() + "\n"
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text


def _said(text: object) -> str:
    return markdown(one_line(text, 2000))


def _failure(one: Failure, number: int, labels: Sequence[str]) -> list[str]:
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
    return [*lines, "", f"![Timeline](plots/failure_{number}.svg)", ""]
