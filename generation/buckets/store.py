"""A store of objects under one run's address: whole objects in, whole objects out, and a put under a condition.

    store = Store.open(url, to_make=True)            # credentials, writing and the conditional put are tried out first
    store.create("manifest/000012.json", data)       # True: it is there, with these bytes; False: others are
    store.put("settled/000012.json", data); store.get(name); store.names("segments/000012")

A fault that passes (500, 503 SlowDown, a cut connection) is met by trying again, longer each time. A `create` whose
answer was lost is tried again too, finds its own bytes and is content; that is why every object but a beat and a cache
is made by `create`. What a store is asked goes through fsspec. It knows no runs.
"""

import errno
import os
import random
import time
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from moviellm.generation.buckets.faults import NOT_OFFERED, Fault, fault_of
from moviellm.generation.files import DiskError, disk_errors
from moviellm.generation.runs.address import BucketUrl, refuse_missing

T = TypeVar("T")
PATIENCE_S = 180.0
"""So long a fault that passes is waited out while a run is made."""
OPENING_S = 15.0
"""And before anything is made: somebody waits at the keyboard."""
PAUSE_S, PAUSE_MAX_S = 0.2, 10.0
TOGETHER = 16
"""Objects under way at a time."""
FULL = {errno.ENOSPC, errno.EDQUOT}
CREDENTIALS = {
    "s3": "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE (and AWS_ENDPOINT_URL for other stores)",
    "gs": "run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS",
    "hf": "run `hf auth login`, or set HF_TOKEN",
}
RIGHTS = {
    "s3": "s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket",
    "gs": "storage.objects.get, create, delete and list",
    "hf": "a token that writes",
}
UNCONDITIONAL = (
    "has no put that fails where an object is there already, so two makers could overwrite each other; "
    "make the run in a folder or in another store (Amazon S3, Google Cloud Storage, MinIO, Ceph, R2 have it)"
)


class StoreError(DiskError):
    """The store would not take it, or does not answer. What is there stays; the same command goes on."""


