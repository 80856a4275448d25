"""People: words and the way back, every pose from every side, boxes, who can be told from whom."""

import itertools
import random

import numpy as np
import pytest

from moviellm.generation.schema import POSES
from moviellm.generation.studio.drawing import hair, skeleton, stamps
from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.body import Person, colours_of, draw_person
from moviellm.generation.studio.drawing.canvas import Canvas
from moviellm.generation.studio.drawing.geometry import sample
from moviellm.generation.studio.drawing.raster import rasterise
from moviellm.generation.studio.drawing.skeleton import solve
from moviellm.generation.studio.drawing.styles import Palette, style_rules
from moviellm.generation.studio.looks import ACCESSORIES, ALLOWED, BUILDS, GARMENTS, HAIRS, Looks, parse, phrase

FACINGS = ("in", "profile", "front", "back")
SEEN = (180.0, 240.0)


def looks_of(**changes):
    values = {
        "build": "mid", "hair": "short", "hair_colour": "brown", "skin": "fair", "garment": "coat", "colour": "teal",
        "accessory": "nothing else",
    }  # fmt: skip
    return Looks(**(values | changes))


def drawn(looks, pose="stand", facing="in", *, head=40.0, emotion="calm", style="storybook", side=1):
    palette = Palette(rules=style_rules()[style], time_of_day="day", weather="clear")
    canvas = Canvas(palette, 1)
    at, anchor = ((90.0, 225.0), "feet") if head < 90 else ((90.0, 100.0), "head")
    body = solve(pose, looks.build, head, side, at, anchor, view=facing)
    with canvas.owned("p", "person"):
        draw_person(canvas, Person(looks=looks, body=body, facing=facing, emotion=emotion), shadow=False)
    return canvas, body


def pixels(canvas):
    return rasterise(canvas.svg((0.0, 0.0, *SEEN)), int(SEEN[0]), int(SEEN[1]))


def sampled(count):
    r = random.Random(5)
    for _ in range(count):
        chosen = {name: r.choice(words) for name, words in ALLOWED.items()}
        yield Looks(**(chosen | ({"hair_colour": "grey"} if chosen["hair"] == "bald" else {})))


def test_every_phrase_reads_back_as_the_looks_it_says():
    wrong = [looks for looks in sampled(4000) if parse(phrase(looks)) != looks]
    assert not wrong


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_every_word_of_the_vocabulary_reads_back(name):
    for word in ALLOWED[name]:
        looks = looks_of(**{name: word}) if word != "bald" else looks_of(hair="bald", hair_colour="grey")
        assert getattr(parse(phrase(looks)), name) == word


@pytest.mark.parametrize("pose", [*POSES, "holding", "umbrella", "lantern"])
def test_every_pose_stands_on_its_soles_whatever_the_build_and_the_side(pose):
    for build, facing in itertools.product(BUILDS, FACINGS):
        canvas, body = drawn(looks_of(build=build), pose, facing)
        lowest = max(y for mark in canvas.marks for _, y in mark.points)
        assert body.floor_y == pytest.approx(225.0)
        assert -4 <= lowest - body.floor_y <= 3, (build, facing, lowest)


@pytest.mark.parametrize("garment", GARMENTS)
def test_no_hem_goes_below_the_ground(garment):
    for pose, facing in itertools.product(POSES, FACINGS):
        canvas, body = drawn(looks_of(garment=garment), pose, facing)
        assert max(y for mark in canvas.marks for _, y in mark.points) <= body.floor_y + 3, (pose, facing)


@pytest.mark.parametrize("style", ["storybook", "ink", "papercut"])
def test_the_marks_hold_every_pixel_of_a_figure(style):
    poses = itertools.cycle(POSES)
    for looks, facing in itertools.product(sampled(8), FACINGS):
        canvas, _ = drawn(looks, next(poses), facing, style=style)
        canvas.elements = [element for element in canvas.elements if not element.effect]
        rows, columns = np.nonzero(pixels(canvas).any(axis=2))
        reach = [(x, y, mark.reach + 1.1) for mark in canvas.marks for x, y in mark.points]
        assert min(x - r for x, _, r in reach) <= columns.min()
        assert max(x + r for x, _, r in reach) >= columns.max()
        assert min(y - r for _, y, r in reach) <= rows.min()
        assert max(y + r for _, y, r in reach) >= rows.max()


@pytest.mark.parametrize("facing", FACINGS)
@pytest.mark.parametrize(("name", "words"), [("hair", HAIRS), ("garment", GARMENTS), ("build", BUILDS)])
def test_people_of_different_looks_differ(name, words, facing):
    pictures = {word: pixels(drawn(looks_of(**{name: word}), facing=facing)[0])[..., :3] for word in words}
    for one, other in itertools.combinations(words, 2):
        changed = np.abs(pictures[one].astype(int) - pictures[other]).max(axis=2) > 24
        assert changed.sum() > 40, (one, other)


