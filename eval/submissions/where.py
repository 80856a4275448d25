"""A place of submissions: a folder that is there, or a dataset on the Hub. Every verb decides it here.

    folder = folder_of("ORG/requests", "--to")          # None: it is a name on the Hub
    repository = dataset_of("ORG/requests", "--to")     # which must be there

It reads and writes nothing in a place: see sending.py, and eval/leaderboard/places.py.
"""

from pathlib import Path

from moviellm.cards.hub.names import check_repo_id
from moviellm.cards.hub.repository import Repository


def is_hub_name(text: str) -> bool:
    """Whether a text that is no folder here can only be `ORG/NAME`, or `ORG/NAME@REVISION`."""
    name = text.partition("@")[0]
    return not Path(text).expanduser().is_dir() and name.count("/") == 1 and not text.startswith((".", "/", "~"))


def folder_of(text: str, option: str) -> Path | None:
    """The folder that a text names; None for a name on the Hub.

    Args:
        option: Names it in a message.

    Raises:
        ValueError: it is neither.
    """
    folder = Path(text).expanduser()
    if folder.is_dir():
        return folder
    if not is_hub_name(text):
        raise ValueError(f"{option} {text}: there is no such folder; give a folder, or ORG/NAME on the Hub")
    check_repo_id(text.partition("@")[0], "dataset")
    return None


def dataset_of(text: str, option: str) -> Repository:
    """The dataset of a name on the Hub, one that is there and may be read.

    Raises:
        ValueError: there is none.
    """
    check_repo_id(text, "dataset")
    repository = Repository.open(text, "dataset")
    if repository.settings() is None:
        raise ValueError(f"{option} {text}: there is no such folder and no such dataset, or this token may not see it")
    return repository
