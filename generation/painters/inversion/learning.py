"""Style immobilisation by textual inversion (arXiv 2403.01422, section 3.2): a look becomes a word of the model.

    data, facts = learn_style(pipeline, recipe.style.inversion, phrases="loose watercolour, wet edges",
                              keyword="watercolour", seed=7, folder=folder, note=print)
    with use_style(pipeline, data):
        pipeline("a pier at dusk, in the style of <moviellm-style>")

Style images are painted from the phrases, the odd ones dropped, some held out; the rows of a new token are fitted to
the others until the held-out ones gain no more. The model stays as it is. Everything lies in `folder`: called again
after a kill, it goes on and ends with the same bytes. docs/styles.md says what a step costs and how to load the file
elsewhere. Works with Stable Diffusion, SDXL and FLUX.1 pipelines; the others lock a style by reference or prompt.
"""

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

import numpy as np

from moviellm.generation.config.models import InversionConfig
from moviellm.generation.painters.inversion.denoiser import Denoiser, denoiser_of
from moviellm.generation.painters.inversion.files import (
    State,
    learned_bytes,
    read_learned,
    read_tensors,
    write_tensors,
)
from moviellm.generation.painters.inversion.loop import TEMPLATES, Material, Start, learn
from moviellm.generation.painters.inversion.style_images import StylePicture, most_alike, paint_style, style_contents
from moviellm.generation.painters.inversion.tokens import STYLE_TOKEN, first_rows, new_token, text_encoders
from moviellm.generation.protocols import derive_seed
from moviellm.generation.schema import canonical_json

VERSION: Final = 1
"""Bump when the same style images would teach another token."""
LATENTS_FILE: Final = "latents.safetensors"


def learn_style(
    pipeline: Any,
    config: InversionConfig,
    *,
    phrases: str,
    keyword: str,
    seed: int,
    folder: Path,
    note: Callable[[str], None],
    options: Mapping[str, Any] | None = None,
    base_model: str = "",
) -> tuple[bytes, dict[str, Any]]:
    """Learn a style from its phrases: the token as safetensors bytes, and facts about how it went.

    `folder` belongs to this one style: pictures, latents and state lie there. `options` are what the pipeline's call
    is given for the style images (steps, guidance, size). `base_model` is the model's name and revision, which the
    file tells: never a path of this machine.

    Raises:
        ValueError: this pipeline cannot learn a token, or the learning failed; the message says what to do.
    """
    text_encoders(pipeline)  # refused before anything is painted
    denoiser_of(pipeline)
    pictures = paint_style(
        pipeline,
        style_contents(config.images, seed),
        phrases,
        seed=seed,
        folder=folder,
        options=options,
        base_model=base_model,
        note=note,
    )
    kept = most_alike([picture.image for picture in pictures], config.keep)
    data, facts = learn_from_pictures(
        pipeline,
        config,
        [pictures[at] for at in kept],
        keyword=keyword,
        seed=seed,
        folder=folder,
        note=note,
        base_model=base_model,
    )
    dropped = [at for at in range(len(pictures)) if at not in kept]
    return data, {"style_images": len(pictures), "dropped": dropped, **facts}


def learn_from_pictures(
    pipeline: Any,
    config: InversionConfig,
    pictures: Sequence[StylePicture],
    *,
    keyword: str,
    seed: int,
    folder: Path,
    note: Callable[[str], None],
    base_model: str = "",
) -> tuple[bytes, dict[str, Any]]:
    """Learn a style from pictures of it, all of one size.

    Raises:
        ValueError: too few pictures, or as for `learn_style`.
    """
    if len(pictures) <= config.held_out:
        raise ValueError(
            f"{len(pictures)} style images are left and {config.held_out} of them are held out, so that none teaches; "
            "raise style.inversion.images or keep, or lower held_out"
        )
    encoders = text_encoders(pipeline)
    denoiser = denoiser_of(pipeline)
    named = base_model or type(pipeline).__name__
    fingerprint = _fingerprint(named, config, pictures, keyword, seed)
    order = random.Random(derive_seed(seed, "held out")).sample(range(len(pictures)), len(pictures))
    held, taught = sorted(order[: config.held_out]), sorted(order[config.held_out :])
    latents = _latents(denoiser, pictures, folder / LATENTS_FILE, fingerprint)
    material = Material(
        latents=latents[taught],
        contents=tuple(pictures[at].content for at in taught),
        held_out_latents=latents[held],
        held_out_contents=tuple(pictures[at].content for at in held),
    )
    start = _start(pipeline, config, keyword, seed)
    state = learn(
        pipeline, denoiser, config, material, start, seed=seed, folder=folder, fingerprint=fingerprint, note=note
    )
    rows = {key: value * start.scales[key] for key, value in state.best.items()}
    metadata = {
        "token": start.token,
        "keyword": keyword,
        "vectors": str(config.vectors),
        "encoders": ",".join(encoder.key for encoder in encoders),
        "base_model": named,
        "pipeline": type(pipeline).__name__,
    }
    return learned_bytes(rows, metadata), _facts(config, state, len(taught), len(held))


