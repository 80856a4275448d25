"""Tiny random models, built from their configs in process: real diffusers and transformers classes, no download.

    folder = save_tiny("sdxl", tmp_path / "sdxl")      # a folder that DiffusionPipeline.from_pretrained loads
    pipeline = tiny_sdxl()                             # or the object itself, float32, on the CPU
    pipeline = tiny_klein()                            # a flow-matching transformer that takes reference images
    pipeline = tiny_z_image()                          # another one, whose text embeddings nobody here knows
    save_ip_adapter(tmp_path / "adapter")              # random weights of an IP-Adapter for `tiny_sdxl`

The same seed gives the same weights. The pictures they paint mean nothing; that they are painted as asked does.
"""

import functools
import shutil
import tempfile
from pathlib import Path
from typing import Any

SIDE_PX = 64
"""Smallest picture they are asked for."""
TEXT_DIM = 32
"""Width of each text encoder of the tiny SDXL; its UNet attends to both, side by side."""
CORPUS = """
a an the of in on with at and wide medium close shot two people over shoulder insert man woman person child tall slim
elderly stout middle build red orange yellow green teal blue purple pink brown grey white black hair bob short long
ponytail bun curly bald braids afro wavy topknot pale fair tan dark deep skin coat jacket jumper dress apron cloak
waistcoat glasses scarf beard brimmed hat cap beanie headscarf eye patch bow tie shawl nothing else standing walking
running sitting reading calm happy sad angry afraid surprised worried tender day night dawn dusk clear cloudy rain snow
fog storm ink watercolour paper style painting art picture key letter map book lamp pier kitchen lighthouse hand soft
light old planks portrait plain background ornate woodcut
"""


def _words() -> list[str]:
    return sorted(set(CORPUS.split()))


@functools.cache
def _bpe(suffix: str, lead: str) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """A byte-level vocabulary and merges that know the words of the corpus; everything else is spelt in bytes."""
    from tokenizers.pre_tokenizers import ByteLevel

    symbols = sorted(ByteLevel.alphabet())
    vocab = {symbol: at for at, symbol in enumerate(symbols)}
    if suffix:
        for symbol in symbols:
            vocab.setdefault(symbol + suffix, len(vocab))
    merges: list[tuple[str, str]] = []
    for word in _words():
        parts = [*(lead + word if lead else word)]
        parts[-1] += suffix
        whole = parts[0]
        for part in parts[1:]:
            if whole + part not in vocab:
                vocab[whole + part] = len(vocab)
                merges.append((whole, part))
            whole += part
    return vocab, merges


def clip_tokenizer() -> Any:
    """CLIP's tokenizer with a small vocabulary: 77 tokens, of which two are the frame."""
    from transformers import CLIPTokenizer

    vocab, merges = _bpe("</w>", "")
    vocab = vocab | {"<|startoftext|>": len(vocab), "<|endoftext|>": len(vocab) + 1}
    return CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=77)


def _clip_text_config(projection: int) -> Any:
    from transformers import CLIPTextConfig

    tokenizer = clip_tokenizer()
    return CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=TEXT_DIM,
        intermediate_size=37,
        num_hidden_layers=3,
        num_attention_heads=4,
        max_position_embeddings=77,
        projection_dim=projection,
        hidden_act="gelu",
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def tiny_sdxl(seed: int = 0) -> Any:
    """A StableDiffusionXLPipeline with two text encoders, a UNet of two levels and a VAE that shrinks by 8."""
    import torch
    from diffusers import (
        AutoencoderKL,
        EulerDiscreteScheduler,
        StableDiffusionXLPipeline,
        UNet2DConditionModel,
    )
    from transformers import CLIPTextModel, CLIPTextModelWithProjection

    torch.manual_seed(seed)
    unet = UNet2DConditionModel(
        block_out_channels=(16, 32),
        layers_per_block=1,
        sample_size=SIDE_PX // 8,
        in_channels=4,
        out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(2, 4),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        transformer_layers_per_block=(1, 1),
        projection_class_embeddings_input_dim=6 * 8 + TEXT_DIM,
        cross_attention_dim=2 * TEXT_DIM,
        norm_num_groups=8,
    )
    pipeline = StableDiffusionXLPipeline(
        unet=unet,
        vae=AutoencoderKL(
            block_out_channels=(8, 8, 16, 16),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            latent_channels=4,
            norm_num_groups=4,
            sample_size=128,
            scaling_factor=0.13025,
        ),
        scheduler=EulerDiscreteScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            timestep_spacing="leading",
            steps_offset=1,
        ),
        text_encoder=CLIPTextModel(_clip_text_config(TEXT_DIM)),
        text_encoder_2=CLIPTextModelWithProjection(_clip_text_config(TEXT_DIM)),
        tokenizer=clip_tokenizer(),
        tokenizer_2=clip_tokenizer(),
        add_watermarker=False,
    )
    return _quiet(pipeline)


CHAT_TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% endfor %}"


