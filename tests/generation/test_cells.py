"""Cells and the store of a shard: what the key depends on, made once, kept through crashes, committed whole."""

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.generation import cells as cells_module
from moviellm.generation.cells import Cell, Shard
from moviellm.generation.protocols import Request
from moviellm.generation.runs import tables
from tests.generation.runs.cellkit import (
    Maker,
    build,
    empty_movies,
    image_of,
    make_all,
    make_cell,
    make_request,
    snapshot,
    tables_of,
)

TWELVE = [make_cell(number) for number in range(12)]


def run_cell(run: Path, cell: Cell, maker: Maker, **options: bool):
    async def work():
        shard = Shard.open(run, 0, **options)
        result = await shard.cell(cell, maker.make(cell), asyncio.Semaphore(1))
        await shard.close()
        return result

    return asyncio.run(work())


# ------------------------------------------------------------------------------------------------ key

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=4), json_values, max_size=5), st.randoms())
def test_key_does_not_depend_on_the_order_of_params(params, random):
    shuffled = list(params.items())
    random.shuffle(shuffled)
    assert make_cell(params=params).key == make_cell(params=dict(shuffled)).key


@pytest.mark.parametrize(
    "change",
    [
        {"task": "outline"},
        {"model_id": "other"},
        {"model_revision": "2"},
        {"prompt_id": "other"},
        {"prompt_sha256": "0" * 64},
        {"params": {"temperature": 0.8}},
        {"inputs": {"number": 0, "more": None}},
        {"seed": 1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_field_of_the_request_is_in_the_key(change):
    assert make_cell(**change).key != make_cell().key


def test_the_list_of_request_fields_above_is_complete():
    assert set(Request.__dataclass_fields__) == set(make_request().body())


def test_stage_version_and_engine_are_in_the_key_and_the_id_is_not(monkeypatch):
    cell = make_cell()
    keys = {cell.key, replace(cell, stage="qa").key, replace(cell, stage_version=2).key}
    assert replace(cell, cell_id="another").key == cell.key
    monkeypatch.setattr(cells_module, "ENGINE_VERSION", 2)
    keys.add(make_cell().key)
    assert len(keys) == 4


def test_key_is_the_one_that_committed_runs_were_made_with():
    assert make_cell().key == "861d8f085973b180736c4c6f76c582257a6d96698f1350a4e1eb4e668dc8fc9b"


# ------------------------------------------------------------------------------------------------ making


def test_a_made_cell_is_not_made_again_before_or_after_the_commit(tmp_path):
    maker = Maker()
    first = run_cell(tmp_path, TWELVE[1], maker)
    second = run_cell(tmp_path, TWELVE[1], maker)
    build(tmp_path, TWELVE[1:2], maker)
    third = run_cell(tmp_path, TWELVE[1], maker)
    assert first == second == third
    assert maker.calls == [TWELVE[1].cell_id]


def test_a_result_is_the_same_when_it_was_made_and_when_it_is_read(tmp_path):
    cell = make_cell()

    async def make():
        return {"pair": (1, 2), "third": 1 / 3, "text": "\u2028 é \x00"}, None

    async def work():
        shard = Shard.open(tmp_path, 0)
        made = await shard.cell(cell, make, asyncio.Semaphore(1))
        await shard.close()
        return made

    assert asyncio.run(work()).output == run_cell(tmp_path, cell, Maker()).output == {
        "pair": [1, 2], "third": 1 / 3, "text": "\u2028 é \x00",
    }  # fmt: skip


def test_counts_tell_made_reused_and_failed_apart(tmp_path):
    maker = Maker(fail=[TWELVE[0].cell_id])
    first = build(tmp_path, TWELVE[:6], maker)
    second = build(tmp_path, TWELVE[:9], maker)
    assert first.made == {"plot": 2, "keyframes": 2, "dialogue": 2}
    assert (first.reused, first.failed) == ({}, {"plot": 1})
    assert second.made == {"plot": 1, "keyframes": 1, "dialogue": 1}
    assert second.reused == {"plot": 2, "keyframes": 2, "dialogue": 2}
    assert second.failed == {"plot": 1}


def test_the_same_key_asked_for_at_once_is_made_once(tmp_path):
    maker = Maker()

    async def work():
        shard = Shard.open(tmp_path, 0)
        results = await make_all(shard, [TWELVE[1]] * 20, maker, concurrency=20)
        await shard.close()
        return results

    results = asyncio.run(work())
    assert len(maker.calls) == 1
    assert len({result.image_sha256 for result in results}) == 1


@pytest.mark.parametrize("bound", [1, 3])
def test_no_more_cells_are_in_work_than_the_limit_allows(tmp_path, bound):
    now = most = 0

    def make():
        async def answer():
            nonlocal now, most
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.001)
            now -= 1
            return {}, None

        return answer

    async def work():
        shard = Shard.open(tmp_path, 0)
        limit = asyncio.Semaphore(bound)
        await asyncio.gather(*(shard.cell(cell, make(), limit) for cell in TWELVE))
        await shard.close()

    asyncio.run(work())
    assert most == bound


def test_on_made_is_called_for_made_cells_and_not_for_reused_ones(tmp_path):
    seen = []

    async def work():
        shard = Shard.open(tmp_path, 0, on_made=lambda cell: seen.append(cell.cell_id))
        await make_all(shard, TWELVE[:3], Maker())
        await make_all(shard, TWELVE[:3], Maker())
        await shard.close()

    asyncio.run(work())
    assert sorted(seen) == sorted(cell.cell_id for cell in TWELVE[:3])


# ------------------------------------------------------------------------------------------------ failures


def test_a_failure_is_kept_with_its_reason_and_not_repeated(tmp_path):
    maker = Maker(fail=[TWELVE[0].cell_id])
    first = run_cell(tmp_path, TWELVE[0], maker)
    build(tmp_path, TWELVE[:1], maker)
    again = run_cell(tmp_path, TWELVE[0], maker)
    assert first == again
    assert (again.output, again.error) == (None, f"{TWELVE[0].cell_id} did not come out")
    assert len(maker.calls) == 1


@pytest.mark.parametrize("committed", [False, True])
def test_retry_failed_makes_failures_again_and_keeps_the_answer(tmp_path, committed):
    bad = Maker(fail=[TWELVE[0].cell_id])
    run_cell(tmp_path, TWELVE[0], bad)
    if committed:
        build(tmp_path, TWELVE[:1], bad)
    good = Maker()
    assert run_cell(tmp_path, TWELVE[0], good, retry_failed=True).error is None
    assert run_cell(tmp_path, TWELVE[0], good).error is None
    assert (len(bad.calls), len(good.calls)) == (1, 1)


def test_an_old_journal_that_a_kill_kept_from_being_removed_does_not_bring_a_failure_back(tmp_path):
    run_cell(tmp_path, TWELVE[0], Maker(fail=[TWELVE[0].cell_id]))
    shutil.copytree(tmp_path / "journal", tmp_path / "old")
    run_cell(tmp_path, TWELVE[0], Maker(), retry_failed=True)
    build(tmp_path, TWELVE[:1])
    (tmp_path / "journal").rmdir()
    (tmp_path / "old").rename(tmp_path / "journal")
    maker = Maker()
    assert run_cell(tmp_path, TWELVE[0], maker).error is None
    assert maker.calls == []


@pytest.mark.parametrize("output", [{"number": float("nan")}, {"text": "\ud800"}], ids=["nan", "surrogate"])
def test_an_output_that_json_cannot_hold_is_a_failure(tmp_path, output):
    async def make():
        return output, None

    async def work():
        shard = Shard.open(tmp_path, 0)
        result = await shard.cell(TWELVE[0], make, asyncio.Semaphore(1))
        await shard.close()
        return result

    result = asyncio.run(work())
    assert result.output is None
    assert result.error


def test_a_bug_in_the_maker_propagates_and_nothing_is_kept(tmp_path):
    async def make():
        raise TypeError("a bug")

    async def work():
        shard = Shard.open(tmp_path, 0)
        try:
            with pytest.raises(TypeError, match="a bug"):
                await shard.cell(TWELVE[0], make, asyncio.Semaphore(1))
            assert not shard.cached(TWELVE[0])
            return await shard.cell(TWELVE[0], Maker().make(TWELVE[0]), asyncio.Semaphore(1))
        finally:
            await shard.close()

    assert asyncio.run(work()).error is None


def test_a_cancelled_cell_leaves_no_line_and_is_made_by_the_next_who_asks(tmp_path):
    maker = Maker()

    async def forever():
        await asyncio.sleep(3600)

    async def work():
        shard = Shard.open(tmp_path, 0)
        limit = asyncio.Semaphore(1)
        first = asyncio.create_task(shard.cell(TWELVE[0], forever, limit))
        second = asyncio.create_task(shard.cell(TWELVE[0], maker.make(TWELVE[0]), limit))
        await asyncio.sleep(0.01)
        first.cancel()
        await second
        await shard.close()
        return first

    assert asyncio.run(work()).cancelled()
    lines = next((tmp_path / "journal").glob("*.jsonl")).read_text().splitlines()
    assert (len(lines), len(maker.calls)) == (1, 1)


# ------------------------------------------------------------------------------------------------ commit


def test_commit_leaves_tables_and_a_manifest_and_nothing_else(tmp_path):
    build(tmp_path, TWELVE, movies=2)
    names = sorted(name.partition("-")[0] for name in snapshot(tmp_path))
    assert names == ["dialogue/000000", "keyframes/000000", "manifest/000000.json", "movies/000000", "plot/000000"]


def test_committing_the_same_again_writes_nothing(tmp_path):
    build(tmp_path, TWELVE, movies=2)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*") if path.is_file()}

    async def work():
        shard = Shard.open(tmp_path, 0)
        await make_all(shard, TWELVE, Maker())
        changed = await shard.commit(empty_movies(2), TWELVE)
        await shard.close()
        return changed

    assert asyncio.run(work()) is False
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*") if path.is_file()} == before


def test_a_new_version_of_one_stage_rewrites_only_its_table(tmp_path):
    build(tmp_path, TWELVE)
    before = tables_of(tmp_path)
    maker = Maker()
    edited = [replace(cell, stage_version=2) if cell.stage == "dialogue" else cell for cell in TWELVE]
    build(tmp_path, edited, maker)
    after = tables_of(tmp_path)
    assert {name for name in after if after[name] != before[name]} == {"dialogue"}
    assert sorted(maker.calls) == sorted(cell.cell_id for cell in TWELVE if cell.stage == "dialogue")


def test_a_longer_shard_keeps_the_images_it_has(tmp_path):
    build(tmp_path, TWELVE[:6])
    maker = Maker()
    build(tmp_path, TWELVE, maker)
    assert sorted(maker.calls) == sorted(cell.cell_id for cell in TWELVE[6:])
    shard = Shard.open(tmp_path, 0)
    for cell in TWELVE:
        if cell.stage == "keyframes":
            digest = asyncio.run(shard.cell(cell, maker.make(cell), asyncio.Semaphore(1))).image_sha256
            assert shard.image(digest) == image_of(cell)


def test_images_can_be_read_before_the_commit_after_it_and_in_the_next_process(tmp_path):
    async def work():
        shard = Shard.open(tmp_path, 0)
        (result,) = await make_all(shard, TWELVE[1:2], Maker())
        images = [shard.image(result.image_sha256)]
        await shard.commit([], TWELVE[1:2])
        images.append(shard.image(result.image_sha256))
        await shard.close()
        images.append(Shard.open(tmp_path, 0).image(result.image_sha256))
        return images

    assert asyncio.run(work()) == [image_of(TWELVE[1])] * 3


def test_a_shard_goes_on_after_its_commit(tmp_path):
    async def work():
        shard = Shard.open(tmp_path / "run", 0)
        await make_all(shard, TWELVE[:6], Maker())
        await shard.commit([], TWELVE[:6])
        await make_all(shard, TWELVE, Maker())
        await shard.commit([], TWELVE)
        await shard.close()
        return shard

    assert sum(asyncio.run(work()).made.values()) == 12
    build(tmp_path / "undisturbed", TWELVE)
    assert snapshot(tmp_path / "run") == snapshot(tmp_path / "undisturbed")


def test_cells_with_one_key_are_made_once_and_are_one_row(tmp_path):
    maker = Maker()
    cell = make_cell(0)
    twin = replace(cell, cell_id="m00009-x0000/plot")
    build(tmp_path, [cell, twin], maker)
    (path,) = (tmp_path / "plot").iterdir()
    assert len(maker.calls) == len(list(tables.read_entries(path))) == 1


def test_tables_do_not_depend_on_the_order_or_concurrency_of_making(tmp_path):
    async def work(run, order, concurrency):
        shard = Shard.open(run, 0)
        await make_all(shard, order, Maker(), concurrency)
        await shard.commit([], TWELVE)
        await shard.close()

    asyncio.run(work(tmp_path / "a", TWELVE, 1))
    asyncio.run(work(tmp_path / "b", TWELVE[::-1], 64))
    assert snapshot(tmp_path / "a") == snapshot(tmp_path / "b")


def test_another_engine_version_makes_all_again_and_says_so(tmp_path, monkeypatch):
    build(tmp_path, TWELVE)
    monkeypatch.setattr(cells_module, "ENGINE_VERSION", 2)
    maker = Maker()
    shard = build(tmp_path, [make_cell(number) for number in range(12)], maker)
    assert len(maker.calls) == 12
    assert "engine version 1" in shard.findings[0]
