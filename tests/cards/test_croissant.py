"""croissant.json: every file, config and column is in it, its numbers are measured, and mlcroissant reads it.

The reading is slow: it makes a virtual environment with pip.
"""

import dataclasses
import hashlib
import json
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from moviellm.cards.croissant import CROISSANT, croissant
from moviellm.cards.dataset_card import render
from moviellm.cards.licence import UNKNOWN
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.dataset.facts import DatasetFacts, Source
from moviellm.generation.dataset.folder import read_manifest
from moviellm.generation.export import build_dataset
from tests.environments import fresh_python
from tests.factories import MemoryRun
from tests.stories import make_story

MLCROISSANT = "mlcroissant==1.1.1"
RECIPE = Recipe.model_validate({"name": "mine", "dataset": {"films": True}})
RAI = (
    "dataCollection",
    "dataCollectionType",
    "dataPreprocessingProtocol",
    "dataAnnotationProtocol",
    "machineAnnotationTools",
    "dataUseCases",
    "dataLimitations",
    "dataBiases",
    "personalSensitiveInformation",
    "dataSocialImpact",
    "dataReleaseMaintenancePlan",
)


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> tuple[DatasetFacts, Path]:
    kept: list[DatasetFacts] = []
    out = tmp_path_factory.mktemp("croissant") / "dataset"
    build_dataset(
        MemoryRun([make_story(number, chapters=1) for number in range(5)]),
        out,
        RECIPE,
        run_seed=3,
        render_readme=lambda facts: (kept.append(facts), render(facts))[1],
    )
    return kept[0], out


@pytest.fixture
def facts(built) -> DatasetFacts:
    return built[0]


@pytest.fixture
def told(built) -> dict:
    return json.loads((built[1] / CROISSANT).read_text(encoding="utf-8"))


def of(facts: DatasetFacts, **changes) -> dict:
    return json.loads(croissant(dataclasses.replace(facts, **changes)))


def measured(facts: DatasetFacts, **changes) -> dict:
    return of(facts, measures=dataclasses.replace(facts.measures, **changes))


def by_sources(facts: DatasetFacts, *makers: tuple[str, str]) -> dict:
    sources = [
        Source(stage, model, "1", "p", "0" * 64, "0.1.0", "", "2026-02-03T00:00:00Z") for stage, model in makers
    ]
    return measured(facts, sources=Counter(sources))


def test_it_lies_in_the_folder_and_in_its_manifest(built):
    assert CROISSANT in {file.path for file in read_manifest(built[1]).files}


def test_the_same_facts_give_the_same_bytes(facts):
    assert croissant(facts) == croissant(facts)


