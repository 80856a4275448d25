"""Keyframes are honest: who is in them is there, what is held is held, what lies about lies there in sight."""

from collections.abc import Iterator
from dataclasses import astuple

import pytest

from moviellm.generation.briefs import KeyframeDraft
from moviellm.generation.schema import POSES, SHOTS
from moviellm.generation.studio.script.staging import STAGINGS
from moviellm.generation.studio.world.rules import ACTIONS
from tests.generation.studio.drafts import WRITER, State, Told, states, told

SIZES = [(1, 1, 1), (1, 1, 4), (2, 2, 5), (1, 2, 9), (3, 3, 7)]


def movies() -> list[Told]:
    return [told(i, SIZES[i % len(SIZES)]) for i in range(30)]


def pictures() -> Iterator[tuple[KeyframeDraft, str, State, State]]:
    """Every keyframe with its place and the state before and after its event."""
    for movie in movies():
        for head, draft, by_key in states(movie):
            for keyframe in draft.keyframes:
                yield keyframe, head.location, *by_key[keyframe.event_key]


def test_every_scene_has_its_keyframes_and_every_event_one_of_its_own():
    for movie in movies():
        for _, draft, _ in movie.scenes:
            assert len(draft.keyframes) == movie.story.keyframes
            assert {k.event_key for k in draft.keyframes} - {None} == {event.key for event in draft.events}


def test_events_are_shown_in_order_and_in_one_piece():
    for movie in movies():
        shown = [k.event_key for _, draft, _ in movie.scenes for k in draft.keyframes if k.event_key]
        assert shown == sorted(shown)


def test_a_picture_of_the_place_alone_belongs_to_no_event_and_opens_the_scene():
    opened = 0
    for movie in movies():
        for _, draft, _ in movie.scenes:
            placed = [k.event_key is None for k in draft.keyframes]
            assert placed == sorted(placed, reverse=True)
            opened += placed[0]
    assert opened > 20


def test_who_acts_comes_first_in_every_picture_of_an_event_but_inserts():
    for movie in movies():
        for _, draft, _ in movie.scenes:
            actors = {event.key: event.participants[0] for event in draft.events}
            for keyframe in draft.keyframes:
                if keyframe.event_key and keyframe.shot != "insert":
                    assert keyframe.figures[0].name == actors[keyframe.event_key]


def test_figures_are_people_who_are_there():
    for keyframe, place, before, after in pictures():
        for figure in keyframe.figures:
            assert place in (before.get((figure.name, "at")), after.get((figure.name, "at")))


def test_what_is_held_is_what_the_log_says_before_or_after_the_event():
    for keyframe, _, before, after in pictures():
        for figure in keyframe.figures:
            if figure.holding:
                held = f"held:{figure.name}"
                assert held in (before.get((figure.holding, "where")), after.get((figure.holding, "where")))


def test_what_lies_about_lies_there_in_sight():
    for keyframe, place, before, after in pictures():
        assert len(keyframe.props) <= 3
        assert not set(keyframe.props) & {figure.holding for figure in keyframe.figures}
        for prop in keyframe.props:
            assert any(
                state.get((prop, "where")) == f"at:{place}"
                and state.get((prop, "hidden"), "no") == "no"
                and state.get((prop, "buried"), "no") == "no"
                for state in (before, after)
            )


def test_objects_look_open_lit_or_broken_when_they_are():
    shown = 0
    for keyframe, _, before, after in pictures():
        seen = [*keyframe.props, *(figure.holding for figure in keyframe.figures if figure.holding)]
        told_states = {(state.object, state.state) for state in keyframe.states}
        assert {name for name, _ in told_states} <= set(seen)
        shown += len(told_states)
        for name in seen:
            for state in ("open", "lit", "broken"):
                now = {before.get((name, state), "no"), after.get((name, state), "no")}
                assert ((name, state) in told_states) in {value == "yes" for value in now}
    assert shown > 3


