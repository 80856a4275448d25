"""What the Hub's addresses answer: the routes that huggingface_hub, datasets, transformers and our push go through.

`ROUTES` is the list of them; each is a function from a `Call` to an `Answer`. It opens no socket: see hub_double.py.
Errors carry the headers that huggingface_hub reads its exceptions from.
"""

import base64
import fnmatch
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

import yaml

from tests.servers.hub_store import Commit, Entry, Kind, Person, Proposal, Refused, Repo, Store, Want

LARGE_BYTES = 10_000_000
"""Files above are large objects, whatever they are called."""
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


def whoami(call: Call) -> Answer:
    person = call.person
    if person is None:
        raise Refused(401, "", "Invalid username or password.")
    orgs = [{"type": "org", "name": name, "roleInOrg": role} for name, role in person.orgs.items()]
    token = {"displayName": "test", "role": person.token_role}
    auth = {"type": "access_token", "accessToken": token}
    return Answer({"type": "user", "id": person.name, "name": person.name, "orgs": orgs, "auth": auth})


def create(call: Call) -> Answer:
    asked = call.json
    kind = asked.get("type") or "model"
    namespace = asked.get("organization") or call.author()
    name = f"{namespace}/{asked['name']}"
    private = asked.get("visibility") == "private" or bool(asked.get("private"))
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]{0,95}", asked["name"]):
        raise Refused(400, "BadRequest", f"Invalid repo name {asked['name']}")
    repo = call.store.create(kind, name, call.person, private, asked.get("sdk"))
    return Answer({"url": call.url(repo), "name": name, "id": name})


def delete(call: Call) -> Answer:
    asked = call.json
    kind, name = asked.get("type") or "model", f"{asked.get('organization') or call.author()}/{asked['name']}"
    call.store.repo(kind, name, call.person, "write")
    del call.store.repos[kind, name]
    return Answer({})


def settings(call: Call) -> Answer:
    repo, asked = call.repo("write"), call.json
    repo.gated = asked.get("gated", repo.gated)
    repo.private = asked.get("private", repo.private)
    if "visibility" in asked:
        repo.private = asked["visibility"] == "private"
    return Answer({"gated": repo.gated, "private": repo.private})


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
        "usedStorage": sum(len(entry.data) for entry in commit.tree.values()),
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


def validate_yaml(call: Call) -> Answer:
    try:
        metadata = front_matter(call.json["content"])
    except yaml.YAMLError as error:
        raise Refused(400, "BadRequest", f"Invalid metadata in README.md: {error}") from None
    if metadata is not None and not isinstance(metadata, dict):
        raise Refused(400, "BadRequest", "Metadata must be a mapping")
    warnings = [] if metadata else [{"message": "empty or missing yaml metadata in repo card"}]
    return Answer({"errors": [], "warnings": warnings})


def preupload(call: Call) -> Answer:
    repo = call.repo("propose" if call.flag("create_pr") or "refs/pr/" in call.names["rev"] else "write")
    tree = repo.tree(call.names["rev"])
    large = _large_patterns(tree)
    files = []
    for asked in call.json["files"]:
        old, name = tree.get(asked["path"]), asked["path"].rpartition("/")[2]
        binary = b"\0" in base64.b64decode(asked.get("sample") or "")
        is_large = binary or asked["size"] > LARGE_BYTES or any(fnmatch.fnmatch(name, pattern) for pattern in large)
        told = {"path": asked["path"], "uploadMode": "lfs" if is_large else "regular", "shouldIgnore": False}
        files.append(told | ({"oid": old.etag} if old else {}))
    return Answer({"files": files, "commitOid": repo.resolve(call.names["rev"])})


def _large_patterns(tree: Mapping[str, Entry]) -> list[str]:
    text = tree[".gitattributes"].data.decode() if ".gitattributes" in tree else ""
    return [line.split()[0] for line in text.splitlines() if "filter=lfs" in line]


