"""The core beside the published programs, each in an environment of its own, on hundreds of made-up cases.

Slow: makes virtual environments with pip, and starts Java, which is skipped over where it is absent.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from moviellm.eval import core
from tests.eval.core.references.made_up import corpus, texts

pytestmark = pytest.mark.slow
HERE = Path(__file__).parent / "references"
ASK_PPI = """
import json, sys
import numpy as np
from ppi_py import ppi_mean_ci, ppi_mean_pointestimate
found = []
for case in json.load(sys.stdin):
    human, mine, rest = (np.array(values, float) for values in case)
    ends = ppi_mean_ci(human, mine, rest, alpha=0.05)
    found.append([float(np.ravel(value)[0]) for value in (ppi_mean_pointestimate(human, mine, rest), *ends)])
json.dump(found, sys.stdout)
"""


def python_with(package: str, folder: Path) -> Path:
    """The Python of a new environment that holds a package."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([folder / "bin/python", "-m", "pip", "install", "-q", package], check=True)
    return folder / "bin/python"


@pytest.fixture(scope="module")
def captioning(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What was asked of pycocoevalcap 1.2, what it found, and where its jar lies."""
    if shutil.which("java") is None:
        pytest.skip("needs java")
    python = python_with("pycocoevalcap==1.2", tmp_path_factory.mktemp("coco") / "venv")
    cands, refs = corpus(300, 17)
    asked = {"cands": cands, "refs": refs, "texts": texts(3000, 17)}
    done = subprocess.run([python, HERE / "captions.py"], input=json.dumps(asked), capture_output=True, text=True)
    (jar,) = (python.parent.parent / "lib").rglob("meteor-1.5.jar")
    return {"asked": asked, "found": json.loads(done.stdout), "jar": jar}


@pytest.mark.parametrize("name", ["cider_d", "rouge_l", "bleu", "meteor"])
def test_caption_scores_are_those_of_pycocoevalcap(
    captioning: dict[str, Any], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOVIELLM_METEOR_JAR", str(captioning["jar"]))
    mine = getattr(core, name)(captioning["asked"]["cands"], captioning["asked"]["refs"])
    theirs = captioning["found"][name]
    assert mine["score"] == pytest.approx(theirs["score"], abs=1e-9)
    for one, other in zip(mine["per_item"].values(), theirs["per_item"], strict=True):
        assert one == pytest.approx(other, abs=1e-9)


def test_tokens_of_awkward_captions_are_those_of_pycocoevalcap(captioning: dict[str, Any]) -> None:
    asked = captioning["asked"]["texts"]
    pairs = zip(asked, core.ptb_tokenize(asked), captioning["found"]["texts"], strict=True)
    odd = [pair for pair in pairs if pair[1] != pair[2]]
    assert len(odd) / len(asked) <= 0.005, odd[:5]


def test_prediction_powered_means_are_those_of_ppi_python(tmp_path: Path) -> None:
    lot = np.random.default_rng(2)
    cases = []
    for _ in range(100):
        human = lot.integers(0, 2, 20) * 1.0
        cases.append([human.tolist(), (human * 0.6 + lot.random(20) * 0.4).tolist(), lot.random(50).tolist()])
    python = python_with("ppi-python==0.2.3", tmp_path / "venv")
    done = subprocess.run([python, "-c", ASK_PPI], input=json.dumps(cases), capture_output=True, text=True)
    for case, theirs in zip(cases, json.loads(done.stdout), strict=True):
        mine = core.ppi_mean(*case)
        assert [mine[name] for name in ("estimate", "low", "high")] == pytest.approx(theirs, abs=1e-9)
