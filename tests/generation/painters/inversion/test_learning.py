"""Learning a style as a token: what it leaves alone, that it learns, and that a killed training loses nothing."""

import pytest

from moviellm.generation.config.models import InversionConfig
from moviellm.generation.painters.inversion import learning, loop
from moviellm.generation.painters.inversion.files import read_learned, read_tensors, write_tensors
from tests import tiny_models
from tests.generation.painters.inversion import kit

KINDS = ("sdxl", "flux")


@pytest.mark.parametrize("kind", KINDS)
def test_loss_on_held_out_style_pictures_falls(kind):
    facts = kit.learned(kind).facts
    assert facts["held_out_loss_best"] < facts["held_out_loss_first"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_embedding_tables_are_untouched_to_the_last_bit(kind):
    learned = kit.learned(kind)
    for before, after in zip(learned.tables_before, learned.tables_after, strict=True):
        assert before.shape == after.shape
        assert before.equal(after)


@pytest.mark.parametrize("kind", KINDS)
def test_no_parameter_of_the_model_ever_has_a_gradient(kind, tmp_path, monkeypatch):
    import torch

    pipeline = kit.pipeline_of(kind)
    seen = []
    backward = torch.Tensor.backward

    def watched(self, *args, **kwargs):
        backward(self, *args, **kwargs)
        parts = [part for part in pipeline.components.values() if isinstance(part, torch.nn.Module)]
        seen.append([p.grad is not None or p.requires_grad for part in parts for p in part.parameters()])

    monkeypatch.setattr(torch.Tensor, "backward", watched)
    kit.learn(pipeline, tmp_path, kit.SHORT.model_copy(update={"steps": 1}))
    assert len(seen) == 1
    assert len(seen[0]) > 100
    assert not any(seen[0])


def test_both_encoders_of_sdxl_learn():
    import torch

    rows, _ = read_learned(kit.learned("sdxl").data)
    start = learning._start(kit.sdxl(), kit.SHORT, "watercolour", 5)
    assert set(rows) == {"clip_l", "clip_g"}
    for key, value in rows.items():
        assert value.shape == (kit.SHORT.vectors, tiny_models.TEXT_DIM)
        assert not torch.allclose(value, start.rows[key], atol=0.1 * start.scales[key])


@pytest.mark.parametrize("kind", KINDS)
def test_a_training_killed_between_measurements_ends_with_the_same_bits(kind, tmp_path, monkeypatch):
    pipeline = kit.pipeline_of(kind)
    step = loop.Lesson.step

    def killed(self, state):
        if state.step == 6:
            raise KeyboardInterrupt
        return step(self, state)

    with monkeypatch.context() as patch:
        patch.setattr(loop.Lesson, "step", killed)
        with pytest.raises(KeyboardInterrupt):
            kit.learn(pipeline, tmp_path)
    notes = []
    data, _ = kit.learn(pipeline, tmp_path, note=notes.append)
    assert data == kit.learned(kind).data
    assert [note.split(":")[0] for note in notes] == ["style step 8/8"]  # it went on from step 4


def test_a_finished_training_is_read_back_without_a_step_and_another_one_is_not(tmp_path, monkeypatch):
    data, facts = kit.learn(kit.sdxl(), tmp_path)

    def step(self, state):
        raise AssertionError("a step was made")

    monkeypatch.setattr(loop.Lesson, "step", step)
    assert kit.learn(kit.sdxl(), tmp_path) == (data, facts)
    with pytest.raises(AssertionError, match="a step was made"):
        kit.learn(kit.sdxl(), tmp_path, seed=6)


def test_learning_stops_when_held_out_pictures_gain_no_more(tmp_path, monkeypatch):
    losses = iter([5.0, 4.0, 6.0, 7.0])
    monkeypatch.setattr(loop.Lesson, "held_out_loss", lambda self, state: next(losses))
    config = kit.SHORT.model_copy(update={"patience": 2, "every_steps": 1, "batch": 1})
    data, facts = kit.learn(kit.sdxl(), tmp_path, config)
    assert (facts["stopped"], facts["steps"], facts["best_step"]) == ("early", 3, 1)
    losses = iter([5.0, 4.0])
    one_step, _ = kit.learn(kit.sdxl(), tmp_path / "one", config.model_copy(update={"steps": 1}))
    assert read_learned(data)[0].keys() == read_learned(one_step)[0].keys()


def test_a_style_is_learned_from_its_phrases_alone(tmp_path):
    config = kit.SHORT.model_copy(update={"keep": 0.8, "held_out": 1, "steps": 1})
    call = {"num_inference_steps": 1, "height": 64, "width": 64}
    data, facts = learning.learn_style(
        kit.sdxl(), config, phrases="soft watercolour on paper", keyword="watercolour", seed=3, folder=tmp_path,
        note=lambda text: None, options=call,
    )  # fmt: skip
    assert (facts["style_images"], len(facts["dropped"]), facts["taught"], facts["held_out"]) == (5, 1, 3, 1)
    assert read_learned(data)[1]["keyword"] == "watercolour"


def test_with_no_picture_left_to_teach_it_says_what_to_change(tmp_path):
    config = InversionConfig(images=6, held_out=6)
    with pytest.raises(ValueError, match="raise style.inversion.images or keep, or lower held_out"):
        kit.learn(kit.sdxl(), tmp_path, config)


def test_a_loss_that_is_no_number_ends_in_a_message(tmp_path, monkeypatch):
    import torch

    monkeypatch.setattr(loop.Lesson, "_loss", lambda *args: torch.tensor(float("nan"), requires_grad=True))
    with pytest.raises(ValueError, match="lower style.inversion.learning_rate"):
        kit.learn(kit.sdxl(), tmp_path)


def test_a_pipeline_that_cannot_load_tokens_is_refused_by_name(tmp_path):
    with pytest.raises(ValueError, match="Flux2KleinPipeline.*reference"):
        kit.learn(tiny_models.tiny_klein(), tmp_path)


def test_float16_is_refused(tmp_path):
    import torch

    pipeline = tiny_models.tiny_sdxl()
    pipeline.unet.to(torch.float16)
    with pytest.raises(ValueError, match="painting.dtype: bfloat16"):
        kit.learn(pipeline, tmp_path)


def test_bfloat16_weights_learn_float32_rows(tmp_path):
    import torch

    config = kit.SHORT.model_copy(update={"steps": 1})
    data, facts = kit.learn(tiny_models.tiny_sdxl().to(torch.bfloat16), tmp_path, config)
    assert facts["held_out_losses"][0] != facts["held_out_losses"][1]
    assert {value.dtype for value in read_learned(data)[0].values()} == {torch.float32}


def test_the_learning_rate_rises_and_falls():
    config = InversionConfig(steps=100, warmup_steps=10, learning_rate=0.5)
    rates = [loop.learning_rate(config, step) for step in range(100)]
    assert rates[:10] == pytest.approx([0.05 * (step + 1) for step in range(10)])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[99] < 0.001


def test_damaged_latents_are_made_again(tmp_path):
    import torch

    path = tmp_path / "latents.safetensors"
    write_tensors(path, {"latents": torch.ones(2, 3)}, "f")
    path.write_bytes(path.read_bytes()[:-7])
    assert read_tensors(path, "f") is None
