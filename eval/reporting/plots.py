"""The plots of a report, from the numbers of its runs: by task with controls, by type, by level.

    for plot in plots_of(runs, pairs):
        write_whole(out / "plots" / f"{plot.name}.svg", plot.file().encode())

A plot that the runs have no numbers for is not made. All numbers are those of results.json and of judgements; what is
counted from answers is in where_plots.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from moviellm.eval.reporting.canvas import Plot
from moviellm.eval.reporting.comparisons import Pair
from moviellm.eval.reporting.difference_chart import difference_chart
from moviellm.eval.reporting.names import counted, interval, metric_title, task_title
from moviellm.eval.reporting.rows_chart import UNDER, Entry, Group, Legend, entry_of_run, legend_of, rows_chart
from moviellm.eval.reporting.runs import Run
from moviellm.eval.reporting.where_plots import where_plots

LEVELS: Final = ("keyframe", "scene", "chapter", "movie")


def headlines(runs: Sequence[Run]) -> list[tuple[str, str]]:
    """(task, first number) of every task that has one, in the order of the runs' tasks."""
    found: dict[str, str] = {}
    for run in runs:
        for name, task in run.tasks.items():
            if task["metrics"].get(task["headline"], {}).get("value") is not None:
                found.setdefault(name, task["headline"])
    return sorted(found.items(), key=lambda pair: _order(pair[0]))


def _order(task: str) -> tuple[int, str]:
    from moviellm.eval.tasks.table import task_table

    known = list(task_table())
    return (known.index(task) if task in known else len(known), task)


def number_of(run: Run, task: str, metric: str) -> Mapping[str, Any] | None:
    """A run's number."""
    found: Mapping[str, Any] | None = run.tasks.get(task, {}).get("metrics", {}).get(metric)
    return found


def plots_of(runs: Sequence[Run], pairs: Sequence[Pair]) -> list[Plot]:
    """All plots, in the order of the report."""
    return [
        *_overview(runs),
        *_controls(runs),
        *_differences(runs, pairs),
        *_judged(runs),
        *_parts(runs, "by_type", "by type"),
        *_parts(runs, "by_level", "by level"),
        *where_plots(runs),
    ]


def _overview(runs: Sequence[Run]) -> Iterator[Plot]:
    groups, kinds = [], set()
    for task, metric in headlines(runs):
        entries = []
        for place, run in enumerate(runs):
            ticks = _ticks(run, task, metric)
            kinds |= {kind for kind, _ in ticks}
            entries.append(entry_of_run(place, number_of(run, task, metric), kind="bar", ticks=ticks))
        groups.append(Group(name=task_title(task), entries=entries, note=metric_title(metric)))
    if groups:
        named = (("blind", "best blind control"), ("oracle", "oracle"), ("chance", "chance"))
        marks = [(kind, told) for kind, told in named if kind in kinds]
        under = f"first number of each task, {UNDER}"
        yield rows_chart("overview", "Scores by task", under, groups, legend=legend_of(runs, *marks))


def _ticks(run: Run, task: str, metric: str) -> list[tuple[str, float]]:
    """What is marked on a bar: the best blind control, the oracle, chance."""
    gain = run.tasks.get(task, {}).get("visual_gain") or {}
    blind = run.control_number(gain.get("best_blind", ""), task, metric)
    numbers = {
        "chance": {"value": run.tasks.get(task, {}).get("chance", {}).get(metric)},
        "oracle": run.control_number("oracle", task, metric),
        "blind": blind,
    }
    return [(kind, number["value"]) for kind, number in numbers.items() if number and number.get("value") is not None]