def lfs_batch(call: Call) -> Answer:
    call.repo("propose")
    objects = []
    for asked in call.json["objects"]:
        told = {"oid": asked["oid"], "size": asked["size"]}
        if asked["oid"] not in call.store.objects:
            href = f"{call.base}/_objects/{asked['oid']}"
            told["actions"] = {"upload": {"href": href}, "verify": {"href": f"{href}/verify"}}
        objects.append(told)
    return Answer({"transfer": "basic", "objects": objects})


def put_object(call: Call) -> Answer:
    call.store.keep(call.names["oid"], call.body)
    return Answer({})


def verify_object(call: Call) -> Answer:
    data = call.store.objects.get(call.names["oid"])
    if data is None or len(data) != call.json["size"]:
        raise Refused(404, "EntryNotFound", "No such object")
    return Answer({})


def get_object(call: Call) -> Answer:
    data = call.store.objects.get(call.names["oid"])
    if data is None:
        raise Refused(404, "EntryNotFound", "No such object")
    return _bytes(call, data, {"ETag": f'"{call.names["oid"]}"'})


def commit(call: Call) -> Answer:
    revision = call.names["rev"].removeprefix("refs/heads/")
    proposes = call.flag("create_pr")
    repo = call.repo("propose" if proposes or revision.startswith("refs/pr/") else "write")
    lines = [json.loads(line) for line in call.body.splitlines() if line.strip()]
    header = next(line["value"] for line in lines if line["key"] == "header")
    head = repo.resolve(revision)
    if header.get("parentCommit") not in (None, head):
        raise Refused(412, "", "A commit has happened since. Please refresh and try again.")
    if revision not in repo.branches:
        raise Refused(400, "BadRequest", f"{revision} is no branch")
    tree = _changed(call.store, dict(repo.tree(revision)), lines)
    url = None
    if proposes:
        proposal = repo.propose(header["summary"], call.author())
        revision, url = f"refs/pr/{proposal.number}", f"{call.url(repo)}/discussions/{proposal.number}"
    oid = repo.commit(revision, tree, header["summary"], header.get("description", ""), call.author())
    told = {"success": True, "commitOid": oid, "commitUrl": f"{call.url(repo)}/commit/{oid}", "hookOutput": ""}
    return Answer(told | ({"pullRequestUrl": url} if url else {}))


def _changed(store: Store, tree: dict[str, Entry], lines: list[dict[str, Any]]) -> dict[str, Entry]:
    for line in lines:
        value = line["value"]
        if line["key"] == "file":
            tree[value["path"]] = Entry(base64.b64decode(value["content"]))
        elif line["key"] == "lfsFile":
            if value["oid"] not in store.objects:
                raise Refused(400, "BadRequest", f"LFS pointer pointed to a file that does not exist: {value['path']}")
            tree[value["path"]] = Entry(store.objects[value["oid"]], large=True)
        elif line["key"] == "deletedFile":
            if tree.pop(value["path"], None) is None:
                raise Refused(400, "BadRequest", f"No file {value['path']} to delete")
        elif line["key"] == "deletedFolder":
            folder = value["path"].rstrip("/") + "/"
            tree = {path: entry for path, entry in tree.items() if not path.startswith(folder)}
    return tree


def _file(path: str, entry: Entry) -> dict[str, Any]:
    told: dict[str, Any] = {"type": "file", "path": path, "oid": entry.blob, "size": len(entry.data)}
    if entry.large:
        told["lfs"] = {"oid": entry.sha256, "size": len(entry.data), "pointerSize": len(entry.pointer)}
        if told["size"]:
            told["lfs"]["sha256"] = entry.sha256
    return told


def _folder(path: str, tree: Mapping[str, Entry]) -> dict[str, Any]:
    inside = "".join(f"{name} {tree[name].blob}\n" for name in sorted(tree) if name.startswith(path + "/"))
    return {"type": "directory", "path": path, "oid": hashlib.sha1(inside.encode()).hexdigest(), "size": 0}


