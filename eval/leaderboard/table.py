"""The table of the leaderboard: rows as its template shows them, with ranges, badges, and what the filters ask.

    board_html(board, standings, Facts(benchmark="org/bench", ...))

Filtering and sorting happen in the browser (leaderboard.js) over attributes of the rows. Baselines are rows, marked
and without a rank. It computes no number: see board.py and ranks.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from moviellm.eval.leaderboard import texts
from moviellm.eval.leaderboard.board import Board, Entry, Judgement, Number, headline
from moviellm.eval.leaderboard.pages import render
from moviellm.eval.leaderboard.plots import ROWS_MAX, bars, radar
from moviellm.eval.leaderboard.ranks import FAMILIES_MIN, ORACLE, OVERALL, Standing, blind_of
from moviellm.eval.reporting.names import metric_title, task_title

SIZES: Final = ((4.0, "up to 4B"), (10.0, "4 to 10B"), (40.0, "10 to 40B"), (float("inf"), "over 40B"))
"""Filters by size: billions of parameters up to, and how it is called."""
TRACKS: Final = {"open-weights": "open weights", "api": "API", "system": "system"}
SUBTITLES: Final = {"none": "no subtitles", "provided": "subtitles", "asr": "recognised speech"}


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is said above the table."""

    benchmark: str = ""
    revision: str = ""
    questions: int = 0
    movies: int = 0
    as_of: str = ""
    """When the results were read."""
    notes: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A number of a row."""

    label: str
    value: str
    interval: str
    style: str
    """Where the interval is drawn; empty where there is no number."""
    order: float
    """What it is sorted by."""
    rank: str
    """The range of the row's rank by this number."""
    exact: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row."""

    key: str
    name: str
    model: str
    link: str | None
    facts: Sequence[str]
    badges: Sequence[tuple[str, str]]
    """(kind, text)."""
    cells: Sequence[Cell]
    is_baseline: bool
    track: str
    size: str
    subtitles: str
    seen: bool
    text: str
    """What the search looks in."""
    numbers: Sequence[tuple[str, str, str, str, int]]
    """(task, number, value, interval, questions)."""
    judged: Sequence[tuple[str, str, str, str, str]]
    """(judge, task, number, value, interval)."""
    unjudged: str
    """Why models did not judge."""
    declared: Sequence[tuple[str, str]] = field(default=())


def board_html(board: Board, standings: Mapping[str, Standing], facts: Facts) -> str:
    """The first page: filters, table, plots of the first rows."""
    tasks = board.tasks
    overall = standings.get(OVERALL, Standing())
    columns = [_overall_title(overall), *map(task_title, tasks)]
    metrics = ["", *(metric_title(_metric(board, task)) for task in tasks)]
    rows = [_row(entry, board, standings) for entry in [*board.rows.values(), *board.baselines.values()]]
    rows.sort(key=lambda row: (row.key == ORACLE, -row.cells[0].order, row.is_baseline, row.name.casefold()))
    picked = first_picked(rows)
    return render(
        "board",
        columns=list(zip(columns, metrics, strict=True)),
        rows=rows,
        picked=picked,
        plots=plots_html(board, picked),
        facts=facts,
        submissions=len(board.rows),
        baselines=len(board.baselines),
        unread=[texts.shown(told, 200) for told in board.unread],
        tracks=TRACKS,
        sizes=[name for _, name in SIZES],
        subtitles=SUBTITLES,
        picks_max=ROWS_MAX,
        scaled=bool(overall.scale),
        families=overall.families,
        families_min=FAMILIES_MIN,
    )


def first_picked(rows: Sequence[Row]) -> list[str]:
    """The rows that are drawn first: the three best that are ranked, or the three best."""
    ours = [row for row in rows if not row.is_baseline]
    return [row.key for row in sorted(ours, key=lambda row: not row.cells[0].rank)][:3]


def plots_html(board: Board, keys: Sequence[str]) -> str:
    """Bars and radar of some rows."""
    entries = [entry for entry in map(board.entry, keys[:ROWS_MAX]) if entry is not None]
    if not entries:
        return render("plots", plots=[])
    named = [entry.model_copy(update={"display_name": texts.shown(entry.name)}) for entry in entries]
    tasks, blind = board.tasks, blind_of(board)
    found = [radar(named, tasks, blind), bars(named, tasks, blind)]
    return render("plots", plots=[plot.inline() for plot in found if plot is not None])


def _overall_title(standing: Standing) -> str:
    return "Score" if standing.scale else "Mean"


def _metric(board: Board, task: str) -> str:
    told = [e.tasks[task].metrics for e in [*board.rows.values(), *board.baselines.values()] if task in e.tasks]
    return headline(task, told[0]) if told else ""


def _row(entry: Entry, board: Board, standings: Mapping[str, Standing]) -> Row:
    blind = blind_of(board)
    overall = standings.get(OVERALL, Standing())
    cells = [_overall_cell(entry, board.tasks, overall)]
    for task in board.tasks:
        place = standings.get(task, Standing())
        cells.append(_cell(task_title(task), entry.number(task), blind.get(task), place, entry.sha256))
    model = texts.shown(entry.model.id, 193)
    name = texts.shown(entry.name)
    said = [model, name, texts.shown(entry.submitter)]
    return Row(
        key=entry.sha256,
        name=name,
        model="" if entry.is_baseline else model,
        link=None if entry.is_baseline else texts.model_link(entry.model.id),
        facts=[] if entry.is_baseline else _facts(entry),
        badges=_badges(entry),
        cells=cells,
        is_baseline=entry.is_baseline,
        track=entry.track if entry.track in TRACKS else "",
        size=size_of(entry.model.parameters_b),
        subtitles=entry.inputs.subtitles if entry.inputs.subtitles in SUBTITLES else "",
        seen=bool(entry.seen_test_inputs),
        text=" ".join(said).casefold(),
        numbers=_numbers(entry, board.tasks),
        judged=_judged(entry),
        unjudged=texts.shown(entry.judges_left_out or "", 400),
        declared=[] if entry.is_baseline else _declared(entry),
    )


def size_of(parameters_b: float | None) -> str:
    """The filter that a size falls under."""
    return "" if parameters_b is None else next(name for most, name in SIZES if parameters_b <= most)


def _overall_cell(entry: Entry, tasks: Sequence[str], standing: Standing) -> Cell:
    label, found = _overall_title(standing), standing.numbers.get(entry.sha256)
    if found is not None and found.estimate is not None:
        number = Number(value=found.estimate, low=found.low, high=found.high)
        return _cell(label, number, 0.0 if standing.scale else None, standing, entry.sha256)
    known = {task: entry.number(task) for task in tasks}
    values = {task: number.value for task, number in known.items() if number and number.value is not None}
    alone = Number(value=standing.mean_of(values)) if len(values) == len(tasks) else None
    return _cell(label, alone, 0.0 if standing.scale else None, standing, entry.sha256)


def _cell(label: str, number: Number | None, blind: float | None, standing: Standing, key: str) -> Cell:
    value = None if number is None else number.value
    place = standing.places.get(key)
    style = ""
    if number is not None and value is not None:
        low, high = (value if end is None else end for end in (number.low, number.high))
        style = f"--v:{texts.percent(value)};--l:{texts.percent(low)};--h:{texts.percent(high)}"
        style += "" if blind is None else f";--b:{texts.percent(blind)}"
    return Cell(
        label=label,
        value=texts.number(value),
        interval="" if number is None else texts.interval(number.low, number.high),
        style=style,
        order=-1e9 if value is None else value,
        rank="" if place is None else texts.ranks(place.low, place.high),
        exact="" if number is None or value is None else f"{value:g} {texts.interval(number.low, number.high, 6)}",
    )


def _facts(entry: Entry) -> list[str]:
    """What the second line of a row says."""
    inputs = entry.inputs
    seen = f"{inputs.frames:g} frames" if inputs.frames else f"{inputs.fps:g} fps" if inputs.fps else ""
    size = entry.model.parameters_b
    said = ["" if size is None else f"{size:g}B", TRACKS.get(entry.track or "", ""), seen]
    return [text for text in (*said, SUBTITLES.get(inputs.subtitles or "", "")) if text]


def _badges(entry: Entry) -> list[tuple[str, str]]:
    found = []
    if entry.is_baseline:
        found.append(("base", "ceiling" if entry.sha256 == ORACLE else "baseline"))
    if entry.seen_test_inputs:
        found.append(("seen", "has seen the test's inputs: not ranked"))
    return found


def _numbers(entry: Entry, tasks: Sequence[str]) -> list[tuple[str, str, str, str, int]]:
    found = []
    for task in [*tasks, *(name for name in entry.tasks if name not in tasks)]:
        told = entry.tasks.get(task)
        for metric, number in (
            sorted(told.metrics.items(), key=lambda pair: pair[0] != headline(task, told.metrics)) if (told) else ()
        ):
            if number.value is not None:
                ends = texts.interval(number.low, number.high)
                named = texts.shown(metric_title(metric))
                found.append((texts.shown(task_title(task)), named, texts.number(number.value), ends, number.n))
    return found


def _judged(entry: Entry) -> list[tuple[str, str, str, str, str]]:
    found = []
    for judge, tasks in entry.judged.items():
        valid = entry.judgements.get(judge, Judgement()).valid
        for task, told in tasks.items():
            for metric, number in told.metrics.items():
                ends = texts.interval(number.low, number.high)
                named = texts.shown(metric_title(metric.partition("@")[0]))
                called = texts.shown(judge, 120) + ("" if valid else " (not valid: too much is unscored)")
                row = (called, texts.shown(task_title(task)), named, texts.number(number.value), ends)
                found.append(row)
    return found


def _declared(entry: Entry) -> list[tuple[str, str]]:
    """What the submitter declared, and what is known of the submission."""
    model, inputs = entry.model, entry.inputs
    known = [
        ("Model", model.id),
        ("Revision", model.revision),
        ("Tuned from", model.base_model),
        ("Parameters", None if model.parameters_b is None else f"{model.parameters_b:g} billion"),
        ("Frames", None if inputs.frames is None else f"{inputs.frames:g}"),
        ("Frames a second", None if inputs.fps is None else f"{inputs.fps:g}"),
        ("Most pixels", None if inputs.max_pixels is None else f"{inputs.max_pixels:,.0f}"),
        ("Subtitles", inputs.subtitles),
        ("Audio", None if inputs.audio is None else "yes" if inputs.audio else "no"),
        ("Training data", None if entry.training_data is None else ", ".join(map(str, entry.training_data)) or "none"),
        (
            "Seen the test's inputs",
            None if entry.seen_test_inputs is None else "yes" if entry.seen_test_inputs else "no",
        ),
        ("Submitted by", entry.submitter),
        ("Scored", (entry.scored_at or "")[:10] or None),
        ("Benchmark at", entry.benchmark_revision),
        ("Predictions", entry.sha256),
    ]
    return [(name, texts.shown(value, 300)) for name, value in known if value]
