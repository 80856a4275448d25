"""What `moviellm run` does: from a recipe's themes to a dataset, and on to a model, its scores and a leaderboard.

    moviellm run tiny --out demo                      # all that this installation can do
    moviellm run tiny --out demo --until dataset
    moviellm run tiny --out demo --dry-run            # what would be done, and what it would cost
    moviellm run tiny --out demo --on ray             # movies made and questions asked on a cluster
    moviellm run tiny --out demo --to ORG             # everything on the Hub, each part made from what was pushed

    demo/run/  demo/MovieLLM-tiny/                    movies, and their dataset
    demo/model/                                       trained on it
    demo/benchmark/{movies,data,bench}/               other movies; what the model is asked about them
    demo/scores/{dev,test}/                           numbers with controls and a report; predictions without answers
    demo/leaderboard/{requests,results}/              the model's bundle; its row, and those of its controls

Every step is a verb in a process of its own; the line prints it, and anybody may type it. A part that is done stays
done until what it was made from changes (demo/line.json). The line makes nothing itself.
"""

import importlib.util
from collections.abc import Iterator
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal

from moviellm.generation.cluster.connecting import address_of
from moviellm.generation.config.recipe import load_recipe, read_yaml
from moviellm.generation.dataset.folder import check_target, resolve_target
from moviellm.generation.line import parts
from moviellm.generation.line.doing import do, secret_seed
from moviellm.generation.line.parts import FIRST_VERSION, Hub, Line, LineSettings, Part
from moviellm.generation.line.planning import show_line
from moviellm.generation.output import emit, note
from moviellm.generation.runs.address import refuse_bucket
from moviellm.generation.views import FILMS_NAME, STORYBOARD_NAME

Until = Literal["dataset", "model", "scores", "leaderboard"]
UNTIL: Final[tuple[Until, ...]] = ("dataset", "model", "scores", "leaderboard")
"""Where a line may end, in order."""
PUBLIC: Final = "benchmark/bench/public"
"""What everybody may see of the benchmark."""
NEEDED: Final = {"model": ("trl", "torch", "transformers"), "scores": ("scipy", "statsmodels")}
"""Packages of the extras `train` and `eval` that a part cannot do without."""


def run_line(
    recipe_name: str,
    out: Path,
    *,
    overrides: list[str],
    train: str | None = None,
    until: str | None = None,
    to: str | None = None,
    on: str | None = None,
    dry_run: bool = False,
) -> None:
    """`moviellm run`.

    Args:
        recipe_name: Recipe of the movies.
        out: Folder of everything.
        overrides: `key=value` for that recipe.
        train: Recipe of the training; None takes that of line.yaml, where there is one.
        until: Last part; None goes as far as there are settings and packages.
        to: Who everything is pushed to on the Hub; None leaves it in the folder.
        on: `ray` or `ray://HOST:PORT`: the cluster that makes movies and asks questions; None is this machine.
        dry_run: only print the steps, and what the makes would cost.

    Raises:
        ValueError: no such recipe, a place that cannot be written, or a part that this installation cannot do.
    """
    if on is not None:
        address_of(on)
    line, last = _prepared(recipe_name, out, overrides, train, until, to, dry_run=dry_run)
    if dry_run:
        show_line(line, list(_parts(line, last)), on=on)
        return
    for part in _parts(line, last):
        do(line.base, part, on)
    emit({}, "\nlook at it:\n  " + "\n  ".join(_places(line, last)), as_json=False)


