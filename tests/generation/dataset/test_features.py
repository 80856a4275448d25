"""features.py: columns follow from the schema, rows fill them, and a movie survives its rows."""

import io
from itertools import pairwise

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.generation.dataset.features import (
    CONFIGS,
    FEATURES,
    Row,
    arrow_schema,
    feature_of,
    keyframe_rows,
    movie_from_rows,
    readme_features,
    text_rows,
    yaml_features,
)
from moviellm.generation.schema import Keyframe, Literal, Movie, QAPair, TemporalSpan
from moviellm_dataset import features_from
from tests.factories import MemoryRun, make_movie

texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=30)


def all_rows(movie: Movie) -> dict[str, list[Row]]:
    return {**text_rows(movie), "keyframes": list(keyframe_rows(movie, MemoryRun([movie]).images(movie)))}


def through_parquet(config: str, rows: list[Row]) -> list[Row]:
    schema = arrow_schema(FEATURES[config])
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), file)
    return pq.read_table(file).to_pylist()


def test_a_literal_is_a_string_a_tuple_a_list_and_an_optional_record_a_struct():
    assert feature_of(Literal["a", "b"]) == "string"
    assert feature_of(tuple[int, ...] | None) == ["int64"]
    assert feature_of(TemporalSpan | None) == {"start_s": "float64", "end_s": "float64"}


def test_qa_has_every_field_of_the_record_after_its_context():
    assert list(FEATURES["qa"]) == ["movie_id", "duration_s", *QAPair.model_fields]


def test_only_keyframes_hold_a_picture():
    assert [config for config in CONFIGS if "image" in str(FEATURES[config].values())] == ["keyframes"]
    assert FEATURES["keyframes"]["image"] == "image"


def test_movies_keep_the_film_as_text_and_leave_the_rest_to_other_configs():
    movies = FEATURES["movies"]
    assert not {"events", "qa_pairs"} & movies.keys()
    (scene,) = movies["chapters"][0]["scenes"]
    assert list(scene["keyframes"][0]) == ["keyframe_id", "index", "span", "caption", "shot", "character_ids"]
    assert "text" in scene["dialogue"][0]


def test_the_parquet_schema_carries_no_metadata():
    assert all(arrow_schema(FEATURES[config]).metadata is None for config in CONFIGS)


def test_films_say_their_features_in_parquet_and_not_in_the_readme_which_old_datasets_would_refuse():
    import datasets

    assert datasets.Features.from_arrow_schema(arrow_schema(FEATURES["films"])) == features_from(FEATURES["films"])
    assert readme_features(FEATURES["films"]) == {}
    assert readme_features(FEATURES["qa"]) == {"features": yaml_features(FEATURES["qa"])}


@pytest.mark.parametrize("config", FEATURES)
def test_the_readme_form_is_what_datasets_reads_back(config):
    import datasets

    assert datasets.Features._from_yaml_list(yaml_features(FEATURES[config])) == features_from(FEATURES[config])


@pytest.mark.parametrize("config", CONFIGS)
def test_rows_have_exactly_the_columns(config):
    assert all(list(row) == list(FEATURES[config]) for row in all_rows(make_movie())[config])


def test_a_line_names_its_speaker_and_the_narrator_has_no_name():
    movie = make_movie()
    scene = movie.chapters[0].scenes[0]
    narrated = scene.model_copy(update={"dialogue": (scene.dialogue[0].model_copy(update={"character_id": None}),)})
    chapter = movie.chapters[0].model_copy(update={"scenes": (narrated, *movie.chapters[0].scenes[1:])})
    movie = movie.model_copy(update={"chapters": (chapter, *movie.chapters[1:])})
    assert [row["speaker"] for row in text_rows(movie)["dialogue"]] == [None, "Ada", "Ada", "Ada"]


