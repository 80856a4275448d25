"""Contact sheets of the offline painter's art, for looking at.

    python -m moviellm.generation.studio.sheet OUT.png --what styles

Sheets: styles (four scenes in all twelve), places, people (faces and feelings), poses, objects, weather, shots. It
measures nothing and is no part of a run.
"""

import argparse
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from PIL import Image

from moviellm.generation.schema import EMOTIONS, POSES, SHOTS, TIMES_OF_DAY, WEATHERS
from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.places import INDOORS, PLACES
from moviellm.generation.studio.drawing.styles import style_rules
from moviellm.generation.studio.painter import paint_request

SIZE: Final = (512, 288)
CAST: Final = (
    "a slim person with red bob hair, fair skin, a teal coat and a scarf",
    "a stout person with grey short hair, tan skin, a red coat and a brimmed hat",
    "a child with black curly hair, dark skin, a yellow jumper and nothing else",
    "an elderly person with white bun hair, pale skin, a purple dress and glasses",
    "a tall person with black short hair, brown skin, an orange jacket and a beard",
    "a person of middle build with black braids hair, deep skin, a white apron and nothing else",
    "a tall person with blond ponytail hair, pale skin, a blue coat and a cap",
    "a person of middle build with brown long hair, tan skin, a green dress and a headscarf",
)


def frame(style: str = "storybook", cast: Sequence[int] = (0, 1), **changes: Any) -> Image.Image:
    """One painted frame; `poses`, `emotions` and `holding` go with `cast`."""
    poses = changes.pop("poses", ("talk", "stand"))
    emotions = changes.pop("emotions", ("happy", "calm", "worried", "tender"))
    holding = changes.pop("holding", (None, None, None, None))
    figures = [
        {
            "figure": {
                "character_id": f"m00001-p{who:02d}",
                "pose": poses[i % len(poses)],
                "emotion": emotions[i % len(emotions)],
                "holding": holding[i] if i < len(holding) else None,
            },
            "appearance": CAST[who],
        }
        for i, who in enumerate(cast)
    ]
    inputs = {
        "shot": "wide",
        "location": "the old street",
        "location_description": "",
        "indoor": False,
        "time_of_day": "day",
        "weather": "clear",
        "figures": figures,
        "props": [],
        "object": None,
        "scene_key": "sheet",
        "style": {"style_id": style},
        **changes,
    }
    params = {"width_px": SIZE[0], "height_px": SIZE[1], "format": "jpeg", "quality": 95}
    _, data = paint_request({"params": params, "inputs": inputs, "seed": 7})
    return Image.open(io.BytesIO(data)).convert("RGB")


def styles() -> Iterator[Image.Image]:
    """Every style: a rainy street, a study at night, a close-up, an insert."""
    for style in style_rules():
        umbrella = ("red umbrella", None, None)
        yield frame(
            style, (0, 6, 1), poses=("walk", "walk", "stand"), holding=umbrella, time_of_day="dusk", weather="rain"
        )
        yield frame(
            style,
            (3, 4),
            location="the study",
            indoor=True,
            time_of_day="night",
            poses=("read", "think"),
            holding=("red book",),
            props=["gold watch"],
        )
        yield frame(
            style,
            (0, 1),
            shot="two_shot",
            location="the train",
            indoor=True,
            time_of_day="dusk",
            props=["white cup"],
            emotions=("worried", "sad"),
        )
        yield frame(style, (5,), shot="close", location="the garden", emotions=("happy",), holding=("silver key",))


def all_places() -> Iterator[Image.Image]:
    """Every place by day and by night."""
    for i, name in enumerate(PLACES):
        place: dict[str, Any] = {
            "location": f"the {name}",
            "indoor": name in INDOORS,
            "props": ["green bottle", "brown chest"],
        }
        yield frame(cast=(i % 8, (i + 3) % 8), poses=("walk", "point"), **place)
        yield frame(cast=((i + 5) % 8,), poses=("sit",), holding=("white letter",), time_of_day="night", **place)


def people() -> Iterator[Image.Image]:
    """Everybody close, and in a medium shot of two."""
    for i in range(len(CAST)):
        yield frame(cast=(i,), shot="close", emotions=(EMOTIONS[i],), location="the market")
        yield frame(
            cast=(i, (i + 3) % 8), shot="medium", emotions=(EMOTIONS[i], EMOTIONS[(i + 4) % 8]), location="the garden"
        )
        yield frame(cast=(i, (i + 5) % 8), shot="over_shoulder", emotions=(EMOTIONS[i],), location="the harbour")


def poses() -> Iterator[Image.Image]:
    """Every pose wide and in a medium shot."""
    for i, pose in enumerate(POSES):
        yield frame(cast=(i % 8, (i + 3) % 8), poses=(pose, "stand"), location="the field")
        yield frame(cast=(i % 8,), poses=(pose,), shot="medium", location="the beach")


def objects() -> Iterator[Image.Image]:
    """Every object held, and as an insert."""
    for i, name in enumerate(art_data("objects")):
        yield frame(
            cast=(i % 8,),
            poses=("stand",),
            shot="medium",
            location="the room",
            indoor=True,
            holding=(name,),
            props=[name + " again"],
        )
        yield frame(
            cast=(i % 8,),
            shot="insert",
            location="the inn",
            indoor=True,
            holding=(name,) if i % 2 else (None,),
            props=[name, "blue book"],
        )


def weather() -> Iterator[Image.Image]:
    """Every hour in every weather, outside and through a window."""
    for hour in TIMES_OF_DAY:
        for sky in WEATHERS:
            yield frame(cast=(0,), location="the field", time_of_day=hour, weather=sky)
            yield frame(cast=(1,), location="the study", indoor=True, time_of_day=hour, weather=sky)


def shots() -> Iterator[Image.Image]:
    """Every framing with one to four people."""
    for shot in SHOTS:
        for count in (1, 2, 3, 4):
            yield frame(
                cast=(0, 4, 2, 3)[:count],
                shot=shot,
                poses=("give", "talk"),
                holding=("gold key",),
                props=["red apple"],
                location="the kitchen",
                indoor=True,
            )


SHEETS: Final = {
    "styles": styles,
    "places": all_places,
    "people": people,
    "poses": poses,
    "objects": objects,
    "weather": weather,
    "shots": shots,
}
COLUMNS: Final = {"people": 6, "weather": 4}


def sheet(what: str, width_px: int = 384) -> Image.Image:
    """One picture of all frames, each `width_px` wide."""
    frames = list(SHEETS[what]())
    columns = COLUMNS.get(what, 4)
    height_px, gap = width_px * SIZE[1] // SIZE[0], 6
    rows = -(-len(frames) // columns)
    size = (columns * (width_px + gap) + gap, rows * (height_px + gap) + gap)
    out = Image.new("RGB", size, "#f4efe4")
    for i, picture in enumerate(frames):
        x, y = gap + i % columns * (width_px + gap), gap + i // columns * (height_px + gap)
        out.paste(picture.resize((width_px, height_px), Image.Resampling.LANCZOS), (x, y))
    return out


def main() -> None:
    """Draw a sheet."""
    parser = argparse.ArgumentParser(description="Draw a contact sheet of the offline painter's art.")
    parser.add_argument("out", type=Path, help="picture to write, e.g. styles.png")
    parser.add_argument("--what", choices=sorted(SHEETS), default="styles")
    parser.add_argument("--width", type=int, default=384, help="width of a frame in px")
    arguments = parser.parse_args()
    sheet(arguments.what, arguments.width).save(arguments.out)


if __name__ == "__main__":
    main()