def use_style(pipeline: Any, learned: bytes, token: str | None = None) -> AbstractContextManager[None]:
    """Inside, prompts may say `token` (that of the file by default) and get the learned style; it is gone outside.

    Several styles may be in use at once under different tokens. A prompt must leave room for the vectors: CLIP reads
    77 tokens.

    Raises:
        ValueError: not a learned style, or one of another kind of pipeline.
    """
    rows, metadata = read_learned(learned)
    return new_token(pipeline, token or metadata["token"], rows)


def style_prompt(content: str, token: str = STYLE_TOKEN) -> str:
    """A prompt that asks for a learned style in one of the wordings that it was learned in."""
    return TEMPLATES[0].format(content=content, token=token)


def _start(pipeline: Any, config: InversionConfig, keyword: str, seed: int) -> Start:
    import torch

    encoders = text_encoders(pipeline)
    noise = [torch.Generator().manual_seed(derive_seed(seed, "rows", encoder.key)) for encoder in encoders]
    rows, scales = first_rows(pipeline, keyword, config.vectors, noise)
    return Start(token=STYLE_TOKEN, rows=rows, scales=dict(zip(rows, scales, strict=True)))


def _latents(denoiser: Denoiser, pictures: Sequence[StylePicture], path: Path, fingerprint: str) -> Any:
    """The latents (n, channels, height, width) of the pictures, each encoded once and kept in a file."""
    import torch

    sizes = {picture.image.size for picture in pictures}
    if len(sizes) > 1:
        raise ValueError(f"style images must be of one size, these are of {sorted(sizes)}; crop them")
    kept = read_tensors(path, fingerprint)
    if kept is None:
        parts = []
        for picture in pictures:
            pixels = torch.from_numpy(np.array(picture.image.convert("RGB"))).permute(2, 0, 1)[None]
            parts.append(denoiser.latents(pixels.float() / 127.5 - 1).cpu())
        write_tensors(path, {"latents": torch.cat(parts)}, fingerprint)
        kept = read_tensors(path, fingerprint)
        assert kept is not None
    return kept[0]["latents"]


def _fingerprint(
    base_model: str, config: InversionConfig, pictures: Sequence[StylePicture], keyword: str, seed: int
) -> str:
    """What decides the learned rows: a state or a cache of anything else is not gone on with."""
    shown = [[picture.content, hashlib.sha256(picture.image.tobytes()).hexdigest()] for picture in pictures]
    decides = [VERSION, config.model_dump(mode="json"), shown, keyword, seed, base_model]
    return hashlib.sha256(canonical_json(decides).encode()).hexdigest()


def _facts(config: InversionConfig, state: State, taught: int, held: int) -> dict[str, Any]:
    """How the learning went, as JSON."""
    best_step, best_loss = state.best_at
    return {
        "taught": taught,
        "held_out": held,
        "vectors": config.vectors,
        "steps": state.step,
        "best_step": best_step,
        "stopped": "early" if state.step < config.steps else "at the last step",
        "held_out_loss_first": state.measured[0][1],
        "held_out_loss_best": best_loss,
        "held_out_losses": [[step, loss] for step, loss in state.measured],
        "training_loss_last": state.trained[-1] if state.trained else None,
    }
