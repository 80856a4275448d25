"""Does textual inversion lock a style? A small real text-to-image model, with the learned token and without it.

    python benchmarks/inversion.py --work /tmp/inversion        # under 30 minutes on 2 idle cores; writes results
    python benchmarks/inversion.py --work /tmp/try --scale 0.05 # a try-out of the machinery; prints, writes none

A model (tiny_painter_model.py) learns to paint from captioned keyframes of the offline studio in six styles.
Captions name five of them by words that two styles share, and one not at all. Then `learn_style` and
`use_style`, as shipped, lock styles on it in two ways: from a style's words alone, as the paper does (the model paints
the style images itself, the odd ones are dropped), and from a few real pictures of a style. The same prompts and seeds
are painted with content alone, with content and the style's words, and with content and the token. Judges that know
real pictures only (tiny_painter_judges.py) say how near each frame is to held-out real pictures of the style, and
whether it still shows the place that was asked for. What lies in --work already is not made again.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from painting import RESULTS, machine
from PIL import Image
from tiny_painter import (
    NAMELESS,
    PLACES,
    SIDE_PX,
    WORDS,
    Picture,
    make_pictures,
    phrases,
    read_pictures,
)
from tiny_painter_judges import STYLES, Judges, interval

from moviellm.generation.config.models import InversionConfig
from moviellm.generation.files import write_whole
from moviellm.generation.painters.inversion import learning
from moviellm.generation.painters.inversion.style_images import StylePicture

MOVIES, MOVIES_HELD_OUT = 28, 6
"""Movies of each style for the model, and for the judges' means and the prompts."""
BY_WORDS = ("pastel", "noir", "neon")
"""Styles locked from their words alone."""
BY_PICTURES = (NAMELESS, "woodcut")
"""Styles locked from real pictures: one that no caption names, one that captions name weakly."""
TEACHERS = 12
"""Real pictures that teach one."""
PROMPTS = 48
PAINT = {"num_inference_steps": 25, "guidance_scale": 3.0, "height": SIDE_PX, "width": SIDE_PX}
CONFIG = InversionConfig(
    images=24, keep=0.75, held_out=4, vectors=4, steps=300, warmup_steps=20, batch=8, every_steps=25, patience=4
)
AT_A_TIME = 16
SHOWN = 8
"""Frames of a row of the contact sheet."""
Frames = list[Image.Image]


def note(text: str) -> None:
    """Say how far it is."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def paint(pipeline: Any, prompts: Sequence[str], path: Path) -> Frames:
    """A frame for each prompt, its seed the prompt's number; from `path` where it was painted before."""
    import torch

    if not path.is_file():
        frames: list[Any] = []
        for first in range(0, len(prompts), AT_A_TIME):
            part = list(prompts[first : first + AT_A_TIME])
            noise = [torch.Generator().manual_seed(first + at) for at in range(len(part))]
            frames += [np.asarray(image) for image in pipeline(prompt=part, generator=noise, **PAINT).images]
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            np.save(file, np.stack(frames))
    return [Image.fromarray(frame) for frame in np.load(path)]


