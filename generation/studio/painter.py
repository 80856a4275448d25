"""The offline painter: keyframes drawn as SVG on the CPU, everything in them known. No weights, no network.

    painter = OfflinePainter(ImageConfig())
    request = painter.request("keyframe", brief, seed)
    painting, image_bytes = await painter.paint(request)

`paint_request` is the work itself: a pure function of the request's body, so every process gives the same bytes. The
painter runs it in processes of its own. The picture is composed in scene.py; a change of the drawing bumps VERSION.
"""

import asyncio
import io
import multiprocessing
import os
import signal
import threading
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Final

from PIL import Image
from pydantic import JsonValue

from moviellm.generation.config.recipe import ImageConfig
from moviellm.generation.cores import usable_cores
from moviellm.generation.paintings import KeyframeBrief, StyleBrief
from moviellm.generation.protocols import NO_BLOBS, Blobs, Output, PainterTask, Request, derive_seed
from moviellm.generation.schema import Figure, Record, Style
from moviellm.generation.studio.drawing.artfiles import art_sha256
from moviellm.generation.studio.drawing.backdrop import backdrop_pixels
from moviellm.generation.studio.drawing.finish import finish
from moviellm.generation.studio.drawing.props import Thing, read_object
from moviellm.generation.studio.drawing.raster import rasterise, rasteriser_version
from moviellm.generation.studio.drawing.scene import Frame, Shot, compose, view_of
from moviellm.generation.studio.drawing.staging import Role
from moviellm.generation.studio.drawing.styles import choose_style, style_rules
from moviellm.generation.studio.looks import parse
from moviellm.generation.studio.nearest import read_action, read_looks, read_place, read_states, read_thing

MODEL_ID: Final = "moviellm/offline-painter"
VERSION: Final = "2"
"""Version of the drawing; another version paints other pictures."""
PROMPT_ID: Final = "studio/art"


BATCH_MAX: Final = 6
"""Keyframes that one worker gets at once: those of a place share what is drawn once."""

Painted = tuple[dict[str, JsonValue], bytes]
Asked = tuple[dict[str, Any], "asyncio.Future[Painted]"]
"""The body of a request, and where its answer goes."""


