"""What a million movies take beyond their metadata: pictures, processors, model servers, by rates that were measured.

    for cost in costs(Path("benchmarks/results"), movies=1_000_000):
        print(cost.what, cost.amount, cost.source)

Rates come from the committed results of other benchmarks, prices from the packaged table (generation/llm/prices.yaml,
with its date). What nobody has measured is said to be so. It measures nothing.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scale_steps import Walk

from moviellm.generation.config.recipe import Recipe, load_recipe
from moviellm.generation.costs import estimate
from moviellm.generation.llm.money import Prices, load_prices
from moviellm.generation.make import cells_of_run, image_bytes

WRITERS = ("gpt-5-nano", "gpt-5-mini", "gpt-4.1")
PAINTER, SIZE_PX = "gpt-image-1", (1024, 1024)
HOUR_S = 3600


@dataclass(frozen=True)
class Cost:
    """One line of the table."""

    what: str
    amount: str
    source: str


def costs(results: Path, movies: int) -> list[Cost]:
    """Everything that can be computed."""
    recipe, prices = Walk(Path(), movies, full=False).recipe, load_prices()
    pictures = cells_of_run(recipe)["keyframes"]
    size = f"{recipe.image.width_px}x{recipe.image.height_px}"
    total = pictures * image_bytes(recipe.image)
    return [
        Cost(f"pictures of {size}", f"{total / 1e12:.2f} TB", "the engine's estimate, 0.2 bytes a pixel"),
        _drawn(results, pictures),
        _painted(results, pictures),
        *(_written(recipe, model, prices) for model in WRITERS),
        _client(results, recipe, prices),
        _bought(pictures, prices),
    ]


def _read(path: Path) -> Any:
    return json.loads(path.read_text()) if path.is_file() else None


def _drawn(results: Path, pictures: int) -> Cost:
    """The offline painter, on one core."""
    case = next(case for case in _read(results / "line.json")["cases"] if case["cores"] == 1)
    rate = case["keyframes_per_s_and_core"]
    hours = pictures / rate / HOUR_S
    source = f"{rate} keyframes/s and core at 512x288, results/line.json"
    return Cost("whole offline line, drawn", f"{hours:,.0f} core hours", source)


def _painted(results: Path, pictures: int) -> Cost:
    """A diffusion pipeline on a GPU."""
    what = "pictures by a pipeline of SDXL's size"
    measured = _read(results / "gpu_painting.json")
    if measured is None:
        return Cost(what, "not measured", "no results/gpu_painting.json; `python benchmarks/gpu_painting.py` makes it")
    rate = max(float(value) for value in _rates(measured))
    return Cost(
        what, f"{pictures / rate / HOUR_S:,.0f} GPU hours", f"{rate:.2f} pictures/s, results/gpu_painting.json"
    )


def _rates(value: Any) -> list[float]:
    """Every `pictures_per_s` in a result."""
    if isinstance(value, dict):
        own = [float(value["pictures_per_s"])] if "pictures_per_s" in value else []
        return own + [rate for part in value.values() for rate in _rates(part)]
    return [rate for part in value for rate in _rates(part)] if isinstance(value, list) else []


def _asking(recipe: Recipe, model: str) -> Recipe:
    story = recipe.story
    size = [f"story.{name}={getattr(story, name)}" for name in ("chapters", "scenes", "keyframes")]
    return load_recipe("tiny", [f"movies={recipe.movies}", *size, "writer=llm", f"llm.model={model}"])


def _written(recipe: Recipe, model: str, prices: Prices) -> Cost:
    asking = _asking(recipe, model)
    said = estimate(asking, cells_of_run(asking), prices)
    assert said.usd is not None, f"{model} is in the packaged table"
    tokens = (
        f"{said.calls / 1e6:.0f} M calls, {said.tokens_in / 1e9:.0f} G tokens in, {said.tokens_out / 1e9:.0f} G out"
    )
    batch = f"{said.usd * prices.batch:,.0f} in batches"
    return Cost(f"texts by {model}", f"{said.usd:,.0f} USD ({batch})", f"{tokens}; prices {said.prices}")


def _client(results: Path, recipe: Recipe, prices: Prices) -> Cost:
    """Our own processors while servers answer."""
    asking = _asking(recipe, WRITERS[0])
    calls = estimate(asking, cells_of_run(asking), prices).calls
    lines = [line for line in _read(results / "llm_line.json")["lines"] if not line["pictures"]]
    each_ms = max(line["client_cpu_ms_a_call"] for line in lines)
    hours = calls * each_ms / 1000 / HOUR_S
    return Cost("our side of those calls", f"{hours:,.0f} core hours", f"{each_ms} ms a call, results/llm_line.json")


def _bought(pictures: int, prices: Prices) -> Cost:
    one = prices.image_usd(PAINTER, *SIZE_PX)
    assert one is not None, f"{PAINTER} is in the packaged table"
    size = f"{SIZE_PX[0]}x{SIZE_PX[1]}"
    return Cost(
        f"pictures by {PAINTER}, {size}", f"{one * pictures:,.0f} USD", f"{one} USD each; {prices.id} {prices.date}"
    )
