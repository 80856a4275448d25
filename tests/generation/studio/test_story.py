"""The simulation: sizes are exact, every event is possible, causes are true, no scene is told twice."""

import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.generation.studio.writing.actions import ACTIONS, State
from moviellm.generation.studio.writing.story import Story, first_scene, scenes_needed, simulate
from tests.generation.studio.kit import THEMES, WRITER, brief, make, story

LONG = brief("the last train carries a secret", 11, 11, 11, seed=5)


def told(seed: int, theme: str = THEMES[0], chapters: int = 4, scenes: int = 4, keyframes: int = 7) -> Story:
    return story(brief(theme, chapters, scenes, keyframes, seed))


def replay(played: Story, without: str = "") -> dict[str, bool]:
    """Tell the log again, leaving one event out and every event that is then impossible; which ones happened."""
    state, happened = State(), {}
    for scene in played.scenes:
        for fact, value in scene.cuts:
            state.cut(fact, value)
        for event in scene.events:
            happened[event.key] = event.key != without and state.wrong(event.act) is None
            if happened[event.key]:
                state.apply(event.key, event.act)
    return happened


@settings(max_examples=60, deadline=None)
@given(
    theme=st.sampled_from(THEMES),
    chapters=st.integers(1, 4),
    scenes=st.integers(1, 4),
    keyframes=st.integers(1, 9),
    seed=st.integers(0, 2**31 - 1),
)
def test_every_size_is_met_exactly(theme: str, chapters: int, scenes: int, keyframes: int, seed: int):
    played = simulate(WRITER._vocabulary, brief(theme, chapters, scenes, keyframes, seed))
    assert len(played.scenes) == chapters * scenes
    assert all(1 <= len(scene.events) <= keyframes for scene in played.scenes)
    assert len(played.quests) == chapters


@pytest.mark.parametrize(("chapters", "scenes", "keyframes"), [(99, 1, 1), (1, 99, 1), (1, 1, 99), (99, 2, 3)])
def test_extreme_sizes_are_met(chapters: int, scenes: int, keyframes: int):
    played = told(3, THEMES[2], chapters, scenes, keyframes)
    assert len(played.scenes) == chapters * scenes


def test_every_event_is_possible_when_it_happens():
    for seed in range(20):
        assert all(replay(told(seed, THEMES[seed % len(THEMES)])).values())


def test_the_log_starts_each_scene_from_the_state_before_it():
    played, state = told(4), State()
    for scene in played.scenes:
        for fact, value in scene.cuts:
            state.cut(fact, value)
        assert state.facts == scene.start
        for event in scene.events:
            state.apply(event.key, event.act)


def test_without_its_cause_an_event_is_impossible():
    edges = 0
    for seed in range(14):
        played = told(seed, THEMES[seed % len(THEMES)])
        effects: dict[str, list[str]] = {}
        for scene in played.scenes:
            for event in scene.events:
                for cause in event.because:
                    effects.setdefault(cause, []).append(event.key)
        for cause, later in effects.items():
            happened = replay(played, without=cause)
            assert not any(happened[key] for key in later), (seed, cause, later)
            edges += len(later)
    assert edges > 500


def test_causes_are_earlier_events():
    for seed in range(10):
        keys = [event.key for scene in told(seed).scenes for event in scene.events]
        assert keys == sorted(set(keys))
        assert all(c < event.key for scene in told(seed).scenes for event in scene.events for c in event.because)


def test_no_scene_repeats_in_a_movie_of_1331_keyframes():
    scenes = [
        (scene.place, tuple(sorted((e.act.action, e.act.people, e.act.thing) for e in scene.events)))
        for scene in story(LONG).scenes
    ]
    assert len(set(scenes)) == 121


def test_the_last_scene_reaches_the_goal_of_the_main_quest():
    actions = {"return": "give", "hide": "hide", "read": "read", "open": "open", "meet": "hug"}
    for seed in range(40):
        played = told(seed, THEMES[seed % len(THEMES)], 2, 2, 4)
        goal = played.quests[-1]
        core = [event.act for event in played.scenes[-1].events if event.core]
        assert core[-1].action in (
            actions.get(goal.kind),
            *(("pick_up", "take", "steal", "give") if goal.kind == "hold" else ()),
        )
        assert core[-1].actor == goal.hero or goal.kind == "hold"


def test_people_of_an_event_are_where_it_happens():
    for seed in range(10):
        for scene in told(seed).scenes:
            state = State(scene.start)
            for event in scene.events:
                there = [
                    n for n in event.act.people if state.get("at", n) == scene.place or event.act.action == "enter"
                ]
                assert event.act.place == scene.place
                assert event.act.actor in there
                state.apply(event.key, event.act)


def test_long_stories_use_every_action():
    stories = [told(seed, THEMES[seed % 3], 9, 9, 9) for seed in range(9)]
    used = {event.act.action for played in stories for scene in played.scenes for event in scene.events}
    assert used == set(ACTIONS)


def test_another_theme_or_seed_tells_another_story():
    logs = {tuple(e.act for s in told(seed, theme).scenes for e in s.events) for seed in (1, 2) for theme in THEMES}
    assert len(logs) == 2 * len(THEMES)


def test_hash_order_does_not_change_a_story():
    code = (
        "from tests.generation.studio.kit import brief, story\n"
        "import hashlib\n"
        "log = [(s.place, s.weather, [(e.key, e.act, e.because) for e in s.events])\n"
        "       for s in story(brief(seed=11)).scenes]\n"
        "print(hashlib.sha256(repr(log).encode()).hexdigest())\n"
    )
    prints = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": str(number), "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for number in (1, 2)
    }
    assert len(prints) == 1


def test_a_plan_is_cut_into_scenes_by_place_and_room():
    acts = [event.act for scene in told(1).scenes for event in scene.events if event.core]
    group = first_scene(acts, 3)
    assert len({act.place for act in group}) == 1
    assert len(group) <= 3
    assert scenes_needed(acts, 1) == len(acts)


def test_a_villain_who_does_nothing_is_not_announced():
    announced = 0
    for seed in range(60):
        movie = make(THEMES[seed % len(THEMES)], 2, 2, 3, seed, 0)
        acting = {person for event in movie.events for person in event.participants}
        for person in movie.characters:
            if person.role == "antagonist" and person.name in movie.logline:
                announced += 1
                assert person.character_id in acting, movie.logline
    assert announced > 5
