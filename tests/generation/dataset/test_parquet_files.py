"""shards.py: bounded row groups, numbered shards, the same bytes for the same rows."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from moviellm.generation.dataset import parquet_files as shards
from moviellm.generation.dataset.parquet_files import Shard, ShardWriter

SCHEMA = pa.schema([("number", pa.int64()), ("text", pa.string())])


def write(folder: Path, rows: int, rows_per_group: int = 100) -> list[Shard]:
    folder.mkdir(exist_ok=True)
    writer = ShardWriter(folder, "qa", "train", SCHEMA, rows_per_group)
    for number in range(rows):
        writer.add({"number": number, "text": f"row {number}"})
    return writer.close()


def test_rows_come_back_in_order(tmp_path):
    (shard,) = write(tmp_path, 1000)
    assert shard.path == "qa/train-00000-of-00001.parquet"
    assert pq.read_table(tmp_path / shard.path)["number"].to_pylist() == list(range(1000))


def test_a_row_group_ends_at_the_first_batch_that_fills_it(tmp_path):
    (shard,) = write(tmp_path, 300)
    parquet = pq.read_metadata(tmp_path / shard.path)
    assert [parquet.row_group(i).num_rows for i in range(parquet.num_row_groups)] == [128, 128, 44]


def test_a_row_group_ends_when_its_bytes_are_many(tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "GROUP_BYTES", 100)
    (shard,) = write(tmp_path, 128, rows_per_group=10_000)
    assert pq.read_metadata(tmp_path / shard.path).num_row_groups == 2


def test_a_full_shard_is_followed_by_another_and_names_count_them(tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "SHARD_BYTES", 1)
    found = write(tmp_path, 300)
    assert [shard.path for shard in found] == [f"qa/train-0000{i}-of-00003.parquet" for i in range(3)]
    assert [shard.rows for shard in found] == [128, 128, 44]
    assert sorted(path.name for path in tmp_path.rglob("*.parquet")) == [shard.path[3:] for shard in found]


def test_a_shard_that_fills_with_the_last_row_is_not_followed_by_an_empty_one(tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "SHARD_BYTES", 1)
    assert [shard.rows for shard in write(tmp_path, 128)] == [128]


def test_no_rows_leave_no_file(tmp_path):
    assert write(tmp_path, 0) == []
    assert list(tmp_path.iterdir()) == []


def test_the_same_rows_give_the_same_bytes(tmp_path):
    one, other = write(tmp_path / "one", 500), write(tmp_path / "other", 500)
    assert one == other
    assert (tmp_path / "one" / one[0].path).read_bytes() == (tmp_path / "other" / other[0].path).read_bytes()


def test_files_have_a_page_index_and_no_metadata_of_datasets(tmp_path):
    (shard,) = write(tmp_path, 10)
    assert b"huggingface" not in (pq.read_schema(tmp_path / shard.path).metadata or {})
    column = pq.read_metadata(tmp_path / shard.path).row_group(0).column(0)
    assert column.has_column_index and column.has_offset_index


def test_an_aborted_writer_leaves_no_shard_under_its_final_name(tmp_path):
    writer = ShardWriter(tmp_path, "qa", "train", SCHEMA, 100)
    writer.add({"number": 1, "text": ""})
    writer.abort()
    writer.abort()
    assert list(tmp_path.rglob("*.parquet")) == []


def test_a_row_of_another_type_is_refused(tmp_path):
    writer = ShardWriter(tmp_path, "qa", "train", SCHEMA, 100)
    writer.add({"number": "one", "text": ""})
    with pytest.raises((pa.ArrowInvalid, TypeError)):
        writer.close()
    writer.abort()
