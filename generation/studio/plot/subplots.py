"""How a sub-plot begins: which one, with whom, and whether it can end before the story does.

    group = begin_subplot(teller, place, room, left, need, whole=True)

What the sub-plots are: see episodes.py.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from moviellm.generation.studio.plot.episodes import OFTEN, ORDINARY, episode
from moviellm.generation.studio.plot.plans import NoPlanError, first_scene, scenes_needed, torn
from moviellm.generation.studio.plot.staged import Group, Thread

if TYPE_CHECKING:
    from moviellm.generation.studio.plot.telling import Teller

SUBPLOTS_MAX = 2
"""Sub-plots under way at a time."""
EPISODE_TRIES = 7
WANDER = 0.5
"""How often people of a longer sub-plot meet at another place."""


def begin_subplot(teller: "Teller", place: str, room: int, left: int, need: int, *, whole: bool) -> Group | None:
    """A new sub-plot that begins at the place (or anywhere) and can end in the scenes that are left."""
    kept = teller.main.things | set(teller.quest.objects) | {t for sub in teller.subs for t in sub.things}
    stage = place or (teller.somewhere() if teller.rng.random() < 0.8 else "")
    scope = teller.scope(teller.quest, stage=stage, kept=kept)
    people = [p.name for p in teller.world.people if not teller.state.get("captive", p.name)]
    people = [name for name in people if not (teller.quest.kind == "meet" and name == teller.quest.thing)]
    if len(people) < 2:
        return None
    pending = teller.pending if teller.story.scenes or teller.total == 1 else []
    few = teller.brief.world.revisits is not None and teller.brief.world.revisits < 0.5
    if few and not place:
        stage = teller.somewhere()
        scope = teller.scope(teller.quest, stage=stage, kept=kept)
    for attempt in range(EPISODE_TRIES + 12 * len(pending)):
        name = pending[attempt % len(pending)] if pending and attempt < 4 + 12 * len(pending) else _which(teller)
        cast = _cast_of(teller, name, people)
        roam = replace(scope, wander=0.0 if whole or left - need < 4 else WANDER)
        try:
            acts = episode(roam, teller.state, teller.rng, name, cast)
        except NoPlanError:
            continue
        count = scenes_needed(acts, teller.cap)
        spare = left - 1 - need
        if name not in pending:
            spare -= sum(scenes_needed(sub.acts, teller.cap) for sub in teller.subs)
        if (stage and acts[0].place != stage) or count - 1 > max(0, spare):
            continue
        group = first_scene(acts, room if whole else teller.cap)
        rest = len(acts) > len(group)
        if whole and teller.cap > 2 and torn(acts, len(group)):
            continue
        if not teller.fresh(acts) or (few and rest and name not in pending):
            continue
        if rest and (
            (len(teller.subs) >= SUBPLOTS_MAX and name not in pending)
            or spare < 1
            or (whole and teller.rng.random() < 0.3)
        ):
            continue
        if rest and scenes_needed(acts[len(group) :], teller.cap) > spare:
            continue
        thread = Thread(name, acts)
        if not teller.fits([(thread, group)], acts[0].place):
            continue
        return thread, group
    return None


def _which(teller: "Teller") -> str:
    """A sub-plot not told yet, or told least; the premise's own first."""
    own = str(teller.vocabulary.premise(teller.world.premise)["subplot"])
    if own in ORDINARY and own not in teller.told and teller.rng.random() < 0.6:
        return own
    return min(
        teller.rng.sample((*ORDINARY, *OFTEN), 4), key=lambda name: (teller.told.count(name), teller.rng.random())
    )


def _cast_of(teller: "Teller", name: str, people: Sequence[str]) -> list[str]:
    cast = teller.rng.sample(list(people), min(3, len(people)))
    met = {who for scene in teller.story.scenes for event in scene.events for who in event.act.people}
    cast.sort(key=lambda who: who in met)
    if name == "identical_twins" and len(teller.world.people) > 2:
        first = [who for who in people if who not in (teller.world.people[-1].name, teller.world.people[-2].name)]
        cast = [teller.rng.choice(first or list(people)), teller.world.people[-1].name, teller.world.people[-2].name]
    return cast
