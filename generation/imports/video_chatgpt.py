"""Kind `video-chatgpt`: the questions of Video-ChatGPT (VideoInstruct-100K), as published and in training form.

    movies = open_video_chatgpt([Path("VideoInstruct100K.json")], options, report, scratch)

A record is a question with its answer and the id of a film (`q`, `a`, `video_id`), or a conversation with `<video>`
about `ID.pkl`. All questions about one film are one movie, of unknown length: one keyframe without picture stands for
it. Features, a pickled array [356, 1024], are copied as safetensors where they are found.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from pydantic import JsonValue

from moviellm.generation.dataset.import_report import ImportReport
from moviellm.generation.imports.beside import spoken
from moviellm.generation.imports.features import features_path, write_safetensors
from moviellm.generation.imports.movies import ImportedMovies, ids_for
from moviellm.generation.imports.options import ImportOptions
from moviellm.generation.imports.pickles import ForeignNameError, read_pickle
from moviellm.generation.imports.recorded import RecordedFilms
from moviellm.generation.imports.records import (
    Record,
    text_of,
    turns_of,
    without_media,
)
from moviellm.generation.imports.told import LENGTH_UNKNOWN, Asked, Frame, Told, one_part
from moviellm.generation.schema import TemporalSpan

KIND = "video-chatgpt"
FEATURE_BYTES_MAX = 256 * 1024 * 1024
"""Size of a file of features; one has 729 kB."""
NO_FEATURES = "files of features that are missing"
BAD_FEATURES = "files of features that cannot be read"
REPEATED = "questions asked and answered before, word for word"


def open_video_chatgpt(
    paths: Sequence[Path], options: ImportOptions, report: ImportReport, scratch: Path
) -> ImportedMovies:
    """The films of Video-ChatGPT's files.

    Raises:
        ValueError: a file is of another kind, or a pickle asks for code to be run.
    """
    report.title = "questions of Video-ChatGPT"
    report.origin = "Such files come from Video-ChatGPT (arXiv 2306.05424), about films of ActivityNet."
    report.unknown += [
        f"How long a film is: one keyframe of {options.seconds_per_keyframe:g} s without picture stands for it.",
        "When something happens, plot, cast, dialogue, and what type a question is of.",
        "Who wrote an answer, a person or a model, and whether anybody checked it.",
    ]
    films = _Films(KIND, paths, options, report, scratch)
    return ImportedMovies(
        report,
        ids_for(films.source_ids),
        films.origin,
        spoken(films.tell, films.source_ids, options, report),
        beside=films.beside,
        limit=options.limit,
    )


class _Films(RecordedFilms):
    """Films with their records."""

    def __init__(
        self, kind: str, paths: Sequence[Path], options: ImportOptions, report: ImportReport, scratch: Path
    ) -> None:
        super().__init__(kind, paths, options, report, scratch)
        self._featured = options.features and any(name.endswith(".pkl") for name in self._media.keys)

    def id_of(self, record: Record) -> str:
        return _film_of(record)

    def key_of(self, record: Record) -> str | None:
        if not _film_of(record):
            self._report.leave_out("records without the id of a film")
        return _film_of(record) or None

    def tell(self, number: int) -> Told | None:
        """A film; None when nothing is asked about it."""
        questions: list[Asked] = []
        seen: set[tuple[str, str]] = set()
        for record in self._groups[number]:
            turns = self._turns(record)
            if len(turns) == 1 and turns[0] in seen:
                self._report.leave_out(REPEATED)
                continue
            seen.update(turns)
            first = len(questions)
            for turn, (question, answer) in enumerate(turns):
                params: dict[str, JsonValue] = {"record": record.place, "turn": turn}
                questions.append(Asked(question, answer, turn_of=first + turn - 1 if turn else None, params=params))
        if not questions:
            self._report.leave_out("films about which nothing is asked")
            return None
        whole = TemporalSpan(start_s=0.0, end_s=self._options.seconds_per_keyframe)
        return Told(
            source_id=self.source_ids[number],
            title=self.source_ids[number],
            chapters=one_part([Frame(whole)]),
            questions=tuple(questions),
            language=self._options.language,
            params={LENGTH_UNKNOWN: True},
        )

    def _turns(self, record: Record) -> list[tuple[str, str]]:
        if "conversations" in record.data:
            return turns_of(record.data, self._report)
        question, answer = without_media(text_of(record, "q")), text_of(record, "a").strip()
        self._report.leave_out("questions or answers without text", not (question and answer))
        return [(question, answer)] if question and answer else []

    def beside(self, number: int, movie_id: str) -> Iterator[tuple[str, Path]]:
        """Features of a film.

        Raises:
            ValueError: the file asks for code to be run.
        """
        if not self._featured:
            return
        place = self._media.find(f"{self.source_ids[number]}.pkl")
        if place is None:
            self._report.left_out[NO_FEATURES] += 1
            return
        out = self._scratch / f"{movie_id}.safetensors"
        try:
            with self._media.as_file(place, self._scratch, FEATURE_BYTES_MAX) as file:
                array = read_pickle(file)
            if not isinstance(array, np.ndarray):
                raise ValueError("no array")
            write_safetensors(out, {"feats": array}, {"kind": KIND})
        except ForeignNameError:
            raise
        except (ValueError, OSError):
            self._report.left_out[BAD_FEATURES] += 1
            return
        yield features_path(movie_id), out
        out.unlink()


def _film_of(record: Record) -> str:
    """The id of the film, without `.pkl`."""
    return (text_of(record, "video_id") or text_of(record, "video") or text_of(record, "id")).removesuffix(".pkl")
