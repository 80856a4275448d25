"""The command line: `moviellm VERB`. Verbs in the order of the line: make, view, check, status, gc, dataset
(cli/dataset.py), train (cli/train.py), ask, chat, prove, measure, ablate, run.

This file declares verbs and options, turns errors into one line and an exit code, and does nothing else. What a verb
does is in making.py, verbs.py, training/ and eval/, imported when the verb runs, so that `--help` answers at once.
Exit codes: 0 done, 1 the machine failed or a check found errors, 2 the input was wrong, 130 stopped by Ctrl-C.
"""

import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from moviellm.generation.cli import options
from moviellm.generation.cli.bench import bench_app
from moviellm.generation.cli.dataset import dataset_app
from moviellm.generation.cli.eval import eval_app
from moviellm.generation.cli.judge import judge_app
from moviellm.generation.cli.leaderboard import leaderboard_app
from moviellm.generation.cli.metrics import metrics_app
from moviellm.generation.cli.options import JsonOption, OnOption, RunArgument, SetOption, WorkOption
from moviellm.generation.cli.submit import submit_app
from moviellm.generation.cli.train import train_app

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(dataset_app, name="dataset")
app.add_typer(train_app, name="train")
eval_app.add_typer(judge_app)
app.add_typer(eval_app, name="eval")
app.add_typer(metrics_app, name="metrics")
app.add_typer(submit_app, name="submit")
app.add_typer(bench_app, name="bench")
app.add_typer(leaderboard_app, name="leaderboard")

INTERRUPTED = 130
STOPPED = "stopped; everything finished is kept, and the same command goes on from there"


def _tell_version(wanted: bool) -> None:
    if wanted:
        record = options.verbs("generation.runs.record")
        typer.echo(f"moviellm {record.code_version()} {record.code_revision()}".rstrip())
        raise typer.Exit


@app.callback()
def about(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_tell_version, is_eager=True, help="Print the version, and a checkout's commit."
        ),
    ] = False,
) -> None:
    """A theme becomes movies; the movies become a dataset. Start with: moviellm run tiny --out demo"""


@app.command()
def make(
    theme: Annotated[list[str] | None, typer.Argument(metavar="THEME...", help="Theme phrases, one a movie.")] = None,
    out: Annotated[Path | None, typer.Option(help="Run folder or s3://BUCKET/RUN; made, or resumed if there.")] = None,
    recipe: Annotated[str | None, typer.Option(help="Packaged recipe or YAML file [default: tiny]")] = None,
    themes: Annotated[Path | None, typer.Option(help="File with one theme a line; # begins a comment.")] = None,
    movies: Annotated[int | None, typer.Option(help="Movies to make; themes go round with other seeds.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the run.")] = None,
    writer: Annotated[str | None, typer.Option(help="Who writes: offline, llm or world.")] = None,
    painter: Annotated[str | None, typer.Option(help="Who paints: offline, diffusers or endpoint.")] = None,
    model: Annotated[str | None, typer.Option(help="Language model that writes [default: OPENAI_MODEL]")] = None,
    max_usd: Annotated[float | None, typer.Option(help="The run's cost, never exceeded.")] = None,
    batch: Annotated[bool, typer.Option("--batch", help="Ask by the Batch API: half the price, long waits.")] = False,
    set_: SetOption = None,
    replace: Annotated[bool, typer.Option(help="Replace the movies of a run made from other themes.")] = False,
    films: Annotated[bool, typer.Option(help="Write films and the storyboard page at the end.")] = True,
    retry_failed: Annotated[bool, typer.Option(help="Ask again for cells that failed in an earlier run.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be made; write nothing.")] = False,
    on: OnOption = None,
    part: Annotated[
        str | None, typer.Option(help="One of several processes that share the run, such as 3/16.")
    ] = None,
    work: WorkOption = None,
    json: JsonOption = False,
) -> None:
    """Make movies from themes; run again to resume."""
    choice: dict[str, object] = {
        "movies": movies,
        "seed": seed,
        "writer": writer,
        "painter": painter,
        "llm.model": model,
    }
    choice |= {"engine.max_usd": max_usd, "engine.batch": "true" if batch else None}
    overrides = (set_ or []) + [f"{key}={value}" for key, value in choice.items() if value is not None]
    options.verbs("generation.making").make(
        themes=theme or [],
        themes_file=themes,
        out=out,
        recipe_name=recipe,
        overrides=overrides,
        replace=replace,
        films=films,
        retry_failed=retry_failed,
        dry_run=dry_run,
        as_json=json,
        on=on,
        part=part,
        work=work,
    )


