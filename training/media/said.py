"""What is said in a film, as lines with times: from a file of subtitles, from what lies beside it, from its own track.

    lines_beside(Path("film.mkv"), given=None)      # film.srt, film.en.vtt; None where none lies there

The speaker is the voice that WebVTT names, or a name in capitals before a colon, as our own SubRip files have it.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from moviellm.generation.imports.films.subtitles import find_subtitles
from moviellm.generation.imports.subtitles import read_subtitle_file
from moviellm.training.media.film import Line

_SPEAKER = re.compile(r"([^\W\d_][^\n:]{0,40}?): (?=\S)")


def lines_beside(path: Path, given: Path | None) -> list[Line] | None:
    """Lines of a file of subtitles: the one given, or one that lies beside a film and is called like it.

    Raises:
        ValueError: the file is not there, or holds no subtitles.
    """
    found = given
    if found is None:
        beside = find_subtitles(path.resolve())
        found = beside[0] if beside else None
    if found is None:
        return None
    cues = read_subtitle_file(found).cues
    return lines_of((cue.start_s, cue.end_s, cue.text, cue.speaker or "") for cue in cues)


def lines_of(cues: Iterable[Sequence[object]]) -> list[Line]:
    """Lines of cues as (start, end, text, speaker)."""
    return [_line(float(str(start_s)), str(text), str(speaker)) for start_s, _, text, speaker in cues]


def _line(start_s: float, text: str, speaker: str) -> Line:
    text = " ".join(text.split())
    found = None if speaker else _SPEAKER.match(text)
    if found and found[1] == found[1].upper():
        speaker, text = found[1], text[found.end() :]
    return Line(round(start_s, 6), text, speaker)
