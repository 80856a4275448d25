"""What a question asks of a frame: the queries of the compressor `context_content`.

    guide = build_guide(config)
    queries, mask = guide(features, question, question_mask)      # one set of queries a frame

Two are there: the question's own embeddings with cross attention to the frame, and the Q-Former of InstructBLIP that
LLaMA-VID starts from, whose questions are ids of a BERT vocabulary.
"""

import torch
from torch import nn

from moviellm.training.model.configuration import MovieLLMConfig


class AttentionGuide(nn.Module):
    """The question in the language model's embeddings, brought to the frame's width, looking at the frame."""

    reads_ids = False
    """It takes embeddings of the language model, not ids."""

    def __init__(self, config: MovieLLMConfig) -> None:
        super().__init__()
        self.width = int(config.feature_size or 0)
        self.start = nn.Linear(config.text_config.hidden_size, self.width)
        self.layers = nn.ModuleList(GuideLayer(self.width, config.guide_heads) for _ in range(config.guide_layers))

    def forward(
        self, features: torch.Tensor, question: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Features (F, P, D), question (F, L, H), mask (F, L) -> queries (F, L, D) and their mask."""
        queries = self.start(question)
        for layer in self.layers:
            queries = layer(queries, features)
        return queries, mask


class GuideLayer(nn.Module):
    """Cross attention from question to frame, then an MLP; both add to what was there."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_query = nn.LayerNorm(width)
        self.norm_frame = nn.LayerNorm(width)
        self.norm_mlp = nn.LayerNorm(width)
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.o_proj = nn.Linear(width, width)
        self.fc1 = nn.Linear(width, 2 * width)
        self.fc2 = nn.Linear(2 * width, width)

    def forward(self, queries: torch.Tensor, frame: torch.Tensor) -> torch.Tensor:
        """Queries (F, L, D), frame (F, P, D) -> queries (F, L, D)."""
        seen = self.norm_frame(frame)
        query = self._heads(self.q_proj(self.norm_query(queries)))
        key, value = self._heads(self.k_proj(seen)), self._heads(self.v_proj(seen))
        found = nn.functional.scaled_dot_product_attention(query, key, value)
        queries = queries + self.o_proj(found.transpose(1, 2).flatten(2))
        return queries + self.fc2(nn.functional.gelu(self.fc1(self.norm_mlp(queries))))

    def _heads(self, states: torch.Tensor) -> torch.Tensor:
        return states.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class QFormerGuide(nn.Module):
    """InstructBLIP's Q-Former: learned queries that read the question and look at the normed frame."""

    reads_ids = True
    """It takes ids of its own BERT vocabulary; the processor makes them with its `guide_tokenizer`."""

    def __init__(self, config: MovieLLMConfig) -> None:
        from transformers.models.instructblipvideo.modeling_instructblipvideo import InstructBlipVideoQFormerModel

        super().__init__()
        if config.guide_config.encoder_hidden_size != config.feature_size:
            raise ValueError(
                f"The Q-Former looks at features of width {config.guide_config.encoder_hidden_size} and frames have "
                f"{config.feature_size}: set `encoder_hidden_size` of `guide_config`."
            )
        self.width = int(config.guide_config.hidden_size)
        self.norm = nn.LayerNorm(int(config.feature_size or 0))
        self.queries = nn.Parameter(torch.zeros(1, config.guide_queries, self.width))
        self.encoder = InstructBlipVideoQFormerModel._from_config(config.guide_config)

    def forward(
        self, features: torch.Tensor, question: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Features (F, P, D), question ids (F, L), mask (F, L) -> queries (F, Q, W) and a mask of ones."""
        frames = len(features)
        queries = self.queries.expand(frames, -1, -1)
        ones = mask.new_ones(frames, queries.shape[1])
        states = self.encoder(
            input_ids=question,
            attention_mask=torch.cat([ones, mask], dim=1),
            query_embeds=queries,
            encoder_hidden_states=self.norm(features),
        ).last_hidden_state
        return states[:, : queries.shape[1]], ones


def build_guide(config: MovieLLMConfig) -> "AttentionGuide | QFormerGuide":
    """The guide that a config names."""
    return QFormerGuide(config) if config.guide == "qformer" else AttentionGuide(config)
