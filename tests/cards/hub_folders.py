"""Small dataset folders to push: a card, a few shards of any bytes, a manifest. Pushing never looks into a shard."""

import hashlib
import json
import random
from pathlib import Path

from moviellm.generation.dataset.folder import MANIFEST, README, DatasetManifest, describe_file
from tests.servers.hub_double import Hub

CARD = """---
license: {licence}
pretty_name: Films
configs:
- config_name: qa
  version: {version}
  data_files:
  - split: train
    path: qa/train-*.parquet
---
# Films

```python
from datasets import load_dataset

source = "Films"  # this folder, or the id of the repository on the Hub
qa = load_dataset(source, "qa", split="train")
```

Dataset {version}, data model 1.3.0.

## Licence

{terms}

- painter somebody/model: terms unknown

## Version

Version {version}.
"""
KNOWN = ("cc-by-4.0", "**Creative Commons Attribution 4.0** (`cc-by-4.0`), because the offline studio made all of it.")
UNKNOWN = ("other\nlicense_name: unknown", "**Unknown.** Nobody stated the terms of every maker; do not assume any.")


def make_folder(
    folder: Path, *, shards: int = 5, seed: int = 0, version: str = "0.0.4711", licence: tuple[str, str] = KNOWN
) -> Path:
    """A dataset folder with so many shards, whose bytes follow from the seed."""
    draw = random.Random(seed)
    spdx, terms = licence
    contents = {
        README: CARD.format(version=version, licence=spdx, terms=terms).encode(),
        "moviellm_dataset.py": b"CONFIGS = {}\n",
        "features.json": b'{"schema_version": "1.3.0", "configs": {}}\n',
        "card/strip.jpg": b"\xff\xd8\0" + draw.randbytes(500),
    }
    contents |= {
        f"qa/train-{number:05d}-of-{shards:05d}.parquet": b"PAR1\0" + draw.randbytes(2000) for number in range(shards)
    }
    for path, data in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    write_manifest(folder, [*contents], version)
    return folder


def write_manifest(folder: Path, paths: list[str], version: str = "0.0.4711", name: str = "Films") -> None:
    files = [describe_file(folder, folder / path, 10 if path.endswith("parquet") else None) for path in sorted(paths)]
    manifest = DatasetManifest(
        name=name,
        version=version,
        schema_version="1.3.0",
        configs={"qa": {"train": 10 * len(files)}},
        splits=("train",),
        files=tuple(files),
    )
    (folder / MANIFEST).write_bytes(manifest.text().encode())


def content(folder: Path) -> dict[str, str]:
    """Hash by path of a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def assert_holds(hub: Hub, repo_id: str, folder: Path, revision: str, version: str) -> None:
    """A revision holds exactly the folder: shards to the byte, and a manifest that agrees with every file."""
    tree = hub.tree(repo_id, revision=revision)
    manifest = json.loads(hub.read(repo_id, MANIFEST, revision=revision))
    assert manifest["version"] == version
    assert {file["path"]: file["sha256"] for file in manifest["files"]} == {
        path: sha256 for path, sha256 in tree.items() if path != MANIFEST
    }
    local = content(folder)
    assert tree.keys() == local.keys()
    assert {path for path in local if local[path] != tree[path]} <= {README, MANIFEST}
