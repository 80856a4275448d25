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
    """The characters of a story file, with their looks freed of celebrities unless these are kept."""

    def __init__(self, people: Mapping[str, str], *, keep: bool = False) -> None:
        self.looks: dict[str, str] = {}
        """Looks without likeness; empty where nothing is left."""
        self.counts: Counter[str] = Counter()
        """What was replaced, so far."""
        replaced: dict[str, list[str]] = {}
        for name, looks in people.items():
            text = " ".join(looks.split())
            match = _LOOKS.match(text)
            self.looks[name] = _clothed(match) if match and not keep else text
            if match:
                self.counts[DROPPED] += not keep
                for said in (text, f"{match['who']} {text[match.end('who') :].split(' in ')[0].strip()}"):
                    replaced.setdefault(said.casefold(), []).append(name)
                replaced.setdefault(match["celebrity"].casefold(), []).append(name)
        self._names = {said: names[0] for said, names in replaced.items() if len(set(names)) == 1}
        self._pattern = _any_of(list(replaced))
        self._keep = keep
        self._people = _any_of(list(people))

    def named(self, text: str) -> str:
        """The text with names in place of likenesses; the text itself where they are kept."""
        return text if self._keep else self._freed(text, self.counts)

    def who(self, text: str) -> Iterator[str]:
        """Names of the cast in a text, in order of their first mention."""
        if self._people is not None:
            by_name = {" ".join(name.split()).casefold(): name for name in self.looks}
            freed = self._freed(text, Counter())
            found = (" ".join(name.split()).casefold() for name in self._people.findall(freed))
            yield from dict.fromkeys(by_name[name] for name in found if name in by_name)

    def _freed(self, text: str, counts: Counter[str]) -> str:
        def name(match: re.Match[str]) -> str:
            said = " ".join(match.group().split()).casefold()
            counts[NAMED if said in self._names else OTHERS] += 1
            return self._names.get(said, "somebody")

        freed = text if self._pattern is None else self._pattern.sub(name, text)
        freed, others = _OTHER.subn(lambda match: match["who"], freed)
        counts[OTHERS] += others
        return freed


def _clothed(match: re.Match[str]) -> str:
    return f"{match['who']} in {match['clothes']}" if match["clothes"] else match["who"]


def _any_of(texts: list[str]) -> re.Pattern[str] | None:
    """Any of the texts as whole words, the longest first, with any white space between words."""
    longest = sorted(filter(None, texts), key=lambda text: (-len(text), text))
    patterns = [r"\s+".join(map(re.escape, text.split())) for text in longest]
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)", re.IGNORECASE) if patterns else None
