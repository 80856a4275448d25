"""Judging without a judge: rules under their own names, for work without a model and beside one.

    rows, metric = judged_offline("lexical", material)              # lexical_match@1.1
    rows, metric = judged_offline("fact-recall", material)          # fact_recall@1.1; takes the events of the dataset

Their numbers are never averaged with a model's and never stand under its name. It asks nobody.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from moviellm.eval.judging import facts, lexical
from moviellm.eval.judging.counting import Frame, Kind
from moviellm.eval.judging.material import PUBLISHED, Material
from moviellm.eval.judging.transcripts import offline_row

OFFLINE: Final[Mapping[str, Kind]] = {"lexical": "lexical", "fact-recall": "fact_recall"}
"""Judges that ask nobody, as `--judge` takes them."""


def judged_offline(name: str, material: Material) -> tuple[list[dict[str, Any]], Frame]:
    """Lines of transcripts of a rule, and what they are.

    Raises:
        ValueError: fact recall without the dataset, or no question tells facts.
    """
    rows = _lexical(material) if name == "lexical" else _fact_recall(material)
    metric = lexical.METRIC if name == "lexical" else facts.METRIC
    tasks = tuple(task for task in material.tasks if any(task in row["tasks"] for row in rows))
    frame = Frame(kind=OFFLINE[name], form="rule", judges=(), rubric_id=metric, against=None, tasks=tasks)
    return rows, frame


def _lexical(material: Material) -> list[dict[str, Any]]:
    return [
        offline_row(
            replace(item, facts=()), lexical.METRIC, lexical.lexical_match(item.about, item.answers[0])
        )
        for item in material.items
    ]  # fmt: skip


def _fact_recall(material: Material) -> list[dict[str, Any]]:
    if not material.told and material.results["data"].get("version") != PUBLISHED:
        raise ValueError("--judge fact-recall: which events are right stands in the dataset; name it with --data")
    rows = []
    for item in material.items:
        wanted = facts.facts_of(item.reference, item.facts)
        share = facts.fact_recall(item.answers[0], wanted)
        if share is not None:
            rows.append(offline_row(replace(item, facts=wanted), facts.METRIC, round(share, 6)))
    if not rows:
        raise ValueError(
            f"--judge fact-recall: none of the {len(material.items)} references tells several facts; it is for long "
            "answers, such as overviews and plots"
        )
    return rows
