"""The frozen part of textual inversion: pictures to latents, noise on them, and what the denoiser says about it.

    denoiser = denoiser_of(pipeline)
    latents = denoiser.latents(pixels)                            # once a picture
    noisy, timestep, target = noised(pipeline.scheduler, latents, noise, level)
    predicted = denoiser.predict(noisy, timestep, prompts)        # differentiable in the text encoders' inputs only

The target follows the scheduler: the noise, its velocity, or the flow from picture to noise. Two kinds of denoiser are
known, UNets (Stable Diffusion, SDXL) and FLUX.1 transformers. It holds no trainable parameter.
"""

from typing import Any, Protocol


class Denoiser(Protocol):
    """What learning asks of a pipeline."""

    def latents(self, pixels: Any) -> Any:
        """Latents (1, channels, height, width), float32, of a picture (1, 3, height_px, width_px) in -1 to 1."""
        ...

    def predict(self, noisy: Any, timestep: Any, prompts: list[str]) -> Any:
        """What the model says of noisy latents (n, channels, height, width), float32, at timesteps (n,)."""
        ...


def denoiser_of(pipeline: Any) -> Denoiser:
    """The denoiser of a pipeline, frozen.

    Raises:
        ValueError: a pipeline of another kind, or in a precision that gradients do not survive.
    """
    import torch

    parts = [part for part in pipeline.components.values() if isinstance(part, torch.nn.Module)]
    for part in parts:
        part.requires_grad_(False)
        part.eval()
        if hasattr(part, "disable_gradient_checkpointing"):
            part.disable_gradient_checkpointing()  # it would pay the forward twice, and memory suffices without
        if next((p.dtype for p in part.parameters() if p.is_floating_point()), None) == torch.float16:
            raise ValueError(
                "gradients underflow in float16; set painting.dtype: bfloat16 (or float32) to learn a style"
            )
    kind = type(pipeline).__name__
    if hasattr(pipeline, "unet"):
        return UNetDenoiser(pipeline)
    if type(getattr(pipeline, "transformer", None)).__name__ == "FluxTransformer2DModel":
        return FluxDenoiser(pipeline)
    raise ValueError(
        f"style.method: textual_inversion knows UNets (Stable Diffusion, SDXL) and FLUX.1 transformers, not {kind}; "
        "use style.method: reference or prompt"
    )


def noised(scheduler: Any, latents: Any, noise: Any, level: Any) -> tuple[Any, Any, Any]:
    """Noisy latents, their timesteps, and what the model should say; `level` (n,) in [0, 1) is how late in diffusion.

    Raises:
        ValueError: the scheduler's model predicts something else.
    """
    config = scheduler.config
    kind = config.get("prediction_type", "flow_prediction")
    wide = (-1, *([1] * (latents.ndim - 1)))
    if kind == "flow_prediction" and "shift" in config:
        shift = float(config.shift or 1.0)
        sigma = shift * level / (1 + (shift - 1) * level)
        share = sigma.reshape(wide)
        return (1 - share) * latents + share * noise, sigma * config.num_train_timesteps, noise - latents
    if kind not in ("epsilon", "v_prediction") or not hasattr(scheduler, "alphas_cumprod"):
        raise ValueError(
            f"a style cannot be learned under {type(scheduler).__name__} ({kind}); leave painting.scheduler to the "
            "pipeline's own, or use style.method: prompt"
        )
    timestep = (level * config.num_train_timesteps).long()
    kept = scheduler.alphas_cumprod.to(latents.device)[timestep].float().reshape(wide)
    noisy = kept.sqrt() * latents + (1 - kept).sqrt() * noise
    target = noise if kind == "epsilon" else kept.sqrt() * noise - (1 - kept).sqrt() * latents
    return noisy, timestep, target


def _encoded(vae: Any, pixels: Any) -> Any:
    """A picture's latents as the denoiser knows them: the mean, so that they are the same each time."""
    import torch

    with torch.no_grad():
        mean = vae.encode(pixels.to(vae.device, vae.dtype)).latent_dist.mode().float()
    return (mean - (vae.config.get("shift_factor") or 0.0)) * vae.config.scaling_factor


class UNetDenoiser:
    """Stable Diffusion and SDXL."""

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline
        self._sizes: dict[tuple[int, int], Any] = {}
        """SDXL's time ids by latent size: made once."""

    def latents(self, pixels: Any) -> Any:
        """See `Denoiser`."""
        return _encoded(self._pipeline.vae, pixels)

    def predict(self, noisy: Any, timestep: Any, prompts: list[str]) -> Any:
        """See `Denoiser`."""
        pipeline, unet = self._pipeline, self._pipeline.unet
        embeds, _, *pooled = pipeline.encode_prompt(
            prompt=prompts, device=unet.device, num_images_per_prompt=1, do_classifier_free_guidance=False
        )
        added = None
        if pooled:
            sizes = self._time_ids(int(noisy.shape[-2]), int(noisy.shape[-1]))
            added = {"text_embeds": pooled[0], "time_ids": sizes.expand(len(noisy), -1)}
        return unet(
            noisy.to(unet.dtype), timestep, encoder_hidden_states=embeds, added_cond_kwargs=added, return_dict=False
        )[0].float()

    def _time_ids(self, height: int, width: int) -> Any:
        if (height, width) not in self._sizes:
            pipeline = self._pipeline
            size = (height * pipeline.vae_scale_factor, width * pipeline.vae_scale_factor)
            ids = pipeline._get_add_time_ids(
                size,
                (0, 0),
                size,
                dtype=pipeline.unet.dtype,
                text_encoder_projection_dim=pipeline.text_encoder_2.config.projection_dim,
            )
            self._sizes[height, width] = ids.to(pipeline.unet.device)
        return self._sizes[height, width]


class FluxDenoiser:
    """FLUX.1: latents packed two by two, timesteps as shares; CLIP gives the pooled vector and T5 the words."""

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline

    def latents(self, pixels: Any) -> Any:
        """See `Denoiser`."""
        return _encoded(self._pipeline.vae, pixels)

    def predict(self, noisy: Any, timestep: Any, prompts: list[str]) -> Any:
        """See `Denoiser`."""
        import torch

        pipeline, model = self._pipeline, self._pipeline.transformer
        count, channels, height, width = noisy.shape
        embeds, pooled, text_ids = pipeline.encode_prompt(prompt=prompts, prompt_2=None, device=model.device)
        packed = pipeline._pack_latents(noisy.to(model.dtype), count, channels, height, width)
        picture_ids = pipeline._prepare_latent_image_ids(count, height // 2, width // 2, model.device, model.dtype)
        guidance = torch.ones(count, device=model.device) if model.config.guidance_embeds else None
        said = model(
            hidden_states=packed,
            timestep=timestep.to(model.dtype) / 1000,
            guidance=guidance,
            pooled_projections=pooled,
            encoder_hidden_states=embeds,
            txt_ids=text_ids,
            img_ids=picture_ids,
            return_dict=False,
        )[0]
        scale = pipeline.vae_scale_factor
        return pipeline._unpack_latents(said, height * scale, width * scale, scale).float()
