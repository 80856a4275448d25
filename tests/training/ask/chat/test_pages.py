"""The page's parts: times are buttons, and whatever is written stays text."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from moviellm.training.ask.chat.pages import Turn, clock, film_html, parts_of, talk_html, with_html
from moviellm.training.ask.chat.showing import Cell, Shown
from moviellm.training.ask.spans import find_spans

BAD = '</script><img src=x onerror="alert(1)"><script>alert(2)</script>'


def shown(title: str = "A film", captions: str = "") -> Shown:
    return Shown(
        Path("/tmp/a film.mp4"), title, 60.0, 1.78, 12, (Cell(0.0, 60.0, "data:image/jpeg;base64,"),), captions, True
    )


def test_times_are_buttons_that_say_where_they_lead() -> None:
    text = "Ada waits from 12.0 to 15.5 s, until 0:20."
    page = talk_html([Turn("When?", text, find_spans(text, 60.0), is_done=True)])
    assert 'data-start="12.0" data-end="15.5">from 12.0 to 15.5 s</button>, until <button' in page
    assert 'data-start="20.0">0:20</button>.' in page


def test_nothing_that_is_written_becomes_markup() -> None:
    turn = Turn(BAD, f"{BAD} at 12.0 s", find_spans(f"{BAD} at 12.0 s", 60.0), note=BAD, is_done=True)
    pages = [talk_html([turn, Turn(BAD, error=BAD)], BAD), film_html(shown(BAD), BAD, BAD), with_html(BAD)]
    for page in pages:
        assert "<img src=x" not in page
        assert "<script" not in page
        assert "&lt;img src=x onerror=" in page


def test_an_answer_of_no_words_says_so() -> None:
    assert "The model said nothing." in talk_html([Turn("Who?", is_done=True)])


def test_a_page_without_a_film_asks_for_one() -> None:
    page = film_html(None, "Open a film")
    assert "Open a film" in page
    assert "<video" not in page


def test_a_film_is_addressed_with_its_name_quoted() -> None:
    assert 'src="gradio_api/file=/tmp/a%20film.mp4"' in film_html(shown())


@given(st.text(alphabet="0123456789.: sfromtat<&", max_size=50))
def test_the_parts_of_an_answer_are_the_answer(text: str) -> None:
    assert "".join(part.text for part in parts_of(text, find_spans(text, 60.0))) == text


def test_times_for_people() -> None:
    assert [clock(time_s) for time_s in (5.9, 65, 3605)] == ["0:05", "1:05", "1:00:05"]