class OfflinePainter:
    """Draws in worker processes, one a core unless told otherwise."""

    makes_portraits = False

    def __init__(self, image: ImageConfig, workers: int | None = None, *, in_process: bool = False) -> None:
        """`in_process`: draw in a thread of this process, where somebody else has one process a core already."""
        self._image = image
        self._in_process = in_process
        self._workers = 1 if in_process else workers or usable_cores()
        self._pool: Executor | None = None
        self._asked: list[Asked] = []
        """What no worker has got yet."""
        self._serving: set[asyncio.Task[None]] = set()
        self._revision = f"{VERSION}+{rasteriser_version()}"
        self._art_sha256 = art_sha256()

    def request(self, task: PainterTask, brief: Record, seed: int) -> Request:
        """Render a task: only what decides the answer."""
        if task == "style":
            assert isinstance(brief, StyleBrief)
            inputs = brief.model_dump(mode="json", include={"movie_id", "keyword", "description", "style"})
            return self._request(task, {}, inputs, seed)
        assert isinstance(brief, KeyframeBrief)
        params: dict[str, JsonValue] = {
            "width_px": brief.width_px,
            "height_px": brief.height_px,
            "format": self._image.format,
            "quality": self._image.quality,
        }
        return self._request(task, params, _keyframe_inputs(brief), seed)

    def _request(self, task: str, params: dict[str, JsonValue], inputs: dict[str, JsonValue], seed: int) -> Request:
        return Request(
            task=task,
            model_id=MODEL_ID,
            model_revision=self._revision,
            prompt_id=PROMPT_ID,
            prompt_sha256=self._art_sha256,
            params=params,
            inputs=inputs,
            seed=seed,
        )

    async def lock_style(self, request: Request) -> tuple[Output, None]:
        """Lock one of the twelve styles.

        Raises:
            ValueError: a style was asked for that does not exist.
        """
        inputs: Any = request.inputs
        rules = choose_style(inputs["style"], inputs["keyword"], inputs["description"], request.seed)
        style = Style(
            style_id=rules.style_id,
            keyword=inputs["keyword"],
            description=rules.description,
            placeholder_token=None,
            base_model_id=request.model_id,
            base_model_revision=request.model_revision,
            embedding_path=None,
            embedding_sha256=None,
            shows=rules.shows,
        )
        return style.model_dump(mode="json"), None

    async def paint(self, request: Request, blobs: Blobs = NO_BLOBS) -> tuple[Output, bytes]:
        """Paint a keyframe in a worker process: the JSON of a `Painting`, and the encoded image.

        Raises:
            ValueError: the request asks for what cannot be painted.
            OSError: a worker process died.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Painted] = loop.create_future()
        if not self._asked:
            loop.call_soon(self._hand_out)
        self._asked.append((request.body(), answer))
        return await answer

    def _hand_out(self) -> None:
        """Keep every worker busy and one batch waiting; what else is asked for gathers until a worker is free."""
        self._asked = [item for item in self._asked if not item[1].done()]  # without what was cancelled
        while self._asked and len(self._serving) <= self._workers:
            task = asyncio.get_running_loop().create_task(self._serve(self._next_batch()))
            self._serving.add(task)
            task.add_done_callback(self._served)

    def _next_batch(self) -> list[Asked]:
        """What was asked for first, and what is asked for of the same place."""
        place = _place_key(self._asked[0])
        batch = [item for item in self._asked if _place_key(item) == place][:BATCH_MAX]
        taken = {id(item) for item in batch}
        self._asked = [item for item in self._asked if id(item) not in taken]
        return batch

    def _served(self, task: "asyncio.Task[None]") -> None:
        self._serving.discard(task)
        self._hand_out()

    async def _serve(self, batch: list[Asked]) -> None:
        """Paint a batch in one worker and give everybody their own answer."""
        waiting = [answer for _, answer in batch]
        try:
            results = await self._in_a_worker([body for body, _ in batch])
        except BrokenProcessPool:
            results = [
                OSError(
                    "a drawing process died, perhaps for want of memory; run the same command again, "
                    "with --set engine.workers=1 if it dies again"
                )
            ] * len(batch)
        except Exception as error:  # theirs to handle, not this task's
            results = [error] * len(batch)
        for answer, result in zip(waiting, results, strict=True):
            if answer.done():  # cancelled
                continue
            if isinstance(result, Exception):
                answer.set_exception(result)
            else:
                answer.set_result(result)

    def _in_a_worker(self, bodies: list[dict[str, Any]]) -> "asyncio.Future[list[Painted | Exception]]":
        if self._pool is None and self._in_process:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="drawing")
        elif self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._workers, mp_context=multiprocessing.get_context("spawn"), initializer=_start_worker
            )
        # The first task starts the workers, and they inherit what is blocked: Ctrl-C is the parent's from the start.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return asyncio.get_running_loop().run_in_executor(self._pool, paint_requests, bodies)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    async def close(self) -> None:
        """End the worker processes; what they have not painted is cancelled."""
        for _, answer in self._asked:
            answer.cancel()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


def _keyframe_inputs(brief: KeyframeBrief) -> dict[str, JsonValue]:
    """What the picture shows, in the painter's words; words that mean the same drawing give the same inputs.

    `not_drawn` is there only where something is: what was asked for and will not be in the picture as it was asked.
    """
    names = {item.name: item.appearance for item in brief.objects}
    states: dict[str, list[str]] = {}
    for item in brief.states:
        states.setdefault(item.object, []).append(item.state)
    missing: list[str | None] = []

    def thing(name: str) -> dict[str, JsonValue]:
        looks, unknown = read_thing(names.get(name, name), name)
        missing.extend([unknown, *read_states(looks, name, tuple(states.get(name, ())))])
        return {"name": name, "looks": looks, "states": [*sorted(states.get(name, []))]}

    people: list[JsonValue] = []
    for one in brief.figures:
        looks, ignored = read_looks(one.appearance)
        missing.extend(ignored)
        person: dict[str, JsonValue] = {**one.figure.model_dump(mode="json"), "looks": looks}
        person["holding"] = thing(one.figure.holding) if one.figure.holding else None
        people.append(person)
    place, unknown_place = read_place(brief)
    action, unknown_action = read_action(brief.action) if brief.action else (brief.action, None)
    inputs: dict[str, JsonValue] = {
        "shot": brief.shot,
        "place": place,
        "time_of_day": brief.time_of_day,
        "weather": brief.weather,
        "people": people,
        "props": [thing(name) for name in dict.fromkeys(brief.props)],
        "action": action,
        "object": thing(brief.object) if brief.object else None,
        "place_key": brief.place_key,
        "scene_key": brief.scene_key,
        "style": brief.style.style_id,
    }
    said = sorted({item for item in (*missing, unknown_place, unknown_action) if item})
    return inputs | ({"not_drawn": [*said]} if said else {})


def _place_key(asked: Asked) -> object:
    return asked[0]["inputs"].get("place_key")


def _start_worker() -> None:
    """Leave Ctrl-C to the parent, and end when the parent is gone, however it went."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


