"""make, status, check and dataset build with a run in a bucket, as processes against a real S3 server that fails."""

import json
import os
import random
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from moviellm.generation.cli.app import call
from moviellm.generation.runs.manifest import TABLES
from tests.generation.buckets.kit import bucket_make
from tests.generation.cluster import kit
from tests.servers.openai_double import openai_double
from tests.servers.s3_faults import S3
from tests.servers.story_answers import answers

pytestmark = pytest.mark.slow
WRITTEN = [*kit.WRITTEN[1:], "movies=6"]
"""Movies that a model writes, a shard each."""
FLUSH_S = 0.3


def begin(s3: S3, bucket: str, run: Path, *arguments: str) -> None:
    """A run in a folder and one in a bucket, with the same record and nothing made."""
    kit.begin_run(run, *arguments)
    s3.write(bucket, "run/run.yaml", (run / "run.yaml").read_bytes())


def finish(process: subprocess.Popen[str], code: int = 0) -> dict[str, Any]:
    """What a verb prints at its end."""
    out, err = process.communicate(timeout=600)
    assert process.returncode == code, err
    return json.loads(out) if out.strip() else {}


def make(s3: S3, bucket: str, work: Path, environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """Go on with the run."""
    place = ["--out", f"s3://{bucket}/run", "--work", str(work), "--json"]
    return bucket_make({**s3.environment, **(environment or {})}, *place, flush_s=FLUSH_S)


def committed(s3: S3, bucket: str) -> dict[str, bytes]:
    """Tables and manifests in the bucket."""
    keys = [key.removeprefix("run/") for key in s3.keys(bucket)]
    return {key: s3.read(bucket, f"run/{key}") for key in keys if key.split("/")[0] in {*TABLES, "manifest"}}


def dataset(run: str, out: Path) -> dict[str, bytes]:
    """Every byte of the dataset of a run."""
    assert call(["dataset", "build", run, "--out", str(out)]) == 0
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def test_ten_kills_lose_nothing_and_repeat_only_what_was_not_sent(s3: S3, bucket: str, tmp_path: Path) -> None:
    rng, begun = random.Random(20261129), 0
    begin(s3, bucket, tmp_path / "one", *WRITTEN)
    with openai_double(latency_s=0.15, answers=answers) as double:
        environment = {"OPENAI_BASE_URL": double.base_url, "OPENAI_API_KEY": "sk-test"}
        finish(kit.start_make(tmp_path / "one", None, environment=environment))
        needed = len(double.billed)
        double.billed.clear()
        double.requests.clear()
        kills = 0
        while kills < 10:
            process = make(s3, bucket, tmp_path / "work", environment)
            aim = len(double.billed) + rng.randint(1, needed // 10)
            while process.poll() is None and len(double.billed) < aim:
                time.sleep(0.02)
            time.sleep(rng.random() * 0.8)  # also while it sends and commits
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                kills += 1
            process.communicate()
            begun += 1
            assert begun < 30
        finish(make(s3, bucket, tmp_path / "work", environment))
        repeated = len(double.billed) - needed
        bodies = Counter(json.dumps(one["body"], sort_keys=True) for one in double.requests)
        print(f"{needed} calls needed, {repeated} repeated after {kills} kills")  # noqa: T201
        assert len(bodies) == needed
        # Four under way, and four for each round trip since the last segment and while one is sent.
        assert repeated <= kills * 4 * (2 + FLUSH_S / 0.15 + 1)
    assert committed(s3, bucket) == kit.kept(tmp_path / "one")
    theirs = dataset(f"s3://{bucket}/run", tmp_path / "theirs")
    assert theirs == dataset(str(tmp_path / "one"), tmp_path / "ours")


@pytest.mark.parametrize("in_bucket", [False, True], ids=["folder", "bucket"])
def test_two_makes_that_follow_each_other_keep_one_limit_a_minute(
    s3: S3, bucket: str, tmp_path: Path, in_bucket: bool
) -> None:
    """The first asks all it has within seconds; the second has what that leaves of the minute, and waits."""
    limit = 24
    begin(s3, bucket, tmp_path / "one", *WRITTEN, "movies=1")
    place = f"s3://{bucket}/run" if in_bucket else str(tmp_path / "one")
    with openai_double(kit.Timed, latency_s=0.05, answers=answers) as double:
        environment = {**s3.environment, "OPENAI_BASE_URL": double.base_url, "OPENAI_API_KEY": "sk-test"}
        for movies, most in ((1, 3000), (2, limit)):
            sets = ["--set", f"movies={movies}", "--set", f"engine.requests_per_minute={most}"]
            finish(bucket_make(environment, "--out", place, *sets, "--no-films", "--json"))
    arrivals = double.arrivals
    assert len(arrivals) > limit > sum(at < arrivals[0] + 10.0 for at in arrivals) > limit // 2  # or it shows nothing
    assert kit.most_in_a_minute([(at, 1.0) for at in arrivals]) <= limit


def test_a_run_through_all_faults_has_the_bytes_of_one_without(s3: S3, bucket: str, tmp_path: Path) -> None:
    begin(s3, bucket, tmp_path / "one", *kit.SMALL, "movies=4")
    finish(kit.start_make(tmp_path / "one", None))
    rng = random.Random(7)
    for _ in range(60):
        method = rng.choice(["PUT", "PUT", "GET", "DELETE|POST"])
        s3.faults.add(method, "^(?!.*probe)", rng.choice([500, 503, "cut before", "cut after"]))  # opening has 15 s
    assert finish(make(s3, bucket, tmp_path / "work"))["movies"] == 4
    assert sum(rule.met for rule in s3.faults.rules) >= 40
    assert committed(s3, bucket) == kit.kept(tmp_path / "one")
    s3.faults.heal()
    assert call(["check", f"s3://{bucket}/run"]) == 0


def test_two_makes_at_once_one_is_refused_and_the_run_is_whole(s3: S3, bucket: str, tmp_path: Path) -> None:
    begin(s3, bucket, tmp_path / "one", *kit.SMALL, "movies=4")
    finish(kit.start_make(tmp_path / "one", None))
    both = [make(s3, bucket, tmp_path / name) for name in ("a", "b")]
    told = [process.communicate(timeout=600) for process in both]
    assert sorted(process.returncode for process in both) in ([0, 0], [0, 2])  # the second may have come too late
    refusals = [err for process, (_, err) in zip(both, told, strict=True) if process.returncode == 2]
    assert all("is being made by" in said for said in refusals)
    assert committed(s3, bucket) == kit.kept(tmp_path / "one")


def test_ctrl_c_keeps_what_was_made_and_gives_the_lease_back(s3: S3, bucket: str, tmp_path: Path) -> None:
    begin(s3, bucket, tmp_path / "one", *kit.SMALL, "movies=8")
    process = make(s3, bucket, tmp_path / "work")
    while not any("segments" in key for key in s3.keys(bucket)):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert f"Resume with: moviellm make --out s3://{bucket}/run" in err
    assert [key for key in s3.keys(bucket) if "/lease/" in key] == []
    assert finish(make(s3, bucket, tmp_path / "work"))["movies"] == 8


def test_status_sees_a_run_in_the_making_and_reads_no_picture(
    s3: S3, bucket: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begin(s3, bucket, tmp_path / "one", *kit.SMALL, "movies=8")
    process = make(s3, bucket, tmp_path / "work")
    try:
        while sum("manifest" in key for key in s3.keys(bucket)) < 2:
            assert process.poll() is None
            time.sleep(0.05)
        s3.faults.log.clear()
        assert call(["status", f"s3://{bucket}/run", "--json"]) == 0
        status = json.loads(capsys.readouterr().out)
    finally:
        finish(process)
    assert status["run"] == f"s3://{bucket}/run"
    assert 2 <= status["committed"] <= 8
    assert "process" in status["holder"]
    assert [path for method, path, _ in s3.faults.log if method == "GET" and ".parquet" in path] == []
    assert call(["status", f"s3://{bucket}/run", "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert (done["finished"], done["holder"], done["working"]) == (8, None, [])


def test_a_dry_run_says_what_is_left_and_writes_nothing(
    s3: S3, bucket: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begin(s3, bucket, tmp_path / "one", *kit.SMALL, "movies=2")
    finish(make(s3, bucket, tmp_path / "work"))
    before = s3.keys(bucket)
    place = ["--out", f"s3://{bucket}/run", "--set", "movies=3", "--dry-run", "--json"]
    s3.faults.add("PUT|DELETE|POST", "", 403, times=1000)  # it needs no right to write
    assert call(["make", *place]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert (plan["movies"], plan["run"]) == (3, f"s3://{bucket}/run")
    assert sum(plan["cached"].values()) == 2 * sum(plan["cells"].values()) / 3
    assert s3.keys(bucket) == before


@pytest.mark.parametrize(
    ("effect", "says"),
    [(403, "writing is not permitted"), ("bad key", "AWS_ACCESS_KEY_ID"), ("unconditional", "no put that fails")],
)
def test_what_cannot_be_made_is_refused_before_anything_is_paid_for(
    s3: S3, bucket: str, tmp_path: Path, effect: Any, says: str
) -> None:
    begin(s3, bucket, tmp_path / "one", *WRITTEN)
    s3.faults.add("PUT", "", effect, times=1000)
    with openai_double(answers=answers) as double:
        process = make(s3, bucket, tmp_path / "work", {"OPENAI_BASE_URL": double.base_url, "OPENAI_API_KEY": "sk-t"})
        _, err = process.communicate(timeout=120)
        assert (process.returncode, says in err, err.count("Traceback")) == (2, True, 0), err
        assert double.billed == []
    assert [key for key in s3.keys(bucket) if "probe" not in key] == ["run/run.yaml"]
