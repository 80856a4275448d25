"""Features of films are made, each once: killed at any moment, the next try goes on with the film that was in flight.

    manifest = make_cache(tower, films, out, source=source, batch=64)

Work lies in `.OUT.making` beside the target: one file a film, whole or not there, packed into shards as they fill. At
the end index, card and manifest are written, and the folder is renamed into place. A film whose pictures are the same
as another's, or as in the cache that already lies at the target, is not seen by the tower again.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING, Any

from moviellm.generation.dataset.folder import DatasetManifest, check_target, install, resolve_target, same_files
from moviellm.generation.files import disk_errors, write_whole
from moviellm.generation.schema import Split
from moviellm.training.features.cache import SETTINGS_FILE, SHARDS, CacheRecord, FeatureCache, film_key
from moviellm.training.features.folder import write_folder
from moviellm.training.features.settings import FeatureSettings
from moviellm.training.features.tensors import pack, read_header, write_tensor
from moviellm.training.media.film import Film

if TYPE_CHECKING:
    from moviellm.training.features.towers import FeatureTower
    from moviellm.training.rows.source import Source

SHARD_BYTES = 256 * 1024 * 1024
"""Bytes at which films are packed into a shard."""
AHEAD = 2
"""Batches of pictures that are prepared while the tower works."""


@dataclass(frozen=True)
class Made:
    """What became of the work."""

    manifest: DatasetManifest
    seen: int
    """Films that the tower saw now."""
    kept: int
    """Films whose features were there already."""
    frames: int
    """Frames of all films."""


def make_cache(
    tower: "FeatureTower",
    films: Sequence[tuple[Split, Film]],
    out: Path,
    *,
    source: "Source",
    batch: int = 64,
    advance: Callable[[int], None] = lambda frames: None,
) -> Made:
    """Make the features of films, and a folder of them.

    Args:
        tower: What sees them.
        films: With the split that each belongs to; their pictures are decoded one batch at a time.
        out: The folder; an older cache there is replaced, and of it what is still right is taken.
        source: The dataset that the films are of.
        batch: Frames that the tower sees at once.
        advance: Called with the number of frames just done.

    Raises:
        ValueError: the target or the work beside it is of other settings, a frame cannot be decoded, or the disk
            would not take it.
    """
    out = resolve_target(out)
    old = check_target(out)
    if old is not None and not (out / SETTINGS_FILE).is_file():
        raise ValueError(f"{out} holds {old.name}, which is no cache of features; choose another folder for --out")
    with disk_errors(out), _work_folder(out, tower.settings) as work:
        _take_over(out, work, tower.settings)
        store = _Store(work)
        seen = 0
        for _, film in films:
            key = film_key(film, tower.settings)
            if key not in store:
                _see(tower, film, store.part(key), batch, advance)
                store.add(key)
                seen += 1
            else:
                advance(len(film))
        keys = {film_key(film, tower.settings) for _, film in films}
        store.finish(keys)
        places = store.places()
        record = CacheRecord(settings=tower.settings, dataset=source.dataset, revision=source.revision)
        rows = [(split, film, film_key(film, tower.settings)) for split, film in films]
        manifest = write_folder(work, record, source, rows, places)
        made = Made(manifest, seen, len(films) - seen, sum(len(film) for _, film in films))
        if old == manifest and same_files(out, manifest):
            shutil.rmtree(work)
            return made
        install(work, out)
        return made


def _see(tower: "FeatureTower", film: Film, path: Path, batch: int, advance: Callable[[int], None]) -> None:
    """One film through the tower, batch by batch, into a file."""
    settings = tower.settings

    def pieces() -> Iterator[Any]:
        for pixels in _ahead(_pixels(tower, film, batch)):
            yield tower.features(pixels)
            advance(len(pixels))

    write_tensor(path, (len(film), settings.features_per_frame, settings.feature_size), pieces())


def _pixels(tower: "FeatureTower", film: Film, batch: int) -> Iterator[Any]:
    assert film.frames is not None
    for at in range(0, len(film), batch):
        yield tower.frames.prepare(film.frames[at : at + batch], film.movie_id)


def _ahead(items: Iterable[Any]) -> Iterator[Any]:
    """The items, made in a thread of its own while those before are worked on."""
    waiting: Queue[tuple[Any, BaseException | None]] = Queue(AHEAD)
    stopped = False

    def make() -> None:
        try:
            for item in items:
                waiting.put((item, None))
                if stopped:
                    return
            waiting.put((None, None))
        except BaseException as error:  # handed to who asked
            waiting.put((None, error))

    thread = Thread(target=make, daemon=True)
    thread.start()
    try:
        while True:
            item, error = waiting.get()
            if error is not None:
                raise error
            if item is None:
                return
            yield item
    finally:
        stopped = True
        while thread.is_alive():
            while not waiting.empty():
                waiting.get()
            thread.join(0.05)


class _Store:
    """Features that are there: a file a film, and shards of several."""

    def __init__(self, work: Path) -> None:
        self._parts, self._shards = work / "parts", work / SHARDS
        self._parts.mkdir(exist_ok=True)
        self._shards.mkdir(exist_ok=True)
        for leftover in [*self._parts.glob(".*.tmp"), *self._shards.glob(".*.tmp")]:
            leftover.unlink()  # of a try that was killed
        self._places = {key: path for path in self._shard_files() for key in read_header(path)[0]}
        for key in self._places:
            self.part(key).unlink(missing_ok=True)

    def __contains__(self, key: str) -> bool:
        return key in self._places or self.part(key).is_file()

    def part(self, key: str) -> Path:
        """The file of one film."""
        return self._parts / f"{key}.safetensors"

    def add(self, key: str) -> None:
        """Note that a film's file is there; pack a shard when enough of them are."""
        parts = sorted(self._parts.glob("*.safetensors"))
        if sum(path.stat().st_size for path in parts) >= SHARD_BYTES:
            self._pack(parts)

    def finish(self, wanted: set[str]) -> None:
        """Pack the rest, and leave out what no film of the dataset has."""
        parts = sorted(self._parts.glob("*.safetensors"))
        for path in parts:
            if path.stem not in wanted:
                path.unlink()
        parts = [path for path in parts if path.stem in wanted]
        if parts:
            self._pack(parts)
        self._parts.rmdir()
        for path in self._shard_files():
            if not wanted & set(read_header(path)[0]):
                path.unlink()

    def places(self) -> dict[str, Path]:
        """The shard of every film."""
        return {key: path for path in self._shard_files() for key in read_header(path)[0]}

    def _pack(self, parts: Sequence[Path]) -> None:
        number = max((int(path.stem) for path in self._shard_files()), default=-1) + 1
        path = self._shards / f"{number:05d}.safetensors"
        pack(parts, [part.stem for part in parts], path)
        self._places |= {part.stem: path for part in parts}
        for part in parts:
            part.unlink()

    def _shard_files(self) -> list[Path]:
        return sorted(self._shards.glob("*.safetensors"))


