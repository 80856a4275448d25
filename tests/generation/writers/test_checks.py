"""Plain rules for an answer's words."""

import pytest

from moviellm.generation.writers.checks import (
    alike_faults,
    interrogative,
    interrogative_faults,
    language_faults,
    likeness_faults,
    name_faults,
)

ENGLISH = "Ada finds the old map in the tower and gives it to Ben, who is afraid of the sea and of her brother."
SPANISH = "Ada encuentra el viejo mapa en la torre y se lo da a Ben, que tiene miedo del mar y de su hermano."
GERMAN = (
    "Ada findet die alte Karte im Turm und gibt sie dem Mann, der sich vor dem Meer und vor ihm nicht mehr sehen kann."
)
RUSSIAN = "Ада находит старую карту в башне и отдаёт её брату, который боится моря."


@pytest.mark.parametrize(("text", "tag"), [(ENGLISH, "en"), (SPANISH, "es"), (GERMAN, "de"), (RUSSIAN, "ru")])
def test_a_text_in_its_language_has_no_fault(text: str, tag: str) -> None:
    assert list(language_faults([text], tag)) == []


@pytest.mark.parametrize(
    ("text", "tag"), [(SPANISH, "en"), (ENGLISH, "es"), (GERMAN, "en"), (RUSSIAN, "es"), (ENGLISH, "ru")]
)
def test_a_text_in_another_language_is_said(text: str, tag: str) -> None:
    (fault,) = language_faults([text], tag)
    assert "write all of it in" in fault


def test_a_few_words_tell_no_language() -> None:
    assert list(language_faults(["No!", "Ada?", "El Capitan."], "en")) == []


def test_a_long_list_of_names_is_no_language() -> None:
    (fault,) = language_faults(["xub vorp lunda " * 40], "en")
    assert "does not read as English" in fault


@pytest.mark.parametrize(
    "text",
    [
        "a man who looks like Gerard Butler",
        "resembling the actor Sean Bean",
        "a Chaplin-esque walk",
        "tall, similar to Natalie Portman",
        "se parece a Penélope Cruz",
    ],
)
def test_a_likeness_of_somebody_with_a_name_is_refused(text: str) -> None:
    (fault,) = likeness_faults([text], ["Ada", "Ben"])
    assert "people are invented" in fault


@pytest.mark.parametrize(
    "text", ["looks like a tired fox", "she looks like Ben's sister", "resembles Ada", "looks tired"]
)
def test_likenesses_of_nobody_and_of_the_storys_own_people_are_fine(text: str) -> None:
    assert list(likeness_faults([text], ["Ada", "Ben"])) == []


def test_every_name_names_one_thing() -> None:
    (fault,) = name_faults(["Ada", "Star"], ["the inn"], ["star"])
    assert "the name of two things (person, object)" in fault


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["the inn", "the pier", "The  Inn", "the mill"], "the same"),
        (["3", "4", "five", "6"], "numbers"),
        (["the inn", "the pier", "the mill", "a house far away behind the hills where nobody goes"], "length"),
    ],
)
def test_options_are_distinct_of_one_kind_and_length(options: list[str], said: str) -> None:
    assert any(said in fault for fault in alike_faults(options[0], options[1:]))


@pytest.mark.parametrize(
    ("question", "tag", "word"),
    [
        ("How many keys does Ada hold?", "en", "how many"),
        ("After the storm, why does Ada leave?", "en", "why"),
        ('Name the speaker of "Why me?"', "en", None),
        ("¿Por qué se va Ada?", "es", "por qué"),
        ("Warum geht Ada?", "de", None),
    ],
)
def test_the_question_word_outside_quotes_is_found(question: str, tag: str, word: str | None) -> None:
    assert interrogative(question, tag) == word


def test_no_question_word_has_more_than_four_of_ten() -> None:
    asked = [f"Why does {who} go?" for who in "ABCDE"] + [f"Where is {who}?" for who in "ABCDE"]
    assert [fault.partition(", ")[0] for fault in interrogative_faults(asked, "en")] == [
        "5 of 10 questions ask 'where'",
        "5 of 10 questions ask 'why'",
    ]
    mixed = asked[:4] + asked[5:9] + ["Who goes?", "When does Ada go?"]
    assert list(interrogative_faults(mixed, "en")) == []
