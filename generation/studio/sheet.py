"""Contact sheets of the offline painter's art, for looking at.

    python -m moviellm.generation.studio.sheet OUT.png --what styles

Sheets: styles (four scenes in all twelve), places, people (faces and feelings), poses, objects, actions, weather,
shots. It measures nothing and is no part of a run.
"""

import argparse
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from PIL import Image

from moviellm.generation.config.recipe import ImageConfig
from moviellm.generation.paintings import FigureBrief, KeyframeBrief
from moviellm.generation.schema import EMOTIONS, POSES, SHOTS, TIMES_OF_DAY, WEATHERS, Figure, PropState, Style
from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.places import INDOORS, PLACES
from moviellm.generation.studio.drawing.styles import style_rules
from moviellm.generation.studio.painter import OfflinePainter, paint_request
from moviellm.generation.studio.script.staging import SPEECH, STAGINGS

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


def frame(style: str = "storybook", cast: Sequence[int] = (0, 1), seed: int = 7, **changes: Any) -> Image.Image:
    """One painted frame; `poses`, `emotions`, `facing` and `holding` go with `cast`."""
    poses = changes.pop("poses", ("talk", "stand"))
    emotions = changes.pop("emotions", ("happy", "calm", "worried", "tender"))
    facing = changes.pop("facing", ("in",))
    holding = changes.pop("holding", ())
    figures = tuple(
        FigureBrief(
            figure=Figure(
                character_id=f"p{who:02d}",
                pose=poses[i % len(poses)],
                emotion=emotions[i % len(emotions)],
                holding=holding[i] if i < len(holding) else None,
                facing=facing[i % len(facing)],
            ),
            name=f"p{who:02d}",
            appearance=CAST[who],
        )
        for i, who in enumerate(cast)
    )
    states = changes.pop("states", ())
    values: dict[str, Any] = {
        "keyframe_id": "m00000-c00-s00-k00",
        "prompt": "",
        "shot": "wide",
        "location": "the old street",
        "location_description": "",
        "indoor": False,
        "time_of_day": "day",
        "weather": "clear",
        "figures": figures,
        "props": (),
        "states": tuple(PropState(object=name, state=state) for name, state in states),
        "action": None,
        "object": None,
        "place_key": "sheet",
        "scene_key": "sheet",
        "style": _style(style),
        "width_px": SIZE[0],
        "height_px": SIZE[1],
    }
    brief = KeyframeBrief(**{**values, **changes})
    request = OfflinePainter(ImageConfig(quality=95), 1).request("keyframe", brief, seed)
    return Image.open(io.BytesIO(paint_request(request.body())[1])).convert("RGB")


def _style(style_id: str) -> Style:
    return Style(
        style_id=style_id,
        keyword=style_id,
        description="",
        placeholder_token=None,
        base_model_id="",
        base_model_revision="",
        embedding_path=None,
        embedding_sha256=None,
    )


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


THINGS: Final = {
    "open": "brown chest", "close": "brown chest", "lock": "brown chest", "light": "brass lantern",
    "put_out": "brass lantern", "read": "white letter", "write": "white letter", "eat": "red apple",
    "break": "white vase", "repair": "brown clock", "heal": "white bandage", "dig": "brown box", "bury": "brown box",
    "argue": "blue book",
}  # fmt: skip
TOOLS: Final = {
    "dig": "grey spade", "bury": "grey spade", "repair": "brown hammer", "open": "gold key", "lock": "gold key",
    "wound": "grey knife", "threaten": "grey knife", "search": "brass lantern", "trade": "silver ring",
    "free": "gold key",
}  # fmt: skip
SHOWN: Final = {"open": "open", "light": "lit", "break": "broken", "repair": "broken", "search": "lit"}
"""State that the thing, or the tool, of an action is in."""


def actions() -> Iterator[Image.Image]:
    """Every action as the writer stages it, wide and nearer."""
    for i, (name, staging) in enumerate(STAGINGS.items()):
        action = name.partition(".")[0]
        thing, tool = THINGS.get(action, "gold crown"), TOOLS.get(action)
        things = {"thing": thing, "target": tool, "": None}
        hands = (things[staging.holds], things[staging.other_holds] if staging.other_holds == "target" else None)
        pair = not {*staging.shots} <= {"wide", "medium", "close"} or staging.other_pose != "stand"
        speech = action in SPEECH or staging.pose in ("kneel", "sit", "point", "walk", "run", "think", "phone", "hug")
        held = tuple(hand if hand != thing or not speech else None for hand in hands)
        lying = (
            thing if thing not in held and not (action in SPEECH or staging.pose in ("walk", "run", "hug")) else None
        )
        shown = SHOWN.get(action)
        for shot in ("wide", staging.shots[0] if staging.shots[0] != "wide" else "medium"):
            yield frame(
                cast=(i % 8, (i + 3) % 8) if pair else (i % 8,),
                shot=shot,
                poses=(staging.pose, staging.other_pose),
                emotions=(staging.emotion, staging.other_emotion),
                facing=(staging.facing, staging.other_facing),
                holding=held,
                props=(lying,) if lying else (),
                states=((thing if shown != "lit" or action == "light" else tool, shown),) if shown else (),
                action=action,
                object=thing,
                location=("the garden", "the study")[i % 2],
                indoor=i % 2 == 1,
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
    "actions": actions,
    "weather": weather,
    "shots": shots,
}
COLUMNS: Final = {"people": 6, "weather": 6, "actions": 8, "poses": 6}


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
