"""What checkpoints will be asked is looked at before the first step, by `moviellm eval run --dry-run`."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from moviellm.training.stages import asking_first, running
from moviellm.training.stages.asking_first import check_evaluation
from moviellm.training.stages.blocks import EvaluateBlock, block_of
from tests.training.kit import dataset, train


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dataset(tmp_path_factory.mktemp("first") / "films")


@pytest.mark.slow  # a process of its own
def test_what_can_be_asked_passes_and_nothing_is_written(films: Path, tmp_path: Path) -> None:
    block = EvaluateBlock(tasks=["qa_open"], split="train", options={"frames": 2, "controls": ["question-only"]})
    check_evaluation(block, str(films), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_task_that_is_none_ends_the_training_before_there_is_a_folder(films: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"`evaluate` .* no task 'qa_opn'; did you mean qa_open\? .*mend the block"):
        train(films, tmp_path / "run", evaluate={"tasks": ["qa_opn"], "split": "train"})
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"split": "valdation"}, "has no split 'valdation' of qa; it has "),
        ({"data": "nowhere/at/all"}, "no dataset folder nowhere/at/all"),
        ({"revision": "v9"}, "is a folder and has no revision"),
        ({"options": {"frmes": 3}}, r"No such option: --frmes \(Possible options: .*--frames"),
        ({"options": {"frames": "few"}}, "Invalid value for '--frames'"),
        ({"options": {"dtype": "float8"}}, "dtype is 'float8': it can be float32, bfloat16 or float16"),
        ({"options": {"controls": "shufled"}}, "no control 'shufled'; did you mean shuffled?"),
    ],
)
def test_what_eval_run_refuses_is_said_in_one_line(
    films: Path, tmp_path: Path, block: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        check_evaluation(EvaluateBlock(**{"split": "train", **block}), str(films), tmp_path / "run")
    assert "\n" not in str(caught.value) and not (tmp_path / "run").exists()


@pytest.mark.parametrize("key", ["model", "out", "tasks", "data", "split", "revision", "dry_run", "dry-run"])
def test_an_option_that_is_not_the_recipes_to_set_is_refused_as_it_is_read(key: str) -> None:
    with pytest.raises(ValueError, match=rf"evaluate\.options: `{key}` is no option here: "):
        block_of(EvaluateBlock, {"options": {key: "x"}}, "evaluate")


@pytest.mark.parametrize(("main", "asked"), [(True, ["first"]), (False, [])])
def test_only_the_main_process_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, main: bool, asked: list[str]
) -> None:
    found: list[str] = []
    monkeypatch.setattr(running, "check_evaluation", lambda *_: found.append("first"))
    monkeypatch.setattr(running, "open_all", lambda *_, **__: stop(found))
    recipe: Any = SimpleNamespace(
        model=None, evaluate=EvaluateBlock(), dataset="d", data=[], replay=[], dataset_revision=None, eval_split="x"
    )
    with pytest.raises(InterruptedError):
        running.run_stage(recipe, SimpleNamespace(output_dir=str(tmp_path / "run"), should_save=main, seed=0))
    assert found == [*asked, "data"]


def stop(found: list[str]) -> None:
    found.append("data")
    raise InterruptedError


def test_a_check_that_takes_long_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(asking_first, "QUIET_S", 0.01)
    code, said = asking_first._asked([sys.executable, "-c", "import sys; sys.exit('error: no such thing')"])
    assert (code, said) == (1, "no such thing")
    assert "seeing whether checkpoints can be asked" in capsys.readouterr().err
