"""The store of a shard when something goes wrong: damaged files, a slow or refusing disk, any history of crashes."""

import asyncio
import errno
import os
import re
import shutil
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.generation.cells import Shard
from moviellm.generation.runs import tables
from tests.generation.runs.cellkit import (
    Maker,
    build,
    make_all,
    make_cell,
    snapshot,
)

TWELVE = [make_cell(number) for number in range(12)]


# ------------------------------------------------------------------------------------------------ damage


def spoil(path: Path, at: int = -40) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0xFF
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("stage", ["plot", "keyframes", "dialogue"])
@pytest.mark.parametrize(
    "damage", [spoil, Path.unlink, lambda path: os.truncate(path, 100)], ids=["flip", "rm", "cut"]
)
def test_a_damaged_table_is_remade_alone_to_the_same_bytes(tmp_path, stage, damage):
    build(tmp_path, TWELVE, movies=2)
    before = snapshot(tmp_path)
    damage(next((tmp_path / stage).iterdir()))
    maker = Maker()
    shard = build(tmp_path, TWELVE, maker, movies=2)
    assert snapshot(tmp_path) == before
    assert sorted(maker.calls) == sorted(cell.cell_id for cell in TWELVE if cell.stage == stage)
    assert len(shard.findings) == 1
    assert f"{stage}/000000" in shard.findings[0]


def test_a_damaged_table_of_movies_is_written_again_without_making_a_cell(tmp_path):
    build(tmp_path, TWELVE, movies=2)
    before = snapshot(tmp_path)
    spoil(next((tmp_path / "movies").iterdir()))
    maker = Maker()
    build(tmp_path, TWELVE, maker, movies=2)
    assert (snapshot(tmp_path), maker.calls) == (before, [])


@pytest.mark.parametrize("damage", [spoil, Path.unlink], ids=["flip", "rm"])
def test_a_damaged_manifest_is_written_again_without_making_a_cell(tmp_path, damage):
    build(tmp_path, TWELVE, movies=2)
    before = snapshot(tmp_path)
    damage(tmp_path / "manifest/000000.json")
    maker = Maker()
    build(tmp_path, TWELVE, maker, movies=2)
    assert (snapshot(tmp_path), maker.calls) == (before, [])


def test_what_a_kill_left_under_temporary_names_is_ignored_and_removed(tmp_path):
    build(tmp_path / "undisturbed", TWELVE)
    (tmp_path / "run/plot").mkdir(parents=True)
    (tmp_path / "run/plot/.000000.tmp").write_bytes(b"PAR1 half a table")
    (tmp_path / "run/manifest").mkdir()
    (tmp_path / "run/manifest/.000000.json.77.tmp").write_bytes(b"{")
    build(tmp_path / "run", TWELVE)
    assert snapshot(tmp_path / "run") == snapshot(tmp_path / "undisturbed")


@pytest.mark.parametrize(
    "name",
    ["plot/000000-0123456789abcdef.parquet", "plot/.000000.tmp", "manifest/000000.json", "calls.jsonl"],
)
def test_a_folder_in_the_place_of_a_file_is_named_and_stays(tmp_path, name):
    (tmp_path / name).mkdir(parents=True)
    with pytest.raises(ValueError, match=f"{re.escape(name)} is a folder where a file belongs; delete it by hand"):
        Shard.open(tmp_path, 0)
    assert (tmp_path / name).is_dir()


def test_an_image_that_goes_bad_while_the_run_is_on_stops_the_commit_and_keeps_what_was_committed(tmp_path):
    build(tmp_path, TWELVE[:3])
    before = snapshot(tmp_path)

    async def work():
        shard = Shard.open(tmp_path, 0)
        await make_all(shard, TWELVE, Maker())
        spoil(next((tmp_path / "journal").glob("*.pack")), at=3)
        with pytest.raises(ValueError, match="run the same command again"):
            await shard.commit([], TWELVE)
        await shard.close()

    asyncio.run(work())
    assert before.items() <= snapshot(tmp_path).items()
    build(tmp_path, TWELVE)
    build(tmp_path.parent / "undisturbed", TWELVE)
    assert snapshot(tmp_path) == snapshot(tmp_path.parent / "undisturbed")


# ------------------------------------------------------------------------------------------------ the disk


def test_nothing_is_fsynced_on_the_event_loop(tmp_path, monkeypatch):
    threads = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (threads.append(threading.current_thread()), real(fd))[1])
    build(tmp_path, TWELVE, movies=1)
    assert threads
    assert threading.main_thread() not in threads


