"""The verbs `moviellm dataset ...`, in the order of the line: build, check, show.

It declares verbs and options and does nothing else; see app.py for errors and exit codes.
"""

from pathlib import Path
from typing import Annotated

import typer

from moviellm.generation.cli import options
from moviellm.generation.cli.options import JsonOption, OnOption, RunArgument, SetOption, WorkOption

dataset_app = typer.Typer(no_args_is_help=True, help="Build, check, show, publish and import datasets.")


@dataset_app.command("build")
def dataset_build(
    run: RunArgument,
    out: Annotated[Path, typer.Option(help="Dataset folder to write.")],
    set_: SetOption = None,
    work: WorkOption = None,
    json: JsonOption = False,
) -> None:
    """Turn a run into a dataset folder that `datasets.load_dataset` reads."""
    options.verbs().dataset_build(run, out, overrides=set_ or [], as_json=json, work=work)


@dataset_app.command("check")
def dataset_check(
    source: Annotated[str, typer.Argument(help="Dataset folder, or Hub id ORG/NAME.")],
    revision: Annotated[str | None, typer.Option(help="Tag, branch or commit on the Hub.")] = None,
    report: Annotated[Path | None, typer.Option(help="File for the report: .md or .html.")] = None,
    json: JsonOption = False,
) -> None:
    """Check files, columns, references, pictures, splits, card and personal data of a dataset."""
    check = options.verbs("generation.dataset.checking").check
    check(source, revision=revision, report=report, as_json=json)


@dataset_app.command("upgrade")
def dataset_upgrade(
    folder: Annotated[Path, typer.Argument(help="Dataset folder of an older schema.")],
    out: Annotated[Path, typer.Option(help="Dataset folder to write.")],
    version: Annotated[str | None, typer.Option(help="Version of the new dataset, e.g. 2.0.0")] = None,
    json: JsonOption = False,
) -> None:
    """Write a dataset of an older schema again in the current one; movies, splits and pictures stay the same."""
    options.verbs("generation.dataset.checking").upgrade(folder, out, version=version, as_json=json)


@dataset_app.command("show")
def dataset_show(
    source: Annotated[str, typer.Argument(help="Dataset folder, or Hub id ORG/NAME.")],
    revision: Annotated[str | None, typer.Option(help="Tag, branch or commit on the Hub.")] = None,
    json: JsonOption = False,
) -> None:
    """Load a dataset with plain `datasets.load_dataset` and print what is in it."""
    options.verbs().dataset_show(source, revision=revision, as_json=json)


