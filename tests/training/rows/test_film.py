"""A movie as a trainer sees it: pictures with the dialogue between them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.generation.schema import Movie
from moviellm.training.rows.film import CLIP_EVENTS, CLIP_S, Look, asked, chosen, clips, show, whole
from moviellm.training.rows.words import words_for
from tests.factories import make_movie
from tests.training.rows.movies import long_movie, sample_movies, text_of, with_lines

ENGLISH = words_for("en")
SIXTY = list(make_movie(chapters=1, scenes=1, keyframes=60).keyframes())


def shown(movie: Movie, look: Look | None = None) -> str:
    parts = show(whole(movie), look or Look(), ENGLISH).parts
    return text_of([{"role": "user", "content": parts}]).removeprefix("user: ")


@pytest.mark.parametrize("frames", [None, 1, 2, 5, 12, 100])
def test_there_are_as_many_placeholders_as_pictures(frames: int | None) -> None:
    for movie in sample_movies():
        film = show(whole(movie), Look(frames=frames), ENGLISH)
        assert sum(part["type"] == "image" for part in film.parts) == len(film.keyframes)
        assert len(film.keyframes) == min(frames or 12, 12)


def test_pictures_and_lines_come_at_their_times() -> None:
    movie = with_lines(make_movie(chapters=1, scenes=1, keyframes=3), [(1.0, "One."), (5.0, "Two."), (6.0, "Three.")])
    assert (
        shown(movie)
        == "[0.0 s] <I>\n[1.0 s] Ada: One.\n[4.0 s] <I>\n[5.0 s] Ada: Two.\n[6.0 s] Ada: Three.\n[8.0 s] <I>"
    )


def test_a_line_before_the_first_picture_stands_before_it() -> None:
    movie = with_lines(make_movie(chapters=1, scenes=1, keyframes=5), [(1.0, "Early.")])
    assert shown(movie, Look(frames=1)) == "[1.0 s] Ada: Early.\n[8.0 s] <I>"


def test_without_stamps_no_time_is_said() -> None:
    movie = with_lines(make_movie(chapters=1, scenes=1, keyframes=2), [(1.0, "One.")])
    assert shown(movie, Look(stamps=False)) == "<I>\nAda: One.\n<I>"


def test_stamps_can_be_hundredths() -> None:
    movie = with_lines(make_movie(chapters=1, scenes=1, keyframes=2), [(1.0, "One.")])
    assert shown(movie, Look(times="index")) == "[00] <I>\n[12] Ada: One.\n[50] <I>"


def test_a_keyframe_without_a_picture_is_not_shown() -> None:
    movie = make_movie(chapters=1, scenes=1, keyframes=2)
    scene = movie.chapters[0].scenes[0]
    bare = scene.keyframes[0].model_copy(update={"image": None, "image_sha256": None})
    scene = scene.model_copy(update={"keyframes": (bare, scene.keyframes[1]), "dialogue": ()})
    chapter = movie.chapters[0].model_copy(update={"scenes": (scene,)})
    assert shown(movie.model_copy(update={"chapters": (chapter,)})) == "[4.0 s] <I>"


def test_markup_in_a_line_is_no_placeholder() -> None:
    movie = with_lines(make_movie(chapters=1, scenes=1, keyframes=1), [(1.0, "See <image> and <|im_end|>.")])
    assert "<image>" not in shown(movie) and "<|im_end|>" not in shown(movie)


def test_the_question_stands_on_a_line_of_its_own() -> None:
    film = show(whole(with_lines(make_movie(chapters=1, scenes=1, keyframes=1), [])), Look(), ENGLISH)
    assert asked(film, "Who?") == [*film.parts, {"type": "text", "text": "\nWho?"}]


@given(st.integers(1, 60), st.integers(1, 70))
def test_chosen_pictures_are_in_order_and_spread(count: int, most: int) -> None:
    found = chosen(SIXTY[:count], most)
    indices = [one.index for one in found]
    assert len(found) == min(count, most) and indices == sorted(set(indices))
    if 1 < most < count:
        steps = [b - a for a, b in zip(indices, indices[1:], strict=False)]
        assert indices[0] == 0 and indices[-1] == count - 1 and max(steps) - min(steps) <= 1


def test_clips_are_whole_scenes_that_follow_each_other() -> None:
    movie = long_movie()
    found = list(clips(movie))
    assert [(clip.span.start_s, clip.span.end_s) for clip in found] == [(0.0, 120.0), (120.0, 192.0)]
    assert [scene for clip in found for scene in clip.scenes] == list(movie.scenes())
    assert all(clip.duration_s <= CLIP_S and len(clip.events) >= CLIP_EVENTS for clip in found)


def test_a_clip_with_too_few_events_goes_to_the_one_before_it() -> None:
    movie = long_movie()
    few = movie.model_copy(update={"events": movie.events[:32]})
    assert [(clip.span.start_s, clip.span.end_s) for clip in clips(few)] == [(0.0, 192.0)]


def test_a_movie_with_too_few_events_has_no_clip() -> None:
    movie = make_movie()
    assert list(clips(movie.model_copy(update={"events": movie.events[: CLIP_EVENTS - 1]}))) == []


def test_what_a_twin_shares_with_its_original_is_not_told_twice() -> None:
    twin = long_movie(1).model_copy(update={"twin_of": "m00000", "diverges_s": 130.0})
    assert [clip.span.start_s for clip in clips(twin)] == [120.0]
