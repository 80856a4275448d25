"""A stage from its recipe to its output folder: open, check, train, save.

    run_stage(*read_recipe(["tiny", "--dataset", "demo/MovieLLM-tiny"]))

    runs/tiny/  model.safetensors, config.json, processor ...   the trained model, as `from_pretrained` takes it
                preflight.json evaluations.jsonl training.json recipe.yaml checkpoint-N/

It reads no arguments (recipe.py) and opens no file of data itself (data/).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moviellm.generation.files import disk_errors, write_whole
from moviellm.generation.output import note
from moviellm.training.data.sources import Opened, open_one, open_source_of
from moviellm.training.data.units import text_of
from moviellm.training.stages.bundles import Bundle, open_bundle
from moviellm.training.stages.evaluations import Evaluations
from moviellm.training.stages.learning import choose, counted
from moviellm.training.stages.pace import Pace
from moviellm.training.stages.preflight import check_batch, learned_texts, write_table
from moviellm.training.stages.recipe import Recipe
from moviellm.training.stages.resuming import newest_whole


def run_stage(recipe: Recipe, args: Any) -> None:
    """Do all of a stage."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    out = Path(args.output_dir)
    sources = _open_sources(recipe, args)
    bundle = open_bundle(recipe, _texts(sources), args.seed)
    learns = choose(bundle, recipe.train, None)
    table, notes = _prepare(recipe, args, bundle, sources)
    total, learning = counted(bundle.model)
    note(f"{', '.join(learns)} learn: {learning:,} of {total:,} weights")
    with disk_errors(out):
        write_table(table.library, out, notes)
        write_whole(out / "recipe.yaml", recipe.text.encode())
    trainer = _trainer(recipe, args, bundle, table, sources)
    _check_first(trainer, table, bundle)
    if recipe.dry_run:
        note(f"dry run: everything before the first step is done; see {out}/preflight.json")
        return
    _train(recipe, trainer, out)
    _save(trainer, bundle, out)
    note(f"{out}: trained in {trainer.state.global_step} steps, {trainer.totals['answers']:,} answers")


def _open_sources(recipe: Recipe, args: Any) -> list[Opened]:
    found: list[Opened] = []
    for block in [*recipe.data, *recipe.replay]:
        place, revision = open_source_of(block, recipe.dataset, recipe.dataset_revision)
        replay = block in recipe.replay
        opened = open_one(block, place, revision, replay=replay, seed=args.seed, eval_split=recipe.eval_split)
        taken = {one.name for one in found}
        number = 2
        name = opened.name
        while opened.name in taken:
            opened.name, number = f"{name}-{number}", number + 1
        found.append(opened)
    return found


def _texts(sources: list[Opened]) -> Iterator[str]:
    """The words of the data."""
    for source in sources:
        for unit in source.units:
            for ask in unit.asks:
                yield from (text_of(message["content"]) for message in ask.messages)
            if unit.film is not None:
                yield from (f"[{line.start_s:.1f} s] {line.speaker}: {line.text}" for line in unit.film.dialogue)


@dataclass
class Table:
    """Samples, in what order they come, and how they become batches."""

    library: Any
    order: Any
    collator: Any
    held_out: dict[str, list[int]]
    """Numbers of held-out samples by source."""


