"""Which option a model's free text means.

    extract_choice("The answer is (B).", ["a red car", "a blue car"])                  # 1
    extract_choice("It is a blue car.", ["a red car", "a blue car"])                   # 1
    extract_choice("A or B", ["a red car", "a blue car"])                              # None
    extract_choice("Failed to obtain answer via API.", ["a red car", "a blue car"])    # None

Own rules, because published extractors read the first capital letter: the message above is their A. Looked at in this
order, and the first that says anything decides: the whole text is a letter or an option; a final answer is announced
("final answer: B"); an answer is announced ("the answer is B", "I choose option B"); a letter is marked ("(B)", "B.",
"option B"); a capital letter stands alone; an option is named in words. What is said not to be it does not count.
Where what decides names several options, or a letter that no option has, none is meant.
"""

import re
from collections.abc import Sequence
from typing import Final

from moviellm.eval.core.answers import answer_part, is_failure, words

LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LETTER: Final = r"(?P<letter>(?-i:[A-Z])(?![A-Za-z0-9'’_])|[a-z](?=[).\]}*\"'$]|\s*$))"
"""A capital letter, or a small one with nothing behind it."""
IS: Final = r"(?:\s(?:is|was|are|would\sbe|should\sbe|must\sbe|has\sto\sbe)\b|\W{0,4}[:=→>])\s?:?"
SURELY: Final = (
    r"\W{0,6}(?:(?:the|clearly|definitely|probably|most|likely|simply|just|correct|option|choice|letter|answer)\s){0,4}"
    r"\W{0,6}"
)
BOXED: Final = r"\\boxed\{\W{0,3}(?:\\?text\w{0,2}\{|mathrm\{)?\W{0,3}" + LETTER
FINAL: Final = re.compile(
    r"\bfinal\s(?:answer|choice|option)\b" + IS + SURELY + LETTER + "|" + BOXED.replace("letter", "boxed"), re.I
)
FIRST: Final = (
    r"(?<![A-Za-z0-9_'’])(?P<first>(?-i:[A-Z]))[)\]\"'*.]{0,4}\s(?:is|must\sbe|seems)\s(?:the\s)?(?:most\s)?"
    r"(?:correct|right|best|likely|answer)\b"
)
CHOSEN: Final = r"\b(?:choose|pick|select|go\swith|answer)\W{1,4}(?:(?:the|option|choice|letter|answer)\s){0,3}\W{0,4}"
ANNOUNCED: Final = re.compile(
    rf"\b(?:answer|choice|option|solution|response)\b{IS}{SURELY}{LETTER}"
    rf"|{CHOSEN}{LETTER.replace('letter', 'chosen')}|{FIRST}",
    re.I,
)
MARKED: Final = re.compile(
    r"\((?P<a>[A-Za-z])\)|\[(?P<b>[A-Z])\]|\*\*(?P<c>[A-Z])\b|(?:^|(?<=\s))(?P<d>[A-Z])[.):](?=\s|\*|$)"
    r"|^(?P<e>[a-z])[.)](?=\s|$)|\b(?:[Oo]ption|[Cc]hoice|[Ll]etter)\s[\"'(*]{0,3}(?P<f>[A-Z])\b",
    re.M,
)
ALONE: Final = re.compile(r"(?<![A-Za-z0-9_'’&-])(?<![A-Za-z]\.)(?P<letter>[A-Z])(?![A-Za-z0-9_'’&-]|\.[A-Za-z])")
JOINED: Final = re.compile(
    r"[)\]}\"'*.]{0,3}\s?(?:,|/|&|\bor\b|\band\b){1,2}\s?(?:option\s|choice\s)?[(\[\"'*]{0,3}"
    r"(?P<letter>[A-Z])(?![A-Za-z0-9'’_])"
)
NOT: Final = re.compile(
    r"(?:\bnot|n't|n’t|\bnever|\bneither|\bnor|\bthan|\binstead\sof|\bexcept|\brule\sout|\bruled\sout|\beliminate"
    r"|\bexclude|\bincorrect|\bwrong)[\s\"'(*]{1,3}"
    r"(?:(?:be|an?|the|option|choice|letter|answer|is|in|really|actually)\s){0,4}\W{0,3}$",
    re.I,
)
WRONG: Final = re.compile(
    r"[)\]}\"'*.:]{0,4}\s?(?:is|are|was|seems|looks|can|could|does)?\s?"
    r"(?:not\b|n't\b|n’t\b|cannot\b|wrong\b|incorrect\b|false\b)",
    re.I,
)
GOES_ON: Final = words("because since as is was for due and or based which given where while would must seems")
"""After a capital A or I, these words show that it is a letter; other words make it an article or a person."""
WORDS: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
SMALL: Final = words(
    "yes no none all both neither a an the it is he she him her they i we you one true false left right up down"
)
"""An option that is one such word counts only where an answer begins."""
Found = set[int] | None


