"""Films (MP4, MKV, WebM, AVI, ...) become movies: keyframes with their times, scenes, chapters, and what is said.

    moviellm dataset import video film.mkv --out data --shots

What a film does not say of itself stays unknown: there are no characters, events or questions, and captions are empty.
Pictures are decoded in processes of their own (workers.py) and lie on disk beside the dataset until it is
written; an import that was killed decodes no finished film again. Subtitles are those given, else those that lie
beside the film, else those in it, else what a model hears (`--asr`, speech.py).
"""

import fcntl
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO

from moviellm.generation.dataset.import_report import ImportReport, SourceFile
from moviellm.generation.files import disk_errors
from moviellm.generation.imports.films.quarantine import Refused
from moviellm.generation.imports.films.said import Source, choose_source, hear_films, what_is_said
from moviellm.generation.imports.films.scenes import SCENE_S_MIN, chapter_starts
from moviellm.generation.imports.films.shots import check_detector
from moviellm.generation.imports.films.speech import find_speech
from moviellm.generation.imports.films.spool import FilmRecord, FilmSettings, FilmStretch, kept_film, read_packed
from moviellm.generation.imports.films.subtitles import OUTSIDE, lines_by_scene, pair_subtitles
from moviellm.generation.imports.films.workers import read_films, stated_lengths
from moviellm.generation.imports.movies import ImportedMovies, ids_for
from moviellm.generation.imports.options import ImportOptions
from moviellm.generation.imports.subtitles import Cue, read_subtitle_file
from moviellm.generation.imports.told import UNKNOWN_LANGUAGE, Frame, Line, Origin, Part, Picture, Told
from moviellm.generation.output import note
from moviellm.generation.progress import WholeSteps, progress
from moviellm.generation.schema import TemporalSpan, movie_number

TITLE = "films"
SCENES = ("colour", "whole")
SUFFIXES = {
    ".3gp", ".asf", ".avi", ".flv", ".gif", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf",
    ".ogv", ".ts", ".webm", ".wmv",
}  # fmt: skip
"""Files of a folder that are taken for films; a file that is named may be called anything."""
UNKNOWN = (
    "What happens and where: no places, events or questions; of characters no more than names in subtitles.",
    "What the pictures show: captions, prompts and framing are empty or null.",
    "Who speaks, but where WebVTT names a voice, and how: a line without speaker is not necessarily a narrator's.",
)
HEARD = "What is said, for certain: a model (see `provenance.params`) heard the lines, and nobody checked them."
TWICE = "films given twice"
BY_COLOUR = "Where scenes begin: they are told apart by colour, a rule of thumb, and have no heading or summary."
WHOLE = "Where scenes begin: every chapter is one scene."


@dataclass(frozen=True)
class _Decoded:
    """A film that was decoded."""

    path: Path
    key: str
    """What its pictures are kept under."""
    sha256: str
    source: Source
    """Where what is said in it comes from."""


def open_films(paths: Sequence[Path], options: ImportOptions, report: ImportReport, scratch: Path) -> ImportedMovies:
    """Films as movies, in the order given.

    Args:
        paths: Films, or folders of films.
        options: What the user said; `films` and `kept` in particular.
        report: Filled for the card.
        scratch: A folder for this import alone, used where nothing is kept.

    Raises:
        ValueError: an option is out of bounds, none of the films can be read, or another import is at it.
    """
    settings = _settings(options)
    paths = _files(paths)[: options.limit]
    given = pair_subtitles(paths, options.subtitles)
    for path in given.values():
        read_subtitle_file(path)  # refuse before the work
    asr = None if options.films.asr is None else find_speech(options.films.asr)
    folder = options.kept or scratch
    lock = _lock(folder)
    with progress("decoding", round(sum(stated_lengths(paths))), "s of film") as advance:
        limit_s = options.films.time_limit_s
        answers = read_films(paths, settings, folder, time_limit_s=limit_s, advance=WholeSteps(advance))
    records = _accept(paths, answers, report)
    sources = {
        path: choose_source(path, record, given.get(path), options.language, asr, folder)
        for path, record in records.items()
    }
    if asr is not None:
        hear_films([(path, record, sources[path]) for path, record in records.items()], asr)
    report.title = TITLE
    report.unknown += [*UNKNOWN, BY_COLOUR if options.films.scenes == "colour" else WHOLE]
    for path, record in records.items():
        report.files.append(SourceFile(path.name, record.sha256, record.bytes))
        for what, times in record.mended.items():
            report.change(what, times)
    if any(source.transcript is not None for source in sources.values()):
        report.unknown.append(HEARD)
    films = [_Decoded(path, record.key, record.sha256, sources[path]) for path, record in records.items()]
    return _Films(films, folder, options, report, lock).reader()


