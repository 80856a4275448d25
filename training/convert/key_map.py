"""Key maps: which weights of a foreign checkpoint become which of ours, decided from names and shapes alone.

    plan = make_plan(rules("llama", "projector"), weights.shapes, shapes_of(config))
    plan.steps[0]                       # Step(target="model.language_model.embed_tokens.weight", sources=(...))
    plan.check("llama-vid-7b")          # a ValueError that lists what is unknown, missing or of another shape

The maps are data, in key_maps.yaml. A full-size model is planned on the meta device in a second; no weight is read.
Nothing is dropped silently: what a map leaves out on purpose is listed with its reason.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

from moviellm.training.convert.reading import few

Shapes = Mapping[str, tuple[int, ...]]
ZEROS = "zeros"
"""In `cat`: as many zeros as the first source is long."""
GROWING = ("embed_tokens.weight", "lm_head.weight")
"""Tables that may get rows: for the placeholder, which the originals did not have as a token."""


@dataclass(frozen=True)
class Rule:
    """One line of a key map."""

    olds: tuple[str, ...]
    new: str | None
    """None: left out."""
    why: str = ""
    fill: float | None = None
    """What a weight is filled with that the originals do not have."""


@dataclass(frozen=True)
class Step:
    """One weight of ours and where it comes from: one source, or several one behind the other."""

    target: str
    sources: tuple[str, ...]
    shape: tuple[int, ...]
    grows: bool = False
    """The source has fewer rows; the others are their mean."""
    fill: float | None = None
    """No source: the number it is filled with."""


@dataclass
class Plan:
    """What a conversion will do, and what stands against it."""

    steps: list[Step] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    """What is left out on purpose -> why."""
    unknown: list[str] = field(default_factory=list)
    """Names in the checkpoint that no rule knows."""
    missing: list[str] = field(default_factory=list)
    """Weights of the model that nothing gives."""
    wrong: list[str] = field(default_factory=list)
    """Weights of another shape, in words."""

    def check(self, name: str) -> None:
        """Raise a ValueError with everything that does not fit."""
        told = {
            "unknown weights, which nothing would take": self.unknown,
            "missing weights, which the model needs": self.missing,
            "weights of another shape": self.wrong,
        }
        faults = [f"{len(names)} {what}: {few(names)}" for what, names in told.items() if names]
        if faults:
            raise ValueError(f"{name} does not fit: {'; '.join(faults)}. `--dry-run` prints the whole key map.")


@cache
def rules(*names: str) -> tuple[Rule, ...]:
    """The rules of these sections of key_maps.yaml, one behind the other."""
    import yaml

    text = (files("moviellm.training.convert") / "key_maps.yaml").read_text(encoding="utf-8")
    sections = yaml.safe_load(text)
    return tuple(_rule(line) for name in names for line in sections[name])


def under(prefix: str, lines: Iterable[Rule]) -> tuple[Rule, ...]:
    """The same rules for names that stand under a prefix."""
    return tuple(
        replace(line, olds=tuple(old if old == ZEROS else prefix + old for old in line.olds)) for line in lines
    )


def _rule(line: Any) -> Rule:
    if isinstance(line, list):
        return Rule((line[0],), line[1])
    if "skip" in line:
        return Rule((line["skip"],), None, line["why"])
    if "fill" in line:
        return Rule((), line["new"], line["why"], float(line["fill"]))
    return Rule(tuple(line["cat"]), line["new"])


def rename(name: str, rule: Rule) -> str | None:
    """The name that a rule gives to one of its sources; an empty one for what it leaves out; None: it does not fit."""
    for old in rule.olds:
        found = re.fullmatch(_pattern(old), name)
        if found:
            return "" if rule.new is None else rule.new.format(**found.groupdict())
    return None


@cache
def _pattern(old: str) -> str:
    return re.escape(old).replace(r"\{n\}", r"(?P<n>\d+)").replace(r"\{rest\}", "(?P<rest>.+)")


def make_plan(rule_lines: Iterable[Rule], sources: Shapes, targets: Shapes) -> Plan:
    """Match names and shapes.

    Args:
        sources: what the checkpoint holds.
        targets: what the model needs, without weights that are tied to others.
    """
    plan = Plan()
    lines = list(rule_lines)
    parts: dict[str, tuple[Rule, list[str]]] = {}
    for name in sources:
        rule, new = next(((rule, new) for rule in lines if (new := rename(name, rule)) is not None), (None, None))
        if rule is None or new is None:
            plan.unknown.append(name)
        elif rule.new is None:
            plan.skipped[name] = rule.why
        else:
            parts.setdefault(new, (rule, []))[1].append(name)
    for target, (rule, names) in parts.items():
        _add_step(plan, target, rule, names, sources, targets)
    plan.steps += [
        Step(line.new, (), targets[line.new], fill=line.fill)
        for line in lines
        if line.fill is not None and line.new is not None and line.new in targets and line.new not in parts
    ]
    given = {step.target for step in plan.steps} | {wrong.split(" ")[0] for wrong in plan.wrong}
    plan.missing = [name for name in targets if name not in given]
    return plan


def _add_step(plan: Plan, target: str, rule: Rule, names: list[str], sources: Shapes, targets: Shapes) -> None:
    if target not in targets:
        plan.unknown += names
        return
    if len(rule.olds) == 1 and len(names) > 1:
        plan.wrong.append(f"{target} (from {few(names)}: which one counts?)")
        return
    ordered = tuple(_ordered(rule, names))
    shape = _shape(ordered, sources)
    wanted = targets[target]
    grows = target.endswith(GROWING) and shape[1:] == wanted[1:] and shape[0] < wanted[0]
    if shape != wanted and not grows:
        plan.wrong.append(f"{target} ({_times(shape)} there, {_times(wanted)} here)")
        return
    plan.steps.append(Step(target, ordered, wanted, grows))


def _ordered(rule: Rule, names: list[str]) -> Iterable[str]:
    if len(rule.olds) == 1:
        return names
    places = [ZEROS if old == ZEROS else _fitting(old, names) for old in rule.olds]
    return [name for name in places if name]


def _fitting(old: str, names: list[str]) -> str:
    return next((name for name in names if re.fullmatch(_pattern(old), name)), "")


def _shape(ordered: tuple[str, ...], sources: Shapes) -> tuple[int, ...]:
    first = sources[next(name for name in ordered if name != ZEROS)]
    if len(ordered) == 1:
        return first
    lengths = [first[0] if name == ZEROS else sources[name][0] for name in ordered]
    return (sum(lengths), *first[1:])


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "one number"
