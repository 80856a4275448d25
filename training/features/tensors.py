"""Tensors written to a safetensors file piece by piece, so that none is held in memory; and several files into one.

    write_tensor(path, "features", (F, P, D), pieces)   # float16 pieces (f, P, D), in order
    pack([path, ...], names, shard)                      # the tensors of several such files, copied

The format: the length of a header, the header as JSON, the numbers. safetensors itself reads it, and writes only what
is in memory whole.
"""

import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

from moviellm.generation.files import whole_file

NAME = "features"
"""Name of the one tensor in a file of a single film."""


def write_tensor(path: Path, shape: tuple[int, int, int], pieces: Iterable[Any]) -> None:
    """Write a float16 tensor whole or not at all.

    Raises:
        ValueError: the pieces do not make up the shape.
    """
    frames, *rest = shape
    done = 0
    with whole_file(path) as temporary, open(temporary, "wb") as file:
        _header(file, {NAME: (shape, 2 * frames * rest[0] * rest[1])})
        for piece in pieces:
            if list(piece.shape[1:]) != rest or str(piece.dtype) != "float16":
                raise ValueError(f"a piece of {piece.dtype} {piece.shape} came for features of float16 {shape}")
            file.write(piece.tobytes())
            done += len(piece)
        if done != frames:
            raise ValueError(f"features of {done} frames came, and there are {frames}")


def pack(parts: Sequence[Path], names: Sequence[str], path: Path) -> None:
    """Copy the tensors of several files into one, under these names, whole or not at all."""
    found = [read_header(part)[0][NAME] for part in parts]
    sizes = [one["data_offsets"][1] - one["data_offsets"][0] for one in found]
    with whole_file(path) as temporary, open(temporary, "wb") as file:
        _header(file, {name: (one["shape"], size) for name, one, size in zip(names, found, sizes, strict=True)})
        for part in parts:
            with open(part, "rb") as source:
                source.seek(read_header(part)[1])
                shutil.copyfileobj(source, file, 1 << 20)


def read_header(path: Path) -> tuple[dict[str, Any], int]:
    """Tensors of a safetensors file by name, and where their numbers begin."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        return json.loads(file.read(length)), 8 + length


def _header(file: IO[bytes], tensors: dict[str, tuple[Sequence[int], int]]) -> None:
    told: dict[str, Any] = {}
    offset = 0
    for name, (shape, size) in tensors.items():
        told[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(told, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # numbers begin at a multiple of 8
    file.write(len(text).to_bytes(8, "little") + text)
