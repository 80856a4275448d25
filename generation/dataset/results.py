"""results.json: what was measured of a dataset's pictures, by which models, and of which rows.

    results = read_results(folder)                     # None where nobody measured it
    results.metrics[0].name                            # 'clip_caption_image@openai/clip-vit-large-patch14@32bd642'
    keep_results(folder, results, readme)              # into a dataset folder, whole or not at all

It lies in the dataset folder, belongs to its manifest, and is thrown away when the rows change. It measures nothing:
see eval/keyframes.py; how it is shown is in cards/measured.py.
"""

import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from pydantic import Field, ValidationError

from moviellm.generation.dataset.folder import (
    MANIFEST,
    README,
    DatasetManifest,
    ManifestFile,
    building_folder,
    describe_file,
    install,
    read_manifest,
    resolve_target,
)
from moviellm.generation.files import disk_errors, write_whole
from moviellm.generation.schema import Record, Sha256, Text, canonical_json

RESULTS_FILE = "results.json"
RESULTS_VERSION = "1.0.0"
"""Version of its layout. A change that an old reader cannot read bumps the first number."""


class Metric(Record):
    """One measured number."""

    name: Text
    """`measure@model@revision`, the revision shortened to seven; `measure` where no model measures."""
    measure: Text
    """What is measured."""
    model: Text | None
    """Hub id, or name of the folder, of the model that measured; None where none did."""
    revision: Text | None
    """Its commit, or the hash of its files."""
    value: float | None
    """The number: within a movie the mean, then the mean of the movies. None when it could not be measured."""
    low: float | None
    """Lower end of its interval; None where too few movies give one."""
    high: float | None
    """Upper end of it."""
    n: int = Field(ge=0)
    """How many were measured."""
    counted: Text
    """What `n` counts: `keyframes`, `pairs`, ..."""
    movies: int = Field(ge=0)
    """Movies they are of: what was resampled."""
    unit: Text
    """`cosine`, `distance`, `share`."""
    definition: Text
    """What the number is, in a sentence."""
    note: Text | None = None
    """Why there is no number, or what a reader must know."""


class Results(Record):
    """The contents of results.json. It holds no time of day."""

    results_version: Text = RESULTS_VERSION
    """Version of this layout."""
    dataset: Text
    """Name of the dataset."""
    version: Text
    """Its version."""
    rows_sha256: Sha256
    """Which rows were measured: see `rows_sha256`."""
    level: float
    """Level of the intervals."""
    movies_min: int
    """Fewer movies give no interval: it would promise more than they know."""
    resamples: int
    """Draws of the cluster bootstrap over movies."""
    seed: int
    """Its seed."""
    code_version: Text
    """Version of the moviellm package that measured."""
    metrics: tuple[Metric, ...]
    """The numbers."""

    def text(self) -> str:
        """The canonical text that is stored."""
        return canonical_json(self.model_dump(mode="json")) + "\n"


def rows_sha256(files: Iterable[ManifestFile]) -> str:
    """What a dataset's rows are known by: the hash of the hashes of its Parquet files."""
    shards = sorted((file.path, file.sha256) for file in files if file.rows is not None)
    return hashlib.sha256(canonical_json(shards).encode()).hexdigest()


def read_results(folder: Path) -> Results | None:
    """The results of a dataset folder; None where there are none.

    Raises:
        ValueError: they cannot be read.
    """
    path = folder / RESULTS_FILE
    if not path.is_file():
        return None
    try:
        return Results.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ValueError(
            f"{path} is damaged ({error.error_count()} errors); measure again: moviellm measure {folder}"
        ) from None


def kept_results(folder: Path, rows: str, name: str, version: str) -> Results | None:
    """What a new build of the same rows, under this name and version, takes over of a folder's results."""
    try:
        results = read_results(folder)
    except ValueError:
        return None
    if results is None or results.rows_sha256 != rows:
        return None
    return results.model_copy(update={"dataset": name, "version": version})


def keep_results(folder: Path, results: Results, readme: str) -> DatasetManifest:
    """Put results and the card that shows them into a dataset folder. The rows stay as they are, to the byte.

    Raises:
        ValueError: they are of other rows, another process is at it, or the disk would not take it.
    """
    folder = resolve_target(folder)
    with disk_errors(folder), building_folder(folder) as building:
        manifest = read_manifest(folder)
        if results.rows_sha256 != rows_sha256(manifest.files):
            raise ValueError(f"{folder} was built again while it was measured; measure it again")
        changed = {README: readme.encode(), RESULTS_FILE: results.text().encode()}
        for path in sorted(folder.rglob("*")):
            place = path.relative_to(folder)
            if path.is_file() and place.as_posix() not in {*changed, MANIFEST}:
                _same_file(path, building / place)
        for name, data in changed.items():
            write_whole(building / name, data)
        files = [file for file in manifest.files if file.path not in changed]
        files += [describe_file(building, building / name) for name in changed]
        new = manifest.model_copy(update={"files": tuple(sorted(files, key=lambda file: file.path))})
        write_whole(building / MANIFEST, new.text().encode())
        install(building, folder)
    return new


def _same_file(path: Path, twin: Path) -> None:
    """The file under a second name, or a copy where the disk knows no second names."""
    twin.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path, twin)
    except OSError:
        shutil.copy2(path, twin)
