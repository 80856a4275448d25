"""MovieLLM's own model: a vision tower, a frame compressor and any causal language model of transformers.

    import moviellm.training.model                                       # registers it; no trust_remote_code
    model = AutoModelForImageTextToText.from_pretrained("org/name")
    model.generate(**processor(text=[prompt], videos=[film], return_tensors="pt"), max_new_tokens=64)

Frames of all rows of a batch come in one tensor, in the order of their placeholders. The processor has written
`config.tokens_per_frame` placeholders for each, so the length of a row never changes in here: the last hidden states
stand one to one beside the labels, which is what TRL's fused head, packing and the KV cache need. Features and
placeholders that do not match are an error that names the row. Nothing is cut, padded or guessed.
"""

from typing import Any

import torch
from torch import nn
from transformers import AutoModel, GenerationMixin, PreTrainedModel
from transformers import initialization as init
from transformers.modeling_outputs import BaseModelOutputWithPast, CausalLMOutputWithPast

from moviellm.training.model.compressors import build_compressor
from moviellm.training.model.configuration import MovieLLMConfig
from moviellm.training.model.guides import QFormerGuide
from moviellm.training.model.heads import loss_of_labels, scale_logits
from moviellm.training.model.loading import check_kind, check_whole, refusals
from moviellm.training.model.placing import FRAME_INPUTS, check_counts, expand_rows, rows_of_frames
from moviellm.training.model.steps import NO_TIME
from moviellm.training.model.timing import TimeTable, ordinal_rows
from moviellm.training.model.towers import Tower


class MovieLLMPreTrainedModel(PreTrainedModel):
    """What both models share: how they are saved, initialised and run."""

    config_class = MovieLLMConfig
    base_model_prefix = "model"
    main_input_name = "input_ids"
    input_modalities = ("video", "text")
    supports_gradient_checkpointing = True
    _skip_keys_device_placement = ["past_key_values"]
    _supports_flash_attn = True
    _supports_sdpa = True
    _supports_flex_attn = True
    _supports_attention_backend = True

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: Any, *model_args: Any, **kwargs: Any) -> Any:
        """Load a checkpoint of this architecture, whole and from safetensors; anything else is a ValueError."""
        wants_info = kwargs.pop("output_loading_info", False)
        kwargs.setdefault("use_safetensors", True)
        check_kind(pretrained_model_name_or_path, cls.config_class.model_type, kwargs)
        with refusals(pretrained_model_name_or_path):
            model, info = super().from_pretrained(
                pretrained_model_name_or_path, *model_args, output_loading_info=True, **kwargs
            )
        check_whole(pretrained_model_name_or_path, info)
        return (model, info) if wants_info else model

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        std = getattr(self.config.get_text_config(), "initializer_range", 0.02)
        if isinstance(module, TimeTable):
            init.copy_(module.weight, ordinal_rows(module.num_embeddings, module.embedding_dim, std).to(module.weight))
        elif isinstance(module, QFormerGuide):
            init.normal_(module.queries, mean=0.0, std=std)
        else:
            super()._init_weights(module)


