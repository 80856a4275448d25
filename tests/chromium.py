"""Headless Chromium for tests: pictures of a page, its DOM after scripts ran, its log, its calls to the network.

    if chromium_path() is None: pytest.skip(INSTALL)
    dump_dom(page, virtual_time_ms=2000)

    drive(page, "document.querySelector('button').click(); return document.title;", width=390, height=844)

Every call starts a browser with an empty profile and ends it. It is no product code and follows no pages.
"""

import html
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

INSTALL = "needs Chromium: apt-get install chromium"
TIMEOUT_S = 120
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


def chromium_path() -> str | None:
    """The browser, or None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def require_chromium() -> str:
    """The browser; skips the test, with the install line, where there is none."""
    path = chromium_path()
    if path is None:
        pytest.skip(INSTALL)
    return path


def address(url_or_path: str | Path) -> str:
    """`file://` address of a path; anything with a scheme is left as it is. A `#fragment` is kept."""
    text = str(url_or_path)
    if "://" in text:
        return text
    path, mark, fragment = text.partition("#")
    return Path(path).resolve().as_uri() + mark + fragment


def run_chromium(url_or_path: str | Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """Open a page with extra flags; raises CalledProcessError or TimeoutExpired when the browser does not end well."""
    with tempfile.TemporaryDirectory(prefix="chromium-") as profile:
        command = [require_chromium(), *FLAGS, f"--user-data-dir={profile}", *flags, address(url_or_path)]
        return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=True)


def _frame(page: str | Path, folder: str, width: int, height: int, script: str) -> Path:
    """A page that holds `page` in a frame of exactly that size (a window of its own cannot be narrower than 500)."""
    wrapper = Path(folder) / "frame.html"
    wrapper.write_text(
        f"""<!doctype html><style>body {{ margin: 0 }} iframe {{ display: block; border: 0 }}</style>
        <iframe id="frame" width="{width}" height="{height}"></iframe>
        <pre id="result" hidden></pre><script>
        const frame = document.getElementById("frame");
        frame.onload = async (event) => {{
          const window = event.target.contentWindow, document = window.document;
          const act = async () => {{ {script} }};
          const said = await act().then((value) => ({{ value }}), (error) => ({{ error: String(error.stack) }}));
          self.document.getElementById("result").textContent = JSON.stringify(said);
        }};
        if (frame.offsetWidth) frame.src = {json.dumps(address(page))};  // laid out first: no page sees a wrong size
        </script>""",
        encoding="utf-8",
    )
    return wrapper


def screenshot(
    url_or_path: str | Path,
    out: Path,
    width: int,
    height: int,
    *flags: str,
    script: str = "",
    virtual_time_ms: int = 3000,
) -> Path:
    """Save a PNG of the page, scrolled to where it has scrolled itself, `width` x `height` CSS pixels.

    `script` is run first, as in `drive`.
    """
    with tempfile.TemporaryDirectory(prefix="chromium-frame-") as folder:
        run_chromium(
            _frame(url_or_path, folder, width, height, script),
            f"--screenshot={out}",
            f"--window-size={width},{height + 200}",  # a window's first size is less: what is below it stays unpainted
            f"--virtual-time-budget={virtual_time_ms}",
            "--allow-file-access-from-files",
            "--force-prefers-reduced-motion",  # a picture must not catch a transition half way
            *flags,
        )
    assert out.is_file(), f"chromium wrote no {out}"
    with Image.open(out) as taken:
        scale = taken.height / (height + 200)
        taken.crop((0, 0, round(width * scale), round(height * scale))).save(out)
    return out


def drive(url_or_path: str | Path, script: str, width: int = 1440, height: int = 900) -> Any:
    """What `script`, body of an async function that sees the page's `window` and `document`, returns after loading."""
    with tempfile.TemporaryDirectory(prefix="chromium-frame-") as folder:
        wrapper = _frame(url_or_path, folder, width, height, script)
        dom = dump_dom(wrapper, 5000, "--allow-file-access-from-files", f"--window-size={width},{height}")
    text = dom.partition('<pre id="result" hidden="">')[2].partition("</pre>")[0]
    said = json.loads(html.unescape(text))
    assert "error" not in said, said["error"]
    return said.get("value")


def dump_dom(url_or_path: str | Path, virtual_time_ms: int = 3000, *flags: str) -> str:
    """The page's HTML after its scripts have run for that long."""
    return run_chromium(url_or_path, "--dump-dom", f"--virtual-time-budget={virtual_time_ms}", *flags).stdout


def console_lines(url_or_path: str | Path, virtual_time_ms: int = 3000) -> list[str]:
    """What the page wrote to the console: errors, warnings, refusals of the content security policy."""
    flags = ("--enable-logging=stderr", "--dump-dom", f"--virtual-time-budget={virtual_time_ms}")
    log = run_chromium(url_or_path, *flags).stderr
    return [line for line in log.splitlines() if "CONSOLE" in line]


def requested_urls(url_or_path: str | Path, virtual_time_ms: int = 3000) -> list[str]:
    """Addresses with a host that the page asked for, from the browser's net log, without the browser's own."""
    with tempfile.TemporaryDirectory(prefix="chromium-log-") as folder:
        log = Path(folder) / "net.json"
        flags = (f"--log-net-log={log}", "--dump-dom", f"--virtual-time-budget={virtual_time_ms}")
        run_chromium(url_or_path, *flags)
        events = json.loads(log.read_text(encoding="utf-8"))["events"]
    asked = [event["params"] for event in events if "initiator" in event.get("params", {})]
    return sorted({p["url"] for p in asked if p["url"].startswith("http") and p["initiator"] != "not an origin"})