def test_every_parquet_file_has_its_hash_and_size(built, told):
    listed = {one["contentUrl"]: one for one in told["distribution"] if one["@type"] == "cr:FileObject"}
    for path in built[1].glob("*/*.parquet"):
        one = listed.pop(path.relative_to(built[1]).as_posix())
        assert one["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert one["contentSize"] == f"{path.stat().st_size} B"
    assert listed == {}


def test_every_config_is_a_record_set_with_every_column(facts, told):
    sets = {one["@id"]: one for one in told["recordSet"]}
    assert set(sets) == {*facts.rows, "splits"}
    for config, columns in facts.features.items():
        assert set(columns) <= {field["name"] for field in sets[config]["field"]}


def test_ids_are_there_once_and_what_they_refer_to_is_there(told):
    ids = [node["@id"] for node in _nodes(told) if "@type" in node and "@id" in node]
    assert max(Counter(ids).values()) == 1
    assert {node["@id"] for node in _nodes(told) if set(node) == {"@id"}} <= set(ids)


def _nodes(value: object):
    if isinstance(value, dict):
        yield value
        for key, inner in value.items():
            yield from () if key == "@context" else _nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _nodes(inner)


def test_every_field_has_a_type_or_parts(told):
    for record_set in told["recordSet"]:
        for field in _leaves(record_set["field"]):
            assert field["dataType"].split(":")[0] in {"sc", "cr"}


def _leaves(fields: list[dict]):
    for field in fields:
        yield from _leaves(field["subField"]) if "subField" in field else [field]


def test_what_lies_two_lists_deep_is_left_to_the_configs_of_its_own(told):
    (movies,) = (one for one in told["recordSet"] if one["@id"] == "movies")
    (chapters,) = (field for field in movies["field"] if field["name"] == "chapters")
    assert [part["name"] for part in chapters["subField"]] == ["chapter_id", "index", "title", "summary", "span"]


def test_the_responsible_part_is_whole(told):
    assert all(told[f"rai:{name}"] for name in RAI)
    assert "http://mlcommons.org/croissant/RAI/1.0" in told["conformsTo"]


def test_its_numbers_are_those_measured(facts):
    changed = measured(facts, genres=Counter(crime=3, opera=1))
    assert "Movies by genre: crime 75.0%, opera 25.0%." in changed["rai:dataBiases"]
    assert (
        "(7 pairs)"
        in of(facts, splitting=dataclasses.replace(facts.splitting, pairs=7))["rai:dataPreprocessingProtocol"][0]
    )
    assert "while it was made: 4." in of(facts, failures={"no option fits": 4})["rai:dataCollectionMissingData"]
    assert "options_only right on 100.0% of 5" in " ".join(of(facts)["rai:dataAnnotationProtocol"])


def test_who_made_it_decides_what_is_claimed(facts):
    offline = by_sources(facts, ("plot", "moviellm/offline-writer"), ("keyframes", "moviellm/offline-painter"))
    models = by_sources(facts, ("plot", "some/writer"), ("keyframes", "some/painter"))
    imported = by_sources(facts, ("import", "somewhere"))
    assert offline["rai:personalSensitiveInformation"][0].startswith("None")
    assert "some/writer" in models["rai:dataCollection"] and "some/painter" in models["rai:dataCollection"]
    assert "simulat" not in json.dumps([models, imported])
    assert imported["rai:personalSensitiveInformation"][0].startswith("Not known")
    assert "imported" in imported["description"] and "synthetic" in models["description"]


def test_the_licence_is_an_address_a_name_or_unknown(facts):
    assert of(facts)["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert by_sources(facts, ("import", "somewhere"))["license"] == UNKNOWN
    named = RECIPE.model_copy(update={"dataset": RECIPE.dataset.model_copy(update={"licence": "Ours-1"})})
    assert of(facts, recipe=named)["license"] == "Ours-1"


def test_without_a_maker_it_claims_nothing(facts):
    told = measured(facts, sources=Counter())
    assert told["rai:dataCollection"] == "Nothing records who made this data."
    assert "datePublished" not in told and "rai:dataCollectionTimeframe" not in told


READ = """
import collections, hashlib, json, pathlib, sys
import mlcroissant
folder = sys.argv[1]
dataset = mlcroissant.Dataset(jsonld=folder + "/croissant.json")
issues = dataset.metadata.ctx.issues
seen = {"issues": [*issues.errors, *issues.warnings], "rows": {}, "first": {}}
for record_set in dataset.metadata.record_sets:
    rows = list(dataset.records(record_set.id))
    key = record_set.id + "/split"
    splits = [row[key].decode() for row in rows if key in row]
    seen["rows"][record_set.id] = collections.Counter(splits) if splits else len(rows)
    seen["first"][record_set.id] = dict(rows[0])
def plain(value):
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest() if value.startswith(b"\\0\\0\\0") else value.decode()
    return value.size if hasattr(value, "getbands") else value.item()
print(json.dumps(seen, default=plain))
"""


@pytest.mark.slow
def test_mlcroissant_reads_every_record_set(built, tmp_path):
    facts, folder = built
    python = fresh_python(tmp_path / "venv", MLCROISSANT, "pyarrow", "pillow")
    done = subprocess.run([str(python), "-c", READ, str(folder)], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout.strip().splitlines()[-1])
    assert seen["issues"] == []
    assert seen["rows"] == {**facts.rows, "splits": len(facts.rows["movies"])}
    question, keyframe = seen["first"]["qa"], seen["first"]["keyframes"]
    assert question["qa/evidence"] == [{"qa/evidence/start_s": 0.0, "qa/evidence/end_s": 4.0}]
    assert question["qa/requires"] == ["vision"] and question["qa/answer_index"] is None
    assert keyframe["keyframes/image"] == [64, 36]
    assert keyframe["keyframes/span"] == {"keyframes/span/start_s": 0.0, "keyframes/span/end_s": 4.0}
    assert len(seen["first"]["films"]["films/video"]) == 64
