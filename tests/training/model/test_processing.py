"""Prompts, films and pictures become rows with one placeholder for every visual token."""

import numpy as np
import pytest
import torch

from moviellm.training.model import MovieLLMProcessor, MovieLLMVideoProcessor
from tests.training.model.tiny import SIDE_PX, config, features, film, picture, processor, tokenizer

torch.set_num_threads(1)
FRAME_ID = 3


def made(processor_settings=None, **settings):
    return processor(config(**settings), **(processor_settings or {}))


def talk(*parts, answer: str | None = None) -> list[dict]:
    said = [{"role": "user", "content": list(parts)}]
    return said if answer is None else [*said, {"role": "assistant", "content": answer}]


def part(film_or_text) -> dict:
    kind = "text" if isinstance(film_or_text, str) else "video"
    return {"type": kind, kind: film_or_text}


def test_every_visual_token_has_one_id() -> None:
    batch = made(compressor="pool", pool_side=2)(text=["<video>\nwho is it ?"], videos=[film(3)], return_tensors="pt")
    assert int((batch["input_ids"] == FRAME_ID).sum()) == 3 * 4
    assert batch["pixel_values"].shape == (3, 3, SIDE_PX, SIDE_PX)
    assert batch["frames_per_row"].tolist() == [3]


def test_a_film_in_a_message_and_by_hand_are_the_same() -> None:
    words = made(compressor="cls")
    by_hand = words(text=["<|im_start|>user\n<video>\nwho is it ?<|im_end|>"], videos=[film(3)])
    rendered = words.apply_chat_template(talk(part(film(3)), part("who is it ?")), tokenize=True, return_dict=True)
    assert rendered["input_ids"] == by_hand["input_ids"]


def test_rows_of_a_batch_have_their_own_films() -> None:
    batch = made(compressor="cls")(
        text=["<video>", "who is it ?", "<video><video>"],
        videos=[[film(2)], [], [film(1, "green"), film(3, "blue")]],
        padding=True,
        return_tensors="pt",
    )
    assert batch["frames_per_row"].tolist() == [2, 0, 4]
    assert (batch["input_ids"] == FRAME_ID).sum(1).tolist() == [2, 0, 4]


def test_films_may_come_in_one_list() -> None:
    words = made(compressor="cls")
    nested = words(text=["<video>", "<video>"], videos=[[film(2)], [film(3)]], padding=True)
    flat = words(text=["<video>", "<video>"], videos=[film(2), film(3)], padding=True)
    assert nested["input_ids"] == flat["input_ids"]


def test_cached_features_stand_for_pictures() -> None:
    cached = {**film(3), "frames": None, "features": features(3)}
    batch = made(compressor="pool")(text="<video>", videos=[cached], return_tensors="pt")
    assert batch["frame_features"].shape == (3, 17, 32)
    assert "pixel_values" not in batch


def test_an_array_of_pictures_is_a_film_where_times_are_not_told() -> None:
    array = np.zeros((4, SIDE_PX, SIDE_PX, 3), np.uint8)
    batch = made(compressor="cls", time="none")(text="<video>", videos=array, return_tensors="pt")
    assert batch["frames_per_row"].tolist() == [4]


def test_pictures_of_trls_collator_are_one_frame_each() -> None:
    batch = made(compressor="pool", pool_side=2)(
        images=[[picture(), picture("green")]], text=["[0.0 s] <image>\n[2.0 s] <image>\nwho ?"], return_tensors="pt"
    )
    assert int((batch["input_ids"] == FRAME_ID).sum()) == 8
    assert batch["frames_per_row"].tolist() == [2]


def test_additive_times_are_steps_of_the_film() -> None:
    batch = made(compressor="cls", time="additive")(text="<image><video>", videos=[film(4)], images=[picture()])
    assert batch["frame_time_ids"].tolist() == [-1, 0, 25, 50, 75]
    assert FRAME_ID in batch["input_ids"][0]


def test_additive_times_cost_no_token() -> None:
    ids = made(compressor="cls", time="additive")(text="<video>", videos=[film(4)])["input_ids"][0]
    assert ids == [FRAME_ID] * 4


def test_questions_stand_apart_for_the_guide() -> None:
    words = made(compressor="context_content")
    batch = words.apply_chat_template(
        talk(part(film(2)), part("who is it ?"), answer="the hero"),
        tokenize=True,
        return_dict=True,
        return_tensors="pt",
    )
    assert words.decode(batch["question_ids"][0]) == "who is it ?"


def test_a_guide_without_questions_is_said() -> None:
    with pytest.raises(ValueError, match="needs `questions`, one a row: 1 rows came with none"):
        made(compressor="context_content")(text="<video>", videos=[film(2)])


@pytest.mark.parametrize("words", ["<frame>", "<video>", "<image>", "a <frame><frame> b"])
def test_markers_in_words_are_broken(words: str) -> None:
    lines = [{"start_s": 0.5, "text": f"{words}<|im_end|>", "speaker": words}]
    batch = made(compressor="cls").apply_chat_template(
        talk(part(film(2, dialogue=lines)), part(words)), tokenize=True, return_dict=True, return_tensors="pt"
    )
    assert int((batch["input_ids"] == FRAME_ID).sum()) == 2
    assert int((batch["input_ids"] == 2).sum()) == 1, "one end of a turn, the template's"


def test_a_placeholder_in_a_prompt_is_no_placeholder() -> None:
    batch = made(compressor="cls")(text="<frame> <video>", videos=[film(2)], return_tensors="pt")
    assert int((batch["input_ids"] == FRAME_ID).sum()) == 2


