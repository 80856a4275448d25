"""Are the questions right, and do they need the movie? Measured on movies made through the real command line.

    python benchmarks/questions.py                 # 300 movies, some minutes on 2 cores; writes results/questions.*
    python benchmarks/questions.py --movies 20     # a try-out; prints, writes nothing
    python benchmarks/questions.py --run RUN       # measures the movies of a run that is there; writes nothing

Measured: whether a second reader, written apart from the product (tests/generation/studio/independent.py), finds the
same answers; how many answers change when the events of a movie are put in another order; whether removing the cause
of an event makes it impossible; the gates; question types and formats against the recipe. Pictures are painted small:
questions about what can be seen need to know what can be seen. It trains no model that sees.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import yaml

from moviellm.generation.config.recipe import Recipe, load_recipe
from moviellm.generation.dataset.gate_table import GateTable
from moviellm.generation.files import write_whole
from moviellm.generation.gating.measured import Gates
from moviellm.generation.progress import progress
from moviellm.generation.runs.record import read_run
from moviellm.generation.runs.tables import RunReader
from moviellm.generation.schema import Event, Movie, QuestionType, StateChange
from moviellm.generation.studio.channels import read_channels
from moviellm.generation.studio.world.actions import ACTIONS, Act, Fact, Not, Value

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the second reader lies with the tests, which no installation has
from tests.generation.studio.independent import Film, disagreement, form_of  # noqa: E402

RESULTS = Path(__file__).parent / "results"
MOVIES, PER_MOVIE, EDGES = 300, 80, 500
SHOWN = 12
"""Examples of what went wrong that are printed."""
RECIPE: dict[str, Any] = {
    "name": "questions",
    "seed": 2026,
    "story": {"chapters": 3, "scenes": 3, "keyframes": 6},
    "image": {"width_px": 128, "height_px": 72, "quality": 50},
    "twins": {"share": 0.3},
    "questions": {
        "per_movie": PER_MOVIE,
        "formats": {"multiple_choice": 0.6, "open_ended": 0.28, "temporal_grounding": 0.1, "dense_captioning": 0.02},
    },
}


def make(folder: Path, movies: int) -> Path:
    """A run of so many small movies."""
    recipe = RECIPE | {"movies": movies, "themes": list(load_recipe("tiny").themes)}
    path, run = folder / "recipe.yaml", folder / "run"
    path.write_text(yaml.safe_dump(recipe), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("moviellm")), "make", "--recipe", str(path)]
    subprocess.run([*command, "--out", str(run), "--no-films"], check=True, stdout=subprocess.DEVNULL)
    return run


# ------------------------------------------------------------------------------------------------ right answers


def agreement(movies: Sequence[Movie]) -> dict[str, Any]:
    """How many questions the second reader answers as the product does, by kind of form."""
    asked: Counter[str] = Counter()
    wrong: list[str] = []
    with progress("reading", len(movies), "movies") as advance:
        for movie in movies:
            film = Film(movie)
            for question in movie.qa_pairs or ():
                form = form_of(question)
                asked[form["ask"] if form else "without a form"] += 1
                why = disagreement(film, question) if form else None
                if why:
                    wrong.append(f"{question.question_id} {question.form} -> {question.answer!r}: {why}")
            advance(1)
    total = sum(asked.values()) - asked["without a form"]
    return {"questions": total, "agree": total - len(wrong), "by_kind": dict(sorted(asked.items())), "wrong": wrong}


def shuffled(movie: Movie, dice: random.Random) -> Movie:
    """The movie with its events in another order, each at another's time."""
    order = dice.sample(movie.events, len(movie.events))
    events = [event.model_copy(update={"span": at.span}) for event, at in zip(order, movie.events, strict=True)]
    return movie.model_copy(update={"events": tuple(events)})


def changed_by_order(movies: Sequence[Movie]) -> dict[str, list[int]]:
    """Kind of form -> questions, and those with another answer once the events are in another order."""
    dice = random.Random(1)
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for movie in movies:
        film, other = Film(movie), Film(shuffled(movie, dice))
        for question in movie.qa_pairs or ():
            form = form_of(question)
            if form:
                found[form["ask"]][0] += 1
                found[form["ask"]][1] += film.answer(form) != other.answer(form)
    return dict(sorted(found.items()))


