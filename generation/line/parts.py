"""The parts of `moviellm run`: which verbs each is, what it is made from, and which names it has on the Hub.

    line = Line("tiny", recipe, settings, Path("demo"), [], hub=None)
    [part.name for part in (movies(line), model(line), benchmark(line), scores(line), leaderboard(line))]

With a `Hub` every part ends with its push, and the next one reads what was pushed, by id and revision. It starts
nothing: see running.py.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import Field

from moviellm.generation.config.recipe import Recipe
from moviellm.generation.config.section import Section

NOBODY: Final = "local"
"""Namespace of what lies on this machine only."""
BASELINES: Final = "question-only,title-only,dialogue-only,single-frame"
"""Controls of test that become rows beside the model's: those under which it sees nothing, or next to nothing."""
FIRST_VERSION: Final = "1.0.0"
"""Of a recipe that fixes none."""


class BenchmarkSettings(Section):
    """The movies of a benchmark."""

    movies: int = Field(default=16, ge=4)
    """Movies that are made; those that have a place or a plot of train are left out."""
    seed: int = Field(default=1007, ge=0, lt=2**31)
    """Another seed than the recipe's; on the Hub one that is drawn, for who knows it can make the answers again."""
    dev: float = Field(default=0.25, gt=0.0, lt=1.0)
    """Share of them whose answers are public."""


class LineSettings(Section):
    """What follows the dataset."""

    train: str
    """Recipe of `moviellm train`: packaged, or a file."""
    benchmark: BenchmarkSettings = BenchmarkSettings()
    answer_tokens: int | None = Field(default=None, ge=1)
    """Longest answer; None takes that of each task."""


@dataclass(frozen=True)
class Hub:
    """What the line is called on the Hub, all of it under one version."""

    owner: str
    name: str
    """The dataset's; all others follow from it."""
    version: str

    @property
    def tag(self) -> str:
        """Where everything is read at."""
        return f"v{self.version}"

    @property
    def data(self) -> str:
        """The movies."""
        return f"{self.owner}/{self.name}"

    @property
    def model(self) -> str:
        """What was trained on them."""
        return f"{self.data}-model"

    @property
    def bench(self) -> str:
        """Other movies."""
        return f"{self.data}-Bench"

    @property
    def labels(self) -> str:
        """The answers of their test; private."""
        return f"{self.bench}-labels"

    @property
    def requests(self) -> str:
        """What was handed in; private."""
        return f"{self.data}-requests"

    @property
    def results(self) -> str:
        """What it was worth; private, for scores by question tell answers."""
        return f"{self.data}-results"

    @property
    def space(self) -> str:
        """The page."""
        return f"{self.data}-leaderboard"

    def repositories(self) -> list[tuple[str, str, bool]]:
        """Id, kind, and whether it must be private, in the order in which they are made."""
        return [
            (self.data, "dataset", False),
            (self.model, "model", False),
            (self.labels, "dataset", True),
            (self.bench, "dataset", False),
            (self.requests, "dataset", True),
            (self.results, "dataset", True),
            (self.space, "space", False),
        ]


@dataclass(frozen=True)
class Line:
    """What all parts are told."""

    recipe_name: str
    recipe: Recipe
    settings: LineSettings | None
    base: Path
    overrides: Sequence[str]
    hub: Hub | None = None
    bench_seed: int | None = None
    """None for that of the settings."""

    @property
    def told(self) -> LineSettings:
        """The settings, where there are parts behind the dataset."""
        assert self.settings is not None
        return self.settings

    @property
    def dataset(self) -> Path:
        """Folder of the dataset."""
        return self.base / self.recipe.dataset.name

    @property
    def set(self) -> list[str]:
        """Overrides as options."""
        return [f"--set={override}" for override in self.overrides]


@dataclass(frozen=True)
class Part:
    """Steps that are done together."""

    name: str
    steps: list[list[str]]
    """Arguments of `moviellm`."""
    made_from: tuple[Path, ...] = ()
    """Files by which it is known whether it has to be done again."""
    makes: tuple[Path, ...] = ()
    """Folders that go when it is done again."""


def movies(line: Line) -> Part:
    """Movies, and their dataset."""
    run, dataset = f"{line.base}/run", f"{line.dataset}"
    steps = [
        ["make", "--recipe", line.recipe_name, "--out", run, *line.set],
        ["check", run],
        ["dataset", "build", run, "--out", dataset],
        ["dataset", "check", dataset],
        ["dataset", "show", dataset],
    ]
    if line.hub:
        steps.append(["dataset", "push", dataset, line.hub.data, "--version", line.hub.version])
    return Part("dataset", steps)


