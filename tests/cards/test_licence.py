"""The licence follows from who made the data."""

import pytest

from moviellm.cards.licence import HUB_NAMES, LICENCE_URLS, is_unknown, licence_of
from moviellm.generation.config.dataset import DatasetConfig
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.dataset.facts import Source


def source(stage: str, model_id: str) -> Source:
    return Source(stage, model_id, "1", "prompt", "0" * 64, "0.1.0", "", "2026-01-01T00:00:00Z")


def recipe(**dataset) -> Recipe:
    return Recipe(dataset=DatasetConfig(**dataset))


OFFLINE = [source("plot", "moviellm/offline-writer"), source("keyframes", "moviellm/offline-painter")]
MIXED = [source("plot", "some/writer"), source("keyframes", "moviellm/offline-painter")]
FOREIGN = [source("plot", "some/writer"), source("keyframes", "some/painter"), source("style", "some/painter")]


def test_wholly_offline_is_cc_by():
    licence = licence_of(OFFLINE, recipe())
    assert licence.front_matter() == {"license": "cc-by-4.0"}
    assert licence.terms == ()


@pytest.mark.parametrize("sources", [MIXED, FOREIGN, []])
def test_what_nobody_stated_is_unknown(sources):
    assert licence_of(sources, recipe()).front_matter() == {"license": "unknown"}


def test_one_stated_of_two_is_still_unknown():
    licence = licence_of(FOREIGN, recipe(writer_terms="apache-2.0"))
    assert not licence.known
    assert [(maker.part, maker.terms) for maker in licence.terms] == [("painter", None), ("writer", "apache-2.0")]


def test_different_terms_are_listed_and_not_merged():
    licence = licence_of(FOREIGN, recipe(writer_terms="apache-2.0", painter_terms="openrail"))
    assert licence.front_matter() == {"license": "other", "license_name": "terms-of-the-makers"}
    assert {maker.terms for maker in licence.terms} == {"apache-2.0", "openrail"}


def test_the_same_known_terms_of_both_are_the_licence():
    licence = licence_of(FOREIGN, recipe(writer_terms="Apache-2.0", painter_terms="Apache-2.0"))
    assert licence.front_matter() == {"license": "apache-2.0"}


def test_the_terms_of_a_writer_alone_count_when_the_painter_is_offline():
    assert licence_of(MIXED, recipe(writer_terms="Our terms")).front_matter() == {
        "license": "other",
        "license_name": "Our terms",
    }


def test_what_the_recipe_states_goes_first():
    licence = licence_of(FOREIGN, recipe(licence="CC-BY-NC-4.0"))
    assert (licence.front_matter(), licence.stated) == ({"license": "cc-by-nc-4.0"}, True)
    assert len(licence.terms) == 2


def test_a_recipe_may_say_that_the_terms_are_unknown():
    assert is_unknown(licence_of(OFFLINE, recipe(licence="Unknown")).front_matter())


@pytest.mark.parametrize(
    "front_matter",
    [
        {},
        {"license": None},
        {"license": ""},
        {"license": []},
        {"license": "unknown"},
        {"license": ["mit", "Unknown"]},
        {"license": "other"},
        {"license": "other", "license_name": "unknown"},
    ],
)
def test_a_readme_without_terms_is_recognised(front_matter):
    assert is_unknown(front_matter)


@pytest.mark.parametrize("sources", [OFFLINE, MIXED])
@pytest.mark.parametrize("stated", ["cc-by-4.0", "Our terms"])
def test_a_readme_with_terms_is_not(sources, stated):
    assert not is_unknown(licence_of(sources, recipe(licence=stated)).front_matter())


def test_a_licence_has_the_address_of_its_text():
    assert LICENCE_URLS["cc-by-nc-sa-4.0"] == "https://creativecommons.org/licenses/by-nc-sa/4.0/"
    assert set(HUB_NAMES) - set(LICENCE_URLS) == {"openrail"}
