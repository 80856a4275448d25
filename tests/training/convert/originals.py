"""Checkpoints in the originals' layouts: names and shapes as they were published, sizes as asked, random weights.

    shapes = llama_vid_shapes(PUBLISHED)                  # name -> shape, 7B; nothing is made
    save_llama_vid(folder, TINY)                          # pytorch_model-0000x-of-0000y.bin, index, config, tokenizer
    save_vicuna(folder, TINY); save_projector(file, TINY); save_lora(folder, TINY, seed=2)

The names are those that the original code gives its modules; the weights mean nothing.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Size:
    """How large."""

    hidden: int
    middle: int
    layers: int
    heads: int
    vocab: int
    eva: int
    eva_middle: int
    eva_blocks: int
    patch: int
    grid: int
    bert: int
    bert_middle: int
    bert_layers: int
    bert_words: int
    queries: int
    clip: int


PUBLISHED = Size(4096, 11008, 32, 32, 32000, 1408, 6144, 39, 14, 16, 768, 3072, 12, 30523, 32, 768)
PUBLISHED_13B = Size(5120, 13824, 40, 40, 32000, 1408, 6144, 39, 14, 16, 768, 3072, 12, 30523, 32, 768)
TINY = Size(32, 48, 2, 2, 60, 176, 96, 2, 4, 4, 128, 96, 2, 31, 4, 24)


def llama_shapes(size: Size) -> Shapes:
    """Vicuna."""
    shapes: Shapes = {"model.embed_tokens.weight": (size.vocab, size.hidden)}
    square, up, down = (size.hidden, size.hidden), (size.middle, size.hidden), (size.hidden, size.middle)
    for layer in range(size.layers):
        at = f"model.layers.{layer}."
        shapes |= {f"{at}self_attn.{name}_proj.weight": square for name in "qkvo"}
        shapes |= {f"{at}mlp.gate_proj.weight": up, f"{at}mlp.up_proj.weight": up, f"{at}mlp.down_proj.weight": down}
        shapes |= {f"{at}{name}_layernorm.weight": (size.hidden,) for name in ("input", "post_attention")}
        shapes[f"{at}self_attn.rotary_emb.inv_freq"] = (size.hidden // size.heads // 2,)
    return shapes | {"model.norm.weight": (size.hidden,), "lm_head.weight": (size.vocab, size.hidden)}


def _linear(name: str, out: int, wide: int) -> Shapes:
    return {f"{name}.weight": (out, wide), f"{name}.bias": (out,)}


def _norm(name: str, wide: int) -> Shapes:
    return {f"{name}.weight": (wide,), f"{name}.bias": (wide,)}


def bert_shapes(size: Size) -> Shapes:
    """The Q-Former of LLaMA-VID: a BERT whose every second layer looks at the frame."""
    at, wide = "model.vlm_att_encoder.bert.", size.bert
    shapes: Shapes = {
        f"{at}embeddings.position_ids": (1, 512),
        f"{at}embeddings.word_embeddings.weight": (size.bert_words, wide),
        f"{at}embeddings.position_embeddings.weight": (512, wide),
        **_norm(f"{at}embeddings.LayerNorm", wide),
    }
    for layer in range(size.bert_layers):
        here = f"{at}encoder.layer.{layer}."
        for kind in ("attention", "crossattention")[: 2 - layer % 2]:
            seen = size.eva if kind == "crossattention" else wide
            shapes |= _linear(f"{here}{kind}.self.query", wide, wide)
            shapes |= _linear(f"{here}{kind}.self.key", wide, seen) | _linear(f"{here}{kind}.self.value", wide, seen)
            shapes |= _linear(f"{here}{kind}.output.dense", wide, wide) | _norm(f"{here}{kind}.output.LayerNorm", wide)
        for end in ("", "_query"):
            shapes |= _linear(f"{here}intermediate{end}.dense", size.bert_middle, wide)
            shapes |= _linear(f"{here}output{end}.dense", wide, size.bert_middle)
            shapes |= _norm(f"{here}output{end}.LayerNorm", wide)
    return shapes


def eva_shapes(size: Size, extra_blocks: int = 0) -> Shapes:
    """EVA's ViT-g; `extra_blocks` behind those that LLaMA-VID takes."""
    wide, middle = size.eva, size.eva_middle
    shapes: Shapes = {
        "cls_token": (1, 1, wide),
        "pos_embed": (1, size.grid**2 + 1, wide),
        "patch_embed.proj.weight": (wide, 3, size.patch, size.patch),
        "patch_embed.proj.bias": (wide,),
    }
    for block in range(size.eva_blocks + extra_blocks):
        at = f"blocks.{block}."
        shapes |= _norm(f"{at}norm1", wide) | _norm(f"{at}norm2", wide) | _linear(f"{at}attn.proj", wide, wide)
        shapes |= {f"{at}attn.q_bias": (wide,), f"{at}attn.v_bias": (wide,), f"{at}attn.qkv.weight": (3 * wide, wide)}
        shapes |= _linear(f"{at}mlp.fc1", middle, wide) | _linear(f"{at}mlp.fc2", wide, middle)
    return shapes


def attention_shapes(size: Size) -> Shapes:
    """What LLaMA-VID adds to a language model."""
    shapes = _linear("model.mm_projector.0", size.hidden, size.eva)
    shapes |= _linear("model.mm_projector.2", size.hidden, size.hidden)
    shapes |= _linear("model.vlm_att_projector", size.eva, size.bert)
    shapes |= _linear("model.vlm_att_key_projector", size.eva, size.eva)
    shapes |= _linear("model.vlm_att_val_projector", size.hidden, size.eva)
    shapes |= {"model.vlm_att_query": (1, size.queries, size.bert), **_norm("model.vlm_att_ln", size.eva)}
    return shapes | bert_shapes(size)