def model(line: Line) -> Part:
    """A model that is trained on it."""
    hub, out = line.hub, f"{line.base}/model"
    data = [line.hub.data, "--dataset_revision", line.hub.tag] if line.hub else [f"{line.dataset}"]
    steps = [["train", line.told.train, "--dataset", *data, "--output_dir", out]]
    if hub:
        steps.append(["train", "push", out, hub.model, "--version", hub.version])
    return Part("model", steps, (line.dataset / "manifest.json",), (line.base / "model",))


def benchmark(line: Line) -> Part:
    """Other movies, those that it does not know, and what is asked of them."""
    place, asked, hub = line.base / "benchmark", line.told.benchmark, line.hub
    seed = asked.seed if line.bench_seed is None else line.bench_seed
    other = [f"--movies={asked.movies}", f"--seed={seed}", "--no-films"]
    name = f"{line.recipe.dataset.name}-Bench"
    train = f"{hub.data}@{hub.tag}" if hub else f"{line.dataset}"
    called = ["--repo", hub.bench, "--version", hub.version] if hub else ["--repo", f"{NOBODY}/{name}"]
    steps = [
        ["make", "--recipe", line.recipe_name, "--out", f"{place}/movies", *line.set, *other],
        ["dataset", "build", f"{place}/movies", "--out", f"{place}/data"],
        ["bench", "build", f"{place}/data", "--train", train, "--out", f"{place}/bench", "--name", name]
        + [*called, f"--dev={asked.dev}"],
        ["bench", "verify", f"{place}/bench"],
    ]
    if hub:
        steps.append(["bench", "push", f"{place}/bench", "--repo", hub.bench, "--labels", hub.labels])
    return Part("benchmark", steps, (line.dataset / "manifest.json",), (place,))


def scores(line: Line) -> Part:
    """What the model says: of dev with numbers and a report, of test without; controls of both."""
    base, hub = line.base, line.hub
    asked = ["eval", "run", "--tasks", "all"]
    if hub:
        asked += ["--model", hub.model, "--model-revision", hub.tag, "--data", hub.bench, "--revision", hub.tag]
    else:
        asked += ["--model", f"{base}/model", "--data", f"{base}/benchmark/bench/public"]
    asked += [] if line.told.answer_tokens is None else [f"--max-tokens={line.told.answer_tokens}"]
    steps = [
        [*asked, "--split", "dev", "--controls", "all", "--report", "--out", f"{base}/scores/dev"],
        [*asked, "--split", "test", "--controls", BASELINES, "--out", f"{base}/scores/test"],
    ]
    made_from = (base / "model/model.safetensors", base / "benchmark/bench/public/INDEX.json")
    return Part("scores", steps, made_from, (base / "scores",))


def leaderboard(line: Line) -> Part:
    """The model's row, those of its controls, and the page."""
    base, hub, place = line.base, line.hub, line.base / "leaderboard"
    index, name = f"{base}/benchmark/bench/public/INDEX.json", f"{line.recipe.dataset.name}-model"
    told = ["--display-name", name, "--no-seen-test-inputs"]
    if hub:
        told += ["--training-data", hub.data]
    else:
        weights = base / "model/model.safetensors"
        revision = sha256_of(weights)[:40] if weights.is_file() else "SHA256_OF_THE_WEIGHTS"
        told += ["--model-id", f"{NOBODY}/{name}", "--model-revision", revision]
        told += ["--training-data", f"{NOBODY}/{line.recipe.dataset.name}"]
    requests, results = (hub.requests, hub.results) if hub else (f"{place}/requests", f"{place}/results")
    labels = hub.labels if hub else f"{base}/benchmark/bench/private"
    queue = ["--requests", requests, "--results", results]
    test = f"{base}/scores/test"
    steps = [
        ["leaderboard", "open", *queue, "--index", index],
        ["submit", "make", test, "--index", index, "--out", f"{place}/bundle.zip", *told],
        ["submit", "send", f"{place}/bundle.zip", "--to", requests, "--index", index],
        ["leaderboard", "score", *queue, "--labels", labels, "--index", index],
        ["leaderboard", "baselines", test, "--results", results, "--index", index, "--labels", labels],
    ]
    if hub:
        page = ["--space", hub.space, *queue, "--bench", hub.bench, "--bench-revision", hub.tag]
        steps.append(["leaderboard", "push", *page])
    return Part("leaderboard", steps, (base / "scores/test/results.json", Path(index)))


def sha256_of(path: Path) -> str:
    """Hash of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
