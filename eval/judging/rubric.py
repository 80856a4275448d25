"""Rubrics as data (rubrics/*.yaml): what a judge is told to look at, with a number that changes with the words.

    rubric = open_rubric("correctness")             # or rubric-1, legacy/vcg-detail, or the path of a YAML file
    rubric.id                                       # "rubric-1", as metrics name it
    rubric.text_sha256                              # of every word that a judge is told beside the data

The number is part of a metric's name, so that verdicts by other words never share a name. A rubric of your own is a
file of the same form; its metric also carries eight digits of its hash. It asks nobody: see asking.py.
"""

import difflib
import hashlib
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from moviellm.eval.judging.verdicts import Form
from moviellm.generation.config.recipe import read_text, read_yaml
from moviellm.generation.schema import canonical_json

PACKAGE: Final = "moviellm.eval.judging"
NAMES: Final = (
    "correctness", "better", "narrative", "legacy/video-qa", "legacy/vcg-correctness", "legacy/vcg-detail",
    "legacy/vcg-context", "legacy/vcg-temporal", "legacy/vcg-consistency",
)  # fmt: skip
"""Rubrics that are shipped."""


class Rubric(BaseModel):
    """What a judge is told to look at."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*(/[a-z][a-z0-9-]*)?$", max_length=60)]
    """Its name, as `--rubric` takes it."""
    number: Annotated[int, Field(ge=1)]
    """Which of its wordings; bumped with every changed word. Shipped rubrics of ours are numbered together."""
    form: Form
    """What a verdict holds: see verdicts.py."""
    facts: bool
    """Whether the judge gets what happens in the movie."""
    questions: Annotated[int, Field(ge=1, le=2)] = 1
    """Questions judged together: 2 takes groups of two questions with one reference."""
    title: Annotated[str, Field(min_length=1)]
    """What it asks, in one line."""
    text: Annotated[str, Field(min_length=1)]
    """What the judge is told."""
    own: bool = Field(default=False, exclude=True)
    """Whether it is not shipped with this package."""

    @property
    def id(self) -> str:
        """As metrics name it: `rubric-1`, `legacy/vcg-detail-1`, `mine-4+0a1b2c3d`."""
        if self.own:
            return f"{self.name}-{self.number}+{self.text_sha256[:8]}"
        return f"{self.name}-{self.number}" if "/" in self.name else f"rubric-{self.number}"

    @cached_property
    def system(self) -> str:
        """What the judge is told; `{mark}` stands for the mark of a request."""
        frame = _frame()
        return "\n\n".join((self.text.strip(), str(frame["data"]).strip(), str(frame["forms"][self.form]).strip()))

    @cached_property
    def text_sha256(self) -> str:
        """Hash of every word that a judge is told beside the data, and of how the data is put."""
        said = {"system": self.system, "form": self.form, "facts": self.facts, "questions": self.questions}
        return hashlib.sha256(canonical_json(said).encode()).hexdigest()


@cache
def _frame() -> dict[str, Any]:
    found: dict[str, Any] = read_yaml(
        (files(PACKAGE) / "rubrics" / "frame.yaml").read_text(encoding="utf-8"), "frame.yaml"
    )
    return found


@cache
def shipped() -> dict[str, Rubric]:
    """Every rubric of this package by name."""
    found = {}
    for name in NAMES:
        text = (files(PACKAGE) / "rubrics" / f"{name}.yaml").read_text(encoding="utf-8")
        found[name] = Rubric.model_validate(read_yaml(text, f"{name}.yaml"))
    return found


def open_rubric(name: str) -> Rubric:
    """A rubric by name, by id, or a file.

    Raises:
        ValueError: there is none, or the file is no rubric.
    """
    table = shipped() | {rubric.id: rubric for rubric in shipped().values()}
    if name in table:
        return table[name]
    if name.endswith((".yaml", ".yml")):
        return _read(Path(name))
    near = difflib.get_close_matches(name, table, n=1, cutoff=0.5)
    meant = f"; did you mean {near[0]}?" if near else ""
    raise ValueError(f"no rubric {name!r}{meant} There are {', '.join(NAMES)}, or name a YAML file")


def _read(path: Path) -> Rubric:
    if not path.is_file():
        raise ValueError(f"--rubric: {path} is no file; shipped rubrics are {', '.join(NAMES)}")
    try:
        data = {**read_yaml(read_text(path), str(path)), "own": True}
        return Rubric.model_validate(data)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in fault["loc"]) or "the file"
        raise ValueError(f"{path} is no rubric: {where}: {fault['msg']}; see docs/judges.md") from None
