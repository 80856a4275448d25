"""Asks put in a server's own dialect, which is found out as it goes and remembered.

    speaker = Speaker(wire, lambda: log)
    answer, native = await speaker.chat(ask)        # native: the server held the answer to the schema
    picture = await speaker.picture(image_ask)

Whether a server holds answers to a JSON schema is asked once a model: its first call finds out alone. A server that
refuses the parameter, or ignores it and answers prose, gets the schema in the prompt from then on, also in later runs
of the same folder. It retries nothing: see calling.py.
"""

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any

from moviellm.generation.llm.asks import Ask, ImageAsk, Reply
from moviellm.generation.llm.bodies import Dialect, chat_body, image_body, looks_structured
from moviellm.generation.llm.exchanges import ExchangeLog
from moviellm.generation.llm.faults import UnsupportedError, WrongServerError
from moviellm.generation.llm.wire import Answer, Wire


class Speaker:
    """Speaks with one server. Used by one event loop."""

    def __init__(self, wire: Wire, log: Callable[[], ExchangeLog]) -> None:
        self.wire = wire
        self._log = log
        self._dialect = Dialect()

    async def chat(self, ask: Ask) -> tuple[Answer, bool]:
        """One answer, and whether the server was asked to hold it to the schema."""
        while True:
            async with AsyncExitStack() as stack:
                if self._undecided(ask):
                    await stack.enter_async_context(self._dialect.probing(ask.model))
                body, native = self.body(ask)
                try:
                    answer = await self.wire.chat(body)
                except UnsupportedError as error:
                    self.unsupported(ask, native, error, body)
                    continue
                self.learn(ask, native, answer)
                return answer, native

    async def picture(self, ask: ImageAsk) -> bytes:
        """One picture."""
        while True:
            body = image_body(ask, self._dialect)
            try:
                return await self.wire.image(body)
            except UnsupportedError as error:
                self._leave_out(ask.model, error, body)

    def body(self, ask: Ask) -> tuple[dict[str, Any], bool]:
        """The body of a call as far as the server is known, and whether it asks for the schema to be held."""
        native = ask.schema is not None and (
            ask.structured == "native" or (ask.structured == "auto" and self._holds_schemas(ask.model) is not False)
        )
        return chat_body(ask, self._dialect, native=native), native

    def _undecided(self, ask: Ask) -> bool:
        return ask.schema is not None and ask.structured == "auto" and self._holds_schemas(ask.model) is None

    def _holds_schemas(self, model: str) -> bool | None:
        return self._log().servers.get((self.wire.endpoint.server_id, model))

    def learn(self, ask: Ask, native: bool, answer: Answer | Reply) -> None:
        """Learn from an answer whether the server holds answers to a schema: prose means that it does not."""
        if native and ask.structured == "auto":
            whole = answer.finish_reason == "stop" and answer.refusal is None
            self._remember(ask.model, not whole or looks_structured(answer.text))

    def unsupported(self, ask: Ask, native: bool, error: UnsupportedError, body: Mapping[str, Any]) -> None:
        """Learn from a refusal how this model must be asked.

        Raises:
            WrongServerError: it cannot be asked otherwise.
        """
        if error.name in {"response_format", "json_schema"} and native and ask.structured == "auto":
            self._remember(ask.model, holds_schemas=False)
        else:
            self._leave_out(ask.model, error, body)

    def _remember(self, model: str, holds_schemas: bool) -> None:
        known = self._holds_schemas(model)
        if known is None or (known and not holds_schemas):
            server = self.wire.endpoint.server_id
            self._log().append({"kind": "server", "server": server, "model": model, "native": holds_schemas})

    def _leave_out(self, model: str, error: UnsupportedError, body: Mapping[str, Any]) -> None:
        if error.name not in body or not self._dialect.without(model, error.name):
            remedy = f"; set llm.{error.name}=1" if error.name in {"temperature", "top_p"} else ""
            raise WrongServerError(f"{self.wire.endpoint.shown} refuses {error} (model {model}){remedy}")
