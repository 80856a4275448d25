"""A vision tower that makes features: one of transformers by id or folder, or that of a checkpoint of ours.

    tower = open_tower("openai/clip-vit-large-patch14", "pool", FramePolicy(n=64), pool_side=4)
    tower.features(tower.frames.prepare(pictures))      # (F, 3, h, w) -> (F, P, D) float16, as the compressor takes it

What a level keeps is exactly what a compressor consumes, up to rounding to float16: `cls` the one feature that the
compressor `cls` projects, `pool` the means that `pool` projects, `full` the hidden state, CLS and patches, of which
`pool` of any side and `context_content` take what they need. Norms and projectors stay with the model: they train.
"""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoConfig

from moviellm.training.features.settings import FeatureSettings, FrameSettings, Level
from moviellm.training.media.policy import FramePolicy
from moviellm.training.model.building import load_tower, seen_by
from moviellm.training.model.compressors import pool_patches, split_features
from moviellm.training.model.configuration import MovieLLMConfig
from moviellm.training.model.frames import MovieLLMVideoProcessor
from moviellm.training.model.towers import Tower

PREFIX = "model.vision_tower."
"""Names of a tower's weights in a checkpoint of ours."""


class FeatureTower:
    """A tower in memory, and what of it is kept."""

    def __init__(
        self, tower: Tower, config: MovieLLMConfig, frames: MovieLLMVideoProcessor, settings: FeatureSettings
    ) -> None:
        self.tower, self.config, self.frames, self.settings = tower, config, frames, settings
        self.device = next(tower.parameters()).device

    @torch.inference_mode()
    def features(self, pixels: torch.Tensor) -> np.ndarray:
        """(F, 3, h, w) -> (F, P, D), float16.

        Raises:
            ValueError: a number is too large for float16, or none.
        """
        seen = self.tower(pixels.to(self.device)).float()
        if self.settings.level == "pool":
            seen = pool_patches(split_features(seen)[1], int(self.settings.pool_side or 1))
        kept = seen.to(torch.float16)
        if not bool(torch.isfinite(kept).all()):
            raise ValueError("the tower gives numbers that float16 cannot hold: is it the right dtype and checkpoint?")
        made: np.ndarray = kept.cpu().numpy()
        return made


def open_tower(
    place: str,
    level: Level,
    policy: FramePolicy,
    *,
    revision: str | None = None,
    pool_side: int | None = None,
    cls_from: str | None = None,
    vision_layer: int | None = None,
    fit: str | None = None,
    device: str | None = None,
) -> FeatureTower:
    """Load a tower.

    Args:
        place: A vision model of transformers, or a checkpoint of ours: folder or Hub id.
        level: What is kept of it.
        policy: Which frames are taken, for the settings.
        revision: Tag or commit on the Hub.
        pool_side: Side of the grid of `pool`; None: the checkpoint's, else 4.
        cls_from: What `cls` takes; None: the checkpoint's, else the pooled output.
        vision_layer: Hidden state; None: the checkpoint's, else the last but one.
        fit: How frames that are no squares fit; None: the checkpoint's, else `pad`.
        device: Where it runs; None: CUDA where there is one.

    Raises:
        ValueError: there is no such model, it has no tower, or an option contradicts the checkpoint.
    """
    known = _config(place, revision)
    asked = {"pool_side": pool_side, "cls_from": cls_from, "vision_layer": vision_layer}
    told = {name: value for name, value in asked.items() if value is not None}
    ours = known.model_type == MovieLLMConfig.model_type
    if ours and known.vision_config is None:
        raise ValueError(f"{place} has no vision tower: it was trained on features; name the tower that made those")
    from_checkpoint = {name: getattr(known, name) for name in asked} if ours else {}
    if level != "pool" or (ours and known.compressor != "pool"):
        from_checkpoint.pop("pool_side", None)
    config = MovieLLMConfig(
        vision_config=known.vision_config if ours else known,
        compressor="cls" if level == "cls" else "pool",
        **{**from_checkpoint, **told},
    )
    tower = Tower(config)
    if ours:
        frames = _load_own(tower, place, revision)
    else:
        load_tower(tower, config, place, revision, torch.float32)
        frames = MovieLLMVideoProcessor(**seen_by(place, revision, config))
    frames.fit = frames.fit if fit is None else fit
    tower = tower.to(device or ("cuda" if torch.cuda.is_available() else "cpu")).eval()
    commit = str(getattr(known, "_commit_hash", None) or "")
    return FeatureTower(tower, config, frames, settings_of(tower, config, frames, level, policy, (place, commit)))


