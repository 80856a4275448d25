"""`moviellm submit send`: one request a bundle, whoever sends it, how often, and whatever the Hub does meanwhile."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from moviellm.eval.submissions import sending
from moviellm.eval.submissions.canonical import canonical_files, sha256_of
from moviellm.eval.submissions.checking import check_bundle
from moviellm.eval.submissions.index import INDEX_FILE
from moviellm.generation.cli.app import call
from tests.eval.submissions.kit import INDEX, codes, declared, files, write_folder, write_zip
from tests.hub import hub, hub_here  # noqa: F401 fixtures
from tests.servers.hub_double import Hub

REPO = "moviellm/requests"
pytestmark = pytest.mark.usefixtures("no_cells")


def made(name: str = "MovieLLM 7B") -> tuple[dict[str, Any], dict[str, bytes]]:
    """What `one_form` gives, without a cell."""
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        path = write_folder(Path(place), files(declared=declared("MovieLLM 7B", name)))
        found = check_bundle(path, INDEX, keep=True)
    content = canonical_files(found.submission)
    return {**found.problems.facts(), "sha256": sha256_of(content), "declared": found.submission.declared}, content


@pytest.fixture
def queue(tmp_path: Path) -> Path:
    """A folder of requests with its index."""
    return write_folder(tmp_path / "queue", {INDEX_FILE: INDEX.text().encode()})


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting before another try."""
    monkeypatch.setattr("moviellm.cards.hub.answers.PAUSE_S", 0.001)


def requests_of(hub: Hub) -> dict[str, Any]:  # noqa: F811
    paths = [path for path in hub.tree(REPO) if path.endswith("/request.json")]
    return {path.split("/")[1]: json.loads(hub.read(REPO, path)) for path in paths}


def test_a_request_says_who_sent_what_and_where_its_status_will_be(queue: Path) -> None:
    facts, content = made()
    sent = sending.send_to_folder(queue, facts, content, "ada")
    folder = queue / "requests" / facts["sha256"]
    request = json.loads((folder / "request.json").read_bytes())
    assert sent.state == "sent" and sent.request == request
    wanted = {"submitter": "ada", "display_name": "MovieLLM 7B (64 frames)", "model_id": "org/model"}
    assert request == {**request, **wanted, "status_path": f"status/{facts['sha256']}.json", "sha256": facts["sha256"]}
    assert codes(folder / "bundle") == set()


