"""The store on a real S3 server: what it takes, what it refuses, and the faults of the way there."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from moviellm.generation.buckets import store as stores
from moviellm.generation.buckets.store import Store, StoreError
from moviellm.generation.runs.address import BucketUrl
from tests.servers.s3_faults import S3, Effect


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little patience."""
    monkeypatch.setattr(stores, "PAUSE_S", 0.01)
    monkeypatch.setattr(stores, "OPENING_S", 0.3)
    monkeypatch.setattr("s3fs.S3FileSystem.retries", 1)  # its own tries take seconds


@pytest.fixture
def store(bucket: str) -> Iterator[Store]:
    """The store of a run in an empty bucket."""
    yield Store.open(BucketUrl("s3", f"{bucket}/run"), to_make=True)


def test_objects_come_back_as_they_went_and_are_listed(store: Store, tmp_path: Path) -> None:
    assert store.names() == {}  # nothing is left of the trial
    store.put("plot/a.parquet", b"x" * 1000)
    (tmp_path / "b").write_bytes(b"b" * 10)
    store.put("plot/b.parquet", tmp_path / "b")
    assert store.create("manifest/000012.0002.json", b"{}")
    assert store.names() == {"manifest/000012.0002.json": 2, "plot/a.parquet": 1000, "plot/b.parquet": 10}
    assert store.names("plot") == {"plot/a.parquet": 1000, "plot/b.parquet": 10}
    assert store.names("manifest", "000012.") == {"manifest/000012.0002.json": 2}
    assert store.names("manifest", "000013.") == {}
    assert store.get("plot/a.parquet", 10) == b"x" * 10
    assert store.get("plot/b.parquet", 4000) == b"b" * 10
    assert store.get("plot/none") is None
    assert store.get_all(["plot/b.parquet", "plot/none"]) == {"plot/b.parquet": b"b" * 10}
    assert store.fetch("plot/b.parquet", tmp_path / "in" / "c")
    assert (tmp_path / "in" / "c").read_bytes() == b"b" * 10
    assert not store.fetch("plot/none", tmp_path / "in" / "d")
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["c"]
    store.delete(["plot/a.parquet", "plot/b.parquet", "plot/none"])
    assert store.names("plot") == {}


def test_an_object_is_created_once(store: Store) -> None:
    assert store.create("manifest/000000.json", b"one")
    assert store.create("manifest/000000.json", b"one")  # these bytes are there, whoever wrote them
    assert not store.create("manifest/000000.json", b"two")
    assert store.get("manifest/000000.json") == b"one"


@pytest.mark.parametrize(
    "effect", ["cut after", *(pytest.param(one, marks=pytest.mark.slow) for one in (500, 503, 409, "cut before"))]
)
def test_a_fault_that_passes_is_waited_out_and_nothing_is_written_twice(s3: S3, store: Store, effect: Effect) -> None:
    rule = s3.faults.add("PUT", "manifest/", effect, times=4)
    assert store.create("manifest/000000.json", b"one")
    assert rule.met >= 1
    s3.faults.heal()
    assert not store.create("manifest/000000.json", b"two")
    for method, call in (("GET", lambda: store.get("manifest/000000.json")), ("GET", lambda: len(store.names()))):
        rule = s3.faults.add(method, "manifest/|list-type", effect, times=2)
        assert call() in (b"one", 1)
        assert rule.met == 2
        s3.faults.heal()
    s3.faults.add("DELETE|POST", "", effect, times=2)
    store.delete(["manifest/000000.json"])
    assert store.names() == {}


@pytest.mark.slow
def test_a_lost_answer_does_not_hide_that_somebody_else_was_first(s3: S3, store: Store) -> None:
    s3.write(store.url.root.split("/")[0], "run/manifest/000000.json", b"theirs")
    s3.faults.add("PUT", "manifest/", "cut after", times=3)
    assert not store.create("manifest/000000.json", b"ours")
    assert store.get("manifest/000000.json") == b"theirs"


