"""Training rows on machines with old `datasets` and without moviellm.

Slow: makes a virtual environment with pip for each version.
"""

import json
from pathlib import Path

import pytest

from moviellm.training.rows.film import Look
from moviellm.training.rows.source import open_source
from moviellm.training.rows.views import VIEWS
from moviellm.training.rows.writing import write_rows
from tests.factories import make_image
from tests.stories import build, make_story
from tests.test_old_datasets import python_with, run  # noqa: F401 fixture

pytestmark = pytest.mark.slow

READ = """
import json, sys, tempfile
import datasets
folder, films = sys.argv[1:]
seen = {}
for view in ("sft", "align", "boundary", "instruct"):
    rows = datasets.load_dataset(folder, view, split="train", cache_dir=tempfile.mkdtemp())
    streamed = datasets.load_dataset(folder, view, split="train", streaming=True, cache_dir=tempfile.mkdtemp())
    seen[view] = {"rows": len(rows), "streamed": len(list(streamed)), "sizes": [], "parts": []}
    for message in rows[0].get("messages") or rows[0]["prompt"]:
        seen[view]["parts"] += [part["type"] for part in message["content"]]
    if films == "":
        seen[view]["sizes"] = [picture.size for picture in rows[0]["images"]]
if films:
    rows = datasets.load_dataset(folder, "sft", split="train", cache_dir=tempfile.mkdtemp())
    keyframes = datasets.load_dataset(films, "keyframes", split="train", cache_dir=tempfile.mkdtemp())
    keyframes = keyframes.cast_column("image", datasets.Image(decode=False))
    at = {name: number for number, name in enumerate(keyframes["keyframe_id"])}
    bytes_of = [keyframes[at[one["keyframe_id"]]]["image"]["bytes"].hex() for one in rows[0]["images"]]
    seen["joined"] = [[one["keyframe_id"] for one in rows[0]["images"]], bytes_of]
print(json.dumps(seen))
"""


@pytest.mark.parametrize("version", ["5.2.0", "3.6.0"])
@pytest.mark.parametrize("embed", [False, True], ids=["references", "pictures"])
def test_every_view_loads_and_streams(version: str, embed: bool, python_with, tmp_path: Path) -> None:  # noqa: F811
    films = tmp_path / "films"
    build(films, [make_story(number) for number in range(2)])
    made = write_rows(open_source(str(films)), tmp_path / "rows", VIEWS, Look(embed=embed), seed=0)
    seen = json.loads(run(python_with(version), READ, str(tmp_path / "rows"), "" if embed else str(films)))
    for view in VIEWS:
        assert seen[view]["rows"] == seen[view]["streamed"] == made.configs[view]["train"]
        pictures = seen[view]["parts"].count("image")
        assert pictures == (1 if view == "align" else 8)
        assert seen[view]["sizes"] == ([[64, 36]] * pictures if embed else [])
    if not embed:
        names, found = seen["joined"]
        assert found == [make_image(name).hex() for name in names]
