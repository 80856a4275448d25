"""A dataset folder on disk: its manifest, and how a new one takes the place of an old one, whole or not at all.

    manifest = read_manifest(folder)
    with building_folder(out) as building:          # `.NAME.building` beside it, locked; gone if anything fails
        ...
        install(building, out)                      # two renames

It does not say what is in the files: see export.py. dataset_check.py holds a folder against its manifest.
"""

import errno
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from moviellm.generation.files import sync_folder
from moviellm.generation.schema import Sha256, Split, Text, canonical_json

MANIFEST = "manifest.json"
FEATURES_FILE = "features.json"
README = "README.md"
SCRIPT = "moviellm_dataset.py"
"""Copy of the loading script; current `datasets` refuses any folder or Hub repository that has its name."""
UPLOAD_CACHE = ".cache"
"""What huggingface_hub leaves in a folder it has uploaded; rebuilt when it is gone."""
PATTERN_MARKS = ("[", "]", "*", "?", "::")
"""What `datasets` takes for a pattern or a chain of protocols, anywhere in the path of a local folder."""


class ManifestFile(BaseModel):
    """One file of a dataset."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    path: Text
    """Relative to the folder, with slashes."""
    sha256: Sha256
    """Hash of its bytes."""
    bytes: int
    """Its size."""
    rows: int | None = None
    """Rows of a Parquet file; None for other files."""


class DatasetManifest(BaseModel):
    """The contents of manifest.json: what belongs to the dataset, written last. It holds no time of day."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: Text
    """Name of the dataset."""
    version: Text
    """Its version."""
    schema_version: Text
    """Version of the data model."""
    configs: dict[Text, dict[Split, int]]
    """Rows by config and split. What has no rows is left out: `datasets` takes an empty split for an error."""
    splits: tuple[Split, ...]
    """Splits that have movies."""
    files: tuple[ManifestFile, ...]
    """Every file but the manifest, sorted by path."""
    kept: bool = Field(default=False, exclude=True)
    """True when the folder already held exactly this and was left as it was; not stored."""

    def text(self) -> str:
        """The canonical text that is stored."""
        return canonical_json(self.model_dump(mode="json")) + "\n"

    def shards(self, config: str, split: str) -> list[ManifestFile]:
        """The Parquet files of one config and split, in order.

        Raises:
            ValueError: a name leads out of the config's folder.
        """
        stem = f"{config}/{split}-"
        found = [file for file in self.files if file.path.startswith(stem)]
        odd = [file.path for file in found if not re.fullmatch(r"[\w.-]+", file.path.removeprefix(stem))]
        if odd:
            raise ValueError(f"{MANIFEST} lists {odd[0]!r}, which no export writes; run: moviellm dataset check")
        return found


def read_manifest(folder: Path) -> DatasetManifest:
    """Read a folder's manifest.

    Raises:
        ValueError: there is none, or it cannot be read.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise ValueError(f"{folder} is no dataset folder (no {MANIFEST}); make one with: moviellm dataset build")
    try:
        return DatasetManifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ValueError(
            f"{path} is damaged ({error.error_count()} errors); delete {folder} first, then build the dataset again, "
            f"or choose another folder"
        ) from None


def describe_file(folder: Path, path: Path, rows: int | None = None) -> ManifestFile:
    """Size and hash of a file of the folder."""
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return ManifestFile(path=path.relative_to(folder).as_posix(), sha256=digest, bytes=path.stat().st_size, rows=rows)


def resolve_target(out: Path) -> Path:
    """The absolute path of a folder to write, links followed.

    Raises:
        ValueError: a link of it leads back to itself.
    """
    try:
        out.stat()
    except OSError as error:  # for a loop, Path.resolve raises in some versions of Python only
        if error.errno == errno.ELOOP:
            raise ValueError(
                f"{out}: a symbolic link leads back to itself; remove it, or choose another folder"
            ) from None
    return out.resolve()


def check_target(out: Path) -> DatasetManifest | None:
    """Whether a dataset may be written to `out`, a resolved path; the manifest of the one that is there, or None.

    Raises:
        ValueError: it is a file, another kind of folder, a dataset with foreign files in it, or has a name that
            `datasets` does not load.
    """
    if out.name == SCRIPT.removesuffix(".py"):
        raise ValueError(
            f"a dataset folder must not be called {out.name}: `datasets` takes it for a script; rename it"
        )
    marks = [mark for mark in PATTERN_MARKS if mark in str(out)]
    if marks:
        raise ValueError(
            f"{out} has {' and '.join(marks)} in its path, which `datasets` takes for a pattern; choose another folder"
        )
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file; --out takes a folder")
    if not out.exists() or not any(out.iterdir()):
        return None
    if not (out / MANIFEST).exists():
        raise ValueError(
            f"{out} holds other files and is no dataset folder (no {MANIFEST}); choose an empty or new folder, or, if "
            f"it is a dataset that was damaged, delete it first"
        )
    manifest = read_manifest(out)
    known = {file.path for file in manifest.files} | {MANIFEST}
    found = (path.relative_to(out) for path in sorted(out.rglob("*")) if not path.is_dir())
    foreign = [path.as_posix() for path in found if path.as_posix() not in known and path.parts[0] != UPLOAD_CACHE]
    if foreign:
        names = ", ".join(foreign[:3]) + (f" and {len(foreign) - 3} more" if len(foreign) > 3 else "")
        raise ValueError(f"{out} holds files that are not of its dataset and would be lost: {names}; move them away")
    return manifest


def same_files(folder: Path, manifest: DatasetManifest) -> bool:
    """Whether a folder holds every file of a manifest, byte by byte."""
    return all(
        (folder / file.path).is_file() and describe_file(folder, folder / file.path, file.rows) == file
        for file in manifest.files
    )


@contextmanager
def building_folder(out: Path) -> Iterator[Path]:
    """An empty folder beside `out`, locked against a second builder and removed at the end unless installed.

    Raises:
        ValueError: another process is building the same dataset.
    """
    import fcntl

    out.parent.mkdir(parents=True, exist_ok=True)
    building = out.with_name(f".{out.name}.building")
    building.mkdir(exist_ok=True)
    lock = os.open(building, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not building.exists() or os.fstat(lock).st_ino != building.stat().st_ino:
            raise BlockingIOError
    except BlockingIOError:
        os.close(lock)
        raise ValueError(f"another process is building {out}; wait for it, or choose another folder") from None
    try:
        previous = _previous(out)
        if previous.exists() and not out.exists():
            previous.rename(out)  # a build was killed between its two renames
        for leftover in building.iterdir():  # of a build that was killed
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        yield building
    finally:
        # Once installed, the name is free, and a folder of that name is the next builder's.
        if building.exists() and building.stat().st_ino == os.fstat(lock).st_ino:
            shutil.rmtree(building, ignore_errors=True)
        os.close(lock)


def _previous(out: Path) -> Path:
    return out.with_name(f".{out.name}.previous")


def install(building: Path, out: Path) -> None:
    """Put a finished folder in the place of the old one. A kill between the renames is healed by the next build."""
    previous = _previous(out)
    shutil.rmtree(previous, ignore_errors=True)
    if out.exists():
        out.rename(previous)
    building.rename(out)
    sync_folder(out.parent)
    shutil.rmtree(previous, ignore_errors=True)
