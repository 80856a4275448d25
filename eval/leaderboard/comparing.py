"""The page on which two rows are compared: what to choose, and what comes of it in words, a plot and a table.

    compare_html(board)                         # the form, the first two rows compared already
    compared_html(board, "3f...", "9a...")

The arithmetic is in pairs.py.
"""

from collections.abc import Sequence
from typing import Any

from moviellm.eval.leaderboard import texts
from moviellm.eval.leaderboard.board import Board, Entry
from moviellm.eval.leaderboard.pages import render
from moviellm.eval.leaderboard.pairs import Paired, paired
from moviellm.eval.reporting.comparisons import Pair
from moviellm.eval.reporting.difference_chart import difference_chart
from moviellm.eval.reporting.names import metric_title, task_title
from moviellm.eval.running.comparing import SAME


def compare_html(board: Board, order: Sequence[str]) -> str:
    """The form, with the first two rows of an order compared.

    Args:
        order: Rows that have scores by question, the best first.
    """
    known = [key for key in order if board.items.get(key)]
    options = [(key, _called(board.rows[key])) for key in known]
    told = compared_html(board, known[0], known[1]) if len(known) > 1 else ""
    return render("compare", options=options, a=known[:1], b=known[1:2], told=told)


def compared_html(board: Board, a: str, b: str) -> str:
    """Two rows compared, or one line that says why they cannot be."""
    try:
        found = paired(board, a, b)
    except ValueError as error:
        return render("told", error=str(error))
    one, other = texts.shown(found.a.name), texts.shown(found.b.name)
    if one == other:
        one, other = f"{one} (A)", f"{other} (B)"
    pair = Pair(a=one, b=other, a_place=0, b_place=1, rows=found.rows)
    plot = difference_chart(pair, found.rows, name="difference").inline() if found.rows else ""
    rows = [_row(row, one, other) for row in found.rows]
    left_out = [task_title(task) for task in found.left_out]
    return render(
        "compared", a=one, b=other, verdict=verdict(found, one, other), rows=rows, plot=plot, left_out=left_out
    )


def verdict(found: Paired, a: str, b: str) -> str:
    """The outcome in a sentence."""
    better = {a: [], b: []}  # type: dict[str, list[str]]
    same = []
    for row in found.rows:
        title = task_title(row["task"])
        if row["verdict"] == SAME:
            same.append(title)
        else:
            better[b if row["difference"] > 0 else a].append(title)
    said = [f"{name} is better in {_listed(tasks)}" for name, tasks in better.items() if tasks]
    if not said:
        return f"{a} and {b} are {SAME}{'' if len(found.rows) == 1 else ' in any task'}."
    if same:
        said.append(f"they are {SAME} in {_listed(same)}")
    return "; ".join(said) + "."


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _row(row: Any, a: str, b: str) -> dict[str, Any]:
    same = row["verdict"] == SAME
    return {
        "task": task_title(row["task"]),
        "metric": metric_title(row["metric"]),
        "n": row["n"],
        "movies": row["movies"],
        "a": texts.number(row["a"]),
        "b": texts.number(row["b"]),
        "difference": texts.number(row["difference"], sign=True),
        "interval": texts.interval(row["low"], row["high"], sign=True),
        "differing": f"{row['only_a']} : {row['only_b']}",
        "p": "" if row["p_holm"] is None else "< 0.001" if row["p_holm"] < 0.001 else f"{row['p_holm']:.3f}",
        "detectable": texts.number(row["detectable"]),
        "same": same,
        "verdict": SAME if same else f"{b if row['difference'] > 0 else a} is better",
        "why": row["why"] or "",
    }


def _called(entry: Entry) -> str:
    """A row as a list offers it: names may be the same."""
    when = (entry.scored_at or "")[:10]
    said = ", ".join(filter(None, (texts.shown(entry.submitter), texts.shown(when))))
    return f"{texts.shown(entry.name)} ({said})" if said else texts.shown(entry.name)
