"""The front door of a MovieLLM dataset: load it, look up its pictures, or build it where no Parquet loader will do.

    from moviellm_dataset import Frames, load
    qa = load("out/MovieLLM-tiny", "qa", split="test")              # a dataset folder, or a Hub id: "org/name"
    frames = Frames(load("out/MovieLLM-tiny", "keyframes", split="test"))
    pictures = [frames[keyframe_id] for keyframe_id in qa[0]["keyframe_ids"]]

`load` is plain `datasets.load_dataset` with the errors a reader needs; without this file, `load_dataset(folder, "qa")`
gives the same. Configs: movies (the film as nested text), keyframes (one row a picture), dialogue, qa, events, and
films (one row an MP4, its bytes not decoded) where a dataset has them.

`MovieLLM` is a builder over the same folder. Current `datasets` runs it in process:

    MovieLLM(config_name="qa", data_dir="out/MovieLLM-tiny").download_and_prepare()

and old `datasets` (2.21, 3.6) runs the copy of this file that lies in every dataset folder:

    load_dataset("out/MovieLLM-tiny/moviellm_dataset.py", "qa", trust_remote_code=True)

It imports nothing of moviellm: columns come from the folder's features.json. It makes and checks no dataset.
"""

from __future__ import annotations

import difflib
import io
import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import datasets  # noqa: TID253 a loading script's builder class must exist when the module is imported
import pyarrow.parquet as pq

if TYPE_CHECKING:
    import pyarrow as pa
    from PIL.Image import Image

CONFIGS = {
    "movies": "one row a movie: the film as nested text, without pictures, events and questions",
    "keyframes": "one row a keyframe, with its picture",
    "dialogue": "one row a spoken line, with its time",
    "qa": "one row a question, with answer and evidence",
    "events": "one row an event of the story",
    "films": "one row a movie: the film as MP4 with subtitles, where the dataset has films",
}
SCHEMA_MAJOR = 1
"""First number of the schema versions that this file reads."""
MANIFEST = "manifest.json"
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")

_list_of = getattr(datasets, "List", None) or (lambda feature: [feature])  # List came with datasets 4


def features_from(columns: dict[str, Any]) -> datasets.Features:
    """`datasets.Features` of a config, from its columns in features.json."""
    return datasets.Features({name: _feature(neutral) for name, neutral in columns.items()})


def _feature(neutral: Any) -> Any:
    if neutral == "image":
        return datasets.Image()
    if neutral == "video":  # bytes and path: decoding takes torchcodec; Video came with datasets 3.2
        video = getattr(datasets, "Video", None)
        return video(decode=False) if video else {"bytes": datasets.Value("binary"), "path": datasets.Value("string")}
    if isinstance(neutral, str):
        return datasets.Value(neutral)
    if isinstance(neutral, list):
        return _list_of(_feature(neutral[0]))
    return {name: _feature(inner) for name, inner in neutral.items()}


class MovieLLM(datasets.ArrowBasedBuilder):  # type: ignore[misc]
    """Builds a config from a dataset folder: `data_dir`, or the folder this script lies in."""

    BUILDER_CONFIGS = [datasets.BuilderConfig(name=name, description=text) for name, text in CONFIGS.items()]
    DEFAULT_CONFIG_NAME = "movies"

    def _folder(self) -> Path:
        return Path(self.config.data_dir or self.base_path or ".").absolute()  # pyarrow would expand a leading ~

    def _info(self) -> datasets.DatasetInfo:
        folder = self._folder()
        manifest = _read_manifest(folder)
        _check_readable(manifest, folder, "")
        _check_rows(manifest, folder, self.config.name)
        self.config.version = datasets.Version(manifest["version"])  # names the cache: a new version is read anew
        columns = _read_json(folder / "features.json")["configs"]
        return datasets.DatasetInfo(
            description=f"{manifest['name']} {manifest['version']}: {CONFIGS[self.config.name]}",
            features=features_from(columns[self.config.name]),
        )

    def _split_generators(self, dl_manager: object) -> list[datasets.SplitGenerator]:
        folder = self._folder()
        manifest = _read_manifest(folder)
        generators = []
        for split in _splits(manifest, self.config.name):
            stem = f"{self.config.name}/{split}-"
            files = [str(folder / file["path"]) for file in manifest["files"] if file["path"].startswith(stem)]
            generators.append(datasets.SplitGenerator(name=split, gen_kwargs={"files": files}))
        return generators

    def _generate_tables(  # pyright: ignore[reportIncompatibleMethodOverride] keys differ between versions
        self, files: list[str]
    ) -> Iterator[tuple[tuple[int, int], pa.Table]]:
        for file_number, path in enumerate(files):
            with pq.ParquetFile(path) as parquet:
                for group in range(parquet.num_row_groups):
                    table = parquet.read_row_group(group)
                    yield (file_number, group), table.replace_schema_metadata()  # `datasets` 2.21 knows no video


