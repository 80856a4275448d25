"""How a film stands in a row."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.training.model.layout import as_film, breaker, check_film, flatten, lay_out, stamper
from moviellm.training.rows.film import Look, show, whole
from moviellm.training.rows.words import words_for
from tests.stories import make_story
from tests.training.model.tiny import COLOURS, film, picture


def same(text: str) -> str:
    return text


def said(time: str = "text", every: int = 1, **fields) -> str:
    made = as_film(film(**fields))
    return lay_out(made, stamper(time, every), same, max(every, 1))


def test_stamps_are_absolute_seconds() -> None:
    assert said(frames=3) == "[0.0 s] <image>\n[2.0 s] <image>\n[4.0 s] <image>"


def test_a_group_shares_a_stamp() -> None:
    assert said(frames=5, every=2) == "[0.0 s] <image><image>\n[4.0 s] <image><image>\n[8.0 s] <image>"


def test_indices_are_vtimellms_hundredths() -> None:
    assert said("index", frames=3) == "[00] <image>\n[33] <image>\n[67] <image>"


def test_no_stamps_are_vtimellms_published_layout() -> None:
    assert said("index", every=0, frames=3) == "<image><image><image>"


def test_dialogue_stands_where_it_is_spoken() -> None:
    lines = [{"start_s": 2.0, "text": "Is it you?", "speaker": "Ada"}, {"start_s": 9.0, "text": "Silence."}]
    assert said(frames=3, dialogue=lines) == (
        "[0.0 s] <image>\n[2.0 s] <image>\n[2.0 s] Ada: Is it you?\n[4.0 s] <image>\n[9.0 s] Silence.\n"
    )


def test_a_film_reads_as_its_training_row_does() -> None:
    told = make_story(3)
    clip = whole(told)
    people = {person.character_id: person.name for person in told.characters}
    rows = show(clip, Look(), words_for("en"))
    expected = "".join("<image>" if part["type"] == "image" else part["text"] for part in rows.parts)
    made = as_film(
        {
            "frames": [b""] * len(clip.keyframes),
            "times_s": [one.span.start_s for one in clip.keyframes],
            "duration_s": told.duration_s,
            "dialogue": [
                {
                    "start_s": line.span.start_s,
                    "text": line.text,
                    "speaker": people.get(line.character_id or "", "Narrator"),
                }
                for line in clip.lines
            ],
        }
    )
    assert lay_out(made, stamper("text", 1), same) == expected
    assert "<image>" in expected


@given(st.text(alphabet="<>frameimgvido |_nd", max_size=40))
def test_no_marker_survives_in_words(text: str) -> None:
    markers = ("<image>", "<video>", "<frame>", "<|im_end|>")
    clean = breaker(markers)(text)
    assert not any(marker in clean for marker in markers)


def test_a_message_becomes_text_with_markers() -> None:
    parts = [
        {"type": "video", "video": "F"},
        {"type": "text", "text": "Who is <video>?"},
        {"type": "image", "image": "P"},
    ]
    text, images, videos = flatten(parts, breaker(("<image>", "<video>")))
    assert (text, images, videos) == ("<video>\nWho is < video>?<image>", ["P"], ["F"])


def test_a_part_of_another_kind_is_said() -> None:
    with pytest.raises(ValueError, match="type 'audio': it can be `text`, `image` and `video`"):
        flatten([{"type": "audio"}], same)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"times_s": [0.0, 2.0]}, "has 3 frames and 2 times"),
        ({"times_s": []}, "has 3 frames and 0 times"),
        ({"times_s": [0.0, 4.0, 2.0]}, "times that are not in order"),
        ({"times_s": [0.0, float("nan"), 2.0]}, "times that are not in order"),
        ({"times_s": [-1.0, 0.0, 2.0]}, "times that are not in order"),
        ({"frames": []}, "has no frames"),
        ({"frames": None}, "frames and features, or neither"),
        ({"duration_s": 0.0}, "has a length of 0.0 s"),
    ],
)
def test_a_film_whose_parts_do_not_fit_is_said_by_name(fields: dict, said: str) -> None:
    made = as_film({**film(3), **fields})
    with pytest.raises(ValueError, match=f"Film m00007 .*{said}|Film m00007 {said}"):
        check_film(made, "m00007", "index")


def test_an_unknown_field_of_a_film_is_said() -> None:
    with pytest.raises(ValueError, match="A film has no field 'fps'"):
        as_film({"frames": [], "fps": 1})


def test_a_path_is_read(tmp_path: Path) -> None:
    for number in (10, 2):
        picture("red" if number == 2 else "blue").save(tmp_path / f"{number}.png")
    read = as_film(str(tmp_path))
    assert (read.times_s, read.frames[0].getpixel((0, 0))) == ([0.0, 1.0], COLOURS["red"])


def test_a_path_that_leads_nowhere_is_said() -> None:
    with pytest.raises(ValueError, match=r"no film film.mp4: give a film file"):
        as_film("film.mp4")


def test_frames_are_chosen_of_paths_only() -> None:
    with pytest.raises(ValueError, match="and a dict came"):
        as_film(film(3), policy=object())
