"""Are the answers exact when a model proposes the plot? A hundred movies with a fifth of the steps impossible.

    python benchmarks/world.py                # 100 movies, a few minutes on 2 cores; writes results/world.*
    python benchmarks/world.py --movies 10    # a try-out; prints, writes nothing

`moviellm make --writer world` runs against the double of a model server, whose stories are the offline studio's with
steps made impossible on purpose (tests/servers/world_answers.py). Measured: whether a second reader, written apart
from the product, finds the answer of every question; whether every event could happen and needed its causes; what
became of every impossible step; calls of a second run. Pictures are small. It measures no model: the double is no
author.
"""

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from moviellm.generation.briefs import StoryBrief
from moviellm.generation.config.recipe import Recipe, load_recipe, recipe_from
from moviellm.generation.files import write_whole
from moviellm.generation.llm.asks import Ask, Reply
from moviellm.generation.orders import MovieOrder, order_of
from moviellm.generation.progress import progress
from moviellm.generation.runs.tables import RunReader
from moviellm.generation.schema import Movie
from moviellm.generation.writers.world.stage import Broken
from moviellm.generation.writers.world.writer import WorldWriter

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the double and the second reader lie with the tests, which no installation has
from benchmarks.questions import agreement, causes  # noqa: E402
from tests.servers.world_answers import chapter, world_answers  # noqa: E402

RESULTS = Path(__file__).parent / "results"
MOVIES, SHARE, EDGES = 100, 0.2, 1000
SEEDS = (("films", 2, 2, 4, 0.6), ("longer", 4, 2, 5, 0.4))
"""Two runs: name, chapters, scenes, keyframes, and the share of the movies."""


def recipe_of(chapters: int, scenes: int, keyframes: int, movies: int) -> dict[str, Any]:
    """A recipe of one size."""
    return {
        "name": "world",
        "seed": 2026,
        "movies": movies,
        "themes": list(load_recipe("tiny").themes),
        "writer": "world",
        "llm": {"model": "double"},
        "story": {"chapters": chapters, "scenes": scenes, "keyframes": keyframes},
        "image": {"width_px": 128, "height_px": 72, "quality": 50},
        "questions": {
            "per_movie": 40,
            "formats": {"multiple_choice": 0.6, "open_ended": 0.3, "temporal_grounding": 0.1},
        },
    }


@contextmanager
def double() -> Iterator[str]:
    """The double of a model server in a process of its own; its address."""
    command = [sys.executable, "-m", "tests.servers.openai_double", "--port", "0", "--answers", "world"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def make(recipe: Mapping[str, Any], folder: Path, base_url: str) -> tuple[Path, float]:
    """A run of a recipe through the command line, and how long it took."""
    folder.mkdir(parents=True, exist_ok=True)
    path, run = folder / "recipe.yaml", folder / "run"
    path.write_text(yaml.safe_dump(dict(recipe)), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("moviellm")), "make", "--recipe", str(path), "--out", str(run)]
    began_s = time.perf_counter()
    environment = {**os.environ, "OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": "none"}
    subprocess.run([*command, "--no-films"], check=True, stdout=subprocess.DEVNULL, env=environment)
    return run, time.perf_counter() - began_s


def calls(base_url: str) -> dict[str, int]:
    """What the double has been asked, by task."""
    with urllib.request.urlopen(base_url.removesuffix("/v1") + "/stats", timeout=10) as answer:
        found: dict[str, int] = json.load(answer)["calls"]
    return found


# ------------------------------------------------------------------------------------------------ impossible steps


class Direct:
    """The double without HTTP: the same answers, so the same scripts."""

    def __init__(self) -> None:
        self.answers = world_answers(SHARE)

    async def exchange(self, ask: Ask) -> Reply:
        """The answer to an ask."""
        user = next(str(message["content"]) for message in ask.messages if message["role"] == "user")
        data = json.loads(re.findall(r"```json\n(.*?)\n```", user, re.DOTALL)[-1])
        return Reply(text=json.dumps(self.answers(str(ask.schema_name), data, {}, ask.seed)), finish_reason="stop")

    def void(self, keys: list[str]) -> None:
        """Nothing is kept."""


def fates(recipe: Recipe, movies: Sequence[Movie]) -> Iterator[dict[str, Any]]:
    """What became of every proposed step that could not happen, and of every one made impossible."""
    writer = WorldWriter(recipe, Direct())
    for number, movie in enumerate(movies):
        brief = brief_of(recipe, order_of(recipe, number))
        proposed = asyncio.run(writer.proposed(brief, brief.seed))
        told = [event.act.action for scene in proposed.story.scenes for event in scene.events]
        assert told == [event.action for event in movie.events], f"{movie.movie_id} was told otherwise"
        sabotaged = dict(_sabotaged(brief.model_dump(mode="json")))
        left, mended = _by_place(proposed.left, brief.scenes), _by_place(proposed.mended, brief.scenes)
        for place, kind in sabotaged.items():
            fate = "left out" if place in left else "mended" if place in mended else "possible after all"
            yield {"kind": kind, "fate": fate, "movie": movie.movie_id}
        for fate, rows in (("left out", left), ("mended", mended)):
            for place, broken in rows.items():
                yield {"reason": broken.fault.kind, "fate": fate, "own": place in sabotaged}
        yield {"steps": len(told), "filled": proposed.filled}


