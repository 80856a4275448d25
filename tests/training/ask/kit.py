"""A tiny model that was taught some answers in a few seconds, films for it, and the folder it is opened from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from moviellm.training.ask.prompts import Prompts
from moviellm.training.media import Film, Line
from tests.training.model.tiny import picture, tiny

COLOURS = ("red", "green", "blue", "white")


def film(frames: int = 4, lines: Sequence[Line] = (), movie_id: str = "m00007", step_s: float = 2.0) -> Film:
    """A film of pictures of one colour each, two seconds apart."""
    return Film(
        movie_id,
        frames=[picture(COLOURS[number % 4]) for number in range(frames)],
        times_s=[step_s * number for number in range(frames)],
        duration_s=step_s * frames,
        dialogue=tuple(lines),
        content="0" * 64,
    )


def saved(folder: Path, louder: bool = True, **settings: Any) -> Path:
    """A tiny random model as a checkpoint; `louder`: its answers differ from question to question."""
    import torch

    model, processor = tiny(**settings)
    with torch.no_grad():
        for parameter in model.parameters() if louder else ():
            parameter.mul_(2)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def taught(folder: Path, about: Film, answers: dict[str, str], steps: int = 200) -> Path:
    """A checkpoint that says exactly these answers about this film."""
    import torch

    from moviellm.training.shared.collating import SharedMovies, example_of
    from moviellm.training.shared.decoders import share_movies

    model, processor = tiny(compressor="cls")
    share_movies(model)
    prompts = Prompts(about, processor)
    rows = []
    for question, answer in answers.items():
        asked = prompts.movie + prompts.own([question])
        said = processor.tokenizer(f"{answer}<|im_end|>", add_special_tokens=False)["input_ids"]
        rows.append((asked + said, [-100] * len(asked) + said))
    batch = SharedMovies(pad_id=0)([example_of(rows, pixel_values=prompts.given()["pixel_values"])])
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2)
    model.train()
    for _ in range(steps):
        loss = model(**batch).loss
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        if loss.item() < 0.02:
            break
    assert loss.item() < 0.1, "the tiny model did not learn its answers"
    model.eval().save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