class _Films:
    """Films that lie decoded in a folder, told one at a time."""

    def __init__(
        self, films: Sequence[_Decoded], folder: Path, options: ImportOptions, report: ImportReport, lock: IO[bytes]
    ) -> None:
        ids = ids_for([film.path.stem for film in films])
        self._films = dict(sorted(zip(ids, films, strict=True), key=lambda pair: movie_number(pair[0])))
        self._folder, self._options, self._report = folder, options, report
        self._lock = lock
        """Held for as long as the pictures may be read."""

    def reader(self) -> ImportedMovies:
        """The movies."""
        films = list(self._films.values())

        def origin(number: int) -> Origin:
            return Origin("video", films[number].path.name, films[number].sha256)

        def tell(number: int) -> Told:
            return self._tell(films[number])

        return ImportedMovies(self._report, list(self._films), origin, tell, self._read, close=self._lock.close)

    def _record(self, film: _Decoded) -> FilmRecord:
        record = kept_film(self._folder, film.key)
        if record is None:
            raise ValueError(f"{self._folder} was changed while it was read; run the same command again")
        return record

    def _read(self, picture: Picture) -> bytes:
        key, offset, length = picture.name.split()
        return read_packed(self._folder, key, int(offset), int(length))

    def _tell(self, film: _Decoded) -> Told:
        record = self._record(film)
        said = what_is_said(film.source, record)
        for reason, times in said.left_out.items():
            self._report.leave_out(f"subtitles: {reason}", times)
        titles, chapters = self._chapters(record, said.cues)
        speakers = dict.fromkeys(cue.speaker for cue in said.cues or () if cue.speaker is not None)
        return Told(
            source_id=film.path.name,
            title=record.facts.title or film.path.stem,
            chapters=chapters,
            chapter_titles=titles,
            people=tuple((name, "") for name in speakers),
            language=self._options.language if self._options.language != UNKNOWN_LANGUAGE else said.language,
            params={
                "film": record.facts.model_dump(mode="json", exclude={"chapters"}),
                "settings": record.settings.model_dump(mode="json") | {"scenes": self._options.films.scenes},
                "subtitles": said.by,
                "tools": dict(record.tools),
            },
        )

    def _chapters(
        self, record: FilmRecord, cues: Sequence[Cue] | None
    ) -> tuple[tuple[str, ...], tuple[tuple[Part, ...], ...]]:
        """Titles and parts of the chapters of a film."""
        chapters = chapter_starts(record.facts.chapters, [one.start_s for one in record.stretches])
        starts = [index for index, _ in chapters]
        if self._options.films.scenes == "colour":
            starts = _with_scenes(record.stretches, starts)
        edges = [*starts, len(record.stretches)]
        frames = [_frame(record.key, one) for one in record.stretches]
        scenes = [tuple(frames[here:end]) for here, end in pairwise(edges)]
        spans = [TemporalSpan(start_s=one[0].span.start_s, end_s=one[-1].span.end_s) for one in scenes]
        lines: list[tuple[Line, ...] | None] = [None] * len(scenes)
        if cues is not None:
            lines[:], counts = lines_by_scene(cues, spans)
            for what, times in counts.items():
                (self._report.leave_out if what == OUTSIDE else self._report.change)(what, times)
        titles = dict(chapters)
        parts: list[list[Part]] = []
        for here, shown, said in zip(starts, scenes, lines, strict=True):
            if here in titles:
                parts.append([])
            parts[-1].append(Part(shown, said))
        return tuple(titles.values()) if any(titles.values()) else (), tuple(map(tuple, parts))


