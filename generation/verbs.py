"""What the verbs of the command line do after `make`: view, check, gc, dataset.

Imported by cli/app.py when a verb runs. Rooms after the ground floor (cards) are named by string: the ground floor
does not import them. The work itself is in the rooms.
"""

from contextlib import nullcontext
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from moviellm.generation.config.recipe import recipe_from, set_key
from moviellm.generation.film.motion import FRAME_RATES
from moviellm.generation.findings import Finding
from moviellm.generation.output import emit
from moviellm.generation.progress import progress
from moviellm.generation.runs.address import bucket_of, refuse_bucket, shown
from moviellm.generation.runs.lock import lock_run
from moviellm.generation.runs.record import RECORD_NAME, RunRecord, read_run
from moviellm.generation.runs.tables import RunReader
from moviellm.generation.views import FILMS_NAME, write_views

FPS = 24
"""Frames a second of a film with motion, unless it says."""


def view(
    run: Path,
    *,
    movie_ids: list[str] | None,
    films: bool,
    motion: bool,
    fps: int | None,
    voice: bool,
    as_json: bool,
) -> None:
    """`moviellm view`."""
    if fps is not None and not motion:
        raise ValueError(f"--fps {fps} is for films in which the camera moves; add --motion")
    if fps is not None and fps not in FRAME_RATES:
        raise ValueError(f"--fps {fps}: a film with motion has {' or '.join(map(str, FRAME_RATES))} frames a second")
    if (motion or voice) and not films:
        raise ValueError("--motion and --voice are for films; leave out --no-films")
    read_run(run)
    places = write_views(run, movie_ids, films=films, fps=(fps or FPS) if motion else None, voice=voice)
    emit({"run": str(run)} | places, "\n".join(f"  {name:<11} {place}" for name, place in places.items()), as_json)


def check(run: Path, *, as_json: bool, work: Path | None = None) -> None:
    """`moviellm check`."""
    from moviellm.generation.runs.check import verify

    url = bucket_of(run)
    if url is None:
        read_run(run)
        findings = [*verify(run)]
    else:
        from moviellm.generation.buckets.reading import verify_in

        findings = [*verify_in(url, work)]
    _report_findings(shown(run), findings, as_json)


def status(run: Path, *, as_json: bool, work: Path | None = None) -> None:
    """`moviellm status`."""
    from moviellm.generation.reports import status_text
    from moviellm.generation.runs.status import run_status

    url = bucket_of(run)
    if url is None:
        found = run_status(run)
    else:
        from moviellm.generation.buckets.reading import status_in

        found = status_in(url, work)
    emit({"run": shown(run)} | asdict(found), status_text(run, found), as_json)


def gc(run: Path, *, dry_run: bool, as_json: bool) -> None:
    """`moviellm gc`."""
    from moviellm.generation.runs.check import gc as collect

    read_run(run)
    with nullcontext() if dry_run else lock_run(run):  # looking needs no lock, nor a disk that can be written
        paths = collect(run, dry_run=dry_run)
    verb = "would delete" if dry_run else "deleted"
    lines = [f"{run}: {verb} {len(paths)} files", *(f"  {path}" for path in paths)]
    emit({"run": str(run), "files": [str(path) for path in paths], "deleted": not dry_run}, "\n".join(lines), as_json)


def _report_findings(what: str, findings: list[Finding], as_json: bool) -> None:
    errors = [item for item in findings if item.severity == "error"]
    lines = [f"{item.severity}: {item.where}: {item.what}; {item.do}" for item in findings]
    lines.append(f"{what}: {len(errors)} errors, {len(findings) - len(errors)} warnings")
    rows = [{"severity": i.severity, "where": i.where, "what": i.what, "do": i.do} for i in findings]
    emit({"checked": what, "errors": len(errors), "findings": rows}, "\n".join(lines), as_json)
    if errors:
        raise SystemExit(1)


def dataset_build(run: Path, out: Path, *, overrides: list[str], as_json: bool, work: Path | None = None) -> None:
    """`moviellm dataset build`."""
    refuse_bucket(out, "a dataset is built in a folder; copy it to a bucket when it is whole")
    url = bucket_of(run)
    if url is None:
        record = read_run(run)
        _build(RunReader(run), record, out, overrides, as_json, films=run / FILMS_NAME)
        return
    from moviellm.generation.buckets.reading import reader_in

    with reader_in(url, work, out) as reader:
        _build(reader, read_run(reader.run), out, overrides, as_json, films=None)


def _build(
    reader: RunReader, record: RunRecord, out: Path, overrides: list[str], as_json: bool, films: Path | None
) -> None:
    from moviellm.generation.export import STEPS, build_dataset
    from moviellm.generation.studio.channels import read_channels

    data = record.recipe.model_dump(mode="json")
    for override in overrides:
        if not override.startswith(("dataset.", "splits.")):
            raise ValueError(f"--set {override}: the movies are made; here only dataset.* and splits.* can be set")
        set_key(data, override)
    # How the work was done changes no byte of the data, so the card does not tell it.
    recipe = recipe_from(data | {"engine": {}}, source=str(reader.run / RECORD_NAME))
    with progress("building", STEPS * sum(manifest.movies for manifest in reader.manifests), "steps") as advance:
        built = build_dataset(
            reader,
            out,
            recipe,
            run_seed=recipe.seed,
            render_readme=import_module("moviellm.cards.dataset_card").render,
            progress=advance,
            failures=reader.failures(),
            channels=read_channels,
            films=films,
        )
    split = list(built.configs["movies"])[-1]
    facts = {"dataset": str(out), "name": recipe.dataset.name, "version": built.version, "changed": not built.kept}
    lines = [f"{out}: {recipe.dataset.name} {built.version} {'is up to date' if built.kept else 'is written'}"]
    lines.append(f'  load it     load_dataset("{out}", "movies", split="{split}")')
    emit(facts, "\n".join(lines), as_json)


def dataset_show(source: str, *, revision: str | None, as_json: bool) -> None:
    """`moviellm dataset show`."""
    facts = import_module("moviellm.cards.show").show(source, revision)
    text = facts.pop("text")
    emit(facts, text, as_json)
