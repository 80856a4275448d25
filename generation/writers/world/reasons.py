"""Why a proposed step is impossible, in words: what a model is told, and what is kept of a step that was left out.

    act = read_step(step, place, world, names, actions)      # Act, or a Fault: no such action, thing, person, kind
    act = settled(act, state)                                # with what the state alone can say
    fault = fault_of(act, earlier, state, world)             # Fault, or None: it can happen now

Preconditions are the rules' own (studio/world/rules.py); what a film needs beside them is here: nobody comes in who is
there, nobody looks on where something is hidden, nothing happens twice in a scene. It changes no state.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from moviellm.generation.studio.plot.plans import SECRET
from moviellm.generation.studio.world.act import Act, Fact, Not, Value
from moviellm.generation.studio.world.actions import ACTIONS, State
from moviellm.generation.studio.world.world import World
from moviellm.generation.writers.world.actions import ROLES, SPOKEN, is_of_kind
from moviellm.generation.writers.world.naming import Names
from moviellm.generation.writers.world.proposal import StepProposal

COMPANY_MAX: Final = 5
"""People who act in a scene."""
KINDS: Final = {
    "at": "absent", "asleep": "asleep", "captive": "captive", "where": "elsewhere", "hidden": "hidden",
    "buried": "hidden", "locked": "locked", "open": "open or shut", "lit": "lit or not", "broken": "broken or whole",
    "wounded": "wounded or well", "knows": "not known", "message": "not known", "searched": "not searched",
    "feels": "not felt", "asked": "not asked", "promised": "not promised", "price": "no such price",
    "wronged": "no wrong", "lied": "no wrong",
}  # fmt: skip
"""Facts that an act may lack, with the kind of fault."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with a step."""

    kind: str
    """For counting: one of KINDS' values, or `unknown`, `incomplete`, `senseless`, `secret`, `again`, `room`."""
    text: str
    """For the model and the report."""


def read_step(step: StepProposal, place: str, world: World, names: Names, actions: Collection[str]) -> Act | Fault:
    """The act that a step means, by the names of the story."""
    if step.action not in actions:
        return Fault("unknown", f"there is no action {step.action!r}")
    if step.mode not in ROLES[step.action]:
        modes = ", ".join(mode or "none" for mode in ROLES[step.action])
        return Fault("unknown", f"{step.action} has no mode {step.mode!r}; its modes are {modes}")
    actor = names.find(step.actor)
    if actor is None or not world.is_person(actor):
        return Fault("unknown", f"there is no person {step.actor!r}")
    act = Act(step.action, actor, place, mode=step.mode)
    for field, kind, needed in ROLES[step.action][step.mode].kinds():
        said = getattr(step, field)
        if not said and needed:
            said = step.thing if field == "topic" and kind in ("subject", "object") else ""
        name = names.find(said) if said else ""
        if name is None:
            near = ", ".join(names.near(said))
            return Fault("unknown", f"there is no {said!r}" + (f"; there is {near}" if near else ""))
        if not name and needed:
            return Fault("incomplete", f"{step.action} needs {field}, a {kind}")
        if name and not is_of_kind(world, name, kind, names.find(step.thing) or ""):
            return Fault("senseless", f"{step.action} needs {field} to be a {kind}; {name} is none")
        act = replace(act, **{field: name})
    return _named_once(act, world)


def _named_once(act: Act, world: World) -> Act | Fault:
    """The act with what follows from its other parts."""
    if act.actor in (act.other, act.topic):
        return Fault("senseless", f"{act.actor} cannot {act.action} with or about {act.actor}")
    if act.action in SPOKEN or act.mode == "lied":
        act = replace(act, thing="" if world.is_person(act.topic) else act.topic)
    if act.action == "call" and act.mode != "vain":
        act = replace(act, topic=act.actor)
    if act.action == "search" and not (act.thing or act.topic):
        return Fault("incomplete", "search needs thing, or a person as topic")
    if act.action == "search" and act.thing:
        act = replace(act, topic="")
    if act.action == "take" and bool(act.target) == bool(act.other):
        return Fault("incomplete", "take needs target, a container, or other, a person; one of them")
    return act


def settled(act: Act, state: State) -> Act:
    """The act with what only the state says: what a text says, whether somebody asked, whether it was believed."""
    if act.action in ("read", "show") and state.get("message", act.thing):
        topic, _, target = str(state.get("message", act.thing)).partition(": ")
        return replace(act, topic=topic, target=target, mode="proof" if act.action == "show" else act.mode)
    if act.action == "search" and act.mode == "vain" and act.thing:
        believed = state.get("knows", act.actor, act.thing) == act.place
        return replace(act, topic=act.thing if believed else "")
    if act.mode:
        return act
    return next((other for other in _special(act, state) if state.wrong(other) is None), act)


def _special(act: Act, state: State) -> list[Act]:
    """Modes that an act without one has where the state is so; an act with its cause comes before one without."""
    if act.action == "enter":
        callers = [fact[1] for fact, value in state.facts.items() if value is True and _calls(fact, act)]
        return [replace(act, mode="called", topic=caller) for caller in sorted(callers)]
    modes = {
        "give": ("asked", "favour", "reward"),
        "tell": ("asked", "favour"),
        "lie": ("asked",),
        "find": ("told",),
        "hug": ("thanks", "peace"),
    }.get(act.action, ())
    return [replace(act, mode=mode) for mode in modes]


