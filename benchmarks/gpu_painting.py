"""Keyframes a second of the diffusion painter on an accelerator, against the loop that paints one picture at a time.

    python benchmarks/gpu_painting.py               # needs a GPU; writes results/gpu_painting.json and .md
    python benchmarks/gpu_painting.py --tiny        # tries the script out on the CPU; prints, writes nothing

A pipeline of the size of Stable Diffusion XL (2.6 billion weights in the UNet), random weights in bfloat16: nothing is
downloaded; what it paints means nothing, what it computes is the same. The loop is the original's: prompt in, one
picture out, saved as PNG, and the next. The painter gets the same prompts, seeds, size and steps through
`DiffusionPainter.paint`, encoding included, at several widths of the batch. Both run in one process, in turns; the
first turn warms up and does not count. Arithmetic is counted by torch's own counter over one picture and held against
the rate of a large matrix product on the same device in the same run. It measures no quality and no download.
"""

import argparse
import asyncio
import io
import json
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from moviellm.generation.config.recipe import Recipe  # noqa: E402
from moviellm.generation.files import write_whole  # noqa: E402
from moviellm.generation.painters.diffusion import DiffusionPainter  # noqa: E402
from moviellm.generation.painters.pipelines import best_device, place  # noqa: E402
from moviellm.generation.paintings import KeyframeBrief  # noqa: E402
from moviellm.generation.protocols import Request  # noqa: E402
from moviellm.generation.schema import Style  # noqa: E402
from tests.tiny_models import clip_tokenizer, tiny_sdxl  # noqa: E402

RESULTS = Path(__file__).parent / "results"
PROMPT = "medium shot of a tall person with red bob hair, fair skin and a teal coat, reading letter {}; the old pier"
MATRIX = 8192


# ---------------------------------------------------------------- the model


def sdxl_size() -> Any:
    """A pipeline with the configuration of SDXL's published parts and random weights."""
    import torch
    from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionXLPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    with torch.device(best_device()):
        unet = UNet2DConditionModel(
            sample_size=128,
            block_out_channels=(320, 640, 1280),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            transformer_layers_per_block=(1, 2, 10),
            attention_head_dim=(5, 10, 20),
            cross_attention_dim=2048,
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=256,
            projection_class_embeddings_input_dim=2816,
        )
        vae = AutoencoderKL(
            block_out_channels=(128, 256, 512, 512),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            layers_per_block=2,
            latent_channels=4,
            sample_size=1024,
            scaling_factor=0.13025,
        )
        texts = [
            CLIPTextConfig(vocab_size=49408, hidden_size=768, intermediate_size=3072, num_hidden_layers=12,
                           num_attention_heads=12, projection_dim=768),
            CLIPTextConfig(vocab_size=49408, hidden_size=1280, intermediate_size=5120, num_hidden_layers=32,
                           num_attention_heads=20, projection_dim=1280, hidden_act="gelu"),
        ]  # fmt: skip
        text_encoder, text_encoder_2 = CLIPTextModel(texts[0]), CLIPTextModelWithProjection(texts[1])
    torch.set_default_dtype(torch.float32)
    return StableDiffusionXLPipeline(
        unet=unet,
        vae=vae,
        text_encoder=text_encoder,
        text_encoder_2=text_encoder_2,
        tokenizer=clip_tokenizer(),
        tokenizer_2=clip_tokenizer(),
        scheduler=EulerDiscreteScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear"),
        add_watermarker=False,
    )


# ---------------------------------------------------------------- what is measured


def matrix_tflops(device: str, side: int) -> float:
    """The rate of a product of two square bfloat16 matrices, TFLOP/s: the median of ten."""
    import torch

    one, other = (torch.randn(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))
    rates = []
    for _ in range(12):
        start = seconds(device)
        one @ other
        rates.append(2 * side**3 / (seconds(device) - start) / 1e12)
    return statistics.median(rates[2:])


