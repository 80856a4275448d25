"""The prompt of a keyframe in fixed English phrases: who, how they look, what they do, where, light and style.

    text = picture_prompt(frame, facts, context)

A model writes what is seen; how people and things look is said by us, in the same words in every picture: that is
what keeps them the same. People are not called by name, which no painter knows. The phrases are the offline
studio's own (grammar/prompts.yaml). It decides nothing.
"""

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from moviellm.generation.config.recipe import read_yaml
from moviellm.generation.studio.looks import parse
from moviellm.generation.writers.answers import FigureAnswer, KeyframeAnswer
from moviellm.generation.writers.continuity import Facts, value_of

PHRASES_FILE: Final = files("moviellm.generation.studio.grammar") / "prompts.yaml"


def phrases_sha256() -> str:
    """Hash of the phrases: they decide a prompt."""
    return hashlib.sha256(PHRASES_FILE.read_bytes()).hexdigest()


@lru_cache(maxsize=1)
def phrases() -> Mapping[str, Mapping[str, str]]:
    """The fixed phrases, by kind."""
    return dict(read_yaml(PHRASES_FILE.read_bytes(), "prompts.yaml"))


def picture_prompt(frame: KeyframeAnswer, facts: Facts, context: Mapping[str, Any]) -> str:
    """What a painter is asked with.

    Args:
        facts: what is so when the picture is taken.
        context: `looks`, `objects`, `place`, `time_of_day`, `weather` and `style` of the scene; see showing.py.
    """
    say = phrases()
    people = [_figure(figure, facts, context) for figure in frame.figures]
    things = [_object(name, context) for name in frame.props]
    name, kind, description, indoor = context["place"]
    light = [say["prompt_light"][context["time_of_day"]]]
    if not indoor:
        light.append(say["prompt_weather"][context["weather"]])
    subject = "; ".join([*people, *things]) or kind or name
    what = unnamed((frame.picture or frame.caption).strip().rstrip("."), context["looks"])
    where = f"{kind or name}, {description[:1].lower()}{description[1:].rstrip('.')}"
    return f"{say['shot'][frame.shot]} of {subject}; {what}; {where}; {', '.join(light)}; {context['style']}"


def _figure(figure: FigureAnswer, facts: Facts, context: Mapping[str, Any]) -> str:
    say = phrases()
    wears = value_of(facts, figure.name, "wears")
    parts = [
        context["looks"].get(figure.name, figure.name),
        f"now wearing {wears}" if wears else "",
        say["pose"][figure.pose],
        say["facing"][figure.facing],
        figure.emotion,
    ]
    held = f", with {_object(figure.holding, context)} in hand" if figure.holding else ""
    return ", ".join(filter(None, parts)) + held


def _object(name: str, context: Mapping[str, Any]) -> str:
    look = context["objects"].get(name, re.sub(r"^(?:the|an?) ", "", name))
    return f"{'an' if look[:1].lower() in 'aeiou' else 'a'} {look}"


def unnamed(text: str, looks: Mapping[str, str]) -> str:
    """A sentence with people called by their clothes: `the person in the teal coat gives ...`."""
    called = _called(tuple(looks.items()))
    return re.sub(called[0], lambda match: called[1][match[0]], text) if looks else text


@lru_cache(maxsize=64)
def _called(looks: tuple[tuple[str, str], ...]) -> tuple[re.Pattern[str], dict[str, str]]:
    """A pattern of all names, and what each is called instead."""
    names = sorted((name for name, _ in looks), key=len, reverse=True)
    worn = {name: parse(look) for name, look in looks}
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")
    return pattern, {name: f"the person in the {worn[name].colour} {worn[name].garment}" for name in names}
