"""What `moviellm eval run --dry-run` says: what would be asked, and about what it would cost.

    plan = planned(wish)
    plan["controls"]["none"]["to_ask"], plan["costs"]["usd"]

Nothing is asked, no weights are loaded, no picture is decoded, and nothing is written. What a run would refuse is
refused here in the same words; a cluster is not called. How questions are put: looking.py; prices: estimating.py.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from moviellm.eval.running import estimating
from moviellm.eval.running.controls import GUESSED
from moviellm.eval.running.endpoint import Endpoint
from moviellm.eval.running.looking import Looked, look
from moviellm.eval.running.models import open_model
from moviellm.eval.running.protocol import Model
from moviellm.eval.running.wishes import Ready, Wish, left_out_of, prepare, settings_of
from moviellm.eval.tasks.items import Question
from moviellm.generation.llm.money import load_prices
from moviellm.generation.output import emit
from moviellm.generation.runs.lock import refuse_file

ALL: Final = "all of the movie"
"""How the run itself is called beside its controls."""
NOTHING: Final = "dry run: nothing was asked and nothing was written"


def tell(wish: Wish, *, as_json: bool) -> None:
    """`moviellm eval run --dry-run`."""
    plan = planned(wish)
    emit(plan, text_of(plan), as_json)


def planned(wish: Wish) -> dict[str, Any]:
    """What a run would ask.

    Raises:
        ValueError: the run would be refused.
    """
    ready = prepare(wish)
    refuse_file(wish.out)
    model = open_model(wish, ready.data, wish.kept)
    try:
        settings = settings_of(wish, ready, model)
        calls = estimating.Calls(model) if isinstance(model, Endpoint) else None
        looked = look(model, ready, settings, wish.kept, calls.add if calls else lambda film, asks, place: None)
        return {
            "dry_run": True,
            "model": {"id": model.name, "kind": model.kind, "revision": model.revision},
            "parameters": {**model.parameters, "max_tokens": settings.max_tokens, "times": settings.times},
            "data": {
                **ready.data.facts,
                **_counts(ready.wanted),
                "limit": wish.limit,
                "seed": wish.seed,
                "left_out": left_out_of(ready.data),
            },
            "frames": ready.showing.facts()["policy"] if model.needs_films else None,
            "tasks": {name: _counts(mine) for name, mine in ready.chosen.items()},
            "controls": _controls(ready, looked, model),
            "controls_left_out": dict(ready.left_out),
            "costs": None if calls is None else {**calls.costs(load_prices()), "max_usd": wish.max_usd},
        }
    finally:
        model.close()


def _counts(questions: Sequence[Question]) -> dict[str, int]:
    return {"questions": len(questions), "movies": len({question.movie_id for question in questions})}


def _controls(ready: Ready, looked: Mapping[Any, Looked], model: Model) -> dict[str, Any]:
    """By control, that which shows all of the movie (`none`) first."""
    found = {str(name): _asked(ready, one, model) for name, one in looked.items()}
    guessed = {name: {"asks_model": False, **_counts(ready.wanted)} for name in ready.controls if name in GUESSED}
    return found | guessed


def _asked(ready: Ready, looked: Looked, model: Model) -> dict[str, Any]:
    def there(questions: Iterable[Question], names: Collection[str]) -> int:
        return sum(question.item_id in names for question in questions)

    reasons = sorted(set(looked.unanswered.values()))
    return {
        "asks_model": model.needs_films,
        **_counts(ready.wanted),
        "kept": len(looked.kept),
        "to_ask": len(looked.to_ask),
        "calls": looked.calls,
        "unanswered": {reason: sum(one == reason for one in looked.unanswered.values()) for reason in reasons},
        "frames": {
            "least": min(looked.frames, default=0),
            "most": max(looked.frames, default=0),
            "of_all_movies": sum(looked.frames),
        },
        "tasks": {
            name: {"kept": there(mine, looked.kept), "to_ask": there(mine, looked.to_ask)}
            for name, mine in ready.chosen.items()
        },
    }


def text_of(plan: Mapping[str, Any]) -> str:
    """A plan for a terminal."""
    model, data = plan["model"], plan["data"]
    lines = [
        f"{model['id']} ({model['kind']}) on {data['dataset']} {data['revision']}, split {data['split']}: "
        f"{_several(data['questions'], 'question')} of {_several(data['movies'], 'movie')}"
    ]
    tasks = [(name, f"{one['questions']:,}", f"{one['movies']:,}") for name, one in plan["tasks"].items()]
    lines += _table(("task", "questions", "movies"), tasks)
    asked = {name: one for name, one in plan["controls"].items() if "to_ask" in one}
    shown = [
        (ALL if name == "none" else name, f"{one['kept']:,}", f"{one['to_ask']:,}", f"{one['calls']:,}", _frames(one))
        for name, one in asked.items()
    ]
    lines += _table(("what is shown", "there", "to ask", "calls", "frames a movie"), shown)
    lines += _besides(plan, asked)
    return "\n".join([*lines, NOTHING])


def _besides(plan: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    """What is not asked, and what it costs."""
    lines = []
    for name, one in asked.items():
        under = "" if name == "none" else f", {name}"
        lines += [
            f"unanswered{under}: {reason} ({_several(n, 'question')})" for reason, n in one["unanswered"].items()
        ]
    if guessed := [name for name, one in plan["controls"].items() if not one["asks_model"] and name in GUESSED]:
        lines.append(f"without a model: {', '.join(guessed)}")
    lines += [f"left out: {name}: {reason}" for name, reason in plan["controls_left_out"].items()]
    costs = plan["costs"]
    if costs is not None:
        lines.append(f"by estimate: {estimating.text_of(costs)}")
        left = None if costs["max_usd"] is None else costs["max_usd"] - costs["spent_usd"]
        if left is not None and costs["usd"] is not None and costs["usd"] > left:
            lines.append(f"more than --max-usd {costs['max_usd']:g} leaves: the run would stop, and go on with more")
    return lines


def _several(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _frames(control: Mapping[str, Any]) -> str:
    frames = control["frames"]
    if not frames["most"]:
        return "none"
    return f"{frames['most']:,}" if frames["least"] == frames["most"] else f"{frames['least']:,} to {frames['most']:,}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines in columns, numbers to the right."""
    cells = [head, *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    return [
        "  "
        + "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
