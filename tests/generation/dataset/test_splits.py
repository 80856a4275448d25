"""splits.py: shares by blocks of ten, groups together, longer runs move nobody."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from moviellm.generation.config.dataset import SplitConfig
from moviellm.generation.dataset.splits import assign_splits

ONE_EACH = SplitConfig(validation=1, test=1)


def alone(count: int) -> list[tuple[str, str | None]]:
    return [(f"m{number:05d}", None) for number in range(count)]


def split_of(count: int, config: SplitConfig = ONE_EACH, seed: int = 7) -> dict[str, str]:
    return assign_splits(alone(count), [], config, seed)[0]


def test_held_out_combinations_take_their_group_to_test() -> None:
    splits, _ = assign_splits(alone(20), [("m00000", "m00007")], ONE_EACH, seed=1, held_out={"m00007"})
    assert (splits["m00000"], splits["m00007"]) == ("test", "test")


def test_every_full_block_has_its_shares():
    splits = split_of(50, SplitConfig(validation=2, test=3))
    for block in range(5):
        counts = Counter(splits[f"m{number:05d}"] for number in range(block * 10, block * 10 + 10))
        assert counts == {"train": 5, "validation": 2, "test": 3}


def test_twelve_movies_have_all_three_splits():
    assert Counter(split_of(12).values()) >= Counter(train=8, validation=1, test=1)


def test_three_movies_have_all_three_splits_and_one_movie_is_train():
    assert set(split_of(3).values()) == {"train", "validation", "test"}
    assert split_of(1) == {"m00000": "train"}


def test_a_block_may_be_all_test():
    assert set(split_of(20, SplitConfig(validation=0, test=10)).values()) == {"test"}


def test_no_share_means_no_split():
    assert set(split_of(20, SplitConfig(validation=0, test=0)).values()) == {"train"}


@given(st.integers(1, 40), st.integers(0, 40), st.integers(0, 2**31 - 1))
def test_a_longer_run_moves_no_movie(count, more, seed):
    before, after = split_of(count, seed=seed), split_of(count + more, seed=seed)
    assert all(after[movie_id] == split for movie_id, split in before.items())


def test_the_seed_decides():
    assert len({tuple(split_of(40, seed=seed).items()) for seed in range(5)}) == 5


def test_a_twin_goes_with_its_original():
    movies = alone(20)
    test_movie = next(m for m, split in split_of(20).items() if split == "test")
    splits, report = assign_splits([*movies, ("m00020", test_movie)], [], ONE_EACH, 7)
    assert splits["m00020"] == "test"
    assert report.twins == report.clusters == 1


def test_twins_of_a_movie_that_is_not_there_stay_together():
    splits, _ = assign_splits([*alone(20), ("m00021", "m00099"), ("m00038", "m00099")], [], ONE_EACH, 7)
    assert splits["m00021"] == splits["m00038"]


def test_a_group_of_near_duplicates_goes_where_its_first_movie_goes():
    own = split_of(30)
    test_movie = next(m for m, split in own.items() if split == "test")
    later = [m for m, split in own.items() if split == "train" and m > test_movie][:2]
    splits, report = assign_splits(alone(30), [(test_movie, later[0]), tuple(later)], ONE_EACH, 7)
    assert {splits[movie_id] for movie_id in (test_movie, *later)} == {"test"}
    assert (report.pairs, report.clusters, report.moved) == (2, 1, 2)
    assert {m: s for m, s in splits.items() if m not in later} == {m: s for m, s in own.items() if m not in later}


@given(st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=30))
def test_no_pair_is_ever_in_two_splits(links):
    pairs = [(f"m{one:05d}", f"m{other:05d}") for one, other in links]
    splits, _ = assign_splits(alone(30), pairs, ONE_EACH, 7)
    assert all(splits[one] == splits[other] for one, other in pairs)


def test_gaps_in_the_numbers_change_nothing():
    some = [movie for movie in alone(30) if int(movie[0][1:]) % 3]
    splits, _ = assign_splits(some, [], ONE_EACH, 7)
    assert splits == {movie_id: split_of(30)[movie_id] for movie_id, _ in some}