def load(
    source: str | Path,
    config: str = "movies",
    split: str | None = None,
    *,
    revision: str | None = None,
    streaming: bool = False,
    columns: list[str] | None = None,
    cache_dir: str | Path | None = None,
) -> Any:
    """Load a config of a MovieLLM dataset.

    Args:
        source: Dataset folder, or Hub id `org/name`.
        config: One of `CONFIGS`.
        split: `train`, `validation`, `test`, a slice such as `test[:10]`, or None for all.
        revision: Tag, branch or commit on the Hub; pin it, a tag never changes.
        streaming: Read rows as they are asked for, without a cache.
        columns: Read these only; None reads all, of which the nested ones take the most time.
        cache_dir: Where `datasets` keeps its cache.

    Returns:
        A `Dataset`, or a `DatasetDict` when `split` is None; their iterable kinds when streaming.

    Raises:
        ValueError: no such config or split, no MovieLLM dataset, or one of a schema that this file does not read; then
            the message says which version to ask for.
    """
    manifest = manifest_of(source, revision)
    if config not in CONFIGS and config not in manifest["configs"]:
        raise ValueError(
            f"no config {config!r}; there are {', '.join(dict.fromkeys([*CONFIGS, *manifest['configs']]))}"
        )
    _check_rows(manifest, source, config)
    splits = _splits(manifest, config)
    for part in [] if split is None else str(split).split("+"):
        name = part.split("[")[0].strip()
        if name not in splits and name != "all":
            raise ValueError(f"{source} has no split {name!r} of {config}; it has {', '.join(splits)}")
    folder = _as_folder(source)
    return datasets.load_dataset(
        str(folder.resolve()) if folder.is_dir() else str(source),
        config,
        split=split,
        revision=revision,
        streaming=streaming,
        **({} if columns is None else {"columns": columns}),
        cache_dir=None if cache_dir is None else str(cache_dir),
    )


def manifest_of(source: str | Path, revision: str | None = None) -> dict[str, Any]:
    """The manifest of a dataset folder or of a dataset on the Hub: name, version, splits, rows by config, files.

    Raises:
        ValueError: as `load`.
    """
    folder = _as_folder(source)
    if folder.is_dir():
        manifest = _read_local(folder, revision)
        _check_readable(manifest, source, "")
    elif not isinstance(source, str) or not HUB_ID.fullmatch(source) or source.startswith("."):
        near = f" ({near})" if (near := _near(folder)) else ""
        raise ValueError(f"no dataset folder {source}{near}; a dataset on the Hub is called org/name")
    elif revision is None and (near := _near(folder)):
        raise ValueError(f"{near}; if {source} on the Hub is meant, say which revision of it, as main")
    else:
        manifest = _read_hub_manifest(str(source), revision)
        if not _readable(manifest):
            _check_readable(manifest, source, f" at {revision or 'main'}", _newest_readable(str(source)))
    return manifest


def _as_folder(source: str | Path) -> Path:
    return Path(os.path.expanduser(source))  # leaves ~name as it is where there is no such user


