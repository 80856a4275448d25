"""The state of a story world and the 22 actions that change it, each with preconditions and effects.

    state = State(); state.cut(("at", "Ada"), "the old inn")
    because = state.apply("e0001", Act("give", "Ada", "the old inn", other="Ben", thing="silver key"))

A state maps facts such as `("where", "silver key")` to values such as `held:Ada`, and remembers which event gave each
fact its value. An action is a function from an `Act` to what must hold before and what holds after; both depend on the
act alone, never on the state. That makes `because` exact: the causes of an event are the events that set the facts it
needs, and without such an event the fact still has its older value, because no other event of the log writes the
needed value in between (an event that writes a value again without needing it makes the cause nobody's).

It does not choose what happens: see plans.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Fact = tuple[str, ...]
Value = str | bool
Facts = list[tuple[Fact, Value]]
NOWHERE = "nowhere"


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
    """The object, or the person that is spoken of."""
    target: str = ""
    """Where somebody goes; where something is said to be; the container; the tool in hand."""
    mode: str = ""
    """Variant of the action, with other preconditions."""

    @property
    def people(self) -> tuple[str, ...]:
        """Those who must be there, the one who acts first."""
        return (self.actor, self.other) if self.other else (self.actor,)


class PreconditionError(AssertionError):
    """An action was tried in a state that does not allow it."""


class State:
    """Facts with the event that set each of them; a fact that was never set is False."""

    def __init__(self, facts: Mapping[Fact, Value] | None = None, causes: Mapping[Fact, str] | None = None) -> None:
        self.facts: dict[Fact, Value] = dict(facts or {})
        self.causes: dict[Fact, str] = dict(causes or {})

    def copy(self) -> "State":
        """An independent copy."""
        return State(self.facts, self.causes)

    def get(self, *fact: str) -> Value:
        """Value of a fact."""
        return self.facts.get(fact, False)

    def where(self, thing: str) -> str:
        """`held:NAME`, `at:PLACE`, `in:CONTAINER` or `nowhere`."""
        return str(self.facts.get(("where", thing), NOWHERE))

    def holder(self, thing: str) -> str | None:
        """Who holds it."""
        where = self.where(thing)
        return where[5:] if where.startswith("held:") else None

    def cut(self, fact: Fact, value: Value) -> None:
        """Set a fact without an event: how a film moves people between scenes. Nobody is the cause."""
        self.facts[fact] = value
        self.causes.pop(fact, None)

    def wrong(self, act: Act) -> str | None:
        """The first precondition that does not hold, in words; None when the act is possible."""
        for fact, value in ACTIONS[act.action](act)[0]:
            if self.facts.get(fact, False) != value:
                return f"{act.action} needs {fact} = {value!r}, it is {self.facts.get(fact, False)!r}"
        return None

    def apply(self, key: str, act: Act) -> tuple[str, ...]:
        """Let it happen; returns the keys of the events it could not have happened without.

        Raises:
            PreconditionError: something it needs does not hold.
        """
        needs, effects = ACTIONS[act.action](act)
        reason = self.wrong(act)
        if reason:
            raise PreconditionError(f"{key}: {reason}")
        because = {self.causes[fact] for fact, _ in needs if fact in self.causes}
        needed = [fact for fact, _ in needs]
        for fact, value in effects:
            if self.facts.get(fact, False) != value:
                self.causes[fact] = key
            elif fact not in needed:
                self.causes.pop(fact, None)
            self.facts[fact] = value
        return tuple(sorted(because))


def _here(act: Act) -> Facts:
    return [(("at", name), act.place) for name in act.people]


def _held(act: Act, holder: str = "") -> tuple[Fact, Value]:
    return ("where", act.thing), f"held:{holder or act.actor}"


def _go(act: Act) -> tuple[Facts, Facts]:
    return _here(act), [(("at", name), act.target) for name in act.people]


def _enter(act: Act) -> tuple[Facts, Facts]:
    return [], [(("at", act.actor), act.place)]


def _follow(act: Act) -> tuple[Facts, Facts]:
    return [(("at", act.actor), act.place), (("at", act.other), act.target)], [(("at", act.actor), act.target)]


def _search(act: Act) -> tuple[Facts, Facts]:
    needs = _here(act)
    if act.target:
        needs += [(("where", act.target), f"held:{act.actor}"), (("lit", act.target), True)]
    searched = ("searched", act.actor, act.place, act.thing)
    return needs, [((*searched, "vain") if act.mode == "vain" else searched, True)]


def _find(act: Act) -> tuple[Facts, Facts]:
    spot: Facts = [*_here(act), (("where", act.thing), f"at:{act.place}"), (("hidden", act.thing), True)]
    seen: Facts = [(("hidden", act.thing), False)]
    if act.mode == "told":
        return [*spot, (("knows", act.actor, act.thing), act.place)], seen
    searched = ("searched", act.actor, act.place, act.thing)
    return [*spot, (searched, True)], [*seen, (searched, False)]


def _pick_up(act: Act) -> tuple[Facts, Facts]:
    spot = (("where", act.thing), f"at:{act.place}")
    return [*_here(act), spot, (("hidden", act.thing), False)], [_held(act)]


def _drop(act: Act) -> tuple[Facts, Facts]:
    return [*_here(act), _held(act)], [(("where", act.thing), f"at:{act.place}")]


def _give(act: Act) -> tuple[Facts, Facts]:
    needs, effects = [*_here(act), _held(act)], [_held(act, act.other)]
    if act.mode == "favour":
        needs.append((("price", act.other), act.thing))
        effects.append((("price", act.other), "paid"))
    if act.mode == "reward":
        needs.append((("price", act.actor), "paid"))
        effects.append((("price", act.actor), False))
    if act.mode == "asked":
        needs.append((("asked", act.other, act.actor, act.thing), True))
        effects.append((("asked", act.other, act.actor, act.thing), False))
    return needs, [*effects, (("helped", act.actor, act.other), True)]


def _take(act: Act) -> tuple[Facts, Facts]:
    if act.target:
        inside = (("where", act.thing), f"in:{act.target}")
        return [*_here(act), inside, (("open", act.target), True)], [_held(act)]
    wronged = (("wronged", act.other, act.actor), True)
    return [*_here(act), _held(act, act.other), wronged, *_knowing(act)], [
        _held(act),
        (("wronged", act.other, act.actor), False),
    ]


def _steal(act: Act) -> tuple[Facts, Facts]:
    needs = [*_here(act), _held(act, act.other), *_knowing(act)]
    return needs, [_held(act), (("wronged", act.actor, act.other), True)]


def _knowing(act: Act) -> Facts:
    return [(("knows", act.actor, act.thing), act.other)] if act.mode == "known" else []


def _hide(act: Act) -> tuple[Facts, Facts]:
    known = (("knows", act.actor, act.thing), act.place)
    if act.target:
        needs = [*_here(act), _held(act), (("where", act.target), f"at:{act.place}"), (("open", act.target), True)]
        return needs, [(("where", act.thing), f"in:{act.target}"), (("open", act.target), False), known]
    return [*_here(act), _held(act)], [(("where", act.thing), f"at:{act.place}"), (("hidden", act.thing), True), known]


def _open(act: Act) -> tuple[Facts, Facts]:
    needs: Facts = [*_here(act), (("where", act.thing), f"at:{act.place}"), (("open", act.thing), False)]
    if act.mode == "key":
        unlocked: Facts = [(("open", act.thing), True), (("locked", act.thing), False)]
        return [*needs, (("where", act.target), f"held:{act.actor}"), (("locked", act.thing), True)], unlocked
    return [*needs, (("locked", act.thing), False)], [(("open", act.thing), True)]


def _lock(act: Act) -> tuple[Facts, Facts]:
    needs: Facts = [*_here(act), (("where", act.thing), f"at:{act.place}"), (("open", act.thing), act.mode == "shut")]
    needs += [(("where", act.target), f"held:{act.actor}"), (("locked", act.thing), False)]
    return needs, [(("locked", act.thing), True), (("open", act.thing), False)]


def _read(act: Act) -> tuple[Facts, Facts]:
    return [*_here(act), _held(act)], [(("read", act.actor, act.thing), True)]


def _light(act: Act) -> tuple[Facts, Facts]:
    return [*_here(act), _held(act), (("lit", act.thing), False)], [(("lit", act.thing), True)]


def _tell(act: Act) -> tuple[Facts, Facts]:
    needs = [*_here(act), (("knows", act.actor, act.thing), act.target)]
    effects: Facts = [(("knows", act.other, act.thing), act.target)]
    if act.mode == "asked":
        needs.append((("asked", act.other, act.actor, act.thing), True))
        effects.append((("asked", act.other, act.actor, act.thing), False))
    if act.mode == "favour":
        needs.append((("price", act.actor), "paid"))
        effects.append((("price", act.actor), False))
    return needs, effects


def _ask(act: Act) -> tuple[Facts, Facts]:
    if act.mode == "price":
        return [*_here(act), (("price", act.actor), False)], [(("price", act.actor), act.thing)]
    return _here(act), [(("asked", act.actor, act.other, act.thing), True)] if act.mode == "" else []


def _argue(act: Act) -> tuple[Facts, Facts]:
    needs = _here(act)
    if act.mode == "wronged":
        needs.append((("wronged", act.other, act.actor), True))
    return needs, [(("angry", *sorted(act.people)), True)]


def _hug(act: Act) -> tuple[Facts, Facts]:
    needs = _here(act)
    if act.mode == "thanks":
        return [*needs, (("helped", act.other, act.actor), True)], [(("helped", act.other, act.actor), False)]
    if act.mode == "peace":
        angry = ("angry", *sorted(act.people))
        return [*needs, (angry, True)], [(angry, False)]
    return needs, []


def _watch(act: Act) -> tuple[Facts, Facts]:
    needs = _here(act)
    if act.mode == "carry":
        return [*needs, _held(act, act.other)], [(("knows", act.actor, act.thing), act.other)]
    if act.mode == "hide":
        hidden: Facts = [(("knows", act.other, act.thing), act.place), (("where", act.thing), f"at:{act.place}")]
        return [*needs, *hidden, (("hidden", act.thing), True)], [(("knows", act.actor, act.thing), act.place)]
    return needs, []


def _wait(act: Act) -> tuple[Facts, Facts]:
    return _here(act), []


ACTIONS: dict[str, Callable[[Act], tuple[Facts, Facts]]] = {
    "go": _go, "enter": _enter, "find": _find, "pick_up": _pick_up, "drop": _drop, "give": _give, "take": _take,
    "steal": _steal, "hide": _hide, "open": _open, "lock": _lock, "read": _read, "light": _light, "tell": _tell,
    "ask": _ask, "argue": _argue, "hug": _hug, "search": _search, "wait": _wait, "watch": _watch, "follow": _follow,
    "flee": _go,
}  # fmt: skip
