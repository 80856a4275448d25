"""The offline painter: requests, bytes, boxes, fallbacks, worker processes."""

import asyncio
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from moviellm.generation.config import ImageConfig
from moviellm.generation.protocols import FigureBrief, KeyframeBrief, Painting, Request, StyleBrief, derive_seed
from moviellm.generation.schema import EMOTIONS, POSES, SHOTS, TIMES_OF_DAY, WEATHERS, Figure, Style
from moviellm.generation.studio import looks, painter, sheet
from moviellm.generation.studio.drawing import places
from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.props import read_object
from moviellm.generation.studio.drawing.raster import rasterise
from moviellm.generation.studio.drawing.scene import compose, view_of
from moviellm.generation.studio.drawing.styles import style_rules

STYLES = tuple(style_rules())
OBJECTS = tuple(name for name in art_data("objects") if name != "bundle")
PHRASES = (
    "a slim person with red bob hair, fair skin, a teal coat and glasses",
    "a stout person with a bald head, tan skin, a red coat and a brimmed hat",
    "a child with black curly hair, dark skin, a yellow jumper and nothing else",
    "an elderly person with white bun hair, pale skin, a purple dress and a scarf",
)


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


def figures(*poses, holding=(None, None, None, None), emotion="calm"):
    return tuple(
        FigureBrief(
            figure=Figure(character_id=f"m00001-p0{i}", pose=pose, emotion=emotion, holding=holding[i]),
            name=f"N{i}",
            appearance=PHRASES[i],
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
        "scene_key": "m00001-c00-s00",
        "style": style(),
        "width_px": 512,
        "height_px": 288,
    }
    return KeyframeBrief(**{**values, **changes})


def request(seed=5, image=None, **changes):
    return painter.OfflinePainter(image or ImageConfig(), 1).request("keyframe", brief(**changes), seed)


def paint(**changes):
    small = {"width_px": 128, "height_px": 72, **changes}
    painting, data = painter.paint_request(request(**small).body())
    return Painting.model_validate(painting), data


# ---------------------------------------------------------------- requests


def test_request_holds_what_decides_the_picture_and_nothing_else():
    assert request().body() == request(prompt="other words", keyframe_id="m00001-c00-s00-k09").body()
    for change in (
        {"shot": "close"},
        {"location": "the beach"},
        {"weather": "rain"},
        {"time_of_day": "night"},
        {"props": ()},
        {"scene_key": "m00001-c00-s01"},
        {"style": style("noir")},
        {"figures": figures("run")},
        {"seed": 6},
        {"width_px": 256},
        {"image": ImageConfig(quality=50)},
    ):
        assert request(**change).body() != request().body(), change


def test_request_names_version_rasteriser_and_art():
    made = request()
    assert made.model_id == "moviellm/offline-painter"
    assert made.model_revision.startswith(f"{painter.VERSION}+thorvg-python-")
    assert len(made.prompt_sha256) == 64


def lock(style_name=None, keyword="gothic", description="", seed=3):
    house = painter.OfflinePainter(ImageConfig(), 1)
    asked = StyleBrief(movie_id="m00001", keyword=keyword, description=description, seed=seed, style=style_name)
    return Style.model_validate(asyncio.run(house.lock_style(house.request("style", asked, seed))))


def test_asked_style_is_locked():
    assert lock("woodcut").style_id == "woodcut"


def test_keyword_chooses_a_style_and_unknown_words_leave_it_to_the_seed():
    assert lock(keyword="watercolour").style_id == "watercolour"
    assert lock(keyword="hardboiled", description="soft pastel light").style_id in ("ink", "noir", "neon", "blueprint")
    chosen = {lock(keyword="zzz", seed=seed).style_id for seed in range(40)}
    assert len(chosen) > 6


def test_unknown_style_names_the_styles():
    with pytest.raises(ValueError, match="no style 'cubist'; .* storybook, ink"):
        lock("cubist")


# ---------------------------------------------------------------- bytes


def test_picture_has_the_asked_size_and_format():
    for width, height in ((512, 288), (300, 300), (640, 200)):
        painting, data = paint(width_px=width, height_px=height, style=style("pixel"))
        image = Image.open(io.BytesIO(data))
        assert (image.format, image.size) == ("JPEG", (width, height))
        assert (painting.width_px, painting.height_px, painting.media_type) == (width, height, "image/jpeg")
    webp = paint(image=ImageConfig(format="webp"))
    assert Image.open(io.BytesIO(webp[1])).format == "WEBP" and webp[0].media_type == "image/webp"


def test_same_request_gives_same_bytes_in_another_process_and_whatever_was_painted_before():
    bodies = [request(shot=shot, style=style(name)).body() for shot, name in (("wide", "ink"), ("close", "neon"))]
    here = [hashlib.sha256(painter.paint_request(body)[1]).hexdigest() for body in bodies]
    code = (
        "import hashlib,json,sys\nfrom moviellm.generation.studio.painter import paint_request\n"
        "for body in reversed(json.load(sys.stdin)): print(hashlib.sha256(paint_request(body)[1]).hexdigest())"
    )
    there = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(bodies),
        env={**os.environ, "PYTHONHASHSEED": "4242", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.split()[::-1] == here


def test_scene_key_fixes_the_backdrop_and_the_seed_moves_people():
    def svg(seed, key):
        shot = painter.shot_from(request(scene_key=key).body()["inputs"], seed)
        frame = compose(shot, "storybook", view_of(512, 288))
        return frame.backdrop.svg, frame.front.svg(frame.view)

    assert svg(1, "a")[0] == svg(2, "a")[0] != svg(1, "b")[0]
    assert svg(1, "a")[1] != svg(2, "a")[1]


GOLDEN = {
    "1": ("65d6f15ae566", "9d53732e0802", "b4f9e53ccd7e", "44ba0ef83168", "76e347f70658"),
}
GOLDEN_CASES = (
    {"shot": "wide", "weather": "rain", "time_of_day": "night"},
    {"shot": "medium", "location": "the study", "indoor": True, "style": style("papercut")},
    {"shot": "close", "figures": figures("weep", emotion="sad"), "style": style("blueprint")},
    {"shot": "insert", "location": "the beach", "style": style("noir")},
    {"shot": "over_shoulder", "location": "the market", "weather": "snow", "style": style("ink")},
)


def test_drawing_is_that_of_its_version():
    made = []
    for case in GOLDEN_CASES:
        inputs = request(**case).body()["inputs"]
        frame = compose(painter.shot_from(inputs, 5), inputs["style"]["style_id"], view_of(512, 288))
        text = frame.backdrop.svg + frame.front.svg(frame.view)
        made.append(hashlib.sha256(text.encode()).hexdigest()[:12])
    assert tuple(made) == GOLDEN[painter.VERSION], (
        f"the drawing changed: bump painter.VERSION (cells painted before are then painted again) and pin {made}"
    )


# ---------------------------------------------------------------- everything can be drawn


def test_every_place_gives_its_own_picture():
    seen = {}
    for name in places.PLACES:
        body = request(location=f"the {name}", indoor=name in places.INDOORS, figures=(), props=()).body()
        seen[name] = painter.paint_request(body)[1]
    assert len(set(seen.values())) == len(places.PLACES) == 22


@pytest.mark.parametrize("style_id", STYLES)
def test_every_style_paints_every_shot(style_id):
    made = {shot: paint(shot=shot, style=style(style_id))[1] for shot in SHOTS}
    assert len(set(made.values())) == len(SHOTS)


def test_styles_differ():
    assert len({paint(style=style(name))[1] for name in STYLES}) == 12


def test_every_pose_is_drawn_at_every_size():
    for shot in ("wide", "medium"):
        assert len({paint(shot=shot, figures=figures(pose), props=())[1] for pose in POSES}) == len(POSES)


def test_every_emotion_shows_in_a_close_shot():
    assert len({paint(shot="close", figures=figures("stand", emotion=e))[1] for e in EMOTIONS}) == len(EMOTIONS)


def test_every_object_can_be_held_lie_and_fill_an_insert():
    for name in OBJECTS:
        for shot in ("wide", "medium", "insert"):
            held = paint(shot=shot, figures=figures("stand", holding=(f"green {name}",)), props=())[0]
            lying = paint(shot=shot, figures=figures("stand"), props=(f"green {name}",))[0]
            for painting in (held, lying):
                assert f"green {name}" in {item.entity_id for item in painting.visible}, (name, shot)


def test_hours_and_weathers_differ_outdoors_and_through_windows():
    for where in ({"location": "the field"}, {"location": "the study", "indoor": True}):
        pictures = {
            paint(time_of_day=hour, weather=weather, figures=(), props=(), **where)[1]
            for hour in TIMES_OF_DAY
            for weather in WEATHERS
        }
        assert len(pictures) == len(TIMES_OF_DAY) * len(WEATHERS)


def test_no_people_and_no_things_still_make_a_picture():
    for shot in SHOTS:
        painting, _ = paint(shot=shot, figures=(), props=())
        assert painting.visible == ()


def test_a_contact_sheet_shows_every_framing():
    assert sheet.sheet("shots", 32).size == (4 * 38 + 6, 6 * 24 + 6)


# ---------------------------------------------------------------- what is seen


def test_people_in_the_frame_are_listed_by_shot():
    def people(shot):
        painting, _ = paint(shot=shot, figures=figures("stand", "talk", "walk", "sit"))
        return [item.entity_id for item in painting.visible if item.kind == "person"]

    assert len(people("wide")) == 4
    assert len(people("two_shot")) == 3
    assert people("close") == ["m00001-p00"]
    assert len(people("over_shoulder")) == 2
    assert people("insert") == []


def boxes_hold(shot, style_id="storybook", **changes):
    """Every entity's removal changes pixels of its own box only."""
    body = request(shot=shot, style=style(style_id), **changes).body()
    view = view_of(512, 288)
    frame = compose(painter.shot_from(body["inputs"], body["seed"]), style_id, view)
    back = rasterise(frame.backdrop.svg, 512, 288)

    def draw(without=None):
        canvas = frame.front
        kept = [e for e in canvas.elements if e.effect or e.owner != without]
        whole = canvas.elements
        canvas.elements = kept
        try:
            return rasterise(canvas.svg(view), 512, 288, over=back).astype(int)
        finally:
            canvas.elements = whole

    everything = draw()
    seen = {item.entity_id: item for item in frame.visible()}
    for index, owner in enumerate(frame.front.owners):
        changed = np.argwhere(np.abs(everything - draw(index)).max(-1) > 2)
        if not len(changed):
            continue
        box = seen[owner.entity_id]
        (top, left), (bottom, right) = changed.min(0), changed.max(0)
        assert left >= int(box.x * 512) and top >= int(box.y * 288), (shot, owner.entity_id)
        assert right < box.x * 512 + box.width * 512 + 1 and bottom < box.y * 288 + box.height * 288 + 1
        assert box.width * 512 < (right - left + 1) + 60 and box.height * 288 < (bottom - top + 1) + 60


@pytest.mark.parametrize("shot", SHOTS)
def test_boxes_hold_exactly_what_changes_without_the_entity(shot):
    for style_id in ("storybook", "ink", "papercut"):
        boxes_hold(shot, style_id)


def test_boxes_hold_at_night_with_lamps_and_umbrellas():
    held = figures("walk", "hold_up", holding=("red umbrella", "black lantern"))
    for shot in ("wide", "medium"):
        boxes_hold(shot, "neon", figures=held, time_of_day="night", weather="storm", props=("white candle",))


def test_who_stands_in_front_hides_who_stands_behind():
    painting, _ = paint(shot="over_shoulder")
    shares = {item.entity_id: item.occluded for item in painting.visible if item.kind == "person"}
    assert shares["m00001-p01"] == 0.0
    hugging, _ = paint(figures=figures("hug", "hug"), props=())
    assert max(item.occluded for item in hugging.visible) > 0.02


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("name", "description", "indoor", "kind"),
    [
        ("the old lighthouse", "", True, "lighthouse"),
        ("the quiet old harbour", "", False, "harbour"),
        ("the tavern", "", True, "inn"),
        ("Number 9", "a dusty archive of maps", True, "library"),
        ("Xyzzy", "", True, "room"),
        ("Xyzzy", "", False, "clearing"),
    ],
)
def test_place_names_find_their_kind(name, description, indoor, kind):
    assert places.place_kind(name, description, indoor) == kind


def test_object_names_find_kind_and_colour():
    assert read_object("silver key").kind == "key"
    assert read_object("silver key").colour != read_object("gold key").colour
    assert read_object("worn diary").kind == "book"
    assert read_object("glockenspiel").kind == "bundle"


@given(st.builds(looks.Looks, **{name: st.sampled_from(words) for name, words in looks.ALLOWED.items()}))
def test_looks_survive_their_phrase(person):
    if person.hair == "bald":
        person = looks.Looks(**{**person.__dict__, "hair_colour": "grey"})
    assert looks.parse(looks.phrase(person)) == person


@settings(max_examples=15, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40), st.booleans())
def test_any_words_are_painted(place, thing, indoor):
    painting, _ = paint(
        location=place.replace("\x00", ""),
        indoor=indoor,
        props=(thing.replace("\x00", ""),),
        figures=(
            FigureBrief(
                figure=Figure(character_id="m00001-p00", pose="stand", emotion="calm"), name="A", appearance=thing
            ),
        )
        if "\x00" not in thing
        else (),
    )
    assert painting.visible is not None


