"""What a benchmark of films would ask and cost, before anything is asked: `--dry-run`.

    plan = plan_films(wish, recipe, films, load_prices())
    plan.text()

Films are decoded for it, since nobody knows how many shots they have before; what was decoded is kept. How many cells
the gates take depends on the questions, so the plan is an upper bound, and its dollars are an estimate.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

from moviellm.eval.bench.films.asking import LINES_A_PART, PICTURES_A_PART, SHOTS_A_PART
from moviellm.eval.bench.films.captions import AT_ONCE
from moviellm.eval.bench.films.making import (
    bench_of,
    captions_of,
    cells_of,
    parts_of,
    record_of,
    run_folder,
    through,
)
from moviellm.eval.bench.films.watching import Films
from moviellm.eval.bench.films.wishes import FilmWish
from moviellm.generation.cells import Shard
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.costs import REPEATS, ROTATIONS, Costs
from moviellm.generation.llm.estimates import FRAME_TOKENS
from moviellm.generation.llm.money import Prices
from moviellm.generation.llm.service import Service
from moviellm.generation.runs.record import RECORD_NAME
from moviellm.generation.schema import Movie
from moviellm.generation.workbench import CellFailedError

LINE_TOKENS: Final = 25
"""Tokens of a line with its id, or of a shot with its seconds."""
PROMPT_TOKENS: Final = 1100
QUESTION_TOKENS: Final = 120
CAPTION_TOKENS: Final = 50
GATE_TOKENS: Final = (700, 80)
"""Tokens of a gate's question, without pictures, and of its answer."""


@dataclass(frozen=True, kw_only=True)
class FilmPlan:
    """What a run would ask."""

    films: int
    questions: int
    """At most."""
    captions: int
    """Calls that describe shots."""
    parts: int
    """Calls for questions."""
    cells: int
    """At most."""
    there: int
    """Of them, those that are there."""
    costs: Costs

    @property
    def to_ask(self) -> int:
        """Cells to make, at most."""
        return max(0, self.cells - self.there)

    def lines(self) -> list[str]:
        """For people."""
        return [
            f"  films {self.films}, questions at most {self.questions}, in {self.parts} calls"
            + (f", after {self.captions} that describe shots" if self.captions else ""),
            f"  {self.cells} cells at most, {self.there} are there, {self.to_ask} to make at most",
            f"  by estimate: {self.costs.text()}",
        ]


def plan_films(wish: FilmWish, recipe: Recipe, films: Films, prices: Prices) -> FilmPlan:
    """What `make_films` would ask. Asks nothing, and writes nothing but decoded films."""
    found, whole = asyncio.run(_there(wish, recipe, films))
    # Of a film that is finished it is known how many cells it has.
    cells = sum(whole.get(movie.movie_id) or cells_of(wish, recipe, movie) for movie in films.movies)
    missing = max(0, cells - found)
    return FilmPlan(
        films=len(films.movies),
        questions=recipe.questions.per_movie * len(films.movies),
        captions=sum(captions_of(wish, movie) for movie in films.movies),
        parts=sum(parts_of(recipe, movie) for movie in films.movies),
        cells=cells,
        there=found,
        costs=_costs(wish, recipe, films.movies, missing / max(1, cells), prices),
    )


async def _there(wish: FilmWish, recipe: Recipe, films: Films) -> tuple[int, dict[str, int]]:
    """How many cells are there; and for each film that is finished, how many it has."""
    run = run_folder(wish)
    if not (run / RECORD_NAME).exists():
        return 0, {}
    record = record_of(run, recipe, len(films.movies))
    shard = Shard.open(run, 0, retry_failed=wish.retry_failed)
    nobody = cast(Service, None)  # nothing is asked
    found, whole = 0, {}
    for movie in films.movies:
        bench = bench_of(record, shard, None, lambda count: None, make=False)
        try:
            await through(wish, bench, nobody, movie)
            whole[movie.movie_id] = len(bench.cells)
        except CellFailedError:
            pass
        found += sum(shard.cached(cell) for cell in bench.cells)
    await shard.close()
    return found, whole


def _costs(wish: FilmWish, recipe: Recipe, movies: Sequence[Movie], share: float, prices: Prices) -> Costs:
    """What the missing share of all calls costs: rules of thumb for the sizes of questions and answers."""
    model, gates, questions = recipe.llm.model or "", recipe.gates, recipe.questions.per_movie
    kinds: list[tuple[str, float, float, float]] = []  # model, calls, tokens in and out of one
    for movie in movies:
        parts = max(1, parts_of(recipe, movie))
        shots = sum(1 for _ in movie.keyframes())
        lines = min(LINES_A_PART, sum(1 for _ in movie.dialogue()))
        seen = min(shots, PICTURES_A_PART if wish.see == "pictures" else SHOTS_A_PART)
        each = FRAME_TOKENS if wish.see == "pictures" else CAPTION_TOKENS if wish.see == "captions" else LINE_TOKENS
        kinds.append(
            (model, parts, PROMPT_TOKENS + seen * each + lines * LINE_TOKENS, QUESTION_TOKENS * questions / parts)
        )
        captions = captions_of(wish, movie)
        kinds.append((gates.vision or "", captions, 200 + AT_ONCE * FRAME_TOKENS, AT_ONCE * CAPTION_TOKENS))
        asked, said = GATE_TOKENS
        texts = ROTATIONS * questions
        kinds += [(name, 2.0 * texts, asked, said) for name in gates.models]
        kinds.append((gates.models[0], texts, asked + lines * LINE_TOKENS, said))
        pictures = gates.frames * FRAME_TOKENS if gates.vision else 0
        kinds.append((gates.vision or gates.models[0], 3.0 * texts, asked + lines * LINE_TOKENS + pictures, said))
    factor = share * REPEATS
    kinds = [(name, calls * factor, tin, tout) for name, calls, tin, tout in kinds if calls * factor > 0]
    usd = [
        prices.usd(n, tokens_in=round(c * i), tokens_out=round(c * o), batch=recipe.engine.batch)
        for n, c, i, o in kinds
    ]
    return Costs(
        calls=round(sum(calls for _, calls, _, _ in kinds)),
        tokens_in=round(sum(calls * tin for _, calls, tin, _ in kinds)),
        tokens_out=round(sum(calls * tout for _, calls, _, tout in kinds)),
        images=0,
        usd=None if None in usd else round(sum(cost for cost in usd if cost is not None), 6),
        prices=f"{prices.id} {prices.date}",
    )
