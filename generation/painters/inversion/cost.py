"""What a step of textual inversion must cost: the floor, counted for a pipeline, a batch and a size.

    floor = step_floor(pipeline, batch=4, height_px=1024, width_px=1024)
    print(floor.flops / 1e12, "TFLOP;", floor.ratio_to_plain, "of a step that also makes the weights' gradients")

A step runs the text encoders and the denoiser forwards, and backwards for activations only, from the denoiser's answer
to the new rows: a layer that the text has not reached yet needs no backward pass, and no weight needs a gradient. So a
multiplication with frozen weights costs its forward once more, where a plain step pays it twice more; attention costs
twice its forward more either way. Bytes: every weight is read once in each direction; kept between steps are only the
new rows and AdamW's moments. What a real step adds (norms, activations written and read, launches) is its distance.

The models are run alone, once in each direction, under PyTorch's FLOP counter, and on the `meta` device where they lie
there: SDXL's floor needs neither weights nor a GPU. It measures no time; benchmarks/gpu_inversion.py does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from moviellm.generation.painters.inversion.denoiser import denoiser_of
from moviellm.generation.painters.inversion.tokens import text_encoders

T5_TOKENS: Final = 512
"""Tokens that FLUX.1 pads its prompts to."""


@dataclass(frozen=True, kw_only=True)
class StepFloor:
    """Least work of one optimiser step; a multiplication with an addition counts as two FLOPs."""

    forward_flops: int
    """Denoiser and text encoders, forwards."""
    backward_flops: int
    """Their backward pass for activations alone."""
    plain_flops: int
    """Forward and backward of a step that makes the gradients of all weights as well."""
    weight_bytes: int
    """Weights read: once forwards, once backwards."""
    plain_gradient_bytes: int
    """Memory that the gradients of all weights would take; here it is none."""
    learned_bytes: int
    """The new rows, their gradient and AdamW's moments, float32."""

    @property
    def flops(self) -> int:
        """All of a step."""
        return self.forward_flops + self.backward_flops

    @property
    def ratio_to_plain(self) -> float:
        """Share of a plain step's work."""
        return self.flops / self.plain_flops

    def seconds(self, flops_per_s: float, bytes_per_s: float) -> float:
        """Least time of a step on a machine with these rates: whichever of work and reading takes longer."""
        return max(self.flops / flops_per_s, self.weight_bytes / bytes_per_s)


def step_floor(pipeline: Any, *, batch: int, height_px: int, width_px: int, vectors: int = 4) -> StepFloor:
    """The floor of one step.

    Raises:
        ValueError: a pipeline that cannot learn a token.
    """
    encoders = text_encoders(pipeline)
    denoiser_of(pipeline)  # frozen
    models = [getattr(pipeline, encoder.model_name) for encoder in encoders]
    denoiser = pipeline.unet if hasattr(pipeline, "unet") else pipeline.transformer
    scale = pipeline.vae_scale_factor
    run = _unet if hasattr(pipeline, "unet") else _flux
    parts = [_both_ways(lambda: run(pipeline, batch, height_px // scale, width_px // scale))]
    for encoder, model in zip(encoders, models, strict=True):
        tokens = T5_TOKENS if encoder.key == "t5" else getattr(pipeline, encoder.tokenizer_name).model_max_length
        parts.append(_both_ways(partial(_text, model, batch, tokens, len(models) > 1 and hasattr(pipeline, "unet"))))
    forward = sum(part[0] for part in parts)
    weight_bytes = sum(p.numel() * p.element_size() for part in (denoiser, *models) for p in part.parameters())
    numbers = sum(vectors * model.get_input_embeddings().embedding_dim for model in models)
    return StepFloor(
        forward_flops=forward,
        backward_flops=sum(part[1] for part in parts),
        plain_flops=3 * forward,
        weight_bytes=2 * weight_bytes,
        plain_gradient_bytes=weight_bytes,
        learned_bytes=4 * 4 * numbers,
    )


def counted(run: Callable[[], Any]) -> int:
    """FLOPs of the multiplications that `run()` makes."""
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    # Attention is spelt out as two products: the counter does not know every fused kernel.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        run()
    return int(counter.get_total_flops())


def _both_ways(run: Callable[[], Any]) -> tuple[int, int]:
    """FLOPs forwards and backwards."""
    answers: list[Any] = []
    forward = counted(lambda: answers.append(run()))
    return forward, counted(lambda: answers[0].sum().backward())


def _unet(pipeline: Any, batch: int, height: int, width: int) -> Any:
    import torch

    unet = pipeline.unet
    place: dict[str, Any] = {"device": unet.device, "dtype": unet.dtype}
    words = pipeline.tokenizer.model_max_length
    embeds = torch.zeros(batch, words, unet.config.cross_attention_dim, requires_grad=True, **place)
    added = None
    if unet.config.addition_embed_type == "text_time":
        pooled = torch.zeros(batch, pipeline.text_encoder_2.config.projection_dim, requires_grad=True, **place)
        added = {"text_embeds": pooled, "time_ids": torch.zeros(batch, 6, **place)}
    noisy = torch.zeros(batch, unet.config.in_channels, height, width, **place)
    timestep = torch.zeros(batch, device=unet.device)
    return unet(noisy, timestep, encoder_hidden_states=embeds, added_cond_kwargs=added, return_dict=False)[0]


def _flux(pipeline: Any, batch: int, height: int, width: int) -> Any:
    import torch

    model = pipeline.transformer
    config = model.config
    place: dict[str, Any] = {"device": model.device, "dtype": model.dtype}
    patches = (height // 2) * (width // 2)
    return model(
        hidden_states=torch.zeros(batch, patches, config.in_channels, **place),
        timestep=torch.zeros(batch, **place),
        guidance=torch.ones(batch, device=model.device) if config.guidance_embeds else None,
        pooled_projections=torch.zeros(batch, config.pooled_projection_dim, requires_grad=True, **place),
        encoder_hidden_states=torch.zeros(batch, T5_TOKENS, config.joint_attention_dim, requires_grad=True, **place),
        txt_ids=torch.zeros(T5_TOKENS, 3, **place),
        img_ids=torch.zeros(patches, 3, **place),
        return_dict=False,
    )[0]


def _text(model: Any, batch: int, tokens: int, penultimate: bool) -> Any:
    """What a pipeline reads of a text encoder, with a gradient to its words; SDXL reads the last layer but one."""
    import torch

    ids = torch.zeros(batch, tokens, dtype=torch.long, device=model.device)
    readers = [
        part for part in model.modules() if getattr(part, "weight", None) is model.get_input_embeddings().weight
    ]
    hooks = [
        part.register_forward_hook(lambda _module, _ids, words: words.detach().requires_grad_()) for part in readers
    ]
    try:
        answer = model(ids, output_hidden_states=True)
    finally:
        for hook in hooks:
            hook.remove()
    pooled = answer.get("text_embeds")
    read = answer.hidden_states[-2].sum() if penultimate else answer[0].sum()
    return read if pooled is None else read + pooled.sum()
