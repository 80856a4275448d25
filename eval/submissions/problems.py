"""What is wrong with a bundle: problems with their codes, in the order in which they are met.

    problems = Problems()
    problems.add("E010", "predictions/grounding.jsonl:3", "the span ends before it starts")
    problems.accepted                   # False: an E rejects, a W does not

Of one code in one file the first 20 are kept and the others counted, so that no bundle makes the list long. Texts of
a bundle stand in messages through `shown`, which writes out what a terminal would obey. It reads nothing.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

SHOWN_EACH: Final = 20
"""Problems of one code that are told of one file."""
SHOWN_CHARS: Final = 60
"""Characters of a bundle's text that a message holds."""
CODES: Final = {
    "E001": "not valid UTF-8",
    "E002": "not one JSON object per line",
    "E003": "non-finite number",
    "E004": "duplicate key",
    "E005": "unknown id",
    "E006": "duplicate id or file",
    "E007": "missing ids",
    "E008": "wrong type or missing required field",
    "E009": "unknown field",
    "E010": "reversed span",
    "E011": "span out of range",
    "E012": "too many events",
    "E013": "text too long, or blank where text is required",
    "E014": "control, line-separator or bidi character",
    "E015": "file or line over the size limit",
    "E016": "unsafe or disallowed archive path or member",
    "E017": "link in an archive",
    "E018": "archive bomb (ratio or member count)",
    "E019": "unknown schema version",
    "E020": "display name is not plain single-line single-script text",
    "E022": "model id is not namespace/name",
    "E023": "yaml tag, anchor or alias",
    "E025": "nesting too deep",
    "E026": "number literal too long",
    "E027": "choice is not one of the item's option letters",
    "E028": "revision is not the expected or a 40-hex commit",
    "E029": "empty file",
    "W101": "span end clamped to the duration",
    "W102": "null or empty prediction, scored 0",
    "W103": "byte order mark",
    "W104": "separator neutralised",
    "W105": "looks like judge instructions",
    "W106": "markup in an answer",
}
"""Every code: E rejects, W is a warning."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong."""

    code: str
    where: str
    """File, with the line behind a colon, or the field of submission.yaml."""
    message: str

    def row(self) -> dict[str, str]:
        """As JSON says it."""
        return {"code": self.code, "where": self.where, "message": self.message}


class Problems:
    """The problems of a bundle."""

    def __init__(self) -> None:
        self._kept: list[Problem] = []
        self._counts: Counter[tuple[str, str]] = Counter()
        self.accepted = True

    def add(self, code: str, where: str, message: str, *, file: str | None = None) -> None:
        """Note a problem; `file` is what is counted together, where `where` says more."""
        assert code in CODES, code
        key = (code, file or where)
        self._counts[key] += 1
        self.accepted = self.accepted and code.startswith("W")
        if self._counts[key] <= SHOWN_EACH:
            self._kept.append(Problem(code, where, message))

    @property
    def codes(self) -> set[str]:
        """Every code that was met."""
        return {code for code, _ in self._counts}

    @property
    def errors(self) -> int:
        """How many problems reject."""
        return sum(count for (code, _), count in self._counts.items() if code.startswith("E"))

    def listed(self) -> list[Problem]:
        """What is told, with a line for those that are only counted."""
        more = [
            Problem(code, file, f"{count - SHOWN_EACH} more: {CODES[code]}")
            for (code, file), count in self._counts.items()
            if count > SHOWN_EACH
        ]
        return self._kept + more

    def facts(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {"accepted": self.accepted, "problems": [problem.row() for problem in self.listed()]}


def shown(text: object) -> str:
    """A text of a bundle for a message: in quotes, short, and without what a terminal or an editor would obey."""
    whole = str(text)
    return f"'{plain(whole[:SHOWN_CHARS])}'" + ("..." if len(whole) > SHOWN_CHARS else "")


def placed(name: str) -> str:
    """A name of a bundle's file for `where`."""
    return plain(name[: 2 * SHOWN_CHARS]) + ("..." if len(name) > 2 * SHOWN_CHARS else "")


def plain(text: str) -> str:
    """A text without what a terminal or an editor would obey."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


class Refused(Exception):  # noqa: N818 it is a finding, no fault of ours
    """A file that cannot be read any further, with the code that says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
