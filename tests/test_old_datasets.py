"""A dataset on machines without moviellm: `datasets` 5.2, 4.8, 4.0, 3.6 and 2.21, each with pillow in its own venv.

From a folder, and from the local Hub. Slow: makes virtual environments with pip.
"""

import json
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from moviellm.generation.dataset.features import CONFIGS
from moviellm.generation.dataset.folder import read_manifest
from tests.environments import fresh_python
from tests.factories import make_image
from tests.hub import environment
from tests.hub_reader import hashed
from tests.servers.hub_double import Hub, hub_double
from tests.stories import build, make_story

pytestmark = pytest.mark.slow

VERSIONS = ["5.2.0", "4.8.5", "4.0.0", "3.6.0", "2.21.0"]
WITHOUT_FILMS = {"2.21.0"}
"""These know no videos: they read every config but films, which only our own script gives them, as bytes."""
SCRIPTS = ["3.6.0", "2.21.0"]
"""These run loading scripts."""
REPO = "moviellm/MovieLLM-test"

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
    if config == "films" and kind == "plain" and not hasattr(datasets, "Video"):
        continue
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
if "films" in seen["rows"]:
    seen["film"] = load("films", split="test").with_format("arrow")[:].to_pylist()[0]["video"]["bytes"].hex()
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
        return fresh_python(tmp_path_factory.mktemp("datasets") / f"venv-{version}", f"datasets=={version}", "pillow")

    return make


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("old") / "MovieLLM-test"
    stories = [make_story(number).model_copy(update={"style": None}) for number in range(12)]
    build(out, stories, dataset={"films": True})
    return out


@pytest.fixture(scope="module")
def local_rows(folder) -> dict[str, dict[str, list[str]]]:
    manifest = read_manifest(folder)
    rows: dict[str, dict[str, list[str]]] = {config: {} for config in manifest.configs}
    for config, split in ((config, split) for config, splits in manifest.configs.items() for split in splits):
        tables = [pq.read_table(folder / shard.path) for shard in manifest.shards(config, split)]
        rows[config][split] = [hashed(row) for table in tables for row in table.to_pylist()]
    return rows


@pytest.fixture(scope="module")
def hub(folder) -> Iterator[Hub]:
    """A Hub with the folder on it."""
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with hub_double() as double:
        double.write(REPO, files)
        double.store.repos["dataset", REPO].tag("v1.0.0", "main")
        yield double


def run(python: Path, code: str, *arguments: str) -> str:
    home = python.parent.parent
    environment = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(home / "hf"), "PATH": "/usr/bin:/bin"}
    command = [str(python), "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=home, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip().splitlines()[-1]


def check(version: str, seen: dict, kind: str, film: bytes) -> None:
    films = set() if kind == "plain" and version in WITHOUT_FILMS else {"films"}
    assert seen["datasets"] == version
    assert set(seen["rows"]) == {*CONFIGS, *films}
    assert seen["rows"]["qa"] == {"train": 30, "validation": 3, "test": 3}
    assert seen["streamed"] == {config: rows["test"] for config, rows in seen["rows"].items()}
    assert seen["question"]["provenance"] is None and seen["styles"] == [True]
    assert seen["question"]["evidence"] == [{"start_s": 0.0, "end_s": 4.0}]
    assert seen["sizes"] == [[64, 36]]
    assert seen["bytes"] == [make_image(seen["question"]["keyframe_ids"][0]).hex()]
    assert seen.get("film") == (film.hex() if films else None)


@pytest.fixture(scope="module")
def film(folder) -> bytes:
    (shard,) = read_manifest(folder).shards("films", "test")
    return bytes(pq.read_table(folder / shard.path).to_pylist()[0]["video"]["bytes"])


@pytest.mark.parametrize("version", VERSIONS)
def test_the_plain_folder_loads_and_streams_and_decodes(version, python_with, folder, film):
    check(version, json.loads(run(python_with(version), READ, str(folder), "plain")), "plain", film)


@pytest.mark.parametrize("version", SCRIPTS)
def test_the_script_loads_and_streams_and_decodes(version, python_with, folder, film):
    check(version, json.loads(run(python_with(version), READ, str(folder), "script")), "script", film)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_front_door_in_the_folder_works_alone(version, python_with, folder):
    assert run(python_with(version), ALONE, str(folder)) == "[(64, 36)]"


@pytest.mark.parametrize("version", VERSIONS)
def test_the_hub_gives_every_version_the_same_rows(version, python_with, hub, local_rows, tmp_path):
    configs = [config for config in local_rows if config != "films" or version not in WITHOUT_FILMS]
    reader = Path(__file__).with_name("hub_reader.py")
    command = [str(python_with(version)), str(reader), REPO, "v1.0.0", *configs]
    variables = {name: value for name, value in environment(hub, tmp_path).items() if name != "PYTHONPATH"}
    done = subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout.splitlines()[-1])
    expected = {config: local_rows[config] for config in configs}
    assert (seen["loaded"], seen["streamed"]) == (expected, expected)
    assert seen["snapshot"] == hub.tree(REPO) and seen["ours"] == []
    assert seen["picture"] == ["JPEG", 64, 36, 64, 36]
