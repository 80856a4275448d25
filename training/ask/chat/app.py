"""The page of `moviellm chat` in Gradio: what stands where, and which function answers which event.

    app = build(chat, start)        # `start` opens the film of a new visit
    serve(app, folder, allowed=[], port=7860, share=False)

Film and conversation are HTML of ours (pages.py); Gradio brings the box to write in, the upload, sessions, the queue.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import gradio as gr

from moviellm.generation.output import note
from moviellm.training.ask.chat.pages import asset, film_html, talk_html, with_html
from moviellm.training.ask.chat.visits import Chat, Visit

SAMPLES = 4
"""Questions offered beside the box."""
QUESTION_MAX = 2000
"""Characters of a question."""
UPLOAD_MAX = "1gb"
HOUR_S, DAY_S = 3600, 86_400
Parts = list[Any]


class Room:
    """The functions behind the page."""

    def __init__(self, chat: Chat, start: Callable[[], Visit]) -> None:
        self.chat, self.start = chat, start

    def enter(self) -> Parts:
        """A new visit."""
        try:
            return self._all(self.start())
        except ValueError as error:
            return self._all(Visit(), str(error))

    def upload(self, path: str, visit: Visit) -> Parts:
        """The film that a user brings takes the place of the one before."""
        try:
            new = self.chat.visit(path)
        except ValueError as error:
            Path(path).unlink(missing_ok=True)
            return self._all(visit, str(error).replace(path, Path(path).name))
        visit.leave()
        new.made.append(Path(path))
        return self._all(new)

    def ask(self, question: str, visit: Visit) -> Iterator[Parts]:
        """The conversation while an answer grows; closed early, it stops the answer."""
        box = gr.Textbox(value="", submit_btn=False, stop_btn="Stop")
        with closing(self.chat.ask(visit, question[:QUESTION_MAX])) as growing:
            for turns in growing:
                yield [talk_html(turns), box, visit]
                box = gr.skip()  # what is typed meanwhile stays
        yield self.rest(visit)

    def rest(self, visit: Visit) -> Parts:
        """The conversation as it stands, and a box that takes the next question."""
        return [talk_html(visit.turns, _greeting(visit)), gr.Textbox(submit_btn="Ask", stop_btn=False), visit]

    def forget(self, visit: Visit) -> Parts:
        """Begin again about the same film."""
        visit.turns.clear()
        return self.rest(visit)

    def _all(self, visit: Visit, error: str = "") -> Parts:
        buttons = [gr.Button(value=text, visible=True) for text in visit.samples[:SAMPLES]]
        buttons += [gr.Button(visible=False)] * (SAMPLES - len(buttons))
        return [film_html(visit.shown, _notice(visit), error), *self.rest(visit), *buttons]


def build(chat: Chat, start: Callable[[], Visit]) -> gr.Blocks:
    """The page."""
    room = Room(chat, start)
    with gr.Blocks(title="MovieLLM", analytics_enabled=False, fill_width=True, delete_cache=(HOUR_S, DAY_S)) as app:
        visit = gr.State(Visit(), delete_callback=lambda one: one.leave() if one else None)
        with gr.Row(elem_id="ml-room"):
            with gr.Column(elem_id="ml-left", min_width=280):
                film = _html("ml-film-place")
                upload = gr.UploadButton("Open a film", file_types=["video"], size="sm", elem_id="ml-upload")
            with gr.Column(elem_id="ml-right", min_width=280):
                _html("ml-with-place", with_html(chat.answerer.place))
                talk = _html("ml-talk-place")
                with gr.Row(elem_id="ml-samples"):
                    samples = [gr.Button(visible=False, size="sm", min_width=0) for _ in range(SAMPLES)]
                question = gr.Textbox(
                    label="Your question",
                    placeholder="Ask about the movie",
                    max_length=QUESTION_MAX,
                    lines=1,
                    max_lines=4,
                    submit_btn="Ask",
                    elem_id="ml-question",
                )
                again = gr.Button("New conversation", size="sm", variant="secondary", elem_id="ml-again")
        _wire(app, room, visit, film, upload, talk, samples, question, again)
    return app


def _wire(
    app: gr.Blocks,
    room: Room,
    visit: gr.State,
    film: gr.HTML,
    upload: gr.UploadButton,
    talk: gr.HTML,
    samples: list[gr.Button],
    question: gr.Textbox,
    again: gr.Button,
) -> None:
    """Which event calls what. One model answers: asking has one place in the queue."""
    hidden: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    one_at_a_time: dict[str, Any] = {**hidden, "concurrency_id": "model", "concurrency_limit": 1}
    said, everything = [talk, question, visit], [film, talk, question, visit, *samples]
    app.load(room.enter, None, everything, **hidden)
    asked = [question.submit(room.ask, [question, visit], said, **one_at_a_time)]
    asked += [button.click(room.ask, [button, visit], said, **one_at_a_time) for button in samples]
    question.stop(room.rest, visit, said, cancels=asked, **hidden)
    again.click(room.forget, visit, said, cancels=asked, **hidden)
    upload.upload(room.upload, [upload, visit], everything, cancels=asked, **{**hidden, "show_progress": "full"})


def serve(
    app: gr.Blocks, folder: Path, *, allowed: Sequence[Path], port: int | None, share: bool, wait: bool = True
) -> str:
    """Open the page to browsers on this machine (`share`: to all who have the link); returns its address.

    Raises:
        OSError: the port is taken.
    """
    _, address, link = app.queue(default_concurrency_limit=4).launch(
        server_name="127.0.0.1",
        server_port=port,
        share=share,
        quiet=True,
        footer_links=[],
        ssr_mode=False,
        prevent_thread_lock=True,
        _frontend=False,  # no look at the page before it is served: on a busy machine its 3 s are not enough
        max_file_size=UPLOAD_MAX,
        allowed_paths=[str(folder), *map(str, allowed)],
        theme=theme(),
        css=asset("chat.css"),
        head=f"<script>{asset('chat.js')}</script>",
    )
    note(f"talk to the model at {link or address} (Ctrl-C ends it)")
    if wait:
        app.block_thread()
    return str(address)


def theme() -> Any:
    """Fonts of the system: nothing is fetched from elsewhere."""
    sans = ["ui-sans-serif", "system-ui", "sans-serif"]
    return gr.themes.Base(font=sans, font_mono=["ui-monospace", "monospace"])


def _html(name: str, value: str = "") -> gr.HTML:
    return gr.HTML(value, elem_id=name, apply_default_css=False, js_on_load=None)


def _notice(visit: Visit) -> str:
    if visit.shown is None:
        return "Open a film to talk about it: MP4, WebM, MKV and others."
    seen = f"The model sees {visit.shown.frames:,} frames"
    if visit.left_out:
        seen += f" of {visit.shown.frames + visit.left_out:,}, evenly spread: more it cannot read at once"
    return f"{seen}{'; the player shows these.' if visit.shown.is_storyboard else '.'}"


def _greeting(visit: Visit) -> str:
    return "Ask what happens, who does what, and when. Times in answers lead into the film." if visit.shown else ""
