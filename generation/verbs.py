"""What the verbs of the command line do: put the rooms together and print what came of it.

Imported by cli.py when a verb runs. Rooms after this one (cards, the dataset's front door) are named by string: the
ground floor does not import them. The work itself is in the rooms.
"""

import asyncio
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from moviellm.generation.config import Recipe, load_recipe, recipe_from, set_key
from moviellm.generation.progress import progress
from moviellm.generation.run_folder import RECORD_NAME, RunRecord, read_run, start_run

STORYBOARD_NAME = "storyboard.html"


def _print(text: str = "") -> None:
    print(text, flush=True)  # noqa: T201


def _emit(facts: Mapping[str, object], text: str, as_json: bool) -> None:
    _print(json.dumps(facts, ensure_ascii=False) if as_json else text)


# ------------------------------------------------------------------------------------------------ make


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
    """`moviellm make`."""
    from moviellm.generation.cells import lock_run
    from moviellm.generation.make import open_studio, shard_size

    asked = themes + (_read_themes(themes_file) if themes_file else [])
    recipe = _recipe(asked, out, recipe_name, overrides)
    run = out or Path("runs") / _slug(recipe)
    if dry_run:
        _dry_run(run, recipe, as_json)
        return
    writer, painter = open_studio(recipe)
    record = start_run(run, recipe, movies_per_shard=shard_size(recipe), replace=replace)
    with lock_run(run):
        facts = _make_locked(run, record, writer, painter, retry_failed)
    if films:
        facts |= _write_views(run, None, films=True)
    _emit(facts, _make_text(run, facts), as_json)
    if facts["failed"]:
        raise SystemExit(1)


def _read_themes(path: Path) -> list[str]:
    if not path.is_file():
        raise ValueError(f"no themes file {path}; it is a text file with one theme a line")
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text ({error}); save it as UTF-8") from None
    themes = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not themes:
        raise ValueError(f"{path} holds no theme; write one theme a line")
    return themes


def _recipe(themes: list[str], out: Path | None, name: str | None, overrides: list[str]) -> Recipe:
    """The recipe of this call: named, or that of the run that is being resumed, or `tiny`."""
    if name is None and not themes and out is not None and (out / RECORD_NAME).exists():
        data = read_run(out).recipe.model_dump(mode="json")
        source = str(out / RECORD_NAME)
    else:
        data = load_recipe(name or "tiny").model_dump(mode="json")
        source = "recipe"
        if themes:
            data |= {"themes": themes, "movies": None}
    for override in overrides:
        set_key(data, override)
    return recipe_from(data, source=source)


def _slug(recipe: Recipe) -> str:
    """A folder name for a run that was not given one: the same themes and seed find the same folder."""
    if not recipe.themes:
        raise ValueError('no theme to make a movie from; give one: moviellm make "a lighthouse keeper finds a map"')
    words = re.sub(r"[^a-z0-9]+", "-", recipe.themes[0].lower()).strip("-")[:40].strip("-") or "movie"
    digest = hashlib.sha256("\n".join((*recipe.themes, str(recipe.seed))).encode()).hexdigest()[:6]
    return f"{words}-{digest}"


def _make_locked(run: Path, record: RunRecord, writer: Any, painter: Any, retry_failed: bool) -> dict[str, object]:
    from moviellm.generation.make import cells_per_movie, make_run

    total = sum(cells_per_movie(record.recipe.story).values()) * len(record.recipe.movie_themes())

    async def job() -> Any:
        try:
            with progress("making", total, "cells") as advance:
                return await make_run(run, record, writer, painter, advance, retry_failed=retry_failed)
        finally:
            await painter.close()

    try:
        report = asyncio.run(job())
    except KeyboardInterrupt:
        print(f"\nstopped; resume with: moviellm make --out {run}", file=sys.stderr)  # noqa: T201
        raise SystemExit(130) from None
    return {
        "run": str(run),
        "movies": report.movies,
        "keyframes": report.keyframes,
        "made": dict(sorted(report.made.items())),
        "reused": dict(sorted(report.reused.items())),
        "failed": report.failed,
        "findings": report.findings,
        "seconds": round(report.seconds, 3),
    }


