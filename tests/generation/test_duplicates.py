"""duplicates.py: the same story is found whatever it is called, other stories are not, in every process alike."""

import os
import random
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.generation.duplicates import (
    BANDS,
    SHINGLE_WORDS,
    THRESHOLD,
    PlotIndex,
    band_keys,
    jaccard,
    near_duplicates,
    plot_text,
    shingles,
)
from moviellm.generation.schema import Movie
from tests.factories import make_movie
from tests.stories import make_story, words

plots = st.lists(st.text("abc ", max_size=40), max_size=8)


def rename(movie: Movie, names: dict[str, str]) -> Movie:
    text = movie.model_dump_json()
    for old, new in names.items():
        text = text.replace(old, new)
    return Movie.model_validate_json(text)


def pairs_of(texts: list[str]) -> list[tuple[str, str]]:
    return near_duplicates((f"m{number:05d}", text) for number, text in enumerate(texts))


def groups_of(texts: list[str]) -> set[frozenset[str]]:
    """Texts that near-duplicates connect."""
    group = {text: {text} for text in texts}
    for one, other in pairs_of(texts):
        joined = group[texts[int(one[1:])]] | group[texts[int(other[1:])]]
        for text in joined:
            group[text] = joined
    return {frozenset(found) for found in group.values()}


def test_the_same_story_with_other_names_is_found():
    movie = make_movie(1)
    twin = rename(movie, {"Ada": "Bruno", "old lighthouse": "red mill", "brass key": "silver bell"})
    assert plot_text(movie) == plot_text(twin)


def test_another_deed_is_another_text():
    movie = make_movie(1)
    assert plot_text(movie) != plot_text(rename(movie, {"holds": "drops"}))


def test_longer_names_are_masked_first():
    movie = make_movie(1)
    places = (movie.locations[0].model_copy(update={"name": "the tower"}), movie.locations[0])
    movie = movie.model_copy(update={"locations": places, "synopsis": "the tower by the old lighthouse"})
    assert "\0l0\0 by \0l1\0" in plot_text(movie)


def test_a_name_inside_a_word_is_left_alone():
    movie = make_movie(1).model_copy(update={"synopsis": "Adamant Ada"})
    assert "adamant \0p0\0" in plot_text(movie)


def test_the_theme_and_the_looks_are_no_part_of_the_plot():
    movie = make_movie(1)
    assert plot_text(movie) == plot_text(movie.model_copy(update={"theme": "other", "style": None}))


@given(plots)
def test_identical_plots_are_always_in_one_group(texts):
    found = pairs_of([*texts, *texts])
    linked = {number for pair in found for number in pair}
    telling = [number for number, text in enumerate([*texts, *texts]) if text.strip()]
    assert linked == {f"m{number:05d}" for number in telling}


@settings(deadline=None)
@given(st.lists(st.text("ab ", max_size=30), unique=True, max_size=6), st.randoms())
def test_groups_do_not_depend_on_the_order_of_adding(texts, dice):
    shuffled = dice.sample(texts, len(texts))
    assert groups_of(texts) == groups_of(shuffled)


@given(st.text("abcd ", max_size=60), st.text("abcd ", max_size=60))
def test_jaccard_is_symmetric_and_one_only_for_equal_shingles(one, other):
    left, right = shingles(one), shingles(other)
    assert jaccard(left, right) == jaccard(right, left)
    assert (jaccard(left, right) == 1.0) == (left.tolist() == right.tolist())


def test_jaccard_counts_common_shingles():
    one = shingles("a b c d e")  # abcd bcde
    other = shingles("a b c d f")  # abcd bcdf
    assert SHINGLE_WORDS == 4
    assert jaccard(one, other) == pytest.approx(1 / 3)


def test_a_lightly_edited_plot_is_found_and_a_half_rewritten_one_is_not():
    told = words(random.Random(1), 400).split()
    light, heavy = list(told), list(told)
    light[::100] = ["other"] * 4
    heavy[200:] = words(random.Random(2), 200).split()
    assert pairs_of([" ".join(told), " ".join(light)]) == [("m00000", "m00001")]
    assert pairs_of([" ".join(told), " ".join(heavy)]) == []


def test_pairs_at_the_threshold_are_hardly_ever_missed():
    """The banding must propose what the exact comparison accepts: 200 pairs just above the threshold."""
    missed = 0
    for number in range(200):
        dice = random.Random(number)
        told = words(dice, 300).split()
        edited = list(told)
        while jaccard(shingles(" ".join(told)), shingles(" ".join(edited))) > THRESHOLD + 0.02:
            edited[dice.randrange(300)] = "other"
        missed += pairs_of([" ".join(told), " ".join(edited)]) == []
    assert missed <= 2


def test_different_stories_are_no_pair():
    assert near_duplicates((m.movie_id, plot_text(m)) for m in map(make_story, range(30))) == []


def test_a_chain_of_near_duplicates_is_one_group():
    told, other = words(random.Random(1), 300).split(), words(random.Random(2), 300).split()
    chain = [" ".join(told)]
    for start in range(0, 240, 60):
        told[start : start + 30] = other[start : start + 30]
        chain.append(" ".join(told))
    assert jaccard(shingles(chain[0]), shingles(chain[-1])) < THRESHOLD
    assert groups_of(chain) == {frozenset(chain)}


def test_an_empty_index_has_no_pairs():
    assert PlotIndex().pairs() == []


def test_band_keys_are_the_same_in_another_process():
    code = "from moviellm.generation.duplicates import *; print(band_keys(shingles('a b c d e f')).tolist())"
    environment = {**os.environ, "PYTHONHASHSEED": "4"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    keys = band_keys(shingles("a b c d e f")).tolist()
    assert done.stdout.strip() == str(keys)
    assert len(keys) == BANDS


def test_plots_without_a_word_are_like_no_other():
    index = PlotIndex()
    for number in range(3):
        index.add(f"m{number:05d}", "\n\n")
    assert index.pairs() == []
