"""The words of any writer in the offline painter's own: the nearest art, and what has none.

    read_place(brief)                       # ("lighthouse", None), or ("room", "place: the pod (drawn as a room)")
    read_thing("bronze sextant", "sextant") # ("brass telescope", None)
    read_action("embrace")                  # ("hug", None)
    read_looks("a lean woman with auburn curls and kind eyes")      # (phrase, ("looks: kind eyes",))

What the painter's own vocabulary knows comes back unchanged, so that the offline writer's requests are what they
always were. Other words are looked for in nearest.yaml; what is found nowhere is drawn as something plain and said.
Everything is settled before the picture is asked for, and the request holds the painter's words. It draws nothing.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from moviellm.generation.config.recipe import read_yaml
from moviellm.generation.paintings import KeyframeBrief
from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.places import INDOORS, known_place, plain_place
from moviellm.generation.studio.drawing.props import object_kind, read_object
from moviellm.generation.studio.looks import looks_said, parse, phrase, settle
from moviellm.generation.studio.world.actions import ACTIONS

GENERIC: Final = "bundle"
"""What a thing of no known kind is drawn as."""
ENDINGS: Final = ("", "s", "es", "ing", "ed", "d")
"""What a verb may end in."""


@lru_cache(maxsize=1)
def nearest() -> dict[str, Any]:
    """The contents of nearest.yaml."""
    text = (files("moviellm.generation.studio") / "nearest.yaml").read_text(encoding="utf-8")
    data = read_yaml(text, "studio/nearest.yaml")
    assert isinstance(data, dict)
    return data


def read_place(brief: KeyframeBrief) -> tuple[str, str | None]:
    """The kind of place to draw, and what is to be said about it."""
    own = known_place(brief.location, brief.location_description, brief.indoor, brief.location_kind)
    if own is not None:
        return own, None
    texts = (brief.location_kind or "", brief.location, brief.location_description)
    for kind in _look_up("places", re.findall(r"[a-z]+", " ".join(texts).lower())):
        if (kind in INDOORS) == brief.indoor:
            return kind, None
    plain = plain_place(brief.indoor)
    return plain, f"place: {brief.location} (drawn as a {plain})"


@lru_cache(maxsize=1024)
def read_thing(looks: str, name: str) -> tuple[str, str | None]:
    """The phrase to draw an object by, and what is to be said about it; `name` helps where `looks` says nothing."""
    words, named = re.findall(r"[a-z]+", looks.lower()), re.findall(r"[a-z]+", name.lower())
    kinds, shades = _found(words, object_kind), _found(words, _shade)
    more = [] if kinds else _look_up("objects", words) or _found(named, object_kind) or _look_up("objects", named)
    paint = [] if shades else _look_up("object_colours", words) or _found(named, _shade)
    missing = not kinds and not more and GENERIC not in words
    said = " ".join([*paint[:1], looks, *more[-1:]])
    return said, f"object: {name} (drawn as a {GENERIC})" if missing else None


def _shade(word: str) -> str:
    return word if word in art_data("colours")["object"] else ""


def _found(words: Sequence[str], meaning: Callable[[str], str]) -> list[str]:
    return [meant for word in words if (meant := meaning(word))]


def read_states(looks: str, name: str, states: tuple[str, ...]) -> tuple[str, ...]:
    """What is to be said about the states of an object that has no drawing of them."""
    drawn = read_object(looks, name, states).state
    return () if drawn or not states else tuple(f"state: {name} {state}" for state in states)


@lru_cache(maxsize=1024)
def read_action(action: str) -> tuple[str, str | None]:
    """The action that sets people apart in the picture, and what is to be said about it."""
    text = action.strip().lower().replace(" ", "_").replace("-", "_")
    for verb in dict.fromkeys((text, text.partition("_")[0])):
        for ending in ENDINGS:
            for stem in (verb.removesuffix(ending), verb.removesuffix(ending) + "e"):
                if stem in ACTIONS:
                    return stem, None
                if stem in nearest()["actions"]:
                    return str(nearest()["actions"][stem]), None
    return action, f"action: {action} (shown by pose and hands)"


@lru_cache(maxsize=1024)
def read_looks(appearance: str) -> tuple[str, tuple[str, ...]]:
    """The fixed phrase of the person who is drawn, and the clauses of the phrase that say what is not."""
    if phrase(parse(appearance)) == appearance:
        return appearance, ()
    said = looks_said(appearance, nearest()["looks"])
    looks = settle(appearance, said.chosen)
    ignored = [
        clause
        for clause in re.split(r"[,;.]|\b(?:and|with|wearing|who|wears|has)\b", appearance)
        if set(re.findall(r"[a-z'-]+", clause.lower())).difference(nearest()["say_nothing"])
        and not said.drawn_in(clause)
    ]
    return phrase(looks), tuple(f"looks: {' '.join(clause.split())}" for clause in ignored)


def _look_up(kind: str, words: Sequence[str]) -> list[str]:
    """The nearest things that words mean, singular or plural, in their order."""
    table: dict[str, str] = nearest()[kind]
    forms = [form for word in words for form in dict.fromkeys((word, word.removesuffix("s"), word.removesuffix("es")))]
    return [table[form] for form in forms if form in table]
