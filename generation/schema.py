"""The data model: what a movie is, from theme to questions. Every other room reads and writes these types.

    from moviellm.generation.schema import Movie, check_movie
    movie = Movie.model_validate_json(text)
    check_movie(movie)                              # cross-references; raises ValueError naming what is wrong

Conventions: times are seconds from the start of the movie (float, `_s` in the name); spans are half-open
`[start_s, end_s)`; pixels end in `_px`, hashes in `_sha256` (hex). Ids are readable and hierarchical: `m00042`,
`m00042-c03`, `m00042-c03-s02`, `m00042-c03-s02-k04`, `m00042-q017`. Indices count from 0. `None` means not made yet;
empty means made and empty. The paper's terms (MovieLLM, arXiv 2403.01422): overview = synopsis, substory = chapter,
tinystory = scene, frame = keyframe.

It does not say how anything is stored, made or loaded: see cells.py, the stages and export.py.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

SCHEMA_VERSION = "1.3.0"
"""Version of the data model. A change that an old reader cannot read bumps the first number."""

Shot = Literal["wide", "medium", "close", "two_shot", "over_shoulder", "insert"]
TimeOfDay = Literal["dawn", "day", "dusk", "night"]
Weather = Literal["clear", "cloudy", "rain", "snow", "fog", "storm"]
Emotion = Literal["calm", "happy", "sad", "angry", "afraid", "surprised", "worried", "tender"]
Pose = Literal[
    "stand", "walk", "run", "sit", "read", "grieve", "reach", "reach_up", "point", "give", "talk", "think", "carry",
    "hold_up", "kneel", "crouch", "wave", "weep", "hug", "write", "phone", "eat", "sleep", "dig", "mend", "hurt",
    "caught",
]  # fmt: skip
Facing = Literal["in", "out", "front", "back"]
ObjectState = Literal["open", "lit", "broken"]
StyleFact = Literal["colour", "time_of_day", "weather", "feeling"]
Role = Literal["protagonist", "antagonist", "supporting"]
VisibleKind = Literal["person", "object", "place_part"]
Level = Literal["movie", "chapter", "scene", "keyframe"]
QuestionType = Literal[
    "overview", "plot", "cause", "character", "dialogue", "visual", "state", "count", "order", "moment", "unanswerable"
]
AnswerFormat = Literal["open_ended", "multiple_choice", "temporal_grounding", "dense_captioning"]
Channel = Literal["vision", "dialogue", "order"]
Flag = Literal[
    "guessable", "dialogue_enough", "synopsis_leaks", "one_frame_enough", "order_free", "wrong_or_unanswerable",
    "not_shown", "repeated",
]  # fmt: skip
Split = Literal["train", "validation", "dev", "test"]
"""`dev` is of benchmarks: their part with public answers, never trained on."""
Stage = Literal["plot", "style", "keyframes", "dialogue", "qa", "gates"]
Origin = Literal["plot", "style", "keyframes", "dialogue", "qa", "gates", "import"]

SHOTS: tuple[Shot, ...] = get_args(Shot)
TIMES_OF_DAY: tuple[TimeOfDay, ...] = get_args(TimeOfDay)
WEATHERS: tuple[Weather, ...] = get_args(Weather)
EMOTIONS: tuple[Emotion, ...] = get_args(Emotion)
POSES: tuple[Pose, ...] = get_args(Pose)
SPLITS: tuple[Split, ...] = get_args(Split)
STAGES: tuple[Stage, ...] = get_args(Stage)


def canonical_json(value: object) -> str:
    """The one JSON text of a value: sorted keys, no spaces, no NaN. What is hashed is always this text."""
    return _CANONICAL.encode(value)


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _utf8(text: str) -> str:
    if "\x00" in text or not (text.isascii() or _encodes(text)):
        raise ValueError("text holds a NUL or a lone surrogate, which Parquet and JSON readers refuse; remove it")
    return text


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _finite_s(value: float) -> float:
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"got {value!r} seconds; allowed are finite numbers from 0 up")
    return value


Text = Annotated[str, AfterValidator(_utf8)]
Seconds = Annotated[float, AfterValidator(_finite_s)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Pixels = Annotated[int, Field(ge=1)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
MovieId = Annotated[str, Field(pattern=r"^m\d{5,}$")]


def movie_number(movie_id: str) -> int:
    """42 for `m00042`. Movies are ordered by it: the text order breaks at the 100,000th movie."""
    return int(movie_id[1:])


class Record(BaseModel):
    """Base of every record: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class TemporalSpan(Record):
    """A half-open stretch of the movie, `[start_s, end_s)`."""

    start_s: Seconds
    """First moment, seconds from the start of the movie."""
    end_s: Seconds
    """First moment after it, seconds from the start of the movie."""

    @model_validator(mode="after")
    def _ordered(self) -> "TemporalSpan":
        if self.end_s <= self.start_s:
            raise ValueError(f"span [{self.start_s}, {self.end_s}) is empty or reversed; end_s must exceed start_s")
        return self

    def covers(self, other: "TemporalSpan", tolerance_s: float = 1e-6) -> bool:
        """Whether `other` lies inside this span."""
        return self.start_s <= other.start_s + tolerance_s and other.end_s <= self.end_s + tolerance_s


