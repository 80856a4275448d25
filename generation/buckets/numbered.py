"""Objects that follow each other: what is replaced in a folder gets the next number in a bucket.

    newest(names, "manifest/000012.json")        # (2, "manifest/000012.0002.json"), or (0, "") where none is there
    numbered("manifest/000012.json", 3)          # "manifest/000012.0003.json"; number 1 is the plain name

    read_newest(store, "manifest/000012.json")   # (2, "manifest/000012.0002.json", b"...")

A put under a condition can make an object and cannot change one. So the next manifest of a shard is a new object, and
the highest number counts; two makers that both want to be next want the same name, and one of them gets it.
"""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from moviellm.generation.buckets.store import Store

TRIES = 3
"""Looks for an object that was followed by the next each time it was asked for."""


def numbered(plain: str, number: int) -> str:
    """The name of the number-th object; a run that nothing replaced has the names of a run folder."""
    path = PurePosixPath(plain)
    return plain if number == 1 else str(path.with_name(f"{path.stem}.{number:04d}{path.suffix}"))


def number_in(name: str, plain: str) -> int:
    """Which one it is; 0 for an object of another name."""
    if name == plain:
        return 1
    path = PurePosixPath(plain)
    stem = re.escape(str(path.with_suffix("")))
    match = re.fullmatch(rf"{stem}\.(\d{{4,}}){re.escape(path.suffix)}", name)
    return int(match[1]) if match else 0


def newest(names: Iterable[str], plain: str) -> tuple[int, str]:
    """Number and name of the one that counts; (0, "") where none is there."""
    return max(((number, name) for name in names if (number := number_in(name, plain))), default=(0, ""))


def read_newest(store: Store, plain: str) -> tuple[int, str, bytes | None]:
    """Number, name and bytes of the one that counts; one that is gone was followed by the next one just now.

    Raises:
        StoreError: the store does not give it.
    """
    path = PurePosixPath(plain)
    folder, begin = "" if "/" not in plain else str(path.parent), f"{path.name.partition('.')[0]}."
    for _ in range(TRIES):
        number, name = newest(store.names(folder, begin), plain)
        data = store.get(name) if name else None
        if data is not None or not name:
            break
    return number, name, data


def newest_of_all(names: Iterable[str], folder: str) -> dict[str, str]:
    """Plain name -> the object that counts, of everything below a folder."""
    found: dict[str, tuple[int, str]] = {}
    for name in names:
        if name.startswith(f"{folder}/"):
            path = PurePosixPath(name)
            plain = str(path.with_name(f"{path.name.partition('.')[0]}{path.suffix}"))
            if number := number_in(name, plain):
                found[plain] = max(found.get(plain, (0, "")), (number, name))
    return {plain: name for plain, (_, name) in found.items()}
