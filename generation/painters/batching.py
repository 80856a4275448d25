"""One thread that has the device: what is asked for side by side is prepared and done in batches there.

    bench = Batching(prepare, work, width)
    answer = await bench.ask(job)                # an answer of `work`, or the exception that job ended with
    value = await bench.alone(function)          # anything else that needs the device, between batches
    await bench.close()

Jobs come from many movies at once. The thread takes what has come, prepares each once, and works on the fullest kind,
the oldest of equals first; so kinds that few ask for gather while others are worked on. The order never decides an
answer. It knows nothing of pictures.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

JobT = TypeVar("JobT")
ReadyT = TypeVar("ReadyT")
AnswerT = TypeVar("AnswerT")

SETTLE_S: Final = 0.005
"""So long the thread waits for more before it works on a batch that is not full."""


@dataclass
class _Asked:
    future: "asyncio.Future[Any]"
    job: Any = None
    alone: Callable[[], Any] | None = None


@dataclass
class _Kind(Generic[ReadyT]):
    """Prepared jobs that can be worked on together."""

    arrived: int
    waiting: list[tuple[_Asked, ReadyT]] = field(default_factory=list)


class Batching(Generic[JobT, ReadyT, AnswerT]):
    """Batches for one device. Made and asked in one event loop; `prepare`, `work` and `alone` run in its thread."""

    def __init__(
        self,
        prepare: Callable[[JobT], tuple[Hashable, ReadyT]],
        work: Callable[[Sequence[ReadyT]], Sequence[AnswerT | Exception]],
        width: Callable[[], int],
    ) -> None:
        """
        Args:
            prepare: a job's kind, and what `work` takes; an exception is the answer of that job alone.
            work: answers for jobs of one kind, in their order; an exception that it raises is the answer of all.
            width: how many jobs `work` takes at a time now.
        """
        self._prepare, self._work, self._width = prepare, work, width
        # Not SimpleQueue: on a busy machine its `get` with a few milliseconds can wait for ever (CPython 3.11).
        self._inbox: queue.Queue[_Asked | None] = queue.Queue()
        self._kinds: dict[Hashable, _Kind[ReadyT]] = {}
        self._arrived = 0
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def ask(self, job: JobT) -> AnswerT:
        """Have a job done in some batch."""
        answer: AnswerT = await self._post(_Asked(asyncio.get_running_loop().create_future(), job=job))
        return answer

    async def alone(self, function: Callable[[], Any]) -> Any:
        """Run a function in the thread, between batches and before jobs that wait."""
        return await self._post(_Asked(asyncio.get_running_loop().create_future(), alone=function))

    def _post(self, asked: _Asked) -> "asyncio.Future[Any]":
        if self._thread is None:
            self._loop = asyncio.get_running_loop()
            # A daemon: whoever is killed while it works on a batch need not wait for the batch.
            self._thread = threading.Thread(target=self._run, name="painting", daemon=True)
            self._thread.start()
        self._inbox.put(asked)
        return asked.future

    async def close(self) -> None:
        """End the thread after the batch it is at; what it has not begun is cancelled."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._inbox.put(None)
            await asyncio.to_thread(thread.join)

    # ------------------------------------------------------------ in the thread

    def _run(self) -> None:
        while self._take():
            kind = self._fullest()
            if kind is not None:
                batch, kind.waiting = kind.waiting[: self._width()], kind.waiting[self._width() :]
                self._serve(batch)
        for kind in self._kinds.values():
            for asked, _ in kind.waiting:
                self._tell(asked, asyncio.CancelledError())

    def _take(self) -> bool:
        """Take in what has come, waiting while there is nothing to do; False when it is time to end."""
        waiting = sum(len(kind.waiting) for kind in self._kinds.values())
        timeout = None if not waiting else SETTLE_S if waiting < self._width() else 0.0
        while True:
            try:
                asked = self._inbox.get(timeout=timeout) if timeout != 0.0 else self._inbox.get_nowait()
            except queue.Empty:
                return True
            if asked is None:
                return False
            timeout = SETTLE_S
            if not asked.future.cancelled():
                self._begin(asked)

    def _begin(self, asked: _Asked) -> None:
        try:
            if asked.alone is not None:
                self._tell(asked, asked.alone())
                return
            name, ready = self._prepare(asked.job)
        except Exception as error:  # theirs to handle, not this thread's
            self._tell(asked, error)
            return
        self._arrived += 1
        self._kinds.setdefault(name, _Kind(self._arrived)).waiting.append((asked, ready))

    def _fullest(self) -> "_Kind[ReadyT] | None":
        for name, kind in [*self._kinds.items()]:
            kind.waiting = [item for item in kind.waiting if not item[0].future.cancelled()]
            if not kind.waiting:
                del self._kinds[name]
        width = self._width()
        ranked = sorted(self._kinds.values(), key=lambda kind: (-min(len(kind.waiting), width), kind.arrived))
        return ranked[0] if ranked else None

    def _serve(self, batch: list[tuple[_Asked, ReadyT]]) -> None:
        answers: Sequence[AnswerT | Exception]
        try:
            answers = self._work([ready for _, ready in batch])
        except Exception as error:  # theirs to handle, not this thread's
            answers = [error] * len(batch)
        for (asked, _), answer in zip(batch, answers, strict=True):
            self._tell(asked, answer)

    def _tell(self, asked: _Asked, answer: object) -> None:
        def settle() -> None:
            if asked.future.done():  # cancelled
                return
            if isinstance(answer, asyncio.CancelledError):
                asked.future.cancel()
            elif isinstance(answer, BaseException):
                asked.future.set_exception(answer)
            else:
                asked.future.set_result(answer)

        assert self._loop is not None
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(settle)
