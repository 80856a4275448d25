"""asking.py and journal.py: questions are put movie by movie, and what was said is never asked again."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from moviellm.eval.running.asking import Settings, ask_all
from moviellm.eval.running.films import Control, Showing, frame_policy
from moviellm.eval.running.journal import Journal
from moviellm.eval.running.protocol import Ask, Said, Told
from moviellm.eval.tasks.items import Data, open_data
from tests.eval.running.models import Knowing
from tests.eval.running.movies import MOVIES


@pytest.fixture(scope="module")
def data(films: Path) -> Data:
    return open_data(str(films), split="test")


def ask(model: Any, data: Data, kept: Path, names: list[str] | None = None, **how: Any) -> dict[str, Said]:
    control: Control = how.pop("control", "none")
    showing = Showing(data, frame_policy(how.pop("frames", None), None), how.pop("seed", 0))
    wanted = [one for name, one in data.questions.items() if names is None or name in names]
    journal = Journal(kept)
    try:
        return ask_all(model, wanted, data, showing, journal, Settings(**how), [control])[control]
    finally:
        journal.close()


def test_every_question_is_asked_once_and_a_second_time_never(data: Data, tmp_path: Path) -> None:
    first, again = Knowing(), Knowing()
    answers = ask(first, data, tmp_path)
    assert Counter(first.asked) == Counter(list(data.questions))
    assert ask(again, data, tmp_path) == answers
    assert again.calls == []


def test_a_new_task_asks_only_what_is_new(data: Data, tmp_path: Path) -> None:
    ask(Knowing(), data, tmp_path, ["m00000-q000"])
    again = Knowing()
    ask(again, data, tmp_path, ["m00000-q000", "m00000-q001"])
    assert again.asked == ["m00000-q001"]


def test_questions_of_a_movie_come_in_one_call_for_each_length_of_answer(data: Data, tmp_path: Path) -> None:
    model = Knowing()
    ask(model, data, tmp_path)
    assert len(model.calls) == 2 * MOVIES
    assert {ask.max_tokens for ask in model.calls[0]} == {128}
    assert {ask.max_tokens for ask in model.calls[1]} == {1024}


@pytest.mark.parametrize(
    "other",
    [{"frames": 2}, {"control": "shuffled"}, {"control": "single-frame"}, {"max_tokens": 9}, {"times": "index"}],
)
def test_what_decides_an_answer_asks_again(data: Data, tmp_path: Path, other: dict[str, Any]) -> None:
    names = ["m00000-q001"]
    ask(Knowing(), data, tmp_path, names)
    again = Knowing()
    ask(again, data, tmp_path, names, **other)
    assert again.asked == names


def test_other_weights_are_asked_again(data: Data, tmp_path: Path) -> None:
    ask(Knowing(), data, tmp_path, ["m00000-q000"])
    again = Knowing(revision="2")
    ask(again, data, tmp_path, ["m00000-q000"])
    assert again.asked == ["m00000-q000"]


def test_a_follow_up_comes_behind_what_it_follows(data: Data, tmp_path: Path) -> None:
    model = Knowing()
    answers = ask(model, data, tmp_path, ["m00000-q003"])
    asks = model.calls[0]
    assert [one.question.item_id for one in asks] == ["m00000-q002", "m00000-q003"]
    assert asks[1].turn_of == 0
    assert list(answers) == ["m00000-q003"]


def test_a_follow_up_of_a_kept_answer_is_told_that_answer(data: Data, tmp_path: Path) -> None:
    ask(Knowing(), data, tmp_path, ["m00000-q002"])
    model = Knowing()
    ask(model, data, tmp_path, ["m00000-q003"])
    assert model.asked == ["m00000-q003"]
    assert model.calls[0][0].said == "Ada"


class Failing(Knowing):
    """Answers nothing."""

    def answer(self, film: Any, asks: list[Ask], told: Told) -> None:  # type: ignore[override]
        for place, ask in enumerate(asks):
            self.asked.append(ask.question.item_id)
            told(place, Said(text=None, reason="it was full"))


def test_a_failure_is_kept_with_its_reason(data: Data, tmp_path: Path) -> None:
    ask(Failing(), data, tmp_path, ["m00000-q000"])
    again = Knowing()
    assert ask(again, data, tmp_path, ["m00000-q000"])["m00000-q000"].reason == "it was full"
    assert again.asked == []


def test_a_failure_is_asked_again_when_that_is_wanted(data: Data, tmp_path: Path) -> None:
    ask(Failing(), data, tmp_path, ["m00000-q000"])
    again = Knowing()
    ask(again, data, tmp_path, ["m00000-q000"], retry_failed=True)
    assert again.asked == ["m00000-q000"]


class Silent(Knowing):
    """Says nothing at all."""

    def answer(self, film: Any, asks: list[Ask], told: Told) -> None:  # type: ignore[override]
        pass


def test_a_model_that_says_nothing_leaves_a_reason(data: Data, tmp_path: Path) -> None:
    assert ask(Silent(), data, tmp_path, ["m00000-q000"])["m00000-q000"].reason == "the model gave no answer"


def test_a_torn_or_damaged_line_is_asked_again_and_the_others_not(data: Data, tmp_path: Path) -> None:
    ask(Knowing(), data, tmp_path, ["m00000-q000", "m00000-q001", "m00000-q005"])
    (path,) = tmp_path.glob("*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1].replace(b"text", b"tixt") + lines[2][:20])
    again = Knowing()
    ask(again, data, tmp_path, ["m00000-q000", "m00000-q001", "m00000-q005"])
    assert again.asked == ["m00000-q001", "m00000-q005"]
    third = Knowing()
    ask(third, data, tmp_path, ["m00000-q000", "m00000-q001", "m00000-q005"])
    assert third.asked == []


def test_two_runs_share_a_folder_of_answers(data: Data, tmp_path: Path) -> None:
    one, other = Journal(tmp_path), Journal(tmp_path)
    one.keep("k1", "q1", Said(text="yes"))
    other.keep("k2", "q2", Said(text="no"))
    one.close()
    other.close()
    both = Journal(tmp_path)
    assert [both.get("k1"), both.get("k2")] == [Said(text="yes"), Said(text="no")]


def test_an_answer_of_any_characters_is_kept(tmp_path: Path) -> None:
    text = "a\nb\r\u2028\x00\ud800\U0001f3ac"
    journal = Journal(tmp_path)
    journal.keep("k", "q", Said(text=text))
    journal.close()
    found = Journal(tmp_path).get("k")
    assert found is not None and found.text is not None and found.text.startswith("a\nb\r\u2028\x00")


def test_question_only_is_put_without_a_film(data: Data, tmp_path: Path) -> None:
    model = Knowing()
    ask(model, data, tmp_path, ["m00000-q000"], control="question-only")
    assert model.films == [None]


def test_dialogue_only_has_words_and_no_frames(data: Data, tmp_path: Path) -> None:
    model = Knowing()
    ask(model, data, tmp_path, ["m00000-q000"], control="dialogue-only")
    (film,) = model.films
    assert (len(film), len(film.dialogue)) == (0, 1)


def test_a_single_frame_is_the_middle_one_without_words(data: Data, tmp_path: Path) -> None:
    model = Knowing()
    ask(model, data, tmp_path, ["m00000-q000"], control="single-frame")
    (film,) = model.films
    assert (len(film), film.times_s, len(film.dialogue)) == (1, [8.0], 0)


def test_shuffled_frames_are_the_same_in_another_order_at_the_same_times(data: Data, tmp_path: Path) -> None:
    plain, model = Knowing(), Knowing()
    ask(plain, data, tmp_path, ["m00000-q000"])
    ask(model, data, tmp_path, ["m00000-q000"], control="shuffled", seed=3)
    before, after = ([film.frames[n].tobytes() for n in range(4)] for film in (plain.films[0], model.films[0]))
    assert sorted(before) == sorted(after) and before != after
    assert list(plain.films[0].times_s) == list(model.films[0].times_s)
