"""What `moviellm train merge` does: an adapter and its base become one whole checkpoint.

    moviellm train merge runs/stage3 --out merged
    AutoModelForImageTextToText.from_pretrained("merged")

The base is the one that the adapter names, held against its hash; of a QLoRA adapter it is the base itself, not its
few bits. The record of the training and its results go along. It trains nothing.
"""

import json
import shutil
from pathlib import Path
from typing import Any

from moviellm.generation.dataset.folder import building_folder, install
from moviellm.generation.files import write_whole
from moviellm.generation.output import emit
from moviellm.training.checkpoints.card import write_card
from moviellm.training.checkpoints.record import RECORD

REPORT = "merge.json"
DTYPES = ("float32", "bfloat16", "float16")


def merge(
    adapter: str,
    out: Path,
    *,
    revision: str | None = None,
    base: str | None = None,
    base_revision: str | None = None,
    dtype: str | None = None,
    as_json: bool = False,
) -> None:
    """Write the merged checkpoint and say what it is.

    Args:
        adapter: Folder or Hub id.
        out: Folder for the result.
        revision: Tag or commit of the adapter on the Hub.
        base: Where the base is now; None takes the one that the adapter names.
        base_revision: Tag or commit of `base` on the Hub.
        dtype: Of the result; None keeps the base's.
        as_json: Print one JSON object.

    Raises:
        ValueError: it is no adapter, or for another base.
    """
    from moviellm.training.checkpoints.adapters import merge_into
    from moviellm.training.checkpoints.folders import adapter_folder, open_adapter
    from moviellm.training.checkpoints.weights import SHARD, content_hash, readable
    from moviellm.training.convert.folders import check_out

    if dtype is not None and dtype not in DTYPES:
        raise ValueError(f"--dtype {dtype}: it can be {', '.join(DTYPES)}")
    check_out(out, REPORT)
    folder = adapter_folder(adapter, revision)
    model, processor = open_adapter(folder, base=base, base_revision=base_revision, dtype=dtype or "auto")
    rank = int(model.peft_config["default"].r)
    merged = merge_into(model)
    with building_folder(out) as building:
        merged.save_pretrained(building, max_shard_size=SHARD)
        processor.save_pretrained(building)
        readable(building)
        _take_along(folder, building)
        told: dict[str, Any] = {
            "adapter": Path(adapter).name if Path(adapter).is_dir() else adapter,
            "revision": revision,
            "rank": rank,
            "dtype": str(merged.dtype).removeprefix("torch."),
            "weights_sha256": content_hash(building),
        }
        write_whole(building / REPORT, (json.dumps(told, indent=1) + "\n").encode())
        if (building / RECORD).is_file():
            write_card(building, title=out.resolve().name, place=out.resolve().name)
        install(building, out)
    text = (
        f"{out}: the adapter of rank {rank} is merged, {told['dtype']}\n  push it   moviellm train push {out} ORG/NAME"
    )
    emit({"merged": str(out), **told}, f"{text} --version 1.0.0", as_json)


def _take_along(folder: Path, building: Path) -> None:
    """The record of the training and the results of its evaluations."""
    if (folder / RECORD).is_file():
        shutil.copyfile(folder / RECORD, building / RECORD)
    if (folder / "evaluations").is_dir():
        shutil.copytree(folder / "evaluations", building / "evaluations")
