"""Style images: what is painted, which are kept, and that nothing is painted twice."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from moviellm.generation.painters.inversion.style_images import (
    LIGHTS,
    PLACES,
    SUBJECTS,
    most_alike,
    paint_style,
    style_contents,
)


class Recorder:
    """Stands for a pipeline: paints a flat colour made of the noise's seed, and keeps the prompts."""

    def __init__(self):
        self.config = {}
        self.prompts = []
        self.widths = []

    def __call__(self, prompt, generator, **options):
        self.prompts += prompt
        self.widths.append(len(prompt))
        colours = [(one.initial_seed() % 256, 10, 10) for one in generator]
        return type("Output", (), {"images": [Image.new("RGB", (8, 8), colour) for colour in colours]})


def paint(recorder, folder, count=5, phrases="soft ink", base_model=""):
    contents = style_contents(count, 1)
    return paint_style(recorder, contents, phrases, seed=1, folder=folder, base_model=base_model)


@given(count=st.integers(1, 60), seed=st.integers(0, 99))
def test_contents_are_neutral_phrases_and_vary(count, seed):
    contents = style_contents(count, seed)
    assert len(contents) == count
    assert contents == style_contents(count, seed)
    for words, least in ((SUBJECTS, len(SUBJECTS)), (PLACES, len(PLACES)), (LIGHTS, len(LIGHTS))):
        used = {word for word in words for content in contents if word in content}
        assert len(used) >= min(least, count)


def test_every_prompt_holds_its_content_and_the_phrases(tmp_path):
    recorder = Recorder()
    pictures = paint(recorder, tmp_path)
    assert recorder.prompts == [f"{picture.content}, soft ink" for picture in pictures]


def test_pictures_that_lie_there_are_not_painted_again(tmp_path):
    first = paint(Recorder(), tmp_path)
    next(tmp_path.glob("style-003-*.png")).unlink()
    recorder = Recorder()
    again = paint(recorder, tmp_path)
    assert len(recorder.prompts) == 1
    assert [np.asarray(picture.image).tolist() for picture in again] == [
        np.asarray(picture.image).tolist() for picture in first
    ]


def test_pictures_of_other_phrases_are_not_taken_for_ours(tmp_path):
    paint(Recorder(), tmp_path, phrases="loud neon")
    recorder = Recorder()
    paint(recorder, tmp_path)
    assert len(recorder.prompts) == 5


def test_pictures_of_another_model_are_not_taken_for_ours(tmp_path):
    paint(Recorder(), tmp_path, base_model="one@1")
    recorder = Recorder()
    paint(recorder, tmp_path, base_model="one@2")
    assert len(recorder.prompts) == 5


def test_pictures_are_painted_one_at_a_time(tmp_path):
    recorder = Recorder()
    paint(recorder, tmp_path)
    assert recorder.widths == [1] * 5


def test_the_odd_one_out_is_dropped():
    noise = np.random.default_rng(0)
    images = [Image.fromarray((noise.normal(90, 9, (64, 64, 3))).clip(0, 255).astype(np.uint8)) for _ in range(6)]
    images.insert(2, Image.new("RGB", (64, 64), (250, 40, 40)))
    assert most_alike(images, 6 / 7) == [0, 1, 3, 4, 5, 6]


@pytest.mark.parametrize("share", [0.0, 0.1, 1.0])
def test_at_least_one_is_kept_and_the_order_stays(share):
    images = [Image.new("RGB", (16, 16), (20 * at, 0, 0)) for at in range(4)]
    kept = most_alike(images, share)
    assert len(kept) == max(1, round(share * 4))
    assert kept == sorted(kept)
