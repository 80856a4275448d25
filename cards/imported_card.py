"""The card of an imported dataset: where it came from, what nobody knows, what was mended and left out.

    readme, files = renderer(report)(facts)        # called by generation.export.build_dataset

Every number is read from the facts and the report of the import; the template (imported_card.md.j2) types none. Texts
of movies and names of files are escaped. It claims nothing about who made the data beyond what the import could see.
"""

import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import yaml
from jinja2 import Environment, StrictUndefined

from moviellm.cards.columns import columns_of
from moviellm.cards.croissant import CROISSANT, croissant
from moviellm.cards.dataset_card import FILTERS, LARGEST, SIZES, STRIP, STRIP_WIDTH_PX, TASKS, tidy
from moviellm.cards.licence import licence_of
from moviellm.cards.pictures import strip
from moviellm.generation.dataset.facts import DatasetFacts
from moviellm.generation.dataset.import_report import ImportReport

TAGS = ["video", "long-video", "imported"]
UNDETERMINED = "und"
FILES_SHOWN = 20
"""Files named on the card; the others are counted."""

Render = Callable[[DatasetFacts], tuple[str, dict[str, bytes]]]


def renderer(report: ImportReport) -> Render:
    """A `render_readme` for the export that knows the report of an import."""

    def render(facts: DatasetFacts) -> tuple[str, dict[str, bytes]]:
        return _render(facts, report)

    return render


def _render(facts: DatasetFacts, report: ImportReport) -> tuple[str, dict[str, bytes]]:
    """README.md, front matter included, and the files that lie beside it, by relative path."""
    assets = {CROISSANT: croissant(facts).encode()}
    if facts.sample.images:
        assets[STRIP] = strip([data for *_, data in facts.sample.images], len(facts.sample.images), STRIP_WIDTH_PX)
    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters |= FILTERS
    template = environment.from_string((files("moviellm.cards") / "imported_card.md.j2").read_text(encoding="utf-8"))
    body = template.render(_context(facts, report), strip=STRIP if STRIP in assets else None)
    return f"---\n{_front_matter(facts)}---\n{tidy(body)}", assets


def _front_matter(facts: DatasetFacts) -> str:
    rows = sum(sum(splits.values()) for splits in facts.rows.values())
    languages = sorted(language for language in facts.measures.languages if language != UNDETERMINED)
    data: dict[str, object] = {
        **licence_of(facts.measures.sources, facts.recipe).front_matter(),
        **({"language": languages} if languages else {}),
        "pretty_name": facts.name,
        "task_categories": TASKS,
        "size_categories": [next((name for limit, name in SIZES if rows < limit), LARGEST)],
        "tags": TAGS,
        **facts.front_matter,
    }
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=10_000)


def _context(facts: DatasetFacts, report: ImportReport) -> dict[str, Any]:
    measures = facts.measures
    keyframes = sum(measures.image_sizes.values())
    return {
        "facts": facts,
        "measures": measures,
        "report": report,
        "files_shown": FILES_SHOWN,
        "licence": licence_of(measures.sources, facts.recipe),
        "movies": sum(measures.movies.values()),
        "keyframes": keyframes,
        "pictures": keyframes - measures.image_sizes["none"],
        "lines": sum(measures.emotions.values()),
        "events": sum(number * count for number, count in measures.events_per_movie.items()),
        "questions": sum(measures.question_types.values()),
        "configs": [config for config, rows in facts.rows.items() if rows],
        "splits": list(facts.rows["movies"]),
        "columns": {config: columns_of(config, features) for config, features in facts.features.items()},
        "revisions": sorted({source.model_revision for source in measures.sources}),
        "name_literal": json.dumps(facts.name),
    }
