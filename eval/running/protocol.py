"""What is asked of a model and what it says: the one protocol of all adapters.

    model.answer(film, asks, told)                  # told(place, said) for every ask, in any order

Adapters: checkpoint.py (our model and stock ones), endpoint.py (an OpenAI-compatible server), replay.py (a file). An
adapter never raises for one question: what could not be answered is a `Said` with its reason.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from moviellm.eval.tasks.items import Question
from moviellm.eval.tasks.table import Times


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
    """What is known of the answer besides: tokens, how it ended."""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One question as it is put."""

    question: Question
    prompt: str
    max_tokens: int
    turn_of: int | None = None
    """Place of the ask that it follows up; an earlier one."""
    said: str | None = None
    """Its answer where that is known already: it stands before those that follow it up, and need not be asked."""


Told = Callable[[int, Said], None]
"""Takes the place of an ask and what was said; one that is told again is not heard."""


class Model(Protocol):
    """Something that answers questions about a film."""

    kind: str
    """`checkpoint`, `openai` or `replay`."""
    name: str
    """As results name it."""
    revision: str
    """Which weights: a commit, or a hash of files; of a server its address, hashed."""
    parameters: Mapping[str, Any]
    """What else decides an answer."""
    times: Times
    """How it says times."""
    bare: bool
    """Whether questions are put to it as they stand, with no words about the form of an answer."""
    max_tokens: int | None
    """Its longest answer; None: as tasks have it."""
    needs_films: bool
    """Whether films are read for it, and its answers kept; a file of answers needs neither."""

    def answer(self, film: Any, asks: Sequence[Ask], told: Told) -> None:
        """Say what it answers. `film` is None where nothing of it is shown, and has no frames where it is only heard.

        Raises:
            ValueError: the model cannot be used at all.
            StoppedError: nothing can be asked now.
        """

    def facts(self) -> Mapping[str, Any]:
        """What results say of the run besides: what was paid."""

    def close(self) -> None:
        """Give back what it holds."""


def turns_before(asks: Sequence[Ask], place: int, answers: Mapping[int, str]) -> list[str]:
    """Questions and answers by turns, up to the question at a place; what was not answered stands as silence."""
    turns = [asks[place].prompt]
    before = asks[place].turn_of
    while before is not None:
        turns[:0] = [asks[before].prompt, answers.get(before, asks[before].said or "")]
        before = asks[before].turn_of
    return turns
