"""The model: what goes in, what comes out, and the contracts it keeps."""

import pytest
import torch

from moviellm.training.model import MovieLLMForConditionalGeneration
from tests.training.model.tiny import features, film, text_config, tiny

torch.set_num_threads(1)
FRAME_ID = 3
SOME = [
    pytest.param("llama", "clip", "pool", "text", id="llama-clip-pool"),
    pytest.param("qwen3", "siglip", "cls", "additive", id="qwen3-siglip-cls"),
    pytest.param("lfm2", "clip", "context_content", "index", id="lfm2-clip-context"),
]


def batch(words, *frames: int, side: str = "left"):
    return words(
        text=["<video>\nwho is it ?"] * len(frames),
        videos=[film(count, ("red", "green", "blue")[number % 3]) for number, count in enumerate(frames)],
        questions=["who is it ?"] * len(frames),
        padding=True,
        padding_side=side,
        return_tensors="pt",
    )


@pytest.mark.parametrize(("text", "vision", "compressor", "time"), SOME)
def test_hidden_states_stand_one_to_one_beside_the_ids(text: str, vision: str, compressor: str, time: str) -> None:
    model, words = tiny(text=text, vision=vision, compressor=compressor, time=time)
    made = batch(words, 2, 3)
    hidden = model.model(**made).last_hidden_state
    assert hidden.shape[:2] == made["input_ids"].shape


@pytest.mark.parametrize(("text", "vision", "compressor", "time"), SOME)
def test_answers_are_the_same_with_and_without_the_cache(text: str, vision: str, compressor: str, time: str) -> None:
    model, words = tiny(text=text, vision=vision, compressor=compressor, time=time)
    made = batch(words, 2, 3)
    settings = {"max_new_tokens": 5, "do_sample": False, "eos_token_id": None}
    cached = model.generate(**made, **settings, use_cache=True)
    assert torch.equal(cached, model.generate(**made, **settings, use_cache=False))
    assert cached.shape[1] == made["input_ids"].shape[1] + 5


def test_films_are_seen_in_the_first_step_only() -> None:
    model, words = tiny(compressor="pool")
    seen = []
    model.model.vision_tower.register_forward_hook(lambda *_: seen.append(1))
    model.generate(**batch(words, 2), max_new_tokens=4, do_sample=False, eos_token_id=None)
    assert len(seen) == 1


@pytest.mark.parametrize("way", [{"num_beams": 2}, {"num_return_sequences": 2, "do_sample": True}])
def test_every_beam_sees_its_own_film(way: dict) -> None:
    model, words = tiny(compressor="context_content", time="additive")
    made = batch(words, 2, 3)
    torch.manual_seed(1)
    out = model.generate(**made, **way, max_new_tokens=3)
    assert len(out) == 2 * way.get("num_return_sequences", 1)
    _, inputs = model._expand_inputs_for_generation(expand_size=2, **made)
    with torch.no_grad():
        expanded, plain = model(**inputs, input_ids=made["input_ids"].repeat_interleave(2, 0)), model(**made)
    assert torch.allclose(expanded.logits, plain.logits.repeat_interleave(2, 0), atol=1e-5)


def test_rows_see_their_own_films_only() -> None:
    model, words = tiny(compressor="pool")
    both = model(**batch(words, 3, 3)).logits
    other = batch(words, 3, 3)
    other["pixel_values"][3:] = 0
    assert torch.equal(both[0], model(**other).logits[0])
    assert not torch.equal(both[1], model(**other).logits[1])


def test_features_give_what_pixels_give() -> None:
    model, words = tiny(compressor="pool")
    made = batch(words, 3)
    expected = model(**made).logits
    pixels = made.pop("pixel_values")
    with torch.no_grad():
        seen = model.model.frame_features(pixels)
    assert torch.allclose(model(**made, frame_features=seen).logits, expected, atol=1e-6)


