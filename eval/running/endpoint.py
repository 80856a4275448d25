"""A model behind an OpenAI-compatible server that takes pictures: `--model openai:NAME`.

    model = open_endpoint("gpt-5-mini", folder, temperature=0.0, engine={"max_usd": 2.0})
    # OPENAI_BASE_URL and OPENAI_API_KEY say where

Frames go in order with their times, and what is said between them; the questions of a movie are asked at once, each
follow-up behind the turns before it. How a server is spoken to, limited and paid is in generation/llm: an answer that
was paid for is never paid for again; on a cluster its desk is asked before each call. A call that is given up leaves
its question unanswered, with the reason; money that is spent and a server that is gone stop the run, and the same
command goes on from there.
"""

import asyncio
import hashlib
import io
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from moviellm.eval.running.protocol import Ask, Said, Told, turns_before
from moviellm.eval.tasks.table import Times
from moviellm.generation.cluster.asking import DeskDoor, shared_service
from moviellm.generation.config.recipe import Recipe, recipe_from
from moviellm.generation.llm.asks import IMAGE_REFERENCE, Reply
from moviellm.generation.llm.asks import Ask as Exchange
from moviellm.generation.llm.endpoint import endpoint_from
from moviellm.generation.llm.money import refuse_unpriced
from moviellm.generation.llm.service import Service, open_service

SIDE_MAX_PX: Final = 768
"""Longest side of a picture that is sent; larger ones are made smaller."""
QUALITY: Final = 90


class Endpoint:
    """A served model; see the module."""

    kind = "openai"
    needs_films = True
    times: Times = "seconds"
    bare = False
    max_tokens: int | None = None

    def __init__(
        self, name: str, service: Service, server: tuple[str, str], temperature: float, desk: DeskDoor | None = None
    ) -> None:
        self.name = name
        self.revision, shown = server
        self.parameters: Mapping[str, Any] = {
            "model": name,
            "server": shown,
            "temperature": temperature,
            "side_max_px": SIDE_MAX_PX,
        }
        self._service, self._temperature, self._desk = service, temperature, desk
        self._runner = asyncio.Runner()

    def answer(self, film: Any, asks: Sequence[Ask], told: Told) -> None:
        """Ask all at once, each behind the turns that it follows."""
        try:
            parts, images = shown_parts(film)
        except ValueError as error:  # a frame that cannot be decoded
            for place in range(len(asks)):
                told(place, Said(text=None, reason=str(error)))
            return
        self._runner.run(self._all(parts, images, asks, told))

    async def _all(
        self, parts: list[dict[str, Any]], images: Mapping[str, bytes], asks: Sequence[Ask], told: Told
    ) -> None:
        answers = {place: ask.said for place, ask in enumerate(asks) if ask.said is not None}
        done = [asyncio.Event() for _ in asks]

        async def one(place: int) -> None:
            before = asks[place].turn_of
            if before is not None:
                await done[before].wait()
            try:
                if asks[place].said is None:
                    exchange = self.exchange(parts, images, asks, place, answers)
                    said = await self._said(exchange)
                    answers[place] = said.text or ""
                    told(place, said)
            finally:
                done[place].set()

        async with asyncio.TaskGroup() as group:
            for place in range(len(asks)):
                group.create_task(one(place))

    def exchange(
        self,
        parts: list[dict[str, Any]],
        images: Mapping[str, bytes],
        asks: Sequence[Ask],
        place: int,
        answers: Mapping[int, str],
    ) -> Exchange:
        """The call of one ask, behind the turns that it follows."""
        turns = turns_before(asks, place, answers)
        first: dict[str, Any] = {"role": "user", "content": turns[0]}
        if parts:
            first["content"] = [*parts, {"type": "text", "text": turns[0]}]
        later = [
            {"role": "user" if number % 2 else "assistant", "content": text} for number, text in enumerate(turns[1:])
        ]
        return Exchange(
            model=self.name,
            messages=[first, *later],
            temperature=self._temperature,
            max_tokens=asks[place].max_tokens,
            images=images,
        )

    async def _said(self, exchange: Exchange) -> Said:
        try:
            reply = await self._service.exchange(exchange)
        except ValueError as error:
            return Said(text=None, reason=str(error))
        return _said_of(reply)

    def facts(self) -> Mapping[str, Any]:
        """What was paid, earlier processes included."""
        spent = self._service.spent
        return {
            "calls": spent.calls,
            "tokens_in": spent.tokens_in,
            "tokens_out": spent.tokens_out,
            "usd": round(spent.usd, 6),
            "unpriced": spent.unpriced,
        }

    def close(self) -> None:
        """Give back the connection and make the log durable."""
        self._runner.run(self._service.close())
        if self._desk is not None:
            self._runner.run(self._desk.close())
        self._runner.close()


