"""Textual inversion at SDXL's size on an accelerator: steps a second, against the floor and against a plain loop.

    python benchmarks/gpu_inversion.py            # random SDXL-size weights, bf16, 1024 x 1024; about 3 minutes
    python benchmarks/gpu_inversion.py --tiny     # the same code on the CPU with tiny weights; seconds, proves nothing
    python benchmarks/gpu_inversion.py --floor    # only counts the floor, on no device at all; about 1 minute

What a step costs does not depend on what the weights say. Three numbers for each batch: the floor (inversion_cost.py)
at the matrix rate measured on this chip in the same run; our step; and a step of the plain kind, which makes gradients
for every weight of the UNet and for both whole tables of embeddings and afterwards restores all rows but the new ones.
It paints nothing and learns nothing useful. Results go to results/gpu_inversion.json, where a device was measured.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from painting import RESULTS

from moviellm.generation.config.models import InversionConfig
from moviellm.generation.files import write_whole
from moviellm.generation.painters.inversion.cost import StepFloor, step_floor
from moviellm.generation.painters.inversion.denoiser import denoiser_of, noised
from moviellm.generation.painters.inversion.loop import Lesson, Material, Start, first_state
from moviellm.generation.painters.inversion.tokens import STYLE_TOKEN, first_rows, new_token, text_encoders

ROOT = Path(__file__).resolve().parent.parent
STEPS, WARM = 12, 3


def sdxl(device: str) -> Any:
    """Random weights of SDXL's published shapes, bf16. On `meta` they take no memory."""
    import torch
    from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    def text(width: int, layers: int, heads: int, act: str, projection: int) -> Any:
        return CLIPTextConfig(
            vocab_size=49408,
            hidden_size=width,
            intermediate_size=4 * width,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            hidden_act=act,
            projection_dim=projection,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )

    tokenizer = _tiny_models().clip_tokenizer()
    with torch.device(device):
        before = torch.get_default_dtype()
        torch.set_default_dtype(torch.bfloat16)
        try:
            unet = UNet2DConditionModel(
                sample_size=128,
                block_out_channels=(320, 640, 1280),
                down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
                up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
                transformer_layers_per_block=(1, 2, 10),
                attention_head_dim=(5, 10, 20),
                cross_attention_dim=2048,
                addition_embed_type="text_time",
                addition_time_embed_dim=256,
                projection_class_embeddings_input_dim=2816,
                use_linear_projection=True,
            )
            text_encoder = CLIPTextModel(text(768, 12, 12, "quick_gelu", 768))
            text_encoder_2 = CLIPTextModelWithProjection(text(1280, 32, 20, "gelu", 1280))
        finally:
            torch.set_default_dtype(before)
    scheduler = EulerDiscreteScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    return StableDiffusionXLPipeline(
        vae=None,
        text_encoder=text_encoder,
        text_encoder_2=text_encoder_2,
        tokenizer=tokenizer,
        tokenizer_2=_tiny_models().clip_tokenizer(),
        unet=unet,
        scheduler=scheduler,
        add_watermarker=False,
    )


def _tiny_models() -> Any:
    """The tiny models of the tests, which also know a tokenizer that needs no download."""
    sys.path.insert(0, str(ROOT))
    from tests import tiny_models

    return tiny_models


# ------------------------------------------------------------------------------------------------ steps


@contextmanager
def our_step(pipeline: Any, batch: int, side_px: int) -> Iterator[Callable[[], None]]:
    """One step of our loop on random latents."""
    import torch

    channels, side = pipeline.unet.config.in_channels, side_px // pipeline.vae_scale_factor
    latents = torch.randn(8, channels, side, side)
    material = Material(
        latents=latents, contents=("a person in a kitchen",) * 8,
        held_out_latents=latents[:1], held_out_contents=("a person in a kitchen",),
    )  # fmt: skip
    config = InversionConfig(batch=batch)
    noise = [torch.Generator() for _ in text_encoders(pipeline)]
    rows, scales = first_rows(pipeline, "watercolour", config.vectors, noise)
    start = Start(token=STYLE_TOKEN, rows=rows, scales=dict(zip(rows, scales, strict=True)))
    state = first_state(start)
    lesson = Lesson(pipeline, denoiser_of(pipeline), config, material, start, 7, state)

    def step() -> None:
        lesson.step(state)
        state.step += 1

    with new_token(pipeline, STYLE_TOKEN, lesson.rows):
        yield step


