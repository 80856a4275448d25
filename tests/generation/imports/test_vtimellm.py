"""imports/vtimellm.py and spans.py: conversations with moments become questions with exact spans."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file

from moviellm.generation.imports.spans import CUT, HUNDREDTHS, NO_TIME, REVERSED, Moments
from moviellm.generation.imports.vtimellm import BAD_FEATURES, NO_FEATURES, NO_LENGTH
from moviellm.generation.schema import Movie, QAPair
from tests.generation.imports.legacy import Read, dump, picture, stage_1, talk, vtimellm


@pytest.fixture
def read(tmp_path: Path):
    def opened(found: Any = None, **options: Any) -> Read:
        path = dump(tmp_path / "data", "stage.json", vtimellm() if found is None else found)
        return Read("vtimellm", [path], tmp_path / "scratch", **options)

    return opened


def asked(movie: Movie) -> tuple[QAPair, ...]:
    assert movie.qa_pairs is not None
    return movie.qa_pairs


def spans(question: QAPair) -> list[tuple[float, float]]:
    return [(span.start_s, span.end_s) for span in question.evidence]


def test_dense_captioning_gives_events_with_exact_seconds(read) -> None:
    movie = read().movies[0]
    (question,) = asked(movie)
    assert (question.answer_format, spans(question)) == ("dense_captioning", [(0.0, 9.4), (49.4, 53.2)])
    assert [(event.span.start_s, event.span.end_s, event.caption) for event in movie.events] == [
        (0.0, 9.4, "woman counts money."),
        (49.4, 53.2, "two people shake hands."),
    ]


def test_an_answer_says_its_moments_in_seconds(read) -> None:
    (question,) = asked(read().movies[0])
    assert question.answer.startswith("From 0.0 to 9.4 seconds, woman counts money. From 49.4 to 53.2 seconds, two")


def test_a_moment_alone_is_temporal_grounding(read) -> None:
    first, second = asked(read().movies[1])
    assert (first.answer_format, first.answer, spans(first)) == (
        "temporal_grounding",
        "From 0.0 to 9.4 seconds.",
        [(0.0, 9.4)],
    )
    assert (second.answer_format, spans(second)) == ("open_ended", [(49.4, 53.2)])


def test_turns_follow_each_other(read) -> None:
    first, second = asked(read().movies[1])
    assert (first.turn_of, second.turn_of) == (None, first.question_id)


def test_media_tokens_are_no_part_of_a_question(read) -> None:
    assert asked(read().movies[0])[0].question == "What happens, and when?"


def test_a_movie_is_as_long_as_the_clip(read) -> None:
    movie = read().movies[0]
    assert (movie.duration_s, movie.title) == (54.2, "3n3o")
    assert movie.provenance[0].params == '{"id":"3n3o","source":"internvid","split":[129.8,184.0]}'


def test_a_film_of_unknown_length_is_counted(read) -> None:
    found = read()
    movie = found.movies[2]
    assert (movie.duration_s, spans(asked(movie)[0]), found.changed) == (4.0, [], {NO_LENGTH: 1})
    assert asked(movie)[0].answer == "A film of 10 to 15 dogs."


def test_two_conversations_about_one_film_are_one_movie(read) -> None:
    found = vtimellm()
    movies = read([found[1], found[1]]).movies
    assert [len(asked(movie)) for movie in movies] == [4]
    assert [question.turn_of is None for question in asked(movies[0])] == [True, False, True, False]


def test_two_clips_of_one_film_are_two_movies(read) -> None:
    one, other = vtimellm()[0], vtimellm()[0]
    other["meta"]["split"] = [0, 54.2]
    assert len(read([one, other]).movies) == 2


@pytest.mark.parametrize(
    ("answer", "answer_format"),
    [
        ("It happens from <s0> to <e0>.", "temporal_grounding"),
        ("<s0>-<e0>", "temporal_grounding"),
        ("From <s0> to <e0> and from <s1> to <e1>", "open_ended"),
        ("She counts money, from <s0> to <e0>.", "open_ended"),
        ("From <s0> to <e0> in the video.", "open_ended"),
        ("From <s0> to <e0>, she counts money.", "dense_captioning"),
    ],
)
def test_only_an_answer_that_says_when_is_grounding(read, answer: str, answer_format: str) -> None:
    record = vtimellm()[1]
    record["conversations"] = talk("When?", answer)
    assert asked(read([record]).movies[0])[0].answer_format == answer_format


def test_the_words_around_a_moment_stay(read) -> None:
    record = vtimellm()[1]
    record["conversations"] = talk("What is there between <s0> and <e0>, at <s1>?", "Money.")
    question = asked(read([record]).movies[0])[0].question
    assert question == "What is there between 0.0 and 9.4 seconds, at 49.4 seconds?"


def test_a_sentence_that_tells_more_is_open_ended(read) -> None:
    record = vtimellm()[1]
    record["conversations"] = talk("Why?", "She needs it, as from <s0> to <e0> she counts.", "And?", "Nothing.")
    movie = read([record]).movies[0]
    assert (asked(movie)[0].answer_format, spans(asked(movie)[0]), movie.events) == ("open_ended", [(0.0, 9.4)], ())


def test_hundredths_become_seconds_of_the_film(read) -> None:
    record = vtimellm()[1]
    record["meta"] = {"duration": 50.0, "token": {}}
    record["conversations"] = talk("When?", "From 02 to 10.", "What from 20 to 20?", "A man of 20.")
    found = read([record])
    first, second = asked(found.movies[0])
    assert (first.answer, spans(first)) == ("From 1.0 to 5.0 seconds.", [(1.0, 5.0)])
    assert (spans(second), found.changed) == ([(10.0, 10.5)], {HUNDREDTHS: 2})


def test_ids_of_ours_are_kept(read) -> None:
    records = vtimellm()[:2]
    records[0]["id"], records[1]["id"] = "m00007", "m00003"
    assert [movie.movie_id for movie in read(records).movies] == ["m00007", "m00003"]


def test_broken_records_are_counted(read) -> None:
    found = read([*vtimellm(), 7, {"id": "x"}, {"id": "y", "conversations": [{"from": "human"}]}])
    assert (len(found.movies), found.left_out) == (
        3,
        {
            "entries that are no record": 1,
            "records without id or conversations": 1,
            "turns without speaker or text": 1,
            "movies about which nothing is asked": 1,
        },
    )


def test_stage_1_is_a_picture_with_its_caption(read, tmp_path: Path) -> None:
    (tmp_path / "data/images/00453").mkdir(parents=True)
    (tmp_path / "data/images/00453/a.jpg").write_bytes(picture(1, "JPEG"))
    found = read(stage_1(), media=(tmp_path / "data/images",))
    (keyframe,) = found.movies[0].keyframes()
    (question,) = asked(found.movies[0])
    assert (keyframe.caption, keyframe.image, found.left_out) == ("a red cat", "m00000-c00-s00-k00.jpg", {})
    assert (question.question, question.level, question.keyframe_ids) == (
        "Write a caption.",
        "keyframe",
        (keyframe.keyframe_id,),
    )
    assert list(found.reader.images(found.movies[0])) == [(keyframe, picture(1, "JPEG"))]


def test_pictures_beside_the_file_are_found(read, tmp_path: Path) -> None:
    (tmp_path / "data/images/00453").mkdir(parents=True)
    (tmp_path / "data/images/00453/a.jpg").write_bytes(picture(1, "JPEG"))
    (keyframe,) = read(stage_1()).movies[0].keyframes()
    assert keyframe.image == "m00000-c00-s00-k00.jpg"


def test_names_that_are_no_text_are_shown_as_well_as_can_be(read) -> None:
    record = stage_1()[0] | {"id": "a\ud800", "image": "b\ud800.jpg"}
    (movie,) = read([record]).movies
    assert '"id":"a?"' in movie.provenance[0].params and '"image":"b?.jpg"' in movie.provenance[0].params


def test_a_picture_that_is_missing_is_counted(read) -> None:
    assert read(stage_1()).left_out == {"pictures that are missing": 1}


def test_features_are_copied_as_safetensors(read, tmp_path: Path) -> None:
    features = np.arange(200, dtype=np.float16).reshape(100, 2)
    (tmp_path / "data/feats").mkdir(parents=True)
    np.save(tmp_path / "data/feats/v_1.npy", features)
    np.save(tmp_path / "data/feats/v_2.npy", np.array([{}], dtype=object), allow_pickle=True)
    found = read(media=(tmp_path / "data/feats",))
    copied = {}
    for movie in found.movies:
        for path, file in found.reader.files(movie):
            assert isinstance(file, Path)
            copied[path] = load_file(file)["feats"]
    assert list(copied) == ["features/00000/m00001.safetensors"]
    assert np.array_equal(copied["features/00000/m00001.safetensors"], features)
    assert found.left_out == {NO_FEATURES: 1, BAD_FEATURES: 1}
    assert list((tmp_path / "scratch").iterdir()) == []


def test_features_are_left_out_on_request(read, tmp_path: Path) -> None:
    (tmp_path / "data/feats").mkdir(parents=True)
    np.save(tmp_path / "data/feats/v_1.npy", np.zeros((100, 2)))
    found = read(media=(tmp_path / "data/feats",), features=False)
    assert [list(found.reader.files(movie)) for movie in found.movies] == [[], [], []]


def said(text: str, tokens: dict[str, Any], duration_s: float | None = 10.0) -> tuple[Any, Counter[str]]:
    counts: Counter[str] = Counter()
    return Moments(tokens, duration_s, counts).read(text), counts


@pytest.mark.parametrize(
    ("tokens", "shown", "count"),
    [
        ({"<s0>": 2, "<e0>": 12.5}, "From 2.0 to 10.0 seconds.", {CUT: 1}),
        ({"<s0>": -1, "<e0>": 3}, "From 0.0 to 3.0 seconds.", {CUT: 1}),
        ({"<s0>": 5, "<e0>": 3}, "From 5.0 seconds to 3.0 seconds.", {REVERSED: 1}),
        ({"<s0>": 5}, "From 5.0 seconds to <e0>.", {NO_TIME: 1}),
        ({"<s0>": "5", "<e0>": float("nan")}, "From <s0> to <e0>.", {NO_TIME: 2}),
    ],
)
def test_moments_that_cannot_be_are_counted(tokens: dict[str, Any], shown: str, count: dict[str, int]) -> None:
    found, counts = said("From <s0> to <e0>.", tokens)
    assert (found.text, dict(counts)) == (shown, count)


@given(st.data())
def test_any_spans_come_back_exactly(draw: st.DataObject) -> None:
    duration_s = draw.draw(st.floats(1.0, 1e4))
    pairs = draw.draw(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted), min_size=1, max_size=4))
    times = [(start * duration_s, end * duration_s) for start, end in pairs if start * duration_s < end * duration_s]
    tokens = {f"<{mark}{n}>": time for n, pair in enumerate(times) for mark, time in zip("se", pair, strict=True)}
    text = " ".join(f"From <s{n}> to <e{n}>, thing {n} happens." for n in range(len(times)))
    found, _ = said(text, tokens, duration_s)
    assert [(span.start_s, span.end_s) for span in found.spans] == times
    assert found.captions == tuple(f"thing {n} happens." for n in range(len(times)))
