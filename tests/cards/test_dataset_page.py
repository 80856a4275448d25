"""docs/dataset.md and the card tell how a dataset is loaded: their code runs on one."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from moviellm.cards.dataset_card import render
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.export import build_dataset
from tests.factories import MemoryRun
from tests.stories import make_story

PAGE = (Path(__file__).resolve().parents[2] / "docs/dataset.md").read_text(encoding="utf-8")
NAME = "MovieLLM-tiny"


def code_of(text: str) -> str:
    """Its Python, one block after the other."""
    return "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("page")
    recipe = Recipe.model_validate({"dataset": {"name": NAME, "films": True}})
    movies = [make_story(number, chapters=1, scenes=1) for number in range(3)]
    build_dataset(MemoryRun(movies), home / "demo" / NAME, recipe, run_seed=0, render_readme=render)
    return home


CHECKS = """
assert pictures[0].size == (64, 36) and question["answer"] == "Ada keeps a key.", question
"""
CHECKS_OF_PAGE = """
assert moments == [(0.0, 4.0)] and frames[0].size == (64, 36) and "ADA" in subtitles
"""
CHECKS_OF_CARD = """
assert open(film["movie_id"] + ".mp4", "rb").read() == film["video"]["bytes"]
"""
# A stream that is left half read may abort in pyarrow's threads when the interpreter ends; that is not the code's.
LEAVE = "import os, sys; sys.stdout.flush(); os._exit(0)\n"


def test_the_code_of_the_page_and_of_the_card_runs(home):
    card = (home / "demo" / NAME / "README.md").read_text(encoding="utf-8")
    code = [code_of(PAGE), CHECKS, CHECKS_OF_PAGE, "import os; os.chdir('demo')\n"]
    code += [code_of(card), CHECKS, CHECKS_OF_CARD, LEAVE]
    environment = {**os.environ, "HF_HOME": str(home / "hf"), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-c", "".join(code)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=home, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


def test_the_page_names_every_config():
    from moviellm.generation.dataset.features import FEATURES

    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == list(FEATURES)
