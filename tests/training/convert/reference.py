"""LLaMA-VID written plainly over the originals' names, from its description: what a conversion must equal.

    tokens = frame_tokens(weights, pixels, question, mask)      # (F, 3, h, w), (L,), (L,) -> (F, 2, H)

Nothing here is fast, and nothing of the product is used.
"""

import math
from typing import Any

import torch
from torch.nn import functional as nn

Weights = dict[str, torch.Tensor]


def _linear(weights: Weights, name: str, x: torch.Tensor) -> torch.Tensor:
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def _norm(weights: Weights, name: str, x: torch.Tensor, eps: float) -> torch.Tensor:
    mean = x.mean(-1, keepdim=True)
    variance = ((x - mean) ** 2).mean(-1, keepdim=True)
    return (x - mean) / torch.sqrt(variance + eps) * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def _attend(query: Any, key: Any, value: Any, heads: int, mask: torch.Tensor | None = None) -> torch.Tensor:
    """(B, L, D) each; mask (B, S) of what may be looked at."""
    split = [one.unflatten(-1, (heads, -1)).transpose(1, 2) for one in (query, key, value)]
    scores = split[0] @ split[1].transpose(-1, -2) / math.sqrt(split[0].shape[-1])
    if mask is not None:
        scores = scores.masked_fill(mask[:, None, None] == 0, -1e9)
    return (scores.softmax(-1) @ split[2]).transpose(1, 2).flatten(2)


def eva(weights: Weights, pixels: torch.Tensor, at: str, blocks: int) -> torch.Tensor:
    """EVA's ViT-g without a last norm: (F, 3, h, w) -> (F, 1 + P, D)."""
    kernel = weights[f"{at}patch_embed.proj.weight"]
    patches = nn.conv2d(pixels, kernel, weights[f"{at}patch_embed.proj.bias"], stride=kernel.shape[-1])
    patches = patches.flatten(2).transpose(1, 2)
    x = torch.cat([weights[f"{at}cls_token"].expand(len(patches), -1, -1), patches], dim=1)
    x = x + weights[f"{at}pos_embed"]
    heads = x.shape[-1] // 88
    for number in range(blocks):
        here = f"{at}blocks.{number}."
        seen = _norm(weights, f"{here}norm1", x, 1e-6)
        query, key, value = (seen @ weights[f"{here}attn.qkv.weight"].T).chunk(3, dim=-1)
        mixed = _attend(query + weights[f"{here}attn.q_bias"], key, value + weights[f"{here}attn.v_bias"], heads)
        x = x + _linear(weights, f"{here}attn.proj", mixed)
        seen = _norm(weights, f"{here}norm2", x, 1e-6)
        x = x + _linear(weights, f"{here}mlp.fc2", nn.gelu(_linear(weights, f"{here}mlp.fc1", seen)))
    return x


def _bert_attention(weights: Weights, at: str, x: torch.Tensor, seen: torch.Tensor, mask: Any) -> torch.Tensor:
    query, key, value = (
        _linear(weights, f"{at}self.{name}", one) for name, one in (("query", x), ("key", seen), ("value", seen))
    )
    mixed = _linear(weights, f"{at}output.dense", _attend(query, key, value, x.shape[-1] // 64, mask))
    return _norm(weights, f"{at}output.LayerNorm", x + mixed, 1e-12)


def _bert_mlp(weights: Weights, at: str, end: str, x: torch.Tensor) -> torch.Tensor:
    middle = nn.gelu(_linear(weights, f"{at}intermediate{end}.dense", x))
    return _norm(weights, f"{at}output{end}.LayerNorm", x + _linear(weights, f"{at}output{end}.dense", middle), 1e-12)


def qformer(weights: Weights, frames: torch.Tensor, question: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Queries that read the question and look at the frame in every second layer: (F, P, D) -> (F, Q, W)."""
    at = "model.vlm_att_encoder.bert."
    queries = weights["model.vlm_att_query"].expand(len(frames), -1, -1)
    words = weights[f"{at}embeddings.word_embeddings.weight"][question]
    words = words + weights[f"{at}embeddings.position_embeddings.weight"][: len(question)]
    x = torch.cat([queries, words.expand(len(frames), -1, -1)], dim=1)
    x = _norm(weights, f"{at}embeddings.LayerNorm", x, 1e-12)
    count = queries.shape[1]
    seen_by = torch.cat([torch.ones(count), mask.float()]).expand(len(frames), -1)
    layers = 1 + max(int(name.split(".")[5]) for name in weights if name.startswith(f"{at}encoder.layer."))
    for number in range(layers):
        here = f"{at}encoder.layer.{number}."
        x = _bert_attention(weights, f"{here}attention.", x, x, seen_by)
        asked, read = x[:, :count], x[:, count:]
        if number % 2 == 0:
            asked = _bert_attention(weights, f"{here}crossattention.", asked, frames, None)
        x = torch.cat([_bert_mlp(weights, here, "_query", asked), _bert_mlp(weights, here, "", read)], dim=1)
    return x[:, :count]


def frame_tokens(weights: Weights, features: torch.Tensor, question: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The context token and the mean of the patches, each projected: features (F, 1 + P, D) -> (F, 2, H)."""
    asked = qformer(weights, _norm(weights, "model.vlm_att_ln", features, 1e-5), question, mask)
    patches = features[:, 1:]
    text = _linear(weights, "model.vlm_att_projector", asked)
    keys = _linear(weights, "model.vlm_att_key_projector", patches)
    scores = text @ keys.transpose(1, 2) / math.sqrt(patches.shape[-1])
    context = _linear(weights, "model.vlm_att_val_projector", (scores.softmax(-1) @ patches).mean(1, keepdim=True))
    content = nn.gelu(_linear(weights, "model.mm_projector.0", patches.mean(1, keepdim=True)))
    return torch.cat([context, _linear(weights, "model.mm_projector.2", content)], dim=1)


def llama(weights: Weights, config: dict[str, Any], rope: dict[str, Any] | None = None) -> Any:
    """The language model of transformers with a checkpoint's weights."""
    from transformers import LlamaConfig, LlamaForCausalLM

    names = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "vocab_size")
    sizes = {name: config[name] for name in names}
    model = LlamaForCausalLM(LlamaConfig(**sizes, rms_norm_eps=config["rms_norm_eps"], rope_parameters=rope))
    own = model.state_dict()
    model.load_state_dict({name: weights[name] for name in own})
    return model.eval()


def spliced(model: Any, before: list[int], tokens: torch.Tensor, after: list[int]) -> torch.Tensor:
    """Logits of a row as the originals make it: frames put between the embeddings of words."""
    words = model.get_input_embeddings()
    parts = [words(torch.tensor(before)), tokens.flatten(0, 1), words(torch.tensor(after))]
    with torch.no_grad():
        return model(inputs_embeds=torch.cat(parts)[None]).logits[0]
