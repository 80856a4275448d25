"""Read everything of a dataset on the Hub as anybody would: with `datasets` and huggingface_hub, and nothing of ours.

    python tests/hub_reader.py moviellm/films v1.0.0        # JSON: what was seen of every config
    python tests/hub_reader.py moviellm/films v1.0.0 qa     # ... of one

`read` does the same in this process. It checks nothing: see test_arrival.py.
"""

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def hashed(row: dict[str, Any]) -> str:
    """A row's hash, bytes in it by theirs."""

    def plain(value: Any) -> Any:
        if isinstance(value, bytes):
            return hashlib.sha256(value).hexdigest()
        if isinstance(value, dict):
            return {name: plain(item) for name, item in value.items()}
        return [plain(item) for item in value] if isinstance(value, list) else value

    return hashlib.sha256(json.dumps(plain(row), sort_keys=True).encode()).hexdigest()


def read(repo: str, tag: str, *configs: str) -> dict[str, Any]:
    """Rows of these configs (every one when none is named), loaded and streamed, as hashes; a picture; the snapshot;
    the card; what an error says."""
    import datasets
    import huggingface_hub

    loaded, streamed = {}, {}
    for config in configs or datasets.get_dataset_config_names(repo, revision=tag):
        splits = datasets.load_dataset(repo, config, revision=tag)
        loaded[config] = {s: [hashed(row) for row in d.with_format("arrow")[:].to_pylist()] for s, d in splits.items()}
        splits = datasets.load_dataset(repo, config, revision=tag, streaming=True)
        streamed[config] = {s: [hashed(row) for row in _undecoded(d)] for s, d in splits.items()}
    first = next(iter(datasets.load_dataset(repo, "keyframes", revision=tag, split="train", streaming=True)))
    snapshot = Path(huggingface_hub.snapshot_download(repo, repo_type="dataset", revision=tag))
    card = huggingface_hub.DatasetCard.load(repo)
    return {
        "loaded": loaded,
        "streamed": streamed,
        "picture": [first["image"].format, *first["image"].size, first["width_px"], first["height_px"]],
        "default": sorted(datasets.load_dataset(repo, revision=tag, split="train").features),
        "unknown": _said(lambda: datasets.load_dataset(repo, "qa", revision="v9.9.9")),
        "snapshot": {
            path.relative_to(snapshot).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in snapshot.rglob("*")
            if path.is_file() and path.name != ".gitattributes"
        },
        "card": {"configs": [config["config_name"] for config in card.data.configs], "license": card.data.license},
    }


def _undecoded(rows: Any) -> Any:
    """Rows with pictures and films as they are stored, in any version of `datasets`."""
    if hasattr(rows, "decode"):
        return rows.decode(False)
    for name, feature in rows.features.items():
        if type(feature).__name__ in {"Image", "Video"}:
            rows = rows.cast_column(name, type(feature)(decode=False))
    return rows


def _said(call: Callable[[], object]) -> str:
    """What an error says."""
    try:
        call()
    except Exception as error:  # whichever it is
        return f"{type(error).__name__}: {error}"
    return "nothing"


if __name__ == "__main__":
    seen = read(*sys.argv[1:])
    seen["ours"] = [name for name in sys.modules if name.startswith("moviellm")]
    sys.stdout.write(json.dumps(seen) + "\n")
