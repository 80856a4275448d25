"""A movie told and asked about in the words of the proof, as a movie of the schema with its questions.

    made = in_words(movie, asked=5)             # up to five questions of each kind, those of the proof's answers

People are called by their colour, events are told as questions name them. Kinds of questions become question types;
`hugs before waits ?` has the options yes and no; what is asked about the times of one place or deed counts together.
Evidence is where what a question names is seen. It writes no file: see dataset.py.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from moviellm.generation.schema import AnswerFormat, Level, Movie, QAPair, QuestionType, Scene, TemporalSpan
from moviellm.training.proof.answering import asked_of
from moviellm.training.remix.asking import Question, frame_at, told
from moviellm.training.remix.timeline import Timeline, looks_of, timeline_of


class Asked(NamedTuple):
    """What a kind of question is in a dataset."""

    kind: QuestionType
    form: AnswerFormat
    level: Level


KINDS: Mapping[str, Asked] = {
    "overview": Asked("overview", "open_ended", "movie"),
    "people": Asked("character", "open_ended", "movie"),
    "light": Asked("visual", "open_ended", "scene"),
    "plot": Asked("plot", "open_ended", "scene"),
    "temporal": Asked("order", "open_ended", "scene"),
    "order": Asked("order", "multiple_choice", "scene"),
    "moment": Asked("moment", "open_ended", "keyframe"),
    "edges": Asked("moment", "open_ended", "scene"),
    "grounding": Asked("moment", "temporal_grounding", "scene"),
}
"""By the proof's kinds; what shares a type differs in form or level."""
YES_NO = ("yes", "no")
TIMED = ("when", "first", "last")
"""First words of questions about the times of one place or deed."""


def in_words(movie: Movie, asked: int) -> Movie:
    """A movie told in the words of the proof, with up to `asked` questions of each kind."""
    looks, line = looks_of(movie), timeline_of(movie)
    deeds = _events(movie, line)
    people = tuple(one.model_copy(update={"name": looks[one.character_id][0]}) for one in movie.characters)
    chapters = tuple(
        chapter.model_copy(update={"scenes": tuple(_scene(scene) for scene in chapter.scenes)})
        for chapter in movie.chapters
    )
    events = tuple(one.model_copy(update={"caption": deeds.get(one.event_id, one.caption)}) for one in movie.events)
    chosen = enumerate(asked_of(line, asked))
    questions = _grouped([_question(movie, line, question, number) for number, question in chosen])
    plain = {"characters": people, "chapters": chapters, "events": events, "qa_pairs": questions}
    return movie.model_copy(update=plain)


def _scene(scene: Scene) -> Scene:
    lines = scene.dialogue and tuple(one.model_copy(update={"text": one.text.lower()}) for one in scene.dialogue)
    return scene.model_copy(update={"dialogue": lines})


def _events(movie: Movie, line: Timeline) -> dict[str, str]:
    """What each event is in the proof's words; deeds come scene by scene in the order of their first keyframes."""
    ids = [
        event_id
        for scene in movie.scenes()
        for event_id in dict.fromkeys(one.event_id for one in scene.keyframes if one.event_id is not None)
    ]
    return {event_id: told(deed) for event_id, deed in zip(ids, line.deeds, strict=True)}


def _question(movie: Movie, line: Timeline, question: Question, number: int) -> QAPair:
    asked, spans = KINDS[question.kind], _evidence(movie, line, question)
    choices: dict[str, Any] = {}
    if asked.form == "multiple_choice":
        choices = {"options": YES_NO, "answer_index": YES_NO.index(question.answer)}
    shown = [one.keyframe_id for one in movie.keyframes() if any(span.covers(one.span) for span in spans)]
    return QAPair(
        question_id=f"{movie.movie_id}-q{number:03d}",
        level=asked.level,
        question_type=asked.kind,
        answer_format=asked.form,
        question=question.text,
        answer=question.answer,
        evidence=spans,
        keyframe_ids=tuple(shown),
        line_ids=(),
        requires=("vision", "order") if question.kind in ("temporal", "order") else ("vision",),
        **choices,
    )


def _evidence(movie: Movie, line: Timeline, question: Question) -> tuple[TemporalSpan, ...]:
    """Where what a question names is seen; the whole movie where it names nothing."""
    shown = [keyframe.span for keyframe in movie.keyframes()]
    words = question.text.split()
    found = [(deed.first, deed.last) for deed in line.deeds if deed.action in words]
    found += [(scene.first, scene.last) for scene in line.scenes if scene.place in words]
    if question.kind == "moment":
        frame = frame_at(int(words[1]), len(shown))
        found = [(frame, frame)]
    if question.span is not None:
        found = [question.span]
    found = found or [(0, len(shown) - 1)]
    return tuple(TemporalSpan(start_s=shown[first].start_s, end_s=shown[last].end_s) for first, last in sorted(found))


def _grouped(questions: Sequence[QAPair]) -> tuple[QAPair, ...]:
    """Two questions or more about the times of one place or deed count together."""
    keys = {one.question_id: one.question.split()[1] for one in questions if _timed(one)}
    counts = Counter(keys.values())
    return tuple(
        one.model_copy(update={"group_id": f"{one.question_id.rpartition('-')[0]}-{keys[one.question_id]}"})
        if counts[keys.get(one.question_id, "")] > 1
        else one
        for one in questions
    )


def _timed(question: QAPair) -> bool:
    return question.question_type == "moment" and question.question.split()[0] in TIMED
