"""Pictures for pages and cards."""

import io

import pytest
from PIL import Image

from moviellm.cards.pictures import best_portrait, best_poster, data_uri, face, media_type, shrink, strip
from moviellm.generation.schema import Visible
from tests.factories import make_image, make_movie


def size(data: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(data)) as image:
        return image.size


def box(x: float, y: float, width: float, height: float) -> Visible:
    return Visible(entity_id="p", kind="person", x=x, y=y, width=width, height=height, occluded=0.0)


def test_what_is_small_enough_keeps_its_bytes():
    data = make_image("a", 64, 36)
    assert shrink(data, 64) is data


def test_what_is_wider_keeps_its_proportions():
    assert size(shrink(make_image("a", 512, 288), 160)) == (160, 90)


def test_a_picture_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="JPEG, WebP and PNG"):
        media_type(b"GIF89a")


@pytest.mark.parametrize(("kind", "expected"), [("WEBP", "image/webp"), ("PNG", "image/png"), ("JPEG", "image/jpeg")])
def test_the_kind_is_read_from_the_bytes(kind, expected):
    out = io.BytesIO()
    Image.new("RGB", (4, 4)).save(out, kind)
    assert data_uri(out.getvalue()).startswith(f"data:{expected};base64,")


@pytest.mark.parametrize("where", [box(0, 0, 1, 1), box(0.9, 0.9, 0.1, 0.1), box(0.4, 0.2, 0.01, 0.01)])
def test_a_face_is_a_square_inside_the_picture(where):
    width, height = size(face(make_image("a", 512, 288), where, 100))
    assert width == height <= 100


def test_a_portrait_comes_from_where_the_person_is_largest():
    keyframes = list(make_movie(0).keyframes())
    near = keyframes[3].model_copy(update={"visible": (box(0, 0, 0.5, 1),)})
    far = keyframes[1].model_copy(update={"visible": (box(0, 0, 0.1, 0.3),)})
    found = best_portrait([far, near], "p")
    assert found is not None and found[0] == near.keyframe_id


def test_there_is_no_portrait_of_somebody_nobody_measured():
    keyframes = [k.model_copy(update={"visible": None}) for k in make_movie(0).keyframes()]
    assert best_portrait(keyframes, "m00000-p00") is None


def test_a_poster_shows_people_rather_than_things():
    first, second, *_ = make_movie(0).keyframes()
    thing = first.model_copy(update={"shot": "insert", "character_ids": ()})
    people = second.model_copy(update={"shot": "two_shot"})
    assert best_poster([thing, people]) == people.keyframe_id
    assert best_poster([]) is None


def test_a_strip_has_all_pictures_in_one_row():
    assert size(strip([make_image(str(i), 64, 36) for i in range(4)], 4, 424)) == (424, 56)


def test_a_strip_of_nothing_is_an_error():
    with pytest.raises(ValueError, match="at least one"):
        strip([], 4, 400)
