"""The verbs `moviellm eval ...`: a model is asked a dataset's questions, and two runs are compared.

It declares verbs and options and does nothing else; see app.py for errors and exit codes.
"""

from pathlib import Path
from typing import Annotated

import typer

from moviellm.generation.cli import options
from moviellm.generation.cli.options import JsonOption, OnOption

eval_app = typer.Typer(no_args_is_help=True, help="Scores of a model, with intervals and controls.")

DataOption = Annotated[
    str,
    typer.Option(help="Dataset folder, id of a dataset on the Hub, or published annotations: msvd-qa:FILE, ..."),
]
TasksOption = Annotated[
    str | None,
    typer.Option(help="With commas, or all [default: qa_open,qa_mc,grounding,dense_captioning]"),
]
PixelsOption = Annotated[
    int | None, typer.Option(help="Most pixels of a frame, width times height [default: as they are]")
]
ControlsOption = Annotated[
    str | None,
    typer.Option(
        help="With commas, all or none: random, majority, question-only, title-only, dialogue-only, single-frame, "
        "shuffled, reversed, oracle [default: random,majority,oracle: they ask no model]"
    ),
]
TimesOption = Annotated[
    str | None,
    typer.Option(help="How it says times: seconds, or index: hundredths of the movie [default: its config's]"),
]
DeviceOption = Annotated[str | None, typer.Option(help="Where a checkpoint runs: cuda, cpu [default: what there is]")]
CacheOption = Annotated[Path | None, typer.Option(help="Folder of kept answers, for several runs [default: in --out]")]
RequestsOption = Annotated[int | None, typer.Option(help="Calls a minute of an openai: model, of all nodes together.")]
TokensOption = Annotated[int | None, typer.Option(help="Tokens a minute of an openai: model, of all nodes together.")]
ConcurrencyOption = Annotated[int | None, typer.Option(help="Calls under way at once, of each node [default: 16]")]
VideosOption = Annotated[
    Path | None, typer.Option(help="Folder of the film files of published annotations.", show_default=False)
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be asked and cost; ask nobody, load and write nothing.")
]
MeteorOption = Annotated[
    bool, typer.Option("--meteor", help="METEOR of dense captions too; takes Java and the extra `meteor`.")
]


@eval_app.callback()
def evaluation() -> None:
    """Scores of a model, with intervals and controls."""


