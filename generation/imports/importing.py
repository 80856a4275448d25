"""What `moviellm dataset import KIND PATH...` does: files of another make become an ordinary dataset folder.

    import_dataset("vtimellm", [Path("stage2.json")], Path("out"), ImportOptions(), name="vtimellm-stage2")

A kind is a function in a module of this room, named in `KINDS`: `(paths, options, report, scratch)` gives the movies
and fills the report that the card is rendered from. The rest is the export's: splits, near-duplicates, Parquet,
manifest. The same files give the same bytes. An import that is stopped begins anew; only films that were decoded are
kept for another try, in `.NAME.kept` beside the dataset. What the originals do not say stays unknown, and the
dataset's licence is unknown unless `--license` states it.
"""

import json
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from moviellm.generation.config.recipe import recipe_from, set_key
from moviellm.generation.dataset.features import CONFIGS
from moviellm.generation.dataset.folder import DatasetManifest, building_folder, check_target, resolve_target
from moviellm.generation.dataset.import_report import ImportReport
from moviellm.generation.export import STEPS, build_dataset
from moviellm.generation.imports.options import CountedReader, ImportOptions
from moviellm.generation.output import emit
from moviellm.generation.progress import progress

KINDS = {
    "dreamframe": "dreamframe.open_stories",
    "long-videoqa": "long_videoqa.open_long_videoqa",
    "vtimellm": "vtimellm.open_vtimellm",
    "video-chatgpt": "video_chatgpt.open_video_chatgpt",
    "subtitles": "transcripts.open_transcripts",
    "video": "films.video.open_films",
}
"""Module and function of every kind."""
SECONDS_PER_KEYFRAME = (0.1, 3600.0)
"""Least and greatest `--seconds-per-keyframe`."""
_SHARES: dict[str, dict[str, int]] = {
    "train": {"validation": 0, "test": 0},
    "validation": {"validation": 10, "test": 0},
    "test": {"validation": 0, "test": 10},
}
"""Movies of every ten, for a dataset of one split."""

Open = Callable[[Sequence[Path], ImportOptions, ImportReport, Path], CountedReader]


def import_dataset(
    kind: str,
    paths: Sequence[Path],
    out: Path,
    options: ImportOptions,
    *,
    name: str | None = None,
    licence: str | None = None,
    version: str | None = None,
    split: str | None = None,
    overrides: Sequence[str] = (),
    as_json: bool = False,
) -> DatasetManifest:
    """Write a dataset folder from files of another make.

    Args:
        kind: One of `KINDS`.
        paths: Files or folders of that kind.
        out: The dataset folder; an older dataset there is replaced.
        options: What the kind reads.
        name: Name of the dataset; None takes `imported-KIND`.
        licence: Terms it goes out under; None says that they are unknown.
        version: Version of the dataset; None numbers it by its contents.
        split: The one split that all movies go to; None shares them out as `splits.*` says.
        overrides: `dataset.*` and `splits.*`, as for `dataset build`.
        as_json: Print one JSON object.

    Raises:
        ValueError: no such kind, files of another kind, or nothing in them that can be used.
    """
    _check_options(kind, paths, options, split)
    recipe = recipe_from(_recipe_data(kind, name, licence, version, split, overrides), source="import")
    check_target(resolve_target(out))  # refuse the place before the work
    report = ImportReport(kind=kind, title=kind)
    module, function = KINDS[kind].rsplit(".", 1)
    kept = _scratch_place(out) / f".{resolve_target(out).name}.kept"
    # A locked folder beside the dataset, emptied of what a killed import left there, and removed at the end.
    with building_folder(_scratch_place(out) / f"{resolve_target(out).name}.import") as scratch:
        open_kind: Open = getattr(import_module(f"moviellm.generation.imports.{module}"), function)
        reader = open_kind(list(paths), replace(options, kept=kept), report, scratch)
        if not len(reader):
            raise ValueError(f"there is no movie in {_said(paths)}{report.reasons()}")
        with progress("importing", STEPS * len(reader), "steps") as advance:
            built = build_dataset(
                reader,
                out,
                recipe,
                run_seed=recipe.seed,
                render_readme=import_module("moviellm.cards.imported_card").renderer(report),
                progress=advance,
            )
    shutil.rmtree(kept, ignore_errors=True)
    _say(kind, out, built, report, as_json)
    return built


