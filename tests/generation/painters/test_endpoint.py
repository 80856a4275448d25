"""The endpoint painter against a server on this machine: what it asks, what it makes of the answer, and faults."""

import asyncio
import io
from contextlib import contextmanager

import pytest
from PIL import Image

from moviellm.generation.config.recipe import Recipe
from moviellm.generation.llm.asks import ImageReply
from moviellm.generation.llm.service import open_service
from moviellm.generation.make import make_run
from moviellm.generation.painters.endpoint import EndpointPainter, fitted
from moviellm.generation.paintings import Painting, StyleBrief
from moviellm.generation.protocols import StoppedError
from moviellm.generation.runs.check import verify
from moviellm.generation.runs.record import next_record, write_record
from moviellm.generation.schema import Style
from tests.fakes import FakeWriter
from tests.generation.studio.painted import brief
from tests.servers.openai_double import openai_double


def recipe(**sections):
    data = {
        "themes": ["a key"],
        "painter": "endpoint",
        "painting": {"model": "painter-1"},
        "image": {"width_px": 96, "height_px": 64},
    }
    for name, section in sections.items():
        data[name] = {**data.get(name, {}), **section}
    return Recipe.model_validate(data)


def asked(painter, seed=5, **changes):
    return painter.request("keyframe", brief(width_px=96, height_px=64, **changes), seed)


@contextmanager
def server(monkeypatch, **options):
    with openai_double(**options) as double:
        monkeypatch.setenv("OPENAI_BASE_URL", double.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-of-the-test")
        yield double


def paint(tmp_path, made, *requests_of):
    """Paint what each function asks of a painter; answers or errors, in order."""

    async def job():
        service = open_service(made, tmp_path)
        painter = EndpointPainter(made, service)
        try:
            jobs = [painter.paint(ask(painter)) for ask in requests_of]
            return await asyncio.gather(*jobs, return_exceptions=True)
        finally:
            await painter.close()
            await service.close()

    return asyncio.run(job())


def one(tmp_path, made=None, ask=asked):
    (answer,) = paint(tmp_path, made or recipe(), ask)
    if isinstance(answer, BaseException):
        raise answer
    return Painting.model_validate(answer[0]), answer[1]


def test_picture_comes_back_in_the_size_and_format_of_the_recipe(monkeypatch, tmp_path):
    with server(monkeypatch, image_format="png"):
        painting, data = one(tmp_path, recipe(image={"format": "webp"}))
    image = Image.open(io.BytesIO(data))
    assert (image.format, image.size) == ("WEBP", (96, 64))
    assert (painting.media_type, painting.visible) == ("image/webp", None)


def test_server_is_asked_with_prompt_seed_steps_guidance_and_negative(monkeypatch, tmp_path):
    with server(monkeypatch) as double:
        one(tmp_path, recipe(painting={"steps": 4, "guidance": 1.5, "negative": "text"}))
        body = double.requests[-1]["body"]
    assert body["model"] == "painter-1" and body["size"] == "96x64" and body["seed"] == 5
    assert (body["num_inference_steps"], body["guidance_scale"], body["negative_prompt"]) == (4, 1.5, "text")
    assert "anything" in body["prompt"]


def test_server_that_refuses_a_parameter_is_asked_without_it_from_then_on(monkeypatch, tmp_path):
    with server(monkeypatch, refuses=("num_inference_steps", "guidance_scale", "seed", "response_format")) as double:
        first, second = paint(tmp_path, recipe(), asked, lambda painter: asked(painter, seed=6))
        bodies = [item["body"] for item in double.requests]
    assert not isinstance(first, BaseException) and not isinstance(second, BaseException)
    assert double.calls["image"] == 2
    assert set(bodies[-1]) == {"model", "prompt", "n", "size"}


def test_size_of_the_server_is_asked_where_the_recipe_names_it(monkeypatch, tmp_path):
    with server(monkeypatch) as double:
        painting, data = one(tmp_path, recipe(painting={"size": "1536x1024"}))
        assert double.requests[-1]["body"]["size"] == "1536x1024"
    assert Image.open(io.BytesIO(data)).size == (96, 64) == (painting.width_px, painting.height_px)


def test_linked_picture_is_fetched_from_the_same_server(monkeypatch, tmp_path):
    with server(monkeypatch, image_links="own"):
        assert one(tmp_path)[0].width_px == 96


def test_link_to_another_host_is_not_followed_and_ends_the_run(monkeypatch, tmp_path):
    with (
        server(monkeypatch, image_links="http://127.0.0.2:9/steal.png"),
        pytest.raises(StoppedError, match="another host"),
    ):
        one(tmp_path)


def test_refusal_of_a_prompt_costs_that_picture_and_no_other(monkeypatch, tmp_path):
    with server(monkeypatch, unpaintable="blood") as double:
        bad = [lambda painter, n=n: asked(painter, seed=n, prompt="blood on the floor") for n in range(4)]
        *refused, good = paint(tmp_path, recipe(), *bad, asked)
    assert all(isinstance(item, ValueError) and "content policy" in str(item) for item in refused)
    assert not isinstance(good, BaseException) and double.calls["image"] == 5


def test_busy_server_is_asked_again_and_paid_pictures_are_not(monkeypatch, tmp_path):
    with server(monkeypatch) as double:
        double.plan("429", "reset", "empty")
        first = one(tmp_path)[1]
        calls = double.calls["image"]
        assert one(tmp_path)[1] == first  # a new service, the same run folder
        assert (calls, double.calls["image"]) == (4, 4)


def test_request_names_no_server_and_holds_what_decides_the_picture(monkeypatch):
    painter = EndpointPainter(recipe(), None)
    text = repr(asked(painter).body())
    assert "http" not in text and "prompt" in asked(painter).inputs
    for change in ({"seed": 6}, {"prompt": "other"}, {"weather": "storm"}):
        assert asked(painter, **change).body() != asked(painter).body()
    other = EndpointPainter(recipe(painting={"steps": 9}), None)
    assert asked(other).body() != asked(painter).body()


def test_style_is_locked_in_words():
    painter = EndpointPainter(recipe(), None)
    wanted = StyleBrief(movie_id="m00001", keyword="Gothic", description="tall shadows", seed=3)
    output, learned = asyncio.run(painter.lock_style(painter.request("style", wanted, 3)))
    style = Style.model_validate(output)
    assert (style.style_id, style.description, style.embedding_sha256, learned) == (
        "gothic",
        "tall shadows",
        None,
        None,
    )


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"style": {"method": "textual_inversion"}}, "style.method is textual_inversion"),
        ({"identity": {"method": "reference"}}, "identity.method is reference"),
        ({"painting": {"candidates": 2}}, "painting.candidates is 2"),
        ({"painting": {"model": None}}, "needs painting.model"),
    ],
)
def test_what_a_server_cannot_do_is_said_before_anything_is_asked(sections, said):
    with pytest.raises(ValueError, match=said):
        EndpointPainter(recipe(**sections), None)


