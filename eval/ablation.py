"""What `moviellm ablate RECIPE` does: the paper's ablation as one command, on the same themes and seeds.

    moviellm ablate my-recipe.yaml --out ablation --model openai/clip-vit-large-patch14

Arms: style locked or not, story expanded level by level or written in one call (the second axis takes `writer: llm`).
Every arm is made, built and measured by the ordinary verbs in processes of their own, under OUT/ARM; an arm without
a locked style starts from a copy of its twin with one, so that both tell the same story and no text is paid for twice.
OUT/ablation.md and ablation.json hold one row an arm, and the differences by movie with their intervals.

Stopped, the same command goes on: each verb does. No questions are asked: the ablation is about pictures.
"""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from moviellm.eval.core import cluster_bootstrap
from moviellm.eval.tally import LEVEL, MOVIES_MIN, SEED
from moviellm.generation.config.recipe import load_recipe
from moviellm.generation.dataset.results import Metric, read_results
from moviellm.generation.files import write_whole
from moviellm.generation.output import emit, note
from moviellm.generation.own_process import run_verb
from moviellm.generation.revisions import revision_of

ALWAYS: Final = ("questions.per_movie=0", "gates.models=[]", "twins.share=0")
"""What every arm has in common, whatever the recipe says."""
LOOSE: Final = ("style.locked=false", "style.method=prompt", "style.name=null", "painting.style_min=null")
COLUMNS: Final = {
    "clip_next": "↑",
    "perceptual_next": "↓",
    "lpips_alex": "↓",
    "lpips_vgg": "↓",
    "lpips_squeeze": "↓",
    "style_within": "↑",
    "style_gap": "↑",
    "identity_same": "↑",
    "identity_same_alone": "↑",
    "identity_gap": "↑",
    "identity_gap_alone": "↑",
    "clip_caption_image": "↑",
    "on_stage": "↑",
    "on_stage_clip": "↑",
}
"""Measures in the table, and whether more or less is better; the first two are the paper's. All are in the JSON."""
OTHERS: Final = ("style_gap",)
"""Those that look at other movies too: a movie has no value of its own that could be taken from another arm's."""


@dataclass(frozen=True)
class Arm:
    """One row of the table."""

    locked: bool
    levels: bool

    @property
    def name(self) -> str:
        """Its folder."""
        return f"{'locked' if self.locked else 'loose'}-{'levels' if self.levels else 'one_shot'}"

    @property
    def overrides(self) -> tuple[str, ...]:
        """What makes it this arm."""
        expand = f"story.expand={'levels' if self.levels else 'one_shot'}"
        return (*ALWAYS, expand, *(() if self.locked else LOOSE))


@dataclass(frozen=True)
class Outcome:
    """What was measured of one arm."""

    arm: Arm
    metrics: tuple[Metric, ...]
    by_movie: dict[str, dict[str, float]]


def ablate(
    recipe_name: str,
    out: Path,
    *,
    model: str | None,
    overrides: list[str],
    cache: Path | None,
    as_json: bool,
) -> None:
    """`moviellm ablate`."""
    recipe = load_recipe(recipe_name, overrides)
    if not recipe.style.locked or recipe.story.expand != "levels":
        raise ValueError("style.locked and story.expand are what an ablation varies; leave them out of the recipe")
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file; --out takes a folder")
    measured_with = [override for override in overrides if override.startswith("measures.")]
    measured_with += [f"measures.clip_model={json.dumps(model)}"] if model else []
    made_with = [override for override in overrides if not override.startswith("measures.")]
    arms = [Arm(locked, levels) for levels in ((True, False) if recipe.writer == "llm" else (True,))
            for locked in (True, False)]  # fmt: skip
    for arm in arms:
        load_recipe(recipe_name, [*overrides, *arm.overrides])  # refuse it before the work
    for judge, revision in load_recipe(recipe_name, measured_with).measures.models():
        if not judge.startswith("lpips:"):
            revision_of(judge, revision)  # nothing is made for a judge that is not there
    outcomes = [_outcome(arm, recipe_name, out, made_with, measured_with, cache) for arm in arms]
    facts = _facts(recipe.writer, outcomes)
    text = _markdown(recipe_name, facts)
    write_whole(out / "ablation.json", (json.dumps(facts, indent=1) + "\n").encode())
    write_whole(out / "ablation.md", text.encode())
    emit(facts, text, as_json)


def _outcome(
    arm: Arm, recipe_name: str, out: Path, made_with: list[str], measured_with: list[str], cache: Path | None
) -> Outcome:
    """Make, build and measure one arm."""
    base = f"./{out}" if str(out).startswith("-") else str(out)
    run, data, movies = (f"{base}/{arm.name}/{part}" for part in ("run", "data", "movies.json"))
    if not arm.locked:
        _copy_run(out / Arm(True, arm.levels).name / "run", Path(run))
    sets = [f"--set={override}" for override in (*made_with, *arm.overrides)]
    measures = [f"--set={override}" for override in measured_with]
    kept = [] if cache is None else ["--cache", str(cache)]
    for step in (
        ["make", "--recipe", recipe_name, "--out", run, "--no-films", "--replace", *sets],
        ["dataset", "build", run, "--out", data],
        ["measure", data, "--recipe", recipe_name, "--movies", movies, *measures, *kept],
    ):
        note(f"$ moviellm {' '.join(step)}")
        if code := run_verb(step, quiet=True):
            raise SystemExit(code)
    results = read_results(Path(data))
    assert results is not None
    return Outcome(arm, results.metrics, json.loads(Path(movies).read_text(encoding="utf-8")))


