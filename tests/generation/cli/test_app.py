"""The command line: exit codes, messages, and that bad input leaves nothing behind."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.generation.cli import options
from moviellm.generation.cli.app import call, expand_set
from moviellm.generation.files import DiskError

ONE_SCENE = ["--set", "story.chapters=1", "story.scenes=1", "story.keyframes=2", "questions.per_movie=4"]


def run(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own."""
    command = [sys.executable, "-m", "moviellm.generation.cli", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=os.environ | environment)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of two small movies."""
    folder = tmp_path_factory.mktemp("made")
    done = run("make", "a lighthouse keeper finds a map", "a violin is lost", "--out", "r", *ONE_SCENE, folder=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["make", ""], "a theme is empty"),
        (["make", "  \t "], "a theme is empty"),
        (["make", "x" * 10_000], "10000 characters"),
        (["make", "a key", "--movies", "0"], "movies"),
        (["make", "a key", "--movies", "-3"], "movies"),
        (["make", "a key", "--seed", "-1"], "seed"),
        (["make", "a key", "--movies", "many"], "movies"),
        (["make", "a key", "--set", "stroy.chapters=2"], "did you mean story"),
        (["make", "a key", "--set", "story.seconds_per_keyframe=-2"], "seconds_per_keyframe"),
        (["make", "a key", "--set", "story.chapters"], "key=value"),
        (["make", "a key", "--recipe", "tinny"], "did you mean tiny"),
        (["make", "a key", "--writer", "ghost"], "offline"),
        (["make", "a key", "--painter", "ghost"], "offline"),
        (["make", "a key", "--set", "style.name=nosuch"], "there are storybook"),
        (["make", "a key", "--set", "seed=!!timestamp foo"], "--set seed is not valid YAML"),
        (["make", "a key", "--set", "seed=" + "[" * 5000], "--set seed is not valid YAML"),
        (["make", "a key", "--set", "dataset.name=moviellm_dataset"], "cannot be loaded"),
        (["make", "a key", "--recipe", ""], "no recipe ''"),
        (["make", "a key", "--out", "file.txt/deeper"], "file.txt is a file"),
        (["make", "a key", "--out", "file.txt/deeper", "--dry-run"], "file.txt is a file"),
        (["make", "a key", "--out", "dangling"], "broken link"),
        (["make", "\u200b"], "a theme is empty"),
        (["make", "a \x1b[31mred key"], "control character"),
        (["make", "a key", "--recipe", "\x1b[31mred"], r"\x1b[31mred"),
        (
            ["run", "tiny", "--out", "r", "--set", "dataset.name=run"],
            "a dataset called run would lie where another part lies",
        ),
        (["make", "--themes", "nowhere.txt"], "no themes file"),
        (["make", "a key", "--out", "file.txt"], "is a file"),
        (["make", "a key", "--out", "full"], "other files"),
        (["make", "a key", "--colour"], "No such option"),
        (["view", "nowhere"], "not a run folder"),
        (["check", "nowhere"], "not a run folder"),
        (["gc", "nowhere"], "not a run folder"),
        (["dataset", "build", "nowhere", "--out", "d"], "not a run folder"),
        (["dataset", "show", "nowhere"], "no dataset folder"),
        (["run", "tinny", "--out", "r"], "did you mean tiny"),
        (["run", "tiny", "--out", "file.txt"], "is a file"),
        (["run", "tiny", "--out", "demo [1]"], "[1]"),
        (["fly"], "No such command"),
    ],
)
def test_bad_input_is_refused_and_leaves_nothing(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine", encoding="utf-8")
    before = sorted(str(path) for path in tmp_path.rglob("*"))
    code = call(arguments)
    error = capsys.readouterr().err
    assert code == 2
    assert message in error
    assert "Traceback" not in error
    assert sorted(str(path) for path in tmp_path.rglob("*")) == before


def test_a_disk_that_refuses_is_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refusing = SimpleNamespace(check=mock.Mock(side_effect=DiskError("no space left while writing x; free space")))
    with mock.patch.object(options, "verbs", return_value=refusing):
        assert call(["check", str(tmp_path)]) == 1
    assert "free space" in capsys.readouterr().err


def test_a_themes_file_with_a_nul_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "themes.txt").write_bytes(b"a key\x00\n")
    assert call(["make", "--themes", str(tmp_path / "themes.txt"), "--out", str(tmp_path / "r")]) == 2
    assert "control character" in capsys.readouterr().err
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("text", ["", "\n \n", "# a comment\n"])
def test_a_themes_file_without_a_theme_is_refused(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "themes.txt").write_text(text, encoding="utf-8")
    assert call(["make", "--themes", str(tmp_path / "themes.txt"), "--out", str(tmp_path / "r")]) == 2
    assert "holds no theme; write one theme a line" in capsys.readouterr().err
    assert not (tmp_path / "r").exists()


def test_making_again_makes_nothing_and_says_so(made: Path) -> None:
    done = run("make", "--out", "r", folder=made)
    assert done.returncode == 0
    assert "nothing to make" in done.stdout


def test_make_says_what_it_takes_from_a_theme(tmp_path: Path) -> None:
    done = run("make", "a sailor finds a map", "--dry-run", "--out", "r", folder=tmp_path)
    assert "the story takes: sailor, map" in done.stderr


def test_make_says_when_it_knows_no_word_of_a_theme(tmp_path: Path) -> None:
    done = run("make", "zwei Schwestern erben", "--dry-run", "--out", "r", folder=tmp_path)
    assert 'knows no word of "zwei Schwestern erben"' in done.stderr


def test_a_theme_without_quotes_is_noticed(tmp_path: Path) -> None:
    done = run("make", "a", "sailor", "sings", "--dry-run", "--out", "r", folder=tmp_path)
    assert "3 themes of one word each" in done.stderr


def test_json_is_one_object_and_nothing_else(made: Path) -> None:
    done = run("make", "--out", "r", "--json", "--no-films", folder=made)
    facts = json.loads(done.stdout)
    assert (facts["movies"], facts["keyframes"], facts["made"]) == (2, 4, {})


def test_a_dry_run_of_a_finished_run_has_nothing_to_make(made: Path) -> None:
    facts = json.loads(run("make", "--out", "r", "--dry-run", "--json", folder=made).stdout)
    assert facts["to_make"] == 0
    assert facts["cells"] == facts["cached"]


def test_a_dry_run_of_a_new_run_writes_nothing_and_counts_every_cell(tmp_path: Path) -> None:
    facts = json.loads(run("make", "a key", "--out", "r", "--dry-run", "--json", *ONE_SCENE, folder=tmp_path).stdout)
    assert facts["cells"] == {"plot": 3, "style": 1, "keyframes": 2, "dialogue": 1, "qa": 1}
    assert facts["to_make"] == 8
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_counts_what_the_run_then_makes(tmp_path: Path) -> None:
    arguments = ["make", "a key", "--out", "r", "--json", "--no-films", *ONE_SCENE]
    planned = json.loads(run(*arguments, "--dry-run", folder=tmp_path).stdout)
    done = json.loads(run(*arguments, folder=tmp_path).stdout)
    assert planned["to_make"] == sum(done["made"].values())


def test_make_says_where_to_look(made: Path) -> None:
    assert (made / "r" / "storyboard.html").is_file()
    assert sorted(path.name for path in (made / "r" / "films").glob("*.mp4")) == ["m00000.mp4", "m00001.mp4"]


def test_other_themes_in_the_same_folder_are_refused(made: Path) -> None:
    done = run("make", "something else", "--out", "r", folder=made)
    assert done.returncode == 2
    assert "--replace" in done.stderr


def test_the_same_theme_goes_on_with_its_run_at_the_size_it_was_made(tmp_path: Path) -> None:
    run("make", "a key in the snow", "--no-films", *ONE_SCENE, folder=tmp_path)
    facts = json.loads(run("make", "a key in the snow", "--no-films", "--json", folder=tmp_path).stdout)
    assert (facts["keyframes"], facts["made"]) == (2, {})


def test_another_size_in_the_same_folder_is_refused(made: Path) -> None:
    done = run("make", "--out", "r", "--set", "story.keyframes=3", folder=made)
    assert done.returncode == 2
    assert "made with other story" in done.stderr


def test_a_dry_run_refuses_what_the_run_refuses(made: Path) -> None:
    done = run("make", "something else", "--out", "r", "--dry-run", folder=made)
    assert done.returncode == 2
    assert "--replace" in done.stderr


def test_a_theme_may_be_added(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "r", tmp_path / "r")
    themes = ["a lighthouse keeper finds a map", "a violin is lost", "a bell at night"]
    facts = json.loads(run("make", *themes, "--out", "r", "--no-films", "--json", folder=tmp_path).stdout)
    assert (facts["movies"], facts["made"]["keyframes"]) == (3, 2)


def test_a_themes_file_from_a_windows_editor_is_read(tmp_path: Path) -> None:
    (tmp_path / "themes.txt").write_bytes(b"\xef\xbb\xbf# my themes\r\na key\r\n\r\na map\r\n")
    arguments = ["make", "--themes", "themes.txt", "--out", "r", "--dry-run", "--json"]
    assert json.loads(run(*arguments, folder=tmp_path).stdout)["movies"] == 2


def test_the_card_is_not_told_what_the_run_was_not(made: Path) -> None:
    done = run("dataset", "build", "r", "--out", "d2", "--set", "story.keyframes=9", folder=made)
    assert done.returncode == 2
    assert "only dataset.* and splits.*" in done.stderr
    assert not (made / "d2").exists()


@pytest.mark.parametrize(("revision", "told"), [("", "moviellm 1.2.3\n"), ("0ab1+", "moviellm 1.2.3 0ab1+\n")])
def test_the_version_is_told_with_the_commit_of_a_checkout(
    revision: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("moviellm.generation.runs.record.code_version", lambda: "1.2.3")
    monkeypatch.setattr("moviellm.generation.runs.record.code_revision", lambda: revision)
    assert call(["--version"]) == 0
    assert capsys.readouterr().out == told


@pytest.mark.parametrize("verb", [["view", "r"], ["check", "r"], ["dataset", "show", "d"]])
def test_ctrl_c_in_any_verb_says_that_it_stopped(
    verb: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    stopping = SimpleNamespace(view=interrupted, check=interrupted, dataset_show=interrupted)
    monkeypatch.setattr(options, "verbs", lambda *name: stopping)
    assert call(verb) == 130
    assert "stopped" in capsys.readouterr().err


def test_ctrl_c_in_the_whole_line_stops_the_verb_cleanly(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "moviellm.generation.cli", "run", "tiny", "--out", "demo", "--set", "movies=300"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("demo/run/journal/*.pack")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert "the same command goes on from there" in error
    assert error.count("stopped") == 1
    assert "Traceback" not in error


def test_check_passes_a_sound_run(made: Path) -> None:
    done = run("check", "r", folder=made)
    assert (done.returncode, "0 errors" in done.stdout) == (0, True)


def test_check_fails_on_a_flipped_byte(made: Path, tmp_path: Path) -> None:
    subprocess.run(["cp", "-r", made / "r", tmp_path / "r"], check=True)
    table = next((tmp_path / "r" / "keyframes").glob("*.parquet"))
    data = bytearray(table.read_bytes())
    data[len(data) // 2] ^= 1
    table.write_bytes(data)
    done = run("check", "r", folder=tmp_path)
    assert done.returncode == 1
    assert table.name in done.stdout


def test_a_dataset_is_built_checked_and_shown(made: Path) -> None:
    for verb in (["build", "r", "--out", "d"], ["check", "d"], ["show", "d"]):
        done = run("dataset", *verb, folder=made)
        assert done.returncode == 0, done.stderr
    assert "load_dataset" in done.stdout


def test_a_movie_that_is_not_there_is_named(made: Path) -> None:
    done = run("view", "r", "--movie", "m00077", folder=made)
    assert done.returncode == 2
    assert "it has m00000, m00001" in done.stderr


def test_ctrl_c_stops_cleanly_and_says_how_to_resume(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "moviellm.generation.cli", "make", "--movies", "400", "--out", "r"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list((tmp_path / "r").glob("journal/*.pack")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert "moviellm make --out r" in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("arguments", "expanded"),
    [
        (["--set", "a=1", "b.c=2"], ["--set", "a=1", "--set", "b.c=2"]),
        (["make", "--set", "a=1", "a theme"], ["make", "--set", "a=1", "a theme"]),
        (["--set", "a=1", "--out", "x=1"], ["--set", "a=1", "--out", "x=1"]),
        (["x=1"], ["x=1"]),
    ],
)
def test_one_set_takes_several_overrides(arguments: list[str], expanded: list[str]) -> None:
    assert expand_set(arguments) == expanded


@given(st.lists(st.text(min_size=1)))
def test_arguments_without_set_stay_as_they_are(arguments: list[str]) -> None:
    assert expand_set([item for item in arguments if item != "--set"]) == [a for a in arguments if a != "--set"]
