"""Check a dataset folder: hashes, rows, pictures, cross-references, splits, and that `load_dataset` reads it.

    for finding in check_dataset(Path("out")):
        print(finding.severity, finding.where, finding.what, finding.do)

Rows are put together again, movie by movie, into the records they came from, and those are checked by the schema's
own rules; so memory does not grow with the number of movies beyond their ids and bands of shingles. It reads only and
heals nothing: what is damaged is built or downloaded again. Command line: `moviellm dataset check FOLDER`.
"""

import hashlib
import io
import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from PIL import Image
from pydantic import ValidationError

from moviellm.generation.dataset.features import FEATURES, Row, arrow_schema, movie_from_rows
from moviellm.generation.dataset.folder import (
    FEATURES_FILE,
    MANIFEST,
    README,
    UPLOAD_CACHE,
    DatasetManifest,
    ManifestFile,
    describe_file,
    read_manifest,
)
from moviellm.generation.dataset.results import RESULTS_FILE, read_results, rows_sha256
from moviellm.generation.duplicates import PlotIndex, plot_text
from moviellm.generation.findings import Finding
from moviellm.generation.schema import SCHEMA_VERSION, Split, check_movie

REBUILD = "build the dataset again, or download it again"


@dataclass
class _Seen:
    """What is remembered from movie to movie."""

    splits: dict[str, Split] = field(default_factory=dict)
    twins: dict[str, str] = field(default_factory=dict)
    plots: PlotIndex = field(default_factory=PlotIndex)


def check_dataset(folder: Path) -> Iterator[Finding]:
    """Everything that is wrong with a dataset folder, as it is found.

    Raises:
        ValueError: there is no dataset folder there.
    """
    try:
        manifest = read_manifest(folder)
    except ValueError:
        if not (folder / MANIFEST).is_file():
            raise
        yield _error(MANIFEST, "it is damaged", f"delete {folder} first, then {REBUILD}")
        return
    folder = folder.resolve()  # pyarrow and `datasets` take a leading ~ for a home directory
    if manifest.schema_version.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
        what = f"the dataset has schema {manifest.schema_version}, this program checks {SCHEMA_VERSION}"
        yield _error(MANIFEST, what, "use the moviellm version that made it")
        return
    damaged: set[str] = set()
    for finding in _check_files(folder, manifest):
        damaged.add(finding.where)
        yield finding
    yield from _check_readme(folder, manifest)
    yield from _check_results(folder, manifest)
    seen = _Seen()
    for split in manifest.splits:
        if not any(file.path in damaged for config in manifest.configs for file in manifest.shards(config, split)):
            yield from _check_split(folder, manifest, split, seen)
    yield from _check_separation(seen)


def _error(where: str, what: str, do: str) -> Finding:
    return Finding(severity="error", where=where, what=what, do=do)


def _check_files(folder: Path, manifest: DatasetManifest) -> Iterator[Finding]:
    known = {file.path for file in manifest.files} | {MANIFEST}
    for file in manifest.files:
        path = folder / file.path
        if not path.is_file():
            yield _error(file.path, "the file is missing", REBUILD)
        elif describe_file(folder, path, file.rows) != file:
            yield _error(file.path, f"its {path.stat().st_size} bytes are not those of the manifest", REBUILD)
        elif file.rows is not None:
            yield from _check_shard(path, file)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and name.as_posix() not in known and name.parts[0] != UPLOAD_CACHE:
            what = "the file is not of the dataset"
            yield Finding(severity="warning", where=name.as_posix(), what=what, do="move it away or delete it")


