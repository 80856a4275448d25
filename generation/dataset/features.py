"""Columns of the dataset's configs and the rows that fill them, both derived from the records of schema.py.

    FEATURES["qa"]                                      # {"movie_id": "string", "evidence": [{"start_s": "float64"...
    arrow_schema(FEATURES["qa"])                        # the same for Parquet
    text_rows(movie)["qa"], keyframe_rows(movie, images)
    movie_from_rows(rows)                               # the way back; nothing but the pictures' bytes is lost

The *neutral form* is JSON: `"string"`, `"int64"`, `"float64"`, `"bool"`, `"image"`, `"video"`, `[item]` for a list and
an object for a struct; everything may be null. The export writes it to features.json, and moviellm_dataset.py, which
imports nothing of ours, makes `datasets.Features` of it. So a column is typed once, in schema.py or films.py.

It writes no file and knows nothing of splits: see export.py.
"""

import json
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

import pyarrow as pa

from moviellm.generation.dataset.films import Film
from moviellm.generation.schema import (
    Chapter,
    Character,
    DialogueLine,
    Event,
    Keyframe,
    Movie,
    QAPair,
    Record,
    Scene,
)

Feature: TypeAlias = "str | list[Feature] | dict[str, Feature]"
Features: TypeAlias = dict[str, Feature]
Row: TypeAlias = dict[str, Any]
Omitted: TypeAlias = Mapping[type[Record], frozenset[str]]

SCALARS: dict[object, str] = {str: "string", int: "int64", float: "float64", bool: "bool"}
ARROW: dict[str, pa.DataType] = {
    "string": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "image": pa.struct({"bytes": pa.binary(), "path": pa.string()}),
    "video": pa.struct({"bytes": pa.binary(), "path": pa.string()}),
}

MOVIE_TEXT: Omitted = {
    Movie: frozenset({"events", "qa_pairs"}),
    Keyframe: frozenset(Keyframe.model_fields) - {"keyframe_id", "index", "span", "caption", "shot", "character_ids"},
    DialogueLine: frozenset({"audio", "event_id", "says"}),
}
"""What a row of `movies` leaves to the other configs: it is the film as a text to be read, without pictures."""

CONTEXT: dict[str, tuple[tuple[str, type[Record], str], ...]] = {
    "keyframes": (
        ("movie_id", Movie, "movie_id"),
        ("title", Movie, "title"),
        ("chapter_id", Chapter, "chapter_id"),
        ("scene_id", Scene, "scene_id"),
        ("location", Scene, "location"),
        ("time_of_day", Scene, "time_of_day"),
        ("weather", Scene, "weather"),
    ),
    "dialogue": (
        ("movie_id", Movie, "movie_id"),
        ("chapter_id", Chapter, "chapter_id"),
        ("scene_id", Scene, "scene_id"),
        ("speaker", Character, "name"),
    ),
    "qa": (("movie_id", Movie, "movie_id"), ("duration_s", Movie, "duration_s")),
    "events": (("movie_id", Movie, "movie_id"),),
    "films": (
        ("movie_id", Movie, "movie_id"),
        ("title", Movie, "title"),
        ("language", Movie, "language"),
        ("duration_s", Movie, "duration_s"),
    ),
}
"""Columns that come before a record's own, so that a row can be read alone: name, record, field."""

RECORDS: dict[str, type[Record]] = {
    "movies": Movie,
    "keyframes": Keyframe,
    "dialogue": DialogueLine,
    "qa": QAPair,
    "events": Event,
    "films": Film,
}
"""What a row of each config is."""
CONFIGS: tuple[str, ...] = tuple(config for config in RECORDS if config != "films")
"""Configs of every dataset; `films` is one more where the recipe asks for films."""


def features() -> dict[str, Features]:
    """Columns of every config in the neutral form."""
    result: dict[str, Features] = {}
    for config, record in RECORDS.items():
        own = _struct(record, MOVIE_TEXT if config == "movies" else {})
        before = {name: feature_of(kind.model_fields[key].annotation) for name, kind, key in CONTEXT.get(config, ())}
        assert not before.keys() & own.keys(), f"{config}: a context column hides a column of the record"
        result[config] = {**before, **own}
    result["keyframes"]["image"] = "image"
    result["films"]["video"] = "video"
    return result


