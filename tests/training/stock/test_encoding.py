"""Batches: labels on answers alone, a placeholder for every token of a frame, nothing cut; for films of any length."""

import pickle
import random
from typing import Any

import pytest
import torch

from moviellm.training.stock.encoding import StockCollator
from tests.training.stock.tiny import KINDS, bundle, film, pictures, processor

torch.set_num_threads(1)


def example(number: int = 0, frames: int = 3, **fields: Any) -> dict[str, Any]:
    """A question on a film."""
    return {
        "film": film(frames, seed=number),
        "prompt": "Who waits?",
        "completion": "Ada.",
        "example_id": f"m{number:05d}-q01",
        **fields,
    }


@pytest.mark.parametrize("kind", KINDS)
def test_films_of_different_lengths_in_a_batch_give_what_each_gives_alone(kind: str) -> None:
    model, made = bundle(kind)
    collate = StockCollator(made)
    examples = [example(0, 4), example(1, 5), example(2, 1)]
    with torch.no_grad():
        batch = collate(examples)
        together = model(**{name: value for name, value in batch.items() if name != "labels"}).logits
        for number, one in enumerate(examples):
            alone = model(**{name: value for name, value in collate([one]).items() if name != "labels"}).logits[0]
            assert (together[number, : len(alone)] - alone).abs().max() < 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_answer_is_learned(kind: str) -> None:
    made = processor(kind)
    batch = StockCollator(made)([example(0), example(1, 2, completion="Nobody waits there.")])
    batches = batch["input_ids"], batch["labels"]
    learned = [made.tokenizer.decode(ids[labels != -100]) for ids, labels in zip(*batches, strict=True)]
    ends = made.row(made.see(film(2)), "?", "").labels
    end = made.tokenizer.decode([label for label in ends if label != -100])
    assert [text.strip().removesuffix(end.strip()).strip() for text in learned] == ["Ada.", "Nobody waits there."]
    assert torch.equal(batch["labels"] != -100, (batch["labels"] == batch["input_ids"]) & (batch["labels"] != -100))


def test_a_talk_is_trained_on_its_last_answer_alone() -> None:
    made = processor("qwen3_vl")
    talk = [
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": "Who waits?"},
        {"role": "assistant", "content": "Ada."},
        {"role": "user", "content": [{"type": "text", "text": "And then?"}]},
    ]
    row = made.row(made.see(film(2)), talk, "She leaves.")
    text = made.tokenizer.decode(row.ids)
    assert text.index("Be short.") < text.index("<|video_pad|>") < text.index("Who waits?") < text.index("And then?")
    learned = made.tokenizer.decode([label for label in row.labels if label != -100])
    assert learned.split("<|im_end|>")[0] == "She leaves."


def test_a_row_that_is_too_long_names_its_film_and_what_would_fit() -> None:
    made = processor("llava_next_video")
    told = made.row(made.see(film(8)), "Who waits?", "Ada.")
    with pytest.raises(ValueError, match=r"Film m00000 has a row of .* show (\d+) frames at most") as error:
        StockCollator(made, longest=len(told.ids) - 1)([example(0, 8)])
    fitting = int(str(error.value).split(" frames at most")[0].rsplit(" ", 1)[1])
    assert fitting == 7
    assert StockCollator(made, longest=len(told.ids) - 1)([example(0, fitting)])


@pytest.mark.parametrize("kind", ["internvl", "qwen3_vl", "video_llama_3"])
def test_a_film_of_20000_frames_is_refused_before_they_are_read(kind: str) -> None:
    class Frames(list[Any]):
        def __len__(self) -> int:
            return 20_000

        def __iter__(self) -> Any:
            raise AssertionError("frames were read")

    long = {"frames": Frames(pictures(1)), "times_s": list(range(20_000)), "duration_s": 20_000.0, "movie_id": "m7"}
    with pytest.raises(ValueError, match=r"Film m7: its 20,000 frames are .* show fewer than [1-9]"):
        StockCollator(processor(kind))([example(film=long)])


