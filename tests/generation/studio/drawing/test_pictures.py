"""What the offline painter's pictures show: everything can be drawn, everybody stands right, boxes hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.generation.paintings import FigureBrief
from moviellm.generation.schema import EMOTIONS, POSES, SHOTS, TIMES_OF_DAY, WEATHERS, Figure
from moviellm.generation.studio import painter, sheet
from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.backdrop import ZOOMS
from moviellm.generation.studio.drawing.stage import Stage
from moviellm.generation.studio.drawing.staging import stage_people
from moviellm.generation.studio.drawing.styles import style_rules
from tests.generation.studio.painted import composed, figures, paint, request, state, style, unfinished

STYLES = tuple(style_rules())
OBJECTS = tuple(name for name in art_data("objects") if name != "bundle")


@pytest.mark.parametrize("style_id", STYLES)
def test_every_style_paints_every_shot(style_id):
    made = {shot: paint(shot=shot, style=style(style_id))[1] for shot in SHOTS}
    assert len(set(made.values())) == len(SHOTS)


def test_styles_differ():
    assert len({paint(style=style(name))[1] for name in STYLES}) == 12


@pytest.mark.parametrize("size", [(1920, 1080), (300, 300), (640, 200), (101, 67)])
def test_every_size_and_shape_is_painted(size):
    for style_id in ("pixel", "neon", "ink", "watercolour"):
        for shot in ("wide", "medium", "close"):
            painting, _ = paint(width_px=size[0], height_px=size[1], style=style(style_id), shot=shot)
            assert (painting.width_px, painting.height_px) == size


def test_every_pose_is_drawn_at_every_size():
    for shot in ("wide", "medium"):
        assert len({paint(shot=shot, figures=figures(pose), props=())[1] for pose in POSES}) == len(POSES)


def test_every_facing_is_drawn_in_every_shot():
    for shot in ("wide", "medium", "close"):
        made = {paint(shot=shot, figures=figures("stand", facing=(f,)))[1] for f in ("in", "out", "front", "back")}
        assert len(made) == 4


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


@settings(max_examples=15, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40), st.booleans())
def test_any_words_are_painted(place, thing, indoor):
    someone = FigureBrief(
        figure=Figure(character_id="p00", pose="stand", emotion="calm"), name="A", appearance=thing.replace("\x00", "")
    )
    painting, _ = paint(
        location=place.replace("\x00", ""), indoor=indoor, props=(thing.replace("\x00", ""),), figures=(someone,)
    )
    assert painting.visible is not None


# ---------------------------------------------------------------- who stands where


def staged(shot, *poses, action=None, seed=5, **changes):
    made = request(seed, shot=shot, figures=figures(*poses, **changes), props=()).body()
    roles = painter.shot_from(made["inputs"], seed).roles
    return stage_people(shot, roles, Stage(), action, seed)


def test_people_look_at_each_other_or_away():
    for shot in ("wide", "medium", "two_shot"):
        for facing, towards in ((("in", "in"), True), (("in", "out"), False)):
            one, two = staged(shot, "talk", "stand", facing=facing)
            side = 1 if two.body.head[0] > one.body.head[0] else -1
            assert one.body.facing == side and (two.body.facing == -side) == towards


def test_hands_that_give_and_take_meet():
    for shot in ("wide", "medium"):
        one, two = (actor.body.arms["near"].hand for actor in staged(shot, "give", "reach", action="give"))
        assert np.hypot(one[0] - two[0], one[1] - two[1]) < 14


def test_who_hugs_is_nearer_than_who_talks():
    near, far = (staged("wide", *poses) for poses in (("hug", "hug"), ("talk", "talk")))
    assert abs(near[0].body.head[0] - near[1].body.head[0]) * 2 < abs(far[0].body.head[0] - far[1].body.head[0])


def test_people_keep_their_side_in_every_shot_and_picture_of_a_scene():
    sides = {
        one.body.head[0] < two.body.head[0]
        for shot in ("wide", "medium", "two_shot", "over_shoulder")
        for seed in range(5)
        for one, two in [staged(shot, "talk", "stand", seed=seed)[:2]]
    }
    assert len(sides) == 1


def test_eyes_are_on_the_upper_third_and_heads_inside():
    for shot in ("medium", "two_shot", "close"):
        for seed in range(8):
            head = staged(shot, "stand", "stand", seed=seed)[0].body
            assert 60 < head.head[1] < 130
            assert head.head[1] - 0.62 * head.head_px > 0


def test_an_opened_chest_stands_before_the_hands():
    for seed in range(6):
        frame = composed(
            seed, figures=figures("kneel"), props=("brown chest",), action="open", object="brown chest",
            states=(state("brown chest", "open"),),
        )  # fmt: skip
        boxes = {item.entity_id: item for item in frame.visible()}
        chest, person = boxes["brown chest"], boxes["p00"]
        apart = abs(chest.x + chest.width / 2 - person.x - person.width / 2)
        assert apart < person.width / 2 + chest.width


def test_the_place_is_larger_behind_near_shots():
    wide, close = composed(shot="wide").backdrop, composed(shot="close").backdrop
    assert wide.window[2] > 0.85 and close.window[2] == pytest.approx(1 / ZOOMS["close"], abs=1e-3)


# ---------------------------------------------------------------- what is seen


def test_people_in_the_frame_are_listed_by_shot():
    def people(shot):
        painting, _ = paint(shot=shot, figures=figures("stand", "talk", "walk", "sit"))
        return [item.entity_id for item in painting.visible if item.kind == "person"]

    assert len(people("wide")) == 4
    assert len(people("two_shot")) == 3
    assert people("close") == ["p00"]
    assert len(people("over_shoulder")) == 2
    assert people("insert") == []


def boxes_hold(shot, style_id="storybook", **changes):
    """Every entity's removal changes pixels of its own box only."""
    frame = composed(shot=shot, style=style(style_id), **changes)
    everything = unfinished(frame)
    seen = {item.entity_id: item for item in frame.visible()}
    for index, owner in enumerate(frame.front.owners):
        changed = np.argwhere(np.abs(everything - unfinished(frame, index)).max(-1) > 2)
        if owner.entity_id not in seen:  # nothing of it, or a corner that nobody would see
            assert len(changed) < 40, (shot, owner.entity_id)
        if owner.entity_id not in seen or not len(changed):
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


