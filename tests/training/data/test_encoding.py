"""Units become rows: to the letter what the processor writes, and only answers are learned."""

from dataclasses import replace
from typing import Any

import pytest

from moviellm.training.data.encoding import Encoder
from moviellm.training.data.pixels import FrameReader
from moviellm.training.data.units import Ask, Unit, video_first
from moviellm.training.data.writers import OurWriter
from moviellm.training.model.layout import as_film
from tests.training.model.tiny import film, picture, tiny

QUESTIONS = ("who is it ?", "what <video> is <frame> it ?", "when the hero waits ?")


def answer(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": [{"type": "text", "text": text}]}


def asked(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": text}]}


def unit(frames: int = 3, questions: tuple[str, ...] = QUESTIONS, **fields: Any) -> Unit:
    asks = [
        Ask(f"q{number}", ({"role": "user", "content": video_first(text)}, answer(f"{text} red")))
        for number, text in enumerate(questions)
    ]
    line = {"start_s": 2.5, "speaker": "Ada", "text": "Is it you?"}
    return Unit("m00007", tuple(asks), as_film(film(frames, dialogue=[line])), **fields)


def talk(**fields: Any) -> Unit:
    """Two turns, both learned."""
    messages = (
        {"role": "user", "content": video_first("who is it ?")},
        answer("red"),
        asked("what is it ?"),
        answer("blue"),
    )
    return replace(unit(), asks=(Ask("talk", messages, "all"),), **fields)


def words() -> Any:
    return tiny()[1]


def test_rows_are_what_the_processor_makes_of_the_same_messages() -> None:
    processor = words()
    encoded = Encoder(processor).encode(unit())
    for row, ask in zip(encoded.rows, unit().asks, strict=True):
        messages = [dict(message) for message in ask.messages]
        messages[0] = {"role": "user", "content": [{"type": "video", "video": unit().film}, messages[0]["content"][1]]}
        made = processor.apply_chat_template([messages], tokenize=True, return_dict=True)
        assert row[0] == made["input_ids"][0]


def test_only_the_answer_and_the_token_that_ends_it_are_learned() -> None:
    processor = words()
    for (ids, labels), text in zip(Encoder(processor).encode(unit()).rows, QUESTIONS, strict=True):
        learned = processor.tokenizer.decode([label for label in labels if label != -100])
        assert learned == f"{processor.clean(f'{text} red')}<|im_end|>"
        assert all(label in (-100, token) for token, label in zip(ids, labels, strict=True))


def test_every_answer_of_a_conversation_is_learned_in_one_row() -> None:
    processor = words()
    encoded = Encoder(processor).encode(talk())
    learned = processor.tokenizer.decode([label for label in encoded.rows[0][1] if label != -100])
    assert (len(encoded.rows), learned, encoded.answers) == (1, "red<|im_end|>blue<|im_end|>", 2)


def test_a_template_that_writes_earlier_answers_otherwise_gives_a_row_for_each_answer() -> None:
    processor = words()
    processor.chat_template = (
        "{% for m in messages %}<|im_start|>{{ m['role'] }}\n"
        "{% if m['role'] == 'assistant' and loop.last %}yes {% endif %}"
        "{{ m['content'] }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    encoded = Encoder(processor).encode(talk())
    learned = [processor.tokenizer.decode([one for one in labels if one != -100]) for _, labels in encoded.rows]
    assert learned == ["yes red<|im_end|>", "yes blue<|im_end|>"]


def test_an_answer_that_nothing_ends_is_ended_with_the_tokenizers_own_token() -> None:
    processor = words()
    processor.chat_template = (
        "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"
        "{% if add_generation_prompt %}assistant: {% endif %}"
    )
    encoded = Encoder(processor).encode(unit(questions=("who is it ?",)))
    assert encoded.rows[0][0][-1] == encoded.rows[0][1][-1] == processor.tokenizer.eos_token_id


def test_a_template_that_leaves_out_answers_is_refused() -> None:
    processor = words()
    processor.chat_template = (
        "{% for m in messages %}{% if m['role'] == 'user' %}{{ m['content'] }}{% endif %}{% endfor %}"
    )
    with pytest.raises(ValueError, match="m00007: the chat template leaves out the answer of q0"):
        Encoder(processor).encode(unit())


@pytest.mark.parametrize("frames", [1, 3])
def test_a_batch_of_movies_holds_each_frame_once_and_all_questions(frames: int) -> None:
    writer = OurWriter(words(), FrameReader())
    batch = writer.together([(unit(frames), [0, 1, 2])])
    assert batch["pixel_values"].shape == (frames, 3, 16, 16)
    assert int((batch["input_ids"] == 3).sum()) == frames * 4
    assert int((batch["labels"] != -100).sum()) == writer.encode(unit(frames)).labelled


def test_a_question_a_row_repeats_the_frames() -> None:
    writer = OurWriter(words(), FrameReader())
    batch = writer.apart([(unit(), [0]), (unit(), [2])])
    assert batch["frames_per_row"].tolist() == [3, 3]
    assert len(batch["pixel_values"]) == 6


def test_frames_that_do_not_decode_are_left_out_with_their_times_and_counted() -> None:
    film_ = as_film({**film(3), "frames": [picture(), b"no picture", picture()]})
    reader = FrameReader(skip=1)
    left = reader.readable(replace(unit(), film=film_))
    assert list(left.film.times_s) == [0.0, 4.0]
    assert reader.skipped == {"m00007": 1}


def test_frames_that_a_worker_left_out_are_counted_by_the_trainer() -> None:
    from torch.utils.data import DataLoader

    from moviellm.training.data.library import Library

    film_ = as_film({**film(3), "frames": [picture(), b"no picture", picture()]})
    units = [("movies", replace(unit(), film=film_)), ("movies", replace(unit(), film=film_, name="m00008"))]
    library = Library(units, OurWriter(words(), FrameReader(skip=1)), together=True)
    rows: Any = [{"sample": 0}, {"sample": 1}]
    batches = list(DataLoader(rows, batch_size=1, collate_fn=library, num_workers=2))
    assert library.writer.reader.skipped == {}
    for _ in range(2):
        library.note_skipped(batches[0])
    assert library.writer.reader.skipped == {"m00007": 1}
    with pytest.raises(
        ValueError, match="2 frames so far do not decode, the last of m00008, and `skip_frames` allows 1"
    ):
        library.note_skipped(batches[1])


def test_one_more_than_the_limit_is_an_error_that_names_the_frame_and_the_setting() -> None:
    film_ = as_film({**film(3), "frames": [b"", b"no picture", picture()]})
    with pytest.raises(ValueError, match=r"Frame 1 of m00007 cannot be decoded.*`skip_frames` allows 1"):
        FrameReader(skip=1).readable(replace(unit(), film=film_))
