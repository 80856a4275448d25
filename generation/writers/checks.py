"""Plain rules that an answer's words must keep: its language, invented people, names that tell things apart.

    faults = [*language_faults(texts, "es"), *likeness_faults(texts), *name_faults(...)]

Each gives sentences that a model can mend its answer by. They are rules, not judges: the language is told by script
and by the commonest words, a likeness by the phrases that introduce one. It knows no stories.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

LANGUAGES: Final = {
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "de": "German",
    "it": "Italian",
    "pt": "Portuguese",
}
"""What tags are called in prompts; another tag is called by itself."""
STOP_WORDS: Final = {
    "en": "the and of to in is that it was for with as his her on at by from they this are not she he has who what i "
    "you we my your me be have do will there but",
    "es": "el la los las de que y en un una es se no por con su para como del al lo más pero sus le qué cuándo quién "
    "yo me te mi tu está hay si ha he",
    "fr": "le la les de des et en un une est que qui dans pour pas sur au avec il elle ce son sa ne du plus mais",
    "de": "der die das und in den von zu mit sich des auf ist im dem nicht ein eine als auch es an er sie hat aus",
    "it": "il lo la gli le di che e un una è in non per con del della si nel al da come sono più ma suo sua dei",
    "pt": "o a os as de que e do da em um uma para é com não no na se por mais dos das ao mas foi seu sua ele ela",
}
_WORDS: Final = {tag: frozenset(words.split()) for tag, words in STOP_WORDS.items()}
SCRIPTS: Final = {
    "ru": "CYRILLIC",
    "uk": "CYRILLIC",
    "el": "GREEK",
    "zh": "CJK",
    "ja": "CJK",
    "ko": "HANGUL",
    "ar": "ARABIC",
}
"""Script of languages that are not written in Latin letters."""
SCRIPT_ALIASES: Final = {"HIRAGANA": "CJK", "KATAKANA": "CJK"}
SCRIPT_SHARE_MIN = 0.6
"""Least share of the letters that are of the language's script: names may be of another."""
WORDS_MIN, WORDS_MANY = 12, 60
"""Fewer words than the first tell no language; of more than the second some must be of the commonest."""
STOP_SHARE_MIN = 0.06
"""Least share of a language's commonest words: a third of what prose has."""
CLEARLY = 2
"""How many times as many of its commonest words another language must have, to be the one that is written."""
LIKENESS: Final = re.compile(
    r"\b(?:look(?:s|ing|ed)? (?:exactly |just |a lot |much )?like|resembl\w+|reminiscent of|modell?ed (?:on|after)|"
    r"lookalike of|spitting image of|portrayed by|played by|in the likeness of|similar to|"
    r"parecid[oa]s? a|se parece a|igual que|interpretad[oa] por)\s+(?:the (?:actor|actress|singer)\s+)?"
    r"(?P<name>(?:(?!The\b|A\b|An\b|El\b|La\b)\w*[^\W\d_a-z]\w+\W?\s?){1,3})"
)
_STYLE_OF: Final = re.compile(r"\b(?P<name>[A-Z][\w'-]+(?: [A-Z][\w'-]+)*)(?:-esque|-like| lookalike| type)\b")


def language_faults(texts: Iterable[str], tag: str) -> Iterator[str]:
    """Whether texts are in a language, told by its script and its commonest words."""
    text = " ".join(texts)
    want = LANGUAGES.get(tag, tag)
    if _share_of_script(text, SCRIPTS.get(tag, "LATIN")) < SCRIPT_SHARE_MIN:
        yield f"the text is not written in {want}: write all of it in {want}"
        return
    words = Counter(re.findall(r"[^\W\d_]+", text.lower()))
    if tag not in _WORDS or words.total() < WORDS_MIN:
        return
    counts = {name: sum(words[word] for word in stops & words.keys()) for name, stops in _WORDS.items()}
    nearest = max(counts, key=lambda name: counts[name])
    if counts[nearest] > CLEARLY * counts[tag] + 1 and counts[nearest] >= STOP_SHARE_MIN * words.total():
        yield f"the text is in {LANGUAGES[nearest]}, not in {want}: write all of it in {want}"
    elif words.total() >= WORDS_MANY and counts[tag] < STOP_SHARE_MIN * words.total():
        yield f"the text does not read as {want}: write whole sentences in {want}"


