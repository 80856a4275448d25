"""Runs in a store in memory: the bytes of a folder, whenever a maker dies; two makers; what stays and what goes."""

import asyncio
import random
import threading
from pathlib import Path
from typing import Any

import pytest

from moviellm.generation.buckets import keeping, leases, places
from moviellm.generation.buckets.costs import paid_in_bucket
from moviellm.generation.buckets.leases import LostError
from moviellm.generation.buckets.making import make_in_bucket
from moviellm.generation.buckets.reading import verify_in
from moviellm.generation.buckets.segments import CALLS, lines_in
from moviellm.generation.buckets.store import Store
from moviellm.generation.make import make_run
from moviellm.generation.runs.manifest import manifest_path
from moviellm.generation.runs.record import RunRecord
from moviellm.generation.studios import Studio
from tests.fakes import FakePainter, FakeWriter
from tests.generation.buckets.kit import URL, Killed, Memory, committed, make
from tests.generation.cluster.kit import kept
from tests.generation.test_make import RECIPE, record_for

SMALL = RECIPE.model_copy(update={"engine": RECIPE.engine.model_copy(update={"shard_bytes": 1024})})
"""Three movies, a shard each."""
CHECK = leases.Lease.check


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makers that died are followed at once; nothing is asked beside what the test asks."""
    monkeypatch.setattr(leases, "STALE_S", 0.04)
    monkeypatch.setattr(leases, "POLL_S", 0.01)
    monkeypatch.setattr(leases, "BEAT_S", 1000.0)
    monkeypatch.setattr(leases.Lease, "check", _held)


def _held(self: leases.Lease) -> None:
    """As `Lease.check`, without the time that a lease has: none is renewed here."""
    if self.lost is not None:
        raise LostError(self.lost)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> RunRecord:
    return record_for(tmp_path_factory.mktemp("record") / "r", SMALL)


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory, record: RunRecord) -> dict[str, bytes]:
    """What one machine commits to a folder."""
    run = tmp_path_factory.mktemp("one") / "r"
    asyncio.run(make_run(run, record, FakeWriter(), FakePainter()))
    return kept(run)


def test_a_run_in_a_bucket_has_the_bytes_of_one_in_a_folder(
    record: RunRecord, one: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fs = Memory()
    report = make(fs, tmp_path, record, monkeypatch)
    assert (report.movies, report.made["keyframes"]) == (3, 24)
    files = fs.files()
    assert committed(files) == one
    rest = sorted({name.split("/")[0] for name in files} - {name.split("/")[0] for name in one})
    assert rest == ["run.yaml", "segments", "settled"]
    assert [name.rsplit(".", 1)[-1] for name in files if name.startswith("segments/")] == ["end"] * 3
    assert [path.name for path in tmp_path.iterdir()] == []  # nothing stays here


def test_making_it_again_asks_for_what_is_settled_and_makes_nothing(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fs = Memory()
    make(fs, tmp_path, record, monkeypatch)
    before, fs.asked = fs.files(), []
    writer = FakeWriter()
    report = make(fs, tmp_path, record, monkeypatch, writer)
    assert (report.movies, report.made, writer.calls) == (3, {}, {})
    assert fs.files() == before
    assert [name for call, name in fs.asked if call in {"get_file", "put_file"}] == []
    assert len(fs.asked) < 25


@pytest.mark.parametrize(("share", "does_it"), [(0.5, True), (0.8, False)])
def test_a_maker_that_dies_at_some_requests_loses_nothing(
    record: RunRecord,
    one: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    share: float,
    does_it: bool,
) -> None:
    whole = Memory()
    make(whole, tmp_path, record, monkeypatch)
    _dies_and_goes_on(int(share * len(whole.asked)), does_it, record, one, tmp_path, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("does_it", [False, True], ids=["before", "after"])
def test_a_maker_that_dies_at_any_request_loses_nothing(
    record: RunRecord, one: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does_it: bool
) -> None:
    whole = Memory()
    make(whole, tmp_path, record, monkeypatch)
    for request in range(1, len(whole.asked) + 1):
        _dies_and_goes_on(request, does_it, record, one, tmp_path, monkeypatch)


def _dies_and_goes_on(
    request: int, does_it: bool, record: RunRecord, one: dict[str, bytes], work: Path, monkeypatch: Any
) -> None:
    fs = Memory()
    fs.dies_at, fs.does_it = request, does_it
    with pytest.raises((Killed, BaseExceptionGroup)):
        make(fs, work, record, monkeypatch)
    there = {name for name in fs.files() if name.startswith("manifest/")}
    fs.dies_at = None
    writer = FakeWriter()
    report = make(fs, work, record, monkeypatch, writer)
    assert report.movies == 3
    assert committed(fs.files()) == one, f"died at request {request}"
    assert writer.calls["outline"] <= 3 - len(there)  # what was committed is not made again
    left = {name.split("/")[0] for name in fs.files()} - {"run.yaml", "segments", "settled", "probe"}
    assert left == {name.split("/")[0] for name in one}
    assert all(name.endswith(".end") for name in fs.files() if name.startswith("segments/"))


@pytest.mark.slow
def test_what_was_sent_before_a_death_is_not_made_again(
    record: RunRecord, one: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fs = Memory()
    make(fs, tmp_path, record, monkeypatch)
    tables = next(i for i, (call, _) in enumerate(fs.asked) if call == "put_file")  # the first shard is all sent then
    again = Memory()
    again.dies_at = tables + 1
    with pytest.raises(Killed):
        make(again, tmp_path, record, monkeypatch)
    again.dies_at = None
    writer = FakeWriter()
    report = make(again, tmp_path, record, monkeypatch, writer)
    assert writer.calls["outline"] == 2
    assert report.reused["keyframes"] == 8
    assert committed(again.files()) == one


def test_an_extended_run_replaces_what_changed_and_keeps_the_rest(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = RECIPE.model_copy(update={"movies": 3})
    small = record_for(tmp_path / "r", two).model_copy(update={"movies_per_shard": 2})
    fs = Memory()
    make(fs, tmp_path / "w", small, monkeypatch)
    longer = small.model_copy(update={"recipe": small.recipe.model_copy(update={"movies": 4})})
    report = make(fs, tmp_path / "w", longer, monkeypatch)
    assert (report.movies, report.made["plot"]) == (4, 7)
    names = [name for name in fs.files() if name.startswith(("manifest/", "run."))]
    assert names == ["manifest/000000.json", "manifest/000001.0002.json", "run.0002.yaml"]
    assert len([name for name in fs.files() if name.startswith("movies/000001-")]) == 1  # the old table is gone
    run = tmp_path / "folder"
    asyncio.run(make_run(run, longer, FakeWriter(), FakePainter()))
    plain = {name.replace(".0002", ""): data for name, data in committed(fs.files()).items()}
    assert plain == kept(run)


@pytest.mark.slow
def test_fewer_movies_remove_the_shards_that_are_not_reached(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fs = Memory()
    make(fs, tmp_path, record, monkeypatch)
    fewer = record.model_copy(update={"recipe": record.recipe.model_copy(update={"movies": 1})})
    make(fs, tmp_path, fewer, monkeypatch)
    assert {name for name in fs.files() if "/00000" in name and "/000000" not in name} == set()


@pytest.mark.slow
def test_a_table_that_was_damaged_or_lost_is_made_again(
    record: RunRecord, one: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fs = Memory()
    make(fs, tmp_path, record, monkeypatch)
    lost = next(name for name in one if name.startswith("keyframes/000001"))
    damaged = next(name for name in one if name.startswith("plot/000002"))
    fs.rm_file(f"{URL.root}/{lost}")
    fs.pipe_file(f"{URL.root}/{damaged}", b"x" * 9)
    report = make(fs, tmp_path, record, monkeypatch)
    assert report.made["keyframes"] == 8
    assert len(report.findings) == 2
    assert committed(fs.files()) == one


def test_who_commits_second_with_other_contents_is_told_and_changes_nothing(
    record: RunRecord, one: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last line of defence: both hold the shard, which no lease allows."""
    fs = Memory()
    commit, came = keeping.Keeper.commit, threading.Event()

    def late(self: keeping.Keeper, *, unfinished: bool) -> None:
        if not came.is_set():
            came.set()
            for name, data in one.items():
                fs.pipe_file(f"{URL.root}/{name}", data)
        commit(self, unfinished=unfinished)

    monkeypatch.setattr(keeping.Keeper, "commit", late)
    other = record.model_copy(update={"created_at": "2001-01-01T00:00:00Z"})
    with pytest.raises(ValueError, match="was committed by somebody else meanwhile, with other contents"):
        make(fs, tmp_path, other, monkeypatch)
    assert {name: data for name, data in fs.files().items() if name in one} == one


