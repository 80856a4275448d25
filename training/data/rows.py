"""Rows with pictures become units: training rows, LLaVA's and TRL's, and anybody's with the same columns.

    opened = open_rows(block, "org/clips", "v1.0.0", replay=True, seed=7, eval_split="validation")

A row has `images` (or `image`) and a conversation: `messages`, `prompt` and `completion`, or LLaVA's `conversations`.
Strings may have `<image>` where a picture stands; where nothing says, pictures come first. Training rows that name
their pictures (`moviellm train rows`) take them from the dataset they name, or from the block's `pictures`. Rows about
the same pictures become one unit, so that they are read once. It reads no video files.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from moviellm.training.data.units import Ask, Message, Unit

IMAGE = "<image>"
ROLES = {"human": "user", "gpt": "assistant", "user": "user", "assistant": "assistant", "system": "system"}
CONVERSATIONS = ("prompt", "messages", "conversations")


class RowPictures(Sequence[Any]):
    """The pictures of one row, read when they are looked at."""

    def __init__(self, table: Any, row: int, count: int) -> None:
        self._table, self._row, self._count = table, row, count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, place: Any) -> Any:
        return self._all()[place]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._all())

    def _all(self) -> list[Any]:
        return list(_pictures_of(self._table[self._row]))


def open_rows(block: Any, place: str, revision: str | None, *, replay: bool, seed: int, eval_split: str) -> Any:
    """A source of rows; see sources.py."""
    from moviellm.training.data.sources import Opened, hold_out

    splits = _splits(place, block.config, revision)
    units = rows_units(_load(place, block.config, revision, block.split, splits), place, block)
    held: list[Unit] = []
    if eval_split in splits and eval_split != block.split:
        held = rows_units(_load(place, block.config, revision, eval_split, splits), place, block)
    elif replay:
        units, held = hold_out(units, block.held_out, seed)
    return Opened(
        name=Path(place).name + (f"-{block.config}" if block.config else ""),
        block=block,
        replay=replay,
        units=units,
        held_out=held,
        dataset=Path(place).name if Path(place).expanduser().is_dir() else place,
        revision=revision,
    )


def _splits(place: str, config: str | None, revision: str | None) -> list[str]:
    import datasets

    try:
        return [str(one) for one in datasets.get_dataset_split_names(place, config, revision=revision)]
    except (ValueError, OSError, datasets.exceptions.DatasetNotFoundError) as error:
        raise ValueError(f"{place}: {_first_line(error)}") from None


def _load(place: str, config: str | None, revision: str | None, split: str, splits: Sequence[str]) -> Any:
    import datasets

    if split not in splits:
        raise ValueError(f"{place} has no split {split!r}; it has {', '.join(splits)}")
    rows = datasets.load_dataset(place, config, split=split, revision=revision)
    for name, feature in rows.features.items():
        if isinstance(feature, datasets.Image):
            rows = rows.cast_column(name, datasets.Image(decode=False))
        elif isinstance(getattr(feature, "feature", None), datasets.Image):
            rows = rows.cast_column(name, datasets.List(datasets.Image(decode=False)))
    return rows


def _first_line(error: BaseException) -> str:
    return " ".join(str(error).split("\n")[0].split())


def rows_units(rows: Any, place: str, block: Any) -> list[Unit]:
    """The units of a split of rows.

    Raises:
        ValueError: the rows have no pictures, or no conversation.
    """
    columns = rows.column_names
    talk = next((name for name in CONVERSATIONS if name in columns), None)
    if "images" not in columns and "image" not in columns:
        raise ValueError(
            f"{place} has no pictures: its rows have the columns {', '.join(columns)}, and neither `images` nor "
            "`image`. A dataset of movies is one that `moviellm dataset build` made"
        )
    if talk is None or (talk == "prompt" and "completion" not in columns):
        raise ValueError(
            f"{place} has no conversations: its rows have the columns {', '.join(columns)}; wanted are `messages`, "
            "`prompt` and `completion`, or `conversations`"
        )
    if block.movies is not None:
        rows = rows.select(range(min(block.movies, len(rows))))
    named = _names_pictures(rows)
    table = _joined(rows, place, block) if named else rows
    counts = _counts(rows)
    texts = rows.remove_columns([name for name in ("images", "image") if name in columns])
    keys = [tuple(one["keyframe_id"] for one in row) for row in rows["images"]] if named else range(len(rows))
    made: dict[Any, list[tuple[int, Ask]]] = {}
    for number, (key, row) in enumerate(zip(keys, texts, strict=True)):
        name = str(row.get("row_id") or row.get("id") or f"{Path(place).name}-{number}")
        made.setdefault(key, []).append((number, _ask(row, talk, name, counts[number])))
    return [
        Unit(group[0][1].name, tuple(ask for _, ask in group), pictures=RowPictures(table, first, counts[first]))
        for group in made.values()
        for first in [group[0][0]]
    ]


def _counts(rows: Any) -> list[int]:
    """How many pictures each row has; no picture is read."""
    import pyarrow.compute as pc

    if "images" in rows.column_names:
        found = pc.fill_null(pc.list_value_length(rows.data.column("images")), 0)
        return [int(one) for one in found.to_pylist()]
    return [int(one) for one in rows.data.column("image").is_valid().to_pylist()]


def _names_pictures(rows: Any) -> bool:
    feature = getattr(rows.features.get("images"), "feature", None)
    return isinstance(feature, Mapping) and "keyframe_id" in feature


def _joined(rows: Any, place: str, block: Any) -> Any:
    """Training rows with the pictures of the dataset that they name."""
    import moviellm_dataset
    from moviellm.training.rows.joining import with_images

    source = block.pictures or (rows[0]["dataset"] if len(rows) else "")
    if block.pictures is None and "/" not in source:
        raise ValueError(
            f"{place} names pictures of the dataset {source!r}, which was a folder: say where it lies with `pictures: "
            "FOLDER`"
        )
    revision = rows[0]["revision"] if block.pictures is None else None
    keyframes = moviellm_dataset.load(source, "keyframes", split=block.split, revision=revision)
    return with_images(rows, keyframes, decode=False)


def _pictures_of(row: Mapping[str, Any]) -> list[Any]:
    found = row.get("images", row.get("image"))
    return list(found) if isinstance(found, (list, tuple)) else [] if found is None else [found]


def _ask(row: Mapping[str, Any], talk: str, name: str, pictures: int) -> Ask:
    if talk == "prompt":
        messages = [*_messages(row["prompt"], "user"), *_messages(row["completion"], "assistant")]
    else:
        messages = _messages(row[talk], "user")
    if not messages or messages[-1]["role"] != "assistant":
        raise ValueError(f"row {name} does not end with an answer: its last message is to be the assistant's")
    there = sum(part["type"] == "image" for message in messages for part in message["content"])
    if there == 0 and pictures:
        first = next(message for message in messages if message["role"] == "user")
        first["content"] = [{"type": "image"}] * pictures + first["content"]
    elif there != pictures:
        raise ValueError(f"row {name} speaks of {there} pictures and has {pictures}: mend or leave out the row")
    return Ask(name, tuple(messages), "last" if talk == "prompt" else "all")


def _messages(value: Any, role: str) -> list[Message]:
    if isinstance(value, str):
        return [{"role": role, "content": _parts(value)}]
    return [
        {
            "role": ROLES.get(str(one.get("role", one.get("from"))), "user"),
            "content": _parts(one.get("content", one.get("value"))),
        }
        for one in value
    ]


def _parts(content: Any) -> list[dict[str, Any]]:
    """A message's content as parts, none of which holds a picture."""
    if isinstance(content, str) or content is None:
        pieces = re.split(f"({IMAGE})", content or "")
        return [{"type": "image"} if one == IMAGE else {"type": "text", "text": one} for one in pieces if one]
    return [
        {"type": "image"} if part.get("type") == "image" else {"type": "text", "text": part.get("text") or ""}
        for part in content
    ]
