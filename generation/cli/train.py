"""The verbs `moviellm train ...`: a stage of training, training views of a dataset, checkpoints in and out.

It declares verbs and options and does nothing else; see app.py for errors and exit codes.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from moviellm.generation.cli import options
from moviellm.generation.cli.options import JsonOption


class RecipeGroup(typer.core.TyperGroup):
    """`moviellm train tiny` is `moviellm train run tiny`: a first word that is no verb is a recipe."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the verb; `run` where the first word is none."""
        known = not args or args[0] in self.list_commands(ctx)
        return super().resolve_command(ctx, args if known else ["run", *args])


train_app = typer.Typer(cls=RecipeGroup, no_args_is_help=True, help="Train a model by a recipe: moviellm train RECIPE")


@train_app.callback()
def train() -> None:
    """Train a model by a recipe: moviellm train RECIPE. Training views of a dataset; checkpoints in and out."""


@train_app.command("run", context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def train_run(
    context: typer.Context,
    recipe: Annotated[str, typer.Argument(help="Packaged recipe, such as tiny or stock_vlm, or YAML file.")],
) -> None:
    """Train a stage; any key of the recipe may follow: --dataset FOLDER --output_dir runs/x --learning_rate 1e-4."""
    options.verbs("training.sft").train(["--config", recipe, *context.args])


@train_app.command("rows")
def train_rows(
    dataset: Annotated[str, typer.Argument(help="Dataset folder, or id of a dataset on the Hub.")],
    out: Annotated[Path, typer.Option(help="Folder for the rows: a dataset of its own.")],
    views: Annotated[
        str | None, typer.Option(help="Some of sft,align,boundary,instruct, with commas [default: all]")
    ] = None,
    revision: Annotated[str | None, typer.Option(help="Tag or commit of a dataset on the Hub.")] = None,
    seed: Annotated[int, typer.Option(help="What wordings are chosen by.")] = 0,
    frames: Annotated[int | None, typer.Option(help="Most pictures in a row, evenly chosen [default: all]")] = None,
    times: Annotated[str, typer.Option(help="Times as seconds, or as index: hundredths of the clip.")] = "seconds",
    stamps: Annotated[bool, typer.Option(help="Pictures and lines carry their time.")] = True,
    with_images: Annotated[bool, typer.Option("--with-images", help="Rows hold the pictures themselves.")] = False,
    json: JsonOption = False,
) -> None:
    """Make training rows of a dataset: sft for TRL, and the three stages of VTimeLLM's recipe."""
    options.verbs("training.rows.making").make_rows(
        dataset,
        out,
        views=[] if views is None else views.split(","),
        revision=revision,
        seed=seed,
        frames=frames,
        times=times,
        stamps=stamps,
        embed=with_images,
        as_json=json,
    )


@train_app.command("convert")
def train_convert(
    checkpoint: Annotated[Path, typer.Argument(help="Folder of a LLaMA-VID, or a projector: mm_projector.bin.")],
    out: Annotated[Path | None, typer.Option(help="Folder for the converted checkpoint.")] = None,
    base: Annotated[Path | None, typer.Option(help="Folder of the language model that a projector is for.")] = None,
    adapter: Annotated[
        list[Path] | None, typer.Option(help="Folder of a LoRA adapter to merge; may be repeated, in order.")
    ] = None,
    tower: Annotated[Path | None, typer.Option(help="Vision tower: eva_vit_g.pth, or CLIP's folder.")] = None,
    question_words: Annotated[
        str, typer.Option(help="BERT's vocabulary, in which LLaMA-VID reads questions: folder or Hub id.")
    ] = "google-bert/bert-base-uncased",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the key map; write nothing.")] = False,
    json: JsonOption = False,
) -> None:
    """Turn a published checkpoint of LLaMA-VID or VTimeLLM into one of ours."""
    options.verbs("training.convert.converting").convert(
        checkpoint,
        out,
        base=base,
        adapters=adapter or [],
        tower=tower,
        question_words=question_words,
        dry_run=dry_run,
        as_json=json,
    )


@train_app.command("export")
def train_export(
    checkpoint: Annotated[str, typer.Argument(help="Checkpoint of ours: folder, or id on the Hub.")],
    as_: Annotated[str, typer.Option("--as", help="Class of transformers: llava_next_video, or llava.")],
    out: Annotated[Path, typer.Option(help="Folder for the exported checkpoint.")],
    fit: Annotated[
        str | None, typer.Option(help="How frames that are no squares are fitted: stretch, crop [default: as trained]")
    ] = None,
    revision: Annotated[str | None, typer.Option(help="Tag or commit of a checkpoint on the Hub.")] = None,
    json: JsonOption = False,
) -> None:
    """Write a checkpoint as a class that transformers ships, for users without moviellm."""
    options.verbs("training.convert.exporting").export(checkpoint, as_, out, fit=fit, revision=revision, as_json=json)


@train_app.command("features")
def train_features(
    model: Annotated[str, typer.Argument(help="Vision tower such as CLIP, or checkpoint of ours: folder or Hub id.")],
    dataset: Annotated[str, typer.Argument(help="Dataset folder, or id of a dataset on the Hub.")],
    out: Annotated[Path, typer.Option(help="Folder for the features: a dataset of its own.")],
    level: Annotated[str, typer.Option(help="cls: one feature a frame; pool: a grid; full: all patches.")] = "pool",
    revision: Annotated[str | None, typer.Option(help="Tag or commit of a dataset on the Hub.")] = None,
    model_revision: Annotated[str | None, typer.Option(help="Tag or commit of a model on the Hub.")] = None,
    frames: Annotated[int | None, typer.Option(help="Frames of a movie, evenly chosen [default: all]")] = None,
    fps: Annotated[float | None, typer.Option(help="Frames a second, instead of --frames.")] = None,
    cap: Annotated[int | None, typer.Option(help="Most frames of a movie, with --fps.")] = None,
    pool_side: Annotated[
        int | None, typer.Option(help="Side of the grid of pool [default: the checkpoint's, else 4]")
    ] = None,
    cls_from: Annotated[
        str | None, typer.Option(help="What cls takes: pooled, hidden, projected [default: the checkpoint's]")
    ] = None,
    batch: Annotated[int, typer.Option(help="Frames that the tower sees at once.")] = 64,
    json: JsonOption = False,
) -> None:
    """Run a vision tower once over a dataset and keep its frame features, to train without it. Resumable."""
    options.verbs("training.features.extracting").extract(
        model,
        dataset,
        out,
        level=level,
        revision=revision,
        model_revision=model_revision,
        frames=frames,
        fps=fps,
        cap=cap,
        pool_side=pool_side,
        cls_from=cls_from,
        batch=batch,
        as_json=json,
    )


@train_app.command("merge")
def train_merge(
    adapter: Annotated[str, typer.Argument(help="LoRA adapter: folder, or id on the Hub.")],
    out: Annotated[Path, typer.Option(help="Folder for the whole checkpoint.")],
    revision: Annotated[str | None, typer.Option(help="Tag or commit of an adapter on the Hub.")] = None,
    base: Annotated[str | None, typer.Option(help="Where the base is now [default: as the adapter says]")] = None,
    base_revision: Annotated[str | None, typer.Option(help="Tag or commit of --base on the Hub.")] = None,
    dtype: Annotated[
        str | None, typer.Option(help="Of the result: float32, bfloat16, float16 [default: the base's]")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Merge an adapter into its base: a whole checkpoint that everything loads."""
    options.verbs("training.checkpoints.merging").merge(
        adapter, out, revision=revision, base=base, base_revision=base_revision, dtype=dtype, as_json=json
    )


@train_app.command("card")
def train_card(
    folder: Annotated[Path, typer.Argument(help="Folder of a checkpoint, with training.json.")],
    results: Annotated[
        list[Path] | None, typer.Option(help="results.json of `moviellm eval run`; may be repeated.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What the folder of --results is called in evaluations/.")] = None,
    licence: Annotated[str | None, typer.Option(help="Where it does not follow from what went in.")] = None,
    json: JsonOption = False,
) -> None:
    """Write the card of a checkpoint again, with more results."""
    options.verbs("training.checkpoints.pushing").card(folder, results or [], name=name, licence=licence, as_json=json)


@train_app.command("push")
def train_push(
    folder: Annotated[Path, typer.Argument(help="Folder of a checkpoint: a whole model or an adapter.")],
    repo: Annotated[str, typer.Argument(help="ORG/NAME on the Hub.")],
    version: Annotated[str | None, typer.Option(help="Three numbers; makes a tag that never changes.")] = None,
    private: Annotated[bool, typer.Option("--private", help="A new repository is private.")] = False,
    create_pr: Annotated[bool, typer.Option("--create-pr", help="As a pull request.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be sent; send nothing.")] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Files that the repository holds and the folder does not may go.")
    ] = False,
    message: Annotated[str | None, typer.Option(help="Title of the commit.")] = None,
    licence: Annotated[str | None, typer.Option(help="Where it does not follow from what went in.")] = None,
    base: Annotated[str | None, typer.Option(help="Of an adapter: where its base is on the Hub.")] = None,
    base_revision: Annotated[str | None, typer.Option(help="Tag or commit of --base.")] = None,
    json: JsonOption = False,
) -> None:
    """Push a checkpoint with its card to the Hub, under a tag."""
    options.verbs("training.checkpoints.pushing").push(
        folder,
        repo,
        version=version,
        private=private,
        create_pr=create_pr,
        dry_run=dry_run,
        replace=replace,
        message=message,
        licence=licence,
        base=base,
        base_revision=base_revision,
        as_json=json,
    )


@train_app.command("cluster")
def train_cluster(
    name: Annotated[str, typer.Argument(help="one_gpu, fsdp2, zero2 or zero3.")],
    out: Annotated[Path | None, typer.Option(help="Where to [default: its own name, here]")] = None,
    json: JsonOption = False,
) -> None:
    """Write a file for `accelerate launch` or DeepSpeed."""
    options.verbs("training.checkpoints.clusters").write(name, out, as_json=json)
