"""A dataset folder as it reads on the Hub: version, licence, and how to load it there. The folder stays as it is.

    files = stamp(files, manifest, Stamp("moviellm/films", "1.2.0", url))

Stamped are README.md (front matter, every mention of the old version, the lines that load), the other files that name
the version, and the manifest. Shards never are. The same folder, name and version give the same bytes. A card says how
it is loaded in lines `load_dataset(source, "CONFIG"...)` below a line
`source = "..."  # this folder, ...`; one without gets such lines.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from moviellm.cards.croissant import CROISSANT
from moviellm.cards.escaping import markdown
from moviellm.cards.hub.local import LocalFile, from_bytes
from moviellm.cards.hub.names import UNVERSIONED, tag_of
from moviellm.cards.licence import HUB_NAMES, LICENCE_URLS, UNKNOWN, is_unknown
from moviellm.generation.dataset.folder import MANIFEST, README, DatasetManifest, ManifestFile
from moviellm.generation.dataset.results import RESULTS_FILE, Results

FRONT_MATTER = re.compile(r"---\r?\n(.*?)\r?\n---\r?\n", re.DOTALL)
LICENCE_SECTION = re.compile(r"^## Licen[cs]e\n(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
SOURCE_LINE = re.compile(r'^source = "[^\n]*# this folder[^\n]*\n', re.MULTILINE)
LOAD_CALL = re.compile(r'load_dataset\(source, ("[^"\n]+")')


@dataclass(frozen=True)
class Stamp:
    """What a dataset is told on its way out."""

    repo_id: str
    version: str
    url: str
    """Its page on the Hub."""
    licence: str | None = None
    """A licence said for data whose own is unknown; None leaves what the card says."""


def version_for(manifest: DatasetManifest, asked: str | None) -> str:
    """The version to push under.

    Raises:
        ValueError: none was asked for and the folder has none, or the folder has another.
    """
    unversioned = manifest.version.startswith(UNVERSIONED)
    if asked is None and unversioned:
        raise ValueError("this dataset is numbered by its contents and has no version yet; say one: --version 1.0.0")
    if asked is not None and not unversioned and asked != manifest.version:
        raise ValueError(
            f"the recipe of this dataset fixes version {manifest.version}; push it with --version {manifest.version}, "
            f"or change dataset.version in the recipe and build it again"
        )
    return asked or manifest.version


def front_matter(readme: str) -> dict[str, Any]:
    """The YAML at the head of a card.

    Raises:
        ValueError: there is none, or it cannot be read.
    """
    found = FRONT_MATTER.match(readme)
    try:
        data = yaml.safe_load(found[1]) if found else None
    except yaml.YAMLError as error:
        raise ValueError(f"the front matter of {README} is no YAML ({' '.join(str(error).split())})") from None
    if not isinstance(data, dict):
        raise ValueError(f"{README} has no front matter (YAML between two lines ---), which the Hub reads")
    return data


def licence_for(data: dict[str, Any], asked: str | None) -> str | None:
    """The licence to stamp, None to leave the card's.

    Raises:
        ValueError: the card's is unknown and none was asked for, or it has another.
    """
    stated = str(data.get("license") or UNKNOWN)
    name = data.get("license_name")
    unknown = is_unknown(data)
    if asked is not None and asked.lower() in {UNKNOWN, "other", ""}:
        raise ValueError(f"--license {asked} says nothing; name one, e.g. cc-by-4.0")
    if unknown and asked is None:
        raise ValueError(
            "nobody stated the licence of this dataset, and without one it does not leave; if you may license it, "
            "say so: --license cc-by-4.0"
        )
    if not unknown and asked is not None and asked.lower() not in {stated, str(name).lower()}:
        raise ValueError(
            f"this dataset says {name or stated}, not {asked}; leave --license out, or state the other one where the "
            f"dataset is made (dataset.licence in its recipe)"
        )
    return asked if unknown else None


def stamp(files: Sequence[LocalFile], manifest: DatasetManifest, told: Stamp) -> list[LocalFile]:
    """The files as they go to the Hub.

    Raises:
        ValueError: the card cannot be read.
    """
    makers: dict[str, Callable[[str], str]] = {
        README: lambda text: stamp_readme(text, manifest.version, told),
        RESULTS_FILE: lambda text: _stamp_results(text, told),
        CROISSANT: lambda text: _stamp_croissant(text, manifest.version, told),
    }
    stamped = {file.path: from_bytes(file.path, makers[file.path](_text(file)).encode())
               for file in files if file.path in makers}  # fmt: skip
    listed = tuple(_listed(file, stamped) for file in manifest.files)
    new = manifest.model_copy(update={"version": told.version, "files": listed})
    stamped[MANIFEST] = from_bytes(MANIFEST, new.text().encode())
    return [stamped.get(file.path, file) for file in files]


def stamp_readme(readme: str, old_version: str, told: Stamp) -> str:
    """The card: front matter, every mention of the old version, the licence, and how it is loaded."""
    data = front_matter(readme)
    for config in data.get("configs") or []:
        config["version"] = told.version
    body = FRONT_MATTER.sub("", readme, count=1)
    if told.licence is not None:
        known = told.licence.lower() in HUB_NAMES
        spoken = {"license": told.licence.lower()} if known else {"license": "other", "license_name": told.licence}
        data = spoken | {key: value for key, value in data.items() if key not in {"license", "license_name"}}
        body = _licence_section(body, told.licence)
    body = _renumbered(body, old_version, told.version)
    body = _loading(body, [str(config["config_name"]) for config in data.get("configs") or []], told)
    head = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=10_000)
    return f"---\n{head}---\n{body}"


def _renumbered(text: str, old: str, new: str) -> str:
    """The text with every mention of a version replaced."""
    return text if old == new else re.sub(rf"(?<![\w.]){re.escape(old)}(?!\.?\w)", new, text)


def _licence_section(body: str, licence: str) -> str:
    title = HUB_NAMES.get(licence.lower())
    named = f"**{title}** (`{licence.lower()}`)" if title else f"**{markdown(licence)}**"
    found = LICENCE_SECTION.search(body)
    makers = [line for line in found[1].splitlines() if line.startswith("- ")] if found else []
    text = "\n".join(
        ["## Licence", "", f"{named}, as stated by who published it.", "", *makers, *([""] * bool(makers))]
    )
    if not found:
        return f"{body.rstrip()}\n\n{text}"
    return f"{body[: found.start()]}{text}\n{body[found.end() :]}"


def _loading(body: str, configs: Sequence[str], told: Stamp) -> str:
    """Lines that load name the repository and the tag."""
    pinned = f'revision="{tag_of(told.version)}"'
    replaced, count = LOAD_CALL.subn(rf'load_dataset("{told.repo_id}", \1, {pinned}', body)
    if count:
        return SOURCE_LINE.sub("", replaced)
    lines = [f'{_variable(config)} = load_dataset("{told.repo_id}", "{config}", {pinned})' for config in configs]
    lines = lines or [f'data = load_dataset("{told.repo_id}", {pinned})']
    block = "\n".join(["## Load it", "", "```python", "from datasets import load_dataset", "", *lines, "```", ""])
    return f"{body.rstrip()}\n\n{block}"


def _variable(config: str) -> str:
    return re.sub(r"\W", "_", config)


def _stamp_results(text: str, told: Stamp) -> str:
    return Results.model_validate_json(text).model_copy(update={"version": told.version}).text()


def _stamp_croissant(text: str, old_version: str, told: Stamp) -> str:
    data = json.loads(_renumbered(text, old_version, told.version))
    data |= {"version": told.version, "url": told.url}
    if told.licence is not None:
        data["license"] = LICENCE_URLS.get(told.licence.lower(), told.licence)
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def _listed(file: ManifestFile, stamped: dict[str, LocalFile]) -> ManifestFile:
    new = stamped.get(file.path)
    return file if new is None else file.model_copy(update={"sha256": new.sha256, "bytes": new.bytes})


def _text(file: LocalFile) -> str:
    data = file.source if isinstance(file.source, bytes) else file.source.read_bytes()
    return data.decode()
