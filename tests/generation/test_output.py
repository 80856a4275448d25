"""What is printed of numbers."""

import pytest

from moviellm.generation.film.soundtrack import LineCounts
from moviellm.generation.output import counted


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 movies"), (1, "1 movie"), (2, "2 movies"), (2000, "2,000 movies")]
)
def test_one_is_one_and_thousands_have_commas(number: int, said: str) -> None:
    assert counted(number, "movie") == said


def test_one_line_is_spoken() -> None:
    assert str(LineCounts(spoken=1)) == "1 line spoken, 0 of them sped up to fit, 0 cut short"
