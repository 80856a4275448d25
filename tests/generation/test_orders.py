"""What is ordered for a movie number."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from moviellm.generation.config.dataset import SplitConfig
from moviellm.generation.config.recipe import Recipe, StoryConfig, TwinConfig
from moviellm.generation.orders import is_twin, order_of, units_of

shares = st.sampled_from([0.0, 0.05, 0.1, 0.25, 0.5, 1.0])
seeds = st.integers(0, 2**31 - 1)


def recipe(seed: int = 7, twins: float = 0.0, clips: float = 0.0, movies: int = 400) -> Recipe:
    return Recipe(
        seed=seed,
        movies=movies,
        themes=("key", "map", "bell"),
        twins=TwinConfig(share=twins),
        story=StoryConfig(clips=clips),
    )


@given(seeds, shares)
def test_the_share_of_twins_is_kept_to_one_pair(seed: int, share: float) -> None:
    twins = sum(is_twin(recipe(seed, share), number) for number in range(400))
    assert abs(2 * twins - 400 * share) <= 2


@given(seeds, shares)
def test_the_share_of_clips_is_kept_to_one(seed: int, share: float) -> None:
    asked = recipe(seed, clips=share)
    clips = sum(order_of(asked, number).chapters * order_of(asked, number).scenes <= 2 for number in range(400))
    assert abs(clips - 400 * share) <= 1


@given(seeds)
def test_the_share_of_clips_is_kept_among_twins(seed: int) -> None:
    asked = recipe(seed, twins=0.5, clips=0.125)
    clips = sum(order_of(asked, number).chapters * order_of(asked, number).scenes <= 2 for number in range(400))
    assert abs(clips - 50) <= 2


def test_a_twin_has_the_seed_theme_and_size_of_its_original() -> None:
    asked = recipe(twins=1.0)
    for number in range(0, 40, 2):
        one, two = order_of(asked, number), order_of(asked, number + 1)
        assert (two.seed, two.theme, two.chapters, two.scenes) == (one.seed, one.theme, one.chapters, one.scenes)
        assert (one.twin_of, two.twin_of) == (None, one.movie_id)


def test_twins_are_no_clips() -> None:
    asked = recipe(twins=0.5, clips=0.25)
    sizes = {len(unit): set() for unit in units_of(asked, range(400))}
    for unit in units_of(asked, range(400)):
        sizes[len(unit)].add(order_of(asked, unit[0]).chapters)
    assert sizes == {1: {1, 2}, 2: {2}}


def test_movies_without_twins_go_round_the_themes() -> None:
    themes = Counter(order_of(recipe(), number).theme for number in range(30))
    assert themes == {"key": 10, "map": 10, "bell": 10}


def test_twins_are_made_together() -> None:
    asked = recipe(twins=0.5)
    units = units_of(asked, range(40))
    assert [number for unit in units for number in unit] == list(range(40))
    assert {len(unit) for unit in units} == {1, 2}


def test_a_twin_whose_original_is_not_made_stands_alone() -> None:
    assert units_of(recipe(twins=1.0), range(1, 4)) == [[1], [2, 3]]


def test_only_movies_of_test_are_held_out() -> None:
    asked = recipe().model_copy(update={"splits": SplitConfig(validation=1, test=2)})
    assert sum(order_of(asked, number).held_out for number in range(100)) == 20


def test_twins_are_held_out_together() -> None:
    asked = recipe(twins=1.0)
    assert all(order_of(asked, n).held_out == order_of(asked, n + 1).held_out for n in range(0, 100, 2))