def _prepare(recipe: Recipe, args: Any, bundle: Bundle, sources: list[Opened]) -> tuple[Table, list[str]]:
    from moviellm.training.data.collating import Apart, Together
    from moviellm.training.data.encoding import Encoder
    from moviellm.training.data.library import Library
    from moviellm.training.data.mixing import Mixture
    from moviellm.training.data.pixels import FrameReader
    from moviellm.training.shared.collating import SharedMovies

    lead_in, why = _sharing(recipe, bundle)
    notes = [why]
    note(why)
    together = lead_in is not None
    processor = bundle.processor
    additive = bundle.model.config.time == "additive"
    reader = FrameReader(processor.image_processor, recipe.skip_frames, None, additive)
    units = [(one.name, unit) for one in sources for unit in one.units]
    units += [(f"{one.name} (held out)", unit) for one in sources for unit in one.held_out[: recipe.eval_samples]]
    library = Library(
        units, Encoder(processor), reader, together=together, tokens_a_row=args.max_length, lead_in=lead_in or 0
    )
    order = Mixture(
        library.samples,
        {one.name: one.block.weight for one in sources if not one.replay},
        {one.name: one.block.share for one in sources if one.replay},
        seed=args.data_seed or args.seed,
        batch=args.per_device_train_batch_size,
        by_length=args.train_sampling_strategy == "group_by_length",
    )
    pad = processor.tokenizer.pad_token_id
    if together:
        shared = SharedMovies(
            pad, lead_in or 0, args.max_length if recipe.pack_movies else None, processor.frame_token_id
        )
        collator: Any = Together(library, shared)
    else:
        collator = Apart(library, pad)
    held = {
        one.name: [s.number for s in library.samples if s.source == f"{one.name} (held out)"][: recipe.eval_samples]
        for one in sources
    }
    return Table(library, order, collator, {name: numbers for name, numbers in held.items() if numbers}), notes


def _sharing(recipe: Recipe, bundle: Bundle) -> tuple[int | None, str]:
    """The lead-in of shared movies, or None, and why."""
    from moviellm.training.shared.decoders import share_movies

    if recipe.questions == "apart":
        return None, "a question a row, as the recipe says"
    try:
        lead_in = share_movies(bundle.model)
    except ValueError as error:
        return None, f"a question a row: {error}"
    return lead_in, "all questions of a movie in one row"


def _trainer(recipe: Recipe, args: Any, bundle: Bundle, table: Table, sources: list[Opened]) -> Any:
    from datasets import Dataset
    from transformers import PrinterCallback, ProgressCallback

    from moviellm.training.stages.trainer import MovieTrainer

    if not table.held_out and args.eval_strategy != "no":
        note(f"no split {recipe.eval_split!r} to measure on: no loss of held-out samples")
        args.eval_strategy = "no"
    args.eval_on_start = args.eval_strategy != "no"
    out = Path(args.output_dir)
    pace = Pace()
    watching = Evaluations(out, {one.name for one in sources if one.replay}, recipe.evaluate, recipe.dataset)
    trainer = MovieTrainer(
        bundle.model,
        library=table.library,
        order=table.order,
        pace=pace,
        args=args,
        data_collator=table.collator,
        train_dataset=Dataset.from_dict({"sample": list(range(len(table.library)))}),
        eval_dataset={name: Dataset.from_dict({"sample": found}) for name, found in table.held_out.items()} or None,
        processing_class=bundle.processor,
        callbacks=[pace, watching],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.remove_callback(ProgressCallback)
    return trainer


def _check_first(trainer: Any, table: Table, bundle: Bundle) -> None:
    size = trainer.args.per_device_train_batch_size
    numbers = table.order.of_epoch(0)[:size]
    batch = table.collator([{"sample": number} for number in numbers])
    samples = [table.library.samples[number] for number in numbers]
    check_batch(batch, samples, bundle.processor.frame_token_id)
    first = learned_texts(batch, bundle.processor.tokenizer.decode)[0]
    note(f"learned first: {' '.join(first.split())[:100]!r}")


def _train(recipe: Recipe, trainer: Any, out: Path) -> None:
    found = newest_whole(out)
    for said in found.left_out:
        note(said)
    if found.folder is not None and recipe.resume:
        note(f"going on from {found.folder}")
        trainer.args.eval_on_start = False
        trainer.resume_from = found.folder
        trainer.train(resume_from_checkpoint=str(found.folder))
    else:
        trainer.train()


def _save(trainer: Any, bundle: Bundle, out: Path) -> None:
    trainer.save_model(str(out))
    if trainer.args.should_save:
        bundle.processor.save_pretrained(str(out))
