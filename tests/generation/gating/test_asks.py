"""What solvers of the gates are asked, and when they are right: laws of rotations, views, rules for open answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.generation.gating import asks as gate_asks
from moviellm.generation.gating.solvers import Said, yes_share
from moviellm.generation.gating.verdicts import BLIND, DIALOGUE, FULL, SHUFFLED, SYNOPSIS
from moviellm.generation.schema import QAPair, TemporalSpan
from tests.factories import make_movie, span

MOVIE = make_movie(3, chapters=2, scenes=2, keyframes=5)


def choice(options: list[str], right: int) -> QAPair:
    return MOVIE.qa_pairs[1].model_copy(
        update={"options": tuple(options), "answer_index": right, "answer": options[right]}
    )


options_of = st.lists(
    st.text("abcdefgh ", min_size=1, max_size=9).map(str.strip).filter(bool), min_size=2, max_size=6, unique=True
)


@given(options_of, st.data())
def test_who_always_takes_one_position_is_right_in_exactly_one_of_k(options, data):
    question = choice(options, data.draw(st.integers(0, len(options) - 1)))
    position = data.draw(st.integers(0, len(options) - 1))
    picks = tuple(turned[position] for turned in gate_asks.rotations(question))
    said = Said(said=picks, rationales=("",) * len(picks))
    right = said.right(question)
    assert sum(map(bool, right)) == 1 and len(right) == len(options)


@given(options_of, st.data())
def test_who_knows_is_right_in_every_rotation_and_each_shows_all_options(options, data):
    question = choice(options, data.draw(st.integers(0, len(options) - 1)))
    turned = gate_asks.rotations(question)
    assert all(sorted(one) == sorted(options) for one in turned) and len(set(turned)) == len(options)
    said = Said(said=(question.answer,) * len(turned), rationales=("",) * len(turned))
    assert all(said.right(question))


def test_question_without_options_is_asked_once():
    assert gate_asks.rotations(MOVIE.qa_pairs[0]) == [()]


def test_blind_solver_sees_nothing_and_each_other_only_its_channel():
    question = MOVIE.qa_pairs[1]
    seen = {
        gate: gate_asks.view(gate, MOVIE, question, 8, sees=True)
        for gate in (BLIND, DIALOGUE, SYNOPSIS, FULL, SHUFFLED)
    }
    assert seen[BLIND] == gate_asks.View(data={})
    assert set(seen[DIALOGUE].data) == {"dialogue"} and not seen[DIALOGUE].pictures
    assert set(seen[SYNOPSIS].data) == {"title", "synopsis"} and not seen[SYNOPSIS].pictures
    assert len(seen[FULL].pictures) == len(seen[SHUFFLED].pictures) == 8
    assert "at_s" not in repr(seen[SHUFFLED].data) and {label for label, _ in seen[SHUFFLED].pictures} == {
        "a keyframe"
    }


def test_shuffled_view_has_the_same_pictures_as_the_full_one_in_another_order():
    question = MOVIE.qa_pairs[2]
    full, shuffled = (gate_asks.view(gate, MOVIE, question, 12, sees=True) for gate in (FULL, SHUFFLED))
    hashes = [sha256 for _, sha256 in full.pictures]
    assert sorted(hashes) == sorted(sha256 for _, sha256 in shuffled.pictures)
    assert hashes != [sha256 for _, sha256 in shuffled.pictures]


def test_without_eyes_the_full_view_tells_captions():
    shown = gate_asks.view(FULL, MOVIE, MOVIE.qa_pairs[0], 4, sees=False)
    assert not shown.pictures and len(shown.data["keyframes"]) == 4 and shown.data["dialogue"]


@given(st.integers(1, 30), st.lists(st.integers(0, 19), max_size=6, unique=True))
def test_frames_are_in_story_order_and_the_cited_ones_are_among_them(count, cited):
    ids = [keyframe.keyframe_id for keyframe in MOVIE.keyframes()]
    question = MOVIE.qa_pairs[0].model_copy(update={"keyframe_ids": tuple(ids[at] for at in sorted(cited))})
    shown = [keyframe.keyframe_id for keyframe in gate_asks.spread(MOVIE, question, count)]
    assert len(shown) == min(count, 20) and shown == sorted(shown)
    assert len(set(question.keyframe_ids) & set(shown)) == min(len(cited), count)


def test_cited_frames_begin_with_the_middle_one_and_others_are_none_of_them():
    ids = [keyframe.keyframe_id for keyframe in MOVIE.keyframes()]
    question = MOVIE.qa_pairs[0].model_copy(update={"keyframe_ids": tuple(ids[2:9])})
    assert [keyframe.keyframe_id for keyframe in gate_asks.cited(MOVIE, question)] == [ids[5], ids[2], ids[8]]
    rest = gate_asks.others(MOVIE, question)
    assert len(rest) == 2 and not {keyframe.keyframe_id for keyframe in rest} & set(ids[2:9])
    assert rest == gate_asks.others(MOVIE, question)


@pytest.mark.parametrize(
    ("kind", "answer", "said", "right"),
    [
        ("plot", "The brass key.", "a brass key", True),
        ("plot", "Ada hides the key.", "She hides it.", None),
        ("count", "Three times.", "3", True),
        ("count", "Two.", "I count 4 of them", False),
        ("count", "Two.", "a few", None),
        ("plot", "Yes.", "yes, she does", True),
        ("plot", "No", "Yes.", False),
        ("plot", "No", "Nobody does", None),
    ],
)
def test_open_answers_are_held_against_plain_rules_first(kind, answer, said, right):
    question = MOVIE.qa_pairs[0].model_copy(update={"question_type": kind, "answer": answer})
    assert gate_asks.is_right(question, said) is right


def test_named_moment_is_right_from_half_overlap_on():
    evidence = (TemporalSpan(start_s=4.0, end_s=8.0),)
    assert gate_asks.overlaps(evidence, 4.0, 8.0) and gate_asks.overlaps(evidence, 4.0, 12.0)
    assert not gate_asks.overlaps(evidence, 6.1, 12.0) and not gate_asks.overlaps(evidence, 20.0, 24.0)
    question = MOVIE.qa_pairs[2].model_copy(update={"evidence": (span(0.0, 4.0),)})
    assert Said(said=("0 4",), rationales=("",)).right(question) == (True,)


def test_share_of_yes_counts_every_spelling_and_needs_one_of_the_two():
    assert yes_share({"Yes": -0.6931471805599453, " yes": -1.3862943611198906, "No": -1.3862943611198906}) == 0.75
    assert yes_share({"Maybe": -0.1}) is None and yes_share(None) is None
