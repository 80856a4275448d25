"""visuals.py: what tasks show becomes one film."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from moviellm.eval.lmms_eval.visuals import named, source_of
from moviellm.training.media import Film, FramePolicy

ALL = FramePolicy()


def picture(grey: int) -> Image.Image:
    return Image.new("RGB", (8, 6), (grey, grey, grey))


def film_of(visuals: Any, policy: FramePolicy = ALL) -> Film:
    source = source_of(visuals)
    assert source is not None
    return source.film(policy)


def greys(film: Film) -> list[int]:
    assert film.frames is not None
    return [int(np.asarray(one)[0, 0, 0]) for one in film.frames]


@pytest.mark.parametrize("nothing", [None, [], [None], [[]]])
def test_a_question_may_show_nothing(nothing: Any) -> None:
    assert source_of(nothing) is None


def test_pictures_are_frames_a_second_apart() -> None:
    film = film_of([picture(1), picture(2)])
    assert greys(film) == [1, 2] and list(film.times_s) == [0.0, 1.0]


def test_a_rate_does_not_thin_pictures_and_a_number_does() -> None:
    pictures = [picture(grey) for grey in range(9)]
    assert len(film_of(pictures, FramePolicy(fps=0.1))) == 9
    assert greys(film_of(pictures, FramePolicy(n=3))) == [0, 4, 8]


def test_pictures_of_any_form_are_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    picture(7).save(path)
    forms = [picture(7), path, str(path), f"file://{path}", path.read_bytes(), np.full((6, 8, 3), 7, np.uint8)]
    forms += [{"type": "image", "url": picture(7)}, {"bytes": path.read_bytes(), "path": None}]
    assert [greys(film_of([form])) for form in forms] == [[7]] * len(forms)


def test_an_array_of_frames_is_a_film() -> None:
    frames = np.stack([np.full((6, 8, 3), grey, np.uint8) for grey in (3, 4)])
    assert greys(film_of([frames])) == greys(film_of(frames)) == [3, 4]


def test_the_same_pictures_have_the_same_key_and_others_another() -> None:
    keys = [source_of([picture(grey)]).key for grey in (1, 1, 2)]  # type: ignore[union-attr]
    assert keys[0] == keys[1] != keys[2]


def test_a_film_is_known_by_its_path_and_stretch() -> None:
    whole = source_of(["a.mp4"])
    part = source_of([{"type": "video", "url": "a.mp4", "video_start": 2.0, "video_end": 4.0}])
    assert whole is not None and part is not None
    assert whole.key != part.key and whole.key == source_of({"type": "video", "path": "a.mp4"}).key  # type: ignore[union-attr]


def test_films_have_names_and_pictures_have_none() -> None:
    shown = [["a.mp4"], ["data#m00001", "a.mp4"], [picture(1)], ["a.mp4", picture(1)], None]
    assert [named(source_of(one)) for one in shown] == [True, True, False, False, False]


def test_what_is_said_beside_a_film_is_not_shown(films: Path, tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    picture(5).save(folder / "0.png")
    (tmp_path / "frames.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n", encoding="utf-8")
    assert film_of([str(folder)]).dialogue == ()


def test_a_movie_of_a_dataset_is_that_of_eval_run(films: Path) -> None:
    from moviellm.training.media import read_film

    known, film = read_film(f"{films}#m00001", FramePolicy(n=2)), film_of([f"{films}#m00001"], FramePolicy(n=2))
    assert (film.content_key, film.times_s, film.dialogue) == (known.content_key, known.times_s, known.dialogue)
    assert film.dialogue


def test_films_come_one_after_another(films: Path) -> None:
    parts = [film_of([f"{films}#m00000"]), film_of([f"{films}#m00001"])]
    both = film_of([f"{films}#m00000", f"{films}#m00001"])
    assert both.duration_s == parts[0].duration_s + parts[1].duration_s
    assert list(both.times_s)[len(parts[0])] == parts[0].duration_s
    assert len(both.dialogue) == sum(len(one.dialogue) for one in parts)
    assert greys(both) == greys(parts[0]) + greys(parts[1])


@pytest.mark.parametrize("sound", [{"array": [0.0], "sampling_rate": 16000}, 5])
def test_what_is_no_film_is_refused(sound: Any) -> None:
    with pytest.raises(ValueError, match="films are made of paths, pictures and arrays"):
        source_of([sound])


def test_a_film_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match=r"no film nowhere\.mp4"):
        film_of(["nowhere.mp4"])
