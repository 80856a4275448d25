"""Words as the judges that ask nobody hold them against each other: one form for what means the same.

    read("Quentin gives her the grey hammer.")      # Words(content=("quentin", "give", "grey", "hammer"), ...)
    read("about twelve secs").content               # ("12", "second")
    sentences("Ada waits. Ben leaves, e.g. by car.")

Case, accents of composition, punctuation, articles and words that carry nothing go; number words become digits, clock
times seconds, units and plurals one form, synonyms the first word of their line in words.yaml. No word net and no
model: what is not in that list are different words. It weighs nothing: see lexical.py and facts.py.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from moviellm.generation.config.recipe import read_yaml

VERSION: Final = 1
"""Bump when the same text would become other words; it is part of the names of the metrics."""
PLURAL_MIN: Final = 4
"""Letters from which an ending `s` is one of a plural or a verb."""
_TOKEN: Final = re.compile(
    r"(?P<clock>(?<![\d:])\d{1,3}:[0-5]\d(?::[0-5]\d)?(?![\d:]))"
    r"|(?P<number>\d+(?:[.,]\d+)*)(?P<unit>[a-z%]*)"
    r"|(?P<word>[^\W\d_]\w*(?:['\u2019][^\W_]+)*)"
)
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:,\d{3})+")
_SENTENCE: Final = re.compile(r"(?<=[.!?;])\s+(?=[^\W\d_]|\d)|[\n\r\u2028\u2029]+")


@dataclass(frozen=True)
class Words:
    """A text, read."""

    content: tuple[str, ...]
    """Words that carry something, in their order, numbers among them."""
    negations: int
    """Words that turn it round."""
    hedges: int
    """Words that offer another answer."""

    @property
    def numbers(self) -> tuple[str, ...]:
        """The numbers among them."""
        return tuple(word for word in self.content if word[0].isdigit())


@dataclass(frozen=True)
class _Lists:
    """words.yaml, turned for looking up."""

    empty: frozenset[str]
    negations: frozenset[str]
    hedges: frozenset[str]
    meanings: dict[str, str]
    units: dict[str, str]
    """Units by their spellings; they count as such behind a number."""
    ones: dict[str, int]
    tens: dict[str, int]


@cache
def _lists() -> _Lists:
    data: dict[str, Any] = read_yaml(
        (files("moviellm.eval.judging") / "words.yaml").read_text(encoding="utf-8"), "words.yaml"
    )
    meanings = {word: line.split()[0] for line in data["synonyms"] for word in line.split()}
    ones: dict[str, int] = {}
    tens: dict[str, int] = {}
    for language in data["numbers"].values():
        for number, word in enumerate(language["ones"].split()):
            ones.setdefault(word, number)
        ones |= language["times"]
        for number, word in enumerate(language["tens"].split()):
            tens.setdefault(word, 20 + 10 * number)
    return _Lists(
        empty=frozenset(f"{data['empty']} {data['fillers']}".split()),
        negations=frozenset(data["negations"].split()),
        hedges=frozenset(data["hedges"].split()),
        meanings=meanings,
        units={word: unit for unit, line in data["units"].items() for word in [unit, *line.split()]},
        ones=ones,
        tens=tens,
    )


def read(text: str) -> Words:
    """The words of a text."""
    lists = _lists()
    content: list[str] = []
    negations = hedges = 0
    tokens = list(_tokens(unicodedata.normalize("NFKC", text).casefold()))
    place = 0
    while place < len(tokens):
        word = tokens[place]
        number, taken = _number(tokens, place, lists)
        if number is not None:
            content.append(number)
            place += taken
            if place < len(tokens) and tokens[place] in lists.units:
                content.append(lists.units[tokens[place]])
                place += 1
            continue
        place += 1
        if word in lists.negations or word.endswith("n't"):
            negations += 1
        elif word in lists.hedges:
            hedges += 1
        elif word not in lists.empty:
            content.append(_one_form(word, lists))
    return Words(tuple(content), negations, hedges)


def _tokens(text: str) -> Iterable[str]:
    """Words and numbers; a clock time as its seconds."""
    for found in _TOKEN.finditer(text):
        if found["clock"]:
            seconds = 0
            for part in found["clock"].split(":"):
                seconds = 60 * seconds + int(part)
            yield from (str(seconds), "second")
        elif found["number"]:
            yield found["number"]
            if found["unit"]:
                yield found["unit"]
        else:
            word = found["word"].replace("\u2019", "'")
            yield word.removesuffix("'s")


def _number(tokens: list[str], place: int, lists: _Lists) -> tuple[str | None, int]:
    """The number that begins at a place, as digits, and of how many tokens it is."""
    word = tokens[place]
    if word[0].isdigit():
        plain = word.replace(",", "") if _THOUSANDS.fullmatch(word) else word.replace(",", ".")
        plain = plain.rstrip("0").rstrip(".") if plain.count(".") == 1 else plain
        plain = plain.lstrip("0")
        return plain if plain[:1].isdigit() else f"0{plain}", 1
    if word in lists.tens:
        after = tokens[place + 1 : place + 3]
        joined = int(len(after) == 2 and after[0] == "y")
        if len(after) > joined and 0 < lists.ones.get(after[joined], 0) < 10:
            return str(lists.tens[word] + lists.ones[after[joined]]), 2 + joined
        return str(lists.tens[word]), 1
    return (str(lists.ones[word]), 1) if word in lists.ones else (None, 0)


def _one_form(word: str, lists: _Lists) -> str:
    """What stands for a word and its plural."""
    for form in (word, *_stems(word)):
        if form in lists.meanings:
            return lists.meanings[form]
    return _stems(word)[-1] if _stems(word) else word


def _stems(word: str) -> list[str]:
    """A word without the ending of a plural; the last one stands for it."""
    if len(word) < PLURAL_MIN or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return []
    if word.endswith("ies") and len(word) > PLURAL_MIN:
        return [f"{word[:-3]}y"]
    if word.endswith(("ches", "shes", "sses", "xes", "zes")):
        return [word[:-2]]
    return [word[:-1]]


def sentences(text: str) -> list[str]:
    """A text in sentences, by their ends and by lines."""
    return [part for part in (found.strip() for found in _SENTENCE.split(text)) if part]
