"""The diffusion painter: requests, batches of many, styles by words, picture and token, and the whole line."""

import asyncio
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from moviellm.generation.painters.diffusion import DiffusionPainter
from moviellm.generation.painters.inversion import learning
from moviellm.generation.painters.inversion.files import read_learned
from moviellm.generation.paintings import Painting, PortraitBrief, StyleBrief
from moviellm.generation.protocols import StoppedError
from moviellm.generation.schema import Style
from tests.generation.painters.painting import SIZE, adapter, keyframe, paint_all, recipe
from tests.generation.studio.painted import figures, style

TOKEN = {"method": "textual_inversion", "inversion": {"images": 3, "held_out": 1, "steps": 2, "every_steps": 1,
                                                      "vectors": 2, "batch": 1}}  # fmt: skip


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


def painter(models: Path, kind: str = "sdxl", **sections: Any) -> DiffusionPainter:
    return DiffusionPainter(recipe(models, kind, **sections), models / "run")


def locked(sha256: str | None = None, token: str | None = None) -> Style:
    return style("ink").model_copy(update={"embedding_sha256": sha256, "placeholder_token": token})


def shown(*hashes: str | None) -> Any:
    people = figures(*["stand"] * len(hashes))
    return tuple(
        one.model_copy(update={"portrait_sha256": sha256}) for one, sha256 in zip(people, hashes, strict=True)
    )


# ---------------------------------------------------------------- requests


def test_a_request_holds_what_decides_the_picture(models: Path) -> None:
    plain = keyframe(painter(models)).body()
    for changed in (
        keyframe(painter(models), prompt="a kitchen"),
        keyframe(painter(models), seed=6),
        keyframe(painter(models), style=style("noir")),
        keyframe(painter(models), width_px=66),
        keyframe(painter(models, painting={"steps": 3})),
        keyframe(painter(models, painting={"guidance": 4.0})),
        keyframe(painter(models, painting={"scheduler": "LCMScheduler"})),
        keyframe(painter(models, painting={"negative": "blurry"})),
        keyframe(painter(models, painting={"dtype": "bfloat16"})),
        keyframe(painter(models, image={"quality": 50})),
    ):
        assert changed.body() != plain


def test_a_request_does_not_hold_what_does_not(models: Path) -> None:
    plain = keyframe(painter(models)).body()
    assert keyframe(painter(models), keyframe_id="m00001-c00-s00-k09").body() == plain
    assert keyframe(painter(models, engine={"images_at_a_time": 7, "concurrency": 3})).body() == plain
    assert keyframe(painter(models, painting={"candidates": 2, "scorer": "a/b"})).body() == plain


def unloading(models: Path) -> DiffusionPainter:
    """A painter that fails the test when it loads its model."""
    return DiffusionPainter(recipe(models), models / "run", lambda source: pytest.fail("a model was loaded"))


def test_asking_loads_nothing(models: Path) -> None:
    made = keyframe(unloading(models))
    assert made.model_id == "sdxl"
    assert len(made.model_revision) == 64


def test_a_learned_style_is_asked_for_by_its_token(models: Path) -> None:
    inputs = keyframe(painter(models), style=locked("f" * 64, "<moviellm-style>")).inputs
    assert inputs["phrases"][0] == "in the style of <moviellm-style>"  # type: ignore[index]
    assert inputs["learned_style_sha256"] == "f" * 64


def test_references_are_numbered_in_the_prompt_as_they_are_given(models: Path) -> None:
    of = painter(models, "klein", identity={"method": "reference"}, style={"method": "reference"})
    inputs: Any = keyframe(
        of, prompt="N0 and N1 wait", figures=shown("a" * 64, "b" * 64), style=locked("f" * 64)
    ).inputs
    assert inputs["references"] == ["f" * 64, "a" * 64, "b" * 64]
    assert inputs["phrases"][0] == "in the style of image 1"
    assert "(the person of image 2) and" in inputs["phrases"][1] and "(the person of image 3)" in inputs["phrases"][1]


def test_an_adapter_shows_the_one_who_acts_and_says_whom_it_does_not(models: Path) -> None:
    adapted = adapter(models / "adapter")
    identity = {"method": "ip_adapter", "adapter": adapted.repository, "adapter_subfolder": "sdxl",
                "adapter_weight": adapted.weight}  # fmt: skip
    of = painter(models, identity=identity)
    inputs: Any = keyframe(of, figures=shown("a" * 64, "b" * 64)).inputs
    assert inputs["portrait_sha256"] == "a" * 64
    assert inputs["not_shown"] == [f"portrait: {figures('stand', 'stand')[1].appearance}"]
    assert of.makes_portraits


def test_the_same_looks_have_one_portrait_whatever_the_name(models: Path) -> None:
    of = painter(models)
    one, other = (
        of.request("portrait", PortraitBrief(name=name, appearance="a tall person", style=locked(), **SIZE), 1)
        for name in ("Ada", "Bo")
    )
    assert one.body() == other.body()


