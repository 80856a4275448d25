"""Small hand-made movies for tests of what reads movies: known in every field, made without writer or painter."""

import hashlib
import io

from PIL import Image

from moviellm.generation.schema import (
    Chapter,
    Character,
    DialogueLine,
    Event,
    Figure,
    Keyframe,
    Location,
    Movie,
    Provenance,
    QAPair,
    Scene,
    Style,
    TemporalSpan,
    Visible,
)

SECONDS = 4.0


def span(start_s: float, end_s: float) -> TemporalSpan:
    return TemporalSpan(start_s=start_s, end_s=end_s)


def make_image(text: str, width_px: int = 64, height_px: int = 36) -> bytes:
    """A JPEG whose colours follow from `text`."""
    colour = tuple(hashlib.sha256(text.encode()).digest()[:3])
    out = io.BytesIO()
    Image.new("RGB", (width_px, height_px), colour).save(out, "JPEG", quality=88)
    return out.getvalue()


def make_keyframe(movie_id: str, chapter: int, scene: int, k: int, index: int) -> Keyframe:
    keyframe_id = f"{movie_id}-c{chapter:02d}-s{scene:02d}-k{k:02d}"
    image = make_image(keyframe_id)
    who = f"{movie_id}-p00"
    return Keyframe(
        keyframe_id=keyframe_id,
        index=index,
        span=span(index * SECONDS, (index + 1) * SECONDS),
        prompt=f"Ada holds a brass key, picture {index}",
        caption=f"Ada holds a brass key, number {index}.",
        shot="medium",
        character_ids=(who,),
        figures=(Figure(character_id=who, pose="stand", emotion="calm", holding="brass key"),),
        props=("red umbrella",),
        event_id=f"{movie_id}-e{index:04d}",
        visible=(
            Visible(entity_id=who, kind="person", x=0.25, y=0.25, width=0.25, height=0.5, occluded=0.0),
            Visible(entity_id="brass key", kind="object", x=0.5, y=0.5, width=0.0625, height=0.125, occluded=0.0),
        ),
        image=f"{keyframe_id}.jpg",
        image_sha256=hashlib.sha256(image).hexdigest(),
        width_px=64,
        height_px=36,
        scores=(),
    )


def make_scene(movie_id: str, chapter: int, scene: int, keyframes: int, first: int) -> Scene:
    scene_id = f"{movie_id}-c{chapter:02d}-s{scene:02d}"
    return Scene(
        scene_id=scene_id,
        index=scene,
        heading="INT. LIGHTHOUSE - NIGHT",
        location="the old lighthouse",
        time_of_day="night",
        weather="storm",
        summary=f"Ada keeps the key in scene {scene}.",
        span=span(first * SECONDS, (first + keyframes) * SECONDS),
        keyframes=tuple(make_keyframe(movie_id, chapter, scene, k, first + k) for k in range(keyframes)),
        dialogue=(
            DialogueLine(
                line_id=f"{scene_id}-d00",
                character_id=f"{movie_id}-p00",
                text=f"The key opens the tower, part {first}.",
                emotion="calm",
                span=span(first * SECONDS + 0.5, first * SECONDS + 3.5),
            ),
        ),
    )


def make_questions(movie_id: str) -> tuple[QAPair, ...]:
    common = {
        "evidence": (span(0.0, 4.0),),
        "keyframe_ids": (f"{movie_id}-c00-s00-k00",),
        "line_ids": (f"{movie_id}-c00-s00-d00",),
    }
    return (
        QAPair(
            question_id=f"{movie_id}-q000",
            level="movie",
            question_type="overview",
            answer_format="open_ended",
            question="What is the story about?",
            answer="Ada keeps a key.",
            requires=("vision",),
            **common,
        ),
        QAPair(
            question_id=f"{movie_id}-q001",
            level="keyframe",
            question_type="visual",
            answer_format="multiple_choice",
            question="What does Ada hold?",
            answer="a brass key",
            options=("a red umbrella", "a brass key", "a map"),
            answer_index=1,
            requires=("vision",),
            **common,
        ),
        QAPair(
            question_id=f"{movie_id}-q002",
            level="scene",
            question_type="moment",
            answer_format="temporal_grounding",
            question="When does Ada first hold the key?",
            answer="From 0.0 to 4.0 seconds.",
            requires=("vision", "order"),
            **common,
        ),
    )


def make_movie(number: int = 0, chapters: int = 2, scenes: int = 2, keyframes: int = 2) -> Movie:
    """A finished movie; every stage's part is filled."""
    movie_id = f"m{number:05d}"
    per_chapter = scenes * keyframes
    count = chapters * per_chapter
    return Movie(
        movie_id=movie_id,
        title=f"The Key of Part {number}",
        theme=f"a lighthouse keeper finds key {number}",
        genre="mystery",
        logline="Ada wants to know what the key opens.",
        synopsis=f"Ada finds key number {number}, hides it from the storm and opens tower {number * 7 + 3}.",
        style=Style(
            style_id="storybook",
            keyword="storybook",
            description="warm flat shapes",
            placeholder_token=None,
            base_model_id="moviellm/offline-painter",
            base_model_revision="1",
            embedding_path=None,
            embedding_sha256=None,
        ),
        characters=(
            Character(
                character_id=f"{movie_id}-p00",
                name="Ada",
                role="protagonist",
                description="the keeper",
                appearance="a slim person with red bob hair, fair skin, a teal coat and glasses",
            ),
        ),
        locations=(Location(name="the old lighthouse", description="a tower by the sea", indoor=True),),
        chapters=tuple(
            Chapter(
                chapter_id=f"{movie_id}-c{c:02d}",
                index=c,
                title=f"Part {c}",
                summary=f"Ada looks after the key in part {c}.",
                span=span(c * per_chapter * SECONDS, (c + 1) * per_chapter * SECONDS),
                scenes=tuple(
                    make_scene(movie_id, c, s, keyframes, c * per_chapter + s * keyframes) for s in range(scenes)
                ),
            )
            for c in range(chapters)
        ),
        events=tuple(
            Event(
                event_id=f"{movie_id}-e{i:04d}",
                span=span(i * SECONDS, (i + 1) * SECONDS),
                caption=f"Ada holds the brass key, moment {i}.",
                participants=(f"{movie_id}-p00",),
                location="the old lighthouse",
                action="hold",
                object="brass key",
                because=(f"{movie_id}-e{i - 1:04d}",) if i else (),
            )
            for i in range(count)
        ),
        qa_pairs=make_questions(movie_id),
        duration_s=count * SECONDS,
        language="en",
        seed=number,
        provenance=tuple(
            Provenance(
                stage=stage,
                model_id="moviellm/offline-painter" if stage in ("style", "keyframes") else "moviellm/offline-writer",
                model_revision="1",
                prompt_id="grammar",
                prompt_sha256="0" * 64,
                params="{}",
                seed=number,
                created_at="2026-01-01T00:00:00Z",
                code_version="0.1.0",
                code_revision="",
            )
            for stage in ("plot", "style", "keyframes", "dialogue", "qa")
        ),
    )


class MemoryRun:
    """A run that never touched a disk: the reading half of tables.RunReader, over factory movies."""

    def __init__(self, movies: list[Movie]) -> None:
        self._movies = movies

    def movies(self):
        yield from self._movies

    def images(self, movie: Movie):
        for keyframe in movie.keyframes():
            yield keyframe, make_image(keyframe.keyframe_id)

    def files(self, movie: Movie):
        yield from ()
