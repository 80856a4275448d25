"""The studio of a run: who writes, who paints, who tests the questions, and the model server that they share.

    studio = open_studio(recipe, Path("runs/one"))
    report = await make_run(run, record, studio.writer, studio.painter)
    await studio.close()

Makers are modules of their own and imported here when a recipe names them, so that an offline run needs none of their
packages. It makes nothing: see make.py.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from moviellm.generation.config.recipe import Recipe
from moviellm.generation.llm.endpoint import endpoint_from
from moviellm.generation.llm.money import load_prices, refuse_unpriced
from moviellm.generation.llm.rendering import NO_MODEL
from moviellm.generation.llm.service import Service, open_service
from moviellm.generation.protocols import Painter, Writer
from moviellm.generation.revisions import LookUp, planned_revision_of, revision_of
from moviellm.generation.schema import canonical_json

KEY_LENGTH_MIN = 16
"""Shorter secrets are looked for in no recipe: placeholders such as `ollama` are ordinary words."""


@dataclass(frozen=True, kw_only=True)
class Studio:
    """The makers of one run."""

    writer: Writer
    painter: Painter
    service: Service | None = None
    """The model server; None where nobody asks one."""
    lent: bool = False
    """The painter paints for other studios too, and is closed by who opened it."""

    async def close(self) -> None:
        """Give back processes, connections and GPU memory, and make the log of paid exchanges durable."""
        try:
            if not self.lent:
                await self.painter.close()
            await self.writer.close()
        finally:
            if self.service is not None:
                await self.service.close()


def models_asked(recipe: Recipe) -> list[str]:
    """The language models that a recipe has asked, each once.

    Raises:
        ValueError: a writer needs one and none is named.
    """
    writes = recipe.writer != "offline"
    if writes and recipe.llm.model is None:
        raise ValueError(NO_MODEL)
    named = [recipe.llm.model if writes else None, *recipe.gates.models, recipe.gates.vision]
    return list(dict.fromkeys(model for model in named if model is not None))


def asks_server(recipe: Recipe) -> bool:
    """Whether a recipe needs a model server."""
    return bool(models_asked(recipe)) or recipe.painter == "endpoint"


def open_studio(
    recipe: Recipe,
    run: Path,
    *,
    service: Service | None = None,
    painter: Painter | None = None,
    lent: bool = False,
    dry_run: bool = False,
) -> Studio:
    """The makers that a recipe names.

    Args:
        run: the run folder: paid exchanges and learned styles are kept there.
        service: a model server that is open already, as a cluster's makers have one; None opens one where needed.
        painter: who paints; None lets the recipe say.
        lent: whether `painter` paints for other studios too, and is closed by the caller.
        dry_run: they only say what they would be asked: no key, client or Hub is needed.

    Raises:
        ValueError: it names a style, a grammar folder or a model that is not there, a limit in dollars without a
            price, or a server that the environment does not give; or it holds the key.
    """
    if service is None and asks_server(recipe):
        service = open_service(recipe, run, dry_run=dry_run)
    if service is not None:
        _refuse_secrets(recipe)
    if recipe.engine.max_usd is not None:
        _check_prices(recipe)
    look_up = planned_revision_of if dry_run else revision_of
    if recipe.painting.scorer is not None:  # a name that means no model is said before anything is paid
        look_up(recipe.painting.scorer, recipe.painting.scorer_revision)
    paints = painter or open_painter(recipe, run, service, look_up)
    return Studio(writer=_writer(recipe, service), painter=paints, service=service, lent=lent)


def _refuse_secrets(recipe: Recipe) -> None:
    """A recipe is written into the run folder, and its themes onto cards: the key must not be in it."""
    secrets = endpoint_from(os.environ, asked=False).secrets
    text = canonical_json(recipe.model_dump(mode="json"))
    if any(secret in text for secret in secrets if len(secret) >= KEY_LENGTH_MIN):
        raise ValueError(
            "a theme or a key of the recipe holds OPENAI_API_KEY or a credential of OPENAI_BASE_URL, and would be "
            "written down; take it out"
        )


def _check_prices(recipe: Recipe) -> None:
    size = (recipe.image.width_px, recipe.image.height_px)
    pictures = [(recipe.painting.model or "", *size)] if recipe.painter == "endpoint" else []
    refuse_unpriced(load_prices(), models_asked(recipe), pictures)


def _writer(recipe: Recipe, service: Service | None) -> Writer:
    def offline() -> Writer:
        from moviellm.generation.studio.writer import OfflineWriter

        return OfflineWriter(_own_folder(recipe.studio.grammar))

    def llm() -> Writer:
        from moviellm.generation.writers.llm import LlmWriter

        return LlmWriter(recipe, _there(service))

    def world() -> Writer:
        from moviellm.generation.writers.world.writer import WorldWriter

        return WorldWriter(recipe, _there(service))

    writers: dict[str, Callable[[], Writer]] = {"offline": offline, "llm": llm, "world": world}
    return writers[recipe.writer]()


def open_painter(recipe: Recipe, run: Path, service: Service | None = None, look_up: LookUp = revision_of) -> Painter:
    """Who paints, as the recipe says; `service` for one that asks a model server, `look_up` for one that loads one."""

    def offline() -> Painter:
        from moviellm.generation.studio.drawing.styles import style_rules
        from moviellm.generation.studio.painter import OfflinePainter

        if recipe.style.name is not None and recipe.style.name not in style_rules():
            raise ValueError(f"style.name: no style {recipe.style.name!r}; there are {', '.join(style_rules())}")
        return OfflinePainter(recipe.image, workers=recipe.engine.workers)

    def diffusers() -> Painter:
        from moviellm.generation.painters.diffusion import DiffusionPainter

        return DiffusionPainter(recipe, run, look_up=look_up)

    def endpoint() -> Painter:
        from moviellm.generation.painters.endpoint import EndpointPainter

        return EndpointPainter(recipe, _there(service))

    painters: dict[str, Callable[[], Painter]] = {"offline": offline, "diffusers": diffusers, "endpoint": endpoint}
    return painters[recipe.painter]()


def _there(service: Service | None) -> Service:
    assert service is not None, "open_studio opens a service for those who ask one"
    return service


def _own_folder(path: str | None) -> Path | None:
    if path is not None and not Path(path).is_dir():
        raise ValueError(f"no folder {path}; studio.grammar names a copy of the packaged folder")
    return None if path is None else Path(path)
