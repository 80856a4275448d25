"""The data model: round trips, refusals, cross-references."""

import json
import math

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from moviellm.generation import schema
from moviellm.generation.dataset.features import arrow_schema, feature_of
from moviellm.generation.schema import (
    Character,
    DialogueLine,
    Event,
    Figure,
    Keyframe,
    Location,
    Movie,
    Provenance,
    QAPair,
    Score,
    Style,
    TemporalSpan,
    Visible,
    canonical_json,
    check_movie,
)
from tests.factories import make_movie, span

RECORDS = [Character, DialogueLine, Event, Figure, Keyframe, Location, Provenance, Score, Style, TemporalSpan, Visible]

text = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
fraction = st.floats(0, 1)
seconds = st.floats(0, 1e6, allow_nan=False)
spans = st.tuples(seconds, st.floats(1e-3, 1e4)).map(lambda p: TemporalSpan(start_s=p[0], end_s=p[0] + p[1]))
lines = st.builds(
    DialogueLine,
    line_id=text,
    character_id=st.none() | text,
    text=text,
    emotion=st.sampled_from(schema.EMOTIONS),
    span=spans,
    audio=st.none() | text,
)
visible = st.builds(
    Visible,
    entity_id=text,
    kind=st.sampled_from(["person", "object", "place_part"]),
    x=fraction,
    y=fraction,
    width=fraction,
    height=fraction,
    occluded=fraction,
)
keyframes = st.builds(
    Keyframe,
    keyframe_id=text,
    index=st.integers(0, 10**6),
    span=spans,
    prompt=text,
    caption=text,
    shot=st.sampled_from(schema.SHOTS),
    character_ids=st.lists(text, max_size=3).map(tuple),
    figures=st.just(()),
    props=st.lists(text, max_size=3).map(tuple),
    event_id=st.none() | text,
    visible=st.none() | st.lists(visible, max_size=3).map(tuple),
    image=st.none() | text,
    image_sha256=st.none() | st.just("ab" * 32),
    width_px=st.none() | st.integers(1, 4000),
    height_px=st.none() | st.integers(1, 4000),
    scores=st.none() | st.just(()),
)


@given(lines | keyframes | spans | visible)
def test_a_record_survives_json(record: schema.Record) -> None:
    assert type(record).model_validate_json(record.model_dump_json()) == record


@given(lines | keyframes)
def test_a_record_survives_canonical_json(record: schema.Record) -> None:
    assert type(record).model_validate(json.loads(canonical_json(record.model_dump(mode="json")))) == record


@given(st.lists(keyframes, min_size=1, max_size=4))
def test_records_survive_arrow_and_parquet(records: list[Keyframe]) -> None:
    rows = [record.model_dump(mode="json") for record in records]
    columns = feature_of(Keyframe)
    assert isinstance(columns, dict)
    table = pa.Table.from_pylist(rows, schema=arrow_schema(columns))
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    back = pq.read_table(pa.BufferReader(sink.getvalue())).to_pylist()
    assert [Keyframe.model_validate(row) for row in back] == records


def test_a_whole_movie_survives_json() -> None:
    movie = make_movie(3)
    assert Movie.model_validate_json(movie.model_dump_json()) == movie


@given(st.recursive(st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False), st.lists))
def test_canonical_json_is_the_same_for_equal_values(value: object) -> None:
    assert canonical_json(json.loads(canonical_json(value))) == canonical_json(value)


def test_canonical_json_does_not_depend_on_key_order() -> None:
    assert canonical_json({"a": 1, "b": 2}) == canonical_json({"b": 2, "a": 1})


def test_canonical_json_refuses_nan() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"x": math.nan})


@pytest.mark.parametrize("bad", [-1.0, math.nan, math.inf])
def test_a_span_refuses_times_that_are_none(bad: float) -> None:
    with pytest.raises(ValidationError, match="seconds"):
        TemporalSpan(start_s=bad, end_s=5.0)


def test_a_span_refuses_to_end_before_it_starts() -> None:
    with pytest.raises(ValidationError, match="end_s must exceed start_s"):
        TemporalSpan(start_s=2.0, end_s=2.0)


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        TemporalSpan.model_validate({"start_s": 0, "end_s": 1, "fps": 2})


def test_a_record_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        span(0, 1).start_s = 3  # type: ignore[misc]


@pytest.mark.parametrize("bad", ["a\x00b", "\ud800"])
def test_text_that_parquet_cannot_hold_is_refused(bad: str) -> None:
    with pytest.raises(ValidationError):
        Location(name=bad, description="", indoor=True)


@pytest.mark.parametrize("model", RECORDS)
def test_every_field_says_what_it_is(model: type[schema.Record]) -> None:
    silent = [name for name, info in model.model_fields.items() if not info.description]
    assert silent == []


def _question(**changes: object) -> QAPair:
    fields = make_movie().qa_pairs[1].model_dump() | changes  # type: ignore[index]
    return QAPair.model_validate(fields)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"answer_index": 3}, "does not point"),
        ({"answer_index": None}, "does not point"),
        ({"options": ("a map", "a brass key", "a map")}, "two options"),
        ({"answer": "a map"}, "not the option"),
        ({"answer_format": "open_ended"}, "only multiple_choice"),
    ],
)
def test_a_multiple_choice_question_must_hold_together(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        _question(**changes)


def test_a_sound_movie_passes() -> None:
    check_movie(make_movie(7))


def _broken(**changes: object) -> Movie:
    return make_movie().model_copy(update=changes)


@pytest.mark.parametrize(
    ("movie", "message"),
    [
        (_broken(locations=()), "no location"),
        (_broken(characters=()), "nobody is called"),
        (_broken(events=()), "no event"),
        (_broken(duration_s=99.0), "the parts of chapters end"),
        (_broken(movie_id="m00009"), "does not belong"),
        (_broken(chapters=make_movie().chapters[:1]), "the parts of chapters end"),
        (_broken(chapters=make_movie().chapters[::-1]), "the part before it ends"),
        (_broken(characters=make_movie().characters * 2), "occurs twice"),
        (_broken(events=make_movie().events[::-1]), "not an earlier event"),
        (_broken(qa_pairs=(_question(keyframe_ids=("m00000-c09-s00-k00",)),)), "no keyframe"),
        (_broken(qa_pairs=(_question(line_ids=("m00000-c09-s00-d00",)),)), "no line"),
        (_broken(qa_pairs=(_question(evidence=(span(0, 1e4),)),)), "evidence ends"),
        (_broken(qa_pairs=(_question(turn_of="m00000-q9"),)), "which is not there"),
    ],
)
def test_a_broken_reference_is_named(movie: Movie, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_movie(movie)


def test_a_line_outside_its_scene_is_named() -> None:
    text = make_movie().model_dump_json().replace('"start_s":0.5,"end_s":3.5', '"start_s":0.5,"end_s":30.5')
    with pytest.raises(ValueError, match="spoken outside its scene"):
        check_movie(Movie.model_validate_json(text))


def test_covers_is_about_containment() -> None:
    assert span(0, 4).covers(span(1, 4))
    assert not span(1, 4).covers(span(0, 2))
