"""The recipe of a stage: a YAML file whose keys are fields of `Recipe` and of TRL's `SFTConfig`.

    recipe, args = read_recipe(["--config", "tiny", "--dataset", "demo/MovieLLM-tiny", "--learning_rate", "1e-4"])

A recipe is found by name among the packaged ones (training/recipes/) or by path. The command line overrides any key;
blocks are given as YAML (`--lora '{r: 8}'`) or by a dotted key (`--lora.r 8`). An unknown key is an error that names
the nearest known one. It loads no model and no data.
"""

import dataclasses
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from importlib.resources import files
from pathlib import Path
from typing import Any, get_type_hints

import yaml

from moviellm.generation.on_hub import refuse_mistyped
from moviellm.training.checkpoints.adapters import LoraSettings
from moviellm.training.stages.blocks import (
    BuildBlock,
    EvaluateBlock,
    ReplayBlock,
    SourceBlock,
    block_of,
    blocks_of,
)
from moviellm.training.stages.keys import trainer_keys
from moviellm.training.stages.nearest import did_you_mean

BLOCKS = ("data", "replay", "build", "lora", "evaluate", "train", "frame_settings")
"""Keys whose values are mappings or lists; read as YAML on the command line too."""
OURS: dict[str, Any] = {
    "max_length": None,
    "remove_unused_columns": False,
    "logging_steps": 10,
    "report_to": "none",
    "save_strategy": "steps",
    "save_steps": 500,
    "save_total_limit": 2,
    "gradient_checkpointing": None,
    "activation_checkpointing": False,
    "dataloader_pin_memory": False,
}
"""Defaults of ours where SFTConfig has others."""
FIXED = {
    "dataset_kwargs": "data are prepared here",
    "remove_unused_columns": "columns are chosen here",
    "packing": "movies are packed by `pack_movies`",
    "padding_free": "movies are packed by `pack_movies`",
    "assistant_only_loss": "only answers are learned, always",
    "completion_only_loss": "only answers are learned, always",
    "dataset_text_field": "data are prepared here",
    "chat_template_path": "say chat_template: FILE.jinja",
    "group_by_length": "say train_sampling_strategy: group_by_length",
    "hub_model_id": "say push_to_hub: org/name",
    "trust_remote_code": "code from the Hub is never run",
}
"""Fields of SFTConfig that a recipe cannot set, and why."""

LEAST = {
    "per_device_train_batch_size": 1,
    "per_device_eval_batch_size": 1,
    "gradient_accumulation_steps": 1,
    "max_length": 1,
    "skip_frames": 0,
    "eval_samples": 0,
}
"""The least that a number may be."""
PROOF = "proof"
"""The recipe of `moviellm prove`, which lies beside those of stages."""


@dataclass
class Recipe:
    """What a stage of training is, beside the trainer's own settings (those are fields of TRL's `SFTConfig`)."""

    model: str | None = field(default=None, metadata={"help": "Checkpoint to go on from: folder or Hub id."})
    model_revision: str | None = field(default=None, metadata={"help": "Tag or commit of the model on the Hub."})
    build: Any = field(default=None, metadata={"help": "A new model instead: see docs/training.md."})
    dtype: str = field(default="auto", metadata={"help": "Of the weights: auto, float32, bfloat16."})
    chat_template: str | None = field(
        default=None, metadata={"help": "Jinja file in place of the model's template; default: ours."}
    )
    frame_settings: Any = field(
        default=None, metadata={"help": "Of a stock model's video processor, such as its `size`."}
    )
    dataset: str | None = field(default=None, metadata={"help": "Movies: dataset folder or Hub id."})
    dataset_revision: str | None = field(default=None, metadata={"help": "Tag or commit of the dataset."})
    data: Any = field(default=None, metadata={"help": "Sources of samples: see docs/training.md."})
    replay: Any = field(default=None, metadata={"help": "What is shown again against forgetting."})
    features: str | None = field(default=None, metadata={"help": "Cached frame features: folder or Hub id."})
    features_revision: str | None = field(default=None, metadata={"help": "Their tag or commit."})
    eval_split: str = field(default="validation", metadata={"help": "Split whose loss is measured."})
    eval_samples: int = field(default=64, metadata={"help": "Most samples in it."})
    train: Any = field(default=None, metadata={"help": "Parts that learn; none with LoRA: LoRA alone."})
    lora: Any = field(default=None, metadata={"help": "LoRA settings: r, alpha, dropout, targets."})
    merge_previous: bool = field(default=False, metadata={"help": "Merge the adapter of `model` before it learns."})
    questions: str = field(
        default="together", metadata={"help": "together: a movie's questions in one row where exact; apart."}
    )
    pack_movies: bool = field(default=False, metadata={"help": "Several movies share a row of max_length tokens."})
    skip_frames: int = field(default=0, metadata={"help": "Most frames that may be left out as they do not decode."})
    evaluate: Any = field(default=None, metadata={"help": "Questions answered by each checkpoint."})
    resume: bool = field(default=True, metadata={"help": "Go on from the newest whole checkpoint of output_dir."})
    dry_run: bool = field(default=False, metadata={"help": "Do everything before the first step, and stop."})
    push_to: str | None = field(default=None, metadata={"help": "Hub id that the model is pushed to at the end."})
    push_tag: str | None = field(default=None, metadata={"help": "Tag of the push."})
    name: str = field(default="", metadata={"help": "Name of the stage; the recipe file's."})
    text: str = field(default="", metadata={"help": "Not set by hand: the recipe as it was used."})

    def __post_init__(self) -> None:
        if self.questions not in ("together", "apart"):
            raise ValueError(f"questions is {self.questions!r}: it can be together or apart")
        self.data = blocks_of(SourceBlock, self.data if self.data is not None else [{}], "data")
        self.replay = blocks_of(ReplayBlock, self.replay, "replay")
        self.build = None if self.build is None else block_of(BuildBlock, self.build, "build")
        self.evaluate = None if self.evaluate is None else block_of(EvaluateBlock, self.evaluate, "evaluate")
        self.lora = None if self.lora is None else block_of(LoraSettings, self.lora, "lora")
        self.train = [self.train] if isinstance(self.train, str) else self.train
        if (self.model is None) == (self.build is None):
            raise ValueError("the recipe needs `model: FOLDER_OR_ID`, or a block `build` for a new one, and not both")
        if not self.data:
            raise ValueError("`data` is empty: give at least one source, such as {view: sft}")
        if sum(block.share for block in self.replay) >= 1:
            raise ValueError("the shares of `replay` make 1 or more: leave a part for `data`")


