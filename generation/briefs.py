"""The records that cross between stages and writers: what a writer is asked (`...Brief`) and answers (`...Draft`).

Drafts use names where the schema uses ids: a writer does not number things, the stages do. What a painter is asked
is in paintings.py; who is asked, and how an answer is kept, in protocols.py; how drafts become a Movie, in the stages.
"""

from typing import Annotated

from pydantic import Field

from moviellm.generation.config.recipe import QuestionConfig, WorldConfig
from moviellm.generation.schema import (
    AnswerFormat,
    Channel,
    Emotion,
    Facing,
    Level,
    Movie,
    Pose,
    PropState,
    QuestionType,
    Record,
    Role,
    Shot,
    StateChange,
    TemporalSpan,
    Text,
    TimeOfDay,
    Weather,
)


def _nothing(value: object) -> bool:
    return value is None or value == ()


Unsaid = Field(exclude_if=_nothing)
"""What only some writers say: left out of the JSON where it is not said, so that it changes no key and no answer."""


class StoryBrief(Record):
    """What a movie is asked for."""

    theme: Text
    """The phrase."""
    language: Text
    """BCP-47 tag."""
    level: Text = "rich"
    """Level of the language: `rich`, `plain` or `cloze`."""
    chapters: int = Field(ge=1)
    """Chapters in the movie."""
    scenes: int = Field(ge=1)
    """Scenes in each chapter."""
    keyframes: int = Field(ge=1)
    """Keyframes in each scene."""
    seed: int
    """Seed of the movie."""
    world: WorldConfig = WorldConfig()
    """What the story world may hold."""
    held_out: bool = False
    """Whether it may use the combinations that `world.held_out` keeps out of train."""
    twin: bool = False
    """Tell the counterfactual: the same story until one thing goes otherwise."""


class StyleDraft(Record):
    """The look the story asks for."""

    keyword: Text
    """One word, e.g. `gothic`."""
    description: Text
    """Style phrases."""


class CharacterDraft(Record):
    """A person; see schema.Character."""

    name: Text
    """Unique in the movie."""
    role: Role
    description: Text
    appearance: Text


class LocationDraft(Record):
    """A place; see schema.Location."""

    name: Text
    """Unique in the movie."""
    description: Text
    indoor: bool
    kind: Text | None = None
    """What sort of place, in English; see schema.Location."""


class ObjectDraft(Record):
    """An object; see schema.StoryObject."""

    name: Text
    """Unique in the movie."""
    kind: Text
    colour: Text


class ChapterHead(Record):
    """A chapter before its scenes are known."""

    title: Text
    summary: Text
    characters: Annotated[tuple[Text, ...], Unsaid] = ()
    """Names of who is in it, where the writer plans that."""
    locations: Annotated[tuple[Text, ...], Unsaid] = ()
    """Names of its places, where the writer plans that."""
    ends_with: Annotated[tuple[StateChange, ...], Unsaid] = ()
    """What is so when it ends (who is where, wears, holds, knows what, is dead), where the writer plans that."""


class OutlineDraft(Record):
    """Answer to `outline`: the movie at its first level."""

    title: Text
    genre: Text
    logline: Text
    synopsis: Text
    style: StyleDraft
    characters: tuple[CharacterDraft, ...] = Field(min_length=1)
    locations: tuple[LocationDraft, ...] = Field(min_length=1)
    chapters: tuple[ChapterHead, ...]
    objects: tuple[ObjectDraft, ...] = ()
    injected: tuple[Text, ...] = ()
    """Rare situations of `world.inject` that this story has."""
    twin_difference: Text | None = None
    """For a twin: the one thing that goes otherwise, in a sentence."""
    begins_with: Annotated[tuple[StateChange, ...], Unsaid] = ()
    """What is so when the movie begins, where the writer plans that."""
    script: Annotated[Text | None, Unsaid] = None
    """The plot as canonical JSON of acts that the story world allows, where a model proposed it."""
    dropped: Annotated[tuple[Text, ...], Unsaid] = ()
    """Steps of a proposed plot that were left out, each with the reason."""
    repaired: Annotated[tuple[Text, ...], Unsaid] = ()
    """Steps of a proposed plot that could not happen at first, each with the reason, and were mended."""


class ChapterBrief(Record):
    """Question of `chapter`: the scenes of one chapter."""

    story: StoryBrief
    outline: OutlineDraft
    chapter_index: int


class SceneHead(Record):
    """A scene before its keyframes are known."""

    heading: Text
    location: Text
    """Name of one of the outline's locations."""
    time_of_day: TimeOfDay
    weather: Weather
    summary: Text
    date: Text | None = None
    """Day in the story, ISO-8601."""
    clock: Text | None = None
    """Time in the story, `18:40`."""
    characters: Annotated[tuple[Text, ...], Unsaid] = ()
    """Names of who is in it, where the writer plans that."""
    ends_with: Annotated[tuple[StateChange, ...], Unsaid] = ()
    """What is so when it ends; see ChapterHead."""


