"""What the questions read of a movie, as plain data for their request.

    inputs = question_inputs(QuestionsBrief(movie=movie, questions=QuestionConfig()))

Of a picture it keeps only what can be made out in it: whose measured box is large and free enough. It leaves out
prompts, scores, provenance, pictures and sound, and reads nothing back: see movielog.py.
"""

from collections.abc import Mapping
from typing import Any

from moviellm.generation.briefs import QuestionsBrief
from moviellm.generation.schema import Keyframe, Movie, TemporalSpan

SEEN_AREA_MIN = 0.0012
"""Share of the frame that something must cover to be asked about: 176 pixels of 512 x 288."""


OCCLUDED_MAX = 0.5


def question_inputs(brief: QuestionsBrief) -> dict[str, Any]:
    """What the questions read of a movie; leaves out pictures, prompts, scores, provenance and the audio."""
    inputs: dict[str, Any] = {"questions": brief.questions.model_dump(mode="json"), "movie": _movie(brief.movie)}
    if brief.twin is not None:
        inputs["twin"] = _movie(brief.twin)
    return inputs


def _movie(movie: Movie) -> dict[str, Any]:
    names = {person.character_id: person.name for person in movie.characters}
    return {
        "original": movie.twin_of is None,
        "diverges_s": movie.diverges_s,
        "language": movie.language,
        "level": movie.language_level,
        "logline": movie.logline,
        "synopsis": movie.synopsis,
        "shows": None if movie.style is None or movie.style.shows is None else list(movie.style.shows),
        "people": [[person.name, person.appearance] for person in movie.characters],
        "places": [[place.name, place.kind, place.indoor] for place in movie.locations],
        "objects": [[thing.name, thing.kind, thing.colour] for thing in movie.objects],
        "chapters": [
            {"summary": chapter.summary, "span": _span(chapter.span), "scenes": len(chapter.scenes)}
            for chapter in movie.chapters
        ],
        "scenes": [
            {
                "place": scene.location,
                "time_of_day": scene.time_of_day,
                "weather": scene.weather,
                "date": scene.date,
                "clock": scene.clock,
                "span": _span(scene.span),
                "changes": [[c.entity, c.attribute, c.value] for c in scene.changes],
                "frames": [_frame(frame, names) for frame in scene.keyframes],
                "lines": [
                    {
                        "id": line.line_id,
                        "speaker": names.get(line.character_id or ""),
                        "text": line.text,
                        "span": _span(line.span),
                        "event": line.event_id,
                        "says": [[c.entity, c.attribute, c.value] for c in line.says],
                    }
                    for line in scene.dialogue or ()
                ],
            }
            for scene in movie.scenes()
        ],
        "events": [
            {
                "id": event.event_id,
                "span": _span(event.span),
                "caption": event.caption,
                "people": [names[person] for person in event.participants],
                "place": event.location,
                **{name: getattr(event, name) for name in ("action", "object", "target", "topic", "variant")},
                "changes": [[c.entity, c.attribute, c.value] for c in event.changes],
                "because": list(event.because or ()),
            }
            for event in movie.events
        ],
    }


def _span(span: TemporalSpan) -> list[float]:
    return [span.start_s, span.end_s]


def _frame(keyframe: Keyframe, names: Mapping[str, str]) -> dict[str, Any]:
    """A keyframe with only what can be made out in it."""
    seen: set[str] | None = None
    if keyframe.visible is not None:
        seen = {
            item.entity_id
            for item in keyframe.visible
            if item.occluded <= OCCLUDED_MAX and item.width * item.height >= SEEN_AREA_MIN
        }
    faces = [f for f in keyframe.figures if seen is None or f.character_id in seen]
    return {
        "id": keyframe.keyframe_id,
        "span": _span(keyframe.span),
        "event": keyframe.event_id,
        "shot": keyframe.shot,
        "people": [names[figure.character_id] for figure in keyframe.figures],
        "seen": [names[figure.character_id] for figure in faces],
        "holding": {
            names[f.character_id]: f.holding for f in faces if f.holding and (seen is None or f.holding in seen)
        },
        "staged": [figure.holding for figure in keyframe.figures if figure.holding] + list(keyframe.props),
        "props": [prop for prop in keyframe.props if seen is None or prop in seen],
        "states": [[item.object, item.state] for item in keyframe.states if seen is None or item.object in seen],
        "poses": {names[figure.character_id]: figure.pose for figure in faces},
        "moods": {names[figure.character_id]: figure.emotion for figure in faces if figure.facing != "back"},
    }
