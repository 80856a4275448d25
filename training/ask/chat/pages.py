"""The parts of the page as HTML: the film with its timeline, and the conversation.

    film_html(shown)                # player, pictures along the film, strip of the times in the last answer
    talk_html(turns)                # questions and answers; times are buttons with data-start and data-end

Whatever users, models, films and datasets write is put there as text: the templates escape everything. What the
buttons do is chat.js. It knows no Gradio.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from moviellm.training.ask.chat.showing import Shown
from moviellm.training.ask.spans import Found


@dataclass
class Turn:
    """A question and what came of it."""

    question: str
    answer: str = ""
    """As far as it is written."""
    found: Sequence[Found] = ()
    """The times in it."""
    note: str = ""
    """How it was made, in a few words."""
    error: str = ""
    """Why there is no answer."""
    is_done: bool = False


@dataclass(frozen=True)
class Part:
    """A piece of an answer."""

    text: str
    when: Found | None = None
    """Where it leads to; None: plain text."""


def film_html(shown: Shown | None, notice: str = "", error: str = "") -> str:
    """The left side of the page."""
    return _template("film").render(
        shown=shown,
        address="" if shown is None else f"gradio_api/file={quote(str(shown.path))}",
        captions="" if shown is None else _data_uri("text/vtt", shown.captions),
        notice=notice,
        error=error,
        clock=clock,
    )


def talk_html(turns: Sequence[Turn], greeting: str = "") -> str:
    """The right side of the page."""
    rows = [(turn, parts_of(turn.answer, turn.found)) for turn in turns]
    return _template("talk").render(rows=rows, greeting=greeting)


def with_html(model: str) -> str:
    """Who answers: a Hub id, or the name of a folder."""
    name = Path(model).expanduser().resolve().name if Path(model).expanduser().is_dir() else model
    return str(Markup('<p class="ml-with">Answers by {}. They can be wrong.</p>').format(name))


def parts_of(text: str, found: Sequence[Found]) -> list[Part]:
    """A text cut where times begin and end."""
    parts, at = [], 0
    for one in found:
        parts += [Part(text[at : one.begin]), Part(text[one.begin : one.end], one)]
        at = one.end
    return [part for part in (*parts, Part(text[at:])) if part.text]


def clock(time_s: float) -> str:
    """A time for people: 1:05, 1:00:05."""
    minutes, seconds = divmod(int(time_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def asset(name: str) -> str:
    """A file beside this module."""
    return files("moviellm.training.ask.chat").joinpath(name).read_text(encoding="utf-8")


@cache
def _template(name: str) -> Template:
    rules = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return rules.from_string(asset(f"{name}.html.j2"))


def _data_uri(kind: str, text: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(text.encode()).decode()}" if text else ""