def tiny_klein(seed: int = 0) -> Any:
    """A Flux2KleinPipeline: flow matching, a language model as text encoder, `image=[...]` as references."""
    import torch
    from diffusers import (
        AutoencoderKLFlux2,
        FlowMatchEulerDiscreteScheduler,
        Flux2KleinPipeline,
        Flux2Transformer2DModel,
    )
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(seed)
    tokenizer = _qwen_tokenizer()
    # 28 layers: the pipeline reads the layers 9, 18 and 27 of its text encoder.
    text_encoder = Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=len(tokenizer),
            hidden_size=8,
            intermediate_size=16,
            num_hidden_layers=28,
            num_attention_heads=2,
            num_key_value_heads=1,
            head_dim=4,
            max_position_embeddings=512,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    pipeline = Flux2KleinPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=AutoencoderKLFlux2(
            block_out_channels=(8, 8, 16, 16),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            latent_channels=4,
            norm_num_groups=4,
            layers_per_block=1,
        ),
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        transformer=Flux2Transformer2DModel(
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=3 * 8,
            timestep_guidance_channels=16,
            axes_dims_rope=(4, 4, 4, 4),
            guidance_embeds=False,
        ),
        is_distilled=True,
    )
    return _quiet(pipeline)


def tiny_z_image(seed: int = 0) -> Any:
    """A ZImagePipeline: its text embeddings are lists of different lengths, so it is given the words."""
    import torch
    from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, ZImagePipeline, ZImageTransformer2DModel
    from transformers import Qwen3Config, Qwen3Model

    torch.manual_seed(seed)
    tokenizer = _qwen_tokenizer()
    text_encoder = Qwen3Model(
        Qwen3Config(
            vocab_size=len(tokenizer),
            hidden_size=16,
            intermediate_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            head_dim=8,
            max_position_embeddings=512,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    pipeline = ZImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=AutoencoderKL(
            block_out_channels=(8, 8, 16, 16),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            latent_channels=16,
            norm_num_groups=4,
            scaling_factor=0.3611,
            shift_factor=0.1159,
            use_quant_conv=False,
            use_post_quant_conv=False,
        ),
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        transformer=ZImageTransformer2DModel(
            in_channels=16,
            dim=32,
            n_layers=1,
            n_refiner_layers=1,
            n_heads=2,
            n_kv_heads=2,
            cap_feat_dim=16,
            axes_dims=[8, 4, 4],
            axes_lens=[256, 32, 32],
        ),
    )
    return _quiet(pipeline)


def _qwen_tokenizer() -> Any:
    """The tokenizer of a language model with a small vocabulary."""
    from transformers import Qwen2TokenizerFast

    vocab, merges = _bpe("", "Ġ")
    tokenizer = Qwen2TokenizerFast(vocab=vocab | {"<|endoftext|>": len(vocab)}, merges=merges, model_max_length=512)
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def _quiet(pipeline: Any) -> Any:
    pipeline.set_progress_bar_config(disable=True)
    for component in pipeline.components.values():
        if hasattr(component, "eval"):
            component.eval()
    return pipeline


@functools.cache
def _saved(kind: str) -> Path:
    """One copy a process, removed with it."""
    folder = Path(tempfile.mkdtemp(prefix=f"moviellm-tiny-{kind}-"))
    {"sdxl": tiny_sdxl, "klein": tiny_klein}[kind]().save_pretrained(folder)
    return folder


def save_tiny(kind: str, folder: Path) -> Path:
    """`sdxl` or `klein` in a folder of its own."""
    shutil.copytree(_saved(kind), folder, dirs_exist_ok=True)
    return folder


def save_ip_adapter(folder: Path, seed: int = 0) -> Path:
    """Random weights of an IP-Adapter for `tiny_sdxl`, laid out as on the Hub: weights and image encoder in `sdxl`."""
    import torch
    from safetensors.torch import save_file
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    torch.manual_seed(seed)
    embed_dim, tokens, cross = 16, 4, 2 * TEXT_DIM
    vision = CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            image_size=32,
            patch_size=16,
            projection_dim=embed_dim,
        )
    )
    vision.save_pretrained(folder / "sdxl" / "image_encoder")
    weights = {
        "image_proj.proj.weight": torch.randn(tokens * cross, embed_dim) * 0.1,
        "image_proj.proj.bias": torch.zeros(tokens * cross),
        "image_proj.norm.weight": torch.ones(cross),
        "image_proj.norm.bias": torch.zeros(cross),
    }
    unet = tiny_sdxl().unet
    crosses = [name for name in unet.attn_processors if not name.endswith("attn1.processor")]
    for at, name in enumerate(crosses):
        module: Any = unet.get_submodule(name.removesuffix(".processor"))
        hidden = module.to_k.weight.shape[0]
        for part in ("to_k_ip", "to_v_ip"):
            weights[f"ip_adapter.{2 * at + 1}.{part}.weight"] = torch.randn(hidden, cross) * 0.1
    save_file(weights, folder / "sdxl" / "ip-adapter_tiny.safetensors")
    return folder
