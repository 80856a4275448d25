"""Features of pictures kept on disk, so that measuring again, or going on after a kill, does not look twice.

    with FeatureStore(folder, "openai/clip-vit-large-patch14@32bd64288804...") as store:
        vectors = store.features({"image 3f2a...": make_picture}, model.see)       # key -> vector, made where missing

One SQLite file a model and revision. What a vector is of is in its key, as a hash: a key is never made twice, and no
key ever goes stale. It may be deleted at any time. It bounds nothing: 100,000 pictures take about 300 MB.
"""

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Self, TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T")
AT_A_TIME: Final = 32
"""What is made and kept together: what a kill loses."""
KEYS_A_QUERY: Final = 500
Vector = npt.NDArray[np.float32]


def default_folder() -> Path:
    """Where features are kept when nobody says."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "moviellm" / "features"


class FeatureStore:
    """The vectors of one model; see the module."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.sqlite"
        self._rows = sqlite3.connect(path, timeout=60.0, isolation_level=None)
        self._rows.execute("PRAGMA journal_mode=WAL")
        self._rows.execute("PRAGMA synchronous=NORMAL")
        self._rows.execute("CREATE TABLE IF NOT EXISTS features (key TEXT PRIMARY KEY, vector BLOB) WITHOUT ROWID")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._rows.close()

    def features(
        self, items: Mapping[str, Callable[[], T]], make: Callable[[Sequence[T]], npt.NDArray[np.float32]]
    ) -> dict[str, Vector]:
        """The vector of every item, in order.

        Args:
            items: What to look at, by key; called only where the vector is missing.
            make: Vectors of several items, one a row.
        """
        found = dict(self._kept(list(items)))
        missing = [key for key in items if key not in found]
        for at in range(0, len(missing), AT_A_TIME):
            keys = missing[at : at + AT_A_TIME]
            made = dict(zip(keys, make([items[key]() for key in keys]), strict=True))
            self._keep(made)
            found |= made
        return {key: found[key] for key in items}

    def _kept(self, keys: list[str]) -> Iterator[tuple[str, Vector]]:
        for at in range(0, len(keys), KEYS_A_QUERY):
            some = keys[at : at + KEYS_A_QUERY]
            marks = ",".join("?" * len(some))
            for key, blob in self._rows.execute(f"SELECT key, vector FROM features WHERE key IN ({marks})", some):
                yield key, np.frombuffer(blob, np.float32)

    def _keep(self, made: Mapping[str, Vector]) -> None:
        self._rows.execute("BEGIN IMMEDIATE")
        rows = [(key, np.ascontiguousarray(vector, np.float32).tobytes()) for key, vector in made.items()]
        self._rows.executemany("INSERT OR IGNORE INTO features VALUES (?, ?)", rows)
        self._rows.execute("COMMIT")
