"""The parts of a recipe that are about models: the language model, the painter, locked styles, people, gates.

    recipe.llm.model        # 'gpt-5-mini'; see recipe.py for the whole recipe

Who is asked and with which parameters is here and decides the cells; addresses, keys, limits and money are not: they
are in the environment (`OPENAI_BASE_URL`, `OPENAI_API_KEY`) and in `engine`. It loads no model.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from moviellm.generation.config.section import Section, Share
from moviellm.generation.schema import Text

LlmTask = Literal["outline", "chapter", "scene", "dialogue", "questions", "script", "rewrite"]


class LlmConfig(Section):
    """The language model that writes (`writer: llm` or `world`)."""

    model: Text | None = None
    """Name under which the server knows it; None takes `OPENAI_MODEL` when the run begins."""
    temperature: float = Field(default=0.8, ge=0.0, le=2.0, allow_inf_nan=False)
    """Sampling temperature."""
    top_p: float = Field(default=1.0, gt=0.0, le=1.0, allow_inf_nan=False)
    """Nucleus sampling."""
    max_tokens: int = Field(default=8192, ge=16, le=1_000_000)
    """Longest answer, tokens. One that is cut off there is not accepted."""
    structured: Literal["auto", "native", "prompt"] = "auto"
    """JSON schema by the server (`native`), by the prompt, or by the server where it can (`auto`)."""
    free_text_first: tuple[LlmTask, ...] = ()
    """Tasks answered in free text first and put into the schema by a second call."""
    seeds: int = Field(default=2, ge=1, le=8)
    """Seeds tried for one answer; each has one repair turn."""
    rewrite: bool = False
    """With `writer: world`, let the model rewrite captions and lines, as far as they still say the same."""


class InversionConfig(Section):
    """How a style token is learned (`style.method: textual_inversion`; arXiv 2403.01422, section 3.2)."""

    images: int = Field(default=10, ge=2, le=256)
    """Style images made from the style phrases; the worst are filtered out."""
    keep: Share = 0.8
    """Share of them that is kept."""
    held_out: int = Field(default=2, ge=1, le=64)
    """Kept images that only measure when to stop."""
    vectors: int = Field(default=4, ge=1, le=75)
    """Vectors a token."""
    steps: int = Field(default=400, ge=1, le=100_000)
    """Optimiser steps at most."""
    warmup_steps: int = Field(default=20, ge=0)
    """Steps over which the learning rate rises."""
    batch: int = Field(default=4, ge=1, le=256)
    """Latents a step."""
    learning_rate: float = Field(default=0.05, gt=0.0, le=1.0)
    """Peak learning rate of AdamW, in units of the root mean square of the text encoder's embeddings."""
    patience: int = Field(default=4, ge=1)
    """Measurements on held-out images without gain before it stops."""
    every_steps: int = Field(default=25, ge=1)
    """Steps between measurements; the state is saved there too, and a killed training goes on from it."""


class StyleConfig(Section):
    """The look of the movies."""

    name: Text | None = None
    """Style of every movie, one of the offline painter's; None lets the painter choose one a movie."""
    method: Literal["prompt", "textual_inversion", "reference"] = "prompt"
    """How a diffusion painter locks it: style phrases in every prompt, a learned token, or one reference picture."""
    inversion: InversionConfig = InversionConfig()
    locked: bool = True
    """One look a movie. False is the control of the paper's ablation: every scene is painted without the story's style
    phrases, by the offline painter in a style of its own, and the movie has no style."""

    @model_validator(mode="after")
    def _what_is_not_locked_is_not_learned(self) -> Self:
        if not self.locked and (self.method != "prompt" or self.name is not None):
            raise ValueError("locked is false, so there is nothing to lock: leave out style.name and style.method")
        return self


class IdentityConfig(Section):
    """How a diffusion painter keeps people the same."""

    method: Literal["prompt", "ip_adapter", "reference"] = "prompt"
    """The fixed phrase in every prompt, an IP-Adapter on a portrait, or portraits as reference images."""
    adapter: Text = "h94/IP-Adapter"
    """Repository of the IP-Adapter's weights."""
    adapter_subfolder: Text = "sdxl_models"
    """Folder in it."""
    adapter_weight: Text = "ip-adapter-plus_sdxl_vit-h.safetensors"
    """File in it."""
    strength: float = Field(default=0.6, ge=0.0, le=2.0, allow_inf_nan=False)
    """Scale of the IP-Adapter."""


