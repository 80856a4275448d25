"""Scores of pictures while they are made: which candidate is kept, and whether the first frames are good enough.

    judge = await open_judge(bench)
    value = await judge.fits(cell_id, "a sailor at the rail", image_sha256)     # cosine of text and picture
    value = await judge.alike(cell_id, image_sha256, other_sha256)              # cosine of two pictures

Every score is a cell of the keyframes stage, keyed by the scorer's exact revision and what it looked at. What follows
from a score (a threshold, a rank) is not in the key: changing `style_min` asks nothing again. The scorer is
`painting.scorer`, which must not be the model that measures the dataset: a choice by the judge of the report proves
nothing.
"""

import asyncio
import functools
import hashlib
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import JsonValue

from moviellm.generation.pictures.scorers import Scorer, open_scorer
from moviellm.generation.protocols import Output, Request
from moviellm.generation.revisions import revision_of
from moviellm.generation.workbench import Workbench

VERSION: Final = 1
"""Bump when what is asked or what a score means changes: every score is then asked again."""
_OPENING = threading.Lock()


class Judge:
    """Scores pictures of one movie's workbench. Loads its model at the first score that is not there."""

    def __init__(self, bench: Workbench, model: str, revision: str) -> None:
        self._bench = bench
        self._model = model
        self._revision = revision

    @property
    def name(self) -> str:
        """Model and revision, as a `Score` names what measured it."""
        return f"{self._model_id}@{self._revision}"

    @property
    def _model_id(self) -> str:
        return Path(self._model).resolve().name if Path(self._model).is_dir() else self._model

    async def fits(self, cell_id: str, text: str, image_sha256: str) -> float:
        """Cosine of a text and a picture, -1 to 1.

        Raises:
            CellFailedError: the scorer cannot tell.
        """

        async def measure(scorer: Scorer) -> float:
            return (await scorer.text_image([(text, self._bench.shard.image(image_sha256))]))[0]

        return await self._score(cell_id, {"text": text, "image_sha256": image_sha256}, measure)

    async def alike(self, cell_id: str, one_sha256: str, other_sha256: str) -> float:
        """Cosine of two pictures, -1 to 1.

        Raises:
            CellFailedError: the scorer cannot tell.
        """
        pair: list[JsonValue] = [one_sha256, other_sha256]

        async def measure(scorer: Scorer) -> float:
            image = self._bench.shard.image
            return (await scorer.image_image([(image(one_sha256), image(other_sha256))]))[0]

        return await self._score(cell_id, {"images_sha256": pair}, measure)

    async def _score(self, cell_id: str, inputs: Mapping[str, JsonValue], measure: Any) -> float:
        request = Request(
            task="score",
            model_id=self._model_id,
            model_revision=self._revision,
            prompt_id="none",
            prompt_sha256=hashlib.sha256(b"").hexdigest(),
            inputs=inputs,
        )

        async def make() -> tuple[Output, None]:
            scorer = await asyncio.to_thread(_opened, self._model, self._revision)
            return {"value": await measure(scorer)}, None

        result = await self._bench.ask("keyframes", VERSION, cell_id, request, make)
        value = (result.output or {})["value"]
        assert isinstance(value, float)
        return value


async def open_judge(bench: Workbench) -> Judge:
    """The scorer that the recipe names; its weights are not loaded yet.

    Raises:
        ValueError: the recipe names none, or there is no such model.
    """
    painting = bench.recipe.painting
    if painting.scorer is None:
        raise ValueError("painting.scorer is not set: name a CLIP-type model, e.g. openai/clip-vit-base-patch32")
    revision = await asyncio.to_thread(revision_of, painting.scorer, painting.scorer_revision)
    return Judge(bench, painting.scorer, revision)


def _opened(model: str, revision: str) -> Scorer:
    """The scorer, loaded once a process, also when many ask at once."""
    with _OPENING:
        return _open(model, None if Path(model).is_dir() else revision)


@functools.lru_cache(maxsize=2)
def _open(model: str, revision: str | None) -> Scorer:
    return open_scorer(model, revision)