@pytest.mark.parametrize(
    ("sections", "says"),
    [
        ({"painting": {"candidates": 2}}, "painting.candidates needs painting.scorer"),
        ({"painting": {"style_min": 0.0}}, "painting.style_min needs painting.scorer"),
        ({"painting": {"identity_min": 0.5, "scorer": "a/b"}}, "identity.method prompt makes none"),
    ],
)
def test_what_cannot_be_combined_is_said_before_anything_is_loaded(
    models: Path, sections: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        painter(models, **sections)


# ---------------------------------------------------------------- pictures


def test_a_picture_is_the_same_alone_and_among_others(models: Path) -> None:
    asked = [keyframe(painter(models), prompt, seed) for seed, prompt in enumerate(["a pier", "a kitchen", "a book"])]
    together = paint_all(painter(models), asked)
    for request, answer in zip(asked, together, strict=True):
        assert paint_all(painter(models), [request]) == [answer]


def test_a_picture_is_what_the_recipe_says_it_is(models: Path) -> None:
    of = painter(models, image={"format": "webp", "width_px": 72})
    [(output, image)] = paint_all(of, [keyframe(of, width_px=72)])
    painting = Painting.model_validate(output)
    with Image.open(io.BytesIO(image)) as picture:
        assert (picture.size, picture.format) == ((72, 64), "WEBP")
    assert (painting.width_px, painting.height_px, painting.media_type) == (72, 64, "image/webp")
    assert painting.visible is None


def test_what_no_window_holds_is_said(models: Path) -> None:
    of = painter(models)
    long = "; ".join(
        f"{number} lamps and a lighthouse on the old pier by night with red hair" * 3 for number in "123456"
    )
    [(output, _)] = paint_all(of, [keyframe(of, long)])
    assert any("longer than the model reads" in item for item in Painting.model_validate(output).not_drawn)


def _lock(of: DiffusionPainter, keyword: str = "ink", seed: int = 3) -> tuple[Style, bytes | None]:
    brief = StyleBrief(movie_id="m00000", keyword=keyword, description="ink on paper", seed=seed)

    async def lock() -> Any:
        try:
            return await of.lock_style(of.request("style", brief, seed))
        finally:
            await of.close()

    output, learned = asyncio.run(lock())
    return Style.model_validate(output), learned


def test_a_style_in_words_loads_nothing(models: Path) -> None:
    made, learned = _lock(unloading(models))
    assert learned is None and made.embedding_path is None
    assert made.base_model_id == "sdxl"


def test_a_style_by_reference_is_a_picture_named_by_its_hash(models: Path) -> None:
    made, learned = _lock(painter(models, "klein", style={"method": "reference"}))
    assert learned is not None
    assert made.embedding_path == f"styles/{made.embedding_sha256}.png"
    with Image.open(io.BytesIO(learned)) as picture:
        assert picture.size == (64, 64)


def test_a_learned_style_changes_the_picture_and_only_its_own(models: Path) -> None:
    of = painter(models, style=TOKEN)
    made, learned = _lock(of)
    assert learned is not None
    assert made.embedding_path == f"styles/{made.embedding_sha256}.safetensors"
    token = locked(made.embedding_sha256, made.placeholder_token)
    asked = [keyframe(of, style=token), keyframe(of)]
    blobs = {str(made.embedding_sha256): learned}
    styled, plain = paint_all(painter(models, style=TOKEN), asked, blobs)
    assert styled[1] != plain[1]
    assert paint_all(painter(models), [keyframe(painter(models))])[0] == plain


def test_a_style_is_learned_at_a_size_that_the_model_does_not_have(models: Path) -> None:
    made, _ = _lock(painter(models, style=TOKEN, image={"width_px": 70}))
    assert made.placeholder_token == "<moviellm-style>"


def test_a_style_that_the_memory_does_not_hold_stops_the_run(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def learn(*_: object, **__: object) -> tuple[bytes, dict[str, Any]]:
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr(learning, "learn_style", learn)
    with pytest.raises(StoppedError, match=r"set style\.inversion\.batch"):
        _lock(painter(models, style=TOKEN))


def test_a_learned_style_names_its_model_and_no_path(models: Path) -> None:
    _, learned = _lock(painter(models, style=TOKEN))
    assert learned is not None
    name = read_learned(learned)[1]["base_model"]
    assert str(models).encode() not in learned and "@" in name


# ---------------------------------------------------------------- a model that does not load


@pytest.mark.parametrize("error", [ValueError("no such weights"), RuntimeError("CUDA out of memory")])
def test_a_model_that_does_not_load_ends_the_run_and_is_tried_once(models: Path, error: Exception) -> None:
    tries = []

    def load(source: Any) -> Any:
        tries.append(source)
        raise error

    of = DiffusionPainter(recipe(models), models / "run", load)

    async def paint() -> Any:
        try:
            asked = [of.paint(keyframe(of, seed=seed)) for seed in range(6)]
            return await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 20)
        finally:
            await of.close()

    answers = asyncio.run(paint())
    assert len(tries) == 1
    assert all(isinstance(answer, StoppedError) for answer in answers)