class PaintingConfig(Section):
    """The model that paints (`painter: diffusers` or `endpoint`)."""

    model: Text | None = None
    """Hub id or folder of a text-to-image pipeline, or the name under which an image server knows its model."""
    revision: Text | None = None
    """Commit of a Hub repository; None takes the newest and pins its commit in the cells."""
    dtype: Literal["float32", "bfloat16", "float16"] = "bfloat16"
    """Precision of the weights."""
    steps: int = Field(default=30, ge=1, le=1000)
    """Denoising steps."""
    guidance: float = Field(default=5.0, ge=0.0, le=50.0, allow_inf_nan=False)
    """Classifier-free guidance scale."""
    scheduler: Text | None = None
    """Name of a diffusers scheduler class, e.g. `LCMScheduler`; None keeps the pipeline's own."""
    lora: Text | None = None
    """LoRA loaded over the pipeline, e.g. of a few-step recipe."""
    negative: Text | None = None
    """Negative prompt, for pipelines that take one."""
    size: Annotated[str, Field(pattern=r"^[1-9]\d{1,3}x[1-9]\d{1,3}$")] | None = None
    """Size asked of an image server that has only some, e.g. `1536x1024`; the picture is cropped and scaled to that of
    `image`. None asks for that one."""
    candidates: int = Field(default=1, ge=1, le=16)
    """Pictures painted for each keyframe, of which the scorer chooses one."""
    scorer: Text | None = None
    """CLIP-type model that chooses among candidates and measures the first two frames; never the one of the report."""
    scorer_revision: Text | None = None
    """Its commit."""
    style_min: float | None = Field(default=None, ge=-1.0, le=1.0)
    """Least similarity of the first two frames to the style's picture, or to each other; None does not ask."""
    identity_min: float | None = Field(default=None, ge=-1.0, le=1.0)
    """Least similarity of people in the first two frames to their portraits; None does not ask."""


class GatesConfig(Section):
    """Language models that try to answer the questions of a movie without what they ask for; see docs/gates.md.

    `models`, `vision`, `frames`, `rewrites`, `rewrite_from` and `clip` say what is asked. The `..._max` and `..._min`
    only say which flags follow from the scores: changing one asks nothing.
    """

    models: tuple[Text, ...] = ()
    """Models that answer; none leaves the gates out. At least two of different families for a benchmark."""
    vision: Text | None = None
    """Model that sees: single frame, shuffled frames, full context, and whether cited frames show what is said."""
    frames: int = Field(default=16, ge=1, le=256)
    """Keyframes shown for the full and the shuffled movie."""
    rewrites: int = Field(default=3, ge=0, le=3)
    """Rewrites of a question that fails, by the model that writes; a question computed from the story has none."""
    rewrite_from: Share = 0.6
    """A question is rewritten when a solver that reads only text and lacks what it asks for is right so often."""
    clip: Text | None = None
    """CLIP-type model for the image-text check where the server gives no log-probabilities."""
    blind_max: Share = 0.6
    """A question is guessable from this share of right answers over the rotations of its options, by any model."""
    dialogue_max: Share = 0.6
    """The same with the dialogue, for questions that require vision."""
    synopsis_max: Share = 0.6
    """The same with the synopsis, for questions that do not ask for the plot."""
    single_frame_max: Share = 0.6
    """The same with one keyframe, for questions that require order."""
    shuffled_max: Share = 0.6
    """The same with shuffled keyframes, for questions that require order."""
    full_min: Share = 0.5
    """With everything, at least this share must be right."""
    shown_min: Share = 0.5
    """Least probability that the cited frames show the answer."""
    shown_margin: Share = 0.1
    """By how much it must exceed that of two other frames."""
    embedder: Text | None = None
    """Text encoder of transformers that finds questions alike in other words; None compares words only."""
    meaning_max: Share = 0.95
    """From this cosine of embeddings on a question repeats an earlier one of its movie."""
    repeats_max: Share = 0.8
    """From this likeness on a question repeats an earlier one of its movie; measured without a model."""

    @model_validator(mode="after")
    def _models_differ(self) -> Self:
        if len(set(self.models)) != len(self.models):
            raise ValueError(f"models names one twice ({', '.join(self.models)}); name different ones")
        if self.clip is not None and self.vision is None:
            raise ValueError("clip stands in for gates.vision, which is not set; set it, or leave clip out")
        return self
