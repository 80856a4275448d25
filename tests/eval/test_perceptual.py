"""Perceptual distance: the formula by hand, on convolutions and transformers; the package lpips by a stand-in."""

import sys
import types
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from moviellm.eval.perceptual import LayerJudge, open_perceptual
from moviellm.eval.tally import full_name
from moviellm.generation.pictures.scorers import BATCH
from tests.tiny_clip import save_tiny_clip


def pictures(count: int, size: tuple[int, int] = (48, 32)) -> list[Image.Image]:
    pixels = np.random.default_rng(0).integers(0, 256, (count, size[1], size[0], 3), np.uint8)
    return [Image.fromarray(one) for one in pixels]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> LayerJudge:
    judge = open_perceptual(str(save_tiny_clip(tmp_path_factory.mktemp("m") / "tiny-clip")), None, device="cpu")
    assert isinstance(judge, LayerJudge)
    return judge


def test_equal_pictures_are_at_no_distance(clip: LayerJudge) -> None:
    (one,) = pictures(1)
    assert clip.neighbours([one, one]).tolist() == [0.0]


def test_it_is_symmetric(clip: LayerJudge) -> None:
    one, other = pictures(2)
    there, back = clip.neighbours([one, other, one])
    assert there == pytest.approx(back)


def test_it_is_the_formula_over_every_layer_without_the_token_of_no_place(clip: LayerJudge) -> None:
    import torch

    one, other = pictures(2)
    pixels = clip._loaded.processor([one, other], return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        layers = clip._loaded.model.vision_model(pixel_values=pixels, output_hidden_states=True).hidden_states
    by_hand = []
    for layer in layers[1:]:
        places = layer[:, 1:].numpy()  # 16 patches after the class token
        unit = places / np.linalg.norm(places, axis=-1, keepdims=True)
        by_hand.append(((unit[0] - unit[1]) ** 2).sum(-1).mean())
    assert clip.neighbours([one, other])[0] == pytest.approx(np.mean(by_hand), rel=1e-4)


def test_many_pictures_are_compared_as_few_are(clip: LayerJudge) -> None:
    many = pictures(2 * BATCH + 3)
    whole = clip.neighbours(many)
    assert len(whole) == len(many) - 1
    for at in (0, BATCH - 2, BATCH - 1, 2 * BATCH + 1):
        assert whole[at] == pytest.approx(clip.neighbours(many[at : at + 2])[0], rel=1e-3)


def test_one_picture_has_no_neighbour(clip: LayerJudge) -> None:
    assert clip.neighbours(pictures(1)).tolist() == []


def test_a_convolutional_model_compares_too(tmp_path: Path) -> None:
    import torch
    from transformers import ConvNextImageProcessorPil, ResNetConfig, ResNetModel

    torch.manual_seed(0)
    shape = {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1], "layer_type": "basic"}
    ResNetModel(ResNetConfig(**shape)).save_pretrained(tmp_path)
    ConvNextImageProcessorPil(size={"shortest_edge": 32}, crop_pct=1.0).save_pretrained(tmp_path)
    judge = open_perceptual(str(tmp_path), None, device="cpu")
    one, other = pictures(2)
    same, different = judge.neighbours([one, one, other])
    assert same == pytest.approx(0.0, abs=1e-6)
    assert 0.0 < different <= 4.0


def test_only_the_package_is_called_lpips(clip: LayerJudge, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    class Stand(torch.nn.Module):
        def __init__(self, net: str, verbose: bool) -> None:
            super().__init__()

        def forward(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
            assert one.shape == other.shape == (1, 3, 32, 48)
            assert one.abs().max() <= 1
            return (one - other).abs().mean()

    package = types.ModuleType("lpips")
    package.LPIPS = Stand
    monkeypatch.setitem(sys.modules, "lpips", package)
    monkeypatch.setattr("importlib.metadata.version", lambda name: "0.1.4")
    judge = open_perceptual("lpips:alex", None, device="cpu")
    white, black = Image.new("RGB", (48, 32), "white"), Image.new("RGB", (24, 16), "black")
    assert judge.neighbours([white, white, black]).tolist() == [0.0, 2.0]
    assert full_name(judge.measure, judge) == "lpips_alex@lpips-0.1.4"
    assert full_name(clip.measure, clip).startswith("perceptual_next@tiny-clip@")


def test_a_missing_package_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lpips", None)
    with pytest.raises(ValueError, match="pip install lpips"):
        open_perceptual("lpips:alex", None)


def test_a_net_that_lpips_has_not_is_refused() -> None:
    with pytest.raises(ValueError, match="no lpips:resnet; there are lpips:alex"):
        open_perceptual("lpips:resnet", None)
