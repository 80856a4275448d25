"""The grammar engine: slots, rules in rules, weights, and no repetition while there is choice."""

import random

import pytest

from moviellm.generation.protocols import WriterTask
from moviellm.generation.studio.script.language import SLOT, Grammar, Voice, capital, indefinite, listing, sentence
from moviellm.generation.studio.script.tongue import Tongue
from moviellm.generation.studio.writer import OfflineWriter


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


def test_an_alternative_with_an_empty_slot_is_not_taken_while_there_is_another():
    made = voice({"a": ["to {you}", "alone"]})
    assert {made.say("a", {"you": ""}) for _ in range(4)} == {"alone"}
    assert voice({"a": ["to {you}"]}).say("a", {"you": ""}) == "to "


def test_the_most_special_rule_there_is_is_taken():
    grammar = Grammar({"vp": {"hide": ["hides"], "hide.chest": ["hides in the chest"]}})
    assert grammar.first("vp.hide", ["vain", "chest"]) == "vp.hide.chest"
    assert grammar.first("vp.hide", ["vain"]) == "vp.hide"


def test_the_plain_level_always_says_the_first():
    plain = Voice(Grammar({"a": ["one", "two"]}, level="plain"), random.Random(1))
    assert {plain.say("a") for _ in range(4)} == {"one"}


def test_the_cloze_level_has_no_capitals_and_no_punctuation():
    cloze = Voice(Grammar({}, level="cloze"), random.Random(1))
    assert cloze.finish("Ada waits.  Ben, too.") == "ada waits ben too"


SPANISH = Tongue(
    {
        "gender": {"default": "m", "f": ["llave", "posada"]},
        "definite": {"m": "el", "f": "la"},
        "indefinite": {"m": "un", "f": "una"},
        "before_vowel": {},
        "vowels": "aeiou",
        "contractions": {"de el": "del", "a el": "al"},
        "and": "y",
        "or": "o",
        "pronouns": {"she": {"subject": "ella"}, "he": {"subject": "él"}},
        "title_case": "first",
        "numbers": [
            "cero",
            "una",
            "dos",
            "tres",
            "cuatro",
            "cinco",
            "seis",
            "siete",
            "ocho",
            "nueve",
            "diez",
            "once",
            "doce",
        ],
        "weekdays": ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"],
        "clock": {"full": "las {hour}", "half": "las {hour} y media", "nearly": "casi las {next}"},
        "words": {"red": "rojo"},
    }
)


def test_articles_follow_the_gender_of_the_noun():
    assert (SPANISH.the("llave de plata"), SPANISH.the("mapa")) == ("la llave de plata", "el mapa")
    assert SPANISH.indefinite("posada vieja") == "una posada vieja"


def test_a_voice_contracts_as_its_language_does():
    spoken = Voice(Grammar({"a": "cerca de {x}"}, tongue=SPANISH), random.Random(1))
    assert spoken.say("a", {"x": "el mapa"}) == "cerca del mapa"


def test_a_filter_asks_the_language_for_the_article():
    spoken = Voice(Grammar({"a": "{x|a}"}, tongue=SPANISH), random.Random(1))
    assert spoken.say("a", {"x": "llave"}) == "una llave"


def test_a_language_lists_and_calls_in_its_own_words():
    assert SPANISH.listing(["Ada", "Ben"]) == "Ada y Ben"
    assert SPANISH.pronoun(True, "subject") == "ella"
    assert (SPANISH.word("red"), SPANISH.word("teal")) == ("rojo", "teal")


def test_days_and_hours_are_said_as_people_say_them():
    assert SPANISH.weekday("2024-05-01") == "miércoles"
    assert [SPANISH.hour(clock) for clock in ("00:05", "13:30", "11:50")] == [
        "las doce",
        "las una y media",
        "casi las doce",
    ]


def test_a_phrase_loses_its_article():
    assert (SPANISH.bare("la llave"), SPANISH.bare("llave")) == ("llave", "llave")


SLOTS = {
    "actor", "other", "thing", "bare", "topic", "at", "place", "to", "chest", "tool", "target", "target_bare", "he",
    "their", "them", "them_other", "their_other", "where", "spot", "names", "look", "sky", "colour", "piece", "core",
    "me", "you", "holder", "friend", "hero", "villain", "home", "home_at", "day", "hour", "gap", "n", "thing_bare",
    "his", "job", "her", "villain_job", "thing_a", "Thing", "End", "The_end", "At", "end_at", "but", "Weather", "Job",
    "Villain_job", "The_home", "The_place", "Place", "here", "there",
}  # fmt: skip
"""Every slot that the writer fills."""


@pytest.mark.parametrize("level", ["rich", "cloze"])
@pytest.mark.parametrize("task", ["outline", "chapter", "scene", "dialogue"])
def test_every_slot_of_the_packaged_grammar_is_filled(task: WriterTask, level: str):
    rules = OfflineWriter()._speaker("en", level).grammars[task].rules
    named = {match.group(1) for texts in rules.values() for _, text in texts for match in SLOT.finditer(text)}
    missing = {name for name in named if name not in SLOTS and name not in rules}
    assert not missing
