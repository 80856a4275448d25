"""The page of questions: a list to look through, and a question with its movie's frames and what judges said.

    items_html(bench)                           # filters and the first page of the list
    list_html(bench, task="grounding", text="key", page=0)
    item_html(bench, board, "m00042-q003")

Which row got a question right is not shown, neither by the rules nor by a judge: together with its predictions, which
whoever sent them has, it would tell the answer. What judges decided is shown of lines that the worker opened, since
anyone may see the answers (`moviellm leaderboard score --reasons`); of others, who judged.
"""

from collections.abc import Mapping
from typing import Any, Final

from moviellm.eval.leaderboard import texts
from moviellm.eval.leaderboard.bench import PAGE, Bench, Question
from moviellm.eval.leaderboard.board import Board, Entry
from moviellm.eval.leaderboard.pages import render
from moviellm.eval.reporting.names import task_title
from moviellm.eval.reporting.showing_text import clock

OPEN: Final = "open"  # as entries.py writes it, which is the worker's
TRANSCRIPTS_MAX: Final = 40
"""Judgements of one question that are shown."""
GONE: Final = "There is no such question."


def items_html(bench: Bench | None) -> str:
    """The whole page."""
    if bench is None:
        return render("items", tasks=[], told="", missing="The benchmark's public folder was not given: --bench.")
    try:
        known = bench.questions().values()
    except (ValueError, OSError) as error:
        return render("items", tasks=[], told="", missing=f"The questions cannot be read: {texts.shown(error, 300)}")
    names = list(dict.fromkeys(task for one in known for task in one.tasks))
    return render(
        "items", tasks=[(name, task_title(name)) for name in names], told=list_html(bench, "", "", 0), missing=""
    )


def list_html(bench: Bench, task: str, text: str, page: int) -> str:
    """A page of the list."""
    found, count = bench.found(task, text, max(0, page))
    movies = bench.movies()
    return render(
        "item_list",
        rows=[(one, movies[one.movie_id].title, ", ".join(map(task_title, one.tasks))) for one in found],
        count=count,
        page=page,
        pages=-(-count // PAGE),
    )


def item_html(bench: Bench, board: Board, item_id: str) -> str:
    """A question with everything that is public of it."""
    question = bench.questions().get(item_id)
    if question is None:
        return render("told", error=GONE)
    movie = bench.movies()[question.movie_id]
    judged = [_judged(entry, line) for entry, line in board.transcripts(item_id)]
    return render(
        "item",
        question=question,
        tasks=", ".join(map(task_title, question.tasks)),
        movie=movie,
        length=clock(movie.duration_s),
        options=_lettered(question),
        frames=[(clock(start), picture) for start, picture in bench.frames(question.movie_id)],
        lines=[(clock(start), speaker, line) for start, speaker, line in movie.lines],
        judged=judged[:TRANSCRIPTS_MAX],
        more=max(0, len(judged) - TRANSCRIPTS_MAX),
        closed=any(not one["open"] for one in judged),
    )


def _lettered(question: Question) -> list[tuple[str, str]]:
    return [(chr(ord("A") + place), option) for place, option in enumerate(question.options)]


def _judged(entry: Entry, line: Mapping[str, Any]) -> dict[str, Any]:
    """A line of the transcripts as the page shows it: what was decided, where the worker opened it."""
    judge, parsed, settled = (_mapping(line.get(name)) for name in ("judge", "parsed", "settled"))
    unscored, rubric = _mapping(line.get("unscored")), _mapping(line.get("rubric"))
    tries, opened = line.get("tries"), line.get(OPEN) is True
    said = [one.get("text") for one in tries if isinstance(one, dict)] if isinstance(tries, list) else []
    if settled:
        outcome = [("score", settled.get("score")), ("settled by rule", settled.get("reason"))]
    elif unscored:
        outcome = [("not scored", unscored.get("kind")), ("reason", unscored.get("reason"))]
    else:
        outcome = [(name, value) for name, value in parsed.items() if name != "reason"]
    return {
        "name": entry.name,
        "metric": line.get("metric") or "",
        "judge": judge.get("version") or judge.get("name") or "a rule",
        "rubric": rubric.get("id") or "",
        "order": "" if line.get("order") in (None, 0) else "answers swapped",
        "open": opened,
        "outcome": [(name, _value(value)) for name, value in outcome if opened and value not in (None, "")],
        "reason": (parsed.get("reason") or "") if opened else "",
        "said": [text for text in said if opened and isinstance(text, str) and text],
    }


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, int | float) else texts.shown(value, 300)
