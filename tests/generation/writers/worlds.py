"""A small proposed world, and a writer that asks the double without HTTP."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from moviellm.generation.briefs import StoryBrief
from moviellm.generation.config.recipe import Recipe, recipe_from
from moviellm.generation.llm.asks import Ask, Reply
from moviellm.generation.schema import Movie, Record
from moviellm.generation.studio.speakers import Speakers
from moviellm.generation.studio.world.limits import Limits
from moviellm.generation.writers.world.founding import Founding, found
from moviellm.generation.writers.world.proposal import SceneProposal, StepProposal, WorldProposal
from moviellm.generation.writers.world.stage import Stage
from moviellm.generation.writers.world.writer import WorldWriter
from tests.generation.studio import kit
from tests.servers.world_answers import VOCABULARY, Answers, world_answers

SPEAKERS = Speakers()
LOOKS = {"build": "mid", "skin": "fair", "garment": "coat", "hair_colour": "red"}
WORLD: dict[str, Any] = {
    "idea": "Ada wants the key back.",
    "title": "The Key",
    "genre": "mystery",
    "weather": "rain",
    "time_of_day": "day",
    "places": [
        {"kind": "inn", "adjective": "old"},
        {"kind": "forest", "adjective": "deep"},
        {"kind": "cellar", "adjective": "damp"},
    ],
    "people": [
        {"name": "Ben", "pronoun": "he", "role": "supporting", "occupation": "cook", "home": "inn", "hair": "short",
         "colour": "blue", "accessory": "a cap", **LOOKS},
        {"name": "Ada", "pronoun": "she", "role": "protagonist", "occupation": "painter", "home": "the old inn",
         "hair": "bob", "colour": "red", "accessory": "glasses", **LOOKS},
        {"name": "Cora", "pronoun": "she", "role": "antagonist", "occupation": "thief", "home": "deep forest",
         "hair": "long", "colour": "green", "accessory": "a scarf", **LOOKS},
        {"name": "Dan", "pronoun": "he", "role": "supporting", "occupation": "guard", "home": "cellar",
         "hair": "bald", "colour": "black", "accessory": "a beard", **LOOKS},
    ],
    "things": [
        {"kind": "lantern", "colour": "red"},
        {"kind": "key", "colour": "silver"},
        {"kind": "chest", "colour": "brown"},
        {"kind": "letter", "colour": "white"},
        {"kind": "bread", "colour": "brown"},
        {"kind": "spade", "colour": "black"},
        {"kind": "cup", "colour": "gold"},
        {"kind": "bandage", "colour": "white"},
    ],
    "goal": {"kind": "return", "hero": "Ada", "thing": "cup", "friend": "Ben", "villain": "Cora"},
    "facts": [
        {"fact": "where", "of": ["red lantern"], "value": "held:Ada"},
        {"fact": "where", "of": ["silver key"], "value": "at:the old inn"},
        {"fact": "hidden", "of": ["silver key"], "value": "yes"},
        {"fact": "where", "of": ["brown chest"], "value": "at:the old inn"},
        {"fact": "locked", "of": ["brown chest"], "value": "yes"},
        {"fact": "where", "of": ["white letter"], "value": "held:Ben"},
        {"fact": "message", "of": ["white letter", "gold cup"], "value": "the damp cellar"},
        {"fact": "where", "of": ["brown bread"], "value": "held:Ben"},
        {"fact": "where", "of": ["black spade"], "value": "at:the deep forest"},
        {"fact": "where", "of": ["gold cup"], "value": "held:Cora"},
        {"fact": "where", "of": ["white bandage"], "value": "in:brown chest"},
        {"fact": "captive", "of": ["Dan"], "value": "yes"},
        {"fact": "knows", "of": ["Ben", "gold cup"], "value": "Cora"},
    ],
    "chapters": ["Ada gets the cup."],
}  # fmt: skip


def brief(chapters: int = 1, scenes: int = 2, keyframes: int = 6, **rest: Any) -> StoryBrief:
    """A brief of one chapter."""
    return StoryBrief(
        theme="a lost cup", language="en", chapters=chapters, scenes=scenes, keyframes=keyframes, seed=7, **rest
    )


def proposal(**changes: Any) -> WorldProposal:
    """The proposed world with other parts."""
    return WorldProposal.model_validate({**WORLD, **changes})


def founded(**changes: Any) -> Founding:
    """The world founded."""
    return found(VOCABULARY, Limits(), proposal(**changes), brief())


def stage(scenes: int = 2, keyframes: int = 6, **rest: Any) -> Stage:
    """The stage before the first scene."""
    asked = brief(1, scenes, keyframes, **rest)
    return Stage.begin(founded(), asked, VOCABULARY.actions(Limits.of(asked)))


def step(action: str, actor: str = "Ada", **rest: str) -> StepProposal:
    """One step."""
    return StepProposal(action=action, actor=actor, **rest)


def scene(*steps: StepProposal, place: str = "the old inn", **rest: Any) -> SceneProposal:
    """One scene."""
    return SceneProposal(place=place, time_of_day="day", weather="rain", steps=steps, **rest)


class Direct:
    """Exchanges with answers of the double, without HTTP."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.asked: list[Ask] = []

    @property
    def calls(self) -> Counter[str | None]:
        """How often it was asked, by task."""
        return Counter(ask.schema_name for ask in self.asked)

    async def exchange(self, ask: Ask) -> Reply:
        """One answer."""
        self.asked.append(ask)
        user = next(str(message["content"]) for message in ask.messages if message["role"] == "user")
        data = json.loads(re.findall(r"```json\n(.*?)\n```", user, re.DOTALL)[-1])
        answer = self.answers(str(ask.schema_name), data, {}, ask.seed)
        return Reply(text=json.dumps(answer), finish_reason="stop")

    def void(self, keys: list[str]) -> None:
        """Nothing is kept."""


def recipe(**changes: Any) -> Recipe:
    """A recipe of the writer."""
    story = {"chapters": 2, "scenes": 2, "keyframes": 4}
    data = {"writer": "world", "llm": {"model": "double"}, "story": story, "questions": {"per_movie": 30}}
    return recipe_from({**data, **changes}, source="test")


class WorldBench(kit.DirectBench):
    """Answers every cell at once with the world writer; keeps the drafts."""

    def __init__(self, asked: Recipe, answers: Answers | None = None) -> None:
        super().__init__(asked)
        self.service = Direct(answers or world_answers())
        self.world = WorldWriter(asked, self.service, SPEAKERS)
        self.drafts: dict[str, list[Any]] = {}

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
        answer = await self.world.write(self.world.request(task, asked, seed))
        draft = draft_type.model_validate(answer)
        if check:
            check(draft)
        self.drafts.setdefault(task, []).append(draft)
        return draft


def movie_of(bench: WorldBench, seed: int, theme: str = kit.THEMES[0]) -> Movie:
    """A whole movie without pictures."""
    return kit.line(theme, bench, seed)


def written(bench: WorldBench, asked: StoryBrief) -> Any:
    """The outline of a brief, as JSON."""
    return asyncio.run(bench.world.write(bench.world.request("outline", asked, asked.seed)))