def test_assistant_turns_are_found_behind_films() -> None:
    words = made(compressor="pool")
    batch = words.apply_chat_template(
        talk(part(film(3)), part("who is it ?"), answer="the hero"),
        tokenize=True,
        return_dict=True,
        return_assistant_tokens_mask=True,
    )
    learned = [one for one, mask in zip(batch["input_ids"][0], batch["assistant_masks"][0], strict=True) if mask]
    assert words.decode(learned) == "the hero<|im_end|>"


def test_a_row_that_is_too_long_is_an_error_that_names_the_film_and_says_what_fits() -> None:
    with pytest.raises(ValueError, match=r"Row 0 \(m00007\) has 20,000 tokens or more.* show 4,096 frames"):
        made(compressor="cls")(text="<video>", videos=[film(20_000)])


def test_stamps_count_too() -> None:
    with pytest.raises(ValueError, match=r"Row 1 \(m00007\) has .* tokens, 2,000 of them for 2,000 frames"):
        made(compressor="cls")(text=["who ?", "<video>"], videos=[film(2000)], padding=True)


def test_a_film_of_20_000_frames_fits_where_positions_reach() -> None:
    long = {**film(1), "frames": None, "features": np.zeros((20_000, 1, 32), np.float16)}
    long["times_s"] = [float(second) for second in range(20_000)]
    words = made(compressor="cls", time="index", context_tokens=65_536, processor_settings={"frames_per_stamp": 100})
    batch = words(text="<video>\nwho is it ?", videos=[long], return_tensors="pt")
    assert int((batch["input_ids"] == FRAME_ID).sum()) == 20_000
    assert batch["frame_features"].shape == (20_000, 1, 32)


def test_nothing_is_truncated_on_request() -> None:
    words = made(compressor="cls")
    with pytest.raises(ValueError, match="Nothing is cut"):
        words(text=["<video>"], videos=[film(3)], truncation=True, max_length=8)
    assert len(words(text=["<video>"], videos=[film(3)], truncation=True, max_length=80)["input_ids"][0]) > 8


def test_padding_to_a_length_is_kept() -> None:
    ids = made(compressor="cls")(text=["<video>"], videos=[film(1)], padding="max_length", max_length=64)["input_ids"]
    assert len(ids[0]) == 64


@pytest.mark.parametrize(
    ("text", "given", "said"),
    [
        (["<video>"], {}, "have 1 <video> and 0 videos came"),
        (["who ?"], {"videos": [film(1)]}, "have 0 <video> and 1 videos came"),
        (["<image><image>"], {"images": [[picture()]]}, "Row 0 has 2 <image> and 1 images"),
        (["<image>"], {"images": [[None]]}, "Frame 0 of row 0 is missing"),
        (["<video>"], {"videos": [{**film(2), "frames": [picture(), None]}]}, "Frame 1 of m00007 is missing"),
        (["<video>"], {"videos": [[picture(), picture()]]}, "Film row 0 has 2 frames and 0 times"),
        (None, {"videos": [film(1)]}, "`text` is missing"),
    ],
)
def test_what_does_not_fit_together_is_said(text, given: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        made(compressor="cls")(text=text, **given)


def test_pictures_and_features_in_one_batch_are_said() -> None:
    cached = {**film(3), "frames": None, "features": features(3)}
    with pytest.raises(ValueError, match="mixes pictures and cached features"):
        made(compressor="cls")(text=["<video>", "<video>"], videos=[film(2), cached], padding=True)


@pytest.mark.parametrize("kind", [np.asarray, torch.as_tensor])
def test_an_array_of_pictures_in_a_message_is_one_film(kind) -> None:
    array = kind(np.zeros((4, SIDE_PX, SIDE_PX, 3), np.uint8))
    words = made(compressor="cls", time="none")
    batch = words.apply_chat_template(
        talk(part("who ?"), {"type": "video", "video": array}), tokenize=True, return_dict=True
    )
    assert len(batch["pixel_values"]) == 4


@pytest.mark.parametrize("key", ["video", "path"])
def test_a_path_in_a_message_is_read(tmp_path, key) -> None:
    for number in range(5):
        picture().save(tmp_path / f"{number}.png")
    words = made(compressor="cls")
    message = talk({"type": "video", key: str(tmp_path)}, part("who ?"))
    options = {"tokenize": True, "return_dict": True}
    assert words.apply_chat_template(message, **options)["frames_per_row"].tolist() == [5]
    asked = words.apply_chat_template(message, processor_kwargs={"num_frames": 2}, **options)
    assert asked["frames_per_row"].tolist() == [2]


def test_lists_of_paths_are_films_of_these_pictures(tmp_path) -> None:
    picture().save(tmp_path / "a.png")
    batch = made(compressor="cls")(text=["<video>"], videos=[[str(tmp_path / "a.png")] * 3])
    assert batch["frames_per_row"].tolist() == [3]


def test_a_tokenizer_without_a_chat_template_is_said() -> None:
    words = MovieLLMProcessor.for_model(config(), tokenizer(template=None), MovieLLMVideoProcessor(size_px=SIDE_PX))
    with pytest.raises(ValueError, match="The tokenizer has no chat template: set `processor.chat_template`"):
        words.apply_chat_template(talk(part("who ?")))


def test_a_tokenizer_without_the_placeholder_is_said() -> None:
    with pytest.raises(ValueError, match="does not know the placeholder '<seen>'"):
        MovieLLMProcessor(MovieLLMVideoProcessor(), tokenizer(), frame_token="<seen>")


def test_a_processor_of_another_model_is_said() -> None:
    with pytest.raises(ValueError, match="`frame_token_id` is 77 and the tokenizer has 3"):
        processor(config(frame_token_id=77))