@app.command()
def view(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    movie: Annotated[list[str] | None, typer.Option(help="Only this movie, e.g. m00003; may be repeated.")] = None,
    films: Annotated[bool, typer.Option(help="Write films too.")] = True,
    motion: Annotated[bool, typer.Option("--motion", help="The camera moves inside every keyframe.")] = False,
    fps: Annotated[int | None, typer.Option(help="Frames a second with --motion: 12 or 24 [default: 24]")] = None,
    voice: Annotated[bool, typer.Option("--voice", help="Speak the dialogue (needs espeak-ng).")] = False,
    json: JsonOption = False,
) -> None:
    """Write the storyboard page and the films of a run, and say where they are."""
    options.verbs().view(run, movie_ids=movie, films=films, motion=motion, fps=fps, voice=voice, as_json=json)


@app.command()
def check(run: RunArgument, work: WorkOption = None, json: JsonOption = False) -> None:
    """Check every hash and cross-reference of a run."""
    options.verbs().check(run, as_json=json, work=work)


@app.command()
def status(run: RunArgument, work: WorkOption = None, json: JsonOption = False) -> None:
    """Say how far a run is, who makes it and what it has cost; from any machine that sees it."""
    options.verbs().status(run, as_json=json, work=work)


@app.command()
def gc(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the files; delete nothing.")] = False,
    json: JsonOption = False,
) -> None:
    """Delete files that no manifest lists: leftovers of killed runs."""
    options.verbs().gc(run, dry_run=dry_run, as_json=json)


@app.command()
def ask(
    model: Annotated[str, typer.Argument(help="Checkpoint: folder, or id on the Hub.")],
    movie: Annotated[
        str, typer.Argument(help="Film file, folder of pictures, or DATASET#MOVIE such as org/name#m00042.")
    ],
    question: Annotated[list[str] | None, typer.Argument(help="What is asked; - reads a line a question.")] = None,
    questions: Annotated[str | None, typer.Option(help="File of questions: text, .jsonl or .csv.")] = None,
    out: Annotated[Path | None, typer.Option(help="File for answers as JSON lines; resumed if there.")] = None,
    frames: Annotated[int | None, typer.Option(help="So many frames, evenly spread.")] = None,
    fps: Annotated[float | None, typer.Option(help="So many frames a second [default: 1 of a file, else all]")] = None,
    pixels: Annotated[int | None, typer.Option(help="Most pixels of a frame; larger ones are made smaller.")] = None,
    start: Annotated[float, typer.Option(help="Where the stretch begins, seconds; answers count from there.")] = 0.0,
    end: Annotated[float | None, typer.Option(help="Where it ends, seconds.")] = None,
    subtitles: Annotated[Path | None, typer.Option(help="Subtitles [default: beside the film, or in it]")] = None,
    revision: Annotated[str | None, typer.Option(help="Tag or commit of a model on the Hub.")] = None,
    movie_revision: Annotated[str | None, typer.Option(help="Tag or commit of a dataset on the Hub.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, ... [default: the accelerator, if any]")] = None,
    dtype: Annotated[str | None, typer.Option(help="float32, bfloat16 or float16 [default: as saved]")] = None,
    max_new_tokens: Annotated[int, typer.Option(help="Longest answer, in tokens.")] = 256,
    json: JsonOption = False,
) -> None:
    """Ask a model about a movie: one reading of it for all questions."""
    options.verbs("training.ask.asking").ask(
        model,
        movie,
        question or [],
        questions_file=questions,
        out=out,
        frames=frames,
        fps=fps,
        pixels=pixels,
        start_s=start,
        end_s=end,
        subtitles=subtitles,
        revision=revision,
        movie_revision=movie_revision,
        device=device,
        dtype=dtype,
        max_new_tokens=max_new_tokens,
        as_json=json,
    )