def _near(folder: Path) -> str:
    """What a folder that is not there may have been meant, in words; empty where none is called much like it."""
    try:
        there = sorted(one.name for one in folder.parent.iterdir() if one.is_dir())
    except OSError:
        return ""
    near = difflib.get_close_matches(folder.name, there, 3)
    return f"{folder.parent}/ has no {folder.name}; near it: {', '.join(near)}" if near else ""


def _splits(manifest: dict[str, Any], config: str) -> list[str]:
    """Splits that have rows of a config."""
    return [split for split in manifest["splits"] if split in manifest["configs"].get(config, {})]


def _check_rows(manifest: dict[str, Any], source: str | Path, config: str) -> None:
    if not _splits(manifest, config):
        raise ValueError(f"{source} has no rows of {config}; it has {', '.join(manifest['configs'])}")


def _read_local(folder: Path, revision: str | None) -> dict[str, Any]:
    if revision is not None:
        raise ValueError(f"{folder} is a folder and has no revision {revision!r}; revisions are for the Hub")
    if folder.resolve().name == "moviellm_dataset":
        raise ValueError(f"`datasets` takes a folder called {folder.resolve().name} for a script; rename the folder")
    return _read_manifest(folder)


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        raise ValueError(
            f"{folder} is no MovieLLM dataset folder (no manifest.json); say where one is, for a builder as data_dir, "
            f"or make one with: moviellm dataset build"
        )
    return _read_json(path)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read ({error}); download or build the dataset again") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path} cannot be read (it is no JSON object); download or build the dataset again")
    return content


def _read_hub_manifest(repo_id: str, revision: str | None) -> dict[str, Any]:
    from huggingface_hub import constants, errors, hf_hub_download

    login = "log in with `hf auth login`, or set HF_TOKEN"
    lost = _unreached(repo_id, revision)
    try:
        path = hf_hub_download(repo_id, MANIFEST, repo_type="dataset", revision=revision, local_files_only=bool(lost))
    except errors.RevisionNotFoundError as error:
        there = ", ".join(_tags(repo_id)) or "no tag"
        raise ValueError(f"{repo_id} has no revision {revision!r} on the Hub; it has {there}") from error
    except errors.GatedRepoError as error:  # a kind of RepositoryNotFoundError
        page = f"{constants.ENDPOINT}/datasets/{repo_id}"
        raise ValueError(f"{repo_id} is gated: ask for access at {page}, then {login}") from error
    except errors.RepositoryNotFoundError as error:
        raise ValueError(
            f"no folder and no dataset on the Hub is called {repo_id}, or it is private: then {login}"
        ) from error
    except errors.LocalEntryNotFoundError as error:  # a kind of EntryNotFoundError
        said = f"the Hub cannot be reached to look for a dataset of that name ({lost or _first_line(error)})"
        raise ValueError(f"no folder {repo_id} here, and {said}") from error
    except errors.EntryNotFoundError as error:
        raise ValueError(f"{repo_id} is no MovieLLM dataset: it has no manifest.json") from error
    except OSError as error:
        if error.errno is not None:  # the system's, as a full disk
            raise
        raise _unread(repo_id, error) from error
    except Exception as error:  # of whichever library this version of huggingface_hub speaks through
        raise _unread(repo_id, error) from error
    return _read_json(Path(path))


def _unreached(repo_id: str, revision: str | None) -> str | None:
    """Why the Hub does not answer twice, in a word; None where it does. A download asks half a minute, and aloud."""
    from huggingface_hub import errors, get_hf_file_metadata, hf_hub_url

    address = hf_hub_url(repo_id, MANIFEST, repo_type="dataset", revision=revision)
    for pause_s in (0.5, 0.0):
        try:
            get_hf_file_metadata(address, timeout=10)
            return None
        except errors.OfflineModeIsEnabled:
            return "HF_HUB_OFFLINE is set"
        except Exception as error:  # of whichever library this version of huggingface_hub speaks through
            answer = getattr(error, "response", None)
            if answer is not None and answer.status_code < 500:
                return None
            said = type(error).__name__ if answer is None else f"it answers {answer.status_code}"
        time.sleep(pause_s)
    return said


