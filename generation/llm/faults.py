"""What goes wrong between us and a model server, by class: what may be tried again, when, and what ends the run.

    raise CallError("429", retry_after_s=2.0)
    pause_s(error, attempt=3, jitter=0.7)

A `CallError` never leaves the service: it becomes a later try, a ValueError (this cell) or a StoppedError (this run).
"""

from dataclasses import dataclass

RETRY_AFTER_MAX_S = 600.0
"""A server that asks for a longer pause ends the run: it is resumed later."""


@dataclass(frozen=True)
class Pace:
    """How a class of errors is waited for: seconds before the first retry, doubled each time up to the last."""

    first_s: float
    longest_s: float


PACES: dict[str, Pace] = {
    "429": Pace(0.5, 60.0),
    "500": Pace(0.25, 30.0),
    "503": Pace(0.5, 60.0),
    "reset": Pace(0.1, 30.0),
    "refused": Pace(0.5, 5.0),
    "timeout": Pace(0.1, 10.0),
    "html": Pace(0.5, 30.0),
    "empty": Pace(0.0, 1.0),
    "expired": Pace(0.0, 0.0),
}
"""Error classes that are tried again; `expired` is a row of a batch. Others are not."""
CONTENT = "content policy"
"""Class of a refusal to answer this question: no fault of the server, and no other try would help."""
TOO_LONG = "length of the question"
"""Class of a question that the model has no room for."""


class CallError(Exception):
    """One call that brought no answer."""

    def __init__(self, kind: str, detail: str = "", *, retry_after_s: float | None = None) -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind
        """Class of error: a key of `PACES`, or one that is not tried again."""
        self.detail = detail
        self.retry_after_s = retry_after_s


class WrongServerError(Exception):
    """No call of this run can succeed: no such model, a key that is not accepted, a server that is not there."""


class UnsupportedError(Exception):
    """The server does not know a parameter. `name` says which; another form of the call may do."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(f"{name}: {detail}")
        self.name = name


def pause_s(error: CallError, attempt: int, jitter: float) -> float:
    """How long to wait before the next try, in seconds: what the server asks, else a jittered doubling.

    Args:
        attempt: tries made so far, from 1.
        jitter: 0 to 1, drawn anew each time so that calls which failed together do not come back together.
    """
    pace = PACES[error.kind]
    waited = min(pace.longest_s, pace.first_s * 2.0 ** (attempt - 1)) * (0.5 + 0.5 * jitter)
    return waited if error.retry_after_s is None else error.retry_after_s + 0.1 * waited
