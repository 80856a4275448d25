"""What a gate says to people: gate.md, whose table a card can take as it is.

    text_of(facts)          # facts: what gate.json holds

It computes nothing.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

Facts = Mapping[str, Any]
_MARKS: Final = re.compile(r"[\\`*_\[\]#!]")
MISTAKES_MAX: Final = 10
"""Mistakes that are shown; gate.json has all."""
ATTACKS_MAX: Final = 8
"""Attacks that are named of each goal."""
SHARES: Final = frozenset({"unscored", "order_flips", "injection_flips", "anchors"})
"""Criteria that are shares, and shown in percent."""


def text_of(facts: Facts) -> str:
    """The page."""
    parts = [_headline(facts)]
    if facts["criteria"]:
        parts += [_table(facts), _asked(facts), _limits(facts), _findings(facts["findings"])]
        if facts["drift"] is not None:
            parts.append(_drift(facts["drift"]))
        if facts["findings"]["mistakes"]:
            parts.append(_mistakes(facts["findings"]["mistakes"]))
    return "\n\n".join(part for part in parts if part) + "\n"


def _headline(facts: Facts) -> str:
    judge = facts["judge"]
    name = code(judge["version"] or judge["asked"])
    if facts["admitted"]:
        by = "on the built-in labels alone" if facts["basis"] == "built-in" else "on the labels given"
        return f"**Judge {name}: admitted**, {by}."
    return f"**Judge {name}: not admitted.** {' '.join(f'{one}.' for one in facts['refused_for'])}"


def _table(facts: Facts) -> str:
    lines = ["| criterion | value | 95 % interval | asked for | n | |", "|---|---|---|---|---|---|"]
    lines += [_line(one) for one in facts["criteria"]]
    return "\n".join(lines)


def _line(one: Mapping[str, Any]) -> str:
    if one["name"] == "pinned":
        return f"| {one['title']} | {'yes' if one['passed'] else 'no'} | | yes | | {_mark(one)} |"
    share = one["name"] in SHARES
    interval = "" if one["low"] is None else f"{_number(one['low'], share)} to {_number(one['high'], share)}"
    wanted = f"{'≥' if one['at_least'] else '≤'} {_number(one['threshold'], share)}"
    value = "not measured" if one["value"] is None else _number(one["value"], share)
    return f"| {one['title']} | {value} | {interval} | {wanted} | {one['n'] or ''} | {_mark(one)} |"


def fault_of(one: Mapping[str, Any]) -> str:
    """Why a measured criterion fails, in words."""
    share = one["name"] in SHARES
    side = "at least" if one["at_least"] else "at most"
    return f"{_number(one['value'], share)}, where {side} {_number(one['threshold'], share)} is asked for"


def _mark(one: Mapping[str, Any]) -> str:
    if not one["passed"]:
        return "**fails**"
    return "passes" if one["sure"] else "passes, not sure"


def _number(value: float, share: bool) -> str:
    if share:
        return f"{100 * value:.1f} %".replace(".0 %", " %")
    return f"{value:.2f}"


def _asked(facts: Facts) -> str:
    labels, rubrics = facts["labels"], facts["rubrics"]
    cost = "price not known" if facts["cost_usd"] is None else f"{facts['cost_usd']:.4f} USD"
    return (
        f"Labels: {', '.join(code(one) for one in labels['sources'])}, {labels['right']} right and "
        f"{labels['wrong']} wrong answers, {labels['pairs']} pairs (sha256 `{labels['sha256'][:12]}`). "
        f"Rubrics: {code(rubrics['answers']['id'])}, {code(rubrics['pairs']['id'])}. Each answer judged "
        f"{facts['repeats']} times; canary set {facts['canary_set']['version']} of {facts['canary_set']['attacks']} "
        f"attacks. {facts['calls']} calls, {cost}."
    )


def _limits(facts: Facts) -> str:
    if facts["basis"] == "built-in":
        return (
            "The built-in labels are clear cases, labelled by who wrote them. A judge that fails on them is unfit; "
            "one that passes has not been held against people: label answers of your own for that."
        )
    few = facts["labels"]["right"] + facts["labels"]["wrong"] < facts["labels"]["wanted"]
    if few:
        return (
            f"{facts['labels']['wanted']} labelled answers are advised; with fewer, intervals are wide, and "
            "`not sure` means that."
        )
    return ""


def _findings(found: Facts) -> str:
    lines = ["Beside the criteria:", ""]
    leniency = found["leniency"]
    for name, words in (
        ("right_called_right", "right answers called right"),
        ("wrong_called_wrong", "wrong ones called wrong"),
    ):
        if leniency[name]["n"]:
            lines.append(f"- {words}: {_number(leniency[name]['value'], True)} of {leniency[name]['n']}")
    if found["position"]["n"]:
        share = _number(found["position"]["first_preferred"], True)
        lines.append(f"- the answer shown first wins {share} of {found['position']['n']} verdicts with a winner")
    if found["length"]["n"]:
        share = _number(found["length"]["longer_preferred_wrongly"], True)
        lines.append(
            f"- the longer answer is preferred in {share} of {found['length']['n']} pairs in which it is worse"
        )
    if found["score_alpha"] is not None:
        lines.append(f"- alpha of its scores from 0 to 5, asked again: {found['score_alpha']:.2f}")
    goals = (("pass", "wrong answers passed"), ("win", "worse answers won or drew"), ("fail", "right answers failed"))
    for goal, words in goals:
        one = found["attacks"][goal]
        if one["asked"]:
            names = [*one["by"]][:ATTACKS_MAX]
            more = f" and {len(one['by']) - ATTACKS_MAX} more" if len(one["by"]) > ATTACKS_MAX else ""
            by = f" ({', '.join(names)}{more})" if names else ""
            lines.append(
                f"- by an attack {words}: {one['flipped']} of {one['counted']}{by}; no verdict: {one['silenced']}"
            )
    noise = found["turned_without_attack"]
    if noise["n"]:
        lines.append(f"- without any attack, asked again, {_number(noise['value'], True)} of {noise['n']} passed")
    if found["unscored"]:
        reasons = ", ".join(f"{kind} {count}" for kind, count in found["unscored"].items())
        lines.append(f"- without a verdict: {reasons}")
    return "\n".join(lines)


def _drift(drift: Facts) -> str:
    changed = drift["changed"]
    lines = [f"Against the gate in {code(drift['against'])} ({drift['anchors']} anchors):"]
    lines += [f"- {cell(one['id'])}: was {one['was']}, is {one['now']}" for one in changed[:MISTAKES_MAX]]
    if len(changed) > MISTAKES_MAX:
        lines.append(f"- and {len(changed) - MISTAKES_MAX} more, in gate.json")
    return "\n".join(lines[:1] + [""] + lines[1:]) if changed else f"{lines[0]} every verdict is the same."


def _mistakes(mistakes: list[dict[str, Any]]) -> str:
    lines = ["| label | says | judge says | its reason |", "|---|---|---|---|"]
    for one in mistakes[:MISTAKES_MAX]:
        why = one.get("reason") or ", ".join(str(side) for side in one.get("orders", ()))
        lines.append(f"| {cell(one['id'])} | {one['label']} | {one['judge']} | {cell(why[:200])} |")
    rest = len(mistakes) - MISTAKES_MAX
    return "\n".join(lines) + (f"\n\nand {rest} more, in gate.json" if rest > 0 else "")


def code(text: str) -> str:
    """A name of anybody as code, in a sentence or a cell."""
    line = _one_line(text).replace("`", "'")
    return f"`{line}`"


def cell(text: str) -> str:
    """A text of anybody as a cell of a table: one line, nothing of Markdown or HTML in it."""
    line = _one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKS.sub(r"\\\g<0>", line)


def _one_line(text: str) -> str:
    return " ".join(str(text).split()).replace("|", "/")
