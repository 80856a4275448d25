"""run.yaml: fixed at the start, extended with care."""

import re
import subprocess
from pathlib import Path

import pytest

from moviellm.generation.config.recipe import ImageConfig, Recipe, StoryConfig, StudioConfig
from moviellm.generation.runs.record import RECORD_NAME, RunRecord, next_record, read_run, write_record

ROOT = Path(__file__).resolve().parents[3]
RECIPE = Recipe(themes=("a key",))


def start_run(run: Path, recipe: Recipe, *, movies_per_shard: int, replace: bool = False) -> RunRecord:
    record = next_record(run, recipe, movies_per_shard=movies_per_shard, replace=replace)
    write_record(run, record)
    return record


def test_the_start_time_stays_that_of_the_first_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    first = start_run(tmp_path / "r", RECIPE, movies_per_shard=5)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    assert start_run(tmp_path / "r", RECIPE, movies_per_shard=9) == first
    assert first.created_at == "2023-11-14T22:13:20Z"


def test_a_record_is_read_back_as_it_was(tmp_path: Path) -> None:
    recipe = Recipe(themes=("مفتاح 🗝️", 'quotes " and: colons # here'), seed=4)
    assert start_run(tmp_path / "r", recipe, movies_per_shard=5) == read_run(tmp_path / "r")


def test_themes_may_be_added(tmp_path: Path) -> None:
    start_run(tmp_path / "r", RECIPE, movies_per_shard=5)
    record = start_run(tmp_path / "r", Recipe(themes=("a key", "a map")), movies_per_shard=5)
    assert record.recipe.themes == ("a key", "a map")


@pytest.mark.parametrize(
    "other",
    [
        Recipe(themes=("a map",)),
        Recipe(themes=("a key",), seed=9),
        Recipe(themes=("a key",), story=StoryConfig(keyframes=5)),
        Recipe(themes=("a key",), image=ImageConfig(width_px=640)),
    ],
)
def test_other_movies_need_replace(tmp_path: Path, other: Recipe) -> None:
    start_run(tmp_path / "r", RECIPE, movies_per_shard=5)
    (tmp_path / "r" / "journal").mkdir()
    (tmp_path / "r" / "journal" / "000000.0.jsonl").touch()
    with pytest.raises(ValueError, match="--replace"):
        start_run(tmp_path / "r", other, movies_per_shard=5)
    assert start_run(tmp_path / "r", other, movies_per_shard=5, replace=True).recipe == other


@pytest.mark.parametrize("text", ["", "recipe: 3", "[", "recipe: {themes: [a]}", "- 1"])
def test_a_damaged_record_is_an_error_that_says_what_to_do(tmp_path: Path, text: str) -> None:
    (tmp_path / RECORD_NAME).write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="run.yaml"):
        read_run(tmp_path)


def test_a_bad_source_date_epoch_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(ValueError, match="SOURCE_DATE_EPOCH is 'yesterday'"):
        start_run(tmp_path / "r", RECIPE, movies_per_shard=5)
    assert not (tmp_path / "r").exists()


def test_what_a_kill_left_of_the_first_start_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / f".{RECORD_NAME}.123.tmp").write_text("recipe:", encoding="utf-8")
    (tmp_path / "lock").touch()
    assert start_run(tmp_path, RECIPE, movies_per_shard=5) == read_run(tmp_path)


def test_a_grammar_of_ones_own_is_no_other_movie(tmp_path: Path) -> None:
    start_run(tmp_path / "r", RECIPE, movies_per_shard=5)
    other = RECIPE.model_copy(update={"studio": StudioConfig(grammar="mine")})
    assert start_run(tmp_path / "r", other, movies_per_shard=5).recipe.studio.grammar == "mine"


def test_a_run_that_holds_nothing_may_become_another(tmp_path: Path) -> None:
    start_run(tmp_path / "r", RECIPE, movies_per_shard=5)
    other = Recipe(themes=("a map",))
    assert start_run(tmp_path / "r", other, movies_per_shard=5).recipe == other


@pytest.mark.parametrize("line", ["movies_per_shard: -5", "movies_per_shard: 0", "created_at: yesterday"])
def test_a_record_edited_by_hand_into_nonsense_is_refused(tmp_path: Path, line: str) -> None:
    start_run(tmp_path / "r", RECIPE, movies_per_shard=5)
    path = tmp_path / "r" / RECORD_NAME
    key = line.partition(":")[0]
    path.write_text(re.sub(rf"^{key}:.*$", line, path.read_text(encoding="utf-8"), flags=re.M), encoding="utf-8")
    with pytest.raises(ValueError, match=key):
        read_run(tmp_path / "r")


def test_a_run_from_a_checkout_names_its_commit(tmp_path: Path) -> None:
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    if head.returncode:  # an unpacked archive has no commits
        assert start_run(tmp_path / "r", RECIPE, movies_per_shard=5).code_revision == ""
    else:
        revision = start_run(tmp_path / "r", RECIPE, movies_per_shard=5).code_revision
        assert revision.removesuffix("+") == head.stdout.strip()
