"""lock.py and checks.py: what a lock holds, and how a run and a dataset folder are held against it."""

from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.generation.config.engine import EngineConfig
from moviellm.generation.config.recipe import Recipe, load_recipe
from moviellm.generation.dataset.folder import read_manifest
from moviellm.generation.release import lock as release
from moviellm.generation.release.checks import GROUPS, check_dataset_files, check_part, parts_of, rows_of
from moviellm.generation.release.lock import (
    LOCK_SUFFIX,
    DatasetLock,
    Part,
    ReleaseLock,
    lock_text,
    read_lock,
    versions_here,
)
from moviellm.generation.schema import Movie
from tests.factories import MemoryRun
from tests.stories import build, make_story

MOVIES = [make_story(number, chapters=1, scenes=1, keyframes=2) for number in range(7)]
PER_PART = 3
RECIPES = Path(release.__file__).parents[1] / "recipes"


def parts(movies: list[Movie], ordered: int = 7, per_part: int = PER_PART) -> list[Part]:
    return list(parts_of(MemoryRun(movies), ordered, per_part))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("release") / "MovieLLM-test"
    build(out, MOVIES, dataset={"version": "1.0.0"})
    return out


@pytest.fixture(scope="module")
def lock(folder) -> ReleaseLock:
    manifest = read_manifest(folder)
    by_file, prints = rows_of(folder, manifest, len(MOVIES))
    return ReleaseLock(
        name="test",
        recipe=Recipe(name="test").model_dump(mode="json", exclude={"engine"}),
        created_at="2026-01-01T00:00:00Z",
        code_version="0.1.0",
        code_revision="",
        schema_version=MOVIES[0].schema_version,
        versions=versions_here(),
        movies_per_part=PER_PART,
        parts=tuple(parts(MOVIES)),
        dataset=DatasetLock(manifest=manifest, rows_sha256=by_file, movies=prints),
    )


# ---------------------------------------------------------------- parts


def test_a_part_has_a_fingerprint_for_every_movie_and_the_last_is_shorter():
    assert [len(part.movies) for part in parts(MOVIES)] == [3, 3, 1]
    assert [part.keyframes for part in parts(MOVIES)] == [6, 6, 2]


@settings(max_examples=15)
@given(st.integers(1, 7), st.integers(1, 8))
def test_the_first_movies_of_a_run_have_the_same_parts_however_long_it_is(ordered, per_part):
    whole = parts(MOVIES, 7, per_part)
    full = ordered // per_part
    assert parts(MOVIES[:ordered], ordered, per_part)[:full] == whole[:full]
    assert parts(MOVIES, ordered, per_part) == parts(MOVIES[:ordered], ordered, per_part)


def test_a_movie_that_failed_keeps_its_place():
    (part, *_) = parts([MOVIES[0], *MOVIES[2:]])
    assert part.movies[1] == "" and part.movies[2] == parts(MOVIES)[0].movies[2]


def repainted(movie: Movie) -> Movie:
    """The same movie by another rasteriser."""
    frames = (one.model_copy(update={"image_sha256": "0" * 64}) for one in movie.keyframes())
    chapters = [
        chapter.model_copy(
            update={
                "scenes": tuple(
                    scene.model_copy(update={"keyframes": tuple(next(frames) for _ in scene.keyframes)})
                    for scene in chapter.scenes
                )
            }
        )
        for chapter in movie.chapters
    ]
    drawn = tuple(
        one.model_copy(update={"model_revision": "another"}) if one.stage in ("style", "keyframes") else one
        for one in movie.provenance
    )
    assert movie.style is not None
    style = movie.style.model_copy(update={"base_model_revision": "another"})
    return movie.model_copy(update={"chapters": tuple(chapters), "style": style, "provenance": drawn})


def test_another_rasteriser_changes_the_pixels_and_not_the_text(lock):
    (here, *_) = parts([*MOVIES[:2], repainted(MOVIES[2]), *MOVIES[3:]])
    check = check_part(lock, 0, here)
    assert (check.text_same, check.pixels_same) == (True, False)
    assert check.differing == {"m00002": ("pixels",)}


