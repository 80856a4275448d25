"""The core as a whole: its names, what importing it costs, what it needs."""

import subprocess
import sys

import pytest

from moviellm.eval import core

CONTRACT = (
    "temporal_iou grounding_scores extract_span extract_choice soda dense_caption_scores cider_d rouge_l bleu meteor "
    "ptb_tokenize bradley_terry win_rates combine_orders length_controlled_win_rate cohen_kappa gwet_ac1 "
    "krippendorff_alpha mcnemar_exact wilson clustered_se cluster_bootstrap holm group_score twin_score ppi_mean "
    "rogan_gladen vtimellm_compat moviellm_legacy vcgbench_legacy"
)


@pytest.mark.parametrize("name", CONTRACT.split(" "))
def test_every_name_of_the_contract_is_a_function(name: str) -> None:
    assert callable(getattr(core, name))
    assert name in core.__all__


@pytest.fixture(scope="module")
def imported() -> list[str]:
    code = "import sys, time, numpy; t = time.process_time(); import moviellm.eval.core; t = time.process_time() - t\n"
    code += "print(t, *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_importing_the_core_takes_a_fifth_of_a_second(imported: list[str]) -> None:
    assert float(imported[0]) < 0.2


def test_importing_the_core_imports_numpy_and_no_other_library(imported: list[str]) -> None:
    heavy = {"torch", "scipy", "statsmodels", "sklearn", "krippendorff", "pandas", "datasets", "pydantic", "evaluate"}
    assert not heavy & set(imported)


def test_the_core_imports_nothing_else_of_ours(imported: list[str]) -> None:
    ours = {name for name in imported if name.startswith("moviellm.") and not name.startswith("moviellm.eval.core")}
    assert ours <= {"moviellm.eval"}


def test_a_library_that_is_absent_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    with pytest.raises(ValueError, match=r"scipy is needed and absent: pip install 'moviellm\[eval\]'"):
        core.wilson(1, 2)
