"""The verbs `moviellm leaderboard ...`: submissions are scored, and shown.

It declares verbs and options and does nothing else; see app.py for errors and exit codes.
"""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from moviellm.generation.cli import options
from moviellm.generation.cli.options import JsonOption


class _ShowsPlaces(TyperGroup):
    """`moviellm leaderboard PLACE` is `moviellm leaderboard show PLACE`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        return super().resolve_command(ctx, args if args and args[0] in self.commands else ["show", *args])


leaderboard_app = typer.Typer(
    cls=_ShowsPlaces, no_args_is_help=True, help="A leaderboard: submissions are scored, and shown."
)


@leaderboard_app.callback()
def leaderboard() -> None:
    """A leaderboard: submissions are scored, and shown."""


@leaderboard_app.command("open")
def leaderboard_open(
    requests: Annotated[str, typer.Option(help="Where submissions will be sent: dataset on the Hub, or folder.")],
    results: Annotated[str, typer.Option(help="Where numbers will go: dataset on the Hub, or folder.")],
    index: Annotated[Path, typer.Option(help="INDEX.json of the benchmark, which is put with the requests.")],
    public_results: Annotated[
        bool, typer.Option("--public-results", help="Anybody may read the results: scores by question tell answers.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Make the places of a leaderboard, private ones on the Hub; run again to bring it another index."""
    opening = options.verbs("eval.leaderboard.opening")
    opening.open_leaderboard(requests, results, index=index, public_results=public_results, as_json=json)


