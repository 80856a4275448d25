"""How each action looks in its picture: before or after it, which shots, poses, faces, and where people look.

    staging = staging_of(act)           # by action, or by action and mode

No two actions are staged alike: they differ in somebody's pose, in what is held or lies there, in its state or in
where people look. What a picture cannot tell apart (a lie from the truth, a search in vain from a search, a burial
from a vain dig) is told by the dialogue.

It is only the table: see shooting.py for the pictures.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from moviellm.generation.schema import Emotion, Facing, Pose, Shot
from moviellm.generation.studio.world.actions import Act

BOTH: tuple[Shot, ...] = ("two_shot", "medium")
TALK: tuple[Shot, ...] = ("two_shot", "over_shoulder", "medium")
ALONE: tuple[Shot, ...] = ("medium", "medium", "wide")
ROOM: tuple[Shot, ...] = ("wide", "medium")


@dataclass(frozen=True)
class Staging:
    """How the action picture of an action looks."""

    after: bool
    """Whether it is taken after the event; before it otherwise."""
    shots: tuple[Shot, ...]
    pose: Pose
    emotion: Emotion
    other_pose: Pose = "stand"
    other_emotion: Emotion = "calm"
    facing: Facing = "in"
    other_facing: Facing = "in"
    holds: str = "thing"
    """What the actor has in hand if they have it then: the act's `thing`, its `target` (a tool), or nothing."""
    other_holds: str = "thing"
    """The same for the other."""


