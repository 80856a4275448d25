"""What `moviellm train push` and `moviellm train card` do: a checkpoint with its card goes to the Hub under a tag.

    moviellm train push runs/stage3 ORG/NAME --version 1.0.0
    moviellm train card runs/stage3 --results results/results.json

Weights, processor, training.json, results and card go; what only a trainer needs stays here: its intermediate
checkpoints, optimiser, scheduler and random states, logs. Pickles are refused. It goes through cards/publish.py, the
one door.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from moviellm.cards.hub.local import PICKLES
from moviellm.cards.publish import How, publish_folder
from moviellm.cards.publishing import as_facts, bytes_progress, hub_in_words, in_words
from moviellm.generation.output import emit, note
from moviellm.training.checkpoints.bases import BASE, BaseRef, base_of, read_base, write_base
from moviellm.training.checkpoints.card import README, write_card
from moviellm.training.checkpoints.evaluated import add_results
from moviellm.training.checkpoints.fitting import CONFIG, is_adapter, read_config
from moviellm.training.checkpoints.record import RECORD, read_record
from moviellm.training.checkpoints.terms import licence_of
from moviellm.training.checkpoints.weights import weight_files

LEAVE = (
    "checkpoint-*",
    ".*building*",
    "base",
    "runs",
    "logs",
    "global_step*",
    "*.tfevents.*",
    "optimizer*",
    "scheduler*",
    "rng_state*",
    "scaler.pt",
    "training_args.bin",
    "trainer_state.json",
    "pytorch_model_fsdp*",
    "zero_to_fp32.py",
    "latest",
    "*.lock",
    "*.tmp",
    "*/kept",
)
"""What a trainer leaves beside a checkpoint and only it can use."""


def card(
    folder: Path,
    results: list[Path],
    *,
    name: str | None = None,
    licence: str | None = None,
    as_json: bool = False,
) -> None:
    """Write the card of a checkpoint again, with more results.

    Args:
        folder: With training.json.
        results: Files results.json of `moviellm eval run`, copied into the folder.
        name: Of the folder that they go into.
        licence: Where it does not follow from what went in.
        as_json: Print one JSON object.
    """
    if name is not None and len(results) > 1:
        raise ValueError("--name is for one --results; give them one after the other")
    read_record(folder)
    added = [add_results(folder, path, name) for path in results]
    written = write_card(folder, licence=licence)
    text = f"{folder / README} {'is written' if written else 'was written by hand and is left as it is'}"
    emit({"card": str(folder / README), "written": written, "added": added}, text, as_json)


def push(
    folder: Path,
    repo_id: str,
    *,
    version: str | None,
    private: bool = False,
    create_pr: bool = False,
    dry_run: bool = False,
    replace: bool = False,
    message: str | None = None,
    licence: str | None = None,
    base: str | None = None,
    base_revision: str | None = None,
    as_json: bool = False,
) -> None:
    """Push a checkpoint and say what became of it.

    Args:
        folder: A whole model or an adapter.
        repo_id: ORG/NAME on the Hub.
        version: Three numbers; its tag never changes.
        private: A new repository is private.
        create_pr: As a pull request.
        dry_run: Say what would be sent.
        replace: Files that the repository holds and the folder does not may go.
        message: Title of the commit.
        licence: Where it does not follow from what went in.
        base: Of an adapter whose base lies in a folder: where the same base is on the Hub.
        base_revision: Tag or commit of `base`.
        as_json: Print one JSON object.

    Raises:
        ValueError: something must be put right first; nothing was sent. Or the Hub refuses.
    """
    version = version and version.removeprefix("v")
    check_checkpoint(folder)
    if is_adapter(folder):
        _settle_base(folder, base, base_revision)
    elif base is not None:
        raise ValueError("--base is for adapters; this is a whole checkpoint")
    _settle_card(folder, repo_id, version, licence)
    how = How(
        private=private,
        create_pr=create_pr,
        dry_run=dry_run,
        replace=replace,
        message=message,
        progress=bytes_progress,
        note=note,
    )
    with hub_in_words():
        done = publish_folder(folder, repo_id, "model", version=version, leave=LEAVE, how=how)
    text = in_words(done)
    if done.state == "pushed" and done.tag and not is_adapter(folder):
        text += f'\n  AutoModelForImageTextToText.from_pretrained("{repo_id}", revision="{done.tag}")'
    emit(as_facts(done), text, as_json)


def check_checkpoint(folder: Path) -> None:
    """Refuse what is no checkpoint, and weights that could run code.

    Raises:
        ValueError: it is none, or weights are a pickle.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder")
    pickled = sorted(
        path.name
        for path in folder.iterdir()
        if path.suffix in PICKLES | {".bin"} and not any(path.match(pattern) for pattern in LEAVE)
    )
    if pickled:
        raise ValueError(
            f"{folder} holds {pickled[0]}, a pickle, which runs code when it is read: save the weights as safetensors "
            "and move it out"
        )
    if is_adapter(folder):
        read_config(folder)
    elif (folder / "config.json").is_file():
        weight_files(folder)
    else:
        below = sorted(path.name for path in folder.glob("checkpoint-*") if path.is_dir())
        hint = f"; its trainer's checkpoints are {', '.join(below[-2:])}" if below else ""
        raise ValueError(f"{folder} is no checkpoint: it has neither config.json nor {CONFIG}{hint}")


def _settle_base(folder: Path, place: str | None, revision: str | None) -> None:
    """An adapter that goes to the Hub must name a base that is there."""
    config = read_config(folder)
    told = read_base(folder, config)
    if told is not None and told.on_hub and place is None:
        return
    if place is None:
        name = told.name if told else config.get("base_model_name_or_path")
        raise ValueError(
            f"the adapter is for {name}, a folder on this machine: push that first and name it with --base ORG/NAME, "
            f"or push the whole model (moviellm train merge {folder} --out MERGED)"
        )
    found = base_of(place, revision)
    if not found.on_hub:
        raise ValueError(f"--base {place} is a folder; name the repository that holds the same weights")
    if told is not None and told.weights_sha256 != found.weights_sha256:
        raise ValueError(
            f"--base {place} is another base: the adapter wants weights {told.weights_sha256[:12]}, and it has "
            f"{found.weights_sha256[:12]}"
        )
    _name_base(folder, config, found)


def _name_base(folder: Path, config: Mapping[str, Any], base: BaseRef) -> None:
    from moviellm.generation.files import write_whole

    settings = {**config, "base_model_name_or_path": base.place, "revision": base.revision}
    (folder / BASE).unlink(missing_ok=True)  # the two must agree; without base.json the folder is one of others
    write_whole(folder / CONFIG, (json.dumps(settings, indent=2, sort_keys=True) + "\n").encode())
    write_base(folder, base)


def _settle_card(folder: Path, repo_id: str, version: str | None, licence: str | None) -> None:
    """The card for this repository; a checkpoint without a record needs one by hand."""
    if not (folder / RECORD).is_file():
        if not (folder / README).is_file():
            raise ValueError(
                f"{folder} has neither {RECORD} nor {README}: write a {README} that says what it is, where its "
                "weights come from and under which licence"
            )
        return
    if licence is None and not licence_of(read_record(folder)).known:
        raise ValueError(
            "not everything that went in states its terms, so the licence of this checkpoint is not known; state it "
            "with --licence"
        )
    tag = None if version is None else f"v{version}"
    write_card(folder, title=repo_id, place=repo_id, revision=tag, licence=licence)
