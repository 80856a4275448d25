"""One movie, or a pair of twins, through the five stages."""

from pathlib import Path

from moviellm.generation.config.recipe import Recipe, StoryConfig, TwinConfig
from moviellm.generation.dataset.splits import assign_splits
from moviellm.generation.movie import diverges_s
from moviellm.generation.protocols import NO_BLOBS
from moviellm.generation.runs.tables import RunReader
from moviellm.generation.schema import Movie, check_movie
from tests.factories import make_movie
from tests.fakes import FakePainter, FakeWriter
from tests.generation.test_make import make

RECIPE = Recipe(
    themes=("key", "map"),
    movies=4,
    story=StoryConfig(chapters=2, scenes=2, keyframes=2),
    twins=TwinConfig(share=1.0),
    seed=3,
)


def pair(run: Path, **options: object) -> tuple[Movie, Movie]:
    make(run, recipe=RECIPE, **options)
    one, two, *_ = RunReader(run).movies()
    return one, two


def test_a_twin_names_its_original_and_the_difference(tmp_path: Path) -> None:
    one, two = pair(tmp_path / "r")
    assert (one.twin_of, one.twin_difference) == (None, None)
    assert (two.twin_of, two.twin_difference) == ("m00000", "Ada loses it.")


def test_twins_hold_together_and_share_title_and_cast(tmp_path: Path) -> None:
    one, two = pair(tmp_path / "r")
    check_movie(two)
    assert (one.title, one.theme, one.seed) == (two.title, two.theme, two.seed)


def test_a_question_of_both_twins_has_one_group(tmp_path: Path) -> None:
    one, two = pair(tmp_path / "r")
    assert [question.group_id for question in one.qa_pairs or ()] == ["m00000-twin-00", "m00000-own-00"]
    assert [question.group_id for question in two.qa_pairs or ()] == ["m00000-twin-00", "m00001-own-00"]


def test_a_follow_up_names_the_question_before_it(tmp_path: Path) -> None:
    _, two = pair(tmp_path / "r")
    assert (two.qa_pairs or ())[1].turn_of == "m00001-q000"


def test_twins_diverge_where_the_first_picture_differs(tmp_path: Path) -> None:
    one, two = pair(tmp_path / "r", writer=FakeWriter(), painter=SamePainter())
    assert one.diverges_s is None
    assert two.diverges_s == two.chapters[1].span.start_s


def test_a_line_said_otherwise_is_a_difference() -> None:
    one = make_movie()
    scene = one.chapters[0].scenes[1]
    line = scene.dialogue[0].model_copy(update={"text": "Something else."}) if scene.dialogue else None
    scenes = (one.chapters[0].scenes[0], scene.model_copy(update={"dialogue": (line,)}))
    other = one.model_copy(
        update={"chapters": (one.chapters[0].model_copy(update={"scenes": scenes}), *one.chapters[1:])}
    )
    assert diverges_s(one, other) == scene.span.start_s


def test_a_movie_does_not_differ_from_itself() -> None:
    assert diverges_s(make_movie(), make_movie()) is None


def test_a_failed_twin_leaves_its_original_without_twin_questions(tmp_path: Path) -> None:
    report = make(tmp_path / "r", painter=FakePainter(fails={"m00001-c00-s00-k00"}), recipe=RECIPE)
    assert set(report.failed) == {"m00001"}
    first = next(RunReader(tmp_path / "r").movies())
    assert [question.group_id for question in first.qa_pairs or ()] == [None]


def test_twins_stay_in_one_split() -> None:
    movies = [(f"m{n:05d}", f"m{n - 1:05d}" if n % 2 else None) for n in range(40)]
    splits, _ = assign_splits(movies, [], RECIPE.splits, seed=3)
    assert all(splits[f"m{n:05d}"] == splits[f"m{n + 1:05d}"] for n in range(0, 40, 2))


class SamePainter(FakePainter):
    """Paints by the prompt alone, as a painter does that is not told which movie it paints."""

    async def paint(self, request, blobs=NO_BLOBS):
        inputs = dict(request.inputs) | {"keyframe_id": request.inputs["prompt"]}
        return await super().paint(type(request)(**{**request.__dict__, "inputs": inputs}))
