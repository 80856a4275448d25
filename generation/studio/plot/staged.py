"""Which steps of which plots make one scene, and the cuts that bring its people there.

It chooses nothing: see telling.py.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from moviellm.generation.studio.plot.plans import SECRET, away_from
from moviellm.generation.studio.world.actions import Act, Fact, State, Value
from moviellm.generation.studio.world.world import World


@dataclass
class Thread:
    """A plot under way: what is still to happen."""

    name: str
    acts: list[Act]

    @property
    def things(self) -> set[str]:
        """What no other plot may touch."""
        return {name for act in self.acts for name in (act.thing, act.target, act.topic) if name}


Group = tuple[Thread, list[Act]]


def arranged(
    world: World, state: State, acts: Sequence[Act], place: str, rng: random.Random
) -> list[tuple[Fact, Value]]:
    """The cuts before a scene: who is in it is there and awake, who is not is elsewhere."""
    cuts: list[tuple[Fact, Value]] = []
    spots: dict[str, str] = {}
    sleeping: set[str] = set()
    for act in acts:
        for name in act.people:
            if name in spots:
                continue
            if act.mode == "asleep" and name == act.other:
                sleeping.add(name)
            spots[name] = place
            if act.action == "enter" and name == act.actor:
                spots[name] = f"not {place}"
            elif act.action in ("follow", "call") and name == act.other:
                spots[name] = act.target if act.mode != "vain" else f"not {act.target}"
    for person in world.people:
        name, at = person.name, str(state.get("at", person.name))
        if state.get("asleep", name) and name not in sleeping:
            cuts.append((("asleep", name), False))
        if state.get("captive", name):
            continue
        spot = spots.get(name, f"not {place}")
        if spot.startswith("not ") and at in (spot[4:], place) or not spot.startswith("not ") and at != spot:
            barred = spot[4:] if spot.startswith("not ") else ""
            home = person.home if person.home not in (barred, place) else away_from(world, rng, place, barred)
            cuts.append((("at", name), home if barred else spot))
    return cuts


def mingle(groups: Sequence[Group]) -> bool:
    """Whether plots may share a scene though their people have nothing to do with each other."""
    gone: set[str] = set()
    for i, (_, group) in enumerate(groups):
        here = {name for act in group for name in act.people}
        rest = [*groups[:i], *groups[i + 1 :]]
        others = {name for _, other in rest for act in other for name in act.people}
        if any(act.action in SECRET for act in group) and others - here:
            return False
        if here & gone or others & {act.other for act in group if act.action == "call"}:
            return False
        for act in group:
            if act.action in ("go", "flee", "follow", "chase", "sleep"):
                gone |= set(act.people)
    return True


def signature_of(acts: Sequence[Act]) -> tuple[object, ...]:
    """What makes two scenes the same: the place and what happens, in any order."""
    return (*(act.place for act in acts[:1]), *sorted((act.action, act.people, act.thing) for act in acts))