class ChapterDraft(Record):
    """Answer to `chapter`."""

    scenes: tuple[SceneHead, ...]


class SceneBrief(Record):
    """Question of `scene`: the keyframes and events of one scene."""

    story: StoryBrief
    outline: OutlineDraft
    chapter_index: int
    scene_index: int
    scene: SceneHead
    chapter: ChapterDraft
    """The heads of the chapter, this scene's among them."""


class EventDraft(Record):
    """Something that happens; see schema.Event. Its `key` is the writer's own name for it, unique in the movie."""

    key: Text
    caption: Text
    participants: tuple[Text, ...]
    """Names, the one who acts first."""
    action: Text | None = None
    object: Text | None = None
    target: Text | None = None
    topic: Text | None = None
    variant: Text | None = None
    changes: tuple[StateChange, ...] = ()
    because: tuple[Text, ...] | None = None
    """Keys of earlier events."""


class FigureDraft(Record):
    """One person as a keyframe stages them; see schema.Figure."""

    name: Text
    pose: Pose
    emotion: Emotion
    holding: Text | None = None
    facing: Facing = "in"


class KeyframeDraft(Record):
    """A picture; see schema.Keyframe."""

    caption: Text
    prompt: Text
    shot: Shot
    figures: tuple[FigureDraft, ...]
    props: tuple[Text, ...]
    event_key: Text | None
    """Key of the event it shows: one of this scene's; None for a picture of the place before anything happens."""
    states: tuple[PropState, ...] = ()


class SceneDraft(Record):
    """Answer to `scene`."""

    events: tuple[EventDraft, ...]
    keyframes: tuple[KeyframeDraft, ...]
    changes: tuple[StateChange, ...] = ()
    """Facts that are so when the scene begins without an event; see schema.Scene."""
    dropped: Annotated[tuple[Text, ...], Unsaid] = ()
    """Rewritten captions that no longer said the same and were not taken, each with the reason."""


class DialogueBrief(Record):
    """Question of `dialogue`: the lines of one scene."""

    story: StoryBrief
    outline: OutlineDraft
    scene: SceneHead
    draft: SceneDraft
    scene_key: Text
    """Id of the scene."""
    seconds_per_keyframe: float
    density: float = 1.0
    """Share of what could be said that is said, 0 to 1."""
    chapter_index: int = 0
    before: Annotated[tuple[SceneHead, ...], Unsaid] = ()
    """The heads of the scenes before it in its chapter."""


class LineDraft(Record):
    """One spoken line."""

    speaker: Text | None
    """Name; None is the narrator."""
    text: Text
    emotion: Emotion
    keyframe_index: int = Field(ge=0)
    """Keyframe of the scene, from 0, during which it is said."""
    event_key: Text | None = None
    """Key of the event it belongs to."""
    says: tuple[StateChange, ...] = ()
    """Facts that a listener learns from it."""


class DialogueDraft(Record):
    """Answer to `dialogue`."""

    lines: tuple[LineDraft, ...]
    dropped: Annotated[tuple[Text, ...], Unsaid] = ()
    """Rewritten lines that no longer said the same and were not taken, each with the reason."""


class QuestionsBrief(Record):
    """Question of `questions`: a whole movie without its pictures, and how many questions to ask."""

    movie: Movie
    """Events, keyframes with what is visible, and dialogue are filled."""
    questions: QuestionConfig
    """How many to ask, and of which kinds."""
    twin: Movie | None = None
    """The other movie of a pair of twins: some questions are asked of both, in the same words."""
    scope: Text | None = None
    """Id of the chapter or scene to ask about; None asks about the movie."""
    part: tuple[int, int] = (0, 1)
    """Which part this is, of how many: see protocols.Writer.parts."""


class QuestionDraft(Record):
    """One question; see schema.QAPair."""

    level: Level
    question_type: QuestionType
    answer_format: AnswerFormat
    question: Text
    answer: Text
    options: tuple[Text, ...] = ()
    answer_index: int | None = None
    evidence: tuple[TemporalSpan, ...]
    keyframe_ids: tuple[Text, ...]
    line_ids: tuple[Text, ...]
    requires: tuple[Channel, ...]
    form: Text | None = None
    """See schema.QAPair."""
    group: Text | None = None
    """Name of the all-or-nothing group, unique in the movie; `twin-...` for a question asked of both twins, the same
    name in both."""
    turn_of: int | None = None
    """Index of the earlier question that this one follows up."""


class QuestionsDraft(Record):
    """Answer to `questions`."""

    questions: tuple[QuestionDraft, ...]
