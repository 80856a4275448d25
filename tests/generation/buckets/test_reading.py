"""Reading a run in a bucket: a dry run asks for no table, a check and a build have two shards on the disk, not all.

Against moto's server behind the proxy, which writes down what was asked.
"""

import asyncio
import errno
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from moviellm.generation.buckets import laying, places, reading
from moviellm.generation.buckets.laying import LaidTables
from moviellm.generation.buckets.planning import plan_in_bucket
from moviellm.generation.buckets.reading import verify_in
from moviellm.generation.buckets.store import Store
from moviellm.generation.cli.app import call
from moviellm.generation.files import DiskError
from moviellm.generation.make import make_run, plan_run
from moviellm.generation.runs.address import BucketUrl
from moviellm.generation.runs.check import verify
from moviellm.generation.runs.manifest import TABLES, TableFile
from moviellm.generation.runs.record import RunRecord
from moviellm.generation.studios import Studio
from tests.fakes import FakePainter, FakeWriter
from tests.generation.buckets.kit import URL, Killed, Memory, make
from tests.generation.test_make import RECIPE, record_for
from tests.servers.s3_faults import S3

SMALL = RECIPE.model_copy(update={"movies": 4, "engine": RECIPE.engine.model_copy(update={"shard_bytes": 1024})})
"""Four movies, a shard each."""
TABLE = re.compile(rf"/({'|'.join(TABLES)})/")


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run in a folder."""
    run = tmp_path_factory.mktemp("one") / "r"
    asyncio.run(make_run(run, record_for(run, SMALL), FakeWriter(), FakePainter()))
    return run


@pytest.fixture
def record(one: Path) -> RunRecord:
    return record_for(one, SMALL)


@pytest.fixture(scope="module")
def objects(one: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the run leaves in a bucket."""
    fs = Memory()
    with pytest.MonkeyPatch.context() as patch:
        make(fs, tmp_path_factory.mktemp("made"), record_for(one, SMALL), patch)
    return fs.files()


@pytest.fixture
def run(s3: S3, bucket: str, objects: dict[str, bytes]) -> str:
    """The run in a bucket."""
    for name, data in objects.items():
        s3.write(bucket, f"run/{name}", data)
    return f"s3://{bucket}/run"


def asked_for_tables(s3: S3) -> list[str]:
    """What was asked for below the folders of tables; lists are of names."""
    return [path for _, path, _ in s3.faults.log if TABLE.search(path.partition("?")[0])]


