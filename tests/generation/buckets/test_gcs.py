"""gs:// through gcsfs, against a double of the calls that it makes: unproved against Google's own server."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from moviellm.generation.buckets import places
from moviellm.generation.buckets import store as stores
from moviellm.generation.buckets.making import make_in_bucket
from moviellm.generation.buckets.store import Store
from moviellm.generation.make import make_run
from moviellm.generation.runs.address import BucketUrl
from moviellm.generation.runs.record import write_record
from moviellm.generation.studios import Studio
from tests.fakes import FakePainter, FakeWriter
from tests.generation.buckets.kit import committed
from tests.generation.cluster.kit import kept
from tests.generation.test_make import RECIPE, record_for
from tests.servers.gcs_double import Gcs, gcs_double

pytestmark = pytest.mark.slow
pytest.importorskip("gcsfs")
URL = BucketUrl("gs", "films/run")


@pytest.fixture
def gcs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Gcs]:
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(stores, "OPENING_S", 1.0)
    with gcs_double() as double:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", double.url)
        yield double


def test_a_run_on_gcs_has_the_bytes_of_one_in_a_folder(gcs: Gcs, tmp_path: Path) -> None:
    record = record_for(tmp_path / "one", RECIPE)
    asyncio.run(make_run(tmp_path / "one", record, FakeWriter(), FakePainter()))
    with places.opened(URL, tmp_path / "work") as place:
        write_record(place.folder, record)
        place.write_record()
        gcs.plan("POST", 503, "cut after", "cut after")
        gcs.plan("GET", 500, "cut after")
        gcs.plan("DELETE", 503)
        studio = Studio(writer=FakeWriter(), painter=FakePainter())
        asyncio.run(make_in_bucket(place, record, studio, lambda count: None, retry_failed=False))
    assert gcs.planned == []
    objects = {key.removeprefix("run/"): data for (_, key), data in gcs.objects.items()}
    assert committed(objects) == kept(tmp_path / "one")
    assert not any(name.startswith("lease/") for name in objects)


def test_a_store_that_holds_no_condition_is_refused(gcs: Gcs) -> None:
    gcs.conditional = False
    with pytest.raises(ValueError, match="has no put that fails where an object is there already"):
        Store.open(URL, to_make=True)


def test_a_bucket_that_may_only_be_read_is_refused(gcs: Gcs) -> None:
    gcs.plan("POST", *[403] * 20)
    with pytest.raises(ValueError, match="writing is not permitted"):
        Store.open(URL, to_make=True)


def test_wrong_credentials_are_said_to_be_wrong(gcs: Gcs) -> None:
    gcs.plan("GET", *[401] * 20)
    with pytest.raises(ValueError, match="gcloud auth application-default login"):
        Store.open(URL, to_make=True)


def test_a_bucket_that_is_not_there_is_named(gcs: Gcs) -> None:
    gcs.buckets.clear()
    with pytest.raises(ValueError, match="there is no bucket films"):
        Store.open(URL, to_make=True)
