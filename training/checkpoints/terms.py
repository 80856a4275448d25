"""The licence of a checkpoint, computed from its base and its data as their own cards state it.

    licence_of(record).front_matter()          # {"license": "apache-2.0"} or {"license": "other", ...}
    stated_licence("org/base", revision="...") # what a card on the Hub, or in a folder, says

One licence of all is that of the checkpoint. Different ones all hold: `other`, with their names. Where one states
none, the whole is unknown. This reads no terms and gives no advice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from moviellm.cards.licence import HUB_NAMES, UNKNOWN
from moviellm.training.checkpoints.record import Base, TrainingRecord


@dataclass(frozen=True)
class Terms:
    """Something that went in, and its licence."""

    what: str
    name: str
    licence: str | None


@dataclass(frozen=True)
class Licence:
    """The licence of a checkpoint."""

    spdx: str
    """Id for the Hub, `other`, or `unknown`."""
    name: str | None
    """Name that goes with `other`."""
    terms: tuple[Terms, ...]
    """All that it follows from."""

    @property
    def known(self) -> bool:
        """Whether everything that went in states its terms."""
        return self.spdx != UNKNOWN

    def front_matter(self) -> dict[str, str]:
        """Keys of the README's front matter."""
        if not self.known:
            return {"license": UNKNOWN}
        return {"license": self.spdx} if self.name is None else {"license": self.spdx, "license_name": self.name}


def licence_of(record: TrainingRecord) -> Licence:
    """What follows from the base and from the data of every stage."""
    terms = tuple(dict.fromkeys(_terms(record)))
    named = sorted({one.licence for one in terms if one.licence is not None})
    if any(one.licence is None for one in terms) or not named:
        return Licence(UNKNOWN, None, terms)
    if len(named) == 1:
        known = named[0] in HUB_NAMES
        return Licence(named[0] if known else "other", None if known else named[0], terms)
    return Licence("other", "-and-".join(named), terms)


def _terms(record: TrainingRecord) -> Iterator[Terms]:
    yield from _of_base(record.base)
    for stage in record.stages:
        for source in stage.sources:
            yield Terms("data", source.dataset, _plain(source.licence))


def _of_base(base: Base) -> Iterator[Terms]:
    """The base, or what it was put together from; parts of random weights have no terms."""
    for part in base.parts:
        yield from _of_base(part)
    if not base.parts and not base.from_scratch:
        yield Terms("base", base.model_id, _plain(base.licence))


def _plain(licence: str | None) -> str | None:
    text = (licence or "").strip().lower()
    return None if text in ("", UNKNOWN, "other") else text


def stated_licence(place: str, revision: str | None = None, kind: Literal["model", "dataset"] = "model") -> str | None:
    """The licence that a card states: of a folder, or of a repository on the Hub; None where none does."""
    folder = Path(place)
    if folder.is_dir():
        readme = folder / "README.md"
    else:
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import EntryNotFoundError

        try:
            readme = Path(hf_hub_download(place, "README.md", revision=revision, repo_type=kind))
        except (EntryNotFoundError, OSError, ValueError):
            return None
    return _front_matter_licence(readme.read_text(encoding="utf-8")) if readme.is_file() else None


def _front_matter_licence(text: str) -> str | None:
    if not text.startswith("---\n") or "\n---" not in text[4:]:
        return None
    try:
        data: Any = yaml.safe_load(text[4 : text.index("\n---", 4)])
    except yaml.YAMLError:
        return None
    if not isinstance(data, dict):
        return None
    stated = data.get("license")
    if stated == "other":
        stated = data.get("license_name")
    return str(stated) if isinstance(stated, str) and stated.strip().lower() != UNKNOWN else None
