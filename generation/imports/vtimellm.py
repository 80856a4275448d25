"""Kind `vtimellm`: the training files of VTimeLLM's three stages.

    movies = open_vtimellm([Path("stage2.json")], options, report, scratch)

Stage 1 is a picture with its caption; stages 2 and 3 are conversations about a film, with moments (spans.py). A film
(`source`, `id`, `split`) is a movie; its records are its conversations, and every turn is a question. An answer that
is moments and nothing else is temporal grounding; one that tells what happens moment after moment is dense captioning,
and gives the events; any other is open-ended, with the moments that it or its question names as evidence. There are no
pictures of films: one keyframe stands for all of it. Features (`ID.npy`) are copied beside the dataset.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from pydantic import JsonValue

from moviellm.generation.dataset.import_report import ImportReport
from moviellm.generation.imports.beside import spoken
from moviellm.generation.imports.features import features_path, write_safetensors
from moviellm.generation.imports.movies import ImportedMovies, ids_for
from moviellm.generation.imports.options import ImportOptions
from moviellm.generation.imports.recorded import RecordedFilms
from moviellm.generation.imports.records import Record, text_of, turns_of
from moviellm.generation.imports.spans import Moments, Said, seconds_of
from moviellm.generation.imports.told import LENGTH_UNKNOWN, Asked, Frame, Told, one_part
from moviellm.generation.schema import AnswerFormat, TemporalSpan

KIND = "vtimellm"
FEATURE_BYTES_MAX = 256 * 1024 * 1024
"""Size of a file of features; one of 100 frames has 154 kB."""
_SAYING_WHEN = re.compile(
    r"(?:(?:it|this|that|(?:the|this|that) (?:given )?(?:event|scene|moment|action|activity|clip|part|segment|query))"
    r"\b(?:\s+\w+){0,4})?",
    re.IGNORECASE,
)
"""What may stand before a moment in an answer that says when and nothing else: `It happens from ...`."""
NO_LENGTH = "movies of unknown length: one keyframe of a set length stands for them"
NO_FEATURES = "files of features that are missing"
BAD_FEATURES = "files of features that cannot be read"


def open_vtimellm(
    paths: Sequence[Path], options: ImportOptions, report: ImportReport, scratch: Path
) -> ImportedMovies:
    """The movies of VTimeLLM's files.

    Raises:
        ValueError: a file is of another kind, or holds no conversation.
    """
    report.title = "training files of VTimeLLM"
    report.origin = (
        "Such files come from VTimeLLM (arXiv 2311.18445): LLaVA's pictures in stage 1, InternVid in stage 2, "
        "ActivityNet, DiDeMo and Video-ChatGPT in stage 3."
    )
    stand_in = f"{options.seconds_per_keyframe:g} s"
    report.unknown += [
        "What is seen: films have no pictures here, one keyframe stands for all of a film.",
        f"How long a film is, where `meta.duration` is missing: {stand_in} stand for it, and for a picture.",
        "Plot, cast, dialogue, and what type a question is of.",
        "Whether parts of one film are in several splits: only records with the same id and `split` are one movie.",
    ]
    films = _Films(KIND, paths, options, report, scratch)
    return ImportedMovies(
        report,
        ids_for(films.source_ids),
        films.origin,
        spoken(films.tell, films.source_ids, options, report),
        films.gallery.read,
        films.beside,
        limit=options.limit,
    )


class _Films(RecordedFilms):
    """Films and pictures with their records."""

    def __init__(
        self, kind: str, paths: Sequence[Path], options: ImportOptions, report: ImportReport, scratch: Path
    ) -> None:
        super().__init__(kind, paths, options, report, scratch)
        self._featured = any(name.endswith(".npy") for name in self._media.keys) and options.features

    def id_of(self, record: Record) -> str:
        return text_of(record, "id") or text_of(record, "image")

    def key_of(self, record: Record) -> tuple[object, ...] | None:
        name = text_of(record, "id") or text_of(record, "image")
        if not name or not isinstance(record.data.get("conversations"), list):
            self._report.leave_out("records without id or conversations")
            return None
        if isinstance(record.data.get("image"), list):
            self._report.leave_out("records with several pictures, which VTimeLLM does not read")
            return None
        split = record.data.get("meta", {}).get("split") if isinstance(record.data.get("meta"), dict) else None
        return text_of(record, "source"), name, str(split), text_of(record, "image"), self._duration_s(record)

    def _duration_s(self, record: Record) -> float | None:
        meta = record.data.get("meta")
        return seconds_of(meta.get("duration")) if isinstance(meta, dict) else None

    def tell(self, number: int) -> Told | None:
        """A movie; None when nothing is asked about it."""
        group = self._groups[number]
        first, duration_s = group[0], self._duration_s(group[0])
        counts: Counter[str] = Counter()
        questions: list[Asked] = []
        events: dict[tuple[TemporalSpan, str], None] = {}
        for record in group:
            for asked, happening in self._conversation(record, len(questions), duration_s, counts):
                questions.append(asked)
                events |= dict.fromkeys(happening)
        if not questions:
            self._report.leave_out("movies about which nothing is asked")
            return None
        for what, times in counts.items():
            self._report.change(what, times)
        whole = TemporalSpan(start_s=0.0, end_s=duration_s or self._options.seconds_per_keyframe)
        return Told(
            source_id=self.source_ids[number],
            title=self.source_ids[number],
            chapters=one_part([self._frame(first, whole, questions)]),
            questions=tuple(questions),
            events=tuple(sorted(events, key=lambda event: (event[0].start_s, event[0].end_s))),
            language=self._options.language,
            params=self._params(first, duration_s),
        )

    def _params(self, first: Record, duration_s: float | None) -> dict[str, JsonValue]:
        params: dict[str, JsonValue] = {}
        for key in ("source", "image"):
            if text_of(first, key):
                params[key] = text_of(first, key)
        meta = first.data.get("meta")
        split = meta.get("split") if isinstance(meta, dict) else None
        if isinstance(split, list) and all(seconds_of(part) is not None or part == 0 for part in split):
            params["split"] = [float(part) for part in split]
        if duration_s is None:
            params[LENGTH_UNKNOWN] = True
            if not text_of(first, "image"):
                self._report.change(NO_LENGTH)
        return params

    def _frame(self, record: Record, whole: TemporalSpan, questions: Sequence[Asked]) -> Frame:
        """The keyframe of a film, or the picture of stage 1 with its caption."""
        image = text_of(record, "image")
        if not image:
            return Frame(whole)
        picture = self.gallery.look(image)
        if isinstance(picture, str):
            self._report.leave_out(f"pictures that {picture}")
        caption = questions[0].answer if len(questions) == 1 else ""
        return Frame(whole, caption, picture=None if isinstance(picture, str) else picture)

    def _conversation(
        self, record: Record, first: int, duration_s: float | None, counts: Counter[str]
    ) -> Iterator[tuple[Asked, list[tuple[TemporalSpan, str]]]]:
        """The questions of a record, each with the events that its answer tells of."""
        meta = record.data.get("meta")
        tokens = meta.get("token") if isinstance(meta, dict) else None
        moments = Moments(tokens if isinstance(tokens, dict) else {}, duration_s, counts)
        turns = turns_of(record.data, self._report)
        shown = (0,) if text_of(record, "image") else ()
        for number, (question, answer) in enumerate(turns):
            asks, answers = moments.read(question), moments.read(answer)
            answer_format = _format(asks, answers, alone=len(turns) == 1)
            yield (
                Asked(
                    question=asks.text,
                    answer=answers.text,
                    answer_format=answer_format,
                    level="keyframe" if shown else "movie",
                    evidence=answers.spans or asks.spans,
                    frames=shown,
                    turn_of=first + number - 1 if number else None,
                    params={"record": record.place, "turn": number},
                ),
                _events(answers) if answer_format == "dense_captioning" else [],
            )

    def beside(self, number: int, movie_id: str) -> Iterator[tuple[str, Path]]:
        """Features of a movie."""
        if not self._featured:
            return
        place = self._media.find(f"{self.source_ids[number]}.npy")
        if place is None:
            self._report.left_out[NO_FEATURES] += 1
            return
        out = self._scratch / f"{movie_id}.safetensors"
        try:
            with self._media.as_file(place, self._scratch, FEATURE_BYTES_MAX) as file:
                array = np.load(file, mmap_mode="r", allow_pickle=False)
                write_safetensors(out, {"feats": array}, {"kind": KIND})
        except (ValueError, OSError, EOFError):
            self._report.left_out[BAD_FEATURES] += 1
            return
        yield features_path(movie_id), out
        out.unlink()


def _format(asks: Said, answers: Said, *, alone: bool) -> AnswerFormat:
    if not answers.spans:
        return "open_ended"
    if not any(answers.captions):
        when = _SAYING_WHEN.fullmatch(answers.before) and (len(answers.spans) == 1 or not answers.before)
        return "temporal_grounding" if when and not asks.spans else "open_ended"
    told = answers.listed and not asks.spans
    return "dense_captioning" if told and (alone or len(answers.spans) > 1) else "open_ended"


def _events(answers: Said) -> list[tuple[TemporalSpan, str]]:
    return list(zip(answers.spans, answers.captions, strict=True))
