"""The 45 actions: what each needs before and what holds after, as facts that depend on the act alone.

    needs, effects = ACTIONS["give"](Act("give", "Ada", "the old inn", other="Ben", thing="silver key"))

Mode `vain` is the action that fails, for a reason that is one of its needs (it is locked, it is not there, nobody
answers). Modes are listed with each action. It holds no state: see actions.py.
"""

from collections.abc import Callable

from moviellm.generation.studio.world.act import (
    NOWHERE,
    Act,
    Facts,
    Needs,
    Not,
    Rule,
    Value,
    awake,
    feels,
    free,
    held,
    here,
    knows,
    lying,
    message,
    near,
    tool,
)  # fmt: skip
from moviellm.generation.studio.world.dealings import DEALINGS


def _go(act: Act) -> Rule:
    """`topic`: the person one fears."""
    needs = [*awake(act), free(act)]
    if act.topic:
        needs.append((("feels", act.actor, act.topic), "afraid"))
    return needs, [(("at", act.actor), act.target)]


def _enter(act: Act) -> Rule:
    """Mode `called`: `topic` called them here."""
    needs: Needs = [(("asleep", act.actor), False), free(act)]
    if act.mode == "called":
        called = ("asked", act.topic, act.actor, act.place)
        return [*needs, (called, True)], [(("at", act.actor), act.place), (called, False)]
    return needs, [(("at", act.actor), act.place)]


def _follow(act: Act) -> Rule:
    return [*awake(act), free(act), (("at", act.other), act.target)], [(("at", act.actor), act.target)]


def _chase(act: Act) -> Rule:
    """Mode `vain`: the other escapes."""
    needs = [*here(act), free(act), (("captive", act.other), False)]
    escaped: Facts = [(("at", act.other), act.target)]
    return needs, escaped if act.mode == "vain" else [*escaped, (("at", act.actor), act.target)]


def _search(act: Act) -> Rule:
    """For `thing`, or the person `topic`. `target`: a lit lamp. Mode `vain`; with `topic` they believe it is here."""
    needs, subject = [*awake(act), *tool(act)], act.thing or act.topic
    if act.target:
        needs.append((("lit", act.target), True))
    searched = ("searched", act.actor, act.place, subject)
    if act.mode != "vain":
        return needs, [(searched, True)]
    effects: Facts = [((*searched, "vain"), True)]
    if act.thing:
        needs.append((("where", act.thing), Not(f"at:{act.place}")))
        if act.topic:
            needs.append(knows(act.actor, act.thing, act.place))
            effects.append(knows(act.actor, act.thing, False))
    else:
        needs.append((("at", act.topic), Not(act.place)))
    return needs, effects


def _find(act: Act) -> Rule:
    """Mode `told`: they know that it is here; otherwise they have searched."""
    spot: Needs = [*awake(act), lying(act), (("hidden", act.thing), True)]
    seen: Facts = [(("hidden", act.thing), False)]
    if act.mode == "told":
        return [*spot, knows(act.actor, act.thing, act.place)], seen
    searched = ("searched", act.actor, act.place, act.thing)
    return [*spot, (searched, True)], [*seen, (searched, False), knows(act.actor, act.thing, act.place)]


def _pick_up(act: Act) -> Rule:
    return [*awake(act), lying(act), (("hidden", act.thing), False), (("buried", act.thing), False)], [held(act)]


def _drop(act: Act) -> Rule:
    return [*awake(act), held(act)], [lying(act), knows(act.actor, act.thing, act.place)]


def _give(act: Act) -> Rule:
    """Modes: favour (the price), reward (the price was paid), asked, forced (by a threat)."""
    needs = [*here(act), held(act)]
    effects: Facts = [held(act, act.other), knows(act.actor, act.thing, act.other)]
    if act.mode == "favour":
        needs.append((("price", act.other), act.thing))
        effects.append((("price", act.other), "paid"))
    if act.mode == "reward":
        needs.append((("price", act.actor), "paid"))
        effects.append((("price", act.actor), False))
    if act.mode == "asked":
        needs.append((("asked", act.other, act.actor, act.thing), True))
        effects.append((("asked", act.other, act.actor, act.thing), False))
    if act.mode == "forced":
        needs.append(feels(act.actor, act.other, "afraid"))
        return needs, [*effects, (("wronged", act.other, act.actor), True)]
    promised = ("promised", act.actor, act.other, act.thing)
    return needs, [*effects, feels(act.other, act.actor, "grateful"), (promised, False)]


def _knowing(act: Act) -> Needs:
    return [knows(act.actor, act.thing, act.other)] if act.mode == "known" else []


def _take(act: Act) -> Rule:
    """Out of the container `target`, or back from somebody who wronged them. Mode `known`: they know who has it."""
    if act.target:
        inside = (("where", act.thing), f"in:{act.target}")
        spot = (("where", act.target), f"at:{act.place}")
        return [*awake(act), spot, inside, (("open", act.target), True)], [held(act)]
    wronged = ("wronged", act.other, act.actor)
    return [*near(act), held(act, act.other), (wronged, True), *_knowing(act)], [held(act), (wronged, False)]


def _steal(act: Act) -> Rule:
    """Mode `known`: they know who has it; `asleep`: from somebody who sleeps."""
    needs = [*near(act), held(act, act.other), *_knowing(act)]
    if act.mode == "asleep":
        needs.append((("asleep", act.other), True))
    return needs, [held(act), (("wronged", act.actor, act.other), True)]


