"""The verbs `moviellm train ...`: training views of a dataset.

It declares verbs and options and does nothing else; see cli.py for errors and exit codes.
"""

import typer

train_app = typer.Typer(no_args_is_help=True, help="Training views of a dataset.")


@train_app.callback()
def train() -> None:
    """Training views of a dataset."""