# ---------------------------------------------------------------- processes


def test_pool_paints_what_the_function_paints():
    async def both() -> tuple[bytes, bytes]:
        house = painter.OfflinePainter(ImageConfig(), 1)
        made: Request = house.request("keyframe", brief(width_px=128, height_px=72), 5)
        try:
            return (await house.paint(made))[1], painter.paint_request(made.body())[1]
        finally:
            await house.close()

    pooled, direct = asyncio.run(both())
    assert pooled == direct


PARENT = """
import asyncio, sys, time
sys.path[:0] = {path!r}
from tests.generation.studio.test_painter import brief
from moviellm.generation.config import ImageConfig
from moviellm.generation.studio.painter import OfflinePainter

async def main():
    house = OfflinePainter(ImageConfig(), 1)
    await house.paint(house.request("keyframe", brief(width_px=64, height_px=36), 1))
    print(*(p.pid for p in house._pool._processes.values()), flush=True)
    time.sleep(60)

if __name__ == "__main__":
    asyncio.run(main())
"""


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="reads /proc")
def test_killed_parent_leaves_no_worker(tmp_path):
    script = tmp_path / "parent.py"
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    script.write_text(PARENT.format(path=[root, os.path.join(root, ".typing")]))
    with subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as parent:
        assert parent.stdout is not None
        workers = [int(word) for word in parent.stdout.readline().split()]
        assert workers and all(_alive(pid) for pid in workers)
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and any(_alive(pid) for pid in workers):
        time.sleep(0.05)
    assert not any(_alive(pid) for pid in workers)


def test_seed_of_a_person_is_constant_in_a_scene():
    body = request().body()
    first, second = (painter.shot_from(body["inputs"], seed).roles[0].seed for seed in (1, 2))
    assert first == second == derive_seed(derive_seed(0, "scene", "m00001-c00-s00"), "m00001-p00")
