"""Captions as tokens of the Penn Treebank, the way the captioning metrics have always counted them.

    ptb_tokenize(["A man isn't riding (fast), at 5 p.m."])       # ["a man is n't riding -lrb- fast -rrb- at 5 p.m."]

Written from what the tokenizer of pycocoevalcap 1.2 (Stanford CoreNLP 3.4.1, `-preserveLines -lowerCase`) makes of
probes: rules and abbreviations here say what it does, none of its text is used. docs/metrics.md has the measured
agreement. One thing is meant to differ: every line separator inside a caption is a space, where a carriage return or
U+2028 there moves all later captions by one.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Final

AP: Final = "['’\u0092]"
ODD: Final = r"_²³¹¼-¾⁰-₟⅐-\u218f①-⓿❶-➓"
MARK: Final = r"[\u0300-\u036f\u0900-\u0dff\u0e31-\u0e4e\u00ad]"
# A character fits one alternative only: where two fit, a pattern tries every way to take a word, two to its length.
L: Final = rf"(?:[^\W\d{ODD}]|(?![^\W\d]){MARK})"
LD: Final = rf"(?:[^\W{ODD}]|(?!\w){MARK})"
THING: Final = rf"{LD}+(?:[-_‐‑]{LD}+)*"
DOTTED: Final = (
    "adj|adm|adv|al|ala|apr|ariz|assn|assoc|aug|ave|bhd|bldg|blvd|brig|bros|calif|capt|cf|cie|cmdr|co|col|colo|conn|"
    "corp|cos|cpl|ct|dak|dec|dept|det|dr|drs|ens|esq|est|etc|ext|feb|fla|fri|ft|ga|gen|gov|govs|hon|inc|ind|insp|intl|"
    "jan|jos|jr|jul|jun|kan|kans|ky|lieut|lt|ltd|maj|mar|md|messrs|mfg|mich|minn|mme|mo|mon|mont|mr|mrs|ms|mt|mtg|"
    "natl|neb|nev|nov|oct|okla|penn|pfc|ph|plc|pres|prof|pte|pty|pvt|rd|rep|reps|rev|rt|sen|sens|sep|sept|seq|sfc|sgt|"
    "spc|sq|sr|st|ste|supt|sys|tel|tenn|thu|thurs|tue|tues|univ|va|vs|vt|wed|wis|wisc|wm|wyo"
)
"""Abbreviations that keep their point in any case and place."""
STATES: Final = "(?!(?-i:[a-z]))(?:ark|az|del|ill|la|mass|miss|ore|pa|tex|wash)"
"""Those that are words in small letters."""
BEFORE_NUMBERS: Final = "art|ca|fig|figs|no|nos|op|pp"
KEPT: Final = (
    rf"(?:e|o|ne){AP}er|c{AP}mon|c{AP}est|ma{AP}am|ev{AP}ry|li{AP}l|nat{AP}l|nor{AP}easter|s{AP}mores|d{AP}ye|qu{AP}{L}+"
    rf"|ol{AP}|(?:somethin|dunkin){AP}|{AP}(?:em|till?|cause)|{AP}n{AP}|{AP}n(?!{L})|{AP}[2-9]0s(?!{LD})|{AP}\d\d(?=[\s.,;:!?]|$)"
)
"""Words with an apostrophe that is part of them."""
RULES: Final = (
    r"https?://[^\s\"<>|()]*[^\s\"<>|.!?(){},-]",
    r"(?:www\.(?:[^\s\"<>|()/.]+\.)+[a-z]{2,4}|[a-z0-9][a-z0-9.-]{0,99}\.(?:com|net|org|edu))"
    r"(?:/[^\s\"<>|()]+[^\s\"<>|.!?(){},-])?",
    r"[a-z0-9][^\s\"<>|()]{0,99}@(?:[^\s\"<>|().]{1,99}\.)*[^\s\"<>|().]+",
    r"</?[a-z][a-z0-9_:.-]{0,99}/?>",
    rf"(can)(not)(?!{AP}{L})|(gon)(na)(?!{AP}{L})|(got)(ta)(?!{AP}{L})|(lem)(me)(?!{AP}{L})|(gim)(me)(?!{AP}{L})"
    rf"|(wan)(na)(?!{AP}{L})|('t)(is)|('t)(was)",
    rf"({L}+?)(n['’\u0092`‘´]t)(?!{L})",
    rf"{AP}(?:ll|re|ve|[smd])(?!{L})",
    KEPT,
    rf"(?:[dol]|(?-i:[A-HJ-XZn])){AP}{L}{{2,}}(?:[-_‐‑]{LD}+)*",
    rf"[jld]{AP}|y{AP}(?={L})",
    rf"{L}{LD}*(?:[.!?]{L}{LD}*)*(?:\.?(?:[-_‐‑]{LD}+)+)?",
    rf"{L}{LD}*(?:[.!?]{L}{LD}*)*\.(?=[,;:])",
    rf"ph\.d\.|(?:{DOTTED}|{STATES})\.|(?:{BEFORE_NUMBERS})\.(?=\s*\d)|(?:{L}\.)+",
    rf"{THING}(?:-(?:{L}\.)+)?",
    r"-[lr][rcs]b-|&#\d+;",
    rf"{THING}(?:/{THING})+",
    r"\d*(?:[.:,]\d+)+(?:-\d+)?|[-+]?(?:\d*(?:[.:,]\d+)+|\d+)",
    r"(?-i:[A-Z]{1,3})\$",
    r"(?-i:[A-Z]+(?:(?:[+&]|&amp;)[A-Z]+)+)",
    rf"#{L}+|@[a-z_]\w*|c\+\+|c#",
    r"[<>]?[:;=][-o*']?(?-i:[()DPdpO\\{@|\[\]])(?![a-z0-9])|[-^x=~<>']_[-^x=~<>']|\([-^x=~<>'][_.]?[-^x=~<>']\)",
    r"(?:\(\d{2,3}\) ?|(?:\+\+?)?(?:\d{2,4}[- ])?\d{2,4}[- ])\d{3,4}[- ]?\d{3,5}|\d{1,4}[- ]\d{1,4}/\d{1,4}",
    r"&(?:amp|lt|gt|quot|apos|nbsp|[mn]dash);",
    r"[!?]+|\*+|#+|@+|_+|<<|>>|<>",
)

PLAIN: Final = re.compile(r"([A-Za-z]+)(?:(?<=[A-Za-z]{2})[.]|[,;!?])?(?=\s|$)")
"""A word, perhaps with one mark of punctuation."""
SPLIT: Final = frozenset(["cannot", "gonna", "gotta", "lemme", "gimme", "wanna"])
POINTED: Final = frozenset(re.findall("[a-z]+", f"{DOTTED}|{STATES}|{BEFORE_NUMBERS}"))
"""Words whose point may be theirs."""
WRITTEN: Final = {
    "(": "-lrb-", ")": "-rrb-", "[": "-lsb-", "]": "-rsb-", "{": "-lcb-", "}": "-rcb-",
    "£": "#", "€": "$", "¤": "$", "¢": "cents", "½": "1/2", "¼": "1/4", "¾": "3/4", "⅓": "1/3", "⅔": "2/3",
    "&amp;": "&", "&lt;": "<", "&gt;": ">",
}  # fmt: skip
"""Tokens that are written otherwise."""
SPELT: Final = str.maketrans({"\u00ad": None, "’": "'", "\u0092": "'", "‘": "`"})
SILENT: Final = frozenset("\"'`.,:;!?-‐‑‒–—―…‘’‛“”«»‹›\u0092\u00ad") | {
    "''", "``", "...", "&quot;", "&apos;", "&nbsp;", "&ndash;", "&mdash;",
}  # fmt: skip
"""Punctuation that pycocoevalcap throws away. Its capital -LRB- never meets the lower-case -lrb-: brackets stay."""


def ptb_tokenize(captions: Sequence[str]) -> list[str]:
    """Captions as lower-case tokens between spaces, without punctuation; one text a caption.

    Raises:
        ValueError: captions that are no list of texts.
    """
    if isinstance(captions, str | bytes):
        raise ValueError("got one text; give a list of captions")
    for at, caption in enumerate(captions):
        if not isinstance(caption, str):
            raise ValueError(f"caption {at} is {caption!r:.60}; a caption is text")
    return [" ".join(_tokens(caption)) for caption in captions]


@cache
def _rules() -> list[re.Pattern[str]]:
    """The rules; compiled when the first text needs them."""
    return [re.compile(rule, re.I) for rule in RULES]


def _tokens(caption: str) -> list[str]:
    """The tokens of one caption."""
    tokens: list[str] = []
    caption = caption.replace("&apos;", "'")
    at = 0
    while at < len(caption):
        if caption[at].isspace() or caption[at] < " ":
            at += 1
            continue
        plain = PLAIN.match(caption, at)
        word = plain[1].lower() if plain else ""
        if plain and word not in SPLIT and not (word in POINTED and caption[plain.end() - 1] == "."):
            tokens.append(word)
            at = plain.end()
            continue
        found = max((rule.match(caption, at) for rule in _rules()), key=_reach)
        if found is None or found.end() == at:
            tokens += _written(caption[at])
            at += 1
            continue
        for part in [part for part in found.groups() if part] or [found.group()]:
            tokens += _written(part)
        at = found.end()
    return tokens


def _reach(found: re.Match[str] | None) -> int:
    return found.end() if found else -1


def _written(token: str) -> list[str]:
    """A token as it is written, nothing when it is thrown away."""
    if token in SILENT or (len(token) == 1 and _is_unknown(token)):
        return []
    if token in WRITTEN:
        return [WRITTEN[token]]
    return [token.lower().translate(SPELT).replace("(", "-lrb-").replace(")", "-rrb-").replace(" ", "\u00a0")]


def _is_unknown(character: str) -> bool:
    """Whether a character is none that the lexer knows: it leaves such out."""
    return character > "\uffff" or unicodedata.category(character) in {"Cc", "Cf", "Cn", "Co", "Cs", "Nl"}
