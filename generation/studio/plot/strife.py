"""Sub-plots of strife: quarrels, lies, thefts, threats, wounds, warnings. They are part of episodes.EPISODES."""

from collections.abc import Callable

from moviellm.generation.studio.plot.drawn import Cast, effort, held_by, secret, some, third
from moviellm.generation.studio.plot.plans import NoPlanError, Planner, other_place


def _quarrel(planner: Planner, cast: Cast) -> None:
    """Something breaks, they argue, they make it up."""
    one, two = cast[:2]
    whole = [t for t in planner.free_things("breakable") if not planner.state.get("broken", t.name)]
    if not whole:
        raise NoPlanError("nothing can break")
    whole.sort(key=lambda thing: effort(planner, thing.name, one))
    thing = whole[0].name
    planner.hold(one, thing)
    place = planner.meet(one, two)
    planner.do("break", one, place, other=two, thing=thing)
    planner.do("argue", two, place, other=one, thing=thing, mode="wronged")
    planner.do("apologise", one, place, other=two)
    planner.do("hug", two, place, other=one, mode="peace")


def _lie(planner: Planner, cast: Cast) -> None:
    """A lie, a search in vain, and what follows."""
    one, two = cast[:2]
    topic, truth = secret(planner, one, two)
    wrong = other_place(planner.world, planner.rng, truth)
    place = planner.meet(one, two)
    planner.do("ask", two, place, other=one, thing=topic, topic=topic)
    planner.do("lie", one, place, other=two, thing=topic, topic=topic, target=wrong, mode="asked")
    planner.do("search", two, wrong, thing=topic, topic=topic, mode="vain")
    place = planner.meet(two, one)
    planner.do("argue", two, place, other=one, topic=topic, thing=topic, mode="lied")
    planner.do("apologise", one, place, other=two, mode="quarrel")


def _theft(planner: Planner, cast: Cast) -> None:
    """Somebody steals, is seen, and loses it again."""
    thief, victim = cast[:2]
    thing = held_by(planner, victim).name
    place = planner.meet(thief, victim)
    mode = ""
    if planner.can("sleep") and planner.rng.random() < 0.35:
        planner.do("sleep", victim, place)
        mode = "asleep"
    planner.do("steal", thief, place, other=victim, thing=thing, mode=mode)
    if len(cast) > 2 and planner.can("watch") and planner.rng.random() < 0.6:
        witness = cast[2]
        planner.do("watch", witness, place, other=thief, thing=thing, topic=victim, mode="deed")
        meeting = planner.meet(witness, victim)
        planner.do("tell", witness, meeting, other=victim, thing=thing, topic=thing, target=thief)
    else:
        planner.do("watch", victim, planner.meet(victim, thief), other=thief, thing=thing, mode="carry")
    place = planner.meet(victim, thief)
    planner.do("argue", victim, place, other=thief, thing=thing, mode="wronged")
    _settled(planner, thief, victim, thing, place)


def _settled(planner: Planner, thief: str, victim: str, thing: str, place: str) -> None:
    """How a theft ends: a chase, an arrest, or simply a hand put out."""
    chance = planner.rng.random()
    away = planner.next_to(place)
    if chance < 0.4 and planner.can("chase"):
        escapes = planner.rng.random() < 0.4
        planner.do("chase", victim, place, other=thief, target=away, mode="vain" if escapes else "")
        planner.do("take", victim, away, other=thief, thing=thing, mode="known")
    elif chance < 0.75 and planner.can("arrest", "free"):
        planner.do("arrest", victim, place, other=thief, thing=thing, topic=victim)
        planner.do("take", victim, place, other=thief, thing=thing, mode="known")
        planner.do("free", victim, place, other=thief)
    else:
        planner.do("take", victim, place, other=thief, thing=thing, mode="known")


def _broken_promise(planner: Planner, cast: Cast) -> None:
    one, two = cast[:2]
    thing = some(planner, of=one).name
    planner.hold(one, thing)
    place = planner.meet(one, two)
    planner.do("promise", one, place, other=two, thing=thing)
    planner.do("ask", two, place, other=one, thing=thing, topic=thing)
    planner.do("refuse", one, place, other=two, thing=thing, topic=thing, mode="promise")
    planner.do("argue", two, place, other=one, thing=thing, mode="wronged")


def _threat(planner: Planner, cast: Cast) -> None:
    one, two = cast[:2]
    thing = held_by(planner, two).name
    place = planner.meet(one, two)
    knives = [t.name for t in planner.free_things("weapon") if planner.state.holder(t.name) == one]
    planner.do("threaten", one, place, other=two, thing=thing, target=knives[0] if knives else "")
    planner.do("give", two, place, other=one, thing=thing, mode="forced")
    away = planner.next_to(place)
    planner.do("flee", two, place, target=away, topic=one)
    if planner.rng.random() < 0.5:
        planner.do("argue", two, planner.meet(two, one), other=one, thing=thing, mode="wronged")
        planner.do("take", two, planner.at(one), other=one, thing=thing)


