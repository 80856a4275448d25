"""CSD (Contrastive Style Descriptors, arXiv 2404.01292): what the look of a picture is, apart from what it shows.

    model = open_csd(Path("csd-vit-l.safetensors"))
    model.see(pictures)                                  # one row of length 1 a picture

The checkpoint is a CLIP vision transformer with two heads in place of its projection, under the names of the
published one: `backbone.*`, `last_layer_style`, `last_layer_content`, each with or without `module.` in front. It is
published as a pickle; this project opens none, so it is converted to safetensors once, elsewhere. It trains nothing.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from moviellm.generation.files import file_sha256
from moviellm.generation.pictures.scorers import BATCH, INSTALL

HEAD_WIDTH: Final = 64
"""Width of an attention head in every CLIP vision transformer."""
NAMES: Final = {
    "backbone.class_embedding": "embeddings.class_embedding",
    "backbone.conv1.weight": "embeddings.patch_embedding.weight",
    "backbone.positional_embedding": "embeddings.position_embedding.weight",
    "backbone.ln_pre.": "pre_layrnorm.",
    "backbone.ln_post.": "post_layernorm.",
}
BLOCK_NAMES: Final = {
    "attn.out_proj.": "self_attn.out_proj.",
    "ln_1.": "layer_norm1.",
    "ln_2.": "layer_norm2.",
    "mlp.c_fc.": "mlp.fc1.",
    "mlp.c_proj.": "mlp.fc2.",
}


class StyleDescriptor:
    """Sees styles; see the module."""

    def __init__(self, model_id: str, revision: str, backbone: Any, head: Any, size_px: int, device: str) -> None:
        from transformers import CLIPImageProcessorPil

        self.model_id = model_id
        self.revision = revision
        self._backbone = backbone.to(device).eval()
        self._head = head.to(device)
        self._device = device
        square = {"height": size_px, "width": size_px}
        self._processor = CLIPImageProcessorPil(size={"shortest_edge": size_px}, crop_size=square)

    def see(self, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float32]:
        """Style features of decoded pictures, one a row."""
        import torch

        rows = []
        for at in range(0, len(pictures), BATCH):
            pixels = self._processor(list(pictures[at : at + BATCH]), return_tensors="pt")["pixel_values"]
            with torch.inference_mode():
                seen = self._backbone(pixel_values=pixels.to(self._device)).pooler_output @ self._head
                rows.append(torch.nn.functional.normalize(seen, dim=-1).cpu().numpy())
        return np.concatenate(rows)


def open_csd(path: Path, *, device: str | None = None) -> StyleDescriptor:
    """Load a checkpoint in the layout of CSD.

    Raises:
        ValueError: it is none, or torch and transformers are not installed.
    """
    try:
        import torch
        from safetensors import SafetensorError
        from safetensors.torch import load_file
        from transformers import CLIPVisionModel
    except ImportError as error:
        raise ValueError(f"CSD needs torch and transformers ({error}): {INSTALL}") from None
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        found = {name.removeprefix("module."): one.float() for name, one in load_file(path).items()}
        backbone = CLIPVisionModel(_config(found))
        backbone.load_state_dict(_renamed(found))
        head = found["last_layer_style"]
    except (OSError, SafetensorError, KeyError, IndexError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(
            f"{path} is no checkpoint of CSD ({reason}); its weights are called backbone.*, last_layer_style and "
            f"last_layer_content, of a CLIP vision transformer"
        ) from None
    return StyleDescriptor(path.stem, file_sha256(path), backbone, head, backbone.config.image_size, device)


def _config(found: dict[str, Any]) -> Any:
    """The shape of the transformer, read off its weights."""
    from transformers import CLIPVisionConfig

    width, _, patch_px, _ = found["backbone.conv1.weight"].shape
    side = round((found["backbone.positional_embedding"].shape[0] - 1) ** 0.5)
    return CLIPVisionConfig(
        hidden_size=width,
        intermediate_size=found["backbone.transformer.resblocks.0.mlp.c_fc.weight"].shape[0],
        num_hidden_layers=sum(name.endswith(".ln_1.weight") for name in found),
        num_attention_heads=max(1, width // HEAD_WIDTH),
        image_size=side * patch_px,
        patch_size=patch_px,
        hidden_act="quick_gelu",
    )


def _renamed(found: dict[str, Any]) -> dict[str, Any]:
    """The weights under the names of transformers; the joint projection of attention in its three parts."""
    renamed: dict[str, Any] = {}
    for name, weight in found.items():
        if name.startswith("backbone.transformer.resblocks."):
            number, _, rest = name.removeprefix("backbone.transformer.resblocks.").partition(".")
            block = f"encoder.layers.{number}."
            if rest.startswith("attn.in_proj_"):
                kind = rest.removeprefix("attn.in_proj_")
                for letter, part in zip("qkv", weight.chunk(3), strict=True):
                    renamed[f"{block}self_attn.{letter}_proj.{kind}"] = part
                continue
            old = next(old for old in BLOCK_NAMES if rest.startswith(old))
            renamed[block + BLOCK_NAMES[old] + rest.removeprefix(old)] = weight
        elif name.startswith("backbone."):
            old = next(old for old in NAMES if name.startswith(old))
            renamed[NAMES[old] + name.removeprefix(old)] = weight
    return renamed
