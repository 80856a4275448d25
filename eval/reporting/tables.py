"""Tables of a report as data, and as Markdown and LaTeX (booktabs) that a paper takes. The page shows the same ones.

    tables = tables_of(runs, pairs)
    tables[0].markdown(), tables[0].latex()

A number is never without its interval where there is one. A value is strong where every other run shown is
distinguishably worse. It computes no number: see comparisons.py and results.json.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from moviellm.cards.escaping import markdown
from moviellm.eval.reporting.comparisons import Pair, best_of
from moviellm.eval.reporting.names import counted, digits, interval, metric_title, task_title
from moviellm.eval.reporting.plots import LEVELS, headlines, judged_numbers, number_of
from moviellm.eval.reporting.runs import Run
from moviellm.eval.reporting.showing_text import latex, one_line

NAME_MAX: Final = 60


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A value, with an interval under it or beside it."""

    text: str
    small: str = ""
    strong: bool = False


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table."""

    name: str
    """Of its LaTeX file, without ending."""
    title: str
    note: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    names: int = 1
    """Columns from the left that hold names; the others hold numbers."""
    folded: bool = False
    """Opened by who wants it."""

    def markdown(self) -> str:
        """The table alone."""
        rule = ["---"] * self.names + ["---:"] * (len(self.head) - self.names)
        lines = [[markdown(one_line(name, NAME_MAX)) for name in self.head], rule]
        lines += [[_markdown(cell) for cell in row] for row in self.rows]
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)

    def latex(self) -> str:
        """A tabular for `\\input`; caption and label are the paper's."""
        lines = [
            f"% {latex(self.title)}. {latex(self.note)}".rstrip(),
            r"% \usepackage{booktabs}",
            rf"\begin{{tabular}}{{@{{}}{'l' * self.names}{'r' * (len(self.head) - self.names)}@{{}}}}",
            r"\toprule",
            " & ".join(latex(one_line(name, NAME_MAX)) for name in self.head) + r" \\",
            r"\midrule",
            *(" & ".join(_latex(cell) for cell in row) + r" \\" for row in self.rows),
            r"\bottomrule",
            r"\end{tabular}",
        ]
        return "\n".join(lines) + "\n"


def _markdown(cell: Cell) -> str:
    text, small = markdown(one_line(cell.text, NAME_MAX)), markdown(cell.small)
    text = f"**{text}**" if cell.strong and text else text
    return f"{text} {small}".strip() or " "


def _latex(cell: Cell) -> str:
    text, small = latex(one_line(cell.text, NAME_MAX)), latex(cell.small)
    if text.startswith(("[", "*")):  # an argument of the line end before it
        text = f"{{{text[0]}}}{text[1:]}"
    text = rf"\textbf{{{text}}}" if cell.strong and text else text
    return rf"{text} {{\scriptsize {small}}}" if small else text


def _names(texts: Iterable[str]) -> tuple[Cell, ...]:
    return tuple(Cell(text=text) for text in texts)


def _cell(number: Mapping[str, Any] | None, *, strong: bool = False) -> Cell:
    return Cell(text=digits(number), small=interval(number), strong=strong)


def tables_of(runs: Sequence[Run], pairs: Sequence[Pair]) -> list[Table]:
    """All tables that the runs have rows for, in the order of the report."""
    made = [
        _scores(runs, pairs),
        *_controls(runs),
        *_differences(runs, pairs),
        *_judges(runs),
        _parts(runs, "by_type", "By question type"),
        _parts(runs, "by_level", "By level"),
        _numbers(runs),
        _unread(runs),
    ]
    return [table for table in made if table.rows]


