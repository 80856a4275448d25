"""A small proxy in front of a real S3 server (moto's) that makes faults: statuses, cut connections, lost answers.

    with s3_behind_faults() as s3:
        s3.bucket("films")                                  # made, empty
        s3.faults.add("PUT", "manifest/", 503)              # the next such request is answered with it
        s3.faults.add("PUT", "manifest/", "cut after", times=2)
        env = s3.environment                                # what a process needs to reach it

Faults: a status; `bad key`; `cut before` the server sees the request; `cut after`, when it has done it and the answer
is lost; `unconditional` drops the condition of a put. It speaks plain HTTP/1.1 and keeps no state of its own.
"""

import http.client
import logging
import re
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Effect = int | Literal["cut before", "cut after", "unconditional", "bad key"]
CODES = {500: "InternalError", 503: "SlowDown", 403: "AccessDenied", 501: "NotImplemented", 409: "OperationAborted"}
KEY, SECRET, REGION = "AKIATESTTESTTESTTEST", "secret-secret-secret", "us-east-1"


@dataclass
class Rule:
    """What happens to some requests."""

    method: str
    path: str
    """Regular expression, searched in the path."""
    effect: Effect
    left: float
    met: int = 0


@dataclass
class Faults:
    """The rules of a proxy; the first that fits counts."""

    rules: list[Rule] = field(default_factory=list)
    log: list[tuple[str, str, int]] = field(default_factory=list)
    """(method, path, status) of every request that was answered."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, method: str, path: str, effect: Effect, times: float = 1) -> Rule:
        """Meet the next requests of this kind with an effect."""
        rule = Rule(method, path, effect, times)
        with self.lock:
            self.rules.append(rule)
        return rule

    def heal(self) -> None:
        """No more faults."""
        with self.lock:
            self.rules.clear()

    def effect(self, method: str, path: str) -> Effect | None:
        """What happens to a request."""
        with self.lock:
            for rule in self.rules:
                if rule.left > 0 and re.fullmatch(rule.method, method) and re.search(rule.path, path):
                    rule.left -= 1
                    rule.met += 1
                    return rule.effect
        return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Proxy"

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def _serve(self) -> None:
        body = self._body()
        effect = self.server.faults.effect(self.command, self.path)
        if effect == "cut before":
            self._cut()
        elif isinstance(effect, int):
            self._fail(effect, CODES[effect])
        elif effect == "bad key":
            self._fail(403, "InvalidAccessKeyId")
        else:
            status, headers, answer = self._pass_on(body, conditional=effect != "unconditional")
            if effect == "cut after":
                self._cut()
            else:
                self._answer(status, headers, answer)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        data = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def _pass_on(self, body: bytes, *, conditional: bool) -> tuple[int, list[tuple[str, str]], bytes]:
        left = {"transfer-encoding", "content-length", "expect", "connection"}
        if not conditional:
            left.add("if-none-match")
        headers = {name: value for name, value in self.headers.items() if name.lower() not in left}
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.upstream, timeout=60)
        try:
            upstream.request(self.command, self.path, body=body, headers=headers)
            response = upstream.getresponse()
            return response.status, response.getheaders(), response.read()
        finally:
            upstream.close()

    def _fail(self, status: int, code: str) -> None:
        text = f"<Error><Code>{code}</Code><Message>made by a test</Message></Error>".encode()
        self._answer(status, [("Content-Type", "application/xml")], text)

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        with self.server.faults.lock:
            self.server.faults.log.append((self.command, self.path, status))
        self.send_response_only(status)
        length = str(len(body))
        for name, value in headers:
            if name.lower() == "content-length" and self.command == "HEAD":
                length = value
            elif name.lower() not in {"transfer-encoding", "content-length", "connection"}:
                self.send_header(name, value)
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


class _Proxy(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, upstream: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = upstream
        self.faults = Faults()

    def handle_error(self, *_: Any) -> None:
        """Those who are cut off are not told of."""


class S3:
    """A running server behind its proxy."""

    def __init__(self, upstream: int, proxy: _Proxy) -> None:
        self.faults = proxy.faults
        self.url = f"http://127.0.0.1:{proxy.server_address[1]}"
        self._upstream = upstream
        self.environment = {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def bucket(self, name: str) -> None:
        """Make a bucket."""
        self._ask("PUT", f"/{name}")

    def keys(self, bucket: str) -> list[str]:
        """Every object of a bucket."""
        text = self._ask("GET", f"/{bucket}?list-type=2&max-keys=10000").decode()
        return re.findall(r"<Key>([^<]*)</Key>", text)

    def read(self, bucket: str, key: str) -> bytes:
        """An object."""
        return self._ask("GET", f"/{bucket}/{key}")

    def write(self, bucket: str, key: str, data: bytes) -> None:
        """Put an object."""
        self._ask("PUT", f"/{bucket}/{key}", data)

    def delete(self, bucket: str, key: str) -> None:
        """Remove an object."""
        self._ask("DELETE", f"/{bucket}/{key}")

    def _ask(self, method: str, path: str, body: bytes = b"") -> bytes:
        """Past the proxy."""
        upstream = http.client.HTTPConnection("127.0.0.1", self._upstream, timeout=30)
        signed = (
            f"AWS4-HMAC-SHA256 Credential={KEY}/20260101/{REGION}/s3/aws4_request, SignedHeaders=host, Signature=0"
        )
        upstream.request(method, path, body=body, headers={"Authorization": signed})
        response = upstream.getresponse()
        data = response.read()
        upstream.close()
        assert response.status < 300, (response.status, data[:500])
        return data


@contextmanager
def s3_behind_faults() -> Iterator[S3]:
    """Moto's S3 server on loopback, behind a proxy that makes faults."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    proxy = _Proxy(server.get_host_and_port()[1])
    threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield S3(proxy.upstream, proxy)
    finally:
        proxy.shutdown()
        proxy.server_close()
        with suppress(Exception):
            server.stop()
