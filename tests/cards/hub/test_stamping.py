"""stamping.py: how a dataset folder reads on the Hub, and that nothing else of it changes."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from moviellm.cards.dataset_card import render
from moviellm.cards.hub.local import dataset_files
from moviellm.cards.hub.stamping import (
    FRONT_MATTER,
    Stamp,
    front_matter,
    licence_for,
    stamp,
    stamp_readme,
    version_for,
)
from moviellm.generation.dataset.folder import MANIFEST, README, DatasetManifest, read_manifest
from tests.cards.hub_folders import KNOWN, UNKNOWN, content, make_folder
from tests.stories import build, make_story

URL = "https://hub/datasets/org/films"
TOLD = Stamp("org/films", "1.2.0", URL)


def _stamped(folder: Path, told: Stamp = TOLD) -> dict[str, bytes]:
    manifest = read_manifest(folder)
    files = stamp(dataset_files(folder, manifest), manifest, told)
    return {file.path: file.source if isinstance(file.source, bytes) else file.source.read_bytes() for file in files}


def _manifest(version: str) -> DatasetManifest:
    return DatasetManifest(name="n", version=version, schema_version="1.3.0", configs={}, splits=("train",), files=())


def test_the_folder_stays_as_it_is(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "films")
    before = content(folder)
    _stamped(folder)
    assert content(folder) == before


def test_only_the_card_and_the_manifest_change(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "films")
    changed = {path for path, data in _stamped(folder).items() if data != (folder / path).read_bytes()}
    assert changed == {README, MANIFEST}


def test_the_manifest_says_the_version_and_the_new_hash_of_the_card(tmp_path: Path) -> None:
    stamped = _stamped(make_folder(tmp_path / "films"))
    (tmp_path / "again").mkdir()
    for path, data in stamped.items():
        (tmp_path / "again" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "again" / path).write_bytes(data)
    manifest = read_manifest(tmp_path / "again")
    assert manifest.version == "1.2.0"
    assert len(dataset_files(tmp_path / "again", manifest)) == len(stamped)


def test_every_config_has_the_version(tmp_path: Path) -> None:
    data = front_matter(_stamped(make_folder(tmp_path / "films"))[README].decode())
    assert [config["version"] for config in data["configs"]] == ["1.2.0"]


def test_every_mention_of_the_old_version_becomes_the_new_one(tmp_path: Path) -> None:
    readme = _stamped(make_folder(tmp_path / "films"))[README].decode()
    assert "Dataset 1.2.0, data model 1.3.0." in readme and "Version 1.2.0." in readme and "0.0.4711" not in readme


def test_a_number_that_only_begins_like_the_version_stays() -> None:
    card = "---\nlicense: mit\n---\n0.0.47119 and 10.0.4711 and 0.0.4711.2 and v0.0.4711 but 0.0.4711."
    said = "0.0.47119 and 10.0.4711 and 0.0.4711.2 and v0.0.4711 but 1.2.0."
    assert said in stamp_readme(card, "0.0.4711", TOLD)


def test_the_card_says_how_to_load_it_from_the_hub(tmp_path: Path) -> None:
    readme = _stamped(make_folder(tmp_path / "films"))[README].decode()
    assert 'qa = load_dataset("org/films", "qa", revision="v1.2.0", split="train")' in readme
    assert "source" not in readme


def test_a_card_without_such_lines_gets_them() -> None:
    card = "---\nconfigs:\n- config_name: sft\n- config_name: align-2\n---\n# Rows\n"
    readme = stamp_readme(card, "0.0.1", TOLD)
    assert 'sft = load_dataset("org/films", "sft", revision="v1.2.0")' in readme
    assert 'align_2 = load_dataset("org/films", "align-2", revision="v1.2.0")' in readme
    assert 'data = load_dataset("org/films", revision="v1.2.0")' in stamp_readme("---\na: 1\n---\n", "0.0.1", TOLD)


def test_a_stated_licence_is_in_the_front_matter_and_in_the_text(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "films", licence=UNKNOWN)
    readme = _stamped(folder, Stamp("org/films", "1.2.0", URL, "CC-BY-4.0"))[README].decode()
    data = front_matter(readme)
    assert data["license"] == "cc-by-4.0" and "license_name" not in data
    section = readme.split("## Licence")[1].split("## Version")[0]
    assert "Creative Commons Attribution 4.0" in section and "Unknown" not in section
    assert "- painter somebody/model: terms unknown" in section


def test_a_licence_that_the_hub_does_not_know_gets_a_name(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "films", licence=UNKNOWN)
    data = front_matter(_stamped(folder, Stamp("org/films", "1.2.0", URL, "Studio terms 3"))[README].decode())
    assert (data["license"], data["license_name"]) == ("other", "Studio terms 3")


def test_stamping_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "films", licence=UNKNOWN)
    told = Stamp("org/films", "1.2.0", URL, "mit")
    assert _stamped(folder, told) == _stamped(folder, told)


def test_the_real_card_keeps_its_front_matter_and_loses_its_local_lines(tmp_path: Path) -> None:
    build(tmp_path / "out", [make_story(0, chapters=1)], render)
    old = (tmp_path / "out" / README).read_text(encoding="utf-8")
    new = _stamped(tmp_path / "out")[README].decode()
    changed = [line for line in new.splitlines() if line not in set(old.splitlines())]
    assert all("1.2.0" in line for line in changed), changed
    assert 'load_dataset("org/films", "qa", revision="v1.2.0", split=' in new and "source" not in _code(new)
    kept: dict[str, Any] = {key: value for key, value in front_matter(old).items() if key != "configs"}
    assert {key: value for key, value in front_matter(new).items() if key != "configs"} == kept


def test_croissant_says_the_version_the_page_and_the_licence(tmp_path: Path) -> None:
    build(tmp_path / "out", [make_story(0, chapters=1)], render)
    old = json.loads((tmp_path / "out/croissant.json").read_bytes())
    new = json.loads(_stamped(tmp_path / "out")["croissant.json"])
    assert (new["version"], new["url"], new["license"]) == ("1.2.0", URL, old["license"])
    assert "version 1.2.0" in new["citeAs"] and old["version"] not in json.dumps(new)
    assert new["distribution"] == old["distribution"]
    stated = json.loads(_stamped(tmp_path / "out", Stamp("org/films", "1.2.0", URL, "MIT"))["croissant.json"])
    assert stated["license"] == "https://opensource.org/license/mit"


def _code(readme: str) -> str:
    return "".join(readme.split("```python")[1:2])


def test_a_version_is_asked_for_where_the_folder_has_none() -> None:
    with pytest.raises(ValueError, match="--version 1.0.0"):
        version_for(_manifest("0.0.99"), None)
    assert version_for(_manifest("0.0.99"), "1.2.0") == "1.2.0"


def test_a_version_that_the_recipe_fixes_is_the_version() -> None:
    assert version_for(_manifest("2.0.0"), None) == version_for(_manifest("2.0.0"), "2.0.0") == "2.0.0"
    with pytest.raises(ValueError, match=r"fixes version 2\.0\.0"):
        version_for(_manifest("2.0.0"), "2.1.0")


@pytest.mark.parametrize(
    "data", [{}, {"license": "unknown"}, {"license": "other"}, {"license": "other", "license_name": "unknown"}]
)
def test_data_of_unknown_licence_needs_one_to_leave(data: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="without one it does not leave.*--license"):
        licence_for(data, None)
    assert licence_for(data, "cc-by-4.0") == "cc-by-4.0"
    with pytest.raises(ValueError, match="says nothing"):
        licence_for(data, "unknown")


def test_a_licence_that_is_stated_is_not_overruled() -> None:
    assert licence_for({"license": "mit"}, None) is None
    assert licence_for({"license": "mit"}, "MIT") is None
    assert licence_for({"license": "other", "license_name": "Studio terms"}, "studio terms") is None
    with pytest.raises(ValueError, match="says mit, not cc0-1.0"):
        licence_for({"license": "mit"}, "cc0-1.0")


@pytest.mark.parametrize("readme", ["# no head", "---\n- a list\n---\n", "---\na: [\n---\n"])
def test_a_card_that_the_hub_could_not_read_is_refused(readme: str) -> None:
    with pytest.raises(ValueError, match="front matter"):
        front_matter(readme)


def test_the_front_matter_is_yaml_that_the_hub_reads() -> None:
    readme = stamp_readme("---\r\nlicense: mit\r\n---\r\n# x\r\n", "0.0.1", TOLD)
    found = FRONT_MATTER.match(readme)
    assert found is not None and yaml.safe_load(found[1]) == {"license": "mit"}
    assert KNOWN[0] == "cc-by-4.0"
