"""What `moviellm train export` does: a checkpoint of ours becomes one of a class that transformers ships.

    moviellm train export ours --as llava_next_video --out exported
    AutoModelForImageTextToText.from_pretrained("exported")        # nothing of ours is installed

The weights are the same tensors under other names, and so are the logits. It refuses what the class cannot express.
"""

import json
from pathlib import Path
from typing import Any

from moviellm.generation.dataset.folder import building_folder, install
from moviellm.generation.files import write_whole
from moviellm.generation.output import emit
from moviellm.training.convert.adapters import CONFIG
from moviellm.training.convert.folders import check_out
from moviellm.training.convert.stock import express, refuse
from moviellm.training.convert.stock_files import pictures, stock_tokenizer, write_processor

REPORT = "export.json"
STAMPS = (
    "the stock processor writes no stamps and no dialogue between frames: write them yourself, each frame as a film "
    "of one frame behind its stamp, or train with `time` `none` for prompts with whole films"
)
IDENTITY = "the projector is `linear`: written as two layers with the activation `linear`, which vLLM may not know"


def export(
    checkpoint: str,
    as_: str,
    out: Path,
    fit: str | None = None,
    revision: str | None = None,
    as_json: bool = False,
) -> None:
    """Write the stock checkpoint and say what it is.

    Args:
        checkpoint: Folder or Hub id of a checkpoint of ours.
        as_: The class, by its `model_type`.
        out: Folder for the export.
        fit: How frames that are no squares are fitted instead; None keeps the checkpoint's way.
        revision: Tag or commit on the Hub.
        as_json: Print one JSON object.

    Raises:
        ValueError: it is none of ours, or the class cannot express it.
    """
    check_out(out, REPORT)
    model, processor = load(checkpoint, revision)
    fit = fit or processor.image_processor.fit
    refuse(model, as_)
    pictures(as_, processor.image_processor, fit)
    with building_folder(out) as folder:
        ids = stock_tokenizer(processor, as_, folder)
        stock = express(model, as_, ids.image)
        write_processor(folder, as_, stock.config, processor, fit)
        stock.save_pretrained(folder)
        for file in folder.glob("*.safetensors"):
            file.chmod(0o644)  # safetensors makes files that only their owner reads
        report = _report(checkpoint, as_, fit, model, processor)
        write_whole(folder / REPORT, json.dumps(report, indent=2).encode())
        install(folder, out)
    lines = [f"{out}: {report['class']}, {report['tokens_per_frame']} tokens a frame, frames fitted by {fit}"]
    emit(report, "\n".join(lines + [f"note: {note}" for note in report["notes"]]), as_json)


def load(checkpoint: str, revision: str | None) -> tuple[Any, Any]:
    """Model and processor of ours; nothing is taken from pickles."""
    from transformers import AutoConfig

    from moviellm.training.model import MovieLLMForConditionalGeneration, MovieLLMProcessor

    folder = Path(checkpoint)
    if (folder / CONFIG).is_file():
        raise ValueError(f"{checkpoint} is a LoRA adapter, not a model: merge it into its base first.")
    try:
        config = AutoConfig.from_pretrained(checkpoint, revision=revision)
    except (OSError, ValueError) as error:
        raise ValueError(f"{checkpoint} is no checkpoint that can be read: {_first(error)}") from error
    if config.model_type != "moviellm":
        raise ValueError(
            f"{checkpoint} is a {config.model_type}, which transformers loads as it is: only models of type "
            "`moviellm` are exported."
        )
    try:
        model = MovieLLMForConditionalGeneration.from_pretrained(
            checkpoint, revision=revision, dtype="auto", use_safetensors=True
        )
        processor = MovieLLMProcessor.from_pretrained(checkpoint, revision=revision)
    except OSError as error:
        raise ValueError(
            f"{checkpoint} cannot be loaded ({_first(error)}): weights must be safetensors, with the processor beside."
        ) from error
    return model, processor


def _first(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".")


def _report(checkpoint: str, as_: str, fit: str, model: Any, processor: Any) -> dict[str, Any]:
    stamped = processor.time in {"text", "index"} and processor.frames_per_stamp > 0
    notes = [STAMPS] if stamped else []
    notes += [IDENTITY] if model.config.projector == "linear" else []
    return {
        "class": {"llava": "LlavaForConditionalGeneration"}.get(as_, "LlavaNextVideoForConditionalGeneration"),
        "from": checkpoint,
        "tokens_per_frame": model.config.tokens_per_frame,
        "fit": fit,
        "notes": notes,
    }
