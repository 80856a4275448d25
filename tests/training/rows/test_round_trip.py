"""What is exported comes back by the door for older data: questions, answers, spans, dialogue, pictures."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from moviellm.generation.imports.importing import import_dataset
from moviellm.generation.imports.options import ImportOptions
from moviellm.generation.imports.spans import Moments
from moviellm.generation.schema import Movie
from moviellm.training.rows.exporting import export
from moviellm.training.rows.film import Look
from moviellm.training.rows.source import Pictures, open_source, read_movies
from moviellm.training.rows.views import VIEWS
from moviellm.training.rows.words import bare
from moviellm.training.rows.writing import write_rows
from tests.stories import build, make_story
from tests.training.rows.movies import SAMPLE, sample, sample_movies


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("round_trip")
    for kind in ("llama-vid", "vtimellm"):
        export(kind, str(SAMPLE), place / kind)
    return place


def back(kind: str, paths: Sequence[Path], out: Path, *subtitles: Path) -> list[tuple[Movie, Pictures]]:
    options = ImportOptions(subtitles=subtitles, media=(paths[0].parent,))
    import_dataset(kind, list(paths), out, options, as_json=True)
    return list(read_movies(open_source(str(out)), pictures=True))


@pytest.fixture(scope="module")
def llama_vid(exports: Path) -> dict[str, tuple[Movie, Pictures]]:
    folder = exports / "llama-vid"
    found = back("long-videoqa", sorted(folder.glob("long_videoqa*.json")), exports / "a", folder / "subtitles")
    return {movie.title: (movie, pictures) for movie, pictures in found}


def test_llama_vid_gives_back_every_question_and_answer(llama_vid: dict[str, tuple[Movie, Pictures]]) -> None:
    for movie in sample_movies():
        asked = Counter((one.question, one.answer) for one in llama_vid[movie.movie_id][0].qa_pairs or ())
        assert asked >= Counter((one.question, one.answer) for one in movie.qa_pairs or ())


def test_llama_vid_gives_back_follow_ups(llama_vid: dict[str, tuple[Movie, Pictures]]) -> None:
    for movie in sample_movies():
        pairs = []
        for one in (movie, llama_vid[movie.movie_id][0]):
            known = {question.question_id: question.question for question in one.qa_pairs or ()}
            pairs.append(sorted((known[q.turn_of], q.question) for q in one.qa_pairs or () if q.turn_of))
        assert pairs[0] == pairs[1]


def said(movie: Movie) -> list[tuple[str | None, str, float, float]]:
    names = {person.character_id: person.name for person in movie.characters}
    return [
        (names.get(one.character_id or ""), one.text, round(one.span.start_s, 3), round(one.span.end_s, 3))
        for one in movie.dialogue()
    ]


def test_llama_vid_gives_back_who_says_what_when(llama_vid: dict[str, tuple[Movie, Pictures]]) -> None:
    for movie in sample_movies():
        assert said(llama_vid[movie.movie_id][0]) == said(movie) != []


def test_llama_vid_gives_back_the_pictures_and_their_times(llama_vid: dict[str, tuple[Movie, Pictures]]) -> None:
    for movie, pictures in sample():
        other, theirs = llama_vid[movie.movie_id]
        spans = [[(k.span.start_s, k.span.end_s) for k in one.keyframes()] for one in (movie, other)]
        assert spans[0] == spans[1]
        assert [theirs[k.keyframe_id] for k in other.keyframes()] == [
            pictures[k.keyframe_id] for k in movie.keyframes()
        ]


def test_vtimellm_gives_back_every_event_with_its_boundaries(exports: Path) -> None:
    found = back("vtimellm", sorted((exports / "vtimellm").glob("stage2*.json")), exports / "b")
    theirs = {movie.title: movie for movie, _ in found}
    for movie in sample_movies():
        ours, back_again = (
            [(one.span.start_s, one.span.end_s, bare(one.caption)) for one in film.events]
            for film in (movie, theirs[movie.movie_id])
        )
        assert ours == back_again


def test_vtimellm_gives_back_the_moments_of_every_answer(exports: Path) -> None:
    found = back("vtimellm", sorted((exports / "vtimellm").glob("stage2*.json")), exports / "c")
    for movie in sample_movies():
        (theirs,) = [one for one, _ in found if one.title == movie.movie_id]
        spans = {bare(event.caption): event.span for event in movie.events}
        grounded = [one for one in theirs.qa_pairs or () if one.answer_format == "temporal_grounding"]
        assert len(grounded) == len(spans)
        for one in grounded:
            (caption,) = [text for text in spans if text in one.question]
            assert one.evidence == (spans[caption],)


def test_vtimellm_gives_back_the_questions_of_the_dataset(exports: Path) -> None:
    found = back("vtimellm", sorted((exports / "vtimellm").glob("stage3*.json")), exports / "d")
    for movie in sample_movies():
        (theirs,) = [one for one, _ in found if one.title == movie.movie_id]
        answers = {one.question: one for one in theirs.qa_pairs or ()}
        for one in movie.qa_pairs or ():
            if one.answer_format == "open_ended" and ":" not in one.question:
                assert answers[one.question].answer == one.answer
            if one.answer_format == "temporal_grounding" and one.turn_of is None:
                assert answers[one.question].evidence == one.evidence


def test_vtimellm_gives_back_captions_and_pictures(exports: Path) -> None:
    found = back("vtimellm", sorted((exports / "vtimellm").glob("stage1*.json")), exports / "e")
    answers = {one.answer for movie, _ in found for one in movie.qa_pairs or ()}
    assert answers >= {keyframe.caption for movie in sample_movies() for keyframe in movie.keyframes()}
    theirs = {hashlib.sha256(data).hexdigest() for _, pictures in found for data in pictures.values()}
    assert theirs == {keyframe.image_sha256 for movie in sample_movies() for keyframe in movie.keyframes()}


def test_clips_of_a_longer_movie_come_back_with_where_they_lie(tmp_path: Path) -> None:
    movie = make_story(0, chapters=4, scenes=2, keyframes=6)
    build(tmp_path / "films", [movie])
    export("vtimellm", str(tmp_path / "films"), tmp_path / "out")
    found = back("vtimellm", [tmp_path / "out" / "stage2.json"], tmp_path / "back")
    events = [
        (event.span.start_s + offset_s, bare(event.caption))
        for (clip, _), offset_s in zip(sorted(found, key=lambda one: one[0].title), (0.0, 120.0), strict=True)
        for event in clip.events
    ]
    assert events == [(event.span.start_s, bare(event.caption)) for event in movie.events]


def test_what_came_back_trains_again(exports: Path, llama_vid: dict[str, tuple[Movie, Pictures]]) -> None:
    made = write_rows(open_source(str(exports / "a")), exports / "rows", VIEWS, Look(), seed=0)
    asked = sum(len(movie.qa_pairs or ()) for movie, _ in llama_vid.values())
    assert sum(made.configs["sft"].values()) == asked


def test_moments_that_are_said_in_spanish_come_back_too() -> None:
    moments = Moments({"<s0>": 4.0, "<e0>": 8.0}, 64.0, Counter())
    for text in ("De <s0> a <e0>.", "¿Qué se ve entre <s0> y <e0>?"):
        assert [(one.start_s, one.end_s) for one in moments.read(text).spans] == [(4.0, 8.0)]
