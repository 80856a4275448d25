"""What sub-plots draw lots for: objects that are easy to get, what somebody holds, what somebody knows."""

from collections.abc import Sequence

from moviellm.generation.studio.plot.plans import NoPlanError, Planner
from moviellm.generation.studio.world.world import Thing

Cast = Sequence[str]
"""The people of an episode, the one it begins with first."""


def third(cast: Cast) -> str:
    """The third of a cast."""
    if len(cast) < 3:
        raise NoPlanError("it takes three")
    return cast[2]


def some(planner: Planner, *traits: str, of: str = "") -> Thing:
    """An object no plot needs: what `of` holds or what is easy to get, before the rest."""
    things = [thing for thing in planner.free_things(*traits) if "furniture" not in thing.traits]
    if not traits:
        things = [thing for thing in things if not {"container", "light", "tool"} & set(thing.traits)]
    things.sort(key=lambda thing: effort(planner, thing.name, of))
    if not things:
        raise NoPlanError("there is no such object")
    return things[0]


def effort(planner: Planner, thing: str, hero: str) -> int:
    """How hard a thing is to get, 0 to 4."""
    state, where = planner.state, planner.state.where(thing)
    if where == f"held:{hero}":
        return 0
    lies = where.startswith("at:") and not state.get("hidden", thing) and not state.get("buried", thing)
    here = where == f"at:{planner.stage}"
    return 1 if lies and here else 2 if where.startswith("held:") else 3 if lies else 4


def held_by(planner: Planner, name: str) -> Thing:
    """Something somebody has."""
    found = [t for t in planner.free_things() if planner.state.holder(t.name) == name and t.kind != "key"]
    if not found:
        raise NoPlanError(f"{name} has nothing")
    return found[0]


def secret(planner: Planner, one: str, two: str) -> tuple[str, str]:
    """Something `one` rightly knows the place of, and `two` does not."""
    for thing in planner.free_things():
        where = planner.state.where(thing.name)
        known = str(planner.state.get("knows", one, thing.name))
        if where == f"at:{known}" and planner.state.get("knows", two, thing.name) != known:
            return thing.name, known
    raise NoPlanError(f"{one} knows nothing that {two} does not")
