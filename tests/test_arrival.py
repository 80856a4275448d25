"""What arrives: what is pushed to the Hub is read back by `datasets`, huggingface_hub and transformers.

The committed sample is pushed and read as anybody reads it (hub_reader.py). Older versions of `datasets`:
test_old_datasets.py.
"""

import hashlib
import io
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from PIL import Image

from moviellm.cards.publish import How, publish_dataset, publish_folder, publish_results
from moviellm.generation.cli.app import call
from moviellm.generation.dataset.folder import read_manifest
from tests.factories import MemoryRun
from tests.hub import environment, here, hub, hub_here, run_cli, run_python  # noqa: F401 fixtures
from tests.hub_reader import hashed, read
from tests.servers.hub_double import Hub, hub_double
from tests.servers.hub_xet import XetFolder
from tests.stories import build, make_story

SAMPLE = Path(__file__).resolve().parent.parent / "sample" / "MovieLLM-sample"
REPO = "moviellm/MovieLLM-sample"
TAG = "v1.0.0"


@pytest.fixture(scope="module")
def pushed(tmp_path_factory) -> Iterator[Hub]:
    """The Hub of this process, with the sample on it."""
    with hub_double() as double, here(double, tmp_path_factory.mktemp("hf")):
        publish_dataset(SAMPLE, REPO, version=TAG.removeprefix("v"))
        yield double


@pytest.fixture(scope="module")
def seen(pushed) -> dict[str, Any]:
    """What was read of it."""
    return read(REPO, TAG)


@pytest.fixture(scope="module")
def local_rows() -> dict[str, dict[str, list[str]]]:
    manifest = read_manifest(SAMPLE)
    rows: dict[str, dict[str, list[str]]] = {}
    for config, splits in manifest.configs.items():
        for split in splits:
            tables = [pq.read_table(SAMPLE / shard.path) for shard in manifest.shards(config, split)]
            rows.setdefault(config, {})[split] = [hashed(row) for table in tables for row in table.to_pylist()]
    return rows


def test_every_config_loads_as_it_is_in_the_folder(seen, local_rows):
    assert seen["loaded"] == local_rows


def test_every_config_streams_as_it_is_in_the_folder(seen, local_rows):
    assert seen["streamed"] == local_rows


def test_a_streamed_picture_is_decoded(seen):
    kind, *size, width_px, height_px = seen["picture"]
    assert kind in {"JPEG", "WEBP"} and size == [width_px, height_px]


def test_the_default_config_is_movies(seen):
    assert {"title", "chapters", "synopsis"} <= set(seen["default"])


def test_a_snapshot_is_the_tree_of_the_tag(pushed, seen):
    assert seen["snapshot"] == pushed.tree(REPO, revision=TAG)


def test_the_tree_of_the_tag_is_the_folder_but_for_what_a_push_stamps(pushed):
    tree, files = pushed.tree(REPO, revision=TAG), read_manifest(SAMPLE).files
    assert set(tree) == {file.path for file in files} | {"manifest.json"}
    assert {file.path for file in files if tree[file.path] != file.sha256} <= {"README.md", "croissant.json"}


def test_an_unknown_revision_is_an_error_of_datasets(seen):
    assert "DatasetNotFoundError: Revision 'v9.9.9' doesn't exist" in seen["unknown"]


def test_the_card_is_read_back(seen):
    card = seen["card"]
    assert set(card["configs"]) == set(read_manifest(SAMPLE).configs)
    assert card["license"]


@pytest.mark.slow
def test_a_process_without_our_code_reads_the_same(pushed, seen, tmp_path):
    reader = Path(__file__).with_name("hub_reader.py")
    variables = {name: value for name, value in environment(pushed, tmp_path).items() if name != "PYTHONPATH"}
    command = [sys.executable, str(reader), REPO, TAG]
    done = subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout) == seen | {"ours": []}


def test_a_private_dataset_without_a_token_is_one_line_on_the_command_line(hub_here, monkeypatch, capsys):  # noqa: F811
    hub_here.write(REPO, {"manifest.json": b"{}"})
    hub_here.store.repos["dataset", REPO].private = True
    monkeypatch.delenv("HF_TOKEN")
    assert call(["dataset", "show", REPO]) == 2
    said = capsys.readouterr().err
    assert "or it is private: then log in with `hf auth login`" in said and len(said.splitlines()) == 1


def test_a_space_arrives(hub_here: Hub, tmp_path):  # noqa: F811
    from huggingface_hub import HfApi

    (tmp_path / "README.md").write_text("---\nsdk: gradio\napp_file: app.py\n---\n# Leaderboard\n")
    (tmp_path / "app.py").write_text("import gradio\n")
    publish_folder(tmp_path, "moviellm/leaderboard", "space", how=How(space_sdk="gradio"))
    told = HfApi().space_info("moviellm/leaderboard")
    assert (told.sdk, {file.rfilename for file in told.siblings}) == (
        "gradio",
        {".gitattributes", "README.md", "app.py"},
    )


