"""Features beside a dataset: arrays of older code become safetensors, one file a movie.

    write_safetensors(path, {"feats": array}, {"kind": "long-videoqa"})
    features_path("m00042")                        # 'features/00000/m00042.safetensors'

The format is a JSON header and the arrays' bytes behind it, which any safetensors reader takes. It is written here
because the library makes a second copy of every array, and features of a film have gigabytes. Folders hold a thousand
movies each. It reads no pickle: see pickles.py.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from moviellm.generation.schema import movie_number

Array = np.ndarray[Any, Any]
PER_FOLDER = 1_000
"""Movies in one folder: the Hub takes 10,000 files."""
CHUNK_BYTES = 16 * 1024 * 1024
_NAMES = {
    "|b1": "BOOL", "|i1": "I8", "|u1": "U8", "<i2": "I16", "<u2": "U16", "<i4": "I32", "<u4": "U32", "<i8": "I64",
    "<u8": "U64", "<f2": "F16", "<f4": "F32", "<f8": "F64",
}  # fmt: skip


def features_path(movie_id: str) -> str:
    """Where the features of a movie lie, relative to the dataset folder."""
    return f"features/{movie_number(movie_id) // PER_FOLDER:05d}/{movie_id}.safetensors"


def write_safetensors(path: Path, arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> None:
    """Write arrays, piece by piece.

    Raises:
        ValueError: a type of array that safetensors has no name for.
    """
    header: dict[str, object] = {"__metadata__": dict(metadata)}
    at = 0
    for name, array in sorted(arrays.items()):
        header[name] = {"dtype": _name(array), "shape": list(array.shape), "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _, array in sorted(arrays.items()):
            _write(file, array)


def _name(array: Array) -> str:
    kind = array.dtype.newbyteorder("<").str
    if kind not in _NAMES:
        raise ValueError(f"arrays of type {array.dtype.str} have no name in safetensors")
    return _NAMES[kind]


def _write(file: Any, array: Array) -> None:
    """The bytes of an array, little-endian and in C order, without a copy of the whole."""
    if not array.ndim or not array.size:
        file.write(array.astype(array.dtype.newbyteorder("<")).tobytes())
        return
    rows = max(1, CHUNK_BYTES * len(array) // array.nbytes)
    for start in range(0, len(array), rows):
        part = array[start : start + rows]
        file.write(np.ascontiguousarray(part, dtype=part.dtype.newbyteorder("<")).data.cast("B"))