def _calls(fact: Fact, act: Act) -> bool:
    return fact[0] == "asked" and fact[2:] == (act.actor, act.place)


def fault_of(act: Act, earlier: Sequence[Act], state: State, world: World) -> Fault | None:
    """Why an act cannot happen now, after the earlier acts of its scene; None when it can."""
    for fact, value in ACTIONS[act.action](act)[0]:
        found = state.get(*fact)
        if found == value.value if isinstance(value, Not) else found != value:
            return Fault(KINDS.get(fact[0], fact[0]), _Words(world).lack(fact, value, found, act.place))
    return _senseless(act, earlier, state, world) or _seen(act, earlier, state, world)


def _senseless(act: Act, earlier: Sequence[Act], state: State, world: World) -> Fault | None:
    if act.action == "enter" and state.get("at", act.actor) == act.place:
        return Fault("senseless", f"{act.actor} is here already and cannot come in")
    if act.action in ("go", "flee", "follow", "chase", "call") and act.target == act.place:
        return Fault("senseless", f"{act.action} needs another place than {act.place}")
    if act in earlier:
        return Fault("again", "the same has just happened in this scene")
    if act.thing and act.thing == act.target:
        return Fault("senseless", f"{act.thing} cannot be both thing and target")
    if len({name for item in (*earlier, act) for name in item.people}) > COMPANY_MAX:
        return Fault("room", f"more than {COMPANY_MAX} people act in this scene")
    if act.action == "read" and not act.topic and state.get("message", act.thing):
        return Fault("senseless", f"{act.thing} says something; that has to be read")
    return None


def _seen(act: Act, earlier: Sequence[Act], state: State, world: World) -> Fault | None:
    """Whether somebody looks on who must not: a secret is seen only by who watches afterwards."""
    here = {p.name for p in world.people if state.get("at", p.name) == act.place and not state.get("asleep", p.name)}
    before = {name for item in earlier for name in item.people} & here
    if act.action in SECRET:
        others = sorted(before - set(act.people))
        if others:
            return Fault("secret", f"{act.action} is a secret, and {others[0]} is here; let {others[0]} leave first")
    elif act.action != "enter" and any(item.action in SECRET for item in earlier):
        new = sorted((set(act.people) & here) - before)
        if new:
            return Fault("secret", f"{new[0]} would have been here all the while when something secret happened")
    return None


# ------------------------------------------------------------------------------------------------ in words


@dataclass(frozen=True)
class _Words:
    """Facts in words, for one world."""

    world: World

    def the(self, name: str) -> str:
        """A thing with its article; people and places have their names."""
        return f"the {name}" if any(thing.name == name for thing in self.world.things) else name

    def spot(self, where: Value) -> str:
        """`held:Ada` in words."""
        how, _, name = str(where).partition(":")
        words = {"held": f"in the hands of {name}", "at": f"at {name}", "in": f"in {self.the(name)}"}
        return words.get(how, "nowhere any more")

    def lack(self, fact: Fact, value: Value | Not, found: Value, place: str) -> str:
        """What a state lacks for an act."""
        name, one, last = fact[0], self.the(fact[1]), self.the(fact[-1])
        want = value.value if isinstance(value, Not) else value
        if name == "at":
            there = f"{one} is at {found or 'no place'}"
            return there if isinstance(value, Not) else f"{there}, not at {want}"
        if name == "where":
            there = f"{one} is {self.spot(found)}"
            return there if isinstance(value, Not) else f"{there}, not {self.spot(want)}"
        if name in ("knows", "message"):
            return self._unknown(name, one, last, value, found)
        if name in FLAGS:
            return f"{one} is {FLAGS[name][0 if found else 1]}"
        said = {
            "feels": f"{one} is not {want} towards {last}",
            "asked": f"{one} has not asked {fact[2]} for or about {last}" if len(fact) > 2 else "",
            "promised": f"{one} has not promised {last} to {fact[2]}" if len(fact) > 2 else "",
            "price": f"{one} has not named that price" if want else f"{one} has named a price already: {found}",
            "wronged": f"{one} has done {last} no wrong",
            "lied": f"{one} has not lied about {last}",
            "searched": f"{one} has not searched {place} for {last}",
        }
        return said.get(name, f"{' '.join(fact)} is {found}, not {want}")

    def _unknown(self, name: str, one: str, last: str, value: Value | Not, found: Value) -> str:
        if name == "message":
            return f"{one} does not say that" if value else f"{one} says something: {found}"
        if isinstance(value, Not):
            return f"{one} believes just that about {last}"
        if not value:
            return f"{one} knows something about {last}: {found}"
        believed = f"believes it to be at or with {found}" if found else "knows nothing about it"
        return f"{one} does not know {last} to be at or with {value}; {one} {believed}"


FLAGS: Final = {
    "asleep": ("asleep", "awake"), "captive": ("a captive", "no captive"), "hidden": ("hidden", "not hidden"),
    "buried": ("buried", "not buried"), "locked": ("locked", "not locked"), "open": ("open", "shut"),
    "lit": ("lit", "not lit"), "broken": ("broken", "whole"), "wounded": ("wounded", "well"),
}  # fmt: skip
"""Facts that hold or not, in words."""
