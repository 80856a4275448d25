"""What the tests of textual inversion share: tiny pipelines, style pictures, and a short training."""

import functools
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from moviellm.generation.config.models import InversionConfig
from moviellm.generation.painters.inversion import learning
from moviellm.generation.painters.inversion.style_images import StylePicture
from tests import tiny_models

SHORT = InversionConfig(
    images=5, keep=1.0, held_out=2, vectors=2, steps=8, warmup_steps=2, batch=4, learning_rate=0.2, every_steps=4
)
SIDE_PX = 64
FLUX_TOKENS = 48


@functools.cache
def sdxl():
    """The tiny SDXL of the test suite, the same object for all: learning changes nothing in it."""
    _one_thread()
    return tiny_models.tiny_sdxl()


@functools.cache
def flux():
    """A FluxPipeline: flow matching, CLIP for the pooled vector, T5 for the words, latents packed two by two."""
    import torch
    from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, FluxPipeline, FluxTransformer2DModel
    from transformers import CLIPTextModel, T5Config, T5EncoderModel, T5TokenizerFast

    _one_thread()
    torch.manual_seed(0)
    words = ["<pad>", "</s>", "<unk>", *(f"\N{LOWER ONE EIGHTH BLOCK}{word}" for word in tiny_models.CORPUS.split())]
    pieces = [*dict.fromkeys(words), "\N{LOWER ONE EIGHTH BLOCK}", *"abcdefghijklmnopqrstuvwxyz,"]
    tokenizer_2 = T5TokenizerFast(vocab=[(piece, 0.0) for piece in pieces], extra_ids=0, model_max_length=32)
    pipeline = FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=AutoencoderKL(
            block_out_channels=(8, 16),
            down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2,
            latent_channels=2,
            norm_num_groups=4,
            layers_per_block=1,
            shift_factor=0.1,
            scaling_factor=0.5,
        ),
        text_encoder=CLIPTextModel(tiny_models._clip_text_config(tiny_models.TEXT_DIM)),
        tokenizer=tiny_models.clip_tokenizer(),
        text_encoder_2=T5EncoderModel(
            # More rows than the tokenizer has words, as in the real one.
            T5Config(vocab_size=len(tokenizer_2) + 28, d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2)
        ),
        tokenizer_2=tokenizer_2,
        transformer=FluxTransformer2DModel(
            patch_size=1,
            in_channels=8,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=16,
            pooled_projection_dim=tiny_models.TEXT_DIM,
            axes_dims_rope=(4, 4, 8),
        ),
    )
    # Prompts are padded to this length, 512 by default: the tests need not wait for that.
    pipeline.encode_prompt = functools.partial(pipeline.encode_prompt, max_sequence_length=FLUX_TOKENS)
    return tiny_models._quiet(pipeline)


def _one_thread():
    import torch

    torch.set_num_threads(1)


def pictures(count=6, side_px=SIDE_PX):
    """Pictures of one style: slanting stripes of orange on blue, with a spot that differs."""
    y, x = np.mgrid[:side_px, :side_px]
    stripes = ((x + y) // 3 % 2)[..., None]
    made = []
    for at in range(count):
        array = np.where(stripes, (230, 130, 40), (30, 60, 160)).astype(np.uint8)
        array[4 + at : 12 + at, 6:14] = (250, 250, 40 * at % 250)
        made.append(
            StylePicture(content=("a person in a kitchen", "a hat on planks")[at % 2], image=Image.fromarray(array))
        )
    return made


def learn(pipeline, folder: Path, config=SHORT, note=lambda text: None, seed=5):
    return learning.learn_from_pictures(
        pipeline, config, pictures(), keyword="watercolour", seed=seed, folder=folder, note=note
    )


def pipeline_of(kind):
    return {"sdxl": sdxl, "flux": flux}[kind]()


class Learned(NamedTuple):
    data: bytes
    facts: dict
    tables_before: list
    tables_after: list


@functools.cache
def learned(kind):
    """What a short training of `sdxl` or `flux` gives, made once; and the embedding tables before and after it."""
    pipeline = pipeline_of(kind)
    before = tables(pipeline)
    with tempfile.TemporaryDirectory() as folder:
        data, facts = learn(pipeline, Path(folder))
    return Learned(data, facts, before, tables(pipeline))


def tables(pipeline):
    """Copies of the embedding tables."""
    models = (pipeline.text_encoder, pipeline.text_encoder_2)
    return [model.get_input_embeddings().weight.detach().clone() for model in models]


def file_of(data, tmp_path):
    path = tmp_path / "style.safetensors"
    path.write_bytes(data)
    return path
