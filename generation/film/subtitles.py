"""Dialogue as subtitles: SubRip and WebVTT text, and the stretches of text that the subtitle track of an MP4 takes.

    Path("m00000.vtt").write_text(vtt(movie), encoding="utf-8")

Times are rounded to milliseconds. Every line separator becomes a newline and blank lines go, because a blank line ends
a cue in both formats; a line of dialogue with nothing in it makes no cue. It does not write files and does not touch
pictures: see mp4.py.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from moviellm.generation.schema import DialogueLine, Movie

WORD_JOINER = "\u2060"
"""Invisible character. SubRip has no escapes: put inside `<b>`, `{\\an8}` or `-->`, it keeps players from acting on
them."""


@dataclass(frozen=True)
class Cue:
    """A line of dialogue as it goes on screen."""

    line_id: str
    """Line of dialogue it shows."""
    start_ms: int
    """First moment."""
    end_ms: int
    """First moment after it."""
    speaker: str | None
    """Name of the speaker; None is the narrator."""
    text: str
    """What is said, in lines that are not blank."""


def cues(movie: Movie) -> list[Cue]:
    """What the subtitles of a movie show, in order of the time it starts; empty while there is no dialogue."""
    names = {character.character_id: " ".join(character.name.split()) for character in movie.characters}
    made = [_cue(line, names) for line in movie.dialogue()]
    return sorted((cue for cue in made if cue.text), key=lambda cue: cue.start_ms)


def _cue(line: DialogueLine, names: dict[str, str]) -> Cue:
    start_ms = round(line.span.start_s * 1000)
    return Cue(
        line_id=line.line_id,
        start_ms=start_ms,
        end_ms=max(start_ms + 1, round(line.span.end_s * 1000)),
        speaker=None if line.character_id is None else names[line.character_id],
        text="\n".join(part.strip() for part in line.text.splitlines() if part.strip()),
    )


def srt(movie: Movie) -> str:
    """The dialogue as SubRip text: `ADA: Who is there?`, the narrator in italics."""
    return "".join(
        f"{number}\n{_clock(cue.start_ms, ',')} --> {_clock(cue.end_ms, ',')}\n{_srt_text(cue)}\n\n"
        for number, cue in enumerate(cues(movie), start=1)
    )


def _srt_text(cue: Cue) -> str:
    text = _disarm(cue.text)
    return f"<i>{text}</i>" if cue.speaker is None else f"{_disarm(cue.speaker.upper())}: {text}"


def _disarm(text: str) -> str:
    return re.sub(r"(?<=[<{])|(?<=--)(?=>)", WORD_JOINER, text)


def vtt(movie: Movie) -> str:
    """The dialogue as WebVTT text: cue ids are line ids, speakers are voices, the narrator is in italics."""
    return "WEBVTT\n\n" + "".join(
        f"{cue.line_id}\n{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}\n{_vtt_text(cue)}\n\n"
        for cue in cues(movie)
    )


def _vtt_text(cue: Cue) -> str:
    text = _escape(cue.text)
    return f"<i>{text}</i>" if cue.speaker is None else f"<v {_escape(cue.speaker)}>{text}</v>"


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(time_ms: int, point: str) -> str:
    seconds, milliseconds = divmod(time_ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{point}{milliseconds:03d}"


def stretches(movie: Movie) -> list[tuple[int, int, str]]:
    """The dialogue as `(start_ms, end_ms, text)` that never overlap, for a track that shows one text at a time.

    Lines spoken at once share the text of the stretch they overlap in, the one that began first on top.
    """
    said = cues(movie)
    edges = sorted({edge for cue in said for edge in (cue.start_ms, cue.end_ms)})
    made: list[tuple[int, int, str]] = []
    current: list[Cue] = []
    waiting = iter(said)
    following = next(waiting, None)
    for start_ms, end_ms in pairwise(edges):
        current = [cue for cue in current if cue.end_ms > start_ms]
        while following is not None and following.start_ms <= start_ms:
            current.append(following)
            following = next(waiting, None)
        if current:
            made.append((start_ms, end_ms, "\n".join(_plain(cue) for cue in current)))
    return made


def _plain(cue: Cue) -> str:
    return cue.text if cue.speaker is None else f"{cue.speaker.upper()}: {cue.text}"
