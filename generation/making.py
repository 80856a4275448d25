"""`moviellm make`: choose the recipe, lock the run, make what is missing, show it.

    moviellm make "a lighthouse keeper finds a map" --out runs/map

Imported by cli/app.py when the verb runs. The line itself is in make.py, the run's record in runs/record.py, what is
said about it in reports.py.
"""

import asyncio
import gc
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moviellm.generation.config.recipe import Recipe, load_recipe, read_text, recipe_from, set_key
from moviellm.generation.llm.money import spent_text
from moviellm.generation.make import MakeReport, Plan, cells_of_run, make_run, plan_run, shard_count, shard_size
from moviellm.generation.output import note
from moviellm.generation.own_process import say_stopped
from moviellm.generation.progress import progress
from moviellm.generation.protocols import Writer
from moviellm.generation.reports import show_plan, show_report
from moviellm.generation.runs.address import bucket_of, shown
from moviellm.generation.runs.lock import lock_run
from moviellm.generation.runs.record import NO_THEME, RECORD_NAME, RunRecord, next_record, read_run, write_record
from moviellm.generation.runs.settled import Settled
from moviellm.generation.studio.writer import OfflineWriter
from moviellm.generation.studios import Studio, open_studio
from moviellm.generation.views import write_views

if TYPE_CHECKING:
    from moviellm.generation.buckets.places import Place

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
    on: str | None = None,
    part: str | None = None,
    work: Path | None = None,
) -> None:
    """Make the movies of a recipe, or of themes, into a run folder or a bucket; or only say what would be made.

    Args:
        out: the folder, or an address such as s3://bucket/run.
        work: folder for working folders of a run in a bucket.
        on: `ray` or `ray://HOST:PORT` makes it on that cluster (cluster/); None on this machine.
        part: `3/16` makes every sixteenth shard, beside other processes that make the others.

    Raises:
        ValueError: the input is wrong; nothing was written.
        SystemExit: 130 when stopped by Ctrl-C, 1 when not one movie could be made or the run could not go on.
    """
    asked = themes + (_read_themes(themes_file) if themes_file else [])
    with _bucket(out, work, part, dry_run=dry_run) as bucket:
        place = out if bucket is None else Path(str(bucket.url))
        run, recipe = _run_and_recipe(asked, out if bucket is None else bucket.folder, recipe_name, overrides)
        studio = open_studio(recipe, run, dry_run=dry_run)
        _note_themes(asked, recipe, studio.writer)
        _note_gates(recipe)

        holds_work = None if bucket is None else bucket.holds_work()

        def current_record() -> RunRecord:
            size = shard_size(recipe)
            return next_record(run, recipe, movies_per_shard=size, replace=replace, holds_work=holds_work)

        record = current_record()  # refuses bad input before anything is written
        if dry_run:
            plan = asyncio.run(_plan(run, record, studio, retry_failed, bucket))
            show_plan(place or run, record, studio, plan, as_json)
            return
        if part is not None:
            _make_a_part(run, current_record, part, on, retry_failed, as_json)
            return
        try:
            report, places = _make_and_show(
                run, record, current_record, studio, on=on, retry_failed=retry_failed, bucket=bucket, films=films
            )
        except KeyboardInterrupt:
            again = f"moviellm make --out {shown(place or run)}" + (f" --on {on}" if on else "")
            say_stopped(f"stopped; everything finished is kept. Resume with: {again}")
            raise SystemExit(130) from None
    spent = None if studio.service is None else studio.service.spent
    show_report(place or run, report, spent, places, as_json)


def _make_and_show(
    run: Path,
    record: RunRecord,
    current_record: Callable[[], RunRecord],
    studio: Studio,
    *,
    on: str | None,
    retry_failed: bool,
    bucket: "Place | None",
    films: bool,
) -> tuple[MakeReport, dict[str, str]]:
    """Make the run under its lock, here or on a cluster, and its films; returns where they lie."""
    places: dict[str, str] = {}
    with _place(on, record) as ray, lock_run(run) if bucket is None else nullcontext():
        record = current_record()  # again: another process may have extended the run meanwhile
        write_record(run, record)
        if bucket is not None:
            bucket.write_record()
        if ray is None:
            report = _make(run, record, studio, retry_failed, bucket)
        else:
            report = _make_on(ray, run, record, studio, retry_failed, bucket)
        if films and report.movies and bucket is None:
            places = write_views(run, None, films=True)
    return report, places


