"""How alike pictures are within a movie's style and between styles, of the offline painter, on this machine.

    python benchmarks/styles.py              # about 2 minutes; writes results/styles.json and .md
    python benchmarks/styles.py --scale 0.2  # a try-out; prints, writes nothing

A picture is described by what a style is, not by what it shows: a histogram of its colours (8 x 4 x 4 bins of
luminance and chroma), the energy of its texture at four sizes and in four directions with the share of edges, the
grain of its flat parts, and its border; what varies within styles counts less (whitened by the pooled covariance).
Measured: the mean cosine similarity of two pictures of the same style and of different ones, and how often the nearest
mean of a style, learned from other stories, names the style of a picture. It judges no beauty.
"""

import argparse
import io
import json
import random
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from moviellm.generation.config.recipe import ImageConfig
from moviellm.generation.files import write_whole
from moviellm.generation.paintings import FigureBrief, KeyframeBrief
from moviellm.generation.schema import EMOTIONS, SHOTS, TIMES_OF_DAY, WEATHERS, Figure, Style
from moviellm.generation.studio import looks
from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.places import INDOORS, PLACES
from moviellm.generation.studio.drawing.styles import style_rules
from moviellm.generation.studio.painter import OfflinePainter, paint_request

RESULTS = Path(__file__).parent / "results"
PICTURES = 60
"""Pictures of each style; half of them teach the means, half are named."""
SHRINK = 0.3
"""How far the covariance is drawn to its diagonal; there are fewer pictures than pairs of features."""
Features = npt.NDArray[np.float64]


# ------------------------------------------------------------------------------------------------ pictures


def story(seed: int, style_id: str) -> Image.Image:
    """One picture of a random shot, the same for every style but for the style."""
    r = random.Random(seed)
    place = r.choice(sorted(PLACES))
    things = [f"{r.choice(looks.COLOURS)} {kind}" for kind in r.sample(sorted(art_data("objects")), 2)]
    people = tuple(
        FigureBrief(
            figure=Figure(
                character_id=f"p{i:02d}",
                pose=r.choice(("stand", "walk", "talk", "sit", "point", "think")),
                emotion=r.choice(EMOTIONS),
                holding=things[0] if i == 0 and r.random() < 0.5 else None,
            ),
            name=f"p{i:02d}",
            appearance=looks.phrase(looks.Looks(**{name: r.choice(words) for name, words in looks.ALLOWED.items()})),
        )
        for i in range(r.choice((1, 2, 2, 3)))
    )
    brief = KeyframeBrief(
        keyframe_id="m00000-c00-s00-k00",
        prompt="",
        shot=r.choice(SHOTS),
        location=place,
        location_description="",
        location_kind=place,
        indoor=place in INDOORS,
        time_of_day=r.choice(TIMES_OF_DAY),
        weather=r.choice(WEATHERS),
        figures=people,
        props=tuple(things[1:]),
        action=None,
        object=None,
        place_key=str(seed),
        scene_key=str(seed),
        style=Style(
            style_id=style_id,
            keyword=style_id,
            description="",
            placeholder_token=None,
            base_model_id="",
            base_model_revision="",
            embedding_path=None,
            embedding_sha256=None,
        ),
        width_px=512,
        height_px=288,
    )
    request = OfflinePainter(ImageConfig(), 1).request("keyframe", brief, seed)
    return Image.open(io.BytesIO(paint_request(request.body())[1])).convert("RGB")


# ------------------------------------------------------------------------------------------------ features