def _trade(act: Act) -> Rule:
    """`thing` of the actor for `target` of the other, who wants it."""
    theirs = ("where", act.target)
    needs = [*here(act), held(act), (theirs, f"held:{act.other}"), (("price", act.other), act.thing)]
    swapped: Facts = [held(act, act.other), (theirs, f"held:{act.actor}"), (("price", act.other), False)]
    return needs, [*swapped, knows(act.actor, act.thing, act.other), knows(act.other, act.target, act.actor)]


def _hide(act: Act) -> Rule:
    """At the place, or in the open container `target`."""
    known = knows(act.actor, act.thing, act.place)
    if act.target:
        needs = [*awake(act), held(act), (("where", act.target), f"at:{act.place}"), (("open", act.target), True)]
        return needs, [(("where", act.thing), f"in:{act.target}"), known]
    return [*awake(act), held(act)], [lying(act), (("hidden", act.thing), True), known]


def _bury(act: Act) -> Rule:
    buried = (("buried", act.thing), True)
    return [*awake(act), held(act), *tool(act)], [lying(act), buried, knows(act.actor, act.thing, act.place)]


def _dig(act: Act) -> Rule:
    """Where they believe it to be. Mode `vain`: it is not there."""
    needs = [*awake(act), *tool(act), knows(act.actor, act.thing, act.place)]
    if act.mode == "vain":
        return [*needs, (("where", act.thing), Not(f"at:{act.place}"))], [knows(act.actor, act.thing, False)]
    return [*needs, lying(act), (("buried", act.thing), True)], [(("buried", act.thing), False)]


def _open(act: Act) -> Rule:
    """Mode `key`: `target` unlocks it; `vain`: it is locked."""
    needs: Needs = [*awake(act), lying(act), (("open", act.thing), False)]
    if act.mode == "vain":
        return [*needs, (("locked", act.thing), True)], []
    if act.mode == "key":
        unlocked: Facts = [(("open", act.thing), True), (("locked", act.thing), False)]
        return [*needs, *tool(act), (("locked", act.thing), True)], unlocked
    return [*needs, (("locked", act.thing), False)], [(("open", act.thing), True)]


def _close(act: Act) -> Rule:
    return [*awake(act), lying(act), (("open", act.thing), True)], [(("open", act.thing), False)]


def _lock(act: Act) -> Rule:
    needs: Needs = [*awake(act), lying(act), (("open", act.thing), False), (("locked", act.thing), False)]
    return [*needs, *tool(act)], [(("locked", act.thing), True)]


def _light(act: Act) -> Rule:
    return [*awake(act), held(act), (("lit", act.thing), False)], [(("lit", act.thing), True)]


def _put_out(act: Act) -> Rule:
    """Their own lamp, or that of `other`."""
    needs = near(act) if act.other else awake(act)
    return [*needs, held(act, act.other), (("lit", act.thing), True)], [(("lit", act.thing), False)]


def _break(act: Act) -> Rule:
    """What they hold, or with mode `there` what lies there. `other`: whose it is, and who sees it."""
    needs = [*here(act), lying(act) if act.mode == "there" else held(act), (("broken", act.thing), False)]
    effects: Facts = [(("broken", act.thing), True)]
    if act.other:
        effects += [(("wronged", act.actor, act.other), True), feels(act.other, act.actor, "angry")]
    return needs, effects


def _repair(act: Act) -> Rule:
    """With the tool `target`. Mode `vain`: they have not got it."""
    needs = [*awake(act), held(act), (("broken", act.thing), True)]
    if act.mode == "vain":
        return [*needs, (("where", act.target), Not(f"held:{act.actor}"))], []
    return [*needs, *tool(act)], [(("broken", act.thing), False)]


def _read(act: Act) -> Rule:
    """A text without a message, or with one: `topic` is at or with `target`."""
    needs, effects = [*awake(act), held(act)], [(("read", act.actor, act.thing), True)]
    if not act.topic:
        return [*needs, (("message", act.thing), False)], [*effects]
    needs.append((("message", act.thing), message(act.topic, act.target)))
    return needs, [*effects, knows(act.actor, act.topic, act.target)]


def _write(act: Act) -> Rule:
    """What they know. Mode `false`: what they know to be wrong."""
    known: Value | Not = Not(act.target) if act.mode == "false" else act.target
    needs: Needs = [*awake(act), held(act), (("knows", act.actor, act.topic), known)]
    return needs, [(("message", act.thing), message(act.topic, act.target))]


def _eat(act: Act) -> Rule:
    return [*awake(act), held(act)], [(("where", act.thing), NOWHERE)]


def _sleep(act: Act) -> Rule:
    return awake(act), [(("asleep", act.actor), True)]


def _wait(act: Act) -> Rule:
    return here(act), []


ACTIONS: dict[str, Callable[[Act], Rule]] = {
    "go": _go, "enter": _enter, "flee": _go, "follow": _follow, "chase": _chase, "search": _search, "find": _find,
    "pick_up": _pick_up, "drop": _drop, "give": _give, "take": _take, "steal": _steal, "trade": _trade, "hide": _hide,
    "bury": _bury, "dig": _dig, "open": _open, "close": _close, "lock": _lock, "light": _light, "put_out": _put_out,
    "break": _break, "repair": _repair, "read": _read, "write": _write, "eat": _eat, "sleep": _sleep, "wait": _wait,
    **DEALINGS,
}  # fmt: skip
"""Every action; world.yaml lists them in the order in which a small vocabulary takes them."""
