"""The writer whose plot a model proposes and the story world disposes: exact answers with a model's variety.

    writer = WorldWriter(recipe, service)                   # service: llm/service.py
    request = writer.request("outline", brief, seed)
    draft = OutlineDraft.model_validate(await writer.write(request, accept))
    draft.script                                            # every act, from which the rest is told without a call

Only the outline asks the model: for the world and the goal (prompts/script_world.md), then chapter by chapter, each
with the state so far, for steps (script_steps.md); steps that cannot happen go back once with the reason
(script_repair.md). What is possible then becomes the script, the rest stands in `OutlineDraft.dropped`. Chapters,
scenes, lines and questions are told, staged and asked by the studio from the script, so that every answer is computed.
With `llm.rewrite` the model rewrites captions and lines, as far as they still say the same (rewriting.py).

It draws nothing and answers no question itself. See docs/world-writer.md.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, cast

from pydantic import JsonValue

from moviellm.generation.briefs import (
    ChapterBrief,
    DialogueBrief,
    DialogueDraft,
    OutlineDraft,
    QuestionsBrief,
    SceneBrief,
    SceneDraft,
    StoryBrief,
)
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.llm.ladder import Exchanges
from moviellm.generation.protocols import Accept, Output, Request, WriterTask, accept_all
from moviellm.generation.schema import Record, canonical_json
from moviellm.generation.studio.plot.story import Story
from moviellm.generation.studio.script import lines
from moviellm.generation.studio.speakers import Shelf, Speakers, told_in
from moviellm.generation.studio.writer import VERSIONS, OfflineWriter
from moviellm.generation.writers.world.asking import Proposed, WorldAsker
from moviellm.generation.writers.world.rewriting import Rewriter, rewriting_key
from moviellm.generation.writers.world.script import Script, script_of, story_of

MODEL_ID: Final = "moviellm/world-writer"
VERSION: Final = 1
"""Bump when the same answers must become another script, or the same script another story."""
UNREAD: Final = {"world", "held_out", "twin"}
"""Fields of a StoryBrief that nothing reads once there is a script."""


class WorldWriter:
    """Answers text tasks; see protocols.Writer."""

    def __init__(self, recipe: Recipe, service: Exchanges, speakers: Speakers | None = None) -> None:
        """
        Args:
            speakers: grammars that are read already; None reads those of `recipe.studio.grammar`.

        Raises:
            ValueError: the recipe wants what only the offline simulation can give.
        """
        _check_recipe(recipe)
        self._recipe, self._service = recipe, service
        folder = recipe.studio.grammar
        self._speakers = speakers or Speakers(None if folder is None else Path(folder))
        self._offline = OfflineWriter(speakers=self._speakers)
        self._stories = Shelf()

    def request(self, task: WriterTask, brief: Record, seed: int) -> Request:
        """Render a task: the outline for the model, the rest for the studio with the script in it."""
        if isinstance(brief, QuestionsBrief):
            return self._offline.request(task, brief, seed)
        speaker = self._speakers.of(*told_in(brief))
        if isinstance(brief, StoryBrief):
            request = WorldAsker(self._recipe, self._service, speaker.vocabulary, brief, seed).request()
            return replace(
                request,
                task=task,
                model_revision=f"{VERSION}",
                prompt_id=f"{request.prompt_id}+{speaker.prompt_id(task)}",
                prompt_sha256=_hash([request.prompt_sha256, speaker.hashes[task]]),
                inputs={**request.inputs, "story": brief.model_dump(mode="json")},
            )
        request = Request(
            task=task,
            model_id=MODEL_ID,
            model_revision=f"{VERSION}.{VERSIONS[task]}",
            prompt_id=speaker.prompt_id(task),
            prompt_sha256=speaker.hashes[task],
            inputs=_inputs(brief),
            seed=seed,
        )
        return self._rewritten_by(request) if self._rewrites(task) else request

    def parts(self, brief: Record) -> Sequence[Record]:
        """The questions of a movie are asked together."""
        return self._offline.parts(brief)

    async def write(self, request: Request, accept: Accept = accept_all) -> Output:
        """Answer a request; see protocols.Writer."""
        task, inputs = cast(WriterTask, request.task), cast(Mapping[str, Any], request.inputs)
        if task == "questions":
            return await self._offline.write(request, accept)
        brief = StoryBrief.model_validate(inputs["story"])
        if task == "outline":
            draft: Record = await self._outline(brief, request.seed)
        else:
            speaker = self._speakers.of(brief.language, brief.level)
            story = self._story(brief, inputs["script"])
            draft = speaker.tell(task, story, brief, inputs, request.seed)
            if self._rewrites(task):
                draft = await self._rewritten(draft, story, brief, inputs, request.seed)
        return cast(dict[str, JsonValue], draft.model_dump(mode="json"))

    async def close(self) -> None:
        """The service belongs to whoever opened it."""

    async def proposed(self, brief: StoryBrief, seed: int) -> Proposed:
        """Ask for the world and the plot of a movie: the story, and what became of steps that could not happen."""
        vocabulary = self._speakers.of(brief.language, brief.level).vocabulary
        return await WorldAsker(self._recipe, self._service, vocabulary, brief, seed).ask()

    async def _outline(self, brief: StoryBrief, seed: int) -> OutlineDraft:
        """The outline of what came of a proposal."""
        speaker = self._speakers.of(brief.language, brief.level)
        proposed = await self.proposed(brief, seed)
        script = script_of(proposed.story, proposed.title)
        draft = speaker.tell("outline", speaker.named(proposed.story), brief, {}, seed)
        assert isinstance(draft, OutlineDraft)
        return draft.model_copy(
            update={
                "title": script.title or draft.title,
                "script": script.text(),
                "dropped": tuple(map(str, proposed.left)),
                "repaired": tuple(map(str, proposed.mended)),
            }
        )

    def _rewrites(self, task: WriterTask) -> bool:
        return self._recipe.llm.rewrite and task in ("scene", "dialogue")

    def _rewritten_by(self, request: Request) -> Request:
        """The request of a part whose texts the model rewrites: with the model, its parameters and the prompts."""
        asked, hashes = rewriting_key(self._recipe)
        return replace(
            request,
            model_id=asked.model_id,
            prompt_id="+".join([request.prompt_id, *hashes]),
            prompt_sha256=_hash([request.prompt_sha256, *hashes.values()]),
            params=asked.params,
        )

    async def _rewritten(
        self, draft: Record, story: Story, brief: StoryBrief, inputs: Mapping[str, Any], seed: int
    ) -> Record:
        """The captions of a scene, or its lines, in the model's words where they say the same."""
        spoken = isinstance(draft, DialogueDraft)
        log = (
            story.by_first_event[inputs["events"][0]]
            if spoken
            else story.scenes[inputs["chapter_index"] * brief.scenes + inputs["scene_index"]]
        )
        rewriter = Rewriter(self._recipe, self._service, story.world, log.place, brief.language, seed)
        if isinstance(draft, DialogueDraft):
            return await rewriter.lines(draft, inputs["seconds_per_keyframe"])
        assert isinstance(draft, SceneDraft)
        return await rewriter.scene(draft)

    def _story(self, brief: StoryBrief, script: str) -> Story:
        """The story of a script under the names of the brief's language."""
        speaker = self._speakers.of(brief.language, brief.level)
        key = canonical_json([brief.language, brief.level, script])
        return self._stories.take(
            key, lambda: speaker.named(story_of(speaker.vocabulary, Script.model_validate_json(script)))
        )


