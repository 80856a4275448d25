"""How a stock model wants its frames: the settings in its processor's files, its family's own where they are silent.

    rules = rules_of("qwen3_vl", files)             # files: name -> text, of the checkpoint
    rules.size, rules.mean, rules.patch, rules.merge

The video processors of transformers need torchvision, which has no build for the CPU builds of torch. Their settings
are JSON; this reads them, and `pixels.py` does what they say. It reads no checkpoint and touches no pixels.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PROCESSOR_FILES = ("processor_config.json", "video_preprocessor_config.json", "preprocessor_config.json")
"""Where settings of frames can stand, the first one that has them wins; all are kept with a trained checkpoint."""
CLIP = {"image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]}
HALF = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
BICUBIC, LANCZOS, BILINEAR = 3, 1, 2

OWN: dict[str, dict[str, Any]] = {
    "smolvlm": {
        **HALF,
        "size": {"longest_edge": 4 * 364},
        "max_image_size": {"longest_edge": 364},
        "resample": LANCZOS,
    },
    "llava_next_video": {**CLIP, "size": {"shortest_edge": 224}, "crop_size": 224, "do_center_crop": True},
    "llava_onevision": {**CLIP, "size": {"height": 384, "width": 384}},
    "video_llama_3": {
        **HALF,
        "size": {"shortest_edge": 128 * 28 * 28, "longest_edge": 28 * 28 * 768},
        "patch_size": 14,
        "temporal_patch_size": 1,
        "merge_size": 2,
        "use_token_compression": True,
    },
    "internvl": {**CLIP, "size": {"height": 384, "width": 384}},
    "qwen2_5_vl": {
        **CLIP,
        "size": {"shortest_edge": 128 * 28 * 28, "longest_edge": 28 * 28 * 768},
        "patch_size": 14,
        "temporal_patch_size": 2,
        "merge_size": 2,
        "max_video_tokens": 128_000,
    },
    "qwen3_vl": {
        **HALF,
        "size": {"shortest_edge": 128 * 32 * 32, "longest_edge": 32 * 32 * 768},
        "patch_size": 16,
        "temporal_patch_size": 2,
        "merge_size": 2,
        "max_video_tokens": 768,
    },
}
"""What each family does where its files are silent."""
KNOWN = {name for own in OWN.values() for name in own} | {"cap_pixels_per_frame", "do_resize"}
"""Settings that can be given."""


@dataclass(frozen=True)
class FrameRules:
    """How frames are resized, cropped and normalised, and cut into patches."""

    size: Mapping[str, int]
    """`height` and `width`; `shortest_edge`; `longest_edge`; or both edges, which are numbers of pixels then."""
    crop: tuple[int, int] | None
    """Height and width of the middle that is kept; None: all."""
    square_px: int | None
    """Side of the square that frames become in a second step (SmolVLM)."""
    resample: int
    """Pillow's number of the filter."""
    resized: bool
    scale: float | None
    """What bytes are multiplied with; None: nothing."""
    mean: tuple[float, ...] | None
    std: tuple[float, ...] | None
    """None: frames are not normalised."""
    patch: int
    merge: int
    frames_a_patch: int
    """Frames in a patch (`temporal_patch_size`)."""
    drops_still_patches: bool
    """Whether patches that hardly differ from those of the frame before are left out (VideoLLaMA3)."""
    capped: bool
    """Whether one frame has a largest number of pixels (`cap_pixels_per_frame`)."""
    most_tokens: int
    """What the cap is worked out from (`max_video_tokens`)."""


def settings_in(files: Mapping[str, str]) -> dict[str, Any]:
    """Settings of the video processor in a checkpoint's files; those of the image processor where it has no other."""
    read = {name: json.loads(files[name]) for name in PROCESSOR_FILES if name in files}
    nested = read.get("processor_config.json", {})
    for found in (nested.get("video_processor"), *(read.get(name) for name in PROCESSOR_FILES[1:])):
        if found:
            return dict(found)
    return dict(nested.get("image_processor") or {})


def with_settings(files: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, str]:
    """The files with some settings of the video processor replaced, where they would be looked for first."""
    unknown = sorted(set(given) - KNOWN)
    if unknown:
        raise ValueError(
            f"Frame settings have {', '.join(map(repr, unknown))}: they can have {', '.join(sorted(KNOWN))}."
        )
    if not given:
        return dict(files)
    settings = {**settings_in(files), **given}
    nested = json.loads(files.get("processor_config.json", "{}"))
    if "video_processor" in nested:
        return {**files, "processor_config.json": json.dumps({**nested, "video_processor": settings}, indent=2)}
    return {**files, "video_preprocessor_config.json": json.dumps(settings, indent=2)}


def rules_of(family: str, files: Mapping[str, str]) -> FrameRules:
    """The rules for frames of a checkpoint of a family (its `model_type`)."""
    said = {name: value for name, value in settings_in(files).items() if value is not None}
    known: dict[str, Any] = {"resample": BICUBIC, **OWN[family], **said}
    size = _size(known["size"], family)
    for name, edge in (("min_pixels", "shortest_edge"), ("max_pixels", "longest_edge")):
        if name in known and "patch_size" in OWN[family]:
            size = {**size, edge: int(known[name])}
    sampling = said.get("video_sampling") or {}
    if family == "smolvlm" and "video_size" in sampling:
        size = _size(sampling["video_size"], family)
    square = known.get("max_image_size") if family == "smolvlm" else None
    normalised = known.get("do_normalize", True)
    return FrameRules(
        size=size,
        crop=_crop(known["crop_size"]) if known.get("do_center_crop") and known.get("crop_size") else None,
        square_px=None if square is None else int(square["longest_edge"]),
        resample=int(known["resample"]),
        resized=bool(known.get("do_resize", True)),
        scale=float(known.get("rescale_factor", 1 / 255)) if known.get("do_rescale", True) else None,
        mean=tuple(known["image_mean"]) if normalised else None,
        std=tuple(known["image_std"]) if normalised else None,
        patch=int(known.get("patch_size", 1)),
        merge=int(known.get("merge_size", 1)),
        frames_a_patch=int(known.get("temporal_patch_size", 1)),
        drops_still_patches=bool(known.get("use_token_compression", False)),
        capped=bool(known.get("cap_pixels_per_frame", False)),
        most_tokens=int(known.get("max_video_tokens", 0)),
    )


def _size(value: Any, family: str) -> dict[str, int]:
    """A size of any form as edges; a bare number is the shortest edge for LLaVA-NeXT-Video, otherwise a square."""
    if isinstance(value, Mapping):
        return {name: int(pixels) for name, pixels in value.items() if pixels is not None}
    if family == "llava_next_video":
        return {"shortest_edge": int(value)}
    return {"height": int(value), "width": int(value)}


def _crop(value: Any) -> tuple[int, int]:
    if isinstance(value, Mapping):
        return int(value["height"]), int(value["width"])
    return int(value), int(value)
