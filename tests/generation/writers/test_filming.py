"""Scenes and dialogue: what becomes of answers, and what is wrong with them, in a story of Ada, Ben and a key."""

from typing import Any

import pytest

from moviellm.generation.briefs import (
    ChapterDraft,
    ChapterHead,
    CharacterDraft,
    DialogueBrief,
    LocationDraft,
    ObjectDraft,
    OutlineDraft,
    SceneBrief,
    SceneHead,
    StoryBrief,
    StyleDraft,
)
from moviellm.generation.schema import StateChange
from moviellm.generation.writers import showing
from moviellm.generation.writers.answers import DialogueAnswer, SceneAnswer
from moviellm.generation.writers.filming import dialogue_draft, scene_draft

ADA = "a tall person with black bob hair, fair skin, a teal coat and glasses"
BEN = "a stout person with red short hair, pale skin, a brown jacket and a cap"


def change(entity: str, attribute: str, value: str) -> StateChange:
    return StateChange(entity=entity, attribute=attribute, value=value)


DIES = (change("Ben", "alive", "no"), change("key", "where", "held:Ada"))
STORY = StoryBrief(theme="a key", language="en", chapters=1, scenes=2, keyframes=2, seed=1)
OUTLINE = OutlineDraft(
    title="The Key",
    genre="mystery",
    logline="Ada wants the key.",
    synopsis="Ada gets the key and Ben dies.",
    style=StyleDraft(keyword="ink", description="ink on paper"),
    characters=(
        CharacterDraft(name="Ada", role="protagonist", description="a keeper", appearance=ADA),
        CharacterDraft(name="Ben", role="antagonist", description="a thief", appearance=BEN),
    ),
    locations=(LocationDraft(name="the old inn", description="a low room", indoor=True, kind="inn"),),
    objects=(ObjectDraft(name="key", kind="key", colour="brass"),),
    begins_with=(change("story", "date", "1931-10-04"), change("key", "where", "held:Ben")),
    chapters=(
        ChapterHead(
            title="The inn", summary="Ben dies.", characters=("Ada", "Ben"), locations=("the old inn",), ends_with=DIES
        ),
    ),
)


def head(*people: str, clock: str, ends_with: tuple[StateChange, ...] = ()) -> SceneHead:
    return SceneHead(
        heading="INT. INN - DAY",
        location="the old inn",
        time_of_day="day",
        weather="rain",
        summary="Something happens.",
        date="1931-10-04",
        clock=clock,
        characters=people,
        ends_with=ends_with,
    )


CHAPTER = ChapterDraft(scenes=(head("Ada", "Ben", clock="10:00", ends_with=DIES), head("Ada", clock="11:00")))


def context(index: int) -> dict[str, Any]:
    brief = SceneBrief(
        story=STORY, outline=OUTLINE, chapter_index=0, scene_index=index, scene=CHAPTER.scenes[index], chapter=CHAPTER
    )
    return showing.scene(brief).context


def event(key: str, caption: str, people: list[str], *changes: tuple[str, str, str]) -> dict[str, Any]:
    facts = [{"entity": e, "fact": f, "value": v} for e, f, v in changes]
    about = {"action": "give", "object": "key", "because": []}
    return {"key": key, "caption": caption, "participants": people, "changes": facts, **about}


def frame(key: str | None, caption: str, *figures: tuple[str, str, str | None]) -> dict[str, Any]:
    seen = [{"name": n, "pose": p, "emotion": "calm", "holding": h, "facing": "in"} for n, p, h in figures]
    about = {"picture": None, "shot": "medium", "props": [], "states": []}
    return {"event": key, "caption": caption, "figures": seen, **about}


TAKES = event("e1", "Ada takes the key from Ben.", ["Ada", "Ben"], ("key", "held_by", "Ada"))
FALLS = event("e2", "Ben falls.", ["Ben"], ("Ben", "alive", "no"))
FIRST: dict[str, Any] = {
    "events": [TAKES, FALLS],
    "keyframes": [
        frame("e1", "Ada holds the key before Ben.", ("Ada", "hold_up", "key"), ("Ben", "stand", None)),
        frame("e2", "Ben lies on the floor.", ("Ben", "sleep", None)),
    ],
}


def draft(answer: dict[str, Any], index: int = 0) -> Any:
    return scene_draft(SceneAnswer.model_validate(answer), context(index))


def test_keys_of_events_are_those_of_their_scene() -> None:
    made = draft(FIRST)
    assert [item.key for item in made.events] == ["c00s00e1", "c00s00e2"]
    assert [item.event_key for item in made.keyframes] == ["c00s00e1", "c00s00e2"]


def test_the_first_scene_tells_how_the_story_begins_and_who_is_there() -> None:
    begins = {(item.entity, item.attribute): item.value for item in draft(FIRST).changes}
    assert begins == {
        ("key", "where"): "held:Ben",
        ("Ada", "at"): "the old inn",
        ("Ben", "at"): "the old inn",
    }


