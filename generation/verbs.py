"""What the verbs of the command line do after `make`: view, check, gc, dataset, run.

Imported by cli.py when a verb runs. Rooms after the ground floor (cards) are named by string: the ground floor does
not import them. The work itself is in the rooms.
"""

from contextlib import nullcontext
from importlib import import_module
from pathlib import Path

from moviellm.generation.config import load_recipe, recipe_from, set_key
from moviellm.generation.dataset.folder import check_target, resolve_target
from moviellm.generation.film.motion import FRAME_RATES
from moviellm.generation.findings import Finding
from moviellm.generation.output import emit, note
from moviellm.generation.own_process import run_verb
from moviellm.generation.progress import progress
from moviellm.generation.runs.lock import lock_run
from moviellm.generation.runs.record import RECORD_NAME, read_run
from moviellm.generation.runs.tables import RunReader
from moviellm.generation.views import FILMS_NAME, STORYBOARD_NAME, write_views

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


def check(run: Path, *, as_json: bool) -> None:
    """`moviellm check`."""
    from moviellm.generation.runs.check import verify

    read_run(run)
    _report_findings(str(run), list(verify(run)), as_json)


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


def dataset_build(run: Path, out: Path, *, overrides: list[str], as_json: bool) -> None:
    """`moviellm dataset build`."""
    from moviellm.generation.export import STEPS, build_dataset
    from moviellm.generation.studio.channels import read_channels

    data = read_run(run).recipe.model_dump(mode="json")
    for override in overrides:
        if not override.startswith(("dataset.", "splits.")):
            raise ValueError(f"--set {override}: the movies are made; here only dataset.* and splits.* can be set")
        set_key(data, override)
    # How the work was done changes no byte of the data, so the card does not tell it.
    recipe = recipe_from(data | {"engine": {}}, source=str(run / RECORD_NAME))
    reader = RunReader(run)
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
            films=run / FILMS_NAME,
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


def run_line(recipe_name: str, out: Path, *, overrides: list[str]) -> None:
    """`moviellm run`: every verb of the line in a process of its own, so that each meets the next only in files."""
    recipe = load_recipe(recipe_name, overrides)
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file; --out takes a folder")
    if recipe.dataset.name == "run":
        raise ValueError("dataset.name: a dataset called run would lie where the run lies; choose another name")
    base = f"./{out}" if str(out).startswith("-") else str(out)  # never to be taken for an option
    run, dataset = f"{base}/run", f"{base}/{recipe.dataset.name}"
    check_target(resolve_target(Path(dataset)))  # refuse the place before the work, not after it
    settings = [f"--set={override}" for override in overrides]
    steps = [
        ["make", "--recipe", recipe_name, "--out", run, *settings],
        ["check", run],
        ["dataset", "build", run, "--out", dataset],
        ["dataset", "check", dataset],
        ["dataset", "show", dataset],
    ]
    for step in steps:
        note(f"$ moviellm {' '.join(step)}")
        code = run_verb(step)
        if code:
            raise SystemExit(code)
    places = [f"storyboard  {run}/{STORYBOARD_NAME}", f"films       {run}/{FILMS_NAME}", f"dataset     {dataset}"]
    emit({}, "\nlook at it:\n  " + "\n  ".join(places), as_json=False)