def packaged_recipes() -> list[str]:
    """Names of the recipes that come with the package."""
    folder = files("moviellm.training.recipes")
    names = [path.name.removesuffix(".yaml") for path in folder.iterdir() if path.name.endswith(".yaml")]
    return sorted(set(names) - {PROOF})


def read_recipe(arguments: Sequence[str]) -> tuple[Recipe, Any]:
    """The recipe and TRL's `SFTConfig` of a command line.

    Raises:
        ValueError: no such recipe, an unknown key, or a value that cannot be.
    """
    name, rest = _named(list(arguments))
    data = _load(name)
    rest = _take_blocks(rest, data)
    keys = ({one.name for one in dataclasses.fields(Recipe)} | trainer_keys()) - {"text"}
    _check_keys(data, keys, f"recipe {name}")
    stated = {argument[2:].split("=")[0].replace("-", "_") for argument in rest if argument.startswith("--")}
    _check_keys(dict.fromkeys(one for one in stated if not one.startswith("no_")), keys, "the command line")
    hush_kernels(data)
    _check_dataset(data, rest)

    import torch  # what is above is said before these seconds
    from trl import SFTConfig, TrlParser

    _check_shapes(data, f"recipe {name}")
    data.setdefault("name", Path(name).stem)
    push = data.get("push_to_hub")
    if isinstance(push, str):
        data["push_to"] = data.pop("push_to_hub")
    parser: Any = TrlParser((Recipe, SFTConfig))
    parser.error = _refuse
    parser.set_defaults_with_config(**OURS, use_cpu=not torch.accelerator.is_available())
    parser.set_defaults_with_config(**data)
    recipe, args = parser.parse_args_into_dataclasses(args=_hub_push(rest))
    _check_numbers(recipe, args)
    args.dataset_kwargs = {"skip_prepare_dataset": True}
    if not args.output_dir or args.output_dir == "trainer_output":
        args.output_dir = f"runs/{recipe.name}"
    recipe.text = _as_used(recipe, args, {*data, *stated})
    return recipe, args


def hush_kernels(data: Mapping[str, Any]) -> None:
    """Where no weights of few bits are asked for, keep bitsandbytes, which PEFT imports, from missing its kernels."""
    if not (isinstance(data.get("lora"), Mapping) and data["lora"].get("qlora")):
        logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)


def _check_dataset(data: Mapping[str, Any], arguments: Sequence[str]) -> None:
    """Refuse a dataset whose name a folder beside it is much like, before trainers are imported."""
    stated = dict(zip(arguments, arguments[1:], strict=False))
    stated |= dict(argument.split("=", 1) for argument in arguments if "=" in argument)
    place = stated.get("--dataset", data.get("dataset"))
    revision = stated.get("--dataset_revision", data.get("dataset_revision"))
    if isinstance(place, str) and not Path(place).expanduser().exists():
        refuse_mistyped(place, revision)


def _named(arguments: list[str]) -> tuple[str, list[str]]:
    """The recipe's name, as the first word or behind `--config`, and the other arguments."""
    if "--config" in arguments:
        at = arguments.index("--config")
        if at + 1 < len(arguments):
            return arguments[at + 1], arguments[:at] + arguments[at + 2 :]
    elif arguments and not arguments[0].startswith("-"):
        return arguments[0], arguments[1:]
    raise ValueError(
        f"which recipe? One of {', '.join(packaged_recipes())}, or a file of your own: --config FILE.yaml"
    )