def _check_shard(path: Path, file: ManifestFile) -> Iterator[Finding]:
    """Rows and columns of one Parquet file, and that old `datasets` can read it."""
    try:
        parquet = pq.read_metadata(path)
        schema = pq.read_schema(path)
    except (OSError, pa.ArrowException) as error:
        yield _error(file.path, f"it is no Parquet file ({error})", REBUILD)
        return
    config = file.path.split("/")[0]
    if parquet.num_rows != file.rows:
        yield _error(file.path, f"it has {parquet.num_rows} rows, the manifest says {file.rows}", REBUILD)
    if config not in FEATURES or not schema.equals(arrow_schema(FEATURES[config])):
        yield _error(file.path, f"its columns are not those of schema {SCHEMA_VERSION}", REBUILD)
    if b"huggingface" in (schema.metadata or {}):
        yield _error(file.path, "it carries metadata of `datasets`, which datasets 3.6 cannot read", REBUILD)


def _check_readme(folder: Path, manifest: DatasetManifest) -> Iterator[Finding]:
    """The front matter, against the manifest and by loading the first row of every split."""
    try:
        text = (folder / README).read_text(encoding="utf-8")
        front = yaml.safe_load(text.split("---\n")[1])
        configs = {one["config_name"]: one for one in front["configs"]}
        rows = {
            one["config_name"]: {split["name"]: split["num_examples"] for split in one["splits"]}
            for one in front["dataset_info"]
        }
        features = json.loads((folder / FEATURES_FILE).read_text(encoding="utf-8"))["configs"]
    except (OSError, ValueError, LookupError, TypeError, yaml.YAMLError) as error:
        yield _error(README, f"its front matter or {FEATURES_FILE} cannot be read ({error!r})", REBUILD)
        return
    if rows != manifest.configs:
        yield _error(README, f"it says {rows} rows, the manifest {manifest.configs}", REBUILD)
    if features != FEATURES:
        yield _error(FEATURES_FILE, f"its columns are not those of schema {SCHEMA_VERSION}", REBUILD)
    for config in manifest.configs:
        if str(configs.get(config, {}).get("version")) != manifest.version:
            yield _error(README, f"config {config} has not version {manifest.version} of the manifest", REBUILD)
            return
    with tempfile.TemporaryDirectory(prefix="moviellm-") as cache:
        yield from _check_loading(folder, manifest, cache)


def _check_results(folder: Path, manifest: DatasetManifest) -> Iterator[Finding]:
    """Measures of the pictures are of these rows."""
    again = f"measure again: moviellm measure {folder}"
    try:
        results = read_results(folder)
    except ValueError as error:
        yield _error(RESULTS_FILE, str(error), again)
        return
    if results is not None and results.rows_sha256 != rows_sha256(manifest.files):
        yield _error(RESULTS_FILE, "it was measured on other rows", again)


def _check_loading(folder: Path, manifest: DatasetManifest, cache: str) -> Iterator[Finding]:
    import datasets

    for config, splits in manifest.configs.items():
        try:
            loaded = datasets.load_dataset(str(folder), config, streaming=True, cache_dir=cache)
            empty = [split for split in splits if set(next(iter(loaded[split]), {})) != set(FEATURES[config])]
        except Exception as error:  # whatever load_dataset stumbles over is the finding
            yield _error(config, f'load_dataset(folder, "{config}") fails: {error!r}', REBUILD)
            continue
        yield from (_error(f"{config}/{split}", "load_dataset reads no row of it", REBUILD) for split in empty)


def _check_split(folder: Path, manifest: DatasetManifest, split: Split, seen: _Seen) -> Iterator[Finding]:
    """The movies of one split, put together from rows that lie side by side in every config."""
    streams = {config: _Movies(_rows(folder, manifest.shards(config, split))) for config in manifest.configs}
    for movie_id, rows in streams.pop("movies"):
        parts = {config: stream.take(movie_id) for config, stream in streams.items()}
        yield from _check_movie(movie_id, {"movies": rows, **parts}, split, seen)
    for config, stream in streams.items():
        for movie_id, rows in stream:
            what = f"{len(rows)} rows of {config}/{split} are of {movie_id}, out of order or of no movie there"
            yield _error(movie_id, what, REBUILD)


def _rows(folder: Path, shards: list[ManifestFile]) -> Iterator[Row]:
    for file in shards:
        with pq.ParquetFile(folder / file.path) as parquet:
            for batch in parquet.iter_batches(batch_size=64):
                yield from batch.to_pylist()