def test_bytes_that_are_no_picture_fail_that_picture_only():
    class Broken:
        async def image(self, ask):
            return ImageReply(image=b"\x89PNG but not really")

    painter = EndpointPainter(recipe(), Broken())
    with pytest.raises(ValueError, match="cannot be decoded"):
        asyncio.run(painter.paint(asked(painter)))


def test_picture_of_another_shape_is_cropped_evenly_not_squeezed():
    wide = Image.new("RGB", (300, 100), "red")
    wide.paste((0, 0, 255), (100, 0, 200, 100))
    out = io.BytesIO()
    wide.save(out, "PNG")
    image = Image.open(io.BytesIO(fitted(out.getvalue(), 96, 96, "jpeg", 90)))
    r, _, b = image.getpixel((48, 48))
    assert image.size == (96, 96) and b > 200 > r
    assert all(image.getpixel((x, 48))[2] > 150 for x in (6, 90))


def encoded(form="JPEG", size=(96, 64), mode="RGB", **options):
    out = io.BytesIO()
    Image.new(mode, size, "red").save(out, form, **options)
    return out.getvalue()


def test_picture_of_the_size_and_format_asked_for_is_kept_as_it_came():
    assert fitted(encoded(quality=70), 96, 64, "jpeg", 90) == encoded(quality=70)
    assert fitted(encoded("WEBP"), 96, 64, "webp", 90) == encoded("WEBP")


@pytest.mark.parametrize(
    "data",
    [
        encoded("PNG"),
        encoded(size=(96, 66)),
        encoded(mode="L"),
        encoded(comment=b"a prompt that nobody should read"),
        encoded(exif=b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x00\x00"),
        encoded() + bytes(96 * 64),
    ],
    ids=["another format", "another size", "grey", "a comment", "Exif", "large for its size"],
)
def test_picture_that_is_or_says_something_else_is_encoded_again(data):
    kept = fitted(data, 96, 64, "jpeg", 90)
    picture = Image.open(io.BytesIO(kept))
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (96, 64))
    assert kept != data and b"nobody should read" not in kept and b"Exif" not in kept


def test_picture_that_is_cut_off_is_not_kept_as_it_came():
    noisy = io.BytesIO()
    Image.effect_noise((96, 64), 90).convert("RGB").save(noisy, "JPEG", quality=30)
    with pytest.raises(ValueError, match="cannot be decoded"):
        fitted(noisy.getvalue()[:-400], 96, 64, "jpeg", 90)


def test_line_with_a_faulty_image_server_paints_every_picture_once(monkeypatch, tmp_path):
    size = {"chapters": 1, "scenes": 2, "keyframes": 4}
    made = recipe(story=size, engine={"concurrency": 4})

    def run(double):
        record = next_record(tmp_path / "run", made, movies_per_shard=4)
        (tmp_path / "run").mkdir(exist_ok=True)
        write_record(tmp_path / "run", record)

        async def job():
            service = open_service(made, tmp_path / "run")
            painter = EndpointPainter(made, service)
            try:
                return await make_run(tmp_path / "run", record, FakeWriter(), painter, service=service)
            finally:
                await painter.close()
                await service.close()

        return asyncio.run(job())

    with server(monkeypatch) as double:
        double.plan("429", None, "500", None, "html", "empty", None, "reset")
        report = run(double)
        calls = double.calls["image"]
        assert (report.failed, report.keyframes, calls) == ({}, 8, 8 + 5), "one call a picture, and one a fault"
        assert not run(double).made and double.calls["image"] == calls
    assert list(verify(tmp_path / "run")) == []
