"""What the files of the command line share: options of many verbs, and how the module of a verb is found.

    verbs("cards.publishing").push(...)

It declares no verb: see cli.py, cli_dataset.py and cli_train.py.
"""

from importlib import import_module
from typing import Annotated, Any

import typer

SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE...", help="Override recipe keys, e.g. --set story.chapters=11 seed=3"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]


def verbs(module: str = "generation.verbs") -> Any:
    """The module with what the verbs do, named by a string so that nothing is imported before it is needed."""
    return import_module(f"moviellm.{module}")
