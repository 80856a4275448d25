"""The verbs `moviellm submit ...`: a run becomes a bundle, is checked, is sent to a leaderboard, and followed.

It declares verbs and options and does nothing else; see app.py for errors and exit codes.
"""

from pathlib import Path
from typing import Annotated

import typer

from moviellm.generation.cli import options
from moviellm.generation.cli.options import JsonOption

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
    options.verbs("eval.submissions.check_verb").check(bundle, index=index, task=task, as_json=json)


@submit_app.command("make")
def submit_make(
    run: Annotated[Path, typer.Argument(help="The --out of a moviellm eval run.")],
    index: IndexOption,
    out: Annotated[Path, typer.Option(help="Folder, or a file that ends in .zip.")],
    model_id: Annotated[str | None, typer.Option(help="namespace/name [default: the run's]")] = None,
    model_revision: Annotated[str | None, typer.Option(help="Commit, 40 hex digits [default: the run's]")] = None,
    display_name: Annotated[str | None, typer.Option(help="As the table shows it [default: the model's]")] = None,
    parameters_b: Annotated[float | None, typer.Option(help="Parameters of the model, in billions.")] = None,
    base_model: Annotated[str | None, typer.Option(help="What it was tuned from, namespace/name.")] = None,
    track: Annotated[str | None, typer.Option(help="open-weights, api or system [default: the run's]")] = None,
    training_data: Annotated[list[str] | None, typer.Option(help="A dataset it was trained on; repeatable.")] = None,
    no_training_data: Annotated[bool, typer.Option("--no-training-data", help="It was not trained by you.")] = False,
    seen_test_inputs: Annotated[bool | None, typer.Option(help="Whether it has seen movies of the test.")] = None,
    subtitles: Annotated[str | None, typer.Option(help="none, provided or asr [default: the run's]")] = None,
    audio: Annotated[bool, typer.Option("--audio", help="It heard the films.")] = False,
    frames: Annotated[int | None, typer.Option(help="Frames of a movie [default: the run's]")] = None,
    fps: Annotated[float | None, typer.Option(help="Frames a second [default: the run's]")] = None,
    max_pixels: Annotated[int | None, typer.Option(help="Most pixels of a frame [default: the run's]")] = None,
    json: JsonOption = False,
) -> None:
    """Make a bundle of a run's predictions, and check it against the benchmark's index."""
    making = options.verbs("eval.submissions.making")
    wish = making.Wish(
        run=run,
        index=index,
        out=out,
        model_id=model_id,
        model_revision=model_revision,
        display_name=display_name,
        parameters_b=parameters_b,
        base_model=base_model,
        track=track,
        training_data=tuple(training_data or ()),
        no_training_data=no_training_data,
        seen_test_inputs=seen_test_inputs,
        subtitles=subtitles,
        audio=audio,
        frames=frames,
        fps=fps,
        max_pixels=max_pixels,
    )
    making.make(wish, as_json=json)


@submit_app.command("send")
def submit_send(
    bundle: Annotated[Path, typer.Argument(help="Folder or zip.")],
    to: Annotated[str, typer.Option(help="Requests of a leaderboard: dataset on the Hub, or folder.")],
    index: Annotated[
        Path | None, typer.Option(help="INDEX.json of the benchmark [default: the one with the requests]")
    ] = None,
    submitter: Annotated[str | None, typer.Option(help="Who sends, of a folder [default: who is logged in]")] = None,
    json: JsonOption = False,
) -> None:
    """Check a bundle and put it into the requests of a leaderboard; the same bundle is sent once."""
    options.verbs("eval.submissions.sending").send(bundle, to=to, index=index, submitter=submitter, as_json=json)


@submit_app.command("status")
def submit_status(
    sha256: Annotated[str, typer.Argument(help="Hash of the request, or its first eight digits or more.")],
    to: Annotated[str, typer.Option(help="Requests of a leaderboard: dataset on the Hub, or folder.")],
    json: JsonOption = False,
) -> None:
    """Print what became of a request; exit 1 where it was rejected or failed."""
    options.verbs("eval.submissions.status_verb").status(sha256, to=to, as_json=json)