class _FaultError(Exception):
    """A fault that trying again does not mend."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class Store:
    """The objects of one run. May be used by several threads."""

    def __init__(self, url: BucketUrl, fs: Any, patience_s: float = PATIENCE_S) -> None:
        """`fs`: a file system of fsspec."""
        self.url = url
        self.patience_s = patience_s
        self._fs = fs

    @classmethod
    def open(cls, url: BucketUrl, *, to_make: bool, patience_s: float | None = None) -> "Store":
        """The store, when it can be used.

        Args:
            patience_s: so long a fault that passes is waited out now [default: OPENING_S]; later, PATIENCE_S.

        Raises:
            ValueError: a package is missing, nobody answers, the credentials are wrong, there is no such bucket, or,
                to make, it cannot be written or has no conditional put.
        """
        refuse_missing(url)
        if to_make and url.scheme == "hf":
            raise ValueError(f"{url} cannot be made: a bucket of the Hub {UNCONDITIONAL}")
        store = cls(url, _file_system(url), OPENING_S if patience_s is None else patience_s)
        try:
            store.names("probe")
            if to_make:
                store.probe()
        except StoreError as error:
            raise ValueError(str(error)) from None
        store.patience_s = PATIENCE_S
        return store

    def probe(self) -> None:
        """Write an object twice under the condition that it is not there: the second must be refused.

        Raises:
            ValueError: it is not; or the store cannot be written.
        """
        name = f"probe/{uuid.uuid4().hex[:16]}"
        try:
            if not self.create(name, b"one"):
                raise ValueError(f"{self.url}: what is written there does not come back as it was written")
            second = self.create(name, b"two")
        except StoreError as error:
            cause = error.__cause__
            if isinstance(cause, _FaultError) and cause.fault.status == NOT_OFFERED:
                raise ValueError(f"{self.url} {UNCONDITIONAL} ({cause.fault})") from None
            raise
        self.delete([name])
        if second:
            raise ValueError(f"{self.url} {UNCONDITIONAL}")

    # ------------------------------------------------------------ objects

    def create(self, name: str, data: bytes) -> bool:
        """Put an object where none is. True: it is there with these bytes, put now or before; False: others are.

        Raises:
            StoreError: the store would not take it.
        """
        try:
            self._asked(name, lambda: self._fs.pipe_file(self._path(name), data, mode="create"))
        except _FaultError as error:
            if error.fault.kind != "taken":
                raise self._error("writing", name, error) from error
            return self.get(name) == data
        return True

    def put(self, name: str, data: bytes | Path) -> None:
        """Put an object whatever is there: for bytes that are named by their hash, and for those of one writer.

        Raises:
            StoreError: the store would not take it.
        """
        if isinstance(data, Path):
            self._do("writing", name, lambda: self._fs.put_file(str(data), self._path(name)))
        else:
            self._do("writing", name, lambda: self._fs.pipe_file(self._path(name), data))

    def get(self, name: str, first: int | None = None) -> bytes | None:
        """An object's bytes, or the first of them; None where it is not.

        Raises:
            StoreError: the store does not give it.
        """
        part = {} if first is None else {"start": 0, "end": first}
        try:
            return bytes(self._asked(name, lambda: self._fs.cat_file(self._path(name), **part)))
        except _FaultError as error:
            if error.fault.kind == "missing":
                return None
            raise self._error("reading", name, error) from error

    def get_all(self, names: Iterable[str]) -> dict[str, bytes]:
        """The bytes of several objects, in this order; those that are not there are left out."""
        names = list(names)
        with ThreadPoolExecutor(TOGETHER) as pool:
            found = zip(names, pool.map(self.get, names), strict=True)
            return {name: data for name, data in found if data is not None}

    def fetch(self, name: str, path: Path) -> bool:
        """An object into a file, which appears whole or not at all; False where there is no such object.

        Raises:
            StoreError: the store does not give it.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.tmp")
        try:
            self._asked(name, lambda: self._get_file(name, temporary))
            temporary.replace(path)
        except _FaultError as error:
            if error.fault.kind == "missing":
                return False
            raise self._error("reading", name, error) from error
        finally:
            temporary.unlink(missing_ok=True)
        return True

    def _get_file(self, name: str, path: Path) -> None:
        try:
            self._fs.get_file(self._path(name), str(path))
        except OSError as error:
            if error.errno not in FULL:
                raise
            with disk_errors(path):
                raise

    def names(self, under: str = "", begin: str = "") -> dict[str, int]:
        """Every object below a folder of the run whose name there begins so, in order, with its size.

        Raises:
            StoreError: the store does not list it.
        """
        path = self._path(under) if under else self.url.root
        options = {"prefix": begin} if begin and self.url.scheme != "hf" else {}
        try:
            found = self._asked(under, lambda: self._fs.find(path, detail=True, **options))
        except _FaultError as error:
            if error.fault.kind == "missing" and error.fault.code != "NoSuchBucket":
                return {}
            raise self._error("listing", under, error) from error
        prefix = f"{path}/{begin}"
        names = {name: int(info.get("size") or 0) for name, info in found.items() if name.startswith(prefix)}
        return {name.removeprefix(f"{self.url.root}/"): size for name, size in sorted(names.items())}

    def delete(self, names: Iterable[str]) -> None:
        """Remove objects; one that is not there is no fault.

        Raises:
            StoreError: the store keeps one.
        """
        with ThreadPoolExecutor(TOGETHER) as pool:
            list(pool.map(self._delete, names))

    def _delete(self, name: str) -> None:
        try:
            self._asked(name, lambda: self._fs.rm_file(self._path(name)))
        except _FaultError as error:
            if error.fault.kind != "missing":
                raise self._error("deleting", name, error) from error

    # ------------------------------------------------------------ asking

    def _path(self, name: str) -> str:
        return f"{self.url.root}/{name}"

    def _do(self, doing: str, name: str, call: Callable[[], object]) -> None:
        try:
            self._asked(name, call)
        except _FaultError as error:
            raise self._error(doing, name, error) from error

    def _asked(self, name: str, call: Callable[[], T]) -> T:
        """Ask until the store answers, or has not for too long.

        Raises:
            _FaultError: its answer, where it is an error.
            StoreError: it does not answer.
        """
        until, pause = time.monotonic() + self.patience_s, PAUSE_S
        while True:
            try:
                return call()
            except DiskError:  # of this machine: to wait mends nothing
                raise
            except Exception as error:  # the classes are those of three libraries: see faults.py
                fault = fault_of(error)
                if fault.kind != "passing":
                    raise _FaultError(fault) from error
                if time.monotonic() >= until:
                    raise StoreError(
                        f"{self.url}: the store has not answered for {self.patience_s:g} s ({fault}); look whether "
                        "it can be reached and run the same command again; everything finished so far is kept"
                    ) from error
            time.sleep(pause * (0.5 + random.random()))
            pause = min(PAUSE_MAX_S, pause * 2.0)

    def _error(self, doing: str, name: str, error: _FaultError) -> StoreError:
        fault, scheme = error.fault, self.url.scheme
        if fault.kind == "credentials":
            return StoreError(f"{self.url}: the store knows no such credentials ({fault}); {CREDENTIALS[scheme]}")
        if fault.kind == "denied":
            return StoreError(
                f"{self.url}: {doing} is not permitted ({fault}); these credentials need {RIGHTS[scheme]}, "
                "or choose another bucket"
            )
        if fault.kind == "missing":
            bucket = "/".join(self.url.root.split("/")[: 3 if scheme == "hf" else 1])
            return StoreError(f"{self.url}: there is no bucket {bucket}; make it first, or choose another ({fault})")
        return StoreError(f"{self.url}: {doing} {name or 'the run'} is refused ({fault})")


def _file_system(url: BucketUrl) -> Any:
    import fsspec

    options: dict[str, Any] = {"skip_instance_cache": True, "use_listings_cache": False}
    if url.scheme == "s3":
        options["config_kwargs"] = {"retries": {"mode": "standard", "max_attempts": 3}}
    with suppress(ImportError):
        if url.scheme == "gs":  # the plain class: its successor asks for the kind of a bucket before every call
            from gcsfs.core import GCSFileSystem

            emulated = bool(os.environ.get("STORAGE_EMULATOR_HOST"))  # which knows nobody
            return GCSFileSystem(token="anon" if emulated else None, **options)
        return fsspec.filesystem(url.scheme, **options)
    raise ValueError(f"{url}: fsspec cannot speak to such a store here; pip install 'moviellm[buckets]'")
