"""`moviellm run`: what follows what, what is done again and what is not, where it ends and why."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from moviellm.generation.config.recipe import load_recipe
from moviellm.generation.line import doing, parts, running
from moviellm.generation.line.doing import do, secret_seed
from moviellm.generation.line.parts import Hub, Line, LineSettings, Part
from moviellm.generation.line.running import run_line


@pytest.fixture
def verbs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Verbs that were started, in place of starting them."""
    started: list[str] = []

    def run_verb(arguments: Sequence[str]) -> int:
        started.append(" ".join(arguments[:2] if arguments[0] != "make" else arguments[:1]))
        return 0

    monkeypatch.setattr(doing, "run_verb", run_verb)
    return started


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """An installation that lacks a package."""

    def lack(package: str) -> None:
        monkeypatch.setattr(running.importlib.util, "find_spec", lambda name: None if name == package else object())

    return lack


def part(folder: Path) -> Part:
    if not (folder / "in.json").exists():
        (folder / "in.json").write_text("1")
    (folder / "made").mkdir(exist_ok=True)
    return Part("model", [["train", "tiny"]], (folder / "in.json",), (folder / "made",))


def test_a_recipe_without_a_line_ends_at_its_dataset(verbs: list[str], tmp_path: Path) -> None:
    run_line("sample", tmp_path / "out", overrides=[])
    assert verbs == ["make", f"check {tmp_path}/out/run", "dataset build", "dataset check", "dataset show"]


def test_where_training_cannot_be_had_the_line_ends_before_it_and_says_why(
    without: Callable[[str], None], verbs: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    without("trl")
    run_line("tiny", tmp_path / "out", overrides=[])
    assert verbs[-1] == "dataset show"
    assert "there is no trl for the part `model`; pip install" in capsys.readouterr().err


def test_what_was_asked_for_and_cannot_be_had_is_an_error(without: Callable[[str], None], tmp_path: Path) -> None:
    without("scipy")
    with pytest.raises(ValueError, match=r"--until leaderboard needs scipy for the part `scores`"):
        run_line("tiny", tmp_path / "out", overrides=[], until="leaderboard")


def test_a_part_that_nobody_knows_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="dataset, model, scores, leaderboard"):
        run_line("tiny", tmp_path / "out", overrides=[], until="page")


def test_training_needs_a_recipe(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="name a recipe with --train"):
        run_line("sample", tmp_path / "out", overrides=[], until="model")


def test_a_recipe_of_ones_own_may_be_named(tmp_path: Path) -> None:
    assert running._line_of("sample", "mine.yaml") == LineSettings(train="mine.yaml")


def test_what_is_done_is_not_done_again(verbs: list[str], tmp_path: Path) -> None:
    do(tmp_path, part(tmp_path))
    do(tmp_path, part(tmp_path))
    assert verbs == ["train tiny"]


def test_another_input_makes_it_anew_in_an_empty_folder(verbs: list[str], tmp_path: Path) -> None:
    do(tmp_path, part(tmp_path))
    (tmp_path / "made/old").touch()
    (tmp_path / "in.json").write_text("2")
    do(tmp_path, Part("model", [["train", "tiny"]], (tmp_path / "in.json",), (tmp_path / "made",)))
    assert verbs == ["train tiny"] * 2 and not (tmp_path / "made").exists()


def test_what_was_stopped_goes_on_with_what_it_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doing, "run_verb", lambda _: 130)
    with pytest.raises(KeyboardInterrupt):
        do(tmp_path, part(tmp_path))
    (tmp_path / "made/checkpoint").touch()
    monkeypatch.setattr(doing, "run_verb", lambda _: 0)
    do(tmp_path, part(tmp_path))
    assert (tmp_path / "made/checkpoint").exists()
    assert json.loads((tmp_path / "line.json").read_text())["model"]["done"]


def test_a_cluster_is_told_to_makers_and_askers_and_to_nobody_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(doing, "run_verb", lambda step: started.append(list(step)) or 0)
    recipe = load_recipe("tiny", [])
    mine = Line("tiny", recipe, running._line_of("tiny", None), tmp_path, [])
    for one in (parts.movies, parts.model, parts.benchmark, parts.scores):
        told = one(mine)
        do(tmp_path, Part(told.name, told.steps), on="ray://10.0.0.1:10001")
    told_it = {" ".join(step[:2]) if step[0] != "make" else "make" for step in started if "--on" in step}
    assert told_it == {"make", "eval run"}
    assert all(step[-2:] == ["--on", "ray://10.0.0.1:10001"] for step in started if "--on" in step)


def test_what_was_done_on_a_cluster_is_done_on_one_machine_too(verbs: list[str], tmp_path: Path) -> None:
    do(tmp_path, part(tmp_path), on="ray")
    do(tmp_path, part(tmp_path))
    assert verbs == ["train tiny"]


def test_what_is_no_cluster_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="--on slurm"):
        run_line("tiny", tmp_path / "out", overrides=[], on="slurm")
    assert not (tmp_path / "out").exists()


def test_on_the_hub_every_part_reads_what_the_one_before_it_pushed(tmp_path: Path) -> None:
    recipe = load_recipe("tiny", [])
    told = running._line_of("tiny", None)
    hub = Hub("org", "MovieLLM-tiny", "1.0.0")
    mine = Line("tiny", recipe, told, tmp_path, [], hub, bench_seed=4)
    steps = [
        " ".join(step)
        for part in (parts.movies, parts.model, parts.benchmark, parts.scores)
        for step in part(mine).steps
    ]
    data, model, bench = "org/MovieLLM-tiny", "org/MovieLLM-tiny-model", "org/MovieLLM-tiny-Bench"
    assert f"dataset push {tmp_path}/MovieLLM-tiny {data} --version 1.0.0" in steps
    assert f"train tiny --dataset {data} --dataset_revision v1.0.0 --output_dir {tmp_path}/model" in steps
    assert [step for step in steps if step.startswith("bench build") and f"--train {data}@v1.0.0" in step]
    assert [step for step in steps if step.startswith("make") and "--seed=4" in step.split()]
    asked = [step for step in steps if step.startswith("eval run")]
    assert len(asked) == 2
    assert all(f"--model {model} --model-revision v1.0.0 --data {bench} --revision v1.0.0" in step for step in asked)


def test_the_seed_of_a_benchmark_on_the_hub_is_drawn_once(tmp_path: Path) -> None:
    drawn = secret_seed(tmp_path)
    assert secret_seed(tmp_path) == drawn and drawn != parts.BenchmarkSettings().seed


def test_a_version_that_the_recipe_fixes_is_that_of_everything(
    verbs: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[list[tuple[str, str, bool]]] = []

    class Publishing:
        @staticmethod
        def check_repositories(wanted: list[tuple[str, str, bool]]) -> str:
            asked.append(wanted)
            return "me"

    monkeypatch.setattr(running, "import_module", lambda name: Publishing)
    run_line("tiny", tmp_path / "out", overrides=["dataset.version=2.1.0"], until="dataset", to="org")
    assert verbs[-1] == "dataset push"
    assert [name for name, _, private in asked[0] if private] == [
        "org/MovieLLM-tiny-Bench-labels", "org/MovieLLM-tiny-requests", "org/MovieLLM-tiny-results"
    ]  # fmt: skip