def _check_recipe(recipe: Recipe) -> None:
    """Raise ValueError for what a recipe can only have with the offline writer."""
    unfit = {
        "world.inject": bool(recipe.world.inject),
        "world.unique_keys": recipe.world.unique_keys,
        "world.revisits": recipe.world.revisits is not None,
    }
    for key, given in unfit.items():
        if given:
            raise ValueError(
                f"{key} is settled by the offline simulation; writer world has no say in it: leave it out"
            )


def _inputs(brief: Record) -> dict[str, JsonValue]:
    """What the telling of a part reads: the script, and which part."""
    assert isinstance(brief, ChapterBrief | SceneBrief | DialogueBrief)
    if brief.outline.script is None:
        raise ValueError("the outline holds no script; it was written by another writer")
    story: dict[str, JsonValue] = {
        "story": brief.story.model_dump(mode="json", exclude=UNREAD),
        "script": brief.outline.script,
    }
    if isinstance(brief, DialogueBrief):
        return {**lines.dialogue_inputs(brief), **story}
    where: dict[str, JsonValue] = {"chapter_index": brief.chapter_index}
    if isinstance(brief, SceneBrief):
        where["scene_index"] = brief.scene_index
    return {**story, **where}


def _hash(parts: Sequence[str]) -> str:
    return hashlib.sha256(canonical_json(list(parts)).encode()).hexdigest()
