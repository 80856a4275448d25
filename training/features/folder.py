"""A cache as a folder that can be pushed like a dataset: index in Parquet, card, settings, manifest; shards are there.

    features/train-00000-of-00001.parquet       one row a movie: times, length, dialogue, shard and name of its tensor
    shards/00000.safetensors                    float16 (F, P, D), a tensor a movie
    cache.json  features.json  README.md  manifest.json

The version is `0.0.N` with N from the contents; a push gives it a better one.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from moviellm.cards.escaping import markdown
from moviellm.generation.dataset.features import Row, arrow_schema, yaml_features
from moviellm.generation.dataset.folder import (
    FEATURES_FILE,
    MANIFEST,
    README,
    DatasetManifest,
    describe_file,
)
from moviellm.generation.dataset.parquet_files import TEXT_ROWS_PER_GROUP, ShardWriter
from moviellm.generation.files import write_whole
from moviellm.generation.schema import SCHEMA_VERSION, Split, canonical_json
from moviellm.training.features.cache import CONFIG, SETTINGS_FILE, SHARDS, CacheRecord
from moviellm.training.media.film import Film

if TYPE_CHECKING:
    from moviellm.training.rows.source import Source

COLUMNS: Row = {
    "movie_id": "string",
    "key": "string",
    "shard": "string",
    "frames": "int64",
    "duration_s": "float64",
    "times_s": ["float64"],
    "skipped": ["int64"],
    "content_key": "string",
    "dialogue": [{"start_s": "float64", "speaker": "string", "text": "string"}],
}
KEPT = ("license", "license_name", "license_link", "language")
"""Keys of the source's card that hold for its features."""
LEVEL_WORDS = {
    "cls": "one feature a frame",
    "pool": "means over a grid of patches",
    "full": "a hidden state of the tower, whole",
}


def write_folder(
    folder: Path,
    record: CacheRecord,
    source: "Source",
    films: Sequence[tuple[Split, Film, str]],
    places: Mapping[str, Path],
) -> DatasetManifest:
    """Write index, card, settings and manifest beside the shards; the manifest last.

    Args:
        folder: Holds the shards.
        record: What the cache is of.
        source: The dataset.
        films: With split and the name of their tensor.
        places: The shard of every tensor.
    """
    shutil.rmtree(folder / CONFIG, ignore_errors=True)
    for leftover in [folder / "begun.json", *folder.glob("*.part")]:
        leftover.unlink(missing_ok=True)
    writers: dict[Split, ShardWriter] = {}
    for split, film, key in films:
        if split not in writers:
            writers[split] = ShardWriter(folder, CONFIG, split, arrow_schema(COLUMNS), TEXT_ROWS_PER_GROUP)
        writers[split].add(_row(film, key, places[key].relative_to(folder).as_posix()))
    shards = {split: writer.close() for split, writer in writers.items()}
    rows = {split: sum(one.rows for one in found) for split, found in shards.items()}
    files = [describe_file(folder, folder / one.path, one.rows) for found in shards.values() for one in found]
    files += [describe_file(folder, path) for path in sorted((folder / SHARDS).glob("*.safetensors"))]
    content = canonical_json([record.model_dump(mode="json"), sorted((file.path, file.sha256) for file in files)])
    version = f"0.0.{int(hashlib.sha256(content.encode()).hexdigest()[:8], 16)}"
    name = f"{source.manifest.name}-{record.settings.level}"
    frames = sum(len(film) for _, film, _ in films)
    contents = {
        SETTINGS_FILE: (record.model_dump_json(indent=1) + "\n").encode(),
        FEATURES_FILE: (json.dumps({"configs": {CONFIG: COLUMNS}}, indent=1) + "\n").encode(),
        README: _card(record, source, name, version, rows, frames).encode(),
    }
    for path, data in contents.items():
        write_whole(folder / path, data)
    files += [describe_file(folder, folder / path) for path in contents]
    manifest = DatasetManifest(
        name=name,
        version=version,
        schema_version=SCHEMA_VERSION,
        configs={CONFIG: rows},
        splits=tuple(split for split in source.manifest.splits if split in rows),
        files=tuple(sorted(files, key=lambda file: file.path)),
    )
    write_whole(folder / MANIFEST, manifest.text().encode())
    return manifest


def _row(film: Film, key: str, shard: str) -> Row:
    return {
        "movie_id": film.movie_id,
        "key": key,
        "shard": shard,
        "frames": len(film),
        "duration_s": film.duration_s,
        "times_s": list(film.times_s),
        "skipped": list(film.skipped),
        "content_key": film.content_key,
        "dialogue": [{"start_s": one.start_s, "speaker": one.speaker, "text": one.text} for one in film.dialogue],
    }


def _card(
    record: CacheRecord, source: "Source", name: str, version: str, rows: Mapping[Split, int], frames: int
) -> str:
    """README.md: how the features are read, and what they are of."""
    settings = record.settings
    data_files = [{"split": split, "path": f"{CONFIG}/{split}-*.parquet"} for split in rows]
    front = {
        **{key: source.front_matter[key] for key in KEPT if key in source.front_matter},
        "pretty_name": name,
        "source_datasets": [record.dataset] if "/" in record.dataset else ["original"],
        "task_categories": ["video-text-to-text"],
        "tags": ["video", "long-video", "features", "safetensors"],
        "configs": [{"config_name": CONFIG, "default": True, "version": version, "data_files": data_files}],
        "dataset_info": [{"config_name": CONFIG, "features": yaml_features(COLUMNS)}],
    }
    tower = markdown(f"{settings.tower} {settings.tower_revision}".strip())
    head = yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=10_000)
    facts = [
        ("Dataset", markdown(f"{record.dataset} {record.revision}")),
        ("Movies, frames", f"{sum(rows.values()):,}, {frames:,}"),
        ("Tower", tower),
        ("Level", f"`{settings.level}`: {LEVEL_WORDS[settings.level]}"),
        (
            "A frame",
            f"{settings.features_per_frame} x {settings.feature_size} float16, {settings.bytes_per_frame:,} B",
        ),
        ("Frames taken", markdown(", ".join(f"{key} {value}" for key, value in settings.policy.items()) or "all")),
        ("Pictures", f"{settings.frames.size_px} px, {markdown(settings.frames.fit)}"),
    ]
    table = "\n".join(f"| {title} | {fact} |" for title, fact in facts)
    return f"""---
{head}---
# {markdown(name)}

Frame features of the movies of {markdown(record.dataset)}, in place of pictures: training needs no tower.

| | |
|---|---|
{table}

## Read them

```python
from moviellm.training.features import FeatureCache

cache = FeatureCache(".")  # this folder, or an id on the Hub
film = next(cache.films())
film.features  # (F, P, D), film.times_s, film.dialogue
```

The index alone, with any `datasets`:

```python
from datasets import load_dataset

source = "."  # this folder, or an id on the Hub
index = load_dataset(source, "{CONFIG}", split="{next(iter(rows))}")
```

`shards/*.safetensors` hold a tensor a movie under the name `key`, with the frames of `times_s`.
"""
