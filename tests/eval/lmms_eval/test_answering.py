"""answering.py: questions in lmms-eval's order, one reading a film."""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from moviellm.eval.lmms_eval.answering import Answering, Wanted, together
from moviellm.training.media import FramePolicy
from tests.eval.running.models import save_tiny

PICTURES = [Image.new("RGB", (8, 6), (grey,) * 3) for grey in (10, 20)]


class Echo:
    """Says the question back, in capitals, and remembers its calls."""

    revision = "1"
    model = SimpleNamespace(dtype="float32")

    def __init__(self) -> None:
        self.calls: list[tuple[Any, list[str], int]] = []

    def answer(
        self, film: Any, questions: Sequence[str], max_new_tokens: int, told: Callable[[int, str], None]
    ) -> None:
        self.calls.append((film, list(questions), max_new_tokens))
        if any("break" in question for question in questions):
            raise ValueError("it does not fit")
        for place in reversed(range(len(questions))):
            told(place, questions[place].upper())

    def reply(self, film: Any, turns: Sequence[str], question: str, max_new_tokens: int) -> str:
        self.calls.append((film, [*turns, question], max_new_tokens))
        return f"{len(turns)} turns before {question}"


def asked(picture: int, *turns: str, **fields: Any) -> Wanted:
    return Wanted(visuals=[PICTURES[picture]], turns=turns, **fields)


def answering(echo: Echo, **options: Any) -> Answering:
    return Answering(echo, FramePolicy(), **{"kept": None, "stop": True, **options})


def test_questions_on_one_film_in_a_row_are_one_call_and_answers_keep_their_order() -> None:
    echo = Echo()
    said = answering(echo).answer([asked(0, "a"), asked(0, "b"), asked(1, "c"), asked(0, "d")])
    assert said == ["A", "B", "C", "D"]
    assert [questions for _, questions, _ in echo.calls] == [["a", "b"], ["c"], ["d"]]


def test_questions_on_one_film_are_put_together_and_others_stay() -> None:
    assert together([("a",), None, ("b",), ("a",), None, ("b",)]) == [0, 3, 1, 2, 5, 4]


def test_answers_of_other_lengths_are_asked_on_the_same_film() -> None:
    echo = Echo()
    answering(echo).answer([asked(0, "a", max_new_tokens=4), asked(0, "b", max_new_tokens=9)])
    assert [longest for _, _, longest in echo.calls] == [4, 9]
    assert echo.calls[0][0] is echo.calls[1][0]


def test_a_talk_is_asked_with_its_turns() -> None:
    assert answering(Echo()).answer([asked(0, "a", "b", "c")]) == ["2 turns before c"]


def test_an_answer_ends_before_its_stop_but_not_at_the_one_that_nobody_asked_for() -> None:
    wanted = [asked(0, "one stop two", until=("STOP",)), asked(0, "one\n\ntwo", until=("\n\n",))]
    assert answering(Echo()).answer(wanted) == ["ONE ", "ONE\n\nTWO"]


def test_placeholders_of_other_models_are_taken_out() -> None:
    assert answering(Echo()).answer([asked(0, "<image>\nwho?<video>")]) == ["WHO?"]


def test_what_was_kept_is_not_asked_again(tmp_path: Path) -> None:
    echo = Echo()
    wanted = [asked(0, "a"), asked(0, "b"), asked(1, "c")]
    with pytest.raises(ValueError, match="does not fit"):
        answering(echo, kept=tmp_path).answer([*wanted, asked(1, "break")])
    calls = len(echo.calls)
    assert answering(echo, kept=tmp_path).answer([*wanted[:2], asked(1, "new")]) == ["A", "B", "NEW"]
    assert [questions for _, questions, _ in echo.calls[calls:]] == [["new"]]


@pytest.mark.parametrize("change", ["weights", "frames", "film", "length"])
def test_what_decides_an_answer_decides_where_it_is_kept(tmp_path: Path, change: str) -> None:
    first = Echo()
    answering(first, kept=tmp_path).answer([asked(0, "a")])
    echo = Echo()
    echo.revision = "2" if change == "weights" else "1"
    policy = FramePolicy(n=1) if change == "frames" else FramePolicy()
    wanted = asked(int(change == "film"), "a", max_new_tokens=9 if change == "length" else 256)
    Answering(echo, policy, kept=tmp_path, stop=True).answer([wanted])
    assert len(echo.calls) == 1


def test_a_film_that_fails_stops_the_run_or_is_answered_with_nothing() -> None:
    wanted = [asked(0, "break"), asked(1, "b")]
    with pytest.raises(ValueError, match=r"it does not fit\. errors=empty goes on"):
        answering(Echo()).answer(wanted)
    lenient = answering(Echo(), stop=False)
    assert lenient.answer(wanted) == ["", "B"]
    assert lenient.failed == ["it does not fit"]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from moviellm.training.ask.opening import open_model

    return open_model(str(save_tiny(tmp_path_factory.mktemp("checkpoint") / "tiny")), device="cpu")


def test_a_checkpoint_answers_as_it_is_asked_by_itself(tiny: Any) -> None:
    from moviellm.training.media import read_film

    film = read_film([PICTURES[0], PICTURES[1]])
    wanted = Wanted(visuals=PICTURES, turns=("Who waits?",), max_new_tokens=5)
    assert answering(tiny).answer([wanted]) == tiny.answer(film, ["Who waits?"], max_new_tokens=5)


def test_a_question_about_nothing_is_words_alone(tiny: Any) -> None:
    (said,) = answering(tiny).answer([Wanted(visuals=None, turns=("Who waits?",), max_new_tokens=3)])
    assert said and said != answering(tiny).answer([Wanted(visuals=PICTURES, turns=("Who waits?",), max_new_tokens=3)])


@pytest.mark.parametrize("visuals", [PICTURES, None])
def test_the_greedy_answer_is_the_likeliest(tiny: Any, visuals: Any) -> None:
    wanted = Wanted(visuals=visuals, turns=("Who waits?",), max_new_tokens=1)
    asking = answering(tiny)
    loss, greedy = asking.loss(wanted, said := _one_token(tiny, asking, wanted))
    others = [asking.loss(wanted, word) for word in ("A", "B") if word != said]
    assert greedy and loss > 0
    assert all(other > loss and not is_greedy for other, is_greedy in others)


def _one_token(tiny: Any, asking: Answering, wanted: Wanted) -> str:
    """The greedy answer of one token, which must be a word of its own."""
    (said,) = asking.answer([wanted])
    tokens = tiny.processor.tokenizer(said, add_special_tokens=False)["input_ids"]
    if len(tokens) != 1:
        pytest.skip(f"the greedy token {said!r} is not told apart by its text")
    return said


def test_a_stock_model_answers_and_weighs(tmp_path: Path) -> None:
    from moviellm.training.ask.opening import open_model
    from tests.training.stock.tiny import written

    asking = answering(open_model(str(written("internvl", tmp_path / "stock")), device="cpu"))
    wanted = Wanted(visuals=PICTURES, turns=("Who waits?",), max_new_tokens=1)
    (said,) = asking.answer([wanted])
    (loss, greedy), (other, _) = asking.loss(wanted, said), asking.loss(wanted, "A")
    assert greedy and loss < other
