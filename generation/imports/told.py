"""What a kind of import says of a movie, in small records that movies.py makes a `Movie` of.

    told = Told(source_id="3n3oCNerzV0", title="3n3oCNerzV0", chapters=one_part([Frame(span)]))

What the original does not say is left out: it is None or empty in the schema. Ids of the original, and what has no
column, go into `params`. It reads no file and makes no movie.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from moviellm.generation.schema import AnswerFormat, Level, TemporalSpan

UNKNOWN_LANGUAGE = "und"
"""BCP-47 for a language that nobody stated."""


@dataclass(frozen=True)
class Origin:
    """The file that a movie came from."""

    kind: str
    """Kind of the import."""
    name: str
    """Name of the file; never a path of this machine."""
    sha256: str
    """Hash of the file, or of the record in it."""


@dataclass(frozen=True)
class Picture:
    """A picture that has been looked at."""

    name: str
    """What the kind calls it, to read it again."""
    suffix: str
    """`png`, `jpg` or `webp`."""
    sha256: str
    width_px: int
    height_px: int


@dataclass(frozen=True)
class Frame:
    """A keyframe."""

    span: TemporalSpan
    caption: str = ""
    prompt: str = ""
    picture: Picture | None = None
    people: tuple[str, ...] = ()
    """Names of those who are in it, as in `Told.people`."""


@dataclass(frozen=True)
class Line:
    """Something said, inside its part."""

    span: TemporalSpan
    text: str
    speaker: str | None = None
    """Name, as in `Told.people`; None where nobody knows, which the schema reads as the narrator."""


@dataclass(frozen=True)
class Part:
    """A scene; its frames follow each other without gap."""

    frames: tuple[Frame, ...]
    lines: tuple[Line, ...] | None = None
    """None where the original has no dialogue at all."""
    summary: str = ""
    heading: str = ""


@dataclass(frozen=True)
class Asked:
    """A question."""

    question: str
    answer: str
    answer_format: AnswerFormat = "open_ended"
    level: Level = "movie"
    evidence: tuple[TemporalSpan, ...] = ()
    frames: tuple[int, ...] = ()
    """Indices of the keyframes that show it."""
    turn_of: int | None = None
    """Index of the question that this one follows."""
    options: tuple[str, ...] = ()
    answer_index: int | None = None
    params: dict[str, JsonValue] = field(default_factory=dict)
    """Ids of the original, and whatever of it has no column."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """All that an original says of one movie."""

    source_id: str
    """Its id in the original."""
    title: str
    chapters: tuple[tuple[Part, ...], ...]
    """Parts by chapter; a movie without parts is one chapter of one part."""
    chapter_titles: tuple[str, ...] = ()
    """Titles of the chapters; none where nobody gave them any."""
    questions: tuple[Asked, ...] | None = None
    events: tuple[tuple[TemporalSpan, str], ...] = ()
    """Span and caption of what happens."""
    synopsis: str | None = None
    style: str | None = None
    """The style's keyword."""
    people: tuple[tuple[str, str], ...] = ()
    """Name and looks; looks are empty where they are unknown."""
    language: str = UNKNOWN_LANGUAGE
    params: dict[str, JsonValue] = field(default_factory=dict)
    """Ids of the original, and whatever of it has no column."""


def clean(text: str) -> str:
    """Text without what Parquet and JSON readers refuse: NULs go, lone surrogates become a question mark."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def one_part(frames: Sequence[Frame], lines: Sequence[Line] | None = None) -> tuple[tuple[Part, ...], ...]:
    """A movie that nobody has divided: one chapter of one scene."""
    return ((Part(tuple(frames), None if lines is None else tuple(lines)),),)


def inside(part: TemporalSpan, start_s: float, end_s: float) -> TemporalSpan | None:
    """A stretch of time cut to what lies inside `part`; None where nothing does."""
    start_s, end_s = max(start_s, part.start_s), min(end_s, part.end_s)
    return TemporalSpan(start_s=start_s, end_s=end_s) if end_s > start_s else None


LENGTH_UNKNOWN = "length_unknown"
"""Key of `params`: true where nobody knows how long the movie is, and one keyframe of a set length stands for it."""
