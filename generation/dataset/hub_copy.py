"""A dataset folder, or a copy of a dataset on the Hub in the Hugging Face cache.

    place = local_copy("out", None)                         # the folder itself
    place = local_copy("org/name", "v1.2.0")                # downloaded at the commit that the tag names
    place.folder, place.said                                # where it lies, and what it is called in a report

A revision is pinned to its commit before anything is downloaded, so that what is read is one state of the dataset. It
checks nothing: see check.py.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from moviellm.generation.on_hub import commit_of_dataset, in_words, near_here, refuse_mistyped


@dataclass(frozen=True)
class Place:
    """Where a dataset lies on this machine."""

    folder: Path
    said: str
    """What it is called: the folder as given, or `org/name@commit`."""


def local_copy(source: str, revision: str | None) -> Place:
    """The folder of a dataset.

    Raises:
        ValueError: there is no such folder, or no such dataset or revision on the Hub, or it cannot be reached.
    """
    folder = Path(source)
    if folder.is_dir() or folder.is_file():
        if revision is not None:
            raise ValueError(f"{source} is a folder and has no revision {revision!r}; revisions are for the Hub")
        return Place(folder, source)
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", source) or source.startswith("."):
        near = f" ({near})" if (near := near_here(source)) else ""
        raise ValueError(f"no dataset folder {source}{near}; a dataset on the Hub is called org/name")
    refuse_mistyped(source, revision)
    return _download(source, revision)


def _download(repo_id: str, revision: str | None) -> Place:
    from huggingface_hub import snapshot_download

    commit = commit_of_dataset(repo_id, revision)
    with in_words(repo_id, revision):
        folder = snapshot_download(repo_id, repo_type="dataset", revision=commit)
    return Place(Path(folder), f"{repo_id}@{commit[:12]}")
