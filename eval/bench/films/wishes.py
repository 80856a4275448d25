"""What a user may say about a benchmark of real films, and the recipe that follows.

    wish = FilmWish(films=(Path("films"),), out=Path("bench"), model="gpt-5-mini", subtitles=True)
    recipe = recipe_of(wish)                # who writes, who tests, how many questions, how much money

It opens no film and asks nobody.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

from moviellm.generation.config.recipe import Recipe, recipe_from, set_key
from moviellm.generation.llm.rendering import NO_MODEL

See = Literal["pictures", "captions", "words"]
SEES: Final[tuple[See, ...]] = get_args(See)
NAME: Final = "MovieLLM-real-films"
SETTABLE: Final = ("llm.", "gates.", "questions.", "engine.", "dataset.", "splits.")
"""Keys of a recipe that `--set` takes here; the others are of movies that are made."""
QUESTIONS: Final = 12
"""Questions of a film, unless the user says otherwise."""
TYPES: Final = {"overview": 0.1, "plot": 0.4, "order": 0.25, "moment": 0.25}
"""Overview, plot and temporal questions: what the papers' benchmark asks, in other shares (it has 1, 2 and 1)."""


@dataclass(frozen=True, kw_only=True)
class FilmWish:
    """A benchmark of films, as the command line has it."""

    films: tuple[Path, ...]
    """Films, or folders of films."""
    out: Path
    """The benchmark's folder; what is made on the way lies beside it."""
    subtitles: bool = False
    """Every film must have subtitles; those without are left out."""
    writer: str = "llm"
    model: str | None = None
    """Who writes the questions; None takes `OPENAI_MODEL`."""
    see: str = "pictures"
    """How the writer sees shots: as pictures, by captions that `gates.vision` makes, or not at all (`words`)."""
    fps: float | None = None
    """Keyframes a second; None takes one a shot."""
    language: str = "und"
    """Language of the films and of the questions; `und` takes that of the subtitles, else English."""
    name: str | None = None
    licence: str | None = None
    max_usd: float | None = None
    overrides: Sequence[str] = ()
    retry_failed: bool = False
    time_limit_s: float = 4 * 3600.0

    @property
    def making(self) -> Path:
        """Where decoded films, paid answers and the dataset with its answers lie; private."""
        return self.out.parent / f"{self.out.name}.making"


def recipe_of(wish: FilmWish) -> Recipe:
    """Who writes and who tests, how many questions, for how much money.

    Raises:
        ValueError: an option is none, or no model is named.
    """
    if wish.writer != "llm":
        raise ValueError(
            f"--writer {wish.writer}: questions about films of others are written by a language model; take "
            "--writer llm (the others compute them from a story that we know)"
        )
    if wish.see not in SEES:
        raise ValueError(f"--see {wish.see!r}: allowed are {', '.join(SEES)}")
    named = os.environ.get("OPENAI_MODEL", "").strip() or None
    data: dict[str, Any] = {
        "name": "real-films",
        "writer": "llm",
        "questions": {"per_movie": QUESTIONS, "types": dict(TYPES), "follow_ups": 0.0, "groups": 0.0},
        "llm": {"model": wish.model or named},
        "gates": {"rewrites": 0},  # whoever rewrites sees no picture
        "dataset": {"name": wish.name or NAME, "licence": wish.licence},
        "splits": {"validation": 3, "test": 7},
        "engine": {"max_usd": wish.max_usd},
    }
    for override in wish.overrides:
        if not override.startswith(SETTABLE):
            raise ValueError(
                f"--set {override}: of a benchmark of films can be set {', '.join(f'{s}*' for s in SETTABLE)}"
            )
        set_key(data, override)
    recipe = recipe_from(data, source="bench build --films")
    if recipe.llm.model is None:
        raise ValueError(NO_MODEL)
    return _with_gates(recipe, wish)


def _with_gates(recipe: Recipe, wish: FilmWish) -> Recipe:
    """The recipe with models that test: where none is named, the one that writes."""
    gates, model = recipe.gates, recipe.llm.model
    if not gates.models and model is not None:
        gates = gates.model_copy(update={"models": (model,)})
    if gates.vision is None and wish.see == "pictures":
        gates = gates.model_copy(update={"vision": model})
    if wish.see == "captions" and gates.vision is None:
        raise ValueError("--see captions: name the model that sees, --set gates.vision=MODEL")
    return recipe.model_copy(update={"gates": gates})