# ------------------------------------------------------------------------------------------------ true causes


def fact_of(change: StateChange) -> tuple[Fact, Value]:
    """A fact of the simulation from its text."""
    name, *rest = change.attribute.split(":")
    value: Value = {"yes": True, "no": False}.get(change.value, change.value)
    return (name, change.entity, *rest), value


def act_of(movie: Movie, event: Event) -> Act:
    """The act of the simulation that an event was."""
    names = {person.character_id: person.name for person in movie.characters}
    people = [names[person] for person in event.participants]
    return Act(
        event.action or "",
        people[0],
        event.location,
        other=people[1] if len(people) > 1 else "",
        thing=event.object or "",
        target=event.target or "",
        topic=event.topic or "",
        mode=event.variant or "",
    )


def possible(movie: Movie, effect: Event, without: str | None) -> bool:
    """Whether an event can happen when another one, named by its id, has not."""
    facts: dict[Fact, Value] = {}
    scenes = list(movie.scenes())
    for event in movie.events:
        while scenes and scenes[0].span.start_s <= event.span.start_s:
            facts |= dict(fact_of(change) for change in scenes.pop(0).changes)
        needs, effects = ACTIONS[event.action or ""](act_of(movie, event))
        if event is effect:
            return all(
                (facts.get(fact, False) != need.value) if isinstance(need, Not) else facts.get(fact, False) == need
                for fact, need in needs
            )
        if event.event_id != without:
            facts |= dict(effects)
    raise AssertionError(f"{effect.event_id} is not in {movie.movie_id}")


def causes(movies: Sequence[Movie], count: int) -> dict[str, int]:
    """Of so many sampled edges: how many effects can happen as told, and how many still could without the cause."""
    edges = [(m, event, cause) for m in movies for event in m.events if event.action for cause in event.because or ()]
    sample = random.Random(2).sample(edges, min(count, len(edges)))
    return {
        "edges": len(sample),
        "possible_as_told": sum(possible(movie, event, None) for movie, event, _ in sample),
        "possible_without_the_cause": sum(possible(movie, event, cause) for movie, event, cause in sample),
    }


# ------------------------------------------------------------------------------------------------ gates, shares


def gates(movies: Sequence[Movie]) -> GateTable:
    """The table of gates, as the export makes it."""
    found, table = Gates(read_channels), GateTable()
    for movie in movies:
        found.add(movie)
    found.learn()
    with progress("gates", len(movies), "movies") as advance:
        for movie in movies:
            table.add(found.scored(movie))
            advance(1)
    return table


def gate_lines(table: GateTable) -> Iterator[dict[str, Any]]:
    """The table as rows: every gate, then every question type of it."""
    for gate, total in table.by_gate().items():
        own = {kind: count for (name, kind), count in sorted(table.counts.items()) if name == gate}
        for kind, count in {"all": total, **own}.items():
            yield {
                "gate": gate,
                "type": kind,
                "questions": count.questions,
                "unmeasured": count.unmeasured,
                "accuracy": round(count.accuracy, 4),
                "interval": [round(edge, 4) for edge in count.interval],
                "chance": round(count.chance, 4),
                "bound": round(count.bound, 4),
                "holds": count.holds,
                "pairs": count.pairs,
                "pairs_right": count.pairs_right,
            }


def shares(movies: Sequence[Movie], recipe: Recipe) -> list[dict[str, Any]]:
    """Types and formats: shares asked for and delivered; asked is None where the recipe leaves it open."""
    questions = [question for movie in movies for question in movie.qa_pairs or ()]
    rows: list[dict[str, Any]] = []
    for name, asked in (("question_type", recipe.questions.types), ("answer_format", recipe.questions.formats)):
        came = Counter(getattr(question, name) for question in questions)
        wanted: dict[Any, float] = dict(asked)
        if name == "question_type" and not wanted:  # the recipe says nothing: equal parts
            wanted = dict.fromkeys(get_args(QuestionType), 1.0)
        rows += [
            {
                "what": name,
                "value": value,
                "asked": round(wanted.get(value, 0.0) / sum(wanted.values()), 4) if wanted else None,
                "delivered": round(came[value] / len(questions), 4),
            }
            for value in sorted({*came, *wanted})
        ]
    return rows


# ------------------------------------------------------------------------------------------------ writing it down