class MovieLLMModel(MovieLLMPreTrainedModel):
    """Tower, compressor and language model without its head; gives hidden states."""

    _keys_to_ignore_on_load_unexpected = [r"lm_head"]

    def __init__(self, config: MovieLLMConfig) -> None:
        super().__init__(config)
        self.vision_tower = None if config.vision_config is None else Tower(config)
        self.compressor = build_compressor(config)
        own_table = config.time == "additive" and config.time_token_ids is None
        self.time_table = TimeTable(config.time_steps, config.text_config.hidden_size) if own_table else None
        self.language_model = AutoModel.from_config(config.text_config)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        """The language model's."""
        return self.language_model.get_input_embeddings()

    def set_input_embeddings(self, value: nn.Module) -> None:
        """Replace the language model's."""
        self.language_model.set_input_embeddings(value)

    def frame_features(self, pixel_values: torch.Tensor) -> torch.Tensor:
        """(F, 3, h, w) -> (F, P, D): what the tower sees and the compressor takes; what a feature cache keeps."""
        if self.vision_tower is None:
            raise ValueError("This model has no vision tower: feed `frame_features`, not `pixel_values`.")
        step = self.config.frames_at_once
        return torch.cat([self.vision_tower(pixel_values[at : at + step]) for at in range(0, len(pixel_values), step)])

    def embed_frames(
        self,
        pixel_values: torch.Tensor | None = None,
        frame_features: torch.Tensor | None = None,
        frame_time_ids: torch.Tensor | None = None,
        frame_rows: torch.Tensor | None = None,
        question_ids: torch.Tensor | None = None,
        question_mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Frames as pixels (F, 3, h, w) or features (F, P, D) or (F, D) -> their tokens (F, tokens_per_frame, H)."""
        if (pixel_values is None) == (frame_features is None):
            raise ValueError("Give frames as `pixel_values` or as `frame_features`: exactly one of them.")
        frames: Any = pixel_values if pixel_values is not None else frame_features
        asked = self._asked(question_ids, question_mask, frame_rows, len(frames))
        tokens = []
        for at in range(0, len(frames), self.config.frames_at_once):
            part = slice(at, at + self.config.frames_at_once)
            seen = self._features_of(frames[part], pixels=pixel_values is not None)
            tokens.append(self.compressor(seen, *asked[:2], asked[2][part]) if asked else self.compressor(seen))
        return self._add_times(torch.cat(tokens), frame_time_ids)

    def _features_of(self, frames: torch.Tensor, pixels: bool) -> torch.Tensor:
        features = self.frame_features(frames) if pixels else frames
        features = features[:, None] if features.ndim == 2 else features
        if features.shape[-1] != self.config.feature_size:
            raise ValueError(
                f"Frame features are {features.shape[-1]} wide and this model takes {self.config.feature_size}: "
                "they were made by another tower."
            )
        return features.to(next(self.compressor.parameters()).dtype)

    def _asked(
        self, ids: torch.Tensor | None, mask: torch.Tensor | None, rows: torch.Tensor | None, frames: int
    ) -> tuple[torch.Tensor, ...]:
        """Question, mask and rows of the frames for a guided compressor; nothing for the others."""
        if self.config.compressor != "context_content":
            return ()
        if ids is None:
            raise ValueError("The compressor `context_content` needs `question_ids`: the processor makes them.")
        mask = torch.ones_like(ids) if mask is None else mask
        rows = ids.new_zeros(frames) if rows is None else rows
        if self.compressor.guide.reads_ids:
            return ids, mask, rows
        return self.get_input_embeddings()(ids), mask, rows

    def _add_times(self, tokens: torch.Tensor, time_ids: torch.Tensor | None) -> torch.Tensor:
        if self.config.time != "additive":
            return tokens
        if time_ids is None:
            raise ValueError("The time encoding `additive` needs `frame_time_ids`: the processor makes them.")
        known = time_ids.clamp(min=0)
        if self.time_table is not None:
            times = self.time_table(known)
        else:
            names = torch.as_tensor(self.config.time_token_ids, device=known.device)
            times = self.get_input_embeddings()(names[known])
        times = times * (time_ids != NO_TIME)[:, None]
        return tokens + times[:, None].to(tokens.dtype)

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        past_key_values: Any = None,
        inputs_embeds: Any = None,
        pixel_values: torch.Tensor | None = None,
        frame_features: torch.Tensor | None = None,
        frame_time_ids: torch.Tensor | None = None,
        frames_per_row: torch.Tensor | None = None,
        question_ids: torch.Tensor | None = None,
        question_mask: torch.Tensor | None = None,
        use_cache: bool | None = None,
        **kwargs: Any,
    ) -> BaseModelOutputWithPast:
        """Rows of ids (B, L), with frames at their placeholders, through the language model; see the module."""
        if (input_ids is None) == (inputs_embeds is None):
            raise ValueError("Give exactly one of `input_ids` and `inputs_embeds`.")
        frames = pixel_values if pixel_values is not None else frame_features
        if input_ids is not None:
            inputs_embeds = self.get_input_embeddings()(input_ids)
            check_counts(input_ids, self.config, frames, frames_per_row, past_key_values)
        if frames is not None:
            if input_ids is None:
                raise ValueError("Frames need `input_ids`, whose placeholders say where they stand.")
            tokens = self.embed_frames(
                pixel_values,
                frame_features,
                frame_time_ids,
                rows_of_frames(frames_per_row, len(frames), input_ids),
                question_ids,
                question_mask,
            )
            there = (input_ids == self.config.frame_token_id)[..., None]
            inputs_embeds = inputs_embeds.masked_scatter(there, tokens.to(inputs_embeds.device, inputs_embeds.dtype))
        return self.language_model(
            attention_mask=attention_mask,
            position_ids=position_ids,
            past_key_values=past_key_values,
            inputs_embeds=inputs_embeds,
            use_cache=use_cache,
            **kwargs,
        )


class MovieLLMForConditionalGeneration(MovieLLMPreTrainedModel, GenerationMixin):
    """The model that answers: `MovieLLMModel` and the language model's head."""

    _tied_weights_keys = {"lm_head.weight": "model.language_model.embed_tokens.weight"}

    def __init__(self, config: MovieLLMConfig) -> None:
        super().__init__(config)
        self.model = MovieLLMModel(config)
        text = config.text_config
        self.lm_head = nn.Linear(text.hidden_size, text.vocab_size, bias=config.head_bias)
        table = self.get_input_embeddings()
        name = next(name for name, module in self.named_modules() if module is table)
        self._tied_weights_keys = {"lm_head.weight": f"{name}.weight"}
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        """The language model's."""
        return self.model.get_input_embeddings()

    def set_input_embeddings(self, value: nn.Module) -> None:
        """Replace the language model's."""
        self.model.set_input_embeddings(value)

    def get_output_embeddings(self) -> nn.Module:
        """The head, with `weight` and `bias`."""
        return self.lm_head

    def set_output_embeddings(self, value: nn.Module) -> None:
        """Replace the head."""
        self.lm_head = value

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        past_key_values: Any = None,
        inputs_embeds: torch.Tensor | None = None,
        pixel_values: torch.Tensor | None = None,
        frame_features: torch.Tensor | None = None,
        frame_time_ids: torch.Tensor | None = None,
        frames_per_row: torch.Tensor | None = None,
        question_ids: torch.Tensor | None = None,
        question_mask: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        use_cache: bool | None = None,
        logits_to_keep: int | torch.Tensor = 0,
        **kwargs: Any,
    ) -> CausalLMOutputWithPast:
        """As `MovieLLMModel`, and logits; with labels (B, L), -100 where nothing is learned, the loss.

        While it trains, only positions with a label are projected and `logits` is None: a row of 64K tokens has some
        hundred of them. `num_items_in_batch` divides the loss where gradients are accumulated.
        """
        items = kwargs.pop("num_items_in_batch", None)
        shifted = kwargs.pop("shift_labels", None)
        outputs = self.model(
            input_ids=input_ids,
            attention_mask=attention_mask,
            position_ids=position_ids,
            past_key_values=past_key_values,
            inputs_embeds=inputs_embeds,
            pixel_values=pixel_values,
            frame_features=frame_features,
            frame_time_ids=frame_time_ids,
            frames_per_row=frames_per_row,
            question_ids=question_ids,
            question_mask=question_mask,
            use_cache=use_cache,
            **kwargs,
        )
        hidden = outputs.last_hidden_state
        loss, logits = None, None
        if labels is not None or shifted is not None:
            loss = loss_of_labels(self, hidden, labels, shifted, items)
        if loss is None or not self.training:
            kept = slice(-logits_to_keep, None) if isinstance(logits_to_keep, int) else logits_to_keep
            logits = scale_logits(self.lm_head(hidden[:, kept]), self.config.get_text_config())
        return CausalLMOutputWithPast(
            loss=loss,
            logits=logits,
            past_key_values=outputs.get("past_key_values"),
            hidden_states=outputs.get("hidden_states"),
            attentions=outputs.get("attentions"),
        )

    def prepare_inputs_for_generation(
        self, input_ids: torch.Tensor, is_first_iteration: bool | None = False, **kwargs: Any
    ) -> dict[str, Any]:
        """Inputs of one step; frames come with the first one, and are in the cache afterwards."""
        inputs: dict[str, Any] = super().prepare_inputs_for_generation(
            input_ids, is_first_iteration=is_first_iteration, **kwargs
        )
        if not is_first_iteration and kwargs.get("use_cache", True):
            for name in FRAME_INPUTS:
                inputs.pop(name, None)
        return inputs

    def _expand_inputs_for_generation(
        self,
        expand_size: int = 1,
        is_encoder_decoder: bool = False,
        input_ids: torch.Tensor | None = None,
        **kwargs: Any,
    ) -> tuple[torch.Tensor | None, dict[str, Any]]:
        """Repeat rows for beams and samples, and with each row its own frames."""
        frames, rest = expand_rows(kwargs, expand_size)
        input_ids, rest = super()._expand_inputs_for_generation(
            expand_size=expand_size, is_encoder_decoder=is_encoder_decoder, input_ids=input_ids, **rest
        )
        return input_ids, rest | frames
