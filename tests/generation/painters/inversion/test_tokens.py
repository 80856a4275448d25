"""A new token in a pipeline: the same as plain diffusers loads, and gone without a trace."""

import pytest

from moviellm.generation.painters.inversion.files import learned_bytes, read_learned
from moviellm.generation.painters.inversion.learning import style_prompt, use_style
from moviellm.generation.painters.inversion.tokens import STYLE_TOKEN, new_token
from tests import tiny_models
from tests.generation.painters.inversion import kit

PROMPT = style_prompt("a child in a kitchen")


def encoded(pipeline, prompt=PROMPT):
    import torch

    call = {"prompt": [prompt], "device": "cpu", "num_images_per_prompt": 1}
    if hasattr(pipeline, "unet"):
        call["do_classifier_free_guidance"] = False
    else:
        call["prompt_2"] = None
    with torch.no_grad():
        return [part for part in pipeline.encode_prompt(**call) if part is not None]


def same(one, other):
    import torch

    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("kind", ["sdxl", "flux"])
def test_plain_diffusers_loads_the_file_to_the_same_prompt_embeddings(kind, tmp_path):
    from safetensors.torch import load_file

    pipeline = {"sdxl": tiny_models.tiny_sdxl, "flux": kit.flux.__wrapped__}[kind]()
    data = kit.learned(kind).data
    with use_style(pipeline, data):
        ours = encoded(pipeline)
    tensors = load_file(kit.file_of(data, tmp_path))
    second = {"sdxl": "clip_g", "flux": "t5"}[kind]
    pipeline.load_textual_inversion(
        tensors["clip_l"], token=STYLE_TOKEN, text_encoder=pipeline.text_encoder, tokenizer=pipeline.tokenizer
    )
    pipeline.load_textual_inversion(
        tensors[second], token=STYLE_TOKEN, text_encoder=pipeline.text_encoder_2, tokenizer=pipeline.tokenizer_2
    )
    assert same(ours, encoded(pipeline))


def test_the_token_changes_the_embeddings_and_is_gone_afterwards():
    pipeline = kit.sdxl()
    tokenizers = (pipeline.tokenizer, pipeline.tokenizer_2)
    tables = kit.tables(pipeline)
    without = encoded(pipeline)
    with use_style(pipeline, kit.learned("sdxl").data):
        assert not same(without, encoded(pipeline))
    assert (pipeline.tokenizer, pipeline.tokenizer_2) == tokenizers
    assert STYLE_TOKEN not in pipeline.tokenizer.get_vocab()
    assert all(one.equal(other) for one, other in zip(tables, kit.tables(pipeline), strict=True))
    assert same(without, encoded(pipeline))


def test_prompts_without_the_token_are_read_as_before():
    pipeline = kit.sdxl()
    prompt = "a person in a kitchen"
    with use_style(pipeline, kit.learned("sdxl").data):
        inside = encoded(pipeline, prompt)
    assert same(inside, encoded(pipeline, prompt))


def test_two_styles_are_in_use_at_once_and_do_not_mix():
    pipeline = kit.sdxl()
    rows, metadata = read_learned(kit.learned("sdxl").data)
    other = learned_bytes({key: value.flip(-1) for key, value in rows.items()}, metadata)
    data = kit.learned("sdxl").data
    with use_style(pipeline, data, "<one>"):
        alone = encoded(pipeline, style_prompt("a hat", "<one>"))
    with use_style(pipeline, other, "<other>"):
        other_alone = encoded(pipeline, style_prompt("a hat", "<other>"))
    with use_style(pipeline, data, "<one>"), use_style(pipeline, other, "<other>"):
        assert same(alone, encoded(pipeline, style_prompt("a hat", "<one>")))
        assert same(other_alone, encoded(pipeline, style_prompt("a hat", "<other>")))


def test_words_after_the_token_reach_the_pooled_vector_of_an_old_clip_config():
    pipeline = tiny_models.tiny_sdxl()
    for part in pipeline.text_encoder_2.modules():
        if hasattr(part, "eos_token_id"):
            part.eos_token_id = 2  # as in the config of SDXL's encoders
    with use_style(pipeline, kit.learned("sdxl").data):
        kitchen, pier = (
            encoded(pipeline, f"{STYLE_TOKEN}, a person in a {place}")[1] for place in ("kitchen", "pier")
        )
    assert not same([kitchen], [pier])


def test_an_error_inside_leaves_the_pipeline_as_it_was():
    pipeline = kit.sdxl()
    before = pipeline.tokenizer
    with pytest.raises(RuntimeError), use_style(pipeline, kit.learned("sdxl").data):
        raise RuntimeError
    assert pipeline.tokenizer is before
    assert "forward" not in vars(pipeline.text_encoder.get_input_embeddings())


def test_a_style_of_another_kind_of_pipeline_is_refused():
    message = "rows for clip_g, clip_l, this FluxPipeline has clip_l, t5"
    with pytest.raises(ValueError, match=message), use_style(kit.flux(), kit.learned("sdxl").data):
        pass


def test_rows_of_another_width_are_refused():
    import torch

    rows = {"clip_l": torch.zeros(2, 7), "clip_g": torch.zeros(2, tiny_models.TEXT_DIM)}
    with pytest.raises(ValueError, match="clip_l have 7 numbers each"), new_token(kit.sdxl(), "<odd>", rows):
        pass


def test_a_token_that_exists_is_refused():
    import torch

    rows = {key: torch.zeros(1, tiny_models.TEXT_DIM) for key in ("clip_l", "clip_g")}
    with pytest.raises(ValueError, match="take another token"), new_token(kit.sdxl(), "watercolour</w>", rows):
        pass


def test_a_file_of_somebody_else_is_refused():
    import torch
    from safetensors.torch import save

    with pytest.raises(ValueError, match="not a style learned here"):
        read_learned(save({"clip_l": torch.zeros(1, 2)}))
    with pytest.raises(ValueError, match="this is none"):
        read_learned(b"a picture")


def test_one_encoder_gives_a_file_that_one_call_loads():
    import torch
    from safetensors.torch import load

    data = learned_bytes({"clip_l": torch.ones(2, 4)}, {"token": "<s>", "encoders": "clip_l"})
    assert list(load(data)) == ["<s>"]
    assert list(read_learned(data)[0]) == ["clip_l"]