def features(picture: Image.Image) -> Features:
    """What the style of a picture is described by."""
    rgb = np.asarray(picture, np.float64) / 255
    light = rgb @ (0.299, 0.587, 0.114)
    red, blue = rgb[..., 0] - light, rgb[..., 2] - light
    bins = np.histogramdd(
        np.stack([light.ravel(), red.ravel(), blue.ravel()], 1),
        bins=(8, 4, 4),
        range=((0, 1), (-0.35, 0.35), (-0.4, 0.4)),
    )[0]
    colours = np.sqrt(bins.ravel() / light.size)
    texture = []
    for step in (1, 2, 4, 8):
        small = light[: light.shape[0] // step * step, : light.shape[1] // step * step]
        small = small.reshape(small.shape[0] // step, step, small.shape[1] // step, step).mean((1, 3))
        for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
            change = np.abs(small - np.roll(small, (dy, dx), (0, 1)))[1:-1, 1:-1]
            texture += [np.log1p(100 * change.mean()), np.log1p(100 * np.median(change)), (change > 0.2).mean() ** 0.5]
    grain = light[1:-1, 1:-1] * 4 - light[:-2, 1:-1] - light[2:, 1:-1] - light[1:-1, :-2] - light[1:-1, 2:]
    flat = np.quantile(np.abs(grain), (0.1, 0.25, 0.5, 0.75, 0.9))
    rows = [np.abs(light[k:-3:3] - light[k + 1 : -2 : 3]).mean() for k in range(3)]
    edge = np.concatenate([rgb[:3].reshape(-1, 3), rgb[-3:].reshape(-1, 3)])
    border = [*edge.mean(0), *edge.std(0), float((np.abs(grain) < 1e-9).mean())]
    return np.concatenate([colours, np.array(texture), np.log1p(100 * flat), np.log1p(100 * np.array(rows)), border])


def measure(pictures: int) -> dict[str, object]:
    """Similarities and how often the nearest mean is right."""
    styles = tuple(style_rules())
    made = np.array([[features(story(seed, name)) for seed in range(pictures)] for name in styles])
    half = pictures // 2
    taught = made[:, :half]
    rest = (taught - taught.mean(1, keepdims=True)).reshape(-1, taught.shape[-1])
    covariance = np.cov(rest.T)
    covariance = (1 - SHRINK) * covariance + SHRINK * np.diag(np.diag(covariance)) + 1e-4 * np.eye(len(covariance))
    whiten = np.linalg.inv(np.linalg.cholesky(covariance)).T
    scaled = (made - taught.mean((0, 1))) @ whiten
    unit = scaled / np.linalg.norm(scaled, axis=-1, keepdims=True)
    alike = np.einsum("aif,bjf->aibj", unit, unit)
    pairs = ~np.eye(pictures, dtype=bool)
    within = [float(alike[k, :, k][pairs].mean()) for k in range(len(styles))]
    between = [float(np.delete(alike[k], k, axis=1).mean()) for k in range(len(styles))]
    means = scaled[:, :half].mean(1)
    distance = np.linalg.norm(scaled[:, half:, None] - means, axis=-1)
    named = distance.argmin(-1)
    right = named == np.arange(len(styles))[:, None]
    return {
        "pictures": pictures,
        "right": round(float(right.mean()), 4),
        "within": round(float(np.mean(within)), 3),
        "between": round(float(np.mean(between)), 3),
        "styles": {
            name: {
                "right": round(float(right[k].mean()), 3),
                "within": round(within[k], 3),
                "between": round(between[k], 3),
                "taken_for": sorted({styles[other] for other in named[k] if other != k}),
            }
            for k, name in enumerate(styles)
        },
    }


def markdown(results: dict[str, object]) -> str:
    """The results as a page."""
    styles = results["styles"]
    assert isinstance(styles, dict)
    rows = "\n".join(
        f"| {name} | {row['within']} | {row['between']} | {100 * row['right']:.0f} % | {', '.join(row['taken_for'])} |"
        for name, row in styles.items()
    )
    return f"""# Styles: how alike pictures are within one and between

Written by `python benchmarks/styles.py`; {results["pictures"]} pictures of each style, the same shots in every style.
Similarity is the cosine of colour histogram and texture, 0 for two pictures with nothing in common.

| style | within | to the others | named right | taken for |
|---|---:|---:|---:|---|
{rows}
| all | {results["within"]} | {results["between"]} | {100 * float(str(results["right"])):.1f} % | |
"""


def main() -> None:
    """Measure, print, and write the results down when nothing was shortened."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="share of the pictures; below 1 writes nothing")
    scale = parser.parse_args().scale
    if not 0 < scale <= 1:
        raise SystemExit(f"--scale is a share above 0 and up to 1, got {scale}")
    results = measure(max(4, round(PICTURES * scale)))
    print(markdown(results))
    if scale == 1:
        write_whole(RESULTS / "styles.json", (json.dumps(results, indent=2) + "\n").encode())
        write_whole(RESULTS / "styles.md", markdown(results).encode())


if __name__ == "__main__":
    main()
