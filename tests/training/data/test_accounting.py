"""Batches of a training, fuzzed: every question once, a token for every frame, nothing cut, whatever is missing."""

import random
from collections.abc import Sequence
from typing import Any

import pytest
import torch

from moviellm.training.data.encoding import IGNORED
from moviellm.training.data.library import Library
from moviellm.training.data.pixels import FrameReader
from moviellm.training.data.units import Ask, Unit, video_first
from moviellm.training.data.writers import OurWriter
from moviellm.training.model.layout import as_film
from tests.training.model.test_accounting import words
from tests.training.model.tiny import config, film, picture, processor

torch.set_num_threads(1)
BATCHES = 28
"""For each of 9 ways: 252 in all; 504 of the processor's own are in tests/training/model."""
WAYS = [
    *((compressor, time, True) for compressor in ("cls", "pool") for time in ("text", "additive")),
    *((compressor, time, False) for compressor, time in (("cls", "index"), ("pool", "text"))),
    *(("context_content", time, False) for time in ("text", "index", "additive")),
]
"""Compressor, time encoding, and whether questions share their movie."""


def said(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": [{"type": "text", "text": text}]}


def random_unit(dice: random.Random, number: int) -> tuple[Unit, int]:
    """A movie, a row of pictures, or words alone, with conversations; and how many of its frames are broken."""
    kind = dice.choice(["film", "film", "film", "pictures", "words"])
    frames, broken = dice.choice([1, 2, 3, 7, 12]), 0
    pictures: list[Any] = [picture() for _ in range(frames)]
    if kind == "film" and frames > 1 and dice.random() < 0.2:
        pictures[dice.randrange(frames)], broken = dice.choice([b"broken", b""]), 1
    before = {"film": video_first(""), "pictures": [{"type": "image"}] * frames, "words": []}[kind]
    asks = []
    for question in range(dice.randint(1, 5)):
        first = {"role": "user", "content": [*before, {"type": "text", "text": words(dice)}]}
        talk = [first, said("assistant", f"a{number} {question} {words(dice)} z")]
        if dice.random() < 0.3:
            talk += [said("user", words(dice)), said("assistant", f"b{number} {question} z")]
        asks.append(Ask(f"q{question}", tuple(talk), dice.choice(["last", "all"])))
    name = f"m{number:05d}"
    if kind != "film":
        return Unit(name, tuple(asks), pictures=pictures if kind == "pictures" else ()), 0
    spoken = [
        {"start_s": dice.uniform(0, 2 * frames), "speaker": dice.choice(["", "Ada"]), "text": words(dice)}
        for _ in range(dice.randint(0, 3))
    ]
    told = as_film({**film(frames, dialogue=spoken, movie_id=name), "frames": pictures})
    return Unit(name, tuple(asks), told, movie_id=name), broken


@pytest.mark.parametrize(("compressor", "time", "together"), WAYS)
def test_random_batches_hold_every_answer_and_every_frame(compressor: str, time: str, together: bool) -> None:
    made = config(compressor=compressor, time=time, context_tokens=None)
    dice, rows_of_words = random.Random(f"{compressor} {time} {together}"), processor(made)
    refused = divided = 0
    for _ in range(BATCHES):
        units, broken = zip(*(random_unit(dice, number) for number in range(dice.randint(1, 3))), strict=True)
        lead_in = dice.choice([0, 4]) if together else 0
        room = dice.choice([None, 2_000, 160, 120, 60])
        writer = OurWriter(rows_of_words, FrameReader(skip=9), lead_in)
        try:
            library = Library(
                [("all", unit) for unit in units], writer, together=together, tokens_a_row=room, lead_in=lead_in
            )
        except ValueError as error:
            refused += 1
            assert room in (160, 120, 60) and any(
                told in str(error) for told in ("Nothing is cut", "not one frame", "shorten")
            )
            continue
        every_question_once(library, units)
        divided += len(library) > len(units)
        for kind in ("pixels", "text"):
            samples = [sample for sample in library.samples if sample.kind == kind]
            chosen = dice.sample(samples, min(len(samples), 4))
            if chosen:
                as_it_should_be(library, library([{"sample": one.number} for one in chosen]), chosen, broken, room)
    assert divided and refused


def every_question_once(library: Library, units: Sequence[Unit]) -> None:
    """No conversation is lost when a movie's are divided over rows, and none comes twice."""
    for number, unit in enumerate(units):
        rows = sorted(row for sample in library.samples if sample.unit == number for row in sample.rows)
        assert rows == list(range(len(library.writer.encode(unit).rows)))


def as_it_should_be(library: Library, batch: Any, chosen: list[Any], broken: Sequence[int], room: int | None) -> None:
    """Frames, placeholders, labels and words of a batch are those of its samples."""
    frames = sum(sample.frames - broken[sample.unit] for sample in chosen)
    pixels, ids = batch.get("pixel_values"), batch["input_ids"]
    assert (0 if pixels is None else len(pixels)) == frames
    assert int((ids == library.writer.frame_token_id).sum()) == frames * library.writer.processor.tokens_per_frame
    assert room is None or ids.shape[1] <= room
    for row, sample in enumerate(chosen):
        encoded = library.writer.encode(library.units[sample.unit])
        learned = [label for number in sample.rows for label in encoded.rows[number][1] if label != IGNORED]
        found = batch["labels"][row][batch["labels"][row] != IGNORED].tolist()
        assert sorted(found) == sorted(learned) and len(found) == sample.labelled
        text = library.writer.decode(ids[row])
        for line in [] if encoded.unit.film is None else encoded.unit.film.dialogue:
            assert library.writer.processor.clean_words(line.text) in text
