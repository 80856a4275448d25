"""The pictures of a published dataset, of one movie at a time, in any order.

    shelf = Keyframes(open_source("demo/MovieLLM-tiny"), "train")
    shelf.pictures("m00003", ["m00003-c01-s01-k01"])            # [b"..."]

Parquet is read by row groups, so that a movie costs what it holds and nothing is copied or unpacked beforehand. Shards
on the Hub come whole into the local cache, once, at the commit that the source is pinned to. It decodes no picture.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from moviellm.training.rows.source import Source


class Keyframes:
    """Pictures of one split; opened where it is used, so that worker processes have their own files."""

    def __init__(self, source: Source, split: str) -> None:
        self._source, self._split = source, split
        self._groups: dict[str, list[tuple[int, int]]] | None = None
        self._files: dict[int, Any] = {}
        self._last: tuple[str, dict[str, bytes]] = ("", {})

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_files": {}, "_last": ("", {})}

    def pictures(self, movie_id: str, keyframe_ids: Sequence[str]) -> list[bytes]:
        """Encoded pictures in the order asked for.

        Raises:
            ValueError: the dataset has no picture of one of them.
        """
        if self._last[0] != movie_id:
            self._last = movie_id, self._read(movie_id)
        found = self._last[1]
        for name in keyframe_ids:
            if name not in found:
                raise ValueError(
                    f"{self._source.place} has no picture of {name}: check it with: moviellm dataset check "
                    f"{self._source.place}"
                )
        return [found[name] for name in keyframe_ids]

    def _read(self, movie_id: str) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for shard, group in self._index().get(movie_id, ()):
            table = self._open(shard).read_row_group(group, columns=["movie_id", "keyframe_id", "image"])
            for row in table.filter(_is(table["movie_id"], movie_id)).to_pylist():
                data = (row["image"] or {}).get("bytes")
                if data:
                    found[str(row["keyframe_id"])] = data
        return found

    def _index(self) -> dict[str, list[tuple[int, int]]]:
        """Which row groups each movie has rows in."""
        if self._groups is None:
            self._groups = {}
            for shard in range(len(self._shards)):
                file = self._open(shard)
                for group in range(file.num_row_groups):
                    ids = file.read_row_group(group, columns=["movie_id"])["movie_id"].unique().to_pylist()
                    for movie_id in ids:
                        self._groups.setdefault(str(movie_id), []).append((shard, group))
        return self._groups

    @property
    def _shards(self) -> list[str]:
        return [shard.path for shard in self._source.manifest.shards("keyframes", self._split)]

    def _open(self, shard: int) -> Any:
        if shard not in self._files:
            self._files[shard] = pq.ParquetFile(self._local(self._shards[shard]))
        return self._files[shard]

    def _local(self, path: str) -> Path:
        if not self._source.commit:
            return Path(self._source.place).expanduser() / path
        from huggingface_hub import hf_hub_download

        return Path(hf_hub_download(self._source.dataset, path, repo_type="dataset", revision=self._source.commit))


def _is(column: Any, value: str) -> Any:
    import pyarrow.compute as pc

    return pc.equal(column, value)
