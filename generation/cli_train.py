"""The verbs `moviellm train ...`: training views of a dataset.

It declares verbs and options and does nothing else; see cli.py for errors and exit codes.
"""

from pathlib import Path
from typing import Annotated

import typer

from moviellm.generation import cli_options
from moviellm.generation.cli_options import JsonOption

train_app = typer.Typer(no_args_is_help=True, help="Training views of a dataset.")


@train_app.callback()
def train() -> None:
    """Training views of a dataset."""


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
    cli_options.verbs("training.rows.making").make_rows(
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