def lock(pipeline: Any, style: str, config: InversionConfig, real: Sequence[Picture], work: Path) -> Any:
    """The learned token of a style and the facts, by words or by pictures."""
    keyword = WORDS[style][0] if WORDS[style] else "style"
    common: dict[str, Any] = {"keyword": keyword, "seed": 7, "folder": work / f"style-{style}"}
    common["note"] = partial(_noted, style)
    if style in BY_PICTURES:
        own = [picture for picture in real if picture.style == style]
        count = min(len(own), TEACHERS + config.held_out)
        spaced = [own[at * len(own) // count] for at in range(count)]
        pictures = [StylePicture(content=picture.content, image=picture.image) for picture in spaced]
        return learning.learn_from_pictures(pipeline, config, pictures, **common)
    return learning.learn_style(pipeline, config, phrases=phrases(style), options=PAINT, **common)


def _noted(style: str, text: str) -> None:
    note(f"  {style}: {text}")


def judged(judges: Judges, frames: Frames, style: str, places: Sequence[str]) -> dict[str, Any]:
    """What the judges say of one set of frames."""
    right = judges.named_place(frames) == np.array([PLACES.index(place) for place in places])
    return {
        "similarity": judges.style_similarity(frames, style),
        "named": (judges.named_style(frames) == STYLES.index(style)).astype(float),
        "place": right.astype(float),
        "alike": judges.alike(frames),
    }


def one_style(
    pipeline: Any,
    judges: Judges,
    style: str,
    config: InversionConfig,
    teachers: Sequence[Picture],
    asked: Sequence[Picture],
    work: Path,
) -> tuple[dict[str, Any], dict[str, Frames]]:
    """Everything about one style: how it was learned, what the judges say, and the frames."""
    contents, places = [picture.content for picture in asked], [picture.place for picture in asked]
    note(f"{style}: learning")
    began_s = time.monotonic()
    learned, facts = lock(pipeline, style, config, teachers, work)
    learned_s = time.monotonic() - began_s
    note(f"{style}: painting")
    frames = {"without": paint(pipeline, contents, work / "frames" / "without.npy")}
    if WORDS[style]:
        prompts = [f"{content}, {phrases(style)}" for content in contents]
        frames["words"] = paint(pipeline, prompts, work / "frames" / f"{style}-words.npy")
    with learning.use_style(pipeline, learned):
        prompts = [learning.style_prompt(content) for content in contents]
        frames["token"] = paint(pipeline, prompts, work / "frames" / f"{style}-token.npy")
    said = {name: judged(judges, part, style, places) for name, part in frames.items()}
    row: dict[str, Any] = {
        "style": style,
        "locked_from": "pictures" if style in BY_PICTURES else "words",
        "words": phrases(style),
        "learned_s": round(learned_s),
        "real_similarity": round(judges.real_similarity[STYLES.index(style)], 3),
        "facts": {key: value for key, value in facts.items() if key != "held_out_losses"},
        "frames": {name: _told(one) for name, one in said.items()},
        "token_less": {
            name: {key: _three(said["token"][key] - said[name][key]) for key in ("similarity", "named", "place")}
            for name in frames
            if name != "token"
        },
    }
    return row, frames


def _told(said: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {key: _three(said[key]) for key in ("similarity", "named", "place")}
    return told | {"alike": round(said["alike"], 3)}


def _three(values: Any) -> list[float]:
    return [round(number, 3) for number in interval(values)]


def sheet(shown: dict[str, dict[str, Frames]], held_out: Sequence[Picture]) -> Image.Image:
    """A row of frames for each style and way of asking, real pictures of the style above them."""
    rows: list[Frames] = []
    for style, frames in shown.items():
        rows.append([picture.image for picture in held_out if picture.style == style][-SHOWN:])
        rows += [part[:SHOWN] for part in frames.values()]
    page = Image.new("RGB", (SHOWN * SIDE_PX, len(rows) * SIDE_PX + 6 * len(shown)), "white")
    top, at = 0, 0
    for frames in shown.values():
        top += 6
        for _ in range(len(frames) + 1):
            for column, image in enumerate(rows[at]):
                page.paste(image, (column * SIDE_PX, top))
            top, at = top + SIDE_PX, at + 1
    return page


# ------------------------------------------------------------------------------------------------ cost


def cost(pipeline: Any, config: InversionConfig) -> dict[str, float]:
    """A step on this machine: counted against the floor, and timed against the floor at the measured matrix rate."""
    from gpu_inversion import matrix_rate, our_step, seconds

    from moviellm.generation.painters.inversion.cost import counted, step_floor

    floor = step_floor(pipeline, batch=config.batch, height_px=SIDE_PX, width_px=SIDE_PX, vectors=config.vectors)
    with our_step(pipeline, config.batch, SIDE_PX) as step:
        flops = counted(step)
        step_s = seconds(step, "cpu")
    rate = matrix_rate("cpu")
    return {
        "batch": config.batch,
        "floor_gflop": round(floor.flops / 1e9, 3),
        "counted_to_floor": round(flops / floor.flops, 4),
        "share_of_plain": round(floor.ratio_to_plain, 3),
        "matrix_gflops": round(rate / 1e9, 1),
        "floor_s": round(floor.flops / rate, 4),
        "step_s": round(step_s, 4),
        "share_of_matrix_rate": round(floor.flops / rate / step_s, 3),
    }


# ------------------------------------------------------------------------------------------------ results


def markdown(results: dict[str, Any]) -> str:
    """The results as a page."""
    rows = "\n".join(_table_row(row, name) for row in results["styles"] for name in row["frames"])
    gains = "\n".join(_gain_row(row, name) for row in results["styles"] for name in row["token_less"])
    model, step, where = results["model"], results["cost"], results["machine"]
    return f"""# Textual inversion on a small real text-to-image model

Written by `python benchmarks/inversion.py` on {where["date"]}, {where["cores"]} cores of {where["cpu"]}.
The model has {model["parameters"] / 1e6:.1f} million parameters and was trained for {model["steps"]} steps of
{model["batch"]} on {model["pictures"]} captioned keyframes ({model["cpu_seconds"]} processor seconds).
{results["prompts"]} prompts, the same seeds in every row; intervals are 95 %, by bootstrap over the prompts.
The judge of styles names {100 * results["style_right"]:.0f} % of held-out real pictures right, the judge of
places {100 * results["place_right"]:.0f} % (chance: {100 / len(PLACES):.0f} %).

| style | locked from | prompt | similarity to real | named as it | place is right | frame to frame |
|---|---|---|---:|---:|---:|---:|
{rows}

What the token gains, frame by frame:

| style | token less | similarity to real | named as it | place is right |
|---|---|---:|---:|---:|
{gains}

![Real pictures of each style, then frames without it, with its words, with its token](inversion.jpg)

A step of {step["batch"]} costs {step["counted_to_floor"]:.3f} of its counted floor of {step["floor_gflop"]} GFLOP,
which is {step["share_of_plain"]} of a step that makes the gradients of all weights.
It takes {1000 * step["step_s"]:.0f} ms; at the matrix rate measured here ({step["matrix_gflops"]} GFLOP/s) the floor
is {1000 * step["floor_s"]:.0f} ms.
"""


def _percent(three: Sequence[float]) -> str:
    return f"{100 * three[0]:.0f} % ({100 * three[1]:.0f} to {100 * three[2]:.0f})"


def _table_row(row: dict[str, Any], name: str) -> str:
    said = row["frames"][name]
    asked = {"without": "content", "words": f"content, {row['words']}", "token": "content and token"}[name]
    similarity = f"{said['similarity'][0]:.2f} ({said['similarity'][1]:.2f} to {said['similarity'][2]:.2f})"
    shares = f"{_percent(said['named'])} | {_percent(said['place'])}"
    return f"| {row['style']} | {row['locked_from']} | {asked} | {similarity} | {shares} | {said['alike']:.2f} |"


def _gain_row(row: dict[str, Any], name: str) -> str:
    gain = row["token_less"][name]
    similarity = f"{gain['similarity'][0]:+.2f} ({gain['similarity'][1]:+.2f} to {gain['similarity'][2]:+.2f})"
    return f"| {row['style']} | {name} | {similarity} | {_percent(gain['named'])} | {_percent(gain['place'])} |"


def measure(work: Path, scale: float) -> tuple[dict[str, Any], Image.Image]:
    """Make what is missing, paint, judge."""
    from tiny_painter_model import STEPS, trained_pipeline

    movies = max(2, round(MOVIES * scale))
    made: Callable[[str, int, int], list[Picture]] = lambda style, count, seed: read_pictures(  # noqa: E731
        make_pictures(work / ("held-out" if seed else "runs"), style, count, seed), style
    )
    note("movies")
    real = [picture for style in STYLES for picture in made(style, movies, 0)]
    held_out = [picture for style in STYLES for picture in made(style, max(2, round(MOVIES_HELD_OUT * scale)), 500)]
    judges = Judges(real, held_out)
    note(f"judges: style {judges.style_right:.0%}, place {judges.place_right:.0%} right on held-out pictures")
    pipeline, model = trained_pipeline(work / "model.safetensors", real, max(4, round(STEPS * scale)))
    config = CONFIG.model_copy(update={"steps": max(4, round(CONFIG.steps * scale))})
    asked = _asked(held_out, max(4, round(PROMPTS * scale)))
    results: dict[str, Any] = {
        "machine": machine(), "model": model, "prompts": len(asked), "styles": [],
        "style_right": judges.style_right, "place_right": judges.place_right,
    }  # fmt: skip
    shown: dict[str, dict[str, Frames]] = {}
    for style in (*BY_WORDS, *BY_PICTURES):
        row, shown[style] = one_style(pipeline, judges, style, config, real, asked, work)
        results["styles"].append(row)
    results["cost"] = cost(pipeline, config)
    return results, sheet(shown, held_out)


def _asked(held_out: Sequence[Picture], count: int) -> list[Picture]:
    """Prompts from held-out pictures, every place in turn; the style of the picture plays no part."""
    by_place: dict[str, list[Picture]] = {}
    for picture in held_out:
        if picture.people <= 2 and picture.content not in [other.content for other in by_place.get(picture.place, [])]:
            by_place.setdefault(picture.place, []).append(picture)
    asked: list[Picture] = []
    turn = 0
    while len(asked) < count and any(len(part) > turn for part in by_place.values()):
        asked += [part[turn] for part in by_place.values() if len(part) > turn]
        turn += 1
    return asked[:count]


def main() -> None:
    """Measure, print, and write the results down when nothing was shortened."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--work", type=Path, required=True, help="folder for movies, model, states and frames")
    parser.add_argument("--scale", type=float, default=1.0, help="share of everything; below 1 writes no result")
    parser.add_argument("--threads", type=int, default=0, help="threads of torch; 0 leaves it to torch")
    args = parser.parse_args()
    if not 0 < args.scale <= 1:
        raise SystemExit(f"--scale is a share above 0 and up to 1, got {args.scale}")
    if args.threads:
        import torch

        torch.set_num_threads(args.threads)
    results, page = measure(args.work, args.scale)
    print(markdown(results))
    page.save(args.work / "inversion.png")
    if args.scale == 1:
        write_whole(RESULTS / "inversion.json", (json.dumps(results, indent=2) + "\n").encode())
        write_whole(RESULTS / "inversion.md", markdown(results).encode())
        page.save(RESULTS / "inversion.jpg", quality=85)


if __name__ == "__main__":
    main()
