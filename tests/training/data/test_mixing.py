"""In which order samples come: by seed and epoch alone, sources in their parts, batches of one kind."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from moviellm.training.data.library import Sample
from moviellm.training.data.mixing import Mixture


def samples(**counts: int) -> list[Sample]:
    """So many samples of each source, of lengths of their own."""
    made: list[Sample] = []
    for source, count in counts.items():
        kind = "features" if source.startswith("cached") else "pixels"
        for _ in range(count):
            number = len(made)
            made.append(Sample(number, number, (0,), source, f"s{number}", 1, (number * 37) % 100 + 1, 1, 1, kind))
    return made


def source_of(numbers: list[int], known: list[Sample]) -> Counter[str]:
    return Counter(known[number].source for number in numbers)


@given(st.integers(1, 40), st.integers(0, 5), st.integers(0, 2**20))
def test_an_epoch_shows_every_sample_once(count: int, epoch: int, seed: int) -> None:
    order = Mixture(samples(movies=count), {"movies": 1.0}, {}, seed=seed)
    assert sorted(order.of_epoch(epoch)) == list(range(count))


@given(st.integers(2, 30), st.integers(1, 30), st.sampled_from([0.1, 0.25, 0.5]), st.integers(1, 4))
def test_replay_has_its_share_of_every_epoch(movies: int, clips: int, share: float, batch: int) -> None:
    known = samples(movies=movies, clips=clips)
    order = Mixture(known, {"movies": 1.0}, {"clips": share}, seed=1, batch=batch)
    found = source_of(order.of_epoch(2), known)
    assert found["clips"] == max(round(movies / (1 - share) * share), 1)


@given(st.integers(1, 25), st.integers(1, 4), st.integers(2, 6))
def test_replay_shows_all_of_its_samples_before_it_shows_one_again(clips: int, an_epoch: int, epochs: int) -> None:
    known = samples(movies=an_epoch * 4, clips=clips)
    order = Mixture(known, {"movies": 1.0}, {"clips": 0.2}, seed=5)
    shown = [n for epoch in range(epochs) for n in order.of_epoch(epoch) if known[n].source == "clips"]
    counts = Counter(dict.fromkeys(range(an_epoch * 4, len(known)), 0))
    counts.update(shown)
    assert max(counts.values()) - min(counts.values()) <= 1


def test_a_weight_says_how_often_a_source_is_shown() -> None:
    known = samples(a=10, b=10)
    order = Mixture(known, {"a": 2.0, "b": 0.5}, {}, seed=1)
    assert source_of(order.of_epoch(0), known) == {"a": 20, "b": 5}


def test_the_same_seed_gives_the_same_order_and_epochs_differ() -> None:
    one, other = (Mixture(samples(movies=20), {"movies": 1.0}, {}, seed=3) for _ in range(2))
    assert one.of_epoch(4) == other.of_epoch(4) != one.of_epoch(5)
    assert Mixture(samples(movies=20), {"movies": 1.0}, {}, seed=4).of_epoch(4) != one.of_epoch(4)


@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 5), st.booleans())
def test_a_batch_has_samples_of_one_kind_and_every_epoch_as_many(
    movies: int, cached: int, batch: int, by_length: bool
) -> None:
    known = samples(movies=movies, cached=cached)
    weights = {"movies": 0.7, "cached": 1.0}
    order = Mixture(known, weights, {}, seed=1, batch=batch, by_length=by_length)
    for epoch in range(3):
        numbers = order.of_epoch(epoch)
        assert len(numbers) == len(order)
        for at in range(0, len(numbers), batch):
            assert len({known[number].kind for number in numbers[at : at + batch]}) == 1


def test_samples_of_similar_length_make_a_batch() -> None:
    known = samples(movies=40)
    spread = {}
    for by_length in (False, True):
        numbers = Mixture(known, {"movies": 1.0}, {}, seed=2, batch=4, by_length=by_length).of_epoch(0)
        batches = [[known[n].tokens for n in numbers[at : at + 4]] for at in range(0, 40, 4)]
        spread[by_length] = sum(max(batch) - min(batch) for batch in batches)
    assert spread[True] < spread[False] / 4


def test_data_in_order_come_in_order() -> None:
    order = Mixture(samples(movies=7), {"movies": 1.0}, {}, seed=2, shuffle=False)
    assert order.of_epoch(0) == list(range(7))
