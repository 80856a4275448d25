"""The card of a folder of training rows: README.md and its charts, rendered from what was counted.

    readme, files = render(card, {"sft/train-00000-of-00001.parquet": 1234})

No number is typed by hand; texts that come from a dataset are escaped. It counts nothing: see tally.py.
"""

import html
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import yaml
from jinja2 import Environment, StrictUndefined

from moviellm.cards.charts import columns as column_chart
from moviellm.cards.escaping import markdown
from moviellm.cards.licence import HUB_NAMES
from moviellm.generation.dataset.features import yaml_features
from moviellm.generation.dataset.parquet_files import Shard
from moviellm.generation.output import counted
from moviellm.generation.schema import Split
from moviellm.training.rows.film import Look
from moviellm.training.rows.source import Source
from moviellm.training.rows.tally import Tally
from moviellm.training.rows.views import ABOUT, MEANING, View, columns
from moviellm.training.rows.words import LANGUAGES

TASKS = ["image-text-to-text", "video-text-to-text", "visual-question-answering"]
TAGS = ["synthetic", "video", "long-video", "movies", "temporal-grounding", "dense-video-captioning", "sft", "trl"]
SIZES = ((1e3, "n<1K"), (1e4, "1K<n<10K"), (1e5, "10K<n<100K"), (1e6, "100K<n<1M"), (1e7, "1M<n<10M"))
LARGEST = "n>10M"
KEPT = ("license", "license_name", "license_link", "language")
"""Keys of the source's front matter that hold for its rows."""
NUMBERS = (
    ("images", "Pictures in a row", "rows"),
    ("turns", "Questions in a row", "rows"),
    ("asked_words", "Words before the answer", "rows"),
    ("answer_words", "Words in an answer", "answers"),
)


@dataclass(frozen=True)
class Card:
    """Everything that the card says."""

    source: Source
    name: str
    version: str
    configs: dict[str, dict[Split, int]]
    look: Look
    seed: int
    tally: Tally
    shards: Mapping[tuple[View, Split], list[Shard]]


def render(card: Card, file_bytes: Mapping[str, int]) -> tuple[str, dict[str, bytes]]:
    """README.md, front matter included, and the charts by relative path."""
    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters |= {"md": markdown, "n": counted, "attr": lambda text: html.escape(text, quote=True)}
    text = (files("moviellm.training.rows") / "rows_card.md.j2").read_text(encoding="utf-8")
    charts = list(_charts(card.tally))
    body = environment.from_string(text).render(_context(card), charts=[(path, words) for path, words, _ in charts])
    head = yaml.safe_dump(_front_matter(card, file_bytes), sort_keys=False, allow_unicode=True, width=10_000)
    return f"---\n{head}---\n{_tidy(body)}", {path: svg.encode() for path, _, svg in charts}


def _front_matter(card: Card, file_bytes: Mapping[str, int]) -> dict[str, object]:
    """`configs` and `dataset_info`, which every `datasets` from 2.21 on reads, and what the Hub lists it by."""
    told = card.source.front_matter
    rows = sum(sum(splits.values()) for splits in card.configs.values())
    return {
        **{key: told[key] for key in KEPT if key in told},
        "pretty_name": card.name,
        "annotations_creators": ["machine-generated"],
        "source_datasets": [card.source.dataset] if "/" in card.source.dataset else ["original"],
        "task_categories": TASKS,
        "size_categories": [next((name for limit, name in SIZES if rows < limit), LARGEST)],
        "tags": TAGS,
        "configs": [_config(card, view, number) for number, view in enumerate(card.configs)],
        "dataset_info": [_info(card, view, file_bytes) for view in card.configs],
    }


def _config(card: Card, view: str, number: int) -> dict[str, object]:
    data_files = [{"split": split, "path": f"{view}/{split}-*.parquet"} for split in card.configs[view]]
    default: dict[str, object] = {} if number else {"default": True}
    return {"config_name": view, **default, "version": card.version, "data_files": data_files}


def _info(card: Card, view: str, file_bytes: Mapping[str, int]) -> dict[str, object]:
    found = {split: shards for (name, split), shards in card.shards.items() if name == view}
    sizes = [
        {
            "name": split,
            "num_bytes": sum(shard.arrow_bytes for shard in found[split]),
            "num_examples": sum(shard.rows for shard in found[split]),
        }
        for split in card.configs[view]
    ]
    return {
        "config_name": view,
        "features": yaml_features(columns(_view(view), card.look.embed)),
        "splits": sizes,
        "download_size": sum(file_bytes[shard.path] for shards in found.values() for shard in shards),
        "dataset_size": sum(shard.arrow_bytes for shards in found.values() for shard in shards),
    }


