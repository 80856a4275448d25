"""What `moviellm metrics push` and `metrics bundle` do: each metric as a Space, or as a folder.

    push("moviellm", only=["mc_group"], private=False, dry_run=True, as_json=False)
    write_bundles(Path("metrics"), only=[], as_json=False)

A push sends what is new or changed and goes on where it stopped. What a bundle holds is in bundling.py.
"""

import tempfile
from pathlib import Path
from typing import Any

from moviellm.cards.publish import How, publish_folder
from moviellm.cards.publishing import as_facts, bytes_progress, hub_in_words, in_words
from moviellm.eval.metrics.bundling import bundle, chosen
from moviellm.generation.files import write_whole
from moviellm.generation.output import emit, note


def push(owner: str, *, only: list[str], private: bool, dry_run: bool, as_json: bool) -> None:
    """Push metrics as the Spaces OWNER/NAME and say what became of each."""
    how = How(private=private, dry_run=dry_run, space_sdk="gradio", progress=bytes_progress, note=note)
    facts: list[dict[str, Any]] = []
    texts = []
    for name in chosen(only):
        repo_id = f"{owner}/{name}"
        with tempfile.TemporaryDirectory() as place, hub_in_words():
            folder = Path(place)
            _write(folder, name, repo_id)
            done = publish_folder(folder, repo_id, "space", how=how)
        facts.append(as_facts(done))
        texts.append(in_words(done))
        if not dry_run:
            texts.append(f'  evaluate.load("{repo_id}")')
    emit({"metrics": facts}, "\n".join(texts), as_json)


def write_bundles(out: Path, *, only: list[str], as_json: bool) -> None:
    """Write metrics as folders that need nothing of ours, and say how to load them."""
    places = {name: out / name for name in chosen(only)}
    for name, folder in places.items():
        _write(folder, name, folder.as_posix())
    text = "\n".join(f'evaluate.load("{folder.as_posix()}")' for folder in places.values())
    emit({"metrics": {name: str(folder) for name, folder in places.items()}}, text, as_json)


def _write(folder: Path, name: str, address: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in bundle(name, address).items():
        write_whole(folder / path, text.encode())
