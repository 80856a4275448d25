"""Ideas for questions about what one picture shows: who, where, what is held or lies there, light, weather, faces.

    ideas = visual(asker)

What a picture shows are its staged figures and props as far as their measured box is large and free enough. What a
movie's style cannot show is not asked: `Style.shows` says it; where it names no colours, an object is asked about
only if no other of its kind is in the movie. People are asked about by name: who looks how is in the cast, which goes
with the movie.
"""

from collections.abc import Iterator
from typing import Any, Final

from moviellm.generation.studio.asking.asker import OPEN, Asker, Idea
from moviellm.generation.studio.asking.movielog import Frame

FACE_SHOTS: Final = ("close", "medium", "two_shot")
POSES_ASKED: Final = (
    "sit", "read", "point", "kneel", "crouch", "wave", "weep", "hug", "write", "eat", "sleep", "dig",
    "mend", "phone",
)  # fmt: skip
"""Poses that a viewer can name. They are asked for without options: the time alone says that people walk in where a
scene begins, and hug where it ends."""


def visual(asker: Asker) -> list[Idea]:
    """What pictures show at a time."""
    ideas: list[Idea] = []
    for frame in asker.sample(asker.log.frames, asker.breadth):
        middle = int((frame.span[0] + frame.span[1]) / 2)
        if frame.span[0] <= middle < frame.span[1]:
            ideas += [*_people(asker, frame, middle), *_things(asker, frame, middle), *_around(asker, frame, middle)]
    return ideas


def _idea(asker: Asker, frame: Frame, time: int, what: str, value: Any, sort: str, **rest: Any) -> Idea:
    slots = {"time": asker.words.clock(time), **rest.pop("slots", {})}
    form = {"ask": "seen", "what": what, "time": time, **rest.pop("about", {})}
    fixed: dict[str, Any] = {"type": "visual", "rule": f"seen.{what}", "frames": (frame,), "level": "keyframe"}
    return Idea(kind=f"seen.{what}", form=form, slots=slots, value=value, sort=sort, **fixed, **rest)


def _people(asker: Asker, frame: Frame, time: int) -> Iterator[Idea]:
    """Who is there, what they hold, do and feel."""
    if frame.shot == "insert":
        return
    if len(frame.people) == 1 and frame.seen == frame.people:
        yield _idea(asker, frame, time, "who", frame.people[0], "noun")
    for name in frame.seen:
        about: dict[str, Any] = {"about": {"person": name}, "slots": {"a": name}}
        thing = frame.holding.get(name)
        if thing and asker.log.nameable(thing):
            barred = tuple(other for person, other in frame.holding.items() if person != name)
            yield _idea(asker, frame, time, "holding", thing, "noun", barred=barred, **about)
        if frame.poses.get(name) in POSES_ASKED and frame.shot != "close":
            yield _idea(asker, frame, time, "action", frame.poses[name], "pose", formats=OPEN, **about)
        if name in frame.moods and frame.shot in FACE_SHOTS and asker.log.style_shows("feeling"):
            yield _idea(asker, frame, time, "feeling", frame.moods[name], "feeling", **about)


def _things(asker: Asker, frame: Frame, time: int) -> Iterator[Idea]:
    """What lies there, what is open, lit or broken."""
    if len(frame.props) == 1 and asker.log.nameable(frame.props[0]):
        barred = tuple(frame.holding.values())
        yield _idea(asker, frame, time, "lying", frame.props[0], "noun", barred=barred)
    for thing in [*frame.props, *frame.holding.values()]:
        for state in ("open", "lit", "broken"):
            changes = {value for _, value, _ in asker.log.facts.get((thing, state), [])}
            if asker.log.nameable(thing) and len(changes) > 1:
                value = "yes" if (thing, state) in frame.states else "no"
                slots = {"o": asker.words.noun(thing)}
                about: dict[str, Any] = {"about": {"object": thing}, "slots": slots, "pool": ("yes", "no")}
                yield _idea(asker, frame, time, state, value, "truth", formats=OPEN, **about)


def _around(asker: Asker, frame: Frame, time: int) -> Iterator[Idea]:
    """Where it is, when, and in what weather."""
    scene = asker.log.scenes[frame.scene]
    if frame.shot not in ("wide", "medium"):
        return
    if frame.shot == "wide":
        yield _idea(asker, frame, time, "place", scene["place"], "where")
    outside = not asker.log.indoor.get(scene["place"], True)
    if outside and asker.log.style_shows("time_of_day"):
        yield _idea(asker, frame, time, "time_of_day", scene["time_of_day"], "light")
    if outside and asker.log.style_shows("weather") and frame.shot == "wide":
        yield _idea(asker, frame, time, "weather", scene["weather"], "weather")
