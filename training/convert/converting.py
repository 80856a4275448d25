"""What `moviellm train convert` does: a checkpoint of LLaMA-VID or VTimeLLM becomes one of ours.

    moviellm train convert llama-vid-7b-full-224-video-fps-1 --tower eva_vit_g.pth --out ours
    moviellm train convert vtimellm-stage1/mm_projector.bin --base vicuna-7b-v1.5 \
        --adapter vtimellm-stage2 --adapter vtimellm-stage3 --tower clip-vit-large-patch14 --out ours

Names and shapes are matched before a weight is read; then weights go through one at a time. The result holds no code
and no pickle. It downloads nothing but, for LLaMA-VID, the vocabulary of its Q-Former where that is named by a Hub id.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from moviellm.generation.dataset.folder import building_folder, install
from moviellm.generation.files import write_whole
from moviellm.generation.output import emit
from moviellm.training.convert.folders import (
    check_out,
    guide_words_at,
    processor_of,
    save_settings,
    tokenizer_at,
)
from moviellm.training.convert.key_map import Plan, Shapes, make_plan
from moviellm.training.convert.layouts import Layout, recognise
from moviellm.training.convert.reading import few
from moviellm.training.convert.writing import write_weights

REPORT = "conversion.json"
QUESTION_WORDS = "google-bert/bert-base-uncased"


def convert(
    checkpoint: Path,
    out: Path | None,
    base: Path | None = None,
    adapters: Sequence[Path] = (),
    tower: Path | None = None,
    question_words: str = QUESTION_WORDS,
    dry_run: bool = False,
    as_json: bool = False,
) -> None:
    """Convert, or say what would be done."""
    if out is None and not dry_run:
        raise ValueError("Say where the converted checkpoint goes with --out FOLDER, or only look with --dry-run.")
    layout = recognise(checkpoint, base, adapters, tower)
    try:
        plan = make_plan(layout.rules, layout.sources.shapes, shapes_of(layout.config))
        if dry_run or out is None:
            _show(layout, plan, as_json)
            return
        plan.check(str(checkpoint))
        report = write(layout, plan, out, question_words)
    finally:
        layout.sources.close()
    emit(report, _told(report, out), as_json)


def shapes_of(config: Any) -> Shapes:
    """Name -> shape of every weight of a model, without those that are tied to others; made on the meta device."""
    import torch

    from moviellm.training.model import MovieLLMForConditionalGeneration

    with torch.device("meta"):
        model = MovieLLMForConditionalGeneration(config)
    shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    if config.tie_word_embeddings:
        shapes.pop("lm_head.weight", None)
    return shapes


def write(layout: Layout, plan: Plan, out: Path, question_words: str) -> dict[str, Any]:
    """The whole checkpoint, in place at the end; what was done, for the report."""
    import torch

    check_out(out, REPORT)
    tokenizer = tokenizer_at(layout.tokenizer_folder)
    if tokenizer.frame_id != layout.config.frame_token_id:
        layout.config.frame_token_id = tokenizer.frame_id
        layout.config.text_config.vocab_size = max(layout.config.text_config.vocab_size - 1, tokenizer.frame_id + 1)
        plan = make_plan(layout.rules, layout.sources.shapes, shapes_of(layout.config))
        plan.check(str(layout.tokenizer_folder))
    words = guide_words_at(question_words, layout.config) if layout.config.guide_config is not None else None
    name = layout.sources.dtypes["model.embed_tokens.weight"]
    dtype = getattr(torch, name)
    steps = sorted(plan.steps, key=layout.sources.file_order)
    report = _report(layout, plan, name)
    with building_folder(out) as folder:
        files = write_weights(folder, steps, lambda step: layout.sources.tensor(step, dtype), dtype.itemsize)
        save_settings(folder, layout.config, name)
        processor_of(layout.config, tokenizer.words, words).save_pretrained(folder)
        report["weights"] = files
        write_whole(folder / REPORT, json.dumps(report, indent=2, ensure_ascii=False).encode())
        install(folder, out)
    return report


def _report(layout: Layout, plan: Plan, dtype: str) -> dict[str, Any]:
    return {
        "layout": layout.name,
        "dtype": dtype,
        "read": layout.sources.files(),
        "merged": [adapter.name for adapter in layout.sources.adapters],
        "weights_written": len(plan.steps),
        "left_out": plan.skipped,
        "notes": [*layout.notes, *layout.sources.notes],
    }


def _told(report: dict[str, Any], out: Path) -> str:
    lines = [
        f"{out}: a checkpoint of {report['layout']} as moviellm, {report['weights_written']} weights in "
        f"{report['dtype']}, {len(report['weights'])} files",
    ]
    if report["merged"]:
        lines.append(f"merged: {', then '.join(report['merged'])}")
    if report["left_out"]:
        lines.append(f"left out on purpose: {few(report['left_out'], 3)} (all in {REPORT})")
    lines += [f"note: {note}" for note in report["notes"]]
    return "\n".join(lines)


def _show(layout: Layout, plan: Plan, as_json: bool) -> None:
    """The key map, line by line, and what stands against it."""
    told = {
        "layout": layout.name,
        "map": {step.target: list(step.sources) for step in plan.steps},
        "merged": [adapter.name for adapter in layout.sources.adapters],
        "left_out": plan.skipped,
        "unknown": plan.unknown,
        "missing": plan.missing,
        "wrong_shape": plan.wrong,
        "notes": [*layout.notes, *layout.sources.notes],
    }
    lines = [f"{' + '.join(step.sources) or f'all {step.fill:g}'} -> {step.target}" for step in plan.steps]
    lines += [f"{name} is left out: {why}" for name, why in plan.skipped.items()]
    lines += [f"{name} is unknown" for name in plan.unknown]
    lines += [f"{name} is missing" for name in plan.missing]
    lines += [f"{wrong} is of another shape" for wrong in plan.wrong]
    lines += [f"note: {note}" for note in [*layout.notes, *layout.sources.notes]]
    merged = f", {len(layout.sources.adapters)} adapters merged" if layout.sources.adapters else ""
    faults = len(plan.unknown) + len(plan.missing) + len(plan.wrong)
    fits = "everything fits" if not faults else f"{faults} names do not fit"
    lines.append(f"{layout.name}: {len(plan.steps)} weights{merged}, {len(plan.skipped)} left out, {fits}")
    emit(told, "\n".join(lines), as_json)