def test_a_model_without_a_tower_takes_features() -> None:
    model, words = tiny(vision=None, compressor="pool")
    made = words(text="<video>", videos=[{**film(2), "frames": None, "features": features(2)}], return_tensors="pt")
    assert model(**made).logits.shape[:2] == made["input_ids"].shape
    with pytest.raises(ValueError, match="no vision tower: feed `frame_features`"):
        model(**batch(words, 2))


def test_frames_at_once_change_rounding_only() -> None:
    model, words = tiny(compressor="context_content")
    made = batch(words, 5, 4)
    whole = model(**made).logits
    model.config.frames_at_once = 2
    assert torch.allclose(model(**made).logits, whole, atol=1e-5)


@pytest.mark.parametrize("source", ["pooled", "hidden", "projected"])
def test_cls_comes_from_where_it_is_asked(source: str) -> None:
    model, _ = tiny(compressor="cls", cls_from=source)
    pixels = torch.randn(2, 3, 16, 16)
    tower = model.model.vision_tower
    with torch.no_grad():
        out = tower.encoder(pixel_values=pixels, output_hidden_states=True)
        expected = {"pooled": out.pooler_output, "hidden": out.hidden_states[-2][:, 0]}
        if source == "projected":
            expected["projected"] = out.pooler_output @ tower.projection.weight.T
        assert torch.equal(model.model.frame_features(pixels)[:, 0], expected[source])
    assert model.config.feature_size == (24 if source == "projected" else 32)


@pytest.mark.parametrize("own_tokens", [False, True])
def test_additive_times_tell_frames_apart(own_tokens: bool) -> None:
    ids = list(range(100, 200)) if own_tokens else None
    model, words = tiny(compressor="cls", time="additive", time_token_ids=ids)
    made = batch(words, 2)
    made["pixel_values"][:] = 0
    there = made["input_ids"] == FRAME_ID
    tokens = model.model.embed_frames(made["pixel_values"], frame_time_ids=made["frame_time_ids"])
    table = model.get_input_embeddings().weight[100:] if own_tokens else model.model.time_table.weight
    assert int(there.sum()) == 2
    assert torch.allclose((tokens[1] - tokens[0])[0], table[50] - table[0], atol=1e-6)
    without = model.model.embed_frames(made["pixel_values"], frame_time_ids=torch.tensor([-1, -1]))
    assert torch.equal(without[0], without[1]), "a picture without a time gets none"


def test_loss_is_that_of_the_labelled_positions() -> None:
    model, words = tiny(compressor="cls")
    made = batch(words, 2, 2)
    labels = torch.full_like(made["input_ids"], -100)
    labels[:, -2:] = made["input_ids"][:, -2:]
    logits = model(**made).logits[:, -3:-1].flatten(0, 1)
    expected = torch.nn.functional.cross_entropy(logits, labels[:, -2:].flatten())
    assert torch.allclose(model(**made, labels=labels).loss, expected, atol=1e-6)
    assert torch.allclose(model(**made, labels=labels, num_items_in_batch=8).loss, expected * 4 / 8, atol=1e-6)
    model.train()
    trained = model(**made, labels=labels)
    assert trained.logits is None
    assert torch.allclose(trained.loss, expected, atol=1e-6)


def test_a_batch_without_labels_to_learn_has_no_loss_and_no_nan() -> None:
    model, words = tiny(compressor="cls")
    made = batch(words, 2)
    loss = model(**made, labels=torch.full_like(made["input_ids"], -100)).loss
    loss.backward()
    assert loss.item() == 0.0


def test_gradient_checkpointing_changes_no_gradient() -> None:
    grads = []
    for checkpointing in (False, True):
        model, words = tiny(compressor="context_content", time="additive")
        model.train()
        if checkpointing:
            model.activation_checkpointing_enable()
            assert any(getattr(module, "gradient_checkpointing", False) for module in model.modules())
        made = batch(words, 2, side="right")
        model(**made, labels=made["input_ids"]).loss.backward()
        grads.append({name: value.grad for name, value in model.named_parameters() if value.grad is not None})
    assert grads[0].keys() == grads[1].keys()
    assert all(torch.allclose(grads[0][name], grads[1][name], atol=1e-6) for name in grads[0])
    for part in ("vision_tower", "compressor.guide", "compressor.projector", "time_table", "language_model"):
        assert any(f"model.{part}" in name for name in grads[0]), f"{part} learns"


