"""Check a dataset folder, from whatever hand it comes: files, columns, rows, pictures, splits, card, personal data.

    for finding in check_dataset(Path("out")):
        print(finding.severity, finding.kind, finding.where, finding.what, finding.do)

The order is from the outside in, and what fails is not looked into: names and kinds of files without opening them
(checks/folder.py), the manifest, hashes, Parquet footers and page headers (checks/parquet.py), the README's front
matter and `load_dataset` (checks/readme.py), then every row and picture once (checks/rows.py). So a hostile folder
costs a finding and no harm: nothing outside it is read, and memory is bounded. It heals nothing: what is damaged is
built or downloaded again. Command line: `moviellm dataset check FOLDER|ORG/NAME`, see checking.py and docs/checks.md.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from moviellm.generation.dataset.checks.folder import HUB_FILES, look, name_problem, read_bounded
from moviellm.generation.dataset.checks.parquet import parquet_problems, read_rows
from moviellm.generation.dataset.checks.pictures import FORMATS, look_at
from moviellm.generation.dataset.checks.readme import FEATURES_BYTES_MAX, README_BYTES_MAX, check_readme
from moviellm.generation.dataset.checks.rows import RowCheck
from moviellm.generation.dataset.features import FEATURES, Features, arrow_schema
from moviellm.generation.dataset.folder import (
    FEATURES_FILE,
    MANIFEST,
    README,
    DatasetManifest,
    ManifestFile,
    read_manifest,
)
from moviellm.generation.dataset.limits import FILE_BYTES_MAX
from moviellm.generation.dataset.movie_rows import shards_of
from moviellm.generation.dataset.older import STEPS, cannot_read, foreign_columns, parts_of
from moviellm.generation.dataset.results import RESULTS_FILE, read_results, rows_sha256
from moviellm.generation.findings import Finding
from moviellm.generation.schema import SCHEMA_VERSION

REBUILD = "build the dataset again, or download it again"
MANIFEST_BYTES_MAX = 32_000_000
"""A hundred thousand files take less."""
RESULTS_BYTES_MAX = 5_000_000
PICTURE_BYTES_MAX = 50_000_000
Advance = Callable[[int], None]
Watch = Callable[[str, int, str], AbstractContextManager[Advance]]
"""Shows progress: label, total, unit; `progress.progress` is one."""


def unwatched(label: str, total: int, unit: str) -> AbstractContextManager[Advance]:
    """A `Watch` that shows nothing."""
    return nullcontext(lambda count: None)


def check_dataset(folder: Path, watch: Watch = unwatched) -> Iterator[Finding]:
    """Everything that is wrong with a dataset folder, as it is found.

    Raises:
        ValueError: there is no dataset folder there.
    """
    folder = folder.resolve()  # pyarrow and `datasets` take a leading ~ for a home directory
    if not folder.is_dir():
        read_manifest(folder)
    files, findings = look(folder)
    yield from findings
    harmless = all(finding.severity == "warning" for finding in findings)
    if MANIFEST not in files:
        if harmless:
            read_manifest(folder)  # which says that there is none
        return
    try:
        manifest = _read_manifest(folder, files)
    except (ValueError, RecursionError):
        yield _error(MANIFEST, "it is damaged", f"delete {folder} first, then {REBUILD}")
        return
    unreadable = list(_check_schema(folder, manifest, files))
    yield from unreadable
    if unreadable and unreadable[0].severity == "error":
        return
    bad: set[str] = set()
    for finding in _check_files(folder, manifest, files, watch):
        if finding.severity == "error":
            bad.add(finding.where)
        yield finding
    if not bad & {README, FEATURES_FILE}:
        yield from check_readme(folder, manifest, load=harmless and not bad)
    yield from _check_results(folder, manifest, files)
    yield from _check_rows(folder, manifest, files, bad, watch)


def sound_manifest(folder: Path, watch: Watch = unwatched) -> DatasetManifest:
    """The manifest of a folder whose files may all be read; their rows are not looked at.

    Raises:
        ValueError: there is no dataset folder, or it has files that must not be read.
    """
    folder = folder.resolve()
    files, findings = look(folder) if folder.is_dir() else ({}, [])
    if MANIFEST in files or all(finding.severity == "warning" for finding in findings):
        manifest = _read_manifest(folder, files)
        schema = [one for one in _check_schema(folder, manifest, files) if one.severity == "error"]
        if schema:
            raise ValueError(f"{folder}: {schema[0].what}")
        findings += _check_files(folder, manifest, files, watch)
    wrong = next((finding for finding in findings if finding.severity == "error"), None)
    if wrong is not None:
        raise ValueError(
            f"{folder} cannot be read ({wrong.where}: {wrong.what}); "
            f"see what is wrong with: moviellm dataset check {folder}"
        )
    return manifest


def _read_manifest(folder: Path, files: dict[str, int]) -> DatasetManifest:
    """Raises ValueError for a manifest that is none, is missing, or is too large to be one."""
    if MANIFEST in files:
        read_bounded(folder / MANIFEST, MANIFEST_BYTES_MAX)
    return read_manifest(folder)


def _error(where: str, what: str, do: str = REBUILD, kind: str = "files") -> Finding:
    return Finding(severity="error", where=where, what=what, do=do, kind=kind)


def _check_schema(folder: Path, manifest: DatasetManifest, files: dict[str, int]) -> Iterator[Finding]:
    try:
        theirs = parts_of(manifest.schema_version)
        newer = cannot_read(manifest.schema_version) and cannot_read(
            manifest.schema_version, _made_by(folder, manifest, files)
        )
    except ValueError as error:
        yield _error(MANIFEST, str(error), kind="schema")
        return
    if newer is not None:
        yield _error(MANIFEST, newer, "use the moviellm version that made it", "schema")
        return
    if missing := [major for major in range(theirs[0], parts_of(SCHEMA_VERSION)[0]) if major not in STEPS]:
        what = f"the dataset has schema {manifest.schema_version}, and nothing converts from {missing[0]}.x"
        yield _error(MANIFEST, what, "use the moviellm version that made it", "schema")
    elif manifest.schema_version != SCHEMA_VERSION:
        what = f"the dataset has schema {manifest.schema_version}, older than {SCHEMA_VERSION}; it can still be read"
        do = "moviellm dataset upgrade FOLDER --out NEW"
        yield Finding(severity="warning", where=MANIFEST, what=what, do=do, kind="schema")


def _made_by(folder: Path, manifest: DatasetManifest, files: dict[str, int]) -> str | None:
    """Version of moviellm that made a dataset which this one cannot read, where its first movie still says it."""
    shard = next((file.path for file in manifest.files if file.rows and file.path.startswith("movies/")), None)
    if shard is None or shard not in files or next(parquet_problems(folder / shard), None) is not None:
        return None
    try:
        row = next(read_rows(folder / shard, ["provenance"]))
        versions = [str(one["code_version"]) for one in row["provenance"]]
    except (OSError, ValueError, LookupError, TypeError, StopIteration, pa.ArrowException):
        return None
    return next((version for version in versions if re.fullmatch(r"\d+(\.\d+){1,3}", version)), None)


def _check_files(folder: Path, manifest: DatasetManifest, files: dict[str, int], watch: Watch) -> Iterator[Finding]:
    """Names, presence, size, hash and inside of every listed file; then what is not listed."""
    seen: set[str] = {MANIFEST}
    columns = FEATURES if "movies" in manifest.configs else _own_columns(folder, files)
    with watch("hashing", sum(size for path, size in files.items()) // 1_000_000 + 1, "MB") as advance:
        for file in manifest.files:
            problem = name_problem(file.path) or ("it is listed twice" if file.path in seen else None)
            seen.add(file.path)
            if problem is not None:
                yield _error(
                    repr(file.path)[1:-1], f"the manifest lists a file that is not opened: {problem}", kind="folder"
                )
            elif file.path not in files:
                yield _error(file.path, "the file is missing")
            elif files[file.path] != file.bytes or (
                files[file.path] <= FILE_BYTES_MAX and _sha256(folder / file.path, advance) != file.sha256
            ):
                yield _error(file.path, f"its {files[file.path]} bytes are not those of the manifest")
            elif file.rows is not None:
                yield from _check_shard(folder / file.path, file, manifest, columns)
            else:
                yield from _check_picture_file(folder / file.path, file)
    for path in (README, FEATURES_FILE):
        if path not in seen:
            yield _error(path, "the manifest does not list it")
    for path in sorted(files.keys() - seen - HUB_FILES):
        do = "move it away or delete it"
        if path.endswith(".parquet") and path.split("/")[0] in manifest.configs:
            yield _error(path, "the file is not of the dataset, and load_dataset would read it", do)
        else:
            what = "the file is not of the dataset"
            yield Finding(severity="warning", where=path, what=what, do=do, kind="files")


def _sha256(path: Path, advance: Advance) -> str:
    digest, before = hashlib.sha256(), 0
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            advance(file.tell() // 1_000_000 - before)
            before = file.tell() // 1_000_000
    return digest.hexdigest()


def _own_columns(folder: Path, files: dict[str, int]) -> dict[str, Features]:
    """Columns of training views, which are a dataset of their own: what their features.json says of them."""
    try:
        stated = json.loads(read_bounded(folder / FEATURES_FILE, FEATURES_BYTES_MAX)) if FEATURES_FILE in files else {}
        columns: dict[str, Features] = stated["configs"]
        for features in columns.values():
            arrow_schema(features)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}
    return columns


def _check_shard(
    path: Path, file: ManifestFile, manifest: DatasetManifest, columns: dict[str, Features]
) -> Iterator[Finding]:
    """Rows and columns of one Parquet file, that old `datasets` can read it, and that the Hub can show it."""
    problems = list(parquet_problems(path))
    yield from (_error(file.path, problem) for problem in problems)
    if problems:
        return
    try:
        with pq.ParquetFile(path) as parquet:
            rows, schema = parquet.metadata.num_rows, parquet.schema_arrow
    except (OSError, pa.ArrowException) as error:
        yield _error(file.path, f"it is no Parquet file ({error})")
        return
    config = file.path.split("/")[0]
    if rows != file.rows:
        yield _error(file.path, f"it has {rows} rows, the manifest says {file.rows}")
    current = manifest.schema_version == SCHEMA_VERSION
    if config not in columns or (current and not schema.equals(arrow_schema(columns[config]))):
        said = f"schema {SCHEMA_VERSION}" if columns is FEATURES else FEATURES_FILE
        yield _error(file.path, f"its columns are not those of {said}", kind="schema")
    elif columns is FEATURES and (foreign := foreign_columns(schema, config)):
        yield _error(file.path, f"its column {foreign[0]} is of no schema up to {SCHEMA_VERSION}", kind="schema")
    if _datasets_metadata(schema) not in (None, _datasets_metadata(arrow_schema(columns.get(config, {})))):
        yield _error(file.path, "it carries metadata of `datasets`, which datasets 3.6 cannot read", kind="schema")


def _datasets_metadata(schema: pa.Schema) -> bytes | None:
    found: bytes | None = (schema.metadata or {}).get(b"huggingface")
    return found


def _check_picture_file(path: Path, file: ManifestFile) -> Iterator[Finding]:
    """A portrait, or a picture of the card, is what its name says."""
    if path.suffix.lower() not in {suffix for suffixes in FORMATS.values() for suffix in suffixes}:
        return
    try:
        seen = look_at(read_bounded(path, PICTURE_BYTES_MAX), path.name)
    except ValueError as error:
        yield _error(file.path, str(error), kind="pictures")
        return
    if seen.problem is not None or seen.misnamed is not None:
        what = seen.problem or f"it is a {seen.misnamed}, which its name does not say"
        yield _error(file.path, what, kind="pictures")
    if seen.tells is not None:
        what = f"it carries {seen.tells} in its EXIF block"
        yield _error(file.path, what, "save it without EXIF and build again", "personal data")


def _check_results(folder: Path, manifest: DatasetManifest, files: dict[str, int]) -> Iterator[Finding]:
    """Measures of the pictures are of these rows."""
    again = f"measure again: moviellm measure {folder}"
    try:
        if files.get(RESULTS_FILE, 0) > RESULTS_BYTES_MAX:
            raise ValueError(f"{RESULTS_FILE} has {files[RESULTS_FILE]} bytes; at most {RESULTS_BYTES_MAX} are read")
        results = read_results(folder) if RESULTS_FILE in files else None
    except (ValueError, RecursionError) as error:
        yield _error(RESULTS_FILE, str(error), again, "results")
        return
    if results is not None and results.rows_sha256 != rows_sha256(manifest.files):
        yield _error(RESULTS_FILE, "it was measured on other rows", again, "results")


def _check_rows(
    folder: Path, manifest: DatasetManifest, files: dict[str, int], bad: set[str], watch: Watch
) -> Iterator[Finding]:
    """Every split whose files are sound."""
    sound = [split for split in manifest.splits if not any(file.path in bad for file in shards_of(manifest, split))]
    check = RowCheck(folder, manifest)
    if README not in bad and 0 < files.get(README, 0) <= README_BYTES_MAX:
        check.card(read_bounded(folder / README, README_BYTES_MAX).decode("utf-8", "replace"))
    total = sum(file.rows or 0 for split in sound for file in shards_of(manifest, split))
    with watch("reading", total, "rows") as advance:
        for split in sound:
            yield from check.split(split, advance)
    yield from check.ends()
