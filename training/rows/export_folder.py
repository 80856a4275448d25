"""A folder in the format of another trainer, while it is written: lists of records as JSON, and pictures as files.

    folder = ExportFolder(building)
    folder.add("stage2", "train", {"id": "m00000", ...})        # stage2.json; other splits stage2_validation.json, ...
    folder.picture(keyframe, data)                              # "images/m00000/m00000-c00-s00-k00.jpg"
    files = folder.close()                                      # everything that was written, with hashes

Lists are written record by record, so that memory does not grow with them. It knows no format: see llama_vid.py,
vtimellm.py, llava.py and sharegpt.py.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path, PurePosixPath

from moviellm.generation.dataset.features import Row
from moviellm.generation.dataset.folder import ManifestFile, describe_file
from moviellm.generation.film.subtitles import vtt
from moviellm.generation.schema import Keyframe, Movie, Split
from moviellm.training.rows.source import Pictures

IMAGES = "images"


@dataclass(frozen=True)
class ExportOptions:
    """What an export is asked for."""

    seed: int = 0
    """What wordings are chosen by."""
    frames: int | None = None
    """Most pictures in a record of `llava` and `sharegpt`; None: all."""
    films: bool = False
    """Whether to write the movies as MP4 too."""


@dataclass
class _List:
    file: TextIOWrapper
    records: int = 0


@dataclass
class ExportFolder:
    """The folder that an export fills."""

    root: Path
    lists: dict[str, _List] = field(default_factory=dict)
    """Open lists by file name."""
    written: set[str] = field(default_factory=set)
    """Relative paths of the other files."""

    def add(self, name: str, split: Split | None, record: Row) -> None:
        """Put a record to the end of a list; each split has a list of its own, that of train with the bare name."""
        path = f"{name}.json" if split in (None, "train") else f"{name}_{split}.json"
        if path not in self.lists:
            self.lists[path] = _List(open(self.root / path, "w", encoding="utf-8"))  # noqa: SIM115 closed by close
            self.lists[path].file.write("[\n")
        one = self.lists[path]
        one.file.write(("" if one.records == 0 else ",\n") + json.dumps(record, ensure_ascii=False))
        one.records += 1

    def picture(self, keyframe: Keyframe, data: bytes) -> str:
        """Write a picture under its keyframe's id, once; its relative path."""
        movie_id = keyframe.keyframe_id.split("-")[0]
        ending = PurePosixPath(keyframe.image or "").suffix or ".jpg"
        path = f"{IMAGES}/{movie_id}/{keyframe.keyframe_id}{ending}"
        self.write(path, lambda: data)
        return path

    def write(self, path: str, make: Callable[[], bytes]) -> None:
        """Write a file once."""
        if path not in self.written:
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_bytes(make())
            self.written.add(path)

    def subtitles(self, movie: Movie) -> None:
        """Write the dialogue as WebVTT, which keeps who speaks."""
        if any(True for _ in movie.dialogue()):
            self.write(f"subtitles/{movie.movie_id}.vtt", lambda: vtt(movie).encode())

    def film(self, movie: Movie, pictures: Pictures) -> str:
        """Write the movie as MP4, with its subtitles beside it; its relative path."""
        from moviellm.generation.film.mp4 import write_film

        painted = [one for one in movie.keyframes() if one.image_sha256 is not None]
        made = write_film(movie, ((one, pictures[one.keyframe_id]) for one in painted), self.root / "films")
        self.written.update(path.relative_to(self.root).as_posix() for path in (made.mp4, made.srt, made.vtt))
        return made.mp4.relative_to(self.root).as_posix()

    def close(self) -> list[ManifestFile]:
        """End the lists; every file with its hash."""
        for one in self.lists.values():
            one.file.write("\n]\n")
            one.file.close()
        found = [describe_file(self.root, self.root / path, one.records) for path, one in self.lists.items()]
        return found + [describe_file(self.root, self.root / path) for path in self.written]

    def abort(self) -> None:
        """Close what is open."""
        for one in self.lists.values():
            one.file.close()


def flat(messages: list[Row], media: str = "<image>") -> list[tuple[str, str]]:
    """Role and text of messages, with a token where a picture stands."""
    return [
        (one["role"], "".join(media if part["type"] == "image" else part["text"] for part in one["content"]))
        for one in messages
    ]


def conversations(turns: list[tuple[str, str]]) -> list[Row]:
    """Turns as LLaVA and all that came from it have them."""
    return [{"from": "human" if role == "user" else "gpt", "value": text} for role, text in turns]
