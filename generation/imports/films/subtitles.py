"""What is said in a film: which subtitles are its own, and which line belongs to which scene.

    found = find_subtitles(Path("film.mkv"), given=None)           # film.srt, film.vtt, film.en.srt beside it
    lines, left_out = lines_by_scene(cues, spans, report)          # every line lies inside its scene

A line belongs to the scene that it overlaps longest, by its own time: one before the first picture to the first scene,
one across a cut to the scene where most of it is said, where it ends at the cut. What lies outside the film is left
out and counted. It reads no file: see subtitles.py, and stream.py for tracks inside a film.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from moviellm.generation.imports.subtitles import SUFFIXES, Cue
from moviellm.generation.imports.told import UNKNOWN_LANGUAGE, Line, clean, inside
from moviellm.generation.schema import TemporalSpan

OUTSIDE = "subtitles outside the film: left out"
CUT = "subtitles across a change of scene, or the end of the film: cut there"
SHORTEST_S = 0.001
_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
ISO_639 = {
    "alb": "sq", "ara": "ar", "arm": "hy", "baq": "eu", "ben": "bn", "bul": "bg", "bur": "my", "cat": "ca",
    "ces": "cs", "chi": "zh", "cze": "cs", "dan": "da", "deu": "de", "dut": "nl", "ell": "el", "eng": "en",
    "est": "et", "eus": "eu", "fas": "fa", "fin": "fi", "fra": "fr", "fre": "fr", "geo": "ka", "ger": "de",
    "gle": "ga", "glg": "gl", "gre": "el", "guj": "gu", "heb": "he", "hin": "hi", "hrv": "hr", "hun": "hu",
    "ice": "is", "ind": "id", "isl": "is", "ita": "it", "jpn": "ja", "kan": "kn", "kat": "ka", "kor": "ko",
    "lav": "lv", "lit": "lt", "mac": "mk", "mal": "ml", "mar": "mr", "may": "ms", "mkd": "mk", "msa": "ms",
    "mya": "my", "nld": "nl", "nob": "nb", "nor": "no", "pan": "pa", "per": "fa", "pol": "pl", "por": "pt",
    "ron": "ro", "rum": "ro", "rus": "ru", "slk": "sk", "slo": "sk", "slv": "sl", "spa": "es", "sqi": "sq",
    "srp": "sr", "swa": "sw", "swe": "sv", "tam": "ta", "tel": "te", "tgl": "tl", "tha": "th", "tur": "tr",
    "ukr": "uk", "urd": "ur", "vie": "vi", "wel": "cy", "zho": "zh",
}  # fmt: skip
"""BCP-47 tags for the three letters that films state; other languages keep their three letters."""


def language_tag(stated: str) -> str:
    """The BCP-47 tag of a language as a film or a file name states it; `und` where it states none."""
    primary, _, rest = stated.strip().partition("-")
    primary = primary.lower()
    if not _TAG.fullmatch(stated.strip()) or primary in {"und", "mul", "zxx", "mis"}:
        return UNKNOWN_LANGUAGE
    return ISO_639.get(primary, primary) + (f"-{rest}" if rest else "")


def find_subtitles(film: Path, language: str = UNKNOWN_LANGUAGE) -> tuple[Path, str] | None:
    """The file of subtitles that lies beside a film, and the language its name states; None where none lies there.

    Of two that say the same, WebVTT is taken: it can name who speaks.

    Args:
        film: The film; `film.mkv` has `film.srt`, `film.vtt`, `film.de.srt`.
        language: Language that is wanted, where there are several.
    """
    found = []
    for path in sorted(film.parent.iterdir()):
        middle, suffix = path.stem[len(film.stem) :], path.suffix.lower()
        if path.stem.startswith(film.stem) and suffix in SUFFIXES and (not middle or middle.startswith(".")):
            tag = language_tag(middle[1:])
            if middle and tag == UNKNOWN_LANGUAGE:
                continue  # another film's, or subtitles of another purpose (`film.forced.srt`)
            found.append((tag != language, bool(middle), suffix != ".vtt", path, tag))
    return min(found)[3:] if found else None


def pair_subtitles(films: Sequence[Path], given: Sequence[Path]) -> dict[Path, Path]:
    """The files of `--subtitles`, by film: one for each in the same order, or by name.

    Raises:
        ValueError: a file or folder fits no film.
    """
    if len(films) == len(given) and all(path.is_file() for path in given):
        return dict(zip(films, given, strict=True))
    pairs: dict[Path, Path] = {}
    for path in given:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        fitting = {film: one for film in films for one in files if one.stem == film.stem and one.suffix in SUFFIXES}
        if not fitting:
            raise ValueError(
                f"--subtitles {path} fits none of the {len(films)} films; give one file a film in the same order, or "
                f"files called like the films"
            )
        pairs |= fitting
    return pairs


def lines_by_scene(cues: Sequence[Cue], scenes: Sequence[TemporalSpan]) -> tuple[list[tuple[Line, ...]], Counter[str]]:
    """The lines of every scene, in order of the time they start, and how many cues were cut or left out.

    Args:
        cues: What is said, in any order.
        scenes: The scenes' spans; they follow each other from 0 to the end of the film.
    """
    lines: list[list[Line]] = [[] for _ in scenes]
    counts: Counter[str] = Counter()
    starts = [scene.start_s for scene in scenes]
    for cue in sorted(cues, key=lambda one: (one.start_s, one.end_s)):
        parts = []
        for number in range(max(0, bisect_right(starts, cue.start_s) - 1), len(scenes)):
            if scenes[number].start_s >= cue.end_s:
                break
            part = inside(scenes[number], cue.start_s, cue.end_s)
            if part is not None:
                parts.append((part.end_s - part.start_s, -number, part))
        if not parts or max(parts)[0] < SHORTEST_S:
            counts[OUTSIDE] += 1
            continue
        length_s, number, part = max(parts, key=lambda one: one[:2])
        counts[CUT] += length_s < cue.end_s - cue.start_s - SHORTEST_S
        lines[-number].append(Line(part, clean(cue.text), cue.speaker))
    return [tuple(one) for one in lines], +counts
