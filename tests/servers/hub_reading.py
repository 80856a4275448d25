"""What the Hub's addresses answer to who reads: repositories, listings, refs, files and ranges of files."""

import fnmatch
import hashlib
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, quote

import yaml

from tests.servers.hub_calls import Answer, Call, paged
from tests.servers.hub_store import Commit, Entry, RefusedError


def info(call: Call) -> Answer:
    repo = call.repo()
    commit = repo.commits[repo.resolve(call.names.get("rev", "main"))]
    card = _card(commit)
    about: dict[str, Any] = {
        "author": repo.namespace,
        "cardData": card,
        "createdAt": repo.created,
        "disabled": False,
        "downloads": 0,
        "gated": repo.gated,
        "lastModified": commit.date,
        "likes": 0,
        "private": repo.private,
        "sha": commit.oid,
        "siblings": [_sibling(path, commit.tree[path], call.flag("blobs")) for path in sorted(commit.tree)],
        "tags": [f"license:{card['license']}"] if card and "license" in card else [],
        "usedStorage": sum(entry.size for entry in commit.tree.values()),
    }
    if repo.kind == "model":
        about |= {"evalResults": _eval_results(commit), "config": {}, "library_name": (card or {}).get("library_name")}
    if repo.kind == "space":
        about |= {"sdk": (card or {}).get("sdk", repo.sdk), "runtime": {"stage": "BUILDING"}}
    wanted = call.query.get("expand", call.query.get("expand[]", []))
    given = {key: value for key, value in about.items() if (key in wanted if wanted else key != "evalResults")}
    return Answer({"_id": hashlib.sha1(repo.name.encode()).hexdigest()[:24], "id": repo.name, **given})


def _sibling(path: str, entry: Entry, blobs: bool) -> dict[str, Any]:
    return {"rfilename": path} | (_file(path, entry) | {"blobId": entry.blob} if blobs else {})


def _card(commit: Commit) -> dict[str, Any] | None:
    readme = commit.tree.get("README.md")
    return None if readme is None else front_matter(readme.data.decode())


def front_matter(text: str) -> dict[str, Any] | None:
    """The YAML at the head of a card."""
    found = re.match(r"---\r?\n(.*?)\r?\n---", text, re.DOTALL)
    return yaml.safe_load(found[1]) if found else None


def _eval_results(commit: Commit) -> list[dict[str, Any]]:
    results = []
    for path, entry in sorted(commit.tree.items()):
        if fnmatch.fnmatch(path, ".eval_results/*.yaml"):
            results += [{"filename": path, "verified": False, "data": item} for item in yaml.safe_load(entry.data)]
    return results


def _file(path: str, entry: Entry) -> dict[str, Any]:
    told: dict[str, Any] = {"type": "file", "path": path, "oid": entry.blob, "size": entry.size}
    if entry.large:
        told["lfs"] = {"oid": entry.sha256, "size": entry.size, "pointerSize": len(entry.pointer)}
    return told | ({"xetHash": entry.kept_by_xet[0]} if entry.kept_by_xet else {})


def _folder(path: str, tree: Mapping[str, Entry]) -> dict[str, Any]:
    inside = "".join(f"{name} {tree[name].blob}\n" for name in sorted(tree) if name.startswith(path + "/"))
    return {"type": "directory", "path": path, "oid": hashlib.sha1(inside.encode()).hexdigest(), "size": 0}


def xet_token(call: Call) -> Answer:
    call.repo("propose" if call.names["may"] == "write" else "read")
    if call.store.xet is None:
        raise RefusedError(404, "", "This Hub has no Xet")
    told = call.store.xet.token()
    headers = {"X-Xet-Cas-Url": told["casUrl"], "X-Xet-Access-Token": told["accessToken"]}
    return Answer(told, headers={**headers, "X-Xet-Token-Expiration": str(told["exp"])})  # type: ignore[dict-item]


def list_tree(call: Call) -> Answer:
    repo, top = call.repo(), call.names.get("path", "").strip("/")
    tree = repo.tree(call.names["rev"])
    start = f"{top}/" if top else ""
    inside = [path for path in sorted(tree) if path.startswith(start)]
    if top and not inside:
        raise RefusedError(404, "EntryNotFound", f"{top} does not exist on {call.names['rev']!r}")
    found: dict[str, bool] = {}  # path -> is it a folder
    for path in inside:
        parts = path.removeprefix(start).split("/")
        for depth in range(1, len(parts)) if call.flag("recursive") else range(1, min(2, len(parts))):
            found[start + "/".join(parts[:depth])] = True
        if call.flag("recursive") or len(parts) == 1:
            found[path] = False
    page, headers = paged(call, list(found.items()))
    return Answer([_folder(p, tree) if folder else _file(p, tree[p]) for p, folder in page], headers=headers)


