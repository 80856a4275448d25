"""older.py: rows of an older schema become movies of the current one; majors need a step, minors none."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.generation.dataset import older
from moviellm.generation.dataset.features import FEATURES, Row, arrow_schema, keyframe_rows, text_rows
from moviellm.generation.dataset.older import (
    STEPS,
    cannot_read,
    foreign_columns,
    missing_columns,
    movie_of,
    parts_of,
)
from moviellm.generation.schema import SCHEMA_VERSION, Movie
from tests.factories import make_image
from tests.generation.dataset.older_shapes import ADDED, VERSIONS, lacking, without
from tests.stories import make_story

MOVIE = make_story(0, chapters=1).model_copy(update={"split": "train"})


def rows_of(movie: Movie) -> dict[str, list[Row]]:
    images = ((keyframe, make_image(keyframe.keyframe_id)) for keyframe in movie.keyframes())
    return {**text_rows(movie), "keyframes": list(keyframe_rows(movie, images))}


def cut(rows: dict[str, list[Row]], paths: tuple[str, ...]) -> dict[str, list[Row]]:
    """Rows as a file without those columns gives them back."""
    import pyarrow as pa

    schemas = {config: arrow_schema(without(FEATURES[config], paths, config)) for config in rows}
    return {
        config: pa.Table.from_pylist(some, schema=schemas[config]).to_pylist() if some else []
        for config, some in rows.items()
    }


def test_every_major_version_has_a_step_from_the_one_before():
    """A schema whose first number is raised ships its converter: `STEPS` in generation/dataset/older.py."""
    missing = [major for major in range(1, parts_of(SCHEMA_VERSION)[0]) if major not in STEPS]
    assert missing == [], f"no step from schema {missing[0]}.x; write one in generation/dataset/older.py"


def test_no_step_leads_beyond_the_current_schema():
    assert all(0 < major < parts_of(SCHEMA_VERSION)[0] for major in STEPS)


def test_the_columns_that_older_schemas_lack_are_those_of_history():
    counts = {version: len(lacking(version)) for version in VERSIONS}
    assert counts == {"1.0.0": 22, "1.1.0": 2, "1.2.0": 0}
    missing = {
        path
        for config, columns in FEATURES.items()
        for path in missing_columns(arrow_schema(without(columns, lacking("1.0.0"), config)), config)
    }
    assert missing == set(lacking("1.0.0"))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_movie_comes_back_from_rows_of_an_older_schema(version):
    assert movie_of(cut(rows_of(MOVIE), lacking(version)), version) == MOVIE


def test_the_movie_is_of_the_current_schema():
    rows = rows_of(MOVIE)
    rows["movies"][0]["schema_version"] = "1.1.0"
    assert movie_of(cut(rows, lacking("1.1.0")), "1.1.0").schema_version == SCHEMA_VERSION


@settings(max_examples=25, deadline=None)
@given(st.sets(st.sampled_from([path for paths in ADDED.values() for path in paths])))
def test_whichever_added_columns_are_missing_they_mean_their_default(paths):
    assert movie_of(cut(rows_of(MOVIE), tuple(paths)), "1.0.0") == MOVIE


def test_values_that_are_there_are_kept():
    rows = cut(rows_of(MOVIE), ("qa.flags",))
    rows["keyframes"][0]["not_drawn"] = ["object: sextant"]
    assert next(movie_of(rows, "1.1.0").keyframes()).not_drawn == ("object: sextant",)


def test_a_column_that_is_required_and_missing_is_refused():
    with pytest.raises(ValueError, match="title"):
        movie_of(cut(rows_of(MOVIE), ("movies.title",)), "1.0.0")


def test_a_column_that_may_be_unknown_is_unknown_where_it_is_missing():
    assert movie_of(cut(rows_of(MOVIE), ("movies.genre",)), "1.0.0").genre is None


def test_steps_are_taken_in_order(monkeypatch):
    def renames(rows):
        movies = [{"title": row["name"]} | {k: v for k, v in row.items() if k != "name"} for row in rows["movies"]]
        return {**rows, "movies": movies}

    def shouts(rows):
        return {**rows, "movies": [{**row, "title": row["title"].upper()} for row in rows["movies"]]}

    monkeypatch.setattr(older, "SCHEMA_VERSION", "3.0.0")
    monkeypatch.setattr(older, "STEPS", {1: renames, 2: shouts})
    rows = cut(rows_of(MOVIE), ("movies.title",))
    rows["movies"][0]["name"] = "A name"
    assert movie_of(rows, "1.3.0").title == "A NAME"
    rows["movies"][0]["title"] = "another"
    del rows["movies"][0]["name"]
    assert movie_of(rows, "2.1.0").title == "ANOTHER"


@pytest.mark.parametrize(("version", "said"), [("1.4.0", "1.4.0"), ("2.0.0", "2.0.0"), ("10.0.0", "10.0.0")])
def test_a_schema_that_is_too_new_says_what_to_install(version, said):
    assert f"has schema {said}" in (cannot_read(version) or "")
    assert 'pip install "moviellm>=0.9.0"' in (cannot_read(version, "0.9.0") or "")


@pytest.mark.parametrize("version", [SCHEMA_VERSION, *VERSIONS, "0.9.0"])
def test_older_schemas_can_be_read(version):
    assert cannot_read(version) is None


@pytest.mark.parametrize("version", ["", "1", "1.2", "a.b.c", "1.2.3.4", "1.-2.0", "١.0.0", "1.2.99999999"])
def test_a_schema_version_that_is_none_is_refused(version):
    with pytest.raises(ValueError, match="three numbers are expected"):
        parts_of(version)


def test_columns_of_another_name_or_type_are_foreign():
    import pyarrow as pa

    schema = arrow_schema(FEATURES["qa"]).append(pa.field("mood", pa.string()))
    assert foreign_columns(schema, "qa") == ["qa.mood"]
    place = schema.get_field_index("evidence")
    schema = arrow_schema(FEATURES["qa"]).set(place, pa.field("evidence", pa.list_(pa.struct({"start_s": pa.int8()}))))
    assert foreign_columns(schema, "qa") == ["qa.evidence.start_s"]
    assert json.dumps(foreign_columns(arrow_schema(FEATURES["qa"]), "qa")) == "[]"