def extract_choice(text: str, options: Sequence[str]) -> int | None:
    """The number of the option, from 0, that a model's text means; None when it means none or several.

    Args:
        text: What the model said.
        options: The texts of the options, in the order of their letters.

    Raises:
        ValueError: no text, or options that are none: fewer than one, more than 26, or not texts.
    """
    if isinstance(options, str | bytes) or not 1 <= len(options) <= len(LETTERS):
        raise ValueError(
            f"got {options!r:.60} as options; give 1 to {len(LETTERS)} texts in the order of their letters"
        )
    if not all(isinstance(option, str) for option in options):
        raise ValueError(f"got {options!r:.60} as options; every option is text")
    answer = answer_part(text).strip()
    named = [_content(option) for option in options]
    found = _whole(answer, named)
    if found is None and not is_failure(answer):
        found = _letters(FINAL, answer) or _letters(ANNOUNCED, answer) or _letters(MARKED, answer)
        found = found or {at for at in _letters(ALONE, answer) if at < len(options)} or _in_words(answer, named)
    return next(iter(found)) if found and len(found) == 1 and max(found) < len(options) else None


def _content(text: str) -> list[str]:
    """The words of a text in lower case, without an article in front."""
    words = [word.casefold() for word in WORDS.findall(text)]
    return words[1:] if len(words) > 1 and words[0] in {"a", "an", "the"} else words


def _whole(answer: str, named: list[list[str]]) -> Found:
    """What is meant by a text that is nothing but a letter, an option, or both; None for another text."""
    words = _content(answer)
    if not words:
        return set()
    same = {at for at, option in enumerate(named) if option == words}
    if len(words) == 1 and len(words[0]) == 1 and words[0].upper() in LETTERS:
        return same | {LETTERS.index(words[0].upper())}
    if same:
        return same
    led = re.match(r"\W{0,6}([A-Za-z])\W{1,6}", answer)
    if not led or led[1].upper() not in LETTERS:
        return None
    rest = _content(answer[led.end() :])
    same = {at for at, option in enumerate(named) if option == rest and option}
    letter = LETTERS.index(led[1].upper())
    return ({letter} if letter in same else same | {letter}) if same else None


def _letters(pattern: re.Pattern[str], text: str) -> set[int]:
    """The options whose letters a pattern finds, and those that "or" and "and" join to them."""
    found = set()
    seen: set[int] = set()
    for match in pattern.finditer(text):
        group = match.lastgroup or "letter"
        place = match.span(group)
        while place[0] not in seen:
            seen.add(place[0])
            if _is_letter(text, *place) and not _is_denied(text, match.start(), *place):
                found.add(LETTERS.index(text[place[0]].upper()))
            joined = JOINED.match(text, place[1])
            if not joined:
                break
            place = joined.span("letter")
    return found


def _is_letter(text: str, start: int, end: int) -> bool:
    """Whether a letter is one, not an article, a person or the initial of a name."""
    after = re.match(r"\s([A-Za-z]+)", text[end : end + 30])
    if text[start] in "AI" and after and after[1] not in GOES_ON:
        return False
    before = text[max(0, start - 20) : start]
    initial = re.match(r"\.\s[A-Z][a-z]", text[end : end + 4]) and re.search(r"[A-Z][a-z]+ $", before)
    announced = initial and re.search(r"(?:option|choice|answer|letter) $", before, re.I)
    return not initial or bool(announced)


def _is_denied(text: str, begin: int, start: int, end: int) -> bool:
    """Whether a text says that a letter is not meant."""
    if WRONG.match(text, end) or NOT.search(text[max(0, start - 50) : start]):
        return True
    return bool(NOT.search(text[max(0, begin - 50) : begin]))


def _in_words(answer: str, named: list[list[str]]) -> set[int]:
    """The options that a text names in words; the words of a longer option are not also those of a shorter one."""
    places = [(match.group().casefold(), match.start()) for match in WORDS.finditer(answer)]
    words = [word for word, _ in places]
    taken = [False] * len(words)
    found = set()
    for length in sorted({len(option) for option in named if option}, reverse=True):
        here = []
        for at, option in enumerate(named):
            if len(option) == length:
                here += [(at, place) for place in _places(words, option, taken)]
        for at, place in here:
            taken[place : place + length] = [True] * length
            if not NOT.search(answer[max(0, places[place][1] - 50) : places[place][1]]):
                found.add(at)
    return found


def _places(words: list[str], option: list[str], taken: list[bool]) -> list[int]:
    """Where an option stands among the words of a text."""
    small = len(option) == 1 and (option[0] in SMALL or (len(option[0]) == 1 and not option[0].isdigit()))
    ends = 1 if small else len(words) - len(option) + 1
    return [
        at
        for at in range(min(ends, len(words) - len(option) + 1))
        if words[at] == option[0] and words[at : at + len(option)] == option and not any(taken[at : at + len(option)])
    ]