class Score(Record):
    """One measured number, with what measured it."""

    name: Text
    """What was measured, e.g. `style_similarity` or `blind`."""
    value: float | None
    """The number; None when it could not be measured."""
    reason: Text | None = None
    """Why there is no number; None when there is one."""
    measured_by: Text = ""
    """Model or program and its revision."""


class Provenance(Record):
    """Where one stage's part of a movie came from."""

    stage: Origin
    """Stage that made it, or `import` for what came from elsewhere."""
    model_id: Text
    """Model or program: a Hub id, a served model's name, `moviellm/offline-writer`, or an import's kind."""
    model_revision: Text
    """Its commit, version or content hash."""
    prompt_id: Text
    """Name of the prompt or grammar file it was asked with."""
    prompt_sha256: Sha256
    """Hash of that prompt or grammar."""
    params: Text
    """Sampling and story parameters as canonical JSON *text* (a JSON column would not give 0.7 back)."""
    seed: int
    """Seed of the request."""
    created_at: Text
    """Start of the run, ISO-8601 UTC; the same for every row of a run."""
    code_version: Text
    """Version of the moviellm package."""
    code_revision: Text
    """Commit of the code, or empty when not run from a checkout."""


class StateChange(Record):
    """One fact of the story world that took a value, e.g. `silver key`, `where`, `held:Ada`. Exact, offline only."""

    entity: Text
    """Name of the person or object it is about."""
    attribute: Text
    """Which fact: `where`, `at`, `open`, `knows:silver key`, ..."""
    value: Text
    """Its value from now on; `yes` and `no` for what holds or does not."""


class Character(Record):
    """Somebody in the movie. Invented: never a celebrity, unlike the paper."""

    character_id: Text
    """E.g. `m00042-p01`."""
    name: Text
    """Name as spoken and captioned; unique in the movie."""
    role: Role | None
    """Weight in the story; None where nobody knows."""
    description: Text
    """Who they are."""
    appearance: Text
    """The fixed phrase every picture of them is asked with: build, hair, skin, clothes, accessory."""
    portrait: Text | None = None
    """Reference portrait, a file named by its hash below `portraits/`, where a painter made one."""


class Location(Record):
    """A place of the movie."""

    name: Text
    """Name as captioned, e.g. `the old lighthouse`; unique in the movie, and how scenes and events refer to it."""
    description: Text
    """What is there."""
    indoor: bool
    """Whether it has a roof."""
    kind: Text | None = None
    """What sort of place, in English, e.g. `lighthouse`; None where nobody said."""


class StoryObject(Record):
    """An object that matters to the story."""

    name: Text
    """Name as captioned, e.g. `silver key`; unique in the movie."""
    kind: Text
    """What sort of object, in English, e.g. `key`."""
    colour: Text
    """Its colour, in English, e.g. `silver`."""

    @property
    def appearance(self) -> str:
        """The fixed phrase every picture of it is asked with."""
        return f"{self.colour} {self.kind}"


class Style(Record):
    """The look that every keyframe of the movie shares (the paper's style immobilisation)."""

    style_id: Text
    """Name of the style, e.g. `watercolour`, or the id of a learned one."""
    keyword: Text
    """The paper's style keyword: one word."""
    description: Text
    """Style phrases."""
    placeholder_token: Text | None
    """Token that a learned style is called by in prompts; None where nothing was learned."""
    base_model_id: Text
    """Painter the style is valid for."""
    base_model_revision: Text
    """Revision of that painter."""
    embedding_path: Text | None
    """Learned embedding (safetensors) or reference picture, relative to the dataset folder; None without one."""
    embedding_sha256: Sha256 | None
    """Hash of that file."""
    shows: tuple[StyleFact, ...] | None = None
    """Kinds of facts that can be read off its pictures; None where nobody measured it."""


