"""What a language model is asked to answer with: small models whose schema a server can hold it to.

    answer_of_a_scene = await answer(service, request, ANSWERS["scene"], check)

They have only what a model must decide: no ids, no times, no prompts for painters, no headings. Fields that have a
closed vocabulary are enumerations of the data model. What they become stands in drafting.py and citing.py. Every
field is required and nothing is limited here but by kind: limits are checks, whose words the model is shown.
"""

from enum import StrEnum
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from moviellm.generation.protocols import WriterTask
from moviellm.generation.schema import Emotion, Facing, ObjectState, Pose, Role, Shot, Text, TimeOfDay, Weather
from moviellm.generation.studio.looks import (
    ACCESSORIES,
    BUILDS,
    COLOURS,
    GARMENTS,
    HAIR_COLOURS,
    HAIRS,
    SKINS,
)


class Answer(BaseModel):
    """Base of all: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, use_enum_values=True)


def _choice(name: str, values: tuple[str, ...]) -> type[StrEnum]:
    """A vocabulary of the studio as an enumeration."""
    return StrEnum(name, {value: value for value in values})  # type: ignore[return-value]


Build = _choice("Build", BUILDS)
Hair = _choice("Hair", HAIRS)
HairColour = _choice("HairColour", HAIR_COLOURS)
Skin = _choice("Skin", SKINS)
Garment = _choice("Garment", GARMENTS)
Colour = _choice("Colour", COLOURS)
Accessory = _choice("Accessory", ACCESSORIES)


class FactAnswer(Answer):
    """Something that is so from now on."""

    entity: Text
    """Name of the person or object it is about, exactly as introduced."""
    fact: Literal["at", "held_by", "in", "wears", "knows", "alive"]
    """at: a person or object is at a place. held_by: an object is in a person's hands. in: an object lies in another
    object. wears: what a person wears now. knows: what a person knows now. alive: yes or no."""
    value: Text
    """The place, the person, the object, the clothes, what is known in a few words, or yes/no. An object that is
    gone, or a person who is out of the story, is at `nowhere`."""


class LooksAnswer(Answer):
    """How a person looks. Invented: like nobody who lives or lived."""

    build: Build  # type: ignore[valid-type]
    hair: Hair  # type: ignore[valid-type]
    hair_colour: HairColour  # type: ignore[valid-type]
    skin: Skin  # type: ignore[valid-type]
    garment: Garment  # type: ignore[valid-type]
    colour: Colour  # type: ignore[valid-type]
    """Colour of the garment."""
    accessory: Accessory  # type: ignore[valid-type]
    details: Text
    """A few English words more, e.g. `a scar on the chin`; empty if there is nothing to add."""


class PersonAnswer(Answer):
    """A person of the story."""

    name: Text
    """Unique in the movie, one or two words."""
    role: Role
    description: Text
    """Who they are, in a sentence."""
    looks: LooksAnswer


class PlaceAnswer(Answer):
    """A place of the story."""

    name: Text
    """Unique, as people would call it, e.g. `the old lighthouse`."""
    kind: Text
    """What sort of place, one or two English words, e.g. `lighthouse`."""
    description: Text
    """What is there, in a sentence."""
    indoor: bool


class ThingAnswer(Answer):
    """An object that matters to the story."""

    name: Text
    """Unique, e.g. `brass key`."""
    kind: Text
    """What sort of object, one English word, e.g. `key`."""
    colour: Text
    """One English word."""


class LookAnswer(Answer):
    """The look of the whole movie."""

    keyword: Text
    """One word, e.g. `gothic`."""
    description: Text
    """English style phrases, separated by commas: no people, no places."""


class ChapterPlan(Answer):
    """A chapter in the outline."""

    title: Text
    summary: Text
    """What happens, in a paragraph."""
    characters: tuple[Text, ...]
    """Names of everybody who takes part."""
    locations: tuple[Text, ...]
    """Names of the one to three places it takes place at."""
    ends_on: Text
    """Day on which it ends, e.g. `1931-10-04`."""
    ends_with: tuple[FactAnswer, ...]
    """What is otherwise than when it began: who is where, holds, wears and knows what, who has died."""


class OutlineAnswer(Answer):
    """The movie at its first level."""

    title: Text
    genre: Text
    logline: Text
    """One sentence: who wants what, and what is in the way."""
    synopsis: Text
    """What happens, in a paragraph."""
    style: LookAnswer
    characters: tuple[PersonAnswer, ...]
    locations: tuple[PlaceAnswer, ...]
    objects: tuple[ThingAnswer, ...]
    begins_on: Text
    """Day on which the story begins, e.g. `1931-10-01`."""
    begins_with: tuple[FactAnswer, ...]
    """Where everybody and every object is when it begins, and who knows what."""
    chapters: tuple[ChapterPlan, ...]


class ScenePlan(Answer):
    """A scene in its chapter."""

    location: Text
    """Name of one of the chapter's places."""
    time_of_day: TimeOfDay
    weather: Weather
    date: Text
    """Day, e.g. `1931-10-04`."""
    clock: Text
    """Time at which it begins, e.g. `18:40`."""
    summary: Text
    """What happens, in a few sentences."""
    characters: tuple[Text, ...]
    """Names of everybody who is in it."""
    ends_with: tuple[FactAnswer, ...]
    """What is otherwise than when it began."""


