"""Kind `long-videoqa`: LLaMA-VID's files for long videos (`long_videoqa.json`), with feature pickles.

    movies = open_long_videoqa([Path("long_videoqa.json")], options, report, scratch)

All records of one film are one movie. Its features are a pickle of `feats` [T, 257, 1408] and `inputs`, a text with
one `<image>` a frame and the subtitle that ends in that frame; it is read without running it (pickles.py). A frame is
a keyframe of one second without picture, and its text is a line. Features are copied as safetensors, about 1 GB for
half an hour: one film's are in memory at a time. `--no-features` leaves them out.

Where `moviellm dataset export llama-vid` wrote the files, a list of the frames and their times lies beside the pickle,
as JSON: keyframes then have their own times and pictures, with or without features.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any, Self

import numpy as np
from pydantic import BaseModel, Field, JsonValue, model_validator

from moviellm.generation.dataset.import_report import ImportReport
from moviellm.generation.imports.beside import spoken
from moviellm.generation.imports.features import features_path, write_safetensors
from moviellm.generation.imports.movies import ImportedMovies, ids_for
from moviellm.generation.imports.options import ImportOptions
from moviellm.generation.imports.pickles import FILE_BYTES_MAX, ForeignNameError, read_pickle
from moviellm.generation.imports.recorded import RecordedFilms
from moviellm.generation.imports.records import Record, text_of, turns_of
from moviellm.generation.imports.told import LENGTH_UNKNOWN, Asked, Frame, Line, Picture, Told, one_part
from moviellm.generation.schema import TemporalSpan

KIND = "long-videoqa"
FRAME_S = 1.0
"""Time of a frame: LLaMA-VID takes one a second."""
FRAMES_MAX = 100_000
"""Frames of a film: 28 hours."""
TEXT_ONLY = "records without image or video: texts that only make the context longer"
NO_FEATURES = "files of features that are missing: one keyframe stands for the film"
BAD_FEATURES = "files of features that cannot be read: one keyframe stands for the film"
COUNTS_DIFFER = "films whose features and text have another number of frames: the features' is taken"
BEFORE_FIRST = "texts before the first frame: put at the first frame"
AFTER_LAST = "texts after the last frame of the features"
BAD_LIST = "lists of frames that cannot be read"
LIST_BYTES_MAX = 64 * 1024 * 1024
_TOKEN = "<image>"


def open_long_videoqa(
    paths: Sequence[Path], options: ImportOptions, report: ImportReport, scratch: Path
) -> ImportedMovies:
    """The films of LLaMA-VID's files.

    Raises:
        ValueError: a file is of another kind, or a pickle asks for code to be run.
    """
    report.title = "files for long videos of LLaMA-VID"
    report.origin = "Such files come from LLaMA-VID (arXiv 2311.17043) and from MovieLLM, which trains on them."
    report.unknown += [
        "What is seen: there are features and no pictures, unless `moviellm dataset export` wrote the files.",
        f"How long a film is, where its features are missing: {options.seconds_per_keyframe:g} s stand for it.",
        "When exactly something is said: a line has the second of its frame. The original put what ends before the "
        "first frame on the last one; such lines cannot be told apart.",
        "Who speaks: a line without speaker is not necessarily a narrator's.",
        "Plot, cast, what type a question is of, and which models wrote it.",
    ]
    films = _Films(KIND, paths, options, report, scratch)
    return ImportedMovies(
        report,
        ids_for([Path(source_id).stem for source_id in films.source_ids]),
        films.origin,
        spoken(films.tell, films.source_ids, options, report),
        films.gallery.read,
        beside=films.beside,
        limit=options.limit,
    )


class FrameList(BaseModel):
    """What `moviellm dataset export llama-vid` writes beside the place of a feature file."""

    inputs: str
    """As in the feature file."""
    frames: list[str] = Field(min_length=1, max_length=FRAMES_MAX)
    """Pictures, relative to the export's folder."""
    times_s: list[float]
    """When each begins; the first at 0."""

    @model_validator(mode="after")
    def _times_fit(self) -> Self:
        rising = all(after > before for before, after in pairwise(self.times_s))
        if len(self.times_s) != len(self.frames) or self.times_s[0] != 0 or not rising:
            raise ValueError("times are not those of the frames, from 0 and rising")
        return self


@dataclass(frozen=True)
class _Film:
    """Frames of a film and what is said at them."""

    text: str
    spans: tuple[TemporalSpan, ...]
    pictures: tuple[Picture | None, ...]


