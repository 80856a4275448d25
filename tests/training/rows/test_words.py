"""The templates of training rows."""

import random
import re

import pytest

from moviellm.generation.schema import POSES, SHOTS, TIMES_OF_DAY, WEATHERS
from moviellm.training.rows.words import LANGUAGES, Chooser, bare, load_yaml, plain, words_for

TASKS = [name for name, value in words_for("en").data.items() if isinstance(value, list) and name != "sounds"]
SLOTS = re.compile(r"\{(\w+)\}")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("task", [task for task in TASKS if task.endswith("_ask") or task.startswith("align")])
def test_every_task_can_be_asked_for_in_ten_ways(language: str, task: str) -> None:
    assert len(set(words_for(language).data[task])) >= 10


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages_have_the_same_tasks_with_the_same_slots(language: str) -> None:
    own, english = words_for(language).data, words_for("en").data
    assert own.keys() == english.keys()
    for task in TASKS:
        slots = [{*SLOTS.findall(text)} - {"unit", "in_unit"} for text in own[task]]
        assert all(one == slots[0] for one in slots), f"{language}: a template of {task} leaves a slot out"
        assert slots[0] == {*SLOTS.findall(english[task][0])} - {"unit", "in_unit"}


def test_no_wording_comes_again_before_all_have_come() -> None:
    chooser = Chooser(words_for("en"), random.Random(1))
    count = len(words_for("en").data["ground_ask"])
    said = [chooser.say("ground_ask", caption="Ada waits")[1] for _ in range(2 * count)]
    assert len(set(said[:count])) == len(set(said[count:])) == count


def test_the_name_of_a_wording_finds_it_again() -> None:
    name, text = Chooser(words_for("es"), random.Random(1)).say("ground_ask", caption="Ada espera")
    language, task, number = name.split(".")
    assert words_for(language).data[task][int(number)].format(caption="Ada espera") == text


def test_a_language_without_templates_is_asked_about_in_english() -> None:
    assert words_for("fr").language == "en" and words_for("es-MX").language == "es"


@pytest.mark.parametrize(
    "text", ["<image>", "<s0>", "<|im_end|>", "</s>", "a <video> here", "<unit>", "<fake_token_around_image>"]
)
def test_what_trainers_take_for_markup_is_no_markup_any_more(text: str) -> None:
    assert "<" not in plain(text) and re.sub(r"[<>()]", "", plain(text)) == re.sub(r"[<>]", "", text)


def test_a_text_without_markup_stays_as_it_is() -> None:
    assert plain("if 3 < 4 and 5 > 2, then <3") == "if 3 < 4 and 5 > 2, then <3"


@pytest.mark.parametrize(
    ("text", "inside"), [("Ada waits.", "Ada waits"), ("And then...", "And then..."), ("No!", "No!")]
)
def test_a_sentence_inside_another_has_no_full_stop(text: str, inside: str) -> None:
    assert bare(text) == inside


def test_a_caption_that_ends_with_a_mark_gets_no_other() -> None:
    words = words_for("en")
    assert words.line("caption_answer", caption="Ada shouts: fire!") == "Ada shouts: fire!"
    asked = {Chooser(words, random.Random(n)).say("ground_ask", caption="Who is it?")[1] for n in range(30)}
    assert not any("?." in text or "??" in text for text in asked)


def test_lists_of_names_sound_right_in_spanish() -> None:
    words = words_for("es")
    assert words.listing(["Anselmo", "Íñigo"]) == "Anselmo e Íñigo"
    assert words.listing(["Ana", "Beatriz", "Hilario"]) == "Ana, Beatriz e Hilario"
    assert words.listing(["Ana", "Luis"]) == "Ana y Luis" and words.listing(["agua", "hielo"]) == "agua y hielo"


def test_every_way_of_staging_has_its_words() -> None:
    words = load_yaml("describe.en.yaml")
    assert words["pose"].keys() == set(POSES) and words["shot"].keys() == set(SHOTS) - {"over_shoulder"}
    assert words["time_of_day"].keys() == set(TIMES_OF_DAY) and words["weather"].keys() == set(WEATHERS)
