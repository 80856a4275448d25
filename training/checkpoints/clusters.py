"""The files for accelerate and DeepSpeed that come with the package, written where a launch can name them.

    moviellm train cluster fsdp2 --out fsdp2.yaml
    accelerate launch --config_file fsdp2.yaml -m moviellm.training.sft stage3_instruct

It launches nothing.
"""

from importlib.resources import files
from pathlib import Path

from moviellm.generation.files import write_whole
from moviellm.generation.output import emit

FILES = {
    "one_gpu": "one_gpu.yaml",
    "fsdp2": "fsdp2.yaml",
    "zero2": "zero2.json",
    "zero3": "zero3.json",
}
"""Name -> file: YAML is for `accelerate launch --config_file`, JSON for the recipe's `deepspeed`."""


def text_of(name: str) -> str:
    """A file's text.

    Raises:
        ValueError: there is no such file.
    """
    if name not in FILES:
        raise ValueError(f"no cluster file {name!r}; there are {', '.join(FILES)}")
    return (files("moviellm.training.checkpoints.cluster") / FILES[name]).read_text(encoding="utf-8")


def write(name: str, out: Path | None, *, as_json: bool = False) -> None:
    """Write a file and say how it is used.

    Args:
        name: One of FILES.
        out: Where to; None takes its own name here.
        as_json: Print one JSON object.
    """
    text = text_of(name)
    path = out or Path(FILES[name])
    if path.exists() and (path.is_dir() or path.read_text(encoding="utf-8") != text):
        raise ValueError(f"{path} is there and says something else; choose another --out")
    write_whole(path, text.encode())
    launch = (
        f"accelerate launch --config_file {path} -m moviellm.training.sft RECIPE"
        if path.suffix != ".json"
        else f"accelerate launch --num_processes 8 -m moviellm.training.sft RECIPE --deepspeed {path}"
    )
    emit({"file": str(path), "launch": launch}, f"{path} is written\n  {launch}", as_json)