def test_a_frozen_tower_gets_no_gradient() -> None:
    model, words = tiny(compressor="pool")
    model.train().model.vision_tower.requires_grad_(False)
    made = batch(words, 2)
    model(**made, labels=made["input_ids"]).loss.backward()
    assert all(value.grad is None for value in model.model.vision_tower.parameters())
    assert model.model.compressor.projector[0].weight.grad is not None


def test_autocast_to_bf16_runs() -> None:
    model, words = tiny(compressor="context_content", time="additive")
    made = batch(words, 2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.isfinite(model(**made, labels=made["input_ids"]).loss)
    assert torch.isfinite(model.to(torch.bfloat16)(**made).logits).all()


def test_a_tied_head_is_the_embedding(tmp_path) -> None:
    model, _ = tiny(compressor="cls", text_config=text_config(tie_word_embeddings=True))
    assert model.lm_head.weight is model.get_input_embeddings().weight
    model.save_pretrained(tmp_path)
    again = MovieLLMForConditionalGeneration.from_pretrained(tmp_path)
    assert again.lm_head.weight is again.get_input_embeddings().weight
    assert torch.equal(again.lm_head.weight, model.lm_head.weight)


def test_a_language_model_that_names_its_embeddings_otherwise_is_tied_too() -> None:
    from transformers import GPT2Config

    small = GPT2Config(vocab_size=427, n_embd=32, n_layer=1, n_head=2, n_positions=128)
    model, words = tiny(compressor="cls", text_config=small)
    assert model.lm_head.weight is model.model.language_model.wte.weight
    assert model(**batch(words, 2)).logits.shape[-1] == 427


@pytest.mark.parametrize(
    "change",
    [
        lambda made: made | {"input_ids": made["input_ids"][:, 1:], "attention_mask": made["attention_mask"][:, 1:]},
        lambda made: made | {"pixel_values": made["pixel_values"][1:]},
        lambda made: made | {"frames_per_row": torch.tensor([3, 2])},
        lambda made: {name: value for name, value in made.items() if name not in {"pixel_values", "frames_per_row"}},
        lambda made: (
            {n: v for n, v in made.items() if n != "frames_per_row"} | {"pixel_values": torch.zeros(1, 3, 16, 16)}
        ),
    ],
    ids=["cut", "frame lost", "frames of another row", "column dropped", "too few frames"],
)
def test_features_that_do_not_match_are_an_error_that_trl_knows(change) -> None:
    model, words = tiny(compressor="pool", time="none")
    made = dict(words(text=["<video>", "<video>"], videos=[film(2), film(3)], padding=True, return_tensors="pt"))
    with pytest.raises(ValueError, match="^Image features and image tokens do not match"):
        model(**change(made))


def test_the_row_that_does_not_match_is_named() -> None:
    model, words = tiny(compressor="pool", time="none")
    made = words(text=["<video>", "<video>"], videos=[film(2), film(3)], padding=True, return_tensors="pt")
    made["input_ids"][1, -1] = 5
    with pytest.raises(ValueError, match="row 1 has 11 placeholders for 3 frames of 4 tokens, which is 12"):
        model(**made)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"frame_features": torch.zeros(2, 17, 32)}, "exactly one of them"),
        ({"pixel_values": None, "frame_features": torch.zeros(2, 17, 48)}, "48 wide and this model takes 32"),
        ({"question_ids": None}, "needs `question_ids`"),
        ({"frame_time_ids": None}, "needs `frame_time_ids`"),
        ({"input_ids": None}, "exactly one of `input_ids` and `inputs_embeds`"),
    ],
)
def test_inputs_that_are_missing_are_said(change: dict, said: str) -> None:
    model, words = tiny(compressor="context_content", time="additive")
    with pytest.raises(ValueError, match=said):
        model(**{**batch(words, 2), **change})


