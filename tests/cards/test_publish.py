"""publish.py against the local Hub: what arrives, what is refused, and what a second push does."""

import threading
from pathlib import Path

import pytest
from huggingface_hub import EvalResultEntry, HfApi, snapshot_download

from moviellm.cards.hub import answers, plan
from moviellm.cards.hub.local import SCANNED_BYTES
from moviellm.cards.publish import How, publish_dataset, publish_folder, publish_results
from moviellm.generation.dataset.folder import MANIFEST, README
from tests.cards.hub_folders import UNKNOWN, assert_holds, content, make_folder, write_manifest
from tests.servers.hub_double import Hub

REPO = "moviellm/films"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "PAUSE_S", 0.001)
    monkeypatch.setattr(plan, "COMMIT_FILES", 2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "films")


def _titles(hub_here: Hub, repo_id: str = REPO, kind: str = "dataset") -> list[str]:
    history = hub_here.store.repos[kind, repo_id].history("main")  # type: ignore[index]
    return [commit.title for commit in reversed(history)][1:]


def test_a_push_arrives_whole_under_a_tag(hub_here: Hub, folder: Path) -> None:
    done = publish_dataset(folder, REPO, version="1.2.0")
    assert (done.state, done.tag, done.url) == ("pushed", "v1.2.0", f"{hub_here.url}/datasets/{REPO}/tree/v1.2.0")
    assert_holds(hub_here, REPO, folder, "v1.2.0", "1.2.0")
    assert hub_here.tree(REPO) == hub_here.tree(REPO, revision="v1.2.0")


def test_what_is_downloaded_is_what_was_pushed(hub_here: Hub, folder: Path, tmp_path: Path) -> None:
    publish_dataset(folder, REPO, version="1.2.0")
    snapshot_download(REPO, repo_type="dataset", revision="v1.2.0", local_dir=tmp_path / "back")
    local, back = content(folder), content(tmp_path / "back")
    assert {path for path in local if back[path] != local[path]} == {README, MANIFEST}


def test_shards_go_in_small_commits_and_the_card_in_the_last(hub_here: Hub, folder: Path) -> None:
    publish_dataset(folder, REPO, version="1.2.0")
    assert _titles(hub_here) == [*(f"Version 1.2.0: part {number} of 4" for number in (1, 2, 3)), "Version 1.2.0"]
    *parts, _ = reversed(hub_here.store.repos["dataset", REPO].history("main")[:-1])
    assert all(README not in commit.tree and MANIFEST not in commit.tree for commit in parts)


def test_every_commit_names_its_parent(hub_here: Hub, folder: Path) -> None:
    hub_here.when(
        "POST .*/commit/", lambda: hub_here.write(REPO, {"qa/test-00000-of-00001.parquet": b"\0other"}), nth=2
    )
    publish_dataset(folder, REPO, version="1.2.0")
    assert_holds(hub_here, REPO, folder, "v1.2.0", "1.2.0")
    assert [logged.status for logged in hub_here.log if "/commit/" in logged.path].count(412) == 1


def test_only_what_the_manifest_lists_is_sent(hub_here: Hub, folder: Path) -> None:
    (folder / "private-notes.txt").write_text("mine")
    publish_dataset(folder, REPO, version="1.2.0")
    assert "private-notes.txt" not in hub_here.tree(REPO)


def test_the_same_push_again_sends_nothing(hub_here: Hub, folder: Path) -> None:
    publish_dataset(folder, REPO, version="1.2.0")
    hub_here.log.clear()
    assert publish_dataset(folder, REPO, version="1.2.0").state == "already there"
    assert {logged.method for logged in hub_here.log} == {"GET"}


def test_the_same_version_with_other_bytes_is_refused(hub_here: Hub, folder: Path, tmp_path: Path) -> None:
    publish_dataset(folder, REPO, version="1.2.0")
    before = hub_here.tree(REPO)
    other = make_folder(tmp_path / "other", seed=1)
    hub_here.log.clear()
    with pytest.raises(ValueError, match=r"v1\.2\.0 already, with other files: .* has other bytes;.*another version"):
        publish_dataset(other, REPO, version="1.2.0")
    assert {logged.method for logged in hub_here.log} == {"GET"} and hub_here.tree(REPO) == before


