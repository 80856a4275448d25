"""What `moviellm eval judge` prints, and how it ends: 0 judged, 1 stopped or not valid, 2 the wish was wrong.

    judge(wish, dry_run=False, as_json=False)
    rescore(folder, as_json=False)              # 1 where the numbers are others than judgement.json has

It judges nothing: see judge.py.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from moviellm.eval.judging import estimating
from moviellm.eval.judging.counting import UNSCORED_MAX
from moviellm.eval.judging.judge import Wish, judged_of, planned
from moviellm.eval.judging.leaving import Judged, rescored
from moviellm.generation.output import emit, note
from moviellm.generation.protocols import StoppedError


def judge(wish: Wish, *, dry_run: bool, as_json: bool) -> None:
    """`moviellm eval judge RUN`."""
    if dry_run:
        plan = planned(wish)
        emit(plan, _plan_text(wish, plan), as_json)
        return
    try:
        judged = judged_of(wish)
    except StoppedError as error:
        note(f"stopped: {_in_options(str(error), wish)}")
        note(f"what judges have said is kept in {wish.kept}; the same command goes on from there")
        raise SystemExit(1) from None
    facts = {
        "judgements": [dict(one.facts) for one in judged],
        "folders": [str(one.folder) for one in judged],
        "calls_now": max(one.calls_now for one in judged),
    }
    emit(facts, "\n\n".join(text_of(one) for one in judged), as_json)
    wrong = [one for one in judged if not one.facts["valid"]]
    for one in wrong:
        note(
            f"NOT VALID: {one.facts['metric']}: {_unscored(one.facts)}; more than {UNSCORED_MAX:.0%} leaves no number"
        )
        note(f"what was said stands in {one.folder}; --retry-unscored asks anew")
    if wrong:
        raise SystemExit(1)


def _in_options(text: str, wish: Wish) -> str:
    """A message of the service, in the words of this verb."""
    text = text.replace("set llm.", "--").replace("llm.max_tokens", "--max-tokens").replace("max_tokens", "max-tokens")
    prefixes = {name.partition(":")[0].upper() for name in wish.panel}
    if len(prefixes) == 1 and (prefix := prefixes.pop()) != "OPENAI":
        text = text.replace("OPENAI_", f"{prefix}_")
    return text


def _plan_text(wish: Wish, plan: Mapping[str, Any]) -> str:
    if not wish.panel:
        return f"{plan['items']:,} answers; {', '.join(wish.offline)} asks nobody and costs nothing"
    return f"{plan['items']:,} items by {', '.join(plan['rubrics'])}\n{estimating.text_of(plan)}"


def rescore(folder: Path, *, as_json: bool) -> None:
    """`moviellm eval judge --rescore FOLDER`."""
    facts, other = rescored(folder)
    rows = "\n".join(_table(facts))
    said = "the same as in judgement.json" if not other else f"OTHERS than in judgement.json: {', '.join(other)}"
    emit({**facts, "differs": other}, f"{facts['metric']}\n{rows}\n{said}", as_json)
    if other:
        raise SystemExit(1)


def text_of(judged: Judged) -> str:
    """A judgement for a terminal."""
    facts = judged.facts
    lines = [str(facts["metric"]), *_table(facts)]
    if facts["unscored"]["n"]:
        lines.append(f"unscored: {_unscored(facts)}")
    if facts["settled"]:
        lines.append(
            f"{facts['settled']} of {facts['items']} items needed no judge (no answer, or the same answer twice)"
        )
    for judge, told in facts.get("position", {}).items():
        if told["pairs"]:
            lines.append(
                f"{judge}: the order decided {told['inconsistent']} of {told['pairs']} pairs (ties), "
                f"{told['flipped']} with another winner each way"
            )
    lines += _agreement(facts["agreement"])
    if facts["injections"]["flagged"]:
        names = ", ".join(list(facts["injections"]["items"])[:5])
        lines.append(f"{facts['injections']['flagged']} answers look like an attack on the judge, read them: {names}")
    if facts["judges"]:
        cost = "no price known" if facts["cost_usd"] is None else f"{facts['cost_usd']:.4f} USD"
        lines.append(f"{facts['calls']:,} calls, {cost}; {judged.calls_now:,} calls now")
    for one in facts["judges"]:
        if not one["pinned"]:
            lines.append(
                f"{one['asked_as']}: nobody says which weights judged; write its revision: {one['asked_as']}@REVISION"
            )
    if facts["rubric"].get("facts") is False and str(facts["metric"]).endswith("-no-facts"):
        lines.append("judges were not told what happens in the movies: name the dataset with --data")
    return "\n".join([*lines, str(judged.folder / "judgement.json")])


def _shown(number: Mapping[str, Any]) -> tuple[str, str]:
    """Value and interval in words."""
    value = "none" if number["value"] is None else f"{number['value']:.3f}"
    return value, "" if number["low"] is None else f"[{number['low']:.3f}, {number['high']:.3f}]"


def _table(facts: Mapping[str, Any]) -> list[str]:
    rows = [
        (task, metric.partition("@")[0] if facts["kind"] in ("pointwise", "pairwise") else metric, number)
        for task, part in facts["tasks"].items()
        for metric, number in part["metrics"].items()
    ]
    cells = [
        (task, metric, *_shown(number), f"n {number['n']}", str(number.get("reason", "")))
        for task, metric, number in rows
    ]
    widths = [max((len(row[column]) for row in cells), default=0) for column in range(6)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    for task, part in facts["tasks"].items():
        if "bounds" in part:
            bounds = part["bounds"]
            lines.append(f"{task}: with the unscored ones between {bounds['least']:.3f} and {bounds['most']:.3f}")
    return lines


def _agreement(told: Mapping[str, Any]) -> Sequence[str]:
    names = {
        "krippendorff_alpha": "Krippendorff's alpha",
        "krippendorff_alpha_ordinal": "Krippendorff's alpha",
        "gwet_ac1": "Gwet's AC1",
    }
    said = [
        f"{title} {told[name]:.3f}" if told[name] is not None else f"{title} undefined"
        for name, title in names.items()
        if name in told
    ]
    return [f"judges agree: {', '.join(said)} over {told['items']} items"] if said else []


def _unscored(facts: Mapping[str, Any]) -> str:
    told = facts["unscored"]
    reasons = ", ".join(f"{why} {n}" for why, n in told["reasons"].items())
    return f"{told['n']} of {facts['items']} ({told['share']:.1%}): {reasons}"