def _controls(runs: Sequence[Run]) -> Iterator[Plot]:
    """A plot a task: the runs above, and below them what their controls reach."""
    controlled = [(place, run) for place, run in enumerate(runs) if run.controls]
    if not controlled:
        return
    names = list(dict.fromkeys(name for _, run in controlled for name in run.controls))
    for task, metric in headlines(runs):
        mine = [(place, run) for place, run in controlled if number_of(run, task, metric)]
        groups = [
            Group(name="the model", entries=[_bar(place, run, task, metric) for place, run in mine]),
            *(
                Group(name=name, entries=[_dot(place, run, name, task, metric) for place, run in mine])
                for name in names
            ),
        ]
        if not mine:
            continue
        first = mine[0][1]
        gain = first.tasks[task].get("visual_gain")
        under = f"{metric_title(metric)}, {UNDER}"
        if gain and gain.get("value") is not None and len(mine) == 1:
            told = f"visual gain {gain['value']:+.2f} {interval(gain, 2, '+')}".rstrip()
            under = f"{metric_title(metric)}; {told} over {gain['best_blind']}"
        yield rows_chart(
            f"controls_{task}",
            f"{task_title(task)}: controls",
            under,
            groups,
            legend=Legend(runs=[(place, run.label) for place, run in mine] if len(runs) > 1 else ()),
            line_at=_blind(first, task, metric),
        )


def _blind(run: Run, task: str, metric: str) -> float | None:
    """What the best blind control of a run reaches."""
    found = dict(_ticks(run, task, metric))
    return found.get("blind")


def _bar(place: int, run: Run, task: str, metric: str) -> Entry:
    return entry_of_run(place, number_of(run, task, metric), kind="bar")


def _dot(place: int, run: Run, control: str, task: str, metric: str) -> Entry:
    return entry_of_run(place, run.control_number(control, task, metric), hollow=control == "oracle")


def _differences(runs: Sequence[Run], pairs: Sequence[Pair]) -> Iterator[Plot]:
    """A plot a pair: the first number of each task."""
    first = set(headlines(runs))
    for number, pair in enumerate(pairs):
        rows = [row for row in pair.rows if (row["task"], row["metric"]) in first]
        if rows:
            yield difference_chart(pair, rows, name=f"differences_{number}")


def _judged(runs: Sequence[Run]) -> Iterator[Plot]:
    """What judges gave, one plot a judge: different judges never share an axis."""
    metrics = dict.fromkeys(judged.metric for run in runs for judged in run.judgements)
    for number, metric in enumerate(metrics):
        found = [
            (place, run.label, judged.facts)
            for place, run in enumerate(runs)
            for judged in run.judgements
            if judged.metric == metric
        ]
        root = metric.partition("@")[0].partition("-vs-")[0]  # ratings and points are on scales of their own
        rows = dict.fromkeys(
            (task, name) for *_, facts in found for task, name in judged_numbers(facts) if name.startswith(root)
        )
        groups = [
            Group(
                name=task_title(task),
                note=metric_title(name.partition("@")[0]),
                entries=[
                    entry_of_run(place, judged_numbers(facts).get((task, name)), kind="bar")
                    for place, _, facts in found
                ],
            )
            for task, name in rows
        ]
        invalid = any(not facts.get("valid", True) for *_, facts in found)
        under = "INVALID: too much is unscored" if invalid else UNDER
        legend = Legend(runs=[(place, label) for place, label, _ in found])
        if groups:
            yield rows_chart(f"judged_{number}", metric, under, groups, legend=legend)


def judged_numbers(facts: Mapping[str, Any]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Numbers of a judgement by task and name."""
    return {
        (task, name): number
        for task, told in (facts.get("tasks") or {}).items()
        for name, number in (told.get("metrics") or {}).items()
    }


def _parts(runs: Sequence[Run], part: str, said: str) -> Iterator[Plot]:
    """A plot a task: its first number by question type, or by level."""
    for task, metric in headlines(runs):
        tables = [run.tasks.get(task, {}).get(part, {}) for run in runs]
        names = list(dict.fromkeys(name for table in tables for name in table if _known(table[name], metric)))
        names.sort(key=lambda name: (LEVELS.index(name) if name in LEVELS else len(LEVELS), name))
        if len(names) < 2:
            continue
        groups = []
        for name in names:
            numbers = [table.get(name, {}).get(metric) for table in tables]
            n = counted(numbers)
            entries = [entry_of_run(place, number) for place, number in enumerate(numbers)]
            alone = f"{name} ({n})"
            groups.append(Group(name=alone if len(runs) == 1 else name, entries=entries, note=f"n {n}"))
        title = f"{task_title(task)} {said}"
        yield rows_chart(f"{part}_{task}", title, f"{metric_title(metric)}, {UNDER}", groups, legend=legend_of(runs))


def _known(numbers: Mapping[str, Any], metric: str) -> bool:
    return numbers.get(metric, {}).get("value") is not None
