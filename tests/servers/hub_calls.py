"""A request to the Hub, taken apart, and what goes back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.servers.hub_store import Kind, Person, Repo, Store, Want

PAGE = 1000
"""Entries of one page of a listing."""


@dataclass
class Call:
    """One request."""

    store: Store
    base: str
    """Address of this Hub."""
    person: Person | None
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    path: str
    body: bytes
    names: Mapping[str, str]
    """The named parts of the path."""

    @property
    def json(self) -> Any:
        return json.loads(self.body or b"{}")

    @property
    def kind(self) -> Kind:
        return self.names["kind"].rstrip("/").removesuffix("s") if self.names.get("kind") else "model"  # type: ignore

    def flag(self, name: str) -> bool:
        return self.query.get(name, [""])[0].lower() in {"1", "true"}

    def repo(self, want: Want = "see") -> Repo:
        return self.store.repo(self.kind, self.names["repo"], self.person, want)

    def url(self, repo: Repo) -> str:
        return f"{self.base}/{'' if repo.kind == 'model' else repo.kind + 's/'}{repo.name}"

    def author(self) -> str:
        return self.person.name if self.person else "?"


@dataclass
class Answer:
    """One response: `data` as it is, or `value` as JSON."""

    value: Any = None
    data: bytes | memoryview | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def paged(call: Call, items: list[Any]) -> tuple[list[Any], dict[str, str]]:
    """The asked part of a listing, and the header that says where the next is."""
    first, size = int(call.query.get("cursor", ["0"])[0]), int(call.query.get("limit", [str(PAGE)])[0])
    headers = {"X-Total-Count": str(len(items))}
    if first + size < len(items):
        query = {name: values for name, values in call.query.items() if name != "cursor"}
        following = urlencode({**query, "cursor": [str(first + size)]}, doseq=True)
        headers["Link"] = f'<{call.base}{call.path}?{following}>; rel="next"'
    return items[first : first + size], headers
