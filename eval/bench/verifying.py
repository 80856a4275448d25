"""`moviellm bench verify`: which items are not what they were when it was built, and what is public by mistake.

    moviellm bench verify BENCH                     # public/ and private/
    moviellm bench verify COPY                      # a copy of public/, as from the Hub

It makes nothing good: a benchmark that changed is another version.
"""

from pathlib import Path

from moviellm.eval.bench.folders import PRIVATE, PUBLIC
from moviellm.eval.bench.frozen import FROZEN_FILE, changed, read_frozen
from moviellm.eval.bench.leaks import label_leaks
from moviellm.eval.submissions.index import INDEX_FILE, index_of, read_index
from moviellm.generation.dataset.folder import read_manifest, same_files
from moviellm.generation.output import emit


def verify(bench: Path, *, as_json: bool) -> None:
    """Say what is wrong; exit 1 for anything."""
    public, private = folders_of(bench)
    found = problems(public, private)
    frozen = read_frozen(public)
    facts = {
        "name": frozen.name,
        "version": frozen.version,
        "items": len(frozen.items),
        "answers_checked": private is not None,
        "problems": found,
    }
    said = f"{frozen.name} {frozen.version}: {len(frozen.items)} items"
    if found:
        told = [f"  {one}" for one in found]
        emit(facts, "\n".join([f"{said}, {len(found)} problems", *told]), as_json)
        raise SystemExit(1)
    checked = f", {len(frozen.answers)} answers" if private is not None else "; the answers were not checked"
    emit(facts, f"{said}{checked}: all as they were built", as_json)


def folders_of(bench: Path) -> tuple[Path, Path | None]:
    """The public folder of a benchmark, and the one with the answers where it is there.

    Raises:
        ValueError: there is no benchmark.
    """
    if (bench / PUBLIC / FROZEN_FILE).is_file():
        private = bench / PRIVATE
        return bench / PUBLIC, private if private.is_dir() else None
    if (bench / FROZEN_FILE).is_file():
        return bench, None
    raise ValueError(f"{bench} is no benchmark (no {PUBLIC}/{FROZEN_FILE}); make one with: moviellm bench build")


def problems(public: Path, private: Path | None) -> list[str]:
    """Everything that is wrong with a benchmark."""
    found = changed(public, private)
    for folder in (public, private):
        if folder is not None and not same_files(folder, read_manifest(folder)):
            found.append(f"{folder}: its files are not those of its manifest")
    if private is not None:
        found += label_leaks(public, private)
    return found + _index_problems(public)


def _index_problems(public: Path) -> list[str]:
    path = public / INDEX_FILE
    if not path.is_file():
        return [f"{path} is missing"]
    index = read_index(path)
    now = index_of(public, benchmark=index.benchmark, revision=index.revision)
    return [] if now.tasks == index.tasks else [f"{path}: it lists other items than there are"]