def _with_scenes(stretches: Sequence[FilmStretch], chapters: Sequence[int]) -> list[int]:
    """The first stretches of chapters, and of the scenes by colour that do not begin or end right beside one."""
    marks_s = [stretches[index].start_s for index in chapters]
    scenes = [
        index
        for index, one in enumerate(stretches)
        if one.opens_scene and all(abs(one.start_s - mark_s) >= SCENE_S_MIN for mark_s in marks_s)
    ]
    return sorted({*chapters, *scenes})


def _frame(key: str, stretch: FilmStretch) -> Frame:
    place = f"{key} {stretch.offset} {stretch.length}"
    picture = Picture(place, "jpg", stretch.sha256, stretch.width_px, stretch.height_px)
    return Frame(TemporalSpan(start_s=stretch.start_s, end_s=stretch.end_s), picture=picture)


def _accept(
    films: Sequence[Path], answers: Sequence[FilmRecord | Refused], report: ImportReport
) -> dict[Path, FilmRecord]:
    """The films that were read, each once; what was refused is said and counted.

    Raises:
        ValueError: none was read.
    """
    records: dict[Path, FilmRecord] = {}
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    if len(refused) == len(films):
        more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
        raise ValueError(f"{refused[0].reason}{more}")
    for path, answer in zip(films, answers, strict=True):
        if isinstance(answer, Refused):
            note(f"left out: {answer.reason}")
            report.leave_out(answer.kind)
        elif any(answer.sha256 == record.sha256 for record in records.values()):
            note(f"left out: {path} is the same file as another")
            report.leave_out(TWICE)
        else:
            records[path] = answer
    return records


def _lock(folder: Path) -> IO[bytes]:
    """Keep other imports out of a folder until the file that is given back is closed.

    Raises:
        ValueError: one is in it.
    """
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        file = open(folder / "lock", "wb")  # noqa: SIM115 it is held
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise ValueError(f"another import is working in {folder}; wait for it, or choose another --out") from None
    return file


def _settings(options: ImportOptions) -> FilmSettings:
    films = options.films
    if films.scenes not in SCENES:
        raise ValueError(f"--scenes {films.scenes!r}: allowed are {' and '.join(SCENES)}")
    if not films.time_limit_s > 0:
        raise ValueError(f"--time-limit {films.time_limit_s}: allowed are seconds above 0")
    if films.fps is None:
        check_detector()
    for name, value in (("fps", films.fps), ("max_side_px", films.max_side_px), ("quality", films.quality)):
        _check_bounds(name, value)
    return FilmSettings(fps=films.fps, max_side_px=films.max_side_px, quality=films.quality)


def _check_bounds(name: str, value: float | None) -> None:
    limits = {type(one).__name__: one for one in FilmSettings.model_fields[name].metadata}
    least, most = limits["Ge"].ge, limits["Le"].le
    if value is not None and not least <= value <= most:
        option = "--" + name.removesuffix("_px").replace("_", "-")
        raise ValueError(f"{option} {value}: allowed are {least} to {most}")


def _files(paths: Sequence[Path]) -> list[Path]:
    """The films that are named, or lie in folders that are named."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [one for one in sorted(path.iterdir()) if one.suffix.lower() in SUFFIXES and one.is_file()]
            if not inside:
                raise ValueError(f"there is no film in the folder {path}; films are called *.mp4, *.mkv and the like")
            found += inside
        else:
            found.append(path)
    return list(dict.fromkeys(found))