def plain_step(pipeline: Any, batch: int, side_px: int) -> Callable[[], None]:
    """One step of the plain kind, on the same model with all gradients on: tables trained, other rows restored."""
    import torch

    denoiser = denoiser_of(pipeline)
    pipeline.unet.requires_grad_(True)
    tables = [part.get_input_embeddings().weight for part in (pipeline.text_encoder, pipeline.text_encoder_2)]
    for table in tables:
        table.requires_grad_(True)
    kept = [table.detach().clone() for table in tables]
    new = pipeline.tokenizer.convert_tokens_to_ids("watercolour</w>")
    optimiser = torch.optim.AdamW(tables, lr=1e-3)
    side = side_px // pipeline.vae_scale_factor
    latents = torch.randn(batch, pipeline.unet.config.in_channels, side, side, device=pipeline.device)

    def step() -> None:
        level = torch.rand(batch, device=pipeline.device)
        noisy, timestep, target = noised(pipeline.scheduler, latents, torch.randn_like(latents), level)
        said = denoiser.predict(noisy, timestep, ["a person in a kitchen, watercolour"] * batch)
        torch.nn.functional.mse_loss(said, target).backward()
        optimiser.step()
        optimiser.zero_grad()
        with torch.no_grad():
            for table, before in zip(tables, kept, strict=True):
                row = table[new].clone()
                table.copy_(before)
                table[new] = row

    return step


# ------------------------------------------------------------------------------------------------ measuring


def seconds(step: Callable[[], None], device: str) -> float:
    """Median time of a step, after some to warm up."""
    import torch

    times = []
    for at in range(WARM + STEPS):
        began_s = time.perf_counter()
        step()
        if device == "cuda":
            torch.cuda.synchronize()
        if at >= WARM:
            times.append(time.perf_counter() - began_s)
    return statistics.median(times)


def matrix_rate(device: str) -> float:
    """FLOPs a second of a large matrix product in the precision of the weights."""
    import torch

    size, dtype = (8192, torch.bfloat16) if device == "cuda" else (512, torch.float32)
    one = torch.randn(size, size, device=device, dtype=dtype)

    def product() -> None:
        torch.matmul(one, one)

    return 2 * size**3 / seconds(product, device)


def peak_gib(device: str) -> float | None:
    """Most memory held since the last call, GiB; None on a CPU."""
    import torch

    if device != "cuda":
        return None
    peak = torch.cuda.max_memory_allocated() / 2**30
    torch.cuda.reset_peak_memory_stats()
    return round(peak, 2)


def measure(pipeline: Any, device: str, batch: int, side_px: int, rate: float) -> dict[str, Any]:
    """Floor, our step and the plain step at one batch."""
    floor = step_floor(pipeline, batch=batch, height_px=side_px, width_px=side_px)
    peak_gib(device)
    with our_step(pipeline, batch, side_px) as step:
        ours_s = seconds(step, device)
    ours_gib = peak_gib(device)
    plain_s = seconds(plain_step(pipeline, batch, side_px), device)
    return {
        "batch": batch,
        "side_px": side_px,
        **told(floor),
        "floor_s": floor.flops / rate,
        "ours_s": ours_s,
        "ours_steps_per_s": 1 / ours_s,
        "ours_tflops": floor.flops / ours_s / 1e12,
        "ours_share_of_matrix_rate": floor.flops / ours_s / rate,
        "ours_peak_gib": ours_gib,
        "plain_s": plain_s,
        "plain_peak_gib": peak_gib(device),
        "times_faster": plain_s / ours_s,
    }


def told(floor: StepFloor) -> dict[str, float]:
    """A floor in round units."""
    return {
        "floor_tflop": round(floor.flops / 1e12, 4),
        "forward_tflop": round(floor.forward_flops / 1e12, 4),
        "share_of_plain": round(floor.ratio_to_plain, 4),
        "weights_read_gb": round(floor.weight_bytes / 1e9, 3),
        "gradients_not_made_gb": round(floor.plain_gradient_bytes / 1e9, 3),
        "learned_kb": round(floor.learned_bytes / 1e3, 1),
    }


def main() -> None:
    """Count, and measure where there is something to measure on."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tiny", action="store_true", help="tiny weights on the CPU; writes nothing")
    parser.add_argument("--floor", action="store_true", help="count only")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 4])
    args = parser.parse_args()
    import torch

    if args.floor:
        pipeline = sdxl("meta")
        for batch in args.batches:
            floor = step_floor(pipeline, batch=batch, height_px=1024, width_px=1024)
            print(json.dumps({"batch": batch, "side_px": 1024, **told(floor)}))
        return
    if not args.tiny and not torch.cuda.is_available():
        raise SystemExit("no CUDA device here; --tiny runs the same code on the CPU, --floor only counts")
    device = "cpu" if args.tiny else "cuda"
    pipeline = _tiny_models().tiny_sdxl() if args.tiny else sdxl("cuda")
    rate = matrix_rate(device)
    name = "cpu" if args.tiny else torch.cuda.get_device_name()
    rows = [measure(pipeline, device, batch, 64 if args.tiny else 1024, rate) for batch in args.batches]
    results = {"device": name, "torch": torch.__version__, "matrix_tflops": rate / 1e12, "rows": rows}
    print(json.dumps(results, indent=2))
    if not args.tiny:
        write_whole(RESULTS / "gpu_inversion.json", (json.dumps(results, indent=2) + "\n").encode())


if __name__ == "__main__":
    main()