def test_opening_a_shard_writes_nothing(tmp_path):
    shard = Shard.open(tmp_path / "run", 0)
    assert not shard.cached(TWELVE[0])
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("code", "says"),
    [(errno.ENOSPC, "no space left"), (errno.EROFS, "read-only"), (errno.EACCES, "not permitted")],
    ids=["full", "read-only", "forbidden"],
)
@pytest.mark.parametrize("after_bytes", [0, 700, 3000])
def test_a_disk_that_refuses_the_journal_is_said_and_what_was_finished_is_kept(
    tmp_path, monkeypatch, code, says, after_bytes
):
    build(tmp_path / "undisturbed", TWELVE)
    build(tmp_path / "run", TWELVE[:3])
    real, left = os.write, after_bytes

    def write(descriptor, data):
        nonlocal left
        if left <= 0:
            raise OSError(code, os.strerror(code))
        count = real(descriptor, bytes(data)[: max(1, min(left, 400))])
        left -= count
        return count

    async def work():
        shard = Shard.open(tmp_path / "run", 0)
        with pytest.raises(ValueError, match=f"{says}.*run the same command again"):
            await make_all(shard, TWELVE, Maker())
        with pytest.raises(ValueError, match=says):
            await shard.close()

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write)
        asyncio.run(work())
    shard = build(tmp_path / "run", TWELVE)
    assert snapshot(tmp_path / "run") == snapshot(tmp_path / "undisturbed")
    assert sum(shard.made.values()) <= 9
    assert not shard.findings


@pytest.mark.parametrize("allowed", [0, 2, 5])
def test_a_disk_that_fills_up_during_the_commit_is_said_and_leaves_the_old_tables(tmp_path, monkeypatch, allowed):
    build(tmp_path, TWELVE[:6])
    before = snapshot(tmp_path)
    real, left = tables._HashingFile.write, allowed

    def write(self, data):
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(self, data)

    async def work():
        shard = Shard.open(tmp_path, 0)
        await make_all(shard, TWELVE, Maker())
        with pytest.raises(ValueError, match="no space left while writing .*everything finished so far is kept"):
            await shard.commit([], TWELVE)
        await shard.close()

    with monkeypatch.context() as patch:
        patch.setattr(tables._HashingFile, "write", write)
        asyncio.run(work())
    assert before.items() <= snapshot(tmp_path).items()
    assert not list(tmp_path.rglob("*.tmp"))
    maker = Maker()
    build(tmp_path, TWELVE, maker)
    assert maker.calls == []


def test_a_failing_fsync_stops_the_run_instead_of_promising_what_is_not_on_disk(tmp_path, monkeypatch):
    def fsync(descriptor):
        raise OSError(errno.EIO, "Input/output error")

    async def work():
        shard = Shard.open(tmp_path, 0)
        await make_all(shard, TWELVE[:3], Maker())
        with pytest.raises(ValueError, match="the disk reports an error"):
            await shard.commit([], TWELVE[:3])

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        asyncio.run(work())
    assert not (tmp_path / "manifest").exists()


# ------------------------------------------------------------------------------------------------ any history

steps = st.lists(
    st.one_of(
        st.tuples(st.just("make"), st.lists(st.integers(0, 11), max_size=12)),
        st.tuples(st.just("crash"), st.none()),
        st.tuples(st.just("tear lines"), st.floats(0, 1)),
        st.tuples(st.just("tear images"), st.floats(0, 1)),
        st.tuples(st.just("commit"), st.none()),
    ),
    max_size=12,
)


async def live_through(run: Path, history, maker: Maker) -> None:
    shard = Shard.open(run, 0)
    asked: set[int] = set()
    for step, detail in history:
        if step == "make":
            await make_all(shard, [TWELVE[number] for number in detail], maker)
            asked |= set(detail)
        elif step == "commit":
            await make_all(shard, [TWELVE[number] for number in sorted(asked)], maker)
            await shard.commit([], [TWELVE[number] for number in sorted(asked)])
        else:
            if step != "crash":
                kind = "*.jsonl" if step == "tear lines" else "*.pack"
                for path in (run / "journal").glob(kind):
                    os.truncate(path, int(path.stat().st_size * detail))
            shard = Shard.open(run, 0)
    await make_all(shard, TWELVE, maker)
    await shard.commit([], TWELVE)
    await shard.close()


@settings(max_examples=60, deadline=None)
@given(history=steps)
def test_any_history_of_making_crashing_and_tearing_ends_in_the_same_bytes(history, undisturbed, no_fsync):
    run = Path(tempfile.mkdtemp())
    try:
        maker = Maker()
        asyncio.run(live_through(run, history, maker))
        assert snapshot(run) == undisturbed
        assert set(maker.calls) == {cell.cell_id for cell in TWELVE}
        if not any(step.startswith("tear") for step, _ in history):
            assert len(maker.calls) == len(TWELVE)
    finally:
        shutil.rmtree(run)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> dict[str, bytes]:
    run = tmp_path_factory.mktemp("undisturbed")
    build(run, TWELVE)
    return snapshot(run)


@pytest.fixture(scope="module")
def no_fsync():
    """Dropping an object loses nothing that fsync would save; the property test is faster without it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield
