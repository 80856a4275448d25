"""The dataset card: README.md of a dataset folder, and its pictures, rendered from measured facts.

    readme, files = render(facts)         # called by generation.export.build_dataset
    files["card/strip.jpg"]               # what README.md refers to, by relative path

Every number on the card is read from the facts; the template (dataset_card.md.j2) types none. Texts of movies are
escaped, so that a theme cannot become markup. It reads no dataset and pushes nothing.
"""

import html
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib.resources import files
from typing import Any

import yaml
from jinja2 import Environment, StrictUndefined

from moviellm.cards.charts import bars, columns, describe
from moviellm.cards.citation import bibtex, made_at
from moviellm.cards.columns import columns_of
from moviellm.cards.croissant import CROISSANT, croissant
from moviellm.cards.escaping import markdown
from moviellm.cards.licence import OFFLINE, licence_of
from moviellm.cards.looking import asked_gate_rows, asked_rows, flag_rows, gate_rows
from moviellm.cards.measured import section
from moviellm.cards.pictures import strip
from moviellm.generation.config.recipe import Recipe, load_recipe, packaged_recipes
from moviellm.generation.dataset.facts import DatasetFacts, Measures
from moviellm.generation.output import counted

STRIP_WIDTH_PX = 1280
STRIP = "card/strip.jpg"
TASKS = ["visual-question-answering", "video-text-to-text"]
TAGS = ["synthetic", "video", "long-video", "movies", "temporal-grounding", "dense-video-captioning"]
SIZES = ((1e3, "n<1K"), (1e4, "1K<n<10K"), (1e5, "10K<n<100K"), (1e6, "100K<n<1M"), (1e7, "1M<n<10M"))
LARGEST = "n>10M"


def render(facts: DatasetFacts) -> tuple[str, dict[str, bytes]]:
    """README.md, front matter included, and the files that lie beside it, by relative path."""
    charts = _charts(facts.measures)
    assets = {path: svg.encode() for path, _, svg in charts}
    assets[CROISSANT] = croissant(facts).encode()
    if facts.sample.images:
        assets[STRIP] = strip([data for *_, data in facts.sample.images], len(facts.sample.images), STRIP_WIDTH_PX)
    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters |= FILTERS
    template = environment.from_string((files("moviellm.cards") / "dataset_card.md.j2").read_text(encoding="utf-8"))
    body = template.render(_context(facts), charts=[(path, words) for path, words, _ in charts])
    return f"---\n{_front_matter(facts)}---\n{tidy(body)}", assets


def _front_matter(facts: DatasetFacts) -> str:
    rows = sum(sum(splits.values()) for splits in facts.rows.values())
    data: dict[str, object] = {
        **licence_of(facts.measures.sources, facts.recipe).front_matter(),
        "language": sorted(facts.measures.languages),
        "pretty_name": facts.name,
        "annotations_creators": ["machine-generated"],
        "source_datasets": ["original"],
        "task_categories": TASKS,
        "size_categories": [next((name for limit, name in SIZES if rows < limit), LARGEST)],
        "tags": TAGS,
        **facts.front_matter,
    }
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=10_000)


def _context(facts: DatasetFacts) -> dict[str, Any]:
    measures = facts.measures
    recipe_text = yaml.safe_dump(
        facts.recipe.model_dump(mode="json", exclude_defaults=True), sort_keys=False, allow_unicode=True, width=100
    )
    return {
        "facts": facts,
        "measures": measures,
        "licence": licence_of(measures.sources, facts.recipe),
        "offline_writer": _only(measures, "plot", "dialogue", "qa"),
        "offline_painter": _only(measures, "style", "keyframes"),
        "movies": sum(measures.movies.values()),
        "keyframes": sum(measures.shots.values()),
        "lines": sum(measures.emotions.values()),
        "questions": sum(measures.question_types.values()),
        "gates": gate_rows(measures.gates),
        "asked_gates": asked_gate_rows(measures.asked),
        "flags": flag_rows(measures.asked),
        "asked": asked_rows(facts),
        "variety": measures.variety.rows(),
        "measured": section(facts.results),
        "splits": list(facts.rows["movies"]),
        "configs": [config for config, rows in facts.rows.items() if rows],
        "show_split": _show_split(facts),
        "columns": {config: columns_of(config, features) for config, features in facts.features.items()},
        "fixed": _fixed(measures),
        "sources": sorted(measures.sources.items()),
        "packaged": _is_packaged(facts.recipe),
        "recipe_text": recipe_text,
        "fence": _fence(recipe_text),
        "bibtex": bibtex(facts),
        "voiced": any(voiced for _, voiced in measures.films),
        "epoch_s": _epoch_s(made_at(facts)),
        "strip": STRIP if facts.sample.images else None,
        "name_literal": json.dumps(facts.name),
    }


