"""A cache is read by the movie, from a folder and from the Hub."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from moviellm.cards.publish import publish_dataset
from moviellm.training.features import FeatureCache
from moviellm.training.features.tensors import pack, read_header, write_tensor
from moviellm.training.media import Film, FramePolicy, films_of, read_film
from tests.hub import hub, hub_here  # noqa: F401 fixtures
from tests.servers.hub_double import Hub
from tests.stories import build, make_story
from tests.training.features.kit import make, open_tower, save_tower


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a dataset and its features."""
    folder = tmp_path_factory.mktemp("cache")
    build(folder / "films", [make_story(number) for number in range(3)])
    tower = open_tower(save_tower(folder / "tower"), "pool", FramePolicy(n=4), pool_side=2)
    make(tower, folder / "films", folder / "out", FramePolicy(n=4))
    return folder


def test_a_movie_has_features_and_all_that_its_film_has(place: Path) -> None:
    cache = FeatureCache(place / "out")
    for film in films_of(str(place / "films"), policy=FramePolicy(n=4)):
        kept = cache.film(film.movie_id)
        assert (kept.features.shape, kept.features.dtype, kept.frames) == ((4, 4, 32), np.float16, None)
        told = ("times_s", "duration_s", "dialogue", "content_key", "skipped")
        assert {name: getattr(kept, name) for name in told} == {name: getattr(film, name) for name in told}
        assert cache.film(film).dialogue == film.dialogue
    assert cache.ids("test") == ["m00001"]


def test_the_dialogue_is_that_of_the_film_that_was_read(place: Path) -> None:
    from dataclasses import replace

    film = replace(read_film(f"{place / 'films'}#m00000", FramePolicy(n=4)), dialogue=())
    assert FeatureCache(place / "out").film(film).dialogue == ()


def test_a_film_with_other_pictures_or_moments_is_refused(place: Path) -> None:
    cache = FeatureCache(place / "out")
    with pytest.raises(ValueError, match="other pictures of m00000, or of other moments"):
        cache.film(read_film(f"{place / 'films'}#m00000", FramePolicy(n=3)))
    with pytest.raises(ValueError, match="film m00000 has no content key"):
        cache.film(Film("m00000", [1], times_s=[0.0]))


def test_a_cache_goes_to_other_processes(place: Path) -> None:
    cache = FeatureCache(place / "out")
    film = cache.film("m00000")
    there = pickle.loads(pickle.dumps(cache))
    assert np.array_equal(there.film("m00000").features, film.features)


def test_a_movie_that_is_not_there_is_said_with_those_near_it(place: Path) -> None:
    with pytest.raises(ValueError, match=r"has no features of 'm0001', but of 3 others, near it m00001"):
        FeatureCache(place / "out").film("m0001")


def test_opening_reads_no_shard_and_a_movie_reads_its_own_pages_only(tmp_path: Path) -> None:
    """A tensor behind 64 MB of holes comes at once, and the process does not grow by them."""
    import resource

    from safetensors import safe_open

    path = tmp_path / "shard.safetensors"
    rows = 500_000
    header = {
        "big": {"dtype": "F16", "shape": [rows, 2, 32], "data_offsets": [0, rows * 128]},
        "a": {"dtype": "F16", "shape": [1, 2, 32], "data_offsets": [rows * 128, rows * 128 + 128]},
    }
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + rows * 128 + 128)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with safe_open(path, framework="numpy") as shard:
        assert shard.get_tensor("a").shape == (1, 2, 32)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16_000


def test_tensors_are_written_piece_by_piece_and_packed(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    dice = np.random.default_rng(0)
    made = {name: dice.normal(size=(frames, 2, 3)).astype(np.float16) for name, frames in (("a", 5), ("b", 1))}
    for name, tensor in made.items():
        write_tensor(tmp_path / name, tensor.shape, (tensor[at : at + 2] for at in range(0, len(tensor), 2)))
    pack([tmp_path / "a", tmp_path / "b"], ["a", "b"], tmp_path / "shard")
    found = load_file(tmp_path / "shard")
    assert all(np.array_equal(found[name], made[name]) for name in made)
    assert set(read_header(tmp_path / "shard")[0]) == {"a", "b"}


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        ([np.zeros((1, 2, 3), np.float16)], "features of 1 frames came, and there are 2"),
        ([np.zeros((2, 2, 3), np.float32)], "a piece of float32"),
    ],
)
def test_a_tensor_that_is_not_as_said_is_not_there(tmp_path: Path, pieces: list[np.ndarray], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        write_tensor(tmp_path / "a", (2, 2, 3), pieces)
    assert not list(tmp_path.iterdir())


def test_a_cache_goes_to_the_hub_and_comes_back_by_id_with_the_same_bytes(
    place: Path,
    hub_here: Hub,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    from moviellm.generation.cli.app import call

    assert call(["dataset", "push", str(place / "out"), "moviellm/films-pool", "--version", "1.0.0"]) == 0
    cache, local = FeatureCache("moviellm/films-pool", revision="v1.0.0"), FeatureCache(place / "out")
    assert cache.settings == local.settings and cache.ids() == local.ids()
    for here, there in zip(local.films(), cache.films(), strict=True):
        assert here.features.tobytes() == there.features.tobytes() and here.dialogue == there.dialogue
    shard = "shards/00000.safetensors"
    assert cache._file(shard).read_bytes() == (place / "out" / shard).read_bytes()
    with pytest.raises(ValueError, match=r"has no revision 'v2.0.0' on the Hub; it has v1.0.0"):
        FeatureCache("moviellm/films-pool", revision="v2.0.0")


def test_the_index_loads_without_our_code(place: Path, hub_here: Hub) -> None:  # noqa: F811
    import datasets

    publish_dataset(place / "out", "moviellm/films-pool", version="1.0.0")
    index = datasets.load_dataset("moviellm/films-pool", split="test", revision="v1.0.0")
    assert (index["movie_id"], index["frames"]) == (["m00001"], [4])
    assert len(datasets.load_dataset(str(place / "out"), "features", split="train")["times_s"][0]) == 4


def test_what_is_no_cache_is_said(place: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"is no cache of features \(no cache.json\)"):
        FeatureCache(place / "films")
    with pytest.raises(ValueError, match="is no dataset folder"):
        FeatureCache(tmp_path)
    with pytest.raises(ValueError, match="is a folder and has no revision 'v1'"):
        FeatureCache(place / "out", revision="v1")