def _copy_run(run: Path, copy: Path) -> None:
    """Start a run from what another one has; whole or not at all."""
    if copy.exists():
        return
    copy.parent.mkdir(parents=True, exist_ok=True)
    partial = copy.with_name(f".{copy.name}.copying")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(run, partial)
    os.rename(partial, copy)


def _facts(writer: str, outcomes: list[Outcome]) -> dict[str, Any]:
    """Rows and differences, as data."""
    rows = [
        {
            "arm": one.arm.name,
            "style_locked": one.arm.locked,
            "story_expanded": one.arm.levels,
            "metrics": [metric.model_dump(mode="json") for metric in one.metrics],
        }
        for one in outcomes
    ]
    differences = [
        {
            "axis": axis,
            "with": one.arm.name,
            "without": other.arm.name,
            "metric": name,
            **_difference(one, other, name),
        }
        for axis, one, other in _pairs(outcomes)
        for name in sorted(one.by_movie, key=_place)
        if _measure(name) in COLUMNS and _measure(name) not in OTHERS and name in other.by_movie
    ]
    return {"writer": writer, "level": LEVEL, "seed": SEED, "arms": rows, "differences": differences}


def _pairs(outcomes: list[Outcome]) -> list[tuple[str, Outcome, Outcome]]:
    """Arms that differ in one axis, the one with it first."""
    arms = {(one.arm.locked, one.arm.levels): one for one in outcomes}
    pairs = [
        ("style locked", arms[True, levels], arms[False, levels]) for levels in (True, False) if (True, levels) in arms
    ]
    if (True, False) in arms:
        pairs += [("story expanded", arms[locked, True], arms[locked, False]) for locked in (True, False)]
    return pairs


def _difference(one: Outcome, other: Outcome, name: str) -> dict[str, float | int | None]:
    """The mean difference over the movies that both arms have."""
    mine, theirs = one.by_movie[name], other.by_movie[name]
    both = [movie_id for movie_id in mine if movie_id in theirs]
    found = cluster_bootstrap([mine[key] - theirs[key] for key in both], both, LEVEL, SEED)
    few = len(both) < MOVIES_MIN
    ends = {"low": None, "high": None} if few else {"low": found["low"], "high": found["high"]}
    return {"estimate": found["estimate"], **ends, "movies": len(both)}


def _measure(name: str) -> str:
    return name.partition("@")[0]


def _place(name: str) -> int:
    """Where a measure stands in the table; last where it is not in it."""
    return list(COLUMNS).index(_measure(name)) if _measure(name) in COLUMNS else len(COLUMNS)


def _markdown(recipe_name: str, facts: dict[str, Any]) -> str:
    """The table, and the differences."""
    arms, differences = facts["arms"], facts["differences"]
    names = list(dict.fromkeys(m["name"] for arm in arms for m in arm["metrics"] if m["value"] is not None))
    names = sorted((name for name in names if _measure(name) in COLUMNS), key=_place)
    head = " | ".join(f"{_measure(name)} {COLUMNS[_measure(name)]}" for name in names)
    lines = [f"# Ablation of {recipe_name}", "", "Written by `moviellm ablate`."]
    if facts["writer"] != "llm":
        lines[-1] += f" Writer {facts['writer']}: a story in one call takes writer llm, so there is one axis."
    lines += ["", f"| style locked | story expanded | {head} | movies |", "|---|---|" + "--:|" * (len(names) + 1)]
    for arm in arms:
        found = {metric["name"]: metric for metric in arm["metrics"]}
        marks = " | ".join("✓" if arm[key] else "✗" for key in ("style_locked", "story_expanded"))
        cells = [_number(found[name]["value"]) if name in found else "" for name in names]
        lines.append(f"| {marks} | {' | '.join(cells)} | {max(one['movies'] for one in arm['metrics'])} |")
    lines += [
        "",
        f"Differences by movie, with {100 * facts['level']:g} % intervals (BCa bootstrap over movies; fewer than "
        f"{MOVIES_MIN} give none):",
        "",
        "| with | without | measure | difference | interval | movies |",
        "|---|---|---|--:|--:|--:|",
    ]
    for row in differences:
        ends = "" if row["low"] is None else f"{row['low']:+.4f} to {row['high']:+.4f}"
        told = "" if row["estimate"] is None else f"{row['estimate']:+.4f}"
        lines.append(
            f"| {row['with']} | {row['without']} | {_measure(row['metric'])} | {told} | {ends} | {row['movies']} |"
        )
    said = {metric["name"]: metric["definition"] for arm in arms for metric in arm["metrics"]}
    lines += ["", "What they are, and who measured:", "", *(f"- `{name}`: {said[name]}" for name in names)]
    return "\n".join(lines) + "\n"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
