"""run.yaml: what a run is, fixed once at its start.

    record = next_record(Path("runs/one"), recipe, movies_per_shard=100)     # new, or the old one extended
    write_record(Path("runs/one"), record)
    record = read_run(Path("runs/one"))

It holds the recipe, the start time and the version of the code. Wall-clock times enter the data only from here, so
that a run that was killed and resumed gives the same bytes; `SOURCE_DATE_EPOCH` sets the start time. No results are
in it.
"""

import os
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from moviellm.generation.config.recipe import Recipe, read_text, read_yaml, recipe_from
from moviellm.generation.files import write_whole
from moviellm.generation.output import counted
from moviellm.generation.runs.address import refuse_bucket
from moviellm.generation.runs.journal import journal_files
from moviellm.generation.runs.manifest import manifests
from moviellm.generation.schema import SCHEMA_VERSION

RECORD_NAME = "run.yaml"
RESTORE = "Restore it from a copy, or make the run again elsewhere"
NO_THEME = 'no theme to make a movie from; give one: moviellm make "a lighthouse keeper finds a map"'
REPLACING_KEYS = (
    "seed", "writer", "painter", "story", "language", "world", "twins", "dialogue", "image", "style",
    "llm", "painting", "identity",
)  # fmt: skip
"""Keys of a recipe whose change makes other movies of what is there. A grammar or prompt edit is no such change: it
remakes what depends on it, which is what cells are for."""


class RunRecord(BaseModel):
    """The contents of run.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    recipe: Recipe
    """What is made."""
    created_at: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
    """Start of the run, ISO-8601 UTC."""
    code_version: str
    """Version of the moviellm package that began it."""
    code_revision: str
    """Commit it began on; empty when not run from a checkout."""
    schema_version: str
    """Version of the data model."""
    movies_per_shard: int = Field(ge=1)
    """Layout of the tables; fixed, so that a movie never moves from one shard to another."""


def read_run(run: Path) -> RunRecord:
    """Read a run's record.

    Raises:
        ValueError: there is no run there, or its record is damaged.
    """
    refuse_bucket(run, "this verb takes a folder; make, status, check and dataset build take a bucket too")
    path = run / RECORD_NAME
    if path.is_dir():
        raise ValueError(f"{path} is a folder where a file belongs; delete it by hand. {RESTORE}")
    if not path.is_file():
        raise ValueError(
            f'{run} is not a run folder (no {RECORD_NAME}); make one with: moviellm make "..." --out {run}'
        )
    data = read_yaml(read_text(path), str(path))
    try:
        recipe = recipe_from(data.pop("recipe"), source=str(path))
        return RunRecord(recipe=recipe, **data)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise ValueError(f"{path} is damaged: {fault['loc'][0]}: {fault['msg']}. {RESTORE}") from None
    except (AttributeError, KeyError, TypeError):
        raise ValueError(f"{path} is damaged: it is not the record of a run. {RESTORE}") from None


def next_record(
    run: Path, recipe: Recipe, *, movies_per_shard: int, replace: bool = False, holds_work: bool | None = None
) -> RunRecord:
    """The record that a run of `recipe` in this folder goes by: a new one, or the old one with the recipe extended.

    Writes nothing. The start time, code version and layout stay those of the run's first start.

    Args:
        holds_work: whether there is something to lose, of a run that lies elsewhere; None looks into the folder.

    Raises:
        ValueError: the path is a file or some other folder, or going on would replace movies that are there and
            `replace` is not set.
    """
    refuse_bucket(run, "this verb makes a run in a folder; moviellm make makes one in a bucket")
    place = next(path for path in (run, *run.absolute().parents) if path.exists() or path.is_symlink())
    if not place.is_dir():
        raise ValueError(f"{place} is a file or a broken link; --out takes a folder")
    if not recipe.themes:
        raise ValueError(NO_THEME)
    if (run / RECORD_NAME).exists():
        old = read_run(run)
        _check_same_story(run, old, recipe, replace, holds_work)
        return old.model_copy(update={"recipe": recipe})
    if run.is_dir() and not all(_is_ours(path) for path in run.iterdir()):
        raise ValueError(f"{run} holds other files and is not a run folder; choose an empty or new folder")
    return RunRecord(
        recipe=recipe,
        created_at=_now(),
        code_version=code_version(),
        code_revision=code_revision(),
        schema_version=SCHEMA_VERSION,
        movies_per_shard=movies_per_shard,
    )


def write_record(run: Path, record: RunRecord) -> None:
    """Write run.yaml where it says something else. The caller holds `lock_run(run)`."""
    text = yaml.safe_dump(record.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=120)
    path = run / RECORD_NAME
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_whole(path, text.encode())


def _is_ours(path: Path) -> bool:
    """What a run may hold before its record is written: the lock, and what a kill left of the first try."""
    return path.name in {"lock", "lease"} or (path.name.startswith(f".{RECORD_NAME}.") and path.suffix == ".tmp")


def replaced_keys(old: Recipe, recipe: Recipe) -> list[str]:
    """Keys of a recipe that differ, and would make other movies of those that are there."""
    before, after = old.movie_themes(), recipe.movie_themes()
    keys = (*REPLACING_KEYS, "splits") if recipe.world.held_out else REPLACING_KEYS
    others = [] if after[: len(before)] == before else ["themes"]
    return others + [key for key in keys if _decides(old, key) != _decides(recipe, key)]


def _check_same_story(run: Path, old: RunRecord, recipe: Recipe, replace: bool, holds_work: bool | None) -> None:
    if old.schema_version.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
        raise ValueError(f"{run} was made with schema {old.schema_version}, this is {SCHEMA_VERSION}; use a new --out")
    others = replaced_keys(old.recipe, recipe)
    if others and not replace and (_holds_work(run) if holds_work is None else holds_work):
        count = len(old.recipe.movie_themes())
        raise ValueError(
            f"{run} holds {counted(count, 'movie')} made with other {', '.join(others)}, which would be replaced; "
            f"choose another --out, or say --replace (`moviellm make --out {run}` goes on with what is there)"
        )
    if recipe.twins.share and old.movies_per_shard % 2:
        raise ValueError(
            f"{run} keeps {old.movies_per_shard} movies in a table, an odd number, which would part twins; "
            "make them in another --out"
        )


def _decides(recipe: Recipe, key: str) -> object:
    """A part of a recipe without its thresholds: they refuse movies and change none."""
    part = getattr(recipe, key)
    if key == "painting":
        return part.model_copy(update={"style_min": None, "identity_min": None})
    return part


def _holds_work(run: Path) -> bool:
    """Whether there is something to lose: a committed movie, or results that are not committed yet."""
    if journal_files(run):
        return True
    try:
        return any(manifest.movies for manifest in manifests(run))
    except ValueError:  # damaged: what it said may still be there
        return True


def _now() -> str:
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        moment = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"SOURCE_DATE_EPOCH is {epoch!r}; it takes whole seconds since 1970") from None
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def code_version() -> str:
    """Version of the package; `0` where it is not installed."""
    try:
        return version("moviellm")
    except PackageNotFoundError:
        return "0"


def code_revision() -> str:
    """Commit of the checkout this module lies in, with `+` when files differ from it; empty outside a checkout."""
    folder = Path(__file__).resolve().parents[2]
    if not (folder / ".git").exists():
        return ""
    try:
        command = ["git", "-C", str(folder), "describe", "--always", "--dirty=+", "--abbrev=40", "--exclude=*"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
