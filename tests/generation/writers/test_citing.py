"""Questions: what follows from what they cite, and what is wrong with them."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.generation.briefs import QuestionDraft
from moviellm.generation.writers.answers import QuestionsAnswer
from moviellm.generation.writers.citing import questions_draft

FRAMES = {f"c00s0{s}k0{k}": [4.0 * (4 * s + k), 4.0 * (4 * s + k) + 4.0] for s in range(2) for k in range(4)}
LINES = {"c00s00d00": [0.25, 2.0], "c00s01d00": [17.0, 18.5]}
NAMES = sorted(FRAMES)


def context(*slots: tuple[str, str, str], seed: int = 0) -> dict[str, Any]:
    wanted = [
        {"slot": i + 1, "level": level, "type": kind, "format": form} for i, (level, kind, form) in enumerate(slots)
    ]
    about = {"language": "en", "movie_id": "m00042", "seed": seed}
    return {"slots": wanted, "frames": FRAMES, "lines": LINES, **about}


def question(slot: int = 1, **fields: Any) -> dict[str, Any]:
    plain = {"question": "Where is Ada?", "answer": "At the inn.", "distractors": []}
    return {"slot": slot, "keyframes": [], "lines": [], "items": [], **plain, **fields}


def draft(about: dict[str, Any], *asked: dict[str, Any]) -> tuple[QuestionDraft, ...]:
    answer = QuestionsAnswer.model_validate({"questions": asked, "skipped": []})
    return questions_draft(answer, about).questions


OPEN = ("movie", "plot", "open_ended")
CHOICE = ("movie", "state", "multiple_choice")


@given(
    st.lists(st.sampled_from(NAMES), min_size=1, unique=True), st.lists(st.sampled_from(sorted(LINES)), unique=True)
)
def test_evidence_is_the_union_of_the_spans_of_what_is_cited(frames: list[str], lines: list[str]) -> None:
    (made,) = draft(context(OPEN), question(keyframes=frames, lines=lines))
    spans = [(span.start_s, span.end_s) for span in made.evidence]
    assert spans == sorted(spans) and all(one[1] < two[0] for one, two in zip(spans, spans[1:], strict=False))
    cited = [FRAMES[name] for name in frames] + [LINES[name] for name in lines]
    for second in range(34):
        inside = any(start <= second + 0.5 < end for start, end in spans)
        assert inside == any(start <= second + 0.5 < end for start, end in cited)
    assert set(made.requires) == {"vision"} | ({"dialogue"} if lines else set())


def test_citations_become_ids_in_the_order_of_the_movie() -> None:
    (made,) = draft(context(OPEN), question(keyframes=["c00s01k00", "c00s00k03"], lines=["c00s01d00"]))
    assert made.keyframe_ids == ("m00042-c00-s00-k03", "m00042-c00-s01-k00")
    assert made.line_ids == ("m00042-c00-s01-d00",)
    assert [(span.start_s, span.end_s) for span in made.evidence] == [(12.0, 20.0)]


def test_the_right_option_stands_anywhere_with_equal_chance() -> None:
    asked = question(answer="the inn", distractors=["the pier", "the mill", "the barn"], keyframes=NAMES[:1])
    places = Counter(draft(context(CHOICE, seed=seed), asked)[0].answer_index for seed in range(800))
    assert sorted(places) == [0, 1, 2, 3]
    assert sum((count - 200) ** 2 / 200 for count in places.values()) < 16.3  # chi-square, 3 degrees, p = 0.001


def test_a_moment_is_answered_by_the_span_of_its_keyframes() -> None:
    slot = ("movie", "moment", "temporal_grounding")
    (made,) = draft(context(slot), question(answer="", keyframes=["c00s00k03", "c00s00k02"]))
    assert made.answer == "From 8.0 to 16.0 seconds." and made.requires == ("vision", "order")


def test_a_count_is_the_number_of_its_items_and_its_wrong_options_are_near() -> None:
    items = [{"text": f"key {i}", "keyframe": NAMES[i]} for i in range(3)]
    slot = ("movie", "count", "multiple_choice")
    asked = question(question="How many keys are there?", answer="", items=items)
    for seed in range(20):
        (made,) = draft(context(slot, seed=seed), asked)
        assert made.answer == "3" and len(made.options) == 4
        numbers = sorted(map(int, made.options))
        assert numbers == list(range(numbers[0], numbers[0] + 4)) and numbers[0] >= 1


def test_an_order_is_that_of_the_keyframes_and_its_options_are_permutations() -> None:
    items = [{"text": f"Ada does thing {i}", "keyframe": NAMES[i]} for i in (5, 0, 3)]
    (made,) = draft(context(("movie", "order", "multiple_choice")), question(answer="", items=items))
    assert made.answer == "Ada does thing 0, then Ada does thing 3, then Ada does thing 5"
    assert len({tuple(sorted(option.split(", then "))) for option in made.options}) == 1
    assert made.question.startswith("In which order do these happen: ") and "order" in made.requires


def test_dense_captions_tell_items_with_their_times() -> None:
    items = [{"text": "Ben falls.", "keyframe": NAMES[1]}, {"text": "Ada comes", "keyframe": NAMES[0]}]
    slot = ("movie", "overview", "dense_captioning")
    (made,) = draft(context(slot), question(question="Describe what happens.", answer="", items=items))
    assert made.answer == "0.0-4.0 s: Ada comes. 4.0-8.0 s: Ben falls."


def test_the_unanswerable_has_our_answer_and_no_evidence() -> None:
    (made,) = draft(context(("movie", "unanswerable", "open_ended")), question(answer="whatever"))
    assert made.answer == "The movie does not show or say that." and made.evidence == ()


@pytest.mark.parametrize(
    ("slot", "fields", "said"),
    [
        (OPEN, {"keyframes": ["c00s09k00"]}, "there is no keyframe 'c00s09k00'"),
        (OPEN, {"lines": ["c00s00d99"]}, "there is no line 'c00s00d99'"),
        (OPEN, {}, "cites neither a keyframe nor a line"),
        (OPEN, {"keyframes": NAMES[:1], "answer": " "}, "it has no answer"),
        (OPEN, {"keyframes": NAMES[:1], "question": "What is in c00s00k01?"}, "'c00s00' is of this text"),
        (OPEN, {"keyframes": NAMES[:1], "question": "What is in the keyframe?"}, "'keyframe' is of this text"),
        (("movie", "dialogue", "open_ended"), {"keyframes": NAMES[:1]}, "cites no line"),
        (("movie", "visual", "open_ended"), {"lines": ["c00s00d00"]}, "cites no keyframe"),
        (("scene", "plot", "open_ended"), {"keyframes": [NAMES[0], NAMES[5]]}, "cites several scenes"),
        (("keyframe", "visual", "open_ended"), {"keyframes": NAMES[:2]}, "is about one keyframe and cites 2"),
        (("movie", "moment", "temporal_grounding"), {"keyframes": [NAMES[0], NAMES[2]]}, "a moment is one stretch"),
        (("movie", "unanswerable", "open_ended"), {"keyframes": NAMES[:1]}, "is unanswerable and cites evidence"),
        (CHOICE, {"keyframes": NAMES[:1], "distractors": ["a", "b"]}, "has 3 distractors, got 2"),
        (CHOICE, {"keyframes": NAMES[:1], "answer": "a", "distractors": ["b", "A", "c"]}, "two options are the same"),
        (("movie", "count", "open_ended"), {"keyframes": NAMES[:1]}, "lists its items"),
        (
            ("movie", "order", "multiple_choice"),
            {"items": [{"text": t, "keyframe": NAMES[0]} for t in "abc"]},
            "shown by the same keyframe",
        ),
    ],
)
def test_a_question_that_breaks_a_rule_is_refused_with_the_reason(
    slot: tuple[str, str, str], fields: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        draft(context(slot), question(**fields))
    assert str(caught.value).startswith("slot 1: ")


def test_slots_are_filled_once_and_none_is_forgotten() -> None:
    about = context(*[OPEN] * 4)
    with pytest.raises(ValueError, match="no slot 9; slot 1 is filled or skipped twice; slots 2, 3, 4 are neither"):
        draft(about, *[question(slot, keyframes=NAMES[:1]) for slot in (1, 1, 9)])


def test_a_slot_without_material_may_be_left_empty_but_not_most() -> None:
    about, skipped = context(*[OPEN] * 4), [{"slot": slot, "reason": "nothing"} for slot in (2, 3, 4)]
    answer = {"questions": [question(keyframes=NAMES[:1])], "skipped": skipped}
    with pytest.raises(ValueError, match="3 of 4 slots are skipped"):
        questions_draft(QuestionsAnswer.model_validate(answer), about)


def test_no_why_majority() -> None:
    asked = [question(i + 1, question=f"Why does Ada go to place {i}?", keyframes=[NAMES[i]]) for i in range(5)]
    with pytest.raises(ValueError, match="5 of 5 questions ask 'why', at most 2 may"):
        draft(context(*[OPEN] * 5), *asked)