def _said_of(reply: Reply) -> Said:
    facts = {"finish_reason": reply.finish_reason, "tokens_in": reply.tokens_in, "tokens_out": reply.tokens_out}
    if reply.refusal is not None:
        return Said(text=None, reason=f"refused: {reply.refusal}", facts=facts)
    if reply.finish_reason == "content_filter":
        return Said(text=None, reason="refused by the server's content filter", facts=facts)
    return Said(text=reply.text, facts=facts)


def shown_parts(
    film: Any, picture: Callable[[int], bytes] | None = None
) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """Parts of a message that show a film, and the pictures they name.

    Args:
        picture: What is sent of the frame with a number; None: the frame as JPEG.
    """
    if film is None:
        return [], {}
    moments = [(float(time_s), 0, number) for number, time_s in enumerate(film.times_s)]
    moments += [(float(line.start_s), 1, number) for number, line in enumerate(film.dialogue)]
    parts: list[dict[str, Any]] = []
    images: dict[str, bytes] = {}
    for time_s, spoken, number in sorted(moments):
        if spoken:
            line = film.dialogue[number]
            _say(parts, f"[{time_s:.1f} s] {line.speaker + ': ' if line.speaker else ''}{line.text}\n")
        else:
            image = _jpeg(film.frames[number]) if picture is None else picture(number)
            sha256 = hashlib.sha256(image).hexdigest()
            images[sha256] = image
            _say(parts, f"[{time_s:.1f} s]")
            parts.append({"type": "image_url", "image_url": {"url": f"{IMAGE_REFERENCE}{sha256}"}})
    return parts, images


def _say(parts: list[dict[str, Any]], text: str) -> None:
    if parts and parts[-1]["type"] == "text":
        parts[-1]["text"] += text
    else:
        parts.append({"type": "text", "text": text})


def _jpeg(frame: Any) -> bytes:
    from PIL import Image

    picture = frame if isinstance(frame, Image.Image) else Image.fromarray(frame)
    if max(picture.size) > SIDE_MAX_PX:
        picture = picture.copy()
        picture.thumbnail((SIDE_MAX_PX, SIDE_MAX_PX))
    file = io.BytesIO()
    picture.convert("RGB").save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def open_endpoint(
    name: str, folder: Path, *, temperature: float, engine: Mapping[str, Any], desk: DeskDoor | None = None
) -> Endpoint:
    """The server that the environment names; nothing is asked yet.

    Args:
        engine: Limits, by their keys in a recipe; what is None is not limited.
        desk: Who keeps them for all nodes of a cluster.

    Raises:
        ValueError: no server is named, or a limit is set and the price is not known.
    """
    recipe = recipe_for(name, engine)
    service = open_service(recipe, folder) if desk is None else shared_service(recipe, folder, desk)
    if recipe.engine.max_usd is not None:
        refuse_unpriced(service.prices, [name], [])
    where = endpoint_from(os.environ)
    return Endpoint(name, service, (where.server_id, where.shown), temperature, desk)


def recipe_for(name: str, engine: Mapping[str, Any]) -> Recipe:
    """The recipe by which a served model is asked.

    Raises:
        ValueError: no model is named, or a limit is none.
    """
    if not name:
        raise ValueError("openai: names no model; write --model openai:NAME")
    told = {key: value for key, value in engine.items() if value is not None}
    return recipe_from({"llm": {"model": name}, "engine": told}, source="eval")
