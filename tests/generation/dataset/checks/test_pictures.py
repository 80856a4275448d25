"""pictures.py: the same picture is recognised in other bytes, and movies by the pictures they share."""

import io
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from moviellm.generation.dataset.checks.pictures import BITS_MAX, FrameIndex, look_at
from tests.generation.dataset.patterned import again, encoded, patterned


def mark(data: bytes, name: str = "x.jpg") -> int:
    seen = look_at(data, name)
    assert seen.problem is None and seen.mark is not None
    return seen.mark


def apart(one: int, other: int) -> int:
    return (one ^ other).bit_count()


def index(movies: list[tuple[int, list[int]]]) -> FrameIndex:
    """Movies as their split and their marks."""
    frames = FrameIndex()
    for number, (part, marks) in enumerate(movies):
        for one in marks:
            frames.add(number, part, one)
    return frames


def marks(seed: int, count: int = 10) -> list[int]:
    dice = random.Random(seed)
    return [dice.getrandbits(64) for _ in range(count)]


@pytest.mark.parametrize("seed", range(5))
def test_the_same_picture_in_other_bytes_has_nearly_the_same_mark(seed):
    data = patterned(seed)
    picture = Image.open(io.BytesIO(data))
    others = [
        again(data, quality=30),
        encoded(picture, "WEBP", quality=50),
        encoded(picture, "PNG"),
        encoded(picture.resize((48, 27))),
        encoded(ImageEnhance.Contrast(picture).enhance(0.8)),
    ]
    assert max(apart(mark(data), mark(other)) for other in others) <= BITS_MAX


def test_other_pictures_have_other_marks():
    found = [mark(patterned(seed)) for seed in range(20)]
    assert min(apart(a, b) for i, a in enumerate(found) for b in found[:i]) > 3 * BITS_MAX


@pytest.mark.parametrize("colour", ["black", "white", "teal"])
def test_an_empty_picture_says_nothing(colour):
    assert look_at(encoded(Image.new("RGB", (64, 36), colour)), "x.jpg").mark is None


def test_a_picture_is_told_by_its_bytes_and_held_against_its_name():
    data = encoded(Image.new("RGB", (64, 36)), "PNG")
    assert look_at(data, "x.png").misnamed is None and look_at(data, "x.jpg").misnamed == "PNG"
    assert look_at(data, "X.PNG").misnamed is None


def test_a_torn_picture_is_none():
    data = patterned(1)
    assert "cannot be decoded" in (look_at(data[: len(data) // 2], "x.jpg").problem or "")


@pytest.mark.parametrize(("tag", "what"), [(0x8825, "a position"), (0x013B, "a name"), (0xA431, "a camera's number")])
def test_exif_that_tells_of_somebody_is_found(tag, what):
    exif, out = Image.Exif(), io.BytesIO()
    exif[tag] = {1: "N"} if tag == 0x8825 else "x"
    Image.new("RGB", (64, 36)).save(out, "JPEG", exif=exif)
    assert look_at(out.getvalue(), "x.jpg").tells == what


def test_movies_of_two_splits_with_the_same_pictures_are_a_pair():
    assert index([(0, marks(1)), (1, marks(1)), (2, marks(2))]).pairs() == [(0, 1, 1.0)]


def test_movies_of_one_split_may_share_what_they_like():
    assert index([(0, marks(1)), (0, marks(1))]).pairs() == []


def test_pictures_may_differ_in_a_few_bits_in_any_place():
    dice = random.Random(3)
    near = [one ^ sum(1 << place for place in dice.sample(range(64), BITS_MAX)) for one in marks(1)]
    assert index([(0, marks(1)), (1, near)]).pairs() == [(0, 1, 1.0)]
    far = [one ^ sum(1 << place for place in dice.sample(range(64), BITS_MAX + 1)) for one in marks(1)]
    assert index([(0, marks(1)), (1, far)]).pairs() == []


def test_less_than_half_of_the_pictures_in_common_is_no_pair():
    assert index([(0, marks(1)), (1, marks(1)[:4] + marks(2)[:6])]).pairs() == []
    assert index([(0, marks(1)), (1, marks(1)[:5] + marks(2)[:5])]).pairs() == [(0, 1, 0.5)]


def test_a_short_movie_within_a_long_one_is_a_pair():
    assert index([(0, marks(1, 40)), (1, marks(1, 40)[10:16])]).pairs() == [(0, 1, 1.0)]


def test_one_picture_in_common_of_two_is_no_pair_but_the_only_one_is():
    assert index([(0, marks(1, 2)), (1, [marks(1)[0], *marks(2, 9)])]).pairs() == []
    assert index([(0, marks(1, 1)), (1, marks(1, 1))]).pairs() == [(0, 1, 1.0)]


def test_a_shot_that_every_movie_has_makes_no_pairs():
    shot = marks(99, 2)
    movies = [(number % 3, [*shot, *marks(number, 8)]) for number in range(200)]
    assert index(movies).pairs() == []


def test_a_thousand_copies_of_a_movie_are_found_and_not_all_paired():
    pairs = index([(number % 3, marks(1)) for number in range(1000)]).pairs()
    assert 0 < len(pairs) < 2_000 and all(share == 1.0 for _, _, share in pairs)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.lists(st.integers(0, 5), min_size=1, max_size=5)), max_size=8))
def test_pairs_are_those_of_the_definition(movies):
    """Of marks that are far apart or the same, a pair is counted by hand."""
    far = marks(7, 6)
    expected = []
    for one, (part, mine) in enumerate(movies):
        for other, (another, theirs) in list(enumerate(movies))[one + 1 :]:
            common = set(mine) & set(theirs)
            shares = [len(common) / len(set(some)) for some in (mine, theirs) if len(common) >= min(2, len(set(some)))]
            if part != another and common and shares and max(shares) >= 0.5:
                expected.append((one, other, max(shares)))
    assert index([(part, [far[n] for n in some]) for part, some in movies]).pairs() == expected


@pytest.mark.slow
def test_a_hundred_thousand_pictures_take_seconds():
    movies = [(number % 3, marks(number, 16)) for number in range(6_000)]
    began = time.process_time()
    assert index([*movies, (0, marks(1, 16))]).pairs() == [(1, 6_000, 1.0)]
    assert time.process_time() - began < 10
