"""What `moviellm make` says at the end, `--dry-run` before and `status` between: lines for people, or JSON.

    show_report(run, report, spent, places, as_json=False)
    show_plan(run, record, studio, plan, as_json=False)

Failed and stopped are told apart: a failed movie stays away until somebody says `--retry-failed`; the next run goes on
with a stopped one. It makes nothing: see making.py.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from moviellm.generation.costs import Costs, estimate
from moviellm.generation.llm.exchanges import Spent
from moviellm.generation.llm.money import BUDGET_SPENT, load_prices, spent_text
from moviellm.generation.make import MakeReport, Plan
from moviellm.generation.output import counted, emit, note
from moviellm.generation.runs.address import bucket_of, shown
from moviellm.generation.runs.record import RunRecord
from moviellm.generation.runs.status import RunStatus
from moviellm.generation.studios import Studio

NOT_DRAWN_SHOWN = 6
"""Kinds of things that could not be drawn, named in the report; all are in its JSON and on the dataset's card."""
REASON_SHOWN = 300
"""Characters of the reason why a movie failed."""


def shortened(reason: str) -> str:
    """A reason in one line; the JSON of the report has it whole."""
    line = " ".join(reason.split())
    return line if len(line) <= REASON_SHOWN else f"{line[:REASON_SHOWN].rsplit(' ', 1)[0]} ... (--json has it whole)"


def show_report(run: Path, report: MakeReport, spent: Spent | None, places: Mapping[str, str], as_json: bool) -> None:
    made, reused = sum(report.made.values()), sum(report.reused.values())
    did = f"made {made} cells in {report.seconds:.1f} s, {reused} were there"
    if not made and not report.stopped:
        did = f"nothing to make: all {reused} cells are there"
    lines = [f"{shown(run)}: {counted(report.movies, 'movie')}, {counted(report.keyframes, 'keyframe')}; {did}"]
    if spent is not None:
        lines.append(f"  spent so far: {spent_text(spent)}")
    lines += [f"  healed: {finding}" for finding in report.findings]
    lines += [f"  could not draw: {not_drawn_text(report.not_drawn)}"] if report.not_drawn else []
    lines += [f"  failed: {movie_id}: {shortened(reason)}" for movie_id, reason in report.failed.items()]
    if report.failed:
        lines.append(
            f"  movies left out: {len(report.failed)}; if another try may help: "
            f"moviellm make --out {shown(run)} --retry-failed"
        )
    lines += [f"  {name:<11} {place}" for name, place in places.items()]
    if report.movies and not report.stopped:
        dataset = Path(f"{run.name}-dataset") if bucket_of(run) else run.with_name(f"{run.name}-dataset")
        lines.append(f"  next        moviellm dataset build {shown(run)} --out {dataset}")
    facts = {
        "run": shown(run),
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


def status_text(run: Path, status: RunStatus) -> str:
    """How far a run is, in a few lines."""
    held = f"being made by {status.holder}" if status.holder else "nobody makes it now"
    lines = [f"{shown(run)}: {status.finished:,} of {counted(status.movies, 'movie')}, {held}"]
    at_work = ", ".join(f"{node}: {count}" for node, count in sorted(status.nodes.items()))
    lines.append(
        f"  shards      {status.committed:,} of {status.shards:,} committed, {len(status.working)} in the making"
        + (f" ({at_work})" if at_work else "")
    )
    begun = sum(one.cells for one in status.working)
    lines.append(f"  cells       {sum(status.cells.values()):,} committed, {begun:,} in journals")
    if status.left_s != 0 or status.working:
        left = "" if status.left_s is None else f", about {status.left_s / 60:.0f} min left"
        rate = f"{status.rate:.1f} cells/s{left}" if status.rate else "nothing lately"
        lines.append(f"  rate        {rate}")
    lines += [f"  spent       {spent_text(status.spent)}"] if status.spent.calls else []
    lines += [f"  failed      {counted(status.failed, 'cell')}"] if status.failed else []
    return "\n".join(lines + [f"  damaged     {what}" for what in status.damaged])


def not_drawn_text(pictures: Mapping[str, int]) -> str:
    """What pictures do not show, the most frequent first: `object: gizmo (drawn as a bundle) in 7 pictures, ...`."""
    often = sorted(pictures.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{what} in {count} picture{'s' if count > 1 else ''}" for what, count in often[:NOT_DRAWN_SHOWN]]
    return ", ".join(shown) + (f", and {len(often) - len(shown)} more" if len(often) > len(shown) else "")


def _go_on(run: Path, why: str) -> str:
    """The command that resumes a stopped run."""
    more = " --max-usd MORE" if why.startswith(BUDGET_SPENT) else ""
    return f"Go on with: moviellm make --out {shown(run)}{more}"


def show_plan(run: Path, record: RunRecord, studio: Studio, plan: Plan, as_json: bool) -> None:
    """Print what a run would make and cost; makes nothing."""
    costs = estimate(record.recipe, plan.missing, load_prices())
    facts = {
        "run": shown(run),
        "movies": plan.movies,
        "cells": plan.cells,
        "cached": plan.cached,
        "to_make": plan.to_make,
        "image_bytes": plan.image_bytes,
        "shards_unopened": plan.unopened,
        "tried_again": plan.tried_again,
        "paid_calls": costs.calls + costs.images,
        "estimate": asdict(costs),
        "spent": None if studio.service is None else asdict(studio.service.spent),
        "max_usd": record.recipe.engine.max_usd,
    }
    emit(facts, "\n".join(_plan_lines(run, plan, costs, studio, record.recipe.engine.max_usd)), as_json)


def _plan_lines(run: Path, plan: Plan, costs: Costs, studio: Studio, max_usd: float | None) -> list[str]:
    lines = [
        f"{shown(run)}: {counted(plan.movies, 'movie')}",
        f"  {'stage':<10} {'cells':>9} {'cached':>9} {'to make':>9}",
    ]
    lines += [
        f"  {stage:<10} {count:>9} {plan.cached[stage]:>9} {plan.missing[stage]:>9}"
        for stage, count in plan.cells.items()
    ]
    if plan.unopened:
        shards = counted(plan.unopened, "shard")
        lines.append(f"  {shards} counted as committed: what an edit has changed in them is not known yet")
    if plan.tried_again:
        lines.append(f"  {counted(plan.tried_again, 'failed cell')} in them are tried again, beside those to make")
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
