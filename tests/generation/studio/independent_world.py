"""What an event changes in the story world: a second set of rules, written from the meaning of the 45 actions.

    world = changed(world, consequences(happening))

It shares no code with the product and does not read `Event.changes`: what follows from an event follows here from its
action, people, things and place. Questions are answered with it in independent.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from moviellm.generation.schema import Event

World = dict[tuple[str, str], str]
Change = tuple[str, str, str]
YES, NO = "yes", "no"


@dataclass
class Happening:
    """An event by names."""

    event: Event
    actor: str
    other: str
    scene: int
    before: World = field(default_factory=dict)
    after: World = field(default_factory=dict)

    def part(self, name: str) -> str | None:
        """What a spec may ask for."""
        if name == "place":
            return self.event.location
        found = getattr(self, name) if name in ("actor", "other") else getattr(self.event, name)
        return found or None

    def fits(self, spec: dict[str, str]) -> bool:
        """A failed attempt is meant only where the spec says so."""
        failed = self.event.variant == "vain" and "variant" not in spec
        return not failed and all(self.part(name) == value for name, value in spec.items())


def consequences(h: Happening) -> Iterator[Change]:
    """What is so once it has happened."""
    e, a, b = h.event, h.actor, h.other
    place, how = e.location, e.variant or ""
    thing, target, topic = e.object or "", e.target or "", e.topic or ""
    knows = f"knows:{thing}"
    vain = how == "vain"
    match e.action:
        case "go" | "flee" | "follow":
            yield a, "at", target
        case "enter":
            yield a, "at", place
            if how == "called":
                yield topic, f"asked:{a}:{place}", NO
        case "chase":
            yield b, "at", target
            if not vain:
                yield a, "at", target
        case "search":
            yield a, f"searched:{place}:{thing or topic}" + (":vain" if vain else ""), YES
            if vain and thing and topic:  # they had believed it to be here
                yield a, knows, NO
        case "find":
            yield thing, "hidden", NO
            if how != "told":
                yield a, f"searched:{place}:{thing}", NO
                yield a, knows, place
        case "pick_up":
            yield thing, "where", f"held:{a}"
        case "take" if target:
            yield thing, "where", f"held:{a}"
        case "take" | "steal":
            yield thing, "where", f"held:{a}"
            # Who takes back what was theirs rights a wrong; who steals does one.
            yield (b, f"wronged:{a}", NO) if e.action == "take" else (a, f"wronged:{b}", YES)
        case "drop" | "bury" | "hide":
            yield thing, "where", f"in:{target}" if e.action == "hide" and target else f"at:{place}"
            yield a, knows, place
            if e.action == "bury":
                yield thing, "buried", YES
            if e.action == "hide" and not target:
                yield thing, "hidden", YES
        case "dig":
            yield (a, knows, NO) if vain else (thing, "buried", NO)
        case "give":
            yield thing, "where", f"held:{b}"
            yield a, knows, b
            if how == "favour":
                yield b, "price", "paid"
            if how == "reward":
                yield a, "price", NO
            if how == "asked":
                yield b, f"asked:{a}:{thing}", NO
            if how == "forced":
                yield b, f"wronged:{a}", YES
            else:
                yield b, f"feels:{a}", "grateful"
                yield a, f"promised:{b}:{thing}", NO
        case "trade":
            yield thing, "where", f"held:{b}"
            yield target, "where", f"held:{a}"
            yield b, "price", NO
            yield a, knows, b
            yield b, f"knows:{target}", a
        case "open" if not vain:
            yield thing, "open", YES
            if how == "key":
                yield thing, "locked", NO
        case "close":
            yield thing, "open", NO
        case "lock":
            yield thing, "locked", YES
        case "light":
            yield thing, "lit", YES
        case "put_out":
            yield thing, "lit", NO
        case "break":
            yield thing, "broken", YES
            if b:
                yield a, f"wronged:{b}", YES
                yield b, f"feels:{a}", "angry"
        case "repair" if not vain:
            yield thing, "broken", NO
        case "read":
            yield a, f"read:{thing}", YES
            if topic:
                yield a, f"knows:{topic}", target
        case "write":
            yield thing, "message", f"{topic}: {target}"
        case "eat":
            yield thing, "where", "nowhere"
        case "sleep":
            yield a, "asleep", YES
        case "watch" if how in ("carry", "deed"):
            yield a, knows, b
            if how == "deed":
                yield a, f"saw:{b}:{thing}", YES
        case "watch" if how == "hide":
            yield a, knows, place
        case "call" if not vain:
            yield a, f"asked:{b}:{place}", YES
        case "tell" | "lie":
            yield b, f"knows:{topic}", target
            if e.action == "lie":
                yield a, f"lied:{b}:{topic}", YES
            if how == "asked":
                yield b, f"asked:{a}:{topic}", NO
            if how == "favour":
                yield a, "price", NO
        case "ask" if how == "price":
            yield a, "price", thing
        case "ask" if not vain:
            yield a, f"asked:{b}:{topic or thing}", YES
        case "promise":
            yield a, f"promised:{b}:{thing}", YES
        case "argue":
            yield a, f"feels:{b}", "angry"
            yield b, f"feels:{a}", "angry"
        case "threaten":
            yield b, f"feels:{a}", "afraid"
        case "apologise":
            yield b, f"feels:{a}", "trusting"
            if how != "quarrel":
                yield a, f"wronged:{b}", NO
        case "hug" if how == "thanks":
            yield a, f"feels:{b}", "trusting"
        case "hug" if how == "peace":
            yield b, f"feels:{a}", "trusting"
        case "wound":
            yield b, "wounded", YES
            yield a, f"wronged:{b}", YES
            yield b, f"feels:{a}", "angry"
        case "heal":
            yield b, "wounded", NO
            yield b, f"feels:{a}", "grateful"
        case "arrest":
            yield b, "captive", YES
        case "free":
            yield b, "captive", NO
            yield b, f"feels:{a}", "grateful"
        case "show":
            yield b, knows, a
            if how == "proof":
                yield b, f"knows:{topic}", target
        case "warn":
            yield b, f"feels:{topic}", "afraid"
        case "refuse":
            yield b, f"asked:{a}:{topic or thing}", NO
            if how == "promise":
                yield a, f"promised:{b}:{thing}", NO
                yield a, f"wronged:{b}", YES


def changed(world: World, changes: Iterator[Change]) -> World:
    """The world after changes; that something never heard of is not so is no news."""
    new = dict(world)
    for entity, attribute, value in changes:
        if value != NO or (entity, attribute) in new:
            new[entity, attribute] = value
    return new