def _scores(runs: Sequence[Run], pairs: Sequence[Pair]) -> Table:
    rows = []
    for task, metric in headlines(runs):
        numbers = [number_of(run, task, metric) for run in runs]
        best = best_of(runs, pairs, task, metric)
        cells = [_cell(number, strong=place == best) for place, number in enumerate(numbers)]
        rows.append((*_names((task_title(task), metric_title(metric))), *cells, Cell(text=counted(numbers))))
    note = "First number of each task with its 95 % interval (BCa, resampling movies)."
    if len(runs) > 1:
        note += " Bold: every other run is distinguishably worse (interval and Holm-adjusted test)."
    head = ("task", "number", *(run.label for run in runs), "n")
    return Table(name="scores", title="Scores by task", note=note, head=head, rows=tuple(rows), names=2)


def _controls(runs: Sequence[Run]) -> list[Table]:
    """A table a run: controls are columns."""
    tables = []
    for place, run in enumerate(runs):
        controls = run.controls
        rows = []
        for task, metric in headlines([run]) if controls else ():
            gain = run.tasks[task].get("visual_gain") or {}
            shown = Cell(text="–")
            if gain.get("value") is not None:
                shown = Cell(text=f"{gain['value']:+.3f}", small=interval(gain, sign="+"))
            cells = [_cell(run.control_number(name, task, metric)) for name in controls]
            rows.append(
                (*_names((task_title(task), metric_title(metric))), _cell(number_of(run, task, metric)), *cells, shown)
            )
        name = "controls" if len(runs) == 1 else f"controls_{place}"
        title = "Controls" if len(runs) == 1 else f"Controls: {run.label}"
        head = ("task", "number", "the model", *controls, "visual gain")
        note = "Visual gain: the model less the best control that sees nothing, question by question."
        tables.append(Table(name=name, title=title, note=note, head=head, rows=tuple(rows), names=2))
    return tables


def _differences(runs: Sequence[Run], pairs: Sequence[Pair]) -> list[Table]:
    """The first number of each task, and every other number."""
    first = set(headlines(runs))
    found: dict[bool, list[tuple[Cell, ...]]] = {True: [], False: []}
    for pair in pairs:
        for row in pair.rows:
            cells = (
                *_names((f"{pair.b} − {pair.a}", task_title(row["task"]), metric_title(row["metric"]))),
                Cell(text=f"{row['difference']:+.3f}", small=interval(row, sign="+")),
                Cell(text="–" if row["p_holm"] is None else _p(row["p_holm"])),
                Cell(text="–" if row["detectable"] is None else f"{row['detectable']:.3f}"),
                Cell(text=f"{row['n']:,}"),
                Cell(text=pair.verdict(row), strong=row["why"] is None),
            )
            found[(row["task"], row["metric"]) in first].append(cells)
    count = sum(row["p"] is not None for pair in pairs for row in pair.rows)
    note = (
        f"Paired by question; intervals resample movies. p: exact McNemar, Holm-adjusted over the {count} tests of "
        "this report. Detectable: the least difference that so many questions would show four times in five (80 % "
        "power, 5 % two-sided)."
    )
    head = ("difference", "task", "number", "value", "p (Holm)", "detectable", "n", "verdict")
    rows, others = tuple(found[True]), tuple(found[False])
    return [
        Table(name="differences", title="Differences", note=note, head=head, rows=rows, names=3),
        Table(
            name="differences_other", title="Other numbers", note=note, head=head, rows=others, names=3, folded=True
        ),
    ]


