"""What the page and the Markdown of a report say, as plain values: head, sections, what was run.

    view = view_of(runs, plots, tables, notes)
    view.title, view.sections[0].tables

It writes no markup: see page.py and markdown_page.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from moviellm.eval.reporting.canvas import Plot
from moviellm.eval.reporting.runs import Run
from moviellm.eval.reporting.tables import Table


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the report."""

    id: str
    title: str
    short: str = ""
    """As the page's bar calls it; empty: by its title."""
    lead: str = ""
    plots: tuple[Plot, ...] = ()
    tables: tuple[Table, ...] = ()
    beside: bool = False
    """One plot with its tables beside it."""


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """What was run."""

    label: str
    model: str
    shown: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class View:
    """The report but for its failures."""

    title: str
    about: str
    runs: tuple[RunFacts, ...]
    notes: tuple[str, ...]
    sections: tuple[Section, ...] = field(default=())


LEADS: Mapping[str, str] = {
    "scores": "Bars are the first number of each task; whiskers are 95 % intervals.",
    "controls": (
        "The same model, shown less or something else. A number is about seeing the movie only as far as it exceeds "
        "what the best control reaches that sees nothing: the visual gain. The oracle reads what happens from the log "
        "and marks what can be reached. The dashed line is the best blind control."
    ),
    "differences": "Runs answered the same questions; what is compared is each question with itself.",
    "judged": "Answers that a judge has read. A judge's name holds its model and rubric: other judges, other numbers.",
    "parts": "Small groups have wide intervals; many groups have some that stand out by chance.",
    "where": (
        "How often a predicted span meets the right one, from any overlap to an exact fit; and whether answers get "
        "worse late in a movie, or where it is long."
    ),
}


def view_of(runs: Sequence[Run], plots: Sequence[Plot], tables: Sequence[Table], notes: Sequence[str]) -> View:
    """Everything but failures, in the order of the report."""
    places = dict.fromkeys(_place(run.results["data"]) for run in runs)
    datasets = dict.fromkeys(str(run.results["data"]["dataset"]) for run in runs)
    models = runs[0].label if len(runs) == 1 else f"{len(runs)} runs"
    title = f"{models} on {' and '.join(datasets)}"
    return View(
        title=title,
        about="; ".join(places),
        runs=tuple(_facts(run) for run in runs),
        notes=(*notes, *(note for run in runs for note in _invalid(run))),
        sections=tuple(_sections(plots, {table.name: table for table in tables})),
    )


def _place(data: Mapping[str, Any]) -> str:
    told = f"{data['dataset']}, version {data.get('version')}, split {data.get('split')}"
    limit = data.get("limit")
    return told if limit is None else f"{told}, at most {limit:,} questions a task (seed {data.get('seed')})"


def _invalid(run: Run) -> list[str]:
    """Judgements that count for nothing."""
    return [
        f"{run.label}: the judgement {judged.metric} is INVALID: "
        f"{judged.facts.get('unscored', {}).get('share') or 0.0:.1%} of the answers are unscored"
        for judged in run.judgements
        if not judged.facts.get("valid", True)
    ]


def _facts(run: Run) -> RunFacts:
    results = run.results
    model, frames = results["model"], results.get("frames")
    named = model["id"] if str(model["id"]).rsplit("/", 1)[-1] != run.label else ""
    revision = str(model.get("revision", ""))
    told = ", ".join(str(part) for part in (model.get("kind"), named, revision[:12]) if part)
    shown = "answers from a file" if frames is None else _frames(frames)
    facts = [
        ("model", str(model["id"])),
        ("kind", str(model.get("kind", ""))),
        ("revision", revision),
        *_pairs(results.get("parameters") or {}),
        *((f"data {name}", text) for name, text in _pairs(results["data"])),
        ("shown", shown),
        *((f"{name} version", text) for name, text in _pairs(results.get("versions") or {})),
        *((f"cost {name}", text) for name, text in _pairs(results.get("cost") or {})),
    ]
    return RunFacts(label=run.label, model=told, shown=shown, facts=tuple(facts))


def _frames(frames: Mapping[str, Any]) -> str:
    policy = [f"{name} {value}" for name, value in frames["policy"].items() if value not in (None, 0.0)]
    told, control = f"frames: {', '.join(policy) or 'all'}", frames["control"]
    if control in ("random", "majority", "oracle", "question-only", "title-only", "dialogue-only"):
        return f"control: {control}"
    return told if control == "none" else f"{told}; control: {control}"


def _pairs(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is said in a word; empty values are not said."""
    return [(name, str(value)) for name, value in sorted(record.items()) if value not in (None, {}, [], "")]


def _sections(plots: Sequence[Plot], tables: Mapping[str, Table]) -> list[Section]:
    def some(*starts: str) -> tuple[Plot, ...]:
        return tuple(plot for plot in plots if plot.name.startswith(starts))

    def named(*names: str) -> tuple[Table, ...]:
        return tuple(tables[name] for name in names if name in tables)

    controls = tuple(table for name, table in tables.items() if name.startswith("controls"))
    found = [
        Section(
            id="scores",
            title="Scores",
            lead=LEADS["scores"],
            plots=some("overview"),
            tables=named("scores"),
            beside=True,
        ),
        Section(id="controls", title="Controls", lead=LEADS["controls"], plots=some("controls_"), tables=controls),
        Section(
            id="differences",
            title="Differences between runs",
            short="Differences",
            lead=LEADS["differences"],
            plots=some("differences_"),
            tables=named("differences", "differences_other"),
        ),
        Section(
            id="judged",
            title="Judges",
            lead=LEADS["judged"],
            plots=some("judged_"),
            tables=named("judged", "judges"),
        ),
        Section(
            id="types",
            title="By type and level of question",
            short="Types",
            lead=LEADS["parts"],
            plots=some("by_type_", "by_level_"),
            tables=named("by_type", "by_level"),
        ),
        Section(
            id="where",
            title="Moments and places",
            short="Moments",
            lead=LEADS["where"],
            plots=some("recall", "position", "length"),
        ),
        Section(id="numbers", title="Every number", short="Numbers", tables=named("numbers", "unread")),
    ]
    return [section for section in found if section.plots or section.tables]
