"""Our own model reads a film once and learns, or answers, all its questions; TRL's trainer takes the batches."""

from pathlib import Path
from typing import Any

import pytest

from moviellm.training.shared.layout import IGNORED, apart, lay_out
from tests.training.model.tiny import film, tiny

QUESTIONS = ("who is it ?", "what waits", "is the hero red ? yes", "when")
ANSWERS = ("a blue hero", "Ada", "no", "from 1 to 3")


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def _example(processor: Any, made: dict[str, Any], begin: str = "film :", end: str = " .") -> dict[str, Any]:
    """A film with its questions, through the processor, a row a question, and shared from those rows."""
    from moviellm.training.shared.collating import example_of

    rows, frames = [], {}
    for question, answer in zip(QUESTIONS, ANSWERS, strict=True):
        given = processor(text=[f"{begin}<video>{end} {question}"], videos=[made], return_tensors="pt")
        asked = given.pop("input_ids")[0].tolist()
        learned = processor.tokenizer(f" {answer}<|im_end|>")["input_ids"]
        rows.append(([*asked, *learned], [IGNORED] * len(asked) + learned))
        frames = {name: given[name] for name in given if name in ("pixel_values", "frame_time_ids")}
    return example_of(rows, **frames)


@pytest.mark.parametrize(
    ("text", "time"), [("llama", "additive"), ("qwen3", "text"), ("lfm2", "text"), ("lfm2", "additive")]
)
def test_loss_and_gradients_equal_a_row_a_question(text: str, time: str) -> None:
    import torch

    from moviellm.training.shared.collating import SharedMovies
    from moviellm.training.shared.decoders import share_movies

    model, processor = tiny(text=text, time=time)
    lead_in = share_movies(model)
    made = [_example(processor, film(3, "red")), _example(processor, film(2, "blue"))]
    collator = SharedMovies(pad_id=0, lead_in=lead_in, frame_token_id=model.config.frame_token_id)
    batch = collator(made)
    items = int((batch["labels"] != IGNORED).sum())
    loss = model.train()(**batch, num_items_in_batch=items).loss
    loss.backward()
    shared = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    apart_loss = 0.0
    for example in made:
        frames = {name: example[name] for name in example if name not in ("movie_ids", "turns")}
        for ids, labels in apart(lay_out(example["movie_ids"], example["turns"])):
            row = {"input_ids": torch.from_numpy(ids)[None], "labels": torch.from_numpy(labels)[None], **frames}
            one = model(**row, num_items_in_batch=items).loss
            one.backward()
            apart_loss += float(one.detach())
    assert abs(float(loss.detach()) - apart_loss) < 1e-5
    assert any("compressor" in name for name in shared)
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            assert (shared[name] - parameter.grad).abs().max() < 1e-5, name


def test_the_tower_sees_a_film_once_and_not_once_a_question() -> None:
    from moviellm.training.shared.collating import SharedMovies
    from moviellm.training.shared.decoders import share_movies

    model, processor = tiny()
    share_movies(model)
    seen: list[int] = []
    model.model.vision_tower.register_forward_pre_hook(lambda module, given: seen.append(len(given[0])))
    model(**SharedMovies(pad_id=0)([_example(processor, film(3))]))
    assert seen == [3]


@pytest.mark.parametrize("text", ["qwen3", "lfm2"])
def test_answers_equal_generate_question_by_question(text: str) -> None:
    import torch

    from moviellm.training.shared.answering import answer_all
    from moviellm.training.shared.layout import Turn

    model, processor = tiny(text=text)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2)
    movie = dict(processor(text=["film :<video> ."], videos=[film(3)], return_tensors="pt"))
    questions = [Turn(processor.tokenizer(f" {question}")["input_ids"]) for question in QUESTIONS]
    answers = answer_all(model, movie, questions, 6)
    frames = {name: value for name, value in movie.items() if name not in ("input_ids", "attention_mask")}
    for question, answer in zip(questions, answers, strict=True):
        row = torch.cat([movie["input_ids"], torch.tensor([question.ids])], dim=1)
        out = model.generate(
            input_ids=row, attention_mask=torch.ones_like(row), **frames, max_new_tokens=6, do_sample=False
        )
        assert out[0, row.shape[1] :].tolist() == answer


def test_frames_that_depend_on_the_question_are_refused() -> None:
    from moviellm.training.shared.decoders import share_movies

    model, _ = tiny(compressor="context_content")
    with pytest.raises(ValueError, match="context_content makes a movie's frames anew for every question"):
        share_movies(model)


@pytest.mark.slow
def test_trl_learns_the_same_from_shared_movies_as_from_rows(tmp_path: Path) -> None:
    """Three steps of TRL's trainer over four films: all questions of a film in one row, or a row a question."""
    import torch
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    from moviellm.training.shared.collating import SharedMovies
    from moviellm.training.shared.decoders import share_movies

    colours = ("red", "blue", "green")
    weights = []
    for shared in (True, False):
        model, processor = tiny(text="llama")
        share_movies(model)
        examples = [_example(processor, film(2, colour)) for colour in colours]
        if not shared:
            examples = [{**example, "turns": [turn]} for example in examples for turn in example["turns"]]
        collator = SharedMovies(pad_id=0)

        def collate(numbers: list[dict[str, int]], examples: Any = examples, collator: Any = collator) -> Any:
            return collator([examples[item["number"]] for item in numbers])

        arguments = SFTConfig(
            output_dir=str(tmp_path / str(shared)),
            per_device_train_batch_size=1 if shared else len(QUESTIONS),
            max_steps=3,
            learning_rate=1e-2,
            lr_scheduler_type="constant",
            optim="sgd",
            report_to="none",
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            max_length=None,
            remove_unused_columns=False,
            dataset_kwargs={"skip_prepare_dataset": True},
            save_strategy="no",
            logging_steps=1,
            train_sampling_strategy="sequential",
        )
        SFTTrainer(
            model=model,
            args=arguments,
            train_dataset=Dataset.from_dict({"number": list(range(len(examples)))}),
            data_collator=collate,
            processing_class=processor.tokenizer,
        ).train()
        weights.append({name: p.detach().clone() for name, p in model.named_parameters()})
    assert not torch.equal(
        weights[0]["lm_head.weight"], dict(tiny(text="llama")[0].named_parameters())["lm_head.weight"]
    )
    for name, weight in weights[0].items():
        assert (weight - weights[1][name]).abs().max() < 1e-5, name
