"""The grammar engine: YAML rules with weighted alternatives and slots, expanded by a seeded choice.

    grammar = Grammar(yaml_data)
    Voice(grammar, random.Random(3)).say("wait", {"actor": "Ada"})      # 'Ada waits by the window'

A rule is a list of alternatives: a string (weight 1) or a pair `[weight, string]`. `{name}` is filled from the given
slots, else by expanding the rule of that name; `{name|a}` puts the indefinite article before it and `{name|cap}`
makes its first letter large. A voice does not use an alternative again while the rule has one it has used less.

It knows no story and no world: see prose.py, shooting.py, lines.py and questions.py for what is said with it.
"""

import random
import re
from collections.abc import Mapping, Sequence

SLOT = re.compile(r"\{(\w[\w.-]*)(?:\|(\w+))?\}")
FILES_DEPTH_MAX = 12
"""Rules inside rules; deeper is a loop in a grammar file."""


class Grammar:
    """The rules of one or more YAML files, nested mappings flattened to dotted names."""

    def __init__(self, *sources: Mapping[str, object]) -> None:
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


def _alternative(rule: str, item: object) -> tuple[float, str]:
    if isinstance(item, str):
        return 1.0, item
    if isinstance(item, Sequence) and len(item) == 2 and isinstance(item[1], str):
        return float(item[0]), item[1]
    raise ValueError(f"grammar rule {rule}: an alternative is a text or [weight, text], got {item!r}")


class Voice:
    """Expands rules by one stream of choices."""

    def __init__(self, grammar: Grammar, rng: random.Random) -> None:
        self.grammar = grammar
        self.rng = rng
        self._used: dict[str, dict[str, int]] = {}

    def say(self, rule: str, slots: Mapping[str, str] | None = None) -> str:
        """Text of a rule.

        Raises:
            ValueError: no such rule or slot, or rules that call each other for ever.
        """
        return self._expand(self._pick(rule), slots or {}, 0)

    def fits(self, rule: str, slots: Mapping[str, str], words_max: int) -> str | None:
        """Text of a rule in at most `words_max` words; None when the alternatives tried are all longer."""
        for _ in range(8):
            text = self.say(rule, slots)
            if len(text.split()) <= words_max:
                return text
        return None

    def _pick(self, rule: str) -> str:
        alternatives = self.grammar.rules.get(rule)
        if alternatives is None:
            raise ValueError(f"the grammar has no rule {rule!r}; add it to the task's YAML file")
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

    def _expand(self, text: str, slots: Mapping[str, str], depth: int) -> str:
        if depth > FILES_DEPTH_MAX:
            raise ValueError(f"grammar rules call each other for ever at {text!r}")

        def fill(match: re.Match[str]) -> str:
            name, filter_name = match.group(1), match.group(2)
            value = slots[name] if name in slots else self._expand(self._pick(name), slots, depth + 1)
            return FILTERS[filter_name](value) if filter_name else value

        return SLOT.sub(fill, text)


def indefinite(noun: str) -> str:
    """`a key`, `an old map`."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def capital(text: str) -> str:
    """The text with its first letter large; the rest stays."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """The text as a sentence: capital, and a full stop if nothing ends it."""
    text = capital(" ".join(text.split()))
    return text if text.endswith((".", "!", "?", '"')) else text + "."


def listing(items: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return f" {last} ".join(filter(None, [", ".join(items[:-1]), items[-1]])) if items else ""


def words(text: str) -> int:
    """Number of words."""
    return len(text.split())


FILTERS = {"a": indefinite, "cap": capital, "s": sentence}