@contextmanager
def _work_folder(out: Path, settings: FeatureSettings) -> Iterator[Path]:
    """The folder where work is kept until it is done, locked, and of these settings only.

    Raises:
        ValueError: another process is at it, or it was begun with other settings.
    """
    work = out.with_name(f".{out.name}.making")
    work.mkdir(parents=True, exist_ok=True)
    lock = os.open(work, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise ValueError(f"another process is making {out}; wait for it, or choose another --out") from None
    try:
        begun = work / "begun.json"
        if begun.is_file():
            before = FeatureSettings.model_validate_json(begun.read_bytes())
            differences = before.differences(settings, "and now it is")
            if differences:
                raise ValueError(
                    f"{out} was begun with other settings: {'; '.join(differences)}. Finish it with those, or delete "
                    f"{work}"
                )
        else:
            write_whole(begun, settings.model_dump_json().encode())
        yield work
    finally:
        os.close(lock)


def _take_over(out: Path, work: Path, settings: FeatureSettings) -> None:
    """Take the shards of the cache that is at the target, where they are of the same settings."""
    if (work / SHARDS).is_dir() or not (out / SETTINGS_FILE).is_file():
        return
    cache = FeatureCache(out)
    if cache.settings.key != settings.key:
        raise ValueError(
            f"{out} is a cache of other settings: {'; '.join(cache.settings.differences(settings))}; choose another "
            "folder for --out"
        )
    taking = work / f"{SHARDS}.taking"
    shutil.rmtree(taking, ignore_errors=True)
    taking.mkdir()
    for path in sorted((out / SHARDS).glob("*.safetensors")):
        try:
            os.link(path, taking / path.name)
        except OSError:
            shutil.copyfile(path, taking / path.name)
    taking.rename(work / SHARDS)
