"""What `moviellm make` says at the end, and what `--dry-run` says before: lines for people, or one JSON object.

    show_report(run, report, spent, places, as_json=False)
    show_plan(run, record, studio, retry_failed=False, as_json=False)

Failed and stopped are told apart: a failed movie stays away until somebody says `--retry-failed`; the next run goes on
with a stopped one. It makes nothing: see making.py.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from moviellm.generation.costs import Costs, estimate
from moviellm.generation.llm.exchanges import Spent
from moviellm.generation.llm.money import BUDGET_SPENT, load_prices, spent_text
from moviellm.generation.make import MakeReport, Plan, plan_run
from moviellm.generation.output import emit, note
from moviellm.generation.runs.record import RunRecord
from moviellm.generation.studios import Studio

NOT_DRAWN_SHOWN = 6
"""Kinds of things that could not be drawn, named in the report; all are in its JSON and on the dataset's card."""
REASON_SHOWN = 300
"""Characters of the reason why a movie failed."""


def counted(number: int, noun: str) -> str:
    """`1 movie`, `2,000 movies`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def shortened(reason: str) -> str:
    """A reason in one line; the JSON of the report has it whole."""
    line = " ".join(reason.split())
    return line if len(line) <= REASON_SHOWN else f"{line[:REASON_SHOWN].rsplit(' ', 1)[0]} ... (--json has it whole)"


def show_report(run: Path, report: MakeReport, spent: Spent | None, places: Mapping[str, str], as_json: bool) -> None:
    made, reused = sum(report.made.values()), sum(report.reused.values())
    did = f"made {made} cells in {report.seconds:.1f} s, {reused} were there"
    if not made and not report.stopped:
        did = f"nothing to make: all {reused} cells are there"
    lines = [f"{run}: {counted(report.movies, 'movie')}, {counted(report.keyframes, 'keyframe')}; {did}"]
    if spent is not None:
        lines.append(f"  spent so far: {spent_text(spent)}")
    lines += [f"  healed: {finding}" for finding in report.findings]
    lines += [f"  could not draw: {not_drawn_text(report.not_drawn)}"] if report.not_drawn else []
    lines += [f"  failed: {movie_id}: {shortened(reason)}" for movie_id, reason in report.failed.items()]
    if report.failed:
        lines.append(
            f"  movies left out: {len(report.failed)}; if another try may help: "
            f"moviellm make --out {run} --retry-failed"
        )
    lines += [f"  {name:<11} {place}" for name, place in places.items()]
    if report.movies and not report.stopped:
        lines.append(f"  next        moviellm dataset build {run} --out {run.with_name(run.name + '-dataset')}")
    facts = {
        "run": str(run),
        "movies": report.movies,
        "keyframes": report.keyframes,
        "made": dict(sorted(report.made.items())),
        "reused": dict(sorted(report.reused.items())),
        "failed": report.failed,
        "stopped": report.stopped,
        "findings": report.findings,
        "not_drawn": dict(sorted(report.not_drawn.items())),
        "spent": None if spent is None else asdict(spent),
        "seconds": round(report.seconds, 3),
    }
    emit(facts | dict(places), "\n".join(lines), as_json)
    if report.stopped:
        why = next(iter(report.stopped.values()))
        note(f"stopped: {why}; everything paid for is kept. {_go_on(run, why)}")
    if report.stopped or not report.movies:
        raise SystemExit(1)


def not_drawn_text(pictures: Mapping[str, int]) -> str:
    """What pictures do not show, the most frequent first: `object: gizmo (drawn as a bundle) in 7 pictures, ...`."""
    often = sorted(pictures.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{what} in {count} picture{'s' if count > 1 else ''}" for what, count in often[:NOT_DRAWN_SHOWN]]
    return ", ".join(shown) + (f", and {len(often) - len(shown)} more" if len(often) > len(shown) else "")


def _go_on(run: Path, why: str) -> str:
    """The command that resumes a stopped run."""
    more = " --max-usd MORE" if why.startswith(BUDGET_SPENT) else ""
    return f"Go on with: moviellm make --out {run}{more}"


def show_plan(run: Path, record: RunRecord, studio: Studio, retry_failed: bool, as_json: bool) -> None:
    """Print what a run would make and cost; makes nothing."""
    plan = asyncio.run(
        plan_run(run, record, studio.writer, studio.painter, retry_failed=retry_failed, service=studio.service)
    )
    costs = estimate(record.recipe, plan.missing, load_prices())
    facts = {
        "run": str(run),
        "movies": plan.movies,
        "cells": plan.cells,
        "cached": plan.cached,
        "to_make": plan.to_make,
        "image_bytes": plan.image_bytes,
        "paid_calls": costs.calls + costs.images,
        "estimate": asdict(costs),
        "spent": None if studio.service is None else asdict(studio.service.spent),
        "max_usd": record.recipe.engine.max_usd,
    }
    emit(facts, "\n".join(_plan_lines(run, plan, costs, studio, record.recipe.engine.max_usd)), as_json)


def _plan_lines(run: Path, plan: Plan, costs: Costs, studio: Studio, max_usd: float | None) -> list[str]:
    lines = [f"{run}: {counted(plan.movies, 'movie')}", f"  {'stage':<10} {'cells':>9} {'cached':>9} {'to make':>9}"]
    lines += [
        f"  {stage:<10} {count:>9} {plan.cached[stage]:>9} {plan.missing[stage]:>9}"
        for stage, count in plan.cells.items()
    ]
    size = f"about {plan.image_bytes / 1e6:.1f} MB"
    bound = "beside portraits and scores" if studio.painter.makes_portraits else "at most"
    if studio.service is None:
        return [*lines, f"  {plan.to_make} cells to make {bound}, {size}, no paid call"]
    lines.append(f"  {plan.to_make} cells to make {bound}, {size}")
    lines.append(f"  by estimate: {costs.text()}")
    if studio.service.spent.calls:
        lines.append(f"  spent so far: {spent_text(studio.service.spent)}")
    if max_usd is not None:
        lines.append(f"  the run stops before it has cost {max_usd:g} USD")
    return lines
