"""Stages of a proof as folders: whole or not there, known by what made them.

    kept(out / "tower", plan, make)          # make(folder) unless it was made by the same plan

A killed proof goes on with the first stage that is not there. A folder that another plan made is an error: its numbers
would be told as those of this plan.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from moviellm.generation.files import disk_errors, sync_folder, write_whole

PLAN = "plan.json"


def kept(folder: Path, plan: dict[str, Any], make: Callable[[Path], None]) -> Path:
    """The folder of a stage, made unless it is there."""
    told = json.dumps(plan, indent=1, sort_keys=True) + "\n"
    with disk_errors(folder):
        if folder.is_dir():
            if (folder / PLAN).read_text(encoding="utf-8") != told:
                raise ValueError(f"{folder} was made by another recipe or seed: give another --out, or delete it")
            return folder
        building = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(parents=True)
        make(building)
        write_whole(building / PLAN, told.encode())
        building.rename(folder)
        sync_folder(folder.parent)
    return folder
