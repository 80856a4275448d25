"""films.py: a movie's film is a row, made once, and read by plain load_dataset."""

import io
from pathlib import Path

import av
import pyarrow.parquet as pq
import pytest
import yaml

from moviellm.generation.config.recipe import Recipe, load_recipe
from moviellm.generation.dataset.facts import DatasetFacts
from moviellm.generation.dataset.features import FEATURES
from moviellm.generation.dataset.films import FilmShelf, describe_film
from moviellm.generation.export import build_dataset
from moviellm.generation.film import mp4
from moviellm.generation.film.subtitles import srt, vtt
from moviellm.generation.schema import Movie
from tests.espeak import require_espeak
from tests.factories import MemoryRun, make_movie
from tests.stories import make_story, plain_readme

FILMED = {"films": True}
MOVIES = [make_story(number, chapters=1, scenes=1, keyframes=2) for number in range(3)]


class Painted(MemoryRun):
    """A run that has no picture where none was painted."""

    def images(self, movie: Movie):
        yield from (pair for pair in super().images(movie) if pair[0].image_sha256 is not None)


def build(out: Path, movies=MOVIES, films: Path | None = None, **dataset) -> DatasetFacts:
    kept: list[DatasetFacts] = []
    build_dataset(
        Painted(movies),
        out,
        Recipe.model_validate({"dataset": FILMED | dataset}),
        run_seed=0,
        render_readme=lambda facts: (kept.append(facts), plain_readme(facts))[1],
        films=films,
    )
    return kept[0]