@contextmanager
def _bucket(out: Path | None, work: Path | None, part: str | None, *, dry_run: bool) -> Iterator["Place | None"]:
    """The bucket that `--out` names, with a working folder; None where it names a folder."""
    url = bucket_of(out)
    if url is None:
        yield None
        return
    if part is not None:
        raise ValueError(f"{url}: --part shares a folder among processes; for a bucket take --on ray, or one process")
    from moviellm.generation.buckets.folders import in_words_of
    from moviellm.generation.buckets.places import opened

    with opened(url, work, to_make=not dry_run) as place, in_words_of(str(url), place.folder):
        yield place


async def _plan(run: Path, record: RunRecord, studio: Studio, retry_failed: bool, bucket: "Place | None") -> Plan:
    """What there is to make."""
    if bucket is not None:
        from moviellm.generation.buckets.planning import plan_in_bucket

        return await plan_in_bucket(bucket, record, studio, retry_failed=retry_failed)
    makers = (studio.writer, studio.painter)
    return await plan_run(run, record, *makers, retry_failed=retry_failed, service=studio.service)


@contextmanager
def _place(on: str | None, record: RunRecord) -> Iterator[Any]:
    """Where a run is made: the module `ray`, connected to a cluster, or None for this machine."""
    if on is None:
        yield None
        return
    from moviellm.generation.cluster.connecting import connected
    from moviellm.generation.cluster.driving import refuse

    refuse(record)
    with connected(on) as ray:
        yield ray


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


def _make(run: Path, record: RunRecord, studio: Studio, retry_failed: bool, bucket: "Place | None") -> MakeReport:
    gc.freeze()  # the program itself is no garbage: walking through it again and again takes a twentieth of the time
    total = sum(cells_of_run(record.recipe).values())
    service = studio.service
    spent = (lambda: spent_text(service.spent)) if service else (lambda: "")

    async def job() -> MakeReport:
        try:
            with progress("making", total, "cells", spent) as advance:
                if bucket is not None:
                    from moviellm.generation.buckets.making import make_in_bucket

                    return await make_in_bucket(bucket, record, studio, advance, retry_failed=retry_failed)
                return await make_run(
                    run,
                    record,
                    studio.writer,
                    studio.painter,
                    advance,
                    retry_failed=retry_failed,
                    service=service,
                    settled=Settled.open(run, record),
                )
        finally:
            await studio.close()

    return asyncio.run(job())


def _make_on(
    ray: Any, run: Path, record: RunRecord, studio: Studio, retry_failed: bool, bucket: "Place | None"
) -> MakeReport:
    """Make it on a cluster. The studio was opened to refuse what cannot be; each shard's maker has one of its own."""
    from moviellm.generation.cluster.driving import Driver

    try:
        if bucket is not None:
            from moviellm.generation.cluster.in_bucket import BucketDriver

            return BucketDriver(ray, bucket, record).make(retry_failed=retry_failed)
        return Driver(ray, run, record).make(retry_failed=retry_failed)
    finally:
        asyncio.run(studio.close())


def _make_a_part(
    run: Path, current: Callable[[], RunRecord], part: str, on: str | None, retry_failed: bool, as_json: bool
) -> None:
    """`moviellm make --part`: some of the shards, beside other processes; films are for the whole run."""
    from moviellm.generation.cluster.driving import refuse
    from moviellm.generation.cluster.parts import make_part, part_of, share_run

    mine = part_of(part)
    if on is not None:
        raise ValueError("--part shares a run among processes, --on hands it to a cluster; take one of them")
    try:
        with share_run(run, current) as record:
            refuse(record)
            if not mine.shards(record):
                note(f"nothing to make: {run} has {shard_count(record)} shards, fewer than parts")
                return
            total = sum(cells_of_run(record.recipe).values()) * len(mine.shards(record)) // shard_count(record)
            with progress("making", total, "cells") as advance:
                report = asyncio.run(make_part(run, record, mine, advance, retry_failed=retry_failed))
    except KeyboardInterrupt:
        say_stopped(f"stopped; everything finished is kept. Resume with: moviellm make --out {run} --part {part}")
        raise SystemExit(130) from None
    show_report(run, report, None, {}, as_json)