def _prepared(
    recipe_name: str,
    out: Path,
    overrides: list[str],
    train: str | None,
    until: str | None,
    to: str | None,
    *,
    dry_run: bool,
) -> tuple[Line, Until]:
    """The line and its last part, with everything refused that can be refused before the work."""
    refuse_bucket(out, "the whole line works in a folder; moviellm make makes a run in a bucket")
    recipe = load_recipe(recipe_name, overrides)
    settings = _line_of(recipe_name, train)
    last = _last(until, settings)
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file; --out takes a folder")
    taken = {"run", "model", "benchmark", "scores", "leaderboard"}
    if recipe.dataset.name in taken:
        raise ValueError(
            f"dataset.name: a dataset called {recipe.dataset.name} would lie where another part lies; choose another"
        )
    base = Path(f"./{out}") if str(out).startswith("-") else out  # never to be taken for an option
    check_target(resolve_target(base / recipe.dataset.name))
    hub = None if to is None else Hub(to, recipe.dataset.name, recipe.dataset.version or FIRST_VERSION)
    if hub and not dry_run:
        _check_hub(hub)
    seed = secret_seed(base, keep=not dry_run) if hub else None
    return Line(recipe_name, recipe, settings, base, overrides, hub, seed), last


def _parts(line: Line, last: Until) -> Iterator[Part]:
    """All parts of the line, each made when the one before it is done: the last is told what the model's files are."""
    wanted = UNTIL.index(last)
    yield parts.movies(line)
    if wanted > 0:
        yield parts.model(line)
    if wanted > 1:
        yield parts.benchmark(line)
        yield parts.scores(line)
    if wanted > 2:
        yield parts.leaderboard(line)


def _check_hub(hub: Hub) -> None:
    """Say what is pushed where the token may make it all; else an error, with nothing made."""
    who = import_module("moviellm.cards.publishing").check_repositories(hub.repositories())
    note(f"{who} pushes to {hub.owner}: " + ", ".join(name.partition("/")[2] for name, _, _ in hub.repositories()))


def _places(line: Line, last: Until) -> list[str]:
    """Where to look at what was made."""
    base, hub, wanted = line.base, line.hub, UNTIL.index(last)
    places = [
        f"storyboard   {base}/run/{STORYBOARD_NAME}",
        f"films        {base}/run/{FILMS_NAME}",
        f"dataset      {hub.data if hub else line.dataset}",
    ]
    if wanted > 0:
        asked = f"{hub.model} {hub.data}" if hub else f"{base}/model {line.dataset}"
        places.append(f"model        moviellm ask {asked}#m00000 'Who is in it?'")
    if wanted > 1:
        places.append(f"scores       {base}/scores/dev/report/report.html")
    if wanted > 2:
        results, bench = (hub.results, hub.bench) if hub else (f"{base}/leaderboard/results", f"{base}/{PUBLIC}")
        places.append(f"leaderboard  moviellm leaderboard {results} --bench {bench}")
        places += [f"page         {hub.space}, once its secret HF_TOKEN is set"] if hub else []
    return places


def _line_of(recipe_name: str, train: str | None) -> LineSettings | None:
    """What follows a recipe's dataset."""
    text = (files("moviellm.generation.line") / "line.yaml").read_text(encoding="utf-8")
    known: dict[str, Any] = read_yaml(text, "line.yaml")
    if train is not None:
        return LineSettings.model_validate({**known.get(recipe_name, {}), "train": train})
    return LineSettings.model_validate(known[recipe_name]) if recipe_name in known else None


def _last(until: str | None, line: LineSettings | None) -> Until:
    """Where the line ends: where it is told to, or where packages or settings end."""
    if until is not None and until not in UNTIL:
        raise ValueError(f"--until {until!r}: it is one of {', '.join(UNTIL)}")
    asked = next((name for name in UNTIL if name == until), None)
    if line is None:
        if asked not in (None, "dataset"):
            raise ValueError(f"--until {asked}: this recipe says nothing of training; name a recipe with --train")
        return "dataset"
    missing = {
        part: [name for name in names if importlib.util.find_spec(name) is None] for part, names in NEEDED.items()
    }
    for at, name in enumerate(UNTIL):
        lacking = missing.get(name, [])
        if lacking and (asked is None or at <= UNTIL.index(asked)):
            told = f'{", ".join(lacking)} for the part `{name}`; pip install "moviellm[train,eval]"'
            if asked is not None:
                raise ValueError(f"--until {asked} needs {told}")
            note(f"the line ends before `{name}`: there is no {told}")
            return UNTIL[at - 1]
        if name == asked:
            return name
    return UNTIL[-1]