def dry(run: str, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    assert call(["make", "--out", run, "--dry-run", "--json", *options]) == 0
    return dict(json.loads(capsys.readouterr().out))


# ---------------------------------------------------------------- what tells how far it is


def test_a_shard_that_is_committed_anew_after_it_was_listed_is_read_all_the_same(tmp_path: Path) -> None:
    class Moving(Store):
        def get(self, name: str, first: int | None = None) -> bytes | None:
            if name == "manifest/000000.json":
                assert self.create("manifest/000000.0002.json", b"anew")
                self.delete([name])
            return super().get(name, first)

    store = Moving(URL, Memory())
    store.put("manifest/000000.json", b"first")
    store.put("manifest/000001.json", b"other")
    reading.mirror(store, tmp_path)
    laid = {path.name: path.read_bytes() for path in (tmp_path / "manifest").iterdir()}
    assert laid == {"000000.json": b"anew", "000001.json": b"other"}


# ---------------------------------------------------------------- --dry-run


def test_a_dry_run_of_a_finished_run_asks_for_no_table_and_finds_nothing_to_make(
    s3: S3, run: str, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = dry(run, capsys)
    assert (plan["to_make"], plan["cells"], plan["shards_unopened"]) == (0, plan["cached"], 0)
    assert asked_for_tables(s3) == []
    assert len(s3.faults.log) < 30


def test_a_dry_run_of_a_longer_run_counts_shards_as_they_are_committed_and_says_so(
    s3: S3, run: str, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = dry(run, capsys, "--set", "movies=5")
    assert sum(plan["cached"].values()) == 4 * sum(plan["cells"].values()) / 5
    assert plan["shards_unopened"] == 4
    assert asked_for_tables(s3) == []


@pytest.mark.slow
def test_another_story_is_refused_and_with_replace_all_of_it_is_to_make(
    s3: S3, run: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for more in ([], ["--dry-run"]):
        assert call(["make", "--out", run, "--set", "seed=99", *more]) == 2
        assert f"{run} holds 4 movies made with other seed" in capsys.readouterr().err
    plan = dry(run, capsys, "--set", "seed=99", "--replace")
    assert (sum(plan["cached"].values()), plan["to_make"]) == (0, sum(plan["cells"].values()))


def test_a_shard_in_the_making_is_known_by_its_journal_without_its_pictures(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Memory()
    make(whole, tmp_path / "w", record, monkeypatch)
    fs = Memory()
    fs.dies_at = 1 + next(i for i, (asked, _) in enumerate(whole.asked) if asked == "put_file")
    with pytest.raises(Killed):  # all of the first shard is sent then, and nothing committed
        make(fs, tmp_path / "w", record, monkeypatch)
    fs.dies_at = None
    studio = Studio(writer=FakeWriter(), painter=FakePainter())
    with places.opened(URL, tmp_path / "w", to_make=False) as place:
        plan = asyncio.run(plan_in_bucket(place, record, studio, retry_failed=False))
        assert [path.stat().st_size for path in (place.folder / "journal").glob("*.pack")] == [0]
    assert plan.cached == {stage: count // 4 for stage, count in plan.cells.items()}
    assert plan.unopened == 0


def test_a_dry_run_says_what_one_in_a_folder_says(one: Path, record: RunRecord, run: str, tmp_path: Path) -> None:
    studio = Studio(writer=FakeWriter(), painter=FakePainter())
    longer = record.model_copy(update={"recipe": record.recipe.model_copy(update={"movies": 6})})
    for each in (record, longer):
        folder = asyncio.run(plan_run(one, each, studio.writer, studio.painter))
        with places.opened(BucketUrl("s3", run.removeprefix("s3://")), tmp_path, to_make=False) as place:
            plan = asyncio.run(plan_in_bucket(place, each, studio, retry_failed=False))
        assert (plan.cells, plan.cached, plan.image_bytes) == (folder.cells, folder.cached, folder.image_bytes)


# ---------------------------------------------------------------- check


@pytest.fixture
def most(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, int]]:
    """The most tables of a stage that lay in the working folder together."""
    seen: dict[str, int] = {}
    lay = LaidTables.lay

    def counting(self: LaidTables, table: TableFile) -> bool:
        came = lay(self, table)
        for stage in TABLES:
            there = sum(1 for _ in (self._folder / stage).glob("*.parquet"))
            seen[stage] = max(seen.get(stage, 0), there)
        return came

    monkeypatch.setattr(LaidTables, "lay", counting)
    yield seen


def test_a_check_reads_every_table_once_and_has_two_shards_on_the_disk(
    s3: S3, run: str, most: dict[str, int], tmp_path: Path
) -> None:
    for effect in (500, 503, "cut before", "cut after"):
        s3.faults.add("GET", "keyframes/", effect)  # type: ignore[arg-type]
    assert call(["check", run, "--work", str(tmp_path / "w")]) == 0
    assert max(most.values()) == 2
    read = [path for path, status in {(p, s) for m, p, s in s3.faults.log if m == "GET"} if status < 300]
    tables = [path for path in read if TABLE.search(path.partition("?")[0])]
    assert len(tables) == len(set(tables)) == 4 * sum(1 for stage in most if most[stage])
    assert list((tmp_path / "w").iterdir()) == []


def test_a_check_finds_what_it_finds_in_a_folder(s3: S3, run: str, one: Path, tmp_path: Path) -> None:
    folder, name = tmp_path / "damaged", run.removeprefix("s3://")
    shutil.copytree(one, folder)
    lost, damaged = next(folder.glob("qa/000001-*")), next(folder.glob("plot/000002-*"))
    lost.unlink()
    damaged.write_bytes(b"x" * damaged.stat().st_size)
    (folder / "manifest/000003.json").unlink()
    bucket, _, place = name.partition("/")
    s3.delete(bucket, f"{place}/{lost.relative_to(folder)}")
    s3.delete(bucket, f"{place}/manifest/000003.json")
    s3.write(bucket, f"{place}/{damaged.relative_to(folder)}", damaged.read_bytes())
    there = [*verify_in(BucketUrl("s3", name), tmp_path / "w")]
    here = [(one.severity, one.where, one.what.replace(str(folder), run)) for one in verify(folder)]
    left = [one for one in here if "000003" not in one[1] or one[0] == "error"]  # tables that no manifest lists
    assert [(one.severity, one.where, one.what) for one in there] == left
    assert all(str(tmp_path) not in one.do for one in there)
    assert len([one for one in there if one.severity == "error"]) == 3


def test_a_shard_that_is_committed_anew_while_it_is_checked_is_looked_at_again(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fs = Memory()
    small = record.model_copy(update={"movies_per_shard": 3})
    make(fs, tmp_path / "w", small, monkeypatch)
    longer = small.model_copy(update={"recipe": small.recipe.model_copy(update={"movies": 5})})

    def meanwhile(*_: Any) -> None:
        make(fs, tmp_path / "w", longer, monkeypatch)

    monkeypatch.setattr(reading, "refuse_small_disk", meanwhile)
    found = [finding.what for finding in verify_in(URL, tmp_path / "c")]
    assert found == ["holds movies that run.yaml does not ask for: m00004"]  # the record is that of the beginning


# ---------------------------------------------------------------- dataset build


def built(run: str, out: Path) -> dict[str, bytes]:
    assert call(["dataset", "build", run, "--out", str(out)]) == 0
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


@pytest.mark.slow
def test_a_dataset_is_built_from_two_shards_at_a_time_with_the_bytes_of_one_from_a_folder(
    s3: S3, run: str, one: Path, most: dict[str, int], tmp_path: Path
) -> None:
    for effect in (500, 503, "cut before", "cut after"):
        s3.faults.add("GET", "keyframes/", effect)  # type: ignore[arg-type]
    assert built(run, tmp_path / "theirs") == built(str(one), tmp_path / "ours")
    assert max(most.values()) == 2
    assert sorted({TABLE.search(path)[1] for path in asked_for_tables(s3)}) == ["keyframes", "movies"]  # type: ignore[index]


@pytest.mark.parametrize("verb", [["check"], ["dataset", "build", "--out", "data"]])
def test_a_disk_without_room_is_said_with_sizes_before_a_table_is_asked_for(
    s3: S3, run: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], verb: list[str]
) -> None:
    monkeypatch.setattr(laying.shutil, "disk_usage", lambda place: SimpleNamespace(free=10))
    assert call([*verb, run]) == 2
    assert "has 0.0 GB free" in capsys.readouterr().err
    assert asked_for_tables(s3) == []


def test_a_table_that_is_gone_names_the_bucket_and_not_the_working_folder(
    s3: S3, run: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket = run.removeprefix("s3://").partition("/")[0]
    s3.delete(bucket, next(key for key in s3.keys(bucket) if "keyframes/000002" in key))
    assert call(["dataset", "build", run, "--out", str(tmp_path / "data")]) == 2
    said = capsys.readouterr().err
    assert f"{run}/keyframes/000002-" in said
    assert f"moviellm check {run}" in said


def test_a_full_disk_ends_the_reading_at_once(tmp_path: Path) -> None:
    fs = Memory()
    fs.pipe_file(f"{URL.root}/a", b"x")

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    fs.get_file = full  # type: ignore[method-assign]
    with pytest.raises(DiskError, match="no space left"):
        places.Store(URL, fs).fetch("a", tmp_path / "a")
