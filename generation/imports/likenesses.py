"""Celebrities in MovieLLM's stories: who they stand for, and texts without them.

    cast = Cast({"Darius": "a man looks like Gerard Butler in brown"})
    cast.looks["Darius"]                                             # 'a man in brown'
    cast.named("a man looks like Gerard Butler in brown is sitting") # 'Darius is sitting'

The paper describes each character by a celebrity, and puts that description into every picture's text. A person's
likeness is theirs: by default the import puts the character's name in its place and keeps only the clothes. The
pictures may still show a likeness; nothing here looks at them.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

NAMED = "likenesses of celebrities in texts, replaced by the character's name"
OTHERS = "likenesses of celebrities outside the cast, taken out of texts"
DROPPED = "likenesses of celebrities in the cast, not kept"

_LIKE = r"(?:who\s+)?(?:looks?|looking)\s+(?:like|as)|resembl(?:es|ing)"
_LOOKS = re.compile(rf"^(?P<who>.+?)\s+(?:{_LIKE})\s+(?P<celebrity>.+?)(?:\s+in\s+(?P<clothes>.+))?$", re.IGNORECASE)
_PERSON = r"man|woman|boy|girl|person|child|lady|gentleman|people|men|women|figure|stranger"
_OTHER = re.compile(
    rf"\b(?P<who>{_PERSON})\s+(?:{_LIKE})\s+(?-i:[A-Z][\w.'’-]*(?:\s+(?:(?:de|da|van|von|of)\s+)?[A-Z][\w.'’-]*)*)",
    re.IGNORECASE,
)


class Cast:
    """The characters of a story file, with their looks freed of celebrities."""

    def __init__(self, people: Mapping[str, str]) -> None:
        self.looks: dict[str, str] = {}
        """Looks without likeness; empty where nothing is left."""
        self.counts: Counter[str] = Counter()
        """What was replaced, so far."""
        replaced: dict[str, list[str]] = {}
        for name, looks in people.items():
            text = " ".join(looks.split())
            match = _LOOKS.match(text)
            self.looks[name] = _clothed(match) if match else text
            if match:
                self.counts[DROPPED] += 1
                for said in (text, f"{match['who']} {text[match.end('who') :].split(' in ')[0].strip()}"):
                    replaced.setdefault(said.casefold(), []).append(name)
                replaced.setdefault(match["celebrity"].casefold(), []).append(name)
        self._names = {said: names[0] for said, names in replaced.items() if len(set(names)) == 1}
        self._shared = {said for said, names in replaced.items() if len(set(names)) > 1}
        self._pattern = _any_of([*self._names, *self._shared])
        self._people = _any_of(list(people))

    def named(self, text: str) -> str:
        """The text with names in place of likenesses."""
        if self._pattern is not None:
            text = self._pattern.sub(self._name, text)
        text, others = _OTHER.subn(lambda match: match["who"], text)
        self.counts[OTHERS] += others
        return text

    def who(self, named: str) -> Iterator[str]:
        """Names of the cast in a text, in order of their first mention."""
        if self._people is not None:
            by_name = {" ".join(name.split()).casefold(): name for name in self.looks}
            yield from dict.fromkeys(
                by_name[" ".join(found.split()).casefold()] for found in self._people.findall(named)
            )

    def _name(self, match: re.Match[str]) -> str:
        said = " ".join(match.group().split()).casefold()
        if said in self._shared:
            self.counts[OTHERS] += 1
            return "somebody"
        self.counts[NAMED] += 1
        return self._names[said]


def _clothed(match: re.Match[str]) -> str:
    return f"{match['who']} in {match['clothes']}" if match["clothes"] else match["who"]


def _any_of(texts: list[str]) -> re.Pattern[str] | None:
    """Any of the texts as whole words, the longest first, with any white space between words."""
    longest = sorted(filter(None, texts), key=lambda text: (-len(text), text))
    patterns = [r"\s+".join(map(re.escape, text.split())) for text in longest]
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)", re.IGNORECASE) if patterns else None
