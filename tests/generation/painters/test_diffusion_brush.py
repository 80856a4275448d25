"""Painting with a tiny pipeline: the same picture in any batch, memory that runs out, faces and references."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from moviellm.generation.painters.brush import NO_NUMBERS, Brush
from moviellm.generation.painters.pipelines import add_adapter, without_adapter
from moviellm.generation.protocols import StoppedError
from tests.generation.painters.painting import adapter, brush, paint, pipeline, source, stroke

OTHERS = ("a red coat", "a lighthouse at night, storm", "a book")


def picture(colour: str, side_px: int = 64) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side_px, side_px), colour).save(out, "PNG")
    return out.getvalue()


BLOBS = {"red": picture("red"), "blue": picture("blue")}


@pytest.mark.parametrize("kind", ["sdxl", "klein", "z_image"])
def test_a_picture_is_the_same_to_the_bit_whatever_it_is_painted_beside(kind: str) -> None:
    of = brush(kind)
    wanted = stroke(of, "a tall person on the pier", seed=7)
    alone = paint(of, [wanted])[0]
    others = [stroke(of, text, seed=number) for number, text in enumerate(OTHERS)]
    for at in range(4):
        batch = [*others[:at], wanted, *others[at:]]
        assert np.array_equal(paint(of, batch)[at], alone)


@pytest.mark.parametrize("kind", ["sdxl", "klein"])
def test_another_width_changes_no_more_than_the_rounding_of_a_channel(kind: str) -> None:
    strokes = [stroke(brush(kind), text, seed=number) for number, text in enumerate(OTHERS)]
    for one, other in zip(paint(brush(kind, width=1), strokes), paint(brush(kind, width=4), strokes), strict=True):
        assert np.abs(one.astype(int) - other).max() <= 1


def test_seed_and_text_decide_the_picture() -> None:
    of = brush(width=3)
    one, reseeded, reworded = paint(of, [stroke(of, "a pier", 1), stroke(of, "a pier", 2), stroke(of, "a book", 1)])
    assert not np.array_equal(one, reseeded)
    assert not np.array_equal(one, reworded)


def test_a_negative_prompt_changes_the_picture() -> None:
    of = brush(width=1)
    plain, without = stroke(of, "a pier"), stroke(of, "a pier", negative="fog")
    assert not np.array_equal(paint(of, [plain])[0], paint(of, [without])[0])


def test_a_size_between_the_steps_of_the_model_is_cut_to_the_pixel() -> None:
    of = brush(width=1)
    assert paint(of, [stroke(of, "a pier", width_px=70, height_px=66)])[0].shape == (66, 70, 3)


def test_copies_that_fill_a_batch_are_counted_and_not_given_out() -> None:
    of = brush(width=4)
    assert len(paint(of, [stroke(of, "a pier")])) == 1
    assert (of.painted, of.filled) == (1, 3)


# ---------------------------------------------------------------- memory


class Full(Brush):
    """A device that holds `holds` pictures at a time, and with `tiles` one only when it is decoded in tiles."""

    def __init__(self, width: int, holds: int, *, tiles: bool = False, error: type[Exception] = RuntimeError) -> None:
        super().__init__(pipeline("sdxl"), source(), width, 5.0)
        self.sizes: list[int] = []
        self.holds, self.tiles, self.error = holds, tiles, error

    def _call(self, arguments: dict[str, Any]) -> Any:
        size = len(arguments["generator"])
        self.sizes.append(size)
        if size > self.holds or (self.tiles and not self.pipeline.vae.use_tiling):
            raise self.error("CUDA out of memory. Tried to allocate 2.00 GiB")
        return super()._call(arguments)


@pytest.fixture
def _untiled() -> Iterator[None]:
    yield
    pipeline("sdxl").vae.disable_tiling()


def test_memory_that_runs_out_halves_the_width_for_good(capsys: pytest.CaptureFixture[str]) -> None:
    import torch

    full = Full(8, holds=2, error=torch.OutOfMemoryError)
    strokes = [stroke(full, "a pier", seed) for seed in range(5)]
    assert len(paint(full, strokes)) == 5
    assert full.sizes == [8, 4, 2, 2, 2]
    paint(full, strokes[:1])
    assert full.sizes[5:] == [2]
    assert "the memory does not hold 8 pictures at a time; going on with 4" in capsys.readouterr().err


def test_any_error_that_says_out_of_memory_is_one() -> None:
    full = Full(2, holds=1)
    assert len(paint(full, [stroke(full, "a pier", seed) for seed in range(2)])) == 2
    assert full.sizes == [2, 1, 1]


@pytest.mark.usefixtures("_untiled")
def test_a_single_picture_too_large_is_decoded_in_tiles() -> None:
    full = Full(1, holds=1, tiles=True)
    assert len(paint(full, [stroke(full, "a pier")])) == 1
    assert full.sizes == [1, 1]


@pytest.mark.usefixtures("_untiled")
def test_when_nothing_helps_the_run_stops_and_says_what_to_do() -> None:
    full = Full(2, holds=0)
    with pytest.raises(StoppedError, match="does not hold one picture of 64x64; set image.width_px"):
        paint(full, [stroke(full, "a pier")])


def test_another_error_of_the_model_is_not_taken_for_full_memory() -> None:
    class Broken(Full):
        def _call(self, arguments: dict[str, Any]) -> Any:
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    broken = Broken(2, holds=2)
    with pytest.raises(RuntimeError, match="mat1"):
        paint(broken, [stroke(broken, "a pier")])


def test_a_picture_without_numbers_is_a_failure_of_that_picture_alone() -> None:
    class Overflowing(Full):
        def _call(self, arguments: dict[str, Any]) -> Any:
            images = super()._call(arguments)
            images[0] = float("nan")
            return images

    overflowing = Overflowing(2, holds=2)
    first, second = overflowing.paint([stroke(overflowing, "a pier", seed) for seed in range(2)])
    assert isinstance(first, ValueError) and str(first) == NO_NUMBERS
    assert isinstance(second, np.ndarray)


# ---------------------------------------------------------------- people


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A brush whose pipeline has an IP-Adapter with random weights."""
    from tests.tiny_models import tiny_sdxl

    own = tiny_sdxl()
    adapted = adapter(tmp_path_factory.mktemp("adapter"))
    add_adapter(own, adapted)
    return Brush(own, source(adapter=adapted), 3, 5.0)


