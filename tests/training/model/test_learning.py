"""Each compressor learns: a tiny fixed task, exact greedy answers, and the same bits after saving and loading."""

import pytest
import torch

import moviellm.training.model  # noqa: F401 registers
from tests.training.model.tiny import COLOURS, film, tiny

torch.set_num_threads(1)
STEPS = 50


def lesson(words, colour: str, answer: str | None):
    text = "<video>\nwhat is it ?" + (f" {answer}<|im_end|>" if answer else "")
    return {"text": text, "videos": [film(2, colour)], "questions": "what is it ?"}


def gathered(words, lessons: list[dict], **settings):
    return words(
        text=[one["text"] for one in lessons],
        videos=[one["videos"] for one in lessons],
        questions=[one["questions"] for one in lessons],
        padding=True,
        return_tensors="pt",
        **settings,
    )


def labels_of(made) -> torch.Tensor:
    """The answer alone: the last two tokens of a row, as all answers are one word and an end."""
    labels = torch.full_like(made["input_ids"], -100)
    labels[:, -2:] = made["input_ids"][:, -2:]
    return labels


@pytest.mark.parametrize(
    ("compressor", "text", "vision"),
    [("cls", "llama", "clip"), ("pool", "lfm2", "siglip"), ("context_content", "qwen3", "clip")],
)
def test_each_compressor_learns_saves_and_reloads_to_the_bit(
    compressor: str, text: str, vision: str, tmp_path
) -> None:
    from transformers import AutoModelForImageTextToText, AutoProcessor

    model, words = tiny(compressor=compressor, text=text, vision=vision, time="index")
    colours = sorted(COLOURS)
    made = gathered(words, [lesson(words, colour, colour) for colour in colours])
    labels = labels_of(made)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2)
    model.train()
    losses = []
    for _ in range(STEPS):
        loss = model(**made, labels=labels).loss
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        losses.append(loss.item())
    assert losses[0] > 4
    assert losses[-1] < 0.05

    model.eval().save_pretrained(tmp_path)
    words.save_pretrained(tmp_path)
    again = AutoModelForImageTextToText.from_pretrained(tmp_path)
    assert all(torch.equal(one, again.state_dict()[name]) for name, one in model.state_dict().items())
    asked = gathered(AutoProcessor.from_pretrained(tmp_path), [lesson(words, colour, None) for colour in colours])
    out = again.generate(**asked, max_new_tokens=4, do_sample=False)
    said = words.batch_decode(out[:, asked["input_ids"].shape[1] :], skip_special_tokens=True)
    assert [one.strip() for one in said] == colours