@pytest.mark.slow
def test_a_store_that_stays_silent_is_said_to_and_what_is_there_stays(s3: S3, store: Store) -> None:
    store.patience_s = 0.1
    s3.faults.add("PUT", "manifest/", 503, times=1000)
    with pytest.raises(StoreError, match="has not answered for 0.1 s.*SlowDown.*run the same command again"):
        store.create("manifest/000000.json", b"one")


@pytest.mark.slow
def test_a_large_table_goes_up_in_parts_and_comes_back_whole(s3: S3, store: Store, tmp_path: Path) -> None:
    data = random.Random(1).randbytes(1_000_000) * 110
    (tmp_path / "table").write_bytes(data)
    cut = s3.faults.add("PUT", "partNumber", "cut after")
    store.put("keyframes/000000-a.parquet", tmp_path / "table")
    assert cut.met == 1
    assert store.names("keyframes") == {"keyframes/000000-a.parquet": len(data)}
    assert store.fetch("keyframes/000000-a.parquet", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == data


# ---------------------------------------------------------------- refused before any work


def refused(url: BucketUrl, says: str, *, to_make: bool = True) -> str:
    """What is said of a store that cannot be used."""
    with pytest.raises(ValueError, match=says) as error:
        Store.open(url, to_make=to_make)
    assert not isinstance(error.value, StoreError)  # the input's fault, not the machine's
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("effect", ["unconditional", pytest.param(501, marks=pytest.mark.slow)])
def test_a_store_without_a_conditional_put_is_refused(s3: S3, bucket: str, effect: Effect) -> None:
    s3.faults.add("PUT", "", effect, times=1000)
    said = refused(BucketUrl("s3", f"{bucket}/run"), "has no put that fails where an object is there already")
    assert "in another store" in said
    assert [key for key in s3.keys(bucket) if "probe" not in key] == []


def test_a_bucket_that_may_only_be_read_is_refused_for_making_and_read(s3: S3, bucket: str) -> None:
    s3.write(bucket, "run/run.yaml", b"x")
    s3.faults.add("PUT|POST|DELETE", "", 403, times=1000)
    said = refused(BucketUrl("s3", f"{bucket}/run"), "writing is not permitted")
    assert "s3:PutObject" in said
    assert Store.open(BucketUrl("s3", f"{bucket}/run"), to_make=False).get("run.yaml") == b"x"


def test_wrong_credentials_are_said_to_be_wrong(s3: S3, bucket: str) -> None:
    s3.faults.add("GET|PUT|HEAD", "", "bad key", times=1000)
    assert "AWS_ACCESS_KEY_ID" in refused(BucketUrl("s3", f"{bucket}/run"), "knows no such credentials")


@pytest.mark.slow
def test_no_credentials_are_said_to_be_missing(
    s3: S3, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert "AWS_ACCESS_KEY_ID" in refused(BucketUrl("s3", f"{bucket}/run"), "credentials")


def test_a_bucket_that_is_not_there_is_named(s3: S3) -> None:
    refused(BucketUrl("s3", "no-such-films/run"), "there is no bucket no-such-films; make it first")


@pytest.mark.slow
def test_an_address_where_nobody_listens_is_said_within_the_patience(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    refused(BucketUrl("s3", "films/run"), "has not answered for 0.3 s")


def test_a_missing_package_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from moviellm.generation.runs import address

    monkeypatch.setattr(address, "find_spec", lambda name: None)
    assert "pip install 'moviellm[buckets]'" in refused(BucketUrl("s3", "films/run"), "needs the package s3fs")


def test_a_bucket_of_the_hub_cannot_be_made_and_the_reason_is_said() -> None:
    said = refused(BucketUrl("hf", "buckets/ada/films/run"), "hf://buckets/ada/films/run cannot be made")
    assert "two makers could overwrite each other" in said


@pytest.mark.slow
def test_huggingface_hub_offers_no_conditional_put_of_a_bucket() -> None:
    """The day this fails, hf://buckets may be made too."""
    import inspect

    from huggingface_hub import HfApi

    parameters: Any = inspect.signature(HfApi.batch_bucket_files).parameters
    assert set(parameters) == {"self", "bucket_id", "add", "copy", "delete", "token"}