@pytest.mark.slow
def test_who_commits_second_with_the_same_contents_is_content(
    record: RunRecord, one: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fs = Memory()
    commit = keeping.Keeper.commit

    def late(self: keeping.Keeper, *, unfinished: bool) -> None:
        name = f"manifest/{self.index:06d}.json"
        fs.pipe_file(f"{URL.root}/{name}", manifest_path(self.run, self.index).read_bytes())
        commit(self, unfinished=unfinished)

    monkeypatch.setattr(keeping.Keeper, "commit", late)
    assert make(fs, tmp_path, record, monkeypatch).movies == 3
    assert committed(fs.files()) == one


def test_a_lost_lease_ends_the_making_before_anything_more_is_paid_for(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fs, writer = Memory(), FakeWriter()
    write = writer.write

    async def losing(*values: Any, **options: Any) -> Any:
        for lease in held:
            lease.lost = "another maker has taken over"
        return await write(*values, **options)

    held: list[leases.Lease] = []
    begin = leases.Lease.__init__

    def noted(self: leases.Lease, store: Store, of: str, *values: Any, **options: Any) -> None:
        begin(self, store, of, *values, **options)
        held.extend([self] if of != leases.RUN else [])

    monkeypatch.setattr(leases.Lease, "__init__", noted)
    monkeypatch.setattr(writer, "write", losing)
    with pytest.raises((LostError, BaseExceptionGroup)):
        make(fs, tmp_path, record, monkeypatch, writer)
    assert writer.calls["outline"] + writer.calls["chapter"] <= 2
    assert committed(fs.files()) == {}


def test_a_store_that_rests_longer_than_a_lease_lasts_is_a_pause(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases.Lease, "check", CHECK)
    monkeypatch.setattr(leases, "BEAT_S", 0.05)
    monkeypatch.setattr(leases, "STALE_S", 0.4)
    monkeypatch.setattr(leases, "POLL_S", 0.02)
    fs, writer, resting = Memory(), FakeWriter(), threading.Event()
    write = writer.write

    class Rests:
        def __getattr__(self, name: str) -> Any:
            if resting.is_set():
                raise ConnectionError("nobody answers")
            return getattr(fs, name)

    async def slow(*values: Any, **options: Any) -> Any:
        if writer.calls.total() == 2:
            resting.set()
            threading.Timer(1.0, resting.clear).start()
            await asyncio.sleep(0.6)
        return await write(*values, **options)

    monkeypatch.setattr(writer, "write", slow)
    store: Any = Rests()
    assert make(store, tmp_path, record, monkeypatch, writer).movies == 3


def test_who_was_overtaken_while_it_committed_removes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = record_for(tmp_path / "r", RECIPE.model_copy(update={"movies": 3})).model_copy(
        update={"movies_per_shard": 4}
    )
    longer = small.model_copy(update={"recipe": small.recipe.model_copy(update={"movies": 4})})
    fs, create = Memory(), Store.create
    make(fs, tmp_path / "first", small, monkeypatch)
    before = set(fs.files())

    def overtaken(self: Store, name: str, data: bytes) -> bool:
        done = create(self, name, data)
        if name == "manifest/000000.0002.json":
            for lease in held:
                lease.lost = "another maker has taken over"
        return done

    held: list[leases.Lease] = []
    sure = leases.Lease.sure
    monkeypatch.setattr(leases.Lease, "sure", lambda self: held.append(self) or sure(self))
    monkeypatch.setattr(Store, "create", overtaken)
    with pytest.raises((LostError, BaseExceptionGroup)):
        make(fs, tmp_path / "again", longer, monkeypatch)
    tables = {name for name in before if name.endswith(".parquet")}
    assert tables and tables <= set(fs.files())


def test_a_second_make_of_the_same_run_is_refused_while_the_first_is_at_work(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fs = Memory()
    monkeypatch.setattr(leases, "STALE_S", 0.5)
    monkeypatch.setattr(leases, "BEAT_S", 0.05)
    opened_store = classmethod(lambda cls, url, **_: cls(url, fs))
    monkeypatch.setattr(Store, "open", opened_store)
    with (
        places.opened(URL, tmp_path / "a", who="ada"),
        pytest.raises(ValueError, match="the run is being made by ada; wait for it or stop it"),
    ):
        make(fs, tmp_path / "b", record, monkeypatch)


def test_two_makers_of_shards_share_a_run_without_doing_anything_twice(
    record: RunRecord, one: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the tasks of a cluster do: no lease of the run, one of each shard."""
    monkeypatch.setattr(leases, "STALE_S", 30.0)
    fs = Memory()
    writers = [FakeWriter(), FakeWriter()]

    def work(number: int) -> None:
        with places.working_folder(tmp_path / str(number)) as folder:
            place = places.Place(Store(URL, fs), folder, leases.Maker(f"maker {number}", folder), None)
            studio = Studio(writer=writers[number], painter=FakePainter())
            asyncio.run(make_in_bucket(place, record, studio, lambda count: None, retry_failed=False))

    threads = [threading.Thread(target=work, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert committed(fs.files()) == one
    assert sum(writer.calls["outline"] for writer in writers) == 3


def test_a_run_is_checked_and_its_logs_are_whole(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fs = Memory()
    report = make(fs, tmp_path / "w", record, monkeypatch)
    assert [*verify_in(URL, tmp_path / "w")] == []
    store = Store(URL, fs)
    kept = [piece for name in store.names("segments") for piece in lines_in(store, name)]
    calls = b"".join(piece.data for piece in kept if piece.file == CALLS)
    assert calls.count(b"\n") == sum(report.made.values())  # every cell that was made, once
    assert paid_in_bucket(store).keys() == {0, 1, 2}


@pytest.mark.slow
def test_deaths_without_number_lose_nothing(
    record: RunRecord, one: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng, fs, writer = random.Random(20261129), Memory(), FakeWriter()
    for _ in range(8):
        fs.dies_at, fs.does_it = len(fs.asked) + rng.randrange(8, 60), rng.random() < 0.5
        try:
            make(fs, tmp_path, record, monkeypatch, writer)
            break
        except (Killed, BaseExceptionGroup):
            pass
    fs.dies_at = None
    make(fs, tmp_path, record, monkeypatch, writer)
    assert committed(fs.files()) == one
