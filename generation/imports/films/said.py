"""Where what is said in a film comes from: subtitles given, beside it, in it, or heard by a model; the first there is.

    sources = [SaidBy(path, given.get(path), options.language) for path in films]
    hear_films(...)                              # a model, for films without subtitles
    said = what_is_said(source, record, folder)

What a model heard is kept in the folder of the decoded films, so that another try does not ask again.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from moviellm.generation.files import write_whole
from moviellm.generation.imports.films.speech import VERSION, SpeechModel, Transcript, hear, load_speech
from moviellm.generation.imports.films.spool import FilmRecord
from moviellm.generation.imports.films.subtitles import find_subtitles, language_tag
from moviellm.generation.imports.subtitles import Cue, read_subtitle_file
from moviellm.generation.imports.told import UNKNOWN_LANGUAGE
from moviellm.generation.output import note
from moviellm.generation.progress import WholeSteps, progress
from moviellm.generation.schema import canonical_json

OWN = "a track of the film"


@dataclass(frozen=True)
class Said:
    """What is said in a film."""

    cues: list[Cue] | None
    """None where nothing is known of it."""
    by: str
    """A file's name, `OWN`, or a model with its revision; empty where nothing is known."""
    language: str
    left_out: Counter[str]
    """Cues that cannot be used, by reason."""


@dataclass(frozen=True)
class Source:
    """Where what is said in one film comes from."""

    subtitles: Path | None
    """File of subtitles, given or found beside it; None where there is none."""
    language: str = UNKNOWN_LANGUAGE
    """Language that the name of that file states."""
    transcript: Path | None = None
    """Where what a model heard is kept; None where none was asked."""


def choose_source(
    path: Path, record: FilmRecord, given: Path | None, wanted: str, asr: SpeechModel | None, folder: Path
) -> Source:
    """The first source there is; a file of subtitles that nobody named is said.

    Args:
        path: The film.
        record: What was decoded of it.
        given: Subtitles named for it by the user.
        wanted: Language to take where there are several files.
        asr: Model that hears a film without subtitles; None asks none.
        folder: Where transcripts are kept.
    """
    if given is not None:
        return Source(given)
    beside = find_subtitles(path, wanted)
    if beside is not None:
        note(f"{path.name}: its subtitles are {beside[0].name}, which lies beside it")
        return Source(*beside)
    if asr is None or record.cues:
        return Source(None)
    heard_by = hashlib.sha256(canonical_json([VERSION, record.sha256, asr.revision]).encode()).hexdigest()[:32]
    return Source(None, transcript=folder / f"{heard_by}.said.json")


def hear_films(films: Sequence[tuple[Path, FilmRecord, Source]], asr: SpeechModel) -> None:
    """Have a model hear the films that need it and were not heard before.

    Raises:
        ValueError: the model cannot be loaded.
    """
    todo = [(path, record, source.transcript) for path, record, source in films if source.transcript is not None]
    todo = [one for one in todo if _kept(one[2]) is None]
    if not todo:
        return
    speech = load_speech(asr)
    with progress("listening", round(sum(record.duration_s for _, record, _ in todo)), "s of film") as advance:
        for path, _, place in todo:
            heard = hear(path, speech, WholeSteps(advance))
            write_whole(place, heard.model_dump_json().encode())


def _kept(place: Path) -> Transcript | None:
    try:
        return Transcript.model_validate_json(place.read_bytes())
    except (OSError, ValidationError):
        return None


def what_is_said(source: Source, record: FilmRecord) -> Said:
    """What is said in a film, from its source."""
    sound = language_tag(record.facts.language)
    if source.subtitles is not None:
        found = read_subtitle_file(source.subtitles)
        return Said(found.cues, source.subtitles.name, _either(source.language, sound), found.left_out)
    if record.cues:
        cues = [Cue(*cue) for cue in record.cues]
        return Said(cues, OWN, _either(language_tag(record.cues_language), sound), Counter())
    heard = None if source.transcript is None else _kept(source.transcript)
    if heard is None or heard.cues is None:
        return Said(None, "", sound, Counter())
    by = f"{heard.model_id}@{heard.model_revision}"
    return Said([Cue(*cue) for cue in heard.cues], by, _either(heard.language, sound), Counter())


def _either(one: str, other: str) -> str:
    return one if one != UNKNOWN_LANGUAGE else other
