"""The core beside the published programs, on hundreds of made-up cases.

Slow: installs them, without what they depend on, and starts Java, which is skipped over where it is absent.
"""

import json
import os
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
ASK_CHOIX = """
import json, sys
import choix
found = []
for models, games in json.load(sys.stdin):
    data = []
    for a, b, verdict in games:
        # Twice the games, so that a tie is one win each way.
        data += {"a": [(a, b)] * 2, "b": [(b, a)] * 2, "tie": [(a, b), (b, a)]}[verdict]
    start = choix.ilsr_pairwise(models, data, alpha=0.0, max_iter=10_000, tol=1e-12)
    exact = choix.opt_pairwise(models, data, alpha=0.0, method="Newton-CG", initial_params=start, tol=1e-14)
    found.append(exact.tolist())
json.dump(found, sys.stdout)
"""
ASK_ROUGE = """
import json, sys
from rouge_score.rouge_scorer import RougeScorer
scorer = RougeScorer(["rougeL"])
found = [scorer.score(ref, cand)["rougeL"] for cand, ref in json.load(sys.stdin)]
json.dump([[score.precision, score.recall] for score in found], sys.stdout)
"""
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


PACKAGES = [
    "pycocoevalcap==1.2",
    "ppi-python==0.2.3",
    "choix==0.4.1",
    "rouge_score==0.1.2",
    "nltk",
    "numba",
    "llvmlite",
]