class _Movies:
    """Rows grouped by movie, to be taken in order."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._groups = ((movie_id, list(group)) for movie_id, group in groupby(rows, lambda row: str(row["movie_id"])))
        self._next = next(self._groups, None)

    def __iter__(self) -> Iterator[tuple[str, list[Row]]]:
        while self._next is not None:
            group, self._next = self._next, next(self._groups, None)
            yield group

    def take(self, movie_id: str) -> list[Row]:
        """The rows of this movie when it is next; none otherwise."""
        if self._next is None or self._next[0] != movie_id:
            return []
        rows, self._next = self._next[1], next(self._groups, None)
        return rows


def _check_movie(movie_id: str, rows: dict[str, list[Row]], split: Split, seen: _Seen) -> Iterator[Finding]:
    if movie_id in seen.splits:
        yield _error(movie_id, f"the movie is in {seen.splits[movie_id]} and again in {split}", REBUILD)
        return
    seen.splits[movie_id] = split
    for row in rows.get("keyframes", []):
        if (problem := _picture_problem(row)) is not None:
            yield _error(row["keyframe_id"], problem, REBUILD)
    for problem in _row_problems(rows):
        yield _error(movie_id, problem, REBUILD)
    try:
        movie = movie_from_rows(rows)
        check_movie(movie)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        yield _error(movie_id, f"its rows are no movie: {place}: {first['msg']}", REBUILD)
        return
    except ValueError as error:
        yield _error(movie_id, str(error), REBUILD)
        return
    if movie.split != split:
        yield _error(movie_id, f"the movie says it is in {movie.split} and lies in {split}", REBUILD)
    if movie.twin_of is not None:
        seen.twins[movie_id] = movie.twin_of
    seen.plots.add(movie_id, plot_text(movie))


def _row_problems(rows: dict[str, list[Row]]) -> Iterator[str]:
    """What putting a movie together would hide: rows that the film does not list, and repeated questions."""
    (movie,) = rows["movies"]
    scenes = [scene for chapter in movie["chapters"] for scene in chapter["scenes"]]
    for config, column in (("keyframes", "keyframe_id"), ("dialogue", "line_id")):
        listed = [one[column] for scene in scenes for one in scene[config] or ()]
        given = [row[column] for row in rows.get(config, [])]
        if listed != given:
            odd = sorted(set(listed) ^ set(given)) or ["their order"]
            yield f"the film lists {len(listed)} {config}, there are {len(given)} rows; they differ in {odd[0]}"
    asked = Counter(row["question_id"] for row in rows.get("qa", []))
    yield from (f"question {one} occurs {times} times" for one, times in asked.items() if times > 1)


def _picture_problem(row: Row) -> str | None:
    if row["image"] is None:
        return None if row["image_sha256"] is None else "its picture is missing"
    data = row["image"]["bytes"]
    if hashlib.sha256(data).hexdigest() != row["image_sha256"]:
        return "its picture is not the one its hash names"
    try:
        with Image.open(io.BytesIO(data)) as picture:
            picture.load()
            size = picture.size
    except (OSError, SyntaxError, ValueError) as error:
        return f"its picture cannot be decoded ({error})"
    stated = (row["width_px"], row["height_px"])
    return None if size == stated else f"its picture has {size} pixels, the row says {stated}"


def _check_separation(seen: _Seen) -> Iterator[Finding]:
    """No near-duplicate plot and no twin in two splits."""
    again = "build the dataset again: the export keeps them together"
    for one, other in seen.plots.pairs():
        if seen.splits[one] != seen.splits[other]:
            where = f"{one} ({seen.splits[one]}) and {other} ({seen.splits[other]})"
            yield _error(where, "near-duplicate plots lie in two splits", again)
    for movie_id, original in seen.twins.items():
        if seen.splits.get(original, seen.splits[movie_id]) != seen.splits[movie_id]:
            yield _error(movie_id, f"it is a twin of {original}, which lies in another split", again)