def seconds(device: str) -> float:
    """The clock, when the device has done everything that was asked of it."""
    import torch

    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def tflop_a_picture(pipeline: Any, args: argparse.Namespace) -> float:
    """Arithmetic of one picture, counted by torch over a picture of one step and one of two."""
    from torch.utils.flop_counter import FlopCounterMode

    counts = []
    for steps in (1, 2):
        with FlopCounterMode(display=False) as counter:
            pipeline(PROMPT.format(0), num_inference_steps=steps, **size(args))
        counts.append(counter.get_total_flops())
    return (counts[0] + (args.steps - 1) * (counts[1] - counts[0])) / 1e12


def size(args: argparse.Namespace) -> dict[str, int]:
    """The size of a picture as the pipeline's call takes it."""
    return {"width": args.width_px, "height": args.height_px}


def loop_s(pipeline: Any, requests: list[Request], args: argparse.Namespace) -> float:
    """Seconds of the plain loop: one prompt, one picture, saved, and the next."""
    import torch

    start = seconds(args.device)
    for request in requests:
        phrases: Any = request.inputs["phrases"]
        picture = pipeline(
            ", ".join(phrases),
            num_inference_steps=args.steps,
            guidance_scale=args.guidance,
            generator=torch.Generator("cpu").manual_seed(request.seed),
            **size(args),
        ).images[0]
        picture.save(io.BytesIO(), "PNG")
    return seconds(args.device) - start


def painter_s(pipeline: Any, requests: list[Request], width: int, args: argparse.Namespace) -> float:
    """Seconds of the painter for the same requests, asked for side by side."""

    async def paint() -> float:
        painter = DiffusionPainter(recipe(args, width), Path(args.folder), lambda source: pipeline)
        start = seconds(args.device)
        await asyncio.gather(*(painter.paint(request) for request in requests))
        took = seconds(args.device) - start
        await painter.close()
        return took

    return asyncio.run(paint())


def recipe(args: argparse.Namespace, width: int) -> Recipe:
    """The painter's recipe; the folder only gives the model a name."""
    return Recipe.model_validate(
        {
            "themes": ["a pier"],
            "painter": "diffusers",
            "painting": {"model": args.folder, "steps": args.steps, "guidance": args.guidance},
            "image": {"width_px": args.width_px, "height_px": args.height_px},
            "engine": {"images_at_a_time": width},
        }
    )


def asked(args: argparse.Namespace) -> list[Request]:
    """The keyframes to paint."""
    painter = DiffusionPainter(recipe(args, 1), Path(args.folder))
    # fmt: off
    look = Style(style_id="ink", keyword="ink", description="ink on wet paper", placeholder_token=None,
                 base_model_id="random", base_model_revision="0", embedding_path=None, embedding_sha256=None)
    # fmt: on
    briefs = [
        KeyframeBrief(
            keyframe_id=f"k{at}",
            prompt=PROMPT.format(at),
            shot="medium",
            location="the old pier",
            location_description="planks",
            indoor=False,
            time_of_day="day",
            weather="clear",
            figures=(),
            props=(),
            action=None,
            object=None,
            place_key="0",
            scene_key="0",
            style=look,
            width_px=args.width_px,
            height_px=args.height_px,
        )
        for at in range(args.pictures)
    ]  # fmt: skip
    return [painter.request("keyframe", brief, at) for at, brief in enumerate(briefs)]


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Everything, in turns."""
    import torch

    pipeline = tiny_sdxl() if args.tiny else sdxl_size()
    pipeline.set_progress_bar_config(disable=True)
    requests = asked(args)
    peak = matrix_tflops(args.device, 512 if args.tiny else MATRIX)
    place(pipeline, 0)
    tflop = tflop_a_picture(pipeline, args)
    ways: dict[str, Callable[[], float]] = {"one at a time": lambda: loop_s(pipeline, requests, args)}
    ways |= {f"width {w}": lambda w=w: painter_s(pipeline, requests, w, args) for w in args.widths}  # type: ignore[misc]
    took = in_turns(ways, args.rounds)
    if args.compile and args.device == "cuda":
        pipeline.unet.compile_repeated_blocks()
        best = max(args.widths)
        took |= in_turns({f"width {best}, compiled": lambda: painter_s(pipeline, requests, best, args)}, args.rounds)
    rows = []
    for name, times in took.items():
        rate = args.pictures / statistics.median(times)
        rows.append(
            {
                "way": name,
                "seconds": times,
                "pictures_per_s": rate,
                "tflops": rate * tflop,
                "of_matrix_rate": rate * tflop / peak,
            }
        )
    return {
        "device": torch.cuda.get_device_name() if args.device == "cuda" else platform.processor() or "CPU",
        "written": datetime.now(UTC).date().isoformat(),
        "pictures": args.pictures, "steps": args.steps, "guidance": args.guidance,
        "width_px": args.width_px, "height_px": args.height_px,
        "matrix_tflops": peak, "tflop_a_picture": tflop, "rows": rows,
        "packages": {name: version(name) for name in ("torch", "diffusers", "transformers")},
    }  # fmt: skip


def in_turns(ways: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Seconds of every way, round by round; the first round is left out."""
    took: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, run in ways.items():
            spent = run()
            print(f"round {turn} {name}: {spent:.2f} s", flush=True)
            if turn:
                took[name].append(spent)
    return took


