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

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, cast

from pydantic import JsonValue

from moviellm.generation.briefs import ChapterBrief, DialogueBrief, QuestionsBrief, SceneBrief, StoryBrief
from moviellm.generation.config import read_yaml
from moviellm.generation.protocols import Accept, Output, Request, WriterTask, accept_all
from moviellm.generation.schema import Record, canonical_json
from moviellm.generation.studio.asking import questions
from moviellm.generation.studio.plot.story import Story, simulate
from moviellm.generation.studio.script import lines, outlines, shooting
from moviellm.generation.studio.script.language import Grammar
from moviellm.generation.studio.script.lexicon import Lexicon
from moviellm.generation.studio.script.tongue import Tongue
from moviellm.generation.studio.world.world import Vocabulary

MODEL_ID: Final = "moviellm/offline-writer"
VERSIONS: Final[Mapping[WriterTask, str]] = {
    "outline": "3",
    "chapter": "2",
    "scene": "2",
    "dialogue": "2",
    "questions": "3",
}
"""Version of each task's code: bump it when the same request must be answered otherwise. A change of the simulation
(world.py, rules.py, actions.py, plans.py, quests.py, interludes.py, story.py, ...) bumps the first four."""
GRAMMAR_FILES: Final[Mapping[WriterTask, tuple[str, ...]]] = {
    "outline": ("world.yaml", "premises.yaml", "tongue.yaml", "events.yaml", "outline.yaml"),
    "chapter": ("world.yaml", "premises.yaml", "tongue.yaml", "events.yaml", "summaries.yaml"),
    "scene": ("world.yaml", "premises.yaml", "tongue.yaml", "events.yaml", "captions.yaml", "prompts.yaml"),
    "dialogue": ("world.yaml", "premises.yaml", "tongue.yaml", "dialogue.yaml"),
    "questions": ("world.yaml", "tongue.yaml", "questions.yaml"),
}
"""What each task reads. An edit of a file remakes the tasks that name it, and what depends on their answers."""
WORLD_FILES: Final = ("world.yaml", "premises.yaml")
"""Files that build the vocabulary; the others hold rules and the tongue."""
CLOZE_FILE: Final = "cloze.yaml"
CLOZED: Final = ("events.yaml", "outline.yaml", "summaries.yaml", "captions.yaml", "dialogue.yaml")
"""Files in whose place the cloze level reads its own."""
ENGLISH_FILES: Final = ("prompts.yaml", *WORLD_FILES)
"""Files that are the same in every language."""
NAMED_FILE: Final = "world.yaml"
"""Another language reads its own beside it: what the English words of the world are called."""
STORIES_KEPT: Final = 64
"""Stories kept: as many movies as are in work at once, with their twins."""


@dataclass(frozen=True, kw_only=True)
class _Speaker:
    """One language at one level."""

    vocabulary: Vocabulary
    """What stories are simulated from: English."""
    lexicon: Lexicon | None
    """What they are told in; None for English."""
    names: Mapping[WriterTask, tuple[str, ...]]
    hashes: Mapping[WriterTask, str]
    grammars: Mapping[WriterTask, Grammar]


