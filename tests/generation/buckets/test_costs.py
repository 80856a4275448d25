"""What a bucket says of costs and of the last minute, and what a maker that begins makes of it."""

import asyncio
import time
from pathlib import Path

import pytest

from moviellm.generation.buckets import leases, places
from moviellm.generation.buckets.costs import paid_in_bucket, spent_in_bucket
from moviellm.generation.buckets.making import make_in_bucket
from moviellm.generation.buckets.store import Store
from moviellm.generation.llm.endpoint import endpoint_from
from moviellm.generation.llm.service import Service
from moviellm.generation.studios import Studio
from tests.fakes import FakePainter, FakeWriter
from tests.generation.buckets.kit import URL, Memory, put_exchanges
from tests.generation.llm import kit
from tests.generation.test_make import RECIPE, record_for

ONE = RECIPE.model_copy(update={"movies": 1})


def test_what_was_asked_since_is_found_and_older_lines_are_not_read(tmp_path: Path) -> None:
    fs = Memory()
    store = Store(URL, fs)
    put_exchanges(store, tmp_path, ago_s=5.0, count=3)
    put_exchanges(store, tmp_path, ago_s=500.0, count=4, shard=8)
    fs.asked.clear()
    paid = paid_in_bucket(store, time.time() - 60.0)
    assert {shard: (one.spent.calls, len(one.lately)) for shard, one in paid.items()} == {7: (3, 3), 8: (4, 0)}
    assert sum("000008/" in name for call, name in fs.asked if call == "cat_file") == 1  # its head
    assert spent_in_bucket(store).usd == 3.5


@pytest.mark.parametrize(("ago_s", "died", "waits"), [(5.0, False, True), (100.0, False, False), (100.0, True, True)])
def test_a_make_counts_what_others_asked_within_the_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ago_s: float, died: bool, waits: bool
) -> None:
    """One that follows a maker that died does not know all, and waits the minute out."""
    fs = Memory()
    put_exchanges(Store(URL, fs), tmp_path, ago_s=ago_s, count=3)
    monkeypatch.setattr(Store, "open", classmethod(lambda cls, url, **_: cls(url, fs)))
    monkeypatch.setattr(leases, "STALE_S", 0.04 if died else 30.0)
    monkeypatch.setattr(leases, "POLL_S", 0.01)
    monkeypatch.setattr(leases.Lease, "check", lambda self: None)
    if died:
        Store(URL, fs).put("lease/run/0001", b'{"who": "one that died"}')
    record = record_for(tmp_path / "r", ONE)
    environment = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_API_KEY": kit.KEY}
    service = Service(kit.recipe(requests_per_minute=3), tmp_path, endpoint_from(environment), kit.PRICES)
    studio = Studio(writer=FakeWriter(), painter=FakePainter(), service=service)
    with places.opened(URL, tmp_path / "w") as place:
        asyncio.run(make_in_bucket(place, record, studio, lambda count: None, retry_failed=False))
    assert service.spent.calls == 3
    assert (service._caller.gate._wait_s(1.0) > 30.0) == waits
