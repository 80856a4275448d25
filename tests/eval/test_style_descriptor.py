"""CSD checkpoints: loaded by their names, and computing what the published network computes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from moviellm.eval.style_descriptor import open_csd
from moviellm.generation.pictures.scorers import BATCH

WIDTH, PATCH_PX, SIDE, LAYERS, OUT = 128, 8, 4, 2, 16


def checkpoint(seed: int = 0) -> dict[str, Any]:
    """Random weights under the names of the published checkpoint, saved in half precision as it is."""
    import torch

    generator = torch.Generator().manual_seed(seed)

    def some(*shape: int) -> Any:
        return (torch.randn(*shape, generator=generator) * 0.1).half()

    weights = {
        "backbone.class_embedding": some(WIDTH),
        "backbone.positional_embedding": some(SIDE * SIDE + 1, WIDTH),
        "backbone.conv1.weight": some(WIDTH, 3, PATCH_PX, PATCH_PX),
        "last_layer_style": some(WIDTH, OUT),
        "last_layer_content": some(WIDTH, OUT),
    }
    for name in ("ln_pre", "ln_post"):
        weights |= {f"backbone.{name}.weight": 1 + some(WIDTH), f"backbone.{name}.bias": some(WIDTH)}
    for number in range(LAYERS):
        block = f"backbone.transformer.resblocks.{number}."
        weights |= {
            block + "attn.in_proj_weight": some(3 * WIDTH, WIDTH),
            block + "attn.in_proj_bias": some(3 * WIDTH),
            block + "attn.out_proj.weight": some(WIDTH, WIDTH),
            block + "attn.out_proj.bias": some(WIDTH),
            block + "mlp.c_fc.weight": some(4 * WIDTH, WIDTH),
            block + "mlp.c_fc.bias": some(4 * WIDTH),
            block + "mlp.c_proj.weight": some(WIDTH, 4 * WIDTH),
            block + "mlp.c_proj.bias": some(WIDTH),
        }
        for name in ("ln_1", "ln_2"):
            weights |= {f"{block}{name}.weight": 1 + some(WIDTH), f"{block}{name}.bias": some(WIDTH)}
    return weights


def as_published(weights: dict[str, Any], pixels: Any) -> Any:
    """The forward pass of the paper's network, with torch's own attention."""
    import torch
    from torch.nn import functional

    w = {name: one.float() for name, one in weights.items()}

    def norm(x: Any, name: str) -> Any:
        return functional.layer_norm(x, (WIDTH,), w[f"{name}.weight"], w[f"{name}.bias"])

    x = functional.conv2d(pixels, w["backbone.conv1.weight"], stride=PATCH_PX).flatten(2).transpose(1, 2)
    first = w["backbone.class_embedding"].expand(len(x), 1, WIDTH)
    x = norm(torch.cat([first, x], 1) + w["backbone.positional_embedding"], "backbone.ln_pre")
    for number in range(LAYERS):
        block = f"backbone.transformer.resblocks.{number}"
        attention = torch.nn.MultiheadAttention(WIDTH, WIDTH // 64, batch_first=True)
        attention.load_state_dict(
            {name.removeprefix(f"{block}.attn."): one for name, one in w.items() if name.startswith(f"{block}.attn.")}
        )
        y = norm(x, f"{block}.ln_1")
        x = x + attention(y, y, y, need_weights=False)[0]
        y = norm(x, f"{block}.ln_2")
        y = functional.linear(y, w[f"{block}.mlp.c_fc.weight"], w[f"{block}.mlp.c_fc.bias"])
        y = y * torch.sigmoid(1.702 * y)
        x = x + functional.linear(y, w[f"{block}.mlp.c_proj.weight"], w[f"{block}.mlp.c_proj.bias"])
    return functional.normalize(norm(x[:, 0], "backbone.ln_post") @ w["last_layer_style"], dim=-1)


def pictures(count: int) -> list[Image.Image]:
    pixels = np.random.default_rng(0).integers(0, 256, (count, 40, 60, 3), np.uint8)
    return [Image.fromarray(one) for one in pixels]


@pytest.mark.parametrize("prefix", ["", "module."])
def test_it_computes_what_the_published_network_computes(tmp_path: Path, prefix: str) -> None:
    import torch
    from safetensors.torch import save_file

    torch.set_num_threads(1)
    weights = checkpoint()
    save_file({prefix + name: one for name, one in weights.items()}, tmp_path / "csd.safetensors")
    model = open_csd(tmp_path / "csd.safetensors", device="cpu")
    some = pictures(BATCH + 2)
    pixels = model._processor(some, return_tensors="pt")["pixel_values"]
    assert pixels.shape[-1] == SIDE * PATCH_PX
    with torch.no_grad():
        expected = as_published(weights, pixels).numpy()
    assert np.allclose(model.see(some), expected, atol=1e-5)
    assert (model.model_id, len(model.revision)) == ("csd", 64)


def test_another_checkpoint_is_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    weights = checkpoint()
    del weights["last_layer_style"]
    save_file(weights, tmp_path / "x.safetensors")
    with pytest.raises(ValueError, match="no checkpoint of CSD .*last_layer_style"):
        open_csd(tmp_path / "x.safetensors", device="cpu")


def test_a_file_of_other_bytes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.safetensors").write_bytes(b"no tensors here at all")
    with pytest.raises(ValueError, match="no checkpoint of CSD"):
        open_csd(tmp_path / "x.safetensors", device="cpu")
