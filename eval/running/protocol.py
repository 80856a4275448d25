"""What is asked of a model and what it says: the one protocol of all adapters.

    for place, said in model.answer(film, asks):    # in any order, as soon as there are answers
        ...

Adapters: checkpoint.py (our model and stock ones), endpoint.py (an OpenAI-compatible server), replay.py (a file). An
adapter never raises for one question: what could not be answered is a `Said` with its reason.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from moviellm.eval.tasks.items import Question


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a model said to one question."""

    text: str | None
    """Its words; None where it did not answer."""
    reason: str | None = None
    """Why it did not."""
    row: Mapping[str, Any] | None = None
    """A prediction that needs no reading: a line of a predictions file."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What is known of the answer besides: tokens, cost."""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One question as it is put."""

    question: Question
    prompt: str
    max_tokens: int
    turn_of: int | None = None
    """Place of the ask that it follows up."""
    said: str | None = None
    """Its answer where that is known already: then it is not asked, and stands before those that follow it up."""


class Model(Protocol):
    """Something that answers questions about a film."""

    kind: str
    """`checkpoint`, `openai` or `replay`."""
    name: str
    """As results name it."""
    revision: str
    """Which weights: a commit, or a hash of files; of a server what it calls itself."""
    parameters: Mapping[str, Any]
    """What else decides an answer."""
    needs_films: bool
    """Whether films are read for it; a file of answers needs none."""

    def answer(self, film: Any, asks: Sequence[Ask]) -> Iterator[tuple[int, Said]]:
        """Answers by place of the ask. `film` is None where nothing of it is shown."""

    def close(self) -> None:
        """Give back what it holds."""
