"""`moviellm make`: choose the recipe, lock the run, make what is missing, show it.

    moviellm make "a lighthouse keeper finds a map" --out runs/map

Imported by cli.py when the verb runs. The line itself is in make.py, the run's record in runs/record.py, what is said
about it in reports.py.
"""

import asyncio
import gc
import hashlib
import os
import re
from pathlib import Path
from typing import Any

from moviellm.generation.config import Recipe, load_recipe, read_text, recipe_from, set_key
from moviellm.generation.llm.money import spent_text
from moviellm.generation.make import MakeReport, cells_of_run, make_run, shard_size
from moviellm.generation.output import note
from moviellm.generation.progress import progress
from moviellm.generation.protocols import Writer
from moviellm.generation.reports import show_plan, show_report
from moviellm.generation.runs.lock import lock_run
from moviellm.generation.runs.record import NO_THEME, RECORD_NAME, RunRecord, next_record, read_run, write_record
from moviellm.generation.studio.writer import OfflineWriter
from moviellm.generation.studios import Studio, open_studio
from moviellm.generation.views import write_views

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
    _note_gates(recipe)

    def current_record() -> RunRecord:
        return next_record(run, recipe, movies_per_shard=shard_size(recipe), replace=replace)

    record = current_record()  # refuses bad input before anything is written
    if dry_run:
        show_plan(run, record, studio, retry_failed, as_json)
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
    spent = None if studio.service is None else studio.service.spent
    show_report(run, report, spent, places, as_json)


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
        note(f"no theme given: taken from recipe {recipe.name} ({len(recipe.themes)})")


def _note_gates(recipe: Recipe) -> None:
    """Say where gates measure less than they seem to."""
    models = recipe.gates.models
    if len(models) == 1:
        note(f"gates.models names only {models[0]}: what one model cannot guess another may; two make a blind gate")
    if recipe.writer != "offline" and recipe.llm.model in models:
        note(f"gates.models names {recipe.llm.model}, which also writes: it may know its own questions")


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
    gc.freeze()  # the program itself is no garbage: walking through it again and again takes a twentieth of the time
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
