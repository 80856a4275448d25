"""The page of a report: one HTML file that holds style, script, plots and pictures in itself and asks for nothing.

    html, left_out = page_of(view, failures, pictures, most_bytes=8_000_000, lead="...")

Pictures are given to failures until the page is as large as it may be. Texts are escaped by Jinja after `visible` has
written out what cannot be seen; the content security policy forbids every request and every script but the page's own.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from moviellm.cards.pictures import data_uri, shrink
from moviellm.eval.reporting.canvas import dark_css
from moviellm.eval.reporting.failures import Failure, Picture
from moviellm.eval.reporting.names import task_title
from moviellm.eval.reporting.showing_text import clock, visible
from moviellm.eval.reporting.timeline import axis_svg, lane_svg, lanes_of
from moviellm.eval.reporting.view import View
from moviellm.eval.tasks.table import letter_of

THUMBNAIL_PX: Final = 256
"""Width of a keyframe on the page."""


@dataclass(kw_only=True)
class Card:
    """A failure as the page shows it."""

    failure: Failure
    anchor: str
    kind: str
    tasks: str
    """Values of the filters, as words of the page's own."""
    type: str
    level: str
    wrong: str
    options: list[tuple[str, str]]
    right: str
    lanes: list[tuple[str, str]]
    axis: str
    pictures: list[str] = field(default_factory=list)
    """Data URIs, in the order of the failure's frames; empty where there is none."""


def page_of(
    view: View,
    failures: Sequence[Failure],
    pictures: Mapping[str, bytes],
    *,
    most_bytes: int,
    lead: str,
    advance: Callable[[int], None] = lambda count: None,
) -> tuple[str, int]:
    """The page, and how many of its pictures had no room.

    Args:
        pictures: Encoded keyframes by id.
        most_bytes: Size that the page may have with pictures; texts and plots are always whole.
        lead: What stands above the failures.
    """
    cards = _cards(failures, [run.label for run in view.runs])
    bare = _render(view, cards, failures, lead)
    left = _illustrate(cards, pictures, most_bytes - len(bare.encode()), advance)
    if left:
        lead += f" {left:,} of {left + _count(cards):,} pictures have no room in {most_bytes / 1e6:g} MB: --page-mb."
    return _render(view, cards, failures, lead), left


def _count(cards: Sequence[Card]) -> int:
    return sum(bool(uri) for card in cards for uri in card.pictures)


def _illustrate(
    cards: Sequence[Card], pictures: Mapping[str, bytes], room: int, advance: Callable[[int], None]
) -> int:
    """Give pictures to cards, first failures of a task and type before second ones; returns how many are left."""
    made: dict[str, str] = {}
    left = 0
    for card in sorted(cards, key=lambda card: card.failure.rank):
        for place, frame in enumerate(card.failure.frames):
            uri = _thumbnail(frame, pictures, made)
            if uri and len(uri) > room:
                left += 1
            elif uri:
                card.pictures[place] = uri
                room -= len(uri)
        advance(1)
    return left


def _thumbnail(frame: Picture, pictures: Mapping[str, bytes], made: dict[str, str]) -> str:
    name = frame.keyframe_id
    if name in pictures and name not in made:
        try:
            made[name] = data_uri(shrink(pictures[name], THUMBNAIL_PX))
        except (ValueError, OSError):  # no picture that a page can show
            made[name] = ""
    return made.get(name, "")


def _cards(failures: Sequence[Failure], labels: Sequence[str]) -> list[Card]:
    types = {name: f"t{place}" for place, name in enumerate(sorted({one.question_type for one in failures}))}
    levels = {name: f"l{place}" for place, name in enumerate(sorted({one.level for one in failures}))}
    return [
        Card(
            failure=one,
            anchor=f"q{place}-{re.sub('[^A-Za-z0-9]+', '-', one.item_id)}",
            kind=" · ".join(
                [
                    *(task_title(name) for name in one.tasks),
                    one.question_type,
                    f"{one.level} level",
                    *([one.film.title] if one.film and one.film.title else []),
                ]
            ),
            tasks=" ".join(one.tasks),
            type=types[one.question_type],
            level=levels[one.level],
            wrong=" ".join(f"r{run}" for run in one.wrong_in),
            options=[(letter_of(number), option) for number, option in enumerate(one.options)],
            right=one.gold.partition(".")[0] if one.options else "",
            lanes=[(lane.name, lane_svg(lane, one.duration_s)) for lane in lanes_of(one, labels)],
            axis=axis_svg(one.duration_s),
            pictures=[""] * len(one.frames),
        )
        for place, one in enumerate(failures)
    ]


def _filters(failures: Sequence[Failure], labels: Sequence[str]) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Choices with more than one value: (name, what it says, [(value, label)])."""
    tasks = dict.fromkeys(name for one in failures for name in one.tasks)
    types, levels = ({getattr(one, part) for one in failures} for part in ("question_type", "level"))
    found = [
        ("task", "task", [(name, task_title(name)) for name in tasks]),
        ("type", "type", [(f"t{place}", name) for place, name in enumerate(sorted(types))]),
        ("level", "level", [(f"l{place}", name) for place, name in enumerate(sorted(levels))]),
        ("run", "wrong in", [(f"r{place}", label) for place, label in enumerate(labels)]),
    ]
    return [choice for choice in found if len(choice[2]) > 1]


def _render(view: View, cards: Sequence[Card], failures: Sequence[Failure], lead: str) -> str:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"shown": visible, "clock": clock}
    style, script = _asset("report.css") + dark_css() + "\n", _asset("report.js")
    parts = [(section.id, section.short or section.title) for section in view.sections]
    parts += [("failures", "Failures")] if cards else []
    return environment.from_string(_asset("report.html.j2")).render(
        view={
            "title": view.title,
            "about": view.about,
            "runs": view.runs,
            "notes": view.notes,
            "sections": view.sections,
            "parts": [*parts, ("facts", "What was run")],
            "cards": cards,
            "filters": _filters(failures, [run.label for run in view.runs]),
            "failures_lead": lead,
            "foot": "Made by moviellm eval report. The plots lie beside this page as SVG, the tables as LaTeX.",
        },
        style=Markup(style),
        script=Markup(script),
        style_hash=_csp_hash(style),
        script_hash=_csp_hash(script),
    )


def _csp_hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _asset(name: str) -> str:
    return (files("moviellm.eval.reporting") / name).read_text(encoding="utf-8")