def test_a_film_of_one_frame_is_answered() -> None:
    model, words = tiny(compressor="context_content")
    assert model.generate(**batch(words, 1), max_new_tokens=2).shape[0] == 1


def test_lora_finds_its_layers() -> None:
    from peft import LoraConfig, get_peft_model

    model, words = tiny(compressor="pool")
    made = batch(words, 2)
    expected = model(**made).logits
    wrapped = get_peft_model(model, LoraConfig(r=2, target_modules="all-linear", modules_to_save=["compressor"]))
    assert torch.allclose(wrapped(**made).logits, expected, atol=1e-6), "a new adapter changes nothing"
    tuned = {name for name, value in wrapped.named_parameters() if value.requires_grad}
    assert any("language_model.layers.0.self_attn.q_proj.lora_A" in name for name in tuned)
    assert any("compressor.modules_to_save" in name for name in tuned)
    assert not any("lm_head" in name for name in tuned)
    wrapped(**made, labels=made["input_ids"]).loss.backward()


def test_trls_fused_head_gives_the_same_loss() -> None:
    from trl.trainer.utils import add_fused_lm_head

    model, words = tiny(compressor="pool", text="qwen3")
    made = batch(words, 2, 3)
    labels = made["input_ids"].masked_fill(made["input_ids"] == FRAME_ID, -100)
    labels = labels.masked_fill(made["attention_mask"] == 0, -100)
    expected = model(**made, labels=labels).loss
    answers = model.generate(**made, max_new_tokens=3, do_sample=False)
    add_fused_lm_head(model)
    fused = model(**made, labels=labels, fused_lm_head=True)
    assert torch.allclose(fused.loss, expected, atol=1e-5)
    fused.loss.backward()
    assert model.model.compressor.projector[0].weight.grad is not None
    assert torch.equal(model.generate(**made, max_new_tokens=3, do_sample=False), answers)


def test_a_soft_cap_and_a_scale_of_the_language_model_are_kept() -> None:
    from transformers import AutoModelForCausalLM, Gemma2Config, GraniteConfig

    sizes = {"vocab_size": 427, "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1}
    sizes |= {"num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 16, "pad_token_id": 0}
    for small in (
        Gemma2Config(**sizes, final_logit_softcapping=0.5, bos_token_id=1, eos_token_id=2),
        GraniteConfig(**{name: value for name, value in sizes.items() if name != "head_dim"}, logits_scaling=8.0),
    ):
        model, _ = tiny(compressor="cls", text_config=small)
        alone = AutoModelForCausalLM.from_config(small).eval()
        alone.base_model.load_state_dict(model.model.language_model.state_dict())
        alone.lm_head.weight = model.lm_head.weight
        ids = torch.tensor([[5, 6, 7, 8]])
        assert torch.allclose(model(input_ids=ids).logits, alone(input_ids=ids).logits, atol=1e-5)


@pytest.mark.slow
def test_a_film_of_20_000_frames_is_answered() -> None:
    model, words = tiny(
        compressor="cls", time="index", context_tokens=65_536, processor_settings={"frames_per_stamp": 100}
    )
    cached = torch.zeros(20_000, 1, 32, dtype=torch.float16)
    times = [float(second) for second in range(20_000)]
    long = {"frames": None, "features": cached, "times_s": times, "duration_s": 20_000.0}
    made = words(text="<video>\nwho is it ?", videos=[long], return_tensors="pt")
    out = model.generate(**made, max_new_tokens=2, do_sample=False, eos_token_id=None)
    assert out.shape[1] == made["input_ids"].shape[1] + 2 > 20_000
