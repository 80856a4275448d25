"""moviellm_dataset.py with current `datasets`: plain load_dataset, load, the builder in process, pictures by id."""

import ast
import io
from pathlib import Path

import datasets  # noqa: TID253 what is under test is how it loads
import pytest
from PIL import Image

from moviellm.generation.dataset.features import CONFIGS, FEATURES
from moviellm.generation.dataset.folder import MANIFEST, read_manifest
from moviellm_dataset import Frames, MovieLLM, load, manifest_of
from tests.factories import MemoryRun, make_image
from tests.hub import hub, hub_here  # noqa: F401 fixtures
from tests.stories import build, make_story

MOVIES = [make_story(number) for number in range(12)]
MOVIES[0] = MOVIES[0].model_copy(update={"style": None})


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("front_door") / "MovieLLM-test"
    build(out, MOVIES)
    return out


def test_it_imports_nothing_of_ours():
    tree = ast.parse(Path("moviellm_dataset.py").read_text(encoding="utf-8"))
    named = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    named |= {alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names}
    assert not {name for name in named if name and name.startswith(("moviellm", "generation", "pydantic"))}


def test_plain_load_dataset_reads_a_split(folder, tmp_path):
    rows = datasets.load_dataset(str(folder), "qa", split="test", cache_dir=tmp_path)
    assert rows.num_rows == 3
    assert rows[1]["options"][rows[1]["answer_index"]] == rows[1]["answer"]


@pytest.mark.parametrize("config", CONFIGS)
def test_plain_load_dataset_streams_what_it_loads(folder, tmp_path, config):
    loaded = datasets.load_dataset(str(folder), config, split="test", cache_dir=tmp_path)
    streamed = datasets.load_dataset(str(folder), config, split="test", streaming=True)
    assert list(loaded) == list(streamed)
    assert list(loaded.features) == list(FEATURES[config])


def test_plain_load_dataset_without_a_config_loads_movies(folder, tmp_path):
    movies = datasets.load_dataset(str(folder), cache_dir=tmp_path)
    assert {split: rows.num_rows for split, rows in movies.items()} == {"train": 10, "validation": 1, "test": 1}


def test_what_is_none_stays_none(folder, tmp_path):
    (movie,) = (row for row in load(folder, "movies", "train", cache_dir=tmp_path) if row["movie_id"] == "m00000")
    assert movie["style"] is None and movie["characters"][0]["portrait"] is None
    question = load(folder, "qa", "test", cache_dir=tmp_path)[0]
    assert question["provenance"] is None and question["answer_index"] is None and question["options"] == []


def test_a_list_of_records_is_a_list_of_dicts(folder, tmp_path):
    row = load(folder, "qa", "test", cache_dir=tmp_path)[0]
    assert row["evidence"] == [{"start_s": 0.0, "end_s": 4.0}]


def test_a_rebuilt_folder_is_never_read_from_a_stale_cache(tmp_path):
    build(tmp_path / "out", MOVIES[:1])
    assert load(tmp_path / "out", "movies", "train", cache_dir=tmp_path / "cache")[0]["title"] == MOVIES[0].title
    build(tmp_path / "out", [MOVIES[0].model_copy(update={"title": "Other"})])
    assert load(tmp_path / "out", "movies", "train", cache_dir=tmp_path / "cache")[0]["title"] == "Other"


def test_the_builder_in_process_gives_the_rows_of_the_plain_loader(folder, tmp_path):
    builder = MovieLLM(config_name="qa", data_dir=str(folder), cache_dir=str(tmp_path / "built"))
    builder.download_and_prepare()
    built = builder.as_dataset("test")
    plain = load(folder, "qa", "test", cache_dir=tmp_path / "plain")
    assert built.features == plain.features
    assert list(built) == list(plain)
    assert str(builder.info.version) == read_manifest(folder).version


def test_films_are_mp4_files_whoever_reads_them(tmp_path):
    build(tmp_path / "out", [make_story(0, chapters=1, scenes=1)], dataset={"films": True})
    film = load(tmp_path / "out", "films", "train", cache_dir=tmp_path / "cache")
    builder = MovieLLM(config_name="films", data_dir=str(tmp_path / "out"), cache_dir=str(tmp_path / "built"))
    builder.download_and_prepare()
    assert film.features == builder.as_dataset("train").features
    assert film[0] == builder.as_dataset("train")[0]
    assert film[0]["video"]["bytes"][4:8] == b"ftyp"


def test_the_builder_in_process_streams_pictures(folder, tmp_path):
    builder = MovieLLM(config_name="keyframes", data_dir=str(folder), cache_dir=str(tmp_path))
    row = next(iter(builder.as_streaming_dataset("test")))
    assert row["image"].size == (64, 36)