class OfflineWriter:
    """Answers text tasks; see protocols.Writer."""

    def __init__(self, grammar_dir: Path | None = None) -> None:
        self._grammar_dir = grammar_dir
        self._raw: dict[str, bytes] = {}
        self._data: dict[str, dict[str, Any]] = {}
        self._speakers: dict[tuple[str, str], _Speaker] = {}
        self._stories: OrderedDict[str, Story] = OrderedDict()
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
        speaker = self._speaker(*_told_in(brief))
        return Request(
            task=task,
            model_id=MODEL_ID,
            model_revision=VERSIONS[task],
            prompt_id="+".join(name.removesuffix(".yaml") for name in speaker.names[task]),
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
            speaker = self._speaker(inputs["language"], inputs["level"])
            vocabulary = speaker.lexicon.vocabulary if speaker.lexicon else speaker.vocabulary
            draft = questions.ask(inputs, speaker.grammars[task], vocabulary, request.seed)
        else:
            brief = StoryBrief.model_validate(inputs["story"])
            grammar = self._speaker(brief.language, brief.level).grammars[task]
            story = self._story(brief)
            if task == "outline":
                draft = outlines.outline(story, grammar, brief)
            elif task == "chapter":
                draft = outlines.chapter(story, grammar, brief, inputs["chapter_index"])
            elif task == "scene":
                draft = shooting.scene(
                    story, grammar, brief, inputs["chapter_index"], inputs["scene_index"], request.seed
                )
            else:
                draft = lines.dialogue(story, grammar, inputs, request.seed)
        return cast(dict[str, JsonValue], draft.model_dump(mode="json"))

    def _story(self, brief: StoryBrief) -> Story:
        key = canonical_json(brief.model_dump(mode="json"))
        story = self._stories.pop(key, None)
        story = story or self._simulated(brief)
        self._stories[key] = story
        if len(self._stories) > STORIES_KEPT:
            self._stories.popitem(last=False)
        return story

    def _simulated(self, brief: StoryBrief) -> Story:
        """The story of a brief under the names of its language."""
        speaker = self._speaker(brief.language, brief.level)
        if speaker.lexicon is None:
            return simulate(speaker.vocabulary, brief)
        brief = brief.model_copy(update={"theme": speaker.lexicon.in_english(brief.theme)})
        return speaker.lexicon.told(simulate(speaker.vocabulary, brief))

    def _speaker(self, language: str, level: str) -> _Speaker:
        """The grammars of a language at a level, read when they are first asked for."""
        if (language, level) not in self._speakers:
            self._speakers[language, level] = self._made_speaker(language, level)
        return self._speakers[language, level]

    def _made_speaker(self, language: str, level: str) -> _Speaker:
        names = {task: _file_names(task, language, level) for task in GRAMMAR_FILES}
        for name in sorted({name for group in names.values() for name in group}):
            if name not in self._data:
                self._raw[name] = _read(self._grammar_dir, name)
                self._data[name] = _parse(name, self._raw[name])
                if self._grammar_dir is not None:
                    _check_sections(name, self._data[name])
        world: dict[str, Any] = {}
        for name in WORLD_FILES:
            world |= self._data[name]
        vocabulary, spoken = Vocabulary(world), self._data[_in_language("tongue.yaml", language)]
        own = _own_name(NAMED_FILE, language)
        lexicon = None if own == NAMED_FILE else Lexicon(self._data[own], spoken, vocabulary)
        tongue = lexicon.tongue if lexicon else Tongue(spoken)
        return _Speaker(
            vocabulary=vocabulary,
            lexicon=lexicon,
            names=names,
            hashes={task: self._hash(group) for task, group in names.items()},
            grammars={
                task: Grammar(
                    *(self._data[name] for name in group if not name.startswith(("world.", "premises.", "tongue."))),
                    tongue=tongue,
                    level=level,
                )
                for task, group in names.items()
            },
        )

    def _hash(self, names: tuple[str, ...]) -> str:
        digests = {name: hashlib.sha256(self._raw[name]).hexdigest() for name in names}
        return hashlib.sha256(canonical_json(digests).encode()).hexdigest()


def _in_language(name: str, language: str) -> str:
    return name if name in ENGLISH_FILES else _own_name(name, language)


def _own_name(name: str, language: str) -> str:
    """`captions.es.yaml`; English files have no tag."""
    return name if language == "en" else f"{name.removesuffix('.yaml')}.{language}.yaml"


def _file_names(task: WriterTask, language: str, level: str) -> tuple[str, ...]:
    """The files a task reads at a level, in a language."""
    names = GRAMMAR_FILES[task]
    if level == "cloze":
        names = tuple(dict.fromkeys(CLOZE_FILE if name in CLOZED else name for name in names))
    own = _own_name(NAMED_FILE, language)
    named = (own,) if NAMED_FILE in names and own != NAMED_FILE else ()
    return (*(_in_language(name, language) for name in names), *named)


def _told_in(brief: Record) -> tuple[str, str]:
    """Language and level of a brief."""
    if isinstance(brief, QuestionsBrief):
        return brief.movie.language, brief.movie.language_level or "rich"
    story = brief if isinstance(brief, StoryBrief) else cast(SceneBrief, brief).story
    return story.language, story.level


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
    language, level = _told_in(brief)
    return {**questions.question_inputs(brief), "language": language, "level": level}


INPUTS: Final[Mapping[WriterTask, Callable[[Record], dict[str, JsonValue]]]] = {
    "outline": _outline_inputs,
    "chapter": _chapter_inputs,
    "scene": _scene_inputs,
    "dialogue": _dialogue_inputs,
    "questions": _question_inputs,
}


def _read(grammar_dir: Path | None, name: str) -> bytes:
    folder = files("moviellm.generation.studio.grammar") if grammar_dir is None else grammar_dir
    path = folder / name
    if not path.is_file():
        raise ValueError(
            f"no grammar file {path}; copy the packaged grammar and edit the copy (`captions.yaml` is English, "
            "`captions.es.yaml` would be Spanish)"
        )
    return path.read_bytes()


def _check_sections(name: str, data: Mapping[str, Any]) -> None:
    """Raise ValueError unless a grammar file has every section that the packaged one has."""
    known = (files("moviellm.generation.studio.grammar") / name).is_file()  # another language has files of its own
    packaged = _parse(name, _read(None, name)) if known else {}
    missing = [key for key in packaged if key not in data]
    if missing:
        raise ValueError(f"grammar file {name} lacks {', '.join(missing)}; copy the packaged file and edit the copy")


def _parse(name: str, text: bytes) -> dict[str, Any]:
    data = read_yaml(text, f"grammar file {name}")
    if not isinstance(data, dict):
        raise ValueError(f"grammar file {name} must be a mapping of rules, got {type(data).__name__}")
    return data
