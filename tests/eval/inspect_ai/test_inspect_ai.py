"""Our Inspect tasks in Inspect: real inspect-ai in an environment of its own, with its mock of a model.

inspect-ai and what it needs are really installed; torch and the like are those of this environment. Slow: runs pip.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from moviellm.eval.inspect_ai.samples import asked_of
from moviellm.eval.tasks.items import open_data
from moviellm.generation.cli.app import call
from tests.eval.other_environment import environment, run
from tests.eval.running.movies import make_dataset

pytestmark = pytest.mark.slow

PACKAGES = [
    "inspect-ai==0.3.285", "agent-client-protocol", "aiobotocore", "aioitertools", "beautifulsoup4", "boto3",
    "botocore", "debugpy", "docstring-parser", "ijson", "jmespath", "jsonlines", "jsonpatch", "jsonpath-ng",
    "jsonpointer", "jsonref", "jsonschema", "jsonschema-specifications", "linkify-it-py", "mdit-py-plugins", "mmh3",
    "nest-asyncio2", "pathlib-abc", "python-dateutil", "referencing", "rpds-py", "s3fs", "s3transfer", "semver",
    "shortuuid", "six", "soupsieve", "tenacity", "textual", "tiktoken", "universal-pathlib", "zipfile-zstd",
    "zstandard", "fsspec<=2026.6.0",
]  # fmt: skip
TASKS = {"moviellm_mc": ("qa_mc", "nothing"), "moviellm_open": ("qa_open", "dialogue")}


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_dataset(tmp_path_factory.mktemp("inspect") / "films")


def said(films: Path) -> dict[str, str]:
    """By prompt: some of each task answered rightly."""
    data = open_data(str(films), split="test")
    asked = [one for task, _ in TASKS.values() for one in asked_of(data, task, shows="nothing")]
    gold = {one.turns[-1]: one.question.answer for one in asked}
    return {prompt: "hm" if number % 3 == 1 else text for number, (prompt, text) in enumerate(sorted(gold.items()))}


@pytest.fixture(scope="module")
def ran(films: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("environment")
    python = environment(folder, PACKAGES)
    (folder / "said.json").write_text(json.dumps(said(films)), encoding="utf-8")
    driver = Path(__file__).with_name("driver.py")
    printed = run(python, str(driver), str(films), "said.json", str(folder / "logs"), cwd=folder, env={})
    found: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return found


def test_means_are_those_of_eval_run(ran: dict[str, Any], films: Path, tmp_path: Path) -> None:
    data, by_prompt = open_data(str(films), split="test"), said(films)
    answers = {
        one.question.item_id: by_prompt[one.turns[-1]]
        for task, _ in TASKS.values()
        for one in asked_of(data, task, shows="nothing")
    }
    (tmp_path / "said.json").write_text(json.dumps(answers), encoding="utf-8")
    model = ["--model", f"replay:{tmp_path / 'said.json'}", "--tasks", "qa_mc,qa_open"]
    assert call(["eval", "run", *model, "--data", str(films), "--out", str(tmp_path / "out")]) == 0
    tasks = json.loads((tmp_path / "out" / "results.json").read_bytes())["tasks"]
    for name, (task, _) in TASKS.items():
        means = {number: score["mean"] for number, score in ran["found"][name].items()}
        wanted = {number: tasks[task]["metrics"][number]["value"] for number in means}
        assert means == pytest.approx(wanted, abs=1e-6)
        assert 0 < next(iter(means.values())) < 1
        assert all(score["stderr"] >= 0 for score in ran["found"][name].values())


def test_each_is_asked_with_the_turns_before_it(ran: dict[str, Any]) -> None:
    follow_ups = [turns for turns in ran["asked"] if len(turns) == 3]
    assert len(follow_ups) == 6
    assert all(turns[0].startswith("What is said in the movie:") and turns[1] == "Ada" for turns in follow_ups)
