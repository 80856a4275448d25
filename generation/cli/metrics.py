"""The verbs `moviellm metrics ...`: our scores as `evaluate` modules, for anybody to load.

It declares verbs and options and does nothing else; see app.py for errors and exit codes.
"""

from pathlib import Path
from typing import Annotated

import typer

from moviellm.generation.cli import options
from moviellm.generation.cli.options import JsonOption

metrics_app = typer.Typer(no_args_is_help=True, help="Our scores as `evaluate` modules.")

OnlyOption = Annotated[list[str] | None, typer.Option(metavar="NAME", help="A metric; may be repeated [default: all]")]


@metrics_app.callback()
def metrics() -> None:
    """Our scores as `evaluate` modules."""


@metrics_app.command("push")
def metrics_push(
    owner: Annotated[str, typer.Option(help="Account or organisation on the Hub.")],
    only: OnlyOption = None,
    private: Annotated[bool, typer.Option("--private", help="New Spaces are private.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent; send nothing.")] = False,
    json: JsonOption = False,
) -> None:
    """Push each metric as a Space that evaluate.load("OWNER/NAME") loads; run again to go on or to update."""
    options.verbs("eval.metrics.pushing").push(owner, only=only or [], private=private, dry_run=dry_run, as_json=json)


@metrics_app.command("bundle")
def metrics_bundle(
    out: Annotated[Path, typer.Argument(help="Folder for them; each becomes a folder in it.")],
    only: OnlyOption = None,
    json: JsonOption = False,
) -> None:
    """Write each metric as a folder that needs only `evaluate` and numpy: evaluate.load("OUT/NAME")."""
    options.verbs("eval.metrics.pushing").write_bundles(out, only=only or [], as_json=json)
