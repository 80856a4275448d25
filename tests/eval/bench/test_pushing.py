"""What reaches the Hub, in which order, and what does not."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from huggingface_hub import HfApi

from moviellm.cards.publish import How, publish_dataset
from moviellm.eval.bench.pushing import push_bench
from moviellm.eval.submissions.index import index_of, read_index
from tests.eval.bench.kit import bench
from tests.hub import hub, hub_here  # noqa: F401 fixtures
from tests.servers.hub_double import Hub


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "copy"))


def pushed(bench: Path, **how: bool) -> dict[str, str]:
    done = push_bench(bench, repo="moviellm/bench", labels="moviellm/bench-labels", how=How(**how))
    return {name: one.state for name, one in done.items()}


def test_a_push_makes_both_repositories_and_the_index_names_the_commit(hub_here: Hub, copy: Path) -> None:  # noqa: F811
    assert pushed(copy) == {"labels": "pushed", "benchmark": "pushed", "index": "pushed"}
    api = HfApi()
    assert api.dataset_info("moviellm/bench-labels").private and not api.dataset_info("moviellm/bench").private
    commit = api.dataset_info("moviellm/bench", revision="v1.0.0").sha
    index = read_index(Path(api.hf_hub_download("moviellm/bench", "INDEX.json", repo_type="dataset")))
    assert (index.benchmark, index.revision) == ("moviellm/bench", commit)
    assert index == read_index(copy / "public" / "INDEX.json")
    assert index.tasks == index_of("moviellm/bench", benchmark="moviellm/bench", revision=commit or "").tasks


def test_no_label_of_test_is_in_any_public_file(hub_here: Hub, copy: Path, built: Path, tmp_path: Path) -> None:  # noqa: F811
    pushed(copy)
    told = Path(HfApi().snapshot_download("moviellm/bench", repo_type="dataset", local_dir=tmp_path / "public"))
    (path,) = (built / "private" / "qa").glob("test-*.parquet")
    labels = pq.read_table(path).to_pylist()
    answers = {row["answer"].casefold() for row in labels if not row["options"]}
    captions = {row["caption"].casefold() for row in rows_of(built / "private", "events")}
    spans = {(span["start_s"], span["end_s"]) for row in labels for span in row["evidence"]}
    assert len(answers) > 10 and len(captions) > 20 and spans
    for file in sorted(told.rglob("*")):
        if file.is_file() and file.suffix != ".parquet" and ".cache" not in file.parts:
            text = file.read_bytes().decode(errors="ignore").casefold()
            assert not [answer for answer in answers | captions if answer in text], file
    for config in ("movies", "keyframes", "dialogue", "qa"):
        for row in rows_of(told, config):
            assert row.get("answer_index") is None and row.get("evidence") is None
            texts = [text.casefold() for text in texts_of(row)]
            assert not [answer for answer in answers | captions if any(answer in text for text in texts)], row
            if config == "qa":
                assert not spans & set(pairs_of(row))
    assert not [*told.glob("events/test-*")]


def rows_of(folder: Path, config: str) -> list[dict[str, Any]]:
    """Rows of test, without the bytes of pictures."""
    tables = [pq.read_table(path) for path in sorted((folder / config).glob("test-*.parquet"))]
    return [
        row
        for table in tables
        for row in table.select([name for name in table.column_names if name != "image"]).to_pylist()
    ]


def texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts_of(inner)


def pairs_of(value: Any) -> Iterator[tuple[float, float]]:
    if isinstance(value, dict):
        if value.keys() == {"start_s", "end_s"}:
            yield value["start_s"], value["end_s"]
        value = [*value.values()]
    if isinstance(value, list):
        for inner in value:
            yield from pairs_of(inner)


def test_the_answers_are_sent_first(hub_here: Hub, copy: Path) -> None:  # noqa: F811
    pushed(copy)
    commits = ["bench-labels" in one.line for one in hub_here.log if "/commit/" in one.line]
    assert set(commits) == {True, False} and commits == sorted(commits, reverse=True)


def test_a_push_again_sends_nothing(hub_here: Hub, copy: Path) -> None:  # noqa: F811
    pushed(copy)
    assert pushed(copy) == dict.fromkeys(("labels", "benchmark", "index"), "already there")


def test_a_push_that_lost_its_index_goes_on(hub_here: Hub, copy: Path) -> None:  # noqa: F811
    publish_dataset(copy / "private", "moviellm/bench-labels", version="1.0.0", how=How(private=True))
    publish_dataset(copy / "public", "moviellm/bench", version="1.0.0")
    assert pushed(copy) == {"labels": "already there", "benchmark": "already there", "index": "pushed"}


def test_a_new_version_keeps_the_index_until_its_own_comes(
    hub_here: Hub,  # noqa: F811
    copy: Path,
    source: Path,
    train: Path,
    tmp_path: Path,
) -> None:
    pushed(copy)
    pushed(bench(source, train, tmp_path / "next", version="1.1.0", dev=0.4))
    api = HfApi()
    index = read_index(Path(api.hf_hub_download("moviellm/bench", "INDEX.json", repo_type="dataset")))
    assert index.revision == api.dataset_info("moviellm/bench", revision="v1.1.0").sha


def test_a_public_repository_for_the_answers_is_refused_before_anything_is_sent(
    hub_here: Hub,  # noqa: F811
    copy: Path,
) -> None:
    HfApi().create_repo("moviellm/bench-labels", repo_type="dataset", private=False)
    with pytest.raises(ValueError, match="bench-labels is public, and everybody could read the answers"):
        pushed(copy)
    assert not HfApi().repo_exists("moviellm/bench", repo_type="dataset")
    assert [*HfApi().list_repo_files("moviellm/bench-labels", repo_type="dataset")] == [".gitattributes"]


def test_one_repository_for_both_is_refused(copy: Path) -> None:
    with pytest.raises(ValueError, match="a repository of their own"):
        push_bench(copy, repo="moviellm/bench", labels="moviellm/Bench", how=How())


def test_a_benchmark_with_a_changed_item_is_not_pushed(copy: Path) -> None:
    (path,) = (copy / "private" / "qa").glob("test-*.parquet")
    table = pq.read_table(path)
    pq.write_table(table.slice(1), path)
    with pytest.raises(ValueError, match=r"must not be pushed: .*its answer is gone"):
        push_bench(copy, repo="moviellm/bench", labels="moviellm/labels", how=How())


def test_without_a_version_nothing_is_pushed(source: Path, train: Path, tmp_path: Path) -> None:
    made = bench(source, train, tmp_path / "bench")
    with pytest.raises(ValueError, match=r"--version 1\.0\.0"):
        push_bench(made, repo="moviellm/bench", labels="moviellm/labels", how=How())


def test_a_dry_run_sends_nothing(hub_here: Hub, copy: Path) -> None:  # noqa: F811
    before = (copy / "public" / "INDEX.json").read_bytes()
    assert set(pushed(copy, dry_run=True).values()) == {"would be pushed"}
    assert not HfApi().repo_exists("moviellm/bench", repo_type="dataset")
    assert (copy / "public" / "INDEX.json").read_bytes() == before
