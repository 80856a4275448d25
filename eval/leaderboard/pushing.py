"""What `moviellm leaderboard push` does: the page as a Space that is complete, or as a folder.

    moviellm leaderboard push --space ORG/leaderboard --requests ORG/requests --results ORG/results --bench ORG/BENCH
    moviellm leaderboard push --out space ...               # a folder: pip install -r requirements.txt; python app.py

A Space installs requirements.txt before it sees any other file, so a wheel of ours could not be installed there:
the modules that the page needs, directly or by each other, are pushed beside app.py, with their data files. What they
need of others is pinned to the versions of this environment.
"""

import ast
import json
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

from moviellm.cards.hub.names import check_repo_id
from moviellm.cards.publish import How, publish_folder
from moviellm.cards.publishing import as_facts, bytes_progress, hub_in_words, in_words
from moviellm.eval.leaderboard.pages import render_file
from moviellm.eval.leaderboard.showing import INSTALL, PER_DAY
from moviellm.eval.leaderboard.space import CONFIG
from moviellm.generation.files import write_whole
from moviellm.generation.output import emit, note

ROOT: Final = Path(__file__).resolve().parents[2]
"""Folder of our rooms: the checkout, or `moviellm` where it is installed."""
START: Final = (
    "eval.leaderboard.space",
    "eval.leaderboard.app",
    "eval.submissions.in_cell",
    "eval.submissions.cell_worker",
    "eval.submissions.archives",
    "eval.judging.injections",
)
"""What is imported by name only: by app.py, or in the cell."""
REQUIRED: Final = {
    "datasets": "datasets",
    "gradio": "gradio[oauth]",
    "huggingface_hub": "huggingface-hub",
    "jinja2": "jinja2",
    "markupsafe": "markupsafe",
    "numpy": "numpy",
    "PIL": "pillow",
    "pyarrow": "pyarrow",
    "pydantic": "pydantic",
    "rich": "rich",
    "scipy": "scipy",
    "statsmodels": "statsmodels",
    "yaml": "pyyaml",
}
"""Modules that the page imports, and the packages that bring them."""
BY_NAME: Final = {"datasets", "markupsafe", "scipy", "statsmodels"}
"""Imported by their names as texts (core/inputs.py), or by moviellm_dataset once a dataset is opened."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is pushed."""

    results: str
    requests: str
    bench: str
    bench_revision: str | None = None
    split: str = "test"
    per_day: int = PER_DAY
    title: str = ""

    def check(self) -> None:
        """Refuse what a Space could not open.

        Raises:
            ValueError: a name is no dataset's, or the quota is none.
        """
        for name in (self.results, self.requests, self.bench):
            check_repo_id(name, "dataset")
        if self.per_day < 1:
            raise ValueError(f"--per-day {self.per_day}: a submitter has 1 or more a day")


def push(
    wish: Wish, *, space: str | None, out: Path | None, private: bool, dry_run: bool, replace: bool, as_json: bool
) -> None:
    """Push the Space, or write it as a folder.

    Raises:
        ValueError: neither or both are named, or the Hub refuses.
    """
    if (space is None) == (out is None):
        raise ValueError("give --space ORG/NAME to push the page, or --out FOLDER to write it")
    wish.check()
    if out is not None:
        write_space(out, wish)
        text = f"{out}\n  pip install -r {out / 'requirements.txt'}\n  python {out / 'app.py'}"
        emit({"out": str(out)}, text, as_json)
        return
    assert space is not None
    how = How(
        private=private, dry_run=dry_run, replace=replace, space_sdk="gradio", progress=bytes_progress, note=note
    )
    with tempfile.TemporaryDirectory() as place, hub_in_words():
        write_space(Path(place), wish)
        done = publish_folder(Path(place), space, "space", how=how)
    told = f"  its secret HF_TOKEN: a token that may write {wish.requests}; keep {wish.requests} private"
    emit(as_facts(done), f"{in_words(done)}\n{told}", as_json)


def write_space(folder: Path, wish: Wish) -> None:
    """Write everything that the Space holds."""
    for path, data in space_files(wish).items():
        write_whole(folder / path, data)


def space_files(wish: Wish) -> dict[str, bytes]:
    """The files of the Space by name."""
    title = wish.title or f"{wish.bench.split('/')[1]} leaderboard"
    config = {
        "results": wish.results,
        "requests": wish.requests,
        "bench": wish.bench,
        "bench_revision": wish.bench_revision,
        "split": wish.split,
        "per_day": wish.per_day,
        "title": wish.title,
    }
    modules = needed()
    readme = render_file(
        "space_readme.md.j2",
        title=title,
        bench=wish.bench,
        results=wish.results,
        requests=wish.requests,
        datasets=[wish.bench, wish.results],
        gradio=installed("gradio"),
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
    )
    files = {
        "app.py": render_file("space_app.py.j2", benchmark=wish.bench).encode(),
        "README.md": readme.encode(),
        "requirements.txt": requirements(modules).encode(),
        CONFIG: (json.dumps(config, indent=1) + "\n").encode(),
    }
    for name, path in modules.items():
        files[_target(name, path)] = path.read_bytes()
    for room in sorted({path.parent for path in modules.values() if path.parent != ROOT.parent}):
        for path in data_files(room):
            files[f"moviellm/{path.relative_to(ROOT).as_posix()}"] = path.read_bytes()
    return dict(sorted(files.items()))


def needed() -> dict[str, Path]:
    """Our modules that the page imports, wherever in them, by name."""
    found: dict[str, Path] = {}
    waiting = [f"moviellm.{name}" for name in START]
    while waiting:
        name = waiting.pop()
        path = module_path(name)
        if path is None or name in found:
            continue
        found[name] = path
        waiting += [module for module in imported(path) if module.startswith("moviellm")]
        if "." in name:
            waiting.append(name.rpartition(".")[0])
    return dict(sorted(found.items()))


def module_path(name: str) -> Path | None:
    """The file of a module of ours; None where there is none of that name."""
    if name == "moviellm_dataset":
        import moviellm_dataset

        return Path(moviellm_dataset.__file__)
    parts = name.split(".")[1:]
    place = ROOT.joinpath(*parts)
    for path in (place / "__init__.py", place.with_suffix(".py")) if parts else ():
        if path.is_file():
            return path
    return None


def imported(path: Path) -> Iterator[str]:
    """Names that a file imports, anywhere in it; of `from a import b` both `a` and `a.b`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def data_files(room: Path) -> list[Path]:
    """What lies beside modules and is no module."""
    return sorted(
        path
        for path in room.iterdir()
        if path.is_file() and path.suffix in (".css", ".j2", ".js", ".json", ".md", ".yaml")
    )


def requirements(modules: dict[str, Path]) -> str:
    """What pip installs: of others' packages those that the modules import, as they are here."""
    used = {name.split(".")[0] for path in modules.values() for name in imported(path)}
    wanted = [package for module, package in REQUIRED.items() if module in used | BY_NAME]
    return "".join(f"{package}=={installed(package)}\n" for package in wanted)


def installed(package: str) -> str:
    """Version of a package in this environment.

    Raises:
        ValueError: it is not installed.
    """
    name = re.sub(r"\[.*\]", "", package)
    try:
        return version(name)
    except ModuleNotFoundError:
        raise ValueError(f"the Space is pinned to what is installed here, and {name} is not: {INSTALL}") from None


def _target(name: str, path: Path) -> str:
    return path.name if name == "moviellm_dataset" else f"moviellm/{path.relative_to(ROOT).as_posix()}"
