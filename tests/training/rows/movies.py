"""Movies for tests of training rows: the committed sample, read as rows are, and small ones with their pictures."""

from functools import cache
from pathlib import Path
from typing import Any

from moviellm.generation.dataset.features import Row
from moviellm.generation.schema import DialogueLine, Event, Movie, QAPair
from moviellm.training.rows.source import Pictures, open_source, read_movies
from tests.factories import make_movie, span

SAMPLE = Path(__file__).resolve().parents[3] / "sample" / "MovieLLM-sample"


@cache
def sample() -> tuple[tuple[Movie, Pictures], ...]:
    """The movies of the committed sample, with pictures."""
    return tuple(read_movies(open_source(str(SAMPLE)), pictures=True))


def sample_movies() -> list[Movie]:
    return [movie for movie, _ in sample()]


def long_movie(number: int = 0) -> Movie:
    """192 s in 8 scenes of 6 keyframes: two clips."""
    return make_movie(number, chapters=4, scenes=2, keyframes=6)


def acts_unknown(movie: Movie) -> Movie:
    """The movie with its events told apart by their captions alone."""
    return movie.model_copy(update={"events": tuple(e.model_copy(update={"action": None}) for e in movie.events)})


def with_lines(movie: Movie, lines: list[tuple[float, str]]) -> Movie:
    """The movie with these lines in its first scene and none elsewhere."""
    spoken = tuple(
        DialogueLine(
            line_id=f"{movie.movie_id}-c00-s00-d{number:02d}",
            character_id=f"{movie.movie_id}-p00",
            text=text,
            emotion=None,
            span=span(start_s, start_s + 0.5),
        )
        for number, (start_s, text) in enumerate(lines)
    )
    chapters = [
        chapter.model_copy(
            update={
                "scenes": tuple(
                    scene.model_copy(update={"dialogue": spoken if (c, s) == (0, 0) else ()})
                    for s, scene in enumerate(chapter.scenes)
                )
            }
        )
        for c, chapter in enumerate(movie.chapters)
    ]
    return movie.model_copy(update={"chapters": tuple(chapters)})


def with_questions(movie: Movie, *questions: QAPair) -> Movie:
    return movie.model_copy(update={"qa_pairs": questions})


def with_captions(movie: Movie, captions: list[str]) -> Movie:
    events: tuple[Event, ...] = tuple(
        event.model_copy(update={"caption": caption}) for event, caption in zip(movie.events, captions, strict=True)
    )
    return movie.model_copy(update={"events": events})


def question(number: int, **changed: Any) -> QAPair:
    """A question about the scene that lasts from 0 to 8 s."""
    fields: dict[str, Any] = {
        "question_id": f"m00000-q{number:03d}",
        "level": "scene",
        "question_type": "character",
        "answer_format": "open_ended",
        "question": f"Who holds key {number}?",
        "answer": f"Ada {number}",
        "evidence": (span(0.0, 4.0),),
        "keyframe_ids": (),
        "line_ids": (),
        "requires": ("vision",),
    }
    return QAPair(**{**fields, **changed})


def text_of(messages: list[Row]) -> str:
    """Messages as text, `<I>` for a picture."""
    return "\n".join(
        f"{one['role']}: " + "".join("<I>" if part["type"] == "image" else part["text"] for part in one["content"])
        for one in messages
    )


def placeholders(messages: list[Row]) -> int:
    return sum(part["type"] == "image" for one in messages for part in one["content"])
