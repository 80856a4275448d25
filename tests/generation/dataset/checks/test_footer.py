"""footer.py: what it reads is what pyarrow wrote, and what does not fit together is refused."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moviellm.generation.dataset.checks.footer import pages, read_footer, read_struct
from moviellm.generation.dataset.features import FEATURES, arrow_schema

TEXTS = st.lists(st.one_of(st.none(), st.text(max_size=20)), min_size=1, max_size=60)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS, st.sampled_from(["zstd", "gzip", "snappy", "none"]), st.booleans(), st.sampled_from(["1.0", "2.0"]))
def test_it_reads_what_pyarrow_reads(tmp_path, texts, compression, dictionary, pages_version):
    path = tmp_path / "x.parquet"
    table = pa.table(
        {"a": pa.array(texts, pa.string()), "b": [[{"c": n, "d": 0.5}] * (n % 3) for n in range(len(texts))]}
    )
    pq.write_table(
        table,
        path,
        compression=compression,
        use_dictionary=dictionary,
        data_page_version=pages_version,
        row_group_size=25,
        write_page_index=True,
    )
    metadata = pq.read_metadata(path)
    with open(path, "rb") as file:
        footer = read_footer(file)
        assert (footer.rows, len(footer.groups)) == (metadata.num_rows, metadata.num_row_groups)
        for number, group in enumerate(footer.groups):
            theirs = metadata.row_group(number)
            assert group.rows == theirs.num_rows
            for place, column in enumerate(group.columns):
                found = list(pages(file, column))
                chunk = theirs.column(place)
                assert column.values == chunk.num_values and column.ends_at - column.at == chunk.total_compressed_size
                assert found[-1].ends_at == column.ends_at
                headers = chunk.total_uncompressed_size - sum(page.unpacked_bytes for page in found)
                assert 0 < headers < 200 * len(found)  # that size counts the headers, too


@pytest.mark.parametrize("config", FEATURES)
def test_it_reads_every_config(tmp_path, config):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.Table.from_pylist([{}, {}], schema=arrow_schema(FEATURES[config])), path)
    with open(path, "rb") as file:
        assert len(read_footer(file).groups[0].columns) == pq.read_metadata(path).num_columns


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1PAR1PAR1", b"PAR1" + b"\0" * 20 + b"PAR1", b"<html></html>" * 9])
def test_what_is_no_parquet_file_is_refused(tmp_path, data):
    path = tmp_path / "x.parquet"
    path.write_bytes(data)
    with open(path, "rb") as file, pytest.raises(ValueError, match=r"begin|end|footer|schema"):
        read_footer(file)


def with_footer(path: Path, footer: bytes) -> Path:
    path.write_bytes(b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1")
    return path


def node(children: int) -> bytes:
    """A schema element: a column without children, else a group."""
    return b"\x55" + bytes([children << 1]) + b"\0" if children else b"\x15\x0c\0"


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        ([node(2), node(0)], "fewer nodes"),
        ([node(1), node(0), node(0)], "more nodes"),
        ([node(1)] * 50 + [node(0)], "more than 30 levels"),
        ([node(0)], "a schema of 1 nodes"),
        ([b"\x55\x01\0", node(0)], "should be a number"),
    ],
)
def test_a_schema_that_is_no_tree_is_refused(tmp_path, nodes, reason):
    count = bytes([len(nodes) << 4 | 12]) if len(nodes) < 15 else bytes([0xFC, len(nodes)])
    footer = b"\x15\x02\x19" + count + b"".join(nodes) + b"\x16\x00\x19\x0c\0"
    with open(with_footer(tmp_path / "x.parquet", footer), "rb") as file, pytest.raises(ValueError, match=reason):
        read_footer(file)


@given(st.binary(max_size=200))
def test_any_bytes_end_as_a_struct_or_a_refusal(data):
    try:
        fields, ends_at = read_struct(data)
    except (ValueError, IndexError):
        return
    assert isinstance(fields, dict) and ends_at <= len(data)
