"""A world that a person can check: both readers find the answers that were written by hand into by_hand.yaml."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml

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
    check_movie,
)
from moviellm.generation.studio.asking.reader import Log, answer, question_inputs
from tests.generation.studio.independent import Film
from tests.generation.studio.independent_world import consequences

DATA = yaml.safe_load((Path(__file__).parent / "by_hand.yaml").read_text(encoding="utf-8"))
STEP_S = 4.0
IDS = {name: f"m00000-p{i:02d}" for i, name in enumerate(DATA["people"])}


def span(first: int, count: int = 1) -> TemporalSpan:
    return TemporalSpan(start_s=first * STEP_S, end_s=(first + count) * STEP_S)


def changes(rows: list[list[str]]) -> tuple[StateChange, ...]:
    return tuple(StateChange(entity=e, attribute=a, value=v) for e, a, v in rows)


def event(index: int, row: dict[str, Any], place: str) -> Event:
    return Event(
        event_id=f"m00000-e{index:04d}",
        span=span(index),
        caption=row["says"],
        participants=tuple(IDS[name] for name in row["who"]),
        location=place,
        because=tuple(f"m00000-e{cause:04d}" for cause in row.get("because", [])),
        **{name: row.get(name) for name in ("action", "object", "target", "topic", "variant")},
    )


def keyframe(scene: int, index: int, row: dict[str, Any]) -> Keyframe:
    people = [IDS[name] for name in row["who"]]
    held = row["object"] if row["action"] in ("light", "give", "put_out", "drop") else None
    return Keyframe(
        keyframe_id=f"m00000-c00-s{scene:02d}-k{index:02d}",
        index=index,
        span=span(index),
        prompt="",
        caption=row["says"],
        shot="medium",
        character_ids=tuple(people),
        figures=tuple(
            Figure(character_id=who, pose="stand", emotion="calm", holding=held if who == people[0] else None)
            for who in people
        ),
        props=(),
        event_id=f"m00000-e{index:04d}",
    )


def scene(number: int, first: int, row: dict[str, Any]) -> Scene:
    lines: list[dict[str, Any]] = row.get("lines", [])
    return Scene(
        scene_id=f"m00000-c00-s{number:02d}",
        index=number,
        heading="",
        location=row["place"],
        time_of_day=row["time_of_day"],
        weather=row["weather"],
        summary="",
        changes=changes(row["start"]),
        span=span(first, len(row["events"])),
        keyframes=tuple(keyframe(number, first + i, happening) for i, happening in enumerate(row["events"])),
        dialogue=tuple(
            DialogueLine(
                line_id=f"m00000-c00-s{number:02d}-d{i:02d}",
                character_id=IDS[line["who"]],
                text=line["text"],
                emotion="calm",
                span=TemporalSpan(
                    start_s=line["during"] * STEP_S + 2 * (i % 2), end_s=line["during"] * STEP_S + 2 + 2 * (i % 2)
                ),
            )
            for i, line in enumerate(lines)
        ),
    )


@lru_cache
def movie() -> Movie:
    """The movie of by_hand.yaml; what its events change is worked out by the second reader."""
    starts = [sum(len(row["events"]) for row in DATA["scenes"][:i]) for i in range(len(DATA["scenes"]))]
    scenes = tuple(scene(i, starts[i], row) for i, row in enumerate(DATA["scenes"]))
    told = [(row["place"], happening) for row in DATA["scenes"] for happening in row["events"]]
    made = Movie(
        movie_id="m00000",
        title="",
        theme="",
        genre="",
        logline="",
        synopsis="",
        characters=tuple(
            Character(character_id=IDS[name], name=name, role="supporting", description="", appearance=looks)
            for name, looks in DATA["people"].items()
        ),
        locations=tuple(
            Location(name=name, description="", indoor=kind != "harbour", kind=kind)
            for name, kind in DATA["places"].items()
        ),
        objects=tuple(
            StoryObject(name=name, kind=kind, colour=name.split()[0]) for name, kind in DATA["things"].items()
        ),
        chapters=(
            Chapter(chapter_id="m00000-c00", index=0, title="", summary="", span=span(0, len(told)), scenes=scenes),
        ),
        events=tuple(event(i, happening, place) for i, (place, happening) in enumerate(told)),
        duration_s=len(told) * STEP_S,
        language="en",
        seed=0,
    )
    happenings = Film(made).happenings
    events = tuple(
        h.event.model_copy(update={"changes": changes([list(c) for c in consequences(h)])}) for h in happenings
    )
    made = made.model_copy(update={"events": events})
    check_movie(made)
    return made


QUESTIONS = [pytest.param(form, right, id=text) for text, form, right in DATA["questions"]]


def test_there_are_enough_questions():
    assert len(QUESTIONS) >= 30


@pytest.mark.parametrize(("form", "right"), QUESTIONS)
def test_the_second_reader_finds_the_answer_of_the_person(form, right):
    assert Film(movie()).answer(form) == right


@pytest.mark.parametrize(("form", "right"), QUESTIONS)
def test_the_product_s_reader_finds_the_answer_of_the_person(form, right):
    log = Log(question_inputs(QuestionsBrief(movie=movie(), questions=QuestionConfig()))["movie"])
    assert answer(form, log) == right
