"""The actions between people: watching, speaking, quarrelling, healing, arresting. Modes are listed with each.

They are part of rules.ACTIONS, which see.
"""

from collections.abc import Callable

from moviellm.generation.studio.world.act import (
    Act,
    Fact,
    Facts,
    Needs,
    Not,
    Rule,
    Value,
    awake,
    feels,
    held,
    here,
    knows,
    lying,
    message,
    near,
    tool,
)  # fmt: skip


def _watch(act: Act) -> Rule:
    """Modes: carry (`thing` is with them), hide (where they put it), deed (they have it by wronging `topic`)."""
    needs = near(act)
    if act.mode == "carry":
        return [*needs, held(act, act.other)], [knows(act.actor, act.thing, act.other)]
    if act.mode == "hide":
        hidden: Needs = [knows(act.other, act.thing, act.place), lying(act)]
        return [*needs, *hidden], [knows(act.actor, act.thing, act.place)]
    if act.mode == "deed":
        needs += [held(act, act.other), (("wronged", act.other, act.topic), True)]
        return needs, [(("saw", act.actor, act.other, act.thing), True), knows(act.actor, act.thing, act.other)]
    return needs, []


def _call(act: Act) -> Rule:
    """Calls `other` at `target` to come here. Mode `vain`: they are not there."""
    if act.mode == "vain":
        return [*awake(act), (("at", act.other), Not(act.target)), (("at", act.other), Not(act.place))], []
    needs: Needs = [*awake(act), (("at", act.other), act.target), (("captive", act.other), False)]
    return needs, [(("asked", act.actor, act.other, act.place), True)]


def _tell(act: Act) -> Rule:
    """Where `topic` is or who has it: `target`. Modes: asked, favour (the price was paid)."""
    needs = [*here(act), knows(act.actor, act.topic, act.target)]
    effects: Facts = [knows(act.other, act.topic, act.target)]
    if act.mode == "asked":
        needs.append((("asked", act.other, act.actor, act.topic), True))
        effects.append((("asked", act.other, act.actor, act.topic), False))
    if act.mode == "favour":
        needs.append((("price", act.actor), "paid"))
        effects.append((("price", act.actor), False))
    return needs, effects


def _lie(act: Act) -> Rule:
    """As `tell`, but they know better. Mode: asked."""
    needs: Needs = [*here(act), (("knows", act.actor, act.topic), Not(act.target))]
    effects: Facts = [knows(act.other, act.topic, act.target), (("lied", act.actor, act.other, act.topic), True)]
    if act.mode == "asked":
        needs.append((("asked", act.other, act.actor, act.topic), True))
        effects.append((("asked", act.other, act.actor, act.topic), False))
    return needs, effects


def _ask(act: Act) -> Rule:
    """About `topic`. Modes: vain (they do not know), price (actor wants `thing` first), request (bring `thing`)."""
    if act.mode == "price":
        return [*here(act), (("price", act.actor), False)], [(("price", act.actor), act.thing)]
    if act.mode == "vain":
        needs = [*here(act), knows(act.other, act.topic, False)]
        if act.thing:
            needs.append((("where", act.thing), Not(f"held:{act.other}")))
        return needs, []
    return here(act), [(("asked", act.actor, act.other, act.topic or act.thing), True)]


def _promise(act: Act) -> Rule:
    return here(act), [(("promised", act.actor, act.other, act.thing), True)]


def _argue(act: Act) -> Rule:
    """Modes: wronged, thing (about `thing`), mistaken (they take them for `topic`), lied (about `topic`)."""
    needs = here(act)
    if act.mode == "wronged":
        needs.append((("wronged", act.other, act.actor), True))
    if act.mode == "lied":
        needs.append((("lied", act.other, act.actor, act.topic), True))
    return needs, [feels(act.actor, act.other, "angry"), feels(act.other, act.actor, "angry")]


def _threaten(act: Act) -> Rule:
    return [*here(act), held(act, act.other), *tool(act)], [feels(act.other, act.actor, "afraid")]


def _apologise(act: Act) -> Rule:
    """For a wrong, or with mode `quarrel` for a quarrel."""
    wrong: tuple[Fact, Value] = (("wronged", act.actor, act.other), True)
    if act.mode == "quarrel":
        return [*here(act), feels(act.other, act.actor, "angry")], [feels(act.other, act.actor, "trusting")]
    return [*here(act), wrong], [(wrong[0], False), feels(act.other, act.actor, "trusting")]


def _hug(act: Act) -> Rule:
    """Modes: thanks, peace (after an apology)."""
    needs = here(act)
    if act.mode == "thanks":
        return [*needs, feels(act.actor, act.other, "grateful")], [feels(act.actor, act.other, "trusting")]
    if act.mode == "peace":
        needs.append(feels(act.actor, act.other, "trusting"))
        return [*needs, feels(act.other, act.actor, "angry")], [feels(act.other, act.actor, "trusting")]
    return needs, []


def _wound(act: Act) -> Rule:
    needs = [*near(act), (("wounded", act.other), False), *tool(act)]
    wrong: Facts = [(("wronged", act.actor, act.other), True), feels(act.other, act.actor, "angry")]
    return needs, [(("wounded", act.other), True), *wrong]


def _heal(act: Act) -> Rule:
    needs = [*here(act), (("wounded", act.other), True)]
    if act.thing:
        needs.append(held(act))
    return needs, [(("wounded", act.other), False), feels(act.other, act.actor, "grateful")]


def _arrest(act: Act) -> Rule:
    """Who is known to have `thing` and wronged `topic`. Mode `mistaken`: they only seem to."""
    needs = [*here(act), (("captive", act.other), False), knows(act.actor, act.thing, act.other)]
    if act.mode != "mistaken":
        needs.append((("wronged", act.other, act.topic), True))
    return needs, [(("captive", act.other), True)]


def _free_somebody(act: Act) -> Rule:
    """`target`: the key that it takes."""
    needs = [*here(act), (("captive", act.other), True), *tool(act)]
    return needs, [(("captive", act.other), False), feels(act.other, act.actor, "grateful")]


def _show(act: Act) -> Rule:
    """What they hold. Mode `proof`: a text that says that `topic` is with or at `target`."""
    needs, effects = [*here(act), held(act)], [knows(act.other, act.thing, act.actor)]
    if act.mode == "proof":
        needs.append((("message", act.thing), message(act.topic, act.target)))
        effects.append(knows(act.other, act.topic, act.target))
    return needs, effects


def _warn(act: Act) -> Rule:
    return here(act), [feels(act.other, act.topic, "afraid")]


def _refuse(act: Act) -> Rule:
    """What was asked. Mode `promise`: it was promised, too."""
    asked = ("asked", act.other, act.actor, act.topic or act.thing)
    needs, effects = [*here(act), (asked, True)], [(asked, False)]
    if act.mode != "promise":
        return needs, [*effects]
    promised = ("promised", act.actor, act.other, act.thing)
    return [*needs, (promised, True)], [*effects, (promised, False), (("wronged", act.actor, act.other), True)]


DEALINGS: dict[str, Callable[[Act], Rule]] = {
    "watch": _watch, "call": _call, "tell": _tell, "lie": _lie, "ask": _ask, "promise": _promise, "argue": _argue,
    "threaten": _threaten, "apologise": _apologise, "hug": _hug, "wound": _wound, "heal": _heal, "arrest": _arrest,
    "free": _free_somebody, "show": _show, "warn": _warn, "refuse": _refuse,
}  # fmt: skip
