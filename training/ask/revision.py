"""Which weights exactly a model's name means: the commit on the Hub, or the hash of a folder; nothing is loaded.

    revision_at("runs/stage3"), revision_at("org/name", "v1.0")

It needs no torch, so that what was answered before is found again in a moment.
"""

import hashlib
import json
import re
from pathlib import Path

from moviellm.generation.files import file_sha256
from moviellm.generation.revisions import revision_of

DECIDES = re.compile(
    r".*\.(safetensors|safetensors\.index\.json|jinja|model)|[a-z_]*config\.json|[a-z_]*token[a-z_]*\.json|vocab.*|"
    r"merges\.txt"
)
"""Files of a folder that decide an answer: weights, configs, tokenizer, template. A trainer's states do not."""


def revision_at(path_or_id: str, revision: str | None = None) -> str:
    """Which weights exactly a name means now.

    Raises:
        ValueError: there is no such model.
    """
    folder = local_folder(path_or_id, revision)
    return folder_revision(folder) if folder else revision_of(path_or_id, revision)


def local_folder(path_or_id: str, revision: str | None) -> Path | None:
    """The folder of a model; None where it is an id on the Hub.

    Raises:
        ValueError: a folder has no revisions.
    """
    folder = Path(path_or_id).expanduser()
    if not folder.is_dir():
        return None
    if revision is not None:
        raise ValueError(f"{path_or_id} lies on this machine and has no revision {revision!r}; leave it out")
    return folder


def folder_revision(folder: Path) -> str:
    """What stands for a commit where a model lies in a folder: the hash of all that decides its answers."""
    paths = [path for path in sorted(folder.iterdir()) if path.is_file() and DECIDES.fullmatch(path.name)]
    files = [(path.name, file_sha256(path)) for path in paths]
    return hashlib.sha256(json.dumps(files).encode()).hexdigest()
