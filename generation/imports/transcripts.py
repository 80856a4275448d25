"""Kind `subtitles`: each SRT or VTT file is a movie of which only the dialogue is known.

    movies = open_transcripts([Path("film.srt")], options, report, scratch)

A movie lasts until its last cue ends and has one keyframe without picture. A speaker is known where WebVTT names a
voice. For subtitles beside another import, see `--subtitles` and beside.py.
"""

from collections.abc import Sequence
from pathlib import Path

from moviellm.generation.dataset.import_report import ImportReport, SourceFile
from moviellm.generation.files import file_sha256
from moviellm.generation.imports.movies import ImportedMovies, ids_for
from moviellm.generation.imports.options import ImportOptions
from moviellm.generation.imports.subtitles import SUFFIXES, Cue, Subtitles, read_subtitle_file
from moviellm.generation.imports.told import Frame, Line, Origin, Told, one_part
from moviellm.generation.schema import TemporalSpan

NO_CUE = "files of subtitles without a cue that can be used"


def open_transcripts(
    paths: Sequence[Path], options: ImportOptions, report: ImportReport, scratch: Path
) -> ImportedMovies:
    """The movies of files of subtitles, and of folders of them.

    Raises:
        ValueError: a file is no subtitles, or a folder has none.
    """
    report.title, report.origin = "files of subtitles", ""
    report.unknown += [
        "Pictures, plot and cast: only what is said is known. A movie is one keyframe without picture.",
        "The length of a movie: it ends where its last line ends.",
        "Who speaks, but where WebVTT names a voice; a line without speaker is not necessarily a narrator's.",
    ]
    files = subtitle_files(paths)
    report.files += [SourceFile(file.name, file_sha256(file), file.stat().st_size) for file in files]

    def tell(number: int) -> Told | None:
        found = read_subtitle_file(files[number])
        count_cues(found, report)
        if not found.cues:
            report.leave_out(NO_CUE)
            return None
        return _told(files[number].stem, found.cues, options.language)

    def origin(number: int) -> Origin:
        return Origin("subtitles", report.files[number].name, report.files[number].sha256)

    return ImportedMovies(report, ids_for([file.stem for file in files]), origin, tell, limit=options.limit)


def subtitle_files(paths: Sequence[Path]) -> list[Path]:
    """Files of subtitles, those in folders by name.

    Raises:
        ValueError: a folder has none.
    """
    found: list[Path] = []
    for path in paths:
        inside = sorted(one for one in path.iterdir() if one.suffix.lower() in SUFFIXES) if path.is_dir() else [path]
        if not inside:
            raise ValueError(f"{path} holds no {' or '.join(SUFFIXES)} file")
        found += inside
    return found


def count_cues(found: Subtitles, report: ImportReport) -> None:
    """Count the cues that cannot be used."""
    for reason, times in found.left_out.items():
        report.leave_out(f"cues of subtitles: {reason}", times)


def _told(source_id: str, cues: Sequence[Cue], language: str) -> Told:
    whole = TemporalSpan(start_s=0.0, end_s=max(cue.end_s for cue in cues))
    lines = [Line(TemporalSpan(start_s=cue.start_s, end_s=cue.end_s), cue.text, cue.speaker) for cue in cues]
    people = tuple((name, "") for name in dict.fromkeys(cue.speaker for cue in cues) if name is not None)
    return Told(
        source_id=source_id,
        title=source_id,
        chapters=one_part([Frame(whole)], lines),
        people=people,
        language=language,
    )