def test_the_builder_takes_a_leading_tilde_of_data_dir_for_a_name(tmp_path, monkeypatch):
    build(tmp_path / "~", MOVIES[:1])
    monkeypatch.chdir(tmp_path)
    builder = MovieLLM(config_name="qa", data_dir="~", cache_dir=str(tmp_path / "cache"))
    assert next(iter(builder.as_streaming_dataset("train")))["movie_id"] == "m00000"


def test_a_builder_without_a_folder_says_what_it_needs(tmp_path):
    with pytest.raises(ValueError, match="data_dir"):
        MovieLLM(config_name="qa", cache_dir=str(tmp_path))


def test_the_pictures_of_a_question_are_found_by_id(folder, tmp_path):
    question = load(folder, "qa", "test", cache_dir=tmp_path)[0]
    frames = Frames(load(folder, "keyframes", "test", cache_dir=tmp_path))
    (keyframe_id,) = question["keyframe_ids"]
    expected = Image.open(io.BytesIO(make_image(keyframe_id)))
    assert frames[keyframe_id].tobytes() == expected.tobytes()


def test_pictures_are_the_jpeg_that_was_made(folder, tmp_path):
    raw = load(folder, "keyframes", "test", cache_dir=tmp_path).cast_column("image", datasets.Image(decode=False))
    made = {keyframe.keyframe_id: data for movie in MOVIES for keyframe, data in MemoryRun([]).images(movie)}
    assert all(row["image"]["bytes"] == made[row["keyframe_id"]] for row in raw)


def test_frames_work_on_a_filtered_selection(folder, tmp_path):
    keyframes = load(folder, "keyframes", "train", cache_dir=tmp_path)
    some = keyframes.filter(lambda movie_id: movie_id == "m00003", input_columns="movie_id")
    frames = Frames(some)
    keyframe_id = some["keyframe_id"][5]
    assert frames[keyframe_id].tobytes() == Image.open(io.BytesIO(make_image(keyframe_id))).tobytes()


def test_a_keyframe_of_another_split_is_an_error(folder, tmp_path):
    frames = Frames(load(folder, "keyframes", "test", cache_dir=tmp_path))
    with pytest.raises(ValueError, match="another split"):
        frames["m00000-c00-s00-k00"]


def test_frames_of_all_splits_at_once_are_an_error(folder, tmp_path):
    with pytest.raises(ValueError, match="DatasetDict.*one split"):
        Frames(load(folder, "keyframes", cache_dir=tmp_path))


def test_an_unpainted_keyframe_has_no_picture(tmp_path):
    movie = make_story(0, chapters=1, scenes=1, keyframes=1)
    chapter, scene = movie.chapters[0], movie.chapters[0].scenes[0]
    keyframe = scene.keyframes[0].model_copy(update={"image": None, "image_sha256": None})
    scene = scene.model_copy(update={"keyframes": (keyframe,)})
    unpainted = movie.model_copy(update={"chapters": (chapter.model_copy(update={"scenes": (scene,)}),)})
    from moviellm.generation.config.recipe import Recipe
    from moviellm.generation.export import build_dataset
    from tests.stories import plain_readme

    class Bare(MemoryRun):
        def images(self, movie):
            return iter(())

    build_dataset(Bare([unpainted]), tmp_path / "out", Recipe(), run_seed=0, render_readme=plain_readme)
    frames = Frames(load(tmp_path / "out", "keyframes", "train", cache_dir=tmp_path / "cache"))
    with pytest.raises(ValueError, match="no picture"):
        frames[keyframe.keyframe_id]


def test_load_takes_slices_sums_and_all(folder, tmp_path):
    assert load(folder, "qa", "train[:2]+test", cache_dir=tmp_path).num_rows == 5
    assert load(folder, "qa", "all", cache_dir=tmp_path).num_rows == 36


def test_load_without_a_split_gives_every_split(folder, tmp_path):
    assert set(load(folder, "events", cache_dir=tmp_path)) == {"train", "validation", "test"}


def test_an_unknown_config_is_an_error_that_names_those_there_are(folder):
    with pytest.raises(ValueError, match="'frames'.*movies, keyframes, dialogue, qa, events"):
        load(folder, "frames")


def test_an_unknown_split_is_an_error_that_names_those_there_are(folder):
    with pytest.raises(ValueError, match="'dev'.*train, validation, test"):
        load(folder, "qa", "dev")


