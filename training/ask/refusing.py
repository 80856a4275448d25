"""What is no checkpoint, and no dtype, in a moment: before anything is loaded, and without what loading takes.

    check_folder("runs/stage3")
    check_dtype("bfloat16")

What lies in a checkpoint, and whether it can be loaded, is found by opening.py.
"""

from pathlib import Path
from typing import Final

ADAPTER: Final = "adapter_config.json"
DTYPES: Final = ("float32", "bfloat16", "float16")


def check_folder(place: str | Path) -> None:
    """Refuse a folder that holds no checkpoint.

    Raises:
        ValueError: it has neither a model's config nor an adapter's.
    """
    folder = Path(place)
    if folder.is_dir() and not any((folder / name).is_file() for name in ("config.json", ADAPTER)):
        raise ValueError(f"{place} is no checkpoint: it has no config.json. Give the folder that training wrote.")


def check_dtype(name: str | None) -> None:
    """Refuse a dtype that weights do not come in.

    Raises:
        ValueError: it is none of ours.
    """
    if name is not None and name not in DTYPES:
        raise ValueError(f"dtype is {name!r}: it can be {', '.join(DTYPES[:-1])} or {DTYPES[-1]}")
