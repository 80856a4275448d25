"""Films as a browser shows them: storyboards, pictures along the film, captions."""

from pathlib import Path

import av
import pytest

from moviellm.training.ask.chat.showing import CELLS_MAX, browsers_play, captions, show
from moviellm.training.media import Line
from tests.training.ask.kit import film


def colours_at(path: Path, times_s: list[float]) -> list[tuple[int, ...]]:
    with av.open(str(path)) as opened:
        seen = [(float(frame.time or 0), frame.to_ndarray(format="rgb24")[8, 8]) for frame in opened.decode(video=0)]
    return [tuple(int(v) for v in [pixel for time_s, pixel in seen if time_s <= wanted][-1]) for wanted in times_s]


def test_a_film_of_pictures_becomes_an_mp4_that_shows_each_at_its_time(tmp_path: Path) -> None:
    made = show(film(4), tmp_path, "no such file", "Four")
    assert made.is_storyboard and made.duration_s == 8.0
    for seen, wanted in zip(
        colours_at(made.path, [0.0, 2.1, 4.1, 7.9]),
        [(220, 30, 30), (30, 200, 60), (40, 60, 230), (240, 240, 240)],
        strict=True,
    ):
        assert max(abs(a - b) for a, b in zip(seen, wanted, strict=True)) < 16
    assert [(cell.start_s, cell.end_s) for cell in made.cells] == [(0.0, 2.0), (2.0, 4.0), (4.0, 6.0), (6.0, 8.0)]
    assert browsers_play(made.path)


def test_a_film_that_browsers_play_is_played_as_it_is(tmp_path: Path) -> None:
    source = show(film(2), tmp_path, "no such file", "Two").path
    again = show(film(2), tmp_path, str(source), "Two")
    assert (again.path, again.is_storyboard) == (source.resolve(), False)


def test_what_is_no_film_is_not_played(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no film")
    assert not browsers_play(tmp_path / "text.mp4")
    assert not browsers_play(tmp_path / "nowhere.mp4")


@pytest.mark.parametrize("frames", [1, CELLS_MAX, CELLS_MAX + 5])
def test_pictures_along_a_film_cover_it_without_gaps(frames: int, tmp_path: Path) -> None:
    cells = show(film(frames), tmp_path, "", "").cells
    assert len(cells) <= CELLS_MAX
    assert cells[0].start_s == 0.0 and cells[-1].end_s == pytest.approx(2.0 * frames)
    assert all(one.end_s == pytest.approx(two.start_s) for one, two in zip(cells, cells[1:], strict=False))


def test_captions_are_words_and_never_markup() -> None:
    told = captions([Line(1.0, "<b>Is it\n\n5 --> 6 you?</b>", "Ada"), Line(2.5, "Yes.")], 60.0)
    assert "00:00:01.000 --> 00:00:02.500\nAda: &lt;b&gt;Is it 5 --&gt; 6 you?&lt;/b&gt;\n" in told
    assert "00:00:02.500 --> 00:00:08.500\nYes.\n" in told
    assert captions([], 60.0) == ""