class _Films(RecordedFilms):
    """Films with their records."""

    def __init__(
        self, kind: str, paths: Sequence[Path], options: ImportOptions, report: ImportReport, scratch: Path
    ) -> None:
        super().__init__(kind, paths, options, report, scratch)
        self._known: dict[int, _Film | None] = {}

    def id_of(self, record: Record) -> str:
        return _path_of(record)

    def key_of(self, record: Record) -> str | None:
        path = _path_of(record)
        if not path:
            self._report.leave_out(TEXT_ONLY)
        return path or None

    def tell(self, number: int) -> Told | None:
        """A film; None when nothing is asked about it."""
        questions: list[Asked] = []
        for record in self._groups[number]:
            first = len(questions)
            for turn, (question, answer) in enumerate(turns_of(record.data, self._report)):
                params: dict[str, JsonValue] = {"record": text_of(record, "id") or record.place, "turn": turn}
                questions.append(Asked(question, answer, turn_of=first + turn - 1 if turn else None, params=params))
        if not questions:
            self._report.leave_out("films about which nothing is asked")
            return None
        film = self._film(number)
        if film is None:
            whole = TemporalSpan(start_s=0.0, end_s=self._options.seconds_per_keyframe)
            chapters = one_part([Frame(whole)])
        else:
            chapters = one_part(*self._timed(film))
        return Told(
            source_id=self.source_ids[number],
            title=Path(self.source_ids[number]).stem,
            chapters=chapters,
            questions=tuple(questions),
            language=self._options.language,
            params={LENGTH_UNKNOWN: True} if film is None else {},
        )

    def _film(self, number: int) -> "_Film | None":
        """Times, pictures and text of a film, looked up once; None where there are neither features nor a list."""
        if number not in self._known:
            film = self._listed(number)
            if film is None and (features := self._features(number)) is not None:
                starts = range(len(features[0]))
                film = _Film(features[1], tuple(_second(start) for start in starts), (None,) * len(starts))
            self._known[number] = film
        return self._known[number]

    def _listed(self, number: int) -> "_Film | None":
        """What our own export wrote of a film."""
        place = self._media.find(str(PurePosixPath(self.source_ids[number]).with_suffix(".json")))
        if place is None:
            return None
        try:
            listed = FrameList.model_validate_json(self._media.read(place, LIST_BYTES_MAX))
        except (ValueError, OSError):
            self._report.leave_out(BAD_LIST)
            return None
        starts = listed.times_s
        steps = [after - before for before, after in pairwise(starts)]
        ends = [*starts[1:], starts[-1] + (steps[-1] if steps else self._options.seconds_per_keyframe)]
        spans = tuple(TemporalSpan(start_s=one, end_s=end) for one, end in zip(starts, ends, strict=True))
        return _Film(listed.inputs, spans, tuple(self._picture(name) for name in listed.frames))

    def _picture(self, name: str) -> Picture | None:
        picture = self.gallery.look(name)
        if isinstance(picture, str):
            self._report.leave_out(f"pictures that {picture}")
            return None
        return picture

    def _features(self, number: int) -> tuple["np.ndarray[Any, Any]", str] | None:
        """Features and text of a film.

        Raises:
            ValueError: the file asks for code to be run.
        """
        place = self._media.find(self.source_ids[number])
        if place is None:
            self._report.leave_out(NO_FEATURES)
            return None
        try:
            with self._media.as_file(place, self._scratch, FILE_BYTES_MAX) as file:
                found = read_pickle(file)
        except ForeignNameError:
            raise
        except (ValueError, OSError):
            found = None
        feats = found.get("feats") if isinstance(found, dict) else None
        text = found.get("inputs") if isinstance(found, dict) else None
        if (
            isinstance(feats, np.ndarray)
            and feats.ndim >= 2
            and 0 < len(feats) <= FRAMES_MAX
            and isinstance(text, str)
        ):
            return feats, text
        self._report.leave_out(BAD_FEATURES)
        return None

    def _timed(self, film: "_Film") -> tuple[list[Frame], list[Line]]:
        """Keyframes, and the text of each as a line."""
        early, *said = film.text.split(_TOKEN)
        self._report.change(COUNTS_DIFFER, len(said) != len(film.spans))
        if early.strip():
            self._report.change(BEFORE_FIRST)
            said = [f"{early}\n{said[0]}", *said[1:]] if said else [early]
        self._report.leave_out(AFTER_LAST, sum(bool(one.strip()) for one in said[len(film.spans) :]))
        lines = [Line(span, line) for span, one in zip(film.spans, said, strict=False) if (line := _line(one))]
        return [Frame(span, picture=one) for span, one in zip(film.spans, film.pictures, strict=True)], lines

    def beside(self, number: int, movie_id: str) -> Iterator[tuple[str, Path]]:
        """Features of a film."""
        if not self._options.features or self._media.find(self.source_ids[number]) is None:
            return
        features = self._features(number)
        if features is None:
            return
        out = self._scratch / f"{movie_id}.safetensors"
        write_safetensors(out, {"feats": features[0]}, {"kind": KIND})
        del features
        yield features_path(movie_id), out
        out.unlink()


def _path_of(record: Record) -> str:
    return text_of(record, "video") or text_of(record, "image")


def _second(start: int) -> TemporalSpan:
    return TemporalSpan(start_s=start * FRAME_S, end_s=(start + 1) * FRAME_S)


def _line(text: str) -> str:
    return "\n".join(part for line in text.splitlines() if (part := re.sub(r"\s+", " ", line).strip()))
