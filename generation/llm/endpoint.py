"""Where the model server is and with which key it is asked, from the environment; and how that stays secret.

    endpoint = endpoint_from(os.environ)          # OPENAI_BASE_URL, OPENAI_API_KEY
    endpoint.redact("401: bad key sk-...")        # '401: bad key ***'

Neither the key nor credentials in the address reach a file, a message or a cell: `shown` is what may be printed, and
every text that comes from the server goes through `redact` before anything else sees it. It opens no connection.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import quote, unquote, urlsplit, urlunsplit

OPENAI = "https://api.openai.com/v1"
NO_KEY = "none"
"""Sent as the key to servers that want none."""
SECRET_LENGTH_MIN = 6
"""Shorter keys are placeholders such as `none`; replacing them would spoil ordinary words."""
HIDDEN_LENGTH_MIN = 16
"""In answers, which may hold any words, only secrets as long as real keys are hidden: `ollama` is a word."""
SECRET_QUERY = re.compile(r"(?i)key|token|sig|secret|code|pass|auth|cred")
"""Names of values in an address that are secret; others (`api-version`) are not, unless they are as long as keys."""
HIDDEN = "***"
_KEYLIKE = re.compile(
    r"\b(?:sk|rk|pk|hf|gsk|xai)[-_][A-Za-z0-9*_-]{8,}|(?i:\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/*=-]{6,}"
)


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A server and how to ask it."""

    base_url: str = field(repr=False)
    """Address without credentials."""
    api_key: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What is sent beside the key: credentials of the address."""
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Query of the address, sent with every call."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Texts that nobody may see, longest first."""
    shown: str = ""
    """The address as it may be printed: without credentials and query."""

    @cached_property
    def server_id(self) -> str:
        """16 hex digits that tell servers apart without naming them."""
        return hashlib.sha256(self.shown.encode()).hexdigest()[:16]

    def redact(self, text: str) -> str:
        """The text without secrets: ours, and what looks like anybody's."""
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        return _KEYLIKE.sub(HIDDEN, text) if any(mark in text for mark in ("-", "_", "earer", "asic")) else text

    def hide(self, text: str) -> str:
        """The text without our secrets; for answers, which may hold any words."""
        for secret in self.secrets:
            if len(secret) >= HIDDEN_LENGTH_MIN:
                text = text.replace(secret, HIDDEN)
        return text


def endpoint_from(environment: Mapping[str, str], *, asked: bool = True) -> Endpoint:
    """The server that the environment names.

    Args:
        asked: False for a dry run, which asks nobody and so needs no key.

    Raises:
        ValueError: the address is none, or OpenAI's own server is asked without a key.
    """
    address = environment.get("OPENAI_BASE_URL", "").strip() or OPENAI
    key = environment.get("OPENAI_API_KEY", "").strip()
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise ValueError("OPENAI_BASE_URL is no address; it looks like http://127.0.0.1:8000/v1") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("OPENAI_BASE_URL is no http address; it looks like http://127.0.0.1:8000/v1")
    if asked and not key and address == OPENAI:
        raise ValueError("no server to ask: set OPENAI_API_KEY, or OPENAI_BASE_URL to a server of your own")
    if any(ord(char) < 33 or ord(char) > 126 for char in key):
        raise ValueError("OPENAI_API_KEY holds a space or a letter that no key has; set it again")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = f"{host}:{port}" if port else host
    headers, secrets = _credentials(parts.username, parts.password)
    query = dict(item.partition("=")[::2] for item in parts.query.split("&") if item)
    secrets += [key]
    secrets += [value for name, value in query.items() if SECRET_QUERY.search(name) or len(value) >= HIDDEN_LENGTH_MIN]
    shown = urlunsplit((parts.scheme, place, parts.path, "", ""))
    return Endpoint(
        base_url=shown,
        api_key=key or NO_KEY,
        headers=headers,
        query={unquote(name): unquote(value) for name, value in query.items()},
        secrets=_forms(secrets),
        shown=shown,
    )


def _credentials(user: str | None, password: str | None) -> tuple[dict[str, str], list[str]]:
    """Credentials of an address as a header, and what of them is secret."""
    if user is None:
        return {}, []
    pair = f"{unquote(user)}:{unquote(password or '')}"
    token = base64.b64encode(pair.encode()).decode()
    return {"Authorization": f"Basic {token}"}, [token, password or user, pair]


def _forms(secrets: list[str]) -> tuple[str, ...]:
    """Secrets as they are and as an address spells them, longest first."""
    forms = {form for secret in secrets for form in (secret, unquote(secret), quote(secret, safe=""))}
    return tuple(sorted((form for form in forms if len(form) >= SECRET_LENGTH_MIN), key=len, reverse=True))
