"""How far a run is, told by its files alone."""

from dataclasses import replace
from pathlib import Path

import pytest

from moviellm.generation.llm.exchanges import ExchangeLog
from moviellm.generation.reports import status_text
from moviellm.generation.runs.journal import Entry, Journal
from moviellm.generation.runs.lock import lock_run, lock_shard
from moviellm.generation.runs.status import run_status
from tests.fakes import FakePainter, FakeWriter
from tests.generation.test_make import RECIPE, make, record_for


def test_a_run_that_has_not_begun(tmp_path: Path) -> None:
    record_for(tmp_path / "r")
    status = run_status(tmp_path / "r")
    assert (status.movies, status.finished, status.shards, status.committed) == (3, 0, 1, 0)
    assert status.left_s is None
    assert "nobody makes it now" in status_text(tmp_path / "r", status)


def test_a_finished_run(tmp_path: Path) -> None:
    report = make(tmp_path / "r", FakeWriter(), FakePainter())
    status = run_status(tmp_path / "r")
    assert (status.finished, status.committed, status.working, status.left_s) == (3, 1, [], 0.0)
    assert status.cells == dict(report.made)
    assert status.rate > 0


def test_shards_in_the_making_are_told_by_their_journals_and_locks(tmp_path: Path) -> None:
    run = tmp_path / "r"
    small = RECIPE.model_copy(update={"engine": RECIPE.engine.model_copy(update={"shard_bytes": 1024})})
    record_for(run, small)
    journal = Journal(run, 1)
    journal.append(Entry("k1", "{}", None, None), "c1", None)
    journal.append(Entry("k2", None, None, "no"), "c2", None)
    journal.close()
    with lock_run(run), lock_shard(run, 1, "node-b process 7"):
        status = run_status(run)
    (one,) = status.working
    assert (one.shard, one.cells, one.failed, status.nodes) == (1, 2, 1, {"node-b": 1})
    assert (status.holder or "").startswith("process ")
    assert "in the making (node-b: 1)" in status_text(run, status)
    assert run_status(run).nodes == {}


def test_what_was_paid_is_summed_over_all_logs(tmp_path: Path) -> None:
    record_for(tmp_path)
    for shard in (None, 0, 2):
        log = ExchangeLog(tmp_path, shard)
        log.append({"kind": "reply", "key": f"k{shard}", "usd": 0.25, "tokens_in": 3, "tokens_out": 4})
        log.close()
    status = run_status(tmp_path)
    assert (status.spent.usd, status.spent.calls, status.spent.tokens_out) == (0.75, 3, 12)


def test_a_damaged_manifest_is_said(tmp_path: Path) -> None:
    make(tmp_path / "r", FakeWriter(), FakePainter())
    (tmp_path / "r/manifest/000000.json").write_text("{", encoding="utf-8")
    status = run_status(tmp_path / "r")
    assert len(status.damaged) == 1
    assert status.finished == 0


def test_a_finished_run_has_no_rate_and_no_time_left(tmp_path: Path) -> None:
    make(tmp_path / "r", FakeWriter(), FakePainter())
    status = replace(run_status(tmp_path / "r"), rate=0.1)
    told = status_text(tmp_path / "r", status)
    assert status.left_s == 0.0 and "rate" not in told and "left" not in told


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is not a run folder"):
        run_status(tmp_path)


def test_the_time_left_follows_from_the_rate(tmp_path: Path) -> None:
    make(tmp_path / "r", FakeWriter(), FakePainter())
    more = RECIPE.model_copy(update={"movies": 6})
    record_for(tmp_path / "r", more)
    status = run_status(tmp_path / "r")
    made = sum(status.cells.values())
    assert status.left_s == pytest.approx(made / status.rate, rel=0.01)
    assert "min left" in status_text(tmp_path / "r", replace(status, rate=1.0, left_s=90.0))