def _make_text(run: Path, facts: Mapping[str, Any]) -> str:
    made, reused = sum(facts["made"].values()), sum(facts["reused"].values())
    did = f"made {made} cells in {facts['seconds']:.1f} s, {reused} were there" if made else "nothing to make"
    lines = [f"{run}: {facts['movies']} movies, {facts['keyframes']} keyframes; {did}"]
    if not made:
        lines[0] += f": all {reused} cells are there"
    lines += [f"  healed: {finding}" for finding in facts["findings"]]
    lines += [f"  failed: {movie_id}: {reason}" for movie_id, reason in facts["failed"].items()]
    if "storyboard" in facts:
        lines += [f"  storyboard  {facts['storyboard']}", f"  films       {facts['films']}"]
    lines.append(f"  next        moviellm dataset build {run} --out {run.with_name(run.name + '-dataset')}")
    return "\n".join(lines)


def _dry_run(run: Path, recipe: Recipe, as_json: bool) -> None:
    from moviellm.generation.make import open_studio, plan_run, shard_size
    from moviellm.generation.schema import SCHEMA_VERSION

    if not recipe.themes:
        raise ValueError('no theme to make a movie from; give one: moviellm make "a lighthouse keeper finds a map"')
    record = (
        read_run(run).model_copy(update={"recipe": recipe})
        if (run / RECORD_NAME).exists()
        else RunRecord(
            recipe=recipe,
            created_at="",
            code_version="",
            code_revision="",
            schema_version=SCHEMA_VERSION,
            movies_per_shard=shard_size(recipe),
        )
    )
    writer, painter = open_studio(recipe)
    plan = asyncio.run(plan_run(run, record, writer, painter))
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
    _emit(facts, "\n".join(lines), as_json)


# ------------------------------------------------------------------------------------------------ view, check, gc


def view(run: Path, *, movie_ids: list[str] | None, films: bool, as_json: bool) -> None:
    """`moviellm view`."""
    read_run(run)
    facts = _write_views(run, movie_ids, films=films)
    text = f"  storyboard  {facts['storyboard']}" + (f"\n  films       {facts['films']}" if films else "")
    _emit({"run": str(run)} | facts, text, as_json)


def _write_views(run: Path, movie_ids: list[str] | None, *, films: bool) -> dict[str, object]:
    from moviellm.generation.film import film_up_to_date, write_film
    from moviellm.generation.tables import RunReader

    reader = RunReader(run)
    title = read_run(run).recipe.dataset.name
    known = {movie.movie_id: sum(1 for _ in movie.keyframes()) for movie in reader.movies()}
    unknown = [movie_id for movie_id in movie_ids or () if movie_id not in known]
    if unknown:
        raise ValueError(f"{run} has no movie {', '.join(unknown)}; it has {', '.join(list(known)[:20])}")
    wanted = set(movie_ids or known)
    written: dict[str, str] = {}
    if films and wanted:
        with progress("filming", len(wanted), "movies") as advance:
            for movie in reader.movies():
                if movie.movie_id not in wanted:
                    continue
                if not film_up_to_date(movie, run / "films"):
                    write_film(movie, reader.images(movie), run / "films")
                written[movie.movie_id] = f"films/{movie.movie_id}.mp4"
                advance(1)
    storyboard = import_module("moviellm.cards.storyboard")
    page = run / STORYBOARD_NAME
    with progress("storyboard", len(wanted), "movies") as advance:
        storyboard.render_storyboard(reader, page, title=title, films=written, movie_ids=movie_ids, progress=advance)
    return {"storyboard": str(page), "films": str(run / "films")} if films else {"storyboard": str(page)}


def check(run: Path, *, as_json: bool) -> None:
    """`moviellm check`."""
    from moviellm.generation.check import verify

    read_run(run)
    _report_findings(str(run), list(verify(run)), as_json)


