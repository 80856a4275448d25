"""Movies that have nothing in common, twins among them, and datasets of them; a benchmark of both."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from moviellm.eval.bench.building import Wish, build
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.export import build_dataset
from moviellm.generation.schema import Keyframe, Movie, QAPair
from tests.factories import MemoryRun, make_movie, span
from tests.stories import plain_readme, words


def picture(name: str, quality: int = 80) -> bytes:
    """A picture that looks like no other."""
    import io

    dice = np.random.default_rng(list(name.encode()))
    small = Image.fromarray(dice.integers(0, 255, (9, 16, 3), dtype=np.uint8))
    made = io.BytesIO()
    small.resize((64, 36), Image.Resampling.BICUBIC).save(made, "JPEG", quality=quality)
    return made.getvalue()


class Run(MemoryRun):
    """Movies with such pictures; `paints` says which picture a keyframe has."""

    def __init__(self, movies: list[Movie], paints: dict[str, bytes] | None = None) -> None:
        super().__init__([self._painted(movie, paints or {}) for movie in movies])
        self._paints = paints or {}

    def _data(self, movie: Movie, keyframe: Keyframe, paints: dict[str, bytes]) -> bytes:
        return paints.get(keyframe.keyframe_id) or picture(f"{movie.title} {keyframe.index}")

    def _painted(self, movie: Movie, paints: dict[str, bytes]) -> Movie:
        import hashlib

        def frame(one: Keyframe) -> Keyframe:
            sha = hashlib.sha256(self._data(movie, one, paints)).hexdigest()
            return one.model_copy(update={"image_sha256": sha, "width_px": 64, "height_px": 36})

        chapters = tuple(
            chapter.model_copy(
                update={
                    "scenes": tuple(
                        scene.model_copy(update={"keyframes": tuple(map(frame, scene.keyframes))})
                        for scene in chapter.scenes
                    )
                }
            )
            for chapter in movie.chapters
        )
        return movie.model_copy(update={"chapters": chapters})

    def images(self, movie: Movie) -> Iterator[tuple[Keyframe, bytes]]:
        for keyframe in movie.keyframes():
            yield keyframe, self._data(movie, keyframe, self._paints)


def question(movie_id: str, number: int, answer_format: str, text: str, answer: str, **more: Any) -> QAPair:
    fields: dict[str, Any] = {
        "question_id": f"{movie_id}-q{number:03d}",
        "level": "scene",
        "question_type": "moment",
        "answer_format": answer_format,
        "question": text,
        "answer": answer,
        "evidence": (span(4.0, 12.0),),
        "keyframe_ids": (f"{movie_id}-c00-s00-k01",),
        "line_ids": (),
        "requires": ("vision",),
        "form": f'{{"kind":"when","of":"{movie_id}-e0001"}}',
    }
    return QAPair.model_validate({**fields, **more})


def questions(movie_id: str, dice: random.Random, told: Sequence[str]) -> tuple[QAPair, ...]:
    """One of each form, a follow-up, one that cannot be answered, two that count together."""
    options = tuple(words(dice, 2) for _ in range(4))
    events = f"0.0-4.0 s: {told[0]} 4.0-8.0 s: {told[1]}"
    return (
        question(movie_id, 0, "open_ended", f"What is {words(dice, 4)}?", words(dice, 7), level="movie",
                 question_type="overview"),
        question(movie_id, 1, "multiple_choice", f"Which {words(dice, 4)}?", options[0], options=options,
                 answer_index=0, question_type="visual", group_id=f"{movie_id}-group-00"),
        question(movie_id, 2, "multiple_choice", f"Who {words(dice, 4)}?", options[1], options=options,
                 answer_index=1, question_type="visual", group_id=f"{movie_id}-group-00"),
        question(movie_id, 3, "temporal_grounding", f"When {words(dice, 5)}?", "From 4.0 to 12.0 seconds."),
        question(movie_id, 4, "open_ended", f"And then {words(dice, 3)}?", words(dice, 6),
                 turn_of=f"{movie_id}-q003", question_type="plot"),
        question(movie_id, 5, "open_ended", f"Why {words(dice, 5)}?", "The movie does not say what nobody did.",
                 question_type="unanswerable", evidence=()),
        question(movie_id, 6, "dense_captioning", f"Tell all of {words(dice, 3)}.", events,
                 evidence=(span(0.0, 4.0), span(4.0, 8.0)), question_type="overview"),
    )  # fmt: skip


def movie(number: int, soul: int | None = None, *, twin_of: int | None = None, **changes: Any) -> Movie:
    """A movie that shares nothing with one of another soul (its number when None)."""
    soul = number if soul is None else soul
    dice = random.Random(soul)
    made = make_movie(number)
    told = [f"Somebody {words(dice, 8)}." for _ in made.events]
    person = made.characters[0].model_copy(update={"appearance": words(dice, 8), "description": words(dice, 6)})
    place = made.locations[0].model_copy(update={"description": words(dice, 6)})
    update: dict[str, Any] = {
        "title": words(dice, 3),
        "logline": words(dice, 10),
        "synopsis": words(dice, 60),
        "characters": (person,),
        "locations": (place,),
        "events": tuple(one.model_copy(update={"caption": text}) for one, text in zip(made.events, told, strict=True)),
        "qa_pairs": questions(made.movie_id, dice, told),
        "seed": 5_000_000 + soul,
        "twin_of": None if twin_of is None else f"m{twin_of:05d}",
    }
    return made.model_copy(update={**update, **changes})


def dataset(out: Path, movies: Sequence[Movie], paints: dict[str, bytes] | None = None, **recipe: Any) -> Path:
    """A dataset folder of movies."""
    made = Recipe.model_validate({"dataset": {"name": "Made"}, **recipe})
    run = Run([*movies], paints)
    build_dataset(run, out, made, run_seed=0, render_readme=plain_readme)
    return out


def bench(source: Path, train: Path, out: Path, **wish: Any) -> Path:
    """A benchmark of a dataset."""
    build(Wish(source=str(source), train=(str(train),), out=out, **{"repo": "org/bench", **wish}), as_json=False)
    return out
