"""Personal data and secrets in texts: addresses, numbers, keys, counted and never shown whole.

    watch = PersonalData()
    watch.add("m00042-q017", list(texts_of("qa", row)))     # every row
    list(watch.findings())                          # one for each kind and column: how many, where first, masked

Numbers with a checksum (cards, IBANs, national numbers) are held against it, and what standards reserve for stories
and manuals is no finding: example.com, 555-0100, addresses of private networks. A pattern is no proof, so kinds
without a checksum are warnings. It knows no names of people: those of the movies are invented.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from moviellm.generation.findings import Finding

REMEDY = "if it belongs to a real person or service, take it out and build again"
SKIPPED = re.compile(r"(_sha256|_ids?|^image|^seed|^created_at|_revision)$")
"""Columns whose values are made by the program."""
EXAMPLES = 3
"""Places named in a finding."""

_ANY = re.compile(
    r"@|://|hf_|sk-|gh[pousr]_|github_pat_|glpat-|xox|AKIA|AIza|eyJ|PRIVATE KEY|\d[ .\-/)]?\d[ .\-/)]?\d[ .\-/)]?\d"
    r"|\d\.\d|[0-9A-Fa-f]:[0-9A-Fa-f:]|[A-Z]\d|\d[A-Z]"
)
"""Texts without any of this hold nothing."""
_MAYBE = re.compile(r"[@0-9]|:/|E KEY")
"""The same, coarser and faster: nearly all texts have none of it."""


def _digits(text: str) -> list[int]:
    return [int(char) for char in text if char.isdigit()]


def _luhn(text: str) -> bool:
    """The checksum of cards (ISO/IEC 7812)."""
    digits = _digits(text)[::-1]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _iban(text: str) -> bool:
    """The checksum of bank accounts (ISO 13616)."""
    plain = text.replace(" ", "")
    return 15 <= len(plain) <= 34 and int("".join(str(int(char, 36)) for char in plain[4:] + plain[:4])) % 97 == 1


def _dni(text: str) -> bool:
    """The letter of Spanish numbers for people (DNI and NIE)."""
    plain = text.replace("-", "").upper()
    number = int(str("XYZ".find(plain[0])) + plain[1:-1] if plain[0] in "XYZ" else plain[:-1])
    return "TRWAGMYFPDXBNJZSQVHLCKE"[number % 23] == plain[-1]


def _insee(text: str) -> bool:
    """The key of French numbers for people (NIR), those of Corsica left aside."""
    plain = "".join(map(str, _digits(text)))
    return (97 - int(plain[:13]) % 97) == int(plain[13:])


def _ssn(text: str) -> bool:
    """A US number that can have been given to somebody."""
    area, group, serial = text.split(text[3])
    return area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"


def _phone(text: str) -> bool:
    """Not one of the North American numbers kept for stories (555-0100 to 555-0199)."""
    plain = "".join(map(str, _digits(text)))
    return not re.search(r"55501\d\d$", plain) and len(set(plain)) > 2


def _email(text: str) -> bool:
    """Not an address that nobody can have (RFC 2606)."""
    domain = text.rpartition("@")[2].lower()
    return not re.search(r"(^|\.)(example(\.(com|net|org))?|test|invalid|localhost|local)$", domain)


def _address(text: str) -> bool:
    """An internet address that is somebody's."""
    try:
        return ipaddress.ip_address(text).is_global
    except ValueError:
        return False


def _any(text: str) -> bool:
    return True


def _mixed(text: str) -> bool:
    """Letters and digits, as keys have them and hyphened words do not."""
    return any(char.isdigit() for char in text[4:]) and any(char.isalpha() for char in text[4:])


@dataclass(frozen=True)
class Pattern:
    """One kind of personal data."""

    name: str
    pattern: re.Pattern[str]
    holds: Callable[[str], bool] = _any
    """Whether a match is more than a likeness."""
    sure: bool = True
    """Whether matches are errors; otherwise they are warnings."""


