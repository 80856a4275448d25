"""Stories straight from the simulation, without writer, stages or pictures."""

from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from moviellm.generation.briefs import StoryBrief
from moviellm.generation.config.recipe import WorldConfig
from moviellm.generation.schema import StateChange
from moviellm.generation.studio.plot.story import Happening, Story, simulate
from moviellm.generation.studio.world.actions import State
from moviellm.generation.studio.world.world import Vocabulary

GRAMMAR = files("moviellm.generation.studio.grammar")
DATA: dict[str, Any] = {
    **yaml.safe_load(GRAMMAR.joinpath("world.yaml").read_text(encoding="utf-8")),
    **yaml.safe_load(GRAMMAR.joinpath("premises.yaml").read_text(encoding="utf-8")),
}
VOCABULARY = Vocabulary(DATA)
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


def brief(seed: int = 7, theme: str | None = None, size: tuple[int, int, int] = (2, 4, 5), **rest: Any) -> StoryBrief:
    """A brief; the theme is the seed's own unless given, `world` may be a mapping."""
    chapters, scenes, keyframes = size
    if "world" in rest:
        rest["world"] = WorldConfig.model_validate(rest["world"])
    theme = theme or (THEMES[seed % len(THEMES)] if seed % 2 else f"tale number {seed}")
    return StoryBrief(
        theme=theme, language="en", chapters=chapters, scenes=scenes, keyframes=keyframes, seed=seed, **rest
    )


@lru_cache(maxsize=512)
def tale(seed: int, size: tuple[int, int, int] = (2, 4, 5)) -> Story:
    """The story of a seed."""
    return simulate(VOCABULARY, brief(seed, size=size))


def told(asked: StoryBrief) -> Story:
    """The story of a brief."""
    return simulate(VOCABULARY, asked)


def events(story: Story) -> list[Happening]:
    """Every event."""
    return [event for scene in story.scenes for event in scene.events]


def replay(story: Story, without: str = "") -> dict[str, bool]:
    """Tell the log again, leaving one event out and every event that is then impossible; which ones happened."""
    state, happened = State(), {}
    for scene in story.scenes:
        for fact, value in scene.cuts:
            state.cut(fact, value)
        for event in scene.events:
            happened[event.key] = event.key != without and state.wrong(event.act) is None
            if happened[event.key]:
                state.apply(event.key, event.act)
    return happened


def folded(changes: list[StateChange]) -> dict[tuple[str, str], str]:
    """What changes come to, what does not hold left out."""
    facts = {(change.entity, change.attribute): change.value for change in changes}
    return {fact: value for fact, value in facts.items() if value != "no"}
