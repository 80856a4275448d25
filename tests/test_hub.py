"""The local Hub itself: that it refuses what the real one refuses, and fails when it is asked to."""

import hashlib
import threading
import time
from pathlib import Path

import httpx2
import pytest
from huggingface_hub import CommitOperationAdd, HfApi, hf_hub_download
from huggingface_hub.errors import (
    BadRequestError,
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from tests.hub import hub, hub_here  # noqa: F401 fixtures
from tests.servers.hub_double import Hub

REPO = "moviellm/films"


@pytest.fixture
def api(hub_here: Hub) -> HfApi:  # noqa: F811
    return HfApi()


@pytest.fixture
def films(api: HfApi, hub_here: Hub) -> Hub:  # noqa: F811
    """A dataset with a small and a large file."""
    hub_here.write(
        REPO, {"README.md": b"---\nlicense: mit\n---\n# Films\n", "qa/train.parquet": bytes(range(256)) * 40}
    )
    return hub_here


def add(path: str, data: bytes = b"data") -> list[CommitOperationAdd]:
    return [CommitOperationAdd(path, data)]


def commit(api: HfApi, path: str, data: bytes = b"data", **options: object) -> str:
    done = api.create_commit(REPO, add(path, data), commit_message=path, repo_type="dataset", **options)  # type: ignore
    return str(done.oid)


def test_a_large_file_is_sent_once_and_comes_back(api, films):
    data = b"\0" * 3_000_000 + b"end"
    commit(api, "keyframes/a.parquet", data)
    commit(api, "keyframes/b.parquet", data)
    path = hf_hub_download(REPO, "keyframes/b.parquet", repo_type="dataset")
    assert Path(path).read_bytes() == data
    assert films.sent == {hashlib.sha256(data).hexdigest(): 1}


def test_an_unchanged_file_makes_no_commit(api, films):
    assert commit(api, "a.txt") == commit(api, "a.txt")


def test_wrong_bytes_of_a_large_object_are_refused(api, films):
    assert httpx2.put(f"{films.url}/_objects/{'0' * 64}", content=b"other").status_code == 422


def test_a_commit_on_a_stale_parent_is_refused(api, films):
    parent = api.dataset_info(REPO).sha
    commit(api, "a.txt", parent_commit=parent)
    with pytest.raises(HfHubHTTPError, match="412"):
        commit(api, "b.txt", parent_commit=parent)


def test_a_tag_is_made_once(api, films):
    api.create_tag(REPO, tag="v1.0.0", repo_type="dataset")
    with pytest.raises(HfHubHTTPError, match="409"):
        api.create_tag(REPO, tag="v1.0.0", repo_type="dataset")
    commit(api, "later.txt")
    assert "later.txt" not in films.tree(REPO, revision="v1.0.0")
    (tag,) = api.list_repo_refs(REPO, repo_type="dataset").tags
    assert tag.name == "v1.0.0" and "later.txt" in films.tree(REPO)


def test_a_pull_request_is_merged(api, films):
    done = api.create_commit(REPO, add("a.txt"), commit_message="a", repo_type="dataset", create_pr=True)
    assert "a.txt" not in films.tree(REPO)
    api.merge_pull_request(REPO, done.pr_num, repo_type="dataset")
    assert "a.txt" in films.tree(REPO)
    assert api.get_discussion_details(REPO, done.pr_num, repo_type="dataset").status == "merged"


def test_a_pull_request_on_a_file_that_main_has_changed_conflicts(api, films):
    done = api.create_commit(REPO, add("README.md", b"a"), commit_message="a", repo_type="dataset", create_pr=True)
    commit(api, "README.md", b"b")
    assert api.get_discussion_details(REPO, done.pr_num, repo_type="dataset").conflicting_files == ["README.md"]
    with pytest.raises(HfHubHTTPError, match="409"):
        api.merge_pull_request(REPO, done.pr_num, repo_type="dataset")


def test_a_listing_of_thousands_comes_in_pages(api, films):
    films.write(REPO, {f"pictures/{number:04}.txt": b"" for number in range(2500)})
    listed = [entry.path for entry in api.list_repo_tree(REPO, repo_type="dataset", recursive=True)]
    assert len(listed) == len(set(listed)) == 2500 + len(["pictures", "qa", "qa/train.parquet", "README.md", ".git"])
    assert films.count("GET .*/tree/") == 3


def test_a_folder_of_more_than_ten_thousand_is_refused(films):
    with pytest.raises(Exception, match="more than 10000"):
        films.write(REPO, {f"pictures/{number}.txt": b"" for number in range(10_001)})


def test_part_of_a_file_is_read(films):
    url = f"{films.url}/datasets/{REPO}/resolve/main/qa/train.parquet"
    answer = httpx2.get(url, headers={"Range": "bytes=256-259"}, follow_redirects=True)
    assert (answer.status_code, answer.content) == (206, b"\0\1\2\3")
    assert answer.headers["Content-Range"] == "bytes 256-259/10240"


def test_a_private_repository_is_hidden_from_strangers(api, films):
    api.update_repo_settings(REPO, private=True, repo_type="dataset")
    assert HfApi(token="hf_reader").dataset_info(REPO).private
    for token in ("hf_other", False):
        with pytest.raises(RepositoryNotFoundError):
            HfApi(token=token).dataset_info(REPO)


def test_files_of_a_gated_repository_need_a_grant(api, films):
    api.update_repo_settings(REPO, gated="manual", repo_type="dataset")
    for token in ("hf_other", False):
        assert HfApi(token=token).dataset_info(REPO).gated == "manual"
        with pytest.raises(GatedRepoError):
            hf_hub_download(REPO, "README.md", repo_type="dataset", token=token)
    films.store.repos["dataset", REPO].granted.add("stranger")
    assert hf_hub_download(REPO, "README.md", repo_type="dataset", token="hf_other")


def test_who_may_not_write_is_refused(api, films):
    with pytest.raises(HfHubHTTPError, match="403"):
        HfApi(token="hf_reader").create_repo("moviellm/other", repo_type="dataset")
    with pytest.raises(HfHubHTTPError, match="403"):
        HfApi(token="hf_reader").create_tag(REPO, tag="v1", repo_type="dataset")
    with pytest.raises(HfHubHTTPError, match="Invalid user token"):
        HfApi(token="hf_unknown").whoami()
    with pytest.raises(HfHubHTTPError, match="409"):
        api.create_repo(REPO, repo_type="dataset")


def test_what_is_not_there_is_said_apart(api, films):
    with pytest.raises(RevisionNotFoundError):
        hf_hub_download(REPO, "README.md", repo_type="dataset", revision="v9")
    with pytest.raises(EntryNotFoundError):
        hf_hub_download(REPO, "nothing.md", repo_type="dataset")
    with pytest.raises(RepositoryNotFoundError):
        hf_hub_download("moviellm/nothing", "README.md", repo_type="dataset")


def test_a_card_that_is_no_yaml_is_refused(api, films):
    with pytest.raises((BadRequestError, ValueError)):
        commit(api, "README.md", b"---\nlicense: [\n---\n")


@pytest.mark.parametrize("fault", [429, 500, 503])
def test_a_fault_that_passes_is_survived_by_the_client(api, films, fault, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    films.fail("HEAD .*/resolve/", times=2, with_=fault)
    assert hf_hub_download(REPO, "README.md", repo_type="dataset")
    assert films.count("HEAD .*/resolve/") == 3


def test_a_connection_that_closes_in_the_middle_of_a_file_is_gone_on_with(api, films, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    films.fail("GET /_objects/", with_="close", at="middle")
    path = hf_hub_download(REPO, "qa/train.parquet", repo_type="dataset")
    assert hashlib.sha256(Path(path).read_bytes()).hexdigest() == films.tree(REPO)["qa/train.parquet"]


@pytest.mark.parametrize("at", ["start", "middle"])
def test_a_connection_that_is_reset_is_an_error_of_the_client(api, films, at):
    films.fail("GET /_objects/", with_="drop", at=at)
    with pytest.raises(httpx2.ReadError):
        hf_hub_download(REPO, "qa/train.parquet", repo_type="dataset")


def test_an_upload_that_breaks_in_the_middle_is_not_kept(films):
    films.fail("PUT /_objects/", with_="drop", at="middle")
    with pytest.raises(httpx2.NetworkError):
        httpx2.put(f"{films.url}/_objects/{hashlib.sha256(b'shard').hexdigest()}", content=b"shard")
    assert films.sent == {} and films.log[-1].status is None


def test_an_answer_that_is_lost_comes_after_the_commit(api, films):
    films.fail("POST .*/commit/", with_="drop", at="end")
    with pytest.raises(httpx2.TransportError):
        commit(api, "a.txt")
    assert "a.txt" in films.tree(REPO)


def test_the_nth_request_fails_and_no_other(films):
    films.fail("GET /api/datasets/", nth=2)
    url = f"{films.url}/api/datasets/{REPO}"
    assert [httpx2.get(url).status_code for _ in range(3)] == [200, 500, 200]


def test_a_held_request_waits_until_it_is_released(api, films):
    held = films.hold("POST .*/commit/")
    thread = threading.Thread(target=commit, args=(api, "a.txt"))
    thread.start()
    assert held.reached.wait(10)
    assert "a.txt" not in films.tree(REPO)
    held.release()
    thread.join(10)
    assert "a.txt" in films.tree(REPO)


def test_somebody_else_can_be_quicker(api, films):
    films.when("POST .*/commit/", lambda: films.write(REPO, {"theirs.txt": b""}))
    with pytest.raises(HfHubHTTPError, match="412"):
        commit(api, "ours.txt", parent_commit=api.dataset_info(REPO).sha)
    assert "theirs.txt" in films.tree(REPO) and "ours.txt" not in films.tree(REPO)
