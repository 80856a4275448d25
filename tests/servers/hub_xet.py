"""Large objects by Xet: a folder takes the place of the service that keeps the chunks.

    hub.store.xet = XetFolder(tmp_path)         # clients send and get large files through hf_xet from now on

hf_xet takes `local:///folder` for a service and speaks to no network. The Hub learns which Xet hash the bytes of a
sha256 have from the shards that a client leaves there (format: mdb_shard of github.com/huggingface/xet-core). It does
not hold the bytes itself: they are read back through Xet, not streamed. One process at a time may open the folder.
"""

import struct
import time
from pathlib import Path

ENTRY = 48
"""Bytes of every record of a shard, its header too."""
WITH_RANGES, WITH_SHA256 = 1 << 31, 1 << 30


class XetFolder:
    """The folder, and what its shards say."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def token(self) -> dict[str, str | int]:
        """Where the service is, and what opens it."""
        return {"accessToken": "xet", "exp": int(time.time()) + 3600, "casUrl": f"local://{self._folder}"}

    def hashes(self) -> dict[str, str]:
        """Xet hash by sha256 of all that has come in."""
        found: dict[str, str] = {}
        for path in self._folder.glob("xet/xorbs/shards/*.mdb"):
            found |= _hashes(path.read_bytes())
        return found


def _hashes(shard: bytes) -> dict[str, str]:
    found, place = {}, ENTRY
    while shard[place : place + 32] != b"\xff" * 32:  # the record behind the last file
        file_hash, flags, chunks = struct.unpack_from("<32sII", shard, place)
        place += ENTRY * (1 + chunks * (2 if flags & WITH_RANGES else 1))
        if flags & WITH_SHA256:
            found[_hex(shard[place : place + 32])] = _hex(file_hash)
            place += ENTRY
    return found


def _hex(digest: bytes) -> str:
    """Four little-endian numbers, as Xet writes hashes."""
    return "".join(f"{number:016x}" for number in struct.unpack("<4Q", digest))