def test_a_tag_is_never_moved(hub_here: Hub, folder: Path, tmp_path: Path) -> None:
    other = make_folder(tmp_path / "other", seed=1)
    held = hub_here.hold("POST .*/tag/")  # the slower of two writers of one version, about to name its commit
    failed: list[BaseException] = []

    def slower() -> None:
        try:
            publish_dataset(other, REPO, version="1.2.0")
        except ValueError as error:
            failed.append(error)

    thread = threading.Thread(target=slower)
    thread.start()
    assert held.reached.wait(10)
    publish_dataset(folder, REPO, version="1.2.0")
    held.release()
    thread.join(10)
    assert "with other files" in str(failed[0])
    assert_holds(hub_here, REPO, folder, "v1.2.0", "1.2.0")


def test_the_next_version_sends_what_is_new_and_deletes_what_is_gone(
    hub_here: Hub, folder: Path, tmp_path: Path
) -> None:
    publish_dataset(folder, REPO, version="1.2.0")
    smaller = make_folder(tmp_path / "next", shards=3)  # other names: -of-00003
    publish_dataset(smaller, REPO, version="1.3.0")
    assert_holds(hub_here, REPO, smaller, "v1.3.0", "1.3.0")
    assert_holds(hub_here, REPO, folder, "v1.2.0", "1.2.0")
    assert set(hub_here.sent.values()) == {1}
    assert ".gitattributes" in hub_here.store.repos["dataset", REPO].tree("main")


def test_a_shard_that_did_not_change_is_not_sent_again(hub_here: Hub, folder: Path) -> None:
    publish_dataset(folder, REPO, version="1.2.0")
    shard = folder / "qa/train-00002-of-00005.parquet"
    shard.write_bytes(b"PAR1\0new")
    write_manifest(folder, [path for path in content(folder) if path != MANIFEST])
    before = sum(hub_here.sent.values())
    done = publish_dataset(folder, REPO, version="1.3.0")
    assert sum(hub_here.sent.values()) == before + 1
    assert [file.path for commit in done.commits for file in commit.files] == [
        "qa/train-00002-of-00005.parquet",
        README,
        MANIFEST,
    ]


def test_a_lower_version_leaves_main_at_the_newest(hub_here: Hub, folder: Path, tmp_path: Path) -> None:
    newest = make_folder(tmp_path / "newest", seed=1)
    publish_dataset(newest, REPO, version="2.0.0")
    done = publish_dataset(folder, REPO, version="1.2.1")
    assert done.branch == "release-1.2.1"
    assert_holds(hub_here, REPO, folder, "v1.2.1", "1.2.1")
    assert_holds(hub_here, REPO, newest, "main", "2.0.0")
    assert list(hub_here.store.repos["dataset", REPO].branches) == ["main"]


def test_a_dry_run_sends_nothing_and_lists_everything(hub_here: Hub, folder: Path) -> None:
    done = publish_dataset(folder, REPO, version="1.2.0", how=How(dry_run=True))
    assert {logged.method for logged in hub_here.log} == {"GET"} and hub_here.store.repos == {}
    assert [len(commit.files) for commit in done.commits] == [2, 2, 1, 5]
    assert {file.path for commit in done.commits for file in commit.files} == content(folder).keys()


