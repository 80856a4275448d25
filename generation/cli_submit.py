"""The verbs `moviellm submit ...`: a run becomes a bundle, is checked, and is sent to a leaderboard.

It declares verbs and options and does nothing else; see cli.py for errors and exit codes.
"""

from pathlib import Path
from typing import Annotated

import typer

from moviellm.generation import cli_options
from moviellm.generation.cli_options import JsonOption

submit_app = typer.Typer(no_args_is_help=True, help="Predictions for a leaderboard: made, checked, sent.")

IndexOption = Annotated[Path, typer.Option(help="INDEX.json of the benchmark.")]


@submit_app.callback()
def submit() -> None:
    """Predictions for a leaderboard: made, checked, sent."""


@submit_app.command("check")
def submit_check(
    bundle: Annotated[Path, typer.Argument(help="Folder, zip, or one file of predictions with --task.")],
    index: IndexOption,
    task: Annotated[str | None, typer.Option(help="Task that a single file is of.")] = None,
    json: JsonOption = False,
) -> None:
    """Print every problem of a bundle with its code; exit 0 accepted, 1 rejected."""
    cli_options.verbs("eval.submissions.check_verb").check(bundle, index=index, task=task, as_json=json)
