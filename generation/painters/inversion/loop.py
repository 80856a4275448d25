"""The learning loop of textual inversion: the rows of a new token, and nothing else, fitted to pictures of a style.

    state = learn(pipeline, config, material, start, seed=7, folder=folder, fingerprint=..., note=print)

A step takes a batch of cached latents, puts noise on them and asks the frozen denoiser, under prompts that say what is
in each picture and name the new token, for what it should say. The only leaf with a gradient is the token's rows, in
float32 and in units of the root mean square of the encoder's own embeddings, so that one learning rate fits CLIP and
T5. Noise, timesteps, pictures and wording of a step come from a seed made of the run's seed and the step's number: a
training that was killed goes on from its last measurement and ends with the same bits.

It paints no style pictures (style_images.py) and adds no token (inversion/tokens.py).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from moviellm.generation.config.models import InversionConfig
from moviellm.generation.painters.inversion.denoiser import Denoiser, noised
from moviellm.generation.painters.inversion.files import State, load_state, save_state
from moviellm.generation.painters.inversion.tokens import new_token
from moviellm.generation.protocols import derive_seed

TEMPLATES: Final = (
    "{content}, in the style of {token}",
    "{content}, {token} style",
    "{content}, {token}",
    "{token}, {content}",
    "in the style of {token}, {content}",
)
"""How a prompt names content and style. None says what a picture is made with: no `painting`, no `photo`."""
HELD_OUT_LEVELS: Final = 8
"""Noise levels at which each held-out picture is measured."""
STATE_FILE: Final = "learning.safetensors"


@dataclass(frozen=True, kw_only=True)
class Material:
    """What is learned from: latents (n, channels, height, width), float32, and what is in each picture."""

    latents: Any
    contents: tuple[str, ...]
    held_out_latents: Any
    held_out_contents: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Start:
    """Where learning begins, and what the rows are called."""

    token: str
    rows: Mapping[str, Any]
    """Rows by encoder, float32, (vectors, width), as they would stand in its table."""
    scales: Mapping[str, float]
    """Root mean square of each encoder's embeddings."""


def learn(
    pipeline: Any,
    denoiser: Denoiser,
    config: InversionConfig,
    material: Material,
    start: Start,
    *,
    seed: int,
    folder: Path,
    fingerprint: str,
    note: Callable[[str], None],
) -> State:
    """Fit the rows; the state at the end, whose `best` is the result.

    Raises:
        ValueError: the loss is no number, or the memory does not hold a batch.
    """
    import torch

    state = load_state(folder / STATE_FILE, fingerprint) or first_state(start)
    lesson = Lesson(pipeline, denoiser, config, material, start, seed, state)

    def measure() -> None:
        state.measured.append((state.step, lesson.held_out_loss(state)))
        if state.best_at[0] == state.step:
            state.best = {key: value.detach().clone() for key, value in state.rows.items()}
        save_state(folder / STATE_FILE, state, fingerprint)
        note(f"style step {state.step}/{config.steps}: held-out loss {state.measured[-1][1]:.5f}")

    try:
        with new_token(pipeline, start.token, lesson.rows):
            while True:
                if state.step % config.every_steps == 0 or state.step == config.steps:
                    if not state.measured or state.measured[-1][0] != state.step:
                        measure()
                    if state.waited() >= config.patience or state.step == config.steps:
                        return state
                state.trained.append(lesson.step(state))
                state.step += 1
    except torch.OutOfMemoryError:
        raise ValueError(
            f"the memory does not hold style.inversion.batch={config.batch} pictures of this size; lower it"
        ) from None


def learning_rate(config: InversionConfig, step: int) -> float:
    """The rate of a step (from 0): a linear rise, then half a cosine down to zero."""
    if step < config.warmup_steps:
        return config.learning_rate * (step + 1) / config.warmup_steps
    rest = max(1, config.steps - config.warmup_steps)
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - config.warmup_steps) / rest))


def first_state(start: Start) -> State:
    """The state before the first step."""
    import torch

    rows = {key: value.float() / start.scales[key] for key, value in start.rows.items()}
    return State(
        rows=rows,
        moments={key: (torch.zeros_like(value), torch.zeros_like(value)) for key, value in rows.items()},
        best={key: value.clone() for key, value in rows.items()},
    )


