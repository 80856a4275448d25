"""What textual inversion writes: the learned token, and the state that a killed training goes on from.

    data = learned_bytes(rows, metadata)      # safetensors; plain `pipe.load_textual_inversion` loads what it holds
    rows, metadata = read_learned(data)
    save_state(path, state, fingerprint); state = load_state(path, fingerprint)

All of it is safetensors, no pickle, and written whole or not at all. It holds no weight of a model.
"""

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from moviellm.generation.files import write_whole
from moviellm.generation.schema import canonical_json

FORMAT: Final = "moviellm-style-1"
"""Value of `format` in the metadata of a learned token."""
Pictures = dict[str, Any]
"""Tensors by name."""


@dataclass
class State:
    """A training at one step: everything that decides how it goes on."""

    rows: dict[str, Any]
    """The learned rows by encoder, float32, in units of the encoder's scale."""
    moments: dict[str, tuple[Any, Any]]
    """AdamW's first and second moments of them."""
    best: dict[str, Any]
    """The rows with the least held-out loss."""
    step: int = 0
    """Optimiser steps done."""
    measured: list[tuple[int, float]] = field(default_factory=list)
    """Held-out losses: step and value."""
    trained: list[float] = field(default_factory=list)
    """Training loss of each step."""

    @property
    def best_at(self) -> tuple[int, float]:
        """Step and value of the least held-out loss."""
        return min(self.measured, key=lambda item: item[1])

    def waited(self) -> int:
        """Measurements since the best."""
        return len(self.measured) - 1 - self.measured.index(self.best_at)


def save_state(path: Path, state: State, fingerprint: str) -> None:
    """Keep a state; a reader sees the whole of it or the one before."""
    from safetensors.torch import save

    tensors: Pictures = {}
    for key in state.rows:
        first, second = state.moments[key]
        tensors |= {f"rows.{key}": state.rows[key].detach(), f"best.{key}": state.best[key]}
        tensors |= {f"first.{key}": first, f"second.{key}": second}
    rest = {"step": state.step, "measured": state.measured, "trained": state.trained}
    metadata = {"fingerprint": fingerprint, "state": json.dumps(rest)}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, save({name: value.contiguous() for name, value in tensors.items()}, metadata))


def load_state(path: Path, fingerprint: str) -> State | None:
    """The kept state of the same training; None where there is none, or that of another."""
    loaded = read_tensors(path, fingerprint)
    if loaded is None:
        return None
    tensors, metadata = loaded
    rest = json.loads(metadata["state"])
    keys = [name.removeprefix("rows.") for name in tensors if name.startswith("rows.")]
    return State(
        rows={key: tensors[f"rows.{key}"] for key in keys},
        moments={key: (tensors[f"first.{key}"], tensors[f"second.{key}"]) for key in keys},
        best={key: tensors[f"best.{key}"] for key in keys},
        step=rest["step"],
        measured=[(int(step), float(loss)) for step, loss in rest["measured"]],
        trained=rest["trained"],
    )


def write_tensors(path: Path, tensors: Pictures, fingerprint: str) -> None:
    """Keep tensors (cached latents) for `read_tensors`."""
    from safetensors.torch import save

    path.parent.mkdir(parents=True, exist_ok=True)
    packed = {name: value.contiguous() for name, value in tensors.items()}
    write_whole(path, save(packed, {"fingerprint": fingerprint}))


def read_tensors(path: Path, fingerprint: str) -> tuple[Pictures, dict[str, str]] | None:
    """Tensors and metadata of a file with that fingerprint; None where there is none, or a damaged one."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        return None
    try:
        with safe_open(str(path), "pt") as file:
            metadata = dict(file.metadata() or {})
            if metadata.get("fingerprint") != fingerprint:
                return None
            return {name: file.get_tensor(name) for name in file.keys()}, metadata  # noqa: SIM118 - no mapping
    except SafetensorError:
        return None


def learned_bytes(rows: dict[str, Any], metadata: dict[str, str]) -> bytes:
    """The learned token as a safetensors file.

    With two encoders its tensors are named by them (`clip_l`, `clip_g`): two calls of `load_textual_inversion`. With
    one, its tensor is named by the token, which one call on the file loads.
    """
    from safetensors.torch import save

    named = rows if len(rows) > 1 else dict(zip([metadata["token"]], rows.values(), strict=True))
    tensors = {name: value.detach().float().cpu().contiguous() for name, value in named.items()}
    return _sorted_header(save(tensors, {"format": FORMAT, **metadata}))


def _sorted_header(data: bytes) -> bytes:
    """The same file with its header's keys in order: safetensors writes metadata in an order of chance."""
    length = int.from_bytes(data[:8], "little")
    header = canonical_json(json.loads(data[8 : 8 + length])).encode()
    padded = header + b" " * (-len(header) % 8)
    return len(padded).to_bytes(8, "little") + padded + data[8 + length :]


def read_learned(data: bytes) -> tuple[dict[str, Any], dict[str, str]]:
    """Rows by encoder and metadata of a learned token.

    Raises:
        ValueError: not a file that `learned_bytes` made.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        tensors = load(data)
        length = int.from_bytes(data[:8], "little")
        metadata = dict(json.load(io.BytesIO(data[8 : 8 + length])).get("__metadata__", {}))
    except SafetensorError as error:
        raise ValueError(f"a learned style is a safetensors file, this is none: {error}") from None
    if metadata.get("format") != FORMAT:
        raise ValueError(f"not a style learned here: its format is {metadata.get('format')!r}, allowed is {FORMAT!r}")
    if len(tensors) == 1:
        return {metadata["encoders"]: next(iter(tensors.values()))}, metadata
    return dict(tensors), metadata
