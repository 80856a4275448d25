"""Loading a diffusion pipeline: which one, on which device, with which scheduler, LoRA and IP-Adapter.

    source = PipelineSource.of(recipe)           # ids and exact revisions; loads nothing
    pipeline = load_pipeline(source)             # on the device, ready to paint

Any text-to-image pipeline of diffusers, by Hub id or folder. Weights are safetensors and no code comes with them. It
paints nothing: see brush.py. Every fault is one line that says what to do.
"""

import inspect
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from moviellm.generation.config.models import IdentityConfig
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.output import note
from moviellm.generation.revisions import LookUp, revision_of, split_source

INSTALL: Final = "pip install 'moviellm[diffusion]'"
COMPILE_FROM: Final = 256
"""Pictures of a run from which on compiling, a minute or two, pays."""
TAKES_REFERENCES: Final = ("Flux2KleinPipeline", "Flux2Pipeline")
"""Pipelines whose `image=[...]` is a list of references for every picture of the batch."""
TAKES_ADAPTER: Final = ("StableDiffusionPipeline", "StableDiffusionXLPipeline")
"""Pipelines whose IP-Adapter can show another person in every picture of a batch."""


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """An IP-Adapter, exactly."""

    repository: str
    revision: str
    subfolder: str
    weight: str
    strength: float

    @property
    def encoder_folder(self) -> str:
        """Where its image encoder lies: those `vit-h` in their name share one, the others have one beside them."""
        return "models/image_encoder" if "vit-h" in self.weight.lower() else "image_encoder"


@dataclass(frozen=True, kw_only=True)
class PipelineSource:
    """What is loaded, exactly: a part of every request."""

    model: str
    revision: str
    dtype: str
    scheduler: str | None
    lora: str | None
    lora_revision: str | None
    adapter: Adapter | None
    references: bool
    """Whether pictures are given as references."""
    pictures: int
    """How many pictures the run paints, about."""

    @property
    def name(self) -> str:
        """What it is called in requests: the Hub id, or the name of the folder, wherever it lies."""
        return Path(self.model).resolve().name if Path(self.model).is_dir() else self.model

    @classmethod
    def of(cls, recipe: Recipe, look_up: LookUp = revision_of) -> "PipelineSource":
        """The exact source of a recipe's painter.

        Raises:
            ValueError: no model is named, or one cannot be found.
        """
        painting, identity = recipe.painting, recipe.identity
        if painting.model is None:
            raise ValueError(
                "painter diffusers needs a model: --set painting.model=OWNER/NAME or a folder, or --recipe sdxl"
            )
        lora_revision = None
        if painting.lora is not None:
            repository, _ = split_source(painting.lora)
            lora_revision = look_up(painting.lora if Path(painting.lora).exists() else repository, None)
        return cls(
            model=painting.model,
            revision=look_up(painting.model, painting.revision),
            dtype=painting.dtype,
            scheduler=painting.scheduler,
            lora=painting.lora,
            lora_revision=lora_revision,
            adapter=_adapter(identity, look_up) if identity.method == "ip_adapter" else None,
            references="reference" in (identity.method, recipe.style.method),
            pictures=len(recipe.movie_themes()) * recipe.story.keyframes_per_movie * painting.candidates,
        )


def _adapter(identity: IdentityConfig, look_up: LookUp) -> Adapter:
    return Adapter(
        repository=identity.adapter,
        revision=look_up(identity.adapter, None),
        subfolder=identity.adapter_subfolder,
        weight=identity.adapter_weight,
        strength=identity.strength,
    )