def feature_of(annotation: object, omitted: Omitted | None = None) -> Feature:
    """The neutral form of a field's annotation: Literal is a string, a tuple a list, a record a struct."""
    if get_origin(annotation) is Annotated:
        return feature_of(get_args(annotation)[0], omitted)
    if get_origin(annotation) is Literal:
        return "string"
    if get_origin(annotation) in (Union, types.UnionType):
        (inner,) = (part for part in get_args(annotation) if part is not type(None))
        return feature_of(inner, omitted)
    if get_origin(annotation) is tuple:
        item, dots = get_args(annotation)
        assert dots is Ellipsis, f"only tuple[X, ...] has a column type, got {annotation}"
        return [feature_of(item, omitted)]
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return _struct(annotation, omitted or {})
    return SCALARS[annotation]


def _struct(record: type[Record], omitted: Omitted) -> Features:
    left_out = omitted.get(record, frozenset())
    return {
        name: feature_of(info.annotation, omitted)
        for name, info in record.model_fields.items()
        if name not in left_out
    }


def arrow_schema(columns: Features) -> pa.Schema:
    """The Parquet schema of a config, without the metadata of `datasets`, which 3.6 cannot read when 5.2 wrote it.

    Columns with a video do carry it, in words that every version with videos reads: said in the README, `video` would
    keep 2.21, which has no videos, from every config.
    """
    schema = pa.schema([(name, arrow_type(feature)) for name, feature in columns.items()])
    if not has_video(columns):
        return schema
    info = {"info": {"features": {name: _typed(feature) for name, feature in columns.items()}}}
    return schema.with_metadata({"huggingface": json.dumps(info)})


def has_video(columns: Features) -> bool:
    """Whether a config has films, so that its Parquet files say their features and the README does not."""
    return "video" in columns.values()


def _typed(feature: Feature) -> dict[str, object]:
    """A column as the metadata of `datasets` puts it."""
    assert isinstance(feature, str) and feature != "image", (
        "beside a video only plain columns are read by all versions"
    )
    return {"_type": "Video", "decode": False} if feature == "video" else {"dtype": feature, "_type": "Value"}


def arrow_type(feature: Feature) -> pa.DataType:
    """The Arrow type of a neutral feature."""
    if isinstance(feature, str):
        return ARROW[feature]
    if isinstance(feature, list):
        return pa.list_(arrow_type(feature[0]))
    return pa.struct([(name, arrow_type(inner)) for name, inner in feature.items()])


def readme_features(columns: Features) -> dict[str, object]:
    """What `dataset_info` of a README says of a config's columns: nothing where its Parquet files do."""
    return {} if has_video(columns) else {"features": yaml_features(columns)}


def yaml_features(columns: Features) -> list[dict[str, object]]:
    """The form of `dataset_info.features` in a README, as every `datasets` from 2.21 on reads it."""
    return [{"name": name, **_yaml_type(feature)} for name, feature in columns.items()]


def _yaml_type(feature: Feature) -> dict[str, object]:
    if feature == "video":
        return {"dtype": {"video": {"decode": False}}}
    if isinstance(feature, str):
        return {"dtype": feature}
    if isinstance(feature, dict):
        return {"struct": yaml_features(feature)}
    item = _yaml_type(feature[0])
    return {"list": item.get("dtype", item.get("struct", item))}


def project(value: object, feature: Feature) -> object:
    """The part of a record that a feature has columns for, as plain lists and dicts. None stays None."""
    if value is None or isinstance(feature, str):
        return value
    if isinstance(feature, list):
        assert isinstance(value, tuple)
        return [project(item, feature[0]) for item in value]
    return {name: project(getattr(value, name), inner) for name, inner in feature.items()}


FEATURES: dict[str, Features] = features()


