"""The plots of a report, from the numbers of its runs: by task with controls, by type, level, place in the movie.

    for plot in plots_of(runs):
        write_whole(out / "plots" / f"{plot.name}.svg", plot.file().encode())

A plot that the runs have no numbers for is not made. Where a plot needs what results.json does not hold (recall by
IoU, place in the movie), the answers are counted by the arithmetic of eval/tasks.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from moviellm.eval.reporting.canvas import SHAPES, Plot, series
from moviellm.eval.reporting.curve_chart import Curve, curve_chart
from moviellm.eval.reporting.names import interval, metric_title, task_title
from moviellm.eval.reporting.rows_chart import Entry, Group, Legend, entry_of_run, rows_chart
from moviellm.eval.reporting.runs import Run
from moviellm.eval.tasks.means import Number, mean_of

RESAMPLES: Final = 2000
"""Draws of the intervals that are made here."""
IOUS: Final = tuple(round(0.05 * step, 2) for step in range(1, 20))
FIFTHS: Final = ("first fifth", "second", "third", "fourth", "last fifth")
LENGTHS: Final = 4
"""Groups of movies by length."""
LEVELS: Final = ("keyframe", "scene", "chapter", "movie")
UNDER: Final = "95 % intervals, resampling movies"


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


def plots_of(runs: Sequence[Run]) -> list[Plot]:
    """All plots, in the order of the report."""
    return [
        *_overview(runs),
        *_controls(runs),
        *_judged(runs),
        *_parts(runs, "by_type", "by type"),
        *_parts(runs, "by_level", "by level"),
        *_recall(runs),
        *_places(runs),
        *_lengths(runs),
    ]


def _legend(runs: Sequence[Run], *marks: tuple[str, str]) -> Legend:
    return Legend(runs=[run.label for run in runs], marks=marks)


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
        yield rows_chart("overview", "Scores by task", under, groups, legend=_legend(runs, *marks))


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
        gain = mine[0][1].tasks[task].get("visual_gain")
        under = f"{metric_title(metric)}, {UNDER}"
        if gain and gain.get("value") is not None:
            told = f"visual gain {gain['value']:+.2f} {interval(gain, 2, '+')}".rstrip()
            over = (
                f"over {gain['best_blind']}" if len(mine) == 1 else f"({mine[0][1].label}) over {gain['best_blind']}"
            )
            under = f"{metric_title(metric)}; {told} {over}"
        yield rows_chart(
            f"controls_{task}",
            f"{task_title(task)}: controls",
            under,
            groups,
            legend=Legend() if len(runs) == 1 else _legend(runs),
            line_at=run_blind(mine[0][1], task, metric),
        )


def run_blind(run: Run, task: str, metric: str) -> float | None:
    """What the best blind control of a run reaches."""
    found = dict(_ticks(run, task, metric))
    return found.get("blind")


def _bar(place: int, run: Run, task: str, metric: str) -> Entry:
    return entry_of_run(place, number_of(run, task, metric), kind="bar")


def _dot(place: int, run: Run, control: str, task: str, metric: str) -> Entry:
    return entry_of_run(place, run.control_number(control, task, metric), hollow=control == "oracle")


def _judged(runs: Sequence[Run]) -> Iterator[Plot]:
    """What judges gave, one plot a judge: different judges never share an axis."""
    metrics = dict.fromkeys(judged.metric for run in runs for judged in run.judgements)
    for number, metric in enumerate(metrics):
        found = [next((j for j in run.judgements if j.metric == metric), None) for run in runs]
        tasks = [judged.facts.get("tasks", {}) if judged else {} for judged in found]
        rows = dict.fromkeys((task, name) for one in tasks for task in one for name in one[task].get("metrics", {}))
        groups = [
            Group(
                name=task_title(task),
                note=metric_title(name.partition("@")[0]),
                entries=[
                    entry_of_run(place, one.get(task, {}).get("metrics", {}).get(name), kind="bar")
                    for place, one in enumerate(tasks)
                ],
            )
            for task, name in rows
        ]
        invalid = any(judged is not None and not judged.facts.get("valid", True) for judged in found)
        under = "INVALID: too much is unscored" if invalid else UNDER
        if groups:
            yield rows_chart(f"judged_{number}", metric, under, groups, legend=_legend(runs))


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
            n = max((number["n"] for number in numbers if number), default=0)
            entries = [entry_of_run(place, number) for place, number in enumerate(numbers)]
            alone = f"{name} ({n})"
            groups.append(Group(name=alone if len(runs) == 1 else name, entries=entries, note=f"n {n}"))
        title = f"{task_title(task)} {said}"
        yield rows_chart(f"{part}_{task}", title, f"{metric_title(metric)}, {UNDER}", groups, legend=_legend(runs))


def _known(numbers: Mapping[str, Any], metric: str) -> bool:
    return numbers.get(metric, {}).get("value") is not None


def _share(pairs: Sequence[tuple[float, str]]) -> Number:
    return mean_of([value for value, _ in pairs], [family for _, family in pairs], RESAMPLES)


def _recall(runs: Sequence[Run]) -> Iterator[Plot]:
    """The share of moments found, by how well a span must fit; beside it that of the best blind control."""
    curves = []
    for place, run in enumerate(runs):
        sources = [(run.label, run.answers, None)]
        blind = (run.tasks.get("grounding", {}).get("visual_gain") or {}).get("best_blind")
        if blind in run.control_answers:
            sources.append((f"{run.label}, {blind}", run.control_answers[blind], "5 3"))
        for name, answers, dash in sources:
            ious = [
                (row["scores"]["miou"], row["family"])
                for row in answers.values()
                if row["format"] == "temporal_grounding" and "miou" in row["scores"]
            ]
            if ious:
                points = [(t, _share([(float(iou >= t), family) for iou, family in ious])) for t in IOUS]
                shape = None if dash else SHAPES[place % len(SHAPES)]
                curves.append(Curve(name=name, points=points, colour=series(place), shape=shape, dash=dash))
    if curves:
        dashed = any(curve.dash for curve in curves)
        under = f"share of moments found, {UNDER}" + ("; dashed: best blind control" if dashed else "")
        ticks = [(t, f"{t:g}") for t in (0.1, 0.3, 0.5, 0.7, 0.9)]
        yield curve_chart(
            "recall", "Moments by overlap", under, curves, ticks=_ends(ticks), x_name="least IoU", legend=_legend(runs)
        )


def _ends(ticks: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """Ticks with the ends of the axis, which have no name."""
    return [(0.0, "0"), *ticks, (1.0, "1")]


def right_of(row: Mapping[str, Any]) -> float | None:
    """Whether an answer is right, where that is yes or no."""
    found = row["scores"].get("right")
    return None if found is None else float(found)


def _places(runs: Sequence[Run]) -> Iterator[Plot]:
    """Right answers by where in the movie the evidence lies."""
    curves = []
    for place, run in enumerate(runs):
        bins: dict[int, list[tuple[float, str]]] = {}
        for row in run.answers.values():
            at, right = _place(row), right_of(row)
            if at is not None and right is not None:
                bins.setdefault(min(int(at * len(FIFTHS)), len(FIFTHS) - 1), []).append((right, row["family"]))
        points = [(float(number), _share(bins[number])) for number in sorted(bins)]
        if len(points) > 1:
            curves.append(
                Curve(name=run.label, points=points, colour=series(place), shape=SHAPES[place % len(SHAPES)])
            )
    if curves:
        ticks = [(float(number), name) for number, name in enumerate(FIFTHS)]
        yield curve_chart(
            "position",
            "Right answers by place in the movie",
            f"share right (words, options, moments), {UNDER}",
            curves,
            ticks=ticks,
            x_name="where the middle of the evidence lies",
            legend=_legend(runs),
        )


def _place(row: Mapping[str, Any]) -> float | None:
    """Middle of the evidence as a share of the movie."""
    spans, length = row.get("evidence"), row.get("duration_s")
    if not spans or not length:
        return None
    return float((min(span[0] for span in spans) + max(span[1] for span in spans)) / 2 / length)


def _lengths(runs: Sequence[Run]) -> Iterator[Plot]:
    """Right answers by the length of the movie, where lengths differ by half at least."""
    known = [row["duration_s"] for run in runs for row in run.answers.values() if row.get("duration_s")]
    if not known or max(known) < 1.5 * min(known):
        return
    every = sorted({row["movie"]: row["duration_s"] for run in runs for row in run.answers.values()}.values())
    ends = sorted({every[(len(every) - 1) * step // LENGTHS] for step in range(1, LENGTHS + 1)})
    if len(ends) < 2:
        return
    curves = []
    for place, run in enumerate(runs):
        bins: dict[int, list[tuple[float, str]]] = {}
        for row in run.answers.values():
            right, length = right_of(row), row.get("duration_s")
            if right is not None and length:
                number = next(number for number, end in enumerate(ends) if length <= end)
                bins.setdefault(number, []).append((right, row["family"]))
        points = [(float(number), _share(bins[number])) for number in sorted(bins)]
        curves.append(Curve(name=run.label, points=points, colour=series(place), shape=SHAPES[place % len(SHAPES)]))
    ticks = [(float(number), f"up to {_length(end)}") for number, end in enumerate(ends)]
    yield curve_chart(
        "length",
        "Right answers by length of the movie",
        f"share right (words, options, moments), {UNDER}",
        curves,
        ticks=ticks,
        x_name="length of the movie",
        legend=_legend(runs),
    )


def _length(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
