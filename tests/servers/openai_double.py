"""A model server to test against: real HTTP, every endpoint the line uses, faults on request.

    with openai_double(latency_s=0.05, answers=story_answers) as double:     # in a thread of its own
        double.base_url; double.calls["scene"]; double.plan("429", "reset")

    python -m tests.servers.openai_double --port 0 --latency-ms 50 --answers story --faults 0.2    # a process

It speaks chat completions, responses, images, files, batches and models. Answers come from `answers(schema_name, data,
schema, seed)`, where `data` is the task's JSON block at the end of the user message; without one, or where it gives
None, an instance of the schema is made up. Which request meets which fault follows from the request and how often it
came, so that a run repeats. What it has counted is in the attributes, and at GET /stats.
"""

import argparse
import asyncio
import base64
import hashlib
import importlib
import json
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.servers.openai_answers import Spoken, instance, picture_b64, task_of

Answers = Callable[[str, dict[str, Any], dict[str, Any], int], Any]
HTTP_FAULTS = ("429", "429_plain", "500", "503", "reset", "drip", "html", "empty")
"""Faults of the call: it is tried again."""
TEXT_FAULTS = ("truncated", "wrong_schema", "refusal", "language")
"""Faults of the answer: it climbs the ladder."""
FAULTS = HTTP_FAULTS + TEXT_FAULTS
BATCH_FAULTS = ("row_500", "row_expired")
DRIP_S = 0.05


