"""What the README does with a GPU and a key, on tiny models and servers of our own: the same verbs in the same order.

What stays unmeasured is what a GPU, a key and weights do: times, costs and scores.
"""

import json
from pathlib import Path

import pytest

from tests.hub import hub, run_cli  # noqa: F401 fixture
from tests.servers.hub_double import Hub
from tests.servers.openai_double import openai_double
from tests.servers.story_answers import answers
from tests.tiny_models import save_tiny
from tests.training.stock.tiny import written

pytestmark = pytest.mark.slow  # every verb imports what it needs in a process of its own
TINY = """
lora: {r: 2, alpha: 4}
data: [{view: sft, frames: 2}]
max_steps: 1
per_device_train_batch_size: 1
save_strategy: "no"
eval_strategy: "no"
use_cpu: true
bf16: false
"""
SMALL = ("story.chapters=2", "story.scenes=1", "story.keyframes=2", "questions.per_movie=4", "painting.steps=2")
SMALLER = ("image.width_px=64", "image.height_px=64", "style.method=prompt", "identity.method=prompt", "llm.seeds=1")


def test_the_line_for_real_runs_on_tiny_models(hub: Hub, tmp_path: Path) -> None:  # noqa: F811
    painter, base, recipe = (
        save_tiny("sdxl", tmp_path / "sdxl"),
        written("qwen3_vl", tmp_path / "qwen"),
        tmp_path / "r.yaml",
    )
    recipe.write_text(f"model: {base}\n{TINY}", encoding="utf-8")
    data, runs = tmp_path / "movies", tmp_path / "runs"
    settings = [*SMALL, *SMALLER, f"painting.model={painter}", "painting.dtype=float32"]
    made = [
        "make",
        "--recipe",
        "sdxl",
        "--writer",
        "llm",
        "--model",
        "gpt-5.4-mini",
        "--movies",
        "3",
        "--out",
        f"{runs}/real",
    ]
    made += ["--no-films", *(f"--set={key}" for key in settings)]
    with openai_double(answers=answers) as double:
        more = {"OPENAI_BASE_URL": double.base_url, "OPENAI_API_KEY": "sk-test"}
        steps = [
            [*made, "--dry-run"],
            made,
            ["dataset", "build", f"{runs}/real", "--out", f"{data}"],
            ["dataset", "check", f"{data}"],
            ["dataset", "push", f"{data}", "moviellm/movies", "--version", "1.0.0", "--license", "cc-by-4.0"],
            [
                "train",
                f"{recipe}",
                "--dataset",
                "moviellm/movies",
                "--dataset_revision",
                "v1.0.0",
                "--output_dir",
                f"{runs}/qwen",
            ],
            ["train", "merge", f"{runs}/qwen", "--out", f"{runs}/whole"],
            ["eval", "run", "--model", f"{runs}/whole", "--data", f"{data}", "--split", "train", "--tasks", "all"]
            + ["--controls", "all", "--max-tokens", "8", "--report", "--out", f"{runs}/scores"],
            [
                "train",
                "push",
                f"{runs}/whole",
                "moviellm/qwen-movies",
                "--version",
                "1.0.0",
                "--licence",
                "apache-2.0",
            ],
        ]
        for step in steps:
            run_cli(hub, tmp_path / "home", *step, more=more)
    tasks = json.loads((runs / "scores/results.json").read_text())["tasks"]
    assert tasks and "README.md" in set(map(str, hub.tree("moviellm/qwen-movies", kind="model", revision="v1.0.0")))
