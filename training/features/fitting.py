"""Whether features are those that a model would make itself: same tower, level, preparation, frames.

    misfits(cache.settings, model, processor, policy)       # ["level is `cls`, and compressor `pool` takes ..."]

`full` serves the compressors `pool`, of any side, and `context_content`, and `cls` where it takes the CLS of a hidden
state. `pool` serves `pool` of the same side, `cls` serves `cls` that takes the same.
"""

from typing import Any

from moviellm.training.features.settings import FeatureSettings, Level
from moviellm.training.features.towers import settings_of
from moviellm.training.media.policy import FramePolicy


def misfits(settings: FeatureSettings, model: Any, processor: Any, policy: FramePolicy | None) -> list[str]:
    """In what features differ from those that a model makes, in words."""
    config = model.config
    levels = levels_for(config)
    if settings.level not in levels:
        allowed = " or ".join(f"`{level}`" for level in levels)
        return [f"level is `{settings.level}`, and the compressor `{config.compressor}` takes {allowed}"]
    tower = (model.model if hasattr(model, "model") else model).vision_tower
    if tower is None:
        found = (
            []
            if config.feature_size == settings.feature_size
            else [f"features are {settings.feature_size} wide, and this model takes {config.feature_size}"]
        )
    else:
        frames = processor.image_processor
        wanted = settings_of(tower, config, frames, settings.level, policy or FramePolicy())
        found = settings.differences(wanted, "and this model has")
        found = [one for one in found if not one.startswith("policy_key ")]
    if policy is not None and policy.key != settings.policy_key:
        before, now = settings.policy or "taking all", policy.asked or "taking all"
        found.append(f"frames were chosen by {before}, and now by {now}")
    return found


def levels_for(config: Any) -> tuple[Level, ...]:
    """Levels that a compressor can be fed with, the smallest first."""
    if config.compressor == "cls":
        return ("cls", "full") if config.cls_from == "hidden" else ("cls",)
    return ("pool", "full") if config.compressor == "pool" else ("full",)