def test_the_same_bundle_in_another_form_and_of_another_sender_is_sent_once(
    queue: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = write_folder(tmp_path / "bundle", files())
    second = write_zip(tmp_path / "bundle.zip", files().items())
    assert call(["submit", "send", str(first), "--to", str(queue), "--submitter", "ada"]) == 0
    assert "sent as MovieLLM 7B (64 frames) (org/model)" in capsys.readouterr().out
    assert call(["submit", "send", str(second), "--to", str(queue), "--submitter", "ben", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["state"] == "already there" and told["request"]["submitter"] == "ada"
    assert len([*(queue / "requests").iterdir()]) == 1
    assert {path.name for path in queue.iterdir()} == {INDEX_FILE, "requests"}


@pytest.mark.parametrize("there", ["{", "[]", "{}", '{"submitter": 5, "sent_at": ""}'])
def test_a_request_that_lies_there_and_cannot_be_read_is_told(
    queue: Path, tmp_path: Path, there: str, capsys: pytest.CaptureFixture[str]
) -> None:
    facts, content = made()
    place = Path(sending.send_to_folder(queue, facts, content, "ada").place)
    (place / "request.json").write_text(there)
    bundle = write_folder(tmp_path / "bundle", files())
    assert call(["submit", "send", str(bundle), "--to", str(queue), "--submitter", "ben"]) == 2
    assert "were sent before, by a request.json that cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("there", ["{", "[]"])
def test_a_status_that_cannot_be_read_is_told(queue: Path, there: str, capsys: pytest.CaptureFixture[str]) -> None:
    facts, content = made()
    sending.send_to_folder(queue, facts, content, "ada")
    write_folder(queue, {f"status/{facts['sha256']}.json": there.encode()})
    assert call(["submit", "status", facts["sha256"], "--to", str(queue)]) == 2
    assert "cannot be read; ask who keeps the leaderboard" in capsys.readouterr().err


def test_a_bundle_with_errors_is_not_sent(queue: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = write_folder(tmp_path / "bundle", files(qa_mc=b""))
    assert call(["submit", "send", str(bundle), "--to", str(queue)]) == 1
    told = capsys.readouterr()
    assert "E029 predictions/qa_mc.jsonl" in told.out and "nothing was sent" in told.err
    assert not (queue / "requests").exists()


def test_a_place_that_is_none_is_a_wrong_use(tmp_path: Path) -> None:
    bundle = write_folder(tmp_path / "bundle", files())
    assert call(["submit", "send", str(bundle), "--to", str(tmp_path / "nowhere")]) == 2
    assert call(["submit", "send", str(bundle), "--to", str(tmp_path)]) == 2  # without an index


def test_a_name_of_a_sender_that_others_must_not_see_is_refused(queue: Path) -> None:
    with pytest.raises(ValueError, match="--submitter '<b>'"):
        sending.send_to_folder(queue, *made(), "<b>")


def test_a_request_on_the_hub_is_one_commit(hub_here: Hub, tmp_path: Path) -> None:  # noqa: F811
    hub_here.write(REPO, {INDEX_FILE: INDEX.text().encode(), "README.md": b"---\n---\n"})
    bundle = write_folder(tmp_path / "bundle", files())
    assert call(["submit", "send", str(bundle), "--to", REPO]) == 0
    [request] = requests_of(hub_here).values()
    assert request["submitter"] == "tester"
    assert hub_here.count("POST .*/commit/main") == 1
    assert {INDEX_FILE, "README.md"} < set(hub_here.tree(REPO))


def test_the_same_bundle_is_sent_to_the_hub_once(hub_here: Hub) -> None:  # noqa: F811
    hub_here.write(REPO, {INDEX_FILE: INDEX.text().encode()})
    assert sending.send_to_hub(REPO, *made(), None).state == "sent"
    assert sending.send_to_hub(REPO, *made(), None).state == "already there"
    assert len(requests_of(hub_here)) == 1 and hub_here.count("POST .*/commit/main") == 1


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("effect", [429, 500, "drop"])
@pytest.mark.parametrize("at", ["start", "end"])
def test_what_the_hub_fails_at_is_tried_again_and_sent_once(hub_here: Hub, effect: Any, at: Any) -> None:  # noqa: F811
    hub_here.write(REPO, {INDEX_FILE: INDEX.text().encode()})
    hub_here.when("POST .*/commit/main", effect, 1, at)
    facts, content = made()
    assert sending.send_to_hub(REPO, facts, content, None).state == "sent"
    assert [*requests_of(hub_here)] == [facts["sha256"]]


@pytest.mark.usefixtures("quick")
def test_senders_at_the_same_time_lose_nothing_and_overwrite_nothing(hub_here: Hub) -> None:  # noqa: F811
    hub_here.write(REPO, {INDEX_FILE: INDEX.text().encode()})
    bundles = [made(f"Model {number % 3}") for number in range(5)]
    states: list[str] = []

    def one(number: int) -> None:
        states.append(sending.send_to_hub(REPO, *bundles[number], None).state)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(states) == ["already there"] * 2 + ["sent"] * 3
    assert set(requests_of(hub_here)) == {facts["sha256"] for facts, _ in bundles}


def test_somebody_elses_name_is_not_taken(hub_here: Hub) -> None:  # noqa: F811
    hub_here.write(REPO, {INDEX_FILE: INDEX.text().encode()})
    with pytest.raises(ValueError, match="it is who the token belongs to"):
        sending.send_to_hub(REPO, *made(), "somebody")


def test_a_dataset_that_is_not_there_is_told(hub_here: Hub) -> None:  # noqa: F811
    with pytest.raises(ValueError, match="there is no dataset moviellm/requests"):
        sending.send_to_hub(REPO, *made(), None)
