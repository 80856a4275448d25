"""What the card of a benchmark of films says beside that of an import: who asked, who tested, which films are known.

    readme, files = renderer(report, made, recipe)(facts)      # called by generation.export.build_dataset

`films.json` beside the rows has the same for programs. Every number comes from the movies; none is typed.
"""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from moviellm.cards.imported_card import Render
from moviellm.cards.imported_card import renderer as imported
from moviellm.eval.bench.films.making import Made
from moviellm.eval.bench.films.probing import KNOWN_FROM, knowledge
from moviellm.eval.bench.films.watching import name_of, title_of
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.dataset.facts import DatasetFacts
from moviellm.generation.dataset.import_report import ImportReport
from moviellm.generation.schema import Movie

FILMS_FILE: Final = "films.json"
UNKNOWN_QUESTIONS: Final = ("no places, events or questions", "no places or events")
"""What the import says that it does not know, and what of it holds here."""


def film_rows(movies: Sequence[Movie], recipe: Recipe) -> list[dict[str, Any]]:
    """A row a film: its questions, what is said against them, and who knows it by name."""
    rows = []
    for movie in movies:
        pairs = movie.qa_pairs or ()
        flags = Counter(flag for question in pairs for flag in question.flags)
        rows.append(
            {
                "movie_id": movie.movie_id,
                "film": name_of(movie),
                "title": title_of(movie),
                "seconds": movie.duration_s,
                "shots": sum(1 for _ in movie.keyframes()),
                "lines": sum(1 for _ in movie.dialogue()),
                "questions": len(pairs),
                "sound": sum(not question.flags for question in pairs),
                "flags": dict(sorted(flags.items())),
                "by_title": [
                    {
                        "model": one.model,
                        "questions": one.questions,
                        "title_only": round(one.title, 6),
                        "blind": round(one.blind, 6),
                        "known": one.known,
                    }
                    for one in knowledge(movie, recipe.gates.models)
                ],
            }
        )
    return rows


def renderer(report: ImportReport, made: Made, recipe: Recipe) -> Render:
    """A `render_readme` for the export."""
    old, new = UNKNOWN_QUESTIONS
    report.unknown = [sentence.replace(old, new) for sentence in report.unknown]
    rows = film_rows(made.movies, recipe)

    def render(facts: DatasetFacts) -> tuple[str, dict[str, bytes]]:
        readme, files = imported(report)(facts)
        body = "\n".join([readme.rstrip(), "", *section(rows, made, recipe), ""])
        told = json.dumps({"films": rows, "left_out": made.failed}, ensure_ascii=False, indent=1, sort_keys=True)
        return body, {**files, FILMS_FILE: f"{told}\n".encode()}

    return render


def section(rows: Sequence[dict[str, Any]], made: Made, recipe: Recipe) -> list[str]:
    """The part of the card about questions, in Markdown."""
    gates = recipe.gates
    lines = [
        "## Who asked, who tested",
        "",
        f"The questions were written by `{_plain(recipe.llm.model or '')}` from shots and subtitles, without the "
        "film's title. Each cites shots and lines that exist; its evidence follows from them. Nobody checked them by "
        "hand.",
        f"They were tested by {', '.join(f'`{_plain(name)}`' for name in gates.models)}"
        + (f", with pictures by `{_plain(gates.vision)}`." if gates.vision else "; no model saw the pictures."),
        "A question that a model answers by the film's title alone counts as guessable; test leaves flagged questions "
        "out.",
        "",
        "| film | shots | lines | questions | without flags | model | right by title | right blind | known by name |",
        "|---|---:|---:|---:|---:|---|---:|---:|---|",
    ]
    for row in rows:
        start = f"| {_plain(row['title'])} | {row['shots']} | {row['lines']} | {row['questions']} | {row['sound']} |"
        for one in row["by_title"] or [None]:
            if one is None:
                lines.append(f"{start} | | | |")
                continue
            known = "yes" if one["known"] else "no"
            lines.append(f"{start} {_plain(one['model'])} | {one['title_only']:.2f} | {one['blind']:.2f} | {known} |")
    lines += [
        "",
        f"Known by name: the title adds {KNOWN_FROM:g} or more to the share of right answers, a rule of thumb.",
    ]
    lines += [f"Left out: {_plain(name)}: {_plain(reason)}" for name, reason in made.failed.items()]
    return lines


def _plain(text: str) -> str:
    """A foreign text in a cell of a table: no Markdown, no HTML, one line."""
    marks = {"|": "&#124;", "<": "&lt;", ">": "&gt;", "`": "&#96;", "[": "&#91;", "]": "&#93;", "*": "&#42;"}
    return "".join(marks.get(char, char) for char in " ".join(text.split()))[:200]