class Visible(Record):
    """Something that can be seen in a keyframe. Exact in the offline studio."""

    entity_id: Text
    """Character id, or the name of the object or place part."""
    kind: VisibleKind
    """What it is."""
    x: Fraction
    """Left edge of its box, as a fraction of the frame's width."""
    y: Fraction
    """Top edge of its box, as a fraction of the frame's height."""
    width: Fraction
    """Width of its box, as a fraction of the frame's width."""
    height: Fraction
    """Height of its box, as a fraction of the frame's height."""
    occluded: Fraction
    """Share of it that something nearer hides."""


class Figure(Record):
    """One person as a keyframe stages them: what a painter needs besides the looks."""

    character_id: Text
    """Who."""
    pose: Pose
    """What the body does."""
    emotion: Emotion
    """What the face says."""
    holding: Text | None = None
    """Name of the object in their hand, e.g. `brass key`."""
    facing: Facing = "in"
    """Where they look: into the picture's middle, out of it, at the viewer, or away from the viewer."""


class PropState(Record):
    """A state of an object that a keyframe shows."""

    object: Text
    """Name of one of the keyframe's props or of what somebody holds."""
    state: ObjectState
    """What can be seen of it."""


class Keyframe(Record):
    """One picture of the movie and the stretch of time it stands for (the paper's frame)."""

    keyframe_id: Text
    """E.g. `m00042-c03-s02-k04`."""
    index: int = Field(ge=0)
    """Position in the whole movie."""
    span: TemporalSpan
    """Time it is on screen."""
    prompt: Text
    """Text a text-to-image painter is asked with."""
    caption: Text
    """What a viewer should see."""
    shot: Shot | None
    """Framing; None where nobody knows."""
    character_ids: tuple[Text, ...]
    """People in the frame."""
    figures: tuple[Figure, ...]
    """How those people are staged; empty where nobody knows."""
    props: tuple[Text, ...]
    """Objects lying or standing in the frame, in nobody's hand."""
    event_id: Text | None
    """Event it shows; None for a picture of the place before anything happens."""
    states: tuple[PropState, ...] = ()
    """Objects in the frame that are open, lit or broken."""
    visible: tuple[Visible, ...] | None = None
    """What can be seen and where; None where nobody measured it."""
    image: Text | None = None
    """File name of the picture; None until painted."""
    image_sha256: Sha256 | None = None
    """Hash of the picture's bytes."""
    width_px: Pixels | None = None
    """Width of the picture."""
    height_px: Pixels | None = None
    """Height of the picture."""
    scores: tuple[Score, ...] | None = None
    """Measures of the picture."""
    not_drawn: tuple[Text, ...] = ()
    """What was asked for and is not in the picture, or only as something else, where the painter says so: e.g.
    `object: sextant (drawn as a bundle)`."""


class DialogueLine(Record):
    """One spoken line with its subtitle timing."""

    line_id: Text
    """E.g. `m00042-c03-s02-d01`."""
    character_id: Text | None
    """Speaker; None is the narrator."""
    text: Text
    """What is said."""
    emotion: Emotion | None
    """How it is said; None where nobody knows."""
    span: TemporalSpan
    """When it is said."""
    audio: Text | None = None
    """File name of the spoken line, where one was made."""
    event_id: Text | None = None
    """Event it belongs to; None for a narrator, and where nobody knows."""
    says: tuple[StateChange, ...] = ()
    """Facts of the story world that a listener learns from it, true or not; offline only."""


class Scene(Record):
    """One place and time (the paper's tinystory)."""

    scene_id: Text
    """E.g. `m00042-c03-s02`."""
    index: int = Field(ge=0)
    """Position in its chapter."""
    heading: Text
    """Screenplay heading, e.g. `INT. LIGHTHOUSE - NIGHT`."""
    location: Text | None
    """Name of one of the movie's locations; None where nobody knows."""
    time_of_day: TimeOfDay | None
    """Light; None where nobody knows."""
    weather: Weather | None
    """Weather outside; None where nobody knows."""
    summary: Text
    """What happens."""
    date: Text | None = None
    """Day in the story, ISO-8601, e.g. `1931-10-04`."""
    clock: Text | None = None
    """Time in the story when it begins, `18:40`."""
    changes: tuple[StateChange, ...] = ()
    """Facts that are so when it begins without an event that made them so: where people have gone since, and, in the
    first scene, how the story world stands. Offline only."""
    span: TemporalSpan
    """Time it lasts."""
    keyframes: tuple[Keyframe, ...]
    """Its pictures, in order."""
    dialogue: tuple[DialogueLine, ...] | None = None
    """Its lines, in order; None until written."""