@dataset_app.command("push")
def dataset_push(
    folder: Annotated[Path, typer.Argument(help="Dataset folder.")],
    repository: Annotated[str, typer.Argument(metavar="ORG/NAME", help="Repository on the Hub; made if missing.")],
    version: Annotated[str | None, typer.Option(help="Three numbers, e.g. 1.2.0 [default: the recipe's]")] = None,
    private: Annotated[bool, typer.Option("--private", help="A new repository is private.")] = False,
    gated: Annotated[str | None, typer.Option(help="Readers ask for access: auto or manual.")] = None,
    create_pr: Annotated[bool, typer.Option("--create-pr", help="As a pull request; no tag until merged.")] = False,
    license_: Annotated[
        str | None, typer.Option("--license", help="For data of unknown licence: cc-by-4.0, ...")
    ] = None,
    message: Annotated[str | None, typer.Option(help="Title of the commits [default: Version X]")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Delete files of others in the repository.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List files, bytes and commits; send nothing.")] = False,
    json: JsonOption = False,
) -> None:
    """Publish a dataset folder on the Hub under a version that never changes; run again to resume."""
    options.verbs("cards.publishing").push(
        folder,
        repository,
        version=version,
        private=private,
        gated=gated,
        create_pr=create_pr,
        licence=license_,
        message=message,
        replace=replace,
        dry_run=dry_run,
        as_json=json,
    )


@dataset_app.command("import")
def dataset_import(
    kind: Annotated[str, typer.Argument(help="dreamframe, long-videoqa, vtimellm, video-chatgpt, subtitles, video.")],
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files or folders of that kind.")],
    out: Annotated[Path, typer.Option(help="Dataset folder to write.")],
    name: Annotated[str | None, typer.Option(help="Name of the dataset [default: imported-KIND]")] = None,
    license_: Annotated[str | None, typer.Option("--license", help="Its terms [default: said to be unknown]")] = None,
    version: Annotated[str | None, typer.Option(help="Its version, e.g. 1.0.0 [default: by contents]")] = None,
    split_all_to: Annotated[str | None, typer.Option(help="Every movie to train, validation or test.")] = None,
    limit: Annotated[int | None, typer.Option(help="Movies at most.")] = None,
    media: Annotated[list[Path] | None, typer.Option(help="Folder or zip of pictures or features.")] = None,
    subtitles: Annotated[list[Path] | None, typer.Option(help="SRT or VTT file, or a folder of them.")] = None,
    seconds_per_keyframe: Annotated[float, typer.Option(help="Time of a keyframe where none is known.")] = 4.0,
    frames_per_scene: Annotated[int, typer.Option(help="Keyframes of a scene where none is known.")] = 11,
    keep_likenesses: Annotated[bool, typer.Option("--keep-likenesses", help="Keep celebrities' names.")] = False,
    fps: Annotated[float | None, typer.Option(help="Of a film: keyframes a second [default: 1.0]")] = None,
    shots: Annotated[bool, typer.Option("--shots", help="Of a film: one keyframe a shot.")] = False,
    scenes: Annotated[str, typer.Option(help="Of a film: colour, or whole for a scene a chapter.")] = "colour",
    asr: Annotated[str | None, typer.Option(help="Speech model for films without subtitles, ID[@REVISION].")] = None,
    max_side: Annotated[int, typer.Option(help="Of a film: longest side of a picture, pixels.")] = 512,
    quality: Annotated[int, typer.Option(help="Of a film: JPEG quality.")] = 88,
    time_limit: Annotated[float, typer.Option(help="Seconds that decoding one film may take.")] = 14_400,
    features: Annotated[bool, typer.Option(help="Copy features as safetensors: up to 1 GB a movie.")] = True,
    language: Annotated[str, typer.Option(help="Language tag of the texts [default: und, unknown]")] = "und",
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Turn films, or files of another make (MovieLLM, LLaMA-VID, VTimeLLM, Video-ChatGPT), into a dataset folder."""
    kinds = options.verbs("generation.imports.options")
    chosen = kinds.ImportOptions(
        media=tuple(media or ()),
        subtitles=tuple(subtitles or ()),
        seconds_per_keyframe=seconds_per_keyframe,
        frames_per_scene=frames_per_scene,
        keep_likenesses=keep_likenesses,
        features=features,
        language=language,
        limit=limit,
        films=kinds.film_options(
            fps=fps, shots=shots, scenes=scenes, asr=asr, max_side=max_side, quality=quality, time_limit=time_limit
        ),
    )
    options.verbs("generation.imports.importing").import_dataset(
        kind,
        paths,
        out,
        chosen,
        name=name,
        licence=license_,
        version=version,
        split=split_all_to,
        overrides=set_ or [],
        as_json=json,
    )


@dataset_app.command("reproduce")
def dataset_reproduce(
    release: Annotated[str, typer.Argument(help="Name of a release, e.g. release-1.0, or a lock file.")],
    shards: Annotated[int | None, typer.Option(help="Make and verify only so many of its first parts.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to make it in [default: releases/NAME]")] = None,
    on: OnOption = None,
    json: JsonOption = False,
) -> None:
    """Make a release again and hold every text and picture against its lock; run again to resume."""
    options.verbs("generation.release.reproducing").reproduce(release, shards=shards, out=out, as_json=json, on=on)


@dataset_app.command("lock")
def dataset_lock(
    recipe: Annotated[str, typer.Argument(help="Packaged recipe or YAML file.")],
    out: Annotated[Path | None, typer.Option(help="Folder to work in [default: releases/NAME-lock]")] = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Make a recipe's dataset and write the lock by which anybody can make it again; run again to resume."""
    options.verbs("generation.release.reproducing").lock_release(recipe, out=out, overrides=set_ or [], as_json=json)


@dataset_app.command("export")
def dataset_export(
    kind: Annotated[str, typer.Argument(help="llama-vid, vtimellm, llava or sharegpt.")],
    dataset: Annotated[str, typer.Argument(help="Dataset folder, or id of a dataset on the Hub.")],
    out: Annotated[Path, typer.Option(help="Folder to write.")],
    revision: Annotated[str | None, typer.Option(help="Tag or commit of a dataset on the Hub.")] = None,
    seed: Annotated[int, typer.Option(help="What wordings are chosen by.")] = 0,
    frames: Annotated[int | None, typer.Option(help="Most pictures a record, for llava and sharegpt.")] = None,
    films: Annotated[bool, typer.Option("--films", help="Films too, for llama-vid and vtimellm.")] = False,
    json: JsonOption = False,
) -> None:
    """Write a dataset in the format of another trainer."""
    chosen = options.verbs("training.rows.export_folder").ExportOptions(seed=seed, frames=frames, films=films)
    options.verbs("training.rows.exporting").export(
        kind, dataset, out, revision=revision, options=chosen, as_json=json
    )
