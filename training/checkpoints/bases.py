"""Which base an adapter is for: its name, its commit and the hash of its weights, written beside the adapter.

    base = base_of("org/name", revision="v1.0")           # or a folder; reads all weights once
    write_base(folder, base)
    where = find_base(folder, read_config(folder))          # the folder it lies in, downloaded if need be

A base from the Hub is known by its commit. One in a folder is known by the hash of its weights, and so is one that is
given in place of another: the same weights under another name are the same base.
"""

import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from moviellm.generation.files import write_whole
from moviellm.generation.progress import progress
from moviellm.generation.revisions import revision_of
from moviellm.generation.schema import Sha256, Text
from moviellm.training.checkpoints.fitting import CONFIG
from moviellm.training.checkpoints.record import Base, Part
from moviellm.training.checkpoints.terms import stated_licence
from moviellm.training.checkpoints.weights import content_hash, total_bytes

BASE = "base.json"
PATTERNS = ("*.safetensors", "*.json", "*.jinja", "*.model", "*.txt", "README.md")
"""What of a repository a model needs; pickles are not fetched."""


class BaseRef(Part):
    """The contents of base.json."""

    place: Text
    """Hub id, or absolute path of a folder."""
    revision: str | None = None
    """Commit on the Hub; None for a folder."""
    weights_sha256: Sha256
    """`weights.content_hash`."""

    @property
    def on_hub(self) -> bool:
        """Whether it can be had from the Hub."""
        return self.revision is not None

    @property
    def name(self) -> str:
        """For people and cards: the id, or the name of the folder."""
        return self.place if self.on_hub else Path(self.place).name

    def told(self, licence: str | None = None) -> Base:
        """The same for the record of a training, with the licence that its card states."""
        licence = licence or stated_licence(self.place, self.revision)
        return Base(model_id=self.name, revision=self.revision, weights_sha256=self.weights_sha256, licence=licence)


def base_of(place: str | os.PathLike[str], revision: str | None = None) -> BaseRef:
    """Name, commit and hash of a base; its weights are read, from the Hub they are downloaded.

    Raises:
        ValueError: it is not there, or holds no safetensors.
    """
    folder = Path(place)
    if folder.is_dir():
        if revision is not None:
            raise ValueError(f"{place} is a folder and has no revision {revision!r}; leave it out")
        if (folder / CONFIG).is_file() and not (folder / "config.json").is_file():
            raise ValueError(f"{place} is an adapter and no base: merge it first (`moviellm train merge`)")
        return BaseRef(place=str(folder.resolve()), weights_sha256=hashed(folder))
    commit = revision_of(str(place), revision)
    return BaseRef(place=str(place), revision=commit, weights_sha256=hashed(fetched(str(place), commit)))


def hashed(folder: Path) -> str:
    """The hash of a folder's weights, with progress."""
    total = -(-total_bytes(folder) // 1_000_000)
    read = 0
    with progress("reading the base", total=total, unit="MB") as advance:

        def advanced(count: int) -> None:
            nonlocal read
            before, read = read, read + count
            advance(read // 1_000_000 - before // 1_000_000)

        return content_hash(folder, advanced)


def fetched(repo_id: str, commit: str) -> Path:
    """A snapshot of a repository without what could run code."""
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(repo_id, revision=commit, allow_patterns=list(PATTERNS)))


def write_base(folder: Path, base: BaseRef) -> None:
    """Write base.json whole."""
    write_whole(folder / BASE, (base.model_dump_json(indent=1) + "\n").encode())


def read_base(folder: Path, config: dict[str, Any]) -> BaseRef | None:
    """Which base an adapter says it is for; None where it has no base.json, as adapters of others.

    Raises:
        ValueError: the file is damaged, or says otherwise than adapter_config.json.
    """
    path = folder / BASE
    if not path.is_file():
        return None
    try:
        base = BaseRef.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ValueError(f"{path} is damaged: {error.errors()[0]['msg']}") from None
    named = config.get("base_model_name_or_path")
    if named != base.place:
        raise ValueError(f"{path} says that the base is {base.place}, and {CONFIG} says {named}: one is wrong")
    return base


def find_base(folder: Path, config: dict[str, Any], given: str | None = None, revision: str | None = None) -> Path:
    """The folder with the base of an adapter, held against what the adapter says of it.

    Args:
        folder: Of the adapter.
        config: Its settings.
        given: A base to take instead of the one it names: folder or Hub id.
        revision: Of `given` on the Hub.

    Raises:
        ValueError: it is not there, or is another one: the message says which base is wanted and which came.
    """
    wanted = read_base(folder, config)
    if given is None and wanted is not None and wanted.revision is not None:
        return fetched(wanted.place, wanted.revision)
    place = given or (wanted.place if wanted else config.get("base_model_name_or_path"))
    if not place:
        raise ValueError(f"the adapter in {folder} does not say which base it is for: name it with --base")
    where = _folder_of(folder, place)
    if where is None:
        if Path(place).is_absolute():
            raise ValueError(
                f"the adapter in {folder} is for the base in {place}, which is not there: say where it is now with "
                "--base FOLDER"
            )
        where = fetched(place, revision_of(place, revision))
    found = hashed(where) if wanted is not None else ""
    if wanted is not None and found != wanted.weights_sha256:
        raise ValueError(
            f"the adapter in {folder} is for another base: it wants {wanted.name} with weights "
            f"{wanted.weights_sha256[:12]}, and {place} has {found[:12]}"
        )
    return where


def _folder_of(folder: Path, place: str) -> Path | None:
    """Where a base lies on this machine: at its path, or in or beside the adapter when both were moved."""
    here, name = folder.resolve(), Path(place).name
    moved = [here / name, here.parent / name] if Path(place).is_absolute() else []
    candidates = [Path(place), *moved]
    return next((one for one in candidates if (one / "config.json").is_file()), None)
