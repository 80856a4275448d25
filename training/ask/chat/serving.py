"""What `moviellm chat` does: a model is loaded, a film opened, and a page served on this machine.

    moviellm chat runs/stage3 demo/MovieLLM-tiny#m00003
    moviellm chat org/name                              # films come by upload

Uploads and what is made of them lie in a folder that is removed at the end. `--share` makes a link for others through
Gradio's servers: whoever has it can send films to this machine.
"""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from moviellm.training.ask.answerer import NEW_TOKENS
from moviellm.training.ask.chat.visits import Chat, Visit

INSTALL = 'pip install "moviellm[app,train]"'


def chat(
    model: str,
    movie: str | None = None,
    *,
    frames: int | None = None,
    fps: float | None = None,
    subtitles: Path | None = None,
    revision: str | None = None,
    movie_revision: str | None = None,
    device: str | None = None,
    dtype: str | None = None,
    max_new_tokens: int = NEW_TOKENS,
    port: int | None = None,
    share: bool = False,
) -> None:
    """Serve until Ctrl-C; see `moviellm chat --help`.

    Raises:
        ValueError: Gradio is missing, or model or movie cannot be used.
    """
    with _temporary() as folder:
        app = _app()  # before the model, which takes longer
        from moviellm.training.ask.opening import open_model

        talk = Chat(
            open_model(model, revision, device, dtype), folder, frames=frames, fps=fps, max_new_tokens=max_new_tokens
        )
        start, allowed = starter(talk, movie, subtitles, movie_revision)
        app.serve(app.build(talk, start), folder, allowed=allowed, port=port, share=share)


def starter(
    talk: Chat, movie: str | None, subtitles: Path | None = None, revision: str | None = None
) -> tuple[Any, list[Path]]:
    """What opens the film of a new visit, and files that the page may show.

    Raises:
        ValueError: the film cannot be read.
    """
    if movie is None:
        return Visit, []
    title, samples = told_by_dataset(movie, revision)
    first = talk.visit(movie, title=title, subtitles=subtitles, revision=revision, samples=samples)
    assert first.shown is not None
    allowed = [] if first.shown.is_storyboard else [first.shown.path]

    def start() -> Visit:
        """All visits see the film that was opened once."""
        return Visit(first.film, first.shown, first.left_out, first.samples)

    return start, allowed


def told_by_dataset(movie: str, revision: str | None) -> tuple[str, tuple[str, ...]]:
    """Title and some questions of a dataset's movie; nothing for films of other kinds."""
    place, mark, movie_id = movie.rpartition("#")
    if not mark or Path(movie).expanduser().exists():
        return "", ()
    from moviellm.training.media.movies import Table
    from moviellm.training.rows.source import open_source

    source = open_source(place, revision)
    for split in source.manifest.splits:
        titles = [row["title"] for _, row in Table(source, "movies", split).rows(movie_id, ["title"])]
        if titles:
            columns = ["question", "answer_format", "turn_of"]
            rows = [row for _, row in Table(source, "qa", split).rows(movie_id, columns)]
            return titles[0], _samples(rows)
    return "", ()


def _samples(rows: list[dict[str, Any]]) -> tuple[str, ...]:
    """A question of each kind that stands alone, times first."""
    alone = [row for row in rows if row["turn_of"] is None]
    kinds = ("temporal_grounding", "open_ended", "dense_captioning")
    firsts = [[row["question"] for row in alone if row["answer_format"] == kind] for kind in kinds]
    wanted = [firsts[0][:1], firsts[1][:2], firsts[2][:1]]
    return tuple(question for some in wanted for question in some)


@contextmanager
def _temporary() -> Iterator[Path]:
    """A folder for all that this program writes, Gradio's uploads among it."""
    signal.signal(signal.SIGTERM, _end)
    with tempfile.TemporaryDirectory(prefix="moviellm-chat-") as folder:
        os.environ["GRADIO_TEMP_DIR"] = f"{folder}/uploads"
        made = Path(folder) / "made"
        made.mkdir()
        yield made


def _end(number: int, frame: object) -> None:
    """A program that is asked to end cleans up as with Ctrl-C."""
    raise KeyboardInterrupt


def _app() -> Any:
    try:
        from moviellm.training.ask.chat import app
    except ModuleNotFoundError as error:
        if error.name != "gradio":
            raise
        raise ValueError(f"moviellm chat needs Gradio: {INSTALL}") from None
    return app
