"""The offline writer: answers the five text tasks from a simulated story world, on a CPU, without key or weights.

    writer = OfflineWriter()                                    # or OfflineWriter(grammar_dir=Path("my-grammar"))
    request = writer.request("scene", brief, seed)
    draft = SceneDraft.model_validate(await writer.write(request))

A movie is told in the language and at the level that its brief says: English reads `captions.yaml`, another language
`captions.es.yaml`; the level `cloze` reads `cloze.yaml` in place of most. Stories of every language are simulated in
English from one theme and then named by `world.es.yaml` (lexicon.py). The outline, chapters, scenes and dialogue
of a movie come from one simulation of its StoryBrief (story.py), which is made again whenever it is asked for and kept
for a while; the questions are computed from the Movie alone (questions.py). A request holds only what its task reads,
and the hash of only the grammar files the task uses.

It reads no themes from a file, calls no model, and paints nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

from pydantic import JsonValue

from moviellm.generation.briefs import ChapterBrief, DialogueBrief, QuestionsBrief, SceneBrief, StoryBrief
from moviellm.generation.protocols import Accept, Output, Request, WriterTask, accept_all
from moviellm.generation.schema import Record, canonical_json
from moviellm.generation.studio.asking import questions
from moviellm.generation.studio.plot.story import Story, simulate
from moviellm.generation.studio.script import lines
from moviellm.generation.studio.speakers import GRAMMAR_FILES, Shelf, Speakers, told_in

__all__ = ["GRAMMAR_FILES", "INPUTS", "MODEL_ID", "VERSIONS", "OfflineWriter"]

MODEL_ID: Final = "moviellm/offline-writer"
VERSIONS: Final[Mapping[WriterTask, str]] = {
    "outline": "5",
    "chapter": "2",
    "scene": "2",
    "dialogue": "2",
    "questions": "4",
}
"""Version of each task's code: bump it when the same request must be answered otherwise. A change of the simulation
(world.py, rules.py, actions.py, plans.py, quests.py, interludes.py, story.py, ...) bumps the first four."""


class OfflineWriter:
    """Answers text tasks; see protocols.Writer."""

    def __init__(self, grammar_dir: Path | None = None, speakers: Speakers | None = None) -> None:
        self._speaker = (speakers or Speakers(grammar_dir)).of
        self._stories = Shelf()
        self._speaker("en", "rich")

    def understood(self, theme: str, language: str = "en") -> list[str]:
        """What of a theme steers the story, in English; the rest only seeds it."""
        speaker = self._speaker(language, "rich")
        return speaker.vocabulary.understood(speaker.lexicon.in_english(theme) if speaker.lexicon else theme)

    def request(self, task: WriterTask, brief: Record, seed: int) -> Request:
        """Render a task: only what it reads of the brief goes in.

        Raises:
            ValueError: there is no grammar for the brief's language.
        """
        speaker = self._speaker(*told_in(brief))
        return Request(
            task=task,
            model_id=MODEL_ID,
            model_revision=VERSIONS[task],
            prompt_id=speaker.prompt_id(task),
            prompt_sha256=speaker.hashes[task],
            inputs=INPUTS[task](brief),
            seed=seed,
        )

    def parts(self, brief: Record) -> Sequence[Record]:
        """The questions of a movie are asked together."""
        return [brief]

    async def close(self) -> None:
        """Nothing is held."""

    async def write(self, request: Request, accept: Accept = accept_all) -> Output:
        """Answer a request: the JSON of the task's draft. It would answer the same again, so `accept` is not asked.

        Raises:
            ValueError: the request is about a scene that this writer did not write.
        """
        task = cast(WriterTask, request.task)
        inputs = cast(Mapping[str, Any], request.inputs)
        draft: Record
        if task == "questions":
            draft = self._speaker(inputs["language"], inputs["level"]).ask(inputs, request.seed)
        else:
            brief = StoryBrief.model_validate(inputs["story"])
            speaker = self._speaker(brief.language, brief.level)
            draft = speaker.tell(task, self._story(brief), brief, inputs, request.seed)
        return cast(dict[str, JsonValue], draft.model_dump(mode="json"))

    def _story(self, brief: StoryBrief) -> Story:
        return self._stories.take(canonical_json(brief.model_dump(mode="json")), lambda: self._simulated(brief))

    def _simulated(self, brief: StoryBrief) -> Story:
        """The story of a brief under the names of its language."""
        speaker = self._speaker(brief.language, brief.level)
        if speaker.lexicon is not None:
            brief = brief.model_copy(update={"theme": speaker.lexicon.in_english(brief.theme)})
        return speaker.named(simulate(speaker.vocabulary, brief))


def _outline_inputs(brief: Record) -> dict[str, JsonValue]:
    assert isinstance(brief, StoryBrief)
    return {"story": brief.model_dump(mode="json")}


def _chapter_inputs(brief: Record) -> dict[str, JsonValue]:
    assert isinstance(brief, ChapterBrief)
    return {"story": brief.story.model_dump(mode="json"), "chapter_index": brief.chapter_index}


def _scene_inputs(brief: Record) -> dict[str, JsonValue]:
    assert isinstance(brief, SceneBrief)
    where: dict[str, JsonValue] = {"chapter_index": brief.chapter_index, "scene_index": brief.scene_index}
    return {"story": brief.story.model_dump(mode="json"), **where}


def _dialogue_inputs(brief: Record) -> dict[str, JsonValue]:
    assert isinstance(brief, DialogueBrief)
    return lines.dialogue_inputs(brief)


def _question_inputs(brief: Record) -> dict[str, JsonValue]:
    assert isinstance(brief, QuestionsBrief)
    language, level = told_in(brief)
    return {**questions.question_inputs(brief), "language": language, "level": level}


INPUTS: Final[Mapping[WriterTask, Callable[[Record], dict[str, JsonValue]]]] = {
    "outline": _outline_inputs,
    "chapter": _chapter_inputs,
    "scene": _scene_inputs,
    "dialogue": _dialogue_inputs,
    "questions": _question_inputs,
}