def test_results_of_a_model_are_read_back(hub_here: Hub, tmp_path):  # noqa: F811
    from huggingface_hub import EvalResultEntry, HfApi

    hub_here.write("moviellm/vlm", {"README.md": b"---\nlicense: mit\n---\n"}, kind="model")
    entries = [
        EvalResultEntry("moviellm/moviebench", "qa_mc", 0.41, dataset_revision="a" * 40, date="2026-11-01"),
        EvalResultEntry("moviellm/moviebench", "grounding", 0.27, source_url="https://example.org", source_name="Log"),
    ]
    publish_results("moviellm/vlm", entries, name="moviebench")
    assert HfApi().model_info("moviellm/vlm", expand=["evalResults"]).eval_results == entries


def test_a_model_comes_back_equal_to_the_bit(hub_here: Hub, tmp_path):  # noqa: F811
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=64, hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2
    )
    model = LlamaForCausalLM(config)
    model.save_pretrained(tmp_path)
    publish_folder(tmp_path, "moviellm/tiny", "model", version="0.1.0")
    back = LlamaForCausalLM.from_pretrained("moviellm/tiny", revision="v0.1.0").state_dict()
    assert all(torch.equal(tensor, back[name]) for name, tensor in model.state_dict().items())
    assert len(hub_here.sent) == 1


def noise(text: str, width_px: int = 64, height_px: int = 36) -> bytes:
    """A JPEG that no compression makes smaller."""
    pixels = random.Random(text).randbytes(width_px * height_px * 3)
    out = io.BytesIO()
    Image.frombytes("RGB", (width_px, height_px), pixels).save(out, "JPEG", quality=88)
    return out.getvalue()


@pytest.mark.slow
def test_five_thousand_keyframes_are_pushed_and_streamed_back_equal_to_the_last_byte(
    hub_here: Hub,  # noqa: F811
    tmp_path,
    monkeypatch,
):
    import datasets
    from huggingface_hub import snapshot_download

    for name in ("SHARD_BYTES", "GROUP_BYTES"):
        monkeypatch.setattr(f"moviellm.generation.dataset.parquet_files.{name}", 40_000)
    monkeypatch.setattr("tests.factories.make_image", noise)
    folder = tmp_path / "MovieLLM-big"
    movies = [make_story(number, chapters=5, scenes=10, keyframes=4) for number in range(25)]
    manifest = build(folder, movies)
    assert sum(manifest.configs["keyframes"].values()) == 5000
    assert len(manifest.shards("keyframes", "train")) >= 50
    publish_dataset(folder, "moviellm/MovieLLM-big", version="1.0.0")

    made = {k.keyframe_id: hashlib.sha256(data).hexdigest() for m in movies for k, data in MemoryRun([]).images(m)}
    streamed = datasets.load_dataset("moviellm/MovieLLM-big", "keyframes", revision="v1.0.0", streaming=True)
    came = {
        row["keyframe_id"]: hashlib.sha256(row["image"]["bytes"]).hexdigest()
        for rows in streamed.values()
        for row in rows.decode(False)
    }
    assert came == made
    snapshot = Path(snapshot_download("moviellm/MovieLLM-big", repo_type="dataset", revision="v1.0.0"))
    stamped = {"README.md", "manifest.json"}
    for file in manifest.files:
        if file.path not in stamped:
            assert (snapshot / file.path).read_bytes() == (folder / file.path).read_bytes()
    there = {path.relative_to(snapshot).as_posix() for path in snapshot.rglob("*") if path.is_file()}
    assert there - {".gitattributes"} == {file.path for file in manifest.files} | {"manifest.json"}
    assert set(hub_here.sent.values()) == {1}


@pytest.mark.slow
def test_a_dataset_goes_out_and_comes_back_by_xet(hub, tmp_path):  # noqa: F811
    pytest.importorskip("hf_xet", reason="pip install hf-xet")
    (tmp_path / "xet").mkdir()
    hub.store.xet = XetFolder(tmp_path / "xet")
    by_xet = {"HF_HUB_DISABLE_XET": "0"}
    run_cli(hub, tmp_path / "home", "dataset", "push", str(SAMPLE), REPO, "--version", "1.0.0", more=by_xet)
    assert hub.sent == {} and hub.count("xet-write-token") > 0
    code = """
import sys
from huggingface_hub import snapshot_download
print(snapshot_download(sys.argv[1], repo_type="dataset", revision="v1.0.0"))
"""
    snapshot = Path(run_python(hub, tmp_path / "other", code, REPO, more=by_xet).stdout.splitlines()[-1])
    assert hub.count("xet-read-token") > 0
    for file in read_manifest(SAMPLE).files:
        if file.path not in {"README.md", "croissant.json"}:  # stamped by the push
            assert hashlib.sha256((snapshot / file.path).read_bytes()).hexdigest() == file.sha256
