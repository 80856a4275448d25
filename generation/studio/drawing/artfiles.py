"""The art's data files: read once, hashed once.

    art_data("styles")       # art/styles.yaml as a dict
    art_sha256()             # one hash over all of them

It knows where they are and not what is in them.
"""

import hashlib
from functools import lru_cache
from importlib.resources import files
from typing import Any

from moviellm.generation.config.recipe import read_yaml


def art_texts() -> dict[str, str]:
    """File name to text of every data file, in the order of names."""
    folder = files("moviellm.generation.studio.art")
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith((".yaml", ".svg", ".json")))
    return {name: (folder / name).read_text(encoding="utf-8") for name in names}


@lru_cache(maxsize=1)
def art_sha256() -> str:
    """Hash of all data files with their names."""
    digest = hashlib.sha256()
    for name, text in art_texts().items():
        digest.update(f"{name}\n{len(text)}\n{text}".encode())
    return digest.hexdigest()


@lru_cache(maxsize=16)
def art_data(name: str) -> dict[str, Any]:
    """The contents of art/<name>.yaml."""
    text = (files("moviellm.generation.studio.art") / f"{name}.yaml").read_text(encoding="utf-8")
    data = read_yaml(text, f"art/{name}.yaml")
    assert isinstance(data, dict)
    return data
