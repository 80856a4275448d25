"""What the storyboard page knows of one movie, as plain JSON values; storyboard.js reads exactly these keys.

    body, poster = movie_body(movie, run.images(movie), width_px=384)
    head = movie_head(movie, poster, film=None)

Times are seconds, boxes are fractions of the frame, pictures are data URIs. It writes nothing: see storyboard.py.
"""

from collections.abc import Iterable

from moviellm.cards.pictures import best_portrait, best_poster, data_uri, face, shrink
from moviellm.generation.schema import Keyframe, Movie, QAPair, Scene, TemporalSpan

POSTER_WIDTH_PX = 400
PORTRAIT_SIZE_PX = 176

Json = dict[str, object]


def movie_head(movie: Movie, poster: str | None, film: str | None) -> Json:
    """What the list of movies shows."""
    return {
        "id": movie.movie_id,
        "title": movie.title,
        "theme": movie.theme,
        "genre": movie.genre,
        "logline": movie.logline,
        "style": movie.style.style_id if movie.style else None,
        "duration": movie.duration_s,
        "keyframes": sum(1 for _ in movie.keyframes()),
        "questions": len(movie.qa_pairs or ()),
        "poster": poster,
        "film": film,
    }


def movie_body(movie: Movie, images: Iterable[tuple[Keyframe, bytes]], width_px: int) -> tuple[Json, str | None]:
    """All of a movie, its pictures at most `width_px` wide, and its poster (None when it has no picture)."""
    keyframes = list(movie.keyframes())
    poster_id, poster = best_poster(keyframes), None
    faces = {who.character_id: best_portrait(keyframes, who.character_id) for who in movie.characters}
    portraits: dict[str, str] = {}
    pictures: dict[str, str] = {}
    for keyframe, data in images:
        pictures[keyframe.keyframe_id] = data_uri(shrink(data, width_px))
        if keyframe.keyframe_id == poster_id:
            poster = data_uri(shrink(data, POSTER_WIDTH_PX))
        for character_id, found in faces.items():
            if found is not None and found[0] == keyframe.keyframe_id:
                portraits[character_id] = data_uri(face(data, found[1], PORTRAIT_SIZE_PX))
    return _body(movie, pictures, portraits), poster


def _body(movie: Movie, pictures: dict[str, str], portraits: dict[str, str]) -> Json:
    names = {who.character_id: who.name for who in movie.characters}
    return {
        "synopsis": movie.synopsis,
        "style": _style(movie),
        "seed": movie.seed,
        "language": movie.language,
        "twin_of": movie.twin_of,
        "people": [
            {
                "id": who.character_id,
                "name": who.name,
                "role": who.role,
                "description": who.description,
                "appearance": who.appearance,
                "portrait": portraits.get(who.character_id),
            }
            for who in movie.characters
        ],
        "places": [{"name": place.name, "description": place.description} for place in movie.locations],
        "chapters": [
            {
                "id": chapter.chapter_id,
                "title": chapter.title,
                "summary": chapter.summary,
                "span": _span(chapter.span),
                "scenes": [_scene(scene) for scene in chapter.scenes],
            }
            for chapter in movie.chapters
        ],
        "frames": [_frame(keyframe, names, pictures) for keyframe in movie.keyframes()],
        "lines": [
            {
                "id": line.line_id,
                "who": line.character_id,
                "text": line.text,
                "emotion": line.emotion,
                "span": _span(line.span),
            }
            for line in movie.dialogue()
        ],
        "events": [
            {"id": event.event_id, "caption": event.caption, "span": _span(event.span)} for event in movie.events
        ],
        "questions": [_question(question) for question in movie.qa_pairs or ()],
        "made": [
            {"stage": part.stage, "model": part.model_id, "revision": part.model_revision, "prompt": part.prompt_id}
            for part in movie.provenance
        ],
    }


def _style(movie: Movie) -> Json | None:
    style = movie.style
    if style is None:
        return None
    return {"id": style.style_id, "keyword": style.keyword, "description": style.description}


def _scene(scene: Scene) -> Json:
    return {"id": scene.scene_id, "heading": scene.heading, "summary": scene.summary, "span": _span(scene.span)}


def _frame(keyframe: Keyframe, names: dict[str, str], pictures: dict[str, str]) -> Json:
    boxes = [
        {
            "label": names.get(box.entity_id, box.entity_id),
            "kind": box.kind,
            "at": [round(value, 4) for value in (box.x, box.y, box.width, box.height)],
        }
        for box in keyframe.visible or ()
    ]
    return {
        "id": keyframe.keyframe_id,
        "span": _span(keyframe.span),
        "caption": keyframe.caption,
        "shot": keyframe.shot,
        "boxes": boxes,
        "size": [keyframe.width_px or 16, keyframe.height_px or 9],
        "image": pictures.get(keyframe.keyframe_id),
    }


def _question(question: QAPair) -> Json:
    return {
        "id": question.question_id,
        "level": question.level,
        "type": question.question_type,
        "format": question.answer_format,
        "question": question.question,
        "answer": question.answer,
        "options": list(question.options),
        "right": question.answer_index,
        "evidence": [_span(span) for span in question.evidence],
        "frames": list(question.keyframe_ids),
        "lines": list(question.line_ids),
        "requires": list(question.requires),
    }


def _span(span: TemporalSpan) -> list[float]:
    return [round(span.start_s, 3), round(span.end_s, 3)]