@eval_app.command("run")
def eval_run(
    model: Annotated[str, typer.Option(help="Checkpoint (folder or id on the Hub), openai:NAME, or replay:FILE.")],
    data: DataOption,
    out: Annotated[Path, typer.Option(help="Folder for predictions and results; resumed if there.")],
    tasks: TasksOption = None,
    revision: Annotated[str | None, typer.Option(help="Tag or commit of a dataset on the Hub.")] = None,
    split: Annotated[str, typer.Option(help="Split of the dataset.")] = "test",
    frames: Annotated[int | None, typer.Option(help="Frames of a movie, evenly chosen [default: all]")] = None,
    fps: Annotated[float | None, typer.Option(help="Frames a second, in place of --frames.")] = None,
    cap: Annotated[int | None, typer.Option(help="Most frames of a movie, with --fps.")] = None,
    pixels: PixelsOption = None,
    limit: Annotated[int | None, typer.Option(help="Most questions a task, drawn by --seed [default: all]")] = None,
    seed: Annotated[int, typer.Option(help="What a subset is drawn by, and frames are shuffled by.")] = 0,
    controls: ControlsOption = None,
    times: TimesOption = None,
    max_tokens: Annotated[int | None, typer.Option(help="Longest answer [default: by task]")] = None,
    temperature: Annotated[float, typer.Option(help="Of openai: models; checkpoints answer greedily.")] = 0.0,
    max_usd: Annotated[float | None, typer.Option(help="What an openai: model may cost, never exceeded.")] = None,
    requests_per_minute: RequestsOption = None,
    tokens_per_minute: TokensOption = None,
    concurrency: ConcurrencyOption = None,
    model_revision: Annotated[str | None, typer.Option(help="Tag or commit of a checkpoint on the Hub.")] = None,
    device: DeviceOption = None,
    dtype: Annotated[str | None, typer.Option(help="float32, bfloat16 or float16 [default: as saved]")] = None,
    cache: CacheOption = None,
    retry_failed: Annotated[bool, typer.Option(help="Ask again what got no answer in an earlier run.")] = False,
    videos: VideosOption = None,
    max_missing: Annotated[int, typer.Option(help="Most films of --videos that may be missing.")] = 0,
    meteor: MeteorOption = False,
    report: Annotated[bool, typer.Option("--report", help="Make a report too, in OUT/report.")] = False,
    on: OnOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Ask a model the questions of a dataset and score its answers; run again to resume."""
    wish = options.verbs("eval.running.wishes").Wish(
        model=model,
        data=data,
        out=out,
        tasks=tasks,
        revision=revision,
        split=split,
        frames=frames,
        fps=fps,
        cap=cap,
        pixels=pixels,
        limit=limit,
        seed=seed,
        controls=controls,
        times=times,
        max_tokens=max_tokens,
        temperature=temperature,
        max_usd=max_usd,
        requests_per_minute=requests_per_minute,
        tokens_per_minute=tokens_per_minute,
        concurrency=concurrency,
        on=on,
        model_revision=model_revision,
        device=device,
        dtype=dtype,
        cache=cache,
        retry_failed=retry_failed,
        videos=videos,
        max_missing=max_missing,
        meteor=meteor,
    )
    options.verbs("eval.running.evaluating").run(wish, as_json=json, dry_run=dry_run)
    if report and not dry_run:
        options.verbs("eval.reporting.reporting").report_beside(out, data=data, videos=videos)


@eval_app.command("compare")
def eval_compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="A B [C...]", help="The --out of two runs or more on the same questions.", show_default=False
        ),
    ],
    out: Annotated[Path | None, typer.Option(help="JSON file for the differences.")] = None,
    json: JsonOption = False,
) -> None:
    """Compare runs question by question: differences B - A with intervals and tests."""
    options.verbs("eval.running.comparing").compare(runs, out=out, as_json=json)


@eval_app.command("legacy")
def eval_legacy(
    kind: Annotated[str, typer.Argument(help="vtimellm, vcgbench or moviellm.")],
    files: Annotated[
        list[Path],
        typer.Argument(
            help="vtimellm: log and annotations; vcgbench: folders or a file; moviellm: judged folder, or res."
        ),
    ],
    out: Annotated[Path | None, typer.Option(help="JSON file for the numbers.")] = None,
    runs: Annotated[
        Path | None, typer.Option(help="Folder in which the answers of moviellm res become runs, to judge anew.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Read result files of published scripts: by their arithmetic, and by the right one beside it."""
    options.verbs("eval.published.legacy").legacy(kind, files, out=out, as_json=json, runs=runs)


@eval_app.command("report")
def eval_report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of runs (--out of eval run).")],
    out: Annotated[Path, typer.Option(help="Folder for report.html, report.md, plots and tables.")],
    data: Annotated[
        str | None,
        typer.Option(help="Dataset of the runs, for pictures, or KIND:FILE [default: the one on the Hub, if it is]"),
    ] = None,
    videos: Annotated[
        Path | None, typer.Option(help="Folder of the film files, where --data is published annotations.")
    ] = None,
    failures: Annotated[int, typer.Option(help="Wrong answers shown of each run, task and question type.")] = 2,
    seed: Annotated[int, typer.Option(help="What they are drawn by.")] = 0,
    page_mb: Annotated[float, typer.Option(help="Size of the page in MB up to which pictures are put in.")] = 8.0,
    json: JsonOption = False,
) -> None:
    """Make a report of one run or several: plots, tables for a paper, failures to look at."""
    options.verbs("eval.reporting.reporting").report(
        runs, out=out, data=data, videos=videos, each=failures, seed=seed, page_mb=page_mb, as_json=json
    )
