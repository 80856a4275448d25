"""imports/features.py: what is written reads back with the safetensors library, for any array."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors.numpy import load_file

from moviellm.generation.imports import features
from moviellm.generation.imports.features import features_path, write_safetensors

KINDS = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.floating_dtypes(sizes=(16, 32, 64), endianness="?"),
)
ARRAYS = hnp.arrays(KINDS, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(["feats", "a", "ü"]), ARRAYS, min_size=1), st.booleans(), st.integers(1, 64))
def test_any_arrays_read_back(arrays: dict[str, Any], turned: bool, chunk: int) -> None:
    arrays = {name: array.T if turned else array for name, array in arrays.items()}
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(features, "CHUNK_BYTES", chunk)
        path = Path(folder) / "a.safetensors"
        write_safetensors(path, arrays, {"kind": "test"})
        read = load_file(path)
    assert read.keys() == arrays.keys()
    assert all(
        np.array_equal(read[name], arrays[name], equal_nan=array.dtype.kind == "f") for name, array in arrays.items()
    )
    assert all(read[name].dtype == array.dtype.newbyteorder("=") for name, array in arrays.items())


def test_a_type_without_a_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no name in safetensors"):
        write_safetensors(tmp_path / "a", {"a": np.zeros(1, np.complex64)}, {})


def test_a_folder_has_the_features_of_a_thousand_movies() -> None:
    assert features_path("m00042") == "features/00000/m00042.safetensors"
    assert features_path("m134000") == "features/00134/m134000.safetensors"
