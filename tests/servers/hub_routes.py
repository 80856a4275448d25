"""What the Hub's addresses answer: the routes that huggingface_hub, datasets, transformers and our push go through.

`ROUTES` is the list of them; each is a function from a `Call` to an `Answer`. Here are those that change something,
hub_reading.py has the others. It opens no socket: see hub_double.py.
"""

import base64
import fnmatch
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from tests.servers import hub_reading as reading
from tests.servers.hub_calls import Answer, Call
from tests.servers.hub_store import Entry, Proposal, RefusedError, Repo, Store

LARGE_BYTES = 10_000_000
"""Files above are large objects, whatever they are called."""


def whoami(call: Call) -> Answer:
    person = call.person
    if person is None:
        raise RefusedError(401, "", "Invalid username or password.")
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
        raise RefusedError(400, "BadRequest", f"Invalid repo name {asked['name']}")
    if (kind, name) in call.store.repos and call.person is not None:  # the Hub says where it is
        repo = call.store.repo(kind, name, call.person, "write")
        return Answer({"error": f"You already created this {kind} repo", "url": call.url(repo)}, status=409)
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


def validate_yaml(call: Call) -> Answer:
    try:
        metadata = reading.front_matter(call.json["content"])
    except yaml.YAMLError as error:
        raise RefusedError(400, "BadRequest", f"Invalid metadata in README.md: {error}") from None
    if metadata is not None and not isinstance(metadata, dict):
        raise RefusedError(400, "BadRequest", "Metadata must be a mapping")
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
        raise RefusedError(404, "EntryNotFound", "No such object")
    return Answer({})


def commit(call: Call) -> Answer:
    revision = call.names["rev"].removeprefix("refs/heads/")
    proposes = call.flag("create_pr")
    repo = call.repo("propose" if proposes or revision.startswith("refs/pr/") else "write")
    lines = [json.loads(line) for line in call.body.splitlines() if line.strip()]
    header = next(line["value"] for line in lines if line["key"] == "header")
    head = repo.resolve(revision)
    if header.get("parentCommit") not in (None, head):
        raise RefusedError(412, "", "A commit has happened since. Please refresh and try again.")
    if revision not in repo.branches:
        raise RefusedError(400, "BadRequest", f"{revision} is no branch")
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
            tree[value["path"]] = _large(store, value)
        elif line["key"] == "deletedFile":
            if tree.pop(value["path"], None) is None:
                raise RefusedError(400, "BadRequest", f"No file {value['path']} to delete")
        elif line["key"] == "deletedFolder":
            folder = value["path"].rstrip("/") + "/"
            tree = {path: entry for path, entry in tree.items() if not path.startswith(folder)}
    return tree


def _large(store: Store, value: dict[str, Any]) -> Entry:
    """The large object that a commit names; it must have come in before."""
    oid = value["oid"]
    if oid in store.objects:
        return Entry(store.objects[oid], large=True)
    if store.xet is not None and (xet_hash := store.xet.hashes().get(oid)):
        return Entry(b"", large=True, kept_by_xet=(xet_hash, oid, value["size"]))
    raise RefusedError(400, "BadRequest", f"LFS pointer points to a file that does not exist: {value['path']}")


def tag(call: Call) -> Answer:
    call.repo("write").tag(call.json["tag"], call.names["rev"])
    return Answer({})


def delete_tag(call: Call) -> Answer:
    if call.repo("write").tags.pop(call.names["rev"], None) is None:
        raise RefusedError(404, "RevisionNotFound", f"No tag {call.names['rev']}")
    return Answer({})


def branch(call: Call) -> Answer:
    repo, name = call.repo("write"), call.names["rev"]
    if name in repo.branches:
        raise RefusedError(409, "Conflict", f"Reference already exists: refs/heads/{name}")
    repo.branches[name] = repo.resolve(call.json.get("startingPoint") or "main")
    return Answer({})


def delete_branch(call: Call) -> Answer:
    if call.names["rev"] == "main" or call.repo("write").branches.pop(call.names["rev"], None) is None:
        raise RefusedError(404, "RevisionNotFound", f"No branch {call.names['rev']} that can be deleted")
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


_REPO = r"(?P<kind>models|datasets|spaces)/(?P<repo>[^/]+/[^/]+)"
_PAGE_OF = r"(?P<kind>datasets/|spaces/)?(?P<repo>[^/]+/[^/]+)"
_REV = r"(?P<rev>[^/]+)"
_OID = r"/_objects/(?P<oid>[0-9a-f]{64})"

ROUTES: list[tuple[str, str, Callable[[Call], Answer]]] = [
    ("GET", r"/api/whoami-v2", whoami),
    ("POST", r"/api/validate-yaml", validate_yaml),
    ("POST", r"/api/repos/create", create),
    ("DELETE", r"/api/repos/delete", delete),
    ("GET", rf"/api/{_REPO}", reading.info),
    ("GET", rf"/api/{_REPO}/revision/{_REV}", reading.info),
    ("PUT", rf"/api/{_REPO}/settings", settings),
    ("GET", rf"/api/{_REPO}/auth-check", reading.auth_check),
    ("GET", rf"/api/{_REPO}/runtime", reading.runtime),
    ("GET", rf"/api/{_REPO}/xet-(?P<may>read|write)-token(/{_REV})?", reading.xet_token),
    ("POST", rf"/api/{_REPO}/preupload/{_REV}", preupload),
    ("POST", rf"/api/{_REPO}/commit/{_REV}", commit),
    ("GET", rf"/api/{_REPO}/tree/{_REV}(?P<path>/.*)?", reading.list_tree),
    ("POST", rf"/api/{_REPO}/paths-info/{_REV}", reading.paths_info),
    ("GET", rf"/api/{_REPO}/refs", reading.refs),
    ("GET", rf"/api/{_REPO}/commits/{_REV}", reading.commits),
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
    ("GET", _OID, reading.get_object),
    ("GET", rf"/{_PAGE_OF}/resolve/{_REV}/(?P<path>.+)", reading.resolve),
]
