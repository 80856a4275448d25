"""The verbs `moviellm bench ...`: a benchmark is built, verified and pushed.

It declares verbs and options and does nothing else; see app.py for errors and exit codes.
"""

from pathlib import Path
from typing import Annotated

import typer

from moviellm.generation.cli import options
from moviellm.generation.cli.options import JsonOption, SetOption

bench_app = typer.Typer(no_args_is_help=True, help="A benchmark with hidden answers: built, verified, pushed.")

SourceOption = Annotated[
    str | None, typer.Argument(help="Dataset folder, dataset on the Hub (id@revision), or run folder.")
]
TrainOption = Annotated[
    list[str] | None,
    typer.Option(help="What models are trained on: folder or id@revision; repeatable. Not needed with --films."),
]
BaselineOption = Annotated[
    list[Path] | None, typer.Option(help="Run of a blind model or control on it, for the card; repeatable.")
]
FilmsOption = Annotated[
    list[Path] | None,
    typer.Option(help="Real films or folders of them, in place of a source; repeatable.", rich_help_panel="Films"),
]
SubtitlesOption = Annotated[
    bool, typer.Option("--subtitles", help="Leave out films without subtitles.", rich_help_panel="Films")
]
ModelOption = Annotated[
    str | None, typer.Option(help="Model that asks [default: OPENAI_MODEL]", rich_help_panel="Films")
]
SeeOption = Annotated[
    str,
    typer.Option(
        help="How it sees shots: pictures, captions (of gates.vision), or words: not.", rich_help_panel="Films"
    ),
]
FpsOption = Annotated[
    float | None, typer.Option(help="Keyframes a second [default: one a shot]", rich_help_panel="Films")
]
LanguageOption = Annotated[
    str,
    typer.Option(help="Language tag of the films [default: the subtitles']", rich_help_panel="Films"),
]
LicenceOption = Annotated[
    str | None, typer.Option("--license", help="Licence of the films' data.", rich_help_panel="Films")
]
MaxUsdOption = Annotated[
    float | None, typer.Option(help="What all calls may cost, never exceeded.", rich_help_panel="Films")
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be asked and cost.", rich_help_panel="Films")
]
RetryFailedOption = Annotated[
    bool, typer.Option(help="Ask again what failed in an earlier run.", rich_help_panel="Films")
]


@bench_app.callback()
def bench() -> None:
    """A benchmark with hidden answers: built, verified, pushed."""


@bench_app.command("build")
def bench_build(
    out: Annotated[Path, typer.Option(help="Folder for public/ and private/.")],
    source: SourceOption = None,
    train: TrainOption = None,
    name: Annotated[str, typer.Option(help="Name of the benchmark.")] = "MovieLLM-Bench",
    version: Annotated[str | None, typer.Option(help="Three numbers [default: by contents]")] = None,
    repo: Annotated[str | None, typer.Option(help="namespace/name it will have on the Hub.")] = None,
    dev: Annotated[float, typer.Option(help="Share of the movies whose answers are public.")] = 0.1,
    fewest: Annotated[int, typer.Option(help="Fewest movies (twins count once) that must be left for test.")] = 2,
    shared_places: Annotated[float, typer.Option(help="Share of a movie's places that train may have.")] = 0.0,
    baseline: BaselineOption = None,
    films: FilmsOption = None,
    subtitles: SubtitlesOption = False,
    writer: Annotated[str, typer.Option(help="Who asks: llm.", rich_help_panel="Films")] = "llm",
    model: ModelOption = None,
    see: SeeOption = "pictures",
    fps: FpsOption = None,
    language: LanguageOption = "und",
    licence: LicenceOption = None,
    max_usd: MaxUsdOption = None,
    dry_run: DryRunOption = False,
    retry_failed: RetryFailedOption = False,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Make a benchmark of movies that train does not have, or of real films."""
    if bool(films) == (source is not None):
        given = f"--films and {source} are two sources; give one"
        raise ValueError(
            given if films else "nothing to build from: give a dataset folder or a run, or --films FOLDER"
        )
    building = options.verbs("eval.bench.building")
    wish = building.Wish(
        source=source or "",
        train=tuple(train or ()),
        out=out,
        name=name,
        version=version,
        repo=repo,
        dev=dev,
        fewest=fewest,
        shared_places=shared_places,
        baselines=tuple(baseline or ()),
        strangers=bool(films),
    )
    if not films:
        building.build(wish, as_json=json)
        return
    wishes = options.verbs("eval.bench.films.wishes")
    film_wish = wishes.FilmWish(
        films=tuple(films),
        out=out,
        subtitles=subtitles,
        writer=writer,
        model=model,
        see=see,
        fps=fps,
        language=language,
        name=name,
        licence=licence,
        max_usd=max_usd,
        overrides=tuple(set_ or ()),
        retry_failed=retry_failed,
    )
    options.verbs("eval.bench.films.building").bench(film_wish, wish, dry_run=dry_run, as_json=json)


@bench_app.command("verify")
def bench_verify(
    bench: Annotated[Path, typer.Argument(help="The --out of bench build, or a copy of its public folder.")],
    json: JsonOption = False,
) -> None:
    """Say which items are not what they were, and whether a label of test is public; exit 0 for none, 1 for some."""
    options.verbs("eval.bench.verifying").verify(bench, as_json=json)


@bench_app.command("push")
def bench_push(
    bench: Annotated[Path, typer.Argument(help="The --out of bench build.")],
    repo: Annotated[str, typer.Option(help="Dataset on the Hub for the public folder.")],
    labels: Annotated[str, typer.Option(help="Private dataset on the Hub for the answers.")],
    licence: Annotated[str | None, typer.Option("--license", help="Of data whose licence is unknown.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent; send nothing.")] = False,
    json: JsonOption = False,
) -> None:
    """Push the answers to a private repository, then the benchmark, then its index."""
    options.verbs("eval.bench.pushing").push(
        bench, repo=repo, labels=labels, licence=licence, dry_run=dry_run, as_json=json
    )
