"""Which original a checkpoint is of, and what it is in ours: a config, the rules of its key map, its files.

    layout = recognise(Path("llama-vid-7b"), base=None, adapters=[], tower=None)
    layout.name, layout.config.compressor             # "llama_vid", "context_content"

Layouts are told by what the files hold, not by their names:

- LLaMA-VID: weights `model.vlm_att_*`, in whole checkpoints, or in the file of its first stage beside a base.
- VTimeLLM: a projector of one linear layer, beside a base, with the LoRA adapters of its later stages.

Video-ChatGPT is recognised and refused. It reads files and builds configs; it converts nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moviellm.training.convert import llama_vid, vtimellm
from moviellm.training.convert.adapters import Adapter
from moviellm.training.convert.folders import config_of
from moviellm.training.convert.key_map import Rule
from moviellm.training.convert.reading import INDEXES, SINGLE, Weights
from moviellm.training.convert.sources import Sources, weights_at

PROJECTOR = "mm_projector.bin"
NON_LORA = "non_lora_trainables.bin"


@dataclass
class Layout:
    """A checkpoint of an original, understood."""

    name: str
    config: Any
    """A MovieLLMConfig, whose placeholder is the first id behind the base's vocabulary."""
    rules: tuple[Rule, ...]
    sources: Sources
    tokenizer_folder: Path
    notes: list[str]


def recognise(checkpoint: Path, base: Path | None, adapters: Sequence[Path], tower: Path | None) -> Layout:
    """Open everything and say what it is.

    Args:
        checkpoint: folder of the whole checkpoint, or folder or file of a projector that belongs to a base.
        base: folder of the language model that the projector belongs to.
        adapters: folders of LoRA adapters, merged in this order.
        tower: file or folder of the vision tower; None: the one in the checkpoint, or none.

    Raises:
        ValueError: it is of no layout that is known here, or something is missing.
    """
    sources = Sources()
    home = base or checkpoint
    if base is not None:
        sources.add(Weights.of_folder(base), "the base")
    whole = checkpoint.is_dir() and any((checkpoint / name).is_file() for name in (*INDEXES, *SINGLE))
    weights = Weights.of_folder(checkpoint) if whole else weights_at(checkpoint, PROJECTOR)
    sources.add(weights, checkpoint.name, plain_name)
    for folder in adapters:
        if (folder / NON_LORA).is_file():
            sources.add(Weights([folder / NON_LORA]), folder.name, plain_name)
    found = {name for name in sources.shapes if name.startswith("model.vlm_att_")}
    module = llama_vid if found else vtimellm
    if not found and "model.mm_projector.weight" not in sources.shapes:
        raise ValueError(_unknown(checkpoint, sources, whole))
    if "model.embed_tokens.weight" not in sources.shapes:
        raise ValueError(
            f"{checkpoint} holds no language model: name the one it belongs to with --base FOLDER (Vicuna 7B v1.5 for "
            "the published ones)."
        )
    own = checkpoint.is_dir() and (checkpoint / "config.json").is_file()
    raw = config_of(home) | (config_of(checkpoint) if own else {})
    config, rules, notes = module.understand(raw, sources, tower)
    for folder in adapters:
        sources.merge(Adapter.of_folder(folder))
    return Layout(module.NAME, config, rules, sources, home, notes)


def plain_name(name: str) -> str:
    """A name as the model itself has it: without what peft and the originals' saving put in front."""
    name = name.removeprefix("base_model.model.")
    for part in ("mm_projector.", "vlm_att_"):
        at = name.find(part)
        if at > 0 and "vision_tower" not in name and name[:at] in {"model.model.", "model."}:
            return "model." + name[at:]
    return f"model.{name}" if name.startswith(("mm_projector.", "vlm_att_")) else name


def _unknown(checkpoint: Path, sources: Sources, whole: bool) -> str:
    kind = ""
    if whole and (checkpoint / "config.json").is_file():
        raw = config_of(checkpoint)
        kind = f" of the architecture {(raw.get('architectures') or [raw.get('model_type')])[0]!r}"
    return (
        f"{checkpoint} is a checkpoint{kind} that is not converted here: it holds neither `model.vlm_att_*` "
        f"(LLaMA-VID) nor a linear `model.mm_projector` (VTimeLLM) among {len(sources.shapes)} weights. "
        "Models of transformers need no conversion: name them as they are."
    )
