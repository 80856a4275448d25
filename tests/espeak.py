"""espeak-ng for tests: skips, with the install line, where it is absent."""

import shutil

import pytest

INSTALL = "needs espeak-ng: apt-get install espeak-ng"


def require_espeak() -> str:
    """The program; skips the test where there is none."""
    path = shutil.which("espeak-ng")
    if path is None:
        pytest.skip(INSTALL)
    return path