class Chapter(Record):
    """A part of the story (the paper's substory)."""

    chapter_id: Text
    """E.g. `m00042-c03`."""
    index: int = Field(ge=0)
    """Position in the movie."""
    title: Text
    """Chapter title."""
    summary: Text
    """What happens."""
    span: TemporalSpan
    """Time it lasts."""
    scenes: tuple[Scene, ...]
    """Its scenes, in order."""


class Event(Record):
    """Something that happens. In the offline studio also the simulation's own record: the ground truth."""

    event_id: Text
    """E.g. `m00042-e0017`."""
    span: TemporalSpan
    """When it is shown."""
    caption: Text
    """What happens, in one sentence."""
    participants: tuple[Text, ...]
    """Character ids, the one who acts first."""
    location: Text | None
    """Name of one of the movie's locations; None where nobody knows."""
    action: Text | None = None
    """Action of the story world, e.g. `give`; None where nobody knows it exactly."""
    object: Text | None = None
    """Object of the action, e.g. `brass key`."""
    target: Text | None = None
    """Second place, object or person of the action: where somebody goes, what something is put into, where something
    is said to be."""
    topic: Text | None = None
    """What is spoken or written of: an object or a person."""
    variant: Text | None = None
    """How the action was done, e.g. `asked`; `vain` when it failed."""
    changes: tuple[StateChange, ...] = ()
    """What it changed in the story world; offline only."""
    because: tuple[Text, ...] | None = None
    """Ids of earlier events without which it could not have happened; None where nobody knows."""


class QAPair(Record):
    """A question about the movie, its answer and the evidence."""

    question_id: Text
    """E.g. `m00042-q017`."""
    level: Level
    """How much of the movie it asks about."""
    question_type: QuestionType | None
    """What it asks for; None where nobody said."""
    answer_format: AnswerFormat
    """How it is answered; the benchmark's task."""
    group_id: Text | None = None
    """Questions with the same group are scored together: all right or nothing."""
    turn_of: Text | None = None
    """Id of the question that this one follows up."""
    question: Text
    """The question."""
    answer: Text
    """The answer; for `temporal_grounding` and `dense_captioning` a sentence that says the spans."""
    options: tuple[Text, ...] = ()
    """Choices of a multiple-choice question, without letters."""
    answer_index: int | None = None
    """Index of the right option."""
    evidence: tuple[TemporalSpan, ...]
    """Where the answer can be seen or heard; for `temporal_grounding` also the gold span."""
    keyframe_ids: tuple[Text, ...]
    """Keyframes that show it."""
    line_ids: tuple[Text, ...]
    """Dialogue lines that say it."""
    requires: tuple[Channel, ...]
    """What cannot be done without: seeing, hearing, or knowing the order. Empty: no one of them is indispensable."""
    gates: tuple[Score, ...] | None = None
    """Scores of the question's tests; None until measured."""
    flags: tuple[Flag, ...] = ()
    """What its scores by language models, and its likeness to others, say against it; empty where nothing is said, or
    nobody measured it. Flagged questions are left out of the test split."""
    form: Text | None = None
    """What is asked, as canonical JSON that a program can answer from the events; None where nobody knows exactly."""
    provenance: Provenance | None = None
    """Where the question came from."""

    @model_validator(mode="after")
    def _options_fit(self) -> "QAPair":
        if self.answer_format == "multiple_choice":
            if self.answer_index is None or not 0 <= self.answer_index < len(self.options):
                raise ValueError(
                    f"{self.question_id}: answer_index {self.answer_index} does not point into the "
                    f"{len(self.options)} options"
                )
            if len(set(self.options)) != len(self.options):
                raise ValueError(f"{self.question_id}: two options are the same: {list(self.options)}")
            if self.options[self.answer_index] != self.answer:
                raise ValueError(f"{self.question_id}: the answer is not the option that answer_index points at")
        elif self.options or self.answer_index is not None:
            raise ValueError(f"{self.question_id}: only multiple_choice questions have options and an answer_index")
        return self


