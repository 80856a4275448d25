"""How a scene happens: the steps of its plots, who is seen to come in before them, and what else there is room for.

    events, cuts, start = play(teller, groups, place, wanted, left)

It chooses no steps: see telling.py.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from moviellm.generation.studio.plot.chronicle import Happening
from moviellm.generation.studio.plot.episodes import RARE
from moviellm.generation.studio.plot.interludes import interlude
from moviellm.generation.studio.plot.plans import SECRET, other_place, possible
from moviellm.generation.studio.plot.staged import Group, arranged
from moviellm.generation.studio.world.actions import Act, Fact, Value

if TYPE_CHECKING:
    from moviellm.generation.studio.plot.telling import Teller


def play(
    teller: "Teller", groups: Sequence[Group], place: str, wanted: int, left: int
) -> tuple[list[Happening], list[tuple[Fact, Value]], dict[Fact, Value]]:
    """Let a scene happen: the plots' steps and, as far as there is room, what else these people do there."""
    acts = [act for _, group in groups for act in group]
    company = list(dict.fromkeys(name for act in acts for name in act.people))
    rare = [thread.name for thread, _ in groups if thread.name in RARE]
    teller.pending = [name for name in teller.pending if name not in rare]
    teller.told += [
        thread.name for thread, group in groups if thread.name != "main" and thread.acts[: len(group)] == group
    ]
    arrange = list(acts)
    if not acts:
        free = [p.name for p in teller.world.people if not teller.state.get("captive", p.name)]
        free = [name for name in free if not (teller.quest.kind == "meet" and name == teller.quest.thing)]
        company = teller.rng.sample(free, min(len(free), teller.rng.choice((1, 2, 2, 3)) if teller.cap > 1 else 2))
        arrange = [Act("wait", name, place) for name in company]
    for fact, value in arranged(teller.world, teller.state, arrange, place, teller.rng):
        teller.cut(fact, value)
    rests = teller.rests(groups)
    room = wanted - len(acts)
    extra = min(room, max(1, len(acts) // 2)) if acts else min(room, 1 + teller.cap // 6)
    if teller.limits.unique:
        extra = min(room, _ration(teller, left))
    lead = _arrival(teller, acts, company, place) if extra > 0 and acts else []
    cuts, start = list(teller.cuts), dict(teller.state.facts)
    events = [teller.happen(act, "") for act in lead]
    for thread, group in groups:
        events += [teller.happen(act, thread.name) for act in group]
    final = any(thread.name == "main" and len(group) == len(thread.acts) for thread, group in groups)
    while len(events) < len(acts) + max(extra, 0 if acts else 1) and not (final and acts and left == 1 and lead):
        if not _add(teller, events, rests, place, last=len(events) + 1 >= len(acts) + extra):
            break
    return events, cuts, start


def _ration(teller: "Teller", left: int) -> int:
    """Events of a scene when every action occurs once: the actions left are shared out."""
    fresh = len(teller.actions - teller.used - {act.action for act in teller.main.acts})
    return max(1, fresh // left)


def _arrival(teller: "Teller", acts: Sequence[Act], company: Sequence[str], place: str) -> list[Act]:
    """Somebody is seen to come in."""
    comes = acts[0].actor
    if teller.rng.random() < 0.6 or acts[0].action in ("enter", "call") or "enter" not in teller.actions:
        return []
    if teller.state.get("captive", comes) or any(act.action in SECRET for act in acts):
        return []
    teller.cut(("at", comes), other_place(teller.world, teller.rng, place))
    return [Act("enter", comes, place)]


def _add(teller: "Teller", events: list[Happening], rests: Sequence[Sequence[Act]], place: str, *, last: bool) -> bool:
    """One more event of the interlude kind that leaves all plots possible."""
    earlier = [event.act for event in events]
    secret = any(act.action in SECRET for act in earlier)
    kept = {t for rest in rests for act in rest for t in (act.thing, act.target, act.topic) if t}
    scope = teller.scope(teller.quest, kept=kept | set(teller.quest.objects))
    unique = teller.limits.unique
    used = frozenset(teller.used | {act.action for act in (*earlier, *teller.main.acts)}) if unique else frozenset()
    options = interlude(
        scope, teller.state, place, earlier, teller.rng, last=last, secret=secret, used=used, wild=unique
    )
    for act in options:
        if unique and events and act.action in used:
            return False
        trial = teller.state.copy()
        if trial.wrong(act):
            continue
        trial.apply("trial", act)
        if all(possible(trial, rest) for rest in rests):
            events.append(teller.happen(act, ""))
            return True
    return False
