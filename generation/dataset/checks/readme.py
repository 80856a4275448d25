"""The README's front matter, held against the manifest and features.json, and what plain `load_dataset` makes of it.

    yield from check_readme(folder, manifest, load=True)

`datasets` does what the front matter says: it would follow `data_files` to any path or address. So the configs must be
the ones that the export writes, file by file, before anything is loaded. YAML is read without tags that make objects,
and aliases are counted before anything walks through them: a page of them can unpack to billions of values.
"""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from moviellm.generation.dataset.checks.folder import read_bounded
from moviellm.generation.dataset.features import FEATURES, readme_features
from moviellm.generation.dataset.folder import FEATURES_FILE, README, DatasetManifest
from moviellm.generation.findings import Finding
from moviellm.generation.schema import SCHEMA_VERSION, SPLITS

README_BYTES_MAX = 5_000_000
FRONT_BYTES_MAX = 300_000
"""Front matter beyond that is not read; that of a large dataset has 30,000 bytes."""
FEATURES_BYTES_MAX = 1_000_000
YAML_NODES_MAX = 50_000
"""Values in front matter once all aliases are followed."""
YAML_DEPTH_MAX = 40
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Makes plain values only. The one in C is ten times as fast; depth is limited before it is let in."""
REBUILD = "build the dataset again, or download it again"


def _error(where: str, what: str, do: str = REBUILD) -> Finding:
    return Finding(severity="error", where=where, what=what, do=do, kind="card")


def read_front_matter(text: str) -> tuple[dict[str, Any], str]:
    """The front matter of a README as plain values, and what follows it.

    Raises:
        ValueError: there is none, or it is too large, no mapping, or would make objects.
    """
    parts = text.replace("\r\n", "\n").split("---\n", 2)
    if len(parts) != 3 or parts[0].strip():
        raise ValueError("it has no front matter between two lines of ---")
    if len(parts[1].encode()) > FRONT_BYTES_MAX:
        raise ValueError(f"a front matter of more than {FRONT_BYTES_MAX} bytes")
    try:
        _measure(parts[1])
        front = yaml.load(parts[1], Loader=_LOADER)
    except yaml.YAMLError as error:
        raise ValueError(f"its front matter is no plain YAML ({str(error).splitlines()[0]})") from None
    if not isinstance(front, dict):
        raise ValueError("its front matter is no mapping")
    return front, parts[2]


def _measure(text: str) -> None:
    """Raises ValueError for YAML that is nested too deeply, or too large once its aliases are followed."""
    sizes: dict[str | None, int] = {}
    open_nodes: list[tuple[str | None, int]] = [(None, 0)]
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            open_nodes.append((event.anchor, 1))
            if len(open_nodes) > YAML_DEPTH_MAX:
                raise ValueError("its front matter is nested too deeply")
            continue
        if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            anchor, size = open_nodes.pop()
        elif isinstance(event, yaml.ScalarEvent):
            anchor, size = event.anchor, 1
        elif isinstance(event, yaml.AliasEvent):  # one within its own anchor has no end
            anchor, size = None, sizes.get(event.anchor, YAML_NODES_MAX + 1)
        else:
            continue
        sizes[anchor] = size
        above, count = open_nodes.pop()
        if count + size > YAML_NODES_MAX:
            raise ValueError(f"its front matter unpacks to more than {YAML_NODES_MAX} values")
        open_nodes.append((above, count + size))


def check_readme(folder: Path, manifest: DatasetManifest, *, load: bool) -> Iterator[Finding]:
    """Front matter and features.json, both regular files; then, with `load`, the first row of every split is loaded.

    Nothing is loaded by a front matter that says anything but where the listed files are.
    """
    try:
        front, _ = read_front_matter(read_bounded(folder / README, README_BYTES_MAX).decode("utf-8"))
        features = json.loads(read_bounded(folder / FEATURES_FILE, FEATURES_BYTES_MAX))
    except (OSError, ValueError, RecursionError) as error:
        yield _error(README, f"its front matter or {FEATURES_FILE} cannot be read ({error or type(error).__name__})")
        return
    if not front.get("license"):
        yield _error(README, "it names no licence", "state dataset.licence in the recipe and build again")
    yield from _features_problems(features, manifest)
    wrong = list(_config_problems(front, manifest, features))
    yield from wrong
    if load and not wrong:
        with tempfile.TemporaryDirectory(prefix="moviellm-") as cache:
            yield from _check_loading(folder, manifest, cache)


def _features_problems(features: object, manifest: DatasetManifest) -> Iterator[Finding]:
    try:
        stated = features["configs"] if isinstance(features, dict) else {}
        same = stated == {name: FEATURES[name] for name in stated} and stated.keys() >= manifest.configs.keys()
    except (RecursionError, LookupError, TypeError, AttributeError):
        same = False
    if "movies" in manifest.configs and manifest.schema_version == SCHEMA_VERSION and not same:
        yield _error(FEATURES_FILE, f"its columns are not those of schema {SCHEMA_VERSION}")


def _config_problems(front: dict[str, Any], manifest: DatasetManifest, features: Any) -> Iterator[Finding]:
    """What the front matter says otherwise than the export writes it for this manifest."""
    try:
        configs = {one["config_name"]: one for one in front["configs"]}
        infos = {one["config_name"]: one for one in front["dataset_info"]}
        rows = {name: {split["name"]: split["num_examples"] for split in one["splits"]} for name, one in infos.items()}
        columns = {name: features["configs"][name] for name in manifest.configs}
    except (LookupError, TypeError, AttributeError) as error:
        yield _error(README, f"its front matter has no configs and dataset_info as the export writes them ({error!r})")
        return
    if rows != manifest.configs:
        yield _error(README, f"it says {_short(rows)} rows, the manifest {_short(manifest.configs)}")
    if configs.keys() != manifest.configs.keys():
        yield _error(README, f"it has configs {_short(list(configs))}, the manifest {_short(list(manifest.configs))}")
    for name, splits in manifest.configs.items():
        config = configs.get(name, {})
        if str(config.get("version")) != manifest.version:
            yield _error(README, f"config {name} has not version {manifest.version} of the manifest")
        expected = [{"split": split, "path": f"{name}/{split}-*.parquet"} for split in SPLITS if split in splits]
        if config.get("data_files") != expected:
            yield _error(
                README, f"config {name} takes {_short(config.get('data_files'))}, its files are {_short(expected)}"
            )
        if extra := set(config) - {"config_name", "default", "version", "data_files"}:
            yield _error(README, f"config {name} has settings {_short(sorted(map(str, extra)))} that no export writes")
        if infos.get(name, {}).get("features") != readme_features(columns[name]).get("features"):
            yield _error(README, f"the columns of config {name} are not those of {FEATURES_FILE}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}..."


def _check_loading(folder: Path, manifest: DatasetManifest, cache: str) -> Iterator[Finding]:
    import datasets

    for config, splits in manifest.configs.items():
        try:
            loaded = datasets.load_dataset(str(folder), config, streaming=True, cache_dir=cache)
            empty = [split for split in splits if not next(iter(loaded[split]), {})]
        except Exception as error:  # whatever load_dataset stumbles over is the finding
            yield _error(config, f'load_dataset(folder, "{config}") fails: {error!r}')
            continue
        yield from (_error(f"{config}/{split}", "load_dataset reads no row of it") for split in empty)
