"""A double of Google Cloud Storage's JSON API: the calls that gcsfs makes for whole objects, over real HTTP.

    with gcs_double() as gcs:
        os.environ["STORAGE_EMULATOR_HOST"] = gcs.url
        gcs.objects["films", "run/run.yaml"]              # bytes
        gcs.plan("POST", 503, "cut after")                # the next such requests

`ifGenerationMatch=0` is held: a put of an object that is there is answered with 412. `conditional=False` is a store
that ignores it. Other conditions, generations and rights are not there.
"""

import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Effect = int | str


@dataclass
class Gcs:
    """What the double holds."""

    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    buckets: set[str] = field(default_factory=lambda: {"films"})
    conditional: bool = True
    url: str = ""
    planned: list[tuple[str, Effect]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def plan(self, method: str, *effects: Effect) -> None:
        """Faults of the next requests with a method: a status, or `cut after`."""
        self.planned += [(method, effect) for effect in effects]

    def effect(self, method: str) -> Effect | None:
        """What happens to a request."""
        for item in self.planned:
            if item[0] == method:
                self.planned.remove(item)
                return item[1]
        return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    gcs: Gcs

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.gcs.lock:
            effect = self.gcs.effect(self.command)
            status, answer = (effect, b"") if isinstance(effect, int) else self._done(body)
        if effect == "cut after":
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_DELETE = do_PUT = _serve  # noqa: N815

    def _done(self, body: bytes) -> tuple[int, bytes]:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        path = [unquote(part) for part in parts.path.split("/b/", 1)[1].split("/", 2)]
        bucket, key = path[0], path[2] if len(path) > 2 else ""
        if bucket not in self.gcs.buckets:
            return 404, _error(404, "The specified bucket does not exist.")
        if self.command == "POST":
            return self._put(bucket, body, query)
        if self.command == "GET" and not key:
            names = sorted(name for of, name in self.gcs.objects if of == bucket)
            found = [self._item(bucket, name) for name in names if name.startswith(query.get("prefix", ""))]
            return 200, json.dumps({"items": found}).encode()
        if (bucket, key) not in self.gcs.objects:
            return 404, _error(404, "No such object")
        if self.command == "DELETE":
            del self.gcs.objects[bucket, key]
            return 204, b""
        if query.get("alt") == "media":
            return self._media(self.gcs.objects[bucket, key])
        return 200, json.dumps(self._item(bucket, key)).encode()

    def _put(self, bucket: str, body: bytes, query: dict[str, str]) -> tuple[int, bytes]:
        assert query["uploadType"] == "multipart", "the double takes small objects"
        boundary = self.headers["Content-Type"].split('boundary="')[1].split('"')[0].encode()
        head, data = body.split(b"--" + boundary + b"\n")[1:3]
        key = json.loads(head.split(b"\n\n", 1)[1])["name"]
        if query.get("ifGenerationMatch") == "0" and (bucket, key) in self.gcs.objects and self.gcs.conditional:
            return 412, _error(412, "At least one of the pre-conditions you specified did not hold.")
        self.gcs.objects[bucket, key] = data.split(b"\n\n", 1)[1].removesuffix(b"\n--" + boundary + b"--")
        return 200, json.dumps(self._item(bucket, key)).encode()

    def _media(self, data: bytes) -> tuple[int, bytes]:
        if wanted := self.headers.get("Range"):
            start, _, end = wanted.removeprefix("bytes=").partition("-")
            return 206, data[int(start) : int(end) + 1 if end else None]
        return 200, data

    def _item(self, bucket: str, key: str) -> dict[str, str]:
        return {
            "kind": "storage#object",
            "bucket": bucket,
            "name": key,
            "size": str(len(self.gcs.objects[bucket, key])),
        }


def _error(status: int, message: str) -> bytes:
    return json.dumps({"error": {"code": status, "message": message}}).encode()


@contextmanager
def gcs_double() -> Iterator[Gcs]:
    """A double on loopback."""
    gcs = Gcs()
    handler = type("Handler", (_Handler,), {"gcs": gcs})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    gcs.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield gcs
    finally:
        server.shutdown()
        server.server_close()
