"""The storyboard page: what is in the file, without a browser."""

import json
import re
import tracemalloc

import pytest

from moviellm.cards.storyboard import LISTED_MAX, THUMBNAIL_WIDTH_PX, render_storyboard
from tests.factories import MemoryRun, make_movie


def block(html: str, element_id: str):
    """The JSON of a data element, parsed from the page's text as a browser does."""
    text = re.search(rf'<script type="application/json"[^>]*id="{element_id}">(.*?)</script>', html, re.S)
    assert text is not None, element_id
    return json.loads(text[1])


def page_of(tmp_path, movies, **options) -> str:
    return render_storyboard(MemoryRun(movies), tmp_path / "page.html", title="A run", **options).read_text("utf-8")


def test_every_movie_is_on_the_page(tmp_path):
    html = page_of(tmp_path, [make_movie(i) for i in range(3)])
    assert re.findall(r'id="head-(m\d+)"', html) == ["m00000", "m00001", "m00002"]
    assert block(html, "page")["movies"] == 3


def test_pictures_are_inside_the_file(tmp_path):
    body = block(page_of(tmp_path, [make_movie(0)]), "body-m00000")
    assert all(frame["image"].startswith("data:image/jpeg;base64,") for frame in body["frames"])
    assert len(body["frames"]) == 8


def test_the_page_names_no_address_with_a_host(tmp_path):
    html = page_of(tmp_path, [make_movie(0)]).replace("http://www.w3.org/2000/svg", "")
    assert re.search(r"(https?:)?//\w+\.\w", re.sub(r"base64,[A-Za-z0-9+/=]+", "", html)) is None


def test_the_same_run_gives_the_same_bytes(tmp_path):
    movies = [make_movie(i) for i in range(2)]
    assert page_of(tmp_path / "a", movies) == page_of(tmp_path / "b", movies)


def test_no_text_can_end_its_script_element(tmp_path):
    bad = "</script><img src=x onerror=alert(1)><!--<script>"
    movie = make_movie(0).model_copy(update={"title": bad, "theme": bad, "logline": bad})
    html = render_storyboard(MemoryRun([movie]), tmp_path / "p.html", title=bad).read_text("utf-8")
    assert "<img" not in html
    assert block(html, "head-m00000")["theme"] == bad


def test_movies_beyond_the_limit_are_listed_and_counted(tmp_path):
    html = page_of(tmp_path, [make_movie(i) for i in range(4)], max_images=17)
    page = block(html, "page")
    assert (page["shown"], page["movies"]) == (2, 4)
    assert [movie_id for movie_id, _ in page["listed"]] == ["m00002", "m00003"]
    assert "body-m00002" not in html


def test_the_list_of_movies_not_shown_has_an_end(tmp_path):
    movies = [make_movie(i, 1, 1, 1) for i in range(LISTED_MAX + 3)]
    page = block(page_of(tmp_path, movies, max_images=1), "page")
    assert (len(page["listed"]), page["movies"]) == (LISTED_MAX, LISTED_MAX + 3)


def test_one_movie_can_be_chosen(tmp_path):
    html = page_of(tmp_path, [make_movie(i) for i in range(3)], movie_ids=["m00001"])
    assert re.findall(r'id="body-(m\d+)"', html) == ["m00001"]


def test_a_movie_that_is_not_there_is_an_error_that_names_one_that_is(tmp_path):
    with pytest.raises(ValueError, match=r"no movie m00009; it has 1, for example m00000"):
        page_of(tmp_path, [make_movie(0)], movie_ids=["m00009"])


def test_a_run_without_movies_is_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(ValueError, match="moviellm make"):
        page_of(tmp_path, [])
    assert list(tmp_path.iterdir()) == []


def test_a_failing_run_leaves_the_old_page_and_no_temporary_file(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("old")

    class Torn(MemoryRun):
        def images(self, movie):
            raise ValueError("picture m00000-c00-s00-k00 is gone")

    with pytest.raises(ValueError, match="is gone"):
        render_storyboard(Torn([make_movie(0)]), page, title="A run")
    assert page.read_text() == "old"
    assert list(tmp_path.iterdir()) == [page]


def test_a_movie_with_more_pictures_than_the_page_takes_is_shown_in_thumbnails(tmp_path):
    html = page_of(tmp_path, [make_movie(0, 2, 2, 4)], max_images=10)
    assert len(block(html, "body-m00000")["frames"]) == 16
    big = page_of(tmp_path, [make_movie(0, 11, 11, 11)])
    assert block(big, "page")["width"] == THUMBNAIL_WIDTH_PX
    assert len(block(big, "body-m00000")["frames"]) == 1331


def test_a_film_is_linked_where_there_is_one(tmp_path):
    html = page_of(tmp_path, [make_movie(0), make_movie(1)], films={"m00001": "films/m00001.mp4"})
    assert [block(html, f"head-m0000{i}")["film"] for i in range(2)] == [None, "films/m00001.mp4"]


def test_progress_counts_the_movies_written(tmp_path):
    steps: list[int] = []
    page_of(tmp_path, [make_movie(i) for i in range(3)], progress=steps.append)
    assert steps == [1, 1, 1]


def test_a_movie_that_no_stage_has_finished_still_shows(tmp_path):
    movie = make_movie(0)
    chapters = tuple(
        c.model_copy(update={"scenes": tuple(s.model_copy(update={"dialogue": None}) for s in c.scenes)})
        for c in movie.chapters
    )
    html = page_of(tmp_path, [movie.model_copy(update={"qa_pairs": None, "style": None, "chapters": chapters})])
    body = block(html, "body-m00000")
    assert (body["questions"], body["lines"], body["style"]) == ([], [], None)


def test_memory_does_not_grow_with_the_number_of_movies(tmp_path):
    class Lazy:
        def __init__(self, count):
            self.count = count

        def movies(self):
            return (make_movie(i, 2, 2, 4) for i in range(self.count))

        def images(self, movie):
            return MemoryRun([]).images(movie)

    peaks = []
    for count in (2, 2, 20):
        tracemalloc.start()
        render_storyboard(Lazy(count), tmp_path / "page.html", title="A run")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    size = (tmp_path / "page.html").stat().st_size
    assert peaks[2] - peaks[1] < size / 4