def film_rows(folder: Path) -> list[dict]:
    return [row for path in sorted(folder.glob("films/*.parquet")) for row in pq.read_table(path).to_pylist()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("films") / "dataset"
    build(out)
    return out


def test_every_movie_has_a_film_in_its_split(folder):
    assert sorted(row["movie_id"] for row in film_rows(folder)) == [movie.movie_id for movie in MOVIES]
    splits = {
        row["movie_id"]: row["split"] for path in folder.glob("movies/*") for row in pq.read_table(path).to_pylist()
    }
    for path in folder.glob("films/*.parquet"):
        assert {splits[row["movie_id"]] for row in pq.read_table(path).to_pylist()} == {path.name.split("-")[0]}


def test_a_row_says_what_the_file_is(folder):
    row = film_rows(folder)[0]
    movie = next(movie for movie in MOVIES if movie.movie_id == row["movie_id"])
    with av.open(io.BytesIO(row["video"]["bytes"])) as film:
        picture = film.streams.video[0]
        assert (row["width_px"], row["height_px"], row["fps"]) == (picture.width, picture.height, picture.average_rate)
        assert picture.codec_context.name == "h264"
        assert film.duration / av.time_base == pytest.approx(row["duration_s"], abs=0.05)
    assert (row["moving"], row["voiced"], row["video"]["path"]) == (False, False, f"{movie.movie_id}.mp4")
    assert (row["subtitles_srt"], row["subtitles_vtt"]) == (srt(movie), vtt(movie))


def test_plain_load_dataset_gives_the_bytes_where_nothing_can_decode_them(folder, tmp_path):
    import datasets

    films = datasets.load_dataset(str(folder), "films", split="train", cache_dir=tmp_path)
    assert films.features["video"] == datasets.Video(decode=False)
    assert list(films.features) == list(FEATURES["films"])
    assert {row["movie_id"]: row["video"]["bytes"] for row in films}.items() <= {
        row["movie_id"]: row["video"]["bytes"] for row in film_rows(folder)
    }.items()
    streamed = datasets.load_dataset(str(folder), "films", split="train", streaming=True)
    assert next(iter(streamed))["video"] == films[0]["video"]


def test_the_readme_names_the_config_and_leaves_its_features_to_the_files(folder):
    front = yaml.safe_load((folder / "README.md").read_text().split("---\n")[1])
    (info,) = (one for one in front["dataset_info"] if one["config_name"] == "films")
    assert "features" not in info and sum(split["num_examples"] for split in info["splits"]) == 3
    assert "films" in {one["config_name"] for one in front["configs"]}


def test_without_the_key_there_is_no_film(tmp_path):
    seen: list[DatasetFacts] = []
    render = lambda facts: (seen.append(facts), plain_readme(facts))[1]  # noqa: E731
    build_dataset(Painted(MOVIES), tmp_path / "out", Recipe(), run_seed=0, render_readme=render)
    assert not (tmp_path / "out" / "films").exists() and "films" not in seen[0].rows


def test_the_tiny_recipe_has_films():
    assert load_recipe("tiny").dataset.films


def test_films_that_are_there_are_not_made_again(tmp_path, monkeypatch):
    shelf = tmp_path / "films"
    for movie in MOVIES:
        mp4.write_film(movie, MemoryRun([movie]).images(movie), shelf)
    made = {path.name: path.read_bytes() for path in shelf.glob("*.mp4")}
    monkeypatch.setattr(mp4, "_encode", lambda *_: pytest.fail("encoded again"))
    build(tmp_path / "out", films=shelf)
    assert {row["video"]["path"]: row["video"]["bytes"] for row in film_rows(tmp_path / "out")} == made


def test_what_a_killed_export_has_made_is_kept(tmp_path, monkeypatch):
    shelf, encode, counted = tmp_path / "films", mp4._encode, []

    def dies_at_the_third(movie, *rest):
        counted.append(movie.movie_id)
        if len(counted) == 3:
            raise KeyboardInterrupt
        return encode(movie, *rest)

    monkeypatch.setattr(mp4, "_encode", dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        build(tmp_path / "out", films=shelf)
    build(tmp_path / "out", films=shelf)
    assert counted == ["m00000", "m00001", "m00002", "m00002"]


def test_the_same_movies_give_the_same_bytes_with_and_without_a_shelf(tmp_path, folder):
    build(tmp_path / "out", films=tmp_path / "films")
    assert film_rows(tmp_path / "out") == film_rows(folder)


def test_a_shelf_without_a_folder_holds_no_film_longer_than_its_row(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    run = Painted(MOVIES[:2])
    with FilmShelf.open(None, fps=None, voice=False) as shelf:
        for movie in run.movies():
            assert shelf.row(movie, lambda movie=movie: run.images(movie)) is not None
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_movie_without_pictures_has_no_film_and_is_counted(tmp_path):
    facts = build(tmp_path / "out", [*MOVIES[:2], _unpainted(MOVIES[2])])
    assert facts.measures.without_film == 1 and facts.measures.films == {(False, False): 2}
    assert {row["movie_id"] for row in film_rows(tmp_path / "out")} == {"m00000", "m00001"}


def _unpainted(movie: Movie) -> Movie:
    chapter, scene = movie.chapters[0], movie.chapters[0].scenes[0]
    first = scene.keyframes[0].model_copy(update={"image": None, "image_sha256": None})
    scene = scene.model_copy(update={"keyframes": (first, *scene.keyframes[1:])})
    chapter = chapter.model_copy(update={"scenes": (scene,)})
    return movie.model_copy(update={"chapters": (chapter,)})


def test_the_camera_moves_where_the_recipe_asks_for_it(tmp_path):
    facts = build(tmp_path / "out", MOVIES[:1], films_fps=12)
    (row,) = film_rows(tmp_path / "out")
    assert (row["fps"], row["moving"]) == (12.0, True) and facts.measures.films == {(True, False): 1}


def test_the_dialogue_is_spoken_where_the_recipe_asks_for_it(tmp_path):
    require_espeak()
    build(tmp_path / "out", MOVIES[:1], films_voice=True)
    assert film_rows(tmp_path / "out")[0]["voiced"]


def test_dialogue_that_was_not_made_has_no_subtitles():
    movie = make_movie(0, chapters=1, scenes=1, keyframes=1)
    scene = movie.chapters[0].scenes[0].model_copy(update={"dialogue": None})
    chapter = movie.chapters[0].model_copy(update={"scenes": (scene,)})
    silent = movie.model_copy(update={"chapters": (chapter,)})
    with FilmShelf.open(None, fps=None, voice=False) as shelf:
        row = shelf.row(silent, lambda: MemoryRun([silent]).images(silent))
    assert row is not None and row["subtitles_srt"] is None and row["subtitles_vtt"] is None


@pytest.mark.parametrize("asked", [{"films_fps": 24}, {"films_voice": True}])
def test_how_films_are_made_without_asking_for_films_is_an_error(asked):
    with pytest.raises(ValueError, match="set films: true"):
        Recipe.model_validate({"dataset": asked})


def test_what_is_no_video_is_an_error_that_says_what_to_do(tmp_path):
    (tmp_path / "m00000.mp4").write_bytes(b"no film")
    with pytest.raises(ValueError, match="no video file.*delete it"):
        describe_film(tmp_path / "m00000.mp4", False, None, None)
