"""Subtitles beside an older dataset or a film: SubRip (`.srt`) and WebVTT (`.vtt`) become cues, however broken.

    found = read_subtitle_file(Path("film.srt"))
    found.cues                      # [Cue(start_s=1.0, end_s=2.5, text="Who is there?"), ...]
    found.left_out                  # how many could not be used, and why

It reads what players read: any line ends, a byte order mark, UTF-8 or Windows-1252 (what is often called latin-1) or
UTF-16, missing numbers, a comma or a point in times, hours above 99, cues that overlap or come out of order, markup.
Cues come back in order of the time they start. It places nothing in a movie and writes no subtitles: see
film/subtitles.py for the way out.
"""

import html
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = (".srt", ".vtt")
FILE_BYTES_MAX = 64 * 1024 * 1024
"""Size of a file of subtitles; those of a long film have 200 kB."""
BAD_TIME = "time is not `hours:minutes:seconds`"
NO_LENGTH = "ends before it starts"
NO_TEXT = "has no text"

_TIME = r"(?:(\d+)\s*:\s*)?(\d{1,3})\s*:\s*(\d{1,2})(?:\s*[,.:]\s*(\d{1,9}))?"
_TIMES = re.compile(rf"^\s*{_TIME}\s*-{{1,2}}>\s*{_TIME}(?:\s.*)?$")
_MARKUP = re.compile(r"</?(?:[biuscv]|font|ruby|rt|lang|c\.[\w.-]+)(?:[\s.][^<>]*)?>|<[\d:.]+>", re.IGNORECASE)
_OVERRIDE = re.compile(r"\{\\[^{}]*\}")
_ARROW = re.compile(r"-->|->(?=\s*\d)")
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s+([^<>]+)>")
_WORD_JOINER = "\u2060"
_WINDOWS = {code: char for code in range(0x80, 0xA0) if (char := bytes([code]).decode("cp1252", "ignore"))}
"""What Windows has where latin-1 has control characters."""


@dataclass(frozen=True)
class Cue:
    """A stretch of time and what is said in it."""

    start_s: float
    """First moment, seconds from the start of the film."""
    end_s: float
    """First moment after it; greater than `start_s`."""
    text: str
    """What is said, without markup; lines are parted by newlines."""
    speaker: str | None = None
    """Who says it, where WebVTT names a voice; None where nobody is named."""


@dataclass(frozen=True)
class Subtitles:
    """What a file of subtitles holds."""

    cues: list[Cue]
    """What can be used, in order of the time it starts."""
    left_out: Counter[str]
    """Cues that cannot be used, by reason."""


def read_subtitle_file(path: Path) -> Subtitles:
    """The cues of a file, and how many were left out and why.

    Raises:
        ValueError: it is no file of subtitles, or an absurdly large one.
    """
    if not path.is_file():
        raise ValueError(f"no file of subtitles {path}; give an .srt or a .vtt file")
    size = path.stat().st_size
    if size > FILE_BYTES_MAX:
        raise ValueError(f"{path} has {size} bytes; subtitles have at most {FILE_BYTES_MAX}: is it another file?")
    try:
        found = parse_subtitles(decode(path.read_bytes()))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return found


def decode(data: bytes) -> str:
    """Bytes as text: by their byte order mark, else UTF-8, else Windows-1252 with its holes read as latin-1."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1").translate(_WINDOWS)


def parse_subtitles(text: str) -> Subtitles:
    """The cues of a text, SubRip or WebVTT.

    Raises:
        ValueError: there is no cue in it, though it is not empty.
    """
    left_out: Counter[str] = Counter()
    cues: list[Cue] = []
    is_vtt = text.lstrip("\ufeff \t\r\n").startswith("WEBVTT")
    for times, lines in _blocks(text):
        match = _TIMES.match(times)
        span = None if match is None else _span(match.groups())
        if span is None:
            left_out[BAD_TIME] += 1
        elif span[1] <= span[0]:
            left_out[NO_LENGTH] += 1
        elif not (said := plain_text(lines, entities=is_vtt)):
            left_out[NO_TEXT] += 1
        else:
            cues.append(Cue(*span, said, _speaker(lines) if is_vtt else None))
    if not cues and not left_out and text.strip() and not is_vtt:
        raise ValueError("it holds no subtitles: no line such as `00:00:01,000 --> 00:00:02,500`")
    return Subtitles(sorted(cues, key=lambda cue: (cue.start_s, cue.end_s)), left_out)


def _speaker(lines: list[str]) -> str | None:
    """The one voice of a cue; None without a voice, and where several speak."""
    names = {" ".join(html.unescape(name).split()) for line in lines for name in _VOICE.findall(line)}
    return names.pop() if len(names) == 1 else None


def _blocks(text: str) -> list[tuple[str, list[str]]]:
    """Every line with an arrow, and the lines of text below it."""
    lines = re.split(r"\r\n|\n|\r", text.lstrip("\ufeff"))
    found: list[tuple[str, list[str]]] = []
    skipped = False  # inside a block of WebVTT that is no cue
    for number, line in enumerate(lines):
        blank_before = number == 0 or not lines[number - 1].strip()
        if blank_before:
            skipped = bool(re.match(r"(?:NOTE|STYLE|REGION)(?:\s|$)", line))
        if skipped:
            continue
        if _ARROW.search(line) and re.match(r"\s*[\d:]", line):
            if found and found[-1][1] and not blank_before and found[-1][1][-1].strip().isdigit():
                found[-1][1].pop()  # the number of this cue, right below the text of the last one
            found.append((line, []))
        elif found and line.strip():
            found[-1][1].append(line)
        elif found and found[-1][1] and found[-1][1][-1] != "":
            found[-1][1].append("")
    return [(times, _text_of(block)) for times, block in found]


def _text_of(block: list[str]) -> list[str]:
    """The text of a block: up to its first blank line; what follows is the number or id of the next cue."""
    return block[: block.index("")] if "" in block else block


def _span(numbers: tuple[str | None, ...]) -> tuple[float, float] | None:
    times = []
    for hours, minutes, seconds, part in (numbers[:4], numbers[4:]):
        whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
        if int(seconds or 0) > 59 or (hours is not None and int(minutes or 0) > 59) or whole > 10**9:
            return None
        times.append(float(f"{whole}.{part or 0}"))
    return times[0], times[1]


def plain_text(lines: list[str], entities: bool = False) -> str:
    """Lines without markup: tags, `{\\an8}`, joiners, entities of WebVTT; blank lines go."""
    text = _OVERRIDE.sub("", _MARKUP.sub("", "\n".join(lines)))
    text = (html.unescape(text) if entities else text).replace(_WORD_JOINER, "").replace("\x00", "")
    text = text.encode("utf-8", "replace").decode("utf-8")
    return "\n".join(part for line in text.splitlines() if (part := " ".join(line.split())))
