"""The storyboard page: a run as one HTML file that opens anywhere, offline and on a phone.

    render_storyboard(RunReader(run), run / "storyboard.html", title="MovieLLM-tiny")

The page holds its data, pictures, style and script in itself; its content security policy forbids every request. Texts
reach it as JSON with `<`, `>` and `&` escaped and are put on the page as text, never as markup. Movies are written one
after the other, so memory does not grow with the run, and the same run gives the same bytes. It makes no film
(generation/film/mp4.py) and no dataset card (dataset_card.py).
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from moviellm.cards.storyboard_data import movie_body, movie_head
from moviellm.generation.files import whole_file
from moviellm.generation.protocols import MovieReader

MAX_IMAGES = 600
"""Pictures on one page, unless one movie alone has more."""
WIDTHS_PX = ((240, 512), (MAX_IMAGES, 384))
"""Up to so many pictures, so wide; THUMBNAIL_WIDTH_PX above."""
THUMBNAIL_WIDTH_PX = 160
LISTED_MAX = 300
"""Movies named at the end of the page without being shown; more are only counted."""


@dataclass(frozen=True)
class _Plan:
    """What goes on the page, known before the first picture is read."""

    shown: tuple[str, ...]
    listed: tuple[tuple[str, str], ...]
    movies: int
    keyframes: int
    lines: int
    questions: int
    duration_s: float
    width_px: int


def render_storyboard(
    run: MovieReader,
    out: Path,
    *,
    title: str,
    films: Mapping[str, str] | None = None,
    movie_ids: Sequence[str] | None = None,
    max_images: int = MAX_IMAGES,
    progress: Callable[[int], None] | None = None,
) -> Path:
    """Write the storyboard page of a run and return its path.

    Args:
        run: where movies and pictures come from.
        out: the HTML file, written whole or not at all.
        title: heading of the page; any text.
        films: movie id -> address of its film, relative to the page.
        movie_ids: movies to show; None shows from the first one on, until `max_images` pictures are used up.
        max_images: pictures on the page. The first movie is always shown whole, in thumbnails if it has more.
        progress: called with 1 for every movie written.

    Raises:
        ValueError: the run has no movie, or none of a given id.
    """
    plan = _plan(run, movie_ids, max_images)
    template = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string(_asset("storyboard.html.j2"))
    style, script = _asset("storyboard.css"), _asset("storyboard.js") + _asset("storyboard_timeline.js")
    chunks = template.generate(
        title=title,
        style=Markup(style),
        script=Markup(script),
        style_hash=_csp_hash(style),
        script_hash=_csp_hash(script),
        page=_json(_page_facts(plan, title)),
        movies=_movie_blocks(run, plan, films or {}, progress),
    )
    _stream_whole(out, chunks)
    return out


def _plan(run: MovieReader, movie_ids: Sequence[str] | None, max_images: int) -> _Plan:
    wanted = None if movie_ids is None else set(movie_ids)
    missing = set(movie_ids or ())
    shown: list[str] = []
    listed: list[tuple[str, str]] = []
    pictures = movies = keyframes = lines = questions = 0
    duration_s, full = 0.0, False
    for movie in run.movies():
        count = sum(1 for _ in movie.keyframes())
        movies, keyframes, duration_s = movies + 1, keyframes + count, duration_s + movie.duration_s
        lines += sum(1 for _ in movie.dialogue())
        questions += len(movie.qa_pairs or ())
        chosen = wanted is None or movie.movie_id in wanted
        missing.discard(movie.movie_id)
        full = full or (chosen and bool(shown) and pictures + count > max_images)
        if chosen and not full:
            shown.append(movie.movie_id)
            pictures += count
        elif len(listed) < LISTED_MAX:
            listed.append((movie.movie_id, movie.title))
    if not movies:
        raise ValueError('the run has no finished movie to show; make one with: moviellm make "a theme" --out RUN')
    if missing:
        some = (*shown, *(movie_id for movie_id, _ in listed))[0]
        raise ValueError(f"the run has no movie {', '.join(sorted(missing))}; it has {movies}, for example {some}")
    width_px = next((width for most, width in WIDTHS_PX if pictures <= most), THUMBNAIL_WIDTH_PX)
    return _Plan(tuple(shown), tuple(listed), movies, keyframes, lines, questions, round(duration_s, 3), width_px)


def _page_facts(plan: _Plan, title: str) -> dict[str, object]:
    return {
        "title": title,
        "movies": plan.movies,
        "shown": len(plan.shown),
        "keyframes": plan.keyframes,
        "lines": plan.lines,
        "questions": plan.questions,
        "duration": plan.duration_s,
        "width": plan.width_px,
        "listed": plan.listed,
    }


def _movie_blocks(
    run: MovieReader, plan: _Plan, films: Mapping[str, str], progress: Callable[[int], None] | None
) -> Iterator[dict[str, object]]:
    """Head (small, read at once) and body (read when the movie is opened) of every shown movie."""
    shown = set(plan.shown)
    for movie in run.movies():
        if movie.movie_id not in shown:
            continue
        body, poster = movie_body(movie, run.images(movie), plan.width_px)
        head = movie_head(movie, poster, films.get(movie.movie_id))
        yield {"id": movie.movie_id, "head": _json(head), "body": _json(body)}
        if progress is not None:
            progress(1)
        shown.remove(movie.movie_id)
        if not shown:
            return


def _json(value: object) -> Markup:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)


def _csp_hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _asset(name: str) -> str:
    return (files("moviellm.cards") / name).read_text(encoding="utf-8")


def _stream_whole(path: Path, chunks: Iterator[str]) -> None:
    """Write text as it comes to a file that appears only when it is whole."""
    with whole_file(path) as temporary, open(temporary, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(chunks)
