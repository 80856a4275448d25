"""What the Hub's answers mean: asked again when they pass, said in words when they do not.

    info = patiently(lambda: api.repo_info("moviellm/films"), endpoint, "moviellm/films")
    raise_as(lost(error, endpoint, "moviellm/films"), error)            # of a commit: LostCommitError, or the refusal

huggingface_hub repeats uploads and listings itself (five times, 429 and 5xx and lost connections); what it asks only
once (who am I, create, tag, refs) is repeated here. A commit never is: whether it was made is seen in the repository.
A refusal becomes a `ValueError` that says what to do, a Hub out of reach a `ConnectionError`.
"""

import random
import time
from collections.abc import Callable
from typing import NoReturn, TypeVar

T = TypeVar("T")
TRIES = 5
"""Times that a question is put before the Hub counts as out of reach."""
PAUSE_S = 0.5
"""Pause after the first failure; doubled after each, with jitter."""
PAUSE_MAX_S = 30.0
PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses that pass."""
LOST = frozenset({409, 412})
"""Statuses of a commit whose parent is no longer the head."""


class LostCommitError(Exception):
    """A commit was not taken, or nobody knows whether it was: read the repository again."""

    def __init__(self, reason: str, raced: bool) -> None:
        super().__init__(reason)
        self.raced = raced
        """Whether somebody else's commit was first; otherwise the Hub failed."""


class NotThereError(ValueError):
    """No repository of that name, or none that this token sees."""


def pause(failures: int, at_least_s: float = 0.0) -> None:
    """Wait before the next try: longer after each failure, and never as long as another writer waits."""
    time.sleep(max(at_least_s, min(PAUSE_MAX_S, PAUSE_S * 2 ** (failures - 1)) * random.uniform(0.5, 1.5)))


def patiently(question: Callable[[], T], endpoint: str, repo_id: str, *, sent: bool = False) -> T:
    """Put a question until it is answered.

    Args:
        sent: Something was sent before, which a Hub out of reach keeps.

    Raises:
        ValueError: the Hub says no.
        ConnectionError: it cannot be reached, or fails each time.
    """
    for failures in range(1, TRIES + 1):
        try:
            return question()
        except Exception as error:
            if not _passes(error) or failures == TRIES:
                raise_as(_said(error, endpoint, repo_id, sent), error)
            wait_s = _wait_s(error)
        pause(failures, wait_s)
    raise AssertionError("the last try returns or raises")


def raise_as(told: Exception, error: Exception) -> NoReturn:
    """Raise what an error means, or the error itself where it means nothing else."""
    if told is error:
        raise error
    raise told from error


def lost(error: Exception, endpoint: str, repo_id: str) -> Exception:
    """What became of a commit: lost to another one, unknown, or refused."""
    if isinstance(error, RuntimeError) and isinstance(error.__cause__, Exception):
        error = error.__cause__  # huggingface_hub says so which upload failed
    if _status(error) in LOST:
        return LostCommitError(f"somebody else committed to {repo_id} meanwhile", raced=True)
    if _passes(error):
        return LostCommitError(_out_of_reach(error, endpoint, sent=True), raced=False)
    return _said(error, endpoint, repo_id, sent=True)


def _said(error: Exception, endpoint: str, repo_id: str, sent: bool) -> Exception:
    """The error for whoever called: in words where it is the Hub's, as it is otherwise."""
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled, RepositoryNotFoundError

    if isinstance(error, RepositoryNotFoundError):
        return NotThereError(f"there is no {repo_id} on {endpoint}, or this token may not see it")
    if isinstance(error, OfflineModeIsEnabled):
        return ValueError("HF_HUB_OFFLINE is set, so nothing can be pushed; unset it and run the same command again")
    if _passes(error):
        return ConnectionError(_out_of_reach(error, endpoint, sent))
    if not isinstance(error, HfHubHTTPError):
        return error
    status, told = _status(error), error.server_message or error.response.reason_phrase
    if status == 401:
        return ValueError(
            f"{endpoint} does not know this token ({told}); log in again: hf auth login --force, or correct HF_TOKEN, "
            f"which goes before it"
        )
    if status == 403:
        return ValueError(
            f"this token may not do that to {repo_id} ({told}); give it the right to write there at "
            f"{endpoint}/settings/tokens, or propose the change with --create-pr"
        )
    return ValueError(f"the Hub refuses it with {status}: {told}")


def _out_of_reach(error: Exception, endpoint: str, sent: bool) -> str:
    status = _status(error)
    what = f"answers {status}" if status else f"cannot be reached ({error or type(error).__name__})"
    return f"{endpoint} {what}; {'what was sent is kept: ' if sent else ''}run the same command again"


def _status(error: Exception) -> int | None:
    response = getattr(error, "response", None)
    return None if response is None else int(response.status_code)


def _wait_s(error: Exception) -> float:
    """Seconds that the Hub asks to wait; 0 where it does not say."""
    response = getattr(error, "response", None)
    told = "" if response is None else str(response.headers.get("retry-after", ""))
    return float(told) if told.isdigit() else 0.0


def _passes(error: Exception) -> bool:
    """Whether it may work a moment later."""
    import httpx2

    return _status(error) in PASSING or isinstance(error, httpx2.TransportError)