def llama_vid_shapes(size: Size, tower: bool = True) -> Shapes:
    """A whole checkpoint."""
    eva = {f"model.vision_tower.vision_tower.{name}": shape for name, shape in eva_shapes(size).items()}
    return llama_shapes(size) | attention_shapes(size) | (eva if tower else {})


def vtimellm_shapes(size: Size) -> Shapes:
    """Its projector."""
    return _linear("model.mm_projector", size.hidden, size.clip)


def lora_shapes(size: Size, rank: int) -> Shapes:
    """An adapter of all linear layers but the head."""
    shapes: Shapes = {}
    for name, shape in llama_shapes(size).items():
        if name.endswith("_proj.weight"):
            at = f"base_model.model.{name.removesuffix('.weight')}"
            shapes |= {f"{at}.lora_A.weight": (rank, shape[1]), f"{at}.lora_B.weight": (shape[0], rank)}
    return shapes


def llama_config(size: Size, **more: Any) -> dict[str, Any]:
    """config.json as transformers 4.31 wrote it."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": size.hidden,
        "intermediate_size": size.middle,
        "num_hidden_layers": size.layers,
        "num_attention_heads": size.heads,
        "num_key_value_heads": size.heads,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-05,
        "max_position_embeddings": 4096,
        "vocab_size": size.vocab,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 0,
        "rope_scaling": None,
        "tie_word_embeddings": False,
        **more,
    }


def llama_vid_config(size: Size, **more: Any) -> dict[str, Any]:
    """What LLaMA-VID adds to it."""
    added = {
        "architectures": ["LlavaLlamaAttForCausalLM"],
        "model_type": "llava",
        "bert_type": "qformer_pretrain",
        "compress_type": "mean",
        "mm_hidden_size": size.eva,
        "mm_projector_type": "mlp2x_gelu",
        "mm_vision_select_feature": "patch",
        "mm_vision_select_layer": -2,
        "mm_vision_tower": "./model_zoo/LAVIS/eva_vit_g.pth",
        "num_query": size.queries,
    }
    return llama_config(size, **{**added, **more})


def random_weights(shapes: Shapes, seed: int, scale: float = 0.3) -> dict[str, Any]:
    """Tensors of these shapes; `position_ids` count."""
    import torch

    source = torch.Generator().manual_seed(seed)
    weights = {name: scale * torch.randn(shape, generator=source) for name, shape in shapes.items()}
    for name in weights:
        if name.endswith("position_ids"):
            weights[name] = torch.arange(weights[name].shape[1])[None]
    return weights


def save_shards(folder: Path, weights: dict[str, Any], shards: int) -> None:
    """pytorch_model-0000x-of-0000y.bin and their index."""
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    names = list(weights)
    places = {}
    for shard in range(shards):
        file = f"pytorch_model-{shard + 1:05d}-of-{shards:05d}.bin"
        mine = names[shard::shards]
        torch.save({name: weights[name] for name in mine}, folder / file)
        places |= dict.fromkeys(mine, file)
    index = {"metadata": {"total_size": 0}, "weight_map": places}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))


def save_tokenizer(folder: Path, size: Size) -> None:
    """A tokenizer of as many words as the table has rows."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = ["<unk>", "<s>", "</s>", *(f"w{number}" for number in range(size.vocab - 3))]
    backend = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    special = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
    PreTrainedTokenizerFast(tokenizer_object=backend, **special).save_pretrained(folder)


def save_bert_words(folder: Path, size: Size) -> None:
    """BERT's vocabulary without the token that LLaMA-VID adds to it."""
    from transformers import BertTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = [*special, *(f"w{number}" for number in range(size.bert_words - 1 - len(special)))]
    BertTokenizerFast(vocab={word: number for number, word in enumerate(words)}).save_pretrained(folder)


def save_config(folder: Path, config: dict[str, Any]) -> None:
    """config.json."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))


def save_llama_vid(folder: Path, size: Size, tower: bool = True, **config: Any) -> dict[str, Any]:
    """A whole checkpoint; its weights."""
    weights = random_weights(llama_vid_shapes(size, tower), seed=1)
    save_shards(folder, weights, shards=3)
    save_config(folder, llama_vid_config(size, **config))
    save_tokenizer(folder, size)
    return weights


def save_vicuna(folder: Path, size: Size) -> dict[str, Any]:
    """A base; its weights."""
    weights = random_weights(llama_shapes(size), seed=5)
    save_shards(folder, weights, shards=2)
    save_config(folder, llama_config(size))
    save_tokenizer(folder, size)
    return weights


def save_lora(folder: Path, size: Size, seed: int, rank: int = 3, alpha: int = 6, **config: Any) -> dict[str, Any]:
    """An adapter as peft 0.4 wrote it; its weights."""
    import torch

    weights = random_weights(lora_shapes(size, rank), seed)
    folder.mkdir(parents=True)
    torch.save(weights, folder / "adapter_model.bin")
    torch.save({}, folder / "non_lora_trainables.bin")
    targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    plain = {"bias": "none", "fan_in_fan_out": False, "modules_to_save": None, "task_type": "CAUSAL_LM"}
    settings = {"peft_type": "LORA", "r": rank, "lora_alpha": alpha, "lora_dropout": 0.05, "target_modules": targets}
    settings |= plain | {"base_model_name_or_path": "./checkpoints/vicuna-7b-v1.5"} | config
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    return weights
