"""The verbs `moviellm dataset ...`, in the order of the line: build, check, show.

It declares verbs and options and does nothing else; see cli.py for errors and exit codes.
"""

from pathlib import Path
from typing import Annotated

import typer

from moviellm.generation import cli_options
from moviellm.generation.cli_options import JsonOption, SetOption

dataset_app = typer.Typer(no_args_is_help=True, help="Build, check, show, publish and import datasets.")


@dataset_app.command("build")
def dataset_build(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    out: Annotated[Path, typer.Option(help="Dataset folder to write.")],
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Turn a run into a dataset folder that `datasets.load_dataset` reads."""
    cli_options.verbs().dataset_build(run, out, overrides=set_ or [], as_json=json)


@dataset_app.command("check")
def dataset_check(folder: Annotated[Path, typer.Argument(help="Dataset folder.")], json: JsonOption = False) -> None:
    """Check files, columns, references, pictures and splits of a dataset folder."""
    cli_options.verbs().dataset_check(folder, as_json=json)


@dataset_app.command("show")
def dataset_show(
    folder: Annotated[str, typer.Argument(help="Dataset folder.")],
    json: JsonOption = False,
) -> None:
    """Load a dataset with plain `datasets.load_dataset` and print what is in it."""
    cli_options.verbs().dataset_show(folder, as_json=json)
