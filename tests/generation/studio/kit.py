"""Movies by the offline writer alone: the stages run against a workbench that keeps nothing and paints nothing."""

import asyncio
from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

from moviellm.generation.briefs import StoryBrief
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.dialogue import write_dialogue
from moviellm.generation.orders import MovieOrder
from moviellm.generation.plot import write_plot
from moviellm.generation.qa import ask_questions
from moviellm.generation.schema import Movie, Provenance, Record, Style, canonical_json, check_movie
from moviellm.generation.studio.plot.story import Story
from moviellm.generation.studio.writer import OfflineWriter
from moviellm.generation.workbench import Workbench

WRITER = OfflineWriter()
THEMES = (
    "a lighthouse keeper finds a map",
    "two sisters hide a letter from their father",
    "a gardener digs up a locked chest",
    "a photograph proves somebody wrong",
    "a promise is kept after many years",
    "🦊🌙",
    "قصة مفتاح",
    "夜の駅",
)


def brief(theme: str = THEMES[0], chapters: int = 2, scenes: int = 2, keyframes: int = 4, seed: int = 7) -> StoryBrief:
    return StoryBrief(theme=theme, language="en", chapters=chapters, scenes=scenes, keyframes=keyframes, seed=seed)


def story(asked: StoryBrief) -> Story:
    return WRITER._story(asked)


class DirectBench:
    """Answers every cell at once with the offline writer."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.writer = WRITER
        self.answers: dict[str, list[str]] = {}
        """Task -> every answer, in the order asked."""
        row = {"model_id": "w", "model_revision": "1", "prompt_id": "g", "prompt_sha256": "0" * 64, "params": "{}"}
        self.provenance = {
            "qa": Provenance(stage="qa", **row, seed=0, created_at="", code_version="0", code_revision="")
        }

    async def write(
        self,
        stage: str,
        version: int,
        cell_id: str,
        task: Any,
        asked: Record,
        seed: int,
        draft_type: type[Record],
        check: Callable[[Any], None] | None = None,
    ) -> Any:
        answer = await WRITER.write(WRITER.request(task, asked, seed))
        self.answers.setdefault(task, []).append(canonical_json(answer))
        draft = draft_type.model_validate(answer)
        if check:
            check(draft)
        return draft


STYLE = Style(
    style_id="storybook",
    keyword="storybook",
    description="",
    placeholder_token=None,
    base_model_id="none",
    base_model_revision="1",
    embedding_path=None,
    embedding_sha256=None,
)


@lru_cache(maxsize=256)
def make(
    theme: str = THEMES[0], chapters: int = 2, scenes: int = 2, keyframes: int = 4, seed: int = 7, questions: int = 40
) -> Movie:
    """A whole movie without pictures, checked."""
    return _line(theme, {"chapters": chapters, "scenes": scenes, "keyframes": keyframes}, seed, questions)[0]


def answers(theme: str, seed: int) -> dict[str, list[str]]:
    """Every answer about a small movie, by task."""
    return _line(theme, {"chapters": 2, "scenes": 3, "keyframes": 5}, seed, 30)[1]


def _line(theme: str, size: dict[str, int], seed: int, questions: int) -> tuple[Movie, dict[str, list[str]]]:
    bench = DirectBench(Recipe.model_validate({"story": size, "questions": {"per_movie": questions}}))
    return line(theme, bench, seed), bench.answers


def line(theme: str, bench: DirectBench, seed: int, style: Style = STYLE) -> Movie:
    """A whole movie of the bench's recipe without pictures, checked."""
    size = bench.recipe.story

    async def told() -> Movie:
        room = cast(Workbench, bench)
        order = MovieOrder(
            movie_id="m00000", theme=theme, seed=seed, twin_of=None, held_out=False,
            chapters=size.chapters, scenes=size.scenes, keyframes=size.keyframes,
        )  # fmt: skip
        plot = await write_plot(room, order)
        spoken = await write_dialogue(room, plot.movie, plot.story, plot.outline, plot.heads, plot.drafts)
        return await ask_questions(room, spoken.model_copy(update={"style": style}))

    movie = asyncio.run(told())
    check_movie(movie)
    return movie