def settings_of(
    tower: Tower,
    config: MovieLLMConfig,
    frames: MovieLLMVideoProcessor,
    level: Level,
    policy: FramePolicy,
    named: tuple[str, str] = ("", ""),
) -> FeatureSettings:
    """What features of a tower in memory depend on; `named`: where it came from, and its commit there."""
    hidden = level != "cls" or config.cls_from == "hidden"
    projected = level == "cls" and config.cls_from == "projected"
    vision = config.vision_config
    return FeatureSettings(
        tower=named[0],
        tower_revision=named[1],
        weights=fingerprint(tower),
        level=level,
        pool_side=int(config.pool_side or 1) if level == "pool" else None,
        cls_from=config.cls_from if level == "cls" else None,
        vision_layer=_counted(config.vision_layer, vision) if hidden else None,
        feature_size=int(vision.projection_dim if projected else vision.hidden_size),
        features_per_frame=_per_frame(tower, config, frames, level),
        frames=FrameSettings(
            size_px=frames.size_px,
            fit=frames.fit,
            image_mean=tuple(frames.image_mean),
            image_std=tuple(frames.image_std),
        ),
        policy=policy.asked,
        policy_key=policy.key,
        computed_in=str(next(tower.parameters()).dtype).removeprefix("torch."),
    )


def fingerprint(tower: Tower) -> str:
    """Hash of a tower's weights, rounded to bfloat16: the same in float32 and bfloat16, and under any names."""
    found = []
    for weight in tower.state_dict().values():
        if weight.is_floating_point():
            data = weight.detach().to("cpu", torch.bfloat16).contiguous().view(torch.int16).numpy()
            found.append(hashlib.sha256(f"{data.shape}".encode() + data.tobytes()).hexdigest())
    return hashlib.sha256("".join(sorted(found)).encode()).hexdigest()


def _per_frame(tower: Tower, config: MovieLLMConfig, frames: MovieLLMVideoProcessor, level: Level) -> int:
    """Features of a frame: known for two levels; for `full` one black picture tells."""
    if level == "cls":
        return 1
    if level == "pool":
        return int(config.pool_side or 1) ** 2
    parameter = next(tower.parameters())
    with torch.inference_mode():
        seen = tower(torch.zeros(1, 3, frames.size_px, frames.size_px, device=parameter.device))
    return int(seen.shape[1])


def _counted(layer: int, vision: Any) -> int:
    """The number of a hidden state from the first, so that two ways to name it are one."""
    return layer if layer >= 0 else int(vision.num_hidden_layers) + 1 + layer


def _config(place: str, revision: str | None) -> Any:
    import moviellm.training.model  # noqa: F401 registers ours

    if not Path(place).expanduser().is_dir() and place.count("/") != 1:
        raise ValueError(f"no folder {place}; a model on the Hub is called org/name")
    try:
        known = AutoConfig.from_pretrained(place, revision=revision)
    except (OSError, ValueError) as error:
        raise ValueError(f"{place} is no model that can be read: {str(error).splitlines()[0]}") from error
    known = getattr(known, "vision_config", None) or known if known.model_type != MovieLLMConfig.model_type else known
    if known.model_type != MovieLLMConfig.model_type and not hasattr(known, "image_size"):
        raise ValueError(f"{place} is a {known.model_type}, not a vision tower such as CLIP's or SigLIP's")
    return known


def _load_own(tower: Tower, place: str, revision: str | None) -> MovieLLMVideoProcessor:
    """Read the tower of a checkpoint of ours, and nothing else of it; its way to prepare frames."""
    from moviellm.training.convert.reading import Weights

    folder = Path(place).expanduser()
    if not folder.is_dir():
        from huggingface_hub import snapshot_download

        patterns = ["*.json", "*.safetensors", "*.txt", "*.jinja", "*.model"]
        folder = Path(snapshot_download(place, revision=revision, allow_patterns=patterns))
    weights = Weights.of_folder(folder)
    names = [name for name in weights.shapes if name.startswith(PREFIX)]
    found = {name.removeprefix(PREFIX): weights.get(name) for name in names}
    wanted = tower.state_dict()
    missing = sorted(set(wanted) - set(found))
    if missing:
        raise ValueError(
            f"{place} lacks {len(missing)} weights of the tower for this level, such as {missing[0]}: its compressor "
            "takes another level"
        )
    tower.load_state_dict({name: found[name] for name in wanted})
    return MovieLLMVideoProcessor.from_pretrained(folder)
