"""LoRA adapters of peft, read as data and merged by arithmetic: W + scale * B A.

    adapter = Adapter.of_folder(Path("vtimellm-vicuna-v1-5-7b-stage2"))
    adapter.check(shapes_of_the_base)          # a ValueError where it was made for another base
    adapter.delta("model.layers.0.self_attn.q_proj.weight")

Only plain LoRA is read, of linear layers, without trained biases and without copies of whole modules: what else an
adapter can hold is refused by name. peft is not needed.
"""

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from moviellm.training.convert.reading import Weights, few

CONFIG = "adapter_config.json"
FILES = ("adapter_model.safetensors", "adapter_model.bin")
_KEY = re.compile(r"(?:base_model\.model\.)?(?P<name>.+)\.lora_(?P<half>[AB])(?:\.[^.]+)?\.weight")
_PLAIN: dict[str, tuple[Any, ...]] = {
    "bias": (None, "none"),
    "use_dora": (None, False),
    "modules_to_save": (None, []),
    "rank_pattern": (None, {}),
    "alpha_pattern": (None, {}),
    "fan_in_fan_out": (None, False),
    "layer_replication": (None, []),
    "lora_bias": (None, False),
}
"""Settings of peft and the values that plain LoRA has."""


class Adapter:
    """A folder with adapter_config.json and the two halves of every change."""

    def __init__(self, name: str, config: Mapping[str, Any], weights: Weights) -> None:
        self.name = name
        self.config = config
        self.weights = weights
        self.halves: dict[str, dict[str, str]] = {}
        """Name of a weight of the base -> half -> name in the file."""
        odd = []
        for key in weights.shapes:
            found = _KEY.fullmatch(key)
            if found:
                self.halves.setdefault(f"{found['name']}.weight", {})[found["half"]] = key
            else:
                odd.append(key)
        single = [name for name, halves in self.halves.items() if len(halves) < 2]
        if odd or single or not self.halves:
            raise ValueError(
                f"{name} is no plain LoRA adapter: "
                + (f"it holds {few(odd)}." if odd else f"halves are missing for {few(single) or 'every layer'}.")
            )

    @classmethod
    def of_folder(cls, folder: Path) -> "Adapter":
        """Read an adapter's settings and find its weights."""
        path = folder / CONFIG
        if not path.is_file():
            raise ValueError(f"{folder} is no adapter: it has no {CONFIG}.")
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{path} is no JSON: {error}.") from error
        if not isinstance(config, dict) or config.get("peft_type") != "LORA":
            kind = config.get("peft_type") if isinstance(config, dict) else None
            raise ValueError(f"{folder} is an adapter of type {kind!r}: only LORA can be merged.")
        for key, plain in _PLAIN.items():
            if config.get(key) not in plain:
                raise ValueError(f"{folder} has `{key}`: {config[key]!r}, which is more than plain LoRA: refused.")
        file = next((folder / name for name in FILES if (folder / name).is_file()), None)
        if file is None:
            raise ValueError(f"{folder} has neither {FILES[0]} nor {FILES[1]}.")
        return cls(folder.name, config, Weights([file]))

    @property
    def trained_on(self) -> str:
        """What its settings call the base; often a path on the machine it was trained on."""
        return str(self.config.get("base_model_name_or_path") or "")

    @property
    def rank(self) -> int:
        """Rows of the first half."""
        return int(self.config["r"])

    @property
    def scale(self) -> float:
        """alpha / r, or alpha / sqrt(r) where the adapter says so."""
        by = math.sqrt(self.rank) if self.config.get("use_rslora") else self.rank
        return float(self.config["lora_alpha"]) / by

    def check(self, base: Mapping[str, tuple[int, ...]]) -> None:
        """Raise where a change does not fit the weight it is for."""
        lacking = [name for name in self.halves if name not in base]
        wrong = []
        for name, halves in self.halves.items():
            first, second = self.weights.shapes[halves["A"]], self.weights.shapes[halves["B"]]
            if name in base and (second[0], first[1]) != base[name]:
                wrong.append(f"{name} ({second[0]} x {first[1]}, the base has {' x '.join(map(str, base[name]))})")
            elif first[0] != self.rank or second[1] != self.rank:
                wrong.append(f"{name} (rank {first[0]}, the settings say {self.rank})")
        if lacking or wrong:
            trained = f" It says that it was trained on {self.trained_on!r}." if self.trained_on else ""
            raise ValueError(
                f"The adapter {self.name} is for another base: "
                + (f"the base has no {few(lacking)}." if lacking else f"shapes differ: {few(wrong, 3)}.")
                + trained
            )

    def delta(self, name: str) -> Any:
        """What it adds to a weight of the base, in float32; None where it changes nothing."""
        halves = self.halves.get(name)
        if halves is None:
            return None
        first, second = self.weights.get(halves["A"]), self.weights.get(halves["B"])
        return self.scale * (second.float() @ first.float())
