"""The results of a proof as one record, and as a table that people read.

    results = results_of(settings, by_seed, pooled, facts, minutes)
    table(results)                              # Markdown

It computes no scores: they come from eval.
"""

from collections.abc import Mapping, Sequence
from typing import Any

RUNS = ("baseline", "movies", "control")
"""Models, in the order of tables."""
NAMES = {"baseline": "baseline: clips", "movies": "+ movies", "control": "control: more clips"}
SETS = {"known": "held-out movies", "unknown": "held-out people and places", "clips": "clips"}
VIEWS = {
    "full": "pictures and words",
    "shuffled": "frames shuffled",
    "single": "one frame",
    "dialogue": "dialogue only",
    "blind": "blind",
}
Scores = Sequence[Mapping[str, Any]]


def results_of(
    settings: Mapping[str, Any],
    by_seed: Mapping[int, Scores],
    pooled: Scores,
    facts: Mapping[int, Mapping[str, Any]],
    minutes: Mapping[str, float],
) -> dict[str, Any]:
    """Everything that was measured."""
    return {
        "recipe": settings,
        "seeds": {str(seed): {"scores": scores, "facts": facts[seed]} for seed, scores in by_seed.items()},
        "pooled": pooled,
        "aims": aims(pooled),
        "minutes": minutes,
    }


def record(scores: Scores, run: str, name: str = "known", view: str = "full") -> Mapping[str, Any]:
    """The scores of one model on one set of movies, seen in one way."""
    return next(one for one in scores if (one["run"], one["set"], one["view"]) == (run, name, view))


def aims(scores: Scores) -> list[dict[str, Any]]:
    """What was aimed at, what came, and whether that is enough."""
    movies, baseline = record(scores, "movies"), record(scores, "baseline", "clips")
    score = movies["score"]["estimate"]
    held = record(scores, "movies", "unknown")["score"]["estimate"]
    forgot = baseline["score"]["estimate"] - record(scores, "movies", "clips")["score"]["estimate"]
    shuffled = record(scores, "movies", "known", "shuffled")["kinds"]["order"]["estimate"]
    control = record(scores, "control")["kinds"]["order"]["estimate"]
    found = [
        ("+ movies on held-out movies", ">= 0.75", score, score >= 0.75),
        ("held-out people and places below that by", "<= 0.05", score - held, score - held <= 0.05),
        ("forgetting on clips", "<= 0.02", forgot, forgot <= 0.02),
        ("mIoU of grounding", ">= 0.65", movies["miou"]["estimate"], movies["miou"]["estimate"] >= 0.65),
        ("before and after", ">= 0.6", movies["kinds"]["temporal"]["estimate"], None),
        ("order questions, shuffled minus control", "<= 0.05", shuffled - control, shuffled - control <= 0.05),
    ]
    return [
        {"what": what, "aim": aim, "found": round(value, 4), "reached": value >= 0.6 if reached is None else reached}
        for what, aim, value, reached in found
    ]


def table(results: Mapping[str, Any]) -> str:
    """Markdown: aims, scores by set, by kind of question, by what was seen."""
    pooled, seeds = results["pooled"], results["seeds"]
    known = record(pooled, "movies")
    lines = [
        f"Exact answers by greedy decoding, mean over kinds of questions; 95 % intervals by movie. {len(seeds)} seed"
        f"{'s' if len(seeds) > 1 else ''}; {known['movies']} held-out movies with {known['questions']} answers, "
        f"{record(pooled, 'movies', 'unknown')['movies']} with held-out people and places.",
        "",
        *_rows(["", *NAMES.values()], _by_set(pooled)),
        "",
        *_rows(["held-out movies, by kind", *NAMES.values()], _by_kind(pooled)),
        "",
        *_rows(["held-out movies, seen as", *NAMES.values()], _by_view(pooled)),
        "",
        *_rows(["aim", "wanted", "found", "reached"], _by_aim(results["aims"])),
        "",
        *_rows(["seed", *(f"{NAMES[run]}" for run in RUNS), "mIoU", "clips"], _by_seed(seeds)),
        "",
        _told(results),
    ]
    return "\n".join(lines) + "\n"


def _rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def _by_set(scores: Scores) -> list[list[str]]:
    rows = [[told, *(cell(record(scores, run, name)["score"]) for run in RUNS)] for name, told in SETS.items()]
    rows.append(["mIoU, held-out movies", *(cell(record(scores, run)["miou"]) for run in RUNS)])
    rows.append(["R@0.5, held-out movies", *(cell(record(scores, run)["r1"]["0.5"]) for run in RUNS)])
    return rows


def _by_kind(scores: Scores) -> list[list[str]]:
    kinds = record(scores, "movies")["kinds"]
    return [[kind, *(cell(record(scores, run)["kinds"][kind]) for run in RUNS)] for kind in kinds]


def _by_view(scores: Scores) -> list[list[str]]:
    rows = [
        [told, *(cell(record(scores, run, "known", view)["score"]) for run in RUNS)] for view, told in VIEWS.items()
    ]
    orders = [cell(record(scores, run, "known", "shuffled")["kinds"]["order"]) for run in RUNS]
    return [*rows, ["order questions, frames shuffled", *orders]]


def _by_aim(found: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    return [[one["what"], one["aim"], f"{one['found']:.3f}", "yes" if one["reached"] else "no"] for one in found]


def _by_seed(seeds: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    rows = []
    for seed, own in seeds.items():
        scores = own["scores"]
        found = [record(scores, run)["score"]["estimate"] for run in RUNS]
        miou, clips = (
            record(scores, "movies")["miou"]["estimate"],
            record(scores, "movies", "clips")["score"]["estimate"],
        )
        rows.append([seed, *(f"{value:.3f}" for value in (*found, miou, clips))])
    return rows


def cell(interval: Mapping[str, float | None]) -> str:
    """`0.712 (0.68-0.74)`."""
    if interval["estimate"] is None:
        return "-"
    if interval["low"] is None:
        return f"{interval['estimate']:.3f}"
    return f"{interval['estimate']:.3f} ({interval['low']:.2f}-{interval['high']:.2f})"


def _told(results: Mapping[str, Any]) -> str:
    facts = next(iter(results["seeds"].values()))["facts"]
    size = facts["movies"]["parameters"] + facts["tower"]["parameters"]
    spent = {run: facts[run]["tokens"] / 1e6 for run in RUNS}
    minutes = ", ".join(f"{name} {value:g}" for name, value in results["minutes"].items())
    return (
        f"{size:,} parameters, {facts['tower']['parameters']:,} of them the tower's. Millions of tokens read: "
        f"baseline {spent['baseline']:.1f}, + movies {spent['movies']:.1f} more, control {spent['control']:.1f} more. "
        f"Minutes: {minutes}."
    )
