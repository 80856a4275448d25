"""How a world and a plot are asked of a model, and what comes of the answers.

    asker = WorldAsker(recipe, service, vocabulary, brief, seed)
    proposed = await asker.ask()             # Proposed: the story, and the steps that were left out or mended

One call for the world and the goal; then for each chapter one for its steps, with the state so far, and one more where
steps cannot happen. Every answer climbs the ladder of llm/ladder.py. What is possible is for stage.py to say.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import BaseModel, JsonValue

from moviellm.generation.briefs import StoryBrief
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.llm.ladder import Exchanges, NoAnswerError, answer
from moviellm.generation.llm.rendering import Rendered, llm_request, render
from moviellm.generation.protocols import Request, derive_seed
from moviellm.generation.schema import canonical_json
from moviellm.generation.studio.plot.story import Story
from moviellm.generation.studio.world.founding import PLACES_MAX, THINGS_MAX
from moviellm.generation.studio.world.limits import Limits
from moviellm.generation.studio.world.world import Vocabulary
from moviellm.generation.writers.checks import LANGUAGES
from moviellm.generation.writers.world.actions import manual
from moviellm.generation.writers.world.ending import aim, end_of, finished, goal_lines, stage_end
from moviellm.generation.writers.world.founding import Founding, found, people_asked
from moviellm.generation.writers.world.proposal import (
    FACTS,
    FixesProposal,
    FixProposal,
    SceneProposal,
    StepsProposal,
    WorldProposal,
    fixes_type,
    names_of,
    steps_type,
    world_type,
)
from moviellm.generation.writers.world.stage import Broken, Stage, told
from moviellm.generation.writers.world.twins import twin_of

PROMPTS: Final = ("script_world", "script_steps", "script_repair")
STORY_SHOWN: Final = {"theme", "language", "level", "chapters", "scenes", "keyframes", "seed"}
"""Fields of the brief that the model is shown; the seed makes two movies of one theme two stories."""


@dataclass(frozen=True, kw_only=True)
class Proposed:
    """What came of a proposal."""

    story: Story
    title: str
    left: Sequence[Broken]
    mended: Sequence[Broken]
    filled: int


@dataclass(frozen=True)
class WorldAsker:
    """Asks for one movie."""

    recipe: Recipe
    service: Exchanges
    vocabulary: Vocabulary
    brief: StoryBrief
    seed: int

    @property
    def limits(self) -> Limits:
        """What the recipe allows the world to hold."""
        return Limits.of(self.brief)

    def request(self) -> Request:
        """The first request; its hash stands for all that are asked after it."""
        first = self._request("script_world", self._world_prompt(), world_type(self.vocabulary, self.limits), 0)
        rules = canonical_json(manual(self.vocabulary.actions(self.limits)))
        parts = [first.prompt_sha256, *(_prompt_sha256(name) for name in PROMPTS[1:]), rules]
        digest = hashlib.sha256(canonical_json(parts).encode()).hexdigest()
        return replace(first, prompt_id="+".join(PROMPTS), prompt_sha256=digest)

    async def ask(self) -> Proposed:
        """The whole story.

        Raises:
            ValueError: no usable answer came.
            StoppedError: nothing can be asked now.
        """
        kind = world_type(self.vocabulary, self.limits)
        founded: list[Founding] = []

        def check(proposal: WorldProposal) -> None:
            founded[:] = [found(self.vocabulary, self.limits, proposal, self.brief)]

        request = self._request("script_world", self._world_prompt(), kind, 0)
        proposal = await answer(self.service, request, kind, check)
        stage = Stage.begin(founded[0], self.brief, self.vocabulary.actions(self.limits))
        for chapter in range(self.brief.chapters):
            await self._chapter(stage, proposal, chapter)
        stage_end(stage)
        story = finished(stage)
        return Proposed(
            story=twin_of(story, self.brief, stage.actions) if self.brief.twin else story,
            title=proposal.title,
            left=stage.left,
            mended=stage.mended,
            filled=stage.filled,
        )

    async def _chapter(self, stage: Stage, world: WorldProposal, chapter: int) -> None:
        """Ask for the steps of a chapter, send back what cannot happen, and let the rest happen."""
        kind = steps_type(stage.founding.world, stage.actions)
        data, slots = self._chapter_data(stage, world), self._chapter_slots(stage, chapter)
        request = self._request("script_steps", render("script_steps", data=data, **slots), kind, chapter)

        def check(proposal: StepsProposal) -> None:
            _check_scenes(proposal.scenes, stage, self.brief.scenes)

        scenes = (await answer(self.service, request, kind, check)).scenes
        broken, acts = stage.rehearse(scenes)
        short = slots["last"] and end_of(stage.founding.quest, acts) is None
        fixes: Sequence[FixProposal] = ()
        if broken or short:
            fixes = await self._fixes(stage, data, slots | {"short": short}, scenes, broken, chapter)
        stage.play(scenes, fixes)

    async def _fixes(
        self,
        stage: Stage,
        data: dict[str, JsonValue],
        slots: dict[str, Any],
        scenes: Sequence[SceneProposal],
        broken: Sequence[Broken],
        chapter: int,
    ) -> Sequence[FixProposal]:
        """Other steps for those that cannot happen; none where no usable answer comes."""
        kind = fixes_type(stage.founding.world, stage.actions)
        shown: dict[str, JsonValue] = {
            "scenes": [scene.model_dump(mode="json") for scene in scenes],
            "broken": [
                {
                    "number": item.number,
                    "scene": item.scene,
                    "step": item.step.model_dump(mode="json"),
                    "reason": item.fault.text,
                    "kind": item.fault.kind,
                }
                for item in broken
            ],
        }
        prompt = render("script_repair", data=data | shown, **slots)
        try:
            fixes: FixesProposal = await answer(
                self.service, self._request("script_repair", prompt, kind, chapter), kind
            )
        except NoAnswerError:
            return ()
        return fixes.fixes

    def _request(self, task: str, prompt: Rendered, kind: type[BaseModel], part: int) -> Request:
        request = llm_request(task, self.recipe, prompt, derive_seed(self.seed, task, part), kind)
        free = "script" in self.recipe.llm.free_text_first and task != "script_repair"
        return replace(request, params={**request.params, "free_text_first": free})

    def _world_prompt(self) -> Rendered:
        data, limits = self.vocabulary.data, self.limits
        objects, places = self.vocabulary.objects(limits), self.vocabulary.places(limits)
        names = [f"{who}: {', '.join(found)}" for who, found in names_of(self.vocabulary, limits).items()]
        adjectives = {kind: f" ({', '.join(data['places'][kind]['adjectives'])})" for kind in places}
        facts = [f"{fact} ({about.replace(' ', ', ')}; {value})" for fact, (about, value) in FACTS.items()]
        return render(
            "script_world",
            data={"story": self._story()},
            chapters=self.brief.chapters,
            scenes=self.brief.scenes,
            language=LANGUAGES.get(self.brief.language, self.brief.language),
            names="; ".join(names),
            people=people_asked(limits),
            occupations=", ".join(self.vocabulary.occupations(limits)),
            places_max=PLACES_MAX,
            things_max=THINGS_MAX,
            adjectives=not limits.cloze,
            places="; ".join(kind + (adjectives[kind] if not limits.cloze else "") for kind in places),
            objects="; ".join(
                f"{kind} ({', '.join(colours)}{_traits(data['objects'][kind]['traits'])})"
                for kind, colours in objects.items()
            ),
            goals="; ".join(goal_lines()),
            facts="; ".join(facts),
        )

    def _story(self) -> dict[str, JsonValue]:
        return self.brief.model_dump(mode="json", include=STORY_SHOWN)

    def _chapter_data(self, stage: Stage, world: WorldProposal) -> dict[str, JsonValue]:
        people, story = stage.founding.world, self._story()
        return {
            "story": story,
            "idea": world.idea,
            "chapters": list(world.chapters),
            "chapter": len(stage.scenes) // self.brief.scenes,
            "people": [[p.name, "she" if p.she else "he", p.role, p.occupation, p.home] for p in people.people],
            "places": [[p.name, "indoors" if p.indoor else "outdoors"] for p in people.places],
            "things": [[thing.name, *thing.traits] for thing in people.things],
            "keys": [list(pair) for pair in people.locks],
            "before": list(told(stage)),
            "state": list(stage.lines()),
            "goal": aim(stage.founding.quest),
        }

    def _chapter_slots(self, stage: Stage, chapter: int) -> dict[str, Any]:
        return {
            "chapter": chapter + 1,
            "chapters": self.brief.chapters,
            "scenes": self.brief.scenes,
            "cap": stage.cap,
            "last": chapter == self.brief.chapters - 1,
            "manual": manual(stage.actions),
        }


def _prompt_sha256(name: str) -> str:
    """Hash of a prompt's file."""
    slots = {"chapter": 1, "chapters": 1, "scenes": 1, "cap": 1, "last": True, "manual": [], "short": False}
    return render(name, data={}, **slots).prompt_sha256


def _check_scenes(scenes: Sequence[SceneProposal], stage: Stage, asked: int) -> None:
    """Raise ValueError for a chapter of another size, or at places that are not there."""
    if len(scenes) != asked:
        raise ValueError(f"got {len(scenes)} scenes, asked for {asked}")
    places = [place.name for place in stage.founding.world.places]
    for number, scene in enumerate(scenes):
        if stage.names.find(scene.place) not in places:
            raise ValueError(f"scene {number}: there is no place {scene.place!r}; places are {', '.join(places)}")


def _traits(traits: Sequence[str]) -> str:
    return f"; {', '.join(traits)}" if traits else ""
