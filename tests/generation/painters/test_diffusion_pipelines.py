"""Loading: what is refused in one line, what a LoRA and a scheduler do, which revision stands in a request."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from moviellm.generation.painters.pipelines import PipelineSource, add_adapter, load_pipeline
from moviellm.generation.revisions import revision_of
from tests.generation.painters.painting import adapter, pipeline, recipe, source
from tests.tiny_models import save_tiny


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    save_tiny("sdxl", folder / "sdxl")
    save_tiny("klein", folder / "klein")
    return folder


@pytest.fixture
def own(models: Path, tmp_path: Path) -> Path:
    """A copy of the tiny SDXL to spoil."""
    return Path(shutil.copytree(models / "sdxl", tmp_path / "sdxl"))


def test_a_folder_is_loaded_as_it_was_saved(models: Path) -> None:
    loaded = load_pipeline(source(model=str(models / "sdxl"))).unet.state_dict()
    saved = pipeline("sdxl").unet.state_dict()
    assert all(loaded[name].equal(saved[name]) for name in saved)


def test_what_is_loaded_only_paints_and_decodes_one_picture_at_a_time(models: Path) -> None:
    loaded = load_pipeline(source(model=str(models / "sdxl")))
    assert not any(weight.requires_grad for weight in loaded.unet.parameters())
    assert loaded.vae.use_slicing and not loaded.vae.use_tiling


def test_no_model_is_no_painter(models: Path) -> None:
    bare = recipe(models).model_copy(update={"painting": recipe(models).painting.model_copy(update={"model": None})})
    with pytest.raises(ValueError, match="painter diffusers needs a model: --set painting.model="):
        PipelineSource.of(bare)


def test_a_model_that_is_nowhere_is_named(models: Path) -> None:
    with pytest.raises(ValueError, match="the Hub cannot be asked for owner/absent .* was not downloaded before"):
        PipelineSource.of(recipe(models, painting={"model": "owner/absent"}))


def test_weights_that_are_not_safetensors_are_not_loaded(own: Path) -> None:
    weights = own / "unet" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(ValueError, match="never loaded"):
        load_pipeline(source(model=str(own)))


def test_a_pipeline_with_code_of_its_own_is_not_run(own: Path) -> None:
    index = own / "model_index.json"
    index.write_text(json.dumps(json.loads(index.read_text()) | {"_class_name": ["mine", "MyPipeline"]}))
    (own / "mine.py").write_text("raise SystemExit('code of a model ran')\n")
    with pytest.raises(ValueError, match=f"cannot load {own}"):
        load_pipeline(source(model=str(own)))


def test_a_folder_that_is_no_pipeline_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="give a text-to-image pipeline of diffusers"):
        load_pipeline(source(model=str(tmp_path)))


def test_references_need_a_pipeline_that_takes_them(models: Path) -> None:
    with pytest.raises(ValueError, match="StableDiffusionXLPipeline, which takes no list of reference images"):
        load_pipeline(source(model=str(models / "sdxl"), references=True))


def test_an_adapter_needs_a_pipeline_that_takes_it(models: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="ip_adapter works with StableDiffusionPipeline"):
        load_pipeline(source(model=str(models / "klein"), adapter=adapter(tmp_path)))


def test_an_adapter_that_is_not_safetensors_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="identity.adapter_weight: ip-adapter.bin is not safetensors"):
        add_adapter(pipeline("sdxl"), replace(adapter(tmp_path), weight="ip-adapter.bin"))


def test_a_scheduler_is_taken_by_name_and_an_unknown_one_refused(models: Path) -> None:
    model = str(models / "sdxl")
    assert type(load_pipeline(source(model=model, scheduler="LCMScheduler")).scheduler).__name__ == "LCMScheduler"
    with pytest.raises(
        ValueError, match="no scheduler 'LcmScheduler' in diffusers; this pipeline's are DDIMScheduler, "
    ):
        load_pipeline(source(model=model, scheduler="LcmScheduler"))


@pytest.mark.parametrize(("kind", "other"), [("sdxl", "FlowMatchEuler"), ("klein", "Euler")])
def test_a_scheduler_of_another_kind_of_model_is_refused(models: Path, kind: str, other: str) -> None:
    name = f"{other}DiscreteScheduler"
    with pytest.raises(ValueError, match=f"painting.scheduler: {name} is for other models than a "):
        load_pipeline(source(model=str(models / kind), scheduler=name))


def _lora(folder: Path, models: Path) -> Path:
    """A random LoRA of the tiny SDXL's UNet, saved as a user would."""
    import torch
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    plain = load_pipeline(source(model=str(models / "sdxl")))
    torch.manual_seed(3)
    plain.unet.add_adapter(LoraConfig(r=2, target_modules=["to_q", "to_v"], init_lora_weights=False))
    layers: Any = get_peft_model_state_dict(plain.unet)
    type(plain).save_lora_weights(folder, unet_lora_layers=layers)
    return folder / "pytorch_lora_weights.safetensors"


def test_a_lora_is_fused_into_the_weights(models: Path, tmp_path: Path) -> None:
    file = _lora(tmp_path, models)
    name = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q.weight"
    fused = load_pipeline(source(model=str(models / "sdxl"), lora=str(file))).unet.state_dict()
    plain = pipeline("sdxl").unet.state_dict()
    assert set(fused) == set(plain)
    assert not fused[name].equal(plain[name])


def test_a_lora_decides_the_request_by_its_contents(models: Path, tmp_path: Path) -> None:
    file = tmp_path / "few-steps.safetensors"
    revisions = []
    for contents in (b"one", b"other"):
        file.write_bytes(contents)
        revision_of.cache_clear()
        revisions.append(PipelineSource.of(recipe(models, painting={"lora": str(file)})).lora_revision)
    assert revisions[0] != revisions[1]


def test_the_name_of_a_folder_is_its_own_wherever_it_lies(models: Path) -> None:
    assert PipelineSource.of(recipe(models)).name == "sdxl"