def _wound(planner: Planner, cast: Cast) -> None:
    one, two, last = cast[0], cast[1], third(cast)
    place = planner.meet(one, two)
    knives = [t.name for t in planner.free_things("weapon") if planner.state.holder(t.name) == one]
    remedy = some(planner, "remedy", of=last).name
    if planner.state.get("feels", two, one) != "angry":
        planner.do("argue", one, place, other=two)
    planner.do("wound", one, place, other=two, target=knives[0] if knives else "")
    planner.do("flee", one, place, target=planner.next_to(place))
    planner.hold(last, remedy)
    place = planner.meet(last, two)
    planner.do("heal", last, place, other=two, thing=remedy)
    planner.do("hug", two, place, other=last, mode="thanks")


def _warning(planner: Planner, cast: Cast) -> None:
    """Somebody is warned of a third, and runs; sometimes they are afraid of nobody to be feared."""
    one, two, last = cast[0], cast[1], third(cast)
    place = planner.meet(one, two)
    planner.do("warn", one, place, other=two, topic=last)
    away = planner.next_to(place)
    planner.do("flee", two, place, target=away, topic=last)
    planner.do("follow", one, place, other=two, target=away)


def _pursuit(planner: Planner, cast: Cast) -> None:
    """A thief is caught red-handed and chased."""
    one, two = cast[:2]
    thing = held_by(planner, two).name
    place = planner.meet(one, two)
    planner.do("steal", one, place, other=two, thing=thing)
    away = planner.next_to(place)
    if planner.rng.random() < 0.4:
        planner.do("chase", two, place, other=one, target=away, mode="vain")
        planner.do("search", two, place, topic=one, mode="vain")
        return
    planner.do("chase", two, place, other=one, target=away)
    planner.do("take", two, away, other=one, thing=thing)


def _shadow(planner: Planner, cast: Cast) -> None:
    """Somebody is followed and seen hiding something."""
    one, two = cast[:2]
    thing = held_by(planner, one).name
    place = planner.stage or planner.at(one)
    away = planner.next_to(place)
    planner.do("go", one, place, target=away)
    planner.do("follow", two, place, other=one, target=away)
    planner.do("hide", one, away, thing=thing)
    planner.do("watch", two, away, other=one, thing=thing, mode="hide")
    planner.do("find", two, away, thing=thing, mode="told")
    planner.do("pick_up", two, away, thing=thing)


def _false_alarm(planner: Planner, cast: Cast) -> None:
    """Somebody is feared or suspected who has done nothing."""
    one, two, last = cast[0], cast[1], third(cast)
    if planner.state.get("wronged", last, two) or planner.state.get("wronged", last, one):
        raise NoPlanError("the alarm would be true")
    place = planner.meet(one, two)
    planner.do("warn", one, place, other=two, topic=last)
    away = planner.next_to(place)
    planner.do("flee", two, place, target=away, topic=last)


def _mistaken_twin(planner: Planner, cast: Cast) -> None:
    """Somebody takes one of two who look alike for the other: the cast are they, the wrong one, the right one."""
    one, two, twin = cast[0], cast[1], third(cast)
    place = planner.meet(one, two)
    planner.do("argue", one, place, other=two, topic=twin, mode="mistaken")
    if planner.can("apologise"):
        planner.do("apologise", one, place, other=two, mode="quarrel")


def _mistaken_place(planner: Planner, cast: Cast) -> None:
    """Somebody knows where a thing is, another moves it, and they look where it is no more."""
    one, two = cast[:2]
    for thing in planner.free_things():
        spot = planner.state.where(thing.name)[3:]
        lies = planner.state.where(thing.name).startswith("at:") and not planner.state.get("buried", thing.name)
        if lies and not planner.state.get("hidden", thing.name) and "furniture" not in thing.traits:
            planner.hold(one, thing.name)
            planner.do("drop", one, planner.at(one), thing=thing.name)
            spot = planner.at(one)
            planner.do("pick_up", two, spot, thing=thing.name)
            planner.do("go", two, spot, target=other_place(planner.world, planner.rng, spot))
            planner.do("search", one, spot, thing=thing.name, topic=thing.name, mode="vain")
            return
    raise NoPlanError("nothing lies about")


STRIFE: dict[str, Callable[[Planner, Cast], None]] = {
    "quarrel": _quarrel, "lie": _lie, "theft": _theft, "broken_promise": _broken_promise, "threat": _threat,
    "wound": _wound, "warning": _warning, "pursuit": _pursuit, "shadow": _shadow, "false_alarm": _false_alarm,
    "identical_twins": _mistaken_twin, "mistaken_place": _mistaken_place,
}  # fmt: skip
