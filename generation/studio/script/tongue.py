"""What a language asks for beside its words: articles by gender, pronouns, lists, contractions, days and hours.

    tongue = Tongue(yaml_data)                  # grammar/tongue.yaml
    tongue.the("silver key")                    # 'the silver key'
    tongue.listing(["Ada", "Ben"])              # 'Ada and Ben'

Everything comes from the grammar file, so that another language is another file. It knows no story.
"""

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any

ENGLISH_DATA: Mapping[str, Any] = {
    "gender": {"default": "m"},
    "definite": {"m": "the"},
    "indefinite": {"m": "a"},
    "before_vowel": {"a": "an"},
    "vowels": "aeiou",
    "and": "and",
    "or": "or",
}
"""Enough English for prompts, which are English in every language."""


class Tongue:
    """A language as its grammar file says it."""

    def __init__(self, data: Mapping[str, Any], named: Mapping[str, Sequence[str]] | None = None) -> None:
        """`named` are words beside those of the file by their gender, such as people's names."""
        self.data = data
        genders: Mapping[str, Any] = data["gender"]
        self._default: str = genders["default"]
        lists = [*genders.items(), *(named or {}).items()]
        self._genders = {word: key for key, nouns in lists if key != "default" for word in nouns}
        self._sounds = [(re.compile(pattern, re.IGNORECASE), made) for pattern, made in data.get("sounds") or ()]

    def gender(self, noun: str) -> str:
        """Gender of a noun phrase: that of its first word that is listed."""
        return next((self._genders[word] for word in noun.lower().split() if word in self._genders), self._default)

    def the(self, noun: str) -> str:
        """`the silver key`."""
        return f"{self.data['definite'][self.gender(noun)]} {noun}"

    def whom(self, name: str) -> str:
        """Somebody or something as the object of a verb; names of people begin with a capital."""
        marker = self.data.get("whom")
        return f"{marker} {name}" if marker and name[:1].isupper() else name

    def form(self, name: str, phrase: str) -> str | None:
        """What agrees with a phrase, such as an ending or a pronoun; None when the language has no such form."""
        forms: Mapping[str, str] | None = (self.data.get("forms") or {}).get(name)
        return None if forms is None else forms[self.gender(phrase)]

    def indefinite(self, noun: str) -> str:
        """`a key`, `an old map`."""
        article: str = self.data["indefinite"][self.gender(noun)]
        if noun[:1].lower() in self.data["vowels"]:
            article = self.data["before_vowel"].get(article, article)
        return f"{article} {noun}"

    def bare(self, phrase: str) -> str:
        """A noun phrase without its definite article."""
        for article in dict.fromkeys(self.data["definite"].values()):
            if phrase.startswith(f"{article} "):
                return phrase.removeprefix(f"{article} ")
        return phrase

    def listing(self, items: Sequence[str], last: str = "and") -> str:
        """`a`, `a and b`, `a, b and c`; `last` is `and` or `or`."""
        word = self.data[last]
        return f" {word} ".join(filter(None, [", ".join(items[:-1]), items[-1]])) if items else ""

    def pronoun(self, she: bool, case: str) -> str:
        """`case` is `subject`, `object` or `possessive`."""
        return str(self.data["pronouns"]["she" if she else "he"][case])

    @property
    def it(self) -> str:
        """Pronoun for a thing just named; empty where the language cannot put one in a noun's place."""
        return str(self.data.get("it") or "")

    def title(self, text: str) -> str:
        """A noun phrase as it stands in a title."""
        if self.data.get("title_case") != "words":
            return text
        return " ".join(word[:1].upper() + word[1:] for word in text.split())

    def contract(self, text: str) -> str:
        """The text with what the language draws together, such as `de el` to `del`."""
        for apart, together in (self.data.get("contractions") or {}).items():
            text = f" {text} ".replace(f" {apart} ", f" {together} ")[1:-1]
        for pattern, made in self._sounds:
            text = pattern.sub(made, text)
        return text

    def word(self, english: str, gender: str | None = None) -> str:
        """An English word of the painter's vocabulary in this language, for a noun of that gender."""
        found = (self.data.get("words") or {}).get(english, english)
        return str(found if not isinstance(found, Mapping) else found[gender or self._default])

    def number(self, count: int) -> str:
        """`three`; digits where the language's list ends."""
        numbers: Sequence[str] = self.data["numbers"]
        return numbers[count] if count < len(numbers) else str(count)

    def weekday(self, date: str) -> str:
        """Name of the day of an ISO-8601 date."""
        return str(self.data["weekdays"][datetime.date.fromisoformat(date).weekday()])

    def hour(self, clock: str) -> str:
        """A time such as `18:40` as people say it: `nearly seven`."""
        hour, minute = (int(part) for part in clock.split(":"))
        names: Sequence[str] = self.data.get("hours") or self.data["numbers"]
        rule = "full" if minute < 15 else "half" if minute < 45 else "nearly"
        return str(self.data["clock"][rule]).format(hour=names[(hour - 1) % 12 + 1], next=names[hour % 12 + 1])


ENGLISH = Tongue(ENGLISH_DATA)
