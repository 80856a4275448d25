"""What a judge may answer, and how its answer is read. A verdict is never guessed.

    read_verdict("pointwise", '{"reason": "...", "correct": true, "score": 4}')   # PointVerdict
    read_verdict("pairwise", "A is better")                                       # UnreadableError: no JSON

Three forms. `pointwise`: right or wrong, and a score from 0 to 5; right if and only if the score is 3 or more.
`score`: the score alone. `pairwise`: A, B or tie, how clearly, and how many facts each misses. The reason comes first
in every form, so that a model says why before it decides. What is no JSON, has other keys, other types (4.8, "4", a
key twice) or a verdict that was not offered is unreadable: nothing is mended, rounded or taken from a sentence.

It asks nobody: see asking.py.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from moviellm.generation.llm.strict import strict_schema

Form = Literal["pointwise", "score", "pairwise"]
RIGHT_FROM: Final = 3
"""Score from which an answer is right."""
REASON_MAX: Final = 4000
"""Characters of a reason; a longer one is a model that does not stop."""
_THOUGHTS: Final = re.compile(r"^\s*<think>.*?</think>", re.DOTALL)
_FENCED: Final = re.compile(r"\s*```[a-zA-Z]*\s*\n(.*?)\n?\s*```\s*", re.DOTALL)
Score = Annotated[int, Field(ge=0, le=5)]
Count = Annotated[int, Field(ge=0, le=1000)]


class UnreadableError(ValueError):
    """An answer of a judge that is no verdict."""


class _Verdict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)

    reason: Annotated[str, Field(max_length=REASON_MAX)]
    """Why, in one or two sentences."""


class PointVerdict(_Verdict):
    """One answer, right or wrong."""

    correct: bool
    """Whether the answer means the same as the reference in what the question asks."""
    score: Score
    """0: nothing of it is right; 3: right in the main; 5: all of it is right."""

    @model_validator(mode="after")
    def _consistent(self) -> "PointVerdict":
        if self.correct != (self.score >= RIGHT_FROM):
            raise ValueError(f"correct is {self.correct} and score {self.score}: right is a score from {RIGHT_FROM}")
        return self


class ScoreVerdict(_Verdict):
    """One answer on a scale."""

    score: Score
    """0 is worst, 5 is best."""


class PairVerdict(_Verdict):
    """Two answers, as they were shown."""

    facts_missed_A: Count  # noqa: N815
    """Facts of the reference that A lacks or gets wrong."""
    facts_missed_B: Count  # noqa: N815
    """Facts of the reference that B lacks or gets wrong."""
    verdict: Literal["A", "B", "tie"]
    """The better answer; tie where neither is."""
    strength: Literal[1, 2]
    """1: a little better; 2: clearly better. 1 for a tie."""


Verdict = PointVerdict | ScoreVerdict | PairVerdict
FORMS: Final[Mapping[Form, type[Verdict]]] = {
    "pointwise": PointVerdict,
    "score": ScoreVerdict,
    "pairwise": PairVerdict,
}


@dataclass(frozen=True)
class Unscored:
    """No verdict: never a 0, never a loss."""

    kind: str
    """`refused`, `unreadable`, `cut off`, or `no answer` (the call was given up)."""
    reason: str
    """In words."""


def schema_of(form: Form) -> Mapping[str, JsonValue]:
    """The JSON schema that a server holds an answer to."""
    return strict_schema(FORMS[form])


def read_verdict(form: Form, text: str) -> Verdict:
    """The verdict that a judge's answer holds; the JSON may follow thoughts and stand in one fence.

    Raises:
        UnreadableError: it holds none.
    """
    body = _THOUGHTS.sub("", text.removeprefix("\ufeff"))
    fenced = _FENCED.fullmatch(body)
    try:
        value = json.loads(fenced[1] if fenced else body, object_pairs_hook=_once_each, parse_constant=_no_constant)
    except RecursionError:
        raise UnreadableError("nested too deep") from None
    except UnreadableError:
        raise
    except ValueError as error:
        raise UnreadableError(f"no JSON ({error})") from None
    try:
        return FORMS[form].model_validate(value)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in fault["loc"]) or "it"
        raise UnreadableError(f"{where}: {fault['msg']}") from None


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise UnreadableError("a key stands twice")
    return found


def _no_constant(name: str) -> None:
    raise UnreadableError(f"{name} is no JSON")
