"""What a cell bounds: memory, time, the network, secrets, and where it writes."""

import ctypes
import sys
from pathlib import Path

import pytest

from moviellm.eval.submissions import cell_worker
from moviellm.eval.submissions.cell import Bounds, CellError, Done, in_a_cell

SMALL = Bounds(memory_mb=64, cpu_s=1, wall_s=20.0)


def within(name: str, work: Path | None = None, bounds: Bounds = SMALL, **arguments: object) -> Done:
    return in_a_cell(f"tests.eval.submissions.cell_kit:{name}", arguments, bounds, work=work)


def ended(name: str, **arguments: object) -> str:
    with pytest.raises(CellError) as error:
        within(name, **arguments)
    return error.value.reason


def test_a_function_gives_its_value_and_the_cell_says_how_the_network_was_kept_off() -> None:
    done = within("hold", megabytes=1)
    assert done.value == 1 << 20
    assert done.network in ("namespace", "guard") and done.peak_mb > 1


def test_a_refusal_comes_out_as_it_was_said() -> None:
    with pytest.raises(ValueError, match="no such bundle"):
        within("refuse", text="no such bundle")


def test_no_secret_goes_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_TOKEN", "OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "MY_PASSWORD"):
        monkeypatch.setenv(name, "secret-value")
    assert "secret-value" not in str(within("environment").value)


def test_too_much_memory_ends_it() -> None:
    assert ended("hold", megabytes=200) == "memory"


def test_too_much_time_ends_it() -> None:
    assert ended("hang") == "time"


def test_waiting_too_long_ends_it() -> None:
    assert ended("hang", bounds=Bounds(cpu_s=60, wall_s=1.5)) == "time"


def test_a_crash_is_told() -> None:
    assert ended("crash") == "crash"


def test_it_writes_into_its_folder_and_nowhere_else(tmp_path: Path) -> None:
    inside, outside = tmp_path / "work", tmp_path / "outside"
    inside.mkdir()
    assert within("write", inside, path=str(inside / "a")).value == str(inside / "a")
    for path in (outside, inside / ".." / "outside"):
        assert ended("write", work=inside, path=str(path)) == "refused"
    assert not outside.exists()


def test_a_link_in_its_folder_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "link").symlink_to(tmp_path / "outside")
    assert ended("write", work=tmp_path / "work", path=str(tmp_path / "work" / "link")) == "refused"


def test_it_starts_nothing() -> None:
    assert ended("run") == "refused"


def test_it_reaches_nobody_even_where_the_kernel_makes_no_name_space() -> None:
    assert ended("connect", port=9) == "refused"


@pytest.mark.skipif(sys.platform != "linux", reason="name spaces are Linux's")
def test_where_the_kernel_refuses_a_name_space_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    class Libc:
        def unshare(self, flags: int) -> int:
            return -1

    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: Libc())
    assert not cell_worker.leave_network()
