"""A dataset folder on machines without moviellm: `datasets` 5.2, 3.6 and 2.21, each with pillow in a venv of its own.

Slow: makes three virtual environments with pip.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from moviellm.generation.dataset.features import CONFIGS
from tests.factories import make_image
from tests.stories import build, make_story

pytestmark = pytest.mark.slow

READ = """
import json, sys, tempfile
import datasets
folder, kind = sys.argv[1:]
source = folder if kind == "plain" else folder + "/moviellm_dataset.py"
trust = {} if kind == "plain" else {"trust_remote_code": True}
def load(config, **options):
    return datasets.load_dataset(source, config, cache_dir=tempfile.mkdtemp(), **trust, **options)
seen = {"datasets": datasets.__version__, "rows": {}, "columns": {}, "streamed": {}}
for config in json.load(open(folder + "/manifest.json"))["configs"]:
    splits = load(config)
    seen["rows"][config] = {split: rows.num_rows for split, rows in splits.items()}
    seen["columns"][config] = list(splits["test"].features)
    seen["streamed"][config] = len(list(load(config, split="test", streaming=True)))
question = load("qa", split="test")[0]
keyframes = load("keyframes", split="test")
ids = list(keyframes["keyframe_id"])
pictures = [keyframes[ids.index(keyframe_id)]["image"] for keyframe_id in question["keyframe_ids"]]
undecoded = keyframes.cast_column("image", datasets.Image(decode=False))
seen["question"] = question
seen["sizes"] = [picture.size for picture in pictures]
seen["bytes"] = [undecoded[ids.index(k)]["image"]["bytes"].hex() for k in question["keyframe_ids"]]
seen["styles"] = [row["style"] is None for row in load("movies", split="test")]
print(json.dumps(seen))
"""

ALONE = """
import sys
sys.path.insert(0, sys.argv[1])
from moviellm_dataset import Frames, load
question = load(sys.argv[1], "qa", split="test")[0]
frames = Frames(load(sys.argv[1], "keyframes", split="test"))
print([frames[keyframe_id].size for keyframe_id in question["keyframe_ids"]])
"""


@pytest.fixture(scope="module")
def python_with(tmp_path_factory) -> Callable[[str], Path]:
    """The Python that has a version of `datasets` and pillow and nothing of ours."""

    @cache
    def make(version: str) -> Path:
        venv = tmp_path_factory.mktemp("datasets") / f"venv-{version}"
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        python = venv / "bin" / "python"
        wanted = [f"datasets=={version}", "pillow"]
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *wanted], check=True)
        return python

    return make


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("old") / "MovieLLM-test"
    build(out, [make_story(number).model_copy(update={"style": None}) for number in range(12)])
    return out


def run(python: Path, code: str, *arguments: str) -> str:
    home = python.parent.parent
    environment = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(home / "hf"), "PATH": "/usr/bin:/bin"}
    command = [str(python), "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=home, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip().splitlines()[-1]


def check(version: str, seen: dict) -> None:
    assert seen["datasets"] == version
    assert set(seen["rows"]) == set(CONFIGS)
    assert seen["rows"]["qa"] == {"train": 30, "validation": 3, "test": 3}
    assert seen["streamed"] == {config: rows["test"] for config, rows in seen["rows"].items()}
    assert seen["question"]["provenance"] is None and seen["styles"] == [True]
    assert seen["question"]["evidence"] == [{"start_s": 0.0, "end_s": 4.0}]
    assert seen["sizes"] == [[64, 36]]
    assert seen["bytes"] == [make_image(seen["question"]["keyframe_ids"][0]).hex()]


@pytest.mark.parametrize("version", ["5.2.0", "3.6.0", "2.21.0"])
def test_the_plain_folder_loads_and_streams_and_decodes(version, python_with, folder):
    check(version, json.loads(run(python_with(version), READ, str(folder), "plain")))


@pytest.mark.parametrize("version", ["3.6.0", "2.21.0"])
def test_the_script_loads_and_streams_and_decodes(version, python_with, folder):
    check(version, json.loads(run(python_with(version), READ, str(folder), "script")))


@pytest.mark.parametrize("version", ["5.2.0", "3.6.0", "2.21.0"])
def test_the_front_door_in_the_folder_works_alone(version, python_with, folder):
    assert run(python_with(version), ALONE, str(folder)) == "[(64, 36)]"
