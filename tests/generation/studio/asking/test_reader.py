"""What is known with one channel only: a movie of five events, small enough to see why."""

import json

import pytest

from moviellm.generation.briefs import QuestionsBrief
from moviellm.generation.config.recipe import QuestionConfig
from moviellm.generation.schema import (
    Chapter,
    Character,
    DialogueLine,
    Event,
    Figure,
    Keyframe,
    Location,
    Movie,
    Scene,
    StateChange,
    StoryObject,
    TemporalSpan,
    Visible,
)
from moviellm.generation.studio.asking.reader import Log, Reader, answer, question_inputs
from tests.generation.studio.kit import STYLE

ADA, BEN, CORA = "m00000-p00", "m00000-p01", "m00000-p02"
NAMES = ["Ada", "Ben", "Cora"]
GIVE = {"action": "give", "actor": "Ada", "object": "silver key"}
TELL = {"action": "tell", "actor": "Ben", "other": "Cora"}
HIDE = {"action": "hide", "actor": "Cora"}


def change(entity: str, attribute: str, value: str) -> StateChange:
    return StateChange(entity=entity, attribute=attribute, value=value)


def frame(index: int, people: list[str], holding: dict[str, str], shot: str = "medium", **boxes: float) -> Keyframe:
    """A picture of the event with the same index; an object's box is large unless `boxes` gives its width."""
    seen = [Visible(entity_id=p, kind="person", x=0.1, y=0.1, width=0.3, height=0.8, occluded=0.0) for p in people]
    for thing in holding.values():
        width = boxes.get(thing.split()[-1], 0.1)
        seen.append(Visible(entity_id=thing, kind="object", x=0.5, y=0.5, width=width, height=0.1, occluded=0.0))
    return Keyframe(
        keyframe_id=f"m00000-c00-s0{index // 3}-k{index % 3:02d}",
        index=index,
        span=TemporalSpan(start_s=4.0 * index, end_s=4.0 * index + 4),
        prompt="",
        caption="",
        shot=shot,
        character_ids=tuple(people),
        figures=tuple(Figure(character_id=p, pose="stand", emotion="calm", holding=holding.get(p)) for p in people),
        props=(),
        event_id=f"m00000-e{index:04d}",
        visible=tuple(seen),
    )


def event(index: int, people: list[str], place: str, changes: list[StateChange], **rest: str) -> Event:
    return Event(
        event_id=f"m00000-e{index:04d}",
        span=TemporalSpan(start_s=4.0 * index, end_s=4.0 * index + 4),
        caption=f"Event {index}.",
        participants=tuple(people),
        location=place,
        changes=tuple(changes),
        **rest,
    )


def line(index: int, who: str, text: str, says: list[StateChange]) -> DialogueLine:
    return DialogueLine(
        line_id=f"m00000-d{index:02d}",
        character_id=who,
        text=text,
        emotion="calm",
        span=TemporalSpan(start_s=4.0 * index + 1, end_s=4.0 * index + 3),
        event_id=f"m00000-e{index:04d}",
        says=tuple(says),
    )


def movie(key_width: float = 0.1) -> Movie:
    """Ada silently gives Ben the key, Ben waits, Ben tells Cora where the map is; Cora hides the map, Ben the key."""
    key, told = change("silver key", "where", "held:Ben"), change("Cora", "knows:red map", "the inn")
    events = (
        event(0, [ADA, BEN], "the inn", [key], action="give", object="silver key"),
        event(1, [BEN], "the inn", [], action="wait"),
        event(2, [BEN, CORA], "the inn", [told], action="tell", object="red map", topic="red map", target="the inn"),
        event(3, [CORA], "the mill", [change("red map", "where", "at:the mill")], action="hide", object="red map"),
        event(
            4, [BEN], "the mill", [change("silver key", "where", "at:the mill")], action="hide", object="silver key"
        ),
    )
    frames = (
        frame(0, [ADA, BEN], {ADA: "silver key"}, "two_shot", key=key_width),
        frame(1, [BEN], {}),
        frame(2, [BEN, CORA], {}, "two_shot"),
        frame(3, [CORA], {CORA: "red map"}),
        frame(4, [BEN], {BEN: "silver key"}, key=key_width),
    )
    lines = (line(2, BEN, "The red map is here, Cora.", [change("red map", "where", "at:the inn")]),)
    start = tuple(change(name, "at", "the inn") for name in NAMES) + (change("silver key", "where", "held:Ada"),)
    common = {"heading": "", "time_of_day": "day", "weather": "clear", "summary": ""}
    scenes = (
        Scene(scene_id="m00000-c00-s00", index=0, location="the inn", span=TemporalSpan(start_s=0, end_s=12),
              keyframes=frames[:3], dialogue=lines, changes=start, **common),
        Scene(scene_id="m00000-c00-s01", index=1, location="the mill", span=TemporalSpan(start_s=12, end_s=20),
              keyframes=frames[3:], dialogue=(), **common),
    )  # fmt: skip
    whole = TemporalSpan(start_s=0, end_s=20)
    return Movie(
        movie_id="m00000", title="", theme="", genre="", logline="", synopsis="", style=STYLE,
        characters=tuple(
            Character(character_id=i, name=n, role="supporting", description="", appearance=f"a person in a {c} coat")
            for i, n, c in zip((ADA, BEN, CORA), NAMES, ("red", "blue", "green"), strict=True)
        ),
        locations=tuple(Location(name=n, description="", indoor=True, kind=n[4:]) for n in ("the inn", "the mill")),
        objects=(StoryObject(name="silver key", kind="key", colour="silver"),
                 StoryObject(name="red map", kind="map", colour="red")),
        chapters=(Chapter(chapter_id="m00000-c00", index=0, title="", summary="", span=whole, scenes=scenes),),
        events=events, duration_s=20, language="en", seed=1,
    )  # fmt: skip


