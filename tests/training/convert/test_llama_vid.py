"""A checkpoint in LLaMA-VID's layout answers after its conversion as the described arithmetic does."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForImageTextToText, AutoProcessor

from moviellm.training.convert import llama_vid
from moviellm.training.convert.converting import convert, shapes_of
from moviellm.training.convert.key_map import make_plan
from moviellm.training.convert.layouts import recognise
from moviellm.training.convert.sources import Sources
from tests.training.convert import reference
from tests.training.convert.originals import (
    PUBLISHED,
    PUBLISHED_13B,
    TINY,
    Size,
    attention_shapes,
    eva_shapes,
    llama_vid_config,
    llama_vid_shapes,
    random_weights,
    save_bert_words,
    save_config,
    save_llama_vid,
    save_vicuna,
)

SIDE_PX = TINY.patch * TINY.grid
BEFORE, AFTER = [1, 7, 8], [9, 10, 11]
QUESTION = torch.tensor([2, 9, 12, 3])


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The folder of a converted tiny checkpoint, and the weights it was made of."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("llama_vid")
    weights = save_llama_vid(folder / "original", TINY, rope_scaling={"type": "linear", "factor": 16.0})
    save_bert_words(folder / "bert", TINY)
    convert(folder / "original", folder / "ours", question_words=str(folder / "bert"))
    return folder / "ours", weights


def _logits(folder: Path, **frames: torch.Tensor) -> torch.Tensor:
    model = AutoModelForImageTextToText.from_pretrained(folder)
    count = len(next(iter(frames.values())))
    ids = torch.tensor([[*BEFORE, *[model.config.frame_token_id] * (2 * count), *AFTER]])
    with torch.no_grad():
        return model(input_ids=ids, question_ids=QUESTION[None], **frames).logits[0, :, : TINY.vocab]


def _expected(weights: dict[str, Any], features: torch.Tensor) -> torch.Tensor:
    tokens = reference.frame_tokens(weights, features, QUESTION, torch.ones(len(QUESTION)))
    rope = {"rope_type": "linear", "factor": 16.0, "rope_theta": 10_000.0}
    return reference.spliced(reference.llama(weights, llama_vid_config(TINY), rope), BEFORE, tokens, AFTER)


def test_pictures_give_the_same_logits(converted: tuple[Path, dict[str, Any]]) -> None:
    folder, weights = converted
    pixels = torch.randn(3, 3, SIDE_PX, SIDE_PX, generator=torch.Generator().manual_seed(0))
    features = reference.eva(weights, pixels, "model.vision_tower.vision_tower.", TINY.eva_blocks)
    expected = _expected(weights, features)
    assert (_logits(folder, pixel_values=pixels) - expected).abs().max() <= 1e-4 * max(1.0, expected.abs().max())


def test_features_give_the_same_logits(converted: tuple[Path, dict[str, Any]]) -> None:
    folder, weights = converted
    features = torch.randn(2, 1 + TINY.grid**2, TINY.eva, generator=torch.Generator().manual_seed(1))
    expected = _expected(weights, features)
    assert (_logits(folder, frame_features=features) - expected).abs().max() <= 1e-4 * max(1.0, expected.abs().max())


def test_its_processor_makes_what_it_takes(converted: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = converted
    processor = AutoProcessor.from_pretrained(folder)
    frames = torch.randint(0, 255, (2, 3, 9, 16), dtype=torch.uint8)
    batch = processor(text=["<video> w1"], videos=[frames], questions=["w1 w2"], return_tensors="pt")
    assert batch["pixel_values"].shape == (2, 3, SIDE_PX, SIDE_PX)
    assert int((batch["input_ids"] == processor.frame_token_id).sum()) == 4
    assert AutoModelForImageTextToText.from_pretrained(folder)(**batch).logits.isfinite().all()


def test_interpolated_positions_are_kept(converted: tuple[Path, dict[str, Any]]) -> None:
    config = AutoModelForImageTextToText.from_pretrained(converted[0]).config
    assert config.text_config.rope_parameters["factor"] == 16.0
    assert config.longest_row == 65_536


def test_a_tower_in_its_own_file_loses_its_last_block_and_its_head() -> None:
    shapes = eva_shapes(PUBLISHED, extra_blocks=1) | {"head.weight": (5, PUBLISHED.eva), "head.bias": (5,)}
    vision, lines = llama_vid.eva(shapes, "")
    plan = make_plan(lines, shapes, dict.fromkeys(()))
    assert vision.num_hidden_layers == 39
    assert plan.skipped["blocks.39.mlp.fc1.weight"].startswith("LLaMA-VID takes 39")
    assert "blocks.38.mlp.fc1.weight" not in plan.skipped
    assert plan.skipped["head.weight"] == "it classifies pictures"


def test_a_tower_in_its_own_file_is_taken(tmp_path: Path) -> None:
    save_llama_vid(tmp_path / "original", TINY, tower=False)
    torch.save(random_weights(eva_shapes(TINY), seed=4), tmp_path / "eva_vit_g.pth")
    layout = recognise(tmp_path / "original", None, [], tmp_path / "eva_vit_g.pth")
    make_plan(layout.rules, layout.sources.shapes, shapes_of(layout.config)).check("it")
    assert layout.config.vision_config.image_size == SIDE_PX


def test_its_first_stage_is_a_file_beside_a_base(tmp_path: Path) -> None:
    save_vicuna(tmp_path / "vicuna", TINY)
    torch.save(random_weights(attention_shapes(TINY), seed=3), _folder(tmp_path / "pretrain") / "mm_projector.bin")
    save_config(tmp_path / "pretrain", llama_vid_config(TINY))
    layout = recognise(tmp_path / "pretrain", tmp_path / "vicuna", [], None)
    make_plan(layout.rules, layout.sources.shapes, shapes_of(layout.config)).check("it")
    assert (layout.name, layout.config.vision_config) == ("llama_vid", None)


def _folder(path: Path) -> Path:
    path.mkdir(parents=True)
    return path


@pytest.mark.parametrize(
    ("size", "tower"),
    [(PUBLISHED, True), pytest.param(PUBLISHED_13B, False, marks=pytest.mark.slow)],
    ids=["7b", "13b, no tower"],
)
def test_the_published_sizes_fit_weight_by_weight(size: Size, tower: bool) -> None:
    sources = Sources()
    sources.shapes = llama_vid_shapes(size, tower)
    config, lines, _ = llama_vid.understand(llama_vid_config(size), sources, None)
    plan = make_plan(lines, sources.shapes, shapes_of(config))
    plan.check("the published checkpoint")
    assert len(plan.skipped) == 1 + size.layers  # position ids, and one `inv_freq` a layer


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"bert_type": "raw_bert_layer:2"}, "`bert_type` is 'raw_bert_layer:2': only the Q-Former"),
        ({"mm_projector_type": "mlp3x_gelu"}, "`mm_projector_type` is 'mlp3x_gelu': it can be linear, mlp2x_gelu"),
        ({"mm_vision_select_feature": "cls_patch"}, "`mm_vision_select_feature` is 'cls_patch'"),
        ({"compress_type": "grid:3"}, "`compress_type` is 'grid:3' on 4 x 4 patches"),
        ({"compress_type": "conv"}, "`compress_type` is 'conv': it can be `mean` or `grid:N`"),
        ({"rope_scaling": {"type": "dynamic", "factor": 2.0}}, "`rope_scaling` of type 'dynamic'"),
        ({"model_type": "chatglm"}, "built on Llama"),
    ],
)
def test_settings_that_cannot_be_expressed_are_named(setting: dict[str, Any], message: str) -> None:
    sources = Sources()
    sources.shapes = llama_vid_shapes(TINY)
    with pytest.raises(ValueError, match=message):
        llama_vid.understand(llama_vid_config(TINY, **setting), sources, None)


@pytest.mark.parametrize(("kind", "side"), [("mean", 1), ("grid:2", 2), (None, 4)])
def test_content_tokens_are_a_square(kind: str | None, side: int) -> None:
    sources = Sources()
    sources.shapes = llama_vid_shapes(TINY)
    assert llama_vid.understand(llama_vid_config(TINY, compress_type=kind), sources, None)[0].pool_side == side
