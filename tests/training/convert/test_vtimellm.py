"""VTimeLLM's stages become one checkpoint: the projector, and LoRA adapters merged as peft merges them."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForImageTextToText

from moviellm.training.convert import vtimellm
from moviellm.training.convert.adapters import Adapter
from moviellm.training.convert.converting import convert, shapes_of
from moviellm.training.convert.key_map import make_plan
from moviellm.training.convert.layouts import recognise
from moviellm.training.convert.sources import Sources
from tests.training.convert import reference
from tests.training.convert.originals import (
    PUBLISHED,
    TINY,
    llama_config,
    llama_shapes,
    lora_shapes,
    random_weights,
    save_lora,
    save_vicuna,
    vtimellm_shapes,
)

BEFORE, AFTER = [1, 7, 8], [9, 10, 11]


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], dict[str, Any]]:
    """A folder with a base, a projector and two adapters; the weights of the first two."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("vtimellm")
    base = save_vicuna(folder / "vicuna", TINY)
    projector = random_weights(vtimellm_shapes(TINY), seed=3)
    (folder / "stage1").mkdir()
    torch.save(projector, folder / "stage1" / "mm_projector.bin")
    save_lora(folder / "stage2", TINY, seed=2)
    save_lora(folder / "stage3", TINY, seed=6, rank=2, alpha=3)
    return folder, base, projector


def _merged_by_peft(folder: Path, base: dict[str, Any]) -> Any:
    from peft import PeftModel

    model = reference.llama(base, llama_config(TINY))
    for stage in ("stage2", "stage3"):
        model = PeftModel.from_pretrained(model, folder / stage).merge_and_unload()
    return model.eval()


def test_stages_merged_here_answer_as_stages_merged_by_peft(stages: Any) -> None:
    folder, base, projector = stages
    adapters = [folder / "stage2", folder / "stage3"]
    convert(folder / "stage1", folder / "ours", base=folder / "vicuna", adapters=adapters)
    model = AutoModelForImageTextToText.from_pretrained(folder / "ours")
    features = torch.randn(4, TINY.clip, generator=torch.Generator().manual_seed(0))
    ids = torch.tensor([[*BEFORE, *[model.config.frame_token_id] * 4, *AFTER]])
    with torch.no_grad():
        logits = model(input_ids=ids, frame_features=features).logits[0, :, : TINY.vocab]
    tokens = features @ projector["model.mm_projector.weight"].T + projector["model.mm_projector.bias"]
    expected = reference.spliced(_merged_by_peft(folder, base), BEFORE, tokens[:, None], AFTER)
    assert (logits - expected).abs().max() <= 1e-4 * max(1.0, expected.abs().max())


def test_later_trainables_replace_the_projector_and_are_noted(stages: Any, tmp_path: Path) -> None:
    folder, _, _ = stages
    save_lora(tmp_path / "stage2", TINY, seed=2)
    trained = {f"base_model.model.{name}": tensor for name, tensor in random_weights(vtimellm_shapes(TINY), 9).items()}
    torch.save(trained, tmp_path / "stage2" / "non_lora_trainables.bin")
    layout = recognise(folder / "stage1", folder / "vicuna", [tmp_path / "stage2"], None)
    plan = make_plan(layout.rules, layout.sources.shapes, shapes_of(layout.config))
    plan.check("it")
    step = next(step for step in plan.steps if step.target == "model.compressor.projector.weight")
    expected = trained["base_model.model.model.mm_projector.weight"]
    assert torch.equal(layout.sources.tensor(step, torch.float32), expected)
    assert "model.mm_projector.weight is taken from stage2, not from stage1" in layout.sources.notes


def test_the_published_size_fits_weight_by_weight() -> None:
    sources = Sources()
    sources.shapes = llama_shapes(PUBLISHED) | vtimellm_shapes(PUBLISHED)
    config, lines, _ = vtimellm.understand(llama_config(PUBLISHED), sources, None)
    make_plan(lines, sources.shapes, shapes_of(config)).check("the published stages")
    assert (config.feature_size, config.tokens_per_frame) == (768, 1)


def test_an_adapter_of_the_published_size_fits_its_base() -> None:
    class Shapes:
        shapes = lora_shapes(PUBLISHED, rank=64)

    adapter = Adapter("stage2", {"r": 64, "lora_alpha": 128}, Shapes())  # type: ignore[arg-type]
    adapter.check(llama_shapes(PUBLISHED))
    assert (len(adapter.halves), adapter.scale) == (7 * 32, 2.0)


def test_an_adapter_for_another_base_stops_the_conversion(stages: Any, tmp_path: Path) -> None:
    from tests.training.convert.originals import Size

    folder, _, _ = stages
    save_lora(tmp_path / "stage2", Size(**{**TINY.__dict__, "hidden": 40}), seed=2)
    with pytest.raises(ValueError, match="The adapter stage2 is for another base: shapes differ"):
        recognise(folder / "stage1", folder / "vicuna", [tmp_path / "stage2"], None)


def test_clip_is_taken_from_its_folder(stages: Any, tmp_path: Path) -> None:
    from transformers import CLIPConfig, CLIPModel, CLIPVisionModelWithProjection

    folder, _, projector = stages
    layers = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = layers | {"vocab_size": 20, "max_position_embeddings": 8, "bos_token_id": 1, "eos_token_id": 2}
    vision = layers | {"image_size": 16, "patch_size": 8, "projection_dim": TINY.clip}
    clip = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=TINY.clip))
    clip.save_pretrained(tmp_path / "clip")
    convert(folder / "stage1", tmp_path / "ours", base=folder / "vicuna", tower=tmp_path / "clip")
    model = AutoModelForImageTextToText.from_pretrained(tmp_path / "ours")
    pixels = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    tower = CLIPVisionModelWithProjection.from_pretrained(tmp_path / "clip")
    with torch.no_grad():
        expected = tower(pixels).image_embeds @ projector["model.mm_projector.weight"].T
        tokens = model.model.embed_frames(pixel_values=pixels)[:, 0]
    assert torch.allclose(tokens, expected + projector["model.mm_projector.bias"], atol=1e-5)


def test_a_tower_of_another_width_is_refused(stages: Any, tmp_path: Path) -> None:
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    config = CLIPVisionConfig(hidden_size=32, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2)
    config.image_size, config.patch_size, config.projection_dim = 16, 8, 12
    CLIPVisionModelWithProjection(config).save_pretrained(tmp_path / "clip")
    with pytest.raises(ValueError, match="gives features of width 12 and the projector takes 24"):
        recognise(stages[0] / "stage1", stages[0] / "vicuna", [], tmp_path / "clip")


def test_video_chatgpt_is_recognised_and_refused(stages: Any, tmp_path: Path) -> None:
    torch.save({"model.mm_projector.weight": torch.zeros(32, 1024)}, tmp_path / "mm_projector.bin")
    with pytest.raises(ValueError, match="width 1024: it is Video-ChatGPT's or LLaVA's"):
        recognise(tmp_path / "mm_projector.bin", stages[0] / "vicuna", [], None)
