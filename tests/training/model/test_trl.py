"""TRL's own trainer and its own collator train the model: frames as images, labels on answers, answers right."""

import pytest
import torch

from tests.training.model.tiny import COLOURS, picture, tiny

torch.set_num_threads(1)
pytestmark = pytest.mark.slow


def rows(kind: str) -> list[dict]:
    made = []
    for colour in sorted(COLOURS) * 4:
        asked = [
            {"type": "image", "text": None},
            {"type": "image", "text": None},
            {"type": "text", "text": "\nwhat is it ?"},
        ]
        prompt = [{"role": "user", "content": asked}]
        answer = [{"role": "assistant", "content": [{"type": "text", "text": colour}]}]
        texts = {"prompt": prompt, "completion": answer} if kind == "prompt" else {"messages": prompt + answer}
        made.append({"images": [picture(colour), picture(colour)], **texts})
    return made


@pytest.mark.parametrize("kind", ["prompt", "messages"])
def test_trl_trains_it_with_its_own_collator(kind: str, tmp_path) -> None:
    from datasets import Dataset, Features, Image, List, Value
    from trl import SFTConfig, SFTTrainer

    message = [{"role": Value("string"), "content": [{"type": Value("string"), "text": Value("string")}]}]
    texts = {"prompt": message, "completion": message} if kind == "prompt" else {"messages": message}
    data = Dataset.from_list(rows(kind), features=Features({"images": List(Image()), **texts}))
    model, words = tiny(compressor="pool", time="none")
    trainer = SFTTrainer(
        model=model,
        processing_class=words,
        train_dataset=data,
        args=SFTConfig(
            output_dir=str(tmp_path),
            max_steps=40,
            per_device_train_batch_size=8,
            learning_rate=1e-2,
            max_length=None,
            assistant_only_loss=kind == "messages",
            use_cpu=True,
            bf16=False,
            report_to="none",
            save_strategy="no",
            logging_steps=10,
        ),
    )
    batch = next(iter(trainer.get_train_dataloader()))
    assert batch["pixel_values"].shape == (16, 3, 16, 16)
    learned = batch["input_ids"][0][batch["labels"][0] != -100]
    assert words.decode(learned).split("<|im_end|>")[0].strip() in COLOURS
    trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    assert losses[-1] < losses[0] / 4

    talks = [[{"role": "user", "content": [{"type": "image", "image": picture(colour)}] * 2}] for colour in COLOURS]
    for talk in talks:
        talk[0]["content"] = [*talk[0]["content"], {"type": "text", "text": "\nwhat is it ?"}]
    asked = words.apply_chat_template(
        talks, tokenize=True, return_dict=True, return_tensors="pt", add_generation_prompt=True
    )
    out = model.eval().generate(**asked, max_new_tokens=4, do_sample=False)
    said = words.batch_decode(out[:, asked["input_ids"].shape[1] :], skip_special_tokens=True)
    assert [one.strip() for one in said] == list(COLOURS)
