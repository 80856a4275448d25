"""The card's section "How good are the pictures?": measured numbers, or how to measure them.

    section(results)                        # Markdown between two comments that mark where it lies
    with_section(readme, results)           # the same card with other numbers: what `moviellm measure` does

It measures nothing and words no definition: both come with the results (generation/dataset/results.py).
"""

from moviellm.cards.escaping import markdown
from moviellm.generation.dataset.results import Metric, Results

BEGIN = "<!-- pictures measured -->"
END = "<!-- /pictures measured -->"
BEFORE = "\n## Columns\n"
"""Where the section goes in a card that has none yet."""
TITLE = "## How good are the pictures?"
UNMEASURED = """\
Nobody has measured them yet. With the folder of this dataset, or its id on the Hub, in place of `DATASET`:

```bash
pip install 'moviellm[diffusion]'
moviellm measure DATASET
```
"""
HOW = """\
A number is the mean within each movie, then over movies, counterfactual twins left out. Intervals hold {level:g} %:
BCa bootstrap over movies, {resamples:,} draws, seed {seed}; fewer than {movies_min} movies give none. The model that
measured is a part of the name, with its revision: numbers of different models do not compare. Written by
`moviellm measure` {code}; the same as data is in [results.json](results.json).
"""


def section(results: Results | None) -> str:
    """The section with its marks, ending in a blank line."""
    body = UNMEASURED if results is None else _measured(results)
    return f"{BEGIN}\n{TITLE}\n\n{body}{END}\n"


def with_section(readme: str, results: Results) -> str:
    """A card whose section shows these results."""
    new = section(results)
    if BEGIN in readme and END in readme:
        before, _, rest = readme.partition(BEGIN)
        return before + new.removesuffix("\n") + rest.partition(END)[2]
    if BEFORE in readme:
        before, _, rest = readme.partition(BEFORE)
        return f"{before}\n{new}{BEFORE}{rest}"
    return readme.rstrip("\n") + "\n\n" + new


def _measured(results: Results) -> str:
    how = HOW.replace("\n", " ").format(
        level=100 * results.level,
        resamples=results.resamples,
        seed=results.seed,
        movies_min=results.movies_min,
        code=markdown(results.code_version),
    )
    rows = ["| measure | value | interval | of | movies |", "|---|--:|--:|--:|--:|", *map(_row, results.metrics)]
    said: dict[str, str] = {}
    notes: dict[str, list[str]] = {}
    for metric in results.metrics:
        said.setdefault(metric.definition, f"- `{metric.measure}` ({metric.unit}): {markdown(metric.definition)}")
        if metric.note:
            notes.setdefault(metric.note, []).append(f"`{metric.measure}`")
    parts = [how, "\n".join(rows), "What they are:", "\n".join(said.values())]
    if notes:
        told = (f"- {', '.join(names)}: {markdown(note)}" for note, names in notes.items())
        parts += ["What to know:", "\n".join(told)]
    return "\n\n".join(part.strip() for part in parts) + "\n\n"


def _row(metric: Metric) -> str:
    value = "not measured" if metric.value is None else f"{metric.value:.4f}"
    ends = "" if metric.low is None or metric.high is None else f"{metric.low:.4f} to {metric.high:.4f}"
    return f"| {markdown(metric.name)} | {value} | {ends} | {metric.n:,} {metric.counted} | {metric.movies:,} |"