def _share_of_script(text: str, script: str) -> float:
    """Share of a text's letters that are of a script; 1 where it has none."""
    letters = Counter(char for char in text if char.isalpha()) if not text.isascii() or script != "LATIN" else None
    if not letters:
        return 1.0
    return sum(count for char, count in letters.items() if _script(char) == script) / letters.total()


@lru_cache(maxsize=4096)
def _script(char: str) -> str:
    name = unicodedata.name(char, "").split(" ")[0]
    return SCRIPT_ALIASES.get(name, name)


def likeness_faults(texts: Iterable[str], invented: Sequence[str] = ()) -> Iterator[str]:
    """Whether somebody is described by the likeness of somebody with a name: people here are invented.

    Args:
        invented: names of the story's own people, whom others may resemble.
    """
    own = {word for name in invented for word in name.split()}
    for text in texts:
        for match in (*LIKENESS.finditer(text), *_STYLE_OF.finditer(text)):
            name = match["name"].removesuffix("'s").strip(" ,.;:'")
            if not set(name.split()) <= own:
                yield f"{match[0].strip()!r}: people are invented; say how they look, and like nobody ({name})"


def name_faults(people: Sequence[str], places: Sequence[str], objects: Sequence[str]) -> Iterator[str]:
    """Whether every person, place and object has a name of its own, as facts are told by names."""
    seen: dict[str, str] = {}
    for kind, names in (("person", people), ("place", places), ("object", objects)):
        for name in names:
            if not name.strip():
                yield f"a {kind} has no name"
            elif (other := seen.get(name.casefold())) is not None:
                yield f"{name!r} is the name of two things ({other}, {kind}); give every one a name of its own"
            seen[name.casefold()] = kind


def alike_faults(answer: str, wrong: Sequence[str]) -> Iterator[str]:
    """Whether the options of a question are distinct, of one kind and about one length."""
    options = [answer, *wrong]
    if len({" ".join(option.casefold().split()) for option in options}) < len(options):
        yield f"two options are the same: {options}"
    if len({_is_number(option) for option in options}) > 1:
        yield f"some options are numbers and some are not: {options}"
    lengths = [len(option) for option in options]
    if max(lengths) > LENGTH_RATIO_MAX * min(lengths) + LENGTH_SLACK:
        yield f"the options differ too much in length ({min(lengths)} to {max(lengths)} characters): {options}"


LENGTH_RATIO_MAX, LENGTH_SLACK = 2.0, 12
"""Options: the longest has at most so many times the characters of the shortest, and so many more."""


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\d+(?:[.,]\d+)?", text.strip()) is not None


INTERROGATIVES: Final = {
    "en": {word: word for word in ("what", "why", "where", "who", "when", "which", "how many", "how")}
    | {"whose": "who", "whom": "who"},
    "es": {
        "por qué": "por qué", "qué": "qué", "cómo": "cómo", "dónde": "dónde", "adónde": "dónde", "quién": "quién",
        "quiénes": "quién", "cuándo": "cuándo", "cuál": "cuál", "cuáles": "cuál", "cuánto": "cuánto",
        "cuántos": "cuánto", "cuánta": "cuánto", "cuántas": "cuánto",
    },
}  # fmt: skip
_INTERROGATIVES: Final = {
    tag: re.compile(rf"\b(?:{'|'.join(sorted(words, key=len, reverse=True))})\b")
    for tag, words in INTERROGATIVES.items()
}
_QUOTED: Final = re.compile(r"\"[^\"]*\"|“[^”]*”|«[^»]*»")
INTERROGATIVE_SHARE_MAX = 0.4
"""No word may begin more than this share of a part's questions; the original's were 68 % why."""


def interrogative(question: str, tag: str) -> str | None:
    """The question word that comes first, outside quotes; None where there is none, or the language is not known."""
    pattern = _INTERROGATIVES.get(tag)
    match = pattern.search(_QUOTED.sub("", question.lower())) if pattern else None
    return INTERROGATIVES[tag][match[0]] if match else None


def interrogatives_allowed(questions: int) -> int:
    """How many of so many questions may ask with the same word."""
    return max(1, int(INTERROGATIVE_SHARE_MAX * questions + 1e-9))


def interrogative_faults(questions: Sequence[str], tag: str) -> Iterator[str]:
    """Whether one question word begins too many of the questions."""
    asked = [interrogative(question, tag) for question in questions]
    most = interrogatives_allowed(len(questions))
    for word in sorted({word for word in asked if word is not None}):
        if asked.count(word) > most:
            yield f"{asked.count(word)} of {len(questions)} questions ask {word!r}, at most {most} may: ask otherwise"