def paths_info(call: Call) -> Answer:
    tree = call.repo().tree(call.names["rev"])
    in_json = "json" in call.headers.get("Content-Type", "")
    asked = call.json["paths"] if in_json else parse_qs(call.body.decode()).get("paths", [])
    found = []
    for path in (path.strip("/") for path in asked):
        if path in tree:
            found.append(_file(path, tree[path]))
        elif any(name.startswith(path + "/") for name in tree):
            found.append(_folder(path, tree))
    return Answer(found)


def refs(call: Call) -> Answer:
    repo = call.repo()
    proposals = {name: oid for name, oid in repo.branches.items() if name.startswith("refs/pr/")}
    branches = {name: oid for name, oid in repo.branches.items() if name not in proposals}

    def listed(names: Mapping[str, str], prefix: str) -> list[dict[str, str]]:
        return [{"name": name, "ref": prefix + name, "targetCommit": oid} for name, oid in sorted(names.items())]

    told = {"branches": listed(branches, "refs/heads/"), "tags": listed(repo.tags, "refs/tags/"), "converts": []}
    return Answer(told | ({"pullRequests": listed(proposals, "")} if call.flag("include_prs") else {}))


def commits(call: Call) -> Answer:
    page, headers = paged(call, call.repo().history(call.names["rev"]))
    told = [
        {"id": c.oid, "title": c.title, "message": c.message, "date": c.date, "authors": [{"user": c.author}]}
        for c in page
    ]
    return Answer(told, headers=headers)


def auth_check(call: Call) -> Answer:
    call.repo("read")
    return Answer({})


def runtime(call: Call) -> Answer:
    call.repo()
    return Answer({"stage": "BUILDING", "hardware": {"current": None, "requested": "cpu-basic"}, "storage": None})


def get_object(call: Call) -> Answer:
    data = call.store.objects.get(call.names["oid"])
    if data is None:
        raise RefusedError(404, "EntryNotFound", "No such object")
    return _bytes(call, data, {"ETag": f'"{call.names["oid"]}"'})


def resolve(call: Call) -> Answer:
    repo = call.repo("read")
    oid = repo.resolve(call.names["rev"])
    entry = repo.commits[oid].tree.get(call.names["path"])
    headers = {"X-Repo-Commit": oid, "Accept-Ranges": "bytes"}
    if entry is None:
        raise RefusedError(404, "EntryNotFound", "Entry not found", headers)
    headers["ETag"] = f'"{entry.etag}"'
    if not entry.large:
        return _bytes(call, entry.data, headers)
    headers |= {"X-Linked-Size": str(entry.size), "X-Linked-ETag": f'"{entry.sha256}"'}
    if entry.kept_by_xet:
        token = f"{call.base}/api/{repo.kind}s/{repo.name}/xet-read-token/{oid}"
        headers |= {"X-Xet-Hash": entry.kept_by_xet[0], "Link": f'<{token}>; rel="xet-auth"'}
    store = call.base.replace("127.0.0.1", "localhost")  # another host, as it is: nobody sends it a token
    headers["Location"] = f"{store}/_objects/{entry.sha256}?name={quote(call.names['path'], safe='')}"
    return Answer(data=b"", status=302, headers=headers)


def _bytes(call: Call, data: bytes, headers: dict[str, str]) -> Answer:
    """A file, or the range that is asked for."""
    headers |= {"Content-Type": "application/octet-stream", "Accept-Ranges": "bytes"}
    asked = re.fullmatch(r"bytes=(\d*)-(\d*)", call.headers.get("Range", ""))
    if not asked or asked[0] == "bytes=-":
        return Answer(data=data, headers=headers)
    first = int(asked[1]) if asked[1] else max(0, len(data) - int(asked[2]))
    last = min(int(asked[2]), len(data) - 1) if asked[1] and asked[2] else len(data) - 1
    if first > last:
        raise RefusedError(416, "", "Range not satisfiable", {"Content-Range": f"bytes */{len(data)}"})
    headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
    return Answer(data=memoryview(data)[first : last + 1], status=206, headers=headers)