def list_tree(call: Call) -> Answer:
    repo, top = call.repo(), call.names.get("path", "").strip("/")
    tree = repo.tree(call.names["rev"])
    start = f"{top}/" if top else ""
    inside = [path for path in sorted(tree) if path.startswith(start)]
    if top and not inside:
        raise Refused(404, "EntryNotFound", f"{top} does not exist on {call.names['rev']!r}")
    found: dict[str, bool] = {}  # path -> is it a folder
    for path in inside:
        parts = path.removeprefix(start).split("/")
        for depth in range(1, len(parts)) if call.flag("recursive") else range(1, min(2, len(parts))):
            found[start + "/".join(parts[:depth])] = True
        if call.flag("recursive") or len(parts) == 1:
            found[path] = False
    page, headers = _page(call, list(found.items()))
    return Answer([_folder(p, tree) if folder else _file(p, tree[p]) for p, folder in page], headers=headers)


def _page(call: Call, items: list[Any]) -> tuple[list[Any], dict[str, str]]:
    """The asked part of a listing, and the header that says where the next is."""
    first, size = int(call.query.get("cursor", ["0"])[0]), int(call.query.get("limit", [str(PAGE)])[0])
    headers = {"X-Total-Count": str(len(items))}
    if first + size < len(items):
        query = {name: values for name, values in call.query.items() if name != "cursor"}
        following = urlencode({**query, "cursor": [str(first + size)]}, doseq=True)
        headers["Link"] = f'<{call.base}{call.path}?{following}>; rel="next"'
    return items[first : first + size], headers


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
    page, headers = _page(call, call.repo().history(call.names["rev"]))
    told = [
        {"id": c.oid, "title": c.title, "message": c.message, "date": c.date, "authors": [{"user": c.author}]}
        for c in page
    ]
    return Answer(told, headers=headers)


def tag(call: Call) -> Answer:
    call.repo("write").tag(call.json["tag"], call.names["rev"])
    return Answer({})


def delete_tag(call: Call) -> Answer:
    if call.repo("write").tags.pop(call.names["rev"], None) is None:
        raise Refused(404, "RevisionNotFound", f"No tag {call.names['rev']}")
    return Answer({})


def branch(call: Call) -> Answer:
    repo, name = call.repo("write"), call.names["rev"]
    if name in repo.branches:
        raise Refused(409, "Conflict", f"Reference already exists: refs/heads/{name}")
    repo.branches[name] = repo.resolve(call.json.get("startingPoint") or "main")
    return Answer({})


def delete_branch(call: Call) -> Answer:
    if call.names["rev"] == "main" or call.repo("write").branches.pop(call.names["rev"], None) is None:
        raise Refused(404, "RevisionNotFound", f"No branch {call.names['rev']} that can be deleted")
    return Answer({})


def discuss(call: Call) -> Answer:
    asked, repo = call.json, call.repo("propose")
    proposal = repo.propose(asked["title"], call.author(), bool(asked.get("pullRequest")))
    return Answer({"num": proposal.number, "url": f"{call.url(repo)}/discussions/{proposal.number}"})


def list_discussions(call: Call) -> Answer:
    repo = call.repo()
    told = [_discussion(repo, proposal) for proposal in repo.proposals.values()]
    return Answer({"discussions": told if call.query.get("p", ["0"]) == ["0"] else [], "count": len(told), "start": 0})


def discussion(call: Call) -> Answer:
    repo = call.repo()
    proposal = repo.proposal(int(call.names["number"]))
    told = _discussion(repo, proposal) | {"events": []}
    if proposal.base is not None:
        changes = {"base": "refs/heads/main", "mergeCommitId": proposal.merged_as}
        open_conflicts = repo.conflicts(proposal) if proposal.status == "open" else []
        told |= {"changes": changes, "filesWithConflicts": open_conflicts, "diff": ""}
    return Answer(told)


def _discussion(repo: Repo, proposal: Proposal) -> dict[str, Any]:
    return {
        "num": proposal.number,
        "title": proposal.title,
        "status": proposal.status,
        "author": {"name": proposal.author},
        "isPullRequest": proposal.base is not None,
        "createdAt": proposal.date,
        "repo": {"name": repo.name, "type": repo.kind},
        "repoOwner": {"name": repo.namespace, "isParticipating": False, "isDiscussionAuthor": False},
    }


def merge(call: Call) -> Answer:
    repo = call.repo("write")
    repo.merge(repo.proposal(int(call.names["number"])))
    return Answer({})


