"""A dataset for tests of evaluation: six small movies, two of them twins, with a question of every kind."""

from pathlib import Path
from typing import Any

from moviellm.generation.schema import Movie, QAPair
from tests.factories import span
from tests.stories import build, make_story

TWINS = {4: 0, 5: 1}
MOVIES = 6
PER_MOVIE = 6
"""Questions of a movie, without the one that it shares with a twin."""


def question(number: int, at: int, **fields: Any) -> QAPair:
    """Question `at` of a movie."""
    defaults: dict[str, Any] = {
        "question_id": f"m{number:05d}-q{at:03d}",
        "level": "movie",
        "evidence": (span(0.0, 4.0),),
        "keyframe_ids": (),
        "line_ids": (),
        "requires": ("vision",),
    }
    return QAPair(**{**defaults, **fields})


def choice(number: int, at: int, text: str, options: tuple[str, ...], right: int, **fields: Any) -> QAPair:
    return question(
        number,
        at,
        **{"question_type": "visual", "answer_format": "multiple_choice", "question": text, **fields},
        options=options,
        answer_index=right,
        answer=options[right],
    )


def opened(number: int, at: int, text: str, answer: str, **fields: Any) -> QAPair:
    return question(
        number,
        at,
        **{"question_type": "character", "answer_format": "open_ended", "question": text, "answer": answer, **fields},
    )


def questions(number: int) -> tuple[QAPair, ...]:
    name = f"m{number:05d}"
    group = f"{name}-group-00"
    made = [
        choice(number, 0, "What does Ada hold?", ("a map", "a brass key", "a lamp"), 1, group_id=group, level="scene"),
        question(
            number,
            1,
            question_type="moment",
            answer_format="temporal_grounding",
            question="When does Ada first hold the key?",
            answer="From 4.0 to 8.0 seconds.",
            evidence=(span(4.0, 8.0),),
            group_id=group,
        ),
        opened(number, 2, "Who keeps the key?", "Ada"),
        opened(number, 3, "And how many keys?", "2", question_type="count", turn_of=f"{name}-q002"),
        question(
            number,
            4,
            question_type="overview",
            answer_format="dense_captioning",
            question="Describe every event.",
            answer="0.0-4.0 s: Ada waits. 4.0-8.0 s: Ada holds the key.",
            evidence=(span(0.0, 4.0), span(4.0, 8.0)),
        ),
        opened(
            number,
            5,
            "What does Ben sing?",
            "The movie does not say; there is no Ben in it.",
            question_type="unanswerable",
            evidence=(),
        ),
    ]
    original = TWINS.get(number, number)
    if original in TWINS.values():
        right = 0 if original == number else 1
        options = ("the door", "the window", "the chest")
        made.append(choice(number, 6, "What does the key open?", options, right, group_id=f"m{original:05d}-twin-00"))
    return tuple(made)


def movie(number: int) -> Movie:
    made = make_story(number, TWINS.get(number), chapters=1, scenes=1, keyframes=4)
    fields: dict[str, Any] = {"qa_pairs": questions(number)}
    if number in TWINS:
        original = f"m{TWINS[number]:05d}"
        fields |= {"twin_of": original, "twin_difference": "what the key opens", "diverges_s": 8.0}
    return made.model_copy(update=fields)


def make_dataset(folder: Path, movies: list[Movie] | None = None, split: str = "test") -> Path:
    """All movies in one split."""
    shares = {"validation": 0, "test": 10 if split == "test" else 0}
    build(folder, [movie(number) for number in range(MOVIES)] if movies is None else movies, splits=shares)
    return folder


def gold_texts(folder: Path, split: str = "test") -> dict[str, str]:
    """What a model that is always right would say, by question."""
    from moviellm.eval.tasks.items import open_data

    data = open_data(str(folder), split=split)
    return {name: one.answer for name, one in data.questions.items()}
