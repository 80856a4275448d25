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
        raise ValueError(f"no dataset folder {source}; a dataset on the Hub is called org/name")
    return _download(source, revision)


def _download(repo_id: str, revision: str | None) -> Place:
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

    try:
        commit = HfApi().dataset_info(repo_id, revision=revision).sha
        folder = snapshot_download(repo_id, repo_type="dataset", revision=commit)
    except RevisionNotFoundError:
        raise ValueError(f"{repo_id} has no revision {revision!r} on the Hub") from None
    except GatedRepoError:
        raise ValueError(f"{repo_id} is gated: accept its terms on the Hub, and log in with: hf auth login") from None
    except RepositoryNotFoundError:
        raise ValueError(
            f"no folder and no dataset on the Hub is called {repo_id}, or it is private: log in with: hf auth login"
        ) from None
    except (HfHubHTTPError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None and error.filename is not None:
            raise  # the disk's
        raise ValueError(f"{repo_id} cannot be fetched from the Hub: {str(error).splitlines()[0]}") from error
    return Place(Path(folder), f"{repo_id}@{(commit or 'main')[:12]}")
