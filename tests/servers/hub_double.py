"""A local Hub: real HTTP on loopback, with faults on request.

    with hub_double() as hub:
        api = HfApi(endpoint=hub.url, token="hf_writer")
        hub.fail("POST .*/commit/", with_=500)                  # the next commit finds a server that is down
        hub.fail("PUT /_objects/", with_="drop", at="middle")   # ... and the next shard a connection that breaks
        held = hub.hold("POST .*/commit/", nth=3)               # the third commit waits
        held.reached.wait(10); ...; held.release()

    python -m tests.servers.hub_double --port 0     # prints the address; the token is hf_writer

What it keeps is hub_store.py (tokens: see `Store`), what its addresses answer hub_routes.py; how a process sees it is
tests/hub.py. It is a Hub for tests only: everything is in memory, and a person is whoever brings the token.
"""

import argparse
import io
import json
import re
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from tests.servers.hub_calls import Answer, Call
from tests.servers.hub_routes import ROUTES
from tests.servers.hub_store import Entry, Kind, RefusedError, Store

Moment = Literal["start", "middle", "end"]
"""Before anything is read; with half of the file (sent or answered) through; with all done and nothing answered."""
Break = Literal["drop", "close"]
"""How a connection ends: reset, as by a cut line, or closed, as by a proxy that gives up."""
SAID = {429: "Too many requests", 412: "A commit has happened since. Please refresh and try again."}


