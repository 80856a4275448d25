"""training.json: what a training did, written beside its checkpoint and read by the card.

    record = TrainingRecord(base=base, stages=(*stages_of(parent_folder), stage))
    write_record(folder, record)                    # whole or not at all; again after every evaluation
    record = read_record(folder)                    # ValueError: none, damaged, or of another version

A stage that goes on from another folder takes the stages told there first, so that the last record tells the whole
way. Results of evaluations are files in the folder (`results.json` of `moviellm eval run`), named here and not copied.
It measures nothing: what the trainer counted is handed in.
"""

import math
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from moviellm.generation.files import write_whole
from moviellm.generation.schema import Sha256, Text

RECORD = "training.json"
PACKAGES = ("moviellm", "torch", "transformers", "trl", "peft", "accelerate", "datasets", "bitsandbytes", "deepspeed")
"""Whose versions decide what a training does."""


def _inside(path: str) -> str:
    if path.startswith("/") or "\\" in path or {"", ".", ".."} & set(path.split("/")):
        raise ValueError(f"{path!r} must be a path inside the checkpoint's folder, with slashes")
    return path


Inside = Annotated[str, AfterValidator(_inside)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]


class Part(BaseModel):
    """The base of the records: frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Base(Part):
    """The model that a training began with, before its first stage."""

    model_id: Text
    """Hub id; for a folder its name, as paths of a machine tell nobody anything."""
    revision: str | None = None
    """Commit on the Hub; None for a folder."""
    weights_sha256: Sha256 | None = None
    """`weights.content_hash` of its folder; None where it was built from parts in memory."""
    licence: str | None = None
    """As its own card states it; None where nothing does."""
    from_scratch: bool = False
    """Random weights: nothing of anybody else is in it."""
    parts: tuple["Base", ...] = ()
    """Vision tower and language model of a model that was put together here."""


class Source(Part):
    """Data that a stage was trained on."""

    dataset: Text
    """Hub id; for a folder its name."""
    revision: str | None = None
    """Commit on the Hub, or version of the folder."""
    config: str | None = None
    """Config of the dataset, or view that was made of it."""
    split: Text = "train"
    """Its split."""
    weight: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    """Its weight in the mixture, as the recipe says it."""
    replay: bool = False
    """Whether it is there against forgetting."""
    movies: Count | None = None
    """Movies or clips in it; None for data without."""
    examples: Count = 0
    """Examples that went into training, counted as often as they were shown."""
    answers: Count = 0
    """Answers among them that were learned."""
    licence: str | None = None
    """As its card states it; None where nothing does."""


class Loss(Part):
    """A point of the loss curve."""

    step: Count
    loss: Finite
    learning_rate: Finite | None = None
    grad_norm: Finite | None = None


class Evaluation(Part):
    """A results.json of `moviellm eval run` on this training's model."""

    step: Count
    """Optimiser step after which the model was evaluated."""
    results: Inside
    """Path of the file in the checkpoint's folder, e.g. `evaluations/000200/results.json`."""
    name: Text = "held-out movies"
    """What it was evaluated on, in words for a table; what it was shown, results.json says itself."""


class Lora(Part):
    """The adapter of a stage."""

    r: Annotated[int, Field(gt=0)]
    alpha: Finite
    dropout: Finite
    targets: str
    """The layers it changes, in words or as a pattern."""
    modules_to_save: tuple[str, ...] = ()
    """Modules trained whole beside it."""
    bits: Literal[4, 8, 16, 32] = 16
    """Of the frozen weights below it: 4 is QLoRA."""


class Stage(Part):
    """One stage of training."""

    name: Text
    """Of its recipe, e.g. `stage2_boundary`."""
    recipe: Text
    """The recipe's whole text as it was used, overrides applied."""
    trains: tuple[Text, ...]
    """Parts that learn: `compressor`, `lora`, `language_model`, `vision_tower`."""
    parent: str | None = None
    """Name of the checkpoint it went on from; None for the first stage."""
    parent_sha256: Sha256 | None = None
    """Content hash of that checkpoint's weights."""
    lora: Lora | None = None
    """The adapter; None without."""
    sources: tuple[Source, ...] = ()
    """What it was trained on."""
    seed: int = 0
    began_at: AwareDatetime
    """When its first step began."""
    wall_s: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    """Seconds of training, evaluations left out, over all resumptions."""
    cpu_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """Processor seconds of this process and its children."""
    processes: Annotated[int, Field(gt=0)] = 1
    device: Text = "cpu"
    """What it ran on, in words: `NVIDIA A100-SXM4-80GB`, `cpu`."""
    dtype: Text = "float32"
    """Of the arithmetic."""
    resumed: Count = 0
    """How often it was gone on with after a stop."""
    steps: Count
    """Optimiser steps done."""
    epochs: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    examples: Count
    """Examples shown."""
    answers: Count
    """Answers learned."""
    tokens: Count
    """Tokens read, padding left out."""
    labelled_tokens: Count
    """Tokens among them with a label."""
    frames: Count = 0
    """Frames read."""
    skipped_frames: Count = 0
    """Frames that could not be decoded and were left out."""
    parameters: Count
    """Of the whole model."""
    trained_parameters: Count
    """Those that learned."""
    losses: tuple[Loss, ...] = ()
    """The loss curve as it was logged."""
    evaluations: tuple[Evaluation, ...] = ()
    """In the order they were made."""
    versions: dict[Text, Text] = Field(default_factory=dict)
    """Package -> version: see `versions`."""
    notes: tuple[Text, ...] = ()
    """What a reader should know, a sentence each."""


class TrainingRecord(Part):
    """The contents of training.json."""

    record_version: Literal[1] = 1
    """Goes up when a reader of the old one would not understand it."""
    base: Base
    stages: tuple[Stage, ...] = Field(min_length=1)
    """All stages on the way to this checkpoint, its own last."""

    @property
    def last(self) -> Stage:
        """The stage that made this checkpoint."""
        return self.stages[-1]


def versions() -> dict[str, str]:
    """The packages that are there, with their versions."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def now() -> datetime:
    """The time, to the second, in UTC."""
    return datetime.now(UTC).replace(microsecond=0)


def finite(value: float | None) -> float | None:
    """A number for the record; None for what is none: a trainer logs `nan` where it has no norm."""
    return value if value is not None and math.isfinite(value) else None


def write_record(folder: Path, record: TrainingRecord) -> None:
    """Write training.json whole."""
    write_whole(folder / RECORD, (record.model_dump_json(indent=1) + "\n").encode())


def read_record(folder: Path) -> TrainingRecord:
    """What was done to make a checkpoint.

    Raises:
        ValueError: the folder has no record, or one that cannot be read.
    """
    path = folder / RECORD
    if not path.is_file():
        raise ValueError(f"{folder} has no {RECORD}: it was not made by `moviellm train`")
    try:
        return TrainingRecord.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the whole file"
        raise ValueError(f"{path} cannot be read: {where}: {first['msg']}") from None


def stages_of(folder: Path) -> tuple[Stage, ...]:
    """The stages that led to a checkpoint; none for one that says nothing of its training."""
    return read_record(folder).stages if (folder / RECORD).is_file() else ()
