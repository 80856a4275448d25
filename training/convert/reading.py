"""Weights of foreign checkpoints, read without running anything in them and without holding them in memory.

    weights = Weights.of_folder(Path("llama-vid-7b"))      # shards by their index, or one file, or safetensors
    weights.shapes["lm_head.weight"]                       # (32000, 4096), nothing read yet
    weights.get("lm_head.weight")                          # one tensor; one file at a time is open

Files of torch.save are opened with `weights_only=True` and `mmap=True`: what holds more than tensors is refused, and
pages are read when a tensor is. safetensors are preferred where both are there. It does not know what keys mean.
"""

import json
import pickle
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

INDEXES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
SINGLE = ("model.safetensors", "pytorch_model.bin")
SAFETENSORS = ".safetensors"


class Weights:
    """Tensors of some files by name, with their shapes known before any is read."""

    def __init__(self, files: Iterable[Path]) -> None:
        self.files = list(files)
        self.file_of: dict[str, Path] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.dtypes: dict[str, str] = {}
        self._open: tuple[Path, Any] | None = None
        for file in self.files:
            for name, tensor in _contents(file).items():
                if name in self.file_of:
                    raise ValueError(f"{name} is in {self.file_of[name].name} and in {file.name}: which one counts?")
                self.file_of[name] = file
                self.shapes[name], self.dtypes[name] = tensor

    @classmethod
    def of_folder(cls, folder: Path) -> "Weights":
        """All weights of a checkpoint folder.

        Raises:
            ValueError: there are none, a shard is missing, or the index names what no shard has.
        """
        for index in INDEXES:
            if (folder / index).is_file():
                return cls._of_index(folder / index)
        for name in SINGLE:
            if (folder / name).is_file():
                return cls([folder / name])
        raise ValueError(
            f"{folder} holds no weights: expected {SINGLE[0]}, {SINGLE[1]}, or the index of shards, {INDEXES[0]}."
        )

    @classmethod
    def _of_index(cls, index: Path) -> "Weights":
        try:
            places: dict[str, str] = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{index} is no index of shards: it must be JSON with a `weight_map`.") from error
        names = sorted(set(places.values()))
        outside = [name for name in names if Path(name).name != name]
        if outside:
            raise ValueError(f"{index} names files outside its folder: {outside[0]!r}.")
        gone = [name for name in names if not (index.parent / name).is_file()]
        if gone:
            raise ValueError(f"{index.parent} lacks {len(gone)} of {len(names)} shards: {few(gone)}. Download them.")
        weights = cls(index.parent / name for name in names)
        lacking = sorted(set(places) - set(weights.shapes))
        if lacking:
            raise ValueError(f"{index.name} lists {len(lacking)} weights that no shard holds: {few(lacking)}.")
        return weights

    def get(self, name: str) -> Any:
        """One tensor. Ask in the order of files: opening another one closes the last."""
        file = self.file_of[name]
        if self._open is None or self._open[0] != file:
            self._open = None
            self._open = (file, _opened(file))
        content = self._open[1]
        return content[name] if isinstance(content, dict) else content.get_tensor(name)

    def close(self) -> None:
        """Let go of the file that is open."""
        self._open = None


def few(names: Iterable[str], most: int = 6) -> str:
    """Some names for a message, and how many more there are."""
    names = list(names)
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _contents(file: Path) -> dict[str, tuple[tuple[int, ...], str]]:
    """Name -> shape and dtype."""
    content = _opened(file)
    if isinstance(content, dict):
        return {name: (tuple(value.shape), str(value.dtype).removeprefix("torch.")) for name, value in content.items()}
    found = {}
    for name in content.keys():  # noqa: SIM118 - no mapping
        part = content.get_slice(name)
        found[name] = (tuple(part.get_shape()), _DTYPES.get(part.get_dtype(), part.get_dtype()))
    return found


_DTYPES = {"F32": "float32", "F16": "float16", "BF16": "bfloat16", "F64": "float64", "I64": "int64", "BOOL": "bool"}


def _opened(file: Path) -> Any:
    """The open file: a mapping of tensors that are read when they are used, or safetensors' handle."""
    if not file.is_file():
        raise ValueError(f"There is no file {file}.")
    if file.suffix == SAFETENSORS:
        return _open_safetensors(file)
    if not zipfile.is_zipfile(file):
        raise ValueError(
            f"{file} is a bare pickle (or a file of torch before 1.6): it is not read, for it could run code. Take "
            "the safetensors, or, if you trust where it comes from, save it anew with torch: "
            "torch.save(torch.load(FILE, weights_only=True), FILE)."
        )
    return _open_torch(file)


def _open_safetensors(file: Path) -> Any:
    from safetensors import SafetensorError, safe_open

    try:
        return safe_open(file, framework="pt")
    except SafetensorError as error:
        raise ValueError(f"{file} is no whole safetensors file ({error}): download it again.") from error


def _open_torch(file: Path) -> dict[str, Any]:
    import torch

    try:
        content = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    except pickle.UnpicklingError as error:
        reason = re.search("GLOBAL (\\S+)", str(error))
        raise ValueError(
            f"{file} holds more than tensors and is refused, for it could run code"
            f"{f' ({reason[1]})' if reason else ''}."
        ) from error
    except (RuntimeError, ValueError, EOFError, KeyError) as error:
        raise ValueError(f"{file} cannot be read as weights: {str(error).splitlines()[0]}") from error
    for wrapper in ("state_dict", "model", "module"):
        if isinstance(content, dict) and isinstance(content.get(wrapper), dict):
            content = content[wrapper]
    if not isinstance(content, dict):
        raise ValueError(f"{file} holds a {type(content).__name__}, not a mapping from names to tensors.")
    odd = [str(name) for name, value in content.items() if not isinstance(value, torch.Tensor)]
    if odd:
        raise ValueError(f"{file} holds values that are no tensors: {few(odd)}.")
    return dict(content)
