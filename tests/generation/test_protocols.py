"""Requests and seeds."""

from hypothesis import given
from hypothesis import strategies as st

from moviellm.generation.protocols import derive_seed


@given(st.integers(0, 2**31 - 1), st.text(), st.integers(0, 999))
def test_a_seed_fits_31_bits(seed: int, name: str, number: int) -> None:
    assert 0 <= derive_seed(seed, name, number) < 2**31


def test_a_seed_is_the_same_everywhere() -> None:
    # A written-down value: another machine, another Python and another PYTHONHASHSEED must give the same.
    assert derive_seed(7, "m00000") == 1972340092


def test_names_are_not_glued_together() -> None:
    assert derive_seed(1, "ab", "c") != derive_seed(1, "a", "bc")