def measure(run: Path) -> dict[str, Any]:
    """Everything about the movies of a run."""
    started_s, recipe = time.perf_counter(), read_run(run).recipe
    movies = list(RunReader(run).movies())
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "movies": len(movies),
        "asked_per_movie": recipe.questions.per_movie,
        "questions": sum(len(movie.qa_pairs or ()) for movie in movies),
        "twins": sum(movie.twin_of is not None for movie in movies),
        "agreement": agreement(movies),
        "changed_by_order": changed_by_order(movies),
        "causes": causes(movies, EDGES),
        "gates": list(gate_lines(gates(movies))),
        "shares": shares(movies, recipe),
        "measured_s": round(time.perf_counter() - started_s, 1),
    }


def markdown(found: dict[str, Any]) -> str:
    """The results as a page."""
    agree, edges = found["agreement"], found["causes"]
    totals = [row for row in found["gates"] if row["type"] == "all"]
    # The type `unanswerable` says the answer: it is not held against a gate alone.
    single = [row for row in found["gates"] if row["type"] not in ("all", "unanswerable")]
    over = [row for row in single if row["interval"][0] > row["bound"]]
    parts = [
        "# Questions: are they right, do they need the movie",
        f"Written by `python benchmarks/questions.py` on {found['date']}; the numbers are in `questions.json`.",
        f"{found['movies']} movies ({found['twins']} of them counterfactual twins of another), "
        f"{found['questions']:,} questions; at most {found['asked_per_movie']} were asked for a movie.",
        f"## Answers\n\nA second reader, written apart from the product, finds the same answer to "
        f"{agree['agree']:,} of {agree['questions']:,} questions that have a logical form; "
        f"{agree['by_kind'].get('without a form', 0)} have none.",
        *[f"- {line}" for line in agree["wrong"][:SHOWN]],
        "Answers that change when the events of a movie are put in another order:",
        _table(
            ("kind of form", "questions", "changed"),
            [(kind, f"{n:,}", f"{c / n:.1%}") for kind, (n, c) in found["changed_by_order"].items()],
        ),
        f"Causes: of {edges['edges']} sampled `because` edges, {edges['possible_as_told']} effects are possible as "
        f"told and {edges['possible_without_the_cause']} without the cause.",
        "## Gates",
        _table(
            ("gate", "questions", "right", "95 % interval", "chance", "bound", "holds", "twin pairs", "both right"),
            [_gate_cells(row) for row in totals],
        ),
        *[
            f"- over its bound: {row['gate']} in {row['type']}: {row['accuracy']:.1%} of {row['questions']:,}, "
            f"bound {row['bound']:.1%}"
            for row in over
        ],
        "## Types and formats",
        _table(
            ("", "asked for", "delivered"),
            [
                (
                    row["value"],
                    "as it comes" if row["asked"] is None else f"{row['asked']:.1%}",
                    f"{row['delivered']:.1%}",
                )
                for row in found["shares"]
            ],
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _gate_cells(row: dict[str, Any]) -> tuple[str, ...]:
    low, high = row["interval"]
    return (
        f"`{row['gate']}`",
        f"{row['questions']:,}",
        f"{row['accuracy']:.1%}",
        f"{low:.1%} to {high:.1%}",
        f"{row['chance']:.1%}",
        f"{row['bound']:.1%}",
        "yes" if row["holds"] else "**no**",
        f"{row['pairs']:,}",
        f"{row['pairs_right'] / row['pairs']:.1%}" if row["pairs"] else "",
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def main() -> None:
    """Measure, print, and write the results down when nothing was shortened."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--movies", type=int, default=MOVIES, help="movies to make; other than 300 writes nothing")
    parser.add_argument("--run", type=Path, help="measure this run instead; writes nothing")
    arguments = parser.parse_args()
    if arguments.run:
        print(markdown(measure(arguments.run)))
        return
    with tempfile.TemporaryDirectory(prefix="moviellm-questions-") as folder:
        found = measure(make(Path(folder), arguments.movies))
    print(markdown(found))
    if arguments.movies == MOVIES:
        text = json.dumps(found, indent=2, ensure_ascii=False) + "\n"
        write_whole(RESULTS / "questions.json", text.encode())
        write_whole(RESULTS / "questions.md", markdown(found).encode())


if __name__ == "__main__":
    main()