def load_pipeline(source: PipelineSource) -> Any:
    """Load it onto the best device of this machine. Takes seconds to minutes; call it in a thread.

    Raises:
        ValueError: something is not installed, not there, or does not do what the recipe asks for.
    """
    try:
        import torch
        from transformers.utils import logging

        logging.set_verbosity_error()  # without torchvision it warns of what is not used here
        import diffusers
    except ImportError as error:
        raise ValueError(f"painter diffusers needs torch and diffusers ({error}): {INSTALL}") from None
    with _silent(), _loading(source.model):
        pinned = {} if Path(source.model).is_dir() else {"revision": source.revision}
        pipeline = diffusers.DiffusionPipeline.from_pretrained(
            source.model, dtype=getattr(torch, source.dtype), use_safetensors=True, **pinned
        )
    _refuse_misfit(pipeline, source)
    diffusers.utils.logging.set_verbosity_error()  # what it warns of, one line a picture, is checked here
    pipeline.set_progress_bar_config(disable=True)
    if source.lora is not None:
        _add_lora(pipeline, source.lora, source.lora_revision)
    if source.adapter is not None:
        add_adapter(pipeline, source.adapter)
    if source.scheduler is not None:
        pipeline.scheduler = _scheduler(source.scheduler, pipeline)
    return place(pipeline, source.pictures)


@contextmanager
def _silent() -> Iterator[None]:
    """Without the bars of diffusers and transformers: the verb has its own."""
    from diffusers.utils import logging as of_diffusers
    from transformers.utils import logging as of_transformers

    shown = [library for library in (of_diffusers, of_transformers) if library.is_progress_bar_enabled()]
    for library in shown:
        library.disable_progress_bar()
    try:
        yield
    finally:
        for library in shown:
            library.enable_progress_bar()


@contextmanager
def _loading(what: str) -> Iterator[None]:
    """Faults of a model that is not as it should be, in one line."""
    try:
        yield
    except (OSError, ValueError, ImportError, AttributeError, KeyError, TypeError) as error:
        reason = " ".join(str(error).split())[:300]
        if "safetensors" in reason.lower():
            reason += " (other formats can hold code and are never loaded)"
        if "trust_remote_code" in reason:
            reason = "it brings code of its own, which is never run"
        raise ValueError(f"cannot load {what}: {reason}; give a text-to-image pipeline of diffusers") from error


def _refuse_misfit(pipeline: Any, source: PipelineSource) -> None:
    name = type(pipeline).__name__
    takes = inspect.signature(type(pipeline).__call__).parameters
    if "prompt" not in takes or "generator" not in takes:
        raise ValueError(f"{source.model} is a {name}, which paints no picture from a prompt; give one that does")
    if source.references and name not in TAKES_REFERENCES:
        raise ValueError(
            f"{source.model} is a {name}, which takes no list of reference images; those that do are "
            f"{', '.join(TAKES_REFERENCES)}. Set style.method and identity.method to something else than reference"
        )
    if source.adapter is not None and name not in TAKES_ADAPTER:
        raise ValueError(
            f"identity.method: ip_adapter works with {', '.join(TAKES_ADAPTER)}; {source.model} is a {name}. "
            f"Set identity.method to prompt or reference"
        )


def _add_lora(pipeline: Any, lora: str, revision: str | None) -> None:
    """Load a LoRA and fuse it into the weights: it costs nothing while painting."""
    if not hasattr(pipeline, "load_lora_weights"):
        raise ValueError(f"painting.lora: a {type(pipeline).__name__} takes no LoRA; leave it out")
    try:
        import peft  # noqa: F401
    except ImportError:
        raise ValueError(f"painting.lora needs peft: {INSTALL}") from None
    repository, file = split_source(lora)
    pinned = {} if Path(repository).is_dir() else {"revision": revision}
    with _silent(), _loading(f"LoRA {lora}"):
        pipeline.load_lora_weights(repository, weight_name=file, use_safetensors=True, **pinned)
        pipeline.fuse_lora()
        pipeline.unload_lora_weights()


@contextmanager
def without_adapter(pipeline: Any, adapter: Adapter | None) -> Iterator[None]:
    """Inside, the pipeline has no IP-Adapter: with one its denoiser wants a picture in every call."""
    if adapter is None:
        yield
        return
    pipeline.unload_ip_adapter()
    try:
        yield
    finally:
        add_adapter(pipeline, adapter)


