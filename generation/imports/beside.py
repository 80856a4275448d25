"""What lies beside the movies of an import: subtitles by `--subtitles`, and features in the dataset folder.

    tell = spoken(tell, source_ids, options, report)        # the same movies, with lines from files of subtitles

A file of subtitles belongs to the movie whose id it is called by; a single file and a single movie belong together.
Cues take the place of what the original said. They go to the scene they begin in and are cut at its end; what begins
after the movie's end is counted and left out. It aligns nothing by sound.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from moviellm.generation.dataset.import_report import ImportReport
from moviellm.generation.imports.movies import Tell
from moviellm.generation.imports.options import ImportOptions
from moviellm.generation.imports.subtitles import Cue, read_subtitle_file
from moviellm.generation.imports.told import LENGTH_UNKNOWN, Line, Part, Told, inside
from moviellm.generation.imports.transcripts import count_cues, subtitle_files
from moviellm.generation.schema import TemporalSpan

AFTER_END = "cues of subtitles after the end of the movie"
CUT = "cues of subtitles cut at the end of their scene"


def spoken(tell: Tell, source_ids: Sequence[str], options: ImportOptions, report: ImportReport) -> Tell:
    """Movies told with the lines of their subtitles, where there are any."""
    if not options.subtitles:
        return tell
    files = {file.stem: file for file in subtitle_files(options.subtitles)}
    places = {_last(source_id): source_id for source_id in source_ids}
    if len(files) == len(source_ids) == 1:
        files = {_last(source_ids[0]): next(iter(files.values()))}
    report.leave_out("files of subtitles that are called like no movie", len(files.keys() - places.keys()))

    def told_with_lines(number: int) -> Told | None:
        told = tell(number)
        file = files.get(_last(source_ids[number]))
        if told is None or file is None:
            return told
        found = read_subtitle_file(file)
        count_cues(found, report)
        return with_cues(told, found.cues, report)

    return told_with_lines


def _last(source_id: str) -> str:
    """The id without folders and suffix: `movienet/tt1.pkl` and `tt1.srt` belong together."""
    return Path(source_id).stem if Path(source_id).suffix in (".pkl", ".mp4", ".npy") else Path(source_id).name


def with_cues(told: Told, cues: Sequence[Cue], report: ImportReport) -> Told:
    """The movie with these cues as its dialogue."""
    if told.params.get(LENGTH_UNKNOWN) and cues:
        told = _lasting(told, max(cue.end_s for cue in cues))
    waiting = list(cues)
    chapters: list[tuple[Part, ...]] = []
    names = dict(told.people)
    for parts in told.chapters:
        said: list[Part] = []
        for part in parts:
            end_s = part.frames[-1].span.end_s
            mine = [cue for cue in waiting if cue.start_s < end_s]
            waiting = waiting[len(mine) :]
            said.append(replace(part, lines=tuple(_lines(part, mine, report))))
            names |= {cue.speaker: "" for cue in mine if cue.speaker is not None and cue.speaker not in names}
        chapters.append(tuple(said))
    report.leave_out(AFTER_END, len(waiting))
    return replace(told, chapters=tuple(chapters), people=tuple(names.items()))


def _lines(part: Part, cues: Sequence[Cue], report: ImportReport) -> list[Line]:
    whole = TemporalSpan(start_s=part.frames[0].span.start_s, end_s=part.frames[-1].span.end_s)
    lines = []
    for cue in cues:
        span = inside(whole, cue.start_s, cue.end_s)
        assert span is not None, cue
        report.change(CUT, span.end_s < cue.end_s)
        lines.append(Line(span, cue.text, cue.speaker))
    return lines


def _lasting(told: Told, end_s: float) -> Told:
    """A movie of unknown length, made as long as its subtitles: it has one keyframe."""
    ((part,),) = told.chapters
    (frame,) = part.frames
    frame = replace(frame, span=TemporalSpan(start_s=0.0, end_s=end_s))
    return replace(told, chapters=((replace(part, frames=(frame,)),),))
