"""A stage from its recipe to its output folder: open, check, train, save.

    run_stage(*read_recipe(["tiny", "--dataset", "demo/MovieLLM-tiny"]))

    runs/tiny/  model.safetensors, config.json, processor ...   the trained model, as `from_pretrained` takes it
                preflight.json evaluations.jsonl training.json recipe.yaml checkpoint-N/

It reads no arguments (recipe.py), opens no file of data itself (data/) and loads no weights (bundles.py).
"""

from pathlib import Path
from typing import Any

from moviellm.generation.files import disk_errors, write_whole
from moviellm.generation.output import note
from moviellm.training.data.sources import Opened, open_all, texts_of
from moviellm.training.stages.asking_first import check_evaluation
from moviellm.training.stages.bundles import Bundle, open_bundle
from moviellm.training.stages.evaluations import Evaluations
from moviellm.training.stages.learning import choose, counted, keep_base
from moviellm.training.stages.pace import Pace
from moviellm.training.stages.preflight import check_batch, learned_texts, write_table
from moviellm.training.stages.recipe import Recipe
from moviellm.training.stages.resuming import newest_whole
from moviellm.training.stages.table import Table, make_table
from moviellm.training.stages.telling import Telling


def run_stage(recipe: Recipe, args: Any) -> None:
    """Do all of a stage."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    out = Path(args.output_dir)
    _check_target(recipe, out)
    if recipe.evaluate is not None and args.should_save:
        check_evaluation(recipe.evaluate, recipe.dataset, out)  # says what is wrong before hours of training
    sources = open_all(
        recipe.data,
        recipe.replay,
        dataset=recipe.dataset,
        revision=recipe.dataset_revision,
        seed=args.seed,
        eval_split=recipe.eval_split,
    )
    bundle = open_bundle(recipe, texts_of(sources), args.seed)
    keep_base(bundle, recipe.lora, out)
    learns = choose(bundle, recipe.train, recipe.lora)
    table = make_table(recipe, args, bundle, sources)
    total, learning = counted(bundle.model)
    note(f"{', '.join(learns)} learn: {learning:,} of {total:,} weights")
    telling = Telling(recipe, args, bundle, sources, learns)
    trainer = _trainer(recipe, args, bundle, table, sources)
    if args.should_save:
        with disk_errors(out):
            write_table(table.library, out, table.notes)
            write_whole(out / "recipe.yaml", recipe.text.encode())
    _check_first(trainer, table)
    if recipe.dry_run:
        note(f"dry run: everything before the first step is done; see {out}/preflight.json")
        return
    with disk_errors(out):
        _train(recipe, trainer, telling, out)
        trainer.save_whole(out)
        if args.should_save:
            telling.write(trainer, out)
    note(f"{out}: trained in {trainer.state.global_step} steps, {trainer.totals['answers']:,} answers")
    if recipe.push_to and args.should_save:
        telling.push(out, recipe.push_to, recipe.push_tag)


def _check_target(recipe: Recipe, out: Path) -> None:
    """Refuse to write into the checkpoint that the stage goes on from, and into a dataset."""
    if (out / "manifest.json").is_file():
        raise ValueError(f"output_dir is {out}, which holds a dataset: choose another folder")
    if recipe.model is not None and Path(recipe.model).expanduser().resolve() == out.resolve():
        raise ValueError(f"output_dir is {out}, which is `model`: a stage goes on from one folder and writes another")


def _trainer(recipe: Recipe, args: Any, bundle: Bundle, table: Table, sources: list[Opened]) -> Any:
    from datasets import Dataset
    from transformers import PrinterCallback, ProgressCallback

    from moviellm.training.stages.trainer import MovieTrainer

    if not table.held_out and args.eval_strategy != "no":
        note(f"no split {recipe.eval_split!r} to measure on: no loss of held-out samples")
        args.eval_strategy = "no"
    args.eval_on_start = args.eval_strategy != "no"
    pace = Pace()
    replayed = {one.name for one in sources if one.replay}
    watching = Evaluations(Path(args.output_dir), replayed, recipe.evaluate, recipe.dataset)
    trainer = MovieTrainer(
        bundle,
        table=table,
        pace=pace,
        args=args,
        train_dataset=Dataset.from_dict({"sample": list(range(len(table.library)))}),
        eval_dataset={name: Dataset.from_dict({"sample": found}) for name, found in table.held_out.items()} or None,
        callbacks=[pace, watching],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.remove_callback(ProgressCallback)
    return trainer


def _check_first(trainer: Any, table: Table) -> None:
    """Look at the first batch before anything is learned from it."""
    size = trainer.args.per_device_train_batch_size
    numbers = table.order.of_epoch(0)[:size]
    batch = table.library([{"sample": number} for number in numbers])
    check_batch(batch, [table.library.samples[number] for number in numbers], table.library.writer.frame_token_id)
    first = learned_texts(batch, table.library.writer.decode)[0]
    note(f"learned first: {' '.join(first.split())[:100]!r}")


def _train(recipe: Recipe, trainer: Any, telling: Telling, out: Path) -> None:
    found = newest_whole(out)
    for said in found.left_out:
        note(said)
    telling.begin()
    if found.folder is None or not recipe.resume:
        trainer.train()
        return
    note(f"going on from {found.folder}")
    trainer.args.eval_on_start = False
    trainer.resume_from = found.folder
    trainer.train(resume_from_checkpoint=str(found.folder))