def _check_options(kind: str, paths: Sequence[Path], options: ImportOptions, split: str | None) -> None:
    if kind not in KINDS:
        raise ValueError(f"no kind {kind!r} of files; there are {', '.join(KINDS)}")
    missing = [path for path in (*paths, *options.media, *options.subtitles) if not path.exists()]
    if missing:
        raise ValueError(f"there is no file or folder {missing[0]}")
    if split is not None and split not in _SHARES:
        raise ValueError(f"no split {split!r}; there are {', '.join(_SHARES)}")
    least, most = SECONDS_PER_KEYFRAME
    if not least <= options.seconds_per_keyframe <= most:
        raise ValueError(f"--seconds-per-keyframe {options.seconds_per_keyframe}: allowed are {least} to {most}")
    if options.frames_per_scene < 1:
        raise ValueError(f"--frames-per-scene {options.frames_per_scene}: a scene has at least 1")
    if options.limit is not None and options.limit < 1:
        raise ValueError(f"--limit {options.limit}: take at least 1 movie, or leave it out")
    if not re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", options.language):
        raise ValueError(f"--language {options.language!r} is no language tag; for example en or zh-Hans")


def _recipe_data(
    kind: str, name: str | None, licence: str | None, version: str | None, split: str | None, overrides: Sequence[str]
) -> dict[str, object]:
    """The recipe of an import: it names the dataset and shares out the movies, and says nothing of a making."""
    given = {"name": name, "licence": licence, "version": version}
    dataset = {"name": f"imported-{kind}"} | {key: value for key, value in given.items() if value is not None}
    data: dict[str, object] = {"name": f"import-{kind}", "dataset": dataset}
    for override in overrides:
        if not override.startswith(("dataset.", "splits.")):
            raise ValueError(f"--set {override}: of an import only dataset.* and splits.* can be set")
        set_key(data, override)
    if split is not None:
        if "splits" in data:
            raise ValueError(f"--split-all-to {split} and --set splits.* contradict each other; leave one out")
        data["splits"] = _SHARES[split]
    return data


def _scratch_place(out: Path) -> Path:
    """The folder that the dataset will lie in: what is parked there needs no second disk."""
    place = resolve_target(out).parent
    place.mkdir(parents=True, exist_ok=True)
    return place


def _said(paths: Sequence[Path]) -> str:
    return ", ".join(map(str, paths[:3])) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")


def _say(kind: str, out: Path, built: DatasetManifest, report: ImportReport, as_json: bool) -> None:
    rows = {config: sum(built.configs.get(config, {}).values()) for config in CONFIGS}
    facts: dict[str, object] = {
        "dataset": str(out),
        "kind": kind,
        "name": built.name,
        "version": built.version,
        "changed": not built.kept,
        "rows": rows,
        "mended": dict(report.changed),
        "left_out": dict(report.left_out),
    }
    lines = [f"{out}: {built.name} {built.version} {'is up to date' if built.kept else 'is written'}"]
    lines += [f"  {config:<10} {count}" for config, count in rows.items()]
    for title, counts in (("mended or changed", report.changed), ("left out", report.left_out)):
        if counts:
            lines += ["", f"  {title}"] + [f"    {count:>7}  {what}" for what, count in counts.most_common()]
    lines += ["", f'  load_dataset({json.dumps(str(out))}, "movies", split="{built.splits[0]}")']
    emit(facts, "\n".join(lines), as_json)
