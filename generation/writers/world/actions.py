"""The actions of the story world as a model is shown them: which parts each mode has, and what it means.

    ROLES["give"]["asked"]                    # Role(parts=("other", "thing"), ...)
    manual(frozenset({"give", "go"}))         # the lines of the prompt

A part is `field:kind`, with `?` where it may be left out. The kinds say what makes sense (one reads a text and opens a
container); what must be so at that moment is said by the rules themselves (studio/world/rules.py), which see.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from moviellm.generation.studio.world.world import Thing, World


@dataclass(frozen=True)
class Role:
    """One mode of an action."""

    parts: tuple[str, ...]
    """The fields it has beside the actor."""
    says: str
    """What it means, and what it needs."""

    def kinds(self) -> Iterator[tuple[str, str, bool]]:
        """Field, kind and whether it must be there."""
        for part in self.parts:
            field, _, kind = part.rstrip("?").partition(":")
            yield field, kind or ("person" if field == "other" else "object"), not part.endswith("?")


def _roles(**modes: str) -> dict[str, Role]:
    """Modes as `parts | meaning`; `plain` is the action without a mode."""
    found = {}
    for mode, text in modes.items():
        parts, _, says = text.partition("|")
        found["" if mode == "plain" else mode] = Role(tuple(parts.split()), says.strip())
    return found


ROLES: Final[Mapping[str, Mapping[str, Role]]] = {
    "go": _roles(plain="target:place topic:person? | leaves for another place"),
    "enter": _roles(
        plain="| comes in from elsewhere; was not here before",
        called="topic:person | comes because topic called them here",
    ),
    "flee": _roles(plain="target:place topic:person? | runs away to another place; topic: whom they are afraid of"),
    "follow": _roles(plain="other target:place | goes after other, who has just gone to target"),
    "chase": _roles(
        plain="other target:place | runs after other; both end up at target",
        vain="other target:place | other escapes to target",
    ),
    "search": _roles(
        plain="thing? topic:subject? target:lamp? | looks here for thing, or for the person topic; target: a lit lamp",
        vain="thing? topic:subject? target:lamp? | looks here, but it, or they, are not here",
    ),
    "find": _roles(
        plain="thing | finds the hidden thing here after searching for it here",
        told="thing | finds the hidden thing here, where they know it to be",
    ),
    "pick_up": _roles(plain="thing:portable | takes what lies here in plain sight"),
    "drop": _roles(plain="thing | puts down here what they hold"),
    "give": _roles(
        plain="other thing | hands over what they hold",
        asked="other thing | the same, because other asked for it",
        favour="other thing | the same: it is the price that other named",
        reward="other thing | the same, because the price was paid to them",
        forced="other thing | the same, because they are afraid of other",
    ),
    "take": _roles(
        plain="thing target:container? other:person? | takes it out of the open container target, or "
        "back from other, who wronged them",
        known="other thing | takes it back from other, and knows that other has it",
    ),
    "steal": _roles(
        plain="other thing | takes it from other, who does not notice",
        known="other thing | the same, knowing that other has it",
        asleep="other thing | the same while other sleeps",
    ),
    "trade": _roles(
        plain="other thing target:object | gives thing, the price that other named, for target, which other holds"
    ),
    "hide": _roles(
        plain="thing target:container? | hides what they hold here, or in the open container target; alone"
    ),
    "bury": _roles(plain="thing target:spade | buries what they hold here; alone"),
    "dig": _roles(
        plain="thing target:spade | digs up the buried thing here, where they know it to be",
        vain="thing target:spade | digs where they believe it to be; it is not here",
    ),
    "open": _roles(
        plain="thing:container | opens it; it is here, shut and not locked",
        key="thing:container target:key | unlocks and opens it with the key that fits",
        vain="thing:container | cannot open it: it is locked",
    ),
    "close": _roles(plain="thing:container | shuts what stands open here"),
    "lock": _roles(plain="thing:lockable target:key | locks what is shut here with the key that fits"),
    "light": _roles(plain="thing:light | lights the lamp or candle they hold"),
    "put_out": _roles(plain="thing:light other:person? | puts out their own light, or that of other"),
    "break": _roles(plain="thing:breakable other:person? | breaks what they hold; other sees it and is wronged"),
    "repair": _roles(
        plain="thing:breakable target:hammer | mends the broken thing they hold with the hammer they hold",
        vain="thing:breakable target:hammer | cannot mend it: they have not got the hammer",
    ),
    "read": _roles(plain="thing:text | reads what they hold, and learns what it says"),
    "write": _roles(
        plain="thing:letter topic target:spot | writes where topic is, as they know it, on the letter they hold",
        false="thing:letter topic target:spot | writes what they know to be wrong",
    ),
    "eat": _roles(plain="thing:food | eats up what they hold"),
    "sleep": _roles(plain="| falls asleep"),
    "wait": _roles(plain="| waits"),
    "watch": _roles(
        plain="other | observes other, unseen",
        carry="other thing | sees, unseen, that other has thing",
        hide="other thing | sees, unseen, where other has just put thing here",
        deed="other thing topic:person | sees, unseen, that other has thing by wronging topic",
    ),
    "call": _roles(
        plain="other target:place | calls other, who is at target, to come here",
        vain="other target:place | calls other at target, who is not there",
    ),
    "tell": _roles(
        plain="other topic:subject target:spot | says where topic is or who has it, as they believe it",
        asked="other topic:subject target:spot | the same, because other asked",
        favour="other topic:subject target:spot | the same, because their price was paid",
    ),
    "lie": _roles(
        plain="other topic:subject target:spot | says something about topic that they do not believe",
        asked="other topic:subject target:spot | the same, because other asked",
    ),
    "ask": _roles(
        plain="other topic:subject | asks where topic is, or for it",
        vain="other topic:subject | asks in vain: other knows nothing about topic and does not hold it",
        price="other topic | names topic as what they want first",
        request="other topic | asks other to bring topic",
    ),
    "promise": _roles(plain="other thing | promises thing to other"),
    "argue": _roles(
        plain="other | quarrels with other",
        wronged="other thing? | quarrels over a wrong that other did to them",
        thing="other thing | quarrels about thing",
        lied="other topic | quarrels because other lied to them about topic",
        mistaken="other topic:person | takes other for topic and quarrels",
    ),
    "threaten": _roles(plain="other thing target:weapon? | demands thing, which other holds; target: a knife in hand"),
    "apologise": _roles(
        plain="other | says sorry for a wrong they did to other",
        quarrel="other | says sorry after a quarrel; other is angry with them",
    ),
    "hug": _roles(
        plain="other | embraces other",
        thanks="other | the same, being grateful to other",
        peace="other | the same: they trust other, who was angry",
    ),
    "wound": _roles(plain="other target:weapon? | hurts other; target: a knife in hand"),
    "heal": _roles(plain="other thing:remedy? | treats the wounded other with the remedy they hold"),
    "arrest": _roles(
        plain="other thing topic:person | takes other prisoner, who has thing, as they know, by wronging topic",
        mistaken="other thing | takes other prisoner, whom they believe to have thing",
    ),
    "free": _roles(plain="other target:key? | sets the captive other free; target: a key they hold"),
    "show": _roles(
        plain="other thing | shows what they hold",
        proof="other thing | shows a text they hold that says where something is",
    ),
    "warn": _roles(plain="other topic:person | warns other of topic"),
    "refuse": _roles(
        plain="other topic:subject | refuses what other asked of them",
        promise="other topic | refuses what other asked for, though it was promised",
    ),
}  # fmt: skip
FIELDS: Final = ("other", "thing", "target", "topic")
SPOKEN: Final = ("tell", "lie", "ask", "refuse")
"""Actions whose object is what is spoken of: `thing` is `topic`, where that is no person."""


def manual(actions: Collection[str]) -> list[str]:
    """What the actions mean, one line a mode, in the order of the table."""
    lines = []
    for action, modes in ROLES.items():
        if action in actions:
            for mode, role in modes.items():
                name = f"{action}, mode {mode}" if mode else action
                lines.append(f"{name} ({_parts(role)}): {role.says}")
    return lines


def _parts(role: Role) -> str:
    named = [
        f"{field}{'' if kind in ('person', 'object') and field in ('other', 'thing') else ' = ' + kind}"
        f"{'' if needed else ', if any'}"
        for field, kind, needed in role.kinds()
    ]
    return "; ".join(["actor", *named])


def is_of_kind(world: World, name: str, kind: str, thing: str) -> bool:
    """Whether somebody or something can be that part of an act; `thing` is the act's own, which a key has to fit."""
    if kind == "person":
        return world.is_person(name)
    if kind == "place":
        return any(place.name == name for place in world.places)
    if kind == "spot":
        return world.is_person(name) or is_of_kind(world, name, "place", "")
    if kind == "subject" and world.is_person(name):
        return True
    found = next((item for item in world.things if item.name == name), None)
    if found is None:
        return False
    if kind == "key":
        return found.kind == "key" and (not thing or world.key_of(thing) == name)
    return _is(found, kind)


def _is(thing: Thing, kind: str) -> bool:
    if kind in ("object", "subject"):
        return True
    if kind == "portable":
        return "furniture" not in thing.traits
    if kind in ("spade", "hammer"):
        return thing.kind == kind
    return {"lamp": "light"}.get(kind, kind) in thing.traits
