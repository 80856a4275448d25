"""`moviellm make`: choose the recipe, lock the run, make what is missing, show it.

    moviellm make "a lighthouse keeper finds a map" --out runs/map

Imported by cli.py when the verb runs. The line itself is in make.py, the run's record in runs/record.py.
"""

import asyncio
import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from moviellm.generation.config import Recipe, load_recipe, read_text, recipe_from, set_key
from moviellm.generation.llm.exchanges import Spent
from moviellm.generation.llm.money import BUDGET_SPENT, spent_text
from moviellm.generation.make import MakeReport, cells_of_run, make_run, plan_run, shard_size
from moviellm.generation.output import emit, note
from moviellm.generation.progress import progress
from moviellm.generation.protocols import Writer
from moviellm.generation.runs.lock import lock_run
from moviellm.generation.runs.record import NO_THEME, RECORD_NAME, RunRecord, next_record, read_run, write_record
from moviellm.generation.studio.writer import OfflineWriter
from moviellm.generation.studios import Studio, open_studio
from moviellm.generation.views import write_views

NOT_DRAWN_SHOWN = 6
"""Kinds of things that could not be drawn, named in the report; all are in its JSON and on the dataset's card."""
THEMES_NOTED = 3
"""Up to so many themes, what the writer takes from each is said."""
WORDS_AT = "generation/studio/grammar/world.yaml"