def test_after_picking_up_the_thing_is_held():
    found = 0
    for movie in movies():
        for _, draft, _ in movie.scenes:
            events = {event.key: event for event in draft.events}
            for keyframe in draft.keyframes:
                event = events.get(keyframe.event_key or "")
                if event and event.action == "pick_up" and keyframe.figures and keyframe.figures[0].pose == "hold_up":
                    found += 1
                    assert keyframe.figures[0].holding == event.object
    assert found > 3


def test_a_victim_looks_away():
    assert all(
        staging.other_facing in ("out", "back")
        for name, staging in STAGINGS.items()
        if name.split(".")[0] in ("steal", "watch")
    )


def test_every_action_is_staged():
    assert {name.split(".")[0] for name in STAGINGS} == set(ACTIONS)


def test_no_two_actions_are_staged_alike():
    by_look: dict[tuple[object, ...], set[str]] = {}
    for name, staging in STAGINGS.items():
        _, _, *look = astuple(staging)
        by_look.setdefault(tuple(look), set()).add(name.split(".")[0])
    assert [actions for actions in by_look.values() if len(actions) > 1] == []


def test_shots_fit_what_is_in_them():
    for keyframe, *_ in pictures():
        assert keyframe.shot in SHOTS
        assert all(figure.pose in POSES for figure in keyframe.figures)
        if keyframe.shot in ("two_shot", "over_shoulder"):
            assert len(keyframe.figures) == 2
        if keyframe.shot == "insert":
            assert keyframe.props or any(figure.holding for figure in keyframe.figures)
        if keyframe.shot == "close":
            assert len(keyframe.figures) == 1


def test_shots_vary():
    assert {keyframe.shot for keyframe, *_ in pictures()} == set(SHOTS)


def test_prompts_hold_the_fixed_phrase_of_everybody_and_everything_in_them():
    for movie in movies():
        looks = {person.name: person.appearance for person in movie.outline.characters}
        things = {thing.name: f"{thing.colour} {thing.kind}" for thing in movie.outline.objects}
        for _, draft, _ in movie.scenes:
            for keyframe in draft.keyframes:
                assert all(looks[figure.name] in keyframe.prompt for figure in keyframe.figures)
                assert all(things[prop] in keyframe.prompt for prop in keyframe.props)


def texts(movie: Told) -> list[str]:
    drafts = [draft for _, draft, _ in movie.scenes]
    return [
        movie.outline.synopsis,
        movie.outline.logline,
        *(chapter.summary for chapter in movie.outline.chapters),
        *(head.summary for head, _, _ in movie.scenes),
        *(event.caption for draft in drafts for event in draft.events),
        *(keyframe.caption for draft in drafts for keyframe in draft.keyframes),
    ]


@pytest.mark.parametrize("level", ["rich", "plain"])
def test_texts_are_finished(level: str):
    for i in range(20):
        for text in texts(told(i, (2, 2, 5), level)):
            assert text[0].isupper() or not text[0].isalpha()
            assert text.endswith((".", "!", "?"))
            assert "{" not in text and "  " not in text and " ." not in text and " ," not in text


def test_headings_are_of_a_screenplay():
    for movie in movies():
        places = {place.name: place for place in movie.outline.locations}
        for head, _, _ in movie.scenes:
            place = places[head.location]
            assert place.kind is not None
            inside = "INT" if place.indoor else "EXT"
            assert head.heading == f"{inside}. {place.kind.upper()} - {head.time_of_day.upper()}"


def test_the_first_scene_says_how_the_world_stands():
    for movie in movies():
        facts = {(change.entity, change.attribute) for change in movie.scenes[0][1].changes}
        assert {(person.name, "at") for person in movie.outline.characters} <= facts


@pytest.mark.parametrize("level", ["rich", "cloze"])
def test_every_action_is_told_and_captioned(level: str):
    grammar = WRITER._speaker("en", level).grammars["scene"]
    assert [action for action in ACTIONS if not grammar.has(f"vp.{action}")] == []
    assert [action for action in ACTIONS if not grammar.has(f"action.{action}")] == []


def test_every_variant_of_a_staging_is_one_that_an_event_can_have():
    modes = {name for name in STAGINGS if "." in name}
    rules = WRITER._speaker("en", "rich").grammars["scene"].rules
    assert all(f"action.{name}" in rules or f"vp.{name}" in rules for name in modes)