def add_adapter(pipeline: Any, adapter: Adapter) -> None:
    """Load an IP-Adapter, from safetensors at its exact revision.

    Raises:
        ValueError: it is not there, or not for this pipeline.
    """
    if not adapter.weight.endswith(".safetensors"):
        raise ValueError(f"identity.adapter_weight: {adapter.weight} is not safetensors, which alone is loaded")
    with _silent(), _loading(f"IP-Adapter {adapter.repository}"):
        pipeline.load_ip_adapter(
            _adapter_folder(adapter),
            subfolder=adapter.subfolder,
            weight_name=adapter.weight,
            image_encoder_folder=adapter.encoder_folder,
        )
        pipeline.set_ip_adapter_scale(adapter.strength)


def _adapter_folder(adapter: Adapter) -> str:
    """A folder with the adapter at its exact revision: `load_ip_adapter` itself knows no revision."""
    if Path(adapter.repository).is_dir():
        return adapter.repository
    from huggingface_hub import snapshot_download

    beside = adapter.encoder_folder if "/" in adapter.encoder_folder else f"{adapter.subfolder}/image_encoder"
    wanted = [f"{adapter.subfolder}/{adapter.weight}", f"{beside}/config.json", f"{beside}/model.safetensors"]
    return str(snapshot_download(adapter.repository, revision=adapter.revision, allow_patterns=wanted))


def _scheduler(name: str, pipeline: Any) -> Any:
    """A scheduler by its class name, with the settings of the pipeline's own where it has the same."""
    import diffusers

    own = pipeline.scheduler
    kind = getattr(diffusers, name, None) if name.endswith("Scheduler") else None
    if kind is None:
        like = ", ".join(sorted(scheduler.__name__ for scheduler in own.compatibles))
        raise ValueError(f"painting.scheduler: no scheduler {name!r} in diffusers; this pipeline's are {like}")
    try:
        # Distilled models for few steps take their timesteps from the end of the schedule (trailing).
        made = kind.from_config(own.config, timestep_spacing="trailing")
        fits = hasattr(made, "init_noise_sigma") == hasattr(own, "init_noise_sigma")  # flow matching has none
    except (ImportError, TypeError, ValueError) as error:
        raise ValueError(f"painting.scheduler: {name}: {' '.join(str(error).split())[:200]}") from None
    if not fits:
        raise ValueError(
            f"painting.scheduler: {name} is for other models than a {type(pipeline).__name__}, whose own is "
            f"{type(own).__name__}; leave it out, or name one of its kind"
        )
    return made


def best_device() -> str:
    """`cuda`, `mps` or `cpu`."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def place(pipeline: Any, pictures: int) -> Any:
    """The pipeline on the best device, laid out for it; compiled where so many pictures make up for that."""
    import torch

    device = best_device()
    pipeline.to(device)
    for component in pipeline.components.values():
        if isinstance(component, torch.nn.Module):
            component.eval().requires_grad_(False)
    if hasattr(pipeline.vae, "enable_slicing"):
        pipeline.vae.enable_slicing()  # one picture at a time: less memory at no loss of time
    denoiser: Any = pipeline.components.get("unet") or pipeline.components.get("transformer")
    if device == "cuda":
        if "unet" in pipeline.components:
            pipeline.unet.to(memory_format=torch.channels_last)
        if pictures >= COMPILE_FROM and getattr(denoiser, "_repeated_blocks", None):
            denoiser.compile_repeated_blocks()
    elif device == "cpu":
        note("painting on the CPU: fit for trying out; a picture takes minutes with a model of real size")
        if "OMP_WAIT_POLICY" not in os.environ:
            note("with OMP_WAIT_POLICY=active in the environment torch may be up to twice as fast on few cores")
    return pipeline
