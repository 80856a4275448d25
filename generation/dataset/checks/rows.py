"""Rows of a dataset folder put together again, movie by movie, and held against the rules of the schema.

    rows = RowCheck(folder, manifest)
    for split in manifest.splits:
        yield from rows.split(split, advance)
    yield from rows.ends()                          # what only all movies together can show

A picture is looked at and forgotten at once, so memory does not grow with a movie's pictures, and beyond the movies'
ids and the marks of their plots and pictures nothing is kept. Files must have passed parquet.py.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
from pydantic import ValidationError

from moviellm.generation.dataset.checks.parquet import read_rows
from moviellm.generation.dataset.checks.personal import PersonalData, texts_of
from moviellm.generation.dataset.checks.pictures import FrameIndex, look_at
from moviellm.generation.dataset.features import Row
from moviellm.generation.dataset.folder import README, DatasetManifest
from moviellm.generation.dataset.limits import CELL_BYTES
from moviellm.generation.dataset.movie_rows import MovieStream
from moviellm.generation.dataset.older import movie_of
from moviellm.generation.duplicates import PlotIndex, plot_text
from moviellm.generation.findings import Finding
from moviellm.generation.schema import SPLITS, Movie, Split, check_movie

REBUILD = "build the dataset again, or download it again"
AGAIN = "build the dataset again: the export keeps them together"
TEXT_FREE, TEXT_RATIO = 5_000_000, 200
"""Characters that a file may unpack to: so many, and so many more for each of its bytes. Texts shrink to a tenth."""
_NAMES = ("keyframe_id", "question_id", "line_id", "event_id", "row_id", "movie_id")
Advance = Callable[[int], None]


def _error(where: str, what: str, do: str = REBUILD, kind: str = "rows") -> Finding:
    return Finding(severity="error", where=where, what=what, do=do, kind=kind)


def _too_long(where: str, texts: list[tuple[str, str]]) -> Iterator[Finding]:
    """Cells of a row with more text than a page of the dataset viewer should send."""
    cells: Counter[str] = Counter()
    for path, text in texts:
        cells[".".join(path.split(".")[:2])] += len(text)
    for cell, size in cells.items():
        if size > CELL_BYTES:
            what = (
                f"{cell} has {size} characters in one cell; the dataset viewer should not have more than {CELL_BYTES}"
            )
            yield Finding(
                severity="warning", where=where, what=what, do="make shorter movies, or leave it", kind="size"
            )


class RowCheck:
    """What is remembered from movie to movie."""

    def __init__(self, folder: Path, manifest: DatasetManifest) -> None:
        self._folder = folder
        self._manifest = manifest
        self._listed = {file.path for file in manifest.files}
        self._splits: dict[str, Split] = {}
        self._twins: dict[str, str] = {}
        self._plots = PlotIndex()
        self._frames = FrameIndex()
        self._numbers: dict[str, int] = {}
        self._personal = PersonalData()
        self._ungated: Counter[str] = Counter()
        self._questions = 0
        self._seen: list[Finding] = []
        """What the reading of rows has found and not yet told."""

    def split(self, split: Split, advance: Advance) -> Iterator[Finding]:
        """The movies of one split: their rows lie side by side in every config. Of training views: their rows."""
        try:
            if "movies" not in self._manifest.configs:
                for config in self._manifest.configs:
                    for _ in self._rows(config, split, advance):
                        yield from self._told()
                return
            streams = {config: MovieStream(self._rows(config, split, advance)) for config in self._manifest.configs}
            for movie_id, rows in streams.pop("movies"):
                parts = {config: stream.take(movie_id) for config, stream in streams.items()}
                yield from self._told()
                yield from self._movie(movie_id, {"movies": rows, **parts}, split)
            for config, stream in streams.items():
                for movie_id, rows in stream:
                    what = f"{len(rows)} rows of {config}/{split} are of {movie_id}, out of order or of no movie there"
                    yield _error(movie_id, what)
        except (OSError, ValueError, LookupError, TypeError, StopIteration, pa.ArrowException) as error:
            yield _error(split, f"its rows cannot be read to the end ({error})")
        yield from self._told()

    def card(self, text: str) -> None:
        """Look for personal data in the README, too."""
        self._personal.add(README, [(README, text)])

    def _told(self) -> Iterator[Finding]:
        yield from self._seen
        self._seen.clear()

    def _rows(self, config: str, split: Split, advance: Advance) -> Iterator[Row]:
        """Rows of a config, each looked at alone; pictures and films without their bytes."""
        for file in self._manifest.shards(config, split):
            left = TEXT_FREE + TEXT_RATIO * file.bytes
            for row in read_rows(self._folder / file.path):
                where = next(str(row[name]) for name in _NAMES if row.get(name) is not None)
                texts = list(texts_of(config, row))
                self._personal.add(where, texts)
                long = sum(len(text) for _, text in texts)
                left -= long
                if left < 0:
                    raise ValueError(f"{file.path} has {file.bytes} bytes and unpacks to far more text")
                if long > CELL_BYTES:
                    self._seen += _too_long(where, texts)
                self._seen += self._media(row, where, split)
                yield row
                advance(1)

    def _media(self, row: Row, where: str, split: Split) -> Iterator[Finding]:
        """Look at the pictures and the film of a row, and take their bytes out of it."""
        images = row.get("images") if isinstance(row.get("images"), list) else [row.get("image")]
        for image in images or []:
            if isinstance(image, dict):
                data = image.pop("bytes", None) or b""
                if not data and "image_sha256" not in row:  # training rows may name a picture of another dataset
                    continue
                if "image_sha256" in row and hashlib.sha256(data).hexdigest() != row["image_sha256"]:
                    yield _error(where, "its picture is not the one its hash names", kind="pictures")
                else:
                    yield from self._picture(row, data, str(image.get("path") or ""), where, split)
        if isinstance(row.get("video"), dict) and (row["video"].pop("bytes") or b"")[4:8] != b"ftyp":
            yield _error(where, "its film is no MP4", kind="films")

    def _picture(self, row: Row, data: bytes, name: str, where: str, split: Split) -> Iterator[Finding]:
        seen = look_at(data, name)
        if seen.problem is not None:
            yield _error(where, f"its picture is of no use: {seen.problem}", kind="pictures")
            return
        stated = (row.get("width_px"), row.get("height_px"))
        if "width_px" in row and seen.size != stated:
            yield _error(where, f"its picture has {seen.size} pixels, the row says {stated}", kind="pictures")
        if seen.misnamed is not None:
            yield _error(where, f"its picture is called {name!r} and is a {seen.misnamed}", kind="pictures")
        if seen.tells is not None:
            what = f"its picture carries {seen.tells} in its EXIF block"
            yield _error(where, what, "save it without EXIF and build again", kind="personal data")
        if seen.mark is not None and "keyframe_id" in row:
            movie = self._numbers.setdefault(row["movie_id"], len(self._numbers))
            self._frames.add(movie, SPLITS.index(split), seen.mark)

    def _movie(self, movie_id: str, rows: dict[str, list[Row]], split: Split) -> Iterator[Finding]:
        if movie_id in self._splits:
            yield _error(movie_id, f"the movie is in {self._splits[movie_id]} and again in {split}", kind="splits")
            return
        self._splits[movie_id] = split
        for row in rows.get("keyframes", []):
            if row["image"] is None and row["image_sha256"] is not None:
                yield _error(row["keyframe_id"], "its picture is missing", kind="pictures")
        for problem in _row_problems(rows):
            yield _error(movie_id, problem)
        try:
            movie = movie_of(rows, self._manifest.schema_version)
            check_movie(movie)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            yield _error(movie_id, f"its rows are no movie: {place}: {first['msg']}")
            return
        except ValueError as error:
            yield _error(movie_id, str(error))
            return
        if movie.split != split:
            yield _error(movie_id, f"the movie says it is in {movie.split} and lies in {split}", kind="splits")
        yield from self._files(movie)
        self._remember(movie)

    def _files(self, movie: Movie) -> Iterator[Finding]:
        """Portraits and learned styles that rows name lie in the folder."""
        named = [person.portrait for person in movie.characters]
        named += [movie.style.embedding_path] if movie.style else []
        for path in named:
            if path is not None and path not in self._listed:
                yield _error(movie.movie_id, f"it names {path!r}, which the manifest does not list", kind="files")

    def _remember(self, movie: Movie) -> None:
        if movie.twin_of is not None:
            self._twins[movie.movie_id] = movie.twin_of
        self._plots.add(movie.movie_id, plot_text(movie))
        for question in movie.qa_pairs or ():
            self._questions += 1
            if question.gates is None:
                self._ungated["were never measured"] += 1
            elif any(score.value is None and not score.reason for score in question.gates):
                self._ungated["have a gate without a value or a reason"] += 1

    def ends(self) -> Iterator[Finding]:
        """Near-duplicates and twins in two splits, gates that nobody measured, personal data."""
        yield from self._separation()
        for what, count in self._ungated.items():
            text = f"{count} of {self._questions} questions {what}: what can be guessed is not known"
            do = "build the dataset again: moviellm dataset build measures what needs no model"
            yield Finding(severity="warning", where="qa.gates", what=text, do=do, kind="gates")
        yield from self._personal.findings()

    def _separation(self) -> Iterator[Finding]:
        for one, other in self._plots.pairs():
            if self._splits[one] != self._splits[other]:
                yield _error(self._both(one, other), "near-duplicate plots lie in two splits", AGAIN, "splits")
        ids = list(self._numbers)
        for first, second, share in self._frames.pairs():
            what = f"{share:.0%} of the pictures of one are in the other, and they lie in two splits"
            yield _error(self._both(ids[first], ids[second]), what, "put both into the same split", "splits")
        for movie_id, original in self._twins.items():
            if self._splits.get(original, self._splits[movie_id]) != self._splits[movie_id]:
                what = f"it is a twin of {original}, which lies in another split"
                yield _error(movie_id, what, AGAIN, "splits")

    def _both(self, one: str, other: str) -> str:
        return f"{one} ({self._splits.get(one)}) and {other} ({self._splits.get(other)})"


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
