"""What a class of transformers can express has its logits; what it cannot is refused by the name of the setting."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForImageTextToText, AutoProcessor, AutoTokenizer

from moviellm.training.convert.exporting import export
from moviellm.training.convert.stock import express, refuse
from moviellm.training.convert.stock_files import MARK, counting_patch
from tests.training.model.tiny import film, tiny

PROMPT = "<video>\nwho is it ?"


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def _frames(as_: str, pixels: torch.Tensor) -> dict[str, torch.Tensor]:
    return {"pixel_values": pixels} if as_ == "llava" else {"pixel_values_videos": pixels[None]}


def _saved(folder: Path, **settings: Any) -> tuple[Any, Any]:
    model, processor = tiny(**settings)
    processor.image_processor.fit = "stretch"
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return model, processor


@pytest.mark.parametrize(
    ("as_", "settings"),
    [
        ("llava_next_video", {"pool_side": 1}),
        ("llava_next_video", {"pool_side": 2, "vision": "siglip", "text": "qwen3"}),
        ("llava_next_video", {"pool_side": 4, "projector": "linear", "vision_layer": -1}),
        ("llava", {"pool_side": 4, "vision": "siglip", "text": "lfm2", "projector": "linear"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(str(one) for one in value.values()),
)
def test_logits_are_equal(as_: str, settings: dict[str, Any], tmp_path: Path) -> None:
    model, processor = tiny(compressor="pool", **settings)
    batch = processor(text=[PROMPT], videos=[film(3)], return_tensors="pt")
    express(model, as_, image_id=model.config.text_config.vocab_size).save_pretrained(tmp_path)
    stock = AutoModelForImageTextToText.from_pretrained(tmp_path)
    with torch.no_grad():
        ours = model(**batch).logits
        frames = _frames(as_, batch["pixel_values"])
        theirs = stock(input_ids=batch["input_ids"], **frames).logits
    assert (ours - theirs[..., : ours.shape[-1]]).abs().max() <= 1e-5


@pytest.fixture(scope="module", params=["llava_next_video", "llava"])
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, Any, Any]:
    """Class, folder of the export, and the model and processor it was made of."""
    folder = tmp_path_factory.mktemp(request.param)
    model, processor = _saved(folder / "ours", compressor="pool", pool_side=4)
    export(str(folder / "ours"), request.param, folder / "out")
    return request.param, folder / "out", model, processor


def test_an_export_loads_as_a_class_of_transformers_with_the_same_logits(exported: Any) -> None:
    as_, out, model, processor = exported
    stock = AutoModelForImageTextToText.from_pretrained(out)
    assert type(stock).__module__.startswith("transformers.models.llava")
    assert "auto_map" not in json.loads((out / "config.json").read_text())
    batch = processor(text=[PROMPT], videos=[film(2)], return_tensors="pt")
    with torch.no_grad():
        ours = model(**batch).logits
        theirs = stock(input_ids=batch["input_ids"], **_frames(as_, batch["pixel_values"])).logits
    assert torch.equal(ours, theirs[..., : ours.shape[-1]])


def test_a_llava_export_makes_our_rows_with_its_own_processor(exported: Any) -> None:
    as_, out, _, processor = exported
    if as_ != "llava":
        return  # its video processor needs torchvision: test_stock_processor.py
    pictures = [frame.resize((16, 16)) for frame in film(2)["frames"]]
    text = ["[0.0 s] <image>\n[2.0 s] <image>\nwho is it ?"]
    theirs = AutoProcessor.from_pretrained(out)(text=text, images=pictures, return_tensors="pt")
    ours = processor(text=text, images=[pictures], return_tensors="pt")
    assert torch.equal(theirs["input_ids"], ours["input_ids"])
    assert (theirs["pixel_values"] - ours["pixel_values"]).abs().max() < 1e-5


def test_a_talk_becomes_the_row_of_our_processor(exported: Any) -> None:
    as_, out, _, processor = exported
    words = AutoTokenizer.from_pretrained(out)
    kind = MARK[as_].strip("<>")
    talk = [
        {"role": "user", "content": [{"type": kind}, {"type": "text", "text": "who is it ?"}]},
        {"role": "assistant", "content": "Ada"},
        {"role": "user", "content": [{"type": "text", "text": "when ?"}]},
    ]
    settings = {"tokenize": False, "add_generation_prompt": True}
    theirs = words.apply_chat_template(talk, chat_template=(out / "chat_template.jinja").read_text(), **settings)
    flat = "<video>\nwho is it ?" if kind == "video" else "<image>who is it ?"
    plain = [{"role": "user", "content": flat}, talk[1], {"role": "user", "content": "when ?"}]
    assert theirs == processor.tokenizer.apply_chat_template(plain, **settings)


def test_the_placeholder_keeps_its_id_under_the_name_of_the_class(exported: Any) -> None:
    as_, out, _, processor = exported
    words = AutoTokenizer.from_pretrained(out)
    assert words(MARK[as_], add_special_tokens=False)["input_ids"] == [processor.frame_token_id]
    assert "<frame>" not in words.get_vocab()


@pytest.mark.parametrize(
    ("side_px", "patch", "stride"),
    [(224, 14, 16), (224, 14, 4), (336, 14, 24), (336, 14, 8), (384, 16, 6), (16, 4, 1)],
)
def test_the_stock_processor_is_told_a_patch_with_which_it_counts_right(side_px: int, patch: int, stride: int) -> None:
    from transformers import CLIPVisionConfig, LlavaNextVideoConfig

    vision = CLIPVisionConfig(image_size=side_px, patch_size=patch)
    told = counting_patch(LlavaNextVideoConfig(vision_config=vision.to_dict(), spatial_pool_stride=stride))
    assert (side_px // told) ** 2 // 4 == (side_px // patch // stride) ** 2  # as transformers counts


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"compressor": "cls"}, "`compressor` is `cls`: no class that transformers ships takes the CLS"),
        ({"compressor": "context_content"}, "`compressor` is `context_content`: its tokens depend on the question"),
        ({"compressor": "pool", "feature_norm": True}, "`feature_norm` is set"),
        ({"compressor": "pool", "time": "additive"}, "`time` is `additive`"),
        ({"compressor": "pool", "pool_side": 3}, "`pool_side` is 3 and the tower sees 4 x 4.*can be 1, 2, 4"),
    ],
)
def test_settings_that_no_class_expresses_are_named(settings: dict[str, Any], message: str) -> None:
    model, _ = tiny(**settings)
    with pytest.raises(ValueError, match=message):
        refuse(model, "llava_next_video")


def test_llava_takes_every_patch_or_none() -> None:
    model, _ = tiny(compressor="pool", pool_side=2)
    with pytest.raises(ValueError, match="`pool_side` is 2 and llava takes every one of 4 x 4 patches"):
        refuse(model, "llava")


def test_a_class_that_is_not_known_is_refused() -> None:
    model, _ = tiny(compressor="pool", pool_side=1)
    with pytest.raises(ValueError, match="it can be llava_next_video or llava .qwen3_vl: it has a tower of"):
        refuse(model, "qwen3_vl")


def test_padded_frames_need_another_fit_where_the_class_cannot_pad(tmp_path: Path) -> None:
    _saved(tmp_path / "ours", compressor="pool", pool_side=2)
    with pytest.raises(ValueError, match="fits frames by `pad`, which llava_next_video.*--fit stretch or --fit crop"):
        export(str(tmp_path / "ours"), "llava_next_video", tmp_path / "out", fit="pad")
    assert not (tmp_path / "out").exists()
