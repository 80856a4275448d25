"""What stands beside a stock model's weights: tokenizer, processor, chat template, as its class reads them.

    words, ids = stock_tokenizer(processor, "llava_next_video", folder)
    write_processor(folder, "llava_next_video", stock.config, processor, fit="stretch")

Everything is data that transformers writes itself; it is written here because its video processors cannot be made
without torchvision. Older readers find their own files too (preprocessor_config.json).
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

from moviellm.generation.files import write_whole

VIDEO, IMAGE = "<video>", "<image>"
MARK = {"llava_next_video": VIDEO, "llava": IMAGE}
"""What our placeholder is called in each class."""
FLATTEN = (
    "{%- set flat = namespace(talk=[]) -%}"
    "{%- for message in messages -%}"
    "{%- if message.content is string -%}{%- set flat.talk = flat.talk + [message] -%}"
    "{%- else -%}{%- set said = namespace(text='') -%}"
    "{%- for part in message.content -%}"
    "{%- if part.type in ['image', 'video'] -%}{%- set said.text = said.text + '<' + part.type + '>' -%}"
    "{%- elif said.text.endswith('<video>') and part.text and not part.text.startswith('\\n') -%}"
    "{%- set said.text = said.text + '\\n' + part.text -%}"
    "{%- else -%}{%- set said.text = said.text + part.text -%}{%- endif -%}"
    "{%- endfor -%}"
    "{%- set flat.talk = flat.talk + [dict(message, content=said.text)] -%}"
    "{%- endif -%}"
    "{%- endfor -%}"
    "{%- set messages = flat.talk -%}"
)
"""Goes before a template of text alone: films and pictures become markers, as our processor writes them."""


class Ids(NamedTuple):
    """Ids that the stock model's config names."""

    frame: int
    image: int


def stock_tokenizer(processor: Any, as_: str, folder: Path) -> Ids:
    """Write our tokenizer with the placeholder under the class's name; pictures get a token beside films."""
    from transformers import AutoTokenizer

    mark, ours = MARK[as_], processor.frame_token
    words = processor.tokenizer
    if mark in words.get_vocab() and mark != ours:
        raise ValueError(f"The tokenizer has a token {mark} already, which {as_} needs for frames: rename it there.")
    words.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"):
        if (folder / name).is_file():
            content = json.loads((folder / name).read_text(encoding="utf-8"))
            renamed = json.dumps(_renamed(content, ours, mark), indent=2, ensure_ascii=False)
            write_whole(folder / name, renamed.encode())
    written = AutoTokenizer.from_pretrained(folder)
    if as_ == "llava_next_video" and IMAGE not in written.get_vocab():
        written.add_tokens([IMAGE], special_tokens=True)
        written.save_pretrained(folder)
    ids = Ids(*(int(written.convert_tokens_to_ids(one)) for one in (mark, IMAGE)))
    if ids.frame != processor.frame_token_id:
        raise ValueError(f"The placeholder got the id {ids.frame} and was {processor.frame_token_id} before.")
    return ids


def _renamed(value: Any, old: str, new: str) -> Any:
    """JSON in which one string, as a value or a key, has another name."""
    if isinstance(value, dict):
        return {new if key == old else key: _renamed(one, old, new) for key, one in value.items()}
    if isinstance(value, list):
        return [_renamed(one, old, new) for one in value]
    return new if value == old else value


def write_processor(folder: Path, as_: str, config: Any, processor: Any, fit: str) -> None:
    """The class's processor files and the chat template."""
    seen = pictures(as_, processor.image_processor, fit)
    patch = int(config.vision_config.patch_size)
    whole = {
        "processor_class": "LlavaProcessor",
        "patch_size": patch,
        "num_additional_image_tokens": int(config.vision_feature_select_strategy == "default"),
        "vision_feature_select_strategy": config.vision_feature_select_strategy,
        "image_token": IMAGE,
        "image_processor": seen | {"image_processor_type": "LlavaImageProcessor"},
    }
    if as_ == "llava_next_video":
        whole |= {
            "processor_class": "LlavaNextVideoProcessor",
            "patch_size": counting_patch(config),
            "video_token": VIDEO,
            "image_processor": seen | {"image_processor_type": "LlavaNextImageProcessor"},
            "video_processor": seen | {"video_processor_type": "LlavaNextVideoVideoProcessor"},
        }
    named = {"processor_class": whole["processor_class"]}
    files = {"processor_config.json": whole, "preprocessor_config.json": whole["image_processor"] | named}
    if "video_processor" in whole:
        files["video_preprocessor_config.json"] = whole["video_processor"] | named
    for name, content in files.items():
        write_whole(folder / name, json.dumps(content, indent=2).encode())
    template = processor.chat_template
    if template:
        write_whole(folder / "chat_template.jinja", (FLATTEN + template).encode())


def pictures(as_: str, frames: Any, fit: str) -> dict[str, Any]:
    """How pictures are fitted and normed, in the words of transformers.

    Raises:
        ValueError: the class cannot fit them so.
    """
    side = int(frames.size_px)
    settings: dict[str, Any] = {
        "do_convert_rgb": True,
        "do_resize": True,
        "size": {"shortest_edge": side} if fit == "crop" else {"height": side, "width": side},
        "resample": 3,
        "do_center_crop": fit == "crop",
        "crop_size": {"height": side, "width": side},
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": list(frames.image_mean),
        "image_std": list(frames.image_std),
    }
    if fit == "pad":
        if as_ != "llava":
            raise ValueError(
                f"This checkpoint fits frames by `pad`, which {as_}'s video processor cannot do: say what it does "
                "instead with --fit stretch or --fit crop; frames that are squares already come out the same."
            )
        settings |= {"do_pad": True}
    return settings


def counting_patch(config: Any) -> int:
    """The `patch_size` with which LlavaNextVideoProcessor counts right.

    It takes a quarter of (height // patch_size) * (width // patch_size) as a frame's tokens, whatever the stride is;
    so it is told patches of which a side has 2 n, where n x n tokens are a frame's.
    """
    side = int(config.vision_config.image_size)
    tokens = side // int(config.vision_config.patch_size) // int(config.spatial_pool_stride)
    patch = next((one for one in range(side // (2 * tokens), 0, -1) if side // one == 2 * tokens), 0)
    if not patch:
        raise ValueError(
            f"LlavaNextVideoProcessor cannot count {tokens} x {tokens} tokens in a frame of {side} pixels: choose "
            "another `pool_side`."
        )
    return patch