class ChapterAnswer(Answer):
    """The scenes of a chapter."""

    scenes: tuple[ScenePlan, ...]


class EventAnswer(Answer):
    """Something that happens."""

    key: Text
    """`e1`, `e2`, ... in the order of the scene."""
    caption: Text
    """What happens, in one sentence."""
    participants: tuple[Text, ...]
    """Names of those who are there and take part, the one who acts first."""
    action: Text | None
    """One English verb, e.g. `give`."""
    object: Text | None
    """Name of the object of the action."""
    changes: tuple[FactAnswer, ...]
    """What is otherwise afterwards."""
    because: tuple[Text, ...]
    """Keys of earlier events of this scene without which it could not have happened."""


class FigureAnswer(Answer):
    """A person in a picture."""

    name: Text
    pose: Pose
    emotion: Emotion
    holding: Text | None
    """Name of the object in their hand."""
    facing: Facing


class StateAnswer(Answer):
    """What can be seen of an object."""

    object: Text
    state: ObjectState


class KeyframeAnswer(Answer):
    """A picture."""

    event: Text | None
    """Key of the event it shows; null for the place before anything happens."""
    caption: Text
    """What a viewer sees, in one sentence: only what a picture can show."""
    picture: Text | None
    """The caption in English, where the movie is not in English; else null."""
    shot: Shot
    figures: tuple[FigureAnswer, ...]
    """The people in the picture, the one who acts first."""
    props: tuple[Text, ...]
    """Names of up to three objects that lie or stand in the picture, in nobody's hand."""
    states: tuple[StateAnswer, ...]


class SceneAnswer(Answer):
    """The events and pictures of a scene."""

    events: tuple[EventAnswer, ...]
    keyframes: tuple[KeyframeAnswer, ...]


class LineAnswer(Answer):
    """A spoken line."""

    keyframe: int
    """Number of the keyframe during which it is said."""
    speaker: Text | None
    """Name; null for the narrator."""
    text: Text
    emotion: Emotion


class DialogueAnswer(Answer):
    """The lines of a scene."""

    lines: tuple[LineAnswer, ...]


class ItemAnswer(Answer):
    """One of the things that a question counts, orders or lists."""

    text: Text
    """The thing in a few words, or what happens in a short clause."""
    keyframe: Text
    """Id of the keyframe that shows it."""


class QuestionAnswer(Answer):
    """A question."""

    slot: int
    """Number of the slot it fills."""
    question: Text
    answer: Text
    """The right answer. Empty for count, order, moment, dense captioning, unanswerable: it follows from the rest."""
    distractors: tuple[Text, ...]
    """For multiple choice: three wrong answers, alike in kind and length; else empty. Empty for count and order."""
    keyframes: tuple[Text, ...]
    """Ids of the keyframes that show the answer."""
    lines: tuple[Text, ...]
    """Ids of the lines that say it."""
    items: tuple[ItemAnswer, ...]
    """For count: each thing counted. For order and dense captioning: what happens, in any order. Else empty."""


class SkippedAnswer(Answer):
    """A slot for which the story has no material."""

    slot: int
    reason: Text


class QuestionsAnswer(Answer):
    """The questions of a part of the movie."""

    questions: tuple[QuestionAnswer, ...]
    skipped: tuple[SkippedAnswer, ...]


ANSWERS: Final[dict[WriterTask, type[Answer]]] = {
    "outline": OutlineAnswer,
    "chapter": ChapterAnswer,
    "scene": SceneAnswer,
    "dialogue": DialogueAnswer,
    "questions": QuestionsAnswer,
}
