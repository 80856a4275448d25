"""The models' own processors on films, beside ours: run by test_native.py where torchvision is on the path.

python -m tests.training.stock.native           # prints a line of JSON: what differs, by family

torchvision has no build for a CPU torch; two of its operators are declared here, and none of them is called.
"""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from tests.training.stock import tiny

QUESTION = "Who waits ?"
CASES = ((4, 24, 16), (5, 16, 24), (2, 33, 20), (7, 16, 16))
"""Frames, width and height of films."""


def torchvision_of_the_cpu() -> Any:
    """Make torchvision importable; the library must be kept."""
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision  # noqa: F401

    return library


CLASSES = {
    "smolvlm": ("SmolVLM", "SmolVLM", {"image_seq_len": 4}),
    "llava_next_video": ("LlavaNextVideo", "LlavaNext", {"patch_size": 4}),
    "llava_onevision": ("LlavaOnevision", "LlavaOnevision", {"num_image_tokens": 16}),
    "video_llama_3": ("VideoLlama3", "VideoLlama3", {}),
    "internvl": ("InternVL", "GotOcr2", {"image_seq_length": 4}),
    "qwen2_5_vl": ("Qwen2_5_VL", "Qwen2VL", {}),
    "qwen3_vl": ("Qwen3VL", "Qwen2VL", {}),
}
"""Names of the processor and of the image processor, and settings of the processor."""


def seer(kind: str, **settings: Any) -> Any:
    """The family's own video processor."""
    import transformers

    name = "Qwen2VL" if kind == "qwen2_5_vl" else CLASSES[kind][0]
    return getattr(transformers, f"{name}VideoProcessor")(**settings, do_sample_frames=False)


def native(kind: str, settings: dict[str, Any], template: str) -> Any:
    """The family's own processor."""
    import transformers

    words = tiny.tokenizer(kind)
    if kind.startswith(("qwen", "video_llama")):
        words.image_token, words.video_token = "<|image_pad|>", "<|video_pad|>"
    name, pictured, own = CLASSES[kind]
    return getattr(transformers, f"{name}Processor")(
        image_processor=getattr(transformers, f"{pictured}ImageProcessor")(),
        tokenizer=words,
        video_processor=seer(kind, **settings),
        chat_template=template,
        **own,
    )


def untold(kind: str) -> list[str]:
    """What differs where a checkpoint's files say nothing: the settings of the family, on pictures of common sizes."""
    from moviellm.training.stock.pixels import patched, prepared
    from moviellm.training.stock.settings import rules_of

    rules, theirs, found = rules_of(kind, {}), seer(kind), []
    for width, height in ((640, 360), (240, 426)):
        pictures = tiny.pictures(3, width, height)
        made = theirs(videos=[pictures], return_tensors="pt")
        ours = prepared(pictures, 3, rules, kind)
        ours = patched(ours, rules)[0] if rules.patch > 1 else ours
        name = "pixel_values" if kind == "smolvlm" else "pixel_values_videos"
        found += [] if torch.equal(ours.reshape(-1), made[name].reshape(-1)) else [f"{width} x {height}"]
    return found


def differences(kind: str, folder: Path, alone: dict[str, Any] | None = None, **changed: Any) -> list[str]:
    """What of a film differs between the two, for films of several sizes and lengths; `changed`: settings of both."""
    from transformers.video_utils import VideoMetadata

    from moviellm.training.stock.opening import open_processor
    from moviellm.training.stock.processing import StockProcessor

    ours: StockProcessor = open_processor(tiny.written(kind, folder, **changed))
    theirs = native(kind, {**tiny.settings(kind), **changed, **(alone or {})}, ours.chat_template)
    found = []
    for frames, width, height in CASES:
        pictures = tiny.pictures(frames, width, height, seed=frames)
        pictures[-1] = pictures[-2]
        film = {"frames": pictures, "times_s": [2.0 * n for n in range(frames)], "duration_s": 2.0 * frames}
        told = VideoMetadata(
            total_num_frames=frames, fps=0.5, frames_indices=list(range(frames)), duration=2.0 * frames
        )
        asked = [{"role": "user", "content": [{"type": "video"}, {"type": "text", "text": QUESTION}]}]
        text = theirs.tokenizer.apply_chat_template(
            asked, chat_template=ours.chat_template, tokenize=False, add_generation_prompt=True
        )
        made = theirs(text=[text], videos=[pictures], video_metadata=[told], return_tensors="pt")
        seen = ours.see(film)
        ids = ours.row(seen, QUESTION).ids
        case = f"{frames} frames of {width} x {height}"
        tensors = seen.look.tensors
        found += [f"{case}: {name}" for name in tensors if not _same(name, tensors[name], made)]
        placeholders = int((made["input_ids"] == ours.placeholder_id).sum())
        if ids.count(ours.placeholder_id) != placeholders:
            found.append(f"{case}: {ids.count(ours.placeholder_id)} placeholders instead of {placeholders}")
        if kind in {"qwen3_vl", "smolvlm", "video_llama_3"} and ids != made["input_ids"][0].tolist():
            written = [ours.tokenizer.decode(one) for one in (ids, made["input_ids"][0])]
            found.append(f"{case}: {written[0]!r} instead of {written[1]!r}")
    return found


def _same(name: str, value: torch.Tensor, made: Any) -> bool:
    if name == "frames_per_film":
        return True
    theirs = made[name]
    if name == "video_grid_thw":
        return bool((value[:, 0].sum() == theirs[:, 0].sum()).item()) and value[0, 1:].equal(theirs[0, 1:])
    return bool(torch.equal(value.reshape(-1), theirs.to(value.dtype).reshape(-1)))


if __name__ == "__main__":
    torch.set_num_threads(1)
    kept = torchvision_of_the_cpu()
    report = {}
    for kind in tiny.KINDS:
        with TemporaryDirectory() as folder:
            report[kind] = differences(kind, Path(folder) / "plain")
            report[f"{kind}, no settings"] = untold(kind)
            if kind == "qwen3_vl":
                other = {"image_mean": [0.5, 0.5, 0.4]}
                report["qwen3_vl, other settings"] = differences(kind, Path(folder) / "other", other)
                report["qwen3_vl, capped"] = differences(kind, Path(folder) / "capped", cap_pixels_per_frame=True)
    sys.stdout.write(json.dumps(report) + "\n")
