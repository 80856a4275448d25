"""eval.yaml, which tells the Hub what a benchmark's tasks are; checked against the fields that the Hub takes.

    text = eval_yaml(name, description, ["grounding", "qa_mc"])
    read_eval_yaml(text).tasks[0].id                # 'grounding_miou'
    not_yet(read_eval_yaml(text))                   # what the Hub does not accept today

One task is one leaderboard is one number. Fields of inspect-ai are refused with any other framework, and so is every
field that nobody knows: the Hub takes a misspelt key for an error. It sends nothing.
"""

from collections.abc import Iterable
from typing import Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

FRAMEWORK: Final = "moviellm-bench"
ON_THE_HUB: Final = frozenset({"inspect-ai", "video-mme-v2", "mmmu"})
"""Frameworks that we know the Hub's list to hold; ours is not on it yet."""
INSPECT: Final = "inspect-ai"
HEADLINES: Final = {
    "grounding": "grounding_miou",
    "dense_captioning": "dense_soda_c",
    "qa_mc": "qa_mc_accuracy",
    "qa_open": "qa_open_exact_match",
    "movie_answers": "movie_answers_exact_match",
}
"""Id of each task: the task with the number that ranks."""


class FieldSpec(BaseModel):
    """Which columns an inspect-ai task reads."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: str
    target: str | None = None
    choices: str | None = None
    metadata: list[str] | None = None
    input_image: str | None = None


class EvalTask(BaseModel):
    """One task."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$")
    config: str | None = None
    """Of the dataset; None is the default one."""
    split: str = "test"
    field_spec: FieldSpec | None = None
    solvers: list[dict[str, Any]] | None = None
    scorers: list[dict[str, Any]] | None = None
    """Not `scorer` and not `scores`, whatever a page says."""
    epochs: int | None = Field(default=None, ge=1)
    epoch_reducer: str | None = None
    shuffle_choices: bool | None = None


OF_INSPECT: Final = ("field_spec", "solvers", "scorers", "epochs", "epoch_reducer", "shuffle_choices")


class EvalYaml(BaseModel):
    """The file."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: str = Field(min_length=1)
    description: str = Field(min_length=1)
    evaluation_framework: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    tasks: list[EvalTask] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits(self) -> "EvalYaml":
        ids = [task.id for task in self.tasks]
        if len(set(ids)) != len(ids):
            raise ValueError("two tasks have one id; one task is one leaderboard")
        for task in self.tasks:
            foreign = [name for name in OF_INSPECT if getattr(task, name) is not None]
            if foreign and self.evaluation_framework != INSPECT:
                raise ValueError(f"{task.id}: {', '.join(foreign)} are for {INSPECT} only")
        return self


def read_eval_yaml(text: str) -> EvalYaml:
    """The file of a text.

    Raises:
        ValueError: it is no YAML, or not what the Hub takes.
    """
    try:
        return EvalYaml.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise ValueError(f"eval.yaml is no YAML: {str(error).splitlines()[0]}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "eval.yaml"
        raise ValueError(f"eval.yaml: {place}: {first['msg']}") from None


def eval_yaml(name: str, description: str, tasks: Iterable[str]) -> str:
    """The text of a benchmark with these tasks, checked.

    Raises:
        ValueError: a field is not what the Hub takes.
    """
    stated = {
        "name": name,
        "description": description,
        "evaluation_framework": FRAMEWORK,
        "tasks": [{"id": HEADLINES[task], "config": "qa", "split": "test"} for task in tasks],
    }
    text: str = yaml.safe_dump(stated, sort_keys=False, allow_unicode=True, width=10_000)
    read_eval_yaml(text)
    return text


def not_yet(stated: EvalYaml) -> list[str]:
    """What of the file the Hub does not accept today."""
    said = []
    if stated.evaluation_framework not in ON_THE_HUB:
        said.append(
            f"`evaluation_framework: {stated.evaluation_framework}` is not in the Hub's list of frameworks; it has to "
            f"be added there first, and until then a push with this file may be refused or the file ignored"
        )
    said.append("leaderboards of datasets open for those on an allow-list that the Hub's staff keep")
    return said
