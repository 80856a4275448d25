"""imports/pickles.py: features come out as NumPy reads them, and nothing that a pickle says is ever run."""

import os
import pickle
import subprocess
import sys
import tracemalloc
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from moviellm.generation.imports.pickles import loads, read_pickle

FEATURES = {"feats": np.arange(2 * 3 * 4, dtype=np.float16).reshape(2, 3, 4), "inputs": "<image>\nHello<image>\n"}
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return repr(one) == repr(other)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_features_are_read(protocol: int) -> None:
    assert same(loads(pickle.dumps(FEATURES, protocol)), FEATURES)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_features_of_older_numpy_are_read(protocol: int) -> None:
    data = pickle.dumps(FEATURES, protocol)
    for name in (b"numpy._core.multiarray", b"numpy._core.numeric"):
        short = name.replace(b"_core", b"core")
        data = data.replace(b"\x8c" + bytes([len(name)]) + name, b"\x8c" + bytes([len(short)]) + short)
        data = data.replace(name, short)
    assert b"numpy.core" in data and same(loads(data), FEATURES)


def test_bytes_as_python_2_writes_them_are_an_array() -> None:
    start = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85q\x03"
    start += b"U\x01bq\x04\x87q\x05Rq\x06"
    state = b"(K\x03U\x01<q\x0cNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\rb"
    kind = b"cnumpy\ndtype\nq\x08U\x02i2q\x09K\x00K\x01\x87q\nRq\x0b" + state
    data = start + b"(K\x01K\x02\x85q\x07" + kind + b"\x89U\x04\x01\x00\xfe\xffq\x0etq\x0fb."
    assert loads(data).tolist() == [1, -2]


KINDS = hnp.scalar_dtypes().filter(lambda kind: kind.kind in "biufc")
LEAF = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.binary(max_size=5),
    hnp.arrays(
        hnp.scalar_dtypes().filter(lambda kind: kind.kind in "biufc"), hnp.array_shapes(min_dims=0, min_side=0)
    ),
    hnp.from_dtype(np.dtype("f2")),
    hnp.from_dtype(np.dtype("i8")),
    hnp.from_dtype(np.dtype("?")),
)
VALUE = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.one_of(st.text(max_size=3), st.integers()), inner, max_size=3),
    ),
    max_leaves=6,
)


@settings(deadline=None)
@given(VALUE, st.sampled_from(PROTOCOLS))
def test_any_allowed_value_reads_back_equal(value: Any, protocol: int) -> None:
    assert same(loads(pickle.dumps(value, protocol)), value)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_value_or_a_value_error(data: bytes) -> None:
    try:
        loads(data)
    except ValueError:
        return


@settings(deadline=None)
@given(st.data())
def test_a_damaged_pickle_is_a_value_or_a_value_error(draw: st.DataObject) -> None:
    data = bytearray(pickle.dumps(FEATURES, draw.draw(st.sampled_from(PROTOCOLS))))
    for _ in range(draw.draw(st.integers(1, 4))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    try:
        loads(bytes(data[: draw.draw(st.integers(1, len(data)))]))
    except ValueError:
        return


class Shell:
    """What an attacker sends."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> Any:
        return os.system, (self.command,)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_command_is_refused_by_name_and_never_run(tmp_path: Path, protocol: int) -> None:
    mark = tmp_path / "harm"
    path = tmp_path / "evil.pkl"
    path.write_bytes(pickle.dumps({"feats": FEATURES["feats"], "inputs": Shell(f"touch {mark}")}, protocol))
    with pytest.raises(ValueError, match=r"evil\.pkl .*it names 'posix system'"):
        read_pickle(path)
    assert not mark.exists()
    if protocol == pickle.DEFAULT_PROTOCOL:
        subprocess.run([sys.executable, "-c", f"import pickle; pickle.load(open({str(path)!r}, 'rb'))"], check=True)
        assert mark.exists(), "the file would do harm if it were unpickled"


@pytest.mark.parametrize(
    "value",
    [OrderedDict(a=1), {1, 2}, np.dtype("f4"), np.array(["a"], dtype=object), np.array(["ab"]), 2 + 1j, Path("x")],
    ids=repr,
)
def test_what_is_no_plain_value_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="it (names|uses|keeps)|not read"):
        loads(pickle.dumps([value]))


@pytest.mark.parametrize(
    "program",
    [
        b"cnumpy\nload\n(S'x'\ntR.",
        b"c__builtin__\neval\n(S'1'\ntR.",
        b"cnumpy._core.multiarray\n_reconstruct\n.",  # a name is no value
        b"(lcnumpy\nndarray\na.",
        b"Papersistent\n.",
        b"\x82\x01.",  # an extension code
        b"]\x94h\x05.",  # a memo that is not there
        b"I1\n",  # no end
        b"0.",  # nothing to take
    ],
)
def test_programs_are_refused(program: bytes) -> None:
    with pytest.raises(ValueError):
        loads(program)


def test_a_length_that_is_not_there_takes_no_memory() -> None:
    tracemalloc.start()
    with pytest.raises(ValueError, match="are announced"):
        loads(b"\x80\x04\x8e" + (2**60).to_bytes(8, "little") + b"abc.")
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_a_text_that_is_made_into_bytes_again_and_again_takes_no_memory() -> None:
    text = b"X" + (1_000_000).to_bytes(4, "little") + b"a" * 1_000_000
    once = b"c_codecs\nencode\nq\x01" + text + b"X\x06\0\0\0latin1\x86q\x02R"
    assert loads(b"\x80\x02" + once + b".") == b"a" * 1_000_000
    tracemalloc.start()
    with pytest.raises(ValueError, match="more bytes of its text than the file has"):
        loads(b"\x80\x02](" + once + b"h\x01h\x02R" * 100 + b"e.")
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def test_a_shape_that_its_bytes_do_not_fill_is_refused() -> None:
    data = pickle.dumps(np.zeros(300, np.uint8), 2).replace(b"M,\x01", b"M-\x01")
    with pytest.raises(ValueError, match=r"shape \(301,\)"):
        loads(data)


def test_values_nested_without_end_break_nothing() -> None:
    depth = 20_000
    deep = loads(b"]" * depth + b"a" * (depth - 1) + b".")
    for _ in range(depth - 1):
        (deep,) = deep
    assert deep == []
    with pytest.raises(ValueError, match="key"):
        loads(b"}" + b")" + b"\x85" * depth + b"Ns.")


def test_too_large_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(FEATURES))
    with pytest.raises(ValueError, match="allowed are 10"):
        read_pickle(tmp_path / "a.pkl", bytes_max=10)


def test_an_array_is_not_copied(tmp_path: Path) -> None:
    array = np.zeros(20_000_000, np.uint8)
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(array, 4))
    tracemalloc.start()
    assert read_pickle(tmp_path / "a.pkl").nbytes == array.nbytes
    assert tracemalloc.get_traced_memory()[1] < 1.2 * array.nbytes
    tracemalloc.stop()
