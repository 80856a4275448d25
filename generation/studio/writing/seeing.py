"""Questions about what can be seen: in one keyframe, over the state of things, and how often.

    for question in visual(asker): ...

What a keyframe shows are its staged figures and props, as far as their measured box is large and free enough.
Colours are asked only where the movie's style has dependable hues.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from moviellm.generation.protocols import QuestionDraft
from moviellm.generation.schema import TemporalSpan
from moviellm.generation.studio.looks import COLOURS, parse
from moviellm.generation.studio.writing.asker import Asker, Common, clock
from moviellm.generation.studio.writing.movielog import LogEvent

STYLES_WITHOUT_HUE = ("noir", "woodcut", "sepia", "blueprint", "ink", "chalk")
COUNT_MAX = 12
"""Nobody is asked to count further."""


def visual(asker: Asker) -> Iterator[QuestionDraft]:
    """What one keyframe shows: what is held, who is there, where it is; and what people wear."""
    log = asker.log
    coats = _coats(asker)
    for scene, frame in asker.shuffled([(part, shown) for part in log.scenes for shown in part["keyframes"]]):
        span = TemporalSpan(start_s=frame["span"][0], end_s=frame["span"][1])
        time = clock((span.start_s + span.end_s) / 2)
        if not span.start_s <= int((span.start_s + span.end_s) / 2) < span.end_s:
            continue
        common: dict[str, Any] = {
            "level": "keyframe", "evidence": (span,), "keyframe_ids": (frame["id"],), "requires": ("vision",),
        }  # fmt: skip
        if asker.rng.random() < 0.25:
            yield from itertools.islice(coats, 1)
        choices = [_held, _seen, _where, _lying]
        for kind in asker.shuffled(choices):
            found = list(kind(asker, scene, frame, time, common))
            if found:
                yield from found
                break


def _coats(asker: Asker) -> Iterator[QuestionDraft]:
    log = asker.log
    if log.inputs["style"] is None or log.inputs["style"] in STYLES_WITHOUT_HUE:
        return
    for name in asker.shuffled(log.names)[:2]:
        frames = [
            frame
            for frame in log.keyframes
            if name in [log.name_of[p] for p in frame["seen"]] and frame["shot"] != "insert"
        ]
        if not frames:
            continue
        looks = parse(log.looks[name])
        text = asker.voice.say("visual.coat", {"a": name, "garment": looks.garment})
        worn = [parse(log.looks[other]).colour for other in log.names]
        span = TemporalSpan(start_s=frames[0]["span"][0], end_s=frames[0]["span"][1])
        more: Common = {
            "evidence": (span,),
            "keyframe_ids": (frames[0]["id"],),
            "requires": ("vision",),
            "level": "movie",
        }
        yield from asker.either("visual", text, looks.colour, wrong=[*worn, *COLOURS], **more)


def _held(
    asker: Asker, scene: Mapping[str, Any], frame: Mapping[str, Any], time: str, common: Common
) -> Iterator[QuestionDraft]:
    if frame["shot"] == "insert" or not frame["holding"]:
        return
    person, thing = asker.rng.choice(frame["holding"])
    if person not in frame["seen"]:
        return
    text = asker.voice.say("visual.holding", {"a": asker.log.name_of[person], "time": time})
    wrong = [f"the {item}" for item in asker.log.things]
    yield from asker.either("visual", text, f"the {thing}", wrong=wrong, **common)


def _seen(
    asker: Asker, scene: Mapping[str, Any], frame: Mapping[str, Any], time: str, common: Common
) -> Iterator[QuestionDraft]:
    if frame["shot"] == "insert" or len(frame["people"]) != 1 or frame["seen"] != frame["people"]:
        return
    name = asker.log.name_of[frame["people"][0]]
    text = asker.voice.say("visual.who", {"time": time})
    yield from asker.either("visual", text, name, wrong=asker.log.names, **common)


def _where(
    asker: Asker, scene: Mapping[str, Any], frame: Mapping[str, Any], time: str, common: Common
) -> Iterator[QuestionDraft]:
    if frame["shot"] != "wide":
        return
    text = asker.voice.say("visual.place", {"time": time})
    right = asker.log.at(scene["location"])
    yield from asker.either(
        "visual", text, right, wrong=[asker.log.at(p) for p in asker.log.inputs["places"]], **common
    )


def _lying(
    asker: Asker, scene: Mapping[str, Any], frame: Mapping[str, Any], time: str, common: Common
) -> Iterator[QuestionDraft]:
    if len(frame["props"]) != 1:
        return
    text = asker.voice.say("visual.prop", {"time": time})
    held = [thing for _, thing in frame["holding"]]
    wrong = [f"the {item}" for item in asker.log.things if item not in held]
    yield from asker.either("visual", text, f"the {frame['props'][0]}", wrong=wrong, **common)


def state(asker: Asker) -> Iterator[QuestionDraft]:
    """Who has a thing, or where it lies, while something else happens."""
    log = asker.log
    position = {event.event_id: i for i, event in enumerate(log.events)}
    for event in asker.shuffled(log.single):
        at = position[event.event_id]
        for thing in asker.shuffled([item for item in log.things if item != event.thing]):
            change = log.holder(thing, at)
            if change is None or change[0] == at:
                continue
            index, holder, place = change
            slots = {"o": f"the {thing}", "clause": event.clause}
            shown = [log.events[index], event]
            more: Common = {"events": shown, "requires": asker.requires(shown, "order")}
            if holder is None:
                wrong = [log.at(item) for item in log.inputs["places"]]
                yield from asker.either(
                    "state", asker.voice.say("state.lies", slots), log.at(place), wrong=wrong, **more
                )
            else:
                text = asker.voice.say("state.holder", slots)
                yield from asker.either("state", text, holder, wrong=[*log.names, "nobody"], **more)
            break


def count(asker: Asker) -> Iterator[QuestionDraft]:
    """How often, how many."""
    log = asker.log
    options: list[tuple[str, int, list[LogEvent]]] = []
    done = Counter((event.names[0], event.action) for event in log.events)
    for (name, action), times in done.items():
        if asker.voice.grammar.has(f"counted.{action}") and times <= COUNT_MAX:
            slots = {"a": name, "base": asker.voice.say(f"counted.{action}")}
            found = [event for event in log.events if (event.names[0], event.action) == (name, action)]
            options.append((asker.voice.say("count.action", slots), times, found))
    for name in log.names:
        scenes = [s for s in log.scenes if any(name in [log.name_of[p] for p in k["people"]] for k in s["keyframes"])]
        spans = [TemporalSpan(start_s=s["span"][0], end_s=s["span"][1]) for s in scenes]
        if spans and len(log.scenes) > 1 and len(spans) <= COUNT_MAX:
            text = asker.voice.say("count.scenes", {"a": name})
            yield from asker.either(
                "count",
                text,
                str(len(spans)),
                wrong=_near(len(spans), len(log.scenes)),
                evidence=tuple(spans),
                level="movie",
            )
    places = {
        scene["location"]: TemporalSpan(start_s=scene["span"][0], end_s=scene["span"][1]) for scene in log.scenes
    }
    if len(places) > 1:
        text, shown = asker.voice.say("count.places"), tuple(sorted(places.values(), key=lambda span: span.start_s))
        yield from asker.either(
            "count", text, str(len(places)), wrong=_near(len(places), len(log.scenes)), evidence=shown, level="movie"
        )
    for text, times, events in asker.shuffled(options):
        yield from asker.either("count", text, str(times), wrong=_near(times), events=events, level="movie")


def _near(number: int, most: int = COUNT_MAX) -> list[str]:
    """Other counts that could be true: no more than `most`."""
    return [str(item) for item in range(max(1, number - 3), min(number + 4, most + 1)) if item != number]
