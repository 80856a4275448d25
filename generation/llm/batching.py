"""The Batch API: many questions at half the price, answered within a day; a run that is killed while it waits goes on.

    batcher = Batcher(speaker, caller, lambda: log, keep)
    await batcher.answered(ask)             # when this returns, the log has the reply

Questions gather until none has come for a while, which is when the line can ask no more without an answer; then they
go out as one batch. What is in it is in the log before it is sent, and its id before it is waited for, so that a run
that was killed finds its batch again and pays nothing twice. Rows that failed or expired go into the next batch.

It knows no prices: `keep` writes what a row has cost.
"""

import asyncio
import json
import uuid
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, cast

from moviellm.generation.llm.asks import Ask
from moviellm.generation.llm.calling import Caller
from moviellm.generation.llm.exchanges import ExchangeLog, Row
from moviellm.generation.llm.faults import CallError, UnsupportedError, WrongServerError
from moviellm.generation.llm.speaking import Speaker
from moviellm.generation.llm.wire import Answer

GATHER_S = 3.0
"""A batch is sent when no question has come for so long."""
POLL_FIRST_S, POLL_LONGEST_S = 1.0, 60.0
"""Between two looks at a batch: at first, and at last."""
ROWS_MAX, BYTES_MAX = 50_000, 150_000_000
"""Largest batch."""
URL = "/v1/chat/completions"
TAG = "moviellm"
"""Name of the metadata by which a batch is found again whose id never arrived."""

Keep = Callable[[str, Row, Answer, str], None]
"""Keeps the reply to a key: what the batch's row says of it, the answer, the batch's id."""