def _load(name: str) -> dict[str, Any]:
    packaged = files("moviellm.training.recipes") / f"{name}.yaml"
    path = Path(name)
    if path.suffix in {".yaml", ".yml"} or "/" in name:
        if not path.is_file():
            raise ValueError(f"no recipe file {name}; packaged recipes are {', '.join(packaged_recipes())}")
        text = path.read_text(encoding="utf-8")
    elif name == PROOF:
        raise ValueError("proof is no stage but a whole experiment: moviellm prove")
    elif packaged.is_file():
        text = packaged.read_text(encoding="utf-8")
    else:
        raise ValueError(
            f"no recipe {name!r}{did_you_mean(name, packaged_recipes())}; packaged recipes are "
            f"{', '.join(packaged_recipes())}; a file of your own ends in .yaml"
        )
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"recipe {name} is no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict):
        raise ValueError(f"recipe {name} is no mapping of keys and values")
    return data


def _take_blocks(arguments: list[str], data: dict[str, Any]) -> list[str]:
    """Arguments without those of blocks, which are read as YAML into the recipe: `--lora '{r: 8}'`, `--lora.r 8`."""
    rest: list[str] = []
    at = 0
    while at < len(arguments):
        key, equals, value = arguments[at].partition("=")
        at += 1
        path = key.removeprefix("--").split(".")
        if not key.startswith("--") or (path[0] not in BLOCKS and len(path) == 1):
            rest.append(arguments[at - 1])
            continue
        if not equals:
            if at == len(arguments):
                raise ValueError(f"{key} has no value: {key} VALUE")
            value, at = arguments[at], at + 1
        _put(data, path, _read(value, key), key)
    return rest


def _read(text: str, key: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"{key} {text!r} is no YAML: {' '.join(str(error).split())}") from None


def _put(data: dict[str, Any], path: list[str], value: Any, key: str) -> None:
    place: Any = data
    for step, following in zip(path, path[1:], strict=False):
        inner: Any = [] if following.isdigit() else {}
        if isinstance(place, list):
            if not step.isdigit() or int(step) >= len(place):
                raise ValueError(f"{key}: the list has {len(place)} entries, counted from 0")
            place = place[int(step)]
        else:
            if place.get(step) is None:
                place[step] = inner
            place = place[step]
    if isinstance(place, list):
        if not path[-1].isdigit() or int(path[-1]) >= len(place):
            raise ValueError(f"{key}: the list has {len(place)} entries, counted from 0")
        place[int(path[-1])] = value
    elif isinstance(place, dict):
        place[path[-1]] = value
    else:
        raise ValueError(f"{key}: {'.'.join(path[:-1])} is a value and has no {path[-1]}")


def _check_keys(data: dict[str, Any], known: set[str], where: str) -> None:
    for key in data:
        if key in FIXED:
            raise ValueError(f"{where}: {key} cannot be set: {FIXED[key]}")
        if key not in known:
            raise ValueError(f"{where}: unknown key {key}{did_you_mean(str(key), known)}")


def _check_shapes(data: dict[str, Any], where: str) -> None:
    """Refuse lists, mappings and nothing where a key takes one word or number."""
    from trl import SFTConfig

    kinds = get_type_hints(SFTConfig) | get_type_hints(Recipe)  # a parser changes what `fields` says
    for key, value in data.items():
        kind = str(kinds[key])
        takes = {list: "list" in kind, dict: "dict" in kind, type(None): "None" in kind}
        if key not in BLOCKS and "Any" not in kind and not takes.get(type(value), True):
            said = "nothing" if value is None else f"{value!r}"[:60]
            raise ValueError(f"{where}: {key} is {said}: it is one word or number; leave it out for its default")


def _check_numbers(recipe: Recipe, args: Any) -> None:
    for key, least in LEAST.items():
        value = getattr(recipe if hasattr(recipe, key) else args, key)
        if value is not None and value < least:
            raise ValueError(f"{key} is {value}: it is {least} or more")


def _hub_push(arguments: list[str]) -> list[str]:
    """`--push_to_hub org/name` is ours: the trainer's own push knows no tag and no card of measured data."""
    return ["--push_to" if argument == "--push_to_hub" else argument for argument in arguments]


def _refuse(message: str) -> None:
    raise ValueError(message)


def _as_used(recipe: Recipe, args: Any, keys: set[str]) -> str:
    """The recipe with overrides applied, as YAML."""
    used: dict[str, Any] = {}
    for key in sorted(keys - {"text"}):
        holder = recipe if hasattr(recipe, key) else args
        used[key] = _plain(getattr(holder, key, None))
    return yaml.safe_dump(used, sort_keys=True, allow_unicode=True)


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if hasattr(value, "model_dump"):
        return value.model_dump(exclude_defaults=True)
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