@pytest.fixture(scope="session")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a Python that has their packages; numpy, scipy and the like are ours."""
    folder = tmp_path_factory.mktemp("theirs")
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-compile", "--target", str(folder)]
    subprocess.run([*pip, *PACKAGES], check=True)
    return {**os.environ, "PYTHONPATH": str(folder)}


def asked_of(program: list[str], env: dict[str, str], given: Any) -> Any:
    """What a program of theirs answers, JSON to JSON."""
    done = subprocess.run(
        [sys.executable, *program], env=env, input=json.dumps(given), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def captioning(theirs: dict[str, str]) -> dict[str, Any]:
    """What was asked of pycocoevalcap 1.2, what it found, and where its jar lies."""
    if shutil.which("java") is None:
        pytest.skip("needs java")
    cands, refs = corpus(300, 17)
    asked = {"cands": cands, "refs": refs, "texts": texts(3000, 17)}
    (jar,) = Path(theirs["PYTHONPATH"]).rglob("meteor-1.5.jar")
    return {"asked": asked, "found": asked_of([str(HERE / "captions.py")], theirs, asked), "jar": jar}


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


def test_prediction_powered_means_are_those_of_ppi_python(theirs: dict[str, str]) -> None:
    lot = np.random.default_rng(2)
    cases = []
    for _ in range(100):
        human = lot.integers(0, 2, 20) * 1.0
        cases.append([human.tolist(), (human * 0.6 + lot.random(20) * 0.4).tolist(), lot.random(50).tolist()])
    for case, found in zip(cases, asked_of(["-c", ASK_PPI], theirs, cases), strict=True):
        mine = core.ppi_mean(*case)
        assert [mine[name] for name in ("estimate", "low", "high")] == pytest.approx(found, abs=1e-9)


def made_up_games(lot: np.random.Generator, models: int, count: int) -> list[tuple[str, str, str]]:
    """Games among models of differing strength."""
    strength = lot.normal(0, 1, models)
    games = []
    for _ in range(count):
        a, b = lot.choice(models, 2, replace=False)
        chance = 1 / (1 + np.exp(strength[b] - strength[a]))
        verdict = "tie" if lot.random() < 0.2 else "a" if lot.random() < chance else "b"
        games.append((f"m{a}", f"m{b}", verdict))
    return games


@pytest.fixture(scope="module")
def tournaments() -> list[tuple[int, list[tuple[str, str, str]]]]:
    """Tournaments that can be rated."""
    lot = np.random.default_rng(5)
    made = [(models, made_up_games(lot, models, 40 * models)) for models in range(2, 9) for _ in range(3)]
    found = [case for case in made if core.bradley_terry(case[1], "m0")["estimable"]]
    assert len(found) > 15
    return found


def test_ratings_are_those_of_choix(tournaments: list[tuple[int, Any]], theirs: dict[str, str]) -> None:
    asked = [(models, [(int(a[1:]), int(b[1:]), won) for a, b, won in games]) for models, games in tournaments]
    for (models, games), found in zip(tournaments, asked_of(["-c", ASK_CHOIX], theirs, asked), strict=True):
        rated = core.bradley_terry(games, "m0")["ratings"]
        mine = [(rated[f"m{at}"] - 1000) * np.log(10) / 400 for at in range(models)]
        assert mine == pytest.approx([value - found[0] for value in found], abs=1e-9)


def test_ratings_are_the_logistic_regression_of_scikit_learn(tournaments: list[tuple[int, Any]]) -> None:
    from sklearn.linear_model import LogisticRegression

    for models, games in tournaments:
        rows, marks, weights = [], [], []
        for a, b, won in games:
            for mark in {"a": [1, 1], "b": [0, 0], "tie": [1, 0]}[won]:
                row = np.zeros(models)
                row[int(a[1:])], row[int(b[1:])] = 1, -1
                rows.append(row[1:])
                marks.append(mark)
                weights.append(0.5)
        fit = LogisticRegression(C=np.inf, fit_intercept=False, solver="newton-cholesky", tol=1e-12, max_iter=1000)
        theirs = fit.fit(np.array(rows), marks, sample_weight=weights).coef_[0]
        rated = core.bradley_terry(games, "m0")["ratings"]
        mine = [(rated[f"m{at}"] - 1000) * np.log(10) / 400 for at in range(1, models)]
        assert mine == pytest.approx(theirs.tolist(), abs=1e-9)


def test_rouge_l_has_the_precision_and_recall_of_rouge_score(theirs: dict[str, str]) -> None:
    lot = np.random.default_rng(3)
    words = ["a", "man", "rides", "horse", "the", "beach", "two", "dogs", "on"]
    pairs = [[" ".join(lot.choice(words, lot.integers(1, 12))) for _ in range(2)] for _ in range(500)]
    for (cand, ref), (precision, recall) in zip(pairs, asked_of(["-c", ASK_ROUGE], theirs, pairs), strict=True):
        low = recall + 1.44 * precision
        expected = 2.44 * precision * recall / low if low else 0.0
        assert core.rouge_l({"v": cand}, {"v": [ref]})["score"] == pytest.approx(expected, abs=1e-9)


def test_the_error_of_clustered_items_is_the_sandwich_of_statsmodels_with_its_own_small_sample_term() -> None:
    import statsmodels.api as sm

    lot = np.random.default_rng(4)
    for _ in range(50):
        n = int(lot.integers(5, 60))
        values, clusters = lot.normal(0.5, 0.2, n), lot.integers(0, 5, n)
        options = {"groups": clusters, "use_correction": False}
        theirs = sm.OLS(values, np.ones(n)).fit(cov_type="cluster", cov_kwds=options).bse[0] ** 2
        squares = ((values - values.mean()) ** 2).sum()
        # The single items stand in theirs with n below, in ours with n - 1.
        expected = theirs - squares / n**2 + squares / (n * (n - 1))
        assert core.clustered_se(values.tolist(), clusters.tolist()) == pytest.approx(
            max(0.0, expected) ** 0.5, abs=1e-9
        )


def test_kappa_and_tests_are_those_of_statsmodels() -> None:
    from statsmodels.stats.contingency_tables import mcnemar
    from statsmodels.stats.inter_rater import cohens_kappa, to_table

    lot = np.random.default_rng(6)
    for _ in range(50):
        a = lot.integers(0, 3, 40)
        b = np.where(lot.random(40) < 0.6, a, lot.integers(0, 3, 40))
        theirs = cohens_kappa(to_table(np.stack([a, b], axis=1), bins=3)[0]).kappa
        assert core.cohen_kappa(a.tolist(), b.tolist()) == pytest.approx(theirs, abs=1e-9)
        one, other = (int(count) for count in lot.integers(0, 30, 2))
        if one + other:
            p = mcnemar([[9, one], [other, 9]], exact=True).pvalue
            assert core.mcnemar_exact(one, other) == pytest.approx(p, abs=1e-9)
