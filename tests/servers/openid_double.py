"""An OpenID provider to test a login against: real HTTP, signed tokens; whoever comes is who it was told.

    with openid_double(client_id="space", secret="s") as provider:
        provider.user = "ada"
        provider.url                            # for OPENID_PROVIDER_URL

It asks nobody for a password: `/oauth/authorize` sends the browser straight back with a code, which is good once.
"""

import base64
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey


@dataclass(kw_only=True)
class Provider:
    """What it knows."""

    client_id: str
    secret: str
    user: str = "ada"
    url: str = ""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    """What was asked with each code that is not used yet."""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))

    def about(self) -> dict[str, Any]:
        """/.well-known/openid-configuration."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/oauth/authorize",
            "token_endpoint": f"{self.url}/oauth/token",
            "userinfo_endpoint": f"{self.url}/oauth/userinfo",
            "jwks_uri": f"{self.url}/oauth/jwks",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def authorize(self, asked: dict[str, str]) -> str | None:
        """Where the browser goes on; None for a client that nobody knows."""
        if asked.get("client_id") != self.client_id or asked.get("response_type") != "code":
            return None
        code = secrets.token_urlsafe()
        self.codes[code] = asked
        mark = "&" if "?" in asked["redirect_uri"] else "?"
        return f"{asked['redirect_uri']}{mark}{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, said: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """Tokens for a code; None where it, the secret or the address is another."""
        known = base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
        asked = self.codes.pop(said.get("code", ""), None)
        if asked is None or authorization != f"Basic {known}" or said.get("redirect_uri") != asked["redirect_uri"]:
            return None
        now = int(time.time())
        claims = {"iss": self.url, "aud": self.client_id, "sub": "1", "iat": now, "exp": now + 600}
        profile = f"https://huggingface.co/{self.user}"
        claims |= {"name": self.user.title(), "preferred_username": self.user, "profile": profile, "picture": ""}
        claims |= {"nonce": asked["nonce"]} if "nonce" in asked else {}
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)
        return {"access_token": "hf_oauth_x", "token_type": "bearer", "expires_in": 600, "id_token": signed,
                "scope": asked.get("scope", "")}  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        at = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(at.query).items()}
        if at.path == "/.well-known/openid-configuration":
            self._answer(200, self.provider.about())
        elif at.path == "/oauth/jwks":
            self._answer(200, {"keys": [self.provider.key.as_dict(private=False)]})
        elif at.path == "/oauth/authorize" and (to := self.provider.authorize(asked)) is not None:
            self.send_response(302)
            self.send_header("Location", to)
            self.end_headers()
        else:
            self._answer(400, {"error": "invalid_request"})

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        said = {name: values[0] for name, values in parse_qs(text).items()}
        told = self.provider.token(said, self.headers.get("Authorization", ""))
        self._answer(400 if told is None else 200, told or {"error": "invalid_grant"})

    def _answer(self, status: int, value: Any) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def openid_double(*, client_id: str, secret: str) -> Iterator[Provider]:
    """A provider in a thread of its own."""
    provider = Provider(client_id=client_id, secret=secret)
    handler = type("Handler", (_Handler,), {"provider": provider})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