@dataclass
class Logged:
    """One request that came in."""

    method: str
    path: str
    status: int | None = None
    """None: the connection broke before it was answered."""
    received: int = 0
    """Bytes of its body."""
    token: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def line(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class Rule:
    """Something that happens to requests: a status, a break, or a function that is called."""

    route: re.Pattern[str]
    effect: int | Break | Callable[[], None]
    at: Moment
    nth: int
    times: int
    met: int = 0


@dataclass
class Hold:
    """A request that waits."""

    reached: threading.Event = field(default_factory=threading.Event)
    """Set when it has come."""
    _free: threading.Event = field(default_factory=threading.Event)

    def release(self) -> None:
        self._free.set()

    def wait(self) -> None:
        self.reached.set()
        self._free.wait(timeout=60)


class Hub:
    """The double as a test sees it."""

    def __init__(self) -> None:
        self.store = Store()
        self.url = ""
        self.log: list[Logged] = []
        self.latency_s = 0.0
        """Every request takes at least this long."""
        self._rules: list[Rule] = []
        self._holds: list[Hold] = []
        self._lock = threading.Lock()

    def fail(
        self,
        route: str,
        times: int = 1,
        with_: int | Break = 500,
        nth: int = 1,
        at: Moment = "start",
    ) -> None:
        """Let requests fail.

        Args:
            route: Regular expression, searched in "METHOD /path?query".
            times: How many in a row.
            with_: Status of the answer, or how the connection breaks.
            nth: The first that fails, counted from 1 and from now.
            at: When; a status is always answered at the start.
        """
        self._rules.append(Rule(re.compile(route), with_, at, nth, times))

    def when(self, route: str, do: Callable[[], None], nth: int = 1, at: Moment = "start") -> None:
        """Call a function while the n-th matching request waits; another writer that is quicker, for example."""
        self._rules.append(Rule(re.compile(route), do, at, nth, 1))

    def hold(self, route: str, nth: int = 1, at: Moment = "start") -> Hold:
        """Let the n-th matching request wait until it is released, at most a minute."""
        hold = Hold()
        self._holds.append(hold)
        self.when(route, hold.wait, nth, at)
        return hold

    def heal(self) -> None:
        """No faults any more."""
        self._rules.clear()
        for hold in self._holds:
            hold.release()

    def effect(self, line: str, at: Moment) -> int | Break | Callable[[], None] | None:
        with self._lock:
            for rule in self._rules:
                if rule.at == at and rule.route.search(line):
                    rule.met += 1
                    if rule.nth <= rule.met < rule.nth + rule.times:
                        return rule.effect
        return None

    def count(self, route: str) -> int:
        """Answered requests that match, counted in the log."""
        return sum(1 for logged in list(self.log) if logged.status and re.search(route, logged.line))

    @property
    def sent(self) -> Mapping[str, int]:
        """How often the bytes of a large object, by sha256, came in whole."""
        return self.store.sent

    def tree(self, repo: str, kind: Kind = "dataset", revision: str = "main") -> dict[str, str]:
        """Hash (sha256) by path, without the .gitattributes that the Hub makes itself."""
        tree = self.store.repos[kind, repo].tree(revision)
        return {path: entry.sha256 for path, entry in sorted(tree.items()) if path != ".gitattributes"}

    def read(self, repo: str, path: str, kind: Kind = "dataset", revision: str = "main") -> bytes:
        return self.store.repos[kind, repo].tree(revision)[path].data

    def write(self, repo: str, files: Mapping[str, bytes], kind: Kind = "dataset", branch: str = "main") -> str:
        """Commit files past the network, as somebody else would; the repository is made if it is not there."""
        with self.store.lock:
            if (kind, repo) not in self.store.repos:
                self.store.create(kind, repo, self.store.person("hf_writer"))
            place = self.store.repos[kind, repo]
            entries = {path: Entry(data, large=path.endswith((".parquet", ".jpg"))) for path, data in files.items()}
            self.store.objects |= {entry.sha256: entry.data for entry in entries.values() if entry.large}
            return place.commit(branch, {**place.tree(branch), **entries}, "files", author="tester")


class DroppedError(Exception):
    """The connection is to break."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "HubServer"

    def log_message(self, *_: Any) -> None:
        pass

    def _serve(self) -> None:
        hub = self.server.hub
        token = self.headers.get("Authorization", "").removeprefix("Bearer ") or None
        logged = Logged(self.command, self.path, token=token, headers=dict(self.headers))
        hub.log.append(logged)
        try:
            time.sleep(hub.latency_s)
            try:
                status = self._meet(logged.line, "start")
                body = self._read_body(logged)
                if status is not None:
                    raise RefusedError(status, "", SAID.get(status, "Server error"), {"Retry-After": "0"})
                with hub.store.lock:
                    answer = self._answer(body, token)
            except RefusedError as refused:
                answer = _error(refused)
            self._meet(logged.line, "end")
            self._send(answer, logged)
        except (DroppedError, ConnectionError) as error:
            logged.status = None
            self._break(reset=str(error) != "close")

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 names of http.server

    def _meet(self, line: str, at: Moment) -> int | None:
        """What is planned for this moment; the status to answer with, if it is one."""
        effect = self.server.hub.effect(line, at)
        if effect == "drop" or effect == "close":
            raise DroppedError(effect)
        if isinstance(effect, int):
            return effect
        if effect is not None:
            effect()
        return None

    def _read_body(self, logged: Logged) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self._read_chunks(logged)
        size = int(self.headers.get("Content-Length") or 0)
        body = io.BytesIO()  # gives its bytes away without a copy
        for until in (size // 2, size):
            while (left := until - body.tell()) > 0:
                body.write(self._read_exactly(min(left, 1 << 20)))
            if until < size:
                self._meet(logged.line, "middle")
        logged.received = size
        return body.getvalue()

    def _read_exactly(self, size: int) -> bytes:
        data = self.rfile.read(size)
        if len(data) < size:  # who sends was killed
            raise ConnectionResetError
        return data

    def _read_chunks(self, logged: Logged) -> bytes:
        parts = []
        while size := int(self.rfile.readline().strip() or b"0", 16):
            parts.append(self._read_exactly(size))
            self.rfile.readline()
            if len(parts) == 1:
                self._meet(logged.line, "middle")
        self.rfile.readline()
        body = b"".join(parts)
        logged.received = len(body)
        return body

    def _answer(self, body: bytes, token: str | None) -> Answer:
        url = urlsplit(self.path)
        store = self.server.hub.store
        method = "GET" if self.command == "HEAD" else self.command
        for wanted, pattern, function in ROUTES:
            if wanted == method and (found := re.fullmatch(pattern, url.path)):
                names = {name: unquote(part) for name, part in found.groupdict().items() if part is not None}
                person = store.person(token)
                query = parse_qs(url.query, keep_blank_values=True)
                call = Call(store, self.server.hub.url, person, query, self.headers, url.path, body, names)  # type: ignore[arg-type]
                return function(call)
        raise RefusedError(404, "", f"This Hub has no route for {self.command} {url.path}")

    def _send(self, answer: Answer, logged: Logged) -> None:
        data = json.dumps(answer.value).encode() if answer.data is None else answer.data
        self.send_response(answer.status)
        headers = {"Content-Type": "application/json", "X-Request-Id": "double"} | answer.headers
        for name, value in (headers | {"Content-Length": str(len(data))}).items():
            self.send_header(name, value)
        body = data if self.command != "HEAD" else b""
        half = len(body) // 2 if self.command == "GET" and answer.data is not None else 0
        if half:
            self.end_headers()
            self.wfile.write(body[:half])
            self._meet(logged.line, "middle")
        logged.status = answer.status  # before the last byte: who has it all may look at the log
        if not half:
            self.end_headers()
        self.wfile.write(body[half:])

    def _break(self, reset: bool) -> None:
        self.close_connection = True
        with suppress(OSError):
            if reset:  # what is closed without lingering is reset
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
            else:
                self.connection.shutdown(socket.SHUT_RDWR)


def _error(refused: RefusedError) -> Answer:
    headers = {"X-Error-Message": " ".join(refused.message.split())} | refused.headers
    if refused.code:
        headers["X-Error-Code"] = refused.code
    return Answer({"error": refused.message}, status=refused.status, headers=headers)


class HubServer(ThreadingHTTPServer):
    """The listening socket, and those it has accepted."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, hub: Hub, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.hub = hub
        hub.url = f"http://127.0.0.1:{self.server_address[1]}"
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        """End every open connection."""
        for request in list(self._open):
            with suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)


@contextmanager
def hub_double(port: int = 0) -> Iterator[Hub]:
    """A double in threads of its own."""
    hub = Hub()
    server = HubServer(hub, port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.heal()
        server.shutdown()
        server.hang_up()
        server.server_close()
        thread.join(timeout=10)


def main(arguments: list[str]) -> None:
    """Serve until killed; prints the address first."""
    parser = argparse.ArgumentParser(prog="python -m tests.servers.hub_double")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    options = parser.parse_args(arguments)
    with hub_double(options.port) as hub, suppress(KeyboardInterrupt):
        hub.latency_s = options.latency_ms / 1000.0
        sys.stdout.write(f"{hub.url}\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1:])
