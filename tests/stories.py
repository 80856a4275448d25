"""Movies for tests of the dataset: those of factories.py, each with a plot of its own words, and a dataset of them."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml

from moviellm.generation.config.recipe import Recipe
from moviellm.generation.dataset.facts import DatasetFacts
from moviellm.generation.dataset.folder import DatasetManifest
from moviellm.generation.export import build_dataset
from moviellm.generation.schema import Movie
from tests.factories import MemoryRun, make_movie

SYLLABLES = ("ba", "lo", "mi", "tar", "ke", "zu", "ron", "el")


def words(dice: random.Random, count: int) -> str:
    return " ".join("".join(dice.choices(SYLLABLES, k=3)) for _ in range(count))


def make_story(number: int, plot: int | None = None, **sizes: int) -> Movie:
    """A movie whose plot is told in words drawn from `plot` (its number when None)."""
    movie = make_movie(number, **sizes)
    dice = random.Random(number if plot is None else plot)
    return movie.model_copy(
        update={
            "logline": words(dice, 10),
            "synopsis": words(dice, 100),
            "events": tuple(event.model_copy(update={"caption": words(dice, 9)}) for event in movie.events),
        }
    )


def plain_readme(facts: DatasetFacts) -> tuple[str, dict[str, bytes]]:
    """The least a card must be: a licence and the front matter; and one file beside it."""
    front = {"license": "cc0-1.0", **facts.front_matter}
    return f"---\n{yaml.safe_dump(front, sort_keys=False)}---\n", {"card/chart.svg": b"<svg/>"}


def build(
    out: Path,
    movies: Sequence[Movie],
    render: Callable[[DatasetFacts], tuple[str, dict[str, bytes]]] = plain_readme,
    **recipe: Any,
) -> DatasetManifest:
    made = Recipe.model_validate(recipe)
    return build_dataset(MemoryRun(list(movies)), out, made, run_seed=made.seed, render_readme=render)
