"""The verbs of judges in `moviellm eval`: answers of a run are judged.

It declares verbs and options and does nothing else; see app.py for errors and exit codes.
"""

from pathlib import Path
from typing import Annotated

import typer

from moviellm.generation.cli import options
from moviellm.generation.cli.options import JsonOption

judge_app = typer.Typer()

BaseUrlOption = Annotated[str | None, typer.Option(help="Server of the judge, in place of PREFIX_BASE_URL.")]
ConcurrencyOption = Annotated[int | None, typer.Option(help="Calls under way at once, of each judge [default: 16]")]
MaxTokensOption = Annotated[int | None, typer.Option(help="Longest answer, thinking included [default: 2048]")]
TemperatureOption = Annotated[float | None, typer.Option(help="[default: none is sent]")]
RetryUnscoredOption = Annotated[bool, typer.Option("--retry-unscored", help="Ask anew what came to no verdict.")]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Print calls, tokens and dollars; ask nobody, write nothing.")
]

JudgeOption = Annotated[
    list[str] | None,
    typer.Option(
        help="openai:NAME, PREFIX:NAME@REVISION (of PREFIX_BASE_URL), lexical or fact-recall; three are a panel."
    ),
]
RubricOption = Annotated[
    str | None,
    typer.Option(help="correctness, better, narrative, vcgbench, legacy/..., or a YAML file [default: by the data]"),
]
DataOption = Annotated[
    str | None,
    typer.Option(help="Dataset of the run: judges are told what happens; or none [default: the one on the Hub]"),
]
CacheOption = Annotated[
    Path | None, typer.Option(help="Folder of judges' answers, for several runs [default: RUN/judged/kept]")
]
RescoreOption = Annotated[
    Path | None, typer.Option(help="Folder in RUN/judged: its numbers again from its transcripts, without a call.")
]


@judge_app.command("judge")
def eval_judge(
    run: Annotated[Path | None, typer.Argument(help="The --out of a moviellm eval run.")] = None,
    judge: JudgeOption = None,
    against: Annotated[Path | None, typer.Option(help="Another run: which of two answers is better.")] = None,
    rubric: RubricOption = None,
    tasks: Annotated[str | None, typer.Option(help="With commas [default: all with answers in words]")] = None,
    data: DataOption = None,
    revision: Annotated[str | None, typer.Option(help="Tag or commit of a dataset on the Hub.")] = None,
    labels: Annotated[Path | None, typer.Option(help="What people say of some answers, JSON lines.")] = None,
    max_usd: Annotated[float | None, typer.Option(help="What all judges may cost together, never exceeded.")] = None,
    base_url: BaseUrlOption = None,
    cache: CacheOption = None,
    concurrency: ConcurrencyOption = None,
    max_tokens: MaxTokensOption = None,
    temperature: TemperatureOption = None,
    retry_unscored: RetryUnscoredOption = False,
    dry_run: DryRunOption = False,
    rescore: RescoreOption = None,
    json: JsonOption = False,
) -> None:
    """Let judges read the answers of a run; run again to resume, it asks nothing twice."""
    if rescore is not None:
        if run is not None or judge:
            raise ValueError("--rescore takes a folder in RUN/judged and nothing else")
        options.verbs("eval.judging.judge_verb").rescore(rescore, as_json=json)
        return
    if run is None:
        raise ValueError("which run? moviellm eval judge RUN --judge openai:NAME")
    wish = options.verbs("eval.judging.judge").Wish(
        run=run,
        judges=tuple(judge or ()),
        against=against,
        rubric=rubric,
        tasks=tasks,
        data=data,
        revision=revision,
        labels=labels,
        max_usd=max_usd,
        base_url=base_url,
        cache=cache,
        concurrency=concurrency,
        max_tokens=max_tokens,
        temperature=temperature,
        retry_unscored=retry_unscored,
    )
    options.verbs("eval.judging.judge_verb").judge(wish, dry_run=dry_run, as_json=json)


@judge_app.command("judge-gate")
def eval_judge_gate(
    judge: Annotated[str, typer.Option(help="openai:NAME or PREFIX:NAME[@REVISION] (server: PREFIX_BASE_URL).")],
    out: Annotated[Path, typer.Option(help="Folder for gate.json, gate.md and transcripts; resumed if there.")],
    labels: Annotated[
        list[str] | None,
        typer.Option(help="What people say of answers, JSON lines, or built-in; may be repeated [default: none]"),
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="The --out of an earlier gate of this judge: has it drifted?")
    ] = None,
    rubric: Annotated[str, typer.Option(help="How single answers are judged, a name or a YAML file.")] = "correctness",
    pair_rubric: Annotated[str, typer.Option(help="How two answers are compared, a name or a YAML file.")] = "better",
    repeats: Annotated[int, typer.Option(help="How often an answer is judged.")] = 5,
    per_attack: Annotated[int, typer.Option(help="Wrong answers that each attack is tried on.")] = 2,
    max_usd: Annotated[float | None, typer.Option(help="What it may cost, never exceeded.")] = None,
    base_url: BaseUrlOption = None,
    concurrency: ConcurrencyOption = None,
    max_tokens: MaxTokensOption = None,
    temperature: TemperatureOption = None,
    retry_unscored: RetryUnscoredOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Try a judge before it judges: exit 0 where it is admitted, 1 where it is not, 2 for wrong use."""
    gate = options.verbs("eval.judging.gate")
    wish = gate.GateWish(
        judge=judge,
        labels=tuple(labels or ()),
        out=out,
        against=against,
        rubric=rubric,
        pair_rubric=pair_rubric,
        repeats=repeats,
        per_attack=per_attack,
        max_usd=max_usd,
        base_url=base_url,
        concurrency=concurrency,
        max_tokens=max_tokens,
        temperature=temperature,
        retry_unscored=retry_unscored,
        dry_run=dry_run,
    )
    gate.judge_gate(wish, as_json=json)