@pytest.mark.parametrize("pose", POSES)
def test_boxes_hold_in_every_pose_and_facing(pose):
    for shot, facing in (("wide", "in"), ("wide", "front"), ("medium", "back"), ("medium", "out")):
        boxes_hold(shot, "chalk", figures=figures(pose, holding=("silver key",), facing=(facing,)))


def test_boxes_hold_at_night_with_lamps_and_umbrellas():
    held = figures("walk", "hold_up", holding=("red umbrella", "black lantern"))
    lit = (state("black lantern", "lit"), state("white candle", "lit"))
    for shot in ("wide", "medium"):
        boxes_hold(
            shot, "neon", figures=held, time_of_day="night", weather="storm", props=("white candle",), states=lit
        )


def test_boxes_hold_for_what_is_open_and_broken():
    states = (state("brown chest", "open"), state("white vase", "broken"), state("red umbrella", "open"))
    for shot in ("wide", "medium", "insert"):
        boxes_hold(shot, "papercut", props=("brown chest", "white vase", "red umbrella"), states=states)


def test_who_stands_in_front_hides_who_stands_behind():
    painting, _ = paint(shot="over_shoulder")
    shares = {item.entity_id: item.occluded for item in painting.visible if item.kind == "person"}
    assert shares["p01"] == 0.0
    hugging, _ = paint(figures=figures("hug", "hug"), props=())
    assert max(item.occluded for item in hugging.visible) > 0.02
