"""Films in a browser: a page opens one from disk, and every moment shows the picture and the line of that moment.

The browser is driven over its pipe (tests/browser.py), since video runs on real time and `--dump-dom` does not wait.
"""

import io
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from moviellm.generation.film.mp4 import write_film
from moviellm.generation.film.voice import Speech
from moviellm.generation.schema import DialogueLine, Movie
from tests.browser import Browser
from tests.chromium import require_chromium
from tests.espeak import require_espeak
from tests.factories import MemoryRun, make_movie
from tests.generation.film.test_mp4 import with_spans
from tests.generation.film.test_subtitles import spoken

pytestmark = pytest.mark.chromium

COLOURS = [(200, 40, 40), (40, 180, 60), (50, 60, 210), (220, 200, 50)]
SPANS_S = [2.0, 2.0, 1.0, 1.0]
PAGE = """<!doctype html><video id="film" src="m00000.mp4" muted><track src="m00000.vtt" default></video>
<script>
const film = document.getElementById("film");
const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
const event = (target, name) => new Promise(done => target.addEventListener(name, done, {once: true}));
const pixel = () => {
  canvas.drawImage(film, 0, 0, 8, 8);
  return Array.from(canvas.getImageData(4, 4, 1, 1).data).slice(0, 3);
};
async function seek(time_s) {
  const done = event(film, "seeked");
  film.currentTime = time_s;
  await done;
  return pixel();
}
async function play() {
  await seek(0);
  const changes = [];
  const poll = setInterval(() => {
    const now = pixel(), last = changes.at(-1);
    if (!last || now.some((level, i) => Math.abs(level - last.pixel[i]) > 20))
      changes.push({time_s: film.currentTime, pixel: now});
  }, 10);
  const end = event(film, "ended");
  await film.play();
  await end;
  clearInterval(poll);
  return changes;
}
async function lines() {
  const track = document.querySelector("track");
  if (track.readyState != 2) await event(track, "load");
  return Array.from(track.track.cues).map(cue => [cue.startTime, cue.endTime, cue.getCueAsHTML().textContent]);
}
const ready = film.readyState >= 2 ? Promise.resolve() : event(film, "loadeddata");
</script>"""

WAIT = """new Promise(done => {
  const look = () => typeof ready == "undefined" ? setTimeout(look, 10) : ready.then(() => done(0));
  look();
})"""


def open_page(page: Path, profile: Path) -> Browser:
    """The page, once its film can be shown."""
    browser = Browser(page, profile)
    browser.ask(WAIT)
    return browser


def with_dialogue(movie: Movie, dialogue: tuple[DialogueLine, ...]) -> Movie:
    """The movie of one scene with these lines."""
    chapter, scene = movie.chapters[0], movie.chapters[0].scenes[0]
    chapter = chapter.model_copy(update={"scenes": (scene.model_copy(update={"dialogue": dialogue}),)})
    return movie.model_copy(update={"chapters": (chapter,)})


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Any:
    require_chromium()
    folder = tmp_path_factory.mktemp("page")
    movie = with_spans(make_movie(0, 1, 1, 4), SPANS_S)
    talk = spoken((0.5, 0.9, "Ada & <b>Bob</b> --> שלום"), (4.5, 4.75, "two\nlines")).chapters[0].scenes[0].dialogue
    movie = with_dialogue(movie, talk)
    images = []
    for keyframe, colour in zip(movie.keyframes(), COLOURS, strict=True):
        out = io.BytesIO()
        Image.new("RGB", (320, 180), colour).save(out, "JPEG", quality=88)
        images.append((keyframe, out.getvalue()))
    write_film(movie, images, folder)
    (folder / "page.html").write_text(PAGE, encoding="utf-8")
    browser = open_page(folder / "page.html", tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


def is_colour(pixel: list[int], colour: tuple[int, int, int]) -> bool:
    return max(abs(a - b) for a, b in zip(pixel, colour, strict=True)) <= 10


def test_the_browser_reads_length_and_size(browser: Browser) -> None:
    assert browser.ask("film.duration") == pytest.approx(6.0, abs=0.002)
    assert browser.ask("[film.videoWidth, film.videoHeight]") == [320, 180]


@pytest.mark.parametrize(("time_s", "number"), [(5.9, 3), (0.0, 0), (4.0, 2), (3.99, 1), (2.0, 1), (1.99, 0)])
def test_the_browser_seeks_to_the_picture_of_that_moment_in_its_colour(
    browser: Browser, time_s: float, number: int
) -> None:
    pixel = browser.ask(f"seek({time_s})")
    deadline = time.monotonic() + 5  # `seeked` may come before the new picture is on the screen
    while not is_colour(pixel, COLOURS[number]) and time.monotonic() < deadline:
        pixel = browser.ask("pixel()")
    assert is_colour(pixel, COLOURS[number]), pixel


def test_playing_changes_the_picture_when_the_next_keyframe_begins(browser: Browser) -> None:
    changes = browser.ask("play()")
    assert [is_colour(c["pixel"], want) for c, want in zip(changes, COLOURS, strict=True)] == [True] * 4, changes
    starts_s = [c["time_s"] for c in changes[1:]]
    assert starts_s == pytest.approx([2.0, 4.0, 5.0], abs=0.25)


def test_the_browser_reads_the_lines_beside_the_film(browser: Browser) -> None:
    assert browser.ask("lines()") == [[0.5, 0.9, "Ada & <b>Bob</b> --> שלום"], [4.5, 4.75, "two\nlines"]]


@pytest.mark.espeak
def test_the_browser_plays_a_film_with_motion_and_voices(tmp_path: Path) -> None:
    require_chromium()
    require_espeak()
    talk = spoken((0.5, 2.0, "Where is the brass key?")).chapters[0].scenes[0].dialogue
    movie = with_dialogue(with_spans(make_movie(0, 1, 1, 2), [1.0, 1.5]), talk)
    with Speech.open() as speech:
        write_film(movie, MemoryRun([movie]).images(movie), tmp_path, fps=24, speech=speech)
    (tmp_path / "page.html").write_text(PAGE, encoding="utf-8")
    browser = open_page(tmp_path / "page.html", tmp_path / "profile")
    try:
        assert browser.ask("film.duration") == pytest.approx(2.5, abs=0.002)
        browser.ask("play()")
        assert browser.ask("film.error") is None
        assert browser.ask("film.webkitAudioDecodedByteCount") > 1000
    finally:
        browser.close()
