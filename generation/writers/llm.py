"""The writer that asks a language model: any OpenAI-compatible server, level by level, each answer checked.

    writer = LlmWriter(recipe, service)                     # service: llm/service.py
    request = writer.request("scene", brief, seed)          # rendered messages, and what the answer is checked against
    draft = SceneDraft.model_validate(await writer.write(request, accept))

A request holds the rendered prompt (generation/prompts/TASK.md) and, beside it, the `context` that decides how an
answer becomes a draft. `write` climbs the ladder of llm/ladder.py: an answer that breaks a rule of the record, of its
language or of the stage is shown to the model once with everything that is wrong, then another seed is asked.

It knows the story only by what a request says, and keeps nothing. What is shown: showing.py, asking.py. What becomes
of answers: drafting.py, filming.py, citing.py. A whole movie in one call (`story.expand: one_shot`): one_shot.py.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast

from moviellm.generation.briefs import DialogueDraft, QuestionsBrief, QuestionsDraft
from moviellm.generation.config.recipe import Recipe, WorldConfig
from moviellm.generation.llm.ladder import Exchanges, answer
from moviellm.generation.llm.rendering import Rendered, llm_request, render
from moviellm.generation.protocols import Accept, Output, Request, WriterTask, accept_all
from moviellm.generation.schema import Record
from moviellm.generation.writers import one_shot
from moviellm.generation.writers.answers import ANSWERS, Answer
from moviellm.generation.writers.asking import question_parts, questions
from moviellm.generation.writers.checks import LANGUAGES
from moviellm.generation.writers.citing import questions_draft
from moviellm.generation.writers.drafting import Context, chapter_draft, outline_draft
from moviellm.generation.writers.filming import dialogue_draft, scene_draft
from moviellm.generation.writers.picturing import phrases_sha256
from moviellm.generation.writers.showing import Shown, chapter, dialogue, outline, scene

VERSION: Final = 1
"""Bump when the same answer must become another draft, or another rule decides what is accepted."""
SHOWN: Final[Mapping[WriterTask, Callable[[Record], Shown]]] = {
    "outline": outline,
    "chapter": chapter,
    "scene": scene,
    "dialogue": dialogue,
    "questions": questions,
}
DRAFTS: Final[Mapping[WriterTask, Callable[[Any, Context], Record]]] = {
    "outline": outline_draft,
    "chapter": chapter_draft,
    "scene": scene_draft,
    "dialogue": dialogue_draft,
    "questions": questions_draft,
}
NOTHING_ASKED: Final[Mapping[str, Record]] = {
    "dialogue": DialogueDraft(lines=()),
    "questions": QuestionsDraft(questions=()),
}
"""What is answered without a call where no line and no question is wanted."""


class LlmWriter:
    """Answers text tasks by a language model; see protocols.Writer."""

    def __init__(self, recipe: Recipe, service: Exchanges) -> None:
        """
        Raises:
            ValueError: the recipe wants what only the story world can give.
        """
        if recipe.language.level == "cloze":
            raise ValueError("language.level cloze is a grammar of the offline writer; take rich or plain")
        if recipe.twins.share:
            raise ValueError(
                "twins are the same story but for one cause, which needs the story world: take writer offline or "
                "world, or leave twins.share 0"
            )
        if recipe.world != WorldConfig():
            raise ValueError("the section world is for the story world, which writer llm does not have; leave it out")
        self._recipe, self._service = recipe, service
        self._phrases_sha256 = phrases_sha256()
        self._one_shot = recipe.story.expand == "one_shot"

    def request(self, task: WriterTask, brief: Record, seed: int) -> Request:
        """Render a task: the prompt with everything the model is shown, and what its answer is checked against."""
        at_once = self._one_shot and task in one_shot.SHOWN
        shown = one_shot.SHOWN[task](brief) if at_once else SHOWN[task](brief)
        prompt = _rendered("movie" if at_once else task, shown)
        kind = one_shot.MovieAnswer if at_once else ANSWERS[task]
        request = llm_request(task, self._recipe, prompt, seed, kind)
        context = {**shown.context, "version": VERSION}
        if task == "scene":
            context["phrases_sha256"] = self._phrases_sha256
        return replace(request, inputs={**request.inputs, "context": context})

    def parts(self, brief: Record) -> Sequence[Record]:
        """The questions of a movie, in parts about the movie, its chapters and its scenes."""
        assert isinstance(brief, QuestionsBrief)
        return question_parts(brief)

    async def write(self, request: Request, accept: Accept = accept_all) -> Output:
        """Ask the model, and ask again with what is wrong; see protocols.Writer."""
        task = cast(WriterTask, request.task)
        context = cast(Context, request.inputs["context"])
        if context.get("nothing"):
            return cast(Output, NOTHING_ASKED[task].model_dump(mode="json"))
        if "given" in context:
            return cast(Output, one_shot.given_draft(task, context).model_dump(mode="json"))
        whole = self._one_shot and task == "outline"
        draft_of: Callable[[Any, Context], Record] = one_shot.movie_draft if whole else DRAFTS[task]
        made: list[Output] = []

        def check(given: Answer) -> None:
            context_now = {**context, "seed": request.seed}
            output = cast(Output, draft_of(given, context_now).model_dump(mode="json"))
            accept(output)
            made[:] = [output]

        await answer(self._service, request, one_shot.MovieAnswer if whole else ANSWERS[task], check)
        return made[0]

    async def close(self) -> None:
        """The service belongs to whoever opened it."""


def _rendered(name: str, shown: Shown) -> Rendered:
    """A prompt with its slots filled."""
    language = str(shown.context["language"])
    slots = {"language": LANGUAGES.get(language, language), "english": language == "en", **shown.slots}
    return render(name, data=shown.data, **slots)