def test_the_prompt_says_looks_staging_place_light_and_style_and_no_name() -> None:
    assert draft(FIRST).keyframes[0].prompt == (
        f"medium shot of {ADA}, holding something up, calm, with a brass key in hand; {BEN}, standing, calm; "
        "the person in the teal coat holds the key before the person in the brown jacket; inn, a low room; "
        "soft daylight; ink on paper"
    )


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ({"events": [TAKES], "keyframes": [FIRST["keyframes"][0]]}, "the plan says Ben is dead when it ends"),
        ({"events": [FALLS], "keyframes": [FIRST["keyframes"][1]]}, "the plan says the key is held by Ada"),
        ({"events": [FALLS, event("e3", "Ben goes.", ["Ben"])]}, "event e3: Ben is dead and cannot act"),
        ({"events": [TAKES, FALLS | {"because": ["e9"]}]}, "its cause 'e9' is no earlier event"),
        ({"keyframes": FIRST["keyframes"][::-1]}, "do not show the events in their order"),
        (
            {"keyframes": [frame("e2", "Ben waves to Ada.", ("Ada", "stand", "lamp"), ("Zed", "stand", None))]},
            "the person 'Zed' was not introduced",
        ),
        (
            {"keyframes": [FIRST["keyframes"][0] | {"states": [{"object": "lamp", "state": "lit"}]}]},
            "the state of 'lamp' is told",
        ),
    ],
)
def test_a_scene_that_breaks_a_rule_is_refused_with_the_reason(spoilt: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        draft(FIRST | spoilt)


def test_all_faults_are_said_together() -> None:
    with pytest.raises(ValueError, match="Zed.*; .*the plan says"):
        draft({"events": [event("e1", "Zed comes.", ["Zed"])], "keyframes": []})


def test_the_dead_of_an_earlier_scene_are_not_there() -> None:
    comes = {
        "events": [event("e1", "Ben comes back.", ["Ben", "Ada"])],
        "keyframes": [frame("e1", "Ben comes back.", ("Ben", "walk", None))],
    }
    with pytest.raises(ValueError, match="event e1: Ben is dead and cannot act; keyframe 1: Ben is not in this scene"):
        draft(comes, index=1)


def lines(index: int, *said: tuple[int, str | None, str]) -> Any:
    made = draft(FIRST) if index == 0 else draft(SECOND, index=1)
    brief = DialogueBrief(
        story=STORY,
        outline=OUTLINE,
        scene=CHAPTER.scenes[index],
        draft=made,
        scene_key="s",
        seconds_per_keyframe=4.0,
        before=CHAPTER.scenes[:index],
    )
    spoken = [{"keyframe": k, "speaker": s, "text": t, "emotion": "sad"} for k, s, t in said]
    return dialogue_draft(DialogueAnswer.model_validate({"lines": spoken}), showing.dialogue(brief).context)


SECOND: dict[str, Any] = {
    "events": [event("e1", "Ada weeps.", ["Ada"])],
    "keyframes": [frame("e1", "Ada weeps.", ("Ada", "weep", "key"))] * 2,
}


def test_a_line_belongs_to_the_event_of_its_keyframe_and_lines_are_in_order() -> None:
    made = lines(0, (1, "Ben", "Farewell."), (0, "Ada", "It is mine."), (0, None, "So it was."))
    assert [(line.keyframe_index, line.event_key) for line in made.lines] == [
        (0, "c00s00e1"), (0, None), (1, "c00s00e2")
    ]  # fmt: skip


def test_a_dead_man_does_not_speak() -> None:
    with pytest.raises(ValueError, match="line 1: Ben is dead and cannot speak"):
        lines(1, (0, "Ben", "I am still here."))


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ((0, "Zed", "Hello."), "the person 'Zed' was not introduced"),
        ((7, "Ada", "Hello."), "there are 0 to 1"),
        ((0, "Ada", " "), "line 1 is empty"),
        ((0, "Ada", "word " * 40), "40 words are said; its time is enough for 10"),
    ],
)
def test_a_line_that_breaks_a_rule_is_refused_with_the_reason(said: tuple[int, str, str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        lines(0, said)


def test_more_lines_than_there_is_room_for_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 3 may be spoken"):
        lines(0, *[(0, "Ada", "Yes.")] * 4)


def test_the_prompt_says_new_clothes() -> None:
    wears = event("e1", "Ada has put on a cloak.", ["Ada"], ("Ada", "wears", "a black cloak"))
    after = event("e2", "Ada weeps.", ["Ada"])
    told = {
        "events": [wears, after],
        "keyframes": [
            frame("e1", "Ada weeps.", ("Ada", "stand", None)),
            frame("e2", "Ada weeps.", ("Ada", "weep", None)),
        ],
    }
    planned = context(1) | {"ends_with": [["Ada", "wears", "a black cloak"]]}
    first, second = scene_draft(SceneAnswer.model_validate(told), planned).keyframes
    assert "black cloak" not in first.prompt and "now wearing a black cloak" in second.prompt
