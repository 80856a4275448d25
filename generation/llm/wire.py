"""One call to an OpenAI-compatible server, and what its answer means. openai 3.x over aiohttp, no retries of its own.

    wire = Wire(endpoint, timeout_s=600.0)
    reply = await wire.chat(body)                 # Answer, or CallError, UnsupportedError, WrongServerError
    await wire.close()

Every text that comes back is freed of secrets here (endpoint.py). It decides no retry and keeps nothing: service.py.
"""

import asyncio
import base64
import binascii
import json
import os
import ssl
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from urllib.parse import urljoin, urlsplit

from moviellm.generation.llm.encoded import written
from moviellm.generation.llm.endpoint import Endpoint
from moviellm.generation.llm.faults import (
    CONTENT,
    RETRY_AFTER_MAX_S,
    TOO_LONG,
    CallError,
    UnsupportedError,
    WrongServerError,
)

INSTALL = "the language model client is not installed; run: pip install 'moviellm[llm]'"
CONNECTIONS_MAX = 4096
CONTENT_CODES = {"content_policy_violation", "moderation_blocked", "content_filter"}
"""Codes of a server that answers this question by not answering it."""
DETAIL_LENGTH_MAX = 300
"""Characters of a server's message that are kept."""
PARAMETERS = (
    "max_completion_tokens", "max_tokens", "response_format", "json_schema", "top_logprobs", "logprobs", "temperature",
    "top_p", "seed", "num_inference_steps", "guidance_scale", "negative_prompt",
)  # fmt: skip
"""Parameters that some servers or models refuse, as their messages name them."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one call brought."""

    text: str
    finish_reason: str
    refusal: str | None
    tokens_in: int
    tokens_out: int
    tokens_cached: int
    logprobs: Mapping[str, float] | None
    response_id: str = ""
    """The server's name for it."""
    served: str = ""
    """The model as the server names it: behind an alias, which version of it; empty where it does not say."""


@dataclass(frozen=True)
class _Posting:
    """What every call is posted with."""

    http: Any
    """The HTTP client that the SDK's client uses."""
    headers: Any
    extensions: dict[str, Any]
    addresses: dict[str, Any] = field(default_factory=dict)


