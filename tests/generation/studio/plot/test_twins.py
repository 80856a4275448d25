"""Twins: the same film until one act goes otherwise, and it matters."""

from functools import lru_cache

import pytest

from moviellm.generation.studio.plot.story import NoTwinError, Story
from moviellm.generation.studio.plot.twins import ending
from tests.generation.studio.tales import brief, events, replay, tale, told

PAIRS = 60
SIZES = ((2, 4, 5), (2, 2, 4), (2, 2, 10), (3, 3, 4))


@lru_cache(maxsize=128)
def twin(seed: int, size: tuple[int, int, int]) -> Story:
    return told(brief(seed, size=size, twin=True))


def pairs() -> list[tuple[Story, Story]]:
    return [(tale(seed, SIZES[seed % 4]), twin(seed, SIZES[seed % 4])) for seed in range(PAIRS)]


def parting(one: Story, two: Story) -> tuple[int, int]:
    number = next(i for i, (a, b) in enumerate(zip(one.scenes, two.scenes, strict=True)) if a != b)
    pair = zip(one.scenes[number].events, two.scenes[number].events, strict=False)
    return number, next(i for i, (a, b) in enumerate(pair) if a != b)


def test_twins_have_one_world_and_one_size():
    for one, two in pairs():
        assert one.world == two.world
        assert len(one.scenes) == len(two.scenes)


def test_twins_are_the_same_until_one_act():
    for one, two in pairs():
        number, position = parting(one, two)
        assert one.scenes[:number] == two.scenes[:number]
        assert one.scenes[number].cuts == two.scenes[number].cuts
        assert one.scenes[number].events[:position] == two.scenes[number].events[:position]
        acts = (one.scenes[number].events[position].act, two.scenes[number].events[position].act)
        assert two.twin_acts == acts


def test_twins_part_in_the_middle_of_the_film():
    shares = []
    for one, two in pairs():
        number, position = parting(one, two)
        shares.append((number + position / len(one.scenes[number].events)) / len(one.scenes))
    assert sum(0.2 <= share <= 0.65 for share in shares) > 0.9 * PAIRS


def test_the_difference_matters_in_the_end():
    assert all(ending(one) != ending(two) for one, two in pairs())


def test_every_event_of_a_twin_is_possible():
    assert all(all(replay(two).values()) for _, two in pairs())


def test_an_original_knows_nothing_of_its_twin():
    assert all(one.twin_acts is None for one, _ in pairs())


def test_the_causes_of_a_twin_are_true():
    for seed in range(6):
        two = twin(seed, SIZES[seed % 4])
        for event in events(two)[::3]:
            assert not any(replay(two, without=cause)[event.key] for cause in event.because)


@pytest.mark.parametrize("size", [(1, 1, 4), (1, 2, 3), (1, 1, 2), (1, 1, 1)])
def test_a_very_short_story_has_a_twin_or_says_so(size: tuple[int, int, int]):
    found = 0
    for seed in range(12):
        try:
            two = told(brief(seed, size=size, twin=True))
        except NoTwinError as error:
            assert f"of {size[2]} keyframes" in str(error)
        else:
            found += two.twin_acts is not None
    assert found >= 6
