"""TRL trains on the rows: pixels are in its batches, and what it learns is the answer.

Slow: imports torch, transformers and trl.
"""

from pathlib import Path
from typing import Any

import pytest

from moviellm.training.rows.film import Look
from moviellm.training.rows.joining import with_images
from moviellm.training.rows.source import open_source
from moviellm.training.rows.views import View
from moviellm.training.rows.writing import write_rows
from moviellm_dataset import load
from tests.training.rows.movies import SAMPLE
from tests.training.rows.tiny_idefics3 import tiny_idefics3

pytestmark = pytest.mark.slow


def rows(tmp_path: Path, view: View, embed: bool) -> Any:
    import datasets

    write_rows(open_source(str(SAMPLE)), tmp_path / "rows", [view], Look(frames=4, embed=embed), seed=0)
    return datasets.load_dataset(str(tmp_path / "rows"), view, split="train", cache_dir=str(tmp_path / "cache"))


def trainer(found: Any, tmp_path: Path) -> tuple[Any, Any]:
    from trl import SFTConfig, SFTTrainer

    model, processor = tiny_idefics3()
    config = SFTConfig(
        output_dir=str(tmp_path / "out"),
        max_steps=1,
        per_device_train_batch_size=2,
        learning_rate=0.1,
        max_length=None,
        bf16=False,
        use_cpu=True,
        report_to="none",
        save_strategy="no",
    )
    return SFTTrainer(model=model, processing_class=processor, train_dataset=found, args=config), processor


@pytest.mark.parametrize("embed", [False, True], ids=["joined", "embedded"])
def test_a_step_on_questions_learns_the_answer_from_pixels(tmp_path: Path, embed: bool) -> None:
    import torch

    found = rows(tmp_path, "sft", embed)
    if not embed:
        found = with_images(found, load(SAMPLE, "keyframes", split="train", cache_dir=tmp_path / "cache"))
    made, processor = trainer(found, tmp_path)
    batch = next(iter(made.get_train_dataloader()))
    assert batch["pixel_values"].shape[:2] == (2, 4) and batch["pixel_values"].std() > 0
    answers = {row["completion"][0]["content"][0]["text"] for row in found}
    learned = [processor.tokenizer.decode(one[one != -100], skip_special_tokens=True) for one in batch["labels"]]
    assert {text.strip() for text in learned} <= answers
    before = [weight.detach().clone() for weight in made.model.parameters()]
    assert made.train().training_loss > 0
    assert any(not torch.equal(a, b) for a, b in zip(before, made.model.parameters(), strict=True))


@pytest.mark.parametrize("view", ["align", "boundary", "instruct"])
def test_a_step_on_the_other_views_sees_pixels(tmp_path: Path, view: View) -> None:
    keyframes = load(SAMPLE, "keyframes", split="train", cache_dir=tmp_path / "cache")
    made, _ = trainer(with_images(rows(tmp_path, view, embed=False), keyframes), tmp_path)
    batch = next(iter(made.get_train_dataloader()))
    assert batch["pixel_values"].shape[1] == (1 if view == "align" else 4)
    assert made.train().training_loss > 0
