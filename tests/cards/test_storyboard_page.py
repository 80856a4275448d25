"""The storyboard page in a real browser: questions light up, texts stay texts, a phone can show it."""

import pytest

from moviellm.cards.storyboard import render_storyboard
from tests.chromium import console_lines, drive, requested_urls
from tests.factories import MemoryRun, make_movie, span

pytestmark = pytest.mark.chromium

LIT = "[...document.querySelectorAll('.frame.lit')].map((node) => node.dataset.id)"
BAD = "</script><img src=x onerror=\"document.title='broken'\">"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    run = MemoryRun([make_movie(i) for i in range(3)])
    return render_storyboard(run, tmp_path_factory.mktemp("page") / "page.html", title="A run")


def test_no_error_and_no_request(page):
    assert console_lines(f"{page}#m00001-q001") == []
    assert requested_urls(f"{page}#m00001-q001") == []


def test_the_browser_log_would_show_a_request(tmp_path):
    (tmp_path / "asks.html").write_text('<img src="http://127.0.0.1:9/picture.png">')
    assert requested_urls(tmp_path / "asks.html") == ["http://127.0.0.1:9/picture.png"]


def test_the_first_page_lists_every_movie(page):
    links = drive(page, "return [...document.querySelectorAll('.programme a')].map((a) => a.hash)")
    assert links == ["#m00000", "#m00001", "#m00002"]


def test_an_address_with_a_question_lights_exactly_its_evidence(page):
    found = drive(
        f"{page}#m00001-q001",
        f"""return {{ lit: {LIT}, right: [...document.querySelectorAll('.open .right')].map((node) => node.innerText),
        lines: [...document.querySelectorAll('.chip.lit')].map((node) => node.dataset.id),
        bands: document.querySelectorAll('.lights div').length, open: document.querySelector('.open').id }}""",
    )
    assert found["lit"] == ["m00001-c00-s00-k00"]
    assert found["lines"] == ["m00001-c00-s00-d00"]
    assert (found["bands"], found["open"]) == (1, "m00001-q001")
    assert len(found["right"]) == 1 and "a brass key" in found["right"][0]


def test_a_click_lights_and_a_second_click_puts_out(page):
    script = f"""const ask = document.querySelector('#m00000-q000 .ask');
    ask.click(); const on = {LIT}; const hash = window.location.hash; const said = ask.ariaExpanded;
    ask.click(); return [on, hash, said, {LIT}, ask.ariaExpanded];"""
    assert drive(f"{page}#m00000", script) == [["m00000-c00-s00-k00"], "#m00000-q000", "true", [], "false"]


def test_evidence_that_is_only_a_span_leaves_its_keyframes_bright(tmp_path):
    movie = make_movie(0)
    whole = movie.qa_pairs[0].model_copy(update={"keyframe_ids": (), "line_ids": (), "evidence": (span(0.0, 9.0),)})
    nowhere = whole.model_copy(update={"question_id": "m00000-q001", "evidence": ()})
    run = MemoryRun([movie.model_copy(update={"qa_pairs": (whole, nowhere)})])
    page = render_storyboard(run, tmp_path / "page.html", title="A run")
    script = f"""const dim = () => document.querySelector('.lanes').classList.contains('dimmed');
    const bright = document.querySelectorAll('.frame.within').length; const before = dim();
    document.querySelector('#m00000-q001 .ask').click(); return [{LIT}, bright, before, dim()];"""
    assert drive(f"{page}#m00000-q000", script) == [[], 3, True, False]


def test_the_answer_is_hidden_until_the_question_is_opened(page):
    script = """const text = () => document.querySelector('.questions').textContent.includes('Ada keeps a key.');
    const before = text(); document.querySelector('#m00000-q000 .ask').click(); return [before, text()];"""
    assert drive(f"{page}#m00000", script) == [False, True]


def test_questions_can_be_filtered_by_type(page):
    script = """document.querySelector('.filters [data-type="moment"]').click();
    return [...document.querySelectorAll('.questions > li')].filter((node) => !node.hidden).map((node) => node.id);"""
    assert drive(f"{page}#m00000", script) == ["m00000-q002"]


def test_an_address_with_a_keyframe_shows_it_with_its_boxes(page):
    script = """document.querySelector('.controls [aria-pressed]').click();
    return [document.querySelector('.caption').textContent,
            [...document.querySelectorAll('.box')].map((node) => [node.textContent, node.style.left])];"""
    caption, boxes = drive(f"{page}#m00000-c01-s00-k01", script)
    assert caption.endswith("Ada holds a brass key, number 5.")
    assert boxes == [["Ada", "25%"], ["brass key", "50%"]]


def test_the_keyboard_steps_through_keyframes(page):
    script = """const key = (name) => document.body.dispatchEvent(
      new window.KeyboardEvent('keydown', {key: name, bubbles: true}));
    key('ArrowRight'); key('ArrowRight'); key('ArrowLeft');
    return document.querySelector('.frame[aria-current]').dataset.id;"""
    assert drive(f"{page}#m00000", script) == "m00000-c00-s00-k01"


def test_the_slideshow_runs_in_time_with_the_dialogue(page):
    script = """document.querySelector('.play').click();
    await new Promise((done) => window.setTimeout(done, 1500));
    return [document.querySelector('.play').ariaLabel, document.querySelector('.subtitle').textContent,
            document.querySelector('.controls .time').textContent];"""
    label, subtitle, time = drive(f"{page}#m00000", script)
    assert (label, subtitle) == ("Pause", "AdaThe key opens the tower, part 0.")
    assert time.startswith("0:01")


def test_a_theme_that_is_markup_stays_text(tmp_path):
    movie = make_movie(0)
    people = tuple(who.model_copy(update={"name": BAD, "appearance": BAD}) for who in movie.characters)
    movie = movie.model_copy(
        update={"theme": BAD, "title": BAD, "synopsis": BAD, "logline": BAD, "characters": people}
    )
    bad = render_storyboard(MemoryRun([movie]), tmp_path / "bad.html", title=BAD)
    script = """await new Promise((done) => window.setTimeout(done, 300));
    return [document.title.includes('onerror'), document.querySelector('h1').textContent,
            [...document.images].every((image) => image.src.startsWith('data:image/'))];"""
    assert drive(f"{bad}#m00000-q001", script) == [True, BAD, True]


@pytest.mark.parametrize("where", ["all", "m00000", "m00000-q001"])
def test_a_phone_scrolls_only_up_and_down(page, where):
    script = """const root = document.documentElement;
    return [window.innerWidth, root.scrollWidth, document.body.scrollWidth];"""
    assert drive(f"{page}#{where}", script, width=390, height=844) == [390, 390, 390]


def test_every_button_has_a_name_and_every_picture_a_text(page):
    script = """const unnamed = [...document.querySelectorAll('button, a')].filter((node) =>
      !(node.ariaLabel || node.textContent.trim()));
    const stage = document.querySelector('.stage img').alt;
    return [unnamed.length, stage, [...document.images].every((image) => image.hasAttribute('alt'))];"""
    assert drive(f"{page}#m00000-q001", script) == [0, "Ada holds a brass key, number 0.", True]


def test_all_1331_keyframes_of_a_long_movie_are_on_the_timeline(tmp_path):
    run = MemoryRun([make_movie(0, 11, 11, 11)])
    long = render_storyboard(run, tmp_path / "long.html", title="Long")
    script = "return [document.querySelectorAll('.frame').length, document.documentElement.scrollWidth];"
    assert drive(f"{long}#m00000-q001", script, width=390, height=844) == [1331, 390]
