"""Training rows on the Hub: pushed like any dataset, loaded without our code, joined with the pictures of another."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from moviellm.cards.publish import publish_dataset
from moviellm.training.rows.film import Look
from moviellm.training.rows.joining import with_images
from moviellm.training.rows.source import open_source
from moviellm.training.rows.writing import write_rows
from moviellm_dataset import load
from tests.hub import hub, hub_here  # noqa: F401 fixtures
from tests.servers.hub_double import Hub
from tests.stories import build, make_story


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("pushing") / "films"
    build(out, [make_story(number) for number in range(2)])
    return out


def watched(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The columns that are read from now on."""
    columns: set[str] = set()
    read = pq.ParquetFile.iter_batches

    def spied(self: pq.ParquetFile, *given: Any, **named: Any) -> Any:
        columns.update(named.get("columns") or ())
        return read(self, *given, **named)

    monkeypatch.setattr(pq.ParquetFile, "iter_batches", spied)
    return columns


def test_rows_made_from_the_hub_go_to_the_hub_and_find_their_pictures_there(
    films: Path,
    tmp_path: Path,
    hub_here: Hub,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import datasets

    publish_dataset(films, "moviellm/films", version="1.2.0")
    rows, columns = tmp_path / "rows", watched(monkeypatch)
    source = open_source("moviellm/films", "v1.2.0")
    assert (source.dataset, source.revision, len(source.commit)) == ("moviellm/films", "v1.2.0", 40)
    write_rows(source, rows, ["sft"], Look(), seed=0)
    assert "caption" in columns and "image" not in columns, "pictures are not fetched to name them"
    publish_dataset(rows, "moviellm/films-sft", version="1.0.0")
    found = datasets.load_dataset("moviellm/films-sft", "sft", split="train", revision="v1.0.0")
    assert (found[0]["dataset"], found[0]["revision"]) == ("moviellm/films", "v1.2.0")
    keyframes = load(found[0]["dataset"], "keyframes", split="train", revision=found[0]["revision"])
    assert [picture.size for picture in with_images(found, keyframes)[0]["images"]] == [(64, 36)] * 8


def test_the_card_on_the_hub_loads_from_there_at_the_tag(
    films: Path,
    tmp_path: Path,
    hub_here: Hub,  # noqa: F811
) -> None:
    from huggingface_hub import hf_hub_download

    write_rows(open_source(str(films)), tmp_path / "rows", ["sft"], Look(), seed=0)
    publish_dataset(tmp_path / "rows", "moviellm/films-sft", version="1.0.0")
    path = hf_hub_download("moviellm/films-sft", "README.md", repo_type="dataset", revision="v1.0.0")
    assert 'load_dataset("moviellm/films-sft", "sft", revision="v1.0.0", split="train")' in Path(path).read_text()