@leaderboard_app.command("score")
def leaderboard_score(
    requests: Annotated[str, typer.Option(help="Where submissions are sent: dataset on the Hub, or folder.")],
    results: Annotated[str, typer.Option(help="Where numbers go: dataset on the Hub, or folder.")],
    labels: Annotated[str, typer.Option(help="Dataset with the answers: folder, or private dataset on the Hub.")],
    index: Annotated[
        Path | None, typer.Option(help="INDEX.json [default: the one with the labels, else with the requests]")
    ] = None,
    split: Annotated[str, typer.Option(help="Split of the labels.")] = "test",
    judge: Annotated[list[str] | None, typer.Option(help="Who judges answers in words; several are a panel.")] = None,
    rubric: Annotated[str | None, typer.Option(help="By which rubric [default: the newest]")] = None,
    max_usd: Annotated[float | None, typer.Option(help="What judges may cost, never exceeded.")] = None,
    gate: Annotated[
        list[Path] | None,
        typer.Option(help="The --out of eval judge-gate that admitted a judge; a model without one does not judge."),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch/--once", help="Go on waiting for submissions.")] = False,
    every_s: Annotated[float, typer.Option(help="Seconds between looks with --watch.")] = 60.0,
    per_day: Annotated[int | None, typer.Option(help="Scored submissions of a submitter in 24 hours.")] = None,
    attempts: Annotated[int, typer.Option(help="Times that scoring is begun before it counts as failed.")] = 3,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Begin again what failed.")] = False,
    lease_s: Annotated[float, typer.Option(help="Seconds after which a dead worker's claim ends.")] = 900.0,
    worker: Annotated[str | None, typer.Option(help="Name of this worker [default: a new one]")] = None,
    work: Annotated[Path | None, typer.Option(help="Folder for what is being scored [default: in ~/.cache]")] = None,
    open_prs: Annotated[bool, typer.Option("--open-prs", help="Propose results to the models' repositories.")] = False,
    reasons: Annotated[
        bool, typer.Option("--reasons", help="Publish judges' words: they tell what is right.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Score what was sent: claim, check, score, judge, write results and statuses."""
    verb = options.verbs("eval.leaderboard.score_verb")
    wish = verb.Wish(
        requests=requests,
        results=results,
        labels=labels,
        index=index,
        split=split,
        judges=tuple(judge or ()),
        rubric=rubric,
        max_usd=max_usd,
        gates=tuple(gate or ()),
        watch=watch,
        every_s=every_s,
        per_day=per_day,
        attempts=attempts,
        retry_failed=retry_failed,
        lease_s=lease_s,
        worker=worker,
        work=work,
        open_prs=open_prs,
        reasons=reasons,
    )
    verb.score(wish, as_json=json)


@leaderboard_app.command("baselines")
def leaderboard_baselines(
    runs: Annotated[list[Path], typer.Argument(help="Runs of moviellm eval run with --controls, or controls.")],
    results: Annotated[str, typer.Option(help="Where numbers go: dataset on the Hub, or folder.")],
    index: Annotated[Path, typer.Option(help="INDEX.json of the benchmark.")],
    name: Annotated[str | None, typer.Option(help="What a single row is called [default: its control]")] = None,
    labels: Annotated[
        str | None, typer.Option(help="Answers for runs that were not given any: folder, or private dataset.")
    ] = None,
    split: Annotated[str, typer.Option(help="Split of the labels.")] = "test",
    json: JsonOption = False,
) -> None:
    """Put controls of runs into the results, as rows to be held against."""
    baselines = options.verbs("eval.leaderboard.baselines").baselines
    baselines(runs, results=results, index=index, name=name, labels=labels, split=split, as_json=json)


@leaderboard_app.command("show")
def leaderboard_show(
    results: Annotated[str, typer.Argument(help="Results: folder, or dataset on the Hub.")],
    requests: Annotated[
        str | None,
        typer.Option(help="Where bundles are sent: folder, or dataset on the Hub [default: no submissions]"),
    ] = None,
    bench: Annotated[
        str | None, typer.Option(help="Public side of the benchmark: folder, or dataset [default: no questions]")
    ] = None,
    bench_revision: Annotated[str | None, typer.Option(help="Tag or commit of a benchmark on the Hub.")] = None,
    index: Annotated[
        Path | None, typer.Option(help="INDEX.json [default: the one with the requests, else with the benchmark]")
    ] = None,
    split: Annotated[str, typer.Option(help="Split that is asked.")] = "test",
    per_day: Annotated[int, typer.Option(help="Submissions of a submitter in 24 hours.")] = 2,
    title: Annotated[str, typer.Option(help="Of the page [default: the benchmark's name]")] = "",
    port: Annotated[
        int | None, typer.Option(help="Port on this machine [default: the first free one from 7860]")
    ] = None,
    share: Annotated[bool, typer.Option("--share", help="A public link through Gradio's servers.")] = False,
) -> None:
    """Open the leaderboard's page in the browser, over a folder or the Hub."""
    verb = options.verbs("eval.leaderboard.showing")
    wish = verb.Wish(
        results=results,
        requests=requests,
        bench=bench,
        bench_revision=bench_revision,
        index=index,
        split=split,
        per_day=per_day,
        title=title,
    )
    verb.show(wish, port=port, share=share)


@leaderboard_app.command("push")
def leaderboard_push(
    requests: Annotated[str, typer.Option(help="Dataset of requests.")],
    results: Annotated[str, typer.Option(help="Dataset of results.")],
    bench: Annotated[str, typer.Option(help="Dataset of the benchmark.")],
    space: Annotated[str | None, typer.Option(help="The Space, ORG/NAME.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write it as a folder; push nothing.")] = None,
    bench_revision: Annotated[str | None, typer.Option(help="Tag or commit of the benchmark.")] = None,
    split: Annotated[str, typer.Option(help="Split that is asked.")] = "test",
    per_day: Annotated[int, typer.Option(help="Submissions of a submitter in 24 hours.")] = 2,
    title: Annotated[str, typer.Option(help="Of the page [default: the benchmark's name]")] = "",
    private: Annotated[bool, typer.Option("--private", help="A new Space is private.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent; send nothing.")] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Delete files of the Space that this one does not have.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Push the leaderboard's page as a Space with all that it needs; run again to go on or to update."""
    verb = options.verbs("eval.leaderboard.pushing")
    wish = verb.Wish(
        results=results,
        requests=requests,
        bench=bench,
        bench_revision=bench_revision,
        split=split,
        per_day=per_day,
        title=title,
    )
    verb.push(wish, space=space, out=out, private=private, dry_run=dry_run, replace=replace, as_json=json)