class Movie(Record):
    """A whole movie. The stages fill it in the order of `STAGES`; the export sets the split."""

    movie_id: MovieId
    """E.g. `m00042`."""
    twin_of: MovieId | None = None
    """Movie this one is the counterfactual of."""
    twin_difference: Text | None = None
    """The one thing that went otherwise than in `twin_of`."""
    diverges_s: Seconds | None = None
    """Time from which it differs from `twin_of`; before it every picture and line is the same."""
    title: Text
    """Title."""
    theme: Text | None
    """The phrase the movie was asked for with; None where nobody wrote one."""
    genre: Text | None
    """Genre; None where nobody wrote one."""
    logline: Text | None
    """One sentence: who wants what, and what is in the way; None where nobody wrote one."""
    synopsis: Text | None
    """What happens, in a paragraph (the paper's overview); None where nobody wrote one."""
    style: Style | None = None
    """The locked look; None until locked."""
    characters: tuple[Character, ...]
    """The cast."""
    locations: tuple[Location, ...]
    """The places."""
    objects: tuple[StoryObject, ...] = ()
    """The objects that matter to the story; empty where nobody listed them."""
    chapters: tuple[Chapter, ...]
    """The story, in order."""
    events: tuple[Event, ...]
    """What happens, in order."""
    qa_pairs: tuple[QAPair, ...] | None = None
    """The questions; None until asked."""
    duration_s: Seconds
    """Length of the movie."""
    language: Text
    """BCP-47 tag of the text, e.g. `en`."""
    language_level: Text | None = None
    """Level of the language, `rich`, `plain` or `cloze`; None where it was not asked for."""
    injected: tuple[Text, ...] = ()
    """Rare situations that were put into the story on request, e.g. `time_jump`."""
    held_out: bool = False
    """Whether it has combinations that are kept out of train: it belongs to test."""
    seed: int
    """Seed the movie was made from; a twin has that of its original."""
    split: Split | None = None
    """Dataset split; None until exported."""
    schema_version: Text = SCHEMA_VERSION
    """Version of this data model."""
    provenance: tuple[Provenance, ...] = ()
    """Where each stage's part came from."""

    def scenes(self) -> Iterator[Scene]:
        """Every scene, in story order."""
        for chapter in self.chapters:
            yield from chapter.scenes

    def keyframes(self) -> Iterator[Keyframe]:
        """Every keyframe, in story order."""
        for scene in self.scenes():
            yield from scene.keyframes

    def dialogue(self) -> Iterator[DialogueLine]:
        """Every line that has been written, in story order."""
        for scene in self.scenes():
            yield from scene.dialogue or ()


def check_movie(movie: Movie) -> None:
    """Check what single records cannot: ids, order, spans and cross-references.

    Raises:
        ValueError: names the movie and lists everything that is wrong, one item a line.
    """
    wrong = list(_problems(movie))
    if wrong:
        raise ValueError(f"{movie.movie_id} has {len(wrong)} broken references:\n  " + "\n  ".join(wrong[:20]))


def _problems(movie: Movie) -> Iterator[str]:
    yield from _story_problems(movie)
    yield from _reference_problems(movie)
    for question in movie.qa_pairs or ():
        yield from _question_problems(movie, question)


