"""Scorers, with a tiny random CLIP: what is computed is checked, what it means cannot be."""

import asyncio
import io
import shutil
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from moviellm.generation.pictures.scorers import BATCH, KEPT, LoadedModel, Scorer, load_model, open_scorer
from tests.tiny_clip import TOKENS, save_tiny_clip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_clip(tmp_path_factory.mktemp("models") / "tiny-clip")


@pytest.fixture(scope="module")
def scorer(folder: Path) -> Scorer:
    return open_scorer(str(folder), device="cpu")


def picture(seed: int, size: tuple[int, int] = (48, 32)) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_it_is_named_by_its_folder_and_the_hash_of_what_is_in_it(scorer: Scorer, tmp_path: Path) -> None:
    other = save_tiny_clip(tmp_path / "tiny-clip", seed=1)
    again = save_tiny_clip(tmp_path / "again")
    assert scorer.model_id == "tiny-clip"
    assert len(scorer.revision) == 64
    assert scorer.name == f"tiny-clip@{scorer.revision}"
    assert load_model(str(again)).revision == scorer.revision != load_model(str(other)).revision


def test_a_picture_is_wholly_like_itself(scorer: Scorer) -> None:
    one, other = picture(1), picture(2)
    same, different = asyncio.run(scorer.image_image([(one, one), (one, other)]))
    assert same == pytest.approx(1.0, abs=1e-6)
    assert different < 0.999


def test_it_scores_texts_as_the_model_does(scorer: Scorer, folder: Path) -> None:
    import torch

    loaded = load_model(str(folder), device="cpu")
    text, image = "a sailor", picture(3)
    (score,) = asyncio.run(scorer.text_image([(text, image)]))
    with Image.open(io.BytesIO(image)) as opened:
        pixels = loaded.processor(opened.convert("RGB"), return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        output = loaded.model(pixel_values=pixels, **loaded.tokenizer([text], return_tensors="pt"))
        expected = float(output.logits_per_text[0, 0] / loaded.model.logit_scale.exp())
    assert score == pytest.approx(expected, abs=1e-5)


def test_texts_differ(scorer: Scorer) -> None:
    image = picture(4)
    one, other = asyncio.run(scorer.text_image([("a sailor", image), ("a snowy hill", image)]))
    assert one != pytest.approx(other, abs=1e-4)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 40), min_size=1, max_size=2 * BATCH + 1, unique=True), st.data())
def test_a_score_is_the_same_to_the_last_bit_whatever_it_was_asked_with(
    folder: Path, scorer: Scorer, others: list[int], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(others)))
    wanted = picture(99)
    images = [picture(seed) for seed in others]
    fresh = Scorer(load_model_once(folder))
    found = asyncio.run(fresh.image_features([*images[:place], wanted, *images[place:]]))[place]
    (alone,) = asyncio.run(scorer.image_features([wanted]))
    assert np.array_equal(found, alone)


@cache
def load_model_once(folder: Path) -> LoadedModel:
    return load_model(str(folder), device="cpu")


def test_features_are_made_once(folder: Path) -> None:
    scorer = Scorer(load_model_once(folder))
    seen: list[int] = []
    see = scorer._see
    scorer._see = lambda pictures: (seen.append(len(pictures)), see(pictures))[1]
    asyncio.run(scorer.image_image([(picture(1), picture(2)), (picture(2), picture(1))]))
    asyncio.run(scorer.image_image([(picture(1), picture(2))]))
    assert seen == [2]


def test_what_it_keeps_is_bounded(folder: Path) -> None:
    scorer = Scorer(load_model_once(folder))
    scorer._see = lambda pictures: np.ones((len(pictures), 2), np.float32)
    image = picture(1, (2, 2))
    asyncio.run(scorer.image_features([image + str(number).encode() for number in range(KEPT + 5)]))
    assert len(scorer._kept) == KEPT


def test_it_says_when_a_text_is_cut(scorer: Scorer) -> None:
    assert not scorer.is_cut("a" * (TOKENS - 2))
    assert scorer.is_cut("a" * (TOKENS - 1))


def test_a_long_text_is_cut_and_scored(scorer: Scorer) -> None:
    (score,) = asyncio.run(scorer.text_image([("sailor " * 40, picture(5))]))
    assert -1 <= score <= 1


def test_nothing_asked_gives_nothing(scorer: Scorer) -> None:
    assert asyncio.run(scorer.text_image([])) == []


def test_what_is_no_picture_is_refused(scorer: Scorer) -> None:
    with pytest.raises(ValueError, match="a picture of 4 bytes cannot be decoded"):
        asyncio.run(scorer.image_image([(b"nope", b"nope")]))


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot load the model .*give the Hub id or the folder"):
        open_scorer(str(tmp_path))


def test_a_folder_has_no_revision(folder: Path) -> None:
    with pytest.raises(ValueError, match="is a folder and has no revision 'v1'"):
        open_scorer(str(folder), "v1")


def test_a_pickle_is_never_loaded(folder: Path, tmp_path: Path) -> None:
    import torch

    shutil.copytree(folder, tmp_path / "pickled")
    (tmp_path / "pickled/model.safetensors").unlink()
    torch.save({}, tmp_path / "pickled/pytorch_model.bin")
    with pytest.raises(ValueError, match="safetensors"):
        open_scorer(str(tmp_path / "pickled"))


def test_a_model_that_only_sees_compares_pictures_and_reads_nothing(tmp_path: Path) -> None:
    import torch
    from transformers import Dinov2Config, Dinov2Model, ViTImageProcessorPil

    torch.manual_seed(0)
    config = Dinov2Config(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, image_size=28, patch_size=14)
    Dinov2Model(config).save_pretrained(tmp_path)
    ViTImageProcessorPil(size={"height": 28, "width": 28}).save_pretrained(tmp_path)
    scorer = open_scorer(str(tmp_path), device="cpu")
    assert asyncio.run(scorer.image_image([(picture(1), picture(1))])) == pytest.approx([1.0])
    with pytest.raises(ValueError, match="sees and does not read"):
        asyncio.run(scorer.text_image([("a sailor", picture(1))]))