def _row(config: str, context: Iterable[Record | None], record: Record) -> Row:
    given = {type(one): one for one in context if one is not None}
    row: Row = {name: getattr(given.get(kind), key, None) for name, kind, key in CONTEXT.get(config, ())}
    for name, feature in FEATURES[config].items():
        if name not in row:
            row[name] = project(getattr(record, name), feature)
    return row


def text_rows(movie: Movie) -> dict[str, list[Row]]:
    """A movie's rows of every config of text, in story order."""
    people = {person.character_id: person for person in movie.characters}
    return {
        "movies": [_row("movies", (), movie)],
        "dialogue": [
            _row("dialogue", (movie, chapter, scene, people.get(line.character_id or "")), line)
            for chapter in movie.chapters
            for scene in chapter.scenes
            for line in scene.dialogue or ()
        ],
        "qa": [_row("qa", (movie,), question) for question in movie.qa_pairs or ()],
        "events": [_row("events", (movie,), event) for event in movie.events],
    }


def keyframe_rows(movie: Movie, images: Iterable[tuple[Keyframe, bytes]]) -> Iterator[Row]:
    """A movie's rows of `keyframes`, one at a time; `image` is the encoded picture, None where none was painted.

    Raises:
        ValueError: a picture is missing, or is none of this movie's, or comes out of story order.
    """
    pictures = iter(images)
    for chapter in movie.chapters:
        for scene in chapter.scenes:
            for keyframe in scene.keyframes:
                row = _row("keyframes", (movie, chapter, scene), keyframe)
                row["image"] = _picture(keyframe, pictures) if keyframe.image_sha256 is not None else None
                yield row
    for extra, _ in pictures:
        raise ValueError(f"{movie.movie_id} has no picture called {extra.keyframe_id}; check the run")


def film_row(movie: Movie, film: Row) -> Row:
    """A movie's row of `films`; `film` holds the columns of the record and the video (films.py)."""
    before = {name: getattr(movie, key) for name, _, key in CONTEXT["films"]}
    return {name: (before | film)[name] for name in FEATURES["films"]}


def _picture(keyframe: Keyframe, pictures: Iterator[tuple[Keyframe, bytes]]) -> Row:
    owner, data = next(pictures, (None, b""))
    if owner is None or owner.keyframe_id != keyframe.keyframe_id:
        came = owner.keyframe_id if owner else "nothing"
        raise ValueError(f"the picture of {keyframe.keyframe_id} is missing from the run, {came} came; check the run")
    return {"bytes": data, "path": keyframe.image}


def movie_from_rows(rows: Mapping[str, list[Row]]) -> Movie:
    """The movie that one row of `movies` and its rows of the other configs came from.

    No question rows give `qa_pairs=None`: that questions were asked for and none came is not kept.

    Raises:
        pydantic.ValidationError: the rows are not a movie.
    """
    own = {config: [_own_columns(config, row) for row in rows.get(config, [])] for config in CONFIGS}
    scenes = {config: _by(rows.get(config, []), own[config], "scene_id") for config in ("keyframes", "dialogue")}

    def scene(row: Row) -> Row:
        spoken = None if row["dialogue"] is None else scenes["dialogue"].get(row["scene_id"], [])
        return {**row, "keyframes": scenes["keyframes"].get(row["scene_id"], []), "dialogue": spoken}

    (movie,) = rows["movies"]
    chapters = [{**chapter, "scenes": [scene(one) for one in chapter["scenes"]]} for chapter in movie["chapters"]]
    return Movie.model_validate(
        {**movie, "chapters": chapters, "events": own["events"], "qa_pairs": own["qa"] or None}
    )


def _own_columns(config: str, row: Row) -> Row:
    """A row without its context columns; the picture becomes its file name again."""
    kept = {name: row[name] for name in RECORDS[config].model_fields if name in row}
    if config == "keyframes" and kept["image"] is not None:
        kept["image"] = kept["image"]["path"]
    return kept


def _by(rows: list[Row], records: list[Row], column: str) -> dict[Any, list[Row]]:
    found: dict[Any, list[Row]] = {}
    for row, record in zip(rows, records, strict=True):
        found.setdefault(row[column], []).append(record)
    return found
