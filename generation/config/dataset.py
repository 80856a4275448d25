"""The part of a recipe about the dataset: what it is called, what it holds, and which movie goes to which split.

    recipe.dataset.films

What is made is in recipe.py. It writes nothing: see export.py.
"""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from moviellm.generation.config.section import Section
from moviellm.generation.schema import Text


def _dataset_name(name: str) -> str:
    if name == "moviellm_dataset":
        raise ValueError("a dataset called moviellm_dataset cannot be loaded: `datasets` takes it for its script")
    return name


class SplitConfig(Section):
    """Shares of the movies. Counted in blocks of 10 movies, so that a longer run does not move a movie."""

    validation: int = Field(default=1, ge=0, le=10)
    """Movies of every 10 that go to validation."""
    test: int = Field(default=1, ge=0, le=10)
    """Movies of every 10 that go to test."""

    @model_validator(mode="after")
    def _leave_train(self) -> Self:
        if self.validation + self.test > 10:
            raise ValueError(f"validation {self.validation} + test {self.test} exceed the 10 movies of a block")
        return self


class DatasetConfig(Section):
    """What the dataset is called and under which terms it goes out."""

    name: Annotated[Text, AfterValidator(_dataset_name)] = Field(
        default="MovieLLM", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=96
    )
    """Name of the dataset."""
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")] | None = None
    """Version; None numbers a local build from its contents, `0.0.N`, so that no reader's cache goes stale."""
    licence: Text | None = None
    """SPDX id of the terms; None computes them from who made the data."""
    writer_terms: Text | None = None
    """Terms that the writer model's output comes under, when it is not the offline studio."""
    painter_terms: Text | None = None
    """Terms that the painter model's output comes under, when it is not the offline studio."""
    films: bool = False
    """Whether the movies lie in it as films too, MP4 with subtitles: the config `films`."""
    films_fps: Literal[12, 24] | None = None
    """Frames a second of films in which the camera moves; None: keyframes stand still."""
    films_voice: bool = False
    """Whether the films' dialogue is spoken, by espeak-ng."""

    @model_validator(mode="after")
    def _films_are_asked_for(self) -> Self:
        if not self.films and (self.films_fps is not None or self.films_voice):
            raise ValueError("films_fps and films_voice are for a dataset with films; set films: true")
        return self
