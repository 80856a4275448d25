"""personal.py: what is personal is found and masked, what is kept for stories and manuals is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.generation.dataset.checks.personal import PersonalData, find_personal, mask, texts_of


def kinds(text: str) -> list[str]:
    return [pattern.name for pattern, _ in find_personal(text)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("write to jo.doe+films@mail.gmail.com today", "e-mail address"),
        ("call +44 20 7946 1234 now", "phone number"),
        ("call +493012345678", "phone number"),
        ("(212) 867-5309", "phone number"),
        ("appelez le 06 12 34 56 78", "phone number"),
        ("Tel. 030 12345678", "phone number"),
        ("pay to DE89 3704 0044 0532 0130 00", "bank account (IBAN)"),
        ("GB29NWBK60161331926819", "bank account (IBAN)"),
        ("4111 1111 1111 1111", "credit card"),
        ("5500-0000-0000-0004.", "credit card"),
        ("378282246310005", "credit card"),
        ("SSN 219-09-9999", "US social security number"),
        ("AB 12 34 56 C", "UK national insurance number"),
        ("12345678Z", "Spanish DNI or NIE"),
        ("X1234567L", "Spanish DNI or NIE"),
        ("2 55 08 14 168 025 38", "French social security number"),
        ("from 8.8.8.8 it came", "internet address"),
        ("2001:4860:4860:0:0:0:0:8888", "internet address"),
        ("https://joe:hunter2@host.org/x", "address with a password"),
        ("hf_" + "aB3" * 12, "secret key"),
        ("sk-proj-" + "aB3" * 12, "secret key"),
        ("ghp_" + "aB3" * 12, "secret key"),
        ("AKIAIOSFODNN7EXAMPLE", "secret key"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "private key"),
    ],
)
def test_what_is_personal_is_found(text, kind):
    assert kind in kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "jo@example.com, jo@mail.example, jo@films.test, jo@localhost.localdomain.invalid",
        "call 212-555-0123",
        "4111 1111 1111 1112",
        "1234567890123456",
        "0000 0000 0000 0000",
        "DE89 3704 0044 0532 0130 01",
        "000-12-3456, 666-12-3456, 900-12-3456, 219-00-9999",
        "12345678A",
        "127.0.0.1, 192.168.1.20, 10.0.0.1, 203.0.113.9, 999.1.1.1, 1.2.3",
        "version 0.0.398925276, seed 1767225600, 2026-11-28T20:41:44",
        "18:40 on 1931-10-04, 1920-1935, 3 400 000 people",
        "From 12.0 to 16.0 seconds, and from 100.25 to 104.75 seconds.",
        "m00042-c03-s02-k04 m00042-q017 m00042-e0017",
        "a1b2c3" * 12,
        "https://host.org/a:b@c, https://host.org:8080/x",
        "the task-management-of-a-long-hyphenated-word, risk-taking",
        "Kino 12345, Strasse 7, 10115 Berlin",
        "£1,200.50 and 12 000 000",
    ],
)
def test_what_is_not_personal_is_not_found(text):
    assert kinds(text) == []


def test_matches_are_shown_by_their_beginning_and_shape_only():
    assert mask("jo.doe@gmail.com") == "jo.***@*****.***"
    assert mask("hf_" + "a" * 40) == "hf**************************..."


@given(st.text(min_size=9, max_size=60))
def test_a_mask_never_shows_more_letters_than_two(text):
    assert sum(char.isalnum() for char in mask(text)) <= 2


def test_a_finding_counts_a_kind_in_a_column_and_names_the_first_places():
    data = PersonalData()
    for number in range(5):
        data.add(f"m0000{number}", list(texts_of("qa", {"answer": "jo@gmail.com", "question": "8.8.8.8"})))
    email, address = sorted(data.findings(), key=lambda one: one.severity)
    assert (email.severity, email.where) == ("error", "qa.answer")
    assert email.what.startswith(
        "5 times what may be personal (e-mail address), first in m00000 (jo@*****.***), m00001"
    )
    assert "m00003" not in email.what and (address.severity, address.where) == ("warning", "qa.question")


def test_texts_are_found_in_lists_and_structs_and_ids_and_hashes_left_out():
    row = {
        "a": [{"b": "x", "c_id": "no"}],
        "image_sha256": "no",
        "seed": 7,
        "text": "y",
        "line_ids": ["no"],
        "n": None,
    }
    assert list(texts_of("qa", row)) == [("qa.a.b", "x"), ("qa.text", "y")]


@given(st.text(max_size=300))
def test_any_text_can_be_looked_at(text):
    for pattern, match in find_personal(text):
        assert pattern.name and match in text
