"""The card of a checkpoint: README.md, its loss curve and `.eval_results`, rendered from training.json and results.

    write_card(folder)                              # at the end of a training, after an evaluation, before a push
    write_card(folder, title="org/name", place="org/name", revision="v1.0.0")

No number is typed by hand. A README.md that a person wrote is left as it is. It measures nothing.
"""

import html
import json
import re
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, StrictUndefined

from moviellm.cards.charts import line
from moviellm.cards.dataset_card import tidy
from moviellm.cards.escaping import markdown
from moviellm.cards.licence import HUB_NAMES, UNKNOWN
from moviellm.generation.files import write_whole
from moviellm.training.checkpoints.bases import BaseRef, read_base
from moviellm.training.checkpoints.evaluated import (
    NO_CONTROL,
    Evaluated,
    Metric,
    entries_of,
    evaluations_of,
    last_of_each,
    yaml_of,
)
from moviellm.training.checkpoints.fitting import is_adapter, read_config
from moviellm.training.checkpoints.record import Source, TrainingRecord, read_record
from moviellm.training.checkpoints.terms import Licence, licence_of

README = "README.md"
MARK = "<!-- Written by moviellm from training.json"
CURVE = "card/loss.svg"
TASK = "video-text-to-text"
TAGS = ("moviellm", "long-video", "video", "temporal-grounding", "trl")
OURS = "moviellm"
_COMMIT = re.compile(r"[0-9a-f]{40}")


def write_card(
    folder: Path,
    title: str | None = None,
    place: str | None = None,
    revision: str | None = None,
    licence: str | None = None,
) -> bool:
    """Write README.md, the loss curve and `.eval_results` of a checkpoint; whether they were written.

    Args:
        folder: With training.json.
        title: Heading; None takes the folder's name.
        place: What examples load; None takes the folder's name.
        revision: Tag that examples load.
        licence: Where it does not follow from what went in.

    Raises:
        ValueError: there is no training.json, or a result is none.
    """
    readme = folder / README
    if readme.is_file() and MARK not in readme.read_text(encoding="utf-8") and not _of_a_library(readme):
        return False
    text, assets = render(folder, title or folder.resolve().name, place or folder.resolve().name, revision, licence)
    for path, data in assets.items():
        write_whole(folder / path, data)
    write_whole(readme, text.encode())
    return True


def _of_a_library(readme: Path) -> bool:
    """Whether PEFT or a trainer wrote it, which they do with every checkpoint they save."""
    text = readme.read_text(encoding="utf-8")
    return "[More Information Needed]" in text or "This model is a fine-tuned version of" in text


def render(
    folder: Path, title: str, place: str, revision: str | None = None, licence: str | None = None
) -> tuple[str, dict[str, bytes]]:
    """README.md with its front matter, and the files that lie beside it, by relative path."""
    record = read_record(folder)
    found = evaluations_of(folder, record)
    terms = _stated(licence) if licence else licence_of(record)
    base = read_base(folder, read_config(folder)) if is_adapter(folder) else None
    assets = {path: yaml_of(entries, Path(path).stem) for path, entries in entries_of(found).items()}
    points = _points(record)
    if len(points) > 1:
        assets[CURVE] = line("Loss", points, unit="steps of all stages", marks=_ends(record)).encode()
    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters |= FILTERS
    template = environment.from_string((files("moviellm.training.checkpoints") / "card.md.j2").read_text("utf-8"))
    body = template.render(
        _context(folder, record, found, terms, base),
        title=title,
        place=place,
        place_literal=json.dumps(place),
        revision_literal=f", revision={json.dumps(revision)}" if revision and base is None else "",
        curve=(CURVE, f"Loss from {points[0][1]:.3g} to {points[-1][1]:.3g}") if CURVE in assets else None,
    )
    head = yaml.safe_dump(front_matter(record, terms, base), sort_keys=False, allow_unicode=True, width=10_000)
    return f"---\n{head}---\n{tidy(body)}", assets


def front_matter(record: TrainingRecord, terms: Licence, base: BaseRef | None) -> dict[str, Any]:
    """What the Hub lists a checkpoint by; only what is on the Hub is named as base or data."""
    told = record.base.parts or (record.base,)
    bases = [one.model_id for one in told if _on_hub(one.model_id, one.revision)]
    if base is not None:
        bases = [base.place] if base.on_hub else []
    data = {one.dataset for stage in record.stages for one in stage.sources if _on_hub(one.dataset, one.revision)}
    relation = {"base_model": bases, "base_model_relation": "adapter" if base else "finetune"} if bases else {}
    return {
        **terms.front_matter(),
        "library_name": "peft" if base else "transformers",
        "pipeline_tag": TASK,
        **relation,
        **({"datasets": sorted(data)} if data else {}),
        "tags": [*TAGS, *(["lora"] if base else [])],
    }


def _on_hub(name: str, revision: str | None) -> bool:
    return name.count("/") == 1 and revision is not None and bool(_COMMIT.fullmatch(revision))


def _stated(licence: str) -> Licence:
    known = licence.lower() in HUB_NAMES
    return Licence(licence.lower() if known else "other", None if known else licence, ())


