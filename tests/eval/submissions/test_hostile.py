"""What nobody should send is rejected with its code, and with no other."""

from pathlib import Path

import pytest

from moviellm.eval.submissions.checking import check_bundle
from moviellm.eval.submissions.problems import CODES
from tests.eval.submissions.hostile_packed import CASES
from tests.eval.submissions.kit import INDEX


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_bundle_gets_its_codes_and_no_other(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    found = check_bundle(case.make(tmp_path), INDEX, task=case.task)
    assert found.problems.codes == case.codes, found.problems.listed()
    assert found.problems.accepted == (not any(code.startswith("E") for code in case.codes))


def test_there_are_eighty_at_least_and_they_cover_every_code() -> None:
    assert len(CASES) >= 80
    assert set().union(*(case.codes for case in CASES.values())) == set(CODES)