@dataclass(kw_only=True)
class Double:
    """One server and what it has seen."""

    answers: Answers | None = None
    latency_s: float = 0.0
    image_latency_s: float = 0.0
    native: str = "holds"
    """What it does with a schema: `holds`, `refuses` with a 400, or `ignores` it and answers prose."""
    faults: Mapping[str, float] = field(default_factory=dict)
    """Share of requests that meet each fault, by kind."""
    retry_after_s: float = 0.02
    """What a 429 asks for."""
    key: str | None = None
    """The only key it accepts; None accepts any."""
    models: tuple[str, ...] | None = None
    """Models it has; None has any."""
    refuses: tuple[str, ...] = ()
    """Parameters that it answers with a 400."""
    batch_pending_s: float = 0.0
    """How long a batch takes."""
    image_format: str = "jpeg"
    image_links: str | None = None
    """Pictures are answered as links: to this server (`own`), or to this address."""
    room: int | None = None
    """Characters of messages that a model has room for."""
    unpaintable: str | None = None
    """A prompt with these words is refused for its content."""
    base_url: str = ""
    calls: Counter[str] = field(default_factory=Counter)
    """Requests by schema name, `text` without one, `image` for pictures; faulty ones included."""
    injected: Counter[str] = field(default_factory=Counter)
    """Faults injected, by kind."""
    billed: list[str] = field(default_factory=list)
    """Ids of the replies with an answer that were sent whole, in order."""
    requests: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=2000))
    """The last requests: path, headers, body."""
    at_once: int = 0
    at_once_most: int = 0
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    _files: dict[str, bytes] = field(default_factory=dict)
    _planned: deque[str | None] = field(default_factory=deque)
    _seen: Counter[str] = field(default_factory=Counter)
    _sent: int = 0

    def plan(self, *kinds: str | None) -> None:
        """Faults of the next requests, in order; None lets one pass. They come before those by share."""
        self._planned.extend(kinds)

    def stats(self) -> dict[str, Any]:
        """What was counted."""
        return {
            "calls": dict(self.calls),
            "injected": dict(self.injected),
            "billed": self.billed,
            "at_once_most": self.at_once_most,
        }

    def application(self) -> web.Application:
        """The routes."""
        app = web.Application(client_max_size=512 * 1024 * 1024)
        app.add_routes(
            [
                web.post("/v1/chat/completions", self._chat),
                web.post("/v1/responses", self._responses),
                web.post("/v1/images/generations", self._images),
                web.post("/v1/files", self._upload),
                web.get("/v1/files/{id}/content", self._download),
                web.post("/v1/batches", self._batch),
                web.get("/v1/batches", self._list_batches),
                web.get("/v1/batches/{id}", self._batch_state),
                web.get("/v1/models", self._models),
                web.get("/stats", self._stats),
            ]
        )
        return app

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await self._admit(request)
        if isinstance(body, web.Response):
            return body
        name = task_of(body).name
        return await self._answer(request, body, name, self.latency_s, lambda fault: self.completion(body, fault))

    async def _responses(self, request: web.Request) -> web.StreamResponse:
        body = await self._admit(request)
        if isinstance(body, web.Response):
            return body
        form = (body.get("text") or {}).get("format") or {}
        asked = body["input"] if isinstance(body["input"], list) else [{"role": "user", "content": body["input"]}]
        chat = {"model": body["model"], "messages": asked}
        if form.get("type") == "json_schema":
            chat["response_format"] = {"type": "json_schema", "json_schema": form}
        name = task_of(chat).name
        return await self._answer(request, body, name, self.latency_s, lambda fault: _response(self, chat, fault))

    async def _images(self, request: web.Request) -> web.StreamResponse:
        body = await self._admit(request)
        if isinstance(body, web.Response):
            return body

        if self.unpaintable is not None and self.unpaintable in body["prompt"]:
            self.calls["image"] += 1
            return _error(400, "Your request was rejected by the safety system.", "content_policy_violation")

        def answer(fault: str | None) -> dict[str, Any]:
            picture = picture_b64(str(body["prompt"]), body.get("size") or "1024x1024", self.image_format)
            shown = {"b64_json": picture} if self.image_links is None else {"url": self._link(picture)}
            return {"id": self._id("picture"), "created": 0, "data": [] if fault == "empty" else [shown]}

        return await self._answer(request, body, "image", self.image_latency_s, answer)

    def _link(self, picture: str) -> str:
        if self.image_links != "own":
            return str(self.image_links)
        name = hashlib.sha256(picture.encode()).hexdigest()[:16]
        self._files[name] = base64.b64decode(picture)
        return f"/v1/files/{name}/content"

    async def _admit(self, request: web.Request) -> dict[str, Any] | web.Response:
        """The body, or the refusal of a key, a model or a parameter."""
        body = json.loads(await request.read())
        self.requests.append({"path": request.path, "headers": dict(request.headers), "body": body})
        sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.key is not None and sent != self.key:
            return _error(401, f"Incorrect API key provided: {sent}", "invalid_api_key")
        if self.models is not None and body.get("model") not in self.models:
            return _error(404, f"The model `{body.get('model')}` does not exist", "model_not_found")
        for name in self.refuses:
            if name in body:
                return _error(400, f"Unsupported parameter: '{name}' is not supported with this model", "unsupported")
        if self.room is not None and len(json.dumps(body.get("messages"))) > self.room:
            said = "This model's maximum context length is exceeded; reduce the messages or max_tokens"
            return _error(400, said, "context_length_exceeded")
        if self.native == "refuses" and "response_format" in body and not request.path.endswith("generations"):
            return _error(400, "response_format is not supported", None)
        return body

    async def _answer(
        self,
        request: web.Request,
        body: dict[str, Any],
        name: str,
        latency_s: float,
        answer: Callable[[str | None], dict[str, Any]],
    ) -> web.StreamResponse:
        self.calls[name] += 1
        self.at_once += 1
        self.at_once_most = max(self.at_once, self.at_once_most)
        try:
            await asyncio.sleep(latency_s)
            fault = self._fault(body)
            if fault in HTTP_FAULTS and fault != "empty":
                return await self._fail(request, fault, answer)
            reply = answer(fault)
            response = web.json_response(reply)
            with suppress(ConnectionError):  # who asked may have been killed
                await response.prepare(request)
                await response.write_eof()
                if fault != "empty":
                    self.billed.append(reply["id"])
            return response
        finally:
            self.at_once -= 1

    def _fault(self, body: dict[str, Any]) -> str | None:
        """The fault that this request meets, this time."""
        if self._planned:
            kind = self._planned.popleft()
        elif not self.faults:
            return None
        else:
            digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
            self._seen[digest] += 1
            kind = _drawn(self.faults, f"{digest}{self._seen[digest]}")
        if kind is not None:
            self.injected[kind] += 1
        return kind

    async def _fail(
        self, request: web.Request, fault: str, answer: Callable[[str | None], dict[str, Any]]
    ) -> web.StreamResponse:
        if fault == "429":
            milliseconds = {"retry-after-ms": str(int(self.retry_after_s * 1000))}
            return _error(429, "Rate limit reached", "rate_limit_exceeded", milliseconds)
        if fault == "429_plain":
            return _error(429, "Rate limit reached", "rate_limit_exceeded")
        if fault in {"500", "503"}:
            return _error(int(fault), "The server had an error", None)
        if fault == "html":
            return web.Response(text="<html><body>Bad gateway</body></html>", content_type="text/html")
        if fault == "reset":
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        return await _drip(request, json.dumps(answer(None)).encode())

    def completion(self, body: dict[str, Any], fault: str | None) -> dict[str, Any]:
        """A chat completion."""
        spoken = self._spoken(body, fault)
        message = {"role": "assistant", "content": spoken.text, "refusal": None}
        if fault == "refusal":
            message |= {"content": None, "refusal": "I cannot help with that."}
        choice: dict[str, Any] = {
            "index": 0,
            "finish_reason": "length" if fault == "truncated" else "stop",
            "message": message,
        }
        if body.get("logprobs") and spoken.logprobs is not None:
            tops = [{"token": token, "logprob": value} for token, value in spoken.logprobs.items()]
            choice["logprobs"] = {"content": [{"token": tops[0]["token"], "top_logprobs": tops}]}
        asked = len(json.dumps(body["messages"])) // 4
        said = max(1, len(spoken.text) // 4)
        return {
            "id": self._id(),
            "object": "chat.completion",
            "created": 0,
            "model": body["model"],
            "choices": [] if fault == "empty" else [choice],
            "usage": {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said},
        }

    def _spoken(self, body: dict[str, Any], fault: str | None) -> Spoken:
        task = task_of(body)
        if self.native == "ignores" and "response_format" in body:
            return Spoken("Once upon a time there was a story without any braces.")
        if task.schema is None and self.answers is None:
            return Spoken("Yes, it is so.", {"Yes": -0.1, "No": -2.4})
        value = None if self.answers is None else self.answers(task.name, task.data, task.schema or {}, task.seed)
        if isinstance(value, Spoken):
            return value
        if value is None:
            value = instance(task.schema, task.seed) if task.schema else "Yes, it is so."
        if fault == "wrong_schema":
            value = {"unexpected": True}
        if fault == "language":
            value = _foreign(value)
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if task.fenced and not isinstance(value, str):
            text = f"```json\n{text}\n```"
        return Spoken(text[: len(text) // 2] if fault == "truncated" else text)

    def _id(self, kind: str = "reply") -> str:
        self._sent += 1
        return f"{kind}-{self._sent:07d}"

    async def _upload(self, request: web.Request) -> web.Response:
        async for part in await request.multipart():
            if getattr(part, "name", None) == "file":
                name = f"file-{len(self._files)}"
                self._files[name] = bytes(await part.read())  # type: ignore[union-attr]
        return web.json_response(_file(name, self._files[name]))

    async def _download(self, request: web.Request) -> web.Response:
        return web.Response(body=self._files[request.match_info["id"]])

    async def _batch(self, request: web.Request) -> web.Response:
        asked = json.loads(await request.read())
        batch = {
            "id": f"batch-{len(self.batches)}",
            "object": "batch",
            "endpoint": asked["endpoint"],
            "input_file_id": asked["input_file_id"],
            "completion_window": "24h",
            "status": "in_progress",
            "created_at": 0,
            "metadata": asked.get("metadata"),
            "output_file_id": None,
            "error_file_id": None,
            "done_at": asyncio.get_running_loop().time() + self.batch_pending_s,
        }
        self.batches[batch["id"]] = batch
        return web.json_response(batch)

    async def _list_batches(self, request: web.Request) -> web.Response:
        data = [self._current(batch) for batch in reversed(self.batches.values())]
        return web.json_response({"object": "list", "data": data, "has_more": False})

    async def _batch_state(self, request: web.Request) -> web.Response:
        return web.json_response(self._current(self.batches[request.match_info["id"]]))

    def _current(self, batch: dict[str, Any]) -> dict[str, Any]:
        if batch["status"] == "in_progress" and asyncio.get_running_loop().time() >= batch["done_at"]:
            rows, errors = [], []
            for line in reversed(self._files[batch["input_file_id"]].splitlines()):
                row = json.loads(line)
                fault = self._fault(row["body"])
                self.calls[task_of(row["body"]).name] += 1
                answer = {"id": self._id(), "custom_id": row["custom_id"], "response": None, "error": None}
                if fault == "row_expired":
                    errors.append(answer | {"error": {"code": "batch_expired", "message": "not done in time"}})
                elif fault == "row_500":
                    body = {"error": {"message": "The server had an error"}}
                    errors.append(answer | {"response": {"status_code": 500, "body": body}})
                else:
                    body = self.completion(row["body"], fault)
                    self.billed.append(body["id"])
                    rows.append(answer | {"response": {"status_code": 200, "body": body}})
            batch |= {"output_file_id": self._keep(rows), "error_file_id": self._keep(errors), "status": "completed"}
        return {name: value for name, value in batch.items() if name != "done_at"}

    def _keep(self, rows: list[dict[str, Any]]) -> str | None:
        if not rows:
            return None
        name = f"file-{len(self._files)}"
        self._files[name] = "\n".join(json.dumps(row) for row in rows).encode()
        return name

    async def _models(self, request: web.Request) -> web.Response:
        names = self.models or ("any",)
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "double"} for name in names]
        return web.json_response({"object": "list", "data": data})

    async def _stats(self, request: web.Request) -> web.Response:
        return web.json_response(self.stats())


def _drawn(shares: Mapping[str, float], text: str) -> str | None:
    """A fault by its share, from a hash."""
    level = int(hashlib.sha256(text.encode()).hexdigest()[:12], 16) / 16**12
    for kind, share in shares.items():
        level -= share
        if level < 0.0:
            return kind
    return None


def _foreign(value: Any) -> Any:
    """The same answer with its sentences in another language."""
    if isinstance(value, dict):
        return {name: _foreign(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_foreign(item) for item in value]
    return "Это совсем другой язык, и никто его не просил." if isinstance(value, str) and " " in value else value


def _response(double: Double, chat: dict[str, Any], fault: str | None) -> dict[str, Any]:
    done = double.completion(chat, fault)
    text = done["choices"][0]["message"]["content"] if done["choices"] else ""
    content = [{"type": "output_text", "text": text, "annotations": []}]
    usage = done["usage"]
    return {
        "id": done["id"],
        "object": "response",
        "created_at": 0,
        "model": chat["model"],
        "status": "incomplete" if fault == "truncated" else "completed",
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "output": [{"type": "message", "id": "m1", "status": "completed", "role": "assistant", "content": content}],
        "usage": {
            "input_tokens": usage["prompt_tokens"],
            "output_tokens": usage["completion_tokens"],
            "total_tokens": usage["total_tokens"],
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 0},
        },
    }


def _error(status: int, message: str, code: str | None, headers: dict[str, str] | None = None) -> web.Response:
    error = {"message": message, "type": "double", "param": None, "code": code}
    return web.json_response({"error": error}, status=status, headers=headers)


def _file(name: str, data: bytes) -> dict[str, Any]:
    about = {"object": "file", "created_at": 0, "filename": "batch.jsonl", "purpose": "batch", "status": "processed"}
    return {"id": name, "bytes": len(data), **about}


async def _drip(request: web.Request, body: bytes) -> web.StreamResponse:
    """Bytes so slow that no limit between two of them ends it."""
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(body))})
    with suppress(ConnectionError):
        await response.prepare(request)
        for place in range(len(body)):
            await response.write(body[place : place + 1])
            await asyncio.sleep(DRIP_S)
    return response


