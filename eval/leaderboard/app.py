"""The page of a leaderboard in Gradio: four tabs over room.py, and who may hand in a bundle.

    app = build(room)                           # gr.Blocks
    serve(app, port=7860)                       # on this machine, until Ctrl-C
    launch_space(app)                           # in a Space

Table, comparison and questions are HTML of ours with a script of ours (leaderboard.js); Gradio brings tabs, the
upload, the queue, sessions and the login. In a Space visitors log in with their accounts on the Hub, and that name is
the submitter; on a machine of one's own a field asks for a name.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import gradio as gr

from moviellm.eval.leaderboard.pages import asset, render
from moviellm.eval.leaderboard.plots import theme_css
from moviellm.eval.leaderboard.room import Room
from moviellm.generation.output import note

UPLOAD_MAX: Final = "64mb"
HOUR_S, DAY_S = 3600, 86_400
CHECKS: Final = 2
"""Bundles that are checked at a time."""
QUIET: Final[dict[str, Any]] = {"api_visibility": "private", "show_progress": "hidden"}


def build(room: Room) -> gr.Blocks:
    """The page."""
    title = room.settings.title or "MovieLLM leaderboard"
    with gr.Blocks(title=title, analytics_enabled=False, fill_width=True, delete_cache=(HOUR_S, DAY_S)) as app:
        with gr.Tabs(elem_id="lb-tabs"):
            with gr.Tab("Table", id="table"):
                table = _part(room, "lb-part-table", ["plots"])
            with gr.Tab("Compare", id="compare") as compare_tab:
                compare = _part(room, "lb-part-compare", ["compare"])
            with gr.Tab("Questions", id="questions") as questions_tab:
                questions = _part(room, "lb-part-questions", ["questions", "question"])
            with gr.Tab("Submit", id="submit"):
                how = _html("lb-how-to")
                if room.desk is not None:
                    _desk(app, room)
        app.load(lambda: (room.board_html(), room.submit_html()), None, [table, how], **QUIET)
        compare_tab.select(room.compare_html, None, compare, **QUIET)
        questions_tab.select(room.items_html, None, questions, **QUIET)
    return app


def _part(room: Room, name: str, asked: list[str]) -> gr.HTML:
    """HTML of ours with our script, and what that may ask of this server."""

    def function(what: str) -> Callable[[Any], str]:
        def ask(wish: Any) -> str:
            return room.answer(what, wish)

        ask.__name__ = what
        return ask

    return gr.HTML(
        "",
        elem_id=name,
        apply_default_css=False,
        js_on_load=asset("leaderboard.js"),
        server_functions=[function(what) for what in asked],
    )


def _html(name: str) -> gr.HTML:
    return gr.HTML("", elem_id=name, apply_default_css=False, js_on_load=None)


def _desk(app: gr.Blocks, room: Room) -> None:
    """Where bundles are handed in."""
    with gr.Row(elem_id="lb-desk"):
        with gr.Column(min_width=280):
            name = _who(room)
            bundle = gr.File(label="Bundle (.zip)", file_types=[".zip"], elem_id="lb-bundle", height=150)
            with gr.Row(elem_id="lb-desk-buttons"):
                check = gr.Button("Check only", elem_id="lb-check", min_width=0)
                send = gr.Button("Check and send", variant="primary", elem_id="lb-send", min_width=0)
        with gr.Column(min_width=280):
            outcome, mine = _html("lb-outcome"), _html("lb-mine")
            again = gr.Button("Refresh", size="sm", elem_id="lb-again", min_width=0)
    busy: dict[str, Any] = {**QUIET, "show_progress": "full", "concurrency_id": "cell", "concurrency_limit": CHECKS}
    check.click(lambda path: _checked(room, path), bundle, outcome, **busy)
    if name is None:

        def sent_by_login(path: str | None, profile: gr.OAuthProfile | None) -> list[Any]:
            return _sent(room, path, "" if profile is None else profile.username)

        def mine_by_login(profile: gr.OAuthProfile | None) -> str:
            return _mine(room, "" if profile is None else profile.username)

        send.click(sent_by_login, bundle, [outcome, bundle, mine], **busy)
        again.click(mine_by_login, None, mine, **QUIET)
        app.load(mine_by_login, None, mine, **QUIET)
        return
    send.click(lambda path, who: _sent(room, path, who), [bundle, name], [outcome, bundle, mine], **busy)
    again.click(lambda who: _mine(room, who), name, mine, **QUIET)
    name.submit(lambda who: _mine(room, who), name, mine, **QUIET)


def _who(room: Room) -> gr.Textbox | None:
    """Who hands in: a login on the Hub, or a field."""
    if room.settings.on_hub:
        gr.LoginButton(elem_id="lb-login")
        return None
    return gr.Textbox(
        label="Your name", max_length=64, max_lines=1, elem_id="lb-who", placeholder="As statuses show it"
    )


def _checked(room: Room, path: str | None) -> str:
    assert room.desk is not None
    if not path:
        return render("told", error="Choose a bundle first.")
    return room.desk.check(Path(path))


def _sent(room: Room, path: str | None, who: str) -> list[Any]:
    """What became of a bundle, an empty field for the next one, and what its sender has sent."""
    assert room.desk is not None
    if room.settings.on_hub and not who:
        return [render("told", error="Sign in first: a bundle has a sender."), gr.skip(), gr.skip()]
    if not path:
        return [render("told", error="Choose a bundle first."), gr.skip(), gr.skip()]
    try:
        outcome = room.desk.hand_in(Path(path), who)
    finally:
        Path(path).unlink(missing_ok=True)
    return [outcome, None, room.desk.mine(who)]


def _mine(room: Room, who: str) -> str:
    assert room.desk is not None
    room.forget()
    return room.desk.mine(who)


def _look() -> dict[str, Any]:
    """Style and script, the same everywhere. Fonts of the system: nothing is fetched from elsewhere."""
    sans = ["ui-sans-serif", "system-ui", "sans-serif"]
    return {
        "theme": gr.themes.Base(font=sans, font_mono=["ui-monospace", "monospace"]),
        "css": asset("leaderboard.css") + theme_css(),
        "footer_links": [],
        "ssr_mode": False,
        "max_file_size": UPLOAD_MAX,
    }


def serve(app: gr.Blocks, *, port: int | None, share: bool = False, wait: bool = True) -> str:
    """Open the page to browsers on this machine; returns its address.

    Raises:
        OSError: the port is taken.
    """
    _, address, link = app.queue(default_concurrency_limit=8).launch(
        server_name="127.0.0.1",
        server_port=port,
        share=share,
        quiet=True,
        prevent_thread_lock=True,
        _frontend=False,  # no look at the page before it is served: on a busy machine its 3 s are not enough
        **_look(),
    )
    note(f"the leaderboard is at {link or address} (Ctrl-C ends it)")
    if wait:
        app.block_thread()
    return str(address)


def launch_space(app: gr.Blocks) -> None:
    """Open the page in a Space, at the address that the Space gives."""
    app.queue(default_concurrency_limit=8, max_size=64).launch(**_look())
