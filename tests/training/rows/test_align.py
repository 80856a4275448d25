"""The view `align`, and descriptions of how a frame was staged."""

import pytest

from moviellm.generation.schema import Keyframe, Movie, Visible
from moviellm.training.rows.align import align_rows
from moviellm.training.rows.describing import describe, seen_people
from tests.factories import make_movie
from tests.training.rows.movies import placeholders, sample_movies, text_of


def one_frame(**changed: object) -> tuple[Movie, Keyframe]:
    movie = make_movie(chapters=1, scenes=1, keyframes=1)
    keyframe = next(movie.keyframes()).model_copy(update=changed)
    scene = movie.chapters[0].scenes[0].model_copy(update={"keyframes": (keyframe,)})
    chapter = movie.chapters[0].model_copy(update={"scenes": (scene,)})
    return movie.model_copy(update={"chapters": (chapter,)}), keyframe


def said(movie: Movie, kind: str) -> list[tuple[str, str]]:
    found = [row for row in align_rows(movie, seed=0) if row["kind"] == kind]
    return [(text_of(row["prompt"]), row["completion"][0]["content"][0]["text"]) for row in found]


def test_every_row_has_one_picture_and_one_placeholder() -> None:
    for movie in sample_movies():
        for row in align_rows(movie, seed=0):
            assert placeholders(row["prompt"]) == len(row["images"]) == 1
            assert row["images"][0]["keyframe_id"] == row["keyframe_id"]


def test_a_brief_row_is_answered_with_the_caption() -> None:
    for movie in sample_movies():
        captions = {one.caption for one in movie.keyframes()}
        assert {answer for _, answer in said(movie, "brief")} == captions


def test_whom_a_caption_names_the_instruction_shows() -> None:
    for movie in sample_movies():
        for keyframe in movie.keyframes():
            rows = [row for row in align_rows(movie, seed=0) if row["keyframe_id"] == keyframe.keyframe_id]
            asked = text_of(next(row for row in rows if row["kind"] == "brief")["prompt"])
            assert all(person.name in asked for person in seen_people(movie, keyframe) or ())


def test_people_are_named_from_left_to_right() -> None:
    movie, keyframe = next(
        (movie, one) for movie in sample_movies() for one in movie.keyframes() if len(one.character_ids) == 2
    )
    boxes = {one.entity_id: one.x + one.width / 2 for one in keyframe.visible or ()}
    people = [person.character_id for person in seen_people(movie, keyframe) or ()]
    assert people == sorted(people, key=lambda name: boxes[name]) and len(people) == 2


def test_a_caption_that_names_people_is_not_asked_for_where_nobody_knows_who_is_where() -> None:
    movie, _ = one_frame(visible=None, character_ids=("m00000-p00", "m00000-p01"))
    assert said(movie, "brief") == [] and said(movie, "detailed") == []


def test_a_caption_that_names_nobody_needs_nobody_named() -> None:
    movie, _ = one_frame(visible=None, character_ids=(), figures=(), caption="A storm over the sea.")
    ((asked, answer),) = said(movie, "brief")
    assert answer == "A storm over the sea." and "Ada" not in asked


def test_a_description_names_nobody_and_says_what_is_seen() -> None:
    for movie in sample_movies():
        for _, answer in said(movie, "detailed"):
            assert not any(person.name in answer for person in movie.characters)


def test_a_description_of_a_known_frame() -> None:
    movie, keyframe = one_frame()
    kinds = tuple(place.model_copy(update={"kind": "lighthouse"}) for place in movie.locations)
    assert describe(movie.model_copy(update={"locations": kinds}), keyframe) == (
        "A medium shot in a lighthouse, at night. A slim person with red bob hair, fair skin, a teal coat and glasses "
        "stands, looks calm and holds a brass key."
    )


@pytest.mark.parametrize("changed", [{"visible": None}, {"shot": None}, {"figures": ()}, {"shot": "over_shoulder"}])
def test_what_nobody_knows_is_not_described(changed: dict) -> None:
    assert describe(*one_frame(**changed)) is None


def test_who_is_seen_from_behind_is_not_described() -> None:
    movie, keyframe = one_frame()
    turned = tuple(figure.model_copy(update={"facing": "back"}) for figure in keyframe.figures)
    assert describe(movie, keyframe.model_copy(update={"figures": turned})) is None


def test_who_is_hidden_is_not_described() -> None:
    movie, keyframe = one_frame()
    hidden = tuple(one.model_copy(update={"occluded": 0.9}) for one in keyframe.visible or ())
    assert "Nobody is to be seen." in str(describe(movie, keyframe.model_copy(update={"visible": hidden})))


@pytest.mark.parametrize(("not_drawn", "told"), [((), True), (("object: red umbrella (left out)",), False)])
def test_what_was_not_drawn_is_not_described(not_drawn: tuple[str, ...], told: bool) -> None:
    umbrella = Visible(entity_id="red umbrella", kind="object", x=0, y=0, width=0.1, height=0.1, occluded=0)
    movie, keyframe = one_frame(not_drawn=not_drawn, visible=(umbrella,))
    assert ("There is also a red umbrella." in str(describe(movie, keyframe))) is told


@pytest.mark.parametrize(("shows", "told"), [(("colour", "feeling"), True), (("colour",), False)])
def test_what_a_style_does_not_show_is_not_described(shows: tuple[str, ...], told: bool) -> None:
    movie, keyframe = one_frame()
    assert movie.style is not None
    drawn = movie.model_copy(update={"style": movie.style.model_copy(update={"shows": shows})})
    assert ("looks calm" in str(describe(drawn, keyframe))) is told


def test_pictures_that_a_twin_shares_with_its_original_come_once() -> None:
    twin = make_movie(1).model_copy(update={"twin_of": "m00000", "diverges_s": 16.0})
    assert min(row["keyframe_id"] for row in align_rows(twin, seed=0)) == "m00001-c01-s00-k00"