def mixed(share: float) -> dict[str, float]:
    """All faults in equal parts, `share` of the requests together."""
    return dict.fromkeys(FAULTS, share / len(FAULTS))


async def serve(double: Double, port: int = 0) -> web.AppRunner:
    """Start on loopback; `double.base_url` is set."""
    runner = web.AppRunner(double.application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, backlog=4096)
    await site.start()
    assert runner.addresses
    double.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    return runner


@contextmanager
def openai_double(kind: type[Double] = Double, **options: Any) -> Iterator[Double]:
    """A double in a thread of its own, or one of another `kind`."""
    double = kind(**options)
    loop = asyncio.new_event_loop()
    runner = loop.run_until_complete(serve(double))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield double
    finally:
        asyncio.run_coroutine_threadsafe(_end(runner), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()


async def _end(runner: web.AppRunner) -> None:
    """Stop serving, also those who wait for a slow answer."""
    await runner.cleanup()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def main(arguments: list[str]) -> None:
    """Serve until killed; prints the address first."""
    parser = argparse.ArgumentParser(prog="python -m tests.servers.openai_double")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--image-latency-ms", type=float, default=0.0)
    parser.add_argument("--answers", help="NAME of tests/servers/NAME_answers.py, whose `answers` are given")
    parser.add_argument("--faults", type=float, default=0.0, help="share of requests that meet some fault")
    parser.add_argument("--native", default="holds", choices=["holds", "refuses", "ignores"])
    parser.add_argument("--batch-pending-s", type=float, default=0.0)
    options = parser.parse_args(arguments)
    answers = importlib.import_module(f"tests.servers.{options.answers}_answers").answers if options.answers else None
    double = Double(
        answers=answers,
        latency_s=options.latency_ms / 1000.0,
        image_latency_s=options.image_latency_ms / 1000.0,
        faults=mixed(options.faults) if options.faults else {},
        native=options.native,
        batch_pending_s=options.batch_pending_s,
    )
    serve_until_killed(double, options.port)


def serve_until_killed(double: Double, port: int = 0) -> None:
    """Serve in this process; prints the address first."""

    async def forever() -> None:
        await serve(double, port)
        sys.stdout.write(f"{double.base_url}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()

    with suppress(KeyboardInterrupt):
        asyncio.run(forever())


if __name__ == "__main__":
    main(sys.argv[1:])
