"""What a proof is made of: `training/recipes/proof.yaml`, or a file like it.

    settings = load_settings("proof")
    settings.longer.steps

Every key is checked; an unknown one is an error that names it. It trains nothing.
"""

import difflib
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError

from moviellm.generation.config.section import Section, Share


class TowerSettings(Section):
    """The tower's training."""

    steps: int = Field(ge=1)
    batch: int = Field(default=96, ge=2)
    """Pictures a step."""


class DecoderSettings(Section):
    """Sizes of the decoder."""

    hidden: int = Field(default=128, ge=8)
    layers: int = Field(default=4, ge=1)
    heads: int = Field(default=4, ge=1)
    inner: int = Field(default=384, ge=8)
    kernel: int = Field(default=3, ge=2)


class LessonSettings(Section):
    """One part of the decoder's training; rates rise at its start and fall in its second half."""

    steps: int = Field(ge=1)
    movies: int = Field(default=8, ge=1)
    """Movies a step."""
    tokens: int = Field(default=128, ge=40)
    """Tokens of a movie with its questions: as many are asked as have room."""
    scenes: tuple[int, int] = (1, 2)
    """Fewest and most scenes of a movie."""
    clips: Share = 0.0
    """Share of clips of one or two scenes among the movies: the replay against forgetting."""
    weights: dict[str, float] = {}
    """Weights of kinds of questions; 1 where none is given."""
    muon: float = 0.02
    """Learning rate of matrices."""
    adam: float = 2e-3
    """Learning rate of everything else."""


class ProofSettings(Section):
    """A whole proof."""

    movies: str
    """Recipe of the movies: packaged, or a file."""
    overrides: tuple[str, ...] = ()
    """What of that recipe is set otherwise, as `--set` of `moviellm make`."""
    held_out_places: tuple[tuple[str, str], ...] = ()
    """Places with a light that train never shows: movies of test that have one are the held-out ones."""
    tower: TowerSettings
    decoder: DecoderSettings = DecoderSettings()
    align: int = Field(default=400, ge=0)
    """Steps of the alignment of frames with words, before the baseline."""
    baseline: LessonSettings
    """Short clips."""
    longer: tuple[LessonSettings, ...] = Field(min_length=1)
    """Lessons on whole movies after it, one after the other; the control has them with as many tokens of clips."""
    asked: int = Field(default=5, ge=1)
    """Questions of each kind that a movie is asked in the test, at most."""


def load_settings(name_or_path: str) -> ProofSettings:
    """Read settings by packaged name or by path.

    Raises ValueError: there are none, bad YAML, an unknown key, or a value that is not allowed.
    """
    path = Path(name_or_path)
    if path.suffix in {".yaml", ".yml"}:
        if not path.is_file():
            raise ValueError(f"no recipe file {name_or_path}; the packaged one is proof")
        text = path.read_text(encoding="utf-8")
    else:
        packaged = files("moviellm.training.recipes") / f"{name_or_path}.yaml"
        if not packaged.is_file():
            raise ValueError(f"no recipe {name_or_path!r} of a proof; the packaged one is proof, a file ends in .yaml")
        text = packaged.read_text(encoding="utf-8")
    return settings_of(yaml.safe_load(text) or {}, name_or_path)


def settings_of(data: Any, source: str) -> ProofSettings:
    """Check settings and say in one line what is wrong with them."""
    try:
        return ProofSettings.model_validate(data)
    except ValidationError as error:
        raise ValueError(f"recipe {source}: " + "; ".join(_explain(dict(item)) for item in error.errors())) from None


def _explain(fault: dict[str, Any]) -> str:
    key = ".".join(str(part) for part in fault["loc"])
    if fault["type"] != "extra_forbidden":
        return f"{key}: {fault['msg']}"
    known = [name for part in _PARTS for name in part.model_fields]
    near = difflib.get_close_matches(str(fault["loc"][-1]), known, 1)
    return f"unknown key {key}" + (f", did you mean {near[0]}?" if near else "")


_PARTS = (ProofSettings, TowerSettings, DecoderSettings, LessonSettings)
