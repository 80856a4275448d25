"""A new model of a pretrained tower and a pretrained language model."""

import pytest
import torch

from moviellm.training.model.building import build
from tests.training.model.tiny import SIDE_PX, film, picture, text_config, tokenizer, vision_config

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory):
    """A CLIP and a Llama on disk; the Llama's table has no row for the placeholder."""
    from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("parts")
    torch.manual_seed(0)
    reader = LlamaForCausalLM(text_config(vocabulary=427))
    reader.save_pretrained(folder / "text")
    tokenizer().save_pretrained(folder / "text")
    words = {
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "vocab_size": 9,
    }
    words |= {"bos_token_id": 1, "eos_token_id": 2}
    clip = CLIPModel(CLIPConfig(vision_config=vision_config().to_dict(), text_config=words, projection_dim=24))
    clip.save_pretrained(folder / "clip")
    size = {"height": SIDE_PX, "width": SIDE_PX}
    CLIPImageProcessorPil(size={"shortest_edge": SIDE_PX}, crop_size=size, image_mean=[0.1, 0.2, 0.3]).save_pretrained(
        folder / "clip"
    )
    return folder, clip.eval(), reader.eval()


@pytest.mark.parametrize("compressor", ["cls", "pool"])
def test_tower_and_language_model_keep_their_weights(parts, compressor: str) -> None:
    folder, clip, reader = parts
    model, words = build(
        str(folder / "clip"), str(folder / "text"), compressor=compressor, pool_side=2, cls_from="projected"
    )
    pixels = words.image_processor([picture()])["pixel_values"]
    with torch.no_grad():
        seen = model.model.frame_features(pixels)
        if compressor == "cls":
            expected = clip.get_image_features(pixels).pooler_output[:, None]
        else:
            expected = clip.vision_model(pixels, output_hidden_states=True).hidden_states[-2]
        assert torch.allclose(seen, expected, atol=1e-6)
        ids = torch.tensor([[5, 6, 7]])
        assert torch.allclose(model(input_ids=ids).logits, reader(input_ids=ids).logits, atol=1e-6)
    assert words.image_processor.image_mean == [0.1, 0.2, 0.3]


def test_it_trains_saves_and_comes_back(parts, tmp_path) -> None:
    from transformers import AutoModelForImageTextToText

    folder, _, _ = parts
    model, words = build(
        str(folder / "clip"),
        str(folder / "text"),
        compressor="pool",
        pool_side=2,
        time="additive",
        context_tokens=8192,
    )
    made = words(text="<video>\nwho is it ?", videos=[film(2)], return_tensors="pt")
    model(**made, labels=made["input_ids"]).loss.backward()
    assert model.model.time_table.weight.grad is not None
    model.save_pretrained(tmp_path)
    again = AutoModelForImageTextToText.from_pretrained(tmp_path)
    assert torch.equal(again(**made).logits, model(**made).logits)
    assert again.config.longest_row == words.longest_row == 8192


def test_the_placeholder_gets_a_row_where_there_is_none(tmp_path) -> None:
    from tokenizers import Tokenizer
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

    from tests.training.model.tiny import _core

    plain = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(_core().replace("<frame>", "<other>")), eos_token="<|im_end|>"
    )
    plain.save_pretrained(tmp_path)
    LlamaForCausalLM(text_config(vocabulary=427)).save_pretrained(tmp_path)
    model, words = build(None, str(tmp_path), feature_size=32, compressor="cls")
    assert words.frame_token_id == model.config.frame_token_id == 427
    assert model.get_input_embeddings().num_embeddings == model.config.text_config.vocab_size == 428
    assert words.tokenizer.pad_token == "<|im_end|>"


def test_all_parts_have_the_dtype_that_is_asked_for(parts) -> None:
    folder, _, _ = parts
    model, _ = build(str(folder / "clip"), str(folder / "text"), dtype=torch.bfloat16, time="additive", guide_heads=4)
    assert {value.dtype for value in model.parameters()} == {torch.bfloat16}
    assert not any(value.is_meta for value in [*model.parameters(), *model.buffers()])