def test_keyframe_rows_hold_the_given_bytes_under_the_file_name():
    movie = make_movie()
    pictures = list(MemoryRun([movie]).images(movie))
    rows = list(keyframe_rows(movie, pictures))
    assert [(row["image"]["path"], row["image"]["bytes"]) for row in rows] == [(k.image, data) for k, data in pictures]


def test_an_unpainted_keyframe_has_a_row_without_picture():
    movie = make_movie(chapters=1, scenes=1, keyframes=2)
    nothing = {"image": None, "image_sha256": None}
    bare = _with_keyframes(movie, [movie.chapters[0].scenes[0].keyframes[0].model_copy(update=nothing)])
    rows = list(keyframe_rows(bare, list(MemoryRun([movie]).images(movie))[1:]))
    assert [row["image"] is None for row in rows] == [True, False]


def _with_keyframes(movie: Movie, first: list[Keyframe]) -> Movie:
    chapter, scene = movie.chapters[0], movie.chapters[0].scenes[0]
    scene = scene.model_copy(update={"keyframes": (*first, *scene.keyframes[len(first) :])})
    return movie.model_copy(update={"chapters": (chapter.model_copy(update={"scenes": (scene,)}),)})


def test_a_missing_picture_is_an_error_that_names_it():
    movie = make_movie()
    pictures = list(MemoryRun([movie]).images(movie))
    with pytest.raises(ValueError, match=f"{pictures[3][0].keyframe_id} is missing"):
        list(keyframe_rows(movie, pictures[:3] + pictures[4:]))


def test_a_picture_too_many_is_an_error_that_names_it():
    movie = make_movie(keyframes=1)
    more = list(MemoryRun([movie]).images(movie))
    with pytest.raises(ValueError, match=more[-1][0].keyframe_id):
        list(keyframe_rows(_without_last_scene(movie), more))


def _without_last_scene(movie: Movie) -> Movie:
    last = movie.chapters[-1]
    return movie.model_copy(
        update={"chapters": (*movie.chapters[:-1], last.model_copy(update={"scenes": last.scenes[:-1]}))}
    )


def test_keyframe_rows_come_in_story_order():
    assert all(one["index"] < other["index"] for one, other in pairwise(all_rows(make_movie())["keyframes"]))


@st.composite
def movies(draw: st.DrawFn) -> Movie:
    """Movies of any size with any text, and with every optional part there or not."""
    size = st.integers(1, 2)
    movie = make_movie(draw(st.integers(0, 99_999)), draw(size), draw(size), draw(size))
    provenance = movie.provenance[0]
    question = movie.qa_pairs[1]
    wild = {
        "title": draw(texts),
        "twin_of": draw(st.none() | st.just("m00007")),
        "style": draw(st.none() | st.just(movie.style)),
        "provenance": draw(st.sampled_from([(), movie.provenance])),
        "events": tuple(
            event.model_copy(update={"object": draw(st.none() | texts), "because": draw(st.none() | st.just(()))})
            for event in movie.events
        ),
        "qa_pairs": (
            question.model_copy(update={"question": draw(texts), "provenance": draw(st.none() | st.just(provenance))}),
        ),
        "chapters": tuple(
            chapter.model_copy(update={"scenes": tuple(_wild_scene(draw, scene) for scene in chapter.scenes)})
            for chapter in movie.chapters
        ),
    }
    return movie.model_copy(update=wild)


def _wild_scene(draw, scene):
    keyframes = tuple(
        keyframe.model_copy(
            update={
                "caption": draw(texts),
                "visible": draw(st.sampled_from([None, (), keyframe.visible])),
                "scores": draw(st.sampled_from([None, ()])),
            }
        )
        for keyframe in scene.keyframes
    )
    return scene.model_copy(
        update={"keyframes": keyframes, "dialogue": draw(st.sampled_from([None, (), scene.dialogue]))}
    )


@settings(max_examples=30, deadline=None)
@given(movies())
def test_a_movie_survives_its_rows_and_parquet(movie):
    rows = {config: through_parquet(config, found) for config, found in all_rows(movie).items()}
    assert movie_from_rows(rows) == movie