def brief_of(recipe: Recipe, order: MovieOrder) -> StoryBrief:
    """What the plot stage asks for."""
    return StoryBrief(
        theme=order.theme,
        language=recipe.language.tag,
        level=recipe.language.level,
        chapters=order.chapters,
        scenes=order.scenes,
        keyframes=order.keyframes,
        seed=order.seed,
        world=recipe.world,
        held_out=order.held_out,
    )


def _by_place(rows: Sequence[Broken], scenes: int) -> dict[tuple[int, int], Broken]:
    """Broken steps by chapter and number in it."""
    return {(item.scene // scenes, item.number): item for item in rows}


def _sabotaged(story: Mapping[str, Any]) -> Iterator[tuple[tuple[int, int], str]]:
    """The steps that the double makes impossible: chapter and number, and how."""
    for number in range(story["chapters"]):
        kinds = [kind for _, own in chapter({"story": story, "chapter": number}, SHARE) for kind in own]
        yield from (((number, i), kind) for i, kind in enumerate(kinds) if kind)


def counted(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The fates as tables."""
    kinds = Counter((row["kind"], row["fate"]) for row in rows if "kind" in row)
    reasons = Counter((row["reason"], row["fate"]) for row in rows if "reason" in row)
    return {
        "impossible": sum(kinds.values()),
        "possible_after_all": sum(count for (_, fate), count in kinds.items() if fate == "possible after all"),
        "broken_after_them": sum(not row["own"] for row in rows if "reason" in row),
        "steps_told": sum(row.get("steps", 0) for row in rows),
        "scenes_filled": sum(row.get("filled", 0) for row in rows),
        "by_kind": _nested(kinds),
        "by_reason": _nested(reasons),
    }


def _nested(counts: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (name, fate), count in sorted(counts.items()):
        found.setdefault(name, {})[fate] = count
    return found


# ------------------------------------------------------------------------------------------------ all of it


def measure(folder: Path, total: int) -> dict[str, Any]:
    """Make the movies and measure them."""
    movies: list[Movie] = []
    rows: list[dict[str, Any]] = []
    made_s, again = 0.0, 0
    with double() as base_url:
        for name, chapters, scenes, keyframes, share in SEEDS:
            recipe = recipe_of(chapters, scenes, keyframes, max(1, round(total * share)))
            run, seconds = make(recipe, folder / name, base_url)
            before = sum(calls(base_url).values())
            make(recipe, folder / name, base_url)
            made_s, again = made_s + seconds, again + sum(calls(base_url).values()) - before
            own = list(RunReader(run).movies())
            with progress("asking again", len(own), "movies") as advance:
                rows += fates(recipe_from(recipe, source="benchmark"), own)
                advance(len(own))
            movies += own
        asked = calls(base_url)
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "movies": len(movies),
        "made_s": round(made_s, 1),
        "calls": asked,
        "calls_of_a_second_run": again,
        "agreement": agreement(movies),
        "causes": causes(movies, EDGES),
        "steps": counted(rows),
    }


def markdown(found: dict[str, Any]) -> str:
    """The results as a page."""
    agree, edges, steps = found["agreement"], found["causes"], found["steps"]
    fates = ("mended", "left out", "possible after all")
    parts = [
        "# Writer world: a model proposes, the story world disposes",
        f"Written by `python benchmarks/world.py` on {found['date']}; the numbers are in `world.json`.",
        f"{found['movies']} movies by `--writer world` over HTTP against the double of a model server, made in "
        f"{found['made_s']:.0f} s with {sum(found['calls'].values())} calls "
        f"({', '.join(f'{count} {name}' for name, count in sorted(found['calls'].items()))}); a second run makes "
        f"{found['calls_of_a_second_run']}.",
        f"A second reader, written apart from the product, finds the same answer to {agree['agree']:,} of "
        f"{agree['questions']:,} questions; {agree['by_kind'].get('without a form', 0)} have no form to be read.",
        *[f"- {line}" for line in agree["wrong"][:12]],
        f"Of {edges['edges']:,} sampled causes, {edges['possible_as_told']:,} effects are possible as told and "
        f"{edges['possible_without_the_cause']} without the cause.",
        "## Impossible steps",
        f"{steps['impossible']:,} proposed steps were made impossible; {steps['broken_after_them']:,} others could "
        f"not happen because of them. {steps['steps_told']:,} events are told; {steps['scenes_filled']} scenes had "
        "nothing left and got an interlude. A step that is possible after all is one whose world another step had "
        "changed before it; it is told, and is true.",
        _table(("made impossible by", *fates), [_row(kind, own, fates) for kind, own in steps["by_kind"].items()]),
        "The reason that the story world gave, for these and those that depended on them:",
        _table(("reason", *fates[:2]), [_row(kind, own, fates[:2]) for kind, own in steps["by_reason"].items()]),
    ]
    return "\n\n".join(parts) + "\n"


def _row(name: str, counts: Mapping[str, int], fates: Sequence[str]) -> tuple[str, ...]:
    return (name, *(str(counts.get(fate, 0)) for fate in fates))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def main() -> None:
    """Measure, print, and write the results down when nothing was shortened."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--movies", type=int, default=MOVIES, help="movies to make; other than 100 writes nothing")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="moviellm-world-") as folder:
        found = measure(Path(folder), arguments.movies)
    print(markdown(found))
    if arguments.movies == MOVIES:
        write_whole(RESULTS / "world.json", (json.dumps(found, indent=2, ensure_ascii=False) + "\n").encode())
        write_whole(RESULTS / "world.md", markdown(found).encode())


if __name__ == "__main__":
    main()
