"""messages.py: a chat becomes what is shown and turns."""

import pytest

from moviellm.eval.lmms_eval.messages import turns_of


def user(*parts: object) -> dict[str, object]:
    return {
        "role": "user",
        "content": [{"type": "text", "text": one} if isinstance(one, str) else one for one in parts],
    }


def test_what_is_shown_stands_before_the_question() -> None:
    assert turns_of([user("Look: ", {"type": "image", "url": "a.png"}, "who is it?")]) == (
        ["a.png"],
        ("Look: who is it?",),
    )


def test_a_talk_keeps_its_turns() -> None:
    talk = [user("Who?"), {"role": "assistant", "content": "Ada."}, user("Where?")]
    assert turns_of(talk) == ([], ("Who?", "Ada.", "Where?"))


def test_words_of_the_system_stand_before_the_question() -> None:
    assert turns_of([{"role": "system", "content": "Be short."}, user("Who?")]) == ([], ("Be short.\nWho?",))


def test_a_stretch_of_a_film_is_kept() -> None:
    film = {"type": "video", "url": "a.mp4", "start_time": 2.0, "end_time": 4.0}
    assert turns_of([user(film, "Who?")])[0] == [
        {"type": "video", "url": "a.mp4", "video_start": 2.0, "video_end": 4.0}
    ]


@pytest.mark.parametrize("talk", [[], [user("Who?"), {"role": "assistant", "content": "Ada."}], [user(" ")]])
def test_a_talk_without_a_question_at_its_end_is_refused(talk: list[dict[str, object]]) -> None:
    with pytest.raises(ValueError, match="no talk that ends with a question"):
        turns_of(talk)


def test_sound_is_refused() -> None:
    with pytest.raises(ValueError, match="holds audio"):
        turns_of([user({"type": "audio", "url": "a.wav"}, "Who?")])
