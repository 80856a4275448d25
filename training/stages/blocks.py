"""The blocks of a training recipe: what is read, how a new model is built, what LoRA is, what is evaluated.

    blocks_of("data", [{"path": "demo/MovieLLM-tiny", "view": "boundary", "weight": 2}])

Plain keys of a recipe are fields of `Recipe` and of TRL's `SFTConfig` (recipe.py). It reads no file.
"""

from typing import Any, Final, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from moviellm.generation.config.section import Section, Share
from moviellm.training.stages.nearest import did_you_mean

View = Literal["sft", "align", "boundary", "instruct"]


class RemixBlock(Section):
    """New movies put together from scenes of the movies of a source, in place of these."""

    scenes: tuple[int, int] = (4, 8)
    """Fewest and most scenes of a remix."""
    count: int | None = Field(default=None, ge=1, le=1_000_000)
    """How many; None: as many as the source has movies."""

    @model_validator(mode="after")
    def _ordered(self) -> "RemixBlock":
        if not 1 <= self.scenes[0] <= self.scenes[1]:
            raise ValueError(f"scenes are {list(self.scenes)}: two numbers from 1, the smaller first")
        return self


class SourceBlock(Section):
    """One source of samples: a dataset of movies, training rows made of one, or rows with pictures of anybody."""

    path: str | None = None
    """Dataset folder, or Hub id; None: the recipe's `dataset`."""
    revision: str | None = None
    """Tag or commit on the Hub; None where `path` is None: the recipe's `dataset_revision`."""
    view: View = "sft"
    """What is made of a dataset of movies: `sft` (its questions), `align`, `boundary` or `instruct`."""
    config: str | None = None
    """Config of a dataset of rows; None: its default."""
    split: str = "train"
    """Split that is trained on."""
    weight: float = Field(default=1.0, gt=0.0, le=100.0, allow_inf_nan=False)
    """How often its samples come in an epoch: 2 is twice, 0.5 every other epoch. Not for `replay`."""
    frames: int | None = Field(default=None, ge=1)
    """Most pictures of a movie, chosen evenly; None: all, and a movie that is too long is an error."""
    times: Literal["seconds", "index"] = "seconds"
    """Times in questions and answers as seconds, or as hundredths of the movie or clip."""
    movies: int | None = Field(default=None, ge=1)
    """The first so many movies, or rows of a dataset of rows; None: all."""
    remix: RemixBlock | None = None
    """For `boundary` and `instruct`: remixes of the movies instead; only of train."""
    pictures: str | None = None
    """For training rows that name their pictures: the dataset they lie in; None: the one the rows name."""


class ReplayBlock(SourceBlock):
    """What was learned before and is shown again, against forgetting: clips, or pictures with questions."""

    share: Share = 0.2
    """Part of all samples of the training that are of this source."""
    held_out: float = Field(default=0.1, ge=0.0, lt=1.0, allow_inf_nan=False)
    """Part of it that is never trained on and measured at every evaluation, where it has no split for that."""


class TokenizerBlock(Section):
    """A tokenizer made of the words of the data, for models built from nothing."""

    vocabulary: int = Field(default=2048, ge=300, le=200_000)
    """Tokens in it, the bytes among them."""


class BuildBlock(Section):
    """A new model: pretrained parts by id, or parts of random weights by their settings."""

    vision: str | dict[str, Any] | None = None
    """Vision tower: folder or Hub id; or settings with a `model_type`; None: features only."""
    text: str | dict[str, Any] = Field(default_factory=lambda: {"model_type": "qwen3"})
    """Language model, likewise."""
    vision_revision: str | None = None
    """Tag or commit of the tower."""
    text_revision: str | None = None
    """Tag or commit of the language model."""
    tokenizer: TokenizerBlock = TokenizerBlock()
    """For a language model of random weights."""
    fit: Literal["pad", "crop", "stretch"] = "pad"
    """How pictures that are no squares fit."""
    frames_per_stamp: int = Field(default=1, ge=0)
    """Frames that share a time stamp; 0: no stamps."""
    settings: dict[str, Any] = {}
    """Of `MovieLLMConfig`: compressor, pool_side, time, context_tokens and the like."""


NO_OPTIONS: Final = {
    "model": "it is each checkpoint",
    "out": "it is a folder beside the checkpoints",
    "dry_run": "nothing would be asked",
    **dict.fromkeys(("tasks", "data", "revision", "split"), "it stands beside `options`"),
}
"""Options of `moviellm eval run` that a recipe does not set, and why."""


class EvaluateBlock(Section):
    """Questions answered by each checkpoint, by `moviellm eval run` in a process of its own."""

    tasks: list[str] = ["qa_open"]
    """Tasks: qa_open, qa_mc, grounding, dense_captioning; or all."""
    data: str | None = None
    """Dataset; None: the recipe's `dataset`."""
    revision: str | None = None
    """Its tag or commit."""
    split: str = "validation"
    """Split that is asked about."""
    every: int = Field(default=1, ge=1)
    """Every so many checkpoints."""
    options: dict[str, Any] = {}
    """More options of `moviellm eval run`, such as `frames: 32`."""

    @field_validator("options")
    @classmethod
    def _leaves_alone(cls, options: dict[str, Any]) -> dict[str, Any]:
        for key in options:
            if (why := NO_OPTIONS.get(key.replace("-", "_"))) is not None:
                raise ValueError(f"`{key}` is no option here: {why}")
        return options


Block = TypeVar("Block", bound=BaseModel)


def block_of(kind: type[Block], value: Any, where: str) -> Block:
    """A block from what a recipe says; faults are said with the key and the nearest known one."""
    if not isinstance(value, dict):
        raise ValueError(f"{where} is {_short(value)}: it is a mapping with {', '.join(kind.model_fields)}")
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        said = [_explain(kind, where, dict(fault)) for fault in error.errors(include_url=False)[:5]]
        raise ValueError("; ".join(said)) from None


def blocks_of(kind: type[Block], value: Any, where: str) -> list[Block]:
    """Blocks from a list, or from one mapping."""
    items = value if isinstance(value, list) else [] if value is None else [value]
    return [block_of(kind, item, f"{where}[{number}]") for number, item in enumerate(items)]


def _explain(kind: type[BaseModel], where: str, fault: dict[str, Any]) -> str:
    key = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"unknown key {key} in {where}{did_you_mean(key, kind.model_fields)}"
    message = str(fault["msg"]).removeprefix("Value error, ")
    return f"{where}.{key}: {message[:1].lower()}{message[1:]}, got {_short(fault['input'])}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
