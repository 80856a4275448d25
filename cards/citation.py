"""How a dataset is cited: its BibTeX entry, as the card and croissant.json say it.

    bibtex(facts)                       # '@misc{movielllm_tiny, ...'
    made_at(facts)                      # '2026-01-01T00:00:00Z', when the newest part was made

The time is that of the run's record, so that the same run is cited in the same words. It looks nothing up.
"""

import re

from moviellm.generation.dataset.facts import DatasetFacts

AUTHOR = "The MovieLLM authors"


def made_at(facts: DatasetFacts) -> str:
    """When the newest part of it was made, ISO 8601; empty where nothing says so."""
    return max((source.created_at for source in facts.measures.sources), default="")


def bibtex(facts: DatasetFacts) -> str:
    """The dataset as a BibTeX entry."""
    key = re.sub(r"[^a-z0-9]+", "_", facts.name.lower()).strip("_")
    return (
        f"@misc{{{key},\n"
        f"  title  = {{{facts.name}, version {facts.version}}},\n"
        f"  author = {{{AUTHOR}}},\n"
        f"  year   = {{{made_at(facts)[:4]}}}\n"
        f"}}"
    )
