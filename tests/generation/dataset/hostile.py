"""Files that were made to hurt whoever reads them: small here, huge once they are unpacked."""

import json
import struct
import zlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from moviellm.generation.dataset.features import FEATURES, arrow_schema
from moviellm.generation.dataset.folder import MANIFEST, describe_file, read_manifest


def accept(folder: Path, name: str, rows: int | None = None) -> None:
    """Make the manifest fit a changed or new file."""
    manifest = read_manifest(folder)
    files = {file.path: file for file in manifest.files}
    files[name] = describe_file(folder, folder / name, rows)
    (folder / MANIFEST).write_text(manifest.model_copy(update={"files": tuple(files.values())}).text())


def listed(folder: Path, name: str) -> None:
    """Let the manifest list a name that a decent program would not write."""
    content = json.loads((folder / MANIFEST).read_text())
    content["files"].append({"path": name, "sha256": "0" * 64, "bytes": 5, "rows": None})
    (folder / MANIFEST).write_text(json.dumps(content))


def png_of(width_px: int, height_px: int) -> bytes:
    """A PNG of a few bytes whose header says any size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width_px, height_px, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def varint(value: int) -> bytes:
    """Thrift's compact form of a number."""
    zigzag, out = value << 1, bytearray()
    while zigzag >= 0x80:
        out.append(zigzag & 0x7F | 0x80)
        zigzag >>= 7
    return bytes([*out, zigzag])


def declare_rows(path: Path, rows: int) -> None:
    """Let the footer of a Parquet file of 12,345 rows say another number."""
    data = path.read_bytes()
    length = int.from_bytes(data[-8:-4], "little")
    footer = data[-8 - length : -8].replace(varint(12_345), varint(rows))
    path.write_bytes(data[: -8 - length] + footer + len(footer).to_bytes(4, "little") + b"PAR1")


def declare_page(path: Path, unpacked_bytes: int, says: int) -> None:
    """Let page headers that say how much they unpack to say another number."""
    path.write_bytes(path.read_bytes().replace(b"\x15" + varint(unpacked_bytes), b"\x15" + varint(says)))


def write_amplified(path: Path, rows: int, characters: int) -> None:
    """Events whose captions are all the same long text: a megabyte of Parquet, gigabytes of text."""
    schema = arrow_schema(FEATURES["events"])
    caption = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["x" * characters]))
    columns = {name: pa.nulls(rows, schema.field(name).type) for name in schema.names}
    columns |= {
        "movie_id": pa.array(["m00000"] * rows),
        "event_id": pa.array([f"m00000-e{n:04d}" for n in range(rows)]),
    }
    columns["caption"] = caption
    pq.write_table(pa.table(columns), path, compression="zstd", store_schema=False, row_group_size=rows)
