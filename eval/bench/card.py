"""The cards of a benchmark: README.md of the public folder and of the one with the answers.

    readme, pictures = public_card(facts, version, index, baselines, rows, front)

Every number is read from the facts; the templates (bench_card.md.j2, labels_card.md.j2) type none. Texts of others are
escaped. It tells counts of test, and nothing of any one item.
"""

from collections import Counter
from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import yaml
from jinja2 import Environment, StrictUndefined

from moviellm.cards.charts import line
from moviellm.cards.dataset_card import FILTERS, LARGEST, SIZES, TASKS, tidy
from moviellm.cards.looking import gate_rows
from moviellm.eval.bench.absent import PICTURES_SHARED, SIMILAR
from moviellm.eval.bench.eval_yaml import HEADLINES, not_yet, read_eval_yaml
from moviellm.eval.bench.folders import COLUMNS
from moviellm.eval.bench.reference_runs import Baselines
from moviellm.eval.bench.sizing import DISCORDANT, DRAWS
from moviellm.eval.bench.withholding import SHOWN
from moviellm.eval.submissions.index import Index
from moviellm.eval.tasks.table import task_named
from moviellm.generation.schema import SCHEMA_VERSION, Split

if TYPE_CHECKING:
    from moviellm.eval.bench.stating import Facts

CHART: Final = "card/interval.svg"
TAGS: Final = ("benchmark", "video", "long-video", "movies", "temporal-grounding", "dense-video-captioning")
CANARY: Final = (
    "This data is for evaluation. It must never be in a training corpus. Canary GUID {canary} "
    "(a text that has it holds this benchmark)"
)


def public_card(
    facts: "Facts",
    version: str,
    index: Index,
    baselines: Baselines,
    rows: Mapping[str, Mapping[Split, int]],
    front: Mapping[str, object],
) -> tuple[str, dict[str, bytes]]:
    """README.md of the public folder, and its picture."""
    from moviellm.eval.bench.stating import DESCRIPTION, licence

    assert facts.sizes is not None
    sizes = facts.sizes
    points = [(float(size.movies), 100 * size.half_width) for size in sizes.curve]
    chart = line(
        "95 % half-width in points, by movies of test", points, unit="movies", marks=(float(sizes.ours.movies),)
    )
    body = _environment().from_string(_template("bench_card.md.j2"))
    text = body.render(
        facts=facts,
        measures=facts.measures,
        version=version,
        canary=CANARY.format(canary=facts.canary),
        index=index,
        tasks=[(task, len(items), HEADLINES[task], task_named(task)) for task, items in index.tasks.items()],
        baselines=baselines,
        gates=gate_rows(facts.measures.gates),
        sizes=sizes,
        draws=DRAWS,
        discordant=DISCORDANT,
        similar=SIMILAR,
        pictures_shared=PICTURES_SHARED,
        reasons=_reasons(facts.left_out),
        rows=rows,
        withheld={config: sorted(set(COLUMNS[config]) - SHOWN[config] - {"canary"}) for config in rows},
        refused=not_yet(read_eval_yaml(_eval_yaml(facts, index))),
        chart=CHART,
        description=DESCRIPTION,
        schema_version=SCHEMA_VERSION,
    )
    total = sum(sum(splits.values()) for splits in rows.values())
    stated: dict[str, object] = {
        **licence(facts.source),
        "language": sorted(facts.measures.languages),
        "pretty_name": facts.wish.name,
        "task_categories": TASKS,
        "size_categories": [next((name for limit, name in SIZES if total < limit), LARGEST)],
        "tags": [*TAGS],
        **front,
    }
    return _whole(stated, text), {CHART: chart.encode()}


def private_card(facts: "Facts", version: str, front: Mapping[str, object]) -> str:
    """README.md of the folder with the answers."""
    from moviellm.eval.bench.stating import licence

    body = _environment().from_string(_template("labels_card.md.j2"))
    text = body.render(facts=facts, version=version, canary=CANARY.format(canary=facts.canary))
    name = f"{facts.wish.name} labels"
    return _whole({**licence(facts.source), "pretty_name": name, "tags": ["benchmark"], **front}, text)


def _eval_yaml(facts: "Facts", index: Index) -> str:
    from moviellm.eval.bench.eval_yaml import eval_yaml
    from moviellm.eval.bench.stating import DESCRIPTION

    return eval_yaml(facts.wish.name, DESCRIPTION, index.tasks)


def _reasons(left_out: Mapping[str, tuple[str, ...]]) -> list[tuple[str, int]]:
    counts: Counter[str] = Counter()
    for reasons in left_out.values():
        counts.update({reason.partition(":")[0] if ":" in reason else "its twin" for reason in reasons})
    return sorted(counts.items())


def _environment() -> Environment:
    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters |= FILTERS
    environment.filters["points"] = _points
    return environment


def _points(number: Mapping[str, Any] | None) -> str:
    if number is None:
        return ""
    ends = "" if number.get("low") is None else f" [{100 * number['low']:.1f}, {100 * number['high']:.1f}]"
    return f"{100 * number['value']:.1f}{ends}"


def _template(name: str) -> str:
    return (files("moviellm.eval.bench") / name).read_text(encoding="utf-8")


def _whole(stated: Mapping[str, object], text: str) -> str:
    front = yaml.safe_dump(dict(stated), sort_keys=False, allow_unicode=True, width=10_000)
    return f"---\n{front}---\n{tidy(text)}"