def _context(
    folder: Path, record: TrainingRecord, found: Sequence[Evaluated], terms: Licence, base: BaseRef | None
) -> dict[str, Any]:
    last = last_of_each(found)
    controls = {one.control for one in last}
    trained = {source.dataset for stage in record.stages for source in stage.sources}
    evaluated = {one.results.data.dataset for one in last}
    return {
        "adapter": base is not None,
        "base": _Base(base.name, base.revision) if base else _Base(record.base.model_id, record.base.revision),
        "scratch": base is None and record.base.from_scratch,
        "base_id": base is not None and base.on_hub,
        "ours": _is_ours(folder, record),
        "last": record.last,
        "stages": record.stages,
        "data": [_told(source) for source in record.last.sources if not source.replay],
        "replayed": any(source.replay for source in record.last.sources),
        "facts": _facts(folder),
        "tables": _tables(last),
        "controls": controls,
        "blind": "question-only" in controls,
        "licence": terms,
        "licence_title": HUB_NAMES.get(terms.spdx) or terms.name or UNKNOWN,
        "same_family": bool(trained & evaluated),
    }


class _Base:
    """Name and commit of the base."""

    def __init__(self, name: str, revision: str | None) -> None:
        self.name, self.revision = name, revision


def _told(source: Source) -> str:
    movies = "" if source.movies is None else f" ({source.movies:,} movie{'' if source.movies == 1 else 's'})"
    return f"**{markdown(source.dataset)}**{movies}"


def _is_ours(folder: Path, record: TrainingRecord) -> bool:
    for name in ("config.json", "processor_config.json"):
        path = folder / name
        if path.is_file():
            told = json.loads(path.read_text(encoding="utf-8"))
            return bool(told.get("model_type") == OURS or told.get("processor_class") == "MovieLLMProcessor")
    return not _on_hub(record.base.model_id, record.base.revision)


def _facts(folder: Path) -> list[tuple[str, str]]:
    """What of a model's own settings tells a user most."""
    path = folder / "config.json"
    told = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if told.get("model_type") != OURS:
        return []
    tower, text = told.get("vision_config") or {}, told.get("text_config") or {}
    rows = [
        ("compressor", told.get("compressor")),
        ("grid of a frame", f"{told['pool_side']} x {told['pool_side']}" if told.get("pool_side") else None),
        ("time", told.get("time")),
        ("vision tower", tower.get("model_type")),
        ("language model", text.get("model_type")),
        ("longest row, in tokens", told.get("context_tokens") or text.get("max_position_embeddings")),
        ("weights", told.get("dtype")),
    ]
    return [(name, markdown(value)) for name, value in rows if value is not None]


def _points(record: TrainingRecord) -> list[tuple[float, float]]:
    """The loss over the steps of all stages, one after the other."""
    points, before = [], 0
    for stage in record.stages:
        points += [(float(before + one.step), one.loss) for one in stage.losses]
        before += stage.steps
    return points


def _ends(record: TrainingRecord) -> list[float]:
    """Where a stage ends and another begins."""
    ends, before = [], 0
    for stage in record.stages[:-1]:
        before += stage.steps
        ends.append(float(before))
    return ends


def _tables(found: Sequence[Evaluated]) -> list[dict[str, Any]]:
    """One table for each dataset and split, its controls side by side."""
    tables = []
    for data in dict.fromkeys(one.data for one in found):
        mine = {one.control: one for one in found if one.data == data}
        controls = sorted(mine, key=lambda control: (control != NO_CONTROL, control))
        shown = mine[controls[0]]
        policy = shown.results.frames.policy if shown.results.frames else {}
        tables.append(
            {
                "title": data or shown.name,
                "step": shown.step,
                "frames": policy.get("n"),
                "heads": ["all shown" if control == NO_CONTROL else control for control in controls],
                "rows": [
                    {
                        "task": task,
                        "measure": measure,
                        "cells": [_cell(mine[control], task, measure) for control in controls],
                        "chance": told.chance.get(measure),
                        "n": number.n,
                    }
                    for task, told in shown.results.tasks.items()
                    for measure, number in told.metrics.items()
                    if number.n
                ],
            }
        )
    return tables


def _cell(one: Evaluated, task: str, measure: str) -> str:
    told = one.results.tasks.get(task)
    number: Metric | None = told.metrics.get(measure) if told else None
    if number is None or number.value is None:
        return "not measured"
    ends = f" [{number.low:.3f}, {number.high:.3f}]" if number.low is not None and number.high is not None else ""
    return f"{number.value:.3f}{ends}"


def _short(revision: str) -> str:
    return revision[:12] if _COMMIT.fullmatch(revision) else revision


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:,.1f}" if seconds >= 360 else f"{seconds / 3600:.3f}"


def _share(weight: float, total: float) -> str:
    return f"{weight / total:.0%}" if total else "none"


def _fence(text: str) -> str:
    return "`" * max(3, max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)


FILTERS: dict[str, Callable[..., str]] = {
    "md": markdown,
    "attr": lambda text: html.escape(str(text), quote=True),
    "share": _share,
    "short": _short,
    "hours": _hours,
    "fence": _fence,
}
"""Filters of the card's template."""