def test_a_portrait_changes_the_picture_of_its_person_and_of_nobody_else(faces: Brush) -> None:
    nobody = stroke(faces, "a pier", 1)
    red = stroke(faces, "a pier", 1, BLOBS, portrait_sha256="red")
    blue = stroke(faces, "a pier", 1, BLOBS, portrait_sha256="blue")
    pictures = paint(faces, [nobody, red, blue])
    assert len({page.tobytes() for page in pictures}) == 3
    for order in ((1, 2, 0), (2, 0, 1)):
        again = paint(faces, [[nobody, red, blue][at] for at in order])
        assert all(np.array_equal(page, pictures[at]) for page, at in zip(again, order, strict=True))


def test_nobody_is_what_the_adapter_sees_where_there_is_no_portrait(faces: Brush) -> None:
    view = stroke(faces, "a pier").face
    assert view is not None
    assert all(np.array_equal(one[0].numpy(), one[1].numpy()) for one in view)


def test_without_its_adapter_the_pipeline_paints_as_before(faces: Brush) -> None:
    adapted = faces._source.adapter
    before = paint(faces, [stroke(faces, "a pier", 1, BLOBS, portrait_sha256="red")])[0]
    plain = brush(width=3)
    wanted = paint(plain, [stroke(plain, "a pier", 1)])[0]
    with without_adapter(faces.pipeline, adapted):
        bare = Brush(faces.pipeline, source(), 3, 5.0)
        assert np.array_equal(paint(bare, [stroke(bare, "a pier", 1)])[0], wanted)
    after = paint(faces, [stroke(faces, "a pier", 1, BLOBS, portrait_sha256="red")])[0]
    assert np.array_equal(before, after)


def test_reference_images_change_the_picture_in_their_order() -> None:
    of = brush("klein", width=2)
    plain = stroke(of, "a pier")
    both = stroke(of, "a pier", 1, BLOBS, references=["red", "blue"])
    turned = stroke(of, "a pier", 1, BLOBS, references=["blue", "red"])
    pages = [paint(of, [one])[0].tobytes() for one in (plain, both, turned)]
    assert len(set(pages)) == 3


def test_pictures_with_other_references_are_of_another_kind() -> None:
    of = brush("klein")
    kinds = {
        stroke(of, "a pier", 1, BLOBS, references=list(names)).kind
        for names in (("red",), ("blue",), ("red", "blue"), ())
    }
    assert len(kinds) == 4