def _p(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _judges(runs: Sequence[Run]) -> list[Table]:
    scores, work = [], []
    for run in runs:
        for judged in run.judgements:
            facts = judged.facts
            for (task, metric), number in judged_numbers(facts).items():
                names = (run.label, task_title(task), metric if "@" in metric else f"{metric} ({judged.metric})")
                scores.append((*_names(names), _cell(number), Cell(text=f"{number.get('n', 0):,}")))
            unscored = facts.get("unscored", {})
            reasons = ", ".join(f"{why} {n}" for why, n in sorted(_flat(unscored.get("reasons")).items()))
            agreement = ", ".join(f"{name} {value}" for name, value in _flat(facts.get("agreement")).items())
            cost = facts.get("cost_usd")
            work.append(
                (
                    *_names((run.label, judged.metric, str(facts.get("kind", "")))),
                    Cell(text="yes" if facts.get("valid", True) else "NO", strong=not facts.get("valid", True)),
                    Cell(text=f"{unscored.get('n', 0)} ({unscored.get('share', 0.0) or 0.0:.1%})", small=reasons),
                    Cell(text=agreement or "–"),
                    Cell(text=f"{facts.get('calls', 0):,}"),
                    Cell(text="–" if cost is None else f"${cost:.2f}"),
                )
            )
    note = "Unscored answers are left out, not counted as wrong. Judges of different names are never compared."
    head = ("run", "judge", "kind", "valid", "unscored", "agreement", "calls", "cost")
    return [
        Table(
            name="judged",
            title="What judges say",
            note=note,
            head=("run", "task", "number", "value", "n"),
            rows=tuple(scores),
            names=3,
        ),
        Table(
            name="judges",
            title="The judges' work",
            note="A run is invalid where more than 1 % is unscored.",
            head=head,
            rows=tuple(work),
            names=3,
        ),
    ]


def _flat(value: Any, before: str = "") -> dict[str, str]:
    """Numbers of a nested record, named by their path."""
    if isinstance(value, Mapping):
        found: dict[str, str] = {}
        for name, inner in value.items():
            found |= _flat(inner, f"{before} {name}".strip())
        return found
    if isinstance(value, bool) or not isinstance(value, int | float):
        return {}
    return {before: f"{value:g}" if isinstance(value, int) else f"{value:.3g}"}


def _parts(runs: Sequence[Run], part: str, title: str) -> Table:
    rows = []
    for task, metric in headlines(runs):
        tables = [run.tasks.get(task, {}).get(part, {}) for run in runs]
        names = dict.fromkeys(name for table in tables for name in table)
        for name in sorted(names, key=lambda name: (LEVELS.index(name) if name in LEVELS else len(LEVELS), name)):
            numbers = [table.get(name, {}).get(metric) for table in tables]
            if any(number and number.get("value") is not None for number in numbers):
                cells = [_cell(number) for number in numbers]
                rows.append(
                    (*_names((task_title(task), name, metric_title(metric))), *cells, Cell(text=counted(numbers)))
                )
    what = "type" if part == "by_type" else "level"
    head = ("task", what, "number", *(run.label for run in runs), "n")
    return Table(name=part, title=title, note="", head=head, rows=tuple(rows), names=3, folded=True)


def _numbers(runs: Sequence[Run]) -> Table:
    rows = []
    for task, first in headlines(runs):
        metrics = dict.fromkeys(name for run in runs for name in run.tasks.get(task, {}).get("metrics", {}))
        for metric in sorted(metrics, key=lambda name: (name != first, name)):
            numbers = [number_of(run, task, metric) for run in runs]
            rows.append(
                (
                    *_names((task_title(task), metric_title(metric))),
                    *(_cell(number) for number in numbers),
                    Cell(text=counted(numbers)),
                )
            )
    head = ("task", "number", *(run.label for run in runs), "n")
    return Table(name="numbers", title="Every number", note="", head=head, rows=tuple(rows), names=2, folded=True)


def _unread(runs: Sequence[Run]) -> Table:
    rows = []
    for run in runs:
        for task, told in run.tasks.items():
            for reason, count in told.get("counts", {}).get("reasons", {}).items():
                share = count / max(told["counts"]["items"], 1)
                rows.append(
                    (*_names((run.label, task_title(task), reason)), Cell(text=f"{count:,}", small=f"{share:.1%}"))
                )
    note = "What was not answered, and what could not be read as an answer, counts as wrong."
    head = ("run", "task", "reason", "answers")
    return Table(name="unread", title="Without a prediction", note=note, head=head, rows=tuple(rows), names=3)
