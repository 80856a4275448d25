"""The grammar engine: YAML rules with weighted alternatives and slots, expanded by a seeded choice.

    grammar = Grammar(yaml_data)
    Voice(grammar, random.Random(3)).say("wait", {"actor": "Ada"})      # 'Ada waits by the window'

A rule is a list of alternatives: a string (weight 1) or a pair `[weight, string]`. `{name}` is filled from the given
slots, else by expanding the rule of that name; `{name|a}` and `{name|the}` put an article before it, `{name|cap}`
and `{name|The}` make its first letter large, and the forms of a language agree with it: `herid{name|o}`. A voice does
not use an alternative again while the rule has one it has used less, nor one that names an empty slot while there is
another.

The level says how: `rich` chooses, `plain` always takes the first alternative, `cloze` does so too and has neither
capitals nor punctuation. What the language asks for (articles, pronouns) is its Tongue's.

It knows no story and no world: see prose.py, shooting.py, lines.py and questions.py for what is said with it.
"""

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from moviellm.generation.studio.script.tongue import ENGLISH, Tongue

SLOT = re.compile(r"\{(\w[\w.-]*)(?:\|(\w+))?\}")
FILES_DEPTH_MAX = 12
"""Rules inside rules; deeper is a loop in a grammar file."""
FIT_TRIES = 8
"""Alternatives tried before a text is said to be too long."""


class Grammar:
    """The rules of one or more YAML files, nested mappings flattened to dotted names."""

    def __init__(self, *sources: Mapping[str, object], tongue: Tongue = ENGLISH, level: str = "rich") -> None:
        self.tongue, self.level = tongue, level
        self.rules: dict[str, list[tuple[float, str]]] = {}
        for source in sources:
            self._add(source, "")

    def _add(self, source: Mapping[str, object], prefix: str) -> None:
        for name, value in source.items():
            if isinstance(value, Mapping):
                self._add(value, f"{prefix}{name}.")
            elif isinstance(value, str):
                self.rules[prefix + name] = [(1.0, value)]
            elif isinstance(value, Sequence):
                self.rules[prefix + name] = [_alternative(prefix + name, item) for item in value]

    def has(self, rule: str) -> bool:
        """Whether there is such a rule."""
        return rule in self.rules

    def first(self, rule: str, variants: Iterable[str]) -> str:
        """The most special rule there is: `rule.variant` for the first variant that has one, else `rule`."""
        return next((name for name in (f"{rule}.{variant}" for variant in variants) if name in self.rules), rule)


def _alternative(rule: str, item: object) -> tuple[float, str]:
    if isinstance(item, str):
        return 1.0, item
    if isinstance(item, Sequence) and len(item) == 2 and isinstance(item[1], str):
        return float(item[0]), item[1]
    raise ValueError(f"grammar rule {rule}: an alternative is a text or [weight, text], got {item!r}")


class Voice:
    """Expands rules by one stream of choices."""

    def __init__(self, grammar: Grammar, rng: random.Random, level: str | None = None) -> None:
        self.grammar = grammar
        self.level = level or grammar.level
        self.rng = rng
        self._used: dict[str, dict[str, int]] = {}

    @property
    def tongue(self) -> Tongue:
        """The language."""
        return self.grammar.tongue

    def say(self, rule: str, slots: Mapping[str, str] | None = None) -> str:
        """Text of a rule.

        Raises:
            ValueError: no such rule or slot, or rules that call each other for ever.
        """
        return self.tongue.contract(self._expand(self._pick(rule, slots or {}), slots or {}, 0))

    def finish(self, text: str) -> str:
        """The text as a sentence of this level."""
        text = self.tongue.contract(text)
        return unpunctuated(text) if self.level == "cloze" else sentence(text)

    def fits(self, rule: str, slots: Mapping[str, str], words_max: int) -> str | None:
        """Text of a rule in at most `words_max` words; None when the alternatives tried are all longer."""
        for _ in range(FIT_TRIES):
            text = self.say(rule, slots)
            if words(text) <= words_max:
                return text
        for _, alternative in self.grammar.rules[rule]:
            if not self._filled(alternative, slots):
                continue
            text = self.tongue.contract(self._expand(alternative, slots, 0))
            if words(text) <= words_max:
                return text
        return None

    def _pick(self, rule: str, slots: Mapping[str, str]) -> str:
        """An alternative of a rule; one that names an empty slot only if all do."""
        alternatives = self.grammar.rules.get(rule)
        if alternatives is None:
            raise ValueError(f"the grammar has no rule {rule!r}; add it to the task's YAML file")
        alternatives = [item for item in alternatives if self._filled(item[1], slots)] or alternatives
        if self.level != "rich":
            return alternatives[0][1]
        used = self._used.setdefault(rule, {})
        least = min(used.get(text, 0) for _, text in alternatives)
        fresh = [(weight, text) for weight, text in alternatives if used.get(text, 0) == least]
        point = self.rng.random() * sum(weight for weight, _ in fresh)
        chosen = fresh[-1][1]
        for weight, text in fresh:
            point -= weight
            if point < 0:
                chosen = text
                break
        used[chosen] = least + 1
        return chosen

    def _filled(self, text: str, slots: Mapping[str, str]) -> bool:
        return all(slots.get(name, "-") for name in slot_names(text))

    def _expand(self, text: str, slots: Mapping[str, str], depth: int) -> str:
        if depth > FILES_DEPTH_MAX:
            raise ValueError(f"grammar rules call each other for ever at {text!r}")

        def fill(match: re.Match[str]) -> str:
            name, filter_name = match.group(1), match.group(2)
            value = slots[name] if name in slots else self._expand(self._pick(name, slots), slots, depth + 1)
            return self._filtered(value, filter_name) if filter_name else value

        return SLOT.sub(fill, text)

    def _filtered(self, value: str, name: str) -> str:
        if name.lower() == "the":
            noun = value if value[:1].isupper() else self.tongue.the(value)
            return capital(noun) if name == "The" else noun
        form = self.tongue.whom(value) if name == "whom" else self.tongue.form(name, value)
        if form is not None:
            return form
        return self.tongue.indefinite(value) if name == "a" else capital(value) if name == "cap" else sentence(value)


@lru_cache(maxsize=4096)
def slot_names(text: str) -> frozenset[str]:
    """Names of the slots of a text of the grammar."""
    return frozenset(name for name, _ in SLOT.findall(text))


def indefinite(noun: str) -> str:
    """`a key`, `an old map`."""
    return ENGLISH.indefinite(noun)


def capital(text: str) -> str:
    """The text with its first letter large; the rest stays."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """The text as a sentence: capital, and a full stop if nothing ends it."""
    text = capital(" ".join(text.split()))
    return text if text.endswith((".", "!", "?", '"')) else text + "."


def listing(items: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return ENGLISH.listing(items, last)


def words(text: str) -> int:
    """Number of words."""
    return len(text.split())


def unpunctuated(text: str) -> str:
    """Small letters and single spaces, without punctuation."""
    return " ".join(re.sub(r"[^\w\s'-]", " ", text.lower()).split())