def _only(measures: Measures, *stages: str) -> bool:
    makers = {source.model_id for source in measures.sources if source.stage in stages}
    return bool(makers) and makers <= OFFLINE


def _show_split(facts: DatasetFacts) -> str:
    """The split that the examples load: test where it has questions, else the first that has, else any."""
    asked = list(facts.rows.get("qa", {})) or list(facts.rows["movies"])
    return "test" if "test" in asked else asked[0]


def _epoch_s(time: str) -> int | None:
    """Start of the run for SOURCE_DATE_EPOCH; None where it is not an ISO-8601 time."""
    try:
        return int(datetime.fromisoformat(time).timestamp())
    except ValueError:
        return None


def _is_packaged(recipe: Recipe) -> bool:
    return recipe.name in packaged_recipes() and load_recipe(recipe.name) == recipe


NAMED = (
    ("question_types", "Question types", "questions"),
    ("requires", "What a question needs", "questions"),
    ("genres", "Genres", "movies"),
    ("styles", "Styles", "movies"),
    ("shots", "Shots", "keyframes"),
    ("emotions", "Emotions", "lines"),
    ("times_of_day", "Time of day", "scenes"),
    ("weathers", "Weather", "scenes"),
)
NUMBERED = (
    ("durations_s", "Duration in seconds", "movies"),
    ("keyframes_per_movie", "Keyframes in a movie", "movies"),
    ("scenes_per_movie", "Scenes in a movie", "movies"),
    ("events_per_movie", "Events in a movie", "movies"),
    ("lines_per_movie", "Lines in a movie", "movies"),
    ("questions_per_movie", "Questions in a movie", "movies"),
    ("people_per_keyframe", "People in a keyframe", "keyframes"),
    ("words_per_line", "Words in a line", "lines"),
    ("words_per_question", "Words in a question", "questions"),
)


def _charts(measures: Measures) -> list[tuple[str, str, str]]:
    """(path, words, SVG) of every distribution that has more than one value."""
    charts: list[tuple[str, str, str]] = []
    for key, title, unit in NAMED:
        counts = _by_count(getattr(measures, key))
        if len(counts) > 1:
            charts.append((f"card/{key}.svg", describe(title, counts), bars(title, counts, unit=unit)))
    for key, title, unit in NUMBERED:
        numbers: Counter[float] = getattr(measures, key)
        if len(numbers) > 1:
            words = f"{title}: from {min(numbers):g} to {max(numbers):g} over {sum(numbers.values()):,} {unit}"
            charts.append((f"card/{key}.svg", words, columns(title, numbers, unit=unit)))
    return charts


def _fixed(measures: Measures) -> list[str]:
    """Distributions that have one value only: said in words."""
    found = []
    for key, title, unit in (*NAMED, *NUMBERED):
        counts: Counter[Any] = getattr(measures, key)
        if len(counts) == 1:
            ((value, count),) = counts.items()
            found.append(f"{title}: {value:g}" if isinstance(value, int | float) else f"{title}: {value}")
            found[-1] += f" in all {count:,} {unit}"
    return found


def _by_count(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _attribute(text: object) -> str:
    return html.escape(" ".join(str(text).split()), quote=True)


def _share(count: int, total: int) -> str:
    return f"{count / total:.1%}" if total else "none"


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 1e5 else f"{count / 1e3:,.1f} kB"


def _time(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours:,} h {minutes} min" if hours else f"{minutes} min {left} s" if minutes else f"{left} s"


def _fence(text: str) -> str:
    """A code fence longer than any in the text."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    return "`" * max(3, longest + 1)


def tidy(text: str) -> str:
    """A rendered body without runs of blank lines."""
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


FILTERS: dict[str, Callable[..., str]] = {
    "md": markdown,
    "attr": _attribute,
    "share": _share,
    "n": counted,
    "mb": _megabytes,
    "time": _time,
}
"""Filters of the cards' templates."""