@app.command()
def chat(
    model: Annotated[str, typer.Argument(help="Checkpoint: folder, or id on the Hub.")],
    movie: Annotated[str | None, typer.Argument(help="Film file, folder of pictures, or DATASET#MOVIE.")] = None,
    port: Annotated[
        int | None, typer.Option(help="Port on this machine [default: the first free one from 7860]")
    ] = None,
    share: Annotated[bool, typer.Option("--share", help="A public link through Gradio's servers.")] = False,
    frames: Annotated[int | None, typer.Option(help="So many frames, evenly spread.")] = None,
    fps: Annotated[float | None, typer.Option(help="So many frames a second [default: 1 of a file, else all]")] = None,
    subtitles: Annotated[Path | None, typer.Option(help="Subtitles [default: beside the film, or in it]")] = None,
    revision: Annotated[str | None, typer.Option(help="Tag or commit of a model on the Hub.")] = None,
    movie_revision: Annotated[str | None, typer.Option(help="Tag or commit of a dataset on the Hub.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, ... [default: the accelerator, if any]")] = None,
    dtype: Annotated[str | None, typer.Option(help="float32, bfloat16 or float16 [default: as saved]")] = None,
    max_new_tokens: Annotated[int, typer.Option(help="Longest answer, in tokens.")] = 256,
) -> None:
    """Talk with a model about a movie in the browser; times in answers lead into the film."""
    options.verbs("training.ask.chat.serving").chat(
        model,
        movie,
        frames=frames,
        fps=fps,
        subtitles=subtitles,
        revision=revision,
        movie_revision=movie_revision,
        device=device,
        dtype=dtype,
        max_new_tokens=max_new_tokens,
        port=port,
        share=share,
    )


@app.command()
def prove(
    out: Annotated[Path, typer.Option(help="Folder; a proof that was stopped there goes on.")] = Path("proof"),
    seeds: Annotated[int, typer.Option(help="How many seeds.")] = 1,
    first_seed: Annotated[int, typer.Option(help="The first of them.")] = 0,
    recipe: Annotated[str, typer.Option(help="Packaged recipe of a proof, or YAML file.")] = "proof",
    json: JsonOption = False,
) -> None:
    """Show on a CPU that movies teach what clips do not: a small model, from scratch, with its controls."""
    options.verbs("training.proof.proving").prove(out, seeds, first_seed, recipe, as_json=json)


@app.command()
def measure(
    dataset: Annotated[str, typer.Argument(help="Dataset folder, or id of a dataset on the Hub.")],
    recipe: Annotated[str | None, typer.Option(help="Recipe whose section `measures` says who measures.")] = None,
    model: Annotated[str | None, typer.Option(help="CLIP-type model that measures: Hub id or folder.")] = None,
    set_: SetOption = None,
    revision: Annotated[str | None, typer.Option(help="Tag or commit of a dataset on the Hub.")] = None,
    out: Annotated[Path | None, typer.Option(help="File for the results, and leave the dataset as it is.")] = None,
    movies_out: Annotated[Path | None, typer.Option("--movies", help="File for the values of every movie.")] = None,
    cache: Annotated[Path | None, typer.Option(help="Folder for what the models saw [default: ~/.cache]")] = None,
    json: JsonOption = False,
) -> None:
    """Measure the pictures of a dataset: results.json, and a section of its card."""
    options.verbs("eval.measuring").measure(
        dataset,
        recipe_name=recipe,
        model=model,
        overrides=set_ or [],
        revision=revision,
        out=out,
        movies_out=movies_out,
        cache=cache,
        as_json=json,
    )


