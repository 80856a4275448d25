"""Which exact model a name means: the commit of a Hub repository, or the hash of a folder's contents.

    revision_of("stabilityai/stable-diffusion-xl-base-1.0", None)    # the newest commit, asked of the Hub once
    revision_of("models/mine", None)                                 # hash of every file in it
    split_source("owner/name/weights.safetensors")                   # ("owner/name", "weights.safetensors")

A revision goes into the key of everything that the model makes. It loads no model; a folder is read once a process.
"""

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from moviellm.generation.files import file_sha256
from moviellm.generation.on_hub import ASKED_S, near_here, refuse_mistyped, why_unreached
from moviellm.generation.output import note
from moviellm.generation.pictures.scorers import folder_revision

_COMMIT: Final = re.compile(r"[0-9a-f]{40}")


class UnreachedError(ValueError):
    """The Hub cannot be asked, and what was asked for was not downloaded before."""


@functools.lru_cache(maxsize=64)
def revision_of(model: str, revision: str | None = None) -> str:
    """The commit or content hash that `model` means now.

    Args:
        model: Hub id, folder, or a file of weights.
        revision: Commit, branch or tag on the Hub; a commit is taken as it is, without asking.

    Raises:
        ValueError: there is no such model, it may not be read, or nobody can be asked.
    """
    path = Path(model)
    if path.exists():
        if revision is not None:
            raise ValueError(f"{model} lies on this machine and has no revision {revision!r}; leave it out")
        return folder_revision(path) if path.is_dir() else file_sha256(path)
    if revision is not None and _COMMIT.fullmatch(revision):
        return revision
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", model) or model.startswith("."):
        near = f" ({near})" if (near := near_here(model)) else ""
        raise ValueError(f"no model {model}: it is no folder here{near}, and a Hub id has the form owner/name")
    if "/" in model:
        refuse_mistyped(model, revision)
    return _hub_commit(model, revision)


def planned_revision_of(model: str, revision: str | None) -> str:
    """`revision_of` for a dry run, which goes on where the Hub cannot be reached, and says so."""
    try:
        return revision_of(model, revision)
    except UnreachedError:
        note(f"revision of {model} not looked up: the Hub cannot be reached; what it made before counts as missing")
        return "not looked up"


LookUp = Callable[[str, str | None], str]
"""Says which commit a name and a revision mean."""


def _hub_commit(model: str, revision: str | None) -> str:
    """Ask the Hub; where it cannot be asked, take what was downloaded before."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

    try:
        commit = HfApi().model_info(model, revision=revision, timeout=ASKED_S).sha
    except GatedRepoError:
        raise ValueError(
            f"{model} is gated: accept its terms at https://huggingface.co/{model}, then `hf auth login`"
        ) from None
    except RepositoryNotFoundError:
        raise ValueError(
            f"no model {model}: neither a folder here nor a repository on the Hub that you may read; "
            f"a private one needs `hf auth login`"
        ) from None
    except RevisionNotFoundError:
        raise ValueError(f"{model} has no revision {revision!r} on the Hub; give a commit, branch or tag") from None
    except Exception as error:
        why = why_unreached(error)
        if why is None and not isinstance(error, HfHubHTTPError | OSError):
            raise
        return _downloaded_commit(model, revision, why or " ".join(str(error).split())[:200])
    assert commit is not None
    return commit


def _downloaded_commit(model: str, revision: str | None, why: str) -> str:
    from huggingface_hub.constants import HF_HUB_CACHE

    folder = Path(HF_HUB_CACHE) / f"models--{model.replace('/', '--')}"
    ref = folder / "refs" / (revision or "main")
    commit = ref.read_text(encoding="ascii").strip() if ref.is_file() else ""
    if not (_COMMIT.fullmatch(commit) and (folder / "snapshots" / commit).is_dir()):
        raise UnreachedError(
            f"no folder {model} here, and the Hub cannot be asked for {model} ({why}) and it was not downloaded "
            f"before; connect, or give the folder of the model"
        ) from None
    return commit


def split_source(source: str) -> tuple[str, str | None]:
    """A source of weights as (Hub id or folder, file in it): `owner/name/file.safetensors` names a file.

    Raises:
        ValueError: the file is not safetensors.
    """
    path = Path(source)
    if path.is_dir():
        return source, None
    if path.is_file():
        folder, file = str(path.parent), path.name
    else:
        owner_name, rest = source.split("/")[:2], source.split("/")[2:]
        folder, file = "/".join(owner_name), "/".join(rest)
    if file and not file.endswith(".safetensors"):
        raise ValueError(f"{source} is not safetensors; other formats can hold code and are never loaded")
    return folder, file or None
