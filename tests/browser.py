"""A page in headless Chromium, asked in real time through the browser's own pipe: video, servers, streams.

    with open_browser("http://127.0.0.1:7860", profile, width=390, height=844, dark=True) as browser:
        browser.ask("document.title")
        browser.wait("document.querySelector('video').readyState >= 1")
        browser.picture(Path("page.png"))

For pages that need no real time see chromium.py. It follows no pages.
"""

import base64
import fcntl
import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.chromium import FLAGS, address, require_chromium

KEYS = {"Enter": ("\r", 13), "Tab": ("", 9), " ": (" ", 32)}
"""Text and code of keys that tests press."""


class Browser:
    """One page. `dialogs` are the messages of alert boxes that it wanted to show."""

    def __init__(self, page: str | Path, profile: Path, width: int = 1280, height: int = 900, dark: bool = False):
        read_there, self._write = os.pipe()
        self._read, write_there = os.pipe()
        theirs = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (read_there, write_there)]
        flags = (*FLAGS, "--remote-debugging-pipe", f"--user-data-dir={profile}", "--allow-file-access-from-files")

        def connect() -> None:
            """The browser reads its pipe from descriptor 3 and writes to 4."""
            os.dup2(theirs[0], 3)
            os.dup2(theirs[1], 4)

        self._process = subprocess.Popen(
            [require_chromium(), *flags], preexec_fn=connect, pass_fds=(3, 4), stderr=subprocess.DEVNULL
        )
        for end in (read_there, write_there, *theirs):
            os.close(end)
        self._received = b""
        self._calls = 0
        self._session: dict[str, str] = {}
        self.dialogs: list[str] = []
        self.asked_for: list[str] = []
        """Addresses that the page asked for."""
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = {"sessionId": self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]}
        self._call("Page.enable")
        self._call("Network.enable")
        self._call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])
        self._call("Page.navigate", url=address(page))

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        self._calls += 1
        number = self._calls
        message = {"id": number, "method": method, "params": params} | self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._message()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return dict(answer["result"])
            if answer.get("method") == "Page.javascriptDialogOpening":
                self.dialogs.append(answer["params"]["message"])
                self._calls += 1
                shut = {"id": self._calls, "method": "Page.handleJavaScriptDialog", "params": {"accept": True}}
                os.write(self._write, json.dumps(shut | self._session).encode() + b"\0")
            if answer.get("method") == "Network.requestWillBeSent":
                self.asked_for.append(answer["params"]["request"]["url"])

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._received:
            more = os.read(self._read, 1 << 16)
            assert more, "the browser closed its pipe"
            self._received += more
        text, _, self._received = self._received.partition(b"\0")
        return dict(json.loads(text))

    def ask(self, expression: str) -> Any:
        """What a JavaScript expression comes to, promises awaited."""
        answer = self._call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait(self, expression: str, most_s: float = 20.0) -> Any:
        """The value of an expression as soon as it is true, looked at ten times a second."""
        end = time.monotonic() + most_s
        while True:
            look = f"const seen = {expression}; return seen instanceof Node || seen"
            value = self.ask(f"(() => {{ try {{ {look} }} catch (error) {{ return null }} }})()")
            if value:
                return value
            assert time.monotonic() < end, f"never true: {expression}\n{self.ask('document.body.innerText')}"
            time.sleep(0.1)

    def write(self, text: str) -> None:
        """Type into what has the focus."""
        self._call("Input.insertText", text=text)

    def press(self, key: str) -> None:
        """Press a key and let it go."""
        text, code = KEYS[key]
        told = {"key": key, "windowsVirtualKeyCode": code, "text": text}
        self._call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **told)
        self._call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def give_file(self, selector: str, path: Path) -> None:
        """Choose a file in an input of the page."""
        found = self._call("Runtime.evaluate", expression=f"document.querySelector({json.dumps(selector)})")
        self._call("DOM.setFileInputFiles", files=[str(path)], objectId=found["result"]["objectId"])

    def picture(self, out: Path, whole: bool = False) -> Path:
        """Save a PNG of the window, or of the whole page."""
        shot = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        out.write_bytes(base64.b64decode(shot["data"]))
        return out

    def close(self) -> None:
        """End the browser."""
        self._process.terminate()
        self._process.wait(timeout=20)
        os.close(self._write)
        os.close(self._read)


@contextmanager
def open_browser(page: str | Path, profile: Path, **settings: Any) -> Iterator[Browser]:
    """A page for the time of a `with`."""
    browser = Browser(page, profile, **settings)
    try:
        yield browser
    finally:
        browser.close()