def _duplicates(kind: str, values: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            yield f"{kind} {value!r} occurs twice"
        seen.add(value)


def _story_problems(movie: Movie) -> Iterator[str]:
    whole = (0.0, movie.duration_s)
    yield from _tiling("chapters", whole, [(c.chapter_id, c.span) for c in movie.chapters])
    for chapter in movie.chapters:
        bounds = (chapter.span.start_s, chapter.span.end_s)
        yield from _tiling(chapter.chapter_id, bounds, [(s.scene_id, s.span) for s in chapter.scenes])
        for scene in chapter.scenes:
            bounds = (scene.span.start_s, scene.span.end_s)
            yield from _tiling(scene.scene_id, bounds, [(k.keyframe_id, k.span) for k in scene.keyframes])
            for line in scene.dialogue or ():
                if not scene.span.covers(line.span):
                    yield f"{line.line_id} is spoken outside its scene {scene.scene_id}"
    for expected, keyframe in enumerate(movie.keyframes()):
        if keyframe.index != expected:
            yield f"{keyframe.keyframe_id} has index {keyframe.index}, its place is {expected}"
    pattern = re.compile(rf"^{movie.movie_id}-c\d+(-s\d+(-[kd]\d+)?)?$")
    for item_id in _story_ids(movie):
        if not pattern.match(item_id):
            yield f"id {item_id!r} does not belong to {movie.movie_id}"


def _story_ids(movie: Movie) -> Iterator[str]:
    for chapter in movie.chapters:
        yield chapter.chapter_id
        for scene in chapter.scenes:
            yield scene.scene_id
            yield from (k.keyframe_id for k in scene.keyframes)
            yield from (d.line_id for d in scene.dialogue or ())


def _tiling(parent: str, bounds: tuple[float, float], parts: list[tuple[str, TemporalSpan]]) -> Iterator[str]:
    """Children follow each other without gap or overlap and fill their parent."""
    if not parts:
        yield f"{parent} is empty"
        return
    at_s = bounds[0]
    for part_id, span in parts:
        if abs(span.start_s - at_s) > 1e-6:
            yield f"{part_id} starts at {span.start_s} s, the part before it ends at {at_s} s"
        at_s = span.end_s
    if abs(at_s - bounds[1]) > 1e-6:
        yield f"the parts of {parent} end at {at_s} s, it ends at {bounds[1]} s"


def _reference_problems(movie: Movie) -> Iterator[str]:
    people = {c.character_id for c in movie.characters}
    places = {place.name for place in movie.locations}
    events: dict[str, int] = {event.event_id: i for i, event in enumerate(movie.events)}
    yield from _duplicates("id", _story_ids(movie))
    yield from _duplicates("character", [c.character_id for c in movie.characters])
    yield from _duplicates("name", [c.name for c in movie.characters])
    yield from _duplicates("location", [place.name for place in movie.locations])
    yield from _duplicates("event", [e.event_id for e in movie.events])
    whole = TemporalSpan(start_s=0.0, end_s=max(movie.duration_s, 1e-9))
    for i, event in enumerate(movie.events):
        yield from (f"{event.event_id}: nobody is called {who}" for who in event.participants if who not in people)
        if event.location is not None and event.location not in places:
            yield f"{event.event_id}: no location {event.location!r}"
        if not whole.covers(event.span):
            yield f"{event.event_id} is not inside the movie"
        for cause in event.because or ():
            if events.get(cause, i) >= i:
                yield f"{event.event_id}: cause {cause} is not an earlier event"
    for scene in movie.scenes():
        if scene.location is not None and scene.location not in places:
            yield f"{scene.scene_id}: no location {scene.location!r}"
        for line in scene.dialogue or ():
            if line.character_id is not None and line.character_id not in people:
                yield f"{line.line_id}: nobody is called {line.character_id}"
        for keyframe in scene.keyframes:
            yield from _keyframe_problems(keyframe, people, events)


def _keyframe_problems(keyframe: Keyframe, people: set[str], events: dict[str, int]) -> Iterator[str]:
    who = keyframe.keyframe_id
    yield from (f"{who}: nobody is called {name}" for name in keyframe.character_ids if name not in people)
    staged = {figure.character_id for figure in keyframe.figures}
    if staged and staged != set(keyframe.character_ids):
        yield f"{who}: character_ids and figures name different people"
    if keyframe.event_id is not None and keyframe.event_id not in events:
        yield f"{who}: no event {keyframe.event_id}"
    for seen in keyframe.visible or ():
        if seen.kind == "person" and seen.entity_id not in people:
            yield f"{who}: {seen.entity_id} is visible but not in the cast"
        if seen.x + seen.width > 1 + 1e-6 or seen.y + seen.height > 1 + 1e-6:
            yield f"{who}: the box of {seen.entity_id} leaves the frame"


def _question_problems(movie: Movie, question: QAPair) -> Iterator[str]:
    keyframes = {k.keyframe_id for k in movie.keyframes()}
    lines = {line.line_id for line in movie.dialogue()}
    others = {q.question_id for q in movie.qa_pairs or ()}
    who = question.question_id
    if not who.startswith(f"{movie.movie_id}-q"):
        yield f"question id {who!r} does not belong to {movie.movie_id}"
    yield from (f"{who}: no keyframe {k}" for k in question.keyframe_ids if k not in keyframes)
    yield from (f"{who}: no line {line}" for line in question.line_ids if line not in lines)
    if question.turn_of is not None and question.turn_of not in others:
        yield f"{who}: follows up {question.turn_of}, which is not there"
    for span in question.evidence:
        if span.end_s > movie.duration_s + 1e-6:
            yield f"{who}: evidence ends at {span.end_s} s, the movie at {movie.duration_s} s"
