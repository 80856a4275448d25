"""The templates of the page: every text in them is escaped.

    render("board", rows=rows, ...)             # board.html.j2
    asset("leaderboard.css")

It knows no Gradio and no numbers.
"""

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from moviellm.eval.leaderboard import texts


def render(name: str, **values: Any) -> str:
    """A template with values; what it makes of them is safe in another template."""
    return str(_template(name).render(**values))


def render_file(name: str, **values: Any) -> str:
    """A file that is no page: nothing is escaped."""
    rules = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    return rules.from_string(asset(name)).render(**values)


def asset(name: str) -> str:
    """A file beside this module."""
    return files("moviellm.eval.leaderboard").joinpath(name).read_text(encoding="utf-8")


@cache
def _template(name: str) -> Template:
    rules = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    rules.filters |= {
        "shown": texts.shown,
        "whole": texts.whole,
        "number": texts.number,
        "made_here": Markup,  # HTML of our own templates and plots, escaped already
    }
    return rules.from_string(asset(f"{name}.html.j2"))