def gc(run: Path, *, dry_run: bool, as_json: bool) -> None:
    """`moviellm gc`."""
    from moviellm.generation.cells import lock_run
    from moviellm.generation.check import gc as collect

    read_run(run)
    with lock_run(run):
        paths = collect(run, dry_run=dry_run)
    verb = "would delete" if dry_run else "deleted"
    lines = [f"{run}: {verb} {len(paths)} files", *(f"  {path}" for path in paths)]
    _emit({"run": str(run), "files": [str(path) for path in paths], "deleted": not dry_run}, "\n".join(lines), as_json)


def _report_findings(what: str, findings: list[Any], as_json: bool) -> None:
    errors = [item for item in findings if item.severity == "error"]
    lines = [f"{item.severity}: {item.where}: {item.what}; {item.do}" for item in findings]
    lines.append(f"{what}: {len(errors)} errors, {len(findings) - len(errors)} warnings")
    rows = [{"severity": i.severity, "where": i.where, "what": i.what, "do": i.do} for i in findings]
    _emit({"checked": what, "errors": len(errors), "findings": rows}, "\n".join(lines), as_json)
    if errors:
        raise SystemExit(1)


# ------------------------------------------------------------------------------------------------ dataset, run


def dataset_build(run: Path, out: Path, *, overrides: list[str], as_json: bool) -> None:
    """`moviellm dataset build`."""
    from moviellm.generation.export import build_dataset
    from moviellm.generation.tables import RunReader

    data = read_run(run).recipe.model_dump(mode="json")
    for override in overrides:
        set_key(data, override)
    # How the work was done changes no byte of the data, so the card does not tell it.
    recipe = recipe_from(data | {"engine": {}}, source=str(run / RECORD_NAME))
    card = import_module("moviellm.cards.dataset_card")
    reader = RunReader(run)
    with progress("building", len(recipe.movie_themes()), "movies") as advance:
        built = build_dataset(
            reader,
            out,
            recipe,
            run_seed=recipe.seed,
            render_readme=card.render,
            progress=advance,
            failures=reader.failures(),
        )
    split = list(built.configs["movies"])[-1]
    facts = {"dataset": str(out), "name": recipe.dataset.name, "version": built.version, "changed": not built.kept}
    did = "is up to date" if built.kept else "is written"
    lines = [f"{out}: {recipe.dataset.name} {built.version} {did}"]
    lines.append(f'  load it     load_dataset("{out}", "movies", split="{split}")')
    _emit(facts, "\n".join(lines), as_json)


def dataset_check(folder: Path, *, as_json: bool) -> None:
    """`moviellm dataset check`."""
    from moviellm.generation.dataset_check import check_dataset

    _report_findings(str(folder), list(check_dataset(folder)), as_json)


def dataset_show(folder: str, *, as_json: bool) -> None:
    """`moviellm dataset show`."""
    facts = import_module("moviellm.cards.show").show(folder)
    _emit(facts, facts["text"], as_json)


def run_line(recipe_name: str, out: Path, *, overrides: list[str]) -> None:
    """`moviellm run`: every verb of the line in a process of its own, so that each meets the next only in files."""
    recipe = load_recipe(recipe_name, overrides)
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file; --out takes a folder")
    run, dataset = out / "run", out / recipe.dataset.name
    settings = [f"--set={override}" for override in overrides]
    steps = [
        ["make", "--recipe", recipe_name, "--out", str(run), *settings],
        ["check", str(run)],
        ["dataset", "build", str(run), "--out", str(dataset)],
        ["dataset", "check", str(dataset)],
        ["dataset", "show", str(dataset)],
    ]
    for step in steps:
        _print(f"$ moviellm {' '.join(step)}")
        done = subprocess.run([sys.executable, "-m", "moviellm.generation.cli", *step], check=False)
        if done.returncode:
            raise SystemExit(done.returncode)
    _print(f"\nlook at it: {run / STORYBOARD_NAME}\nfilms:      {run / 'films'}\ndataset:    {dataset}")
