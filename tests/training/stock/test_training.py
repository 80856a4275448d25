"""All seven train a step, in TRL's own trainer and by `moviellm train`, and come back from disk bit by bit."""

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from moviellm.training.stock.encoding import StockCollator
from moviellm.training.stock.opening import open_stock
from tests.training.kit import dataset, losses, train
from tests.training.stock.tiny import KINDS, film, written

torch.set_num_threads(1)


@pytest.fixture(scope="module", autouse=True)
def known_objects() -> Iterator[None]:
    """A trainer looks for garbage when it is done; it need not look through all libraries each time."""
    import trl  # noqa: F401

    gc.freeze()
    yield
    gc.unfreeze()


def examples(batch: dict[str, list[int]]) -> dict[str, list[Any]]:
    """Two films of different lengths, one with dialogue."""
    films = [film(4), film(3, seed=1, dialogue=[{"start_s": 2.5, "speaker": "Bo", "text": "Is it you?"}])]
    return {
        "film": [films[number] for number in batch["number"]],
        "prompt": ["Who waits?" for _ in batch["number"]],
        "completion": ["Ada." for _ in batch["number"]],
        "example_id": [f"m{number:05d}-q01" for number in batch["number"]],
    }


def trainer_of(model: Any, processor: Any, folder: Path, **settings: Any) -> Any:
    """TRL's trainer on the two films."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    given = {"max_steps": 1, "per_device_train_batch_size": 2, "learning_rate": 1e-3, **settings}
    return SFTTrainer(
        model=model,
        processing_class=processor,
        data_collator=StockCollator(processor),
        train_dataset=Dataset.from_dict({"number": [0, 1]}).with_transform(examples),
        args=SFTConfig(
            output_dir=str(folder),
            max_length=None,
            remove_unused_columns=False,
            dataset_kwargs={"skip_prepare_dataset": True},
            gradient_checkpointing=False,
            use_cpu=True,
            bf16=False,
            report_to="none",
            save_strategy="no",
            disable_tqdm=True,
            logging_steps=1,
            **given,
        ),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_reaches_the_vision_side_and_the_model_comes_back_bit_by_bit(kind: str, tmp_path: Path) -> None:
    model, processor = open_stock(written(kind, tmp_path / "base"))
    trainer = trainer_of(model, processor, tmp_path / "run")
    batch = next(iter(trainer.get_train_dataloader()))
    assert any(name.startswith("pixel_values") for name in batch)
    reached: dict[str, float] = {}
    for name, parameter in model.named_parameters():
        if "vis" in name and parameter.ndim > 1:
            parameter.register_hook(lambda grad, name=name: reached.update({name: float(grad.abs().sum())}))
    trainer.train()
    assert 0 < trainer.state.log_history[0]["loss"] < 100
    assert sum(value > 0 for value in reached.values()) > 3
    trainer.save_model(str(tmp_path / "trained"))
    again, same = open_stock(tmp_path / "trained")
    weights = model.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in again.state_dict().items())
    asked = examples({"number": [0]})
    example = {name: values[0] for name, values in asked.items()}
    before, after = StockCollator(processor)([example]), StockCollator(same)([example])
    assert all(torch.equal(before[name], after[name]) for name in before)


SLOW = [pytest.param(kind, marks=() if kind == "qwen3_vl" else pytest.mark.slow) for kind in KINDS]


@pytest.mark.parametrize("kind", SLOW)
def test_moviellm_train_trains_it_with_shared_movies_and_writes_what_opens(kind: str, tmp_path: Path) -> None:
    films, base = dataset(tmp_path / "films", 2), written(kind, tmp_path / "base")
    out, told = train(films, tmp_path / "run", model=str(base), max_steps=1, train=["all"])
    assert "all questions of a movie in one row" in told
    before, after = open_stock(base)[0].state_dict(), open_stock(out)[0].state_dict()
    moved = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert {"vis" in name for name in moved} == {True, False}
    assert 0 < losses(out)[0][1] < 100
