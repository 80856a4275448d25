"""What the files of the command line share: options of many verbs, and how the module of a verb is found.

    verbs("cards.publishing").push(...)

It declares no verb: see app.py, dataset.py and train.py.
"""

from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE...", help="Override recipe keys, e.g. --set story.chapters=11 seed=3"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
OnOption = Annotated[
    str | None,
    typer.Option("--on", metavar="CLUSTER", help="Where: ray (RAY_ADDRESS, or this machine) or ray://HOST:PORT."),
]
WorkOption = Annotated[
    Path | None,
    typer.Option("--work", help="Folder for working copies of a run in a bucket [default: in the user's cache]"),
]
RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="Run folder, or s3://BUCKET/RUN, gs://BUCKET/RUN.")]


def verbs(module: str = "generation.verbs") -> Any:
    """The module with what the verbs do, named by a string so that nothing is imported before it is needed."""
    return import_module(f"moviellm.{module}")
