"""The samples of a stage, in what order they come, and how they become batches: from a recipe's data and its model.

    table = make_table(recipe, args, bundle, sources)
    table.library, table.order, table.held_out, table.notes

Questions stand together where the model reads shared movies exactly; where it does not, the note says why. It trains
nothing.
"""

from dataclasses import dataclass
from typing import Any

from moviellm.generation.output import note
from moviellm.training.data.library import Library
from moviellm.training.data.mixing import Mixture
from moviellm.training.data.pixels import FrameReader
from moviellm.training.data.sources import Opened
from moviellm.training.data.writers import OurWriter, StockWriter
from moviellm.training.stages.bundles import Bundle
from moviellm.training.stages.recipe import Recipe

HELD = " (held out)"


@dataclass
class Table:
    """What is learned from, and in what order."""

    library: Library
    order: Mixture
    held_out: dict[str, list[int]]
    """Numbers of held-out samples by source."""
    notes: list[str]


def make_table(recipe: Recipe, args: Any, bundle: Bundle, sources: list[Opened]) -> Table:
    """All samples, measured."""
    lead_in, why = sharing(recipe, bundle)
    note(why)
    features = _features(recipe, bundle)
    reader = FrameReader(recipe.skip_frames, features)
    packed = args.max_length if recipe.pack_movies else None
    if recipe.pack_movies and (packed is None or lead_in is None):
        raise ValueError("pack_movies needs `max_length`, and questions that stand together")
    kind: Any = OurWriter if bundle.ours else StockWriter
    writer = kind(bundle.processor, reader, lead_in or 0, packed)
    units = [(one.name, unit) for one in sources for unit in one.units]
    units += [(one.name + HELD, unit) for one in sources for unit in one.held_out[: recipe.eval_samples]]
    library = Library(units, writer, together=lead_in is not None, tokens_a_row=args.max_length, lead_in=lead_in or 0)
    order = Mixture(
        library.samples,
        {one.name: one.block.weight for one in sources if not one.replay},
        {one.name: one.block.share for one in sources if one.replay},
        seed=args.seed if args.data_seed is None else args.data_seed,
        batch=args.per_device_train_batch_size,
        by_length=args.train_sampling_strategy == "group_by_length",
        shuffle=args.train_sampling_strategy != "sequential",
    )
    held: dict[str, list[int]] = {}
    for sample in library.samples:
        name = sample.source.removesuffix(HELD)
        if name != sample.source and len(held.setdefault(name, [])) < recipe.eval_samples:
            held[name].append(sample.number)
    return Table(library, order, held, [why])


def _features(recipe: Recipe, bundle: Bundle) -> Any:
    """The cache of features, held against the model; None without one."""
    if recipe.features is None:
        return None
    if not bundle.ours:
        raise ValueError("features: models of transformers see pictures; caches are for models of our class")
    if {"vision_tower", "all"} & set(recipe.train or ()):
        raise ValueError("features: a tower that learns must see pictures; leave `features` out, or freeze the tower")
    from moviellm.training.features import FeatureCache

    cache = FeatureCache(recipe.features, recipe.features_revision)
    cache.check(bundle.model, bundle.processor)
    return cache


def sharing(recipe: Recipe, bundle: Bundle) -> tuple[int | None, str]:
    """The lead-in of shared movies, or None for a question a row, and why."""
    from moviellm.training.shared.decoders import share_movies

    if recipe.questions == "apart":
        return None, "a question a row, as the recipe says"
    try:
        lead_in = share_movies(bundle.model, spatial=not bundle.ours)
    except ValueError as error:
        return None, f"a question a row: {error}"
    return lead_in, "all questions of a movie in one row"
