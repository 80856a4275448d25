"""A model asked about a film: what it says equals `generate` on the whole row, and the film is read once."""

from pathlib import Path
from typing import Any

import pytest

from moviellm.training.ask.answerer import Answerer
from moviellm.training.ask.opening import open_model
from moviellm.training.ask.prompts import Prompts, talk_of
from moviellm.training.media import Film, Line
from tests.training.ask.kit import film, saved

QUESTIONS = ["who is it ?", "what waits", "when"]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def opened(folder: Path, **settings: Any) -> Answerer:
    return open_model(str(saved(folder, **settings)), device="cpu")


def by_hand(answerer: Answerer, about: Film, turns: list[str]) -> tuple[str, list[int]]:
    inputs = answerer.processor.apply_chat_template(
        talk_of(about, turns), tokenize=True, return_dict=True, return_tensors="pt", add_generation_prompt=True
    )
    row = inputs["input_ids"][0].tolist()
    out = answerer.model.generate(**inputs, max_new_tokens=6, do_sample=False)[0, len(row) :]
    return answerer.processor.tokenizer.decode(out, skip_special_tokens=True).strip(), row


@pytest.mark.parametrize(
    ("settings", "lines"),
    [
        ({"compressor": "pool", "text": "llama"}, [Line(1.0, "who is it ?", "Ada"), Line(7.0, "Bo waits", "")]),
        ({"compressor": "cls", "text": "lfm2", "time": "additive"}, []),
        ({"compressor": "context_content", "text": "qwen3"}, [Line(7.0, "<frame> Bo", "Ada")]),
    ],
)
def test_answers_and_rows_equal_those_of_the_processor_and_generate(
    settings: dict[str, Any], lines: list[Line], tmp_path: Path
) -> None:
    about, answerer = film(lines=lines), opened(tmp_path, **settings)
    told: dict[int, str] = {}
    wrote: dict[int, str] = {}
    answers = answerer.answer(
        about, QUESTIONS, 6, turn_of=[None, 0, None], told=told.__setitem__, wrote=wrote.__setitem__
    )
    prompts = Prompts(about, answerer.processor)
    for number, turns in enumerate([QUESTIONS[:1], [QUESTIONS[0], answers[0], QUESTIONS[1]], QUESTIONS[2:]]):
        said, row = by_hand(answerer, about, turns)
        assert (answers[number], prompts.movie + prompts.own(turns)) == (said, row)
    assert told == wrote == dict(enumerate(answers))
    assert answerer.reply(about, [QUESTIONS[0], answers[0]], QUESTIONS[1], 6) == answers[1]


def test_a_film_is_seen_once_for_all_questions_and_turns(tmp_path: Path) -> None:
    about, answerer = film(), opened(tmp_path)
    seen: list[int] = []
    answerer.model.model.vision_tower.register_forward_pre_hook(lambda module, given: seen.append(len(given[0])))
    answers = answerer.answer(about, QUESTIONS, 3, turn_of=[None, 0, 1])
    answerer.reply(about, [QUESTIONS[0], answers[0]], "and ?", 3)
    assert seen == [4]


def test_a_film_that_is_too_long_is_refused_and_what_fits_fits(tmp_path: Path) -> None:
    answerer = opened(tmp_path)
    with pytest.raises(ValueError, match=r"600 frames .* it reads 4,096\. Nothing is cut: (\d+) frames") as refused:
        answerer.answer(film(600), QUESTIONS, 6)
    fitting = int(str(refused.value).split("(--frames ")[1].split(")")[0])
    limit = answerer.frame_limit or 0  # with room for a longer question and answer
    assert limit <= fitting < limit + 60
    answerer._prompts(film(fitting)).check_length(answerer.longest_row, QUESTIONS[:1], 6)


@pytest.mark.parametrize(
    ("questions", "settings", "reason"),
    [
        ([" "], {}, "a question is empty"),
        (["a", "b"], {"turn_of": [1, None]}, "question 0 follows 1"),
        (["a"], {"turn_of": [None, 0]}, "1 questions came with 2 values"),
        (["a"], {"max_new_tokens": 0}, "max_new_tokens is 0"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    questions: list[str], settings: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=reason):
        opened(tmp_path).answer(film(), questions, **settings)
