"""The offline writer: answers the five text tasks from a simulated story world, on a CPU, without key or weights.

    writer = OfflineWriter()                                    # or OfflineWriter(grammar_dir=Path("my-grammar"))
    request = writer.request("scene", brief, seed)
    draft = SceneDraft.model_validate(await writer.write(request))

The outline, chapters, scenes and dialogue of a movie come from one simulation of its StoryBrief (story.py), which is
made again whenever it is asked for and kept for a while; the questions are computed from the Movie alone
(questions.py). A request holds only what its task reads, and the hash of only the grammar files the task uses.

It reads no themes from a file, calls no model, and paints nothing.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, cast

import yaml
from pydantic import JsonValue

from moviellm.generation.protocols import (
    ChapterBrief,
    DialogueBrief,
    QuestionsBrief,
    Request,
    SceneBrief,
    StoryBrief,
    WriterTask,
)
from moviellm.generation.schema import Record, canonical_json
from moviellm.generation.studio.writing import lines, prose, questions, shooting
from moviellm.generation.studio.writing.language import Grammar
from moviellm.generation.studio.writing.story import Story, simulate
from moviellm.generation.studio.writing.world import Vocabulary

MODEL_ID: Final = "moviellm/offline-writer"
VERSIONS: Final[Mapping[WriterTask, str]] = {
    "outline": "2",
    "chapter": "1",
    "scene": "1",
    "dialogue": "1",
    "questions": "2",
}
"""Version of each task's code: bump it when the same request must be answered otherwise. A change of the simulation
(world.py, actions.py, plans.py, quests.py, interludes.py, story.py) bumps the first four."""
GRAMMAR_FILES: Final[Mapping[WriterTask, tuple[str, ...]]] = {
    "outline": ("world.yaml", "events.yaml", "outline.yaml"),
    "chapter": ("world.yaml", "events.yaml", "summaries.yaml"),
    "scene": ("world.yaml", "events.yaml", "captions.yaml"),
    "dialogue": ("world.yaml", "dialogue.yaml"),
    "questions": ("world.yaml", "questions.yaml"),
}
"""What each task reads. An edit of a file remakes the tasks that name it, and what depends on their answers."""
STORIES_KEPT: Final = 8


class OfflineWriter:
    """Answers text tasks; see protocols.Writer."""

    def __init__(self, grammar_dir: Path | None = None) -> None:
        names = sorted({name for names in GRAMMAR_FILES.values() for name in names})
        raw = {name: _read(grammar_dir, name) for name in names}
        data = {name: _parse(name, text) for name, text in raw.items()}
        self._hashes = {
            task: hashlib.sha256(
                canonical_json({name: hashlib.sha256(raw[name]).hexdigest() for name in names}).encode()
            ).hexdigest()
            for task, names in GRAMMAR_FILES.items()
        }
        self._grammars = {
            task: Grammar(*(data[name] for name in names if name != "world.yaml"))
            for task, names in GRAMMAR_FILES.items()
        }
        self._vocabulary = Vocabulary(data["world.yaml"])
        self._stories: OrderedDict[str, Story] = OrderedDict()

    def understood(self, theme: str) -> list[str]:
        """What of a theme steers the story; the rest only seeds it."""
        return self._vocabulary.understood(theme)

    def request(self, task: WriterTask, brief: Record, seed: int) -> Request:
        """Render a task: only what it reads of the brief goes in."""
        return Request(
            task=task,
            model_id=MODEL_ID,
            model_revision=VERSIONS[task],
            prompt_id="+".join(name.removesuffix(".yaml") for name in GRAMMAR_FILES[task]),
            prompt_sha256=self._hashes[task],
            inputs=INPUTS[task](brief),
            seed=seed,
        )

    async def write(self, request: Request) -> dict[str, JsonValue]:
        """Answer a request: the JSON of the task's draft.

        Raises:
            ValueError: the request is about a scene that this writer did not write.
        """
        task = cast(WriterTask, request.task)
        grammar, inputs = self._grammars[task], cast(Mapping[str, Any], request.inputs)
        draft: Record
        if task == "questions":
            draft = questions.ask(inputs, grammar, self._vocabulary, request.seed)
        else:
            brief = StoryBrief.model_validate(inputs["story"])
            story = self._story(brief)
            if task == "outline":
                draft = prose.outline(story, grammar, brief)
            elif task == "chapter":
                draft = prose.chapter(story, grammar, brief, inputs["chapter_index"])
            elif task == "scene":
                draft = shooting.scene(
                    story, grammar, brief, inputs["chapter_index"], inputs["scene_index"], request.seed
                )
            else:
                draft = lines.dialogue(story, grammar, inputs, request.seed)
        return cast(dict[str, JsonValue], draft.model_dump(mode="json"))

    def _story(self, brief: StoryBrief) -> Story:
        key = canonical_json(brief.model_dump(mode="json"))
        story = self._stories.pop(key, None) or simulate(self._vocabulary, brief)
        self._stories[key] = story
        if len(self._stories) > STORIES_KEPT:
            self._stories.popitem(last=False)
        return story


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
    return questions.question_inputs(brief)


INPUTS: Final[Mapping[WriterTask, Callable[[Record], dict[str, JsonValue]]]] = {
    "outline": _outline_inputs,
    "chapter": _chapter_inputs,
    "scene": _scene_inputs,
    "dialogue": _dialogue_inputs,
    "questions": _question_inputs,
}


def _read(grammar_dir: Path | None, name: str) -> bytes:
    if grammar_dir is None:
        return (files("moviellm.generation.studio.grammar") / name).read_bytes()
    path = grammar_dir / name
    if not path.is_file():
        raise ValueError(f"no grammar file {path}; copy the packaged grammar and edit the copy")
    return path.read_bytes()


def _parse(name: str, text: bytes) -> dict[str, Any]:
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"grammar file {name} is not valid YAML: {error}") from error
    if not isinstance(data, dict):
        raise ValueError(f"grammar file {name} must be a mapping of rules, got {type(data).__name__}")
    return data
