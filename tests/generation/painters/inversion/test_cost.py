"""What a step costs: the counted floor, and that a step of ours is not above it."""

import pytest

from moviellm.generation.painters.inversion import cost, loop
from moviellm.generation.painters.inversion.denoiser import denoiser_of
from tests import tiny_models
from tests.generation.painters.inversion import kit


def floor_of(pipeline, batch=4):
    return cost.step_floor(
        pipeline, batch=batch, height_px=kit.SIDE_PX, width_px=kit.SIDE_PX, vectors=kit.SHORT.vectors
    )


@pytest.mark.parametrize("kind", ["sdxl", "flux"])
def test_a_step_makes_no_multiplication_above_the_floor(kind, tmp_path, monkeypatch):
    step = loop.Lesson.step
    flops = []

    def counted(self, state):
        losses = []
        flops.append(cost.counted(lambda: losses.append(step(self, state))))
        return losses[0]

    monkeypatch.setattr(cost, "T5_TOKENS", kit.FLUX_TOKENS)
    monkeypatch.setattr(loop.Lesson, "step", counted)
    monkeypatch.setattr(loop.Lesson, "held_out_loss", lambda self, state: 1.0)
    pipeline = kit.pipeline_of(kind)
    kit.learn(pipeline, tmp_path, kit.SHORT.model_copy(update={"steps": 1}))
    floor = floor_of(pipeline)
    assert floor.backward_flops < 2 * floor.forward_flops
    assert flops == [floor.flops]


def test_a_step_costs_less_than_one_that_also_makes_the_gradients_of_the_weights():
    import torch

    pipeline = tiny_models.tiny_sdxl()
    floor = floor_of(pipeline)
    denoiser = denoiser_of(pipeline)
    for part in (pipeline.unet, pipeline.text_encoder, pipeline.text_encoder_2):
        part.requires_grad_(True)

    def plain():
        denoiser.predict(torch.zeros(4, 4, 8, 8), torch.zeros(4), ["a hat"] * 4).sum().backward()

    assert floor.flops < 0.8 * cost.counted(plain)
    assert floor.learned_bytes < floor.plain_gradient_bytes / 100


def test_the_floor_grows_with_the_batch_and_the_weights_are_read_once_for_all():
    one, four = floor_of(kit.sdxl(), 1), floor_of(kit.sdxl(), 4)
    assert four.flops == 4 * one.flops
    assert four.weight_bytes == one.weight_bytes


def test_a_machine_is_bound_by_work_or_by_reading():
    floor = floor_of(kit.sdxl())
    assert floor.seconds(flops_per_s=floor.flops, bytes_per_s=1e30) == 1.0
    assert floor.seconds(flops_per_s=1e30, bytes_per_s=floor.weight_bytes / 2) == 2.0


@pytest.mark.slow  # the first use of the `meta` device imports much
def test_the_floor_of_weights_on_no_device_can_be_counted():
    pipeline = tiny_models.tiny_sdxl()
    here = floor_of(pipeline)
    for part in (pipeline.unet, pipeline.text_encoder, pipeline.text_encoder_2):
        part.to("meta")
    assert floor_of(pipeline) == here
