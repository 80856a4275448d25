"""The settings of MovieLLM's own model: which tower sees, how a frame becomes tokens, how time is told, who reads.

    config = MovieLLMConfig(vision_config=clip.vision_config, text_config=llama, compressor="pool", pool_side=4)
    config.tokens_per_frame                     # 16: what the processor puts into a row for every frame
    MovieLLMConfig.from_pretrained("org/name")  # after `import moviellm.training.model`; no code from the Hub

One architecture whose parts are settings: vision tower -> frame compressor -> projector -> any causal language model.
It holds no weights and reads no files; what is written into a prompt is the processor's (processing.py).
"""

from typing import Any

from transformers import AutoConfig, PreTrainedConfig
from transformers.configuration_utils import SubConfigSpec

from moviellm.training.model.context import lengthen

COMPRESSORS = ("cls", "pool", "context_content")
PROJECTORS = ("linear", "mlp2x_gelu")
TIMES = ("text", "index", "additive", "none")
GUIDES = ("attention", "qformer")
CLS_SOURCES = ("pooled", "hidden", "projected")


class MovieLLMConfig(PreTrainedConfig):
    """Settings of a long-video model; a checkpoint of LLaMA-VID's or VTimeLLM's design is a choice of them."""

    model_type = "moviellm"
    sub_configs_defaults = {
        "vision_config": SubConfigSpec(AutoConfig, model_type="clip_vision_model", optional=True),
        "text_config": SubConfigSpec(AutoConfig, model_type="llama"),
        "guide_config": SubConfigSpec(AutoConfig, model_type="instructblipvideo_qformer", optional=True),
    }

    vision_config: Any = None
    """The tower's config: CLIP's or SigLIP's vision config, or one alike; None: only features are fed."""
    text_config: Any = None
    """The language model's config, of any causal language model that transformers has."""
    guide_config: Any = None
    """The Q-Former's config where `guide` is `qformer`."""
    compressor: str = "pool"
    """`cls`: 1 token a frame. `pool`: n x n pooled. `context_content`: 1 that the question picks, n x n pooled."""
    pool_side: int | None = None
    """n of the n x n pooled tokens; None: 4 for `pool`, 1 for `context_content`."""
    projector: str | None = None
    """`linear` or `mlp2x_gelu`, from a feature to the language model; None: `linear` for `cls`, else the MLP."""
    feature_norm: bool = False
    """Whether features pass a LayerNorm first; for towers trained from scratch."""
    feature_size: int | None = None
    """Width of a feature; None: the tower's. Must be given where there is no tower."""
    vision_layer: int = -2
    """Which hidden state of the tower patches come from, counted as transformers counts `hidden_states`."""
    cls_from: str = "pooled"
    """What `cls` takes: `pooled` output (CLIP: the normed CLS; SigLIP: its attention pool), the CLS of the `hidden`
    state, or the pooled output `projected` to CLIP's joint space, as VTimeLLM takes it."""
    frames_at_once: int = 64
    """Frames that tower and compressor take in one go; bounds memory, changes results by rounding only."""
    time: str = "text"
    """`text`: stamps in seconds. `index`: stamps as hundredths, VTimeLLM's 00 to 99. `additive`: an embedding of the
    hundredth, added to the frame's tokens. `none`. The first two are the processor's doing and cost tokens."""
    time_steps: int = 100
    """Into how many steps a movie is divided by `index` and `additive`."""
    time_token_ids: list[int] | None = None
    """`additive` only: the language model's tokens 00 to 99, whose embeddings are added, so that frames and answers
    share them; None: a table of its own."""
    guide: str = "attention"
    """Who asks in `context_content`: the question's own embeddings with cross attention, or a `qformer`."""
    guide_layers: int = 1
    """Cross attention layers of the guide `attention`."""
    guide_heads: int = 8
    """Their heads."""
    guide_queries: int = 32
    """Learned queries of the guide `qformer`."""
    frame_token_id: int | None = None
    """The placeholder: one id for every visual token of a row."""
    context_tokens: int | None = None
    """Longest row that positions are scaled for, such as 65536; None: what the language model was made for."""
    rope_type: str = "linear"
    """How positions are scaled when that is longer: `linear` as LLaMA-VID, `dynamic` or `yarn`."""
    head_bias: bool = False
    """Whether the language model's head has a bias."""
    asked: dict[str, Any] | None = None
    """How it wants to be asked where that is not in sentences: see ask/manner.py."""
    tie_word_embeddings: bool = False
    """Taken from the language model where it ties them."""

    def __post_init__(self, **kwargs: Any) -> None:
        super().__post_init__(**kwargs)
        self._check_names()
        if self.pool_side is None:
            self.pool_side = 1 if self.compressor == "context_content" else 4
        if self.projector is None:
            self.projector = "linear" if self.compressor == "cls" else "mlp2x_gelu"
        if self.feature_size is None:
            self.feature_size = self._feature_size_of_tower()
        self._check_numbers()
        self.tie_word_embeddings = bool(self.tie_word_embeddings or self.text_config.tie_word_embeddings)
        lengthen(self.text_config, self.context_tokens, self.rope_type)

    @property
    def tokens_per_frame(self) -> int:
        """Visual tokens of one frame, and so placeholders in a row."""
        if self.compressor == "cls":
            return 1
        return int(self.pool_side or 1) ** 2 + (self.compressor == "context_content")

    @property
    def longest_row(self) -> int | None:
        """Tokens that a row may have by the language model's positions; None where it does not say."""
        longest = getattr(self.text_config, "max_position_embeddings", None)
        return int(longest) if longest else None

    def _feature_size_of_tower(self) -> int | None:
        if self.vision_config is None:
            return None
        projected = self.compressor == "cls" and self.cls_from == "projected"
        return int(self.vision_config.projection_dim if projected else self.vision_config.hidden_size)

    def _check_names(self) -> None:
        nested = getattr(self.vision_config, "vision_config", None)
        if nested is not None:  # the config of a whole CLIP or SigLIP
            self.vision_config = nested
        _one_of("compressor", self.compressor, COMPRESSORS)
        _one_of("projector", self.projector, (None, *PROJECTORS))
        _one_of("time", self.time, TIMES)
        _one_of("guide", self.guide, GUIDES)
        _one_of("cls_from", self.cls_from, CLS_SOURCES)

    def _check_numbers(self) -> None:
        for name in ("pool_side", "frames_at_once", "time_steps", "guide_layers", "guide_heads", "guide_queries"):
            if int(getattr(self, name)) < 1:
                raise ValueError(f"`{name}` is {getattr(self, name)}: it must be at least 1.")
        if self.time_token_ids is not None and len(self.time_token_ids) != self.time_steps:
            raise ValueError(
                f"`time_token_ids` has {len(self.time_token_ids)} ids for {self.time_steps} time steps: one a step."
            )
        if self.compressor != "context_content":
            return
        if self.guide == "qformer" and self.guide_config is None:
            raise ValueError("The guide `qformer` needs `guide_config`, an InstructBlipVideoQFormerConfig.")
        if self.guide == "attention" and self.feature_size and self.feature_size % self.guide_heads:
            raise ValueError(
                f"Features of width {self.feature_size} cannot be split among {self.guide_heads} heads: "
                "set `guide_heads` to a divisor."
            )


def _one_of(name: str, value: Any, allowed: tuple[Any, ...]) -> None:
    if value not in allowed:
        choices = ", ".join(f"`{one}`" for one in allowed if one is not None)
        raise ValueError(f"`{name}` is {value!r}: it can be {choices}.")
