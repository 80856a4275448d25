"""What is left out because train has it, and what is not."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.eval.bench.absent import Known, Overlap
from moviellm.eval.bench.choosing import Chosen, choose
from moviellm.generation.schema import Movie
from tests.eval.bench.kit import bench, dataset, movie, picture


def reasons(ours: Movie, theirs: Movie, shared_places: float = 0.0) -> list[str]:
    """Kinds of reasons why ours is not absent from a train of theirs."""
    known = Known()
    known.ours(ours, [(frame, picture(frame.keyframe_id)) for frame in ours.keyframes()])
    known.train(theirs, [(frame, picture(f"other {frame.keyframe_id}")) for frame in theirs.keyframes()], "m9")
    return [reason.partition(":")[0] for reason in known.leaks(shared_places).get(ours.movie_id, ())]


def of(number: int, **fields: object) -> Movie:
    """A movie whose pictures have no hash, so that only what is tested can be shared."""
    made = movie(number, **fields)
    chapters = [
        chapter.model_copy(
            update={
                "scenes": tuple(
                    scene.model_copy(
                        update={
                            "keyframes": tuple(
                                frame.model_copy(update={"image_sha256": None}) for frame in scene.keyframes
                            )
                        }
                    )
                    for scene in chapter.scenes
                )
            }
        )
        for chapter in made.chapters
    ]
    return made.model_copy(update={"chapters": tuple(chapters)})


def test_a_movie_that_shares_nothing_is_absent() -> None:
    assert reasons(of(1), of(2)) == []


def test_a_seed_of_train_is_a_leak() -> None:
    assert reasons(of(1), of(2, seed=movie(1).seed)) == ["seed"]


def test_an_imported_movie_has_no_seed_to_share() -> None:
    made = of(1)
    imported = tuple(one.model_copy(update={"stage": "import"}) for one in made.provenance)
    ours = made.model_copy(update={"provenance": imported})
    assert reasons(ours, of(2, seed=ours.seed)) == []


def test_a_person_with_the_same_name_and_look_is_a_leak() -> None:
    assert reasons(of(1), of(2, characters=movie(1).characters)) == ["person"]


def test_a_first_name_alone_is_none() -> None:
    assert movie(1).characters[0].name == movie(2).characters[0].name


def test_a_place_with_the_same_name_and_description_is_a_leak_unless_allowed() -> None:
    theirs = of(2, locations=movie(1).locations)
    assert reasons(of(1), theirs) == ["place"]
    assert reasons(of(1), theirs, shared_places=1.0) == []


def test_a_plot_told_of_other_people_is_a_leak() -> None:
    ours = of(1)
    renamed = (ours.characters[0].model_copy(update={"name": "Berta", "appearance": "tall"}),)
    events = tuple(one.model_copy(update={"caption": one.caption.replace("Ada", "Berta")}) for one in ours.events)
    theirs = of(2, logline=ours.logline, synopsis=ours.synopsis, events=events, characters=renamed)
    assert "plot" in reasons(ours, theirs) and "synopsis" in reasons(ours, theirs)


def test_the_same_questions_are_a_leak() -> None:
    assert reasons(of(1), of(2, qa_pairs=movie(1).qa_pairs)) == ["questions"]


def test_similarity_is_the_exact_share_of_shingles() -> None:
    overlap = Overlap()
    overlap.ours("a", "one two three four five six")
    overlap.train("t", "one two three four five seven")
    assert overlap.best["a"] == (2 / 4, "t")


def test_pictures_that_were_encoded_again_are_a_leak() -> None:
    ours, theirs, known = of(1), of(2), Known()
    known.ours(ours, [(frame, picture(frame.keyframe_id)) for frame in ours.keyframes()])
    known.train(theirs, [(frame, picture(frame.keyframe_id, quality=40)) for frame in ours.keyframes()], "m2 of train")
    assert known.leaks() == {"m00001": ("pictures: 1.00 of them look like those of m2 of train",)}


def chosen(families: dict[str, str], reasons: dict[str, list[str]], **more: Any) -> Chosen:
    fields: dict[str, Any] = {"close": (), "dev": 0.1, "fewest": 1, "secret": b"", **more}
    return choose(families, reasons, **fields)


def test_a_movie_that_leaks_takes_its_twin_along() -> None:
    found = chosen({"m0": "m0", "m1": "m0", "m2": "m2", "m3": "m3"}, {"m1": ["seed: that of m9"]})
    assert found.left_out == {"m0": ("it is of one family with m1",), "m1": ("seed: that of m9",)}
    assert sorted(found.splits.values()) == ["dev", "test"]


def test_too_few_movies_left_is_an_error_that_says_what_train_has() -> None:
    reasons = {"m0": ["place: x", "place: y"], "m1": ["place: x", "seed: s"]}
    with pytest.raises(ValueError, match=r"0 families of movies are left .*place 2, seed 1"):
        chosen({"m0": "m0", "m1": "m1"}, reasons)


@given(st.dictionaries(st.integers(0, 40).map("m{:02d}".format), st.integers(0, 12), min_size=2), st.floats(0.05, 0.6))
def test_families_and_near_duplicates_stay_in_one_split(drawn: dict[str, int], dev: float) -> None:
    families = {name: f"f{family}" for name, family in drawn.items()}
    close = list(pairwise(sorted(families)))[::5]
    try:
        found = chosen(families, {}, close=close, dev=dev)
    except ValueError:
        return  # all of them are one group
    for one in families:
        for other in families:
            if families[one] == families[other] or (one, other) in close:
                assert found.splits[one] == found.splits[other]


def test_of_a_dataset_that_is_trained_on_only_test_is_taken(tmp_path: Path) -> None:
    made = dataset(tmp_path / "made", [movie(number) for number in range(10)], splits={"validation": 1, "test": 3})
    out = bench(made, made, tmp_path / "bench")
    told = (out / "public" / "README.md").read_text()
    assert "None had to be left out" in told
