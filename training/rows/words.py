"""The words of training rows: templates by language, chosen by seed so that none comes again before all have come.

    words = words_for("es-MX")                      # templates.es.yaml; English for a language without a file
    chooser = Chooser(words, random.Random(3))
    name, text = chooser.say("ground_ask", caption="Ada waits")     # ("ground_ask.4", "At what time ...")

Texts of movies are made plain first: `<image>`, `<s0>`, `<|im_end|>` mean something to trainers and to chat templates,
so that no line of a movie may hold them. It knows no times (times.py) and no movies.
"""

import random
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

LANGUAGES = ("en", "es")
"""Languages with templates of their own; questions and captions of other movies are asked about in English."""
ENDS = ("!", "?", "…", "...")
"""What a sentence may end with instead of a full stop."""
MARKUP = re.compile(r"<(/?\|?[^\s<>]{1,32}\|?)>")


@dataclass(frozen=True)
class Words:
    """The templates of a language."""

    language: str
    data: dict[str, Any] = field(repr=False)

    def word(self, name: str) -> str:
        """A single word or phrase."""
        return str(self.data["words"][name])

    def line(self, name: str, **slots: str) -> str:
        """The text of a template that has one wording."""
        return filled(self.data[name], slots)

    def listing(self, items: list[str]) -> str:
        """`Ada`, `Ada and Ben`, `Ada, Ben and Cy`."""
        text = f" {self.word('and')} ".join(part for part in (", ".join(items[:-1]), items[-1]) if part)
        for pattern, made in self.data["sounds"]:
            text = re.sub(pattern, made, text)
        return text


@cache
def words_for(language: str) -> Words:
    """The words for a BCP-47 tag."""
    base = language.split("-")[0].lower()
    known = base if base in LANGUAGES else LANGUAGES[0]
    return Words(known, load_yaml(f"templates.{known}.yaml"))


@cache
def load_yaml(name: str) -> dict[str, Any]:
    """A data file beside this module."""
    data = yaml.safe_load((files("moviellm.training.rows") / name).read_text(encoding="utf-8"))
    assert isinstance(data, dict), name
    return data


class Chooser:
    """Chooses templates by one stream of choices, and counts them."""

    def __init__(self, words: Words, rng: random.Random) -> None:
        self.words = words
        self.rng = rng
        self.used: Counter[str] = Counter()
        self._waiting: dict[str, list[int]] = {}

    def say(self, task: str, **slots: str) -> tuple[str, str]:
        """Name and text of a template of a task."""
        templates: list[str] = self.words.data[task]
        waiting = self._waiting.setdefault(task, [])
        if not waiting:
            waiting.extend(self.rng.sample(range(len(templates)), len(templates)))
        number = waiting.pop()
        self.used[f"{self.words.language}.{task}.{number}"] += 1
        return f"{self.words.language}.{task}.{number}", filled(templates[number], slots)


def filled(template: str, slots: dict[str, str]) -> str:
    """A template with its slots filled; a caption that ends with `!` or `?` gets no full stop behind it."""
    if slots.get("caption", "").endswith(ENDS):
        template = re.sub(r"\{caption\}[.?]", "{caption}", template)
    return template.format(**slots)


def sentence(text: str) -> str:
    """A caption as a sentence."""
    inside = bare(text)
    return inside if inside.endswith(ENDS) else f"{inside}."


def plain(text: str) -> str:
    """A movie's text without what trainers and chat templates take for markup: `<image>` becomes `(image)`."""
    return MARKUP.sub(r"(\1)", text)


def bare(text: str) -> str:
    """A sentence without its full stop, to stand inside another."""
    text = plain(text).strip()
    return text.removesuffix(".") if not text.endswith("..") else text


def capital(text: str) -> str:
    """The text with its first letter large."""
    return text[:1].upper() + text[1:]
