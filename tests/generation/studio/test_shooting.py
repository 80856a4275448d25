"""Keyframes are honest: who is in them is there, what is held is held, what lies about lies there."""

import pytest

from moviellm.generation.schema import POSES, SHOTS, Movie
from tests.generation.studio.kit import THEMES, brief, make, story

SIZES = [(1, 1, 1), (1, 1, 4), (2, 2, 4), (1, 2, 9), (3, 3, 7)]


def movies() -> list[Movie]:
    return [make(THEMES[i % len(THEMES)], *SIZES[i % len(SIZES)], i, 0) for i in range(20)]


def test_every_scene_has_its_keyframes_and_every_event_is_shown():
    for i, movie in enumerate(movies()):
        assert all(len(scene.keyframes) == SIZES[i % len(SIZES)][2] for scene in movie.scenes())
        assert {k.event_id for k in movie.keyframes()} == {event.event_id for event in movie.events}


def test_events_are_shown_in_order_and_in_one_piece():
    for movie in movies():
        shown = [k.event_id for k in movie.keyframes()]
        assert shown == sorted(shown)


def holders(seed: int) -> tuple[Movie, list[dict[str, str]]]:
    """A movie and what its log says about each thing before and after each event, read from the events alone."""
    movie = make(THEMES[seed % len(THEMES)], 3, 3, 7, seed, 0)
    states: list[dict[str, str]] = [{}]
    for event in movie.events:
        state = dict(states[-1])
        if event.object and event.action in ("pick_up", "take", "steal"):
            state[event.object] = event.participants[0]
        elif event.object and event.action == "give":
            state[event.object] = event.participants[1]
        elif event.object and event.action in ("drop", "hide"):
            state[event.object] = "nobody"
        states.append(state)
    return movie, states


@pytest.mark.parametrize("seed", range(12))
def test_what_is_held_is_what_the_log_says_before_or_after_the_event(seed: int):
    movie, states = holders(seed)
    place = {event.event_id: i for i, event in enumerate(movie.events)}
    for keyframe in movie.keyframes():
        at = place[keyframe.event_id]
        for figure in keyframe.figures:
            if figure.holding is not None:
                known = [state.get(figure.holding, figure.character_id) for state in states[at : at + 2]]
                assert figure.character_id in known


@pytest.mark.parametrize("seed", range(12))
def test_what_lies_about_is_in_nobody_s_hand(seed: int):
    movie, states = holders(seed)
    place = {event.event_id: i for i, event in enumerate(movie.events)}
    for keyframe in movie.keyframes():
        at = place[keyframe.event_id]
        assert len(keyframe.props) <= 3
        assert not set(keyframe.props) & {figure.holding for figure in keyframe.figures}
        for prop in keyframe.props:
            known = [state.get(prop, "nobody") for state in states[at : at + 2]]
            assert "nobody" in known


def test_after_picking_up_the_thing_is_held_and_before_it_is_not():
    pictures = 0
    for movie in movies():
        events = {event.event_id: event for event in movie.events}
        for keyframe in movie.keyframes():
            event = events[keyframe.event_id]
            if event.action == "pick_up" and keyframe.shot == "medium" and len(keyframe.figures) == 1:
                figure = keyframe.figures[0]
                if figure.pose == "hold_up":
                    pictures += 1
                    assert figure.holding == event.object
    assert pictures > 3


def test_figures_are_people_who_are_there():
    for i in range(8):
        size = (2, 3, 6)
        movie, played = make(THEMES[i], *size, i, 0), story(brief(THEMES[i], *size, i))
        names = {person.character_id: person.name for person in movie.characters}
        for scene, log in zip(movie.scenes(), played.scenes, strict=True):
            there = {n for n in names.values() if log.start[("at", n)] == log.place}
            there |= {event.act.actor for event in log.events if event.act.action == "enter"}
            assert {names[p] for k in scene.keyframes for p in k.character_ids} <= there


def test_shots_fit_what_is_in_them():
    for movie in movies():
        for keyframe in movie.keyframes():
            assert keyframe.shot in SHOTS
            assert all(figure.pose in POSES for figure in keyframe.figures)
            if keyframe.shot in ("two_shot", "over_shoulder"):
                assert len(keyframe.figures) == 2
            if keyframe.shot == "insert":
                assert keyframe.props or any(figure.holding for figure in keyframe.figures)
            if keyframe.shot == "close":
                assert len(keyframe.figures) == 1


def test_shots_vary():
    used = {keyframe.shot for movie in movies() for keyframe in movie.keyframes()}
    assert used == set(SHOTS)


def test_prompts_hold_the_fixed_phrase_of_everybody_in_them():
    for movie in movies():
        looks = {person.character_id: person.appearance for person in movie.characters}
        for keyframe in movie.keyframes():
            assert all(looks[person] in keyframe.prompt for person in keyframe.character_ids)


def test_captions_and_prompts_are_finished_text():
    for movie in movies():
        texts = [k.caption for k in movie.keyframes()] + [e.caption for e in movie.events] + [movie.synopsis]
        texts += [scene.summary for scene in movie.scenes()] + [chapter.summary for chapter in movie.chapters]
        for text in texts:
            assert text[0].isupper() or not text[0].isalpha()
            assert text.endswith((".", "!", "?"))
            assert "{" not in text and "  " not in text and " ." not in text


def test_headings_are_of_a_screenplay():
    for movie in movies():
        places = {place.name: place for place in movie.locations}
        for scene in movie.scenes():
            kind = scene.location.split()[-1].upper()
            inside = "INT" if places[scene.location].indoor else "EXT"
            assert scene.heading == f"{inside}. {kind} - {scene.time_of_day.upper()}"