def set_status(call: Call) -> Answer:
    proposal, status = call.repo("propose").proposal(int(call.names["number"])), call.json["status"]
    proposal.status = status
    return Answer({"newStatus": {"id": "0", "type": "status-change", "createdAt": proposal.date, "data": call.json}})


def auth_check(call: Call) -> Answer:
    call.repo("read")
    return Answer({})


def runtime(call: Call) -> Answer:
    call.repo()
    return Answer({"stage": "BUILDING", "hardware": {"current": None, "requested": "cpu-basic"}, "storage": None})


def resolve(call: Call) -> Answer:
    repo = call.repo("read")
    oid = repo.resolve(call.names["rev"])
    entry = repo.commits[oid].tree.get(call.names["path"])
    headers = {"X-Repo-Commit": oid, "Accept-Ranges": "bytes"}
    if entry is None:
        raise Refused(404, "EntryNotFound", "Entry not found", headers)
    headers["ETag"] = f'"{entry.etag}"'
    if not entry.large:
        return _bytes(call, entry.data, headers)
    headers |= {"X-Linked-Size": str(len(entry.data)), "X-Linked-ETag": f'"{entry.sha256}"'}
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
        raise Refused(416, "", "Range not satisfiable", {"Content-Range": f"bytes */{len(data)}"})
    headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
    return Answer(data=memoryview(data)[first : last + 1], status=206, headers=headers)


_REPO = r"(?P<kind>models|datasets|spaces)/(?P<repo>[^/]+/[^/]+)"
_PAGE_OF = r"(?P<kind>datasets/|spaces/)?(?P<repo>[^/]+/[^/]+)"
_REV = r"(?P<rev>[^/]+)"
_OID = r"/_objects/(?P<oid>[0-9a-f]{64})"

ROUTES: list[tuple[str, str, Callable[[Call], Answer]]] = [
    ("GET", r"/api/whoami-v2", whoami),
    ("POST", r"/api/validate-yaml", validate_yaml),
    ("POST", r"/api/repos/create", create),
    ("DELETE", r"/api/repos/delete", delete),
    ("GET", rf"/api/{_REPO}", info),
    ("GET", rf"/api/{_REPO}/revision/{_REV}", info),
    ("PUT", rf"/api/{_REPO}/settings", settings),
    ("GET", rf"/api/{_REPO}/auth-check", auth_check),
    ("GET", rf"/api/{_REPO}/runtime", runtime),
    ("POST", rf"/api/{_REPO}/preupload/{_REV}", preupload),
    ("POST", rf"/api/{_REPO}/commit/{_REV}", commit),
    ("GET", rf"/api/{_REPO}/tree/{_REV}(?P<path>/.*)?", list_tree),
    ("POST", rf"/api/{_REPO}/paths-info/{_REV}", paths_info),
    ("GET", rf"/api/{_REPO}/refs", refs),
    ("GET", rf"/api/{_REPO}/commits/{_REV}", commits),
    ("POST", rf"/api/{_REPO}/tag/{_REV}", tag),
    ("DELETE", rf"/api/{_REPO}/tag/{_REV}", delete_tag),
    ("POST", rf"/api/{_REPO}/branch/{_REV}", branch),
    ("DELETE", rf"/api/{_REPO}/branch/{_REV}", delete_branch),
    ("POST", rf"/api/{_REPO}/discussions", discuss),
    ("GET", rf"/api/{_REPO}/discussions", list_discussions),
    ("GET", rf"/api/{_REPO}/discussions/(?P<number>\d+)", discussion),
    ("POST", rf"/api/{_REPO}/discussions/(?P<number>\d+)/merge", merge),
    ("POST", rf"/api/{_REPO}/discussions/(?P<number>\d+)/status", set_status),
    ("POST", rf"/{_PAGE_OF}\.git/info/lfs/objects/batch", lfs_batch),
    ("PUT", _OID, put_object),
    ("POST", rf"{_OID}/verify", verify_object),
    ("GET", _OID, get_object),
    ("GET", rf"/{_PAGE_OF}/resolve/{_REV}/(?P<path>.+)", resolve),
]
