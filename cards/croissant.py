"""croissant.json: a dataset described for machines (Croissant 1.0 with its responsible-AI part), from measured facts.

    files["croissant.json"] = croissant(facts).encode()     # lies in every dataset folder

    import mlcroissant                                      # how it is read: `pip install mlcroissant[parquet]`
    records = mlcroissant.Dataset(jsonld="MovieLLM-tiny/croissant.json").records("qa")

Every Parquet file is listed with its hash and size, every config is a record set, every column a field. Lists within
lists of records (scenes of a chapter, with their keyframes and lines) are left to the configs that hold them as rows:
readers of Croissant reach one list deep. The same facts give the same bytes. It claims nothing that responsible.py
cannot read from the facts, and checks nothing: tests/cards/test_croissant.py does, with mlcroissant.
"""

import json
from collections.abc import Iterator
from typing import Any

from moviellm.cards.citation import AUTHOR, bibtex, made_at
from moviellm.cards.columns import columns_of
from moviellm.cards.licence import licence_of
from moviellm.cards.responsible import responsible
from moviellm.generation.dataset.facts import DatasetFacts
from moviellm.generation.dataset.features import Feature
from moviellm.generation.dataset.folder import ManifestFile

CROISSANT = "croissant.json"
"""Name of the file in a dataset folder."""
CONFORMS_TO = ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"]
PARQUET = "application/x-parquet"
SPLITS = "splits"
"""Id of the record set that lists the splits."""
TYPES = {
    "string": "sc:Text",
    "int64": "cr:Int64",
    "float64": "cr:Float64",
    "bool": "sc:Boolean",
    "image": "sc:ImageObject",
    "video": "sc:VideoObject",
}
OF_CROISSANT = (
    *("citeAs", "column", "equivalentProperty", "extract", "field", "fileObject", "fileProperty", "fileSet", "format"),
    *("includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet", "references"),
    *("regex", "repeated", "replace", "samplingRate", "separator", "source", "subField", "transform"),
)
"""Terms of the vocabulary that croissant.json may use without a prefix."""

Json = dict[str, Any]


def croissant(facts: DatasetFacts, *, description: str | None = None) -> str:
    """The text of croissant.json.

    Args:
        facts: What was measured.
        description: What the dataset is, in a sentence or two; None takes that of its kind.
    """
    told = responsible(facts)
    licence = licence_of(facts.measures.sources, facts.recipe)
    published = made_at(facts)
    configs = [config for config, splits in facts.rows.items() if splits]
    data: Json = {
        "@context": _context(),
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": facts.name,
        "description": description or told.description,
        "version": facts.version,
        "license": licence.url or licence.name or licence.spdx,
        "citeAs": bibtex(facts),
        "creator": {"@type": "sc:Organization", "name": AUTHOR},
        **({"datePublished": published} if published else {}),
        "inLanguage": sorted(facts.measures.languages),
        "keywords": ["video", "movies", "video question answering", "temporal grounding", "dense video captioning"],
        "isLiveDataset": False,
        **told.fields,
        "distribution": [*map(_file, facts.shards), *(_file_set(config) for config in configs)],
        "recordSet": [_splits(facts), *(_record_set(facts, config) for config in configs)],
    }
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def _context() -> Json:
    """What the names in the file mean, as Croissant 1.0 asks every file to say."""
    return {
        "@language": "en",
        "@vocab": "https://schema.org/",
        "sc": "https://schema.org/",
        "cr": "http://mlcommons.org/croissant/",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "dct": "http://purl.org/dc/terms/",
        "conformsTo": "dct:conformsTo",
        "data": {"@id": "cr:data", "@type": "@json"},
        "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
        "examples": {"@id": "cr:examples", "@type": "@json"},
        **{name: f"cr:{name}" for name in OF_CROISSANT},
    }


def _file(file: ManifestFile) -> Json:
    return {
        "@type": "cr:FileObject",
        "@id": file.path,
        "name": file.path,
        "contentUrl": file.path,
        "contentSize": f"{file.bytes} B",
        "encodingFormat": PARQUET,
        "sha256": file.sha256,
    }


