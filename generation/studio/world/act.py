"""An act, and the facts that it needs and makes: the words that the rules of the actions are written in."""

from dataclasses import dataclass
from typing import NamedTuple

Fact = tuple[str, ...]
Value = str | bool


class Not(NamedTuple):
    """A need: any value but this one."""

    value: Value


Facts = list[tuple[Fact, Value]]
Needs = list[tuple[Fact, Value | Not]]
Rule = tuple[Needs, Facts]
NOWHERE = "nowhere"
ELSEWHERE = "elsewhere"
"""Where somebody is who is at no place of the story."""


@dataclass(frozen=True)
class Act:
    """One action with everything that decides its preconditions and effects."""

    action: str
    actor: str
    place: str
    """Where it happens."""
    other: str = ""
    """The second person."""
    thing: str = ""
    """The object."""
    target: str = ""
    """Where somebody goes; where something is said to be; the container; the tool in hand."""
    topic: str = ""
    """What or who is spoken of, thought of or feared."""
    mode: str = ""
    """Variant of the action, with other preconditions."""

    @property
    def people(self) -> tuple[str, ...]:
        """Those who must be there, the one who acts first."""
        return (self.actor, self.other) if self.other else (self.actor,)


def awake(act: Act) -> Needs:
    """The one who acts is there and awake."""
    return [(("at", act.actor), act.place), (("asleep", act.actor), False)]


def here(act: Act) -> Needs:
    """Both are there; both are awake."""
    if not act.other:
        return awake(act)
    return [*awake(act), (("at", act.other), act.place), (("asleep", act.other), False)]


def near(act: Act) -> Needs:
    """Both are there; the other may be asleep."""
    return [*awake(act), (("at", act.other), act.place)]


def free(act: Act) -> tuple[Fact, Value]:
    """Nobody keeps the one who acts."""
    return ("captive", act.actor), False


def held(act: Act, holder: str = "") -> tuple[Fact, Value]:
    """The actor, or `holder`, has the thing."""
    return ("where", act.thing), f"held:{holder or act.actor}"


def tool(act: Act) -> Needs:
    """The actor has the tool `target`, if the act has one."""
    return [(("where", act.target), f"held:{act.actor}")] if act.target else []


def lying(act: Act) -> tuple[Fact, Value]:
    """The thing is at the place."""
    return ("where", act.thing), f"at:{act.place}"


def feels(one: str, two: str, feeling: str) -> tuple[Fact, Value]:
    """What one feels for the other."""
    return ("feels", one, two), feeling


def knows(name: str, topic: str, value: Value) -> tuple[Fact, Value]:
    """Where or with whom somebody believes something to be."""
    return ("knows", name, topic), value


def message(topic: str, target: str) -> str:
    """What a text says: that `topic` is at or with `target`."""
    return f"{topic}: {target}"
