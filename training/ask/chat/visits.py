"""A visit: one browser's film and conversation, and how it goes on. One model answers all visits, one at a time.

    chat = Chat(answerer, folder)
    visit = chat.visit("org/name#m00042")
    for turns in chat.ask(visit, "Who waits?"):         # the conversation as it grows
        ...

Errors that a user can mend become texts of the conversation. It makes no page: see pages.py and app.py.
"""

import queue
import threading
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

from moviellm.training.ask.answerer import NEW_TOKENS, Answerer
from moviellm.training.ask.chat.pages import Turn
from moviellm.training.ask.chat.showing import Shown, show
from moviellm.training.ask.repeating import turns_round
from moviellm.training.media import Film, FramePolicy, read_film

TALK_TOKENS = 1024
"""What a conversation may take beside the film, at most a quarter of what the model reads."""
READ_LIMIT_S = 300.0
"""How long a film may take to decode."""
LOOK_S = 0.15
"""How often a growing answer is shown."""
GENERAL = ("What happens in this movie?", "Who is in it?", "When does the first event happen?")
"""Asked where a film brings no questions of its own."""
Heard = queue.Queue[str | BaseException | None]
"""The answer so far, time and again; None at its end, or what went wrong."""


@dataclass
class Visit:
    """One browser's film and conversation."""

    film: Film | None = None
    shown: Shown | None = None
    left_out: int = 0
    """Frames that the model does not see, because it cannot read more."""
    samples: tuple[str, ...] = ()
    """Questions one could ask."""
    turns: list[Turn] = field(default_factory=list)
    made: list[Path] = field(default_factory=list)
    """Files that go when the visit ends."""

    def leave(self) -> None:
        """Remove what was uploaded and made."""
        for path in self.made:
            path.unlink(missing_ok=True)
        self.made.clear()


class _StoppedError(Exception):
    """The user wants no more of this answer."""


class _RoundError(Exception):
    """The model repeats itself."""


class Chat:
    """A model that is talked to."""

    def __init__(
        self,
        answerer: Answerer,
        folder: Path,
        *,
        frames: int | None = None,
        fps: float | None = None,
        max_new_tokens: int = NEW_TOKENS,
    ) -> None:
        self.answerer, self.folder, self.max_new_tokens = answerer, folder, max_new_tokens
        self.frames, self.fps = frames, fps
        self._turn = threading.Lock()

    def visit(
        self,
        source: str,
        *,
        title: str = "",
        subtitles: Path | None = None,
        revision: str | None = None,
        samples: tuple[str, ...] = (),
    ) -> Visit:
        """Open a film.

        Raises:
            ValueError: it cannot be read.
        """
        film, left_out = self._read(source, subtitles, revision)
        shown = show(film, self.folder, source, title or film.movie_id or "A film")
        made = [shown.path] if shown.is_storyboard else []
        return Visit(film, shown, left_out, samples or GENERAL, made=made)

    def _read(self, source: str, subtitles: Path | None, revision: str | None) -> tuple[Film, int]:
        """The film with as many frames as fit beside a conversation, and how many did not."""

        def read(cap: int | None) -> Film:
            policy = FramePolicy(n=self.frames, fps=self.fps, cap=cap)
            return read_film(source, policy, subtitles=subtitles, revision=revision, time_limit_s=READ_LIMIT_S)

        film = read(None)
        whole = len(film)
        room = min(TALK_TOKENS, (self.answerer.longest_row or 4 * TALK_TOKENS) // 4) + self.max_new_tokens
        fitting = self.answerer.fitting(film, room)
        if fitting is not None and fitting < whole:
            film = read(fitting)
        return film, whole - len(film)

    def ask(self, visit: Visit, question: str) -> Generator[list[Turn], None, None]:
        """The conversation after each step of the answer; closing the iterator stops the answer."""
        turn = Turn(question.strip())
        if not turn.question:
            yield visit.turns
            return
        visit.turns.append(turn)
        if visit.film is None:
            turn.error, turn.is_done = "Open a film first: there is nothing to ask about yet.", True
            yield visit.turns
            return
        heard: Heard = queue.Queue()
        stopped = threading.Event()
        start = time.monotonic()
        worker = threading.Thread(target=self._work, args=(visit, turn, heard, stopped), daemon=True)
        worker.start()
        try:
            while not turn.is_done:
                self._listen(visit.film, turn, heard, start)
                yield visit.turns
        finally:
            if not turn.is_done:
                stopped.set()
                turn.is_done, turn.note = True, "stopped"

    def _work(self, visit: Visit, turn: Turn, heard: Heard, stopped: threading.Event) -> None:
        """Answer, in a thread of its own."""

        def wrote(text: str) -> None:
            if stopped.is_set():
                raise _StoppedError
            end = turns_round(text)
            heard.put(text if end is None else text[:end])
            if end is not None:
                raise _RoundError

        told = [one for one in visit.turns if one is not turn and one.answer and not one.error]
        before = [text for one in told for text in (one.question, one.answer)]
        try:
            with self._turn:
                assert visit.film is not None
                if not stopped.is_set():
                    heard.put(self.answerer.reply(visit.film, before, turn.question, self.max_new_tokens, wrote))
                    heard.put(None)
        except _StoppedError:
            pass
        except Exception as error:
            heard.put(error)

    def _listen(self, film: Film, turn: Turn, heard: Heard, start: float) -> None:
        """Take what was written since, for as long as a look lasts."""
        end = time.monotonic() + LOOK_S
        seconds = f"{time.monotonic() - start:.0f} s"
        turn.note = f"writing, {seconds}" if turn.answer else f"watching {len(film):,} frames, {seconds}"
        while (left := end - time.monotonic()) > 0:
            try:
                said = heard.get(timeout=left)
            except queue.Empty:
                return
            if isinstance(said, str):
                turn.answer = said
            else:
                turn.is_done = True
                self._end(film, turn, said, time.monotonic() - start)
                return

    def _end(self, film: Film, turn: Turn, error: BaseException | None, took_s: float) -> None:
        if error is None or isinstance(error, _RoundError):
            turn.found = self.answerer.spans(turn.answer, film)
            why = "" if error is None else "; stopped, as the model repeats itself"
            turn.note = f"{len(film):,} frames, {took_s:.1f} s{why}"
        elif isinstance(error, ValueError):
            turn.error, turn.note = str(error), ""
        else:
            turn.error, turn.note = f"The model failed ({type(error).__name__}); the server's log says more.", ""
            _log(error)


def _log(error: BaseException) -> None:
    import logging

    logging.getLogger(__name__).error("an answer failed", exc_info=error)
