"""How people look: the vocabulary, the fixed phrase that says it, and the way back from phrase to looks.

    looks = parse("a tall person with red bob hair, fair skin, a teal coat and glasses")
    phrase(looks)     # 'a tall person with red bob hair, fair skin, a teal coat and glasses'
    parse(phrase(looks)) == looks

The phrase is `Character.appearance`: the one thing that crosses from any writer to any painter. `parse` also accepts
free text of a language model: it takes the words it knows and draws the rest from a hash of the phrase, so that the
same phrase always gives the same person.

It draws nothing: see drawing/body.py.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Final

BUILDS: Final = ("mid", "slim", "stout", "tall", "elder", "child")
HAIRS: Final = ("bob", "short", "long", "ponytail", "bun", "curly", "bald", "braids", "afro", "wavy", "topknot")
HAIR_COLOURS: Final = ("black", "brown", "red", "blond", "grey", "white")
SKINS: Final = ("pale", "fair", "tan", "brown", "dark", "deep")
GARMENTS: Final = ("coat", "jacket", "jumper", "dress", "apron", "cloak", "waistcoat")
COLOURS: Final = (
    "red",
    "orange",
    "yellow",
    "green",
    "teal",
    "blue",
    "purple",
    "pink",
    "brown",
    "grey",
    "white",
    "black",
)
ACCESSORIES: Final = (
    "nothing else",
    "glasses",
    "a scarf",
    "a beard",
    "a brimmed hat",
    "a cap",
    "a beanie",
    "a headscarf",
    "an eye patch",
    "a bow tie",
    "a shawl",
)


@dataclass(frozen=True, kw_only=True)
class Looks:
    """What a painter draws and a viewer recognises: silhouette, two colours, one accessory."""

    build: str
    hair: str
    hair_colour: str
    skin: str
    garment: str
    colour: str
    accessory: str


ALLOWED: Final[dict[str, tuple[str, ...]]] = {
    "build": BUILDS,
    "hair": HAIRS,
    "hair_colour": HAIR_COLOURS,
    "skin": SKINS,
    "garment": GARMENTS,
    "colour": COLOURS,
    "accessory": ACCESSORIES,
}
BUILD_WORDS: Final = {
    "mid": "a person of middle build",
    "slim": "a slim person",
    "stout": "a stout person",
    "tall": "a tall person",
    "elder": "an elderly person",
    "child": "a child",
}


def phrase(looks: Looks) -> str:
    """The fixed phrase for a person's looks."""
    hair = "a bald head" if looks.hair == "bald" else f"{looks.hair_colour} {looks.hair} hair"
    article = "an" if looks.colour[0] in "aeiou" else "a"
    wears = f"{article} {looks.colour} {looks.garment}"
    return f"{BUILD_WORDS[looks.build]} with {hair}, {looks.skin} skin, {wears} and {looks.accessory}"


@lru_cache(maxsize=1024)
def parse(appearance: str) -> Looks:
    """The looks that a phrase says; words it does not know are settled by a hash of the phrase."""
    text = appearance.lower()
    return settle(
        appearance,
        {
            "build": next((key for key, words in BUILD_WORDS.items() if words in text), None)
            or _word(text, {"old": "elder", "elderly": "elder", "boy": "child", "girl": "child", "child": "child"})
            or _word(text, {name: name for name in ("slim", "stout", "tall")}),
            "hair": _word(text, {name: name for name in HAIRS}),
            "hair_colour": _near(text, HAIR_COLOURS, r"(?:\w+ )?hair"),
            "skin": _near(text, SKINS, r"skin"),
            "garment": _word(text, {name: name for name in GARMENTS}),
            "colour": _near(text, COLOURS, "(?:" + "|".join(GARMENTS) + ")"),
            "accessory": _word(text, {re.sub("^an? ", "", name): name for name in ACCESSORIES}),
        },
    )


def settle(appearance: str, found: Mapping[str, str | None]) -> Looks:
    """Whole looks from the ones that were found; the others follow from a hash of the phrase."""
    digest = hashlib.sha256(appearance.lower().encode()).digest()
    chosen = {
        item.name: found[item.name] or ALLOWED[item.name][digest[i] % len(ALLOWED[item.name])]
        for i, item in enumerate(fields(Looks))
    }
    if chosen["hair"] == "bald":
        chosen["hair_colour"] = "grey"
    return Looks(**chosen)


@dataclass(frozen=True)
class Said:
    """What a phrase in anybody's words says of the looks that can be drawn."""

    chosen: dict[str, str | None]
    """The looks by attribute; None where the phrase says nothing."""
    words: dict[str, dict[str, str]]
    """The vocabulary that it was read with: attribute -> word -> what it means."""

    def drawn_in(self, clause: str) -> bool:
        """Whether something that a clause says is drawn."""
        text = clause.lower()
        return any(
            self.chosen[attribute] == value and re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)
            for attribute, words in self.words.items()
            for word, value in words.items()
        )


def looks_said(appearance: str, other: Mapping[str, Mapping[str, str]]) -> Said:
    """Read a phrase with the vocabulary and `other` words for it, by attribute: the first word said of each counts.

    Colours count where they stand at most two words before hair, skin or a garment.
    """
    text = appearance.lower()
    words = {name: {re.sub("^an? ", "", value): value for value in values} for name, values in ALLOWED.items()}
    words["build"] |= {"elderly": "elder"}
    words = {name: own | dict(other.get(name, {})) for name, own in words.items()}
    hair = _any(("hair", "haired", *words["hair"]))
    nouns = {"hair_colour": hair, "skin": _any(("skin", "skinned", "complexion")), "colour": _any(words["garment"])}
    chosen: dict[str, str | None] = {}
    for name, own in words.items():
        after = rf"(?=(?:[\s-]+[\w-]+){{0,2}}?[\s-]+{nouns[name]}(?![\w-]))" if name in nouns else r"(?![\w-])"
        match = re.search(rf"(?<![\w-])({_any(own)}){after}", text)
        chosen[name] = own[match.group(1)] if match else None
    return Said(chosen, words)


def _any(words: Iterable[str]) -> str:
    """A pattern for one of the words, the longest first."""
    return "(?:" + "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word))) + ")"


def _word(text: str, words: dict[str, str]) -> str | None:
    return next((value for word, value in words.items() if re.search(rf"\b{word}\b", text)), None)


def _near(text: str, words: tuple[str, ...], noun: str) -> str | None:
    match = re.search(rf"\b({'|'.join(words)}) {noun}\b", text)
    return match.group(1) if match else None