def report(facts: dict[str, Any]) -> str:
    """The results as a page."""
    packages = ", ".join(f"{name} {number}" for name, number in facts["packages"].items())
    first = facts["rows"][0]["pictures_per_s"]
    lines = [
        "# Painting on an accelerator",
        "",
        f"Written by `python benchmarks/gpu_painting.py` on {facts['written']}; numbers in `gpu_painting.json`.",
        "",
        f"{facts['device']}; {packages}. SDXL's size, random weights, bfloat16; {facts['pictures']} pictures of "
        f"{facts['width_px']}x{facts['height_px']}, {facts['steps']} steps, guidance {facts['guidance']:g}.",
        f"One picture takes {facts['tflop_a_picture']:.1f} TFLOP; a product of two {MATRIX} matrices runs at "
        f"{facts['matrix_tflops']:.0f} TFLOP/s.",
        "",
        "| way | pictures/s | against the loop | TFLOP/s | of the matrix rate |",
        "|---|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {row['way']} | {row['pictures_per_s']:.3f} | {row['pictures_per_s'] / first:.2f} "
        f"| {row['tflops']:.1f} | {row['of_matrix_rate']:.1%} |"
        for row in facts["rows"]
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and write."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", action="store_true", help="a tiny pipeline, to try the script out; writes nothing")
    parser.add_argument("--pictures", type=int, default=32)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--widths", type=int, nargs="+", default=[1, 4, 8, 16])
    parser.add_argument("--no-compile", dest="compile", action="store_false")
    args = parser.parse_args()
    args.guidance, args.width_px, args.height_px, args.device = 5.0, 1344, 768, best_device()
    if args.tiny:
        args.pictures, args.steps, args.rounds, args.widths = 4, 2, 1, [1, 4]
        args.width_px = args.height_px = 64
        args.device = "cpu"
        torch.set_num_threads(1)
    elif args.device != "cuda":
        raise SystemExit("no CUDA device here; --tiny tries the script out on the CPU")
    with tempfile.TemporaryDirectory() as folder:
        args.folder = folder
        facts = measure(args)
    if args.tiny:
        ways = ", ".join(row["way"] for row in facts["rows"])
        print(f"tried out on a tiny pipeline ({ways}): the times say nothing, and nothing is written")
        return
    print(report(facts))
    write_whole(RESULTS / "gpu_painting.json", (json.dumps(facts, indent=1) + "\n").encode())
    write_whole(RESULTS / "gpu_painting.md", report(facts).encode())


if __name__ == "__main__":
    main()