def make(
    *,
    themes: list[str],
    themes_file: Path | None,
    out: Path | None,
    recipe_name: str | None,
    overrides: list[str],
    replace: bool,
    films: bool,
    retry_failed: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Make the movies of a recipe, or of themes, into a run folder; or only say what would be made.

    Raises:
        ValueError: the input is wrong; nothing was written.
        SystemExit: 130 when stopped by Ctrl-C, 1 when not one movie could be made or the run could not go on.
    """
    asked = themes + (_read_themes(themes_file) if themes_file else [])
    run, recipe = _run_and_recipe(asked, out, recipe_name, overrides)
    studio = open_studio(recipe, run)
    _note_themes(asked, recipe, studio.writer)

    def current_record() -> RunRecord:
        return next_record(run, recipe, movies_per_shard=shard_size(recipe), replace=replace)

    record = current_record()  # refuses bad input before anything is written
    if dry_run:
        _show_plan(run, record, studio, retry_failed, as_json)
        return
    try:
        with lock_run(run):
            record = current_record()  # again: another process may have extended the run meanwhile
            write_record(run, record)
            report = _make(run, record, studio, retry_failed)
            places = write_views(run, None, films=True) if films and report.movies else {}
    except KeyboardInterrupt:
        note(f"stopped; everything finished is kept. Resume with: moviellm make --out {run}")
        raise SystemExit(130) from None
    _show_report(run, report, studio.service and studio.service.spent, places, as_json)


def _read_themes(path: Path) -> list[str]:
    if not path.is_file():
        raise ValueError(f"no themes file {path}; it is a text file with one theme a line")
    lines = read_text(path).splitlines()
    themes = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not themes:
        raise ValueError(f"{path} holds no theme; write one theme a line")
    return themes


def _run_and_recipe(
    themes: list[str], out: Path | None, name: str | None, overrides: list[str]
) -> tuple[Path, Recipe]:
    """The run folder and its recipe: that of the run which is there, unless another is named; `tiny` for a new one."""
    data = load_recipe("tiny" if name is None else name).model_dump(mode="json")
    if themes:
        # Themes of one's own make a run of one's own: it is not called after the recipe it takes its sizes from.
        data |= {"themes": themes, "movies": None, "name": "unnamed", "description": ""}
        data["dataset"] |= {"name": "MovieLLM"}
    fresh = _override(data, overrides, "recipe")
    run = out or Path("runs") / _slug(fresh)
    if name is not None or not (run / RECORD_NAME).exists():
        return run, _with_model(fresh)
    old = read_run(run).recipe
    data = old.model_dump(mode="json")
    if themes and tuple(fresh.themes) != old.themes:
        data |= {"themes": themes, "movies": None}
    return run, _with_model(_override(data, overrides, str(run / RECORD_NAME)))


def _with_model(recipe: Recipe) -> Recipe:
    """The recipe with its language model named: what the environment says when the run begins is part of the run."""
    named = os.environ.get("OPENAI_MODEL", "").strip()
    if recipe.writer == "offline" or recipe.llm.model is not None or not named:
        return recipe
    return recipe.model_copy(update={"llm": recipe.llm.model_copy(update={"model": named})})


def _note_themes(asked: list[str], recipe: Recipe, writer: Writer) -> None:
    """Say what the offline writer takes from the themes, so that nobody waits for a moon that it does not know."""
    if len(asked) > 2 and all(" " not in theme for theme in asked):
        note(f"{len(asked)} themes of one word each; if they are one theme, put it in quotes")
    if not isinstance(writer, OfflineWriter):
        return
    for theme in dict.fromkeys(asked):
        words = writer.understood(theme, recipe.language.tag)
        if words and len(asked) <= THEMES_NOTED:
            note(f'from "{theme}" the story takes: {", ".join(words)}; other words only seed it')
        elif not words:
            note(f'the offline writer knows no word of "{theme}": it only seeds the story (words: {WORDS_AT})')
    if not asked and recipe.themes:
        note(f"no theme given: the {len(recipe.themes)} of recipe {recipe.name}")


def _override(data: dict[str, Any], overrides: list[str], source: str) -> Recipe:
    for override in overrides:
        set_key(data, override)
    return recipe_from(data, source=source)


def _slug(recipe: Recipe) -> str:
    """A folder name for a run that was not given one: the same themes and seed find the same folder."""
    if not recipe.themes:
        raise ValueError(NO_THEME)
    words = re.sub(r"[^a-z0-9]+", "-", recipe.themes[0].lower()).strip("-")[:40].strip("-") or "movie"
    digest = hashlib.sha256("\n".join((*recipe.themes, str(recipe.seed))).encode()).hexdigest()[:6]
    return f"{words}-{digest}"


def _make(run: Path, record: RunRecord, studio: Studio, retry_failed: bool) -> MakeReport:
    total = sum(cells_of_run(record.recipe).values())
    service = studio.service
    spent = (lambda: spent_text(service.spent)) if service else (lambda: "")

    async def job() -> MakeReport:
        try:
            with progress("making", total, "cells", spent) as advance:
                return await make_run(
                    run,
                    record,
                    studio.writer,
                    studio.painter,
                    advance,
                    retry_failed=retry_failed,
                    service=service,
                )
        finally:
            await studio.close()

    return asyncio.run(job())


def _show_report(run: Path, report: MakeReport, spent: Spent | None, places: Mapping[str, str], as_json: bool) -> None:
    made, reused = sum(report.made.values()), sum(report.reused.values())
    did = f"made {made} cells in {report.seconds:.1f} s, {reused} were there"
    if not made and not report.stopped:
        did = f"nothing to make: all {reused} cells are there"
    lines = [f"{run}: {report.movies} movies, {report.keyframes} keyframes; {did}"]
    if spent is not None:
        lines.append(f"  spent so far: {spent_text(spent)}")
    lines += [f"  healed: {finding}" for finding in report.findings]
    lines += [f"  could not draw: {not_drawn_text(report.not_drawn)}"] if report.not_drawn else []
    lines += [f"  failed: {movie_id}: {reason}" for movie_id, reason in report.failed.items()]
    if report.failed:
        lines.append(
            f"  {len(report.failed)} movies are left out; if another try may help: "
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


def _show_plan(run: Path, record: RunRecord, studio: Studio, retry_failed: bool, as_json: bool) -> None:
    plan = asyncio.run(
        plan_run(run, record, studio.writer, studio.painter, retry_failed=retry_failed, service=studio.service)
    )
    facts = {
        "run": str(run),
        "movies": plan.movies,
        "cells": plan.cells,
        "cached": plan.cached,
        "to_make": plan.to_make,
        "image_bytes": plan.image_bytes,
        "paid_calls": 0,
    }
    lines = [f"{run}: {plan.movies} movies", f"  {'stage':<10} {'cells':>9} {'cached':>9} {'to make':>9}"]
    lines += [
        f"  {stage:<10} {count:>9} {plan.cached[stage]:>9} {count - plan.cached[stage]:>9}"
        for stage, count in plan.cells.items()
    ]
    lines.append(
        f"  {plan.to_make} cells to make at most, about {plan.image_bytes / 1e6:.1f} MB, no paid call (offline)"
    )
    emit(facts, "\n".join(lines), as_json)
