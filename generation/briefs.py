"""The records that cross between stages and makers: what a writer or painter is asked (`...Brief`) and answers.

Drafts use names where the schema uses ids: a writer does not number things, the stages do. Who is asked, and how an
answer is kept, is in protocols.py; how drafts become a Movie is in the stages.
"""

from typing import Literal

from pydantic import Field

from moviellm.generation.config import QuestionConfig, WorldConfig
from moviellm.generation.schema import (
    AnswerFormat,
    Channel,
    Emotion,
    Facing,
    Figure,
    Level,
    Movie,
    Pose,
    PropState,
    QuestionType,
    Record,
    Role,
    Shot,
    StateChange,
    Style,
    TemporalSpan,
    Text,
    TimeOfDay,
    Visible,
    Weather,
)

# -------------------------------------------------------------------------------------------- writer: what is asked


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


class DialogueBrief(Record):
    """Question of `dialogue`: the lines of one scene."""

    story: StoryBrief
    characters: tuple[CharacterDraft, ...]
    scene: SceneHead
    draft: SceneDraft
    scene_key: Text
    """Id of the scene."""
    seconds_per_keyframe: float
    density: float = 1.0
    """Share of what could be said that is said, 0 to 1."""


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


class QuestionsBrief(Record):
    """Question of `questions`: a whole movie without its pictures, and how many questions to ask."""

    movie: Movie
    """Events, keyframes with what is visible, and dialogue are filled."""
    questions: QuestionConfig
    """How many to ask, and of which kinds."""
    twin: Movie | None = None
    """The other movie of a pair of twins: some questions are asked of both, in the same words."""


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


# ------------------------------------------------------------------------------------------------ painter


class StyleBrief(Record):
    """Question of `style`: the look to lock for one movie."""

    movie_id: Text
    keyword: Text
    description: Text
    seed: int
    style: Text | None = None
    """A style asked for by name; None lets the painter choose."""


class FigureBrief(Record):
    """A person to paint: staging and looks."""

    figure: Figure
    """Its `character_id` is that of the cast without the movie's id, `p01`: twins are painted alike."""
    name: Text
    appearance: Text


class ObjectBrief(Record):
    """An object to paint: its name and the English phrase that says how it looks."""

    name: Text
    appearance: Text


class KeyframeBrief(Record):
    """Question of `keyframe`: one picture. Names and phrases, so that any painter can paint any writer's movie."""

    keyframe_id: Text
    prompt: Text
    shot: Shot
    location: Text
    """Name of the place, e.g. `the old lighthouse`."""
    location_description: Text
    location_kind: Text | None = None
    """What sort of place, in English; None leaves it to the name and the description."""
    indoor: bool
    time_of_day: TimeOfDay
    weather: Weather
    figures: tuple[FigureBrief, ...]
    """The one who acts comes first."""
    props: tuple[Text, ...]
    states: tuple[PropState, ...] = ()
    objects: tuple[ObjectBrief, ...] = ()
    """How the objects named in `props`, `figures` and `object` look; one that is not here looks as its name says."""
    action: Text | None
    """Action of the event, e.g. `give`."""
    object: Text | None
    """Object of the action, e.g. `brass key`."""
    place_key: Text
    """Name of the place in its movie, the same for twins: what is the same at every visit is seeded by it."""
    scene_key: Text
    """Name of the scene, the same for twins: what is the same in a scene (light, who stands where) is seeded by it."""
    style: Style
    width_px: int
    height_px: int


class Painting(Record):
    """Answer to `keyframe`, beside the image bytes."""

    width_px: int
    height_px: int
    media_type: Literal["image/jpeg", "image/webp", "image/png"]
    visible: tuple[Visible, ...] | None
    """What can be seen; None where the painter does not know."""
