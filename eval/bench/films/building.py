"""What `moviellm bench build --films` does before the benchmark is built: films become a dataset with questions.

    built = build_films(wish)               # built.folder: BENCH.making/dataset; None after --dry-run

Imported as strangers' films (watching.py), asked (making.py), gated, and written as an ordinary dataset folder with
splits `validation` and `test`, which the benchmark is built from like from any other. That folder holds the answers
of test and is private. Run again, it asks nothing that was asked.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from moviellm.eval.bench import building
from moviellm.eval.bench.films.film_card import film_rows, renderer, section
from moviellm.eval.bench.films.making import Made, make_films, run_folder
from moviellm.eval.bench.films.planning import plan_films
from moviellm.eval.bench.films.watching import Films, opened
from moviellm.eval.bench.films.wishes import FilmWish, recipe_of
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.dataset.import_report import ImportReport
from moviellm.generation.export import STEPS, build_dataset
from moviellm.generation.llm.money import BUDGET_SPENT, load_prices, refuse_unpriced, spent_text
from moviellm.generation.llm.service import open_service
from moviellm.generation.output import emit, note
from moviellm.generation.progress import progress
from moviellm.generation.schema import Keyframe, Movie

DATASET: Final = "dataset"
REASON_SHOWN: Final = 300


class AskedFilms:
    """A `MovieReader` over films with their questions."""

    def __init__(self, films: Films, movies: Sequence[Movie]) -> None:
        self._films, self._movies = films, movies

    def movies(self) -> Iterator[Movie]:
        """Every film that has questions."""
        yield from self._movies

    def images(self, movie: Movie) -> Iterator[tuple[Keyframe, bytes]]:
        """Its pictures."""
        return self._films.images(movie)

    def files(self, movie: Movie) -> Iterator[tuple[str, bytes | Path]]:
        """The film itself is not copied: its owner's terms bind whoever has it."""
        yield from ()


@dataclasses.dataclass(frozen=True)
class Built:
    """The dataset that a benchmark of films is built from."""

    folder: Path
    notes: tuple[str, ...]
    """What a card says of its questions and films, in Markdown."""


def bench(wish: FilmWish, bench_wish: building.Wish, *, dry_run: bool, as_json: bool) -> None:
    """`moviellm bench build --films`: the films' dataset, then the benchmark of it."""
    building.check(bench_wish)  # before anything is paid
    built = build_films(wish, dry_run=dry_run, as_json=as_json)
    if built is not None:
        building.build(dataclasses.replace(bench_wish, source=str(built.folder), notes=built.notes), as_json=as_json)


def build_films(wish: FilmWish, *, dry_run: bool = False, as_json: bool = False) -> Built | None:
    """Make the dataset that a benchmark of films is built from; or only say what would be asked.

    Raises:
        ValueError: an option is none, or no film can be used.
        SystemExit: 1 when not one film has questions, or nothing more can be asked now; 130 after Ctrl-C.
    """
    recipe = recipe_of(wish)
    if recipe.engine.max_usd is not None:
        models = [recipe.llm.model, *recipe.gates.models, recipe.gates.vision]
        refuse_unpriced(load_prices(), list(dict.fromkeys(m for m in models if m)), [])
    service = None if dry_run else open_service(recipe, run_folder(wish))  # refuses before films are decoded
    _note_models(recipe)
    report = ImportReport(kind="video", title="films")
    with opened(wish, report) as films:
        if service is None:
            plan = plan_films(wish, recipe, films, load_prices())
            emit(
                {"bench": str(wish.out), **dataclasses.asdict(plan), "to_ask": plan.to_ask},
                "\n".join([str(wish.out), *plan.lines()]),
                as_json,
            )
            return None
        try:
            made = make_films(wish, recipe, films, service)
        except KeyboardInterrupt:
            note("stopped; everything that was paid for is kept. Run the same command again to go on")
            raise SystemExit(130) from None
        _say(wish, recipe, made, as_json)
        for reason in made.failed.values():
            report.left_out[f"films without questions: {reason[:REASON_SHOWN]}"] += 1
        return _write(wish, recipe, films, made, report)


def _write(wish: FilmWish, recipe: Recipe, films: Films, made: Made, report: ImportReport) -> Built:
    out = wish.making / DATASET
    with progress("writing", STEPS * len(made.movies), "steps") as advance:
        build_dataset(
            AskedFilms(films, made.movies),
            out,
            recipe,
            run_seed=recipe.seed,
            render_readme=renderer(report, made, recipe),
            progress=advance,
        )
    return Built(out, tuple(section(film_rows(made.movies, recipe), made, recipe)))


def _note_models(recipe: Recipe) -> None:
    """Say where gates measure less than they seem to."""
    gates = recipe.gates
    if recipe.llm.model in (*gates.models, gates.vision):
        note(
            f"{recipe.llm.model} writes the questions and tests them; others find more: --set "
            "'gates.models=[FIRST, SECOND]' gates.vision=EYES"
        )
    if gates.vision is None:
        note("no model sees the pictures: whether questions can be answered is tested by captions and lines only")


def _say(wish: FilmWish, recipe: Recipe, made: Made, as_json: bool) -> None:
    rows = film_rows(made.movies, recipe)
    did = (
        f"asked {made.asked} cells, {made.kept} were there"
        if made.asked
        else f"nothing to ask: all {made.kept} cells are there"
    )
    lines = [f"{wish.making}: {len(rows)} films with {sum(row['questions'] for row in rows)} questions; {did}"]
    lines.append(f"  spent so far: {spent_text(made.spent)}")
    for row in rows:
        known = [one["model"] for one in row["by_title"] if one["known"]]
        lines.append(
            f"  {row['title']}: {row['questions']} questions, {row['sound']} without flags"
            + (f"; known by name to {', '.join(known)}" if known else "")
        )
    lines += [f"  failed: {name}: {reason[:REASON_SHOWN]}" for name, reason in made.failed.items()]
    if made.failed:
        lines.append("  films are left out until somebody says --retry-failed")
    facts: dict[str, Any] = {
        "making": str(wish.making),
        "films": rows,
        "asked": made.asked,
        "kept": made.kept,
        "failed": made.failed,
        "stopped": made.stopped,
        "spent": dataclasses.asdict(made.spent),
    }
    if not as_json or made.stopped or not made.movies:  # else the benchmark prints one; films.json has these
        emit(facts, "\n".join(lines), as_json)
    if made.stopped:
        why = next(iter(made.stopped.values()))
        hint = ""
        if why.startswith(BUDGET_SPENT):
            hint = " with a higher --max-usd"
        elif "400" in why and wish.see == "pictures":
            hint = "; if the model takes no pictures, with --see captions or --see words"
        note(f"stopped: {why}; everything that was paid for is kept. Run the same command again{hint}")
    if made.stopped or not made.movies:
        raise SystemExit(1)