def _unread(repo_id: str, error: Exception) -> ValueError:
    return ValueError(
        f"{repo_id} cannot be read from the Hub ({type(error).__name__}: {_first_line(error)}); try again"
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]


def _tags(repo_id: str) -> list[str]:
    """Tags of a dataset that name a version, newest first; none when they cannot be had, a message then says less."""
    from huggingface_hub import HfApi

    try:
        tags = [tag.name for tag in HfApi().list_repo_refs(repo_id, repo_type="dataset").tags]
    except Exception:
        return []
    found = [match for tag in tags if (match := re.fullmatch(r"v?(\d+)\.(\d+)\.(\d+)", tag))]
    found.sort(key=lambda match: tuple(map(int, match.groups())), reverse=True)
    return [match[0] for match in found]


def _newest_readable(repo_id: str) -> tuple[str, str] | None:
    """The newest tag of a dataset that this file reads, and its schema."""
    for tag in _tags(repo_id):
        try:
            manifest = _read_hub_manifest(repo_id, tag)
        except ValueError:  # a tag without a manifest
            continue
        if _readable(manifest):
            return tag, manifest["schema_version"]
    return None


def _schema_major(manifest: dict[str, Any]) -> int | None:
    found = re.match(r"(\d+)\.", str(manifest.get("schema_version")))
    return int(found[1]) if found else None


def _readable(manifest: dict[str, Any]) -> bool:
    return _schema_major(manifest) == SCHEMA_MAJOR


def _check_readable(
    manifest: dict[str, Any], source: str | Path, where: str, other: tuple[str, str] | None = None
) -> None:
    """Refuse a schema of another first number, and say what to do instead.

    Args:
        manifest: Of the dataset.
        source: Its name.
        where: How its revision is called in the message.
        other: A tag of it that this file reads, and that tag's schema.
    """
    major = _schema_major(manifest)
    if major is None:
        raise ValueError(f"{source} is no MovieLLM dataset: its manifest.json names no schema_version")
    if major == SCHEMA_MAJOR:
        return
    ways = []
    if other:
        ways.append(f'its newest version for this reader: load("{source}", revision="{other[0]}"), schema {other[1]}')
    if major > SCHEMA_MAJOR:
        ways.append("a newer reader: pip install --upgrade moviellm")
    elif major >= 1:  # drafts before 1.0 have no converter
        ways.append("a copy with the present schema: moviellm dataset upgrade FOLDER --out NEW")
    ways.append("the reader that lies in the dataset itself: its moviellm_dataset.py")
    raise ValueError(
        f"{source}{where} has schema {manifest['schema_version']}, and this reader reads {SCHEMA_MAJOR}.x; take "
        + ", or ".join(ways)
    )


class Frames:
    """Pictures by keyframe id. Only what is asked for is decoded.

        frames = Frames(load(folder, "keyframes", split="test"))
        frames["m00042-c03-s02-k04"]                # a PIL.Image

    Args:
        keyframes: The config `keyframes`, one split, not streaming.
    """

    def __init__(self, keyframes: datasets.Dataset) -> None:
        if not isinstance(keyframes, datasets.Dataset):
            raise ValueError(
                f"got a {type(keyframes).__name__}; Frames takes one split, not streaming: "
                f'load(folder, "keyframes", split="test")'
            )
        self._rows = keyframes.select_columns(["image"]).cast_column("image", datasets.Image(decode=False))
        self._places = {name: place for place, name in enumerate(keyframes["keyframe_id"][:])}

    def __getitem__(self, keyframe_id: str) -> Image:
        """The picture of one keyframe.

        Raises:
            ValueError: the keyframe is not in this split, or has no picture.
        """
        if keyframe_id not in self._places:
            raise ValueError(f"no keyframe {keyframe_id!r} among these {len(self._places)}; is it of another split?")
        import PIL.Image

        image = self._rows[self._places[keyframe_id]]["image"]
        if image is None:
            raise ValueError(f"keyframe {keyframe_id} has no picture")
        return PIL.Image.open(io.BytesIO(image["bytes"]))
