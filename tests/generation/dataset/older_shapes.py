"""Datasets in the exact columns of earlier schemas, made by leaving out what later ones added."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from moviellm.generation.dataset.features import FEATURES, Feature, Features, arrow_schema, yaml_features
from moviellm.generation.dataset.folder import FEATURES_FILE, MANIFEST, README, describe_file, read_manifest

ADDED: dict[str, tuple[str, ...]] = {
    "1.1.0": (
        "movies.twin_difference",
        "movies.diverges_s",
        "movies.objects",
        "movies.language_level",
        "movies.injected",
        "movies.held_out",
        "movies.style.shows",
        "movies.locations.kind",
        "movies.chapters.scenes.date",
        "movies.chapters.scenes.clock",
        "movies.chapters.scenes.changes",
        "keyframes.figures.facing",
        "keyframes.states",
        "dialogue.event_id",
        "dialogue.says",
        "qa.form",
        "events.target",
        "events.topic",
        "events.variant",
        "events.changes",
    ),
    "1.2.0": ("keyframes.not_drawn", "qa.flags"),
    "1.3.0": (),
}
"""Columns that each schema added; 1.3.0 only lets more of them be empty."""
VERSION = "0.0.17"
"""What an older dataset was numbered, by contents."""
VERSIONS = ("1.0.0", "1.1.0", "1.2.0")


def lacking(version: str) -> tuple[str, ...]:
    """Columns that a dataset of an older schema has not."""
    return tuple(path for later, paths in ADDED.items() if later > version for path in paths)


def without(columns: Features, paths: Iterable[str], above: str) -> Features:
    """Columns but for some, by their paths."""
    gone = set(paths)

    def cut(feature: Feature, path: str) -> Feature:
        if isinstance(feature, list):
            return [cut(feature[0], path)]
        if isinstance(feature, dict):
            kept = {name: inner for name, inner in feature.items() if f"{path}.{name}" not in gone}
            return {name: cut(inner, f"{path}.{name}") for name, inner in kept.items()}
        return feature

    result = cut(dict(columns), above)
    assert isinstance(result, dict)
    return result


def make_older(folder: Path, version: str) -> None:
    """Rewrite a dataset folder as a program of that schema would have written it."""
    manifest = read_manifest(folder)
    columns = {config: without(FEATURES[config], lacking(version), config) for config in manifest.configs}
    files = {file.path: file for file in manifest.files}
    for path, file in files.items():
        if file.rows is not None:
            config = path.split("/")[0]
            rows = pq.read_table(folder / path).to_pylist()
            for row in rows if config == "movies" else ():
                row["schema_version"] = version
            table = pa.Table.from_pylist(rows, schema=arrow_schema(columns[config]))
            pq.write_table(table, folder / path, compression="zstd")
    (folder / FEATURES_FILE).write_text(json.dumps({"schema_version": version, "configs": columns}))
    front: dict[str, Any] = yaml.safe_load((folder / README).read_text().split("---\n")[1])
    for config in front["configs"]:
        config["version"] = VERSION
    for info in front["dataset_info"]:
        info["features"] = yaml_features(columns[info["config_name"]])
    (folder / README).write_text(f"---\n{yaml.safe_dump(front, sort_keys=False)}---\n# A card\n")
    described = tuple(describe_file(folder, folder / path, file.rows) for path, file in files.items())
    changed = manifest.model_copy(update={"schema_version": version, "version": VERSION, "files": described})
    (folder / MANIFEST).write_text(changed.text())
