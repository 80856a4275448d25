"""Answers: which questions are asked, and which spans they name."""

import pytest

from moviellm.training.remix.composing import join
from tests.training.remix.lines import scene


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("from 00 to 97", [0, 32]),
        ("from 12 to 22", [4, 8]),
        ("from 22 to 12", [7, 5]),
        ("from the to 12", None),
        ("red hugs", None),
        ("from 12 to", None),
        ("", None),
    ],
)
def test_a_span_is_read_from_an_answer(text: str, span: list[int] | None) -> None:
    from moviellm.training.proof.answering import span_in

    assert span_in(text, 32) == span


def test_every_model_is_asked_the_same() -> None:
    from moviellm.training.proof.answering import asked_of

    line = join([scene(0, "inn", [("red", "hugs", 2)]), scene(1, "street", [("blue", "waits", 3)])], "m0")
    assert asked_of(line, 2) == asked_of(line, 2)
    kinds = [question.kind for question in asked_of(line, 2)]
    assert max(kinds.count(kind) for kind in kinds) == 2