def reader(key_width: float = 0.1) -> Reader:
    inputs = question_inputs(QuestionsBrief(movie=movie(key_width), questions=QuestionConfig()))
    return Reader(Log(json.loads(json.dumps(inputs))))


WHO_GIVES = {"ask": "event", "event": {k: v for k, v in GIVE.items() if k != "actor"}, "field": "actor"}
WHERE_TOLD = {"ask": "event", "event": TELL, "field": "target"}
TOPIC = {"ask": "event", "event": TELL, "field": "topic"}
PLACES = ["the inn", "the mill"]


@pytest.mark.parametrize(
    ("form", "channel", "candidates", "left"),
    [
        (WHO_GIVES, "vision", NAMES, ["Ada"]),
        (WHO_GIVES, "dialogue", NAMES, NAMES),
        (WHO_GIVES, "frame", NAMES, ["Ada"]),
        (WHO_GIVES, "shuffled", NAMES, ["Ada"]),
        (TOPIC, "vision", ["red map", "silver key"], ["red map", "silver key"]),
        (TOPIC, "dialogue", ["red map", "silver key"], ["red map"]),
        (WHERE_TOLD, "vision", PLACES, PLACES),
        ({"ask": "event", "event": HIDE, "field": "place"}, "dialogue", PLACES, PLACES),
        ({"ask": "next", "event": {"action": "wait"}}, "shuffled", ["Event 2.", "Event 3."], ["Event 2.", "Event 3."]),
        ({"ask": "next", "event": {"action": "wait"}}, "film", ["Event 2.", "Event 3."], ["Event 2."]),
        ({"ask": "speaker", "text": "The red map is here, Cora."}, "vision", NAMES, NAMES),
        ({"ask": "speaker", "text": "The red map is here, Cora."}, "dialogue", NAMES, ["Ben"]),
        ({"ask": "count", "event": {"action": "hide"}}, "vision", [1, 2, 3], [2]),
        ({"ask": "count", "event": {"action": "hide"}}, "dialogue", [1, 2, 3], [1, 2, 3]),
        ({"ask": "first", "events": [GIVE, HIDE]}, "shuffled", [0, 1], [0, 1]),
        ({"ask": "first", "events": [GIVE, HIDE]}, "vision", [0, 1], [0]),
        ({"ask": "seen", "what": "holding", "time": 13, "person": "Cora"}, "dialogue", ["red map", "silver key"],
         ["red map", "silver key"]),
        ({"ask": "seen", "what": "who", "time": 5}, "vision", NAMES, ["Ben"]),
    ],
)  # fmt: skip
def test_a_channel_leaves(form, channel, candidates, left):
    assert reader().remaining(form, channel, candidates) == left


HOLDER = {"ask": "fact", "entity": "silver key", "attribute": "where", "when": HIDE}
HELD = ["held:Ada", "held:Ben", "held:Cora"]


def test_who_has_a_thing_later_is_known_by_following_the_pictures_in_order():
    one = reader()
    assert answer(HOLDER, one.log) == "held:Ben"
    assert one.remaining(HOLDER, "vision", HELD) == ["held:Ben"]
    assert one.remaining(HOLDER, "shuffled", HELD) == ["held:Ada", "held:Ben"]
    assert one.remaining(HOLDER, "dialogue", HELD) == HELD


def test_what_is_too_small_is_not_seen():
    assert reader(key_width=0.001).remaining(HOLDER, "vision", HELD) == HELD


def test_a_question_needs_the_channels_that_others_cannot_do_without():
    one = reader()
    assert one.required(WHO_GIVES, NAMES, strict=True) == ("vision",)
    assert one.required(TOPIC, ["red map", "silver key"], strict=True) == ("dialogue",)
    assert one.required(HOLDER, HELD, strict=False) == ("vision", "order")


def test_to_need_a_channel_strictly_nothing_may_be_ruled_out_without_it():
    assert reader().required(HOLDER, HELD, strict=True) == ("vision",)


def test_a_fact_that_the_event_itself_changes_has_no_answer_at_its_time():
    one = reader()
    assert answer({**HOLDER, "when": {"action": "hide", "actor": "Ben"}}, one.log) is None


def test_a_form_about_what_never_happens_has_no_answer():
    assert answer({"ask": "event", "event": {"action": "steal"}, "field": "actor"}, reader().log) is None
