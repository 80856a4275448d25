"""A line belongs to the scene it is said in: before the first picture, across cuts, in gaps, after the end."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.generation.imports.films.subtitles import (
    CUT,
    OUTSIDE,
    find_subtitles,
    language_tag,
    lines_by_scene,
    pair_subtitles,
)
from moviellm.generation.imports.subtitles import Cue
from moviellm.generation.schema import TemporalSpan

SCENES = [
    TemporalSpan(start_s=0.0, end_s=10.0),
    TemporalSpan(start_s=10.0, end_s=20.0),
    TemporalSpan(start_s=20.0, end_s=32.5),
]


def placed(*cues: Cue) -> list[list[tuple[float, float, str]]]:
    lines, _ = lines_by_scene(cues, SCENES)
    return [[(line.span.start_s, line.span.end_s, line.text) for line in scene] for scene in lines]


def test_a_line_before_the_first_picture_is_of_the_first_scene_and_not_of_the_last() -> None:
    assert placed(Cue(0.0, 0.4, "Once upon a time")) == [[(0.0, 0.4, "Once upon a time")], [], []]


def test_a_line_in_a_pause_between_others_is_of_the_scene_of_its_own_time() -> None:
    said = placed(Cue(1.0, 2.0, "one"), Cue(14.0, 14.5, "two"), Cue(31.0, 32.0, "three"))
    assert [[text for _, _, text in scene] for scene in said] == [["one"], ["two"], ["three"]]


def test_a_line_across_a_cut_is_of_the_scene_where_most_of_it_is_said_and_ends_there() -> None:
    assert placed(Cue(8.0, 11.0, "early"), Cue(19.5, 24.0, "late")) == [
        [(8.0, 10.0, "early")],
        [],
        [(20.0, 24.0, "late")],
    ]


def test_half_and_half_is_of_the_earlier_scene() -> None:
    assert placed(Cue(9.0, 11.0, "both")) == [[(9.0, 10.0, "both")], [], []]


def test_a_line_longer_than_a_scene_is_of_the_one_it_fills() -> None:
    assert placed(Cue(9.0, 21.0, "song")) == [[], [(10.0, 20.0, "song")], []]


def test_a_line_after_the_end_is_left_out_and_counted() -> None:
    lines, counts = lines_by_scene([Cue(40.0, 41.0, "late"), Cue(32.0, 35.0, "cut")], SCENES)
    assert [len(scene) for scene in lines] == [0, 0, 1]
    assert counts == {OUTSIDE: 1, CUT: 1}


@given(
    st.lists(
        st.tuples(st.floats(min_value=0, max_value=50), st.floats(min_value=0.01, max_value=40)).map(
            lambda pair: Cue(pair[0], pair[0] + pair[1], "x")
        ),
        max_size=12,
    )
)
def test_every_line_lies_in_one_scene_and_none_is_lost_uncounted(cues: list[Cue]) -> None:
    lines, counts = lines_by_scene(cues, SCENES)
    assert sum(map(len, lines)) + counts[OUTSIDE] == len(cues)
    for scene, said in zip(SCENES, lines, strict=True):
        assert all(scene.covers(line.span, 0.0) for line in said)
        assert [line.span.start_s for line in said] == sorted(line.span.start_s for line in said)


def beside(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).write_text("x", encoding="utf-8")
    return folder / "film.mkv"


@pytest.mark.parametrize(
    ("names", "found", "language"),
    [
        (["film.srt"], "film.srt", "und"),
        (["film.en.srt", "film.srt"], "film.srt", "und"),
        (["film.srt", "film.vtt"], "film.vtt", "und"),
        (["film.de.srt"], "film.de.srt", "de"),
        (["film.pt-BR.srt"], "film.pt-BR.srt", "pt-BR"),
        (["film.ger.SRT"], "film.ger.SRT", "de"),
        (["film.forced.srt", "film2.srt", "film (2).srt", "film.txt"], None, None),
    ],
)
def test_subtitles_beside_a_film_are_found_by_name(
    tmp_path: Path, names: list[str], found: str | None, language: str | None
) -> None:
    got = find_subtitles(beside(tmp_path, "film.mkv", *names))
    assert (got and (got[0].name, got[1])) == (found and (found, language))


def test_of_several_languages_the_wanted_one_is_taken(tmp_path: Path) -> None:
    film = beside(tmp_path, "film.mkv", "film.de.srt", "film.en.srt", "film.fr.srt")
    got = find_subtitles(film, "fr")
    assert got is not None
    assert got[0].name == "film.fr.srt"


@pytest.mark.parametrize(
    ("stated", "tag"),
    [("eng", "en"), ("ger", "de"), ("en-GB", "en-GB"), ("grc", "grc"), ("und", "und"), ("", "und"), ("?!", "und")],
)
def test_languages_become_tags(stated: str, tag: str) -> None:
    assert language_tag(stated) == tag


def test_subtitles_are_paired_in_order_or_by_name(tmp_path: Path) -> None:
    films = [tmp_path / "a.mp4", tmp_path / "b.mp4"]
    given = [tmp_path / "one.srt", tmp_path / "two.srt"]
    for path in [*films, *given, tmp_path / "b.srt"]:
        path.write_text("x", encoding="utf-8")
    assert pair_subtitles(films, given) == dict(zip(films, given, strict=True))
    assert pair_subtitles(films, [tmp_path]) == {films[1]: tmp_path / "b.srt"}
    with pytest.raises(ValueError, match=r"one\.srt fits none of the 2 films"):
        pair_subtitles(films, given[:1])
