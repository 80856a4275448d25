"""What the proof's model reads, and what each control takes away from it."""

import random

import pytest

from moviellm.training.remix.asking import Question, questions
from moviellm.training.remix.composing import join
from moviellm.training.remix.timeline import Timeline
from tests.training.remix.lines import scene


def _line() -> Timeline:
    return join([scene(0, "inn", [("red", "hugs", 2)]), scene(1, "street", [("blue", "waits", 3)])], "m0")


def _seen(line: Timeline):  # type: ignore[no-untyped-def]
    import torch

    from moviellm.training.proof.encoding import Seen

    features = torch.arange(len(line.frames) * 4, dtype=torch.float32).reshape(-1, 1, 4) + 1
    return Seen({frame: row for row, frame in enumerate(line.frames)}, features.half())


def test_a_frame_is_one_placeholder_with_what_is_said_behind_it() -> None:
    from moviellm.training.proof.encoding import movie_ids
    from moviellm.training.proof.words import Words

    line = _line()
    words = Words.of([line])
    spoken = words.ids("red says here")
    assert movie_ids(line, words)[1:5] == [3, *spoken]
    assert movie_ids(line, words).count(3) == len(line.frames)


def test_only_the_answer_is_learned() -> None:
    from moviellm.training.proof.encoding import turn_of
    from moviellm.training.proof.words import Words

    words = Words.of([_line()])
    turn = turn_of(Question("plot", "who hugs ?", "red"), words)
    assert words.text([one for one in turn.labels or [] if one >= 0]) == "red"
    assert turn.labels is not None
    assert turn.labels[-1] == turn.ids[-1] == 1


def test_controls_show_less() -> None:
    import torch

    from moviellm.training.proof.encoding import shown

    line, seen = _line(), _seen(_line())
    full = shown(line, seen)
    assert not shown(line, seen, "blind").any()
    assert not shown(line, seen, "dialogue").any()
    assert int((shown(line, seen, "single").abs().sum((1, 2)) > 0).sum()) == 1
    shuffled = shown(line, seen, "shuffled")
    assert not torch.equal(shuffled, full)
    assert sorted(shuffled.flatten().tolist()) == sorted(full.flatten().tolist())


@pytest.mark.parametrize(("view", "said"), [("full", True), ("dialogue", True), ("blind", False), ("shuffled", False)])
def test_words_are_said_only_where_they_are_shown(view: str, said: bool) -> None:
    from moviellm.training.proof.encoding import movie_ids
    from moviellm.training.proof.words import Words

    line = _line()
    words = Words.of([line])
    assert (words.numbers["here"] in movie_ids(line, words, view)) == said  # type: ignore[arg-type]


def test_a_word_that_train_does_not_have_is_an_error() -> None:
    from moviellm.training.proof.words import Words

    with pytest.raises(ValueError, match="'volcano'"):
        Words.of([_line()]).ids("who volcano ?")


def test_questions_are_chosen_by_weight_and_none_twice() -> None:
    from moviellm.training.proof.encoding import choose

    asked = questions(_line(), random.Random(0))
    chosen = choose(asked, 60, {"moment": 0.0}, random.Random(0))
    assert len(chosen) >= 6
    assert "moment" not in {one.kind for one in chosen}
    assert len(choose(asked, 10_000, {}, random.Random(0))) == len(asked)


@pytest.mark.parametrize("room", [0, 7, 20, 41])
def test_questions_have_room(room: int) -> None:
    from moviellm.training.proof.encoding import choose, turn_of
    from moviellm.training.proof.words import Words

    line = _line()
    chosen = choose(questions(line, random.Random(0)), room, {}, random.Random(0))
    words = Words.of([line])
    assert sum(len(turn_of(one, words).ids) for one in chosen) <= room
