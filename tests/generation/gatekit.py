"""A workbench over a real shard with a movie's pictures in it, and models in this process, for the tests of gates."""

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

from moviellm.generation.cells import Cell, Shard
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.gatekeeping import keep_gates
from moviellm.generation.llm.asks import Ask, Reply
from moviellm.generation.protocols import Request
from moviellm.generation.runs.record import RunRecord
from moviellm.generation.schema import SCHEMA_VERSION, Movie
from moviellm.generation.workbench import Workbench
from tests.factories import make_image
from tests.servers.openai_answers import Spoken, task_of

TWO = ("model-a", "model-b")


class Models:
    """Answers asks as the double does; `per_model` overrides what a model says, `fails` raises for it."""

    def __init__(self, answers: Any) -> None:
        self.answers = answers
        self.asks: list[Ask] = []
        self.calls: Counter[str] = Counter()

    async def exchange(self, ask: Ask) -> Reply:
        self.asks.append(ask)
        form = {"json_schema": {"name": ask.schema_name, "schema": ask.schema}} if ask.schema else None
        body = {"messages": [dict(message) for message in ask.messages], "response_format": form, "seed": ask.seed}
        task = task_of(body)
        self.calls[ask.schema_name or "text"] += 1
        value = self.answers(task.name, task.data, task.schema or {}, task.seed)
        if callable(value):
            value = value(ask)
        if isinstance(value, Reply):
            return value
        if isinstance(value, Spoken):
            return Reply(text=value.text, finish_reason="stop", logprobs=value.logprobs)
        return Reply(text=json.dumps(value), finish_reason="stop")

    def void(self, keys: list[str]) -> None:
        """Nothing is kept."""


def recipe(**gates: Any) -> Recipe:
    """A recipe with gates; the questions are a language model's."""
    asked = {"models": TWO, **gates}
    return Recipe.model_validate({"themes": ["a key"], "writer": "llm", "llm": {"model": "writer"}, "gates": asked})


def keep(
    run: Path,
    movie: Movie,
    made: Recipe,
    models: Models,
    *,
    make_missing: bool = True,
    retry_failed: bool = False,
) -> tuple[Movie, Workbench]:
    """The movie through its gates in a run folder, with the pictures of the factory in the shard."""

    async def job() -> tuple[Movie, Workbench]:
        shard = Shard.open(run, 0, retry_failed=retry_failed)
        bench = Workbench(
            recipe=made, writer=None, painter=None, shard=shard, limit=asyncio.Semaphore(8), make_missing=make_missing,
            record=RunRecord(
                recipe=made, created_at="2026-01-01T00:00:00Z", code_version="0", code_revision="",
                schema_version=SCHEMA_VERSION, movies_per_shard=1,
            ),
        )  # fmt: skip
        try:
            for keyframe in movie.keyframes():
                await _put(shard, keyframe.keyframe_id)
            return await keep_gates(bench, movie, models), bench
        finally:
            await shard.close()

    return asyncio.run(job())


async def _put(shard: Shard, keyframe_id: str) -> None:
    request = Request(
        task="k", model_id="m", model_revision="1", prompt_id="p", prompt_sha256="0" * 64, inputs={"id": keyframe_id}
    )

    async def make() -> tuple[dict[str, Any], bytes]:
        return {}, make_image(keyframe_id)

    await shard.cell(
        Cell(cell_id=keyframe_id, stage="keyframes", stage_version=1, request=request), make, asyncio.Semaphore(1)
    )
