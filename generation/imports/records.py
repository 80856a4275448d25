"""JSON lists of records with conversations, as LLaVA, LLaMA-VID, VTimeLLM and Video-ChatGPT train on.

    records = read_records([Path("long_videoqa.json")], "long-videoqa", report)     # [Record(0, {...}), ...]
    turns_of(record.data, report)                                                   # [("Who is it?", "Ada."), ...]

A file is read at once: the 260 MB of LLaMA-VID take about 1 GB while they are in memory. What is no record, and turns
that nobody asked or answered, are counted and left out. Media tokens (`<image>`, `<video>`) are taken off questions.
It knows no kind: see vtimellm.py, long_videoqa.py and video_chatgpt.py.
"""

import json
import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from moviellm.generation.dataset.import_report import ImportReport, SourceFile
from moviellm.generation.imports.recognising import check_kind, kinds_of

ASKS = frozenset({"human", "user"})
ANSWERS = frozenset({"gpt", "assistant"})
FILE_BYTES_MAX = 2 * 1024**3
"""Size of a JSON file; the largest of the originals has 860 MB."""
_MEDIA = re.compile(r"\s*<(?:image|video)>\s*")


@dataclass(frozen=True)
class Record:
    """One record of a file."""

    file: int
    """Index of its file in the report."""
    place: int
    """Its place in the file."""
    data: dict[str, Any]


def read_records(paths: Sequence[Path], kind: str, report: ImportReport) -> list[Record]:
    """The records of files, and of the JSON files of folders.

    Raises:
        ValueError: a file is no JSON, is too large, or is of another kind.
    """
    records: list[Record] = []
    for path, named in _json_files(paths):
        size = path.stat().st_size
        if size > FILE_BYTES_MAX:
            raise ValueError(f"{path} has {size} bytes; allowed are {FILE_BYTES_MAX}: split it")
        data = path.read_bytes()
        found = _parsed(data, path)
        if not named and kind not in kinds_of(found):
            report.leave_out(f"JSON files of a folder that are no {kind} files")
            continue
        check_kind(found, kind, str(path))
        report.files.append(SourceFile(path.name, sha256(data).hexdigest(), size))
        usable = [(place, one) for place, one in enumerate(found) if isinstance(one, dict)]
        report.leave_out("entries that are no record", len(found) - len(usable))
        records += [Record(len(report.files) - 1, place, one) for place, one in usable]
    return records


def _json_files(paths: Sequence[Path]) -> list[tuple[Path, bool]]:
    """JSON files, and whether they were named themselves, or lie in a folder that was."""
    found: list[tuple[Path, bool]] = []
    for path in paths:
        inside = [(one, False) for one in sorted(path.glob("*.json"))] if path.is_dir() else [(path, True)]
        if not inside:
            raise ValueError(f"{path} holds no .json file; give the file, and folders of pictures with --media")
        found += inside
    return found


def folders_of(paths: Sequence[Path]) -> list[Path]:
    """The folders that files lie in: pictures and features may lie there too."""
    return [path if path.is_dir() else path.parent for path in paths]


def _parsed(data: bytes, path: Path) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text (byte {error.start}); is it JSON?") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is no JSON: {error}") from None
    except ValueError as error:  # a number of more digits than Python reads
        raise ValueError(f"{path} is no JSON that can be read: {str(error).split(';')[0]}") from None
    except RecursionError:
        raise ValueError(f"{path} is no JSON that can be read: it is nested too deeply") from None


def grouped(records: Iterable[Record], key: Callable[[Record], Hashable | None]) -> list[list[Record]]:
    """Records of the same movie together, in order of their first; those whose key is None are left out."""
    groups: dict[Hashable, list[Record]] = {}
    for record in records:
        movie = key(record)
        if movie is not None:
            groups.setdefault(movie, []).append(record)
    return list(groups.values())


def text_of(record: Record, key: str) -> str:
    """A field as text; empty where it is missing or no text or number."""
    value = record.data.get(key)
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def turns_of(data: dict[str, Any], report: ImportReport) -> list[tuple[str, str]]:
    """Questions with their answers, without media tokens."""
    turns: list[tuple[str, str]] = []
    asked: str | None = None
    conversations = data.get("conversations")
    for turn in conversations if isinstance(conversations, list) else []:
        who, said = (turn.get("from"), turn.get("value")) if isinstance(turn, dict) else (None, None)
        if not isinstance(said, str) or who not in ASKS | ANSWERS:
            report.leave_out("turns without speaker or text")
        elif who in ASKS:
            report.leave_out("questions that nobody answers", asked is not None)
            asked = without_media(said)
        elif asked is None:
            report.leave_out("answers that nobody asked for")
        elif not said.strip() or not asked:
            report.leave_out("questions or answers without text")
            asked = None
        else:
            turns.append((asked, said.strip()))
            asked = None
    report.leave_out("questions that nobody answers", asked is not None)
    return turns


def without_media(text: str) -> str:
    """Text without media tokens."""
    return _MEDIA.sub("\n", text).strip()
