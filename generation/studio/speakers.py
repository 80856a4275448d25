"""What the studio tells stories with: the grammars of one language at one level, read when they are first asked for.

    speakers = Speakers()                                       # or Speakers(Path("my-grammar"))
    speaker = speakers.of("en", "rich")
    speaker.tell("scene", story, brief, inputs, seed)           # SceneDraft: a story in words and pictures

English reads `captions.yaml`, another language `captions.es.yaml`; the level `cloze` reads `cloze.yaml` in place of
most. Where a story comes from (the offline simulation, or acts that a model proposed) is no matter here: see
studio/writer.py and writers/world.py.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, cast

from moviellm.generation.briefs import QuestionsBrief, SceneBrief, StoryBrief
from moviellm.generation.config.recipe import read_yaml
from moviellm.generation.protocols import WriterTask
from moviellm.generation.schema import Record, canonical_json
from moviellm.generation.studio.asking import questions
from moviellm.generation.studio.plot.story import Story
from moviellm.generation.studio.script import lines, outlines, shooting
from moviellm.generation.studio.script.language import Grammar
from moviellm.generation.studio.script.lexicon import Lexicon
from moviellm.generation.studio.script.tongue import Tongue
from moviellm.generation.studio.world.world import Vocabulary

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


class Shelf:
    """The stories used last; the others are told again when they are asked for."""

    def __init__(self) -> None:
        self._stories: OrderedDict[str, Story] = OrderedDict()

    def take(self, key: str, tell: Callable[[], Story]) -> Story:
        """The story of a key."""
        story = self._stories.pop(key, None) or tell()
        self._stories[key] = story
        if len(self._stories) > STORIES_KEPT:
            self._stories.popitem(last=False)
        return story


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """One language at one level."""

    vocabulary: Vocabulary
    """What stories are simulated from: English."""
    lexicon: Lexicon | None
    """What they are told in; None for English."""
    names: Mapping[WriterTask, tuple[str, ...]]
    hashes: Mapping[WriterTask, str]
    grammars: Mapping[WriterTask, Grammar]

    def prompt_id(self, task: WriterTask) -> str:
        """The grammar files of a task by name."""
        return "+".join(name.removesuffix(".yaml") for name in self.names[task])

    def named(self, story: Story) -> Story:
        """A story told in English under the names of this language."""
        return story if self.lexicon is None else self.lexicon.told(story)

    def tell(self, task: WriterTask, story: Story, brief: StoryBrief, inputs: Mapping[str, Any], seed: int) -> Record:
        """The draft of a level of a story: its outline, a chapter, a scene or the lines of a scene.

        Raises:
            ValueError: the lines of a scene are asked for that is not one of this story's.
        """
        grammar = self.grammars[task]
        if task == "outline":
            return outlines.outline(story, grammar, brief)
        if task == "chapter":
            return outlines.chapter(story, grammar, brief, inputs["chapter_index"])
        if task == "scene":
            where = inputs["chapter_index"], inputs["scene_index"]
            return shooting.scene(story, grammar, brief, *where, seed)
        return lines.dialogue(story, grammar, inputs, seed)

    def ask(self, inputs: Mapping[str, Any], seed: int) -> Record:
        """The questions of a movie, from the inputs of its request alone."""
        vocabulary = self.lexicon.vocabulary if self.lexicon else self.vocabulary
        return questions.ask(inputs, self.grammars["questions"], vocabulary, seed)


class Speakers:
    """The speakers of every language and level, from the packaged grammar or from a copy of it."""

    def __init__(self, grammar_dir: Path | None = None) -> None:
        self._grammar_dir = grammar_dir
        self._raw: dict[str, bytes] = {}
        self._data: dict[str, dict[str, Any]] = {}
        self._speakers: dict[tuple[str, str], Speaker] = {}

    def of(self, language: str, level: str) -> Speaker:
        """The grammars of a language at a level.

        Raises:
            ValueError: there is no grammar for it.
        """
        if (language, level) not in self._speakers:
            self._speakers[language, level] = self._made(language, level)
        return self._speakers[language, level]

    def _made(self, language: str, level: str) -> Speaker:
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
        return Speaker(
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


def told_in(brief: Record) -> tuple[str, str]:
    """Language and level of a brief."""
    if isinstance(brief, QuestionsBrief):
        return brief.movie.language, brief.movie.language_level or "rich"
    story = brief if isinstance(brief, StoryBrief) else cast(SceneBrief, brief).story
    return story.language, story.level


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
