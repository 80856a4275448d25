"""The dataset card: what it says follows from the facts, and the Hub can read it."""

import dataclasses
import re

import pytest
import yaml
from huggingface_hub import DatasetCard

from moviellm.cards.croissant import CROISSANT
from moviellm.cards.dataset_card import markdown, render
from moviellm.generation.config.dataset import DatasetConfig
from moviellm.generation.config.recipe import Recipe, load_recipe
from moviellm.generation.dataset.facts import DatasetFacts, Source
from moviellm.generation.export import build_dataset
from tests.factories import MemoryRun, make_movie

RECIPE = Recipe(name="mine", themes=("a key",), movies=5)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The facts of a small dataset, and its folder."""
    kept: list[DatasetFacts] = []

    def keep(facts):
        kept.append(facts)
        return render(facts)

    folder = tmp_path_factory.mktemp("dataset") / "small"
    build_dataset(MemoryRun([make_movie(i) for i in range(5)]), folder, RECIPE, run_seed=3, render_readme=keep)
    return kept[0], folder


@pytest.fixture
def facts(built) -> DatasetFacts:
    return built[0]


def measured(facts: DatasetFacts, **changes) -> DatasetFacts:
    return dataclasses.replace(facts, measures=dataclasses.replace(facts.measures, **changes))


def front_matter(readme: str) -> dict:
    return yaml.safe_load(readme.split("---\n")[1])


def test_the_hub_reads_its_metadata(built):
    card = DatasetCard.load(built[1] / "README.md")
    data = card.data.to_dict()
    assert (data["license"], data["pretty_name"], data["language"]) == ("cc-by-4.0", "MovieLLM", ["en"])
    assert data["source_datasets"] == ["original"]
    assert card.text.lstrip().startswith("# MovieLLM")


def test_configs_and_features_are_in_the_front_matter_unchanged(facts):
    data = front_matter(render(facts)[0])
    assert {key: data[key] for key in facts.front_matter} == facts.front_matter


def test_films_are_told_with_how_they_were_made(facts):
    before, after = render(facts)[0], render(measured(facts, films={(True, True): 4, (False, False): 1}))[0]
    assert "Films:" not in before and "there is no sound" in before
    assert "1 film of still keyframes, without sound; 4 films in which the camera moves, with voices." in after
    assert "films speak it by a program" in after


def test_a_version_is_to_be_pinned(facts):
    assert f'revision="v{facts.version}"' in render(facts)[0]


def test_nothing_of_the_template_is_left(facts):
    readme, _ = render(facts)
    assert re.search(r"{{|}}|{%|%}|{#", readme) is None
    assert "None |" not in readme and "Undefined" not in readme


def test_every_picture_it_refers_to_comes_with_it_and_no_other(facts):
    readme, assets = render(facts)
    assert set(re.findall(r'<img src="([^"]+)"', readme)) == set(assets) - {CROISSANT}
    assert assets["card/strip.jpg"].startswith(b"\xff\xd8")


def test_the_same_facts_give_the_same_card(facts):
    assert render(facts) == render(facts)


@pytest.mark.parametrize(
    ("change", "old", "new"),
    [
        ({"total_s": 7322.0}, "2 min 40 s", "2 h 2 min"),
        ({"question_types": {"visual": 9, "plot": 3}}, "| overview | 5 | 33.3% |", "| visual | 9 | 75.0% |"),
        ({"answer_formats": {"open_ended": 15}}, "| multiple_choice | 5 | 33.3% |", "| open_ended | 15 | 100.0% |"),
        ({"answer_positions": {0: 3, 2: 1}}, "best position scores 100.0%", "best position scores 75.0%"),
        ({"image_bytes": 12_300_000}, " kB of encoded images", "12.3 MB of encoded images"),
    ],
)
def test_another_measure_is_another_number(facts, change, old, new):
    before, after = render(facts)[0], render(measured(facts, **change))[0]
    assert old in before and old not in after
    assert new not in before and new in after


def test_the_number_of_rows_is_the_one_counted(facts):
    rows = {config: {"train": 1234, "test": 56} for config in facts.rows}
    readme, _ = render(dataclasses.replace(facts, rows=rows))
    assert "| `qa` | a question | 1,234 | 56 |" in readme
    assert front_matter(readme)["size_categories"] == ["1K<n<10K"]


def test_near_duplicates_and_failures_are_told(facts):
    report = dataclasses.replace(facts.splitting, pairs=7, clusters=1, moved=2)
    readme, _ = render(dataclasses.replace(facts, splitting=report, failures={"no option fits": 4}))
    assert "7 near-duplicate pairs, 0 twins, 1 group; 2 movies changed split" in readme
    assert "- 4: no option fits" in readme
    assert "No failed or dropped cell" not in readme


def test_a_distribution_with_one_value_is_a_sentence_and_no_chart(facts):
    readme, assets = render(facts)
    assert "Keyframes in a movie: 8 in all 5 movies" in readme
    assert "card/keyframes_per_movie.svg" not in assets
    assert "card/question_types.svg" in assets


def test_every_column_is_listed_with_its_meaning(facts):
    readme, _ = render(facts)
    listed = set(re.findall(r"^\| `([^`]+)` \|[^|]+\| [^|]{3,}", readme, re.M))
    for columns in facts.features.values():
        assert set(columns) <= listed
    assert "| `answer_index` | int64 | Index of the right option. |" in readme
    assert "chapters[].scenes[].dialogue[].text" in listed


def test_a_packaged_recipe_is_named_and_another_is_printed(facts):
    packaged, _ = render(dataclasses.replace(facts, recipe=load_recipe("tiny")))
    own, _ = render(facts)
    assert "moviellm run tiny --out remade" in packaged and "```yaml" not in packaged
    printed = yaml.safe_load(own.split("```yaml\n")[1].split("```")[0])
    assert Recipe.model_validate(printed) == RECIPE


def test_a_changed_packaged_recipe_is_printed_whole(facts):
    readme, _ = render(dataclasses.replace(facts, recipe=load_recipe("tiny", ["story.chapters=3"])))
    assert "moviellm run recipe.yaml" in readme


def test_the_command_that_remakes_it_fixes_the_time(facts):
    assert "SOURCE_DATE_EPOCH=1767225600 moviellm run" in render(facts)[0]


def test_other_makers_change_the_licence_the_claims_and_the_limits(facts):
    writer = Source("plot", "some/model", "abc", "plot.md", "0" * 64, "0.1.0", "", "2026-01-01T00:00:00Z")
    offline = render(facts)[0]
    readme, _ = render(measured(facts, sources={writer: 5}))
    assert front_matter(readme)["license"] == "unknown"
    assert "**Unknown.**" in readme and "some/model abc: terms unknown" in readme
    for claim in ("every fact in it is known exactly", "comes from a grammar", "byte for byte"):
        assert claim in offline and claim not in readme


@pytest.mark.parametrize(
    ("stage", "says"),
    [
        ("keyframes", "Its story is by an offline studio, its pictures are by an image model"),
        ("plot", "Its story is by a language model, its pictures are drawn by an offline studio"),
    ],
)
def test_who_wrote_and_who_painted_are_told_apart(facts, stage, says):
    maker = Source(stage, "some/model", "abc", "none", "0" * 64, "0.1.0", "", "2026-01-01T00:00:00Z")
    assert says not in render(facts)[0]
    assert says in render(measured(facts, sources=facts.measures.sources | {maker: 5}))[0]


def test_terms_of_the_recipe_are_on_the_card(facts):
    recipe = RECIPE.model_copy(update={"dataset": DatasetConfig(licence="Our-Terms-1")})
    data = front_matter(render(dataclasses.replace(facts, recipe=recipe))[0])
    assert (data["license"], data["license_name"]) == ("other", "Our-Terms-1")


def test_a_theme_cannot_become_markup(facts):
    bad = "</summary><script>alert(1)</script> [x](javascript:1) | `a`\n# Big"
    sample = dataclasses.replace(
        facts.sample, theme=bad, title=bad, images=(("a.jpg", bad, facts.sample.images[0][2]),)
    )
    readme, _ = render(dataclasses.replace(facts, sample=sample))
    outside = re.sub(r'alt="[^"]*"', "", readme)
    assert "<script" not in readme and "\n# Big" not in readme and "[x](" not in outside


def test_a_recipe_cannot_leave_its_code_block(facts):
    recipe = RECIPE.model_copy(update={"themes": ("```\n# out",)})
    readme, _ = render(dataclasses.replace(facts, recipe=recipe))
    assert "````yaml\n" in readme


def test_markdown_escapes_what_markdown_reads():
    assert markdown("a*b_c|d\n<e>") == r"a\*b\_c\|d &lt;e&gt;"


def test_a_dataset_without_questions_or_pictures_still_has_a_card(facts):
    nothing = {"question_types": {}, "answer_formats": {}, "levels": {}, "answer_positions": {}, "requires": {}}
    sample = dataclasses.replace(facts.sample, questions=(), images=())
    bare = dataclasses.replace(measured(facts, **nothing), sample=sample, rows=facts.rows | {"qa": {}})
    readme, assets = render(bare)
    assert "This build has no questions." in readme
    assert "card/strip.jpg" not in assets and 'load_dataset(source, "qa"' not in readme