def test_what_is_no_example_is_refused() -> None:
    collate = StockCollator(processor("internvl"))
    with pytest.raises(ValueError, match="m00000-q01 has no completion"):
        collate([example(completion=None)])
    with pytest.raises(ValueError, match="cached features"):
        collate([example(film={**film(1), "frames": None, "features": torch.zeros(1, 4)})])
    with pytest.raises(ValueError, match="2 frames and 0 times"):
        collate([example(film={"frames": pictures(2)})])
    with pytest.raises(ValueError, match="frame 1 cannot be decoded"):
        collate([example(film={**film(2), "frames": [*pictures(1), b"no picture"]})])
    with pytest.raises(ValueError, match="ends with what the user says"):
        collate([example(prompt=[{"role": "system", "content": "Be short."}])])
    with pytest.raises(ValueError, match="type 'image'"):
        collate([example(prompt=[{"role": "user", "content": [{"type": "image"}]}])])


def test_a_template_that_leaves_the_film_out_is_refused() -> None:
    from moviellm.training.stock.processing import StockProcessor

    made = processor("internvl")
    deaf = StockProcessor.__new__(StockProcessor)
    deaf.__dict__.update({**made.__dict__, "chat_template": "{{ messages[0]['content'][1]['text'] }}"})
    with pytest.raises(ValueError, match="0 times for one film"):
        StockCollator(deaf)([example()])


def test_150_random_batches_have_a_placeholder_for_every_token_and_lose_no_word() -> None:
    draw = random.Random(0)
    for turn in range(150):
        made = processor(KINDS[turn % len(KINDS)])
        examples = [_random_example(draw, number) for number in range(draw.randint(1, 3))]
        batch = StockCollator(made)(examples)
        wanted = _tokens(made, batch, [len(one["film"]["frames"]) for one in examples])
        for number, one in enumerate(examples):
            ids = batch["input_ids"][number][batch["attention_mask"][number].bool()]
            assert int((ids == made.placeholder_id).sum()) == wanted[number]
            text = made.tokenizer.decode(ids)
            assert text.count("Is it you?") == len(one["film"]["dialogue"])
            assert one["prompt"] in text and one["completion"] in text


def _random_example(draw: random.Random, number: int) -> dict[str, Any]:
    frames = draw.randint(1, 7)
    size = draw.choice([(24, 16), (16, 24), (16, 16), (40, 12)])
    lines = [{"start_s": draw.uniform(0, 20), "text": "Is it you?"} for _ in range(draw.randint(0, 3))]
    given = pictures(frames, *size, seed=draw.randint(0, 9))
    if draw.random() < 0.3:
        given = [given[0]] * frames
    times = sorted(draw.uniform(0, 20) for _ in range(frames))
    shown = {"frames": given, "times_s": times, "duration_s": 20.0, "movie_id": f"m{number}", "dialogue": lines}
    return example(
        number, film=shown, prompt="Who " * draw.randint(1, 5) + "?", completion="Ada " * draw.randint(1, 4)
    )


def _tokens(made: Any, batch: dict[str, torch.Tensor], frames: list[int]) -> list[int]:
    """What the model makes of the pixels of each film of a batch, from the tensors that it gets."""
    if made.kind in {"smolvlm", "internvl", "llava_next_video", "llava_onevision"}:
        pixels = batch.get("pixel_values", batch.get("pixel_values_videos"))
        assert pixels is not None and pixels.shape[:-3].numel() == sum(frames)
        return [4 * count + (made.kind == "llava_onevision") for count in frames]
    grids = batch["video_grid_thw"]
    assert len(batch["pixel_values_videos"]) == int(grids.prod(-1).sum())
    if made.kind == "video_llama_3":
        kept = batch["video_compression_mask"].split((grids.prod(-1) // 4).tolist())
        return [int(one.sum()) for one in kept]
    rows = [-(-count // 2) if made.kind == "qwen2_5_vl" else 1 for count in frames]
    return [int(one.prod(-1).sum()) // 4 for one in grids.split(rows)]


def test_a_processor_goes_to_a_worker_as_it_is() -> None:
    made = processor("qwen3_vl")
    again = pickle.loads(pickle.dumps(StockCollator(made)))
    one, other = StockCollator(made)([example()]), again([example()])
    assert all(torch.equal(one[name], other[name]) for name in one)
