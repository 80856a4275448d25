"""Several files of weights as one: a base, a projector, a tower, and LoRA adapters that are merged into the base.

    sources = Sources()
    sources.add(Weights.of_folder(vicuna), "the base")
    sources.add(Weights([stage1 / "mm_projector.bin"]), "stage 1", {"model.mm_projector.weight": ...})
    sources.merge(Adapter.of_folder(stage2))
    sources.tensor(step)                          # one weight of ours: read, merged, put together

Adapters are merged in the order they are given, in float32, and rounded once. It decides no names: see key_map.py.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from moviellm.training.convert.adapters import Adapter
from moviellm.training.convert.key_map import ZEROS, Step
from moviellm.training.convert.reading import Weights, few


class Sources:
    """Tensors by name, from several places."""

    def __init__(self) -> None:
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.dtypes: dict[str, str] = {}
        self.places: dict[str, tuple[Weights, str]] = {}
        self.adapters: list[Adapter] = []
        self.notes: list[str] = []
        self._origin: dict[str, str] = {}

    def add(self, weights: Weights, origin: str, rename: Callable[[str], str] = str) -> None:
        """More weights; a name that is there already is replaced, and noted.

        Args:
            origin: what they are called in messages.
            rename: from a name in the file to the name that counts.
        """
        for old in weights.shapes:
            name = rename(old)
            if name in self.shapes:
                self.notes.append(f"{name} is taken from {origin}, not from {self._origin[name]}")
            self.shapes[name], self.dtypes[name] = weights.shapes[old], weights.dtypes[old]
            self.places[name], self._origin[name] = (weights, old), origin

    def merge(self, adapter: Adapter) -> None:
        """An adapter to be merged into what is there.

        Raises:
            ValueError: it was made for another base.
        """
        adapter.check(self.shapes)
        self.adapters.append(adapter)
        if adapter.trained_on:
            self.notes.append(f"{adapter.name} says that it was trained on {adapter.trained_on}")

    def file_order(self, step: Step) -> tuple[str, str]:
        """Sorts steps so that each file is opened once."""
        name = next((name for name in step.sources if name != ZEROS), None)
        if name is None:
            return "", step.target
        weights, old = self.places[name]
        return str(weights.file_of[old]), step.target

    def tensor(self, step: Step, dtype: Any) -> Any:
        """One weight of ours."""
        import torch

        if step.fill is not None:
            return torch.full(step.shape, step.fill, dtype=dtype)
        first = next(name for name in step.sources if name != ZEROS)
        parts = [self._read(first if name == ZEROS else name, zero=name == ZEROS) for name in step.sources]
        tensor = parts[0] if len(parts) == 1 else torch.cat(parts)
        if step.grows:
            rows = step.shape[0] - tensor.shape[0]
            mean = tensor.mean(0, keepdim=True, dtype=torch.float32).to(tensor.dtype)
            tensor = torch.cat([tensor, mean.expand(rows, -1)])
        return tensor.to(dtype).contiguous()

    def _read(self, name: str, zero: bool) -> Any:
        weights, old = self.places[name]
        tensor = weights.get(old)
        if zero:
            return tensor.new_zeros(tensor.shape)
        deltas = [delta for adapter in self.adapters if (delta := adapter.delta(name)) is not None]
        if not deltas:
            return tensor
        merged = tensor.float()
        for delta in deltas:
            merged = merged + delta
        return merged

    def files(self) -> list[str]:
        """Every file that was read, with its size in bytes."""
        weights = {id(place[0]): place[0] for place in self.places.values()}
        found = [file for one in weights.values() for file in one.files]
        found += [file for adapter in self.adapters for file in adapter.weights.files]
        return [f"{file.name} ({file.stat().st_size:,} bytes)" for file in found]

    def close(self) -> None:
        """Let go of all files."""
        for weights, _ in self.places.values():
            weights.close()
        for adapter in self.adapters:
            adapter.weights.close()


def weights_at(path: Path, *names: str) -> Weights:
    """Weights of a file, or of the first of these files in a folder.

    Raises:
        ValueError: neither is there.
    """
    if path.is_file():
        return Weights([path])
    for name in names:
        if (path / name).is_file():
            return Weights([path / name])
    raise ValueError(f"{path} holds none of {few(names)}.")
