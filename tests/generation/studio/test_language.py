"""The grammar engine: slots, rules in rules, weights, and no repetition while there is choice."""

import random

import pytest

from moviellm.generation.studio.writing.language import Grammar, Voice, capital, indefinite, listing, sentence


def voice(rules: dict[str, object], seed: int = 1) -> Voice:
    return Voice(Grammar(rules), random.Random(seed))


def test_slots_rules_and_filters_are_filled():
    made = voice({"a": "{name|cap} has {thing|a} {b}", "b": "in {place}"})
    assert made.say("a", {"name": "ada", "thing": "apple", "place": "bed"}) == "Ada has an apple in bed"


def test_nested_rules_are_named_by_dots():
    assert voice({"say": {"ask": ["why?"]}}).say("say.ask") == "why?"


def test_an_alternative_is_not_used_again_before_the_others():
    made = voice({"a": ["one", "two", "three"]})
    assert {made.say("a") for _ in range(3)} == {"one", "two", "three"}


def test_weights_make_an_alternative_likelier():
    firsts = [voice({"a": [[9, "often"], [1, "seldom"]]}, seed).say("a") for seed in range(200)]
    assert 150 < firsts.count("often") < 198


def test_a_rule_that_is_missing_is_named():
    with pytest.raises(ValueError, match="no rule 'b'"):
        voice({"a": "{b}"}).say("a")


def test_rules_that_call_each_other_are_refused():
    with pytest.raises(ValueError, match="for ever"):
        voice({"a": "{b}", "b": "{a}"}).say("a")


def test_a_bad_alternative_is_named():
    with pytest.raises(ValueError, match="grammar rule a"):
        Grammar({"a": [3]})


def test_a_text_fits_its_words_or_is_none():
    made = voice({"a": ["one two three", "four"]})
    assert made.fits("a", {}, 2) == "four"
    assert made.fits("a", {}, 0) is None


def test_helpers_write_english():
    assert (indefinite("old map"), indefinite("key")) == ("an old map", "a key")
    assert sentence("ada  waits") == "Ada waits."
    assert sentence("who?") == "Who?"
    assert capital("éva") == "Éva"
    assert (listing([]), listing(["a"]), listing(["a", "b", "c"], last="or")) == ("", "a", "a, b or c")
