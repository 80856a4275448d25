"""Who hands in at a Space: the account that Gradio's login brings, with its quota; without one nothing is sent.

The login is whole but for its other end: an OpenID provider of our own stands where the Hub's would. What the Hub asks
a visitor, and which accounts it lets through, is not shown here.
"""

import json
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from moviellm.eval.leaderboard.places import FolderPlace
from moviellm.eval.leaderboard.room import Room, Settings
from moviellm.eval.leaderboard.submitting import Desk
from moviellm.eval.submissions.index import INDEX_FILE
from tests.eval.submissions.conftest import no_cells  # noqa: F401 a fixture
from tests.eval.submissions.kit import INDEX, declared, files, write_folder, write_zip
from tests.servers.openid_double import Provider, openid_double

pytestmark = [pytest.mark.usefixtures("no_cells"), pytest.mark.slow]
LOGIN = {"OAUTH_CLIENT_ID": "space", "OAUTH_CLIENT_SECRET": "s3cret", "OAUTH_SCOPES": "openid profile"}


class _Stays(urllib.request.HTTPRedirectHandler):
    """Redirects are answers: the visitor goes where they lead by himself."""

    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass
class Visitor:
    """A browser: it keeps the cookies of the page. Over http, where a real one would not send a secure one."""

    address: str
    cookies: dict[str, str] = field(default_factory=dict)
    session: str = field(default_factory=lambda: uuid.uuid4().hex)

    def get(self, url: str) -> tuple[int, str, bytes]:
        return self._ask(urllib.request.Request(url))

    def post(self, path: str, data: bytes, content_type: str = "application/json") -> Any:
        request = urllib.request.Request(self.address + path, data, {"Content-Type": content_type})
        status, _, body = self._ask(request)
        assert status == 200, body
        return json.loads(body)

    def _ask(self, request: urllib.request.Request) -> tuple[int, str, bytes]:
        if request.full_url.startswith(self.address):
            request.add_header("Cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        try:
            answer: Any = urllib.request.build_opener(_Stays).open(request, timeout=120)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            for line in answer.headers.get_all("Set-Cookie") or []:
                name, _, value = line.split(";")[0].partition("=")
                if request.full_url.startswith(self.address):
                    self.cookies[name] = value
            return answer.status, answer.headers.get("Location", ""), answer.read()

    def log_in(self) -> str:
        """Follow the login to its end; where the page is then."""
        url = f"{self.address}/login/huggingface"
        for _ in range(6):
            status, to, body = self.get(url)
            assert status in (302, 307), body
            url = to if urlsplit(to).netloc else self.address + to
            if urlsplit(url).path == "/":
                return url
        raise AssertionError("the login leads in a circle")

    def call(self, function: int, data: list[Any]) -> Any:
        """What a function of the page answers."""
        asked = {"data": data, "fn_index": function, "session_hash": self.session}
        self.post("/gradio_api/queue/join", json.dumps(asked).encode())
        _, _, body = self.get(f"{self.address}/gradio_api/queue/data?session_hash={self.session}")
        events = [json.loads(line[6:]) for line in body.decode().splitlines() if line.startswith("data: ")]
        (done,) = [one for one in events if one["msg"] == "process_completed"]
        assert done["success"], done
        return done["output"]["data"]

    def upload(self, path: Path) -> dict[str, Any]:
        mark = uuid.uuid4().hex
        head = f'--{mark}\r\nContent-Disposition: form-data; name="files"; filename="{path.name}"\r\n\r\n'
        body = head.encode() + path.read_bytes() + f"\r\n--{mark}--\r\n".encode()
        (place,) = self.post("/gradio_api/upload", body, f"multipart/form-data; boundary={mark}")
        return {"path": place, "meta": {"_type": "gradio.FileData"}, "orig_name": path.name}


@dataclass
class Page:
    """The page of a Space, with a login."""

    address: str
    provider: Provider
    queue: Path
    functions: dict[str, int]
    labels: list[str]

    def hand_in(self, visitor: Visitor, bundle: Path) -> str:
        return json.dumps(visitor.call(self.functions["sent_by_login"], [visitor.upload(bundle)]))

    def senders(self) -> list[str]:
        found = sorted(self.queue.glob("requests/*/request.json"))
        return [json.loads(path.read_bytes())["submitter"] for path in found]


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    pytest.importorskip("authlib")
    pytest.importorskip("gradio")
    import gradio as gr
    from gradio import oauth

    from moviellm.eval.leaderboard import app

    queue = write_folder(tmp_path / "queue", {INDEX_FILE: INDEX.text().encode()})
    (tmp_path / "results").mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    with openid_double(client_id="space", secret="s3cret") as provider:
        for name, value in {**LOGIN, "OPENID_PROVIDER_URL": provider.url}.items():
            monkeypatch.setattr(oauth, name, value)
        monkeypatch.setattr(oauth, "get_space", lambda: "org/leaderboard")
        desk = Desk(FolderPlace(queue), per_day=1)
        room = Room(FolderPlace(tmp_path / "results"), bench=None, desk=desk, settings=Settings(on_hub=True))
        made = app.build(room)
        address = app.serve(made, port=None, wait=False).rstrip("/")
        functions = {getattr(one.fn, "__name__", ""): number for number, one in made.fns.items()}
        kinds = [type(block) for block in made.blocks.values()]
        labels = [kind.__name__ for kind in kinds if issubclass(kind, gr.LoginButton | gr.Textbox)]
        try:
            yield Page(address, provider, queue, functions, labels)
        finally:
            made.close()


def bundle(tmp_path: Path, name: str) -> Path:
    return write_zip(tmp_path / f"{name}.zip", files(declared=declared("MovieLLM 7B", name)).items())


def test_in_a_space_a_button_logs_in_and_no_field_asks_for_a_name(page: Page) -> None:
    assert page.labels == ["LoginButton"]


def test_without_a_login_nothing_is_sent(page: Page, tmp_path: Path) -> None:
    assert "Sign in first" in page.hand_in(Visitor(page.address), bundle(tmp_path, "One"))
    assert page.senders() == []


def test_who_logged_in_is_the_submitter_and_has_that_accounts_quota(page: Page, tmp_path: Path) -> None:
    ada, ben = Visitor(page.address), Visitor(page.address)
    ada.log_in()
    page.provider.user = "ben"
    ben.log_in()
    assert "Sent. It is scored under" in page.hand_in(ada, bundle(tmp_path, "One"))
    assert page.senders() == ["ada"]
    assert "1 submissions a day are taken" in page.hand_in(ada, bundle(tmp_path, "Two"))
    assert "Sent. It is scored under" in page.hand_in(ben, bundle(tmp_path, "Two"))
    assert sorted(page.senders()) == ["ada", "ben"]
    mine = json.dumps(ben.call(page.functions["mine_by_login"], []))
    assert "ben" in mine and "ada" not in mine


def test_a_cookie_that_nobody_signed_is_no_login(page: Page, tmp_path: Path) -> None:
    ada = Visitor(page.address)
    ada.log_in()
    forged = Visitor(page.address, {"session": "e30=" + ada.cookies["session"][-28:]})
    assert "Sign in first" in page.hand_in(forged, bundle(tmp_path, "One"))


def test_after_logging_out_nothing_is_sent(page: Page, tmp_path: Path) -> None:
    ada = Visitor(page.address)
    ada.log_in()
    ada.get(f"{page.address}/logout")
    assert "Sign in first" in page.hand_in(ada, bundle(tmp_path, "One"))
    assert page.senders() == []