def test_a_config_without_rows_is_an_error_that_says_so(tmp_path):
    build(tmp_path / "out", [MOVIES[0].model_copy(update={"qa_pairs": ()})])
    with pytest.raises(ValueError, match="no rows of qa"):
        load(tmp_path / "out", "qa")
    with pytest.raises(ValueError, match="no rows of qa"):
        MovieLLM(config_name="qa", data_dir=str(tmp_path / "out"), cache_dir=str(tmp_path))


def test_a_folder_whose_name_begins_with_a_tilde_loads(tmp_path, monkeypatch):
    build(tmp_path / "~no-such-user", MOVIES[:1])
    monkeypatch.chdir(tmp_path)
    assert load("~no-such-user", "qa", "train", cache_dir=tmp_path / "cache").num_rows == 3


def test_a_folder_that_is_no_dataset_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"no manifest\.json"):
        load(tmp_path, "qa")


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="no dataset folder"):
        load(tmp_path / "nothing", "qa")


def test_a_damaged_manifest_is_an_error(tmp_path):
    (tmp_path / MANIFEST).write_text("{")
    with pytest.raises(ValueError, match="cannot be read"):
        load(tmp_path, "qa")


def test_a_folder_named_like_the_script_is_an_error_before_datasets_sees_it(tmp_path):
    build(tmp_path / "good", MOVIES[:1])
    (tmp_path / "good").rename(tmp_path / "moviellm_dataset")
    with pytest.raises(ValueError, match="rename the folder"):
        load(tmp_path / "moviellm_dataset", "qa")


def test_a_revision_of_a_folder_is_an_error(folder):
    with pytest.raises(ValueError, match="revisions are for the Hub"):
        load(folder, "qa", revision="v1.0.0")


def with_schema(folder: Path, version: str) -> Path:
    manifest = read_manifest(folder)
    (folder / MANIFEST).write_text(manifest.model_copy(update={"schema_version": version}).text())
    return folder


@pytest.mark.parametrize(
    ("reads", "version", "way"),
    [
        (1, "2.0.0", "take a newer reader: pip install --upgrade moviellm, or the reader that lies in"),
        (2, "1.3.0", "take a copy with the present schema: moviellm dataset upgrade FOLDER --out NEW, or the reader"),
        (1, "0.9.0", "take the reader that lies in the dataset itself: its moviellm_dataset.py"),
    ],
)
def test_a_dataset_of_another_schema_is_an_error_that_says_what_to_do(tmp_path, monkeypatch, reads, version, way):
    build(tmp_path / "out", MOVIES[:1])
    monkeypatch.setattr("moviellm_dataset.SCHEMA_MAJOR", reads)
    said = rf"has schema {version}, and this reader reads {reads}\.x; {way}"
    with_schema(tmp_path / "out", version)
    with pytest.raises(ValueError, match=said):
        load(tmp_path / "out", "qa")
    with pytest.raises(ValueError, match=said):
        MovieLLM(config_name="qa", data_dir=str(tmp_path / "out"), cache_dir=str(tmp_path))


def test_a_newer_schema_with_the_same_first_number_is_read(tmp_path):
    build(tmp_path / "out", MOVIES[:1])
    assert load(with_schema(tmp_path / "out", "1.99.0"), "qa", "train", cache_dir=tmp_path / "cache").num_rows == 3


@pytest.mark.parametrize("text", ["{}", '{"schema_version": "newest"}', '{"schema_version": null}'])
def test_a_manifest_of_something_else_is_an_error(tmp_path, text):
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(ValueError, match="no MovieLLM dataset: its manifest"):
        load(tmp_path, "qa")


def test_a_manifest_that_is_a_list_is_an_error(tmp_path):
    (tmp_path / MANIFEST).write_text("[]")
    with pytest.raises(ValueError, match="no JSON object"):
        load(tmp_path, "qa")


REPO = "moviellm/films"


@pytest.fixture
def three_schemas(hub_here, folder):  # noqa: F811
    """A dataset on the Hub whose versions have schemas 0.9, 1.3 and 2.0; the newest is main."""
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    manifest = read_manifest(folder)
    for version, schema in [("v0.2.0", "0.9.0"), ("v1.4.0", "1.3.0"), ("v1.10.0", "1.3.0"), ("v2.0.0", "2.0.0")]:
        text = manifest.model_copy(update={"schema_version": schema}).text()
        hub_here.write(REPO, files | {MANIFEST: text.encode()})
        hub_here.store.repos["dataset", REPO].tag(version, "main")
    return hub_here