class Batcher:
    """Asks in batches. Used by one event loop."""

    def __init__(self, speaker: Speaker, caller: Caller, log: Callable[[], ExchangeLog], keep: Keep) -> None:
        self._speaker = speaker
        self._caller = caller
        self._log = log
        self._keep = keep
        self._gathered: dict[str, tuple[Ask, dict[str, Any], bool]] = {}
        self._sent: dict[str, tuple[dict[str, Any], bool]] = {}
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._gathered_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._jobs: set[asyncio.Task[None]] = set()
        self._resumed = False

    async def answered(self, ask: Ask) -> None:
        """Wait until the log has the reply to an ask.

        Raises:
            CallError: its row failed or expired; another try may help.
            WrongServerError: the server takes no batches of such asks.
        """
        self._resume()
        while self._log().reply(ask.key) is None:
            if ask.key not in self._waiting:
                self._gather(ask)
            try:
                await asyncio.shield(self._waiting[ask.key])
            except UnsupportedError as error:  # as it was sent: meanwhile another row may have taught otherwise
                body, native = self._sent.get(ask.key, ({error.name: None}, True))
                self._speaker.unsupported(ask, native, error, body)
        self._sent.pop(ask.key, None)

    def _resume(self) -> None:
        """Wait for the batches of an earlier process, at first use."""
        if self._resumed:
            return
        self._resumed = True
        for row in list(self._log().batches.values()):
            for key in row["asks"]:
                self._waiting[key] = asyncio.get_running_loop().create_future()
            self._start(self._wait(row))

    def _gather(self, ask: Ask) -> None:
        """Add a question to the next batch, which goes out when none follows for a while, or when it is full."""
        self._sent[ask.key] = body, native = self._speaker.body(ask)
        self._gathered[ask.key] = (ask, body, native)
        self._waiting[ask.key] = asyncio.get_running_loop().create_future()
        self._gathered_bytes += len(json.dumps(body))
        if self._timer is not None:
            self._timer.cancel()
        if len(self._gathered) >= ROWS_MAX or self._gathered_bytes >= BYTES_MAX:
            self._send_gathered()
        else:
            self._timer = asyncio.get_running_loop().call_later(GATHER_S, self._send_gathered)

    def _send_gathered(self) -> None:
        gathered, self._gathered, self._gathered_bytes, self._timer = self._gathered, {}, 0, None
        self._start(self._send(gathered))

    def _start(self, job: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(job)
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)

    async def _send(self, gathered: Mapping[str, tuple[Ask, dict[str, Any], bool]]) -> None:
        """Send a batch: first what is in it is logged, then it is sent, then its id is logged."""
        asks = {
            key: {"task": ask.schema_name, "model": ask.model, "native": native}
            for key, (ask, _, native) in gathered.items()
        }
        wave = uuid.uuid4().hex
        row = {"kind": "batch", "wave": wave, "id": None, "asks": asks}
        lines = [
            json.dumps({"custom_id": key, "method": "POST", "url": URL, "body": body})
            for key, (_, body, _) in gathered.items()
        ]
        try:
            name = await self._call(lambda: self._upload("\n".join(lines).encode()))
            self._log().append(row)
            await asyncio.to_thread(self._log().sync)
            made = await self._call(lambda: self._create(name, wave))
            row = {**row, "id": made["id"]}
            self._log().append(row)
            await asyncio.to_thread(self._log().sync)
        except Exception as error:  # whatever it is, those who wait must hear of it
            self._fail(asks, error)
            return
        await self._wait(row)

    async def _wait(self, row: Row) -> None:
        """Look at a batch until it is done, and keep its answers."""
        try:
            batch_id = row["id"] or await self._found(row["wave"])
            if batch_id is None:  # it was never sent
                self._log().append({"kind": "batch_done", "id": row["wave"]})
                self._fail(row["asks"], CallError("expired", "the batch was not sent"))
                return
            pause_s = POLL_FIRST_S
            while (batch := await self._call(lambda: self._look(batch_id)))["status"] in (
                "validating", "in_progress", "finalizing", "cancelling",
            ):  # fmt: skip
                await asyncio.sleep(pause_s)
                pause_s = min(POLL_LONGEST_S, pause_s * 1.5)
            await self._collect(row, batch)
        except Exception as error:  # whatever it is, those who wait must hear of it
            self._fail(row["asks"], error)

    async def _found(self, wave: str) -> str | None:
        """The id of a batch that was sent and whose id never arrived."""
        listed = await self._call(self._list)
        return next((str(item["id"]) for item in listed if (item.get("metadata") or {}).get(TAG) == wave), None)

    async def _collect(self, row: Row, batch: Mapping[str, Any]) -> None:
        """Keep the answers of a batch that is done, and tell those who wait."""
        failed: dict[str, Exception] = {}
        for name in (batch.get("output_file_id"), batch.get("error_file_id")):
            text = await self._call(lambda name=name: self._content(name)) if name else ""  # type: ignore[misc]
            for line in filter(None, text.splitlines()):
                self._take(row, json.loads(line), str(batch["id"]), failed)
        self._log().append({"kind": "batch_done", "id": batch["id"]})
        if batch["status"] == "failed":
            said = self._speaker.wire.endpoint.redact(json.dumps(batch.get("errors")))[:300]
            self._fail(row["asks"], WrongServerError(f"the server does not take the batch: {said}"))
        for key in row["asks"]:
            if self._log().reply(key) is None:
                self._fail([key], failed.get(key) or CallError("expired", f"no answer in batch {batch['id']}"))
            elif (future := self._waiting.pop(key, None)) is not None and not future.done():
                future.set_result(None)

    def _take(self, row: Row, answer: Mapping[str, Any], batch_id: str, failed: dict[str, Exception]) -> None:
        key, wire = str(answer["custom_id"]), self._speaker.wire
        asked = row["asks"].get(key)
        if asked is None or self._log().reply(key) is not None:
            return
        response = answer.get("response")
        if not isinstance(response, dict):
            failed[key] = CallError("expired", str((answer.get("error") or {}).get("code")))
            return
        try:
            if response["status_code"] != 200:
                raise wire.status_error(response["status_code"], json.dumps(response["body"]), {})
            self._keep(key, asked, wire.read_chat(response["body"]), batch_id)
        except (CallError, UnsupportedError, WrongServerError) as error:
            failed[key] = error

    def _fail(self, keys: Mapping[str, Any] | list[str], error: Exception) -> None:
        for key in keys:
            future = self._waiting.pop(key, None)
            if future is not None and not future.done():
                future.set_exception(error)
                future.exception()  # nobody may be waiting: an edited prompt asks something else

    async def _call(self, call: Callable[[], Any]) -> Any:
        return await self._caller.until_answered(call, [])

    async def _upload(self, data: bytes) -> str:
        wire = self._speaker.wire
        try:
            made = await wire.call(wire.client.files.create(file=("batch.jsonl", data), purpose="batch"))
        except (WrongServerError, CallError) as error:
            if any(status in str(error) for status in ("404", "405")):
                raise WrongServerError(f"{wire.endpoint.shown} has no Batch API; leave out --batch") from None
            raise
        return str(made.id)

    async def _create(self, file_id: str, wave: str) -> dict[str, Any]:
        wire = self._speaker.wire
        made = wire.client.batches.create(
            input_file_id=file_id, endpoint=URL, completion_window="24h", metadata={TAG: wave}
        )
        return cast(dict[str, Any], (await wire.call(made)).model_dump())

    async def _look(self, batch_id: str) -> dict[str, Any]:
        wire = self._speaker.wire
        return cast(dict[str, Any], (await wire.call(wire.client.batches.retrieve(batch_id))).model_dump())

    async def _list(self) -> list[dict[str, Any]]:
        wire = self._speaker.wire
        page = await wire.call(wire.client.batches.list(limit=100))
        return [item.model_dump() for item in page.data]

    async def _content(self, file_id: str) -> str:
        wire = self._speaker.wire
        return str((await wire.call(wire.client.files.content(file_id))).text)

    async def close(self) -> None:
        """Stop waiting. What was sent is in the log, and the next process waits for it."""
        if self._timer is not None:
            self._timer.cancel()
        for job in self._jobs:
            job.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)
