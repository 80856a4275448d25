"""Keyframes to paint, for the tests of the offline painter."""

import numpy as np

from moviellm.generation.config.recipe import ImageConfig
from moviellm.generation.paintings import FigureBrief, KeyframeBrief, Painting
from moviellm.generation.schema import Figure, PropState, Style
from moviellm.generation.studio import painter
from moviellm.generation.studio.drawing.raster import rasterise
from moviellm.generation.studio.drawing.scene import Frame, compose, view_of

PHRASES = (
    "a slim person with red bob hair, fair skin, a teal coat and glasses",
    "a stout person with a bald head, tan skin, a red coat and a brimmed hat",
    "a child with black curly hair, dark skin, a yellow jumper and nothing else",
    "an elderly person with white bun hair, pale skin, a purple dress and a scarf",
)
NOBODY = (None, None, None, None)


def style(style_id="storybook"):
    return Style(
        style_id=style_id,
        keyword=style_id,
        description="",
        placeholder_token=None,
        base_model_id=painter.MODEL_ID,
        base_model_revision="1",
        embedding_path=None,
        embedding_sha256=None,
    )


def figures(*poses, holding=NOBODY, emotion="calm", facing=("in",), phrases=PHRASES):
    return tuple(
        FigureBrief(
            figure=Figure(
                character_id=f"p0{i}",
                pose=pose,
                emotion=emotion,
                holding=holding[i],
                facing=facing[i % len(facing)],
            ),
            name=f"N{i}",
            appearance=phrases[i],
        )
        for i, pose in enumerate(poses)
    )


def brief(**changes):
    values = {
        "keyframe_id": "m00001-c00-s00-k00",
        "prompt": "anything",
        "shot": "wide",
        "location": "the old street",
        "location_description": "",
        "indoor": False,
        "time_of_day": "day",
        "weather": "clear",
        "figures": figures("stand", "talk", holding=("silver key", None)),
        "props": ("red umbrella", "blue book"),
        "action": None,
        "object": None,
        "place_key": "1-0",
        "scene_key": "1-c00-s00",
        "style": style(),
        "width_px": 512,
        "height_px": 288,
    }
    return KeyframeBrief(**{**values, **changes})


def state(thing, word):
    return PropState(object=thing, state=word)


def request(seed=5, image=None, **changes):
    return painter.OfflinePainter(image or ImageConfig(), 1).request("keyframe", brief(**changes), seed)


def paint(**changes):
    small = {"width_px": 128, "height_px": 72, **changes}
    painting, data = painter.paint_request(request(**small).body())
    return Painting.model_validate(painting), data


def composed(seed=5, size=(512, 288), **changes) -> Frame:
    made = request(seed, **changes).body()
    return compose(painter.shot_from(made["inputs"], seed), made["inputs"]["style"], view_of(*size))


def pixels(seed=5, size=(512, 288), style_id="storybook", **changes):
    """The finished picture as an array of RGB."""
    frame = composed(seed, size, style=style(style_id), **changes)
    return np.asarray(painter.draw_frame(frame, style_id, *size))[..., :3]


def unfinished(frame: Frame, without=None, size=(512, 288)):
    """A picture before the finish, without what belongs to one owner."""
    canvas = frame.front
    whole = canvas.elements
    canvas.elements = [element for element in whole if element.effect or element.owner != without]
    try:
        back = painter.backdrop_pixels(frame.backdrop, *size)
        return rasterise(canvas.svg(frame.view), *size, over=back).astype(int)
    finally:
        canvas.elements = whole