def _view(name: str) -> View:
    return next(view for view in ABOUT if view == name)


def _context(card: Card) -> dict[str, Any]:
    tally = card.tally
    return {
        "card": card,
        "tally": tally,
        "total": sum(sum(rows.values()) for rows in card.configs.values()),
        "about": ABOUT,
        "name_literal": json.dumps(card.name),
        "source_literal": json.dumps(card.source.dataset),
        "first": next(iter(card.configs)),
        "splits": {view: list(rows) for view, rows in card.configs.items()},
        "all_splits": list(dict.fromkeys(split for rows in card.configs.values() for split in rows)),
        "facts": _facts(tally),
        "templates": tally.templates,
        "template_uses": sum(tally.templates.values()),
        "template_rows": _template_rows(tally.templates),
        "languages_known": " and ".join(f"`{language}`" for language in LANGUAGES),
        "columns": {
            view: {name: _type_name(kind) for name, kind in columns(_view(view), card.look.embed).items()}
            for view in card.configs
        },
        "meaning": MEANING,
        "licence": _licence(card.source),
    }


def _licence(source: Source) -> str:
    spdx = str(source.front_matter.get("license") or "unknown")
    name = source.front_matter.get("license_name")
    return f"**{HUB_NAMES[spdx]}** (`{spdx}`)" if spdx in HUB_NAMES else f"**{markdown(name or spdx)}**"


def _facts(tally: Tally) -> list[str]:
    """What was counted, in words."""
    lines = [
        f"{title}: {_shares(counts)}"
        for title, counts in (
            ("`sft` by answer format", tally.formats),
            ("`align` by kind", tally.captions),
            ("`boundary` by task", tally.tasks),
            ("turns of `instruct`", tally.kinds),
            ("movies by language", tally.languages),
        )
        if counts
    ]
    lines += [
        f"movies that gave no row of `{view}`: {count:,}" for view, count in sorted(tally.empty.items()) if count
    ]
    if tally.unpainted:
        lines.append(f"movies without pictures, which give no row: {tally.unpainted:,}")
    if tally.left_out:
        lines.append(f"questions left out as wrong, not shown or repeated, with their follow-ups: {tally.left_out:,}")
    if tally.repeated:
        lines.append(f"twins: {tally.repeated:,}; what they share with their originals is in `sft` only")
    return lines


def _shares(counts: Counter[str]) -> str:
    total = sum(counts.values())
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{markdown(name)} {count:,} ({count / total:.0%})" for name, count in ordered)


def _template_rows(templates: Counter[str]) -> list[dict[str, object]]:
    tasks: dict[tuple[str, str], list[int]] = {}
    for name, uses in templates.items():
        language, task, _ = name.split(".")
        tasks.setdefault((language, task), []).append(uses)
    return [
        {
            "language": language,
            "task": task,
            "wordings": len(uses),
            "uses": sum(uses),
            "least": min(uses),
            "most": max(uses),
        }
        for (language, task), uses in sorted(tasks.items())
    ]


def _charts(tally: Tally) -> list[tuple[str, str, str]]:
    """(path, words, SVG) of every distribution that has more than one value."""
    charts = []
    for key, title, unit in NUMBERS:
        by_view: Mapping[View, Counter[int]] = getattr(tally, key)
        for view, counts in by_view.items():
            if len(counts) > 1:
                named = f"{title}, {view}"
                words = f"{named}: from {min(counts):,} to {max(counts):,} over {sum(counts.values()):,} {unit}"
                charts.append((f"card/{key}_{view}.svg", words, column_chart(named, counts, unit=unit)))
    return charts


def _type_name(kind: Any) -> str:
    if isinstance(kind, str):
        return kind
    if isinstance(kind, list):
        return f"list of {_type_name(kind[0])}"
    return "{" + ", ".join(kind) + "}"


def _tidy(text: str) -> str:
    lines = text.split("\n")
    kept = [line for number, line in enumerate(lines) if line or (number and lines[number - 1])]
    return "\n".join(kept).strip("\n") + "\n"