def with_scene(movie: Movie, **update: object) -> Movie:
    (chapter,) = movie.chapters
    (scene,) = chapter.scenes
    changed = chapter.model_copy(update={"scenes": (scene.model_copy(update=update),)})
    return movie.model_copy(update={"chapters": (changed,)})


def scene_of(movie: Movie):
    return movie.chapters[0].scenes[0]


CHANGES: dict[str, Callable[[Movie], Movie]] = {
    "story": lambda movie: movie.model_copy(update={"title": "Other"}),
    "characters": lambda movie: movie.model_copy(update={"characters": movie.characters[:-1]}),
    "style": lambda movie: movie.model_copy(update={"style": None}),
    "scenes": lambda movie: with_scene(movie, summary="Other."),
    "keyframes": lambda movie: with_scene(
        movie,
        keyframes=tuple(one.model_copy(update={"caption": "Other."}) for one in scene_of(movie).keyframes),
    ),
    "dialogue": lambda movie: with_scene(movie, dialogue=()),
    "events": lambda movie: movie.model_copy(update={"events": movie.events[:-1]}),
    "questions": lambda movie: movie.model_copy(update={"qa_pairs": ()}),
    "provenance": lambda movie: movie.model_copy(update={"provenance": movie.provenance[:-1]}),
}


def test_every_group_but_the_pixels_is_tried():
    assert set(CHANGES) == set(GROUPS) - {"pixels"}


@pytest.mark.parametrize("group", CHANGES)
def test_what_differs_is_named_with_its_movie(lock, group):
    (_, here, _) = parts([*MOVIES[:4], CHANGES[group](MOVIES[4]), *MOVIES[5:]])
    check = check_part(lock, 1, here)
    assert (check.text_same, check.pixels_same) == (False, True)
    assert check.differing == {"m00004": (group,)}


def test_a_movie_that_is_not_there_is_missing(lock):
    (_, here, _) = parts([*MOVIES[:4], *MOVIES[5:]])
    assert check_part(lock, 1, here).differing == {"m00004": ("missing",)}


def test_the_same_movies_differ_in_nothing(lock):
    checks = [check_part(lock, number, here) for number, here in enumerate(parts(MOVIES))]
    assert all(check.text_same and check.pixels_same and not check.differing for check in checks)


# ---------------------------------------------------------------- the dataset folder


def test_the_same_dataset_is_the_same_file_by_file(lock, tmp_path):
    build(tmp_path / "MovieLLM", MOVIES, dataset={"version": "1.0.0"})
    check = check_dataset_files(lock, tmp_path / "MovieLLM")
    assert sorted(check.same) == sorted(lock.dataset.rows_sha256)
    assert (check.same_rows, check.other, check.pages, check.manifest) == ([], [], [], [])


def written_again(folder: Path, path: str, **options: object) -> None:
    """The same rows as another pyarrow might write them, and a manifest that says so."""
    from moviellm.generation.dataset.folder import MANIFEST, describe_file

    rows = pq.read_table(folder / path)
    pq.write_table(rows, folder / path, **options)
    manifest = read_manifest(folder)
    files = tuple(
        describe_file(folder, folder / path, file.rows) if file.path == path else file for file in manifest.files
    )
    (folder / MANIFEST).write_text(manifest.model_copy(update={"files": files}).text(), encoding="utf-8")


def test_the_same_rows_in_other_bytes_are_told_apart_from_other_rows(lock, tmp_path):
    out = tmp_path / "MovieLLM"
    build(out, MOVIES, dataset={"version": "1.0.0"})
    written_again(out, "qa/train-00000-of-00001.parquet", compression="gzip")
    check = check_dataset_files(lock, out)
    assert check.same_rows == ["qa/train-00000-of-00001.parquet"]
    assert (check.other, check.first_movie) == ([], None)