# ---------------------------------------------------------------- the work


def paint_requests(bodies: list[dict[str, Any]]) -> list[Painted | Exception]:
    """Paint several; why one of them cannot be painted is its own answer."""
    answers: list[Painted | Exception] = []
    for body in bodies:
        try:
            answers.append(paint_request(body))
        except ValueError as error:
            answers.append(error)
    return answers


def paint_request(body: dict[str, Any]) -> Painted:
    """Paint the body of a keyframe request. Pure: no clock, no network, no state that changes a byte."""
    params, inputs = body["params"], body["inputs"]
    width_px, height_px = params["width_px"], params["height_px"]
    style_id = inputs["style"]
    if style_id not in style_rules():
        raise ValueError(f"no style {style_id!r}; the offline painter's styles are {', '.join(style_rules())}")
    frame = compose(shot_from(inputs, body["seed"]), style_id, view_of(width_px, height_px))
    out = io.BytesIO()
    picture = draw_frame(frame, style_id, width_px, height_px)
    if params["format"] != "jpeg":
        picture = picture.convert("RGB")
    picture.save(out, params["format"].upper(), quality=params["quality"])
    painting: dict[str, JsonValue] = {
        "width_px": width_px,
        "height_px": height_px,
        "media_type": f"image/{params['format']}",
        "visible": [item.model_dump(mode="json") for item in frame.visible()],
    }
    if inputs.get("not_drawn"):
        painting["not_drawn"] = inputs["not_drawn"]
    return painting, out.getvalue()


def shot_from(inputs: dict[str, Any], seed: int) -> Shot:
    """Read the inputs of a keyframe request."""
    scene_seed = derive_seed(0, "scene", inputs["scene_key"])
    return Shot(
        framing=inputs["shot"],
        place=inputs["place"],
        time_of_day=inputs["time_of_day"],
        weather=inputs["weather"],
        roles=tuple(_role(person, scene_seed) for person in inputs["people"]),
        props=tuple(_thing(item) for item in inputs["props"]),
        action=inputs["action"],
        subject=_thing(inputs["object"]) if inputs["object"] else None,
        place_seed=derive_seed(0, "place", inputs["place_key"]),
        scene_seed=scene_seed,
        seed=seed,
    )


def _thing(item: dict[str, Any]) -> Thing:
    return read_object(item["looks"], item["name"], tuple(item["states"]))


def _role(person: dict[str, Any], scene_seed: int) -> Role:
    thing = _thing(person["holding"]) if person["holding"] else None
    figure = Figure(
        character_id=person["character_id"],
        pose=person["pose"],
        emotion=person["emotion"],
        holding=thing.name if thing else None,
        facing=person["facing"],
    )
    return Role(figure, parse(person["looks"]), thing, derive_seed(scene_seed, figure.character_id))


def draw_frame(frame: Frame, style_id: str, width_px: int, height_px: int) -> Image.Image:
    """The finished picture of a composed keyframe, mode RGBX."""
    step = style_rules()[style_id].pixel
    width, height = -(-width_px // step), -(-height_px // step)
    back = backdrop_pixels(frame.backdrop, width, height)
    finished = finish(rasterise(frame.front.svg(frame.view), width, height, over=back), style_id)
    if step > 1:
        finished = finished.resize((width * step, height * step), Image.Resampling.NEAREST)
        finished = finished.crop((0, 0, width_px, height_px))
    return finished
