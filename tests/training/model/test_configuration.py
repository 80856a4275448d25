"""The settings of the model."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.training.model import MovieLLMConfig
from tests.training.model.tiny import config, text_config, vision_config


@pytest.mark.parametrize(
    ("chosen", "tokens"),
    [
        ({"compressor": "cls"}, 1),
        ({"compressor": "pool", "pool_side": None}, 16),
        ({"compressor": "pool", "pool_side": 3}, 9),
        ({"compressor": "context_content", "pool_side": None}, 2),
        ({"compressor": "context_content", "pool_side": 2}, 5),
    ],
)
def test_tokens_a_frame_follow_from_the_compressor(chosen: dict, tokens: int) -> None:
    assert config(**chosen).tokens_per_frame == tokens


def test_a_saved_config_comes_back_the_same(tmp_path) -> None:
    made = config(text="qwen3", vision="siglip", compressor="context_content", context_tokens=65_536, time="additive")
    made.save_pretrained(tmp_path)
    assert MovieLLMConfig.from_pretrained(tmp_path).to_dict() == made.to_dict()


def test_positions_are_scaled_to_64k_as_llama_vid_does() -> None:
    made = config(context_tokens=65_536)
    assert made.text_config.rope_parameters == {"rope_type": "linear", "factor": 16.0, "rope_theta": 10_000.0}
    assert made.longest_row == 65_536


@settings(max_examples=12)
@given(st.integers(4097, 2_000_000), st.sampled_from(["linear", "dynamic", "yarn"]))
def test_scaling_twice_is_scaling_once(tokens: int, rope_type: str) -> None:
    once = config(context_tokens=tokens, rope_type=rope_type).text_config
    again = config(text_config=text_config(rope_parameters=dict(once.rope_parameters)), context_tokens=None)
    again.text_config.max_position_embeddings = once.max_position_embeddings
    twice = MovieLLMConfig(text_config=again.text_config, context_tokens=tokens, rope_type=rope_type)
    assert twice.text_config.rope_parameters == once.rope_parameters
    assert once.rope_parameters["factor"] == tokens / 4096


def test_a_model_that_is_long_enough_is_left_alone() -> None:
    assert config(context_tokens=2048).text_config.rope_parameters["rope_type"] == "default"


def test_positions_that_cannot_be_scaled_are_said() -> None:
    from transformers import GPT2Config

    with pytest.raises(ValueError, match="positions of a gpt2 config .* cannot be scaled"):
        MovieLLMConfig(text_config=GPT2Config(), context_tokens=65_536)


def test_the_vision_part_of_a_whole_clip_is_taken() -> None:
    from transformers import CLIPConfig

    whole = CLIPConfig(vision_config=vision_config().to_dict())
    assert MovieLLMConfig(vision_config=whole, text_config=text_config()).vision_config.hidden_size == 32


def test_it_names_the_text_config_of_trl() -> None:
    made = config()
    assert made.get_text_config() is made.text_config


def test_tied_embeddings_are_the_language_models() -> None:
    assert config(text_config=text_config(tie_word_embeddings=True)).tie_word_embeddings


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"compressor": "qformer"}, "`compressor` is 'qformer': it can be `cls`, `pool`, `context_content`"),
        ({"projector": "mlp"}, "`projector` is 'mlp': it can be `linear`, `mlp2x_gelu`"),
        ({"time": "3d"}, "`time` is '3d'"),
        ({"pool_side": 0}, "`pool_side` is 0"),
        ({"rope_type": "ntk"}, "`rope_type` is 'ntk'"),
        ({"time_token_ids": [1, 2]}, "has 2 ids for 100 time steps"),
        ({"compressor": "context_content", "guide_heads": 5}, "cannot be split among 5 heads"),
        ({"compressor": "context_content", "guide": "qformer"}, "needs `guide_config`"),
    ],
)
def test_a_wrong_setting_is_said_with_what_is_allowed(chosen: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        config(**chosen)