def test_other_rows_are_named_with_their_first_movie(lock, tmp_path):
    out = tmp_path / "MovieLLM"
    build(out, [*MOVIES[:5], CHANGES["events"](MOVIES[5]), MOVIES[6]], dataset={"version": "1.0.0"})
    check = check_dataset_files(lock, out)
    assert check.other == ["events/train-00000-of-00001.parquet"]
    assert check.first_movie == "m00005"
    assert check.manifest and check.manifest[0].startswith("configs ")


def test_a_file_with_other_bytes_than_its_manifest_says_is_not_the_same(lock, tmp_path):
    out = tmp_path / "MovieLLM"
    build(out, MOVIES, dataset={"version": "1.0.0"})
    rows = pq.read_table(out / "dialogue/train-00000-of-00001.parquet")
    pq.write_table(rows.slice(1), out / "dialogue/train-00000-of-00001.parquet")
    assert check_dataset_files(lock, out).other == ["dialogue/train-00000-of-00001.parquet"]


def test_a_card_by_other_code_is_a_page_and_no_data(lock, tmp_path):
    from tests.stories import plain_readme

    out = tmp_path / "MovieLLM"

    def other(facts):
        text, extras = plain_readme(facts)
        return text + "other", extras

    build(out, MOVIES, other, dataset={"version": "1.0.0"})
    check = check_dataset_files(lock, out)
    assert check.pages == ["README.md"]
    assert check.other == [] and check.same_rows == []


# ---------------------------------------------------------------- lock files


def test_a_lock_is_read_back_as_it_was_written(lock, tmp_path):
    path = tmp_path / "test.lock.json"
    path.write_text(lock_text(lock), encoding="utf-8")
    assert read_lock(str(path)) == lock
    assert len(path.read_text(encoding="utf-8").splitlines()) == len(lock.parts) + 2


def test_a_recipe_without_a_lock_is_no_release():
    with pytest.raises(ValueError, match="recipe tiny is no release, it has no lock; .*moviellm dataset lock tiny"):
        read_lock("tiny")


def test_an_unknown_release_says_what_there_is():
    with pytest.raises(ValueError, match="no release 'release-9'; .* ends in .lock.json"):
        read_lock("release-9")


def test_a_lock_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"no lock .*none.lock.json"):
        read_lock(str(tmp_path / "none.lock.json"))


def test_a_damaged_lock_says_where(lock, tmp_path):
    path = tmp_path / "test.lock.json"
    path.write_text(lock_text(lock).replace('"movies_per_part":3', '"movies_per_part":0'), encoding="utf-8")
    with pytest.raises(ValueError, match="is no lock of this version: movies_per_part"):
        read_lock(str(path))


def test_another_version_of_the_rasteriser_is_said_in_words(lock, monkeypatch):
    monkeypatch.setattr(release, "version", lambda name: "9.9" if name == "thorvg-python" else lock.versions[name])
    said = f"thorvg-python 9.9 instead of {lock.versions['thorvg-python']}"
    assert lock.other_versions(release.PIXELS_FOLLOW) == [said]


def test_the_release_has_two_thousand_movies_and_no_test_split():
    recipe = load_recipe("release-1.0")
    assert (recipe.writer, recipe.painter, recipe.splits.test) == ("offline", "offline", 0)
    assert len(recipe.movie_themes()) >= 2000 and recipe.splits.validation > 0
    assert len(set(recipe.themes)) == len(recipe.themes) >= 100


@pytest.mark.parametrize("name", [path.name.removesuffix(LOCK_SUFFIX) for path in RECIPES.glob(f"*{LOCK_SUFFIX}")])
def test_a_packaged_lock_is_of_the_packaged_recipe(name):
    locked, recipe = read_lock(name), load_recipe(name)
    assert locked.name == name
    assert locked.recipe_of(locked.movie_count) == recipe.model_copy(update={"engine": EngineConfig()})
    assert locked.dataset.manifest.version == recipe.dataset.version
