"""A language model in process: it tells the offline studio's stories, and spoils its answers where a test says."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from moviellm.generation.config.recipe import Recipe, recipe_from
from moviellm.generation.llm.asks import Ask, Reply
from moviellm.generation.make import MakeReport, make_run, shard_size
from moviellm.generation.runs.record import next_record, write_record
from moviellm.generation.runs.tables import RunReader
from moviellm.generation.schema import Movie
from moviellm.generation.writers.llm import LlmWriter
from tests.fakes import FakePainter
from tests.servers.openai_answers import task_of
from tests.servers.story_answers import answers

THEME = "a lighthouse keeper finds a map"
Spoil = Callable[[Any, dict[str, Any]], None]


def data_of(ask: Ask) -> dict[str, Any]:
    """The JSON block of a prompt."""
    return task_of({"messages": list(ask.messages)}).data


class StoryModel:
    """Answers as story_answers.py does. `spoil` maps a task to what is done to its answer and the task's data, `times`
    times (None: always)."""

    def __init__(self, spoil: dict[str, Spoil] | None = None, times: int | None = None) -> None:
        self.spoil, self.times = spoil or {}, times
        self.asks: list[Ask] = []
        self.spoilt: Counter[str] = Counter()

    def void(self, keys: list[str]) -> None:
        """Nothing is kept."""

    async def exchange(self, ask: Ask) -> Reply:
        self.asks.append(ask)
        name, data = str(ask.schema_name), data_of(ask)
        value = answers(name, data, ask.schema or {}, ask.seed)
        if name in self.spoil and (self.times is None or self.spoilt[name] < self.times):
            value = json.loads(json.dumps(value))
            self.spoil[name](value, data)
            self.spoilt[name] += 1
        return Reply(text=json.dumps(value, ensure_ascii=False), finish_reason="stop")

    @property
    def repairs(self) -> list[str]:
        """What repair turns said was wrong."""
        return [str(ask.messages[-1]["content"]) for ask in self.asks if len(ask.messages) > 2]

    def calls(self) -> Counter[str]:
        """Exchanges by task."""
        return Counter(str(ask.schema_name) for ask in self.asks)


def recipe_of(**keys: Any) -> Recipe:
    """A small recipe for writer llm; sections are merged into it."""
    data: dict[str, Any] = {
        "writer": "llm",
        "llm": {"model": "story", "seeds": 1},
        "story": {"chapters": 2, "scenes": 2, "keyframes": 3},
        "questions": {"per_movie": 12},
        "themes": [THEME],
        "seed": 5,
    }
    for name, value in keys.items():
        data[name] = data[name] | value if isinstance(data.get(name), dict) and isinstance(value, dict) else value
    return recipe_from(data)


def make(run: Path, recipe: Recipe, model: StoryModel) -> MakeReport:
    """Make a run with the model and a painter that paints nothing much."""
    record = next_record(run, recipe, movies_per_shard=shard_size(recipe), replace=True)
    write_record(run, record)
    return asyncio.run(make_run(run, record, LlmWriter(recipe, model), FakePainter()))


def movies_of(run: Path) -> list[Movie]:
    """The movies of a run."""
    return list(RunReader(run).movies())
