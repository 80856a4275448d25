"""A small text-to-image model that is real: trained on captioned pictures, a StableDiffusionPipeline like any other.

    pipeline, facts = trained_pipeline(Path("work/model.safetensors"), pictures)    # trained once, then read back
    pipeline(["two people talking in a kitchen at night"]).images

Its latents are the main components of 8 x 8 patches, so that no autoencoder has to be trained. The UNet
and the CLIP text encoder are trained together on the velocity of the noise, one caption in ten empty for guidance. It
paints 64 x 64 pixels and nothing but what the offline studio draws.
"""
# ruff: noqa: TID253 - torch at the top: only benchmarks import this

import json
import math
import random
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import numpy as np
import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save
from tiny_painter import SIDE_PX, Picture, training_caption
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.trainers import BpeTrainer
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from moviellm.generation.files import write_whole
from moviellm.generation.painters.inversion.style_images import LIGHTS, SUBJECTS
from moviellm.generation.painters.inversion.style_images import PLACES as STYLE_PLACES

PARTS: Final = ("unet", "text_encoder", "vae")
PATCH: Final = 8
CHANNELS: Final = 16
"""Components of a patch that are kept."""
TEXT_DIM: Final = 128
TOKENS: Final = 24
"""Tokens that the text encoder reads."""
WHITEN: Final = -0.25
"""Power of a component's variance that it is scaled by: 0 leaves them as they are, -0.5 makes them equal."""
BATCH: Final = 16
STEPS: Final = 4000
SHIFT: Final = 3.0
KEPT_EVERY: Final = 250
"""Steps between the states that a killed training goes on from."""
EMPTY: Final = 0.1
"""Share of the captions that are left empty."""


class Patches(ModelMixin, ConfigMixin):
    """A linear autoencoder in the place of a VAE: the main components of 8 x 8 patches, found in closed form."""

    @register_to_config
    def __init__(self, scaling_factor: float = 1.0, block_out_channels: tuple[int, ...] = (1, 1, 1, 1)) -> None:
        super().__init__()
        self.to_latent = torch.nn.Parameter(torch.zeros(CHANNELS, 3 * PATCH**2))
        self.to_pixels = torch.nn.Parameter(torch.zeros(3 * PATCH**2, CHANNELS))
        self.mean = torch.nn.Parameter(torch.zeros(3 * PATCH**2))

    @torch.no_grad()
    def fit(self, pixels: Any) -> float:
        """Fit it to pictures (n, 3, 64, 64); the share of the variance that it keeps."""
        patches = torch.nn.functional.pixel_unshuffle(pixels, PATCH).permute(0, 2, 3, 1).reshape(-1, 3 * PATCH**2)
        self.mean.copy_(patches.mean(0))
        spread, axes = torch.linalg.eigh(torch.cov(patches.T))
        kept, axes = spread[-CHANNELS:], axes[:, -CHANNELS:]
        scale = kept**WHITEN
        scale /= (kept * scale**2).mean().sqrt()
        self.to_latent.copy_((axes * scale).T)
        self.to_pixels.copy_(axes / scale)
        return float(kept.sum() / spread.sum())

    def encode(self, pixels: Any) -> Any:
        """Like AutoencoderKL: an object with `latent_dist`."""
        patches = torch.nn.functional.pixel_unshuffle(pixels, PATCH).movedim(1, -1) - self.mean
        latents = (patches @ self.to_latent.T).movedim(-1, 1)
        return SimpleNamespace(latent_dist=SimpleNamespace(mode=lambda: latents, sample=lambda: latents))

    def decode(self, latents: Any, return_dict: bool = True, generator: Any = None) -> tuple[Any, ...]:
        """Like AutoencoderKL."""
        patches = (latents.movedim(1, -1) @ self.to_pixels.T + self.mean).movedim(-1, 1)
        return (torch.nn.functional.pixel_shuffle(patches, PATCH),)


