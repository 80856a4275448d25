"""Measures of variety: what they are on texts whose numbers can be worked out by hand."""

import pytest

from moviellm.generation.diversity import compression_ratio, distinct_n, opening_repetition, self_bleu


def test_distinct_counts_different_pairs_within_texts():
    assert distinct_n(["a b c", "a b d"], 2) == pytest.approx(3 / 4)


def test_distinct_of_nothing_is_one():
    assert distinct_n(["a"], 2) == 1.0


def test_words_are_compared_without_case_and_punctuation():
    assert distinct_n(["Ada waits.", "ada, waits"], 2) == 0.5


def test_self_bleu_of_a_repeated_text_is_one():
    assert self_bleu(["ada waits in the inn"] * 5) == pytest.approx(1.0)


def test_self_bleu_of_texts_without_a_word_in_common_is_small():
    assert self_bleu(["one two three four five", "six seven eight nine ten"]) < 0.2


def test_self_bleu_by_hand():
    # 4 of 5 words, 3 of 4 pairs, 2 of 3 triples, 1 of 2 quadruples; no brevity penalty.
    assert self_bleu(["a b c d e", "a b c d f"]) == pytest.approx((4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25)


def test_self_bleu_is_the_same_for_the_same_seed():
    texts = [f"ada finds thing {i} in room {i % 7}" for i in range(300)]
    assert self_bleu(texts, seed=3, sample=20) == self_bleu(texts, seed=3, sample=20)


def test_self_bleu_of_fewer_than_two_texts_is_zero():
    assert self_bleu(["ada waits in the inn"]) == 0.0


def test_repeated_text_compresses_more():
    varied = [f"{i * 7919 % 1009} {i * 104729 % 997}" for i in range(200)]
    assert compression_ratio(varied[:1] * 200) > 5 * compression_ratio(varied)


def test_no_text_has_ratio_one():
    assert compression_ratio([]) == 1.0


def test_openings_that_come_again_are_counted():
    assert opening_repetition(["It begins.", "it begins", "Ada waits.", "Ben waits."]) == 0.5


def test_no_openings_repeat_nothing():
    assert opening_repetition([]) == 0.0
