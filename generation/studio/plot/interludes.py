"""What people do in a scene beside the plots: every act that is possible and plausible there, in a seeded order.

    acts = interlude(scope, state, place, earlier_acts, rng, last=False, secret=False)

Nobody arrives in a scene that is a secret. The caller takes the first act that leaves its plots possible. There is
always something: somebody can wait. It changes nothing: see story.py.
"""

import random
from collections.abc import Iterator, Sequence

from moviellm.generation.studio.plot.plans import Scope
from moviellm.generation.studio.world.actions import Act, State
from moviellm.generation.studio.world.world import Thing

MOVES = ("pick_up", "drop", "give", "take")
"""Actions that a scene shows once of each thing, or it would look like juggling."""
Weighted = Iterator[tuple[float, Act]]


def interlude(
    scope: Scope,
    state: State,
    place: str,
    earlier: Sequence[Act],
    rng: random.Random,
    *,
    last: bool,
    secret: bool,
    used: frozenset[str] = frozenset(),
    wild: bool = False,
) -> list[Act]:
    """Possible acts of the people at a place, likeliest first; those in `used` come last. `wild` steals and hides."""
    here = [p.name for p in scope.world.people if state.get("at", p.name) == place and not state.get("asleep", p.name)]
    options = [*_alone(scope, state, place, here, last), *_together(scope, state, place, here)]
    if wild:
        options += _wild(scope, state, place, here)
    if last or len(here) > 2:
        options += _leaving(scope, place, here, earlier)
    if not secret:
        options += _arriving(scope, state, place, here, earlier)
    done = {(act.action, act.actor, act.other, act.thing) for act in earlier}
    moved = {act.thing for act in earlier if act.action in MOVES}
    kinds = [act.action for act in earlier]
    scored = []
    for weight, act in options:
        if act.action not in scope.actions:
            continue
        again = (act.action, act.actor, act.other, act.thing) in done
        weight *= 0.02 if again or (act.action in MOVES and act.thing in moved) else 0.3 ** kinds.count(act.action)
        scored.append((act.action not in used, rng.random() ** (1.0 / max(weight, 1e-6)), act))
    return [act for _, _, act in sorted(scored, key=lambda row: row[:2], reverse=True)]


def _alone(scope: Scope, state: State, place: str, here: Sequence[str], last: bool) -> Weighted:
    for name in here:
        yield 0.25, Act("wait", name, place)
        if last:
            yield 0.12, Act("sleep", name, place)
        for thing in scope.world.things:
            where = state.where(thing.name)
            if where == f"held:{name}":
                yield from _with(scope, state, place, name, thing)
            elif where != f"at:{place}" or thing.name in scope.kept or state.get("hidden", thing.name):
                continue
            elif "container" in thing.traits:
                yield from _lid(state, place, name, thing.name)
            elif not state.get("buried", thing.name):
                yield 1.0, Act("pick_up", name, place, thing=thing.name)


def _with(scope: Scope, state: State, place: str, name: str, thing: Thing) -> Weighted:
    """What somebody does with what they hold."""
    if "light" in thing.traits:
        lit = state.get("lit", thing.name)
        if not lit:
            yield 1.5, Act("light", name, place, thing=thing.name)
        elif thing.name not in scope.kept:
            yield 0.8, Act("put_out", name, place, thing=thing.name)
    if "text" in thing.traits and thing.name not in scope.kept:
        topic, _, target = str(state.get("message", thing.name) or "").partition(": ")
        again = state.get("read", name, thing.name)
        yield 0.2 if again else 1.5, Act("read", name, place, thing=thing.name, topic=topic, target=target)
    if thing.name not in scope.kept:
        yield 0.2, Act("drop", name, place, thing=thing.name)
        if "food" in thing.traits:
            yield 0.8, Act("eat", name, place, thing=thing.name)


def _lid(state: State, place: str, name: str, chest: str) -> Weighted:
    """Somebody tries a container, or shuts one that stands open."""
    if state.get("open", chest):
        yield 0.8, Act("close", name, place, thing=chest)
    elif state.get("locked", chest):
        yield 0.8, Act("open", name, place, thing=chest, mode="vain")
    else:
        yield 0.5, Act("open", name, place, thing=chest)


def _together(scope: Scope, state: State, place: str, here: Sequence[str]) -> Weighted:
    for one in here:
        for two in here:
            if one == two:
                continue
            yield 0.3 if scope.villain in (one, two) else 0.12, Act("watch", one, place, two)
            if state.get("feels", one, two) == "grateful":
                yield 1.5, Act("hug", one, place, two, mode="thanks")
            if state.get("wronged", two, one):
                yield 1.5, Act("argue", one, place, two, mode="wronged")
            if state.get("feels", two, one) == "angry" and scope.villain != one:
                yield 0.5, Act("apologise", one, place, two, mode="quarrel")
            for thing in scope.world.things:
                topic = thing.name
                known = state.get("knows", one, topic)
                if topic in scope.kept or topic in (one, two):
                    continue
                if known and known != two and not state.get("knows", two, topic):
                    yield 0.6, Act("tell", one, place, two, topic, target=str(known), topic=topic)
                elif not known and not state.get("knows", two, topic) and state.holder(topic) not in (one, two):
                    yield 0.1, Act("ask", one, place, two, topic, topic=topic, mode="vain")


def _wild(scope: Scope, state: State, place: str, here: Sequence[str]) -> Weighted:
    """What else could be done with things, in a world too small for plots."""
    for thing in scope.world.things:
        holder = state.holder(thing.name) or ""
        if thing.name in scope.kept or "furniture" in thing.traits:
            continue
        if holder in here:
            yield 1.0, Act("hide", holder, place, thing=thing.name)
        for one in here:
            if holder in here and holder != one:
                yield 1.0, Act("steal", one, place, holder, thing.name)
                yield 1.0, Act("give", holder, place, one, thing.name)
            inside = state.where(thing.name)
            if inside.startswith("in:") and state.get("open", inside[3:]):
                yield 2.0, Act("take", one, place, thing=thing.name, target=inside[3:])
            if state.get("hidden", thing.name) and inside == f"at:{place}":
                yield 1.0, Act("find", one, place, thing=thing.name, mode="told")
            for two in here:
                if one != two:
                    yield 0.1, Act("hug", one, place, two)


def _leaving(scope: Scope, place: str, here: Sequence[str], earlier: Sequence[Act]) -> Weighted:
    left = [act for act in earlier if act.action == "go"]
    for name in here:
        for target in scope.world.near(place):
            yield 0.2, Act("go", name, place, target=target)
        for act in left[-1:]:
            yield 0.6, Act("follow", name, place, act.actor, target=act.target)


def _arriving(scope: Scope, state: State, place: str, here: Sequence[str], earlier: Sequence[Act]) -> Weighted:
    seen = {name for act in earlier for name in act.people}
    for person in scope.world.people:
        if person.name not in here and person.name not in seen and len(here) < 3:
            yield 0.3 if person.name == scope.villain else 0.5, Act("enter", person.name, place)
