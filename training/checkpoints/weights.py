"""The weights of a folder as names, shapes and one hash, read from safetensors without torch.

    shapes(folder)                # {"model.compressor.projector.weight": (32, 32), ...}
    content_hash(folder)          # the same for the same tensors, however they are sharded

The hash covers name, type, shape and bytes of every tensor, so that another order of files or another note in their
headers does not change it. Pickles are not read. It loads no model.
"""

import hashlib
import json
import mmap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

WHOLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
ADAPTER = "adapter_model.safetensors"
SHARD = "5GB"
"""`max_shard_size` of what is saved: a shard fits into memory, and a push that stops loses little."""
HEADER_BYTES_MAX = 100_000_000
"""What safetensors itself takes for a header."""


@dataclass(frozen=True)
class Tensor:
    """A tensor in a file."""

    name: str
    dtype: str
    """As safetensors names it: F32, BF16."""
    shape: tuple[int, ...]
    file: Path
    start: int
    """First byte in the file."""
    bytes: int


def weight_files(folder: Path) -> list[Path]:
    """The files with the weights of a model, shards in the order of their names.

    Raises:
        ValueError: there are none, or a shard is missing.
    """
    index = folder / INDEX
    if index.is_file():
        try:
            names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
        except (ValueError, KeyError, AttributeError, TypeError):
            raise ValueError(f"{index} is damaged: it names no weights; save the model again") from None
        if any(Path(name).name != name for name in names):
            raise ValueError(f"{index} leads out of its folder; save the model again")
        lacking = [name for name in names if not (folder / name).is_file()]
        if lacking:
            raise ValueError(f"{folder} lacks {lacking[0]}, one of {len(names)} files with its weights")
        return [folder / name for name in names]
    if (folder / WHOLE).is_file():
        return [folder / WHOLE]
    pickled = sorted([*folder.glob("*.bin"), *folder.glob("*.pt"), *folder.glob("*.pth")])
    if pickled:
        raise ValueError(
            f"{folder} has weights as a pickle only ({pickled[0].name}), which can run code and is not read: "
            "convert it first (`moviellm train convert`)"
        )
    raise ValueError(f"{folder} holds no weights: neither {WHOLE} nor {INDEX}")


def tensors(file: Path) -> list[Tensor]:
    """What a safetensors file holds, from its header alone.

    Raises:
        ValueError: it is none, or it ends too early.
    """
    size = file.stat().st_size
    with open(file, "rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        if not 2 <= length <= min(size - 8, HEADER_BYTES_MAX):
            raise ValueError(f"{file} is no safetensors file")
        head = opened.read(length)
    found = []
    try:
        for name, told in json.loads(head).items():
            if name != "__metadata__":
                first, last = told["data_offsets"]
                start = 8 + length + first
                found.append(Tensor(name, told["dtype"], tuple(told["shape"]), file, start, last - first))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(f"{file} is no safetensors file: its header cannot be read") from None
    if any(one.bytes < 0 or one.start + one.bytes > size for one in found):
        raise ValueError(f"{file} ends too early; copy it again")
    return sorted(found, key=lambda one: one.name)


def shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    """Name -> shape of every weight of a folder."""
    return {one.name: one.shape for file in weight_files(folder) for one in tensors(file)}


def content_hash(folder: Path, advance: Callable[[int], None] = lambda count: None) -> str:
    """One hash of all weights of a model; of an adapter, of its own.

    Args:
        advance: Called with the number of bytes just read.
    """
    alone = (folder / ADAPTER).is_file() and not any((folder / name).is_file() for name in (WHOLE, INDEX))
    return hash_of([folder / ADAPTER] if alone else weight_files(folder), advance)


def hash_of(files: list[Path], advance: Callable[[int], None] = lambda count: None) -> str:
    """One hash of all tensors of some files."""
    lines = [f"{one.name}\t{one.dtype}\t{one.shape}\t{digest}\n" for one, digest in _digests(files, advance)]
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


def _digests(files: list[Path], advance: Callable[[int], None]) -> Iterator[tuple[Tensor, str]]:
    for file in files:
        with open(file, "rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            for one in tensors(file):
                with memoryview(mapped) as all_bytes, all_bytes[one.start : one.start + one.bytes] as part:
                    yield one, hashlib.sha256(part).hexdigest()
                advance(one.bytes)


def total_bytes(folder: Path) -> int:
    """Bytes of the files with the weights."""
    return sum(file.stat().st_size for file in weight_files(folder))


def readable(folder: Path) -> None:
    """Let everybody read the weights of a folder: safetensors makes files that only their owner reads."""
    for file in folder.glob("*.safetensors"):
        file.chmod(0o644)
