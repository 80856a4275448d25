"""The decoder's training pass in few large operations: the same arithmetic as the model's own, in half the time.

    compact = Compact(model)                    # the model of model.py
    compact.loss(rows).backward()               # rows of packing.py
    compact.stacks, compact.rest                # what is trained
    compact.store()                             # back into the model

On a CPU a model this small spends its time in thousands of small calls. Here matrices of one shape are one tensor,
cast to bfloat16 at once; those that read the same input are one product; nothing is padded within a batch or copied
between turns; and behind the last attention only tokens that are learned go on. It answers nothing.
"""

from typing import Any

import torch
from torch.nn import functional

from moviellm.training.proof.operations import gated, unit
from moviellm.training.proof.packing import Rows

Shape = tuple[int, ...]


class Compact:
    """A model's decoder, its matrices in stacks."""

    def __init__(self, model: Any, dtype: torch.dtype = torch.bfloat16) -> None:
        """`dtype`: of products; sums along layers stay in float32."""
        text = model.config.get_text_config()
        self.model, self.dtype, self.eps = model, dtype, text.norm_eps
        self.heads, self.layers = text.num_attention_heads, model.model.language_model.layers
        self.blocks: dict[Shape, list[list[Any]]] = {}
        """Matrices by shape; those that read the same input together."""
        for layer in self.layers:
            for block in _matrices(layer):
                self.blocks.setdefault(tuple(block[0].shape), []).append(block)
        self.stacks = {
            shape: torch.nn.Parameter(torch.stack([one.detach() for block in blocks for one in block]))
            for shape, blocks in self.blocks.items()
        }
        stacked = {id(one) for blocks in self.blocks.values() for block in blocks for one in block}
        self.rest = [one for one in model.parameters() if id(one) not in stacked]
        self._angles(model, text.max_position_embeddings)

    def _angles(self, model: Any, positions: int) -> None:
        frequencies = model.model.language_model.rotary_emb.inv_freq.float()
        angles = torch.arange(positions)[:, None].float() * frequencies[None]
        self.cosines = torch.cat([angles.cos(), angles.cos()], 1)
        self.sines = torch.cat([-angles.sin(), angles.sin()], 1)

    @torch.no_grad()
    def store(self) -> None:
        """Write the stacks back into the model."""
        for shape, blocks in self.blocks.items():
            own = [one for block in blocks for one in block]
            for one, trained in zip(own, self.stacks[shape], strict=True):
                one.copy_(trained)

    def loss(self, rows: Rows) -> torch.Tensor:
        """Mean cross entropy of what is learned."""
        return functional.cross_entropy(self.logits(rows), rows.labels)

    def logits(self, rows: Rows) -> torch.Tensor:
        """At the tokens whose next one is learned, (learned, words)."""
        weights, seen = self._weights(), self._embedded(rows)
        cosines, sines = self.cosines[rows.positions][:, None], self.sines[rows.positions][:, None]
        for number, layer in enumerate(self.layers):
            normed = unit(seen, self.eps, self.dtype) * layer.operator_norm.weight.to(self.dtype)
            if layer.is_attention_layer:
                made = self._attention(layer.self_attn, normed, weights, rows, cosines, sines)
                out = layer.self_attn.out_proj.weight
            else:
                made, out = self._convolution(layer.conv, normed, weights, rows), layer.conv.out_proj.weight
            if number == len(self.layers) - 1:
                seen, made = seen.index_select(0, rows.learned), made.index_select(0, rows.learned)
            seen = seen + functional.linear(made, weights[id(out)])
            normed = unit(seen, self.eps, self.dtype) * layer.ffn_norm.weight.to(self.dtype)
            both = functional.linear(normed, weights[id(layer.feed_forward.w1.weight)])
            seen = seen + functional.linear(gated(both), weights[id(layer.feed_forward.w2.weight)])
        last = unit(seen, self.eps, torch.float32) * self.model.model.language_model.embedding_norm.weight
        return functional.linear(last, self.model.lm_head.weight)

    def _weights(self) -> dict[int, torch.Tensor]:
        """Matrices as products take them, by the id of the model's own; the first one's for those that go together."""
        found = dict[int, torch.Tensor]()
        for shape, blocks in self.blocks.items():
            parts = self.stacks[shape].to(self.dtype).split([len(block) for block in blocks])
            found |= {id(block[0]): part.reshape(-1, shape[1]) for block, part in zip(blocks, parts, strict=True)}
        return found

    def _embedded(self, rows: Rows) -> torch.Tensor:
        """(N, H): words, and frames, which are added to the words of their times."""
        words = functional.embedding(rows.ids, self.model.get_input_embeddings().weight)
        frames = self.model.model.compressor(rows.features[:, None])[:, 0]
        return words.index_add(0, rows.frames, frames)

    def _convolution(
        self, layer: Any, normed: torch.Tensor, weights: dict[int, torch.Tensor], rows: Rows
    ) -> torch.Tensor:
        before, behind, value = functional.linear(normed, weights[id(layer.in_proj.weight)]).chunk(3, -1)
        held = functional.pad(before * value, (0, 0, 1, 0))
        kernel = layer.conv.weight[:, 0].to(self.dtype).unbind(1)[::-1]
        made = held[1:] * kernel[0]
        for earlier, weight in zip(rows.earlier, kernel[1:], strict=True):
            made = torch.addcmul(made, held.index_select(0, earlier), weight)
        return behind * made

    def _attention(
        self,
        layer: Any,
        normed: torch.Tensor,
        weights: dict[int, torch.Tensor],
        rows: Rows,
        cosines: torch.Tensor,
        sines: torch.Tensor,
    ) -> torch.Tensor:
        width, shape = layer.head_dim, (len(rows.positions), rows.tokens, 3, self.heads, layer.head_dim)
        joined = functional.linear(normed, weights[id(layer.q_proj.weight)]).view(shape)
        both, value = joined.permute(2, 0, 3, 1, 4).contiguous().split([2, 1])
        both = unit(both, self.eps, self.dtype)
        scales = torch.stack([layer.q_layernorm.weight * layer.scaling, layer.k_layernorm.weight])[:, None, None, None]
        along, across = (cosines * scales).to(self.dtype), (sines * scales.roll(width // 2, -1)).to(self.dtype)
        query, key = torch.addcmul(both * along, both.roll(width // 2, -1), across).flatten(1, 2).unbind()
        likeness = torch.baddbmm(rows.unseen, query, key.mT)
        made = likeness.softmax(-1) @ value[0].flatten(0, 1)
        return made.view(shape[0], self.heads, rows.tokens, width).transpose(1, 2).reshape(len(normed), -1)


def _matrices(layer: Any) -> list[list[Any]]:
    """A layer's matrices, those that read the same input and have one shape together."""
    forward = layer.feed_forward
    own = [[forward.w1.weight, forward.w3.weight], [forward.w2.weight]]
    if layer.is_attention_layer:
        seeing = layer.self_attn
        together = [seeing.q_proj.weight, seeing.k_proj.weight, seeing.v_proj.weight]
        return [together, [seeing.out_proj.weight], *own]
    return [[layer.conv.in_proj.weight], [layer.conv.out_proj.weight], *own]