@app.command()
def ablate(
    recipe: Annotated[str, typer.Argument(help="Packaged recipe or YAML file.")],
    out: Annotated[Path, typer.Option(help="Folder for the arms and the table.")],
    set_: SetOption = None,
    model: Annotated[str | None, typer.Option(help="CLIP-type model that measures: Hub id or folder.")] = None,
    cache: Annotated[Path | None, typer.Option(help="Folder for what the models saw [default: ~/.cache]")] = None,
    json: JsonOption = False,
) -> None:
    """The paper's ablation: style locked or not, story expanded or not, on the same themes and seeds."""
    options.verbs("eval.ablation").ablate(recipe, out, model=model, overrides=set_ or [], cache=cache, as_json=json)


@app.command()
def run(
    recipe: Annotated[str, typer.Argument(help="Packaged recipe or YAML file.")],
    out: Annotated[Path, typer.Option(help="Folder for the run and its dataset.")],
    set_: SetOption = None,
    train: Annotated[str | None, typer.Option(help="Recipe of the training, for recipes of your own.")] = None,
    until: Annotated[str | None, typer.Option(help="Last part: dataset, model, scores or leaderboard.")] = None,
    to: Annotated[
        str | None, typer.Option(help="Who on the Hub everything is pushed to [default: folders of --out only]")
    ] = None,
    on: OnOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the steps and what the movies would cost; write nothing.")
    ] = False,
) -> None:
    """The whole line: movies, dataset, and for tiny on to a model, its scores and a row of a leaderboard."""
    options.verbs("generation.line.running").run_line(
        recipe, out, overrides=set_ or [], train=train, until=until, to=to, on=on, dry_run=dry_run
    )


def expand_set(arguments: list[str]) -> list[str]:
    """Let one `--set` take several overrides: `--set a=1 b=2` becomes `--set a=1 --set b=2`."""
    expanded: list[str] = []
    in_set = False
    for argument in arguments:
        if in_set and expanded[-1] != "--set" and re.fullmatch(r"[a-z_]+(\.[a-z_]+)*=.*", argument, re.DOTALL):
            expanded.append("--set")
        elif in_set and expanded[-1] != "--set":
            in_set = False
        in_set = in_set or argument == "--set"
        expanded.append(argument)
    return expanded


def main() -> None:
    """Entry point of the `moviellm` command."""
    sys.exit(call(sys.argv[1:]))


def call(arguments: list[str]) -> int:
    """Run the command line and return its exit code; every expected error is one line on standard error."""
    try:
        code = int(app(expand_set(arguments), standalone_mode=False, prog_name="moviellm") or 0)
        if code == INTERRUPTED:  # typer turns Ctrl-C into this number and says nothing
            _say_stopped()
        return code
    except SystemExit as stop:
        return int(stop.code or 0)
    except typer.Exit as stop:
        return stop.exit_code
    except typer.TyperException as error:
        if error.format_message():  # empty when help was shown for want of a verb
            _say(f"error: {error.format_message()}")
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        _say_stopped()
        return INTERRUPTED
    except BrokenPipeError:
        return 1
    except BaseExceptionGroup as group:
        return _explain(group)
    except (ValueError, OSError, ImportError) as error:
        return _explain(error)


def _say_stopped() -> None:
    import_module("moviellm.generation.own_process").say_stopped(STOPPED)


def _explain(error: BaseException) -> int:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, ValueError):
        _say(f"error: {error}")
        disk_error = import_module("moviellm.generation.files").DiskError
        return 1 if isinstance(error, disk_error) else 2
    if isinstance(error, OSError):
        _say(f"error: {error.strerror or error}{f': {error.filename}' if error.filename else ''}")
        return 1
    if isinstance(error, ModuleNotFoundError):
        _say(f"error: {error}; install moviellm again with pip, which brings it")
        return 1
    raise error


def _say(text: str) -> None:
    """Print to standard error; what a terminal would obey rather than show is spelt out."""
    shown = "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in text)
    print(shown, file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    main()