def word_tokenizer(captions: Sequence[str]) -> Any:
    """CLIP's tokenizer with a vocabulary learned from the captions: a word of theirs is one token, or nearly so."""
    words = sorted({word for text in captions for word in text.lower().replace(",", " ").split()})
    learner = Tokenizer(BPE(end_of_word_suffix="</w>"))
    learner.pre_tokenizer = Whitespace()
    letters = [*"abcdefghijklmnopqrstuvwxyz,<>_-.0123456789"]
    trainer = BpeTrainer(
        vocab_size=10_000, end_of_word_suffix="</w>", initial_alphabet=letters, show_progress=False, min_frequency=1
    )
    learner.train_from_iterator(words, trainer)
    model = json.loads(learner.to_str())["model"]
    vocab: dict[str, int] = dict(model["vocab"])
    for symbol in (*(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"):
        vocab.setdefault(symbol, len(vocab))
    return _tokenizer(vocab, model["merges"])


def _tokenizer(vocab: dict[str, int], merges: list[list[str]]) -> Any:
    return CLIPTokenizer(vocab=vocab, merges=[tuple(pair) for pair in merges], model_max_length=TOKENS)


def kept_tokenizer(path: Path, captions: Sequence[str]) -> Any:
    """The tokenizer at `path`, learned if it is not there yet: learning it again may number the words otherwise."""
    if not path.is_file():
        model = json.loads(word_tokenizer(captions).backend_tokenizer.to_str())["model"]
        write_whole(path, json.dumps([model["vocab"], model["merges"]]).encode())
    return _tokenizer(*json.loads(path.read_text()))


def new_pipeline(tokenizer: Any, seed: int = 0) -> Any:
    """The untrained pipeline."""
    torch.manual_seed(seed)
    text_encoder = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=TEXT_DIM,
            intermediate_size=4 * TEXT_DIM,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=TOKENS,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    unet = UNet2DConditionModel(
        sample_size=SIDE_PX // PATCH,
        in_channels=CHANNELS,
        out_channels=CHANNELS,
        block_out_channels=(64, 96),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        addition_embed_type="text",  # the text also scales and shifts every block, which is learned in fewer steps
        addition_embed_type_num_heads=4,
        resnet_time_scale_shift="scale_shift",
        attention_head_dim=4,
        cross_attention_dim=TEXT_DIM,
        norm_num_groups=16,
    )
    scheduler = DDIMScheduler(
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        clip_sample=False,
        timestep_spacing="trailing",
        rescale_betas_zero_snr=True,
        steps_offset=1,
    )
    pipeline = StableDiffusionPipeline(
        vae=Patches(),
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        unet=unet,
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def parameters(pipeline: Any) -> int:
    """Trained numbers of the model."""
    return sum(p.numel() for part in (pipeline.unet, pipeline.text_encoder) for p in part.parameters())


def trained_pipeline(path: Path, pictures: Sequence[Picture], steps: int = STEPS) -> tuple[Any, dict[str, Any]]:
    """The model trained on the pictures, from `path` where it lies there; and how the training went."""
    r = random.Random(0)
    captions = [training_caption(picture, r) for picture in pictures for _ in range(4)]
    tokenizer = kept_tokenizer(path.with_name("words.json"), [*captions, *SUBJECTS, *STYLE_PLACES, *LIGHTS])
    pipeline = new_pipeline(tokenizer)
    if not path.is_file():
        began_s, began_cpu_s = time.monotonic(), time.process_time()
        kept = pipeline.vae.fit(torch.cat([_pixels(picture.image) for picture in pictures]))
        losses = train(pipeline, pictures, path.with_name("training.safetensors"), steps=steps)
        facts = {
            "pictures": len(pictures),
            "parameters": parameters(pipeline),
            "steps": steps,
            "batch": BATCH,
            "seconds": round(time.monotonic() - began_s),
            "cpu_seconds": round(time.process_time() - began_cpu_s),
            "variance_kept": round(kept, 4),
            "losses": [round(float(part.mean()), 4) for part in np.array_split(np.array(losses), min(10, steps))],
        }
        _save(pipeline, path, facts)
    return pipeline, _load(pipeline, path)


def train(pipeline: Any, pictures: Sequence[Picture], state: Path, *, steps: int, peak: float = 1.5e-3) -> list[float]:
    """Train UNet and text encoder; the loss of every step. The weights left are their average.

    The state is kept in a file now and then, from which a killed training goes on.
    """
    pixels = torch.cat([_pixels(picture.image) for picture in pictures])
    with torch.no_grad():  # every picture and its mirror image
        latents = torch.stack([pipeline.vae.encode(part).latent_dist.mode() for part in (pixels, pixels.flip(-1))])
    weights = [*pipeline.unet.parameters(), *pipeline.text_encoder.parameters()]
    averages = [weight.detach().clone() for weight in weights]
    optimiser = torch.optim.AdamW(weights, lr=peak, betas=(0.9, 0.99), weight_decay=0.01)
    losses = _go_on(state, weights, averages, optimiser)
    for step in range(len(losses), steps):
        for group in optimiser.param_groups:
            group["lr"] = peak * min(1.0, (step + 1) / 100) * 0.5 * (1 + math.cos(math.pi * step / steps))
        r, generator = random.Random(step), torch.Generator().manual_seed(step)
        chosen = torch.randint(len(pictures), (BATCH,), generator=generator)
        captions = ["" if r.random() < EMPTY else training_caption(pictures[at], r) for at in chosen.tolist()]
        loss = _loss(pipeline, latents[torch.randint(2, (BATCH,), generator=generator), chosen], captions, generator)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        decay = min(0.998, (step + 1) / (step + 10))
        torch._foreach_lerp_(averages, [weight.detach() for weight in weights], 1 - decay)
        losses.append(float(loss.detach()))
        if (step + 1) % KEPT_EVERY == 0:
            print(f"  model step {step + 1}/{steps}: loss {np.mean(losses[-KEPT_EVERY:]):.4f}", flush=True)
            _keep(state, weights, averages, optimiser, losses)
    with torch.no_grad():
        for weight, average in zip(weights, averages, strict=True):
            weight.copy_(average)
    return losses


def _keep(state: Path, weights: list[Any], averages: list[Any], optimiser: Any, losses: list[float]) -> None:
    tensors = {"losses": torch.tensor(losses, dtype=torch.float64)}
    for at, (weight, average) in enumerate(zip(weights, averages, strict=True)):
        moments = optimiser.state[weight]
        tensors |= {f"weight.{at}": weight.detach(), f"average.{at}": average}
        tensors |= {f"first.{at}": moments["exp_avg"], f"second.{at}": moments["exp_avg_sq"]}
    write_whole(state, save({name: value.contiguous() for name, value in tensors.items()}))


def _go_on(state: Path, weights: list[Any], averages: list[Any], optimiser: Any) -> list[float]:
    """Put back what was kept; the losses of the steps done."""
    if not state.is_file():
        return []
    kept = load_file(state)
    losses: list[float] = kept["losses"].tolist()
    with torch.no_grad():
        for at, (weight, average) in enumerate(zip(weights, averages, strict=True)):
            weight.copy_(kept[f"weight.{at}"])
            average.copy_(kept[f"average.{at}"])
            moments = {"exp_avg": kept[f"first.{at}"], "exp_avg_sq": kept[f"second.{at}"]}
            optimiser.state[weight] = {"step": torch.tensor(float(len(losses))), **moments}
    return losses


def _loss(pipeline: Any, latents: Any, captions: list[str], generator: Any) -> Any:
    """How far the UNet is from the velocity of noise on the latents."""
    kept = pipeline.scheduler.alphas_cumprod
    level = (torch.arange(len(latents)) + torch.rand(len(latents), generator=generator)) / len(latents)
    # Mostly at high noise: what the text decides is decided there.
    timestep = (SHIFT * level / (1 + (SHIFT - 1) * level) * len(kept)).long()
    share = kept[timestep].reshape(-1, 1, 1, 1)
    noise = torch.randn(latents.shape, generator=generator)
    ids = pipeline.tokenizer(captions, padding="max_length", max_length=TOKENS, truncation=True, return_tensors="pt")
    said = pipeline.unet(
        share.sqrt() * latents + (1 - share).sqrt() * noise,
        timestep,
        pipeline.text_encoder(ids.input_ids)[0],
        return_dict=False,
    )[0]
    return torch.nn.functional.mse_loss(said, share.sqrt() * noise - (1 - share).sqrt() * latents)


def _save(pipeline: Any, path: Path, facts: dict[str, Any]) -> None:
    tensors = {f"{name}.{key}": v for name in PARTS for key, v in getattr(pipeline, name).state_dict().items()}
    write_whole(path, save(tensors, {"facts": json.dumps(facts)}))


def _load(pipeline: Any, path: Path) -> dict[str, Any]:
    """Put the trained weights into the pipeline; how they were trained."""
    with safe_open(str(path), "pt") as file:
        facts: dict[str, Any] = json.loads(file.metadata()["facts"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    for name in PARTS:
        own = {key.removeprefix(f"{name}."): v for key, v in tensors.items() if key.startswith(f"{name}.")}
        getattr(pipeline, name).load_state_dict(own)
    return facts


def _pixels(image: Image.Image) -> Any:
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 127.5 - 1
