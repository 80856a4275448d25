"""A place of results as the worker leaves it, made of drawn numbers: rows that differ, baselines, judgements."""

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from moviellm.eval.leaderboard.board import Board, read_board
from moviellm.eval.leaderboard.places import FolderPlace
from moviellm.eval.tasks.means import mean_of

TASKS = {"qa_open": "exact_match", "qa_mc": "accuracy", "grounding": "miou", "dense_captioning": "soda_c"}
BENCHMARK = "example-org/moviellm-bench"
REVISION = "0123456789abcdef0123456789abcdef01234567"
HOSTILE = "=1+1</title><img src=x onerror=\"alert('bad')\"><script>alert(2)</script>\u202e{{value}}${alert(3)}"
Skill = Mapping[str, float]


def sha_of(number: int) -> str:
    return f"{number:064x}"


def scores(seed: str, skill: float, movies: int = 24, each: int = 4) -> dict[str, list[tuple[str, str, float]]]:
    """(item, movie, score) of each task; the same movies are hard for everybody."""
    found: dict[str, list[tuple[str, str, float]]] = {}
    for task in TASKS:
        for movie in range(movies):
            for item in range(each):
                hard = random.Random(f"{task} {movie} {item}").uniform(-0.25, 0.25)
                drawn = random.Random(f"{seed} {task} {movie} {item}").random()
                share = min(max(skill + hard, 0.0), 1.0)
                smooth = task in ("grounding", "dense_captioning")
                score = round(share * (0.7 + 0.3 * drawn), 6) if smooth else float(drawn < share)
                found.setdefault(task, []).append((f"m{movie:05d}-{task}-{item}", f"m{movie:05d}", score))
    return found


def numbers(rows: Mapping[str, Sequence[tuple[str, str, float]]], resamples: int = 400) -> dict[str, Any]:
    return {
        task: {
            "headline": TASKS[task],
            "metrics": {TASKS[task]: mean_of([row[2] for row in mine], [row[1] for row in mine], resamples)},
        }
        for task, mine in rows.items()
    }


def add_row(folder: Path, number: int, skill: float, seed: str | None = None, **told: Any) -> str:
    """A submission that was scored; `told` goes over its entry."""
    sha256 = sha_of(number)
    drawn = told.pop("drawn", None) or scores(seed or str(number), skill)
    place = folder / "results" / sha256
    place.mkdir(parents=True)
    entry = {
        "entry_version": "1.0",
        "sha256": sha256,
        "submitter": "ada",
        "display_name": f"Model {number}",
        "model": {"id": f"org/model-{number}", "revision": "1" * 40, "parameters_b": 7.0, "base_model": None},
        "track": "open-weights",
        "inputs": {"frames": 64, "fps": None, "max_pixels": None, "subtitles": "none", "audio": False},
        "training_data": ["MovieLLM-tiny"],
        "seen_test_inputs": False,
        "benchmark": BENCHMARK,
        "benchmark_revision": REVISION,
        "scored_at": f"2026-11-{number % 28 + 1:02d}T12:00:00+00:00",
        "tasks": numbers(drawn),
        "judged": {},
        "judgements": {},
    } | told
    write(place / "entry.json", entry)
    lines = [
        json.dumps({"item_id": item, "task": task, "movie_id": movie, "family": movie, "score": score})
        for task, mine in drawn.items()
        for item, movie, score in mine
    ]
    (place / "items.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return sha256


def add_baseline(folder: Path, name: str, skill: float, **told: Any) -> None:
    entry = {"display_name": name, "tasks": numbers(scores(name, skill))} | told
    write(folder / "baselines" / f"{name}.json", entry)


def write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def board_of(folder: Path) -> Board:
    return read_board(FolderPlace(folder).look())


ROWS: Sequence[tuple[str, str, float, float | None, str, str, bool]] = (
    ("Kestrel 32B", "aerie/kestrel-32b", 0.71, 32.0, "open-weights", "none", False),
    ("Halcyon", "halcyon/video-pro", 0.69, None, "api", "provided", False),
    ("MovieLLM 7B (64 frames)", "moviellm/vlm-7b", 0.64, 7.0, "open-weights", "none", False),
    ("Kestrel 8B", "aerie/kestrel-8b", 0.60, 8.0, "open-weights", "none", False),
    ("Longreel agent", "longreel/agent", 0.66, None, "system", "asr", False),
    ("Ibis-VL 4B", "ibis/ibis-vl-4b", 0.53, 4.0, "open-weights", "provided", False),
    ("Plover 72B", "waders/plover-72b", 0.74, 72.0, "open-weights", "none", True),
    ("Wren 1.5B", "wren/wren-1.5b", 0.45, 1.5, "open-weights", "none", False),
)
BASELINES = {"random": 0.22, "question-only": 0.33, "dialogue-only": 0.41, "single-frame": 0.38, "oracle": 0.97}


def make_results(folder: Path, *, hostile: bool = True) -> Path:
    """Eight rows and five baselines; with `hostile` a ninth row whose every text attacks."""
    for number, (name, model, skill, size, track, subtitles, seen) in enumerate(ROWS, 1):
        add_row(
            folder,
            number,
            skill,
            display_name=name,
            submitter=model.split("/")[0],
            model={"id": model, "revision": "1" * 40, "parameters_b": size, "base_model": None},
            track=track,
            inputs={"frames": 64, "fps": None, "max_pixels": None, "subtitles": subtitles, "audio": False},
            seen_test_inputs=seen,
        )
    if hostile:
        add_row(
            folder,
            90,
            0.5,
            display_name=HOSTILE,
            submitter=HOSTILE,
            model={"id": HOSTILE, "revision": HOSTILE, "parameters_b": 3.0, "base_model": HOSTILE},
            track=HOSTILE,
            inputs={"frames": 8, "subtitles": HOSTILE},
            training_data=[HOSTILE],
            benchmark_revision=HOSTILE,
            judged={HOSTILE: {HOSTILE: {"metrics": {HOSTILE: {"value": 0.5, "low": 0.4, "high": 0.6, "n": 3}}}}},
        )
    for name, skill in BASELINES.items():
        add_baseline(folder, name, skill)
    return folder


def static_page(
    path: Path, parts: Mapping[str, str], answers: Mapping[str, str] | None = None, dark: bool = False
) -> Path:
    """What Gradio would put on its page, without Gradio: parts by name, each with the script.

    `answers` is what the server would answer to a question; `window.asked` tells what was asked.
    """
    from moviellm.eval.leaderboard.pages import asset
    from moviellm.eval.leaderboard.plots import theme_css

    def told(value: object) -> str:
        """A value that a script may hold."""
        return json.dumps(value).replace("</", "<\\/")

    script = f"""
    window.asked = [];
    const answers = {told(answers or {})};
    const server = new Proxy({{}}, {{ get: (_, name) => async (wish) => {{
      window.asked.push([name, JSON.parse(wish)]); return answers[name] ?? ""; }} }});
    const act = new Function("element", "server", {told(asset("leaderboard.js"))});
    for (const element of document.querySelectorAll(".part")) act(element, server);
    """
    body = "".join(f'<div class="part" id="{name}">{text}</div>' for name, text in parts.items())
    path.write_text(
        '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<style>*{{box-sizing:border-box}} body{{margin:0;font-family:sans-serif}}{asset('leaderboard.css')}"
        f"{theme_css()}</style><body{' class=dark' if dark else ''}><div class=gradio-container><main>{body}</main>"
        f"<script>{script}</script>",
        encoding="utf-8",
    )
    return path
