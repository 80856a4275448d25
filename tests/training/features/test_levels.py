"""What a level keeps is what a compressor takes: features in place of pixels give the same logits."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from moviellm.training.features import FeatureCache
from moviellm.training.features.fitting import levels_for
from moviellm.training.features.towers import FeatureTower, open_tower, settings_of
from moviellm.training.media import FramePolicy, read_film
from moviellm.training.model.compressors import pool_patches, split_features
from tests.stories import build, make_story
from tests.training.features.kit import ALL, make, save_tower
from tests.training.model.tiny import tiny

CASES: list[tuple[str, dict[str, Any]]] = [
    ("cls", {"compressor": "cls"}),
    ("cls", {"compressor": "cls", "cls_from": "hidden"}),
    ("cls", {"compressor": "cls", "cls_from": "projected"}),
    ("cls", {"compressor": "cls", "vision": "siglip"}),
    ("full", {"compressor": "cls", "cls_from": "hidden"}),
    ("full", {"compressor": "cls", "cls_from": "hidden", "vision": "siglip"}),
    ("pool", {"compressor": "pool", "pool_side": 2}),
    ("pool", {"compressor": "pool", "pool_side": 3, "vision": "siglip", "vision_layer": -1}),
    ("full", {"compressor": "pool", "pool_side": 2}),
    ("full", {"compressor": "context_content"}),
]


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("levels") / "films"
    build(out, [make_story(number) for number in range(3)])
    return out


def of_model(model: Any, processor: Any, level: Any) -> FeatureTower:
    """The tower of a model in memory."""
    tower = model.model.vision_tower
    config, frames = model.config, processor.image_processor
    return FeatureTower(tower, config, frames, settings_of(tower, config, frames, level, ALL))


@pytest.mark.parametrize(("level", "settings"), CASES)
def test_features_give_the_logits_of_pixels(films: Path, tmp_path: Path, level: str, settings: dict[str, Any]) -> None:
    model, processor = tiny(**settings)
    make(of_model(model, processor, level), films, tmp_path / "out")
    cache = FeatureCache(tmp_path / "out")
    cache.check(model, processor, ALL)
    seen, kept = read_film(f"{films}#m00001"), cache.film("m00001")
    asked: dict[str, Any] = {"text": ["<video>\nwho is it ?"], "return_tensors": "pt"}
    if settings["compressor"] == "context_content":
        asked["questions"] = ["who is it ?"]
    with torch.inference_mode():
        by_pixels = model(**processor(videos=[seen], **asked)).logits
        batch = processor(videos=[kept], **asked)
        by_features = model(**batch).logits
    assert "frame_features" in batch and "pixel_values" not in batch
    assert float((by_pixels - by_features).abs().max()) < 2e-3
    assert float(by_pixels.std()) > 0.05, "logits say something"


def test_what_is_kept_is_what_the_compressor_takes_rounded_once(films: Path, tmp_path: Path) -> None:
    model, processor = tiny(compressor="pool", pool_side=2)
    make(of_model(model, processor, "pool"), films, tmp_path / "out", batch=8)
    film = read_film(f"{films}#m00000")
    with torch.inference_mode():
        states = model.model.frame_features(processor.image_processor.prepare(film.frames))
        taken = pool_patches(split_features(states)[1], 2)
    kept = FeatureCache(tmp_path / "out").film("m00000").features
    assert np.array_equal(kept, taken.to(torch.float16).numpy())


def test_levels_by_compressor() -> None:
    found = {name: levels_for(tiny(compressor=name)[0].config) for name in ("cls", "pool", "context_content")}
    assert found == {"cls": ("cls",), "pool": ("pool", "full"), "context_content": ("full",)}


@pytest.mark.parametrize(
    ("made_by", "used_by", "said"),
    [
        (
            {"compressor": "cls"},
            {"compressor": "pool"},
            "level is `cls`, and the compressor `pool` takes `pool` or `full`",
        ),
        ({"compressor": "pool"}, {"compressor": "context_content"}, "level is `pool`, and .* takes `full`"),
        ({"compressor": "pool", "pool_side": 2}, {"compressor": "pool", "pool_side": 4}, "pool_side is `2`, .* `4`"),
        ({"compressor": "pool"}, {"compressor": "pool", "seed": 1}, "weights is `.*`, and this model has `"),
        ({"compressor": "pool"}, {"compressor": "pool", "vision_layer": -1}, "vision_layer is `1`, .* `2`"),
        ({"compressor": "cls"}, {"compressor": "cls", "cls_from": "hidden"}, "cls_from is `pooled`, .* `hidden`"),
        ({"compressor": "pool"}, {"compressor": "pool", "vision": None, "feature_size": 48}, "32 wide, .* takes 48"),
    ],
)
def test_a_cache_of_another_tower_or_level_is_refused_with_what_differs(
    films: Path, tmp_path: Path, made_by: dict[str, Any], used_by: dict[str, Any], said: str
) -> None:
    model, processor = tiny(**made_by)
    make(of_model(model, processor, made_by["compressor"]), films, tmp_path / "out", FramePolicy(n=1))
    with pytest.raises(ValueError, match=f"are not those that this model takes: .*{said}"):
        FeatureCache(tmp_path / "out").check(*tiny(**used_by))


def test_other_frames_and_another_preparation_are_refused(films: Path, tmp_path: Path) -> None:
    model, processor = tiny(compressor="cls")
    make(of_model(model, processor, "cls"), films, tmp_path / "out")
    cache = FeatureCache(tmp_path / "out")
    with pytest.raises(ValueError, match=r"frames were chosen by taking all, and now by \{'n': 4\}"):
        cache.check(model, processor, FramePolicy(n=4))
    processor.image_processor.fit = "crop"
    with pytest.raises(ValueError, match=r"frames is .*pad.* and this model has .*crop"):
        cache.check(model, processor)


def test_the_same_tower_is_one_in_any_number_format_and_any_folder(films: Path, tmp_path: Path) -> None:
    model, processor = tiny(compressor="pool")
    make(of_model(model, processor, "pool"), films, tmp_path / "out")
    model.save_pretrained(tmp_path / "model")
    processor.save_pretrained(tmp_path / "model")
    from_checkpoint = open_tower(str(tmp_path / "model"), "pool", ALL)
    assert make(from_checkpoint, films, tmp_path / "out").seen == 0
    FeatureCache(tmp_path / "out").check(model.to(torch.bfloat16), processor)


@pytest.mark.parametrize("kind", ["clip", "siglip"])
def test_a_tower_of_transformers_and_that_of_a_model_built_on_it_are_one(tmp_path: Path, kind: str) -> None:
    from tests.training.model.tiny import config, processor

    place = save_tower(tmp_path / "tower", kind)
    ours = open_tower(place, "full", ALL)
    assert ours.settings.features_per_frame == (17 if kind == "clip" else 16)
    settings = settings_of(ours.tower, config(vision=kind), ours.frames, "full", ALL)
    assert settings.key == ours.settings.key
    assert processor(config(vision=kind)).image_processor.size_px == ours.frames.size_px


@pytest.mark.parametrize(
    ("place", "said"),
    [("nowhere", "no folder nowhere; a model on the Hub is called org/name"), ("text", "not a vision")],
)
def test_what_is_no_tower_is_said(tmp_path: Path, place: str, said: str) -> None:
    from tests.training.model.tiny import text_config

    text_config().save_pretrained(tmp_path / "text")
    with pytest.raises(ValueError, match=said):
        open_tower(str(tmp_path / "text") if place == "text" else place, "pool", ALL)


def test_a_model_without_a_tower_has_none_to_run(tmp_path: Path) -> None:
    tiny(compressor="cls", vision=None)[0].save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="has no vision tower: it was trained on features"):
        open_tower(str(tmp_path), "cls", ALL)


def test_numbers_that_float16_cannot_hold_are_refused() -> None:
    model, processor = tiny(compressor="cls")
    tower = of_model(model, processor, "cls")
    with torch.no_grad():
        model.model.vision_tower.encoder.post_layernorm.weight.fill_(1e6)
    with pytest.raises(ValueError, match="numbers that float16 cannot hold"):
        tower.features(torch.zeros(1, 3, 16, 16))