def test_a_dry_run_without_a_token_says_what_a_push_needs(
    hub_here: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    notes: list[str] = []
    done = publish_dataset(folder, REPO, version="1.2.0", how=How(dry_run=True, note=notes.append))
    assert done.state == "would be pushed" and "would stop here: no token" in notes[0] and "HF_TOKEN" in notes[0]


def test_a_repository_is_made_private_or_gated(hub_here: Hub, folder: Path) -> None:
    publish_dataset(folder, REPO, version="1.2.0", how=How(private=True, gated="manual"))
    made = hub_here.store.repos["dataset", REPO]
    assert (made.private, made.gated) == (True, "manual")


def test_nothing_is_sent_to_a_public_repository_by_who_wants_a_private_one(hub_here: Hub, folder: Path) -> None:
    HfApi().create_repo(REPO, repo_type="dataset")
    with pytest.raises(ValueError, match="there and public"):
        publish_dataset(folder, REPO, version="1.2.0", how=How(private=True))
    assert hub_here.tree(REPO) == {}


def test_a_gate_can_be_set_later(hub_here: Hub, folder: Path) -> None:
    publish_dataset(folder, REPO, version="1.2.0")
    assert publish_dataset(folder, REPO, version="1.2.0", how=How(gated="auto")).state == "already there"
    assert hub_here.store.repos["dataset", REPO].gated == "auto"


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (None, "no token .*hf auth login, or set HF_TOKEN"),
        ("hf_reader", "may only read"),
        ("hf_other", r"not a member of moviellm; .* push to stranger/films, or .*--create-pr"),
        ("hf_nobody", "does not know this token"),
    ],
)
def test_who_may_not_write_is_told_before_a_file_is_read(
    hub_here: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch, token: str | None, said: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", token or "")
    (folder / "features.json").unlink()  # would be noticed next
    with pytest.raises(ValueError, match=said):
        publish_dataset(folder, REPO, version="1.2.0")
    assert not [logged for logged in hub_here.log if logged.method != "GET"]


def test_data_of_unknown_licence_leaves_only_with_one(hub_here: Hub, tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "films", licence=UNKNOWN)
    with pytest.raises(ValueError, match="--license"):
        publish_dataset(folder, REPO, version="1.2.0")
    publish_dataset(folder, REPO, version="1.2.0", licence="cc-by-4.0")
    assert b"license: cc-by-4.0" in hub_here.read(REPO, README)


def test_a_repository_of_others_is_not_emptied(hub_here: Hub, folder: Path) -> None:
    hub_here.write(REPO, {README: b"# Theirs", "data/train.parquet": b"\0theirs"})
    with pytest.raises(ValueError, match=r"would be deleted: data/train\.parquet"):
        publish_dataset(folder, REPO, version="1.2.0")
    publish_dataset(folder, REPO, version="1.2.0", how=How(replace=True))
    assert_holds(hub_here, REPO, folder, "v1.2.0", "1.2.0")


@pytest.mark.parametrize(
    "theirs",
    [
        {"train.csv": b"theirs"},
        {README: b"# Theirs", "manifest.json": b'{"files": 3}', "data/train-00000-of-00001.parquet": b"\0theirs"},
        {"manifest.json": b"[]", "a.wav": b"\0"},
        {"manifest.json": b"\xff", "a.wav": b"\0"},
    ],
)
def test_what_no_push_has_put_there_is_not_deleted(hub_here: Hub, folder: Path, theirs: dict[str, bytes]) -> None:
    head = hub_here.write(REPO, theirs)
    with pytest.raises(ValueError, match="would be deleted"):
        publish_dataset(folder, REPO, version="1.2.0")
    assert hub_here.store.repos["dataset", REPO].branches == {"main": head}


def test_a_file_added_between_two_versions_is_not_deleted(hub_here: Hub, folder: Path, tmp_path: Path) -> None:
    publish_dataset(folder, REPO, version="1.2.0")
    hub_here.write(REPO, {"docs/notes.md": b"theirs"})
    with pytest.raises(ValueError, match=r"would be deleted: docs/notes\.md; choose"):
        publish_dataset(make_folder(tmp_path / "new", shards=2), REPO, version="1.3.0")


def test_another_dataset_does_not_take_the_place_of_one(hub_here: Hub, folder: Path, tmp_path: Path) -> None:
    publish_dataset(folder, REPO, version="1.2.0")
    rows = make_folder(tmp_path / "rows", shards=2)
    write_manifest(rows, sorted(set(content(rows)) - {MANIFEST}), name="Films-sft")
    with pytest.raises(ValueError, match=r"would be deleted: qa/train-00000-of-00005\.parquet"):
        publish_dataset(rows, REPO, version="1.3.0")


def test_other_bytes_that_come_second_do_not_stay_on_main(hub_here: Hub, folder: Path, tmp_path: Path) -> None:
    # Another push of the same version ends while this one is on its way.
    quicker = make_folder(tmp_path / "quicker", seed=1)
    hub_here.when("POST .*/commit/", lambda: publish_dataset(quicker, REPO, version="1.2.0") and None, nth=2)
    with pytest.raises(ValueError, match=r"has v1\.2\.0 already, with other files"):
        publish_dataset(folder, REPO, version="1.2.0")
    assert_holds(hub_here, REPO, quicker, "v1.2.0", "1.2.0")
    assert hub_here.tree(REPO) == hub_here.tree(REPO, revision="v1.2.0")


def test_the_branch_of_a_hot_fix_that_was_killed_behind_its_tag_goes(
    hub_here: Hub, folder: Path, tmp_path: Path
) -> None:
    publish_dataset(folder, REPO, version="1.2.0")
    old = make_folder(tmp_path / "old", seed=1)
    hub_here.fail("DELETE .*/branch/", with_=403)
    with pytest.raises(ValueError, match="may not do that"):
        publish_dataset(old, REPO, version="1.1.9")
    assert "release-1.1.9" in hub_here.store.repos["dataset", REPO].branches
    assert publish_dataset(old, REPO, version="1.1.9").state == "already there"
    assert list(hub_here.store.repos["dataset", REPO].branches) == ["main"]


def test_a_pull_request_never_puts_main_back(hub_here: Hub, folder: Path, tmp_path: Path) -> None:
    publish_dataset(folder, REPO, version="1.2.0")
    with pytest.raises(ValueError, match=r"has v1\.2\.0 already, and merging v1\.1\.9 would put main back"):
        publish_dataset(make_folder(tmp_path / "old", seed=1), REPO, version="1.1.9", how=How(create_pr=True))


def test_secrets_of_the_address_and_broken_tokens_are_not_shown(
    hub_here: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match=r"^HF_ENDPOINT holds a name or a password, which would show"):
        publish_dataset(folder, REPO, version="1.2.0", how=How(endpoint="http://me:hidden@127.0.0.1:9"))
    with pytest.raises(ValueError, match=r"^the token for the Hub has characters that no token has"):
        publish_dataset(folder, REPO, version="1.2.0", how=How(token="hf_é"))


def test_a_pull_request_holds_the_files_and_no_tag(hub_here: Hub, folder: Path, tmp_path: Path) -> None:
    publish_dataset(folder, REPO, version="1.2.0")
    new = make_folder(tmp_path / "new", seed=1)
    done = publish_dataset(new, REPO, version="1.3.0", how=How(create_pr=True))
    assert (done.state, done.branch, done.url) == (
        "proposed",
        "refs/pr/1",
        f"{hub_here.url}/datasets/{REPO}/discussions/1",
    )
    assert_holds(hub_here, REPO, new, "refs/pr/1", "1.3.0")
    assert_holds(hub_here, REPO, folder, "main", "1.2.0")
    assert list(hub_here.store.repos["dataset", REPO].tags) == ["v1.2.0"]


def test_a_pull_request_is_gone_on_with_and_tagged_when_merged(hub_here: Hub, folder: Path, tmp_path: Path) -> None:
    publish_dataset(folder, REPO, version="1.2.0")
    new = make_folder(tmp_path / "new", seed=1)
    for _ in range(2):
        publish_dataset(new, REPO, version="1.3.0", how=How(create_pr=True))
    assert list(hub_here.store.repos["dataset", REPO].proposals) == [1]
    HfApi().merge_pull_request(REPO, 1, repo_type="dataset")
    assert publish_dataset(new, REPO, version="1.3.0", how=How(create_pr=True)).state == "already there"
    sent = sum(hub_here.sent.values())
    done = publish_dataset(new, REPO, version="1.3.0")
    assert (done.state, done.commits, sum(hub_here.sent.values())) == ("pushed", (), sent)
    assert_holds(hub_here, REPO, new, "v1.3.0", "1.3.0")


def test_a_draft_is_opened_when_it_holds_everything(hub_here: Hub, folder: Path, tmp_path: Path) -> None:
    publish_dataset(folder, REPO, version="1.2.0")
    new = make_folder(tmp_path / "new", seed=1)
    proposals = hub_here.store.repos["dataset", REPO].proposals

    def as_the_hub_does() -> None:
        proposals[1].status = "draft"

    hub_here.when("POST .*/discussions$", as_the_hub_does, at="end")
    hub_here.fail("POST .*/commit/", with_=403, nth=2)
    with pytest.raises(ValueError):
        publish_dataset(new, REPO, version="1.3.0", how=How(create_pr=True))
    assert proposals[1].status == "draft"
    publish_dataset(new, REPO, version="1.3.0", how=How(create_pr=True))
    assert [proposal.status for proposal in proposals.values()] == ["open"]


def test_a_stranger_may_propose(hub_here: Hub, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_dataset(folder, REPO, version="1.2.0")
    monkeypatch.setenv("HF_TOKEN", "hf_other")
    new = make_folder(tmp_path / "new", seed=1)
    assert publish_dataset(new, REPO, version="1.3.0", how=How(create_pr=True)).state == "proposed"
    with pytest.raises(ValueError, match="changes no settings"):
        publish_dataset(new, REPO, version="1.3.0", how=How(create_pr=True, gated="auto"))


def test_a_pull_request_needs_a_repository(hub_here: Hub, folder: Path) -> None:
    with pytest.raises(ValueError, match="push it without --create-pr"):
        publish_dataset(folder, REPO, version="1.2.0", how=How(create_pr=True))


def test_a_model_goes_through_the_same_door(hub_here: Hub, tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / README).write_text("---\nlicense: mit\n---\n# A model\n")
    (model / "model.safetensors").write_bytes(b"\0" * 100)
    done = publish_folder(model, "moviellm/vlm", "model", version="0.1.0")
    assert (done.url, hub_here.tree("moviellm/vlm", "model", "v0.1.0")) == (
        f"{hub_here.url}/moviellm/vlm/tree/v0.1.0",
        content(model),
    )
    publish_results("moviellm/vlm", [_result()], name="bench")
    (model / "model.safetensors").write_bytes(b"\0" * 99)
    publish_folder(model, "moviellm/vlm", "model", version="0.2.0")
    assert ".eval_results/bench.yaml" in hub_here.tree("moviellm/vlm", "model")  # what others reported stays


def test_a_space_goes_through_the_same_door(hub_here: Hub, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("print(1)")
    with pytest.raises(ValueError, match="needs an SDK"):
        publish_folder(tmp_path, "moviellm/app", "space")
    how = How(space_sdk="gradio")
    assert publish_folder(tmp_path, "moviellm/app", "space", how=how).state == "pushed"
    assert publish_folder(tmp_path, "moviellm/app", "space", how=how).state == "already there"
    (tmp_path / "app.py").rename(tmp_path / "main.py")
    with pytest.raises(ValueError, match=r"would be deleted: app\.py"):
        publish_folder(tmp_path, "moviellm/app", "space", how=how)
    publish_folder(tmp_path, "moviellm/app", "space", how=How(space_sdk="gradio", replace=True))
    assert hub_here.tree("moviellm/app", "space").keys() == {"main.py"}


def test_a_secret_stops_a_push_before_anything_is_sent(hub_here: Hub, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"token": "hf_' + "Z" * 34 + '"}')
    assert (tmp_path / "config.json").stat().st_size < SCANNED_BYTES
    with pytest.raises(ValueError, match="secret"):
        publish_folder(tmp_path, "moviellm/vlm", "model")
    assert hub_here.store.repos == {}


def _result(value: object = 0.5, task: str = "qa_mc") -> EvalResultEntry:
    return EvalResultEntry(dataset_id="moviellm/bench", task_id=task, value=value)


def test_results_are_read_back_by_the_hub(hub_here: Hub) -> None:
    HfApi().create_repo("moviellm/vlm")
    publish_results("moviellm/vlm", [_result(0.25), _result(0.5, "grounding")], name="bench")
    shown = HfApi().model_info("moviellm/vlm", expand=["evalResults"]).eval_results
    assert {(entry.task_id, entry.value) for entry in shown or []} == {("qa_mc", 0.25), ("grounding", 0.5)}
    assert publish_results("moviellm/vlm", [_result(0.25), _result(0.5, "grounding")], name="bench").state == (
        "already there"
    )


def test_results_can_be_proposed_to_others(hub_here: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub_here.write("moviellm/vlm", {"config.json": b"{}"}, kind="model")
    monkeypatch.setenv("HF_TOKEN", "hf_other")
    done = publish_results("moviellm/vlm", [_result()], name="bench", how=How(create_pr=True))
    assert done.branch == "refs/pr/1"
    assert hub_here.tree("moviellm/vlm", "model", "refs/pr/1").keys() == {"config.json", ".eval_results/bench.yaml"}


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([], "no results"),
        ([_result(float("nan"))], "no finite number"),
        ([_result("many")], "no finite number"),
        ([_result(), _result()], "two results of qa_mc"),
        ([_result(task="")], "needs a dataset and a task"),
    ],
)
def test_results_that_would_be_shown_wrongly_are_refused(entries: list[EvalResultEntry], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        publish_results("moviellm/vlm", entries, name="bench")