@pytest.mark.parametrize(
    ("revision", "said"), [(None, r"at main has schema 2\.0\.0"), ("v0.2.0", r"at v0\.2\.0 has schema 0\.9\.0")]
)
def test_a_schema_of_the_hub_that_is_not_read_is_an_error_that_names_the_newest_tag_that_is(
    three_schemas, tmp_path, revision, said
):
    with pytest.raises(ValueError, match=said) as raised:
        load(REPO, "qa", revision=revision)
    assert 'take its newest version for this reader: load("moviellm/films", revision="v1.10.0"), schema 1.3.0' in str(
        raised.value
    )
    assert load(REPO, "qa", "test", revision="v1.10.0", cache_dir=tmp_path / "cache").num_rows == 3


def test_tags_of_the_hub_that_none_can_read_are_not_named(hub_here):  # noqa: F811
    hub_here.write(REPO, {MANIFEST: b'{"schema_version": "2.0.0"}'})
    hub_here.store.repos["dataset", REPO].tag("v2.0.0", "main")
    with pytest.raises(ValueError, match=r"this reader reads 1\.x; take a newer reader"):
        load(REPO, "qa")


def test_an_unknown_revision_is_an_error_that_names_those_there_are(three_schemas):
    with pytest.raises(ValueError, match=r"no revision 'v9' on the Hub; it has v2\.0\.0, v1\.10\.0, v1\.4\.0"):
        load(REPO, "qa", revision="v9")


def test_a_private_dataset_without_a_token_is_an_error_that_says_how_to_log_in(three_schemas, monkeypatch):
    three_schemas.store.repos["dataset", REPO].private = True
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(ValueError, match=r"called moviellm/films, or it is private: then log in with `hf auth login`"):
        load(REPO, "qa", revision="v1.4.0")


@pytest.mark.parametrize("token", ["hf_other", None])
def test_a_gated_dataset_is_an_error_that_says_where_to_ask(three_schemas, monkeypatch, token):
    three_schemas.store.repos["dataset", REPO].gated = "manual"
    monkeypatch.delenv("HF_TOKEN")
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(
        ValueError, match=r"is gated: ask for access at http://127.0.0.1:[0-9]+/datasets/moviellm/films"
    ):
        load(REPO, "qa", revision="v1.4.0")


@pytest.mark.parametrize("fault", [500, "drop"])
def test_a_hub_that_fails_is_an_error_that_says_try_again(three_schemas, fault):
    three_schemas.fail("GET .*/resolve/.*manifest", with_=fault)
    with pytest.raises(ValueError, match=r"cannot be read from the Hub \(.*try again"):
        load(REPO, "qa", revision="v1.4.0")


def test_a_hub_repository_that_is_something_else_is_an_error(hub_here):  # noqa: F811
    hub_here.write(REPO, {"README.md": b"# Films"})
    with pytest.raises(ValueError, match=r"no MovieLLM dataset: it has no manifest\.json"):
        load(REPO, "qa")


def test_a_hub_id_that_cannot_be_reached_is_an_error():
    with pytest.raises(ValueError, match="Hub cannot be reached"):
        load("nobody/nothing", "qa")


@pytest.fixture
def near_demo(tmp_path, monkeypatch) -> Path:
    """A working directory with the folder demo/MovieLLM-tiny."""
    (tmp_path / "demo" / "MovieLLM-tiny").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["demo/MovieLLM-tny", "./demo/MovieLLM-tny", Path("demo/MovieLLM-tny")])
def test_a_mistyped_folder_is_an_error_that_names_the_one_beside_it(near_demo, name, hub_here):  # noqa: F811
    with pytest.raises(ValueError, match="demo/ has no MovieLLM-tny; near it: MovieLLM-tiny"):
        load(name, "qa")
    assert hub_here.log == []


def test_with_a_revision_a_name_like_a_folder_here_is_looked_for_on_the_hub(near_demo, hub_here):  # noqa: F811
    with pytest.raises(ValueError, match="no dataset on the Hub is called demo/MovieLLM-tny"):
        load("demo/MovieLLM-tny", "qa", revision="main")


def test_a_hub_that_does_not_answer_is_asked_twice_and_in_silence(hub_here, caplog):  # noqa: F811
    hub_here.fail(".", times=99, with_=503)
    said = r"no folder runs/nope here, and the Hub cannot be reached to look for .* \(it answers 503\)$"
    with pytest.raises(ValueError, match=said):
        load("runs/nope", "qa")
    assert hub_here.count(".") == 2 and caplog.records == []


def test_without_the_hub_what_was_loaded_before_is_read(hub_here, folder):  # noqa: F811
    hub_here.write(REPO, {MANIFEST: (folder / MANIFEST).read_bytes()})
    known = manifest_of(REPO)
    hub_here.fail(".", times=99, with_=503)
    assert manifest_of(REPO) == known
