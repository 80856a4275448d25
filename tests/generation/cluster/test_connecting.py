"""What is refused before any work is paid for: silence, other versions, GPUs that are not there, batches."""

import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from moviellm.generation.cli.app import call
from moviellm.generation.cluster import connecting
from moviellm.generation.cluster.connecting import address_of, check_gpus, connected
from moviellm.generation.config.recipe import Recipe, recipe_from

ray = pytest.importorskip("ray")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.parametrize("on", ["spark", "ray://", "ray://host", "ray://host:many", "http://host:1", "ray:/x"])
def test_what_is_no_address_is_refused(on: str) -> None:
    with pytest.raises(ValueError, match="ray://10.0.0.1:10001"):
        address_of(on)


def test_ray_means_the_cluster_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    assert address_of("ray") == "10.0.0.1:6379"
    monkeypatch.delenv("RAY_ADDRESS")
    assert address_of("ray") is None
    assert address_of("ray://10.0.0.1:10001") == "ray://10.0.0.1:10001"


def test_an_address_where_nobody_listens_is_said_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    address = f"ray://127.0.0.1:{free_port()}"
    assert call(["make", "a key", "--out", str(tmp_path / "r"), "--on", address]) == 2
    assert f"nobody listens at {address}" in capsys.readouterr().err
    assert not (tmp_path / "r").exists()


def test_without_ray_the_command_that_brings_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"pip install 'moviellm\[ray\]'"), connected("ray"):
        pass


@pytest.mark.parametrize(
    "said",
    [
        "Version mismatch: The cluster was started with:\n    Ray: 2.10.0\n    Python: 3.11.7\nThis process was",
        "Python minor versions differ between client and server: version mismatch 3.12 and 3.11",
    ],
)
def test_another_version_of_ray_is_named(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    def init(**_: Any) -> None:
        raise RuntimeError(said)

    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(connecting, "_refuse_silence", lambda address: None)
    named = pytest.raises(ValueError, match=rf"another version of Ray or Python.*{ray.__version__}")
    with named, connected("ray://127.0.0.1:10001"):
        pass


BUSY = """Initialization failure from server:
Traceback (most recent call last):
  File "proxier.py", line 765, in Datapath
    raise RuntimeError(
RuntimeError: Starting Ray client server failed. See ray_client_server_23000.err.
"""


def test_a_busy_head_is_asked_again(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    said = [BUSY, BUSY]

    def init(**_: Any) -> None:
        if said:
            raise ConnectionAbortedError(said.pop())

    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(connecting, "_refuse_silence", lambda address: None)
    with connected("ray://127.0.0.1:10001"):
        assert capsys.readouterr().err.count("did not start a server") == 2


def test_what_a_head_raised_is_said_without_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def init(**_: Any) -> None:
        raise ConnectionAbortedError(BUSY)

    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(connecting, "_refuse_silence", lambda address: None)
    said = "at ray://127.0.0.1:10001: Initialization failure from server: RuntimeError: Starting Ray client server"
    with pytest.raises(ValueError, match=said), connected("ray://127.0.0.1:10001"):
        pass


def cluster(*gpus: float) -> Any:
    return SimpleNamespace(nodes=lambda: [{"Alive": True, "Resources": {"CPU": 1.0, "GPU": each}} for each in gpus])


def painting(**engine: Any) -> Recipe:
    style = {"method": engine.pop("style", "prompt")}
    return recipe_from({"themes": ["a key"], "painter": "diffusers", "style": style, "engine": engine})


def test_gpus_that_the_cluster_has_not_are_said() -> None:
    with pytest.raises(ValueError, match="wants 1 painter with 2 GPU each, and the cluster has 2 GPUs"):
        check_gpus(cluster(1.0, 1.0), painting(gpus=2))
    with pytest.raises(ValueError, match="3 painters with 1 GPU each"):
        check_gpus(cluster(1.0, 1.0), painting(painters=3))


@pytest.mark.parametrize(
    ("gpus", "engine", "painters"),
    [
        ((1.0, 1.0), {}, (2, False)),
        ((8.0,), {"gpus": 0.5}, (16, False)),
        ((), {"gpus": 0}, (1, False)),
        ((), {"gpus": 0, "painters": 3}, (3, False)),
        ((8.0,), {"style": "textual_inversion"}, (6, True)),
        ((1.0,), {"style": "textual_inversion"}, (1, False)),
        ((2.0,), {"style": "textual_inversion"}, (1, True)),
    ],
)
def test_painters_take_the_gpus_that_there_are(gpus: tuple[float, ...], engine: Any, painters: Any) -> None:
    assert check_gpus(cluster(*gpus), painting(**engine)) == painters


def test_offline_painting_wants_no_gpu() -> None:
    assert check_gpus(cluster(), recipe_from({"themes": ["a key"]})) == (0, False)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"ray": "2.10.0"}, "node b has ray 2.10.0"),
        ({"python": "3.9"}, "node b has python 3.9"),
        ({"moviellm": "0.0.1"}, "node b has moviellm 0.0.1"),
        ({"torch": "2.0.0"}, "node b has torch 2.0.0"),
        ({"torch": connecting.NONE}, "node b has no torch, this machine"),
    ],
)
def test_a_node_that_differs_is_named(facts: dict[str, str], said: str) -> None:
    here = connecting._versions(["torch"])
    connecting._refuse_others([{"node": "b", "versions": here, "lacks": [], "broken": {}}], here)
    with pytest.raises(ValueError, match=said):
        connecting._refuse_others([{"node": "b", "versions": here | facts, "lacks": [], "broken": {}}], here)


def test_a_node_without_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "seen").write_bytes(b"")
    whole = connecting._facts_here(str(tmp_path / "seen"), [str(tmp_path)], connecting.NOTHING)
    assert whole["lacks"] == []
    lacking = connecting._facts_here(str(tmp_path / "seen"), [str(tmp_path / "data")], connecting.NOTHING)
    with pytest.raises(ValueError, match=f"does not see {tmp_path}/data"):
        connecting._refuse_others([lacking], connecting._versions([]))


def test_a_node_that_cannot_import_what_its_tasks_need_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "halved.py").write_text("raise OSError('libhalf.so is not there')")
    monkeypatch.syspath_prepend(tmp_path)
    facts = connecting._facts_here("", [], connecting.Needs(modules=["halved"]))
    with pytest.raises(ValueError, match=r"cannot import halved \(OSError: libhalf.so is not there\)"):
        connecting._refuse_others([facts], connecting._versions([]))


def test_batches_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["make", "a key", "--out", str(tmp_path / "r"), "--on", "ray", "--batch"]) == 2
    assert "--batch waits for hours" in capsys.readouterr().err


def test_a_part_on_a_cluster_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["make", "a key", "--out", str(tmp_path / "r"), "--on", "ray", "--part", "1/2"]) == 2
    assert "take one of them" in capsys.readouterr().err