_B, _E = r"(?<![\w.@-])(?<!\d )", r"(?![\w@]|[.-]\w| \d)"
"""Where a number begins and ends: not within a word, an address or a longer number."""
PATTERNS: tuple[Pattern, ...] = (
    Pattern("e-mail address", re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}\b"), _email),
    Pattern(
        "phone number",
        re.compile(
            rf"{_B}(?:\+\d{{1,3}}(?:[ ().-]{{0,2}}\d){{7,13}}|\(?[2-9]\d\d\)?[-. ]\d{{3}}[-. ]\d{{4}}"
            rf"|0[1-9](?:[ .]\d\d){{4}}|0\d{{2,4}}[ /-]\d{{5,8}}|0\d{{2,4}} \d{{3,4}} \d{{3,4}}){_E}"
        ),
        _phone,
        sure=False,
    ),
    Pattern(
        "bank account (IBAN)",
        re.compile(rf"{_B}[A-Z]{{2}}\d\d(?: ?[A-Z0-9]{{4}}){{2,7}}(?: ?[A-Z0-9]{{1,3}})?{_E}"),
        _iban,
    ),
    Pattern(
        "credit card",
        re.compile(rf"{_B}(?:4\d{{3}}|5[0-8]\d\d|2[2-7]\d\d|3[0-9]\d\d|6\d{{3}})(?:[ -]?\d){{9,15}}{_E}"),
        _luhn,
    ),
    Pattern("US social security number", re.compile(rf"{_B}\d{{3}}([- ])\d\d\1\d{{4}}{_E}"), _ssn, sure=False),
    Pattern(
        "UK national insurance number",
        re.compile(rf"{_B}[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D]{_E}"),
        sure=False,
    ),
    Pattern("Spanish DNI or NIE", re.compile(rf"{_B}(?:\d{{8}}|[XYZ]\d{{7}})-?[A-HJ-NP-TV-Z]{_E}"), _dni),
    Pattern(
        "French social security number",
        re.compile(rf"{_B}[12] ?\d\d ?(?:0\d|1[0-2]) ?\d\d ?\d{{3}} ?\d{{3}} ?\d\d{_E}"),
        _insee,
    ),
    Pattern(
        "internet address",
        re.compile(rf"{_B}(?:\d{{1,3}}(?:\.\d{{1,3}}){{3}}|(?:[0-9A-Fa-f]{{1,4}}:){{7}}[0-9A-Fa-f]{{1,4}}){_E}"),
        _address,
        sure=False,
    ),
    Pattern(
        "address with a password", re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/:@]{1,200}:[^\s/@]{1,200}@")
    ),
    Pattern(
        "secret key",
        re.compile(
            r"\b(?:hf_[A-Za-z0-9]{30,}|sk-[A-Za-z0-9_-]{20,}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}"
            r"|glpat-[\w-]{20,}|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}|AIza[\w-]{35}"
            r"|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,})"
        ),
        _mixed,
    ),
    Pattern("private key", re.compile(r"-----BEGIN (?:[A-Z]{2,10} )?PRIVATE KEY-----")),
)


def mask(text: str) -> str:
    """A match as it may be shown: its first two characters and its shape."""
    shown = text[:2] + re.sub(r"\w", "*", text[2:])
    return shown if len(shown) <= 28 else f"{shown[:28]}..."


def find_personal(text: str) -> Iterator[tuple[Pattern, str]]:
    """Patterns found in a text, with what matched."""
    if _MAYBE.search(text) is None or _ANY.search(text) is None:
        return
    for pattern in PATTERNS:
        yield from (
            (pattern, match.group()) for match in pattern.pattern.finditer(text) if pattern.holds(match.group())
        )


@dataclass
class _Count:
    pattern: Pattern
    times: int
    places: list[str]


class PersonalData:
    """Counts by kind and column."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], _Count] = {}

    def add(self, where: str, texts: Sequence[tuple[str, str]]) -> None:
        """Look at texts with their columns; `where` names the row."""
        for name, text in texts:
            for pattern, match in find_personal(text):
                count = self._counts.setdefault((pattern.name, name), _Count(pattern, 0, []))
                count.times += 1
                if len(count.places) < EXAMPLES:
                    count.places.append(f"{where} ({mask(match)})")

    def findings(self) -> Iterator[Finding]:
        """One for each kind and column."""
        for (name, column), count in sorted(self._counts.items()):
            yield Finding(
                severity="error" if count.pattern.sure else "warning",
                where=column,
                what=f"{count.times} times what may be personal ({name}), first in {', '.join(count.places)}",
                do=REMEDY,
                kind="personal data",
            )


def texts_of(column: str, value: object) -> Iterator[tuple[str, str]]:
    """Every text in a value with the column it lies in, those of columns that the program fills left out."""
    if isinstance(value, str):
        yield column, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            if not SKIPPED.search(name):
                yield from texts_of(f"{column}.{name}", inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_of(column, inner)
