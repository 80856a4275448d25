"""`because` is true: without the cause, and with all else told again, the effect could not have happened."""

import random

from moviellm.generation.studio.world.actions import ACTIONS
from tests.generation.studio.tales import events, replay, tale

EDGES = 500


def edges() -> list[tuple[int, str, str, str]]:
    """Seed, cause, effect and the effect's action, sampled over many stories."""
    found = [
        (seed, cause, event.key, event.act.action)
        for seed in range(150)
        for event in events(tale(seed))
        for cause in event.because
    ]
    return random.Random(1).sample(found, EDGES)


def test_without_its_cause_an_event_is_impossible():
    for seed, cause, effect, _ in edges():
        assert not replay(tale(seed), without=cause)[effect], (seed, cause, effect)


def test_in_a_long_story_too():
    played = tale(5, (11, 11, 11))
    found = [(cause, event.key) for event in events(played) for cause in event.because]
    for cause, effect in random.Random(2).sample(found, 40):
        assert not replay(played, without=cause)[effect], (cause, effect)


def test_most_actions_are_effects_of_something():
    caused = {action for _, _, _, action in edges()}
    assert len(caused) > 0.6 * len(ACTIONS)


def test_the_same_story_is_told_when_nothing_is_left_out():
    assert all(replay(tale(3)).values())
