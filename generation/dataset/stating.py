"""What a dataset folder states about its Parquet files: front matter, a version by contents, its loading script.

    front = front_matter("1.2.0", shards, file_bytes)       # configs and dataset_info of README.md
    content_version(files)                                  # 0.0.2547289471
    features_json()                                         # every column of every config

Whoever writes dataset folders (export.py, upgrade.py) states the same of the same files. It writes nothing.
"""

import hashlib
import importlib.util
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from moviellm.generation.dataset.features import CONFIGS, FEATURES, Features, Row, readme_features
from moviellm.generation.dataset.folder import ManifestFile
from moviellm.generation.dataset.parquet_files import Shard
from moviellm.generation.schema import SCHEMA_VERSION, Split, canonical_json


def content_version(files: Iterable[ManifestFile]) -> str:
    """`0.0.N` with N from the contents of Parquet files."""
    content = canonical_json([SCHEMA_VERSION, sorted((file.path, file.sha256) for file in files)])
    return f"0.0.{int(hashlib.sha256(content.encode()).hexdigest()[:8], 16)}"


def front_matter(
    version: str,
    shards: dict[tuple[str, Split], list[Shard]],
    file_bytes: dict[str, dict[Split, int]],
    columns: Mapping[str, Features] = FEATURES,
) -> dict[str, object]:
    """`configs` and `dataset_info`, which every `datasets` from 2.21 on reads from a README."""
    configs: list[Row] = []
    infos: list[Row] = []
    for config in columns:
        mine = {split: found for (name, split), found in shards.items() if name == config and found}
        if not mine:
            continue
        data_files = [{"split": split, "path": f"{config}/{split}-*.parquet"} for split in mine]
        default: Row = {"default": True} if config == CONFIGS[0] else {}
        configs.append({"config_name": config, **default, "version": version, "data_files": data_files})
        sizes = [
            {
                "name": split,
                "num_bytes": sum(shard.arrow_bytes for shard in found),
                "num_examples": sum(shard.rows for shard in found),
            }
            for split, found in mine.items()
        ]
        infos.append(
            {
                "config_name": config,
                **readme_features(columns[config]),
                "splits": sizes,
                "download_size": sum(file_bytes[config].values()),
                "dataset_size": sum(shard.arrow_bytes for found in mine.values() for shard in found),
            }
        )
    return {"configs": configs, "dataset_info": infos}


def features_json(columns: Mapping[str, Features] = FEATURES) -> bytes:
    """The contents of features.json."""
    neutral = {"schema_version": SCHEMA_VERSION, "configs": columns}
    return (json.dumps(neutral, indent=1) + "\n").encode()  # not sorted: columns have an order


def loading_script() -> Path:
    """moviellm_dataset.py as installed, found without importing it (that would import `datasets`)."""
    found = importlib.util.find_spec("moviellm_dataset")
    assert found is not None and found.origin is not None, "moviellm_dataset.py ships with this package"
    return Path(found.origin)
