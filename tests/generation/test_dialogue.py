"""Where lines are placed in time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.generation.briefs import LineDraft
from moviellm.generation.dialogue import PAUSE_S, WORDS_PER_S, place_lines
from tests.factories import make_movie

SCENE = make_movie().chapters[0].scenes[1]
PEOPLE = {"Ada": "m00000-p00"}

drafts = st.lists(
    st.builds(
        LineDraft,
        speaker=st.sampled_from(["Ada", None]),
        text=st.lists(st.just("word"), min_size=1, max_size=60).map(" ".join),
        emotion=st.just("calm"),
        keyframe_index=st.integers(0, len(SCENE.keyframes) - 1),
    ),
    max_size=8,
)


@given(drafts)
def test_a_line_lies_inside_its_keyframe(lines: list[LineDraft]) -> None:
    placed = place_lines(SCENE, lines, PEOPLE, {})
    in_order = sorted(lines, key=lambda line: line.keyframe_index)
    for line, draft in zip(placed, in_order, strict=True):
        assert SCENE.keyframes[draft.keyframe_index].span.covers(line.span, tolerance_s=1e-6)


@given(drafts)
def test_lines_do_not_overlap(lines: list[LineDraft]) -> None:
    placed = place_lines(SCENE, lines, PEOPLE, {})
    for one, next_one in zip(placed, placed[1:], strict=False):
        assert one.span.end_s <= next_one.span.start_s + 1e-6


def test_a_short_line_lasts_as_long_as_its_words_take() -> None:
    draft = LineDraft(speaker="Ada", text="one two three", emotion="calm", keyframe_index=0)
    (line,) = place_lines(SCENE, [draft], PEOPLE, {})
    assert line.span.start_s == SCENE.span.start_s + PAUSE_S
    assert line.span.end_s - line.span.start_s == pytest.approx(0.5 + 3 / WORDS_PER_S, abs=1e-5)


def test_the_narrator_is_nobody() -> None:
    draft = LineDraft(speaker=None, text="Night fell.", emotion="calm", keyframe_index=0)
    assert place_lines(SCENE, [draft], PEOPLE, {})[0].character_id is None
