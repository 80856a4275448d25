"""Portraits and learned styles: made once, handed to the painter, kept, checked and written out."""

import hashlib
import shutil
from pathlib import Path

import pytest

from moviellm.generation.config.recipe import Recipe
from moviellm.generation.dataset.folder import read_manifest
from moviellm.generation.dataset.writing import shelved_path
from moviellm.generation.export import build_dataset
from moviellm.generation.pictures.portraits import portrait_sha256
from moviellm.generation.protocols import NO_BLOBS, Blobs, Output, Request
from moviellm.generation.runs.check import verify
from moviellm.generation.runs.tables import RunReader, named_files
from moviellm.generation.schema import Movie, Record
from tests.factories import make_image
from tests.fakes import FakePainter, FakeWriter
from tests.generation.test_make import RECIPE, make
from tests.stories import plain_readme


class PortraitPainter(FakePainter):
    """Paints portraits too, every picture by what is asked and by the seed; keeps the bytes it was handed."""

    makes_portraits = True

    def __init__(self) -> None:
        super().__init__()
        self.handed: list[Blobs] = []

    def request(self, task: str, brief: Record, seed: int) -> Request:
        request = super().request(task, brief, seed)
        if task != "portrait":
            return request
        looks = {name: request.inputs[name] for name in ("appearance", "width_px", "height_px")}
        return Request(**{**request.__dict__, "inputs": looks})

    async def paint(self, request: Request, blobs: Blobs = NO_BLOBS) -> tuple[Output, bytes]:
        self.calls[request.task] += 1
        self.handed.append(blobs)
        output = {"width_px": 64, "height_px": 36, "media_type": "image/jpeg", "visible": None}
        return dict(output), make_image(f"{sorted(request.inputs.items())} {request.seed}")


LEARNED = b"what was learned"


class LearningPainter(PortraitPainter):
    """Learns a style too."""

    async def lock_style(self, request: Request) -> tuple[Output, bytes | None]:  # type: ignore[override]
        output, _ = await super().lock_style(request)
        sha256 = hashlib.sha256(LEARNED).hexdigest()
        path = f"styles/{sha256}.safetensors"
        return output | {"embedding_path": path, "embedding_sha256": sha256, "placeholder_token": "<s>"}, LEARNED


ONE = RECIPE.model_copy(update={"themes": ("key",)})


def made(run: Path, painter: FakePainter, recipe: Recipe = ONE) -> Movie:
    report = make(run, FakeWriter(), painter, recipe)
    assert report.failed == {}
    return next(RunReader(run).movies())


def test_everybody_has_one_portrait_named_by_its_hash(tmp_path: Path) -> None:
    painter = PortraitPainter()
    movie = made(tmp_path / "r", painter, ONE)
    assert painter.calls["portrait"] == len(movie.characters) == 2
    assert len({who.portrait for who in movie.characters}) == 2
    assert all(str(who.portrait).startswith("portraits/") for who in movie.characters)


def test_a_keyframe_is_painted_with_the_portraits_of_its_people(tmp_path: Path) -> None:
    painter = PortraitPainter()
    movie = made(tmp_path / "r", painter, ONE)
    ada = Path(str(movie.characters[0].portrait)).stem
    handed = [blobs for blobs in painter.handed if blobs]
    assert len(handed) == sum(1 for _ in movie.keyframes())
    assert all(hashlib.sha256(blobs[ada]).hexdigest() == ada for blobs in handed)


def test_twins_share_their_portraits(tmp_path: Path) -> None:
    painter = PortraitPainter()
    recipe = Recipe.model_validate(ONE.model_dump() | {"movies": 2, "twins": {"share": 1.0}})
    report = make(tmp_path / "r", FakeWriter(), painter, recipe)
    one, two = RunReader(tmp_path / "r").movies()
    assert report.failed == {}
    assert [who.portrait for who in one.characters] == [who.portrait for who in two.characters]
    assert painter.calls["portrait"] == 2


def test_a_painter_without_portraits_makes_none(tmp_path: Path) -> None:
    movie = made(tmp_path / "r", FakePainter(), ONE)
    assert {who.portrait for who in movie.characters} == {None}


# ---------------------------------------------------------------- what is kept and written out


def test_a_run_gives_back_what_a_movie_names(tmp_path: Path) -> None:
    movie = made(tmp_path / "r", LearningPainter())
    files = dict(RunReader(tmp_path / "r").files(movie))
    assert set(files) == set(named_files(movie)) and len(files) == 3
    assert all(hashlib.sha256(data).hexdigest() == Path(path).stem for path, data in files.items())


def test_a_run_without_its_portraits_is_found_and_they_are_made_again(tmp_path: Path) -> None:
    run = tmp_path / "r"
    made(run, LearningPainter())
    shutil.rmtree(run / "style")
    assert [finding.what for finding in verify(run) if finding.severity == "error"] == ["is missing; it holds 3 rows"]
    painter = LearningPainter()
    make(run, FakeWriter(), painter, ONE)
    assert painter.calls == {"style": 1, "portrait": 2}
    assert [finding for finding in verify(run) if finding.severity == "error"] == []


def test_a_portrait_that_is_in_no_table_is_found(tmp_path: Path) -> None:
    made(tmp_path / "r", PortraitPainter())
    other = made(tmp_path / "other", FakePainter())
    assert other.style is not None
    shutil.copytree(next((tmp_path / "other").glob("style")), tmp_path / "r" / "style", dirs_exist_ok=True)
    _list_other_style(tmp_path)
    found = [finding.what for finding in verify(tmp_path / "r") if finding.severity == "error"]
    assert sum("portraits/" in what and "is in no table" in what for what in found) == 2


def _list_other_style(folder: Path) -> None:
    """Have the manifest of `r` list the style table of `other`."""
    import json

    mine, theirs = (json.loads((folder / run / "manifest/000000.json").read_text()) for run in ("r", "other"))
    mine["tables"]["style"] = theirs["tables"]["style"]
    mine["cells"]["style"] = theirs["cells"]["style"]
    (folder / "r" / "manifest/000000.json").write_text(json.dumps(mine))


def test_a_dataset_holds_portraits_and_learned_styles_and_lists_them(tmp_path: Path) -> None:
    movie = made(tmp_path / "r", LearningPainter())
    out = tmp_path / "data"
    build_dataset(RunReader(tmp_path / "r"), out, ONE, run_seed=3, render_readme=plain_readme)
    listed = {file.path for file in read_manifest(out).files}
    for path, sha256 in named_files(movie).items():
        place = shelved_path(path)
        assert place in listed
        assert hashlib.sha256((out / place).read_bytes()).hexdigest() == sha256


def test_the_same_run_gives_the_same_dataset(tmp_path: Path) -> None:
    made(tmp_path / "r", LearningPainter())
    for _ in range(2):
        built = build_dataset(
            RunReader(tmp_path / "r"), tmp_path / "data", ONE, run_seed=3, render_readme=plain_readme
        )
    assert built.kept


@pytest.mark.parametrize("portrait", [None, f"portraits/{'a' * 64}.webp"])
def test_the_hash_of_a_portrait_is_its_name(portrait: str | None, tmp_path: Path) -> None:
    who = made(tmp_path / "r", FakePainter()).characters[0].model_copy(update={"portrait": portrait})
    assert portrait_sha256(who) == (None if portrait is None else "a" * 64)
