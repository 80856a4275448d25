"""A film without its tags is the same film."""

import io

import av
import pytest

from moviellm.eval.bench.film_file import NO_TEXT, cleaned
from moviellm.generation.film.mp4 import write_film
from tests.eval.bench.kit import Run, movie


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    run = Run([movie(0)])
    (made,) = run.movies()
    return write_film(made, run.images(made), tmp_path_factory.mktemp("film")).mp4.read_bytes()


def packets(data: bytes) -> list[tuple[str, int | None, bytes]]:
    with av.open(io.BytesIO(data)) as film:
        found = [(packet.stream.type, packet.pts, bytes(packet)) for packet in film.demux() if packet.dts is not None]
    return [one for one in found if one[2] != NO_TEXT]


def test_nothing_of_what_it_was_made_of_is_left(film: bytes) -> None:
    assert b"moviellm film sha256" in film and b"moviellm film sha256" not in cleaned(film, "A title")
    with av.open(io.BytesIO(cleaned(film, "A title"))) as copy:
        assert copy.metadata["title"] == "A title" and "comment" not in copy.metadata


def test_picture_and_words_are_the_same_to_the_bit(film: bytes) -> None:
    assert sorted(map(repr, packets(cleaned(film, "A title")))) == sorted(map(repr, packets(film)))


def test_it_gives_the_same_bytes_again(film: bytes) -> None:
    assert cleaned(film, "A title") == cleaned(film, "A title")


def test_what_is_no_film_is_said_to_be_none() -> None:
    with pytest.raises(ValueError, match="no MP4 that can be copied"):
        cleaned(b"not a film", "A title")
