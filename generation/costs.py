"""What a run will ask and cost, by estimate, before anything is spent.

    costs = estimate(recipe, plan.missing, load_prices())
    costs.text()             # 'about 390 calls (0.7 M tokens in, 0.3 M out), 1331 pictures, 4.21 USD'

From the sizes of the recipe and the price table alone: answers of a movie are as long as its chapters, scenes and
keyframes are many. A model that thinks before it answers pays for that too, and repeated tries are counted as a tenth.
What was really spent is in exchanges.jsonl (llm/exchanges.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from moviellm.generation.config.recipe import Recipe
from moviellm.generation.llm.estimates import FRAME_TOKENS
from moviellm.generation.llm.money import Prices
from moviellm.generation.schema import Stage
from moviellm.generation.writers.asking import part_count

REPEATS = 1.1
"""Calls for one that is needed: repair turns and other seeds."""
SCRIPT_CALLS = 2
"""Calls of `writer: world` a chapter: its steps, and about one repair. The world is one call more."""
REWRITE_CALLS = 2
"""Calls for the texts of a scene or a dialogue that is rewritten: the words, and reading them back."""
ROTATIONS = 4
"""Calls a cell of the gates: each order of the options."""


@dataclass(frozen=True, kw_only=True)
class Costs:
    """An estimate."""

    calls: int
    tokens_in: int
    tokens_out: int
    images: int
    """Pictures of an image server."""
    usd: float | None
    """None where the price table does not know a model."""
    prices: str
    """Which table."""

    def text(self) -> str:
        """In a few words."""
        if not self.calls and not self.images:
            return "no paid call"
        tokens = f"{_count(self.tokens_in)} tokens in, {_count(self.tokens_out)} out"
        parts = [f"about {self.calls} calls ({tokens})"] if self.calls else []
        parts += [f"{self.images} pictures of a server"] if self.images else []
        parts.append(
            "no price known"
            if self.usd is None
            else f"about {self.usd:.{2 if self.usd >= 1 else 4}f} USD by {self.prices}"
        )
        return ", ".join(parts)


def _count(tokens: float) -> str:
    return f"{tokens / 1e6:.2f} M" if tokens >= 1e6 else f"{tokens / 1e3:.0f} k"


@dataclass(frozen=True)
class _Calls:
    """Calls of one kind to one model."""

    model: str
    count: float
    tokens_in: float
    """Of one call."""
    tokens_out: float


def estimate(recipe: Recipe, missing: Mapping[Stage, int], prices: Prices) -> Costs:
    """What making the missing cells of a run costs.

    Args:
        missing: cells that are not there, by stage.
    """
    kinds = [*_writing(recipe, missing), *_gates(recipe, missing)]
    images = missing.get("keyframes", 0) if recipe.painter == "endpoint" else 0
    costs = [
        prices.usd(
            kind.model,
            tokens_in=round(kind.count * kind.tokens_in),
            tokens_out=round(kind.count * kind.tokens_out),
            batch=recipe.engine.batch,
        )
        for kind in kinds
    ]
    if images:
        one = prices.image_usd(recipe.painting.model or "", recipe.image.width_px, recipe.image.height_px)
        costs.append(None if one is None else one * images)
    return Costs(
        calls=round(sum(kind.count for kind in kinds)),
        tokens_in=round(sum(kind.count * kind.tokens_in for kind in kinds)),
        tokens_out=round(sum(kind.count * kind.tokens_out for kind in kinds)),
        images=images,
        usd=None if None in costs else round(sum(cost for cost in costs if cost is not None), 6),
        prices=f"{prices.id} {prices.date}",
    )


def _writing(recipe: Recipe, missing: Mapping[Stage, int]) -> list[_Calls]:
    model = recipe.llm.model or ""
    if recipe.writer == "llm":
        return [kind for kind in _levels(recipe, model, missing) if kind.count]
    if recipe.writer == "world":
        return [kind for kind in _scripts(recipe, model, missing) if kind.count]
    return []


def _levels(recipe: Recipe, model: str, missing: Mapping[Stage, int]) -> list[_Calls]:
    """The calls of writer llm. Sizes as measured on the offline studio's stories through the wire."""
    story = recipe.story
    whole = _whole(recipe)
    plots = missing.get("plot", 0) / whole["plot"]
    outline_out = 700 + 130 * story.chapters
    parts = part_count(story.chapters, story.scenes, story.keyframes, recipe.questions.per_movie)
    questions_a_call = recipe.questions.per_movie / parts
    frames_a_part = min(story.keyframes_per_movie, 130)
    return [
        _Calls(model, REPEATS * plots, 700, outline_out),
        _Calls(model, REPEATS * plots * story.chapters, 500 + outline_out, 60 + 85 * story.scenes),
        _Calls(
            model, REPEATS * plots * story.chapters * story.scenes, 1100 + 50 * story.scenes, 105 * story.keyframes
        ),
        _Calls(model, REPEATS * missing.get("dialogue", 0), 450 + 155 * story.keyframes, 20 * story.keyframes),
        _Calls(model, REPEATS * missing.get("qa", 0), 900 + 50 * frames_a_part, 80 * questions_a_call),
    ]


def _scripts(recipe: Recipe, model: str, missing: Mapping[Stage, int]) -> list[_Calls]:
    """The calls of writer world."""
    story = recipe.story
    scenes = story.chapters * story.scenes
    plots = missing.get("plot", 0) / _whole(recipe)["plot"]
    rewritten = (plots * scenes + missing.get("dialogue", 0)) if recipe.llm.rewrite else 0.0
    return [
        _Calls(model, REPEATS * plots, 3000, 1000),
        _Calls(model, REPEATS * plots * story.chapters * SCRIPT_CALLS, 2700, 100 * story.scenes),
        _Calls(model, REPEATS * rewritten * REWRITE_CALLS, 600 + 40 * story.keyframes, 40 * story.keyframes),
    ]


def _whole(recipe: Recipe) -> dict[str, int]:
    story = recipe.story
    return {"plot": 1 + story.chapters + story.chapters * story.scenes}


def _gates(recipe: Recipe, missing: Mapping[Stage, int]) -> list[_Calls]:
    """The calls of the gates: texts by each model, pictures by the one that sees."""
    gates, cells = recipe.gates, missing.get("gates", 0)
    seen = 6 if gates.vision else 0
    texts = len(gates.models) + 2 if gates.models else 0
    if not cells or not texts + seen:
        return []
    share = cells * ROTATIONS / (texts + seen)
    kinds = [_Calls(model, share * texts / len(gates.models), 700, 80) for model in gates.models]
    if gates.vision:
        kinds.append(_Calls(gates.vision, share * seen, 700 + FRAME_TOKENS * gates.frames / 2, 80))
    return kinds
