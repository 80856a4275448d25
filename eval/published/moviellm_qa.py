"""MovieLLM's long-video benchmark: overview, plot and temporal questions about films, and answers in its layout.

    read_moviellm_qa("test_json")                   # a folder of FILM.json, or files with commas
    read_moviellm_qa("res")                         # its results: questions and references of res/ground_truth
    answers_of(Path("res/ours"))                    # what a model said, by the ids of these questions

A file is one film: {"movie_title", "QA": {"overview_qa": [{"Question", "Answer"}], "plot_qa", "temporal_qa"}}. Its
references were written by a language model from a title and what it knew, so they may be wrong; films were never
published. A temporal question asks for what happens in which order: its type is `order`.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from moviellm.eval.published.annotations import NO_ANSWER, Annotations, asked, named, read_json

KIND: Final = "moviellm-qa"
PARTS: Final = {"overview": "overview", "plot": "plot", "temporal": "order"}
"""Parts of a file, and the types of their questions."""
TRUTH: Final = "ground_truth"
"""Folder of `res` with the references."""


def read_moviellm_qa(place: str) -> Annotations:
    """The questions of films, with their references.

    Raises:
        ValueError: there is no file, or one is not what it should be.
    """
    files = _files(place)
    found = Annotations(files)
    for path in files:
        told = _qa(path)
        title = told.get("movie_title")
        names = [path.stem, *([title] if isinstance(title, str) and title else [])]
        found.names.setdefault(path.stem, tuple(dict.fromkeys(names)))
        for item_id, kind, row, where in _rows(path, told):
            question, answer = _text(row, "Question", where), _text(row, "Answer", where)
            if not question.strip():
                raise ValueError(f"{where}: the question is empty")
            if answer.strip():
                found.add(asked(item_id, path.stem, question, answer, question_type=kind), where)
            else:
                found.leave_out(item_id, NO_ANSWER, where)
    return found


def answers_of(folder: Path) -> dict[str, str]:
    """What a model answered, by question; of `res`, `ours` or `baseline`.

    Raises:
        ValueError: there is no file, or one is not what it should be.
    """
    found = {}
    for path in _json_files(folder):
        for item_id, _, row, where in _rows(path, _qa(path)):
            found[item_id] = _text(row, "Answer", where)
    return found


def _files(place: str) -> list[Path]:
    if not place.strip():
        raise ValueError(f"{KIND}: names no file; write {KIND}:FOLDER, a folder of one JSON file a film")
    whole = Path(place).expanduser()
    paths = [whole] if whole.exists() else [Path(one.strip()).expanduser() for one in place.split(",") if one.strip()]
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += _json_files(path / TRUTH if (path / TRUTH).is_dir() else path)
        elif path.is_file():
            found.append(path)
        else:
            raise ValueError(f"no file {path}; {KIND}: takes JSON files of films, or their folder")
    stems = [path.stem for path in found]
    twice = next((stem for stem in stems if stems.count(stem) > 1), None)
    if twice is not None:
        raise ValueError(f"two files are called {twice}.json; a film is called by its file, name each once")
    return found


def _json_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise ValueError(f"no folder {folder}; it holds one JSON file a film")
    found = sorted(path for path in folder.iterdir() if path.suffix == ".json" and path.is_file())
    if not found:
        raise ValueError(f"the folder {folder} holds no .json files; {KIND} has one a film")
    return found


def _qa(path: Path) -> Mapping[str, Any]:
    told = read_json(path)
    if not isinstance(told, dict) or not isinstance(told.get("QA"), dict):
        had = named(told) if not isinstance(told, dict) else f"an object with {', '.join(map(str, told)) or 'nothing'}"
        raise ValueError(f'{path} holds {had}; a film is {{"movie_title", "QA": {{"overview_qa", ...}}}}')
    return told


def _rows(path: Path, told: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any], str]]:
    """Id, type, row and place of every question of a file."""
    other = sorted(set(told["QA"]) - {f"{part}_qa" for part in PARTS})
    if other:
        raise ValueError(f"{path}: {other[0]!r:.60} is no part; there are {', '.join(f'{part}_qa' for part in PARTS)}")
    for part, kind in PARTS.items():
        rows = told["QA"].get(f"{part}_qa", [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ValueError(f"{path}: {part}_qa is a list of {{Question, Answer}}")
        for number, row in enumerate(rows):
            yield f"{path.stem}-{part}-{number}", kind, row, f"{path}, {part}_qa {number}"


def _text(row: Mapping[str, Any], key: str, where: str) -> str:
    value = row.get(key)
    if not isinstance(value, str):
        raise ValueError(f"{where}: no {key}; a row is {{Question, Answer}} with texts")
    return value