def _files_of(config: str) -> str:
    return f"{config}-files"


def _file_set(config: str) -> Json:
    return {
        "@type": "cr:FileSet",
        "@id": _files_of(config),
        "name": _files_of(config),
        "description": f"The Parquet files of {config}, all splits.",
        "encodingFormat": PARQUET,
        "includes": f"{config}/*.parquet",
    }


def _splits(facts: DatasetFacts) -> Json:
    """The splits as a record set, so that other record sets can refer to them."""
    names = list(facts.rows["movies"])
    return {
        "@type": "cr:RecordSet",
        "@id": SPLITS,
        "name": SPLITS,
        "description": f"Splits, by movie: {', '.join(names)}.",
        "dataType": "cr:Split",
        "key": {"@id": f"{SPLITS}/name"},
        "field": [{"@type": "cr:Field", "@id": f"{SPLITS}/name", "name": "name", "dataType": "sc:Text"}],
        "data": [{f"{SPLITS}/name": name} for name in names],
    }


def _record_set(facts: DatasetFacts, config: str) -> Json:
    columns = facts.features[config]
    meanings = {column.name: column.meaning for column in columns_of(config, columns)}
    counts = ", ".join(f"{split} {count:,}" for split, count in facts.rows[config].items())
    found = [field for name, feature in columns.items() if (field := _column(config, name, feature, meanings))]
    return {
        "@type": "cr:RecordSet",
        "@id": config,
        "name": config,
        "description": f"Rows: {counts}.",
        "field": found if "split" in columns else [_split_of(config), *found],
    }


def _split_of(config: str) -> Json:
    """The split of a row, which its file's name says."""
    return {
        "@type": "cr:Field",
        "@id": f"{config}/split",
        "name": "split",
        "description": "Split of its movie.",
        "dataType": "sc:Text",
        "source": {
            "fileSet": {"@id": _files_of(config)},
            "extract": {"fileProperty": "filename"},
            "transform": {"regex": "^([a-z]+)-.*$"},
        },
    }


def _column(config: str, name: str, feature: Feature, meanings: dict[str, str]) -> Json | None:
    """The field of a column; None where nothing of it can be reached."""
    field = _named(f"{config}/{name}", name, meanings.get(name, ""))
    inner = feature[0] if isinstance(feature, list) else feature
    repeated = {"repeated": True} if isinstance(feature, list) else {}
    if isinstance(inner, str):
        path = "bytes" if inner in {"image", "video"} else ""
        return field | {"dataType": TYPES[inner]} | repeated | _source(config, name, path)
    if isinstance(inner, list):
        return None
    place = f"{name}[]" if repeated else name
    parts = list(_inside(config, name, inner, (), place, meanings, bool(repeated)))
    return field | repeated | {"subField": parts} if parts else None


def _inside(
    config: str,
    column: str,
    fields: dict[str, Feature],
    path: tuple[str, ...],
    place: str,
    meanings: dict[str, str],
    repeated: bool,
) -> Iterator[Json]:
    """The fields inside a column of records, as far as one list deep."""
    for name, feature in fields.items():
        here = (*path, name)
        field = _named("/".join((config, column, *here)), name, meanings.get(f"{place}.{name}", ""))
        inner = feature[0] if isinstance(feature, list) else feature
        if isinstance(inner, str):
            many = {"repeated": True} if isinstance(feature, list) else {}
            yield field | {"dataType": TYPES[inner]} | many | _source(config, column, ".".join(here))
        elif isinstance(feature, dict):
            parts = list(_inside(config, column, feature, here, f"{place}.{name}", meanings, repeated))
            yield field | ({"repeated": True} if repeated else {}) | {"subField": parts}


def _named(identity: str, name: str, description: str) -> Json:
    told = {"description": description} if description.strip() else {}
    return {"@type": "cr:Field", "@id": identity, "name": name} | told


def _source(config: str, column: str, json_path: str) -> Json:
    transform = {"transform": {"jsonPath": json_path}} if json_path else {}
    return {"source": {"fileSet": {"@id": _files_of(config)}, "extract": {"column": column}} | transform}