class Lesson:
    """One training's fixed parts; `state` holds what changes."""

    def __init__(
        self,
        pipeline: Any,
        denoiser: Denoiser,
        config: InversionConfig,
        material: Material,
        start: Start,
        seed: int,
        state: State,
    ) -> None:
        self._pipeline = pipeline
        self._denoiser = denoiser
        self._config = config
        self._material = material
        self._start = start
        self._seed = seed
        self.rows = dict(start.rows)
        """The rows as the text encoders read them."""
        self._optimiser = _optimiser(state)
        self._held_out = self._held_out_questions()

    def step(self, state: State) -> float:
        """One optimiser step; its loss."""
        import torch

        config, material = self._config, self._material
        generator = torch.Generator().manual_seed(derive_seed(self._seed, "step", state.step))
        chosen = torch.randint(len(material.latents), (config.batch,), generator=generator)
        # One level in each part of the scale: less noise in the gradient than levels drawn apart.
        level = (torch.arange(config.batch) + torch.rand(config.batch, generator=generator)) / config.batch
        noise = torch.randn(config.batch, *material.latents.shape[1:], generator=generator)
        wording = torch.randint(len(TEMPLATES), (config.batch,), generator=generator)
        prompts = [self._prompt(material.contents[at], word) for at, word in zip(chosen, wording, strict=True)]
        for group in self._optimiser.param_groups:
            group["lr"] = learning_rate(config, state.step)
        loss = self._loss(state, material.latents[chosen], noise, level, prompts)
        loss.backward()
        value = float(loss.detach())
        if not math.isfinite(value):
            raise ValueError(
                f"learning the style diverged at step {state.step} (loss {value}); lower style.inversion.learning_rate"
            )
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        return value

    def held_out_loss(self, state: State) -> float:
        """Mean loss on the held-out pictures, always with the same noise, levels and wording."""
        import torch

        parts = []
        with torch.no_grad():
            for latents, noise, level, prompts in self._held_out:
                parts.append(float(self._loss(state, latents, noise, level, prompts)) * len(prompts))
        return sum(parts) / sum(len(prompts) for *_, prompts in self._held_out)

    def _held_out_questions(self) -> list[tuple[Any, Any, Any, list[str]]]:
        import torch

        material, at_a_time = self._material, self._config.batch
        generator = torch.Generator().manual_seed(derive_seed(self._seed, "held out"))
        count = len(material.held_out_latents) * HELD_OUT_LEVELS
        which = torch.arange(count) // HELD_OUT_LEVELS
        level = (torch.arange(count) % HELD_OUT_LEVELS + 0.5) / HELD_OUT_LEVELS
        noise = torch.randn(count, *material.held_out_latents.shape[1:], generator=generator)
        prompts = [self._prompt(material.held_out_contents[int(at)], i) for i, at in enumerate(which)]
        parts = [slice(first, first + at_a_time) for first in range(0, count, at_a_time)]
        return [(material.held_out_latents[which[p]], noise[p], level[p], prompts[p]) for p in parts]

    def _prompt(self, content: str, wording: Any) -> str:
        return TEMPLATES[int(wording) % len(TEMPLATES)].format(content=content, token=self._start.token)

    def _loss(self, state: State, latents: Any, noise: Any, level: Any, prompts: list[str]) -> Any:
        import torch

        device = self._pipeline.device
        noisy, timestep, target = noised(
            self._pipeline.scheduler, latents.to(device), noise.to(device), level.to(device)
        )
        for key, value in state.rows.items():
            self.rows[key] = value.to(device) * self._start.scales[key]
        said = self._denoiser.predict(noisy, timestep, prompts)
        return torch.nn.functional.mse_loss(said, target)


def _optimiser(state: State) -> Any:
    """AdamW on the rows, its moments being those of the state: it changes both in place."""
    import torch

    leaves = [value.requires_grad_() for value in state.rows.values()]
    optimiser = torch.optim.AdamW(leaves, lr=0.0, weight_decay=0.0, foreach=False)
    for leaf, key in zip(leaves, state.rows, strict=True):
        first, second = state.moments[key]
        optimiser.state[leaf] = {
            "step": torch.tensor(float(state.step)),
            "exp_avg": first,
            "exp_avg_sq": second,
        }
    return optimiser