@pytest.mark.parametrize("facing", ["in", "profile", "front"])
def test_every_accessory_shows(facing):
    pictures = {word: pixels(drawn(looks_of(accessory=word), facing=facing)[0])[..., :3] for word in ACCESSORIES}
    for one, other in itertools.combinations(ACCESSORIES, 2):
        changed = np.abs(pictures[one].astype(int) - pictures[other]).max(axis=2) > 24
        assert changed.sum() > 12, (one, other)


def test_the_four_sides_differ():
    sides = [pixels(drawn(looks_of(), facing=facing, head=120.0)[0]) for facing in FACINGS]
    assert all((one != other).any(axis=2).sum() > 2000 for one, other in itertools.combinations(sides, 2))


@pytest.mark.parametrize("garment", GARMENTS)
@pytest.mark.parametrize("colour", ["white", "red", "black"])
def test_the_word_for_the_garments_colour_is_what_most_of_the_clothes_show(garment, colour):
    looks = looks_of(garment=garment, colour=colour)
    canvas, _ = drawn(looks)
    wearing = colours_of(looks)
    picture = pixels(canvas)[..., :3].reshape(-1, 3)
    shares = {}
    for key in {wearing.coat, wearing.sleeve, wearing.trim, wearing.shirt}:
        plain = canvas.palette.colour(key)
        tones = [plain, canvas.palette.shade(plain)]
        wanted = [[int(tone[i : i + 2], 16) for i in (5, 3, 1)] for tone in tones]
        both_orders = [*wanted, *(tone[::-1] for tone in wanted)]
        shares[key] = sum((np.abs(picture.astype(int) - tone).max(axis=1) < 4).sum() for tone in both_orders)
    assert max(shares, key=shares.__getitem__) == wearing.coat, shares


def test_the_same_person_is_the_same_text_whatever_was_drawn_before():
    def text():
        return drawn(looks_of(hair="braids", garment="cloak"), "hurt", "front", emotion="sad")[0].svg()

    before = text()
    for cached in (stamps.path, stamps.bands, stamps.smooth, skeleton.stance, sample):
        cached.cache_clear()
    for looks in sampled(20):
        drawn(looks, "run", side=-1)
    assert text() == before


def test_who_sleeps_has_their_eyes_shut():
    glint = "#ffffff"
    awake, asleep = (drawn(looks_of(), pose, head=120.0)[0].svg() for pose in ("sit", "sleep"))
    assert glint in awake
    assert glint not in asleep


def test_who_sleeps_on_the_ground_lies():
    _, lying = drawn(looks_of(), "sleep")
    _, sitting = drawn(looks_of(), "sleep", head=120.0)
    assert (lying.pose, sitting.pose) == ("lie", "sleep")
    assert abs(lying.head[0] - lying.hip[0]) > abs(lying.head[1] - lying.hip[1])


@pytest.mark.parametrize("pose", ["dig", "mend", "point", "give"])
def test_a_pose_that_does_not_read_from_the_front_is_turned(pose):
    assert drawn(looks_of(), pose, "front")[0].svg() == drawn(looks_of(), pose, "in")[0].svg()


@pytest.mark.parametrize("build", BUILDS)
def test_the_hand_of_who_eats_comes_to_the_mouth(build):
    _, body = drawn(looks_of(build=build), "eat")
    mouth = body.on_head([(30, 38)])[0]
    assert np.hypot(*np.subtract(body.arms["near"].hand, mouth)) < 0.3 * body.head_px


def test_hair_is_drawn_from_every_side():
    heads = art_data("heads")
    for name in HAIRS:
        if name != "bald":
            assert set(heads["hair"][name]) == {"in", "front", "profile", "back"}, name


def test_no_hat_goes_over_hair_that_it_cannot_cover():
    for word in ("afro", "curly", "topknot"):
        bare = Person(looks=looks_of(hair=word), body=solve("stand", "mid", 40, 1, (90, 225)))
        hatted = Person(looks=looks_of(hair=word, accessory="a cap"), body=bare.body)
        assert hair.pieces(bare) != hair.pieces(hatted)


def test_every_arm_is_in_whole_degrees():
    body = solve("talk", "mid", 33.3, 1, (90, 225), jitter=(0.4, -1.2, 2.3, 1.1, 0.6, 0.2))
    body.aim("near", (120.0, 150.0))
    assert all(isinstance(angle, int) for arm in body.arms.values() for angle in (arm.angle, arm.upper))
