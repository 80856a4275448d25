"""Token accounting, fuzzed: 500 random batches, every compressor, every time encoding; no mismatch, no silent cut."""

import random

import pytest
import torch

from moviellm.training.model import preflight
from moviellm.training.model.layout import as_film
from moviellm.training.model.placing import check_counts
from tests.training.model.tiny import COLOURS, config, film, picture, processor

torch.set_num_threads(1)
BATCHES = 42
"""For each of 3 compressors and 4 encodings: 504 in all."""
WORDS = ["who", "is", "it", "?", "Ada", "<frame>", "<video>", "<image>", "zebra", "é", "\n", "<|im_end|>", "[0.0 s]"]


def words(dice: random.Random) -> str:
    return " ".join(dice.choices(WORDS, k=dice.randint(1, 6)))


def random_film(dice: random.Random, number: int) -> dict:
    frames = dice.choice([1, 1, 2, 3, 7, 20])
    made = film(frames, dice.choice(sorted(COLOURS)), step_s=dice.choice([0.5, 2.0]), movie_id=f"m{number:05d}")
    lines = [
        {"start_s": dice.uniform(0, made["duration_s"]), "text": words(dice), "speaker": dice.choice(["", "Ada"])}
        for _ in range(dice.randint(0, 4))
    ]
    if dice.random() < 0.05:
        made["frames"][dice.randrange(frames)] = dice.choice([None, b"broken", {"bytes": None}])
    return {**made, "dialogue": lines}


def random_batch(dice: random.Random) -> tuple[list[list[dict]], list[int], bool]:
    """Conversations, frames that each should have, and whether all pictures are whole."""
    talks, counts, whole = [], [], True
    for row in range(dice.randint(1, 3)):
        content, count = [], 0
        for number in range(dice.choice([0, 1, 1, 1, 2])):
            made = random_film(dice, 10 * row + number)
            whole = whole and all(not isinstance(one, (bytes, dict)) and one is not None for one in made["frames"])
            content.append({"type": "video", "video": made})
            count += len(made["frames"])
        if dice.random() < 0.2:
            content.append({"type": "image", "image": picture()})
            count += 1
        content.append({"type": "text", "text": words(dice)})
        talks.append([{"role": "user", "content": content}, {"role": "assistant", "content": words(dice)}])
        counts.append(count)
    return talks, counts, whole


@pytest.mark.parametrize("time", ["text", "index", "additive", "none"])
@pytest.mark.parametrize("compressor", ["cls", "pool", "context_content"])
def test_random_batches_match_or_are_refused(compressor: str, time: str) -> None:
    made = config(compressor=compressor, time=time, context_tokens=None)
    dice = random.Random(f"{compressor} {time}")
    row_words = processor(made)
    refused = 0
    for _ in range(BATCHES):
        row_words.frames_per_stamp = dice.choice([0, 1, 3])
        row_words.longest_row = dice.choice([4096, 4096, 4096, 60])
        talks, counts, whole = random_batch(dice)
        asked = {"padding": True, "padding_side": dice.choice(["left", "right"])}
        try:
            batch = row_words.apply_chat_template(
                talks, tokenize=True, return_dict=True, return_tensors="pt", processor_kwargs=asked
            )
        except ValueError as error:
            refused += 1
            assert row_words.longest_row == 60 or not whole
            assert any(said in str(error) for said in ("Nothing is cut", "is missing", "cannot be decoded"))
            continue
        assert whole
        samples = preflight(batch, made)
        assert [one.frames for one in samples] == counts
        assert [one.visual_tokens for one in samples] == [count * made.tokens_per_frame for count in counts]
        assert all(one.tokens <= row_words.longest_row for one in samples)
        frames = batch.get("pixel_values")
        assert (0 if frames is None else len(frames)) == sum(counts)
        check_counts(batch["input_ids"], made, frames, batch.get("frames_per_row"), None)
        nothing_is_lost(row_words, batch, talks)
    assert 0 < refused < BATCHES


def nothing_is_lost(row_words, batch, talks) -> None:
    """Every line of every film, every question and every answer is in its row."""
    for ids, talk in zip(batch["input_ids"], talks, strict=True):
        text = row_words.decode(ids)
        for message in talk:
            for part in message["content"] if isinstance(message["content"], list) else [message["content"]]:
                said = part if isinstance(part, str) else part.get("text")
                if said:
                    assert row_words.clean(said) in text
                elif part["type"] == "video":
                    for line in as_film(part["video"]).dialogue:
                        assert row_words.clean_words(line.text) in text
