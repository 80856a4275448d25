"""What an import was told becomes an ordinary `Movie`, and many of them a `MovieReader` for the export.

    movie = movie_of("m00000", told, Origin("vtimellm", "stage2.json", sha256))
    reader = ImportedMovies(report, ids, origin, tell, read_picture)         # tell(number) -> Told | None

What a kind says of a movie is a `Told` (told.py). Movies are told anew at every reading; pictures and features are
read one at a time. It knows no file format: see dreamframe.py and the others.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from moviellm.generation.dataset.import_report import ImportReport
from moviellm.generation.imports.told import Asked, Frame, Origin, Part, Picture, Told, clean
from moviellm.generation.schema import (
    Chapter,
    Character,
    DialogueLine,
    Event,
    Keyframe,
    Movie,
    Provenance,
    QAPair,
    Scene,
    Style,
    TemporalSpan,
    canonical_json,
)

VERSION = "1"
"""Version of the imports: bumped when the same files become other movies."""
UNKNOWN = "unknown"


def movie_of(movie_id: str, told: Told, origin: Origin) -> Movie:
    """The movie that was told.

    Raises:
        pydantic.ValidationError: what was told breaks a rule of the schema.
    """
    people = {name: f"{movie_id}-p{number:02d}" for number, (name, _) in enumerate(told.people)}
    chapters: list[Chapter] = []
    index = 0
    for number, parts in enumerate(told.chapters):
        scenes: list[Scene] = []
        for part in parts:
            scenes.append(_scene(f"{movie_id}-c{number:02d}-s{len(scenes):02d}", len(scenes), index, part, people))
            index += len(part.frames)
        chapters.append(
            Chapter(
                chapter_id=f"{movie_id}-c{number:02d}",
                index=number,
                title=clean(told.chapter_titles[number]) if told.chapter_titles else "",
                summary="",
                span=_around([scene.span for scene in scenes]),
                scenes=tuple(scenes),
            )
        )
    duration_s = chapters[-1].span.end_s
    frames = [keyframe.keyframe_id for chapter in chapters for scene in chapter.scenes for keyframe in scene.keyframes]
    made = _provenance(told, origin)
    return Movie(
        movie_id=movie_id,
        title=clean(told.title),
        theme=None,
        genre=None,
        logline=None,
        synopsis=None if told.synopsis is None else clean(told.synopsis),
        style=None if told.style is None else _style(clean(told.style)),
        characters=tuple(
            Character(
                character_id=people[name], name=clean(name), role=None, description="", appearance=clean(appearance)
            )
            for name, appearance in told.people
        ),
        locations=(),
        chapters=tuple(chapters),
        events=tuple(
            Event(
                event_id=f"{movie_id}-e{number:04d}",
                span=span,
                caption=clean(caption),
                participants=(),
                location=None,
            )
            for number, (span, caption) in enumerate(told.events)
        ),
        qa_pairs=None if told.questions is None else _questions(movie_id, told.questions, frames, made),
        duration_s=duration_s,
        language=told.language,
        seed=0,
        provenance=(made,),
    )


def _around(spans: Sequence[TemporalSpan]) -> TemporalSpan:
    return TemporalSpan(start_s=spans[0].start_s, end_s=spans[-1].end_s)


def _style(keyword: str) -> Style:
    return Style(
        style_id=keyword.casefold(),
        keyword=keyword,
        description="",
        placeholder_token=None,
        base_model_id=UNKNOWN,
        base_model_revision=UNKNOWN,
        embedding_path=None,
        embedding_sha256=None,
    )


def _scene(scene_id: str, place: int, first: int, part: Part, people: dict[str, str]) -> Scene:
    lines = part.lines
    return Scene(
        scene_id=scene_id,
        index=place,
        heading=clean(part.heading),
        location=None,
        time_of_day=None,
        weather=None,
        summary=clean(part.summary),
        span=_around([frame.span for frame in part.frames]),
        keyframes=tuple(
            _keyframe(f"{scene_id}-k{number:02d}", first + number, frame, people)
            for number, frame in enumerate(part.frames)
        ),
        dialogue=None
        if lines is None
        else tuple(
            DialogueLine(
                line_id=f"{scene_id}-d{number:02d}",
                character_id=None if line.speaker is None else people[line.speaker],
                text=clean(line.text),
                emotion=None,
                span=line.span,
            )
            for number, line in enumerate(lines)
        ),
    )


def _keyframe(keyframe_id: str, index: int, frame: Frame, people: dict[str, str]) -> Keyframe:
    picture = frame.picture
    return Keyframe(
        keyframe_id=keyframe_id,
        index=index,
        span=frame.span,
        prompt=clean(frame.prompt),
        caption=clean(frame.caption),
        shot=None,
        character_ids=tuple(people[name] for name in frame.people),
        figures=(),
        props=(),
        event_id=None,
        image=None if picture is None else f"{keyframe_id}.{picture.suffix}",
        image_sha256=None if picture is None else picture.sha256,
        width_px=None if picture is None else picture.width_px,
        height_px=None if picture is None else picture.height_px,
    )


def _questions(
    movie_id: str, questions: Sequence[Asked], frames: Sequence[str], made: Provenance
) -> tuple[QAPair, ...]:
    ids = [f"{movie_id}-q{number:03d}" for number in range(len(questions))]
    return tuple(
        QAPair(
            question_id=question_id,
            level=asked.level,
            question_type=None,
            answer_format=asked.answer_format,
            turn_of=None if asked.turn_of is None else ids[asked.turn_of],
            question=clean(asked.question),
            answer=clean(asked.answer),
            options=tuple(map(clean, asked.options)),
            answer_index=asked.answer_index,
            evidence=asked.evidence,
            keyframe_ids=tuple(frames[index] for index in asked.frames),
            line_ids=(),
            requires=(),
            provenance=made.model_copy(update={"params": clean(canonical_json(asked.params))})
            if asked.params
            else None,
        )
        for question_id, asked in zip(ids, questions, strict=True)
    )


def _provenance(told: Told, origin: Origin) -> Provenance:
    return Provenance(
        stage="import",
        model_id=origin.kind,
        model_revision=VERSION,
        prompt_id=clean(origin.name),
        prompt_sha256=origin.sha256,
        params=clean(canonical_json({"id": told.source_id, **told.params})),
        seed=0,
        created_at="",
        code_version=_code_version(),
        code_revision="",
    )


@cache
def _code_version() -> str:
    with suppress(PackageNotFoundError):
        return version("moviellm")
    return "0"


Tell = Callable[[int], Told | None]
"""What is told of a movie, by its place in the files; None where it cannot be used (the kind counts why)."""
ReadPicture = Callable[[Picture], bytes]
"""The bytes of a picture."""
Beside = Callable[[int, str], Iterator[tuple[str, bytes | Path]]]
"""Files that lie beside the dataset for a movie, from its place and its id: path, and bytes or a file to copy."""


def no_pictures(picture: Picture) -> bytes:
    """For kinds without pictures."""
    raise AssertionError(picture.name)


def nothing_beside(number: int, movie_id: str) -> Iterator[tuple[str, bytes | Path]]:
    """For kinds without other files."""
    yield from ()


class ImportedMovies:
    """A `MovieReader` over what a kind tells. One movie is in memory at a time."""

    def __init__(
        self,
        report: ImportReport,
        ids: Sequence[str],
        origin: Callable[[int], Origin],
        tell: Tell,
        read: ReadPicture = no_pictures,
        beside: Beside = nothing_beside,
        limit: int | None = None,
        close: Callable[[], None] | None = None,
    ) -> None:
        self._close = close
        self._report, self._ids, self._origin, self._tell = report, ids, origin, tell
        self._read, self._beside, self._limit = read, beside, limit
        self._places = {movie_id: number for number, movie_id in enumerate(ids)}

    def __len__(self) -> int:
        """Movies there may be: some may turn out unusable."""
        return len(self._ids) if self._limit is None else min(self._limit, len(self._ids))

    def close(self) -> None:
        """Let go of what is held for as long as pictures may be read."""
        if self._close is not None:
            self._close()

    def movies(self) -> Iterator[Movie]:
        """Every movie, in the order of the files.

        Raises:
            ValueError: not one can be used; the message says why.
        """
        found = 0
        for number, movie_id in enumerate(self._ids):
            if found == self._limit:
                break
            told = self._tell(number)
            if told is not None:
                found += 1
                yield movie_of(movie_id, told, self._origin(number))
        if not found:
            raise ValueError(f"not one movie can be made of these files{self._report.reasons()}")
        self._report.counting = False

    def images(self, movie: Movie) -> Iterator[tuple[Keyframe, bytes]]:
        """That movie's pictures, in story order."""
        if all(keyframe.image_sha256 is None for keyframe in movie.keyframes()):
            return
        told = self._tell(self._places[movie.movie_id])
        assert told is not None, movie.movie_id
        frames = [frame for parts in told.chapters for part in parts for frame in part.frames]
        for keyframe, frame in zip(movie.keyframes(), frames, strict=True):
            if frame.picture is not None:
                yield keyframe, self._read(frame.picture)

    def files(self, movie: Movie) -> Iterator[tuple[str, bytes | Path]]:
        """Its features, where it has any."""
        yield from self._beside(self._places[movie.movie_id], movie.movie_id)


def ids_for(source_ids: Sequence[str]) -> list[str]:
    """Movie ids: those of the original where all are ours (`m00042`) and differ, else by place in the files."""
    numbered = [f"m{number:05d}" for number in range(len(source_ids))]
    ours = [source_id for source_id in source_ids if source_id[:1] == "m" and source_id[1:].isdecimal()]
    kept = len(ours) == len(source_ids) == len({int(one[1:]) for one in ours}) and all(len(one) >= 6 for one in ours)
    return list(source_ids) if kept and all(one.isascii() for one in ours) else numbered
