"""A name that is no folder here: what was mistyped, and what it means when the Hub does not say.

    refuse_mistyped("runs/nope", None)                     # ValueError where a folder beside it is called much like it
    commit = commit_of_dataset("org/name", "v1.2.0")       # asked of the Hub once
    with in_words("org/name", None): ...                   # errors of huggingface_hub become a ValueError of one line

moviellm_dataset.py says the same in the same words: it imports nothing of ours. It downloads nothing.
"""

import difflib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

TRANSPORTS: Final = frozenset({"httpx", "httpx2", "httpcore", "huggingface_hub", "requests", "urllib3"})
"""Packages whose errors mean that the Hub does not answer: which one it is depends on the version."""
ASKED_S: Final = 10.0
"""Seconds that the Hub may take to answer."""
NEAR: Final = 3


def near_here(name: str) -> str:
    """What a folder here may have been meant, in words; empty where none is called much like it."""
    path = Path(os.path.expanduser(name))  # leaves ~name as it is where there is no such user
    try:
        there = sorted(one.name for one in path.parent.iterdir() if one.is_dir())
    except OSError:  # no such folder, or not ours to read
        return ""
    near = difflib.get_close_matches(path.name, there, NEAR)
    return f"{path.parent}/ has no {path.name}; near it: {', '.join(near)}" if near else ""


def refuse_mistyped(name: str, revision: str | None) -> None:
    """Refuse a name that may be the Hub's where a folder here is called much like it.

    Args:
        name: `org/name`, and no folder.
        revision: Asked for; only what is on the Hub has one, so that it is looked for there.

    Raises:
        ValueError: there is such a folder.
    """
    if revision is None and (near := near_here(name)):
        raise ValueError(f"{near}; if {name} on the Hub is meant, say which revision of it, as main")


def why_unreached(error: Exception) -> str | None:
    """Why the Hub does not answer, in a word or two; None for an answer of it, and for what is not about the Hub."""
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    if isinstance(error, OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE is set"
    ours = type(error).__module__.partition(".")[0] in TRANSPORTS
    if isinstance(error, HfHubHTTPError) or not (ours or isinstance(error, ConnectionError | TimeoutError)):
        return None
    return type(error).__name__


@contextmanager
def in_words(repo_id: str, revision: str | None) -> Iterator[None]:
    """Say in one line why a dataset cannot be had from the Hub; the disk's errors stay as they are.

    Raises:
        ValueError: there is none of that name or revision, it may not be read, or the Hub cannot be reached.
    """
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

    try:
        yield
    except RevisionNotFoundError:
        raise ValueError(f"{repo_id} has no revision {revision!r} on the Hub") from None
    except GatedRepoError:
        raise ValueError(f"{repo_id} is gated: accept its terms on the Hub, and log in with: hf auth login") from None
    except RepositoryNotFoundError:
        raise ValueError(
            f"no folder and no dataset on the Hub is called {repo_id}, or it is private: log in with: hf auth login"
        ) from None
    except Exception as error:
        if (why := why_unreached(error)) is not None:
            raise ValueError(
                f"no folder {repo_id} here, and the Hub cannot be reached to look for a dataset of that name ({why})"
            ) from error
        if isinstance(error, HfHubHTTPError):
            raise ValueError(f"{repo_id} cannot be fetched from the Hub: {str(error).splitlines()[0]}") from error
        raise


def commit_of_dataset(repo_id: str, revision: str | None) -> str:
    """The commit that a revision of a dataset on the Hub means now; None is the newest.

    Raises:
        ValueError: as `in_words`.
    """
    from huggingface_hub import HfApi

    with in_words(repo_id, revision):
        return str(HfApi().dataset_info(repo_id, revision=revision, timeout=ASKED_S).sha)