@cache
def _trusted(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    """Whose certificates count: read once for all clients of a process, for it takes a tenth of a second.

    A shard of a cluster has a client of its own. The arguments are what httpx2 looks up itself: a change counts.
    """
    import httpx2

    return httpx2.create_ssl_context()


class Wire:
    """The connection to a server. Used by one event loop."""

    def __init__(self, endpoint: Endpoint, timeout_s: float) -> None:
        self.endpoint = endpoint
        self.timeout_s = timeout_s
        self._client: Any = None
        self._posting: _Posting | None = None

    @property
    def client(self) -> Any:
        """The SDK's client, made at first use.

        Raises:
            ModuleNotFoundError: the extra `llm` is not installed.
        """
        if self._client is None:
            try:
                import aiohttp  # noqa: F401
                from openai import AsyncOpenAI, DefaultAioHttpClient
            except ModuleNotFoundError:
                raise ModuleNotFoundError(INSTALL) from None
            import httpx2

            limit = httpx2.Timeout(self.timeout_s, connect=min(30.0, self.timeout_s))
            http = DefaultAioHttpClient(
                timeout=limit,
                limits=httpx2.Limits(max_connections=CONNECTIONS_MAX, max_keepalive_connections=CONNECTIONS_MAX),
                follow_redirects=False,
                verify=_trusted(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")),
            )
            self._client = AsyncOpenAI(
                base_url=self.endpoint.base_url,
                api_key=self.endpoint.api_key,
                default_headers=dict(self.endpoint.headers) or None,
                default_query=dict(self.endpoint.query) or None,
                organization=None,
                project=None,
                max_retries=0,
                timeout=self.timeout_s,
                http_client=http,
            )
            headers = {"Authorization": f"Bearer {self.endpoint.api_key}", **self._client.default_headers}
            said = {name: value for name, value in headers.items() if isinstance(value, str)}
            self._posting = _Posting(http, httpx2.Headers(said), {"timeout": limit.as_dict()})
        return self._client

    async def chat(self, body: dict[str, Any]) -> Answer:
        """A chat completion."""
        return self.read_chat(await self._post("/chat/completions", body))

    async def image(self, body: dict[str, Any]) -> bytes:
        """One picture."""
        data = await self._post("/images/generations", body)
        items = data.get("data")
        first = items[0] if isinstance(items, list) and items else None
        if not isinstance(first, dict):
            raise CallError("empty", "no picture in the answer")
        if isinstance(first.get("b64_json"), str):
            return _from_base64(first["b64_json"])
        if isinstance(first.get("url"), str):
            return await self._linked(first["url"])
        raise CallError("empty", "a picture without bytes and without a link")

    async def _linked(self, link: str) -> bytes:
        """The picture that an answer links to; nothing is fetched from another host, nor the key sent there."""
        if link.startswith("data:"):
            return _from_base64(link.partition(",")[2])
        address = urljoin(f"{self.endpoint.base_url}/", link)
        if urlsplit(address)[:2] != urlsplit(self.endpoint.base_url)[:2]:
            raise WrongServerError(
                f"{self.endpoint.shown} answers with links to pictures on another host, which are not followed; "
                "it must send them as b64_json"
            )
        import httpx2

        response = await self.call(self.client.get(address, cast_to=httpx2.Response))
        return bytes(response.content)

    async def alive(self) -> bool:
        """Whether the server answers at all, asked without cost."""
        try:
            await self.call(self.client.models.with_raw_response.list(timeout=min(10.0, self.timeout_s)))
        except CallError as error:
            return error.kind not in {"refused", "reset", "timeout", "429", "500", "503"}
        except (UnsupportedError, WrongServerError):
            return True
        return True

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """One call on the connections of the SDK's client, with its headers.

        The SDK's own way to a request and back takes a millisecond of processor time, three times what this takes; at
        64 calls at a time that is what a client has for one.
        """
        import httpx2

        _ = self.client
        posting = self._posting
        assert posting is not None, "it is made with the client"
        if path not in posting.addresses:
            address = f"{self.endpoint.base_url.rstrip('/')}{path}"
            posting.addresses[path] = httpx2.URL(address, params=dict(self.endpoint.query) or None)
        request = httpx2.Request(
            "POST",
            posting.addresses[path],
            headers=posting.headers,
            content=written(body).encode(),
            extensions=posting.extensions,
        )
        response = await self.call(posting.http.send(request))
        if not response.is_success:
            raise self.status_error(response.status_code, response.text, response.headers)
        return self.parse_json(response.text)

    def parse_json(self, text: str) -> dict[str, Any]:
        """The JSON object of a body; a gateway's page of HTML is an error like any other."""
        try:
            data = json.loads(text)
        except ValueError:
            raise CallError("html", f"no JSON but {self.endpoint.redact(text)[:40]!r}") from None
        if not isinstance(data, dict):
            raise CallError("html", f"no JSON object but {type(data).__name__}")
        return data

    async def call(self, call: Awaitable[Any]) -> Any:
        """Await a call within the time allowed, and turn its errors into ours, without secrets."""
        import httpx2
        import openai

        try:
            async with asyncio.timeout(self.timeout_s):  # the SDK's own limit starts again with every byte
                return await call
        except TimeoutError:
            failure: Exception = self._timeout()
        except openai.APIStatusError as error:
            failure = self.status_error(error.status_code, error.response.text, error.response.headers)
        except (openai.APIConnectionError, httpx2.HTTPError) as error:
            failure = self._connection_error(error)
        except (OSError, openai.OpenAIError) as error:
            failure = CallError("reset", type(error).__name__)
        raise failure

    def _timeout(self) -> CallError:
        return CallError("timeout", f"no whole answer within {self.timeout_s:g} s")

    def _connection_error(self, error: Exception) -> CallError:
        """What broke, by the names of what lies below: the transport calls a lost connection a timeout."""
        names = set()
        cause: BaseException | None = error
        while cause is not None:
            names |= {kind.__name__ for kind in type(cause).__mro__}
            cause = cause.__cause__ or cause.__context__
        if "ClientConnectorError" in names:
            return CallError("refused", "nobody listens there")
        if "ServerTimeoutError" in names or not names & {"ClientConnectionError", "ClientPayloadError"}:
            return self._timeout() if "TimeoutException" in names else CallError("reset", "no connection")
        return CallError("reset", "the connection was lost")

    def status_error(self, status: int, text: str, headers: Mapping[str, str]) -> Exception:
        """What a status and a body mean."""
        said, code = self._said(text)
        if status in {401, 403}:
            return WrongServerError(
                f"{self.endpoint.shown} does not accept the key ({status}: {said}); set OPENAI_API_KEY"
            )
        if status == 402 or (status == 429 and code == "insufficient_quota"):
            return WrongServerError(f"{self.endpoint.shown}: the account has no money left ({said})")
        if status == 429:
            return CallError("429", said, retry_after_s=_retry_after_s(headers))
        if status in {503, 502, 504, 529}:
            return CallError("503", said, retry_after_s=_retry_after_s(headers))
        if code in CONTENT_CODES:
            return CallError(CONTENT, said)
        if status == 413 or code == "context_length_exceeded" or "context length" in said:
            return CallError(TOO_LONG, said)
        # The one that is named first: a message may say which other one to take.
        refused = min((name for name in PARAMETERS if name in said), key=said.index, default=None)
        if "nvalid schema" in said:  # the server has schemas, and this one is wrong
            return CallError(str(status), said)
        if status in {400, 422, 500, 501} and refused is not None:
            return UnsupportedError(refused, said)
        if status == 500 or status in {408, 409, 425} or status > 500:
            return CallError("500", said, retry_after_s=_retry_after_s(headers))
        if status == 404:
            return WrongServerError(f"{self.endpoint.shown} has no such model or address (404: {said})")
        return CallError(str(status), said)

    def _said(self, text: str) -> tuple[str, str]:
        """The server's message, short and without secrets, and its code."""
        message, code = text, ""
        try:
            body = json.loads(text)
            error = body.get("error", body) if isinstance(body, dict) else body
            if isinstance(error, dict):
                message, code = str(error.get("message") or error.get("detail") or error), str(error.get("code") or "")
            else:
                message = str(error)
        except ValueError:
            pass
        line = " ".join(self.endpoint.redact(message).split())
        return line[:DETAIL_LENGTH_MAX] or "no message", code

    def read_chat(self, data: dict[str, Any]) -> Answer:
        """The answer in the body of a chat completion.

        Raises:
            CallError: there is none.
        """
        usage = _mapping(data.get("usage"))
        choices = data.get("choices")
        first = choices[0] if isinstance(choices, list) and choices else None
        message = first.get("message") if isinstance(first, dict) else None
        if not isinstance(first, dict) or not isinstance(message, dict):
            raise CallError("empty", "no choice in the answer")
        content, refusal = message.get("content"), message.get("refusal")
        details = _mapping(usage.get("prompt_tokens_details"))
        return Answer(
            text=self.endpoint.hide(content) if isinstance(content, str) else "",
            finish_reason=str(first.get("finish_reason") or "stop"),
            refusal=self.endpoint.redact(refusal) if isinstance(refusal, str) and refusal else None,
            tokens_in=_count(usage.get("prompt_tokens")),
            tokens_out=_count(usage.get("completion_tokens")),
            tokens_cached=_count(details.get("cached_tokens")),
            logprobs=_first_logprobs(first.get("logprobs")),
            response_id=str(data.get("id") or ""),
            served=self.endpoint.redact(str(data.get("model") or "")),
        )

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()
            self._client = self._posting = None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise CallError("empty", "a picture that is no base64") from None


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """What the server asks, in seconds: a number, or until a date."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        if seconds >= 0.0:
            return min(seconds, RETRY_AFTER_MAX_S + 1.0)
    try:
        wait = parsedate_to_datetime(headers.get("retry-after", "")) - datetime.now(UTC)
    except (ValueError, TypeError):  # no date, or one without its zone
        return None
    return min(max(wait.total_seconds(), 0.0), RETRY_AFTER_MAX_S + 1.0)


def _first_logprobs(value: object) -> Mapping[str, float] | None:
    content = value.get("content") if isinstance(value, dict) else None
    first = content[0] if isinstance(content, list) and content else None
    tops = first.get("top_logprobs") if isinstance(first, dict) else None
    if not isinstance(tops, list):
        return None
    return {str(item["token"]): float(item["logprob"]) for item in tops if isinstance(item, dict) and "token" in item}
