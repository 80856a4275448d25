"""Which exact model a name means."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from moviellm.generation.revisions import revision_of, split_source

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """A server that gives one answer."""

    def __init__(self) -> None:
        self.answer: tuple[int, dict[str, str], bytes] = (500, {}, b"")
        self.asked: list[str] = []


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    state = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = state.answer
            state.asked.append(self.path)
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(body))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr("huggingface_hub.hf_api.constants.ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    yield state
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def _afresh() -> None:
    revision_of.cache_clear()


def test_a_folder_is_known_by_its_contents(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        (folder / "unet").mkdir(parents=True)
        (folder / "unet" / "weights").write_bytes(b"1")
    assert revision_of(str(one)) == revision_of(str(other))
    revision_of.cache_clear()
    (other / "unet" / "weights").write_bytes(b"2")
    assert revision_of(str(one)) != revision_of(str(other))


def test_a_file_is_known_by_its_contents(tmp_path: Path) -> None:
    file = tmp_path / "lora.safetensors"
    file.write_bytes(b"1")
    assert len(revision_of(str(file))) == 64


def test_a_commit_is_taken_without_asking() -> None:
    assert revision_of("owner/name", COMMIT) == COMMIT


def test_a_folder_has_no_revision(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has no revision 'main'; leave it out"):
        revision_of(str(tmp_path), "main")


def test_what_is_neither_folder_nor_id_is_refused() -> None:
    with pytest.raises(ValueError, match="it is no folder here, and a Hub id has the form owner/name"):
        revision_of("/models/absent")


def test_without_a_connection_what_was_downloaded_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    folder = tmp_path / "models--owner--name"
    (folder / "snapshots" / COMMIT).mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(COMMIT)
    assert revision_of("owner/name") == COMMIT
    with pytest.raises(ValueError, match="the Hub cannot be asked for owner/name"):
        revision_of("owner/name", "v2")


@pytest.mark.parametrize(
    ("status", "error", "says"),
    [
        (401, "GatedRepo", "owner/name is gated: accept its terms"),
        (404, "RepoNotFound", "no model owner/name: neither a folder here nor a repository on the Hub"),
        (404, "RevisionNotFound", "owner/name has no revision None"),
    ],
)
def test_what_the_hub_refuses_is_said_in_one_line(
    status: int, error: str, says: str, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.answer = (status, {"X-Error-Code": error}, b"{}")
    with pytest.raises(ValueError, match=says):
        revision_of("owner/name")


def test_the_hub_says_which_commit_is_the_newest(hub: Hub) -> None:
    hub.answer = (200, {"Content-Type": "application/json"}, b'{"id": "owner/name", "sha": "%s"}' % COMMIT.encode())
    assert revision_of("owner/name") == COMMIT
    assert revision_of("owner/name") == COMMIT
    assert hub.asked == ["/api/models/owner/name"]


@pytest.mark.parametrize(
    ("source", "split"),
    [
        ("owner/name", ("owner/name", None)),
        ("owner/name/four_steps.safetensors", ("owner/name", "four_steps.safetensors")),
        ("owner/name/loras/four_steps.safetensors", ("owner/name", "loras/four_steps.safetensors")),
    ],
)
def test_a_source_of_weights_may_name_a_file(source: str, split: tuple[str, str | None]) -> None:
    assert split_source(source) == split


def test_a_file_on_this_machine_is_split_into_folder_and_name(tmp_path: Path) -> None:
    file = tmp_path / "lora.safetensors"
    file.write_bytes(b"1")
    assert split_source(str(file)) == (str(tmp_path), "lora.safetensors")
    assert split_source(str(tmp_path)) == (str(tmp_path), None)


def test_weights_in_another_format_are_refused() -> None:
    with pytest.raises(ValueError, match="is not safetensors; other formats can hold code"):
        split_source("owner/name/lora.bin")
