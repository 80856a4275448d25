"""Metrics go to the Hub as Spaces and come back by `evaluate.load`, where nothing of ours is installed."""

import json
import subprocess
from pathlib import Path

import pytest

from moviellm.eval.metrics.bundling import bundle, names
from moviellm.generation.cli.app import call
from tests.environments import fresh_python
from tests.hub import environment, hub, hub_here, run_cli  # noqa: F401
from tests.servers.hub_double import Hub

COME_BACK = """
import doctest, json, sys
import evaluate
failed = {}
for name in sys.argv[1:]:
    metric = evaluate.load("moviellm/" + name)
    text = metric.inputs_description
    assert f'evaluate.load("moviellm/{name}")' in text
    result = doctest.DocTestRunner().run(doctest.DocTestParser().get_doctest(text, {}, name, None, 0))
    failed[name] = [result.failed, result.attempted > 3]
foreign = sorted({"moviellm", "scipy", "sklearn", "torch"} & {name.split(".")[0] for name in sys.modules})
print(json.dumps({"failed": failed, "foreign": foreign}))
"""
FROM_A_FOLDER = """
import json, sys
import evaluate
print(json.dumps([evaluate.load(f"{sys.argv[1]}/{name}").name for name in sys.argv[2:]]))
"""


def test_every_metric_becomes_a_space(hub_here: Hub, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    assert call(["metrics", "push", "--owner", "moviellm"]) == 0
    out = capsys.readouterr().out
    for name in names():
        assert hub_here.tree(f"moviellm/{name}", "space").keys() - {".gitattributes"} == set(bundle(name, "x"))
        assert f'  evaluate.load("moviellm/{name}")\n' in out


def test_a_second_push_sends_nothing(hub_here: Hub, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    arguments = ["metrics", "push", "--owner", "moviellm", "--only", "mc_group", "--json"]
    call(arguments)
    capsys.readouterr()
    call(arguments)
    assert [metric["state"] for metric in json.loads(capsys.readouterr().out)["metrics"]] == ["already there"]


def test_a_dry_run_says_what_would_be_sent_and_makes_nothing(
    hub_here: Hub,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call(["metrics", "push", "--owner", "moviellm", "--only", "mc_group", "--dry-run"]) == 0
    assert "moviellm/mc_group would be pushed" in capsys.readouterr().out
    assert ("space", "moviellm/mc_group") not in hub_here.store.repos


def test_a_private_push_makes_a_private_space(hub_here: Hub) -> None:  # noqa: F811
    call(["metrics", "push", "--owner", "moviellm", "--only", "mc_group", "--private"])
    assert hub_here.store.repos["space", "moviellm/mc_group"].private


def test_a_metric_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["metrics", "push", "--owner", "moviellm", "--only", "rouge"]) == 2
    assert "no metric 'rouge'" in capsys.readouterr().err


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds only `evaluate` and numpy."""
    return fresh_python(tmp_path_factory.mktemp("bare") / "venv", "evaluate", "numpy")


@pytest.mark.slow
def test_pushed_metrics_come_back_where_only_evaluate_is_installed(bare: Path, hub: Hub, tmp_path: Path) -> None:  # noqa: F811
    run_cli(hub, tmp_path / "ours", "metrics", "push", "--owner", "moviellm")
    variables = environment(hub, tmp_path / "theirs", more={"HF_UPDATE_DOWNLOAD_COUNTS": "0"})
    del variables["PYTHONPATH"]
    done = subprocess.run(
        [bare, "-c", COME_BACK, *names()], env=variables, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen == {"failed": {name: [0, True] for name in names()}, "foreign": []}


@pytest.mark.slow
def test_bundles_load_from_a_folder_without_a_network_where_only_evaluate_is_installed(
    bare: Path, tmp_path: Path
) -> None:
    assert call(["metrics", "bundle", str(tmp_path / "metrics")]) == 0
    variables = {"HF_EVALUATE_OFFLINE": "1", "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    command = [bare, "-c", FROM_A_FOLDER, str(tmp_path / "metrics"), *names()]
    done = subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1]) == names()