STAGINGS: Mapping[str, Staging] = {
    "go": Staging(False, ROOM, "walk", "calm", facing="out"),
    "enter": Staging(True, ROOM, "walk", "calm"),
    "flee": Staging(False, ROOM, "run", "afraid", facing="out"),
    "follow": Staging(False, ROOM, "walk", "worried", facing="back"),
    "chase": Staging(False, ("wide", "two_shot"), "run", "angry", "run", "afraid", "in", "out"),
    "chase.vain": Staging(True, ALONE, "point", "angry", facing="out"),
    "search": Staging(False, ALONE, "crouch", "worried", holds="target"),
    "search.vain": Staging(True, ALONE, "crouch", "sad", holds="target"),
    "find": Staging(True, ALONE, "reach", "surprised", holds=""),
    "pick_up": Staging(True, ALONE, "hold_up", "happy"),
    "drop": Staging(True, ALONE, "crouch", "sad", holds=""),
    "give": Staging(False, BOTH, "give", "tender", "reach", "happy"),
    "give.forced": Staging(False, BOTH, "give", "afraid", "reach", "angry"),
    "take": Staging(True, BOTH, "carry", "angry", "reach", "sad"),
    "take.chest": Staging(True, ALONE, "carry", "surprised"),
    "steal": Staging(True, ("medium", "wide"), "carry", "worried", "think", "calm", "out", "back"),
    "trade": Staging(False, BOTH, "give", "calm", "give", "calm", other_holds="target"),
    "hide": Staging(False, ALONE, "kneel", "worried", facing="back"),
    "hide.chest": Staging(False, ALONE, "kneel", "worried"),
    "bury": Staging(False, ALONE, "dig", "worried", holds="target"),
    "dig": Staging(True, ALONE, "dig", "surprised", holds="target"),
    "dig.vain": Staging(True, ALONE, "dig", "sad", holds="target"),
    "open": Staging(True, ALONE, "kneel", "surprised", holds="target"),
    "open.vain": Staging(True, ALONE, "kneel", "angry", holds="target"),
    "close": Staging(True, ALONE, "reach", "calm", holds=""),
    "lock": Staging(True, ALONE, "kneel", "calm", holds="target"),
    "light": Staging(True, ALONE, "hold_up", "calm"),
    "put_out": Staging(True, ALONE, "sit", "calm"),
    "put_out.other": Staging(True, BOTH, "reach", "calm", "carry", "surprised"),
    "break": Staging(True, ALONE, "stand", "surprised", facing="front"),
    "break.other": Staging(True, BOTH, "stand", "surprised", "stand", "angry", facing="front"),
    "repair": Staging(False, ALONE, "mend", "calm"),
    "repair.vain": Staging(False, ALONE, "think", "sad"),
    "read": Staging(True, ("medium", "close"), "read", "surprised"),
    "write": Staging(True, ("medium",), "write", "calm"),
    "eat": Staging(False, ("medium",), "eat", "happy"),
    "sleep": Staging(True, ALONE, "sleep", "calm", holds=""),
    "wait": Staging(False, ALONE, "sit", "calm", facing="front", holds=""),
    "watch": Staging(False, ROOM, "crouch", "worried", "walk", "calm", other_facing="out"),
    "watch.carry": Staging(False, ROOM, "crouch", "surprised", "carry", "calm", other_facing="out"),
    "watch.hide": Staging(False, ROOM, "crouch", "surprised", "kneel", "calm", other_facing="back"),
    "watch.deed": Staging(False, ROOM, "crouch", "surprised", "stand", "calm", other_facing="back"),
    "call": Staging(False, ("medium", "close"), "phone", "worried", holds=""),
    "call.vain": Staging(True, ("medium", "close"), "phone", "sad", holds=""),
    "tell": Staging(False, TALK, "talk", "calm", "stand", "surprised"),
    "lie": Staging(False, BOTH, "talk", "calm", "stand", "surprised", facing="front"),
    "ask": Staging(False, TALK, "talk", "worried", "think", "calm"),
    "ask.price": Staging(False, TALK, "talk", "calm", "think", "worried"),
    "promise": Staging(False, BOTH, "reach_up", "tender", "stand", "happy"),
    "argue": Staging(True, TALK, "point", "angry", "point", "angry"),
    "threaten": Staging(True, BOTH, "reach", "angry", "stand", "afraid", holds="target"),
    "apologise": Staging(False, BOTH, "weep", "sad", "stand", "tender"),
    "hug": Staging(False, BOTH, "hug", "happy", "hug", "tender"),
    "wound": Staging(True, BOTH, "reach", "angry", "hurt", "afraid", holds="target"),
    "heal": Staging(False, BOTH, "kneel", "tender", "hurt", "sad"),
    "arrest": Staging(True, BOTH, "point", "calm", "caught", "afraid"),
    "free": Staging(True, BOTH, "reach", "happy", "wave", "happy", holds="target"),
    "show": Staging(False, BOTH, "hold_up", "calm", "stand", "surprised"),
    "warn": Staging(False, TALK, "point", "afraid", "think", "worried", facing="out"),
    "refuse": Staging(False, BOTH, "stand", "angry", "reach", "sad", facing="out"),
}
SPEECH = ("ask", "tell", "lie", "promise", "argue", "apologise", "warn", "refuse", "call")
"""Actions whose object is spoken of and need not be there."""
UNSEEN = ("steal", "watch", "call")
"""Actions that the other does not see, so that the two are never shown face to face."""
LEAVING = ("go", "flee", "follow", "chase")
"""Actions after which the actor is gone, so that all their pictures are taken before."""
TOOLED = ("wound", "repair", "bury", "dig")
CARRYING_POSES: tuple[Pose, ...] = ("stand", "walk", "carry", "hold_up")
"""Poses in which somebody shows what they happen to carry."""
HOLDING_POSES: tuple[Pose, ...] = ("give", "carry", "hold_up", "read", "write", "eat")
"""Poses that make no sense with an empty hand."""


def variants(act: Act, people: Mapping[str, object]) -> list[str]:
    """What kind of its action an act is, the most special first: names of variants of rules and stagings."""
    kind = ""
    if act.action in ("take", "hide") and act.target and act.target not in people:
        kind = "chest"
    elif act.action in ("put_out", "break") and act.other:
        kind = "other"
    elif act.action in TOOLED and act.target:
        kind = "tool"
    elif act.action in ("read", "write") and act.target and subject(act):
        kind = "message"
    elif act.action in ("tell", "lie") and act.target in people and subject(act) not in people:
        kind = "held"
    elif act.action in ("tell", "lie") and subject(act) in people:
        kind = "person"
    elif act.action in ("argue", "threaten") and act.thing:
        kind = "thing"
    names = [f"{act.mode}.{kind}" if act.mode and kind else "", kind, act.mode]
    if act.action == "argue":
        names.reverse()
    return [name for name in names if name]


def subject(act: Act) -> str:
    """The thing or person that is spoken, written or read of."""
    return str(getattr(act, "topic", "")) or act.thing


def staging_of(act: Act, people: Mapping[str, object]) -> Staging:
    """How an act is staged."""
    for name in variants(act, people):
        if f"{act.action}.{name}" in STAGINGS:
            return STAGINGS[f"{act.action}.{name}"]
    return STAGINGS[act.action]
