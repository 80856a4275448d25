"""The state of a story world and the acts that change it: one act, and how a state takes it.

    state = State(); state.cut(("at", "Ada"), "the old inn")
    because = state.apply("e0001", Act("give", "Ada", "the old inn", other="Ben", thing="silver key"))

A state maps facts such as `("where", "silver key")` to values such as `held:Ada`, and remembers which event gave each
fact its value. An action (rules.py) is a function from an `Act` to what must hold before and what holds after; both
depend on the act alone, never on the state. That makes `because` exact: the causes of an event are the events that set
the facts it needs, and without such an event the fact still has its older value, because no other event of the log
writes the needed value in between (an event that writes a value again without needing it makes the cause nobody's).
What is needed may also be that a fact has *not* some value; then the cause is the event that took that value away.

It does not choose what happens: see plans.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from moviellm.generation.schema import StateChange
from moviellm.generation.studio.world.act import NOWHERE, Act, Fact, Facts, Needs, Not, Value
from moviellm.generation.studio.world.rules import ACTIONS

__all__ = [
    "ACTIONS", "NOWHERE", "Act", "Fact", "Facts", "Needs", "Not", "PreconditionError", "State", "Value", "change_of",
]  # fmt: skip


class PreconditionError(AssertionError):
    """An action was tried in a state that does not allow it."""


@dataclass
class State:
    """Facts with the event that set each of them; a fact that was never set is False."""

    facts: dict[Fact, Value]
    causes: dict[Fact, str]
    before: dict[Fact, Value]
    """The value that the cause of a fact replaced."""

    def __init__(
        self,
        facts: Mapping[Fact, Value] | None = None,
        causes: Mapping[Fact, str] | None = None,
        before: Mapping[Fact, Value] | None = None,
    ) -> None:
        self.facts = dict(facts or {})
        self.causes = dict(causes or {})
        self.before = dict(before or {})

    def copy(self) -> "State":
        """An independent copy."""
        return State(self.facts, self.causes, self.before)

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
        return self._unmet(act, ACTIONS[act.action](act)[0])

    def _unmet(self, act: Act, needs: Needs) -> str | None:
        get = self.facts.get
        for fact, value in needs:
            found = get(fact, False)
            if found == value.value if isinstance(value, Not) else found != value:
                return f"{act.action} needs {fact} = {value!r}, it is {found!r}"
        return None

    def apply(self, key: str, act: Act) -> tuple[str, ...]:
        """Let it happen; returns the keys of the events it could not have happened without.

        Raises:
            PreconditionError: something it needs does not hold.
        """
        needs, effects = ACTIONS[act.action](act)
        reason = self._unmet(act, needs)
        if reason:
            raise PreconditionError(f"{key}: {reason}")
        because = {
            self.causes[fact]
            for fact, value in needs
            if fact in self.causes and (not isinstance(value, Not) or self.before.get(fact, False) == value.value)
        }
        needed = {fact for fact, value in needs if not isinstance(value, Not)}
        for fact, value in effects:
            old = self.facts.get(fact, False)
            if old != value:
                self.causes[fact], self.before[fact] = key, old
            elif fact not in needed:
                self.causes.pop(fact, None)
            self.facts[fact] = value
        return tuple(sorted(because))

    def changes(self, act: Act) -> tuple[StateChange, ...]:
        """The facts that an act would change, with their new values."""
        effects = dict(ACTIONS[act.action](act)[1])
        return tuple(change_of(fact, value) for fact, value in effects.items() if self.facts.get(fact, False) != value)


def change_of(fact: Fact, value: Value) -> StateChange:
    """A fact with its value as the schema says it: `("knows", "Ada", "silver key")` is Ada's `knows:silver key`."""
    text = ("yes" if value else "no") if isinstance(value, bool) else value
    return StateChange(entity=fact[1], attribute=":".join((fact[0], *fact[2:])), value=text)
